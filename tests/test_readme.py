"""The README says what the program does."""

import re
from pathlib import Path

import pytest

import phasetheory as pt
from numerics.cli import main

README = (Path(__file__).parent.parent / "README.md").read_text()


def block(language, heading):
    return re.search(rf"^## {heading}$.*?^```{language}\n(.*?)^```$", README, re.S | re.M).group(1)


def test_the_library_example_runs_and_prints_what_it_says(capsys):
    example = block("python", "From Python")
    assert len(example.strip().splitlines()) <= 11
    exec(compile(example, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert "7/5 1/5 {'w': 1/10, 'a': 3/10}" in out
    assert str(pt.phase_diagram(3).boundary("W1")) in out
    assert "LOSS_REACHED" in out


def test_the_classification_shown_is_the_one_printed(capsys):
    command, *shown = block("text", "Ask about an initialisation").splitlines()
    assert command == "$ phasetheory classify --alpha 'sqrt(m)' --beta1 1 --beta2 1"
    assert main(["classify", "--alpha", "sqrt(m)", "--beta1", "1", "--beta2", "1"]) == 0
    assert capsys.readouterr().out.splitlines() == shown


@pytest.mark.parametrize("heading", ["Verify", "Test"])
def test_each_command_sets_itself_up(heading):
    (command,) = block("bash", heading).strip().splitlines()
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")

"""The README says what the program does; its commands and what they print are those of test_pages."""

import re
from pathlib import Path

import pytest

import phasetheory as pt

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_description_is_the_lead_of_the_readme_and_holds_outside_of_a_clone():
    about = (ROOT / "docs" / "about.md").read_text()
    lead, _, rest = about.partition("```console")
    assert re.sub(r"^!\[.*?\)\n\n", "", README, count=1, flags=re.M).startswith(lead)  # but for the session at the top
    assert rest in README
    assert not re.search(r"\]\(", about)  # no picture, no link


def test_there_is_one_version():
    (version,) = re.findall(r"^version = (.*)$", (ROOT / "setup.cfg").read_text(), re.M)
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"version = {{{version}}}" in (ROOT / "docs" / "citation.md").read_text()
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


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


@pytest.mark.extra
def test_the_example_of_a_module_prints_what_is_shown(capsys):
    pytest.importorskip("torch")
    example = block("python", "My own network")
    assert len(example.splitlines()) <= 20
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert [row.rstrip() for row in printed.splitlines()] == block("text", "My own network").splitlines()


@pytest.mark.parametrize("heading", ["Verify", "Test"])
def test_each_command_sets_itself_up(heading):
    (command,) = block("bash", heading).strip().splitlines()
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")


def test_the_chinese_readme_has_the_same_blocks_and_pictures_and_each_leads_to_the_other():
    chinese = (ROOT / "README.zh.md").read_text()
    for part in (r"^```.*?^```$", r"!\[.*?\]\((.*?)\)", r"^## "):
        assert re.findall(part, README, re.S | re.M) == re.findall(part, chinese, re.S | re.M)
    assert "](README.zh.md)" in README
    assert "](README.md)" in chinese
    assert all((ROOT / link).exists() for link in re.findall(r"\]\((?!http)([^)#]+)\)", chinese))

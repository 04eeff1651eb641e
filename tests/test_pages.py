"""What the README and the pages of docs/ show is what the program does.

Blocks of a page run in order, in an empty folder of its own:

- ``console``: ``$ phasetheory ...`` runs, and what is shown below it is its output; an empty line may stand for lines left out;
- ``pycon``: a doctest; ``python``: runs without an error; the names of a page are shared by its blocks;
- ``bash``: what takes long, or another machine; its calls of ``phasetheory`` are read, with every option, and not run;
- ``{code-block}``: read by Python, for what needs another machine.
"""

import ast
import doctest
import importlib
import re
import shlex
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
import pytest
import typer

import numerics as nm
import phasetheory as pt
from numerics.cli import COMMANDS, command_named, main
from numerics.commands.options import check_given

mpl.use("Agg")

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if "made" not in p.parts)]
_BLOCK = re.compile(r"^```(?P<kind>console|pycon|python|bash|\{code-block\} python)\n(?P<text>.*?)^```$", re.S | re.M)
_SECONDS = re.compile(r"\b[\d.]+ s\b")  # differ from run to run


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    kind: str
    text: str
    line: int


def blocks(page):
    text = page.read_text()
    return [
        Block(found["kind"], found["text"], text[: found.start()].count("\n") + 2) for found in _BLOCK.finditer(text)
    ]


def with_blocks(*kinds):
    return [page for page in PAGES if any(block.kind in kinds for block in blocks(page))]


def name(page):
    return str(page.relative_to(ROOT))


def rows(text):
    return [_SECONDS.sub("_ s", line).rstrip() for line in text.strip("\n").splitlines()]


def is_part(shown, printed):
    """Whether each piece of what is shown, between empty lines, is printed in one piece, one after the other."""
    start = 0
    for empty, group in groupby(shown, lambda row: not row):
        piece = list(group)
        places = [i for i in range(start, len(printed) - len(piece) + 1) if printed[i : i + len(piece)] == piece]
        if not empty and not places:
            return False
        start = start if empty else places[0] + len(piece)
    return True


def check_console(block, where, capsys):
    for call in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        command, _, shown = call.partition("\n")
        words = shlex.split(command)
        assert words[0] == "phasetheory", where
        capsys.readouterr()
        assert main(words[1:]) == 0, f"{where}: {command}: {capsys.readouterr().err}"
        printed = capsys.readouterr().out
        assert is_part(rows(shown), rows(printed)), f"{where}: {command} prints\n{printed}"


def check_doctest(block, names, where):
    test = doctest.DocTestParser().get_doctest(block.text, names, where, where, block.line)
    said = []
    failed = doctest.DocTestRunner().run(test, out=said.append, clear_globs=False).failed
    names.update(test.globs)
    assert not failed, "".join(said)


@pytest.mark.slow
@pytest.mark.parametrize("page", with_blocks("console", "pycon", "python"), ids=name)
def test_a_page_shows_what_happens(page, capsys, tmp_path, monkeypatch):
    if any(">>> import torch" in block.text for block in blocks(page)):
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks(page):
        where = f"{name(page)}:{block.line}"
        match block.kind:
            case "console":
                check_console(block, where, capsys)
            case "pycon":
                check_doctest(block, names, where)
            case "python" if page.name == "README.md":
                pass  # test_readme runs these, and holds what they print
            case "python":
                exec(compile(block.text, where, "exec"), names)


def calls(text):
    """Words of the calls of phasetheory in lines of a shell."""
    for line in text.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        for chained, words in groupby(lexer, lambda word: not word.strip(";&|")):
            program, *rest = words
            if not chained and Path(program).name == "phasetheory":
                yield rest


def read(words):
    """Read a call of the command line without running it."""
    command = command_named(words[0])
    check_given(words[1:], command.params)
    command.make_context(words[0], list(words[1:]))


@pytest.mark.parametrize("page", with_blocks("bash", "{code-block} python"), ids=name)
def test_what_a_page_does_not_run_can_be_read(page):
    for block in blocks(page):
        if block.kind == "bash":
            for words in calls(block.text):
                read(words)
            for script in re.findall(r"python (\S+\.py)", block.text):
                assert (ROOT / script).is_file(), script
        if block.kind == "{code-block} python":
            ast.parse(block.text.partition("\n\n")[2] if block.text.startswith(":") else block.text)


def test_a_false_page_is_noticed(capsys):
    printed = ["a", "b", "c", "", "d"]
    assert is_part(["a", "b", "", "d"], printed)
    assert not any(is_part(shown, printed) for shown in (["a", "c"], ["d", "", "a"], ["a", "", "x"]))
    with pytest.raises(AssertionError, match="prints"):
        check_console(Block("console", "$ phasetheory classify ntk\n  w   condensed\n", 1), "here", capsys)
    with pytest.raises(AssertionError, match="Got"):
        check_doctest(Block("pycon", ">>> 1 + 1\n3\n", 1), {}, "here")
    (words,) = calls("python3 -m venv .venv && .venv/bin/phasetheory scan --no-such-option 'a; b'  # and a comment")
    assert words == ["scan", "--no-such-option", "a; b"]
    with pytest.raises(typer.TyperException):
        read(words)


@pytest.mark.parametrize("package", [pt, nm], ids=["phasetheory", "numerics"])
def test_every_public_name_has_its_place_in_the_reference(package):
    page = (ROOT / "docs" / "api" / f"{package.__name__}.md").read_text()
    listed = re.findall(r"^   (\w+)(?:\.\w+)?$", page, re.M) + re.findall(r"^\.\. py:data:: (\w+)$", page, re.M)
    assert set(listed) == set(package.__all__)


def test_every_figure_has_its_place_in_the_reference():
    page = (ROOT / "docs" / "api" / "figures.md").read_text()
    for path in sorted((ROOT / "numerics" / "figures").glob("*.py")):
        module = importlib.import_module(f"numerics.figures.{path.stem}")
        if path.stem not in ("__init__", "style"):  # the latter is for the figures themselves
            plots = {f"{path.stem}.{name}" for name in module.__all__ if name.startswith(("plot_", "write_"))}
            assert plots <= set(re.findall(rf"^   ({path.stem}\.\w+)$", page, re.M))


def test_every_command_is_in_the_table():
    page = (ROOT / "docs" / "api" / "command-line.md").read_text().partition("## Architectures")[0]
    assert set(re.findall(r"^\| `(\w+)`", page, re.M)) == set(COMMANDS)

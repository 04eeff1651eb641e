"""What the commands share: points and numbers in options, and an output folder that is known to work beforehand."""

import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from numerics.errors import InputError

__all__ = ["Json", "Names", "NamesOption", "Out", "Points", "Seed", "Width"]
__all__ += [
    "check_picture",
    "parse_integers",
    "parse_numbers",
    "parse_points",
    "plain_warnings",
    "prepare",
    "say_figures",
]

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the figures.")]
Points = Annotated[
    list[str] | None, typer.Option("--point", help="GAMMA,GAMMA_PRIME instead of the book's points; repeatable.")
]
Width = Annotated[int, typer.Option(help="Number of neurons, even.")]
Seed = Annotated[int, typer.Option(min=0, help="Number of the random start.")]


class Names(StrEnum):
    """Which of the named initialisations are drawn."""

    all = "all"
    paper = "paper"
    none = "none"


NamesOption = Annotated[
    Names | None,
    typer.Option(
        "--names",
        help="Named initialisations: all, those of the chapter (paper; the default of --style paper), none.",
    ),
]
_PICTURES = (".png", ".pdf", ".svg")


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Warnings as one line each on stderr, without where in the code they come from."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    for warning in found:
        print(f"phasetheory: warning: {' '.join(str(warning.message).split())}", file=sys.stderr)


def prepare(folder: Path) -> None:
    """Make the folder and write to it once; the trial file is gone again."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def say_figures(console: Console, folder: Path, paths: list[Path]) -> None:
    """Say where the figures are."""
    console.print(f"Figures are in {folder}: {', '.join(path.name for path in paths)}", soft_wrap=True)


def check_picture(file: Path) -> None:
    """Refuse a file whose ending is not that of a picture."""
    if file.suffix.lower() not in _PICTURES:
        raise InputError(f"--out {file}: a figure is written as {', '.join(_PICTURES)}")


def parse_points(texts: list[str]) -> list[tuple[str, str]]:
    """(gamma, gamma') as text from values of ``--point``."""
    pairs = [text.split(",") for text in texts]
    if any(len(pair) != 2 for pair in pairs):
        raise InputError(f"--point {' '.join(texts)}: give GAMMA,GAMMA_PRIME such as 1.75,0")
    return [(gamma, prime) for gamma, prime in pairs]


def parse_numbers(option: str, text: str) -> tuple[float, ...]:
    """Positive numbers separated by commas."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
        if not all(0 < number < float("inf") for number in numbers):
            raise ValueError
    except ValueError as error:
        raise InputError(f"{option} {text}: give positive numbers such as 1e-2,1e-4") from error
    return numbers


def parse_integers(option: str, text: str, such_as: str = "1000,2000,4000") -> tuple[int, ...]:
    """Integers separated by commas; ``1e6`` is one too."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
        if any(number != int(number) for number in numbers):
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise InputError(f"{option} {text}: give integers such as {such_as}") from error
    return tuple(map(int, numbers))

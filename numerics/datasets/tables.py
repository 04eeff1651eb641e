"""A table in a text file, as cells of text with the line each row begins on. The cells are read by pandas."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from numerics.errors import InputError

__all__ = ["Table", "read_table"]

_COMMENT = "#"
_BLANK = " \t"  # a space of another kind is no number's
_EXCEL = re.compile(r'"?sep=."?')
_QUOTED = re.compile(r'"[^"]*"')
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SEPARATORS = ("\t", ";", ",")
_TOO_MANY = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


@dataclass(frozen=True)
class Table:
    """Columns of equally many cells, stripped of blanks; empty where a row ends early.

    Attributes
    ----------
    columns : list of list of str
    lines : list of int
        Of the file, at which each row begins.
    separator : str
    comments : list of str
        Lines that are nothing else.
    """

    columns: list[list[str]]
    lines: list[int]
    separator: str
    comments: list[str]


def read_table(file: Path) -> Table:
    """The cells of a file: separated by tabs, semicolons, commas or blanks; comments after #; fields in quotes; UTF-8 or UTF-16.

    Raises
    ------
    InputError
        An empty file, other encodings, rows of different length.
    """
    every = list(enumerate(_text(file).splitlines(), start=1))
    numbered = [(number, line) for number, line in every if _is_content(line)]
    comments = [line for _, line in every if line.lstrip().startswith(_COMMENT)]
    if not numbered:
        raise InputError(f"{file} is empty; give at least one row of numbers")
    separator = _separator([line for _, line in numbered])
    import pandas  # half a second: only for those who read a file

    text = "\n".join(line for _, line in numbered)
    try:
        frame = pandas.read_csv(
            StringIO(text),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            comment=_COMMENT,
            skipinitialspace=True,
            engine="c",
        )
    except pandas.errors.ParserError as error:
        if found := _TOO_MANY.search(str(error)):
            expected, line, saw = map(int, found.groups())
            row, first = numbered[line - 1][0], numbered[0][0]
            message = f"{file}, row {row}: {saw} values, not {expected} as in row {first}; give every row as many"
            raise InputError(message) from error
        raise InputError(f"cannot read {file}: a quote is opened and not closed; close it") from error
    lines = _first_lines(text, [number for number, _ in numbered], len(frame))
    columns = [[cell.strip(_BLANK) for cell in frame[name].tolist()] for name in frame]
    return Table(columns, lines, separator, comments)


def _text(file: Path) -> str:
    raw = file.read_bytes()
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), "utf-8-sig")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read {file}: it is not text in UTF-8; save it as UTF-8") from error


def _is_content(line: str) -> bool:
    """Whether there is anything but blanks, separators and a comment, or the line that tells Excel the separator."""
    return not _EXCEL.fullmatch(line.strip()) and bool(line.split(_COMMENT)[0].strip(" \t,;"))


def _separator(lines: list[str]) -> str:
    """The first of tab, semicolon and comma that is in every line, outside quotes; else blanks, else the comma of one column."""
    bare = [_QUOTED.sub("", line).split(_COMMENT)[0].strip(" ") for line in lines]
    for separator in _SEPARATORS:
        if all(separator in line for line in bare):
            return separator
    some = [separator for separator in _SEPARATORS if any(separator in line for line in bare)]
    return some[0] if some else (r"\s+" if any(re.search(r"\s", line) for line in bare) else ",")


def _first_lines(text: str, numbers: list[int], rows: int) -> list[int]:
    """The line that each row begins on: a field in quotes may go on over several."""
    begins = list(_begins(text.split("\n")))
    return [numbers[i] for i in begins] if len(begins) == rows else numbers[:rows]


def _begins(lines: list[str]) -> Iterator[int]:
    inside = False
    for i, line in enumerate(lines):
        if not inside:
            yield i
        inside ^= line.count('"') % 2 == 1

"""Which column of a table is what: the target, an index that is left out, inputs; and numbers read strictly."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from numerics.datasets.dataset import Taken
from numerics.datasets.tables import Table
from numerics.errors import InputError

__all__ = ["take_columns"]

#: Names, in any case, of the column that is the target wherever it stands.
TARGETS = ("y", "target", "label")
_INDEX = re.compile(r"(unnamed: \d+|index|id|)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_NOT_FINITE = re.compile(r"[+-]?(inf|infinity)", re.IGNORECASE)
_MISSING = ("", "?", "-", "na", "n/a", "nan", "null", "none", "#n/a")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")


def take_columns(file: Path, table: Table, target: str | None) -> Taken:
    """Inputs and target of a table, and what was taken for what.

    Parameters
    ----------
    target : str, optional
        Name of the target; by default a column named y, target or label in any case, else the last.

    Raises
    ------
    InputError
        With row and column: what is no number and why, or is missing; a target that is not there, or is there twice.
    """
    columns = _Columns.of(file, table)
    chosen = columns.target(target)
    index = [i for i in columns.every if i != chosen and columns.is_index(i)]
    inputs = [i for i in columns.every if i != chosen and i not in index]
    columns.check_named(inputs)
    if not inputs:
        raise InputError(f"{file}: nothing is left but the target {columns.title(chosen)}; give at least one input")
    labels, notes = _signs(columns.cells(chosen))
    y = columns.numbers(chosen) if labels is None else labels
    x = np.column_stack([columns.numbers(i) for i in inputs])
    constant = [columns.title(i) for i, values in zip(inputs, x.T, strict=True) if len(x) > 1 and np.ptp(values) == 0]
    said = [f"inputs {', '.join(map(columns.title, inputs))}; target {columns.title(chosen)}"]
    said += [] if columns.names else ["the columns have no names"]
    said += [f"{columns.title(i)} counts the rows and is left out" for i in index]
    said += [f"column {number} is empty and is left out" for number in columns.empty]
    said += notes
    said += [f"{name} is the same in every row; the constant for the bias is appended besides" for name in constant]
    return Taken(x, y, tuple(f"row {line}" for line in columns.lines), tuple(said))


@dataclass(frozen=True)
class _Columns:
    """The columns of a table that hold something.

    Attributes
    ----------
    names : list of str or None
        None if the first row is one of numbers.
    rows : list of list of str; lines : list of int
        Of the file.
    place, empty : list of int
        Numbers, from 1, of the columns in the file: of those here, and of those that hold nothing.
    """

    file: Path
    names: list[str] | None
    rows: list[list[str]]
    lines: list[int]
    place: list[int]
    empty: list[int]

    @classmethod
    def of(cls, file: Path, table: Table) -> "_Columns":
        rows, lines, width = table.rows, table.lines, len(table.rows[0])
        if table.separator != ",":  # a comma is that of a decimal then
            rows = [
                [cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell for cell in row] for row in rows
            ]
        full = [i for i in range(width) if any(row[i] for row in rows)]
        if len(full) < 2:
            raise InputError(f"{file}, row {lines[0]}: one column; give the inputs and the target, separated by commas")
        rows = [[row[i] for i in full] for row in rows]
        first = rows[0]
        corner = first[0] == "" and all(first[1:]) and len(rows) > 1 and _is_number(rows[1][0])  # over an index
        names = first if corner or not any(map(_is_number, first)) else None
        if names is not None:
            rows, lines = rows[1:], lines[1:]
        if not rows:
            raise InputError(f"{file} holds no samples; give at least one row of numbers")
        return cls(file, names, rows, lines, [i + 1 for i in full], [i + 1 for i in range(width) if i not in full])

    @property
    def every(self) -> range:
        return range(len(self.place))

    def cells(self, i: int) -> list[str]:
        return [row[i] for row in self.rows]

    def title(self, i: int) -> str:
        """Its name, or which it is in the file."""
        if self.names is None:
            return f"column {self.place[i]}"
        return self.names[i] or f"column {self.place[i]} without a name"

    def target(self, asked: str | None) -> int:
        """Which one is the target."""
        names = self.names or []
        if asked is None:
            found = [i for i, name in enumerate(names) if name.casefold() in TARGETS]
            if len(found) > 1:
                called = " and ".join(f"{names[i]} (column {self.place[i]})" for i in found)
                raise InputError(
                    f"{self.file}: {called} may be the target; say which with --target NAME, or rename one"
                )
            return found[0] if found else len(self.place) - 1
        if not names:
            advice = "add a first row of names"
            raise InputError(f"{self.file}: target {asked!r} was asked for, and the columns have no names; {advice}")
        found = [i for i, name in enumerate(names) if name == asked]
        found = found or [i for i, name in enumerate(names) if name.casefold() == asked.casefold()]
        if len(found) != 1:
            many = f"is there {len(found)} times" if found else "is not there"
            raise InputError(f"{self.file}: target {asked!r} {many}; the columns are {', '.join(names)}")
        return found[0]

    def is_index(self, i: int) -> bool:
        """Whether a column has the name of an index and counts the rows from 0 or 1."""
        if self.names is None or not _INDEX.fullmatch(self.names[i]):
            return False
        return any(self.cells(i) == [str(first + k) for k in range(len(self.rows))] for first in (0, 1))

    def check_named(self, inputs: Sequence[int]) -> None:
        """Refuse a column without a name where others have one: what it is nobody can know."""
        for i in inputs:
            if self.names is not None and not self.names[i]:
                raise InputError(
                    f"{self.file}: column {self.place[i]} has no name and does not count the rows; name it"
                )

    def numbers(self, i: int) -> np.ndarray:
        """The numbers of a column."""
        for cell, line in zip(self.cells(i), self.lines, strict=True):
            if wrong := _what_is_wrong(cell):
                raise InputError(f"{self.file}, row {line}, column {self.place[i]}: {wrong}")
        return np.array([float(cell) for cell in self.cells(i)])


def _signs(cells: list[str]) -> tuple[np.ndarray | None, list[str]]:
    """Two words as -1 and +1, and what is to be said; None if they are something else."""
    words = sorted(set(cells))
    if len(words) != 2 or not all(word[:1].isalpha() and word.casefold() not in _MISSING for word in words):
        return None, []
    low, high = words
    return np.array([1.0 if cell == high else -1.0 for cell in cells]), [f"labels {low!r} as -1, {high!r} as +1"]


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def _what_is_wrong(cell: str) -> str:
    """What is wrong with a cell, and what to do; empty for a finite number."""
    shown = repr(cell if len(cell) <= 40 else cell[:40] + "...")
    if _NOT_FINITE.fullmatch(cell) or (_is_number(cell) and not np.isfinite(float(cell))):
        return f"{shown} is not a finite number; remove the row, or put it right"
    if _is_number(cell):
        return ""
    if cell.casefold() in _MISSING:
        return f"the value is missing{f' ({shown})' if cell else ''}; remove the row, or fill it in"
    if _DATE.fullmatch(cell):
        return f"{shown} is not a number; of a date give a number, such as the days since the first"
    if _DECIMAL_COMMA.fullmatch(cell):
        return f"{shown} is not a number; with decimal commas separate the columns by ;"
    return f"{shown} is not a number; of words give numbers, one column for each"

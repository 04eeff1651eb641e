"""Which column of a table is what: the target, an index that is left out, inputs; and numbers read strictly."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from numerics.datasets.dataset import Taken, large, shortened
from numerics.datasets.fields import as_labels, as_numbers, has_decimal_comma, is_number, is_spoilt, misfit, shown
from numerics.datasets.tables import Table
from numerics.errors import InputError

__all__ = ["take_columns"]

#: Names, in any case, of the column that is the target wherever it stands.
TARGETS = frozenset(("y", "target", "label"))
_INDEX = re.compile(r"(unnamed: \d+|index|id|)", re.IGNORECASE)
_OTHERWISE = "of words give numbers, one column for each"


def take_columns(file: Path, table: Table, target: str | None) -> Taken:
    """Inputs and target of a table, and what was taken for what.

    Parameters
    ----------
    target : str, optional
        Name of the target or, where the columns have no names, its number from 1; by default a column named y, target or label in
        any case, else the last that is no index.

    Raises
    ------
    InputError
        With row and column: what is no number and why, or is missing; a target that is not there; a name that is there twice.
    """
    columns = _Columns.of(file, table)
    chosen = columns.target(target)
    if chosen is None and target is None:
        _check_comment(file, table, columns)
    index = [i for i in columns.every if i != chosen and columns.is_index(i)]
    others = [i for i in columns.every if i != chosen and i not in index]
    if chosen is None and others:
        chosen = others.pop()
    if chosen is None or not others:
        left = "an index" if chosen is None else f"the target {columns.title(chosen)}"
        raise InputError(f"{file}: nothing is left but {left}; give at least one input")
    columns.check_named(others)
    x = np.column_stack([columns.numbers(i) for i in others])
    labels = as_labels(columns.cells[chosen])
    y = columns.numbers(chosen, "give numbers, or two words only, for -1 and +1") if labels is None else labels[0]
    said = [f"inputs {shortened(list(map(columns.title, others)))}; target {columns.title(chosen)}"]
    said += [] if columns.names else ["the columns have no names"]
    said += [f"{columns.title(i)} counts the rows and is left out" for i in index]
    said += [f"column {number} is empty and is left out" for number in columns.empty]
    said += [f"labels {labels[1][0]!r} as -1, {labels[1][1]!r} as +1"] if labels else []
    said += _decimal_commas(columns)
    said += [f"comment lines left out: {len(table.comments)}"] if table.comments else []
    said += _suspicions(columns, others, x)
    return Taken(x, y, tuple(f"row {line}" for line in columns.lines), (*said, *large(x, y)))


@dataclass(frozen=True)
class _Columns:
    """The columns of a table that hold something.

    Attributes
    ----------
    names : list of str or None
        None if the first row is one of numbers.
    cells : list of list of str
        Of every column, without its name.
    lines : list of int
        Of the file, for every row.
    place, empty : list of int
        Numbers, from 1, of the columns in the file: of those here, and of those that hold nothing.
    decimal : str
        The decimal mark of every number.
    """

    file: Path
    names: list[str] | None
    cells: list[list[str]]
    lines: list[int]
    place: list[int]
    empty: list[int]
    decimal: str

    @classmethod
    def of(cls, file: Path, table: Table) -> "_Columns":
        cells, lines, width = table.columns, table.lines, len(table.columns)
        full = [i for i in range(width) if any(cells[i])]
        if len(full) < 2:
            raise InputError(f"{file}, row {lines[0]}: one column; give the inputs and the target, separated by commas")
        cells, first = [cells[i] for i in full], [cells[i][0] for i in full]
        index = len(lines) > 1 and is_number(cells[0][1])
        names = first if _are_names(first, index=index, may_have_commas=table.separator != ",") else None
        if names is not None:
            cells, lines = [column[1:] for column in cells], lines[1:]
        if not lines:
            raise InputError(f"{file} holds no samples; give at least one row of numbers")
        commas = table.separator != "," and any(has_decimal_comma(cell) for column in cells for cell in column)
        place, empty = [i + 1 for i in full], [i + 1 for i in range(width) if i not in full]
        found = cls(file, names, cells, lines, place, empty, "," if commas else ".")
        found._check_names()
        return found

    @property
    def every(self) -> range:
        return range(len(self.place))

    def title(self, i: int) -> str:
        """Its name, or which it is in the file."""
        if self.names is None:
            return f"column {self.place[i]}"
        name = self.names[i]
        return (
            name if name.isprintable() and len(name) <= 40 else shown(name)
        ) or f"column {self.place[i]} without a name"

    def target(self, asked: str | None) -> int | None:
        """Which one is the target by its name; None if no name says so."""
        names = self.names or [str(place) for place in self.place]
        if asked is None:
            found = [i for i, name in enumerate(self.names or ()) if name.casefold() in TARGETS]
            if len(found) > 1:
                called = " and ".join(f"{names[i]} (column {self.place[i]})" for i in found)
                raise InputError(
                    f"{self.file}: {called} may be the target; say which with --target NAME, or rename one"
                )
            return found[0] if found else None
        found = [i for i, name in enumerate(names) if name and name == asked.strip()]
        found = found or [i for i, name in enumerate(names) if name and name.casefold() == asked.strip().casefold()]
        if len(found) != 1:
            many = f"is there {len(found)} times" if found else "is not there"
            listed = shortened([self.title(i) for i in self.every])
            known = (
                f"the columns are {listed}"
                if self.names
                else f"the columns have no names; give a number from 1 to {len(names)}"
            )
            raise InputError(f"{self.file}: target {asked!r} {many}; {known}")
        return found[0]

    def is_index(self, i: int) -> bool:
        """Whether a column has the name of an index and counts the rows from 0 or 1."""
        return self.names is not None and _INDEX.fullmatch(self.names[i]) is not None and self.counts_rows(i)

    def counts_rows(self, i: int) -> bool:
        """Whether it is 0, 1, 2 and so on, or 1, 2, 3."""
        return any(self.cells[i] == [str(first + k) for k in range(len(self.lines))] for first in (0, 1))

    def _check_names(self) -> None:
        """Refuse a name that is there twice, but for those of a target, which are refused with what to choose."""
        first: dict[str, int] = {}
        for i, name in enumerate(self.names or ()):
            other = first.setdefault(name, i)
            if name and other != i and name.casefold() not in TARGETS:
                places = f"columns {self.place[other]} and {self.place[i]}"
                raise InputError(f"{self.file}: {places} are both named {self.title(i)}; give each a name of its own")

    def check_named(self, inputs: Sequence[int]) -> None:
        """Refuse a column without a name where others have one: what it is nobody can know."""
        for i in inputs:
            if self.names is not None and not self.names[i]:
                raise InputError(
                    f"{self.file}: column {self.place[i]} has no name and does not count the rows; name it"
                )

    def numbers(self, i: int, otherwise: str = _OTHERWISE) -> np.ndarray:
        """The numbers of a column."""
        cells = self.cells[i]
        found = as_numbers(cells, self.decimal)
        if found is not None and np.isfinite(found).all():
            return found
        for cell, line in zip(cells, self.lines, strict=True):
            number = as_numbers([cell], self.decimal)
            if number is None or not np.isfinite(number[0]):
                wrong = misfit(cell, self.decimal, otherwise)
                raise InputError(f"{self.file}, row {line}, column {self.place[i]}: {wrong}")
        raise AssertionError


def _are_names(first: list[str], *, index: bool, may_have_commas: bool) -> bool:
    """Whether the first row names the columns.

    Either none of it is a number, or looks like one that is spoilt; or the numbers are those that pandas makes up for names,
    0, 1, 2, beside a target or an empty corner over an ``index``.
    """
    numbers = [cell for cell in first if is_number(cell) or (may_have_commas and is_number(cell, ","))]
    words = [cell.casefold() for cell in first if cell not in numbers]
    if not numbers:
        return not TARGETS.isdisjoint(words) or not any(map(is_spoilt, words))
    corner = first[0] == "" and index
    made_up = numbers in ([str(first + k) for k in range(len(numbers))] for first in (0, 1))
    return bool(words) and made_up and TARGETS.issuperset(words[corner:])


def _check_comment(file: Path, table: Table, columns: _Columns) -> None:
    """Refuse a comment that names the columns, as np.savetxt writes it, and says another target than the last."""
    if columns.names is not None or not table.comments:
        return
    names = [name.strip() for name in re.split(table.separator, table.comments[-1].strip().lstrip("#").strip())]
    named = [i for i, name in enumerate(names) if name.casefold() in TARGETS]
    if len(names) == len(columns.place) and named and named != [len(names) - 1] and not any(map(is_number, names)):
        raise InputError(
            f"{file}: a comment names the columns {', '.join(names)}; take its # away so that they count, or say which is the "
            f"target with --target {columns.place[named[0]]}"
        )


def _decimal_commas(columns: _Columns) -> list[str]:
    """What a comma was taken for, by example: elsewhere 1,234 is a thousand and more."""
    if columns.decimal == ".":
        return []
    example = next(cell for column in columns.cells for cell in column if has_decimal_comma(cell))
    return [f"decimal commas: {shown(example)} is {float(example.replace(',', '.'))!r}"]


def _suspicions(columns: _Columns, inputs: list[int], x: np.ndarray) -> list[str]:
    """What may not be meant."""
    said = []
    if len(inputs) > 1 and len(x) > 2 and columns.counts_rows(inputs[0]):
        said.append(f"{columns.title(inputs[0])} counts the rows and is an input")
    constant = [columns.title(i) for i, values in zip(inputs, x.T, strict=True) if len(x) > 1 and np.ptp(values) == 0]
    if constant:
        are = "is" if len(constant) == 1 else "are"
        said.append(f"{shortened(constant)} {are} the same in every row; the constant for the bias is appended besides")
    first = [column[0] for column in columns.cells]
    if columns.names is None and len(first) > 2 and first == list(map(str, range(len(first)))):
        said.append(f"row {columns.lines[0]} ({', '.join(first[:3])} and so on) is a sample, not names")
    return said

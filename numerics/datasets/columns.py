"""Which column of a table is what: the target, the inputs, and those that only count the rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.datasets.fields import shown
from numerics.errors import InputError

__all__ = ["TARGETS", "Header", "counts_rows", "index_note", "listing", "named_target", "target_note"]

#: Names of the target, in any case.
TARGETS = frozenset(("y", "target", "label"))
_INDEX = frozenset(("index", "id"))
_LISTED = 6  # names in a note


@dataclass(frozen=True)
class Header:
    """The names of the columns of a file, if it has some, and how many columns there are."""

    file: str
    names: tuple[str, ...] | None
    count: int

    def label(self, column: int) -> str:
        """A column as messages have it, counted from 1."""
        name = self.names[column] if self.names else ""
        return f"column {column + 1}" + (f" ({_plain(name)})" if name else "")

    def check(self) -> None:
        """Refuse names that are there twice."""
        first: dict[str, int] = {}
        for column, name in enumerate(self.names or ()):
            other = first.setdefault(name, column)
            if name and other != column:
                raise InputError(
                    f"{self.file}: columns {other + 1} and {column + 1} are both named {_plain(name)}; give each a name of "
                    "its own, and choose the target with --target NAME (target=NAME)"
                )


def named_target(header: Header, wanted: str | None) -> int | None:
    """The column that is the target by its name, None if no name says so.

    Parameters
    ----------
    header : Header
    wanted : str, optional
        The name that was asked for, or, where there are no names, the number of the column, from 1.

    Raises
    ------
    InputError
        There is no such column, or two are named like a target.
    """
    names = header.names or ()
    if wanted is not None:
        known = names or tuple(str(column + 1) for column in range(header.count))
        if not wanted.strip() or wanted.strip() not in known:
            named = f"one of {', '.join(map(_plain, filter(None, names)))}"
            instead = named if names else f"its number, 1 to {header.count}"
            raise InputError(f"{header.file}: there is no column {shown(wanted)} to be the target; give {instead}")
        return known.index(wanted.strip())
    called = [column for column, name in enumerate(names) if name.casefold() in TARGETS]
    if len(called) > 1:
        both = " and ".join(header.label(column) for column in called)
        raise InputError(
            f"{header.file}: {both} are named like a target; choose one with --target {names[called[0]]} "
            f"(target={names[called[0]]!r}), and take out the other if it is no input"
        )
    return called[0] if called else None


def target_note(header: Header, column: int, *, named: bool) -> str:
    """Which column is the target, and why."""
    why = "" if named else ", the last" if header.names else ", the last, as there are no names"
    return f"target {_of(header, column)}{why}"


def counts_rows(values: np.ndarray) -> bool:
    """Whether a column is 0, 1, 2 or 1, 2, 3 and so on."""
    return len(values) > 1 and values[0] in (0, 1) and bool(np.all(np.diff(values) == 1))


def index_note(header: Header, column: int, values: np.ndarray | None) -> str | None:
    """Why a column is the index that a program wrote beside the data, and no input; None if it is not one.

    A first column without a name is one if it numbers the rows, in any order (pandas keeps the numbers of rows that were picked
    out); one named index or id only if it counts them one by one.

    Raises
    ------
    InputError
        The first column has no name and does not number the rows.
    """
    if not header.names:
        return None
    name = header.names[column].casefold()
    if (not name and column == 0) or name == f"unnamed: {column}":
        if values is None or np.any(values != np.floor(values)) or len(np.unique(values)) < len(values):
            raise InputError(
                f"{header.file}: {header.label(column)} has no name of its own and does not number the rows; give it one, or "
                "remove it"
            )
        return f"{header.label(column)} numbers the rows and is dropped"
    if name in _INDEX and values is not None and counts_rows(values):
        return f"{header.label(column)} counts the rows and is dropped"
    return None


def listing(header: Header, columns: Sequence[int]) -> str:
    """The inputs, in a few words."""
    if len(columns) <= _LISTED:
        return f"input{'s' if len(columns) > 1 else ''} {', '.join(_of(header, column) for column in columns)}"
    return f"{len(columns)} inputs from {_of(header, columns[0])} to {_of(header, columns[-1])}"


def _of(header: Header, column: int) -> str:
    """A column by its name, or by its number."""
    return _plain(header.names[column]) if header.names and header.names[column] else f"column {column + 1}"


def _plain(name: str) -> str:
    return name if name.isprintable() and len(name) <= 40 else shown(name)

"""What a scan measures: cells with labelled coordinates, and a function from a cell to named numbers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from numerics.arrays import listed, plain_text, real_number, truth
from numerics.errors import check_type

__all__ = ["Cell", "Coordinate", "Experiment", "Observable", "Outcome", "Setting"]

#: Exact, so that 0.1 + 0.2 and 0.3 are the same cell.
Coordinate = int | Fraction
#: Coordinates by name, in the order of the dimensions of the dataset.
Cell = Mapping[str, Coordinate]
#: A setting that decides the numbers of all cells.
Setting = str | int | float | bool


@dataclass(frozen=True)
class Observable:
    """A number, or a small array of numbers, measured in every cell.

    Attributes
    ----------
    description : str
        One line with the unit; kept with the data.
    labels : mapping of dimension -> sequence of str or float
        For an array: its own dimensions, in order, with a label for every entry.
    may_be_nan : bool
        Whether nan is an answer. A cell in which another observable is nan throughout is not done: it stopped short, or failed.
    """

    description: str
    labels: Mapping[str, Sequence[str] | Sequence[float]] = field(default_factory=dict)
    may_be_nan: bool = False

    def __post_init__(self) -> None:
        plain_text(self.description, "description")
        check_type(self.labels, "labels", Mapping)
        truth(self.may_be_nan, "may_be_nan")
        wanted = "give texts or numbers, one for each entry"
        plain = {
            plain_text(name, "a dimension of labels"): tuple(
                label if isinstance(label, str) else real_number(label, f"a label of {name}")
                for label in listed(labels, f"labels of {name}", wanted)
            )
            for name, labels in self.labels.items()
        }
        object.__setattr__(self, "labels", plain)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a value; () for a number."""
        return tuple(len(labels) for labels in self.labels.values())


@dataclass(frozen=True)
class Outcome:
    """What came of one cell.

    Attributes
    ----------
    values : mapping of name -> float or array
        One for every observable.
    stopped_short : str
        Why the run ended before its goal, empty if it did not: its values are kept, and marked.
    note : str
        What is to be known of a run that reached its goal in another way than the rest, empty if nothing is.
    """

    values: Mapping[str, Any]
    stopped_short: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        check_type(self.values, "values", Mapping)
        for name in ("stopped_short", "note"):
            plain_text(getattr(self, name), name)


class Experiment(ABC):
    """Cells and how to measure one. Must be picklable, and :meth:`measure` depend on nothing but the cell and the settings."""

    @property
    @abstractmethod
    def cells(self) -> Sequence[Cell]:
        """Every cell, once; all with the same names in the same order."""

    @property
    @abstractmethod
    def observables(self) -> Mapping[str, Observable]:
        """What :meth:`measure` returns."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Setting]:
        """Everything besides the coordinates that decides the numbers: stored, and compared before a scan is continued."""

    @abstractmethod
    def measure(self, cell: Cell) -> Outcome:
        """Measure one cell. An exception is kept as the reason of its failure and does not stop the scan."""

    def together(self, cells: Sequence[Cell]) -> "Experiment":
        """Itself, ready to measure these cells: what is quicker done for several at once is done here.

        Each must come out the same to the bit alone. An exception here costs no cell: they are then measured without.
        """
        return self

    def cost(self, cell: Cell) -> float:
        """Expected cost in any unit: the longest cells are started first, and the time left is estimated with it."""
        return 1.0

    @property
    def title(self) -> str:
        """One line on what the dataset holds."""
        return type(self).__name__

    @property
    def command(self) -> str:
        """The command that makes this scan, if there is one, without options on where it runs."""
        return ""

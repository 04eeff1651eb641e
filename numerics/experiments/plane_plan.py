"""What every plan over a phase diagram shares: points of a plane, and what is expected of the networks there."""

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy as sp

from numerics.arrays import listed
from numerics.errors import InputError
from numerics.experiments.allowance import Allowance
from numerics.experiments.grids import Point, exact, grid_text
from numerics.experiments.training import USUAL, TrainingPlan
from numerics.scans import Cell, CellStatus, Record
from phasetheory.diagrams.plane import Plane

if TYPE_CHECKING:
    from numerics.experiments.at_widths import AtWidths

__all__ = ["PlanePlan"]


@dataclass(frozen=True, kw_only=True)
class PlanePlan(TrainingPlan):
    """Points of a plane of initialisations, widths and seeds: every combination is one run.

    Parameters
    ----------
    diagram : Plane
    points : sequence of pairs
        Coordinates as fractions, integers, decimal text or floats (0.1 is taken as 1/10).
    """

    diagram: Plane = USUAL
    points: tuple[Point, ...] = USUAL

    def read_points(self, given: object) -> tuple[Point, ...]:
        """Points as they are kept, or an :class:`InputError`."""
        wanted = f"give pairs ({', '.join(self.names)})"
        pairs = [listed(point, "point", wanted) for point in listed(given, "points", wanted)]
        if any(len(pair) != 2 for pair in pairs):
            raise InputError(f"points = {given}; {wanted}")
        points = tuple((exact(x, self.names[0]), exact(y, self.names[1])) for x, y in pairs)
        if not points or len(set(points)) < len(points):
            raise InputError(f"points = {given}; give at least one pair ({', '.join(self.names)}), each of them once")
        return points

    @property
    def drawn(self) -> str:
        """How the points were drawn at random; empty if they were not."""
        return ""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the weights, input to output."""
        return self.diagram.layers

    @property
    def judged(self) -> tuple[str, ...]:
        """Layers that a verification holds against the theory."""
        return self.layers

    @property
    def moments(self) -> tuple[str, ...]:
        """When distances are held against the theory: when a network has fitted."""
        return ("fit",)

    def diagram_at(self, moment: str) -> Plane:
        """That of the plan, at a moment."""
        return self.diagram

    @property
    @abstractmethod
    def allowance(self) -> Allowance:
        """What a verdict allows for."""

    @property
    def threaded(self) -> bool:
        """Whether runs release the interpreter's lock, so that threads will do."""
        return False

    @property
    def here(self) -> "AtWidths | None":
        """The infinitely wide network at the widths of the plan; None where it is not known."""
        return None

    @abstractmethod
    def limits(
        self, point: Point, norm: str = "frobenius", diagram: Plane | None = None, moment: str = "fit"
    ) -> dict[str, sp.Expr]:
        """Slopes of every layer in the limit, by a diagram or that of the plan; empty if none are claimed."""

    def branch(self, point: Point, diagram: Plane) -> str:
        """'easy' or 'hard' where slopes depend on the target; else empty."""
        return ""

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two coordinates."""
        return self.diagram.names

    @property
    def cells(self) -> list[Cell]:
        """Every (first coordinate, second coordinate, width, seed)."""
        return [
            {**dict(zip(self.names, point, strict=True)), "width": width, "seed": seed}
            for point in self.points
            for width in self.widths
            for seed in range(self.seeds)
        ]

    def point_of(self, cell: Cell) -> Point:
        """The coordinates of a cell."""
        x, y = (Fraction(cell[name]) for name in self.names)
        return x, y

    def distance(self, record: Record, layer: str, norm: str, moment: str = "fit") -> float:
        """RD of a layer in a run; nan if the run failed."""
        return self.read_distance(record, layer, norm, "relative_distance")

    def read_distance(self, record: Record, layer: str, norm: str, observable: str) -> float:
        """The entry of an observable by layer and norm; nan if the run failed."""
        if record.status is CellStatus.FAILED:
            return float("nan")
        values = record.values[observable]
        return float(values[self.labels.index(layer)][self.norms.index(norm)])

    def axes_words(self, options: tuple[str, str]) -> list[str]:
        """The grid of the points as words of a command, by the names of its two options; nothing if they are no grid."""
        axes = [sorted({point[i] for point in self.points}) for i in (0, 1)]
        if len(axes[0]) * len(axes[1]) != len(self.points):
            return []
        return [f"{option} {grid_text(values)}" for option, values in zip(options, axes, strict=True)]

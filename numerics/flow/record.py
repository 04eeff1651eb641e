"""The steps of a run in one array, which loops in Python and compiled ones write to alike."""

import numpy as np

from numerics.flow.problem import N
from numerics.flow.solution import Progress, Snapshots, Solution, Statistics, Status, Trajectory
from numerics.kernels.control import LOSS, MOVED, TIME

__all__ = ["Record"]

_ROOM = 64  # steps at first


class Record:
    """Time, loss and distances after every accepted step, the start included.

    Parameters
    ----------
    layers : tuple of str
    sizes : tuple of float
        Of the layers at the start.
    rows : float64 (steps, 2 + layers), optional
        Steps that have been made; none by default.

    Attributes
    ----------
    rows : float64 (room, 2 + layers)
        The first ``count`` are written: see :mod:`numerics.kernels.control` for the columns.
    """

    def __init__(self, layers: tuple[str, ...], sizes: tuple[float, ...], rows: np.ndarray | None = None) -> None:
        self.layers, self.sizes = layers, sizes
        self.rows = np.empty((_ROOM, MOVED + len(layers))) if rows is None else rows
        self.count = 0 if rows is None else len(rows)

    def append(self, t: float, loss: float, moved: tuple[float, ...]) -> None:
        """Write a step."""
        self.make_room()
        self.rows[self.count] = t, loss, *moved
        self.count += 1

    def make_room(self) -> None:
        """For one step at least."""
        if self.count == len(self.rows):
            self.rows = np.concatenate([self.rows, np.empty_like(self.rows)])

    @property
    def t(self) -> float:
        """Normalised time reached."""
        return float(self.rows[self.count - 1, TIME])

    @property
    def loss(self) -> float:
        """Loss there."""
        return float(self.rows[self.count - 1, LOSS])

    @property
    def last(self) -> Progress:
        """The last step."""
        _, _, *moved = self.rows[self.count - 1].tolist()
        parts = zip(self.layers, moved, self.sizes, strict=True)
        return Progress(self.count - 1, self.t, self.loss, {layer: distance / size for layer, distance, size in parts})

    def column(self, index: int) -> np.ndarray:
        """Times or losses (count,)."""
        return self.rows[: self.count, index].copy()

    def distances(self) -> dict[str, np.ndarray]:
        """RD of every layer (count,)."""
        return {
            layer: self.rows[: self.count, MOVED + k] / size
            for k, (layer, size) in enumerate(zip(self.layers, self.sizes, strict=True))
        }

    def solution(
        self, initial: N, final: N, status: Status, drift: float, stats: Statistics, snapshots: Snapshots[N]
    ) -> Solution[N]:
        """The run that this is the record of; parameters are attributes of :class:`numerics.flow.solution.Solution`."""
        distances = self.distances()
        return Solution(
            network=final,
            initial=initial,
            t=self.t,
            loss=self.loss,
            status=status,
            relative_distance={layer: float(rd[-1]) for layer, rd in distances.items()},
            conserved_drift=float(drift),
            stats=stats,
            trajectory=Trajectory(self.column(TIME), self.column(LOSS), distances, self.sizes, initial.relative_units),
            snapshots=snapshots,
        )

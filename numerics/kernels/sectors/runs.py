# mypy: disable-error-code="no-untyped-def, call-overload"
"""Runs in the plane on the same samples, each from its start to its end, one after the other in one call."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.sectors.advance import Place, Plane, advance
from numerics.kernels.sectors.places import Changes
from numerics.kernels.stages import UNCOUNTED

__all__ = ["Runs", "Scratch", "make"]

_WHOLE = np.zeros(1, dtype=np.int64)  # all neurons of a network are one range


class Runs(NamedTuple):
    """Networks one after the other, M neurons in all, and what becomes of them.

    Attributes
    ----------
    firsts : int (runs + 1,)
        The neurons of run r are those from ``firsts[r]`` on.
    weights : float64 (3 M,)
        u (m,), then v (m, 2) row by row, of every network: at the start, and when a run is made at its end.
    kappas : float64 (runs,)
    records : float64 (runs, steps, 4)
        See :mod:`numerics.kernels.control` for the columns.
    counts : int (runs, 4)
        Rows written; passes; steps rejected; whether the next step would go nowhere.
    drifts : float64 (runs,)
        Largest change of u^2 - |v|^2 relative to the largest u^2 + |v|^2.
    """

    firsts: np.ndarray
    weights: np.ndarray
    kappas: np.ndarray
    records: np.ndarray
    counts: np.ndarray
    drifts: np.ndarray


class Scratch(NamedTuple):
    """Room for runs that are made one after the other, of the widest of them."""

    here: Place
    there: Place
    plane: Plane

    @classmethod
    def of(cls, width: int, X: np.ndarray, targets: np.ndarray, slope: float, sectors: Any) -> "Scratch":
        """Room for networks of up to ``width`` neurons on these samples."""
        n, norms = len(targets), _norms(X)
        here, there = Place.of(np.empty(3 * width), n, 1), Place.of(np.empty(3 * width), n, 1)
        return cls(here, there, Plane.of(X, targets, norms, 1.0, slope, sectors, np.empty(3 * width), _WHOLE))

    def given(self, X: np.ndarray, targets: np.ndarray, slope: float, sectors: Any) -> "Scratch":
        """The same room on others of as many samples."""
        plane = self.plane._replace(X=X, targets=targets, norms=_norms(X), slope=slope, sectors=sectors)
        return Scratch(self.here, self.there, plane)


def _norms(X: np.ndarray) -> np.ndarray:
    """Lengths of the rows (n, 2)."""
    return np.sqrt(X[:, 0] ** 2 + X[:, 1] ** 2)


@njit(cache=True, nogil=True, error_model="numpy", **UNCOUNTED)
def make(first, last, runs, scratch, rules):
    """Make the runs ``first`` to ``last`` as far as the rules let them go. Threads can each make some, in room of their own."""
    room = scratch.plane
    for run in range(first, last):
        m = runs.firsts[run + 1] - runs.firsts[run]
        weights = runs.weights[3 * runs.firsts[run] : 3 * runs.firsts[run + 1]]
        here, there = _narrowed(scratch.here, m), _narrowed(scratch.there, m)
        plane = Plane(
            *(room.X, room.targets, room.norms, runs.kappas[run], room.slope, room.sectors, room.start[: 3 * m]),
            *(room.bounds, room.order[:m], room.rows[:m], room.firsts, room.following),
            *(room.laws, room.sums, room.room, room.forces, room.predicted, room.modes),
        )
        for k in range(m):
            here.y[k], here.y[k + m], here.y[k + 2 * m] = weights[k], weights[m + 2 * k], weights[m + 2 * k + 1]
        for k in range(3 * m):
            plane.start[k] = here.y[k]
        begin = np.int64(0)
        made = advance(here, there, plane, rules, runs.records[run], begin, begin, 0.0, 1.0)
        end = here.y if made[0] % 2 == 1 else there.y
        runs.drifts[run] = _drift(end, plane.start)
        for k in range(m):
            j = plane.order[k]
            weights[j], weights[m + 2 * j], weights[m + 2 * j + 1] = end[k], end[k + m], end[k + 2 * m]
        counts = runs.counts[run]
        counts[0], counts[1], counts[2], counts[3] = made[0], made[1], made[2], 1 if made[5] else 0


@njit(inline="always")
def _narrowed(place, m):
    """Room for fewer neurons in that for many."""
    changes = Changes(place.changes.where, place.changes.counts)
    return Place(place.y[: 3 * m], place.residual, place.kernel, place.gradient_squared, changes)


@njit(forceinline=True, cache=True, nogil=True, error_model="numpy")
def _drift(end, start):
    """Largest |change of u^2 - |v|^2| over the neurons of flat states (3 m,), over the largest u^2 + |v|^2."""
    m = end.size // 3
    drift, size = 0.0, 0.0
    for k in range(m):
        u, p, q = end[k], end[k + m], end[k + 2 * m]
        u0, p0, q0 = start[k], start[k + m], start[k + 2 * m]
        now, then = p * p + q * q, p0 * p0 + q0 * q0
        drift = max(drift, abs((u * u - now) - (u0 * u0 - then)))
        size = max(size, u * u + now)
    return drift / size

# mypy: disable-error-code="no-untyped-def, call-overload"
"""Runs in the plane on the same samples, each from its start to its end, one after the other in one call."""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.sectors.advance import Place, Plane, advance
from numerics.kernels.sectors.laws import SQUARE, Laws
from numerics.kernels.sectors.moments import CIRCLE, MOMENTS, Sums
from numerics.kernels.sectors.places import Changes
from numerics.kernels.sectors.step import NUMBERS, SPAN, Room
from numerics.kernels.stages import COUNTED
from numerics.kernels.tangent import Modes

__all__ = ["Runs", "make"]


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


@njit(cache=True, nogil=True, error_model="numpy", **COUNTED)
def make(first, last, runs, X, targets, slope, sectors, rules):
    """Make the runs ``first`` to ``last`` on samples X (n, 2) as far as the rules let them go. Threads can each make some.

    The room they need is made here: arrays that are handed over take a quarter of a microsecond each.
    """
    n, rays = targets.size, sectors.normals.shape[0]
    rows = 2 * (2 * rays + 1)
    widest = 0
    for run in range(first, last):
        widest = max(widest, runs.firsts[run + 1] - runs.firsts[run])
    room = _place(widest, n), _place(widest, n)
    norms = np.empty(n)
    for i in range(n):
        norms[i] = np.sqrt(X[i, 0] * X[i, 0] + X[i, 1] * X[i, 1])
    start, order, neuron_rows = np.empty(3 * widest), np.empty(widest, np.int64), np.empty(widest, np.int32)
    bounds, following, firsts = np.zeros(rows + 1, np.int64), np.zeros(rows + 1, np.int64), np.zeros(1, np.int64)
    fates, arrivals, tables = np.zeros((2, rays), np.int64), np.zeros((2, rays), np.int64), np.empty((2, 2, rays, 2))
    laws = Laws(np.zeros((rows, SQUARE + 1)), fates, arrivals, np.zeros(2), tables[0])
    sums = Sums(np.zeros((1, rows, MOMENTS)), np.zeros((1, 2)), np.zeros((4 * rays + 2, CIRCLE)), tables[1])
    numbers = np.empty(NUMBERS)
    pass_room = Room(numbers, numbers.view(np.int64), np.empty(SPAN, np.int64))
    forces, predicted = np.empty(n), np.empty(n)
    modes = Modes(np.empty(n), np.empty((n, n)), np.empty(n), np.empty((n, n)))
    for run in range(first, last):
        m = runs.firsts[run + 1] - runs.firsts[run]
        weights = runs.weights[3 * runs.firsts[run] : 3 * runs.firsts[run + 1]]
        here, there = _narrowed(room[0], m), _narrowed(room[1], m)
        plane = Plane(
            *(X, targets, norms, runs.kappas[run], slope, sectors, start[: 3 * m]),
            *(bounds, order[:m], neuron_rows[:m], firsts, following),
            *(laws, sums, pass_room, forces, predicted, modes),
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
def _place(m, n):
    """Room for a state of so many neurons and samples."""
    changes = Changes(np.empty((2, m), np.int32), np.zeros(1, np.int64))
    return Place(np.empty(3 * m), np.zeros(n), np.empty((n, n)), np.zeros(1), changes)


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

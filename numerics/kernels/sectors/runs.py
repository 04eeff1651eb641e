# mypy: disable-error-code="no-untyped-def, call-overload"
"""Runs in the plane on the same samples, each from its start to its end, one after the other in one call."""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.sectors.advance import advance, new_place, new_plane

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


@njit(cache=True, nogil=True, error_model="numpy")
def make(first, last, runs, X, targets, slope, sectors, rules):
    """Make the runs ``first`` to ``last`` as far as the rules let them go. Runs share no memory: threads can each make some."""
    norms = np.empty(targets.size)
    for i in range(norms.size):
        norms[i] = np.sqrt(X[i, 0] * X[i, 0] + X[i, 1] * X[i, 1])
    whole = np.zeros(1, dtype=np.int64)  # all neurons of a network are one range
    for run in range(first, last):
        m = runs.firsts[run + 1] - runs.firsts[run]
        weights = runs.weights[3 * runs.firsts[run] : 3 * runs.firsts[run + 1]]
        start = np.empty(3 * m)
        for k in range(m):
            start[k], start[k + m], start[k + 2 * m] = weights[k], weights[m + 2 * k], weights[m + 2 * k + 1]
        here, there = new_place(start.copy(), norms.size, 1), new_place(np.empty(3 * m), norms.size, 1)
        plane = new_plane(X, targets, norms, runs.kappas[run], slope, sectors, start, whole)
        begin = np.int64(0)
        count, passes, rejected, _, _, stuck = advance(
            here, there, plane, rules, runs.records[run], begin, begin, 0.0, 1.0
        )
        end = here.y if count % 2 == 1 else there.y
        runs.drifts[run] = _drift(end, start)
        for k in range(m):
            j = plane.order[k]
            weights[j], weights[m + 2 * j], weights[m + 2 * j + 1] = end[k], end[k + m], end[k + 2 * m]
        counts = runs.counts[run]
        counts[0], counts[1], counts[2], counts[3] = count, passes, rejected, 1 if stuck else 0


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

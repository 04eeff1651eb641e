# mypy: disable-error-code="no-untyped-def, call-overload"
"""Which neuron is where: rows of neurons, and neurons kept sorted by them."""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.one_neuron import ON
from numerics.kernels.stages import BLOCK, EXACT, UNCOUNTED

__all__ = [
    "SECTOR_OPTIONS",
    "Changes",
    "Neurons",
    "arrange",
    "locate",
    "place_of",
    "regroup",
    "sort",
    "unsorted",
]

SECTOR_OPTIONS = {**EXACT, "error_model": "numpy"}
_STRIDE = 16  # rows compared at once
# Parts of the room of :func:`locate`, a block each: v.n of the ray before, place, whether near a ray, what counts as near.
_BEFORE, _PLACE, _NEAR, _NARROW = 0, BLOCK, 2 * BLOCK, 3 * BLOCK


class Neurons(NamedTuple):
    """Neurons sorted by rows.

    Attributes
    ----------
    y, start : float64 (3 m,)
        Flat states, u first, then the two rows of v: where they are, and where they began.
    bounds : int (rows + 1,)
        Those of row r are from ``bounds[r]`` on.
    """

    y: np.ndarray
    start: np.ndarray
    bounds: np.ndarray


class Changes(NamedTuple):
    """Neurons that change rows in a step.

    Attributes
    ----------
    where : int (2, m)
        Their positions and new rows; those of every range of neurons from its first neuron on.
    counts : int (parts,)
        How many in each range.
    """

    where: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, width: int, ranges: int) -> "Changes":
        """Room for those of ``width`` neurons in so many ranges; none yet."""
        return cls(np.empty((2, width), dtype=np.int32), np.zeros(ranges, dtype=np.int64))


@njit(**SECTOR_OPTIONS, **UNCOUNTED)
def locate(y, sectors, rows, room):
    """Rows of neurons (m,), from their weights; ``room``: four blocks."""
    m = rows.size
    normals = sectors.normals
    rays = normals.shape[0]
    for low in range(0, m, BLOCK):
        high = min(low + BLOCK, m)
        p, q = y[low + m : high + m], y[low + 2 * m : high + 2 * m]
        for k in range(high - low):
            room[k + _BEFORE] = normals[rays - 1, 0] * p[k] + normals[rays - 1, 1] * q[k]
            square = p[k] * p[k] + q[k] * q[k]
            room[k + _PLACE], room[k + _NEAR] = 2.0 * rays - 1.0, 1.0 if square == 0.0 else 0.0
            room[k + _NARROW] = ON * ON * square
        for r in range(rays):
            along, across = normals[r, 0], normals[r, 1]
            place = 2.0 * r - 1.0 if r > 0 else 2.0 * rays - 1.0
            for k in range(high - low):
                z = along * p[k] + across * q[k]
                room[k + _PLACE] = place if room[k + _BEFORE] > 0.0 and z < 0.0 else room[k + _PLACE]
                room[k + _NEAR] = 1.0 if z * z < room[k + _NARROW] else room[k + _NEAR]
                room[k + _BEFORE] = z
        for k in range(high - low):
            place = place_of(p[k], q[k], sectors) if room[k + _NEAR] != 0.0 else int(room[k + _PLACE])
            rows[low + k] = place + (2 * rays + 1 if y[low + k] < 0.0 else 0)


@njit(forceinline=True, **SECTOR_OPTIONS)
def place_of(p, q, sectors):
    """Place of v = (p, q)."""
    directions, normals = sectors.directions, sectors.normals
    rays = normals.shape[0]
    if rays == 1:
        return 1
    square = p * p + q * q
    if square == 0.0:
        return 2 * rays
    for r in range(rays):
        z = normals[r, 0] * p + normals[r, 1] * q
        if z * z < ON * ON * square and directions[r, 0] * p + directions[r, 1] * q > 0.0:
            return 2 * r
    z = normals[rays - 1, 0] * p + normals[rays - 1, 1] * q
    for r in range(rays):
        before, z = z, normals[r, 0] * p + normals[r, 1] * q
        if before > 0.0 and z < 0.0:
            return 2 * r - 1 if r > 0 else 2 * rays - 1
    return 2 * rays - 1


@njit(**SECTOR_OPTIONS, **UNCOUNTED)
def sort(rows, order, bounds, following):
    """Neurons by rows: ``order`` (m,) and where every row begins, ``bounds`` (rows + 1,). ``rows`` comes out sorted.

    ``following`` (rows + 1,): room.
    """
    bounds[:] = 0
    for row in rows:
        bounds[row + 1] += 1
    for row in range(bounds.size - 1):
        bounds[row + 1] += bounds[row]
    for row in range(bounds.size):
        following[row] = bounds[row]
    for k in range(rows.size):
        order[following[rows[k]]] = k
        following[rows[k]] += 1
    for row in range(bounds.size - 1):
        rows[bounds[row] : bounds[row + 1]] = row


@njit(**SECTOR_OPTIONS, **UNCOUNTED)
def arrange(y, order, room):
    """Neurons of a flat state in a new order; ``room`` (m,)."""
    m = order.size
    for part in range(3):
        for k in range(m):
            room[k] = y[part * m + order[k]]
        for k in range(m):
            y[part * m + k] = room[k]


def unsorted(y, order):
    """Weights u (m,) and v (m, 2) of a flat state, in the order before :func:`sort`; copies."""
    m = order.size
    u, v = np.empty(m), np.empty((m, 2))
    u[order] = y[:m]
    for k in range(2):
        v[order, k] = y[(k + 1) * m : (k + 2) * m]
    return u, v


@njit(**SECTOR_OPTIONS, **UNCOUNTED)
def regroup(neurons, order, rows, changes, firsts, following):
    """Sort again after some neurons changed rows; others move only to make room. ``following`` (rows + 1,): room."""
    y, start, bounds = neurons
    where, counts = changes
    m = rows.size
    for part in range(counts.size):
        for found in range(firsts[part], firsts[part] + counts[part]):
            k, new = where[0, found], where[1, found]
            for row in range(min(rows[k], new), max(rows[k], new)):
                bounds[row + 1] += 1 if new < rows[k] else -1
            rows[k] = new
    for row in range(bounds.size):
        following[row] = bounds[row]
    for row in range(bounds.size - 1):
        end = bounds[row + 1]
        k = _next_other(row, rows, following[row], end)
        while k < end:
            goal = rows[k]
            if goal == row:
                k = _next_other(row, rows, k + 1, end)
                continue
            other = _next_other(goal, rows, following[goal], m)
            following[goal] = other + 1
            for a, b in ((k, other), (k + m, other + m), (k + 2 * m, other + 2 * m)):
                y[a], y[b] = y[b], y[a]
                start[a], start[b] = start[b], start[a]
            order[k], order[other] = order[other], order[k]
            rows[k], rows[other] = rows[other], goal


@njit(forceinline=True, **SECTOR_OPTIONS)
def _next_other(row, rows, first, last):
    """Where the next neuron is, from ``first`` on, that is not of this row; ``last`` if none is."""
    k = first
    differ = 0
    while k + _STRIDE <= last:
        for j in range(_STRIDE):
            differ |= rows[k + j] ^ row
        if differ != 0:
            break
        k += _STRIDE
    while k < last and rows[k] == row:
        k += 1
    return k

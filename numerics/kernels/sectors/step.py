# mypy: disable-error-code="no-untyped-def, call-overload"
"""One pass over neurons sorted by rows: a block by its law, those with events one by one, moments and distances on the way."""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.sectors.events import ELSEWHERE, END, EVENT, FREE, LEFT, ROOMS, WAY, hop, travel, ways
from numerics.kernels.sectors.laws import AP, AQ, BP, BQ, CHANGE, COSH, GP, GQ, SINH
from numerics.kernels.sectors.moments import MOMENTS, add
from numerics.kernels.sectors.places import SECTOR_OPTIONS
from numerics.kernels.stages import BLOCK, OPTIONS, UNCOUNTED

__all__ = ["NUMBERS", "SPAN", "Room", "step"]

_SUMS = {**OPTIONS, "error_model": "numpy"}
#: Neurons after which their events are seen to.
SPAN = 16 * BLOCK
#: Of the room for a pass.
NUMBERS = (ROOMS + 1) * BLOCK
_U, _P, _Q = EVENT
_END_U, _END_P, _END_Q = END


class Room(NamedTuple):
    """Room for a pass.

    Attributes
    ----------
    numbers : float64
        Blocks for :func:`numerics.kernels.sectors.events.hop`, and one for which neurons of a block are kept.
    bits : int
        The same memory as integers.
    marked : int
        Neurons with an event.
    """

    numbers: np.ndarray
    bits: np.ndarray
    marked: np.ndarray

    @classmethod
    def new(cls) -> "Room":
        """For one thread."""
        numbers = np.empty(NUMBERS)
        return cls(numbers, numbers.view(np.int64), np.empty(SPAN, dtype=np.int64))


@njit(**SECTOR_OPTIONS, **UNCOUNTED)
def step(first, last, part, neurons, sectors, laws, room, out, changes, sums):
    """Move the neurons ``first`` to ``last``, range number ``part``, by one step into the flat state ``out``.

    Leaves moments and distances of the range in ``sums``, and which of its neurons had an event in ``changes``.
    """
    y, start, bounds = neurons
    table = laws.table
    where, counts = changes
    moments, moved = sums.moments[part], sums.moved[part]
    numbers, bits, marked = room
    keep = numbers[ROOMS * BLOCK :]
    m = y.size // 3
    moments[:] = 0.0
    moved[:] = 0.0
    found = first
    for row in range(bounds.size - 1):
        law = table[row]
        end = min(last, bounds[row + 1])
        for span in range(max(first, bounds[row]), end, SPAN):
            events, stop = 0, min(span + SPAN, end)
            for low in range(span, stop, BLOCK):
                high = min(low + BLOCK, stop)
                old = y[low:high], y[low + m : high + m], y[low + 2 * m : high + 2 * m]
                new = out[low:high], out[low + m : high + m], out[low + 2 * m : high + 2 * m]
                origin = start[low:high], start[low + m : high + m], start[low + 2 * m : high + 2 * m]
                if _glide(*old, law, *new, keep) > 0.0:
                    for k in range(high - low):  # without a branch
                        marked[events] = low + k
                        events += 1 if keep[k] == 0.0 else 0
                total, du, dv = _sums(*new, *origin, keep)
                for j in range(MOMENTS):
                    moments[row, j] += total[j]
                moved[0] += du
                moved[1] += dv
            ends = ways(row, laws) if events > 0 else (-1, -1, -1)
            for batch in range(0, events, BLOCK):
                several = marked[batch : min(batch + BLOCK, events)]
                hop(y, several, row, table, ends, numbers, bits)
                # not a function of its own: handed the tuples for every neuron, it would take half as long again
                for j in range(several.size):
                    k = several[j]
                    way = int(numbers[j + WAY])
                    if numbers[j + FREE] != 0.0:
                        u, p, q, now = numbers[j + _END_U], numbers[j + _END_P], numbers[j + _END_Q], ends[way]
                    else:
                        u, p, q, now, left = y[k], y[k + m], y[k + 2 * m], row, 1.0
                        if way < ELSEWHERE:
                            u, p, q = numbers[j + _U], numbers[j + _P], numbers[j + _Q]
                            now, left = ends[way], numbers[j + LEFT]
                        u, p, q, now = travel(u, p, q, now, left, sectors, laws)
                    out[k], out[k + m], out[k + 2 * m] = u, p, q
                    where[0, found], where[1, found] = k, now
                    found += 1
                    add(u, p, q, moments[now])
                    moved[0] += (u - start[k]) ** 2
                    moved[1] += (p - start[k + m]) ** 2 + (q - start[k + 2 * m]) ** 2
    counts[part] = found - first


@njit(forceinline=True, **_SUMS)
def _glide(u, p, q, law, u1, p1, q1, keep):
    """Move a block by its law; ``keep`` is 0 where that is not the truth. Returns how often."""
    gp, gq, sinh, cosh, change = law[GP], law[GQ], law[SINH], law[COSH], law[CHANGE]
    ap, aq, bp, bq = law[AP], law[AQ], law[BP], law[BQ]
    events = 0.0
    for k in range(u.size):
        w = gp * p[k] + gq * q[k]
        phi = sinh * u[k] + cosh * w
        U, P, Q = u[k] + (change * u[k] + sinh * w), p[k] + gp * phi, q[k] + gq * phi
        event = ap * P + aq * Q < 0.0 or bp * P + bq * Q < 0.0 or u[k] * U <= 0.0
        u1[k], p1[k], q1[k] = U, P, Q
        keep[k] = 0.0 if event else 1.0
        events += 1.0 if event else 0.0
    return events


@njit(forceinline=True, **_SUMS)
def _sums(u, p, q, u0, p0, q0, keep):
    """Moments of the neurons of a block that are kept, and their squared distances."""
    uu, up, uq, pp, pq, qq, du, dv = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(u.size):
        a, b, c = keep[k] * u[k], keep[k] * p[k], keep[k] * q[k]
        uu += a * u[k]
        up += a * p[k]
        uq += a * q[k]
        pp += b * p[k]
        pq += b * q[k]
        qq += c * q[k]
        du += keep[k] * (u[k] - u0[k]) ** 2
        dv += keep[k] * ((p[k] - p0[k]) ** 2 + (q[k] - q0[k]) ** 2)
    return (uu, up, uq, pp, pq, qq), du, dv

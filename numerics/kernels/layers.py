# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels over the weights of a deep network, for few samples.

A library of matrix products packs its operands first, which costs several times the product where one of them has four rows. Here
a few rows of the weights meet four samples at a time, all in registers. So a pass is as fast as the arithmetic or, where the
weights do not fit the cache, the memory.

Weights (copies, fan_out, fan_in) can count as moved by -left^T right, left (copies, r, fan_out), right (copies or 1, r, fan_in).
"""

import numpy as np
from numba import njit

from numerics.kernels.stages import OPTIONS, UNCOUNTED, dot, squared_distance

__all__ = [
    "FEW",
    "LINE",
    "ROWS",
    "add",
    "add_along",
    "add_rows",
    "advance",
    "along",
    "backward",
    "combine",
    "forward",
    "measure",
    "retreat",
]

# numbers in a line of the cache, or in two: rows of 512 numbers that begin at the same place of a page are in each other's way
LINE = 16
ROWS = 4  # of the weights at a time
FEW = 32  # samples up to which this is faster than a library


@njit(**OPTIONS)
def combine(c0, y0, c1, y1, c2, y2, h, velocity, out):
    """Into ``out``: c0 y0 + c1 y1 + c2 y2 + h velocity, all flat."""
    for k in range(out.size):
        out[k] = c0 * y0[k] + c1 * y1[k] + c2 * y2[k] + h * velocity[k]


@njit(**OPTIONS)
def forward(w, h, left, right, z):
    """Into ``z`` (copies, n, fan_out): what the weights make of h (copies or 1, n, fan_in)."""
    part = np.empty((h.shape[1], right.shape[1]))
    for copy in range(w.shape[0]):
        below = h[min(copy, h.shape[0] - 1)]
        along(w[copy], below, z[copy])
        if part.shape[1] > 0:
            along(right[min(copy, right.shape[0] - 1)], below, part)
            add(left[copy], -part, z[copy], w.shape[1])


@njit(**OPTIONS)
def backward(w, b, left, right, out):
    """Into ``out`` (copies, n, fan_in): what goes back through the weights of b (copies, n, fan_out)."""
    part = np.empty((b.shape[1], right.shape[1]))
    out[:] = 0.0
    for copy in range(w.shape[0]):
        add(w[copy], b[copy], out[copy], w.shape[2])
        if part.shape[1] > 0:
            along(left[copy], b[copy], part)
            add(right[min(copy, right.shape[0] - 1)], -part, out[copy], w.shape[2])


@njit(**OPTIONS, **UNCOUNTED)
def measure(w, start, neurons, rows, columns):
    """Squared norms of rows (fan_out,), and of the first columns, those of ``neurons``.

    Returns |w - start|^2 of these columns and of those beyond.
    """
    square, beyond = 0.0, 0.0
    columns[:] = 0.0
    for low in range(0, w.shape[0], ROWS):
        for k in range(low, min(low + ROWS, w.shape[0])):
            now = w[k]
            rows[k] = dot(now, now)
            square += squared_distance(now[:neurons], start[k, :neurons])
            beyond += squared_distance(now[neurons:], start[k, neurons:])
        if low + ROWS <= w.shape[0]:
            w0, w1, w2, w3 = w[low], w[low + 1], w[low + 2], w[low + 3]
            for j in range(neurons):
                columns[j] += w0[j] * w0[j] + w1[j] * w1[j] + w2[j] * w2[j] + w3[j] * w3[j]
        else:
            for k in range(low, w.shape[0]):
                now = w[k]
                for j in range(neurons):
                    columns[j] += now[j] * now[j]
    return square, beyond


@njit(**OPTIONS)
def advance(w, start, single, left, right, row_factors, column_factors, room, neurons, rows, columns):
    """w_kj <- row_k (w - left^T right)_kj column_j in place, w (fan_out, fan_in), left (r, fan_out), right (r, fan_in).

    ``room``: r (fan_in + LINE) or more, written over; of the precision of left and right, single or double. ``single``: float32
    like w, to be the same as it, or with no rows. ``rows``, ``columns``, and what comes back: see :func:`measure`; all in one go
    over the weights, since moving them is what takes the time.
    """
    size = w.shape[1]
    by, beside = _scaled(left, right, row_factors, column_factors, room)
    some, unused = np.empty((ROWS, size + LINE), left.dtype), np.empty(size, single.dtype)
    return _advance(w, start, single, by, beside, row_factors, column_factors, neurons, rows, columns, some, unused)


@njit(**OPTIONS, **UNCOUNTED)
def _advance(w, start, single, by, beside, row_factors, column_factors, neurons, rows, columns, some, unused):
    """The same with the change of :func:`_scaled`, in more room."""
    size = w.shape[1]
    square, beyond = 0.0, 0.0
    columns[:] = 0.0
    for low in range(0, w.shape[0], ROWS):
        high = min(low + ROWS, w.shape[0])
        _find_change(by, beside, size, low, high, some)
        for k in range(low, high):
            length, done = 0.0, 0
            if size >= LINE:  # else the call would take longer than the row
                copy = single[k] if single.shape[0] > 0 else unused
                length, distance = _change(
                    *(w[k, :neurons], start[k, :neurons], copy[:neurons], some[k - low, :neurons]),
                    *(row_factors[k], column_factors[:neurons], columns),
                )
                square, done = square + distance, neurons
            for j in range(done, size):
                value = row_factors[k] * column_factors[j] * w[k, j] + some[k - low, j]
                w[k, j] = value
                if single.shape[0] > 0:
                    single[k, j] = value
                length += value * value
                if j < neurons:
                    columns[j] += value * value
                    square += (value - start[k, j]) ** 2
                else:
                    beyond += (value - start[k, j]) ** 2
            rows[k] = length
    return square, beyond


@njit(**OPTIONS)
def retreat(w, left, right, row_factors, column_factors, room):
    """Undo :func:`advance`: what it added is found again to the last bit, so that large changes leave no trace."""
    size = w.shape[1]
    by, beside = _scaled(left, right, row_factors, column_factors, room)
    some = np.empty((ROWS, size + LINE), left.dtype)
    for low in range(0, w.shape[0], ROWS):
        high = min(low + ROWS, w.shape[0])
        _find_change(by, beside, size, low, high, some)
        for k in range(low, high):
            for j in range(size):
                w[k, j] = (w[k, j] - some[k - low, j]) / (row_factors[k] * column_factors[j])


@njit(**OPTIONS)
def _scaled(left, right, row_factors, column_factors, room):
    """Of a change: -row_k left_pk, neurons first, and right_pj column_j, in ``room``."""
    rank, size = right.shape
    by, beside = np.empty((left.shape[1], rank), left.dtype), room[: rank * (size + LINE)].reshape((rank, size + LINE))
    for k in range(left.shape[1]):
        for p in range(rank):
            by[k, p] = -row_factors[k] * left[p, k]
    for p in range(rank):
        for j in range(size):
            beside[p, j] = right[p, j] * column_factors[j]
    return by, beside


@njit(**OPTIONS, **UNCOUNTED)
def _find_change(by, beside, size, low, high, some):
    """Into ``some``: the rows from ``low`` to ``high`` of by beside."""
    if size >= LINE:
        some[:] = 0
        add(beside, by[low:high], some[: high - low], size)
        return
    for k in range(low, high):
        for j in range(size):
            some[k - low, j] = 0
            for p in range(by.shape[1]):
                some[k - low, j] += by[k, p] * beside[p, j]


@njit(**OPTIONS, **UNCOUNTED)
def _change(now, then, copy, change, factor, factors, columns):
    """A row of :func:`advance`: its squared norm, and its squared distance from ``then``."""
    for j in range(now.size):
        value = factor * factors[j] * now[j] + change[j]
        now[j] = value
        copy[j] = value
        columns[j] += value * value
    length, distance = 0.0, 0.0
    for j in range(now.size):  # a loop of its own: see numerics.kernels.stages
        length += now[j] * now[j]
        distance += (now[j] - then[j]) * (now[j] - then[j])
    return length, distance


@njit(**OPTIONS, **UNCOUNTED)
def along(w, h, z):
    """Z (n, rows) = h (n, m) w^T, w (rows, m)."""
    z[:] = 0
    add_along(w, h, z, np.int64(0), w.shape[0])


@njit(**OPTIONS, **UNCOUNTED)
def add_along(w, h, z, low, high):
    """Z += h w^T, in the rows of w from ``low`` to ``high``."""
    size, samples, zero = w.shape[1], h.shape[0], w.dtype.type(0)
    even = high - (high - low) % 2
    for k in range(low, even, 2):  # sums of four rows would not fit into the registers
        w0, w1 = w[k], w[k + 1]
        for i in range(0, samples - 3, 4):
            h0, h1, h2, h3 = h[i], h[i + 1], h[i + 2], h[i + 3]
            a00 = a01 = a02 = a03 = a10 = a11 = a12 = a13 = zero
            for j in range(size):
                x0, x1 = w0[j], w1[j]
                y0, y1, y2, y3 = h0[j], h1[j], h2[j], h3[j]
                a00, a01, a02, a03 = a00 + x0 * y0, a01 + x0 * y1, a02 + x0 * y2, a03 + x0 * y3
                a10, a11, a12, a13 = a10 + x1 * y0, a11 + x1 * y1, a12 + x1 * y2, a13 + x1 * y3
            z0, z1, z2, z3 = z[i], z[i + 1], z[i + 2], z[i + 3]
            z0[k], z1[k], z2[k], z3[k] = z0[k] + a00, z1[k] + a01, z2[k] + a02, z3[k] + a03
            z0[k + 1], z1[k + 1], z2[k + 1], z3[k + 1] = (
                z0[k + 1] + a10,
                z1[k + 1] + a11,
                z2[k + 1] + a12,
                z3[k + 1] + a13,
            )
        for i in range(samples - samples % 4, samples):
            for row in range(k, k + 2):
                z[i, row] += dot(w[row], h[i])
    for k in range(even, high):
        for i in range(samples):
            z[i, k] += dot(w[k], h[i])


@njit(**OPTIONS, **UNCOUNTED)
def add(w, b, out, size):
    """Out += b w, b (n, rows), in the first ``size`` columns of w (rows, size or more) and out (n, size or more)."""
    add_rows(w, b, out, size, np.int64(0), w.shape[0])


@njit(**OPTIONS, **UNCOUNTED)
def add_rows(w, b, out, size, low, high):
    """The same of the rows of w from ``low`` to ``high`` alone."""
    samples, whole = b.shape[0], high - (high - low) % 4
    for k in range(low, whole, 4):
        w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
        for i in range(0, samples - 3, 4):
            p0, p1, p2, p3 = b[i, k], b[i, k + 1], b[i, k + 2], b[i, k + 3]
            q0, q1, q2, q3 = b[i + 1, k], b[i + 1, k + 1], b[i + 1, k + 2], b[i + 1, k + 3]
            r0, r1, r2, r3 = b[i + 2, k], b[i + 2, k + 1], b[i + 2, k + 2], b[i + 2, k + 3]
            s0, s1, s2, s3 = b[i + 3, k], b[i + 3, k + 1], b[i + 3, k + 2], b[i + 3, k + 3]
            o0, o1, o2, o3 = out[i], out[i + 1], out[i + 2], out[i + 3]
            for j in range(size):
                x0, x1, x2, x3 = w0[j], w1[j], w2[j], w3[j]
                o0[j] += p0 * x0 + p1 * x1 + p2 * x2 + p3 * x3
                o1[j] += q0 * x0 + q1 * x1 + q2 * x2 + q3 * x3
                o2[j] += r0 * x0 + r1 * x1 + r2 * x2 + r3 * x3
                o3[j] += s0 * x0 + s1 * x1 + s2 * x2 + s3 * x3
        for i in range(samples - samples % 4, samples):
            p0, p1, p2, p3 = b[i, k], b[i, k + 1], b[i, k + 2], b[i, k + 3]
            o0 = out[i]
            for j in range(size):
                o0[j] += p0 * w0[j] + p1 * w1[j] + p2 * w2[j] + p3 * w3[j]
    for k in range(whole, high):
        for i in range(samples):
            o0, w0, p0 = out[i], w[k], b[i, k]
            for j in range(size):
                o0[j] += p0 * w0[j]

# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels over the weights of a deep network; products with them are left to BLAS."""

from numba import njit

from numerics.kernels.stages import OPTIONS, dot, squared_distance

__all__ = ["advance", "combine", "measure"]


@njit(**OPTIONS)
def combine(c0, y0, c1, y1, c2, y2, h, velocity, out):
    """Into ``out``: c0 y0 + c1 y1 + c2 y2 + h velocity, all flat."""
    for k in range(out.size):
        out[k] = c0 * y0[k] + c1 * y1[k] + c2 * y2[k] + h * velocity[k]


@njit(**OPTIONS)
def measure(w, start, neurons, rows, columns):
    """Squared norms of rows, and of the first columns, those of ``neurons``, added to ``columns``.

    Returns |w - start|^2 of these columns and of those beyond.
    """
    square, beyond = 0.0, 0.0
    for k in range(w.shape[0]):
        now = w[k]
        rows[k] = dot(now, now)
        square += squared_distance(now[:neurons], start[k, :neurons])
        beyond += squared_distance(now[neurons:], start[k, neurons:])
        for j in range(neurons):
            columns[j] += now[j] * now[j]
    return square, beyond


@njit(**OPTIONS)
def advance(w, change, left, right, start, neurons, rows, columns):
    """w_kj <- left_k (w_kj - change_kj) right_j in place, and what :func:`measure` says of the result."""
    for k in range(w.shape[0]):
        row, less, factor = w[k], change[k], left[k]
        for j in range(row.size):
            row[j] = factor * (row[j] - less[j]) * right[j]
    return measure(w, start, neurons, rows, columns)

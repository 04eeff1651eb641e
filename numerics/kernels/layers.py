# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels over the weights of a deep network; products with them are left to BLAS."""

from numba import njit

from numerics.kernels.stages import OPTIONS

__all__ = ["combine", "rescale"]


@njit(**OPTIONS)
def combine(c0, y0, c1, y1, c2, y2, h, velocity, out):
    """Into ``out``: c0 y0 + c1 y1 + c2 y2 + h velocity, all flat."""
    for k in range(out.size):
        out[k] = c0 * y0[k] + c1 * y1[k] + c2 * y2[k] + h * velocity[k]


@njit(**OPTIONS)
def rescale(w, left, right, start):
    """w_kj <- left_k w_kj right_j in place, columns j beyond those of ``right`` by left_k alone; |w - start|^2 of both parts."""
    square, beyond = 0.0, 0.0
    for k in range(w.shape[0]):
        row, first, factor = w[k], start[k], left[k]
        for j in range(right.size):
            row[j] *= factor * right[j]
        for j in range(right.size):
            difference = row[j] - first[j]
            square += difference * difference
        for j in range(right.size, row.size):
            row[j] *= factor
            beyond += (row[j] - first[j]) ** 2
    return square, beyond

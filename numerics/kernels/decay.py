# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of weight decay: weights shrunk, and the residual of a step. Rules of :mod:`numerics.kernels.stages`."""

import numpy as np
from numba import njit

from numerics.kernels.stages import BLOCK, OPTIONS, dot, squared_distance

__all__ = ["hold", "multiply", "shrink"]


@njit(**OPTIONS)
def shrink(first, last, u, v, u_start, v_start, factor_u, factor_v, moved, squares):
    """Multiply u and v (d, m) of the neurons ``first`` to ``last``; squared distances from the start and squared norms after.

    ``moved``, ``squares`` (2,): of u, then of v.
    """
    moved[:] = 0.0
    squares[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        _multiply(u[low:high], factor_u)
        moved[0] += squared_distance(u[low:high], u_start[low:high])
        squares[0] += dot(u[low:high], u[low:high])
        for j in range(v.shape[0]):
            _multiply(v[j, low:high], factor_v)
            moved[1] += squared_distance(v[j, low:high], v_start[j, low:high])
            squares[1] += dot(v[j, low:high], v[j, low:high])


@njit(forceinline=True, **OPTIONS)
def _multiply(values, factor):
    for k in range(values.size):
        values[k] *= factor


@njit(**OPTIONS)
def multiply(first, last, y, factor_v, factor_u):
    """Multiply the neurons ``first`` to ``last`` of a flat state (3 m,)."""
    m = y.size // 3
    _multiply(y[first:last], factor_u)
    _multiply(y[first + m : last + m], factor_v)
    _multiply(y[first + 2 * m : last + 2 * m], factor_v)


@njit(**OPTIONS)
def hold(kernel, residual, targets, mean, total):
    """Mean K + D (n, n), e - e_inf and e_inf of e' = -(mean K + D) e - D y."""
    held = mean * kernel
    for i in range(residual.size):
        held[i, i] += total
    rest = np.linalg.solve(held, targets)
    for i in range(residual.size):
        rest[i] *= -total
    return held, residual - rest, rest

# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of weight decay: weights shrunk, and the residual of a step. Rules of :mod:`numerics.kernels.stages`."""

import numpy as np
from numba import njit

from numerics.kernels.stages import BLOCK, OPTIONS, dot, squared_distance
from numerics.kernels.tangent import mean_forces, modes_of

__all__ = ["hold", "kernel_rate", "multiply", "shrink", "size_of", "step_forces"]

_MOST = 50.0  # largest logarithm by which a kernel is taken to change in a step, either way


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
def size_of(kernel, targets):
    """A size of the kernel, that along the targets."""
    total = 0.0
    for i in range(targets.size):
        for j in range(targets.size):
            total += targets[i] * kernel[i, j] * targets[j]
    return total


@njit(**OPTIONS)
def kernel_rate(now, before, h, total):
    """Rate at which a size of the kernel changed over the last step, as far as a decay of the output at ``total`` can do that."""
    if not (now > 0.0 and before > 0.0 and h > 0.0):
        return 0.0
    return min(2.0 * total, max(-2.0 * total, np.log(now / before) / h))


@njit(**OPTIONS)
def step_forces(kernel, residual, targets, before, h_before, h, total, kappa, factor, c, predicted):
    """Forces of the samples over a step, and the residual predicted at its end, as :func:`mean_forces`; a size of the kernel.

    ``before``: that size and the step ``h_before`` before; ``factor`` multiplies the forces.
    """
    n, now = residual.size, size_of(kernel, targets)
    held, transient, rest = hold(kernel, residual, targets, h * kernel_rate(now, before, h_before, total), total)
    mean_forces(modes_of(held, transient), h, kappa, c, predicted)
    for i in range(n):
        c[i] = factor * (c[i] - kappa * h / n * rest[i])
        predicted[i] += rest[i]
    return now


@njit(**OPTIONS)
def hold(kernel, residual, targets, change, total):
    """Mean K + D (n, n), e - e_inf and e_inf of e' = -(mean K + D) e - D y, while K changes by exp(change) in all."""
    change = min(_MOST, max(-_MOST, change))
    held = (np.expm1(change) / change if change != 0.0 else 1.0) * kernel
    for i in range(residual.size):
        held[i, i] += total
    rest = np.linalg.solve(held, targets)
    for i in range(residual.size):
        rest[i] *= -total
    return held, residual - rest, rest

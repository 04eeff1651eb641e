# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of dropout averaged over its masks. Layout and rules of :mod:`numerics.kernels.stages`.

With P = (q/2n) sum_i sum_k f_k(x_i)^2 the penalty, neuron k has the gradient

    dP/du = (q kappa^2/n) u sum_i sigma(z_i)^2,    dP/dv = (q kappa^2/n) u^2 sum_i sigma(z_i) sigma'(z_i) x_i.
"""

import numpy as np
from numba import njit

from numerics.kernels.kink_exact import features, kink_forces, sliding_basis
from numerics.kernels.one_neuron import largest_force
from numerics.kernels.stages import BLOCK, OPTIONS

__all__ = ["largest_net_force", "pull"]


@njit(**OPTIONS)
def pull(first, last, u, v, X, owner, narrow, kappa, s, q, work, lanes, b, sums):
    """What the penalty takes from the outputs of the neurons ``first`` to ``last``: b_j = grad f(x_j).grad P, into ``b`` (n,).

    A neuron on a kink, as :func:`numerics.kernels.kink_exact.sliding_kernel` has it, moves along it only. ``sums`` (3,): P,
    |grad P|^2, and the largest rate at which the penalty turns a neuron.
    """
    n, d = X.shape
    z, active = lanes[:n], lanes[n : 2 * n]
    square, on = lanes[2 * n : 2 * n + 2]
    down, rate = lanes[2 * n + 2 : 2 * n + 4]
    g = lanes[2 * n + 4 : 2 * n + 4 + d]
    factor = q * kappa * kappa / n
    b[:] = 0.0
    sums[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        now, own = v[:, low:high], u[low:high]
        features(own, now, X, owner, narrow, s, z, active, square, on)
        down[:size] = 0.0
        rate[:size] = 0.0
        g[:, :size] = 0.0
        for i in range(n):
            length = 0.0
            for j in range(d):
                length += X[i, j] * X[i, j]
            for k in range(size):
                down[k] += z[i, k] * z[i, k]
                rate[k] += z[i, k] * z[i, k] + length * active[i, k] * active[i, k]
            for j in range(d):
                for k in range(size):
                    g[j, k] += z[i, k] * active[i, k] * X[i, j]
        for k in range(size):
            sums[0] += 0.5 * q * kappa * kappa / n * own[k] * own[k] * down[k]
            sums[2] = max(sums[2], factor * rate[k])
            down[k] *= factor * own[k]
            for j in range(d):
                g[j, k] *= factor * own[k]
            if on[k] != 0.0:
                found = sliding_basis(now[:, k], X, owner, narrow, square[k], work)
                for a in range(found):
                    along = 0.0
                    for j in range(d):
                        along += g[j, k] * work.basis[a, j]
                    for j in range(d):
                        g[j, k] -= along * work.basis[a, j]
            sums[1] += down[k] * down[k]
            for j in range(d):
                sums[1] += g[j, k] * g[j, k]
        for i in range(n):
            total = 0.0
            for k in range(size):
                along = 0.0
                for j in range(d):
                    along += g[j, k] * X[i, j]
                total += z[i, k] * down[k] + active[i, k] * along
            b[i] += kappa * total


@njit(**OPTIONS)
def largest_net_force(u, v, X, c, s, own, work):
    """Largest |g| of neurons u (m,), v (d, m) under the forces c (n,) of the samples and what dropout adds to each neuron's.

    ``own``: see :class:`numerics.kernels.kink_exact.Own`, of h = 1.
    """
    n, d = X.shape
    one, at = np.empty(1), np.empty((d, 1))
    largest = 0.0
    for k in range(u.size):
        one[0] = u[k]
        for j in range(d):
            at[j, 0] = v[j, k]
        for i in range(n):
            z = 0.0
            for j in range(d):
                z += v[j, k] * X[i, j]
            own.forces[i] = c[i] + own.strength * u[k] * (z if z > 0.0 else s * z)
        kink_forces(own.forces, s, own.factors, own.kinks)
        largest = max(largest, largest_force(one, at, own.kinks, work))
    return largest

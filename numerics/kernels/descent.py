# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of discrete optimisers: one rule for a weight, over two layers fused with their passes, over any array else.

A rule is (first, gain, second, adaptive, epsilon), see :class:`numerics.flow.descent.UpdateRule`. Layout as in
:mod:`numerics.kernels.stages`, whose remark on loops that write or sum holds here too.
"""

import numpy as np
from numba import njit

from numerics.kernels.stages import BLOCK, OPTIONS, dot, squared_distance

__all__ = ["descend", "update"]


@njit(forceinline=True, **OPTIONS)
def _update(w, gradient, first, second, rate, rule, count, pull, shrunk):
    """Move weights against their gradient and remember its moments; ``count`` steps, this one included, were made.

    Weight decay: ``pull`` times the weights is part of the gradient, which is overwritten; ``shrunk`` multiplies them first.
    """
    keep_first, gain, keep_second, adaptive, epsilon = rule
    if pull > 0.0:
        for k in range(w.size):
            gradient[k] += pull * w[k]
    if shrunk != 1.0:
        for k in range(w.size):
            w[k] *= shrunk
    for k in range(w.size):
        first[k] = keep_first * first[k] + gain * gradient[k]
    if adaptive:
        for k in range(w.size):
            second[k] = keep_second * second[k] + (1.0 - keep_second) * gradient[k] * gradient[k]
        unbiased_first = rate / (1.0 - keep_first**count)
        unbiased_second = 1.0 / (1.0 - keep_second**count)
        for k in range(w.size):
            size = np.sqrt(second[k] * unbiased_second) + epsilon
            w[k] -= unbiased_first * first[k] / size if size > 0.0 else 0.0
    else:
        for k in range(w.size):
            w[k] -= rate * first[k]


@njit(**OPTIONS)
def update(w, gradient, first, second, rate, rule, count, pull, shrunk, start):
    """One step of any array of weights, all flat; |w - start|^2 of the result."""
    _update(w, gradient, first, second, rate, rule, count, pull, shrunk)
    return squared_distance(w, start)


@njit(**OPTIONS)
def _masked_residual(u, v, X, y, gains, kappa, s, z):
    """Residual (n,) of the network whose neurons have the factors ``gains`` (n, m); ``z``: room."""
    n, d = X.shape
    e = np.empty(n)
    for i in range(n):
        total = 0.0
        for low in range(0, u.size, BLOCK):
            size = min(BLOCK, u.size - low)
            z[:size] = 0.0
            for j in range(d):
                for k in range(size):
                    z[k] += v[j, low + k] * X[i, j]
            for k in range(size):
                total += gains[i, low + k] * u[low + k] * (z[k] if z[k] > 0.0 else s * z[k])
        e[i] = kappa * total - y[i]
    return e


@njit(**OPTIONS)
def descend(
    u,
    v,
    u0,
    v0,
    first_u,
    first_v,
    second_u,
    second_v,
    X,
    y,
    shares,
    gains,
    kappa,
    s,
    rate,
    rule,
    decay_u,
    decay_v,
    done,
    enough,
    e,
    record,
):
    """Steps of two layers, one for every row of ``shares`` (steps, n), until the loss is ``enough`` or no number; how many.

    ``shares`` weigh the samples in the gradient, n/b for the b of a batch and 0 for the rest; ``e`` (n,) is the residual at the
    weights and is kept so. ``record`` (steps, 3) gets loss, |v - v0| and |u - u0| after every step. ``decay_u``, ``decay_v``: the
    pull and shrunk of :func:`_update`. ``gains`` (n, m): factors of the neurons, sample by sample, in every one of these steps'
    gradients, as a mask of dropout has them; none if it is empty. Loss and residual are those of the network without.
    """
    n, d = X.shape
    masked = gains.size > 0
    felt = e  # the residual that drives
    z = np.empty(BLOCK)
    du = np.empty(BLOCK)
    dv = np.empty((d, BLOCK))
    f = np.empty(n)
    for step in range(shares.shape[0]):
        if masked:
            felt = _masked_residual(u, v, X, y, gains, kappa, s, z)
        f[:] = 0.0
        moved_v, moved_u = 0.0, 0.0
        for low in range(0, u.size, BLOCK):
            size = min(BLOCK, u.size - low)
            high = low + size
            du[:size] = 0.0
            dv[:, :size] = 0.0
            for i in range(n):
                weight = kappa / n * shares[step, i] * felt[i]
                if weight == 0.0:
                    continue
                z[:size] = 0.0
                for j in range(d):
                    for k in range(size):
                        z[k] += v[j, low + k] * X[i, j]
                for k in range(size):
                    slope = weight if z[k] > 0.0 else s * weight
                    slope *= gains[i, low + k] if masked else 1.0
                    du[k] += slope * z[k]
                    z[k] = slope * u[low + k]
                for j in range(d):
                    for k in range(size):
                        dv[j, k] += z[k] * X[i, j]
            count = done + step + 1
            _update(u[low:high], du[:size], first_u[low:high], second_u[low:high], rate, rule, count, *decay_u)
            moved_u += squared_distance(u[low:high], u0[low:high])
            for j in range(d):
                _update(
                    v[j, low:high],
                    dv[j, :size],
                    first_v[j, low:high],
                    second_v[j, low:high],
                    rate,
                    rule,
                    count,
                    *decay_v,
                )
                moved_v += squared_distance(v[j, low:high], v0[j, low:high])
            for i in range(n):
                z[:size] = 0.0
                for j in range(d):
                    for k in range(size):
                        z[k] += v[j, low + k] * X[i, j]
                total = 0.0
                for k in range(size):
                    total += u[low + k] * (z[k] if z[k] > 0.0 else s * z[k])
                f[i] += kappa * total
        for i in range(n):
            e[i] = f[i] - y[i]
        loss = dot(e, e) / (2 * n)
        record[step, 0], record[step, 1], record[step, 2] = loss, np.sqrt(moved_v), np.sqrt(moved_u)
        if loss <= enough or not np.isfinite(loss):
            return step + 1
    return shares.shape[0]

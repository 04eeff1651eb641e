# mypy: disable-error-code="no-untyped-def, call-overload"
"""The n-by-n tangent kernel K = J J^T/n of a two-layer network, and the residual under it while it is held fixed. Numba kernels.

Layout and rules of :mod:`numerics.kernels.stages`. They work on the neurons ``first`` to ``last`` and leave the sums over those.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.eigen import eigen
from numerics.kernels.stages import BLOCK, EXACT, OPTIONS, UNCOUNTED

__all__ = [
    "DEFECT",
    "Modes",
    "close",
    "find_modes",
    "finish",
    "gradient_squared",
    "mean_forces",
    "modes_of",
    "preactivation",
    "tangent_kernel",
    "tangent_kernel_planar",
    "time_to_loss",
    "weights",
]

#: The residual of two layers may be off by this many rtol, relative to itself; calibrated on the tolerance ladder in the tests.
#: Below rtol = 1e-2 it is fewer where a method says so (:class:`numerics.flow.fineness.Fineness`).
#: It is that many because a defect of one sign in one step is made good by the next: the residual is measured, not integrated.
DEFECT = 100.0


class Modes(NamedTuple):
    """A residual in the eigenvectors of the kernel, which each decay by themselves while it is held.

    Attributes
    ----------
    rates : float64 (n,)
        Eigenvalues.
    vectors : float64 (n, n)
        Eigenvectors, one a row.
    parts : float64 (n,)
        The residual along them.
    room : float64 (n, n)
    """

    rates: np.ndarray
    vectors: np.ndarray
    parts: np.ndarray
    room: np.ndarray

    @classmethod
    def of(cls, samples: int) -> "Modes":
        """Room for those of so many samples."""
        return cls(np.empty(samples), np.empty((samples, samples)), np.empty(samples), np.empty((samples, samples)))


@njit(**EXACT, **UNCOUNTED)
def find_modes(kernel, residual, modes):
    """Fill the modes of a residual (n,) under a kernel (n, n); negative eigenvalues, rounding, are zero."""
    n = residual.size
    eigen(kernel, modes.rates, modes.vectors, modes.room)
    for i in range(n):
        modes.rates[i] = max(modes.rates[i], 0.0)
        modes.parts[i] = 0.0
        for j in range(n):
            modes.parts[i] += modes.vectors[i, j] * residual[j]


@njit(**EXACT)
def modes_of(kernel, residual):
    """The same in room of their own."""
    n = residual.size
    modes = Modes(np.empty(n), np.empty((n, n)), np.empty(n), np.empty((n, n)))
    find_modes(kernel, residual, modes)
    return modes


@njit(forceinline=True, **EXACT)
def _means(x):
    """Means of exp(-x s), and of s exp(-x s), over s from 0 to 1; and exp(-x)."""
    decay = np.exp(-x)
    if x > 0.05:
        whole = -np.expm1(-x) / x
        return whole, (whole - decay) / x, decay
    # series: the differences above cancel
    whole = 1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0))))
    return whole, 0.5 - x / 3.0 + x * x / 8.0 - x**3 / 30.0 + x**4 / 144.0 - x**5 / 840.0, decay


@njit(forceinline=True, **EXACT)
def weights(kernel, residual, h, c0, c1, predicted):
    """Weights of the samples over a step h of de/ds = -K e, K the kernel J J^T/n: integrals of e, and e at the end.

    c0 + c1 = int_0^h e ds / n and c1 = int_0^h (s/h) e ds / n, so that c0 and c1 weigh the Jacobians at the ends of the step.
    """
    n, modes = residual.size, modes_of(kernel, residual)
    c0[:], c1[:], predicted[:] = 0.0, 0.0, 0.0
    for i in range(n):
        whole, second, decay = _means(h * modes.rates[i])
        for j in range(n):
            along = modes.vectors[i, j] * modes.parts[i]
            c0[j] += h / n * (whole - second) * along
            c1[j] += h / n * second * along
            predicted[j] += decay * along


@njit(**EXACT)
def mean_forces(modes, h, kappa, c, predicted):
    """Forces c of the samples over a step h, -(kappa/n) int_0^h e ds, and the residual predicted at its end."""
    n = c.size
    c[:], predicted[:] = 0.0, 0.0
    for i in range(modes.rates.size):
        whole, _, decay = _means(h * modes.rates[i])
        for j in range(n):
            along = modes.vectors[i, j] * modes.parts[i]
            c[j] -= kappa * h / n * whole * along
            predicted[j] += decay * along


@njit(**EXACT)
def gradient_squared(residual, kernel):
    """|grad R|^2 = e K e/n, which rounding can take below zero."""
    n = residual.size
    square = 0.0
    for i in range(n):
        for j in range(n):
            square += residual[i] * kernel[i, j] * residual[j]
    return max(square / n, 0.0)


@njit(**EXACT)
def close(moved, residual, predicted, before):
    """How far the residual is from the predicted one, relative to the one before the step; distances |u - u(0)|, |v - v(0)|.

    ``moved``: their squares, part by part (parts, 2).
    """
    total, size, moved_u, moved_v = 0.0, 0.0, 0.0, 0.0
    for i in range(residual.size):
        total += (residual[i] - predicted[i]) ** 2
        size += before[i] ** 2
    for part in range(moved.shape[0]):
        moved_u += moved[part, 0]
        moved_v += moved[part, 1]
    return np.sqrt(total / size) if size > 0.0 else 0.0, np.sqrt(moved_u), np.sqrt(moved_v)


@njit(**EXACT)
def time_to_loss(modes, loss, h):
    """When the loss falls to ``loss`` under the kernel held fixed, or h if that is later; and the loss at h."""
    last = _loss_after(modes, h)[0]
    t = 0.0
    for _ in range(50):  # the logarithm is convex in t and falls: Newton's method comes up to the root from below
        value, rate = _loss_after(modes, t)
        ahead = np.log(value / loss)
        if not ahead > 1e-13:
            break
        if not rate > 0.0:  # what is left does not fall
            return h, last
        t += ahead * value / rate
        if not t < h:
            return h, last
    return t, last


@njit(forceinline=True, **EXACT)
def _loss_after(modes, t):
    """Loss after a time t, and how fast it falls then."""
    n = modes.parts.size
    value, rate = 0.0, 0.0
    for i in range(n):
        part = modes.parts[i] * modes.parts[i] / (2.0 * n) * np.exp(-2.0 * modes.rates[i] * t)
        value += part
        rate += 2.0 * modes.rates[i] * part
    return value, rate


@njit(**OPTIONS)
def tangent_kernel_planar(first, last, y, xs, bs, kappa, s, kernel):
    """K = J J^T / n for d = 2, into ``kernel`` (n, n)."""
    m = y.size // 3
    n = xs.size
    kernel[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        u, p, q = y[low:high], y[low + m : high + m], y[low + 2 * m : high + 2 * m]
        for i in range(n):
            for j in range(i + 1):
                kernel[i, j] += _pair(u, p, q, xs[i], bs[i], xs[j], bs[j], s)
    finish(kernel, kappa)


@njit(forceinline=True, **OPTIONS)
def _pair(u, p, q, x, b, x2, b2, s):
    gram = x * x2 + b * b2
    total = 0.0
    for k in range(u.size):
        z, z2 = p[k] * x + q[k] * b, p[k] * x2 + q[k] * b2
        slopes = (1.0 if z > 0.0 else s) * (1.0 if z2 > 0.0 else s)
        total += slopes * (z * z2 + gram * u[k] * u[k])
    return total


@njit(**OPTIONS)
def tangent_kernel(first, last, u, v, X, gram, kappa, s, kernel):
    """K = J J^T / n for any d; ``gram`` (n, n) holds the products x_i.x_j."""
    n = X.shape[0]
    z = np.empty((n, BLOCK))
    slope = np.empty((n, BLOCK))
    kernel[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        for i in range(n):
            preactivation(v[:, low:high], X[i], s, z[i], slope[i])
        for i in range(n):
            for j in range(i + 1):
                total = 0.0
                for k in range(high - low):
                    square = u[low + k] * u[low + k]
                    total += slope[i, k] * slope[j, k] * (z[i, k] * z[j, k] + gram[i, j] * square)
                kernel[i, j] += total
    finish(kernel, kappa)


@njit(forceinline=True, **OPTIONS)
def preactivation(v, x, s, z, slope):
    """Pre-activations z of a sample, and sigma' there, for a block of neurons."""
    size = v.shape[1]
    z[:size] = 0.0
    for j in range(x.size):
        for k in range(size):
            z[k] += v[j, k] * x[j]
    for k in range(size):
        slope[k] = 1.0 if z[k] > 0.0 else s


@njit(forceinline=True, **OPTIONS)
def finish(kernel, kappa):
    """Factor kappa^2/n and the upper half of a sum over the neurons."""
    n = kernel.shape[0]
    for i in range(n):
        for j in range(i + 1):
            kernel[i, j] *= kappa * kappa / n
            kernel[j, i] = kernel[i, j]

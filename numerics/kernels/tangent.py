# mypy: disable-error-code="no-untyped-def, call-overload"
"""The n-by-n tangent kernel K = J J^T/n of a two-layer network, and the residual under it while it is held fixed. Numba kernels.

Layout and rules of :mod:`numerics.kernels.stages`. They work on the neurons ``first`` to ``last`` and leave the sums over those.
"""

import numpy as np
from numba import njit
from numba.extending import register_jitable

from numerics.kernels.stages import BLOCK, OPTIONS

__all__ = [
    "DEFECT",
    "ahead",
    "close",
    "cut_short",
    "extrapolate",
    "finish",
    "gradient_squared",
    "mean_forces",
    "preactivation",
    "remember",
    "strayed",
    "tangent_kernel",
    "tangent_kernel_planar",
    "time_to_loss",
    "weights",
]

#: The residual of two layers may be off by this many rtol, relative to itself; calibrated on the tolerance ladder in the tests.
#: It is that many because a defect of one sign in one step is made good by the next: the residual is measured, not integrated.
DEFECT = 100.0
# Weights may stray by this times rtol^(3/2) in one step: the steps of a run are as many as 1/sqrt(rtol), and their errors add up.
_STRAY = 70.0
_CUT = 0.3  # of the time that a point looks back: a step shorter than this is one cut short


@njit(forceinline=True, **OPTIONS)
def weights(kernel, residual, h, c0, c1, predicted):
    """Weights of the samples over a step h of de/ds = -K e, K the kernel J J^T/n: integrals of e, and e at the end.

    Returns eigenvalues (n,) and eigenvectors (n, n), one a column.
    c0 + c1 = int_0^h e ds / n and c1 = int_0^h (s/h) e ds / n, so that c0 and c1 weigh the Jacobians at the ends of the step.
    """
    n = residual.size
    eigenvalues, vectors = np.linalg.eigh(kernel)
    # loops: products of arrays would take seconds to compile
    early, late, end = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        mode = 0.0
        for j in range(n):
            mode += vectors[j, i] * residual[j]
        x = h * max(eigenvalues[i], 0.0)
        decay = np.exp(-x)
        if x > 0.05:
            whole = -np.expm1(-x) / x
            second = (whole - decay) / x
        else:  # series: the differences above cancel
            whole = 1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0))))
            second = 0.5 - x / 3.0 + x * x / 8.0 - x**3 / 30.0 + x**4 / 144.0 - x**5 / 840.0
        early[i] = h / n * (whole - second) * mode
        late[i] = h / n * second * mode
        end[i] = decay * mode
    for i in range(n):
        c0[i], c1[i], predicted[i] = 0.0, 0.0, 0.0
        for j in range(n):
            c0[i] += vectors[i, j] * early[j]
            c1[i] += vectors[i, j] * late[j]
            predicted[i] += vectors[i, j] * end[j]
    return eigenvalues, vectors


@njit(**OPTIONS)
def mean_forces(kernel, residual, h, kappa, c, late, predicted):
    """Forces c of the samples over a step h, -(kappa/n) int_0^h e ds, and the residual predicted at its end.

    ``late``: what the force that acts later in the step adds, -(kappa/n) int_0^h (s/h) e ds. Returns as :func:`weights`.
    """
    modes = weights(kernel, residual, h, c, late, predicted)
    for i in range(c.size):
        late[i] *= -kappa
        c[i] = late[i] - kappa * c[i]
    return modes


@register_jitable
def ahead(h, spent):
    """How much of its change over a time ``spent`` > 0 a kernel makes again up to the middle of a step h."""
    return min(h / (2.0 * spent), 1.0)


@register_jitable
def cut_short(h, spent):
    """Whether a step is too short, beside the time ``spent`` that its start looks back, for its end to look no further."""
    return h < _CUT * spent


@njit(**OPTIONS)
def remember(kernel, earlier, spent, h, out):
    """Kernel (n, n) that the point after a step h looks back to, into ``out``, and how long ago that was.

    It is that at the start of the step; after one cut short, whose change may be that of one neuron, the one before.
    """
    short = cut_short(h, spent)
    out[:] = earlier if short else kernel
    return spent + h if short else h


@njit(**OPTIONS)
def extrapolate(kernel, earlier, spent, h, held):
    """Kernel in the middle of a step h, from its change since ``earlier``, a time ``spent`` ago, 0 if there is none."""
    part = ahead(h, spent) if spent > 0.0 else 0.0
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[0]):
            held[i, j] = kernel[i, j] + part * (kernel[i, j] - earlier[i, j])


@njit(**OPTIONS)
def strayed(modes, defect, c, late, h, kappa, norms, distance):
    """Error of the weights after a step, relative to their distance from the start, to be compared with rtol.

    ``modes``: of the kernel that was held; ``defect`` (n,): by how much the residual is off at the end; ``c``, ``late`` (n,): see
    :func:`mean_forces`. The residual goes off as s^2 in the step, so its mean over it by a third; what the next steps see of
    that, they take back. Forces that turn in a step do not commute: the second term of Magnus' series is the commutator of the
    whole force with its first moment, of which the part along the whole drops out.
    """
    eigenvalues, vectors = modes
    n = defect.size
    off, gone = 0.0, 0.0
    along, size = 0.0, 0.0
    for i in range(n):
        part, force = 0.0, 0.0
        for j in range(n):
            part += vectors[j, i] * defect[j]
            force += vectors[j, i] * c[j]
        rate = max(eigenvalues[i], 0.0)
        part *= h / (3.0 * (1.0 + h * rate))
        force *= n / kappa
        off += rate * part * part / n
        gone += rate * force * force / n
        along += c[i] * (late[i] - 0.5 * c[i])
        size += c[i] * c[i]
    turned = 0.0
    for i in range(n):
        turned += abs(late[i] - (0.5 + along / size) * c[i]) * norms[i] if size > 0.0 else 0.0
    if distance == 0.0:
        return 0.0
    error = (np.sqrt(off) + min(np.sqrt(gone), distance) * turned) / distance
    return (error / _STRAY) ** (2.0 / 3.0)


@njit(**OPTIONS)
def gradient_squared(residual, kernel):
    """|grad R|^2 = e K e/n, which rounding can take below zero."""
    n = residual.size
    square = 0.0
    for i in range(n):
        for j in range(n):
            square += residual[i] * kernel[i, j] * residual[j]
    return max(square / n, 0.0)


@njit(**OPTIONS)
def close(moved, residual, predicted, before):
    """How far the residual is from the predicted one, relative to the one before the step; distances |u - u(0)|, |v - v(0)|.

    ``moved``: their squares, part by part (parts, 2).
    """
    total, size = 0.0, 0.0
    for i in range(residual.size):
        total += (residual[i] - predicted[i]) ** 2
        size += before[i] ** 2
    return np.sqrt(total / size) if size > 0.0 else 0.0, np.sqrt(moved[:, 0].sum()), np.sqrt(moved[:, 1].sum())


@njit(**OPTIONS)
def time_to_loss(kernel, residual, loss, h):
    """When the loss falls to ``loss`` under the kernel held fixed, or h if that is later; and the loss at h."""
    n = residual.size
    eigenvalues, vectors = np.linalg.eigh(kernel)
    rates, parts = np.empty(n), np.empty(n)
    last = 0.0
    for i in range(n):
        mode = 0.0
        for j in range(n):
            mode += vectors[j, i] * residual[j]
        rates[i] = 2.0 * max(eigenvalues[i], 0.0)
        parts[i] = mode * mode / (2.0 * n)
        last += parts[i] * np.exp(-rates[i] * h)
    t = 0.0
    for _ in range(50):  # the logarithm is convex in t and falls: Newton's method comes up to the root from below
        value, rate = 0.0, 0.0
        for i in range(n):
            part = parts[i] * np.exp(-rates[i] * t)
            value += part
            rate += rates[i] * part
        ahead = np.log(value / loss)
        if not ahead > 1e-13:
            break
        t += ahead * value / rate
        if not t < h:
            return h, last
    return t, last


@njit(**OPTIONS)
def tangent_kernel_planar(first, last, y, xs, bs, kappa, s, kernel):
    """K = J J^T / n for d = 2, into ``kernel`` (n, n)."""
    m = y.size // 3
    n = len(xs)
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

# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of the exponential integrator: a whole step in one pass over the neurons, and its n-by-n linear algebra.

Layout and rules of :mod:`numerics.kernels`. They work on the neurons ``first`` to ``last`` and leave the sums over those.
With weights c = c0 + c1 for the n samples a neuron goes through

    (u, v)  ->  (a, b) = (u, v) - J_k^T c  ->  (u, v) - J_k^T c0 - J_k(a, b)^T c1,

is put back on its conserved u^2 - |v|^2 to first order, and leaves its parts of the output and of the tangent kernel.
"""

import numpy as np
from numba import njit

from numerics.kernels import BLOCK, OPTIONS

__all__ = ["step", "step_planar", "tangent_kernel", "tangent_kernel_planar", "weights"]


@njit(**OPTIONS)
def weights(kernel, residual, h, c0, c1, predicted):
    """Weights of the samples over a step h of de/ds = -K e, K the kernel J J^T/n: integrals of e, and e at the end.

    c0 + c1 = int_0^h e ds / n and c1 = int_0^h (s/h) e ds / n, so that c0 and c1 weigh the Jacobians at the ends of the step.
    """
    n = residual.size
    eigenvalues, vectors = np.linalg.eigh(kernel)
    modes = vectors.T @ residual
    for i in range(n):
        x = h * max(eigenvalues[i], 0.0)
        decay = np.exp(-x)
        if x > 0.05:
            whole = -np.expm1(-x) / x
            late = (whole - decay) / x
        else:  # series: the differences above cancel
            whole = 1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0))))
            late = 0.5 - x / 3.0 + x * x / 8.0 - x**3 / 30.0 + x**4 / 144.0 - x**5 / 840.0
        c0[i] = h / n * (whole - late) * modes[i]
        c1[i] = h / n * late * modes[i]
        predicted[i] = decay * modes[i]
    c0[:] = vectors @ c0
    c1[:] = vectors @ c1
    predicted[:] = vectors @ predicted


@njit(**OPTIONS)
def step_planar(first, last, y, start, xs, bs, c, c0, c1, kappa, s, balance, out, removed, f, moved):
    """One step for d = 2 on flat states; c, c0, c1 times kappa, in the form of xs and bs (tuples or arrays).

    ``removed``: what u^2 - |v|^2 was off by before it was put back. ``moved``: |u - u(0)|^2 and |v - v(0)|^2.
    """
    m = y.size // 3
    # few arrays in a loop: past a handful the compiler gives up proving them apart and does one neuron at a time
    a, b, c_ = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    lower, shift = np.empty(BLOCK), np.empty(BLOCK)
    f[:] = 0.0
    moved[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        u, p, q = y[low:high], y[low + m : high + m], y[low + 2 * m : high + 2 * m]
        _move(u, p, q, xs, bs, c, c0, c1, s, a, b, c_)
        _square_sum(b[:size], c_[:size], lower)
        _restore(a, lower, balance[low:high], removed[low:high], shift)
        u, p, q = out[low:high], out[low + m : high + m], out[low + 2 * m : high + 2 * m]
        _scale(a, shift, 1.0, u)
        _scale(b, shift, -1.0, p)
        _scale(c_, shift, -1.0, q)
        for i in range(f.size):
            f[i] += kappa * _output(u, p, q, xs[i], bs[i], s)
        moved[0] += _distance(u, start[low:high])
        moved[1] += _distance(p, start[low + m : high + m]) + _distance(q, start[low + 2 * m : high + 2 * m])


@njit(**OPTIONS)
def _move(u, p, q, xs, bs, c, c0, c1, s, u1, p1, q1):
    for k in range(u.size):
        du, dp, dq = 0.0, 0.0, 0.0
        eu, ep, eq = 0.0, 0.0, 0.0
        for i in range(len(xs)):
            z = p[k] * xs[i] + q[k] * bs[i]
            whole = c[i] if z > 0.0 else s * c[i]
            early = c0[i] if z > 0.0 else s * c0[i]
            du += whole * z
            dp += whole * xs[i]
            dq += whole * bs[i]
            eu += early * z
            ep += early * xs[i]
            eq += early * bs[i]
        a, b, g = u[k] - du, p[k] - u[k] * dp, q[k] - u[k] * dq
        du, dp, dq = 0.0, 0.0, 0.0
        for i in range(len(xs)):
            z = b * xs[i] + g * bs[i]
            late = c1[i] if z > 0.0 else s * c1[i]
            du += late * z
            dp += late * xs[i]
            dq += late * bs[i]
        u1[k] = u[k] - eu - du
        p1[k] = p[k] - u[k] * ep - a * dp
        q1[k] = q[k] - u[k] * eq - a * dq


@njit(**OPTIONS)
def _restore(u, lower, balance, removed, shift):
    """Relative change of u and -v that puts u^2 - |v|^2 back on ``balance``; ``lower`` is |v|^2."""
    for k in range(removed.size):
        removed[k] = u[k] * u[k] - lower[k] - balance[k]
    for k in range(removed.size):
        change = -0.5 * removed[k] / (u[k] * u[k] + lower[k] + 1e-300)
        shift[k] = change if -0.25 < change < 0.25 else 0.0  # a neuron thrown that far: the step is refused anyway


@njit(**OPTIONS)
def _square_sum(p, q, out):
    for k in range(p.size):
        out[k] = p[k] * p[k] + q[k] * q[k]


@njit(**OPTIONS)
def _scale(values, shift, sign, out):
    for k in range(out.size):
        out[k] = values[k] * (1.0 + sign * shift[k])


@njit(**OPTIONS)
def _output(u, p, q, x, b, s):
    total = 0.0
    for k in range(u.size):
        z = p[k] * x + q[k] * b
        total += u[k] * (z if z > 0.0 else s * z)
    return total


@njit(**OPTIONS)
def _distance(now, then):
    total = 0.0
    for k in range(now.size):
        total += (now[k] - then[k]) * (now[k] - then[k])
    return total


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
    _finish(kernel, kappa)


@njit(**OPTIONS)
def _pair(u, p, q, x, b, x2, b2, s):
    gram = x * x2 + b * b2
    total = 0.0
    for k in range(u.size):
        z, z2 = p[k] * x + q[k] * b, p[k] * x2 + q[k] * b2
        slopes = (1.0 if z > 0.0 else s) * (1.0 if z2 > 0.0 else s)
        total += slopes * (z * z2 + gram * u[k] * u[k])
    return total


@njit(**OPTIONS)
def _finish(kernel, kappa):
    n = kernel.shape[0]
    for i in range(n):
        for j in range(i + 1):
            kernel[i, j] *= kappa * kappa / n
            kernel[j, i] = kernel[i, j]


@njit(**OPTIONS)
def step(first, last, u, v, u_start, v_start, X, c, c0, c1, kappa, s, balance, u1, v1, removed, f, moved):
    """``step_planar`` for any d, on the parts u (m,) and v (d, m) of the states."""
    n, d = X.shape
    z = np.empty(BLOCK)
    slope = np.empty(BLOCK)
    a = np.empty(BLOCK)
    b = np.empty((d, BLOCK))
    du, eu, lower = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    dv, ev = np.empty((d, BLOCK)), np.empty((d, BLOCK))
    f[:] = 0.0
    moved[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        _clear(du, eu, dv, ev)
        for i in range(n):
            _preactivation(v[:, low:high], X[i], s, z, slope)
            for k in range(size):
                du[k] += c[i] * slope[k] * z[k]
                eu[k] += c0[i] * slope[k] * z[k]
            for j in range(d):
                for k in range(size):
                    dv[j, k] += c[i] * X[i, j] * slope[k]
                    ev[j, k] += c0[i] * X[i, j] * slope[k]
        for k in range(size):
            a[k] = u[low + k] - du[k]
        for j in range(d):
            for k in range(size):
                b[j, k] = v[j, low + k] - u[low + k] * dv[j, k]
                ev[j, k] = v[j, low + k] - u[low + k] * ev[j, k]
        du[:] = 0.0
        dv[:] = 0.0
        for i in range(n):
            _preactivation(b[:, :size], X[i], s, z, slope)
            for k in range(size):
                du[k] += c1[i] * slope[k] * z[k]
            for j in range(d):
                for k in range(size):
                    dv[j, k] += c1[i] * X[i, j] * slope[k]
        lower[:] = 0.0
        for j in range(d):
            for k in range(size):
                ev[j, k] -= a[k] * dv[j, k]
                lower[k] += ev[j, k] * ev[j, k]
        for k in range(size):
            eu[k] = u[low + k] - eu[k] - du[k]
        _restore(eu, lower, balance[low:high], removed[low:high], du)
        _scale(eu, du, 1.0, u1[low:high])
        for j in range(d):
            _scale(ev[j], du, -1.0, v1[j, low:high])
        for i in range(n):
            _preactivation(v1[:, low:high], X[i], s, z, slope)
            total = 0.0
            for k in range(size):
                total += u1[low + k] * slope[k] * z[k]
            f[i] += kappa * total
        moved[0] += _distance(u1[low:high], u_start[low:high])
        for j in range(d):
            moved[1] += _distance(v1[j, low:high], v_start[j, low:high])


@njit(**OPTIONS)
def _clear(du, eu, dv, ev):
    du[:] = 0.0
    eu[:] = 0.0
    dv[:] = 0.0
    ev[:] = 0.0


@njit(**OPTIONS)
def _preactivation(v, x, s, z, slope):
    size = v.shape[1]
    z[:size] = 0.0
    for j in range(x.size):
        for k in range(size):
            z[k] += v[j, k] * x[j]
    for k in range(size):
        slope[k] = 1.0 if z[k] > 0.0 else s


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
            _preactivation(v[:, low:high], X[i], s, z[i], slope[i])
        for i in range(n):
            for j in range(i + 1):
                total = 0.0
                for k in range(high - low):
                    square = u[low + k] * u[low + k]
                    total += slope[i, k] * slope[j, k] * (z[i, k] * z[j, k] + gram[i, j] * square)
                kernel[i, j] += total
    _finish(kernel, kappa)

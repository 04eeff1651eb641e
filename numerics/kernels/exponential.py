# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of the exponential integrator: a whole step in one pass over the neurons.

Layout and rules of :mod:`numerics.kernels.stages`. They work on the neurons ``first`` to ``last`` and leave the sums over those.
With weights c = c0 + c1 for the n samples a neuron goes through

    (u, v)  ->  (a, b) = (u, v) - J_k^T c  ->  (u, v) - J_k^T c0 - J_k(a, b)^T c1,

is put back on its conserved u^2 - |v|^2 to first order, and leaves its part of the output.
"""

import numpy as np
from numba import njit

from numerics.kernels.stages import BLOCK, OPTIONS, add_outputs_planar, squared_distance, velocity_planar
from numerics.kernels.tangent import preactivation

__all__ = ["step", "step_planar"]


@njit(**OPTIONS)
def step_planar(first, last, y, start, xs, bs, c, c0, c1, kappa, s, balance, out, removed, f, moved):
    """One step for d = 2 on flat states; ``xs``, ``bs``: the columns of X; c, c0, c1 times kappa.

    ``removed``: what u^2 - |v|^2 was off by before it was put back. ``moved``: |u - u(0)|^2 and |v - v(0)|^2.
    """
    m = y.size // 3
    # few arrays in a loop: past a handful the compiler gives up proving them apart and does one neuron at a time
    a, b, g = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    du, dp, dq = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    lower, shift = np.empty(BLOCK), np.empty(BLOCK)
    f[:] = 0.0
    moved[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        u, p, q = y[low:high], y[low + m : high + m], y[low + 2 * m : high + 2 * m]
        velocity_planar(u, p, q, xs, bs, c, 0.0, s, a, b, g)
        _subtract(u, p, q, a[:size], b[:size], g[:size])
        velocity_planar(a[:size], b[:size], g[:size], xs, bs, c1, 0.0, s, du, dp, dq)
        velocity_planar(u, p, q, xs, bs, c0, 0.0, s, a, b, g)
        _subtract(u, p, q, a[:size], b[:size], g[:size])
        _subtract(a, b, g, du[:size], dp[:size], dq[:size])
        _square_sum(dp[:size], dq[:size], lower)
        _restore(du, lower, balance[low:high], removed[low:high], shift)
        u, p, q = out[low:high], out[low + m : high + m], out[low + 2 * m : high + 2 * m]
        _scale(du, shift, 1.0, u)
        _scale(dp, shift, -1.0, p)
        _scale(dq, shift, -1.0, q)
        add_outputs_planar(u, p, q, xs, bs, kappa, s, f)
        moved[0] += squared_distance(u, start[low:high])
        moved[1] += squared_distance(p, start[low + m : high + m]) + squared_distance(
            q, start[low + 2 * m : high + 2 * m]
        )


@njit(forceinline=True, **OPTIONS)
def _subtract(u, p, q, du, dp, dq):
    for k in range(du.size):
        du[k] = u[k] - du[k]
        dp[k] = p[k] - dp[k]
        dq[k] = q[k] - dq[k]


@njit(forceinline=True, **OPTIONS)
def _restore(u, lower, balance, removed, shift):
    """Relative change of u and -v that puts u^2 - |v|^2 back on ``balance``; ``lower`` is |v|^2."""
    for k in range(removed.size):
        removed[k] = u[k] * u[k] - lower[k] - balance[k]
    for k in range(removed.size):
        change = -0.5 * removed[k] / (u[k] * u[k] + lower[k] + 1e-300)
        shift[k] = change if -0.25 < change < 0.25 else 0.0  # a neuron thrown that far: the step is refused anyway


@njit(forceinline=True, **OPTIONS)
def _square_sum(p, q, out):
    for k in range(p.size):
        out[k] = p[k] * p[k] + q[k] * q[k]


@njit(forceinline=True, **OPTIONS)
def _scale(values, shift, sign, out):
    for k in range(out.size):
        out[k] = values[k] * (1.0 + sign * shift[k])


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
            preactivation(v[:, low:high], X[i], s, z, slope)
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
            preactivation(b[:, :size], X[i], s, z, slope)
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
            preactivation(v1[:, low:high], X[i], s, z, slope)
            total = 0.0
            for k in range(size):
                total += u1[low + k] * slope[k] * z[k]
            f[i] += kappa * total
        moved[0] += squared_distance(u1[low:high], u_start[low:high])
        for j in range(d):
            moved[1] += squared_distance(v1[j, low:high], v_start[j, low:high])


@njit(forceinline=True, **OPTIONS)
def _clear(du, eu, dv, ev):
    du[:] = 0.0
    eu[:] = 0.0
    dv[:] = 0.0
    ev[:] = 0.0

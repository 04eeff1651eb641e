"""Numba kernels of the two-layer flow, and nothing else. Callers validate; kernels compute.

Layout: u (m,), v (d, m) with neurons contiguous, X (n, d), residual e (n,). sigma(z) = z for z > 0, else s z.
The work is done in blocks of neurons that stay in the first-level cache. ``stage`` is one fused pass: the new state of a
neuron and its contribution to the new output come out of the same loop. For d = 2 it takes the columns of X and the residual as
tuples when n is small, which the compiler unrolls and vectorises over neurons (about 1.5 ns per neuron at n = 4),
and as arrays otherwise, vectorised over samples.

fastmath is limited to re-association and contraction: sums may be re-ordered (differences at rounding level), while nan
and inf keep their meaning.
"""

import numpy as np
from numba import njit

__all__ = ["forward", "kernel_product", "largest_growth_rate", "stage", "stage_planar", "step_norms"]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": {"reassoc", "contract", "nsz"}}
_BLOCK = 256  # neurons: a block of everything fits in 32 kB


@njit(**_OPTIONS)
def forward(u, v, X, kappa, s, f):
    """f_i = kappa sum_k u_k sigma(v_k.x_i), into ``f`` (n,)."""
    n, d = X.shape
    z = np.empty(_BLOCK)
    f[:] = 0.0
    for low in range(0, u.size, _BLOCK):
        size = min(_BLOCK, u.size - low)
        for i in range(n):
            z[:size] = 0.0
            for j in range(d):
                for k in range(size):
                    z[k] += v[j, low + k] * X[i, j]
            total = 0.0
            for k in range(size):
                total += u[low + k] * (z[k] if z[k] > 0.0 else s * z[k])
            f[i] += kappa * total


@njit(**_OPTIONS)
def stage(u1, v1, u2, v2, u0, v0, gu, gv, X, e, kappa, s, c0, c1, c2, h1, h0, u, v, f):
    """One Runge-Kutta stage: y = c0 y0 + c1 y1 + c2 y2 + h1 F(y1) + h0 g and f = f(y).

    F(y1) is the velocity at y1, whose residual is ``e``; g is a velocity computed before. Any d and n.
    """
    n, d = X.shape
    z = np.empty(_BLOCK)
    du = np.empty(_BLOCK)
    dv = np.empty((d, _BLOCK))
    factor = -kappa * h1 / n
    f[:] = 0.0
    for low in range(0, u.size, _BLOCK):
        size = min(_BLOCK, u.size - low)
        du[:size] = 0.0
        dv[:, :size] = 0.0
        for i in range(n):
            z[:size] = 0.0
            for j in range(d):
                for k in range(size):
                    z[k] += v1[j, low + k] * X[i, j]
            for k in range(size):
                slope = e[i] if z[k] > 0.0 else s * e[i]
                du[k] += slope * z[k]
                z[k] = slope
            for j in range(d):
                for k in range(size):
                    dv[j, k] += z[k] * X[i, j]
        for k in range(size):
            q = low + k
            u[q] = c0 * u0[q] + c1 * u1[q] + c2 * u2[q] + factor * du[k] + h0 * gu[q]
        for j in range(d):
            for k in range(size):
                q = low + k
                change = factor * u1[q] * dv[j, k] + h0 * gv[j, q]
                v[j, q] = c0 * v0[j, q] + c1 * v1[j, q] + c2 * v2[j, q] + change
        for i in range(n):
            z[:size] = 0.0
            for j in range(d):
                for k in range(size):
                    z[k] += v[j, low + k] * X[i, j]
            total = 0.0
            for k in range(size):
                total += u[low + k] * (z[k] if z[k] > 0.0 else s * z[k])
            f[i] += kappa * total


@njit(**_OPTIONS)
def stage_planar(u1, v1, u2, v2, u0, v0, gu, gv, xs, bs, e, kappa, s, c0, c1, c2, h1, h0, u, v, f):
    """``stage`` for d = 2: ``xs``, ``bs`` are the columns of X and ``e`` the residual, as tuples or arrays."""
    n = len(xs)
    factor = -kappa * h1 / n
    f[:] = 0.0
    for low in range(0, u.size, _BLOCK):
        high = min(low + _BLOCK, u.size)
        for k in range(low, high):
            p, q, r = v1[0, k], v1[1, k], u1[k]
            du, dp, dq = 0.0, 0.0, 0.0
            for i in range(n):
                z = p * xs[i] + q * bs[i]
                slope = e[i] if z > 0.0 else s * e[i]
                du += slope * z
                dp += slope * xs[i]
                dq += slope * bs[i]
            u[k] = c0 * u0[k] + c1 * r + c2 * u2[k] + factor * du + h0 * gu[k]
            v[0, k] = c0 * v0[0, k] + c1 * p + c2 * v2[0, k] + factor * r * dp + h0 * gv[0, k]
            v[1, k] = c0 * v0[1, k] + c1 * q + c2 * v2[1, k] + factor * r * dq + h0 * gv[1, k]
        for i in range(n):
            total = 0.0
            for k in range(low, high):
                z = v[0, k] * xs[i] + v[1, k] * bs[i]
                total += u[k] * (z if z > 0.0 else s * z)
            f[i] += kappa * total


@njit(**_OPTIONS)
def kernel_product(u, v, X, kappa, s, q, out):
    """Product of the tangent kernel with a vector: out = J J^T q / n, J = df/d(u, v), in one pass."""
    n, d = X.shape
    z = np.empty((n, _BLOCK))
    cu = np.empty(_BLOCK)
    cv = np.empty((d, _BLOCK))
    out[:] = 0.0
    for low in range(0, u.size, _BLOCK):
        size = min(_BLOCK, u.size - low)
        cu[:size] = 0.0
        cv[:, :size] = 0.0
        z[:, :size] = 0.0
        for i in range(n):
            for j in range(d):
                for k in range(size):
                    z[i, k] += v[j, low + k] * X[i, j]
            for k in range(size):
                cu[k] += q[i] * (z[i, k] if z[i, k] > 0.0 else s * z[i, k])
            for j in range(d):
                for k in range(size):
                    cv[j, k] += q[i] * X[i, j] * (1.0 if z[i, k] > 0.0 else s)
        for j in range(d):
            for k in range(size):
                cv[j, k] *= u[low + k] * u[low + k]
        for i in range(n):
            total = 0.0
            for k in range(size):
                along = 0.0
                for j in range(d):
                    along += cv[j, k] * X[i, j]
                total += (z[i, k] * cu[k] + along) * (1.0 if z[i, k] > 0.0 else s)
            out[i] += kappa * kappa / n * total


@njit(**_OPTIONS)
def largest_growth_rate(v, X, e, kappa, s):
    """max_k |g_k|, g_k = (kappa/n) sum_i e_i sigma'(v_k.x_i) x_i: no neuron grows faster than exp(|g_k| t)."""
    n, d = X.shape
    g = np.empty(d)
    largest = 0.0
    for k in range(v.shape[1]):
        g[:] = 0.0
        for i in range(n):
            z = 0.0
            for j in range(d):
                z += v[j, k] * X[i, j]
            slope = e[i] if z > 0.0 else s * e[i]
            for j in range(d):
                g[j] += slope * X[i, j]
        size = 0.0
        for j in range(d):
            size += g[j] * g[j]
        largest = max(largest, size)
    return kappa / n * np.sqrt(largest)


@njit(**_OPTIONS)
def step_norms(y, y_old, g, g_old, start, h, a, b):
    """Of the error x = a (y_old - y) + b h (g_old + g) and the displacement D = y - start: x.x, D.x and D.D."""
    error, along, moved = 0.0, 0.0, 0.0
    for k in range(y.size):
        part = a * (y_old[k] - y[k]) + b * h * (g_old[k] + g[k])
        shift = y[k] - start[k]
        error += part * part
        along += part * shift
        moved += shift * shift
    return error, along, moved

"""Compiled passes for four samples and two inputs, unrolled over samples and vectorised over neurons, fused in one loop.

State ``w`` (3, m): rows u, p, q with (p, q) = v. ``data`` holds the columns of X as tuples. Everything a neuron needs stays in
registers: three numbers read and three written for gradient descent. F is the velocity; g_k = sum_i e_i [z_i > 0] x_i.
"""

import numpy as np
from numba import njit

__all__ = ["descend", "product", "stage"]

_OPTIONS = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}


@njit(**_OPTIONS)
def descend(w, data, e, c, kappa, f):
    """W += c F(w), f = f(w); c includes -kappa/n."""
    (x0, x1, x2, x3), (b0, b1, b2, b3) = data
    e0, e1, e2, e3 = e[0], e[1], e[2], e[3]
    f0, f1, f2, f3 = 0.0, 0.0, 0.0, 0.0
    u, p, q = w[0], w[1], w[2]
    for k in range(u.size):
        U, P, Q = u[k], p[k], q[k]
        s0 = e0 if P * x0 + Q * b0 > 0.0 else 0.0
        s1 = e1 if P * x1 + Q * b1 > 0.0 else 0.0
        s2 = e2 if P * x2 + Q * b2 > 0.0 else 0.0
        s3 = e3 if P * x3 + Q * b3 > 0.0 else 0.0
        gp = s0 * x0 + s1 * x1 + s2 * x2 + s3 * x3
        gq = s0 * b0 + s1 * b1 + s2 * b2 + s3 * b3
        cu = c * U
        U += c * (P * gp + Q * gq)
        P += cu * gp
        Q += cu * gq
        u[k], p[k], q[k] = U, P, Q
        z0, z1, z2, z3 = P * x0 + Q * b0, P * x1 + Q * b1, P * x2 + Q * b2, P * x3 + Q * b3
        f0 += U * (z0 if z0 > 0.0 else 0.0)
        f1 += U * (z1 if z1 > 0.0 else 0.0)
        f2 += U * (z2 if z2 > 0.0 else 0.0)
        f3 += U * (z3 if z3 > 0.0 else 0.0)
    f[0], f[1], f[2], f[3] = kappa * f0, kappa * f1, kappa * f2, kappa * f3


@njit(**_OPTIONS)
def stage(w, base, acc, data, e, a, b, kappa, f):
    """Acc += b F(w), then w = base + a F(w) and f = f(w); a and b include -kappa/n."""
    (x0, x1, x2, x3), (b0, b1, b2, b3) = data
    e0, e1, e2, e3 = e[0], e[1], e[2], e[3]
    f0, f1, f2, f3 = 0.0, 0.0, 0.0, 0.0
    u, p, q = w[0], w[1], w[2]
    bu, bp, bq = base[0], base[1], base[2]
    au, ap, aq = acc[0], acc[1], acc[2]
    for k in range(u.size):
        U, P, Q = u[k], p[k], q[k]
        s0 = e0 if P * x0 + Q * b0 > 0.0 else 0.0
        s1 = e1 if P * x1 + Q * b1 > 0.0 else 0.0
        s2 = e2 if P * x2 + Q * b2 > 0.0 else 0.0
        s3 = e3 if P * x3 + Q * b3 > 0.0 else 0.0
        gp = s0 * x0 + s1 * x1 + s2 * x2 + s3 * x3
        gq = s0 * b0 + s1 * b1 + s2 * b2 + s3 * b3
        gu = P * gp + Q * gq
        gp *= U
        gq *= U
        au[k] += b * gu
        ap[k] += b * gp
        aq[k] += b * gq
        U, P, Q = bu[k] + a * gu, bp[k] + a * gp, bq[k] + a * gq
        u[k], p[k], q[k] = U, P, Q
        z0, z1, z2, z3 = P * x0 + Q * b0, P * x1 + Q * b1, P * x2 + Q * b2, P * x3 + Q * b3
        f0 += U * (z0 if z0 > 0.0 else 0.0)
        f1 += U * (z1 if z1 > 0.0 else 0.0)
        f2 += U * (z2 if z2 > 0.0 else 0.0)
        f3 += U * (z3 if z3 > 0.0 else 0.0)
    f[0], f[1], f[2], f[3] = kappa * f0, kappa * f1, kappa * f2, kappa * f3


@njit(**_OPTIONS)
def product(w, data, r, kappa, out):
    """Tangent kernel times a vector: out = J J^T r/n."""
    (x0, x1, x2, x3), (b0, b1, b2, b3) = data
    r0, r1, r2, r3 = r[0], r[1], r[2], r[3]
    f0, f1, f2, f3 = 0.0, 0.0, 0.0, 0.0
    u, p, q = w[0], w[1], w[2]
    for k in range(u.size):
        U, P, Q = u[k], p[k], q[k]
        z0, z1, z2, z3 = P * x0 + Q * b0, P * x1 + Q * b1, P * x2 + Q * b2, P * x3 + Q * b3
        a0, a1 = (r0 if z0 > 0.0 else 0.0), (r1 if z1 > 0.0 else 0.0)
        a2, a3 = (r2 if z2 > 0.0 else 0.0), (r3 if z3 > 0.0 else 0.0)
        gp = a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
        gq = a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3
        gu = P * gp + Q * gq
        gp *= U * U
        gq *= U * U
        f0 += (z0 * gu + x0 * gp + b0 * gq) if z0 > 0.0 else 0.0
        f1 += (z1 * gu + x1 * gp + b1 * gq) if z1 > 0.0 else 0.0
        f2 += (z2 * gu + x2 * gp + b2 * gq) if z2 > 0.0 else 0.0
        f3 += (z3 * gu + x3 * gp + b3 * gq) if z3 > 0.0 else 0.0
    out[:] = np.array((f0, f1, f2, f3)) * (kappa * kappa / 4)

"""Compiled passes for two inputs and any number of samples, vectorised over samples; signatures as in ``kernels_four``.

``data`` holds the columns of X as arrays, which stay in the first-level cache.
"""

from numba import njit

__all__ = ["descend", "product", "stage"]

_OPTIONS = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}


@njit(**_OPTIONS)
def _direction(P, Q, xs, bs, e):
    gp, gq = 0.0, 0.0
    for i in range(xs.size):
        s = e[i] if P * xs[i] + Q * bs[i] > 0.0 else 0.0
        gp += s * xs[i]
        gq += s * bs[i]
    return gp, gq


@njit(**_OPTIONS)
def _add_output(U, P, Q, xs, bs, f):
    for i in range(xs.size):
        z = P * xs[i] + Q * bs[i]
        f[i] += U * (z if z > 0.0 else 0.0)


@njit(**_OPTIONS)
def descend(w, data, e, c, kappa, f):
    xs, bs = data
    f[:] = 0.0
    for k in range(w.shape[1]):
        U, P, Q = w[0, k], w[1, k], w[2, k]
        gp, gq = _direction(P, Q, xs, bs, e)
        cu = c * U
        U += c * (P * gp + Q * gq)
        P += cu * gp
        Q += cu * gq
        w[0, k], w[1, k], w[2, k] = U, P, Q
        _add_output(kappa * U, P, Q, xs, bs, f)


@njit(**_OPTIONS)
def stage(w, base, acc, data, e, a, b, kappa, f):
    xs, bs = data
    f[:] = 0.0
    for k in range(w.shape[1]):
        U, P, Q = w[0, k], w[1, k], w[2, k]
        gp, gq = _direction(P, Q, xs, bs, e)
        gu = P * gp + Q * gq
        gp *= U
        gq *= U
        acc[0, k] += b * gu
        acc[1, k] += b * gp
        acc[2, k] += b * gq
        U, P, Q = base[0, k] + a * gu, base[1, k] + a * gp, base[2, k] + a * gq
        w[0, k], w[1, k], w[2, k] = U, P, Q
        _add_output(kappa * U, P, Q, xs, bs, f)


@njit(**_OPTIONS)
def product(w, data, r, kappa, out):
    xs, bs = data
    out[:] = 0.0
    factor = kappa * kappa / xs.size
    for k in range(w.shape[1]):
        U, P, Q = w[0, k], w[1, k], w[2, k]
        gp, gq = _direction(P, Q, xs, bs, r)
        # z gu + U^2 x.g = x.(v gu + U^2 g)
        gu = P * gp + Q * gq
        dp, dq = factor * (P * gu + U * U * gp), factor * (Q * gu + U * U * gq)
        for i in range(xs.size):
            out[i] += (xs[i] * dp + bs[i] * dq) if P * xs[i] + Q * bs[i] > 0.0 else 0.0

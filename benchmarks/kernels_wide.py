"""Compiled passes for many inputs, on matrix products; signatures as in ``kernels_four``.

State ``w`` (d + 1, m). ``data`` = (X, X^T, z, s, g): X (n, d + 1) with a column of zeros for the row u, so that every product is
of whole arrays, then scratch (n, m), (n, m), (d + 1, m). ``z`` holds the pre-activations of the present w between passes, so each
pass costs two matrix products. Call ``forward`` once to begin.
"""

import numpy as np
from numba import njit

__all__ = ["descend", "forward", "layout", "product", "stage"]

_OPTIONS = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}


def layout(X: np.ndarray, width: int) -> tuple[np.ndarray, ...]:
    """The tuple ``data`` for inputs X (n, d)."""
    n, d = X.shape
    padded = np.hstack([np.zeros((n, 1)), X])
    return padded, np.ascontiguousarray(padded.T), *(np.empty((rows, width)) for rows in (n, n, d + 1))


@njit(**_OPTIONS)
def forward(w, data, kappa, f):
    """Output f(w); leaves the pre-activations in ``data``."""
    X, _, z, _, _ = data
    np.dot(X, w, z)
    for i in range(X.shape[0]):
        total = 0.0
        for k in range(w.shape[1]):
            total += w[0, k] * (z[i, k] if z[i, k] > 0.0 else 0.0)
        f[i] = kappa * total


@njit(**_OPTIONS)
def _direction(w, data, e, along):
    """G_jk = sum_i e_i [z_ik > 0] x_ij, and v_k.g_k into ``along``."""
    _, XT, z, s, g = data
    for i in range(z.shape[0]):
        for k in range(z.shape[1]):
            s[i, k] = e[i] if z[i, k] > 0.0 else 0.0
    np.dot(XT, s, g)
    along[:] = 0.0
    for j in range(1, g.shape[0]):
        for k in range(g.shape[1]):
            along[k] += w[j, k] * g[j, k]
    return g


@njit(**_OPTIONS)
def descend(w, data, e, c, kappa, f):
    along = np.empty(w.shape[1])
    g = _direction(w, data, e, along)
    for j in range(1, g.shape[0]):
        for k in range(w.shape[1]):
            w[j, k] += c * w[0, k] * g[j, k]
    for k in range(w.shape[1]):
        w[0, k] += c * along[k]
    forward(w, data, kappa, f)


@njit(**_OPTIONS)
def stage(w, base, acc, data, e, a, b, kappa, f):
    along = np.empty(w.shape[1])
    g = _direction(w, data, e, along)
    for j in range(1, g.shape[0]):
        for k in range(w.shape[1]):
            change = w[0, k] * g[j, k]
            acc[j, k] += b * change
            w[j, k] = base[j, k] + a * change
    for k in range(w.shape[1]):
        acc[0, k] += b * along[k]
        w[0, k] = base[0, k] + a * along[k]
    forward(w, data, kappa, f)


@njit(**_OPTIONS)
def product(w, data, r, kappa, out):
    X, _, z, s, _ = data
    along = np.empty(w.shape[1])
    g = _direction(w, data, r, along)
    for j in range(g.shape[0]):
        for k in range(w.shape[1]):
            g[j, k] = w[0, k] * w[0, k] * g[j, k] + along[k] * w[j, k]
    np.dot(X, g, s)
    factor = kappa * kappa / X.shape[0]
    for i in range(X.shape[0]):
        total = 0.0
        for k in range(w.shape[1]):
            total += s[i, k] if z[i, k] > 0.0 else 0.0
        out[i] = factor * total

"""Compiled passes for many inputs, on matrix products; signatures as in ``kernels_four``.

State ``w`` (d + 1, m). ``data`` = (X, X^T, z, s, g): X (n, d), then scratch (n, m), (n, m), (d, m). ``z`` holds the
pre-activations of the present w between passes, so each pass costs two matrix products. Call ``forward`` once to begin.
"""

import numpy as np
from numba import njit

__all__ = ["descend", "forward", "product", "stage"]

_OPTIONS = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}


@njit(**_OPTIONS)
def forward(w, data, kappa, f):
    """Output f(w); leaves the pre-activations in ``data``."""
    X, _, z, _, _ = data
    np.dot(X, w[1:], z)
    for i in range(X.shape[0]):
        total = 0.0
        for k in range(w.shape[1]):
            total += w[0, k] * (z[i, k] if z[i, k] > 0.0 else 0.0)
        f[i] = kappa * total


@njit(**_OPTIONS)
def _direction(data, e):
    _, XT, z, s, g = data
    for i in range(z.shape[0]):
        for k in range(z.shape[1]):
            s[i, k] = e[i] if z[i, k] > 0.0 else 0.0
    np.dot(XT, s, g)
    return g


@njit(**_OPTIONS)
def descend(w, data, e, c, kappa, f):
    g = _direction(data, e)
    old = w[0].copy()
    for j in range(g.shape[0]):
        for k in range(w.shape[1]):
            w[0, k] += c * w[j + 1, k] * g[j, k]
        for k in range(w.shape[1]):
            w[j + 1, k] += c * old[k] * g[j, k]
    forward(w, data, kappa, f)


@njit(**_OPTIONS)
def stage(w, base, acc, data, e, a, b, kappa, f):
    g = _direction(data, e)
    along = np.zeros(w.shape[1])
    for j in range(g.shape[0]):
        for k in range(w.shape[1]):
            along[k] += w[j + 1, k] * g[j, k]
        for k in range(w.shape[1]):
            change = w[0, k] * g[j, k]
            acc[j + 1, k] += b * change
            w[j + 1, k] = base[j + 1, k] + a * change
    for k in range(w.shape[1]):
        acc[0, k] += b * along[k]
        w[0, k] = base[0, k] + a * along[k]
    forward(w, data, kappa, f)


@njit(**_OPTIONS)
def product(w, data, r, kappa, out):
    X, _, z, _, _ = data
    g = _direction(data, r)
    along = np.zeros(w.shape[1])
    for j in range(g.shape[0]):
        for k in range(w.shape[1]):
            along[k] += w[j + 1, k] * g[j, k]
            g[j, k] *= w[0, k] * w[0, k]
    for j in range(g.shape[0]):
        for k in range(w.shape[1]):
            g[j, k] += along[k] * w[j + 1, k]
    factor = kappa * kappa / X.shape[0]
    both = X @ g
    for i in range(X.shape[0]):
        total = 0.0
        for k in range(w.shape[1]):
            total += both[i, k] if z[i, k] > 0.0 else 0.0
        out[i] = factor * total

"""Norms of weights."""

from collections.abc import Sequence

import numpy as np

from numerics.kernels import stages

__all__ = ["layer_sizes", "leading_vector", "norm", "spectral_norm"]

_DENSE = 16  # a side up to which the singular values are found directly
_ROUGH, _STEPS = 0.1, 6  # an accuracy that so many steps reach: of square matrices of random numbers 0.03 to 0.07
_ROWS = 128  # of a matrix at a time: they are still in the cache when what they gave goes back
_KEPT = 6  # Lanczos vectors for a singular vector: the quickest where the start is near it


def norm(values: np.ndarray) -> float:
    """Euclidean (Frobenius) norm of a contiguous array, on one thread."""
    flat = values.ravel()
    return float(np.sqrt(stages.dot(flat, flat)))


def layer_sizes(weights: Sequence[np.ndarray], scales: Sequence[float]) -> tuple[float, ...]:
    """What RD of every layer is relative to: its Frobenius norm.

    For a layer at zero it is 1 in the weights scales_l V_l of the unnormalised flow, so that its RD is the distance itself.
    """
    norms = (float(np.linalg.norm(w)) for w in weights)
    return tuple(size if size > 0 else 1.0 / scale for size, scale in zip(norms, scales, strict=True))


def spectral_norm(w: np.ndarray, *, tolerance: float = 1e-4) -> float:
    """Largest singular value of a matrix, by Lanczos steps where it is not small; relative accuracy ``tolerance``."""
    if w.size == 0 or not norm(w) > 0:
        return 0.0
    if min(w.shape) <= _DENSE:
        gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        return float(np.sqrt(np.linalg.eigvalsh(gram)[-1]))
    start = np.random.default_rng(0).standard_normal(min(w.shape))
    if tolerance >= _ROUGH:
        return _from_few_steps(w if w.shape[1] <= w.shape[0] else w.T, start)
    from scipy.sparse.linalg import svds  # slow to load: only for large matrices

    return float(svds(w, k=1, v0=start, tol=tolerance, return_singular_vectors=False)[0])


def _from_few_steps(w: np.ndarray, start: np.ndarray) -> float:
    """The largest singular value from below: that of the bidiagonal matrix of a few steps (Golub and Kahan 1965)."""
    v, u, beta = start / np.linalg.norm(start), np.zeros(len(w)), 0.0
    bidiagonal = np.zeros((_STEPS, _STEPS + 1))
    for step in range(_STEPS):
        back = np.zeros(w.shape[1])
        for low in range(0, len(w), _ROWS):
            rows, part = w[low : low + _ROWS], u[low : low + _ROWS]
            part[:] = rows @ v - beta * part
            back += part @ rows
        alpha = float(np.linalg.norm(u))
        if not alpha > 0:
            break
        u /= alpha
        v = back / alpha - alpha * v
        beta = float(np.linalg.norm(v))
        bidiagonal[step, step : step + 2] = alpha, beta
        if not beta > 0:
            break
        v /= beta
    return float(np.linalg.norm(bidiagonal, 2))


def leading_vector(w: np.ndarray, start: np.ndarray | None = None, *, tolerance: float = 1e-2) -> np.ndarray:
    """Right singular vector (columns,) of the largest singular value of a matrix, of either sign.

    The relative residual is at most ``tolerance``; the product with the matrix has the largest singular value as its length, to
    about the square of that. A ``start`` (columns,) near it makes it quick.
    """
    if min(w.shape) <= _DENSE:
        return np.linalg.svd(w, full_matrices=False)[2][0]
    from scipy.sparse.linalg import svds  # slow to load, as above

    first = np.random.default_rng(0).standard_normal(w.shape[1]) if start is None else start
    first = first if w.shape[1] <= w.shape[0] else w @ first
    return svds(w, k=1, v0=first, ncv=_KEPT, tol=tolerance, return_singular_vectors="vh")[2][0]

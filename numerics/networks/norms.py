"""Norms of weights."""

import numpy as np

from numerics.kernels import stages

__all__ = ["norm", "spectral_norm"]

_DENSE = 16  # a side up to which the singular values are found directly


def norm(values: np.ndarray) -> float:
    """Euclidean (Frobenius) norm of a contiguous array, on one thread."""
    flat = values.ravel()
    return float(np.sqrt(stages.dot(flat, flat)))


def spectral_norm(w: np.ndarray, *, tolerance: float = 1e-4) -> float:
    """Largest singular value of a matrix, by Lanczos steps (SciPy) where it is not small; relative accuracy ``tolerance``."""
    if w.size == 0 or not np.any(w):
        return 0.0
    if min(w.shape) <= _DENSE:
        gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        return float(np.sqrt(np.linalg.eigvalsh(gram)[-1]))
    from scipy.sparse.linalg import svds  # slow to load: only for large matrices

    start = np.random.default_rng(0).standard_normal(min(w.shape))
    return float(svds(w, k=1, v0=start, tol=tolerance, return_singular_vectors=False)[0])

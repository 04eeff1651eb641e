"""The ends of the spectrum of a symmetric operator, by a few Lanczos steps from a good start."""

from collections.abc import Callable

import numpy as np

__all__ = ["ends_of_spectrum"]

_LOST = 1e-12  # part of a vector that is left outside the space it was projected from: rounding


def ends_of_spectrum(
    product: Callable[[np.ndarray], np.ndarray], start: np.ndarray, steps: int
) -> tuple[float, float, np.ndarray]:
    """Least and largest Ritz value after so many products, and the sum of their vectors, to start from next time.

    Both lie inside the spectrum. Each new vector is made orthogonal to all before: they are few.

    Parameters
    ----------
    product : callable
        v (P,) to A v (P,).
    start : float64 (P,)
    steps : int
    """
    basis: list[np.ndarray] = []
    images: list[np.ndarray] = []
    v = start
    for _ in range(steps):
        size = float(np.linalg.norm(v))
        for _ in range(2):  # twice is enough
            for b in basis:
                v = v - (b @ v) * b
        left = float(np.linalg.norm(v))
        if not left > _LOST * size:
            break
        basis.append(v / left)
        v = product(basis[-1])
        images.append(v)
    if not basis:
        return 0.0, 0.0, start
    rows = np.array(basis)
    projected = rows @ np.array(images).T
    values, vectors = np.linalg.eigh((projected + projected.T) / 2)
    return float(values[0]), float(values[-1]), (vectors[:, 0] + vectors[:, -1]) @ rows

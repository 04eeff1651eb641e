"""Data to train on: X of shape (n, d) with the constant 1 for the bias as last column, y of shape (n,)."""

import numpy as np
from numpy.typing import ArrayLike

from numerics.errors import InputError

__all__ = ["check_data", "four_points", "from_arrays"]


def four_points() -> tuple[np.ndarray, np.ndarray]:
    """Four points on a line, the experiment of the book.

    The sources print their points only as a figure; these are ours: well separated, and not to be fitted by one kink.

    Returns
    -------
    X : float64 (4, 2)
        Position and the constant 1.
    y : float64 (4,)
    """
    return from_arrays([-1.0, -0.35, 0.3, 1.0], [0.7, -0.5, 0.2, -0.6])


def from_arrays(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Validated data with the constant 1 appended to every input.

    Parameters
    ----------
    x : array (n,) or (n, k)
        Inputs, without the constant.
    y : array (n,)
        Targets.

    Returns
    -------
    X : float64 (n, k + 1); y : float64 (n,)
    """
    inputs = np.asarray(x, dtype=float)
    inputs = inputs[:, None] if inputs.ndim == 1 else inputs
    if inputs.ndim != 2:
        raise InputError(f"x has shape {inputs.shape}; give one row per sample, (n, k)")
    return check_data(np.column_stack([inputs, np.ones(len(inputs))]), y)


def check_data(X: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """C-contiguous float64 copies of X (n, d) and y (n,), or an :class:`InputError` that says what is wrong."""
    X = np.array(X, dtype=float, order="C")
    y = np.array(y, dtype=float, order="C")
    if X.ndim != 2 or y.ndim != 1 or len(X) != len(y):
        raise InputError(f"X has shape {X.shape} and y {y.shape}; give (n, d) and (n,) with the same n")
    if X.size == 0:
        raise InputError(f"X has shape {X.shape}: no data; give at least one sample and one input")
    for name, values in (("X", X), ("y", y)):
        bad = int(np.count_nonzero(~np.isfinite(values)))
        if bad:
            raise InputError(f"{name} contains {bad} NaN or infinite values; remove or replace those samples")
    return X, y

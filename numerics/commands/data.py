"""The data sets by name, for options."""

from enum import StrEnum

import numpy as np

from numerics import datasets

__all__ = ["DataName", "load_data"]

_DIGITS = 45  # few enough to be fitted at any width, as in the paper


class DataName(StrEnum):
    """Data that come with the package."""

    four_points = "four_points"
    curve = "curve"
    mnist = "mnist"


def load_data(name: DataName) -> tuple[np.ndarray, np.ndarray]:
    """X (n, d) and y (n,)."""
    if name is DataName.mnist:
        return datasets.mnist(_DIGITS)
    return datasets.four_points() if name is DataName.four_points else datasets.curve()

"""At which loss a run ends if nothing else is asked for."""

import numpy as np

from numerics.datasets.builtin import SHIPPED, four_points

__all__ = ["DIGITS_LOSS", "LOSS", "RULE", "usual_loss_tol"]

LOSS = 1e-6  # of two layers on the four points
DIGITS_LOSS = 1e-4  # labels are up to 9: an error of a hundredth

#: For the help of commands and for docstrings.
RULE = "7e-6 of the loss at the start for data of your own"


def usual_loss_tol(usual: float, y: np.ndarray, data_name: str = "") -> float:
    """The loss ``usual`` for data that come with the package, for others the same part of the loss at the start.

    The same as for the four points; f = 0 at the start, R = sum y^2/2n. Rounded to two digits, so that it can be written down.
    """
    if data_name.partition(":")[0] in SHIPPED or not np.any(y):
        return usual
    return float(f"{usual * _mean_square(y) / _mean_square(four_points()[1]):.1e}")


def _mean_square(y: np.ndarray) -> float:
    return float(y @ y) / len(y)

"""At which loss a run ends if nothing else is asked for."""

import numpy as np

from numerics.arrays import positive_number
from numerics.datasets.builtin import SHIPPED, four_points
from numerics.errors import InputError

__all__ = ["DIGITS_LOSS", "LOSS", "RULE", "left_of_the_spread", "loss_at_start"]
__all__ += ["loss_to_fall_from", "loss_tol_for", "usual_loss_tol"]

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
    with np.errstate(over="ignore", under="ignore"):
        stop = float(f"{usual * loss_at_start(y) / loss_at_start(four_points()[1]):.1e}")
    if not 0 < stop < np.inf:
        raise InputError(
            f"targets are up to {np.abs(y).max():.3g}, and their squares beyond the float range; rescale y"
        )
    return stop


def loss_tol_for(y: np.ndarray, asked: float | None) -> float:
    """The loss that was asked for; the usual one of two layers if none was."""
    return usual_loss_tol(LOSS, y) if asked is None else positive_number(asked, "loss_tol")


def loss_at_start(y: np.ndarray) -> float:
    """R for f = 0."""
    return float(np.vdot(y, y)) / (2 * len(y))


def loss_to_fall_from(loss_tol: float, y: np.ndarray) -> float:
    """R for f = 0, which has to be above the loss that ends a run: else it ends where it starts, and nothing moves."""
    begin = loss_at_start(y)
    if not np.any(y):
        raise InputError("all targets are zero: f = 0 fits them at the start, and no weight moves; give other targets")
    if not loss_tol < begin:
        raise InputError(
            f"loss_tol = {loss_tol:g} is not below the loss at the start, {begin:.3g}, where f = 0: no weight would move; give a "
            "smaller one"
        )
    return begin


def left_of_the_spread(stop: float, y: np.ndarray) -> float:
    """Part of the loss of the best constant that a run which ends at ``stop`` may leave; 0 where all targets are equal."""
    spread = float(np.var(y)) / 2
    return min(stop / spread, 1.0) if spread > 0 else 0.0

"""What a module is to learn: numbers, or labels of classes; its loss, the targets of its tangent model, where a run ends."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch.nn import functional

from numerics.arrays import positive_number, real_array
from numerics.errors import InputError, check_choice
from numerics.flow.run import LOSSES

__all__ = ["Targets"]

_SHARE = 1e-2  # of the loss at output 0, at which a run ends
_LEVEL = 0.25  # of log k, for cross-entropy: logits are of order one there


@dataclass(frozen=True)
class Targets:
    """Targets of a module with an output of some shape.

    Attributes
    ----------
    loss : str
        ``'squares'``, R = (1/2n) sum |f - y|^2, or ``'cross-entropy'``, as in :func:`numerics.gradient_flow`.
    values : array
        Numbers of the shape of the output, or labels (n,).
    tangent : float64, of the shape of the output
        What the tangent model fits: the numbers; of labels the logits 1 - 1/k at the label and -1/k elsewhere.
    """

    loss: str
    values: np.ndarray
    tangent: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, y: ArrayLike, loss: str, output: tuple[int, ...]) -> "Targets":
        """Check them against the shape of the output."""
        check_choice(loss, "loss", LOSSES)
        given = real_array(y, "y", copy=True, finite=True)
        if loss == "squares":
            if given.size != int(np.prod(output)):
                raise InputError(
                    f"y has shape {given.shape} and the output of the module {output}; give targets of that shape"
                )
            values = given.reshape(output)
            return cls(loss, values, values)
        classes = output[1] if len(output) == 2 else 1
        labels = given.astype(np.int64)
        if (
            classes < 2
            or labels.shape != output[:1]
            or np.any(labels != given)
            or np.any((labels < 0) | (labels >= classes))
        ):
            raise InputError(
                f"y has shape {given.shape} and the output of the module {output}; cross-entropy takes labels ({output[0]},), "
                f"integers from 0 to {max(classes, 2) - 1}, of a module with an output for each class"
            )
        return cls(loss, labels, np.eye(classes)[labels] - 1 / classes)

    def level(self, asked: float | None) -> float:
        """The loss that ends a run: what was asked for, else a hundredth of that of output 0, for cross-entropy (log k)/4."""
        if asked is not None:
            return positive_number(asked, "loss_tol")
        if self.loss == "squares":
            return float(f"{_SHARE * np.sum(self.values**2) / (2 * len(self.values)):.2g}")
        return float(f"{_LEVEL * np.log(self.tangent.shape[1]):.2g}")

    def value(self, output: torch.Tensor) -> torch.Tensor:
        """R of an output."""
        targets = torch.from_numpy(self.values)
        if self.loss == "squares":
            return (output - targets).square().sum() / (2 * len(targets))
        return functional.cross_entropy(output, targets)

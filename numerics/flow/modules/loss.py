"""Losses of a network known by its forward pass, on outputs (n, k) laid flat; the pull e = n dR/df drives the flow."""

from abc import ABC, abstractmethod

import numpy as np
from scipy.special import log_softmax, softmax

__all__ = ["CrossEntropy", "Loss", "Squares"]


class Loss(ABC):
    """R = (1/n) sum_i of the loss of a sample.

    Attributes
    ----------
    samples : int
        n.
    steepness : float
        Bound on the eigenvalues of the Hessian of a sample's loss in its outputs.
    quadratic : bool
        Whether the pull obeys de/dt = -J J^T e/n, and |e|^2/2n is the loss.
    """

    samples: int
    steepness: float
    quadratic: bool

    @abstractmethod
    def value(self, outputs: np.ndarray) -> float:
        """R."""

    @abstractmethod
    def pull(self, outputs: np.ndarray) -> np.ndarray:
        """E (N,)."""


class Squares(Loss):
    """R = (1/2n) sum_i |f_i - y_i|^2."""

    steepness = 1.0
    quadratic = True

    def __init__(self, targets: np.ndarray) -> None:
        self.samples, self._targets = len(targets), targets.ravel()

    def value(self, outputs: np.ndarray) -> float:
        """R."""
        e = self.pull(outputs)
        return float(e @ e) / (2 * self.samples)

    def pull(self, outputs: np.ndarray) -> np.ndarray:
        """Difference f - y."""
        return outputs - self._targets


class CrossEntropy(Loss):
    """R = -(1/n) sum_i log softmax(f_i) at the label of sample i: no minimiser, so that a run stops at a level."""

    steepness = 0.5  # of diag(p) - p p^T
    quadratic = False

    def __init__(self, labels: np.ndarray, classes: int) -> None:
        self.samples, self._classes = len(labels), classes
        self._chosen = np.arange(self.samples), labels

    def value(self, outputs: np.ndarray) -> float:
        """R."""
        return -float(np.mean(log_softmax(self._by_sample(outputs), axis=1)[self._chosen]))

    def pull(self, outputs: np.ndarray) -> np.ndarray:
        """Softmax(f) less 1 at the labels."""
        e = softmax(self._by_sample(outputs), axis=1)
        e[self._chosen] -= 1.0
        return e.ravel()

    def _by_sample(self, outputs: np.ndarray) -> np.ndarray:
        return outputs.reshape(self.samples, self._classes)

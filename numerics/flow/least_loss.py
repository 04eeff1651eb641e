"""What no network can do better than: which runs at rest have fitted their data as well as can be."""

import numpy as np

from numerics.flow.solution import Status
from numerics.networks.deep import DeepNetwork
from numerics.networks.module import Module
from numerics.networks.two_layer import TwoLayer

__all__ = ["rest_of"]

_ABOVE_LEAST = 1.01  # times the least possible loss: a run at rest here can do no better


def rest_of(
    network: TwoLayer | DeepNetwork | Module, X: np.ndarray, y: np.ndarray, loss: float, found: Status
) -> Status:
    """The status of a run at rest at a loss: that of the least loss if it is, else what the flow ``found``."""
    if loss < _ABOVE_LEAST * _of_any(X, y):
        return Status.UNFITTABLE
    if _is_linear(network) and loss < _ABOVE_LEAST * _of_linear(X, y):
        return Status.LEAST_SQUARES
    return found


def _of_any(X: np.ndarray, y: np.ndarray) -> float:
    """That of the mean target at every input."""
    samples, targets = X.reshape(len(X), -1), y.reshape(len(y), -1)
    _, group, counts = np.unique(samples, axis=0, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), targets.shape[1]))
    np.add.at(means, group.ravel(), targets)
    means /= counts[:, None]
    return _loss((means[group.ravel()] - targets).ravel()) * targets.shape[1]


def _of_linear(X: np.ndarray, y: np.ndarray) -> float:
    return _loss(X @ np.linalg.lstsq(X, y, rcond=None)[0] - y)


def _loss(residual: np.ndarray) -> float:
    return float(residual @ residual) / (2 * len(residual))


def _is_linear(network: TwoLayer | DeepNetwork | Module) -> bool:
    if isinstance(network, TwoLayer):
        return network.negative_slope == 1
    if isinstance(network, Module):  # not known
        return False
    return network.activation.homogeneous and network.activation.negative_slope == 1

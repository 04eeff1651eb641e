"""What no network can do better than: which runs at rest have fitted their data as well as can be."""

import numpy as np

from numerics.flow.solution import Status
from numerics.networks.deep import DeepNetwork
from numerics.networks.two_layer import TwoLayer

__all__ = ["rest_of"]

_ABOVE_LEAST = 1.01  # times the least possible loss: a run at rest here can do no better


def rest_of(network: TwoLayer | DeepNetwork, X: np.ndarray, y: np.ndarray, loss: float, found: Status) -> Status:
    """The status of a run at rest at a loss: that of the least loss if it is, else what the flow ``found``."""
    if loss < _ABOVE_LEAST * _of_any(X, y):
        return Status.UNFITTABLE
    if _is_linear(network) and loss < _ABOVE_LEAST * _of_linear(_with_constant(network, X), y):
        return Status.LEAST_SQUARES
    return found


def _of_any(X: np.ndarray, y: np.ndarray) -> float:
    """That of the mean target at every input."""
    _, group, counts = np.unique(X, axis=0, return_inverse=True, return_counts=True)
    rows = y.reshape(len(y), -1)
    means = np.zeros((len(counts), rows.shape[1]))
    np.add.at(means, group.ravel(), rows)
    return _loss((means / counts[:, None])[group.ravel()] - rows)


def _of_linear(X: np.ndarray, y: np.ndarray) -> float:
    return _loss(X @ np.linalg.lstsq(X, y, rcond=None)[0] - y)


def _loss(residual: np.ndarray) -> float:
    return float(np.vdot(residual, residual)) / (2 * len(residual))


def _with_constant(network: TwoLayer | DeepNetwork, X: np.ndarray) -> np.ndarray:
    """The inputs, and a constant where the network has a bias, whichever: of linear layers any makes an affine function."""
    if isinstance(network, TwoLayer) or not any(network.chain.biased):
        return X
    return np.column_stack([X, np.ones(len(X))])


def _is_linear(network: TwoLayer | DeepNetwork) -> bool:
    if isinstance(network, TwoLayer):
        return network.negative_slope == 1
    return network.activation.homogeneous and network.activation.negative_slope == 1

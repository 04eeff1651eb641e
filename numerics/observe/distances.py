"""What is read off a network: distance from the start, conserved quantities."""

import numpy as np

from numerics.errors import InputError
from numerics.kernels import stages
from numerics.networks.two_layer import TwoLayer

__all__ = ["conserved_drift", "norm", "relative_distance"]


def norm(values: np.ndarray) -> float:
    """Euclidean (Frobenius) norm of a contiguous array, on one thread."""
    flat = values.ravel()
    return float(np.sqrt(stages.dot(flat, flat)))


def relative_distance(network: TwoLayer, start: TwoLayer) -> dict[str, float]:
    """RD of each layer, |W(t) - W(0)|/|W(0)| in the Frobenius norm: ``{'w': ..., 'a': ...}``."""
    if network.v.shape != start.v.shape:
        raise InputError(f"networks have weights {network.v.shape} and {start.v.shape}; compare a run with its start")
    pairs = {"w": (network.v, start.v), "a": (network.u, start.u)}
    return {layer: norm(now - then) / norm(then) for layer, (now, then) in pairs.items()}


def conserved_drift(network: TwoLayer, start: TwoLayer, removed: np.ndarray | None = None) -> float:
    """Largest change of u_k^2 - |v_k|^2 over the neurons, relative to the largest u_k^2 + |v_k|^2: a free error monitor.

    What an integrator has ``removed`` (m,) along the way counts as well.
    """
    removed = np.zeros(network.width) if removed is None else removed
    drift, size = stages.largest_drift(network.u, network.v, start.u, start.v, removed)
    return float(drift / size)

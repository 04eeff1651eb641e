"""What is read off a network: distance from the start, conserved quantities, features."""

from dataclasses import dataclass

import numpy as np

from numerics import kernels
from numerics.errors import InputError
from numerics.networks import TwoLayer

__all__ = ["Features", "conserved_drift", "features", "norm", "relative_distance"]


@dataclass(frozen=True)
class Features:
    """Amplitude and orientation of every neuron.

    Attributes
    ----------
    amplitude : float64 (m,)
        |u_k| |v_k| = |abar_k| |wbar_k|, the size of the neuron's part of f/kappa.
    orientation : float64 (m,)
        Angle of w_k in [-pi, pi), for d = 2.
    """

    amplitude: np.ndarray
    orientation: np.ndarray


def norm(values: np.ndarray) -> float:
    """Euclidean (Frobenius) norm of a contiguous array, on one thread."""
    flat = values.ravel()
    return float(np.sqrt(kernels.dot(flat, flat)))


def relative_distance(network: TwoLayer, start: TwoLayer) -> dict[str, float]:
    """RD of each layer, |W(t) - W(0)|/|W(0)| in the Frobenius norm: ``{'w': ..., 'a': ...}``."""
    if network.v.shape != start.v.shape:
        raise InputError(f"networks have weights {network.v.shape} and {start.v.shape}; compare a run with its start")
    pairs = {"w": (network.v, start.v), "a": (network.u, start.u)}
    return {layer: norm(now - then) / norm(then) for layer, (now, then) in pairs.items()}


def conserved_drift(network: TwoLayer, start: TwoLayer) -> float:
    """Largest change of u_k^2 - |v_k|^2 over the neurons, relative to the largest u_k^2 + |v_k|^2: a free error monitor."""

    def parts(net: TwoLayer) -> tuple[np.ndarray, np.ndarray]:
        return net.u**2, np.einsum("kj,kj->k", net.v, net.v)

    (u, v), (u0, v0) = parts(network), parts(start)
    return float(np.max(np.abs((u - v) - (u0 - v0))) / np.max(u + v))


def features(network: TwoLayer) -> Features:
    """Amplitude and orientation of the neurons of a network with two inputs (position and constant)."""
    if network.v.shape[1] != 2:
        raise InputError(f"the network has {network.v.shape[1]} inputs; orientations are angles for d = 2 only")
    angle = np.arctan2(network.v[:, 1], network.v[:, 0])
    return Features(
        amplitude=np.abs(network.u) * np.linalg.norm(network.v, axis=1),
        orientation=np.where(angle >= np.pi, -np.pi, angle),
    )

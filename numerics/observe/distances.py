"""What is read off a network: how far each layer moved and in how many directions, and what the flow conserves."""

from dataclasses import dataclass

import numpy as np

from numerics.arrays import real_array
from numerics.errors import InputError, check_type
from numerics.kernels import stages
from numerics.networks.deep import DeepNetwork
from numerics.networks.module import Module
from numerics.networks.norms import norm, spectral_norm
from numerics.networks.two_layer import TwoLayer

__all__ = ["LayerObservables", "conserved_drift", "layer_observables", "relative_distance"]


@dataclass(frozen=True)
class LayerObservables:
    """How a layer moved.

    Attributes
    ----------
    relative_distance : float
        |W(t) - W(0)|_F/|W(0)|_F, the RD of the literature.
    spectral_relative_distance : float
        The same in spectral norm, |W(t) - W(0)|_2/|W(0)|_2; kernels of a convolution as the matrix (out, in times kernel). Both
        are nan for a layer that starts at zero.
    stable_rank : float
        |dW|_F^2/|dW|_2^2 of the change dW = W(t) - W(0): in how many directions it moved, at least 1; 0 if it did not move.
    balance_drift : float
        Change of |W_l|_F^2 - |W_{l+1}|_F^2 since the start, over the larger of the two changes: 0 for the exact flow of a
        homogeneous activation. nan for the output layer, which has none above, and of a Module: what that conserves is watched
        by :attr:`numerics.Solution.conserved_drift`.
    """

    relative_distance: float
    spectral_relative_distance: float
    stable_rank: float
    balance_drift: float


def relative_distance(network: TwoLayer, start: TwoLayer) -> dict[str, float]:
    """RD of each layer, |W(t) - W(0)|/|W(0)| in the Frobenius norm: ``{'w': ..., 'a': ...}``."""
    check_type(network, "network", TwoLayer)
    check_type(start, "start", TwoLayer)
    _check_shapes(network, start)
    pairs = {"w": (network.v, start.v), "a": (network.u, start.u)}
    return {layer: norm(now - then) / norm(then) for layer, (now, then) in pairs.items()}


def conserved_drift(network: TwoLayer, start: TwoLayer, removed: np.ndarray | None = None) -> float:
    """Largest change of u_k^2 - |v_k|^2 over the neurons, relative to the largest u_k^2 + |v_k|^2: a free error monitor.

    What an integrator has ``removed`` (m,) along the way counts as well.
    """
    check_type(network, "network", TwoLayer)
    check_type(start, "start", TwoLayer)
    _check_shapes(network, start)
    removed = np.zeros(network.width) if removed is None else real_array(removed, "removed", finite=True)
    if removed.shape != (network.width,):
        raise InputError(f"removed has shape {removed.shape}; give a number for each neuron, ({network.width},)")
    drift, size = stages.largest_drift(network.u, network.v, start.u, start.v, removed)
    return float(drift / size)


def layer_observables(network: DeepNetwork | Module, start: DeepNetwork | Module) -> dict[str, LayerObservables]:
    """Observables of every layer of a network against its start; of two copies, norms of both together.

    Examples
    --------
    >>> net = DeepNetwork.sample((2, 8, 8, 1), sigmas=(1, 0.5, 0.5))
    >>> layer_observables(net, net)["W2"].relative_distance
    0.0
    """
    check_type(network, "network", DeepNetwork, Module)
    check_type(start, "start", DeepNetwork, Module)
    if [w.shape for w in network.weights] != [w.shape for w in start.weights] or network.layers != start.layers:
        raise InputError(f"networks have shapes {network.shape} and {start.shape}; compare a run with its start")
    found = {}
    chain = isinstance(network, DeepNetwork)
    now, before = _matrices(network), _matrices(start)
    grown = [_square(w) - _square(w0) for w, w0 in zip(now, before, strict=True)]
    for layer, (name, w, w0) in enumerate(zip(network.layers, now, before, strict=True)):
        change = w - w0
        size, top = float(np.linalg.norm(change)), _largest(change)
        pair = grown[layer : layer + 2] if chain else []
        most = max(map(abs, pair), default=0.0)
        found[name] = LayerObservables(
            relative_distance=_ratio(size, float(np.linalg.norm(w0))),
            spectral_relative_distance=_ratio(top, _largest(w0)),
            stable_rank=(size / top) ** 2 if top > 0 else 0.0,
            balance_drift=float("nan") if len(pair) < 2 else abs(pair[0] - pair[1]) / most if most > 0 else 0.0,
        )
    return found


def _check_shapes(network: TwoLayer, start: TwoLayer) -> None:
    if network.v.shape != start.v.shape:
        raise InputError(f"networks have weights {network.v.shape} and {start.v.shape}; compare a run with its start")


def _matrices(network: DeepNetwork | Module) -> list[np.ndarray]:
    """The layers as (copies, fan_out, fan_in): further axes of a module's are inputs, and a vector is a row."""
    if isinstance(network, DeepNetwork):
        return list(network.weights)
    return [w.reshape(1, w.shape[0], -1) if w.ndim > 1 else w.reshape(1, 1, -1) for w in network.weights]


def _ratio(distance: float, size: float) -> float:
    return distance / size if size > 0 else float("nan")


def _largest(w: np.ndarray) -> float:
    """Spectral norm of the block-diagonal matrix of all copies."""
    return max(spectral_norm(copy) for copy in w)


def _square(w: np.ndarray) -> float:
    return float(np.vdot(w, w))

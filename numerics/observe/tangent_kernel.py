"""The empirical tangent kernel G = J J^T of a network at given inputs, layer by layer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import listed, real_array
from numerics.errors import InputError, check_type
from numerics.networks.deep import DeepNetwork
from numerics.networks.module import Module
from numerics.networks.two_layer import TwoLayer

__all__ = ["chosen_layers", "layer_kernels", "layer_names", "tangent_kernel"]

_BLOCK = 16_384  # neurons at a time: bounds the memory at any width


def tangent_kernel(
    network: TwoLayer | DeepNetwork | Module, X: ArrayLike, *, layers: Sequence[str] | None = None
) -> np.ndarray:
    """G_ij = df(x_i)/dtheta . df(x_j)/dtheta, in uniform coordinates.

    Parameters
    ----------
    network : TwoLayer, DeepNetwork or Module
    X : array (n, d), of a Module (n, ...)
    layers : sequence of str, optional
        Parameter groups that count; all by default. ``('a',)``: output weights only, ``('w',)``: input weights only; in a deeper
        network 'W1', 'W2', ..., 'a'.

    Returns
    -------
    float64 (n, n), of a Module with k outputs (n k, n k), sample by sample
        Without the 1/n of the loss: in normalised time the residual obeys de/dt = -G e/n.
    """
    kernels = layer_kernels(network, X)
    return np.sum([kernels[layer] for layer in chosen_layers(tuple(kernels), layers)], axis=0)


def layer_names(network: TwoLayer | DeepNetwork | Module) -> tuple[str, ...]:
    """Parameter groups of a network, input to output."""
    check_type(network, "network", TwoLayer, DeepNetwork, Module)
    return ("w", "a") if isinstance(network, TwoLayer) else network.layers


def layer_kernels(network: TwoLayer | DeepNetwork | Module, X: ArrayLike) -> dict[str, np.ndarray]:
    """G_l = J_l J_l^T (n, n) of every layer."""
    check_type(network, "network", TwoLayer, DeepNetwork, Module)
    if isinstance(network, Module):
        return dict(zip(network.layers, network.jacobian(X).kernels(), strict=True))
    X = real_array(X, "X", finite=True)
    if X.ndim != 2 or X.shape[1] != network.inputs:
        raise InputError(f"X has shape {X.shape}; give (n, {network.inputs}), the constant input included")
    if isinstance(network, DeepNetwork):
        return dict(zip(network.layers, network.jacobian(X).kernels(), strict=True))
    n = len(X)
    outer, inner = np.zeros((n, n)), np.zeros((n, n))
    for low in range(0, network.width, _BLOCK):
        u, v = network.u[low : low + _BLOCK], network.v[low : low + _BLOCK]
        z = v @ X.T
        slope = np.where(z > 0, 1.0, network.negative_slope)
        z *= slope
        outer += z.T @ z
        slope *= u[:, None]
        inner += slope.T @ slope
    square = network.kappa**2
    return {"w": square * inner * (X @ X.T), "a": square * outer}


def chosen_layers(known: Sequence[str], layers: Sequence[str] | None) -> tuple[str, ...]:
    """``layers`` if they are among the known parameter groups; all of them for None."""
    if layers is None:
        return tuple(known)
    chosen = (layers,) if isinstance(layers, str) else listed(layers, "layers", f"give some of {', '.join(known)}")
    named = all(isinstance(layer, str) and layer in known for layer in chosen)
    if not chosen or not named or len(set(chosen)) < len(chosen):
        raise InputError(f"layers = {layers!r}; give some of {', '.join(known)}, each once")
    return chosen

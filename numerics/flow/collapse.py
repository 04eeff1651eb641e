"""Weight decay beyond which nothing is learned: every neuron at 0 decays faster than the targets let it grow."""

import warnings

import numpy as np
from numpy.typing import ArrayLike

from numerics.datasets.builtin import check_data
from numerics.errors import InputError, check_type
from numerics.flow.decay import Decay
from numerics.flow.two_layer.sectors import Sectors
from numerics.networks.deep import DeepNetwork
from numerics.networks.two_layer import TwoLayer

__all__ = ["collapse_bound", "collapse_threshold", "warn_of_collapse"]

_STARTS = 200  # neurons whose directions a search begins with
_STEPS = 200
_SHORTER = 0.95  # every step of the search than the one before


def collapse_threshold(network: TwoLayer, X: ArrayLike, y: ArrayLike) -> float:
    """Least sqrt(Lambda_w Lambda_a) at which the trained network of two layers is 0, in normalised time.

    f = 0 minimises (1/2n)|f - y|^2 + sqrt(mu_w mu_a) |f|_V, |f|_V the variation norm, if and only if sqrt(mu_w mu_a) is at least

        mu* = max over |v| = 1 of |(1/n) sum_i y_i sigma(v.x_i)|,

    which is also how fast the fastest neuron grows at 0; Lambda = kappa mu. Exact for two inputs, where the force on a neuron is
    constant in every sector; beyond, the largest that a search from the directions of the network's own neurons finds.

    Parameters
    ----------
    network : TwoLayer; X : array (n, d); y : array (n,)
    """
    check_type(network, "network", TwoLayer)
    X, y = check_data(X, y)
    if X.shape[1] != network.inputs:
        raise InputError(f"X has shape {X.shape} and the network {network.inputs} inputs; they must agree")
    found = _in_the_plane(X, y, network.negative_slope) if X.shape[1] == 2 else _by_search(network, X, y)
    return network.kappa * found


def _in_the_plane(X: np.ndarray, y: np.ndarray, slope: float) -> float:
    sectors = Sectors.of(X, slope)
    forces = (sectors.slopes(slope) * y) @ X / len(y)
    if not np.any(sectors.directions):  # a linear network has no sectors
        return float(np.linalg.norm(forces, axis=1).max())
    following = np.roll(sectors.directions, -1, axis=0)
    largest = 0.0
    for force, first, last in zip(forces, sectors.directions, following, strict=True):
        along = [abs(force @ first), abs(force @ last)]
        for v in (force, -force):  # the best direction, if it is in this sector
            if _cross(first, v) >= 0 and _cross(v, last) >= 0:
                along.append(float(np.linalg.norm(force)))
        largest = max(largest, *map(float, along))
    return largest


def _cross(a: np.ndarray, b: np.ndarray) -> float:
    return float(a[0] * b[1] - a[1] * b[0])


def _by_search(network: TwoLayer, X: np.ndarray, y: np.ndarray) -> float:
    v = network.v[:_STARTS]
    v = v / np.maximum(np.linalg.norm(v, axis=1), np.finfo(float).tiny)[:, None]
    largest = 0.0
    for sign in (1.0, -1.0):
        here = v
        for step in range(_STEPS):  # shorter and shorter: the best direction often lies on a kink
            z = here @ X.T
            force = sign * (np.where(z > 0, 1.0, network.negative_slope) * y) @ X / len(y)
            largest = max(largest, float(np.max(np.einsum("kj,kj->k", here, force))))
            size = np.maximum(np.linalg.norm(force, axis=1), np.finfo(float).tiny)[:, None]
            here = here + _SHORTER**step * force / size
            here /= np.maximum(np.linalg.norm(here, axis=1), np.finfo(float).tiny)[:, None]
    return largest


def collapse_bound(network: DeepNetwork, X: ArrayLike, y: ArrayLike) -> float:
    """A weight decay beyond which a deep network is certain to end at 0, in normalised time; smaller ones may too.

    Proved, for a homogeneous activation and the geometric mean G of the decays of the layers. Where nothing moves c = Lambda_l
    |W_l|^2 = -(1/n) sum_i e_i f_i is the same for every layer. It is at most half the loss R_0 of f = 0, and at most B times the
    product of the norms, B (c/G)^(L/2), with B = (kappa/n) sum_i |y_i| |x_i|. Both hold with c > 0 only if

        G <= B^(2/L) (R_0/2)^(1 - 2/L).

    y is what the weights have to give: of a centred start with its output added. Beyond two layers 0 attracts at every decay, so
    that there is no sharp threshold to tell: a run may collapse below the bound, from a start that is too small.

    Parameters
    ----------
    network : DeepNetwork; X : array (n, d); y : array (n,), of k outputs (n, k): then |y_i| is the norm over these

    Raises
    ------
    InputError
        An activation that is not homogeneous.
    """
    check_type(network, "network", DeepNetwork)
    X, y = check_data(X, y, network.outputs)
    if X.shape[1] != network.inputs:
        raise InputError(f"X has shape {X.shape} and the network {network.inputs} inputs; they must agree")
    if not network.activation.homogeneous:
        raise InputError(f"{network.activation.name} is not homogeneous, and only then do layers balance; give relu")
    targets, depth = np.linalg.norm((y + network.offset(X)).reshape(len(X), -1), axis=1), network.depth
    steepest = max(1.0, abs(network.activation.negative_slope)) ** (depth - 1)
    forces = network.kappa * steepest * float(np.mean(targets * np.linalg.norm(X, axis=1)))
    half = float(np.mean(targets**2)) / 4
    return float(forces ** (2 / depth) * half ** (1 - 2 / depth))


def warn_of_collapse(network: TwoLayer | DeepNetwork, X: np.ndarray, y: np.ndarray, decay: Decay) -> None:
    """One line if the decay is known to leave nothing; the run goes on."""
    if not all(decay.rates) or (isinstance(network, DeepNetwork) and not network.activation.homogeneous):
        return
    asked = float(np.exp(np.mean(np.log(decay.rates))))
    about = ""
    if isinstance(network, DeepNetwork):
        threshold = collapse_bound(network, X, y)
    else:
        threshold, about = collapse_threshold(network, X, y), "" if X.shape[1] == 2 else "about "
    if asked >= threshold:
        warnings.warn(
            f"weight_decay = {asked:.4g} is beyond {about}{threshold:.4g}, from which on all weights decay to 0; the run goes on",
            UserWarning,
            stacklevel=4,
        )

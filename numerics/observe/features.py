"""Features: amplitude and orientation of every neuron, and how alike the orientations are.

A neuron of a hidden layer is seen through its input weights w and the weights that leave it: amplitude A = |a| |w|, the size of
its part of f, and orientation w/|w|. For d = 2 the orientation is an angle; for d > 2 it is looked at through its projection on a
reference direction and through the cosine similarities of pairs of neurons.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import real_array, whole_number
from numerics.errors import InputError, check_choice, check_type
from numerics.networks.deep import DeepNetwork
from numerics.networks.two_layer import TwoLayer

__all__ = ["Features", "Similarity", "cosine_similarity", "features"]


@dataclass(frozen=True)
class Features:
    """Amplitude and orientation of the m neurons of one layer.

    Attributes
    ----------
    amplitude : float64 (m,)
        |a_k| |w_k|, in uniform coordinates |u_k| |v_k|: the size of the neuron's part of f/kappa.
    weights : float64 (m, d)
        Input weights; only their directions matter here.
    length : float64 (m,)
        |w_k|.
    """

    amplitude: np.ndarray
    weights: np.ndarray = field(repr=False)
    length: np.ndarray = field(repr=False)

    @property
    def width(self) -> int:
        """Number of neurons m."""
        return len(self.amplitude)

    @property
    def dimension(self) -> int:
        """Number of inputs d of a neuron."""
        return self.weights.shape[1]

    @cached_property
    def orientation(self) -> np.ndarray:
        """Angle of w_k in [-pi, pi), shape (m,); for d = 2 only."""
        if self.dimension != 2:
            raise InputError(
                f"the neurons have {self.dimension} inputs; orientations are angles for d = 2 only, use projection()"
            )
        angle = np.arctan2(self.weights[:, 1], self.weights[:, 0])
        return np.where(angle >= np.pi, -np.pi, angle)

    def projection(self, reference: ArrayLike | None = None) -> np.ndarray:
        """Cosine of the angle between w_k and a reference direction.

        Parameters
        ----------
        reference : array (d,) or (k, d), optional
            One direction or several, of any length; (1, ..., 1) by default.

        Returns
        -------
        float64 (m,) or (m, k)
            In [-1, 1]; 0 for a neuron without input weights.
        """
        given = np.ones(self.dimension) if reference is None else real_array(reference, "reference")
        if given.ndim not in (1, 2) or given.shape[-1] != self.dimension:
            raise InputError(f"reference has shape {given.shape}; give ({self.dimension},) or (k, {self.dimension})")
        size = np.linalg.norm(given, axis=-1, keepdims=True)
        if not np.all(np.isfinite(size)) or np.any(size == 0):
            raise InputError("reference is zero or not finite; give a direction")
        length = self.length if given.ndim == 1 else self.length[:, None]
        along = self.weights @ (given / size).T.astype(self.weights.dtype)  # no copy of single precision in double
        return np.clip(np.divide(along, length, out=np.zeros_like(along), where=length > 0), -1.0, 1.0)

    def take(self, neurons: ArrayLike) -> "Features":
        """The features of some neurons, by index."""
        chosen = np.asarray(neurons)
        return Features(self.amplitude[chosen], self.weights[chosen], self.length[chosen])


@dataclass(frozen=True)
class Similarity:
    """Cosine similarities of the k neurons of largest amplitude.

    Attributes
    ----------
    matrix : float64 (k, k)
        cos of the angle between w_i and w_j, sorted by the leading eigenvector: neurons of one direction stand together, and
        those of the opposite direction at the other end.
    neurons : int (k,)
        Which neuron each row is.
    """

    matrix: np.ndarray = field(repr=False)
    neurons: np.ndarray


def features(network: TwoLayer | DeepNetwork, layer: str | None = None) -> Features:
    """Amplitude and orientation of the neurons of a hidden layer.

    Parameters
    ----------
    network : TwoLayer or DeepNetwork
    layer : str, optional
        Weights that enter the neurons, the first by default: 'w' at depth 2, else 'W1', 'W2', .... In a deeper layer |a_k| is the
        norm of all weights that leave the neuron. The bias of a neuron is the weight of its constant input, the last. Two
        copies of a network are listed one after the other.

    Examples
    --------
    >>> net = TwoLayer.from_weights([2.0, 1.0], [[0.0, 3.0], [1.0, 0.0]], alpha=1, beta1=1, beta2=1)
    >>> features(net).amplitude, features(net).orientation.round(3)
    (array([6., 1.]), array([1.571, 0.   ]))
    """
    check_type(network, "network", TwoLayer, DeepNetwork)
    names = ("w",) if isinstance(network, TwoLayer) else tuple(network.layers[k] for k in network.through[:-1])
    if layer is not None:
        check_choice(layer, "layer", names, "give one with neurons above it:")
    if isinstance(network, TwoLayer):
        entering, leaving = network.v, np.abs(network.u)
    else:
        index = names.index(layer) if layer is not None else 0
        entering = np.vstack(list(network.matrices[index]))
        above = network.weights[network.through[index + 1]]
        leaving = np.sqrt(np.einsum("cok,cok->ck", above, above)).ravel()
    length = np.sqrt(np.einsum("kj,kj->k", entering, entering))
    return Features(leaving * length, entering, length)


def cosine_similarity(neurons: Features, count: int = 400) -> Similarity:
    """Cosine similarities of the ``count`` neurons of largest amplitude, sorted so that blocks show.

    Parameters
    ----------
    neurons : Features
    count : int
        At most this many neurons, at least 2.
    """
    check_type(neurons, "neurons", Features)
    k = min(whole_number(count, "count", 2, "give an integer >= 2"), neurons.width)
    chosen = np.argpartition(neurons.amplitude, neurons.width - k)[neurons.width - k :]
    own = neurons.take(chosen)
    matrix = own.projection(own.weights) if np.all(own.length > 0) else _with_empty(own)
    matrix = (matrix + matrix.T) / 2
    leading = np.linalg.eigh(matrix)[1][:, -1]
    order = np.argsort(leading * np.sign(leading.sum() or 1.0), kind="stable")
    return Similarity(matrix[np.ix_(order, order)], chosen[order])


def _with_empty(neurons: Features) -> np.ndarray:
    """Similarities where some neurons have no direction: 0 to all others."""
    matrix = np.zeros((neurons.width, neurons.width))
    alive = np.flatnonzero(neurons.length > 0)
    if alive.size:
        matrix[np.ix_(alive, alive)] = neurons.take(alive).projection(neurons.weights[alive])
    return matrix

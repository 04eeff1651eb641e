r"""Nodes for averages over Gaussian neurons: the infinitely wide network, as a network of a few thousand neurons.

In the rescaled time tau = t/alpha the flow of two layers depends on the width only through the capacity P = m kappa, the
average over neurons that it multiplies, and kappa'. Given the residual a neuron moves by a map that is homogeneous of degree 1,
while f, the tangent kernel and the squared distances are of degree 2: the radius of a Gaussian neuron integrates out,
E r^2 = dimension, and the average is an integral over the unit sphere. A rule for the sphere with N nodes, all of the same
weight, is an ordinary network of N neurons with kappa = P/N. For the same reason a node of weight c is a neuron whose weights are
multiplied by sqrt(c): it moves as before, times sqrt(c), and counts c times in f, the kernel and the distances.

Every rule holds a node (a, w) with its mirror (-a, w), so that f = 0 at the start. Dimension is that of (a, w), where only the
directions of w that the samples see count.

* dimension 2, the circle: equal angles.
* dimension 3, the sphere: a Fibonacci lattice (Swinbank and Purser 2006; Keinert, Innmann, Saenger and Stamminger 2015).
* more: scrambled Sobol points through the normal distribution (:mod:`scipy.stats.qmc`), put on the sphere: an estimate whose
  error falls more slowly, and depends on the seed. On 45 digits 2000 of them are as good as 8000 random directions.
"""

from dataclasses import dataclass

import numpy as np

from numerics.errors import InputError

__all__ = ["Nodes", "nodes_for", "refuse_missing_constant", "seen_directions", "sphere_nodes"]

_GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Nodes:
    """Half of the nodes of a rule, those with a > 0; the others are their mirrors.

    Attributes
    ----------
    directions : float64 (k, dimension)
        Unit vectors, the first coordinate that of the output weight.
    weights : float64 (k,)
        1 for a node like all others; the sum is half the number N of nodes that the capacity is shared among.
    rule : str
        What they are, in a few words.
    """

    directions: np.ndarray
    weights: np.ndarray
    rule: str

    @property
    def count(self) -> int:
        """N, the mirrors included."""
        return round(2 * float(self.weights.sum()))

    @property
    def points(self) -> np.ndarray:
        """The neurons (2k, dimension), mirrors last, of squared length dimension times the weight."""
        dimension = self.directions.shape[1]
        half = np.sqrt(dimension * self.weights)[:, None] * self.directions
        return np.concatenate([half, half * np.where(np.arange(dimension) == 0, -1.0, 1.0)])


def refuse_missing_constant(X: np.ndarray) -> None:
    """Several samples of one input each: without a constant beside it relu has no bias, and no two kinks."""
    if X.shape[1] == 1 and len(X) > 1:
        raise InputError(
            f"X has shape {X.shape}, one input and no constant; append a column of ones for the bias, as np.column_stack([x, "
            "np.ones(len(x))])"
        )


def nodes_for(X: np.ndarray, nodes: int, rng: np.random.Generator) -> Nodes:
    """An even number of nodes in the directions that samples X (n, d) see; ``rng`` is used where these are more than two."""
    return sphere_nodes(1 + len(seen_directions(X)[0]), nodes, rng)


def sphere_nodes(dimension: int, nodes: int, rng: np.random.Generator) -> Nodes:
    """An even number of nodes of equal weight on the sphere; ``rng`` is used beyond dimension 3."""
    half = nodes // 2
    if dimension == 2:
        first, rule = _half_circle(half), "equal angles on the circle"
    elif dimension == 3:
        first, rule = _fibonacci(half), "Fibonacci lattice on the sphere"
    else:
        first, rule = _sobol(dimension, half, rng), f"Sobol points on the sphere in {dimension} dimensions"
    return Nodes(first, np.ones(half), rule)


def seen_directions(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal directions (r, d) that the samples span, the axes if these are all; and a vector (d,) orthogonal to them.

    Its square is d - r, that of the part of a normal weight that no sample sees.
    """
    d = X.shape[1]
    _, sizes, directions = np.linalg.svd(X)
    rank = int(np.count_nonzero(sizes > max(X.shape) * np.finfo(float).eps * sizes[0]))
    if rank == d:
        return np.eye(d), np.zeros(d)
    return directions[:rank], np.sqrt(d - rank) * directions[rank]


def _half_circle(count: int) -> np.ndarray:
    """Equal angles from the axis of w: the half circle a > 0, at the centres of its arcs."""
    angle = np.pi * (np.arange(count) + 0.5) / count
    return np.column_stack([np.sin(angle), np.cos(angle)])


def _fibonacci(count: int) -> np.ndarray:
    """The upper half of the sphere, equal steps in height and golden steps in angle."""
    height = (np.arange(count) + 0.5) / count
    angle = 2 * np.pi * _GOLDEN * np.arange(count)
    radius = np.sqrt(1 - height**2)
    return np.column_stack([height, radius * np.cos(angle), radius * np.sin(angle)])


def _sobol(dimension: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Quasi-random directions with a > 0."""
    from scipy.special import ndtri  # with scipy.stats half a second: only for those who need them
    from scipy.stats.qmc import Sobol

    uniform = Sobol(dimension, seed=rng).random_base2(int(np.ceil(np.log2(count))))[:count]
    normal = ndtri(np.clip(uniform, 1e-16, 1 - 1e-16))
    normal[:, 0] = np.abs(normal[:, 0])
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)

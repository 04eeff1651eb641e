r"""Nodes for averages over Gaussian neurons: the infinitely wide network, as a network of a few thousand neurons.

In the rescaled time tau = t/alpha the flow of two layers depends on the width only through the capacity P = m kappa, the
average over neurons that it multiplies, and kappa'. Given the residual a neuron moves by a map that is homogeneous of degree 1,
while f, the tangent kernel and the squared distances are of degree 2: the radius of a Gaussian neuron integrates out,
E r^2 = dimension, and the average is an integral over the unit sphere. A rule for the sphere with N nodes, all of the same
weight, is an ordinary network of N neurons with kappa = P/N.

Every rule holds a node (a, w) with its mirror (-a, w), so that f = 0 at the start. Dimension is that of (a, w), where only the
directions of w that the samples see count.

* dimension 2, the circle: equal angles.
* dimension 3, the sphere: a Fibonacci lattice (Swinbank and Purser 2006; Keinert, Innmann, Saenger and Stamminger 2015).
* more: scrambled Sobol points through the normal distribution (:mod:`scipy.stats.qmc`), put on the sphere: an estimate whose
  error falls more slowly, and depends on the seed. On 45 digits 2000 of them are as good as 8000 random directions.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Nodes", "sphere_nodes"]

_GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Nodes:
    """Nodes of equal weight.

    Attributes
    ----------
    points : float64 (N, dimension)
        Of squared length ``dimension``, the first coordinate that of the output weight; the second half mirrors the first in it.
    rule : str
        What they are, in a few words.
    """

    points: np.ndarray
    rule: str


def sphere_nodes(dimension: int, nodes: int, rng: np.random.Generator) -> Nodes:
    """An even number of nodes on the sphere of radius sqrt(dimension); ``rng`` is used beyond dimension 3."""
    half = nodes // 2
    if dimension == 2:
        first, rule = _half_circle(half), "equal angles on the circle"
    elif dimension == 3:
        first, rule = _fibonacci(half), "Fibonacci lattice on the sphere"
    else:
        first, rule = _sobol(dimension, half, rng), f"Sobol points on the sphere in {dimension} dimensions"
    mirrored = first * np.where(np.arange(dimension) == 0, -1.0, 1.0)
    return Nodes(np.sqrt(dimension) * np.concatenate([first, mirrored]), rule)


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

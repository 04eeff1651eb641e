"""One cell of a measurement: the reference module of a graph at a width and a seed, trained, and how far each layer moved."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

import phasetheory as pt
from numerics.flow import Solution, gradient_flow
from numerics.networks.module import sample_array
from numerics.networks.reference import reference
from numerics.networks.seeds import cell_seed
from numerics.observe.distances import layer_observables

__all__ = ["distances", "train_reference"]


def train_reference(
    graph: pt.Graph,
    width: int,
    seed: int,
    X: ArrayLike,
    y: ArrayLike,
    *,
    normalisation: str | None = None,
    **options: Any,
) -> Solution:
    """Train the reference module of a graph from one start, which depends on the width and the seed alone.

    Parameters
    ----------
    graph : phasetheory.Graph
    width : int
    seed : int
        Number of the repetition.
    X : array (n, ...), y : array (n,) or (n, k)
    normalisation : str, optional
        As for :func:`reference`.
    **options
        Of :func:`numerics.gradient_flow`.

    Examples
    --------
    >>> graph = pt.recurrent(1, "1/sqrt(m)", "1/m", steps=2)
    >>> X = [[[0.5, 1.0], [-1.0, 1.0]], [[1.0, 1.0], [0.0, 1.0]]]
    >>> sorted(distances(train_reference(graph, 32, 0, X, [0.1, -0.1]))["spectral"])
    ['U', 'W', 'a']
    """
    rng = cell_seed(width=width, seed=seed)
    sample = sample_array(X).shape[1:]
    network = reference(graph, width, sample, rng=rng, normalisation=normalisation)
    return gradient_flow(network, X, y, **options)


def distances(solution: Solution) -> Mapping[str, dict[str, float]]:
    """RD of every layer, ``'frobenius'``: the largest over the run, ``'spectral'``: at its end."""
    parts = layer_observables(solution.network, solution.initial)
    return {
        "frobenius": {layer: solution.sup_relative_distance[layer] for layer in parts},
        "spectral": {layer: part.spectral_relative_distance for layer, part in parts.items()},
    }

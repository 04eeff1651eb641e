"""From a graph of the theory to a sampled network of a given width."""

from typing import Any

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.networks.deep import DeepNetwork
from numerics.networks.module import Module
from numerics.networks.sampling import check_width, count_at, number_at, output_scale_at

__all__ = ["draw_graph"]


def draw_graph(
    graph: pt.Graph,
    width: int,
    inputs: tuple[int, ...],
    *,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
) -> DeepNetwork | Module:
    """Draw the network of a graph, centred: fully connected layers as a :class:`DeepNetwork`, all else as a module of PyTorch.

    Parameters
    ----------
    graph : phasetheory.Graph
        Without free symbols besides the width and the input dimension.
    width : int
    inputs : tuple of int
        Shape of a sample, as for :func:`numerics.pytorch.reference`.
    rng : int, SeedSequence or Generator

    Examples
    --------
    >>> draw_graph(pt.fully_connected(("1", "1/m", "1/m"), biases=(1, 1), outputs=2), 16, (3,)).layers
    ('W1', 'b1', 'W2', 'b2', 'a')
    """
    check_width(width, even=False)
    told: dict[str, Any] = {"biases": (), "outputs": 1, "layer_norm": False, "embedding": None}
    told |= dict(graph.architecture.parameters)
    if graph.architecture.kind != "chain" or told["layer_norm"] or told["embedding"] is not None or len(inputs) != 1:
        from numerics.networks.reference import reference  # PyTorch, an extra, only where it is needed

        return reference(graph, width, inputs, rng=rng)
    values = {pt.m: sp.Integer(width), pt.d: sp.Integer(inputs[0])}
    weights = [name for name in graph.layers if name not in told["biases"]]
    spreads = [
        number_at(graph.layers[name].sigma, f"sigma_{name}", values, zero=True) if name in told["biases"] else None
        for name in (f"b{number}" for number in range(1, len(weights) + 1))
    ]
    return DeepNetwork.sample(
        (inputs[0], *[width] * (len(weights) - 1), count_at(told["outputs"], "outputs", values)),
        [number_at(graph.layers[name].sigma, f"sigma_{name}", values) for name in weights],
        alpha=output_scale_at(graph, values),
        learning_rates=[number_at(graph.layers[name].learning_rate, f"eta_{name}", values) for name in weights],
        rng=rng,
        biases=spreads if told["biases"] else None,
    )

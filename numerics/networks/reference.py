"""Reference modules: the network that a graph of the theory stands for, at one width."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.arrays import listed, whole_number
from numerics.errors import InputError, check_choice, check_type
from numerics.networks.architectures import KINDS, NORMALISATIONS, Reference
from numerics.networks.memory import check_memory
from numerics.networks.module import Module
from numerics.networks.sampling import check_width, count_at, number_at, output_scale_at
from numerics.networks.seeds import describe, generator

__all__ = ["reference"]


def reference(
    graph: pt.Graph,
    width: int,
    inputs: Any,
    *,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    centred: bool = True,
    normalisation: str | None = None,
) -> Module:
    """The network of a graph made by one of the theory's constructors, with weights drawn at the scales it has at a width.

    Parameters
    ----------
    graph : phasetheory.Graph
        Of :func:`phasetheory.fully_connected`, ``convolutional``, ``recurrent``, ``residual`` or ``attention``, or a
        :class:`phasetheory.Network` as ``Graph.of(network)``.
    width : int
        Value of m.
    inputs : int or sequence of int
        Shape of a sample, ``X.shape[1:]``: (d,); (channels, length) or (channels, height, breadth) of a convolution; (steps, d)
        of a recurrent network; (positions, d) of attention. Token ids of an embedding: () or (steps,). The theory counts on
        relus that are open somewhere: give every input a positive coordinate, such as a constant.
    rng : int, SeedSequence or Generator
    centred : bool
        Subtract the output at the start.
    normalisation : 'layer' or 'batch', optional
        Of a graph with ``layer_norm=True``; layer normalisation by default. Batch normalisation takes all samples as the batch.

    Returns
    -------
    Module
        Its layers are those of the graph; it knows what the graph conserves.

    Examples
    --------
    >>> rnn = reference(pt.recurrent(1, "1/sqrt(m)", "1/m", steps=3), 16, (3, 2))
    >>> rnn.layers, rnn.conserved
    (('U', 'W', 'a'), ({'U': 1.0, 'a': -1.0},))
    >>> rnn(np.ones((5, 3, 2)))
    array([0., 0., 0., 0., 0.])
    """
    check_type(graph, "graph", pt.Graph)
    check_width(width, even=False)
    kind = KINDS.get(graph.architecture.kind)
    if kind is None:
        raise InputError(
            f"the graph is of the kind {graph.architecture.kind!r}, which says no architecture; use a constructor such as "
            "pt.recurrent, or give your own module to Module.of"
        )
    sample = _sample(inputs, kind)
    values = {pt.m: sp.Integer(width), pt.d: sp.Integer(_coordinates(sample, graph.architecture.kind))}
    told = _told(graph, values)
    shapes = kind.shapes(tuple(graph.layers), told, sample, width)
    check_memory(sum(map(int, map(np.prod, shapes.values()))), f"width {width}")
    random = generator(rng)
    weights = {
        name: number_at(layer.sigma, f"sigma_{name}", values, zero=True) * random.standard_normal(shapes[name])
        for name, layer in graph.layers.items()
    }
    alpha = output_scale_at(graph, values)
    return Module.of(
        kind(weights, alpha, told, _normalise(normalisation, told)),
        centred=centred,
        learning_rates={
            name: number_at(layer.learning_rate, f"eta_{name}", values) for name, layer in graph.layers.items()
        },
        conserved=[law.coefficients for law in graph.conserved()],
        seed=describe(rng),
    )


def _sample(inputs: Any, kind: type[Reference]) -> tuple[int, ...]:
    given = (
        (inputs,) if isinstance(inputs, int) else listed(inputs, "inputs", f"give the shape of a sample, {kind.sample}")
    )
    found = tuple(whole_number(size, "inputs", 1, f"give positive integers, {kind.sample}") for size in given)
    if len(found) not in kind.axes:
        raise InputError(f"inputs = {found}; give the shape of a sample, {kind.sample}")
    return found


def _coordinates(sample: tuple[int, ...], kind: str) -> int:
    """Value of d: what a scale by ``fan_in`` counts at the input."""
    return (sample[0] if kind == "convolutional" else sample[-1]) if sample else 1


def _told(graph: pt.Graph, values: Mapping[sp.Symbol, sp.Expr]) -> dict[str, Any]:
    """The parameters of an architecture in numbers; a plain network has told none."""
    names = tuple(graph.layers)
    plain = {"depth": len(names), "biases": (), "outputs": 1, "layer_norm": False, "embedding": None}
    told = plain | dict(graph.architecture.parameters)
    for name in ("outputs", "embedding"):
        if told[name] is not None:
            told[name] = count_at(told[name], name, values)
    if "multiplier" in told:
        told["multiplier"] = number_at(told["multiplier"], "multiplier", values)
    return told


def _normalise(normalisation: str | None, told: Mapping[str, Any]) -> Any:
    if not told["layer_norm"]:
        if normalisation is not None:
            raise InputError(
                f"normalisation = {normalisation!r} for a graph without; give layer_norm=True to its constructor"
            )
        return None
    chosen = "layer" if normalisation is None else normalisation
    check_choice(chosen, "normalisation", NORMALISATIONS)
    return NORMALISATIONS[chosen]

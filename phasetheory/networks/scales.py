"""All scales of a graph at once: what a plane of graphs has at a point."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp

from phasetheory.networks.graph import Graph
from phasetheory.networks.layers import Bias, Parallel, Path, Series

__all__ = ["scales_of", "with_scales"]

Change = Callable[[sp.Expr], sp.Expr]


def with_scales(graph: Graph, change: Change) -> Graph:
    """The same graph, without its name, with every scale changed: sigmas, learning rates, multipliers and alpha."""
    layers = {
        name: replace(layer, sigma=change(layer.sigma), learning_rate=change(layer.learning_rate))
        for name, layer in graph.layers.items()
    }
    paths: Any = (
        _part(graph.paths, change)
        if isinstance(graph.paths, Series)
        else tuple(_path(path, change) for path in graph.paths)
    )
    return replace(graph, layers=layers, paths=paths, alpha=change(graph.alpha), name="")


def scales_of(graph: Graph) -> list[sp.Expr]:
    """Every scale of a graph."""
    found: list[sp.Expr] = []

    def keep(scale: sp.Expr) -> sp.Expr:
        found.append(scale)
        return scale

    with_scales(graph, keep)
    return found


def _path(path: Path, change: Change) -> Path:
    caps = (replace(cap, paths=tuple(_path(bound, change) for bound in cap.paths)) for cap in path.caps)
    return replace(path, multiplier=change(path.multiplier), caps=tuple(caps))


def _part(part: Any, change: Change) -> Any:
    if isinstance(part, str | Bias):
        return part
    parts = (_part(own, change) for own in part.parts)
    return Parallel(*parts) if isinstance(part, Parallel) else Series(*parts, multiplier=change(part.multiplier))

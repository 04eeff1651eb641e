"""A plane of graphs in the words of the command line: what is written after ``--architecture``."""

from collections.abc import Callable, Mapping
from shlex import quote
from typing import Any

import phasetheory as pt
from phasetheory.networks.written import graph_to_data

__all__ = ["plane_words"]


def plane_words(diagram: pt.GraphDiagram) -> list[str]:
    """Options that give this plane again; none if there are none, as with learning rates by layer.

    Examples
    --------
    >>> plane_words(pt.graph_diagram(*pt.architecture("residual:2").plane(multiplier="sqrt(m)")))
    ['--architecture residual:2', "--multiplier 'sqrt(m)'"]
    """
    graph = diagram.graph
    made = _TEXTS.get(graph.architecture.kind)
    if made is None:
        return []
    told = graph.architecture.parameters
    family = pt.architecture(made(told))
    options = {name: told[name] for name in ("multiplier", "outputs") if told.get(name, 1) != 1}
    if told.get("biases"):
        options["biases"] = [graph.layers[name].sigma for name in told["biases"]]
    words = [f"--architecture {family.text}"]
    for name, value in options.items():
        text = ", ".join(map(_text, value)) if isinstance(value, list) else _text(value)
        words.append(f"--{name} {quote(text)}")
    standard, coordinates = family.plane(**options)
    if _same(standard, graph) and coordinates == diagram.coordinates:
        return words
    sigmas = [graph.layers[name if name in graph.layers else f"{name}1"].sigma for name in family.scales]
    alpha = graph.alpha / standard.alpha * family.standard[1]  # that of the graph counts the outputs
    if not _same(family.graph(sigmas, alpha=alpha, **options), graph):
        return []
    text = f"{','.join(diagram.names)}: {', '.join(map(_text, sigmas))}; {_text(alpha)}"
    return [*words, f"--slice {quote(text)}"]


def _text(scale: Any) -> str:
    return str(scale).replace("**", "^")


def _same(one: pt.Graph, other: pt.Graph) -> bool:
    return one.architecture == other.architecture and graph_to_data(one) == graph_to_data(other)


def _chain(told: Mapping[str, Any]) -> str:
    name = "layer_norm" if told["layer_norm"] else "embedding" if told["embedding"] is not None else "fully_connected"
    return f"{name}:{told['depth']}"


_TEXTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "chain": _chain,
    "convolutional": lambda t: f"convolutional:{t['depth']}" + (":average" if t["pooling"] == "average" else ""),
    "recurrent": lambda t: f"recurrent:{t['steps']}" + (":impulse" if len(t["lags"]) == 1 else ""),
    "residual": lambda t: f"residual:{t['blocks']}" + (":two-matrices" if t["matrices"] == 2 else ""),
    "attention": lambda _: "attention",
}

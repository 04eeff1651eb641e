"""A graph as plain data and back: what a file keeps to know again what was measured."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.layers import Bias, Cap, Layer, Parallel, Path, Series, Share
from phasetheory.symbols.expressions import parse_scale

__all__ = ["graph_from_data", "graph_to_data"]


def graph_to_data(graph: Graph) -> dict[str, Any]:
    """A graph in types that JSON knows, scales as text; its name is left out.

    Examples
    --------
    >>> import phasetheory as pt
    >>> graph = pt.residual("1/m", "m^(-3/4)", "1/m", blocks=2, alpha="sqrt(m)")
    >>> graph_from_data(graph_to_data(graph)).slopes() == graph.slopes()
    True
    """
    return {
        "architecture": graph.architecture.kind,
        "layers": {name: _layer(layer) for name, layer in graph.layers.items()},
        "paths": _part(graph.paths) if isinstance(graph.paths, Series) else [_path(path) for path in graph.paths],
        "alpha": str(graph.alpha),
        "targets": list(graph.targets),
    } | ({"shares": [_share(share) for share in graph.shares]} if graph.shares else {})


def graph_from_data(data: Mapping[str, Any], symbols: tuple[sp.Symbol, ...] = ()) -> Graph:
    """The graph of :func:`graph_to_data`; its parameters, which say nothing more on slopes, are not kept.

    Parameters
    ----------
    data : mapping
    symbols : symbols
        That the scales contain besides m and d.
    """

    def scale(text: str) -> sp.Expr:
        return parse_scale(text, symbols=symbols)

    def part(found: Any) -> Any:
        if isinstance(found, str):
            return found
        if "bias" in found:
            return Bias(found["bias"], relu=found["relu"])
        if "parallel" in found:
            return Parallel(*map(part, found["parallel"]))
        return Series(*map(part, found["series"]), multiplier=scale(found["multiplier"]))

    def path(found: Mapping[str, Any]) -> Path:
        caps = tuple(Cap(tuple(map(path, cap["paths"])), _kinds(cap["targets"])) for cap in found["caps"])
        return Path(found["uses"], scale(found["multiplier"]), _kinds(found["targets"]), caps)

    layers = {
        name: Layer(**{key: scale(found[key]) for key in _SCALES}, outer=found["outer"], degree=found["degree"])
        for name, found in data["layers"].items()
    }
    shares = tuple(
        Share({layer: scale(factor) for layer, factor in found["factors"].items()}, scale(found["size"]))
        for found in data.get("shares", ())
    )
    paths = data["paths"]
    return Graph(
        layers,
        part(paths) if isinstance(paths, Mapping) else tuple(map(path, paths)),
        scale(data["alpha"]),
        tuple(data["targets"]),
        architecture=Architecture(data["architecture"]),
        shares=shares,
    )


_SCALES = ("sigma", "fan_in", "fan_out", "learning_rate")


def _layer(layer: Layer) -> dict[str, Any]:
    return {key: str(getattr(layer, key)) for key in _SCALES} | {"outer": layer.outer, "degree": layer.degree}


def _share(share: Share) -> dict[str, Any]:
    return {"factors": {layer: str(factor) for layer, factor in share.factors.items()}, "size": str(share.size)}


def _kinds(targets: Any) -> Any:
    return targets if targets is None else tuple(targets)


def _path(path: Path) -> dict[str, Any]:
    return {
        "uses": dict(path.uses),
        "multiplier": str(path.multiplier),
        "targets": path.targets,
        "caps": [{"paths": [_path(bound) for bound in cap.paths], "targets": cap.targets} for cap in path.caps],
    }


def _part(part: Series | Parallel | Bias | str) -> Any:
    if isinstance(part, str):
        return part
    if isinstance(part, Bias):
        return {"bias": part.layer, "relu": part.relu}
    parts = [_part(own) for own in part.parts]
    return {"parallel": parts} if isinstance(part, Parallel) else {"series": parts, "multiplier": str(part.multiplier)}

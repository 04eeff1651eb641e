"""A phase diagram as plain data: every number exact (a fraction as text) and as a float.

Regions and cells are convex polygons, vertices counter-clockwise. The plane is a square of half-width
:data:`phasetheory.diagrams.polygons.FAR`; a vertex on its edge stands for a direction and is marked ``at_infinity``.
"""

import json
from collections.abc import Sequence
from typing import Any

import sympy as sp

from phasetheory.diagrams.boundaries import Boundary
from phasetheory.diagrams.plane import Plane
from phasetheory.diagrams.polygons import Point, at_infinity
from phasetheory.diagrams.regions import Region
from phasetheory.networks.initializations import describe_initialization
from phasetheory.scaling.regimes import Basis

__all__ = ["to_dict", "to_json"]


def to_dict(diagram: Plane, layers: Sequence[str] | None = None) -> dict[str, Any]:
    """Everything about a diagram, ready for JSON.

    Parameters
    ----------
    diagram : Plane
        A phase diagram of any kind.
    layers : sequence of str, optional
        Layers whose regimes make the regions; all by default.
    """
    return {
        **diagram.description,
        "layers": list(diagram.layers),
        "norm": diagram.norm,
        "coordinates": [c.name for c in diagram.coordinates],
        "basis": Basis.DERIVED.value,
        "slopes": {layer: str(diagram.slope(layer)) for layer in diagram.layers},
        "boundaries": {layer: _boundary(diagram.boundary(layer)) for layer in diagram.layers},
        "regions": [_region(region) for region in diagram.regions(layers)],
        "target_region": _region(diagram.target_region) if diagram.target_region is not None else None,
        "named_points": [
            {"name": name, "title": describe_initialization(name).title, **_expressions(place)}
            for name, place in diagram.named_points.items()
        ],
    }


def to_json(diagram: Plane, layers: Sequence[str] | None = None) -> str:
    """:func:`to_dict` as JSON text."""
    return json.dumps(to_dict(diagram, layers), indent=2)


def _boundary(boundary: Boundary) -> dict[str, Any]:
    return {
        "text": str(boundary),
        "segments": [
            {
                "start": _vertex(segment.start),
                "end": _vertex(segment.end),
                "equation": f"{segment.equation.lhs} = {segment.equation.rhs}",
                "linear_side": str(segment.linear_side),
                "condensed_side": str(segment.condensed_side),
                "jump": segment.jump,
            }
            for segment in boundary.segments
        ],
    }


def _region(region: Region) -> dict[str, Any]:
    return {
        "label": region.label,
        "regimes": {layer: regime.value for layer, regime in region.regimes.items()},
        "polygons": [[_vertex(point) for point in polygon] for polygon in region.polygons],
    }


def _vertex(point: Point) -> dict[str, Any]:
    return {"exact": [str(c) for c in point], "float": [float(c) for c in point], "at_infinity": at_infinity(point)}


def _expressions(place: tuple[sp.Expr, sp.Expr]) -> dict[str, Any]:
    floats = None if any(e.free_symbols for e in place) else [float(e) for e in place]
    return {"exact": [str(e) for e in place], "float": floats}

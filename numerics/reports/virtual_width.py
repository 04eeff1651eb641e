"""Slopes at widths that nobody can train, beside the derived ones: as a table, as a column, and as data."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from numerics.experiments.grids import Point
from numerics.experiments.plan import Plan
from numerics.experiments.virtual_width import MeanFieldSlopes
from numerics.reports.plain_data import without_nan
from numerics.reports.tables import ResultTable
from phasetheory.symbols.printing import plain

__all__ = ["virtual_caption", "virtual_cell", "virtual_dict", "virtual_table"]


def virtual_table(plan: Plan, found: Mapping[Point, MeanFieldSlopes]) -> ResultTable:
    """Derived slopes of two layers beside those between neighbouring virtual widths, one row a layer."""
    widths = next(iter(found.values())).widths
    pairs = [f"{_width(a)} to {_width(b)}" for a, b in pairwise(widths)]
    table = ResultTable(
        "Slopes of the infinitely wide network at widths that nobody can train",
        "RD at a width is that of a network of this width but for O(1/sqrt(width)), proved; by quadrature, no network is "
        "trained, no verdict rests on it. Rounding: a distance too small for double precision; cut short: the runs did not end.",
        [*map(plain, plan.diagram.coordinates), "layer", "limit", *pairs],
        keys=3,
    )
    for point, slopes in found.items():
        limits = plan.limits(point)
        for row, layer in enumerate(slopes.layers):
            place = [f"{float(value):g}" if row == 0 else "" for value in point]
            cells = [
                f"{slope:+.3f}" if np.isfinite(slope) else _why_not(slopes, layer)
                for slope in slopes.local_slopes(layer)[:, 0]
            ]
            last = row == len(slopes.layers) - 1
            table.add_row(*place, layer, str(limits[layer]), *cells, end_section=last)
    return table


def virtual_cell(slopes: MeanFieldSlopes, layer: str) -> str:
    """The slope of a layer beyond two, and its spread over draws."""
    slope, spread = slopes.slopes[layer], slopes.spreads[layer]
    if not np.isfinite(slope):
        return _why_not(slopes, layer)
    return f"{slope:+.2f} ± {spread:.2f}" if np.isfinite(spread) else f"{slope:+.2f}"


def virtual_caption(found: Mapping[Point, MeanFieldSlopes]) -> str:
    """What the column beyond two layers is, what it rests on and where it fails."""
    one = next(iter(found.values()))
    draws = one.distances[one.layers[0]].shape[1]
    return (
        f"Virtual, argued and not proved: the slope from width {_width(one.widths[-2])} to {_width(one.widths[-1])}, played by "
        f"networks of {one.real_width} neurons with layers as strong as there; mean and standard deviation of {draws} draws. It "
        "is not yet the limit where a target is met in plateaus: for the zigzag of the four points, W1 where W2 alone "
        "condenses needs widths of 1e9."
    )


def virtual_dict(plan: Plan, found: Mapping[Point, MeanFieldSlopes]) -> list[dict[str, Any]]:
    """Every point: widths, RD of every draw, slopes, spread and what was left out."""
    return [
        {
            "point": list(map(str, point)),
            "basis": slopes.basis,
            "widths": slopes.widths.tolist(),
            "real_width": slopes.real_width,
            "relative_distances": without_nan({layer: rd.tolist() for layer, rd in slopes.distances.items()}),
            "limit": {layer: str(limit) for layer, limit in plan.limits(point).items()},
            "local_slopes": without_nan({layer: slopes.local_slopes(layer).tolist() for layer in slopes.layers}),
            "spread": without_nan(slopes.spreads),
            "notes": list(slopes.notes),
        }
        for point, slopes in found.items()
    ]


def _width(width: float) -> str:
    return f"{width:.0e}".replace("e+0", "e").replace("e+", "e")


def _why_not(slopes: MeanFieldSlopes, layer: str) -> str:
    """Why a layer has no slope."""
    return "rounding" if any(f"RD of {layer} is lost" in note for note in slopes.notes) else "cut short"

"""Points of a plane drawn at random, some in each of its regions: what is measured is not chosen by how it turns out."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from numerics.errors import InputError
from numerics.experiments.grids import Point
from phasetheory.diagrams.plane import Plane
from phasetheory.diagrams.polygons import intersection
from phasetheory.scaling.regimes import Regime

__all__ = ["RULE", "Window", "sampled_points"]

#: Least and largest value of the first coordinate, and of the second.
Window = tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]

_MOST = 8  # points, unless there are more regions
_GRID = 20  # points are multiples of 1/20
_AT_ONCE, _BATCHES = 400, 20

#: How points are drawn, for the record.
RULE = "uniform in every region of the window, the same number in each, all kept"


def sampled_points(diagram: Plane, window: Window, seed: int = 0) -> tuple[Point, ...]:
    """Points of a window, uniform in each of its regions, the same number in each: eight in all, or as many as there are regions.

    Regions are the parts where every layer keeps its regime, and that have an area in the window. Multiples of 1/20 of the window
    are drawn, and the first in each region are taken, until each has its own.

    Raises
    ------
    InputError
        If a region is so small that none falls into it.

    Examples
    --------
    >>> import phasetheory as pt
    >>> window = ((Fraction(0), Fraction(4)), (Fraction(-1), Fraction(1)))
    >>> [tuple(map(str, point)) for point in sampled_points(pt.phase_diagram(3), window)][:2]
    [('21/20', '-13/20'), ('19/10', '-3/4')]
    """
    (left, right), (low, high) = window
    box = ((left, low), (right, low), (right, high), (left, high))
    regions = [region for region in diagram.regions() if any(intersection(part, box) for part in region.polygons)]
    each = max(_MOST // len(regions), 1)
    found: dict[tuple[str, ...], dict[Point, None]] = {_key(region.regimes): {} for region in regions}
    rng = np.random.default_rng(seed)
    for _ in range(_BATCHES):
        across, along = (rng.integers(int(first * _GRID), int(last * _GRID) + 1, _AT_ONCE) for first, last in window)
        for x, y in zip(across.tolist(), along.tolist(), strict=True):
            point = Fraction(x, _GRID), Fraction(y, _GRID)
            here = found.get(_key(diagram.regime_at(**dict(zip(diagram.names, point, strict=True)))))
            if here is not None and len(here) < each:  # on a boundary there is no region
                here[point] = None
                if all(len(points) == each for points in found.values()):
                    return tuple(point for points in found.values() for point in points)
    raise InputError(
        "a region of the plane is too small in the window for points drawn at random; give points, on the command line "
        "--point X,Y as often as you like"
    )


def _key(regimes: Mapping[str, Regime]) -> tuple[str, ...]:
    return tuple(regime.value for regime in regimes.values())

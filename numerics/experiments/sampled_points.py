"""Points of a plane drawn at random, some in each of its regions: what is measured is not chosen by how it turns out."""

from collections import defaultdict
from fractions import Fraction

import numpy as np

from numerics.experiments.grids import Point
from phasetheory.diagrams.plane import Plane

__all__ = ["Window", "sampled_points"]

#: Least and largest value of the first coordinate, and of the second.
Window = tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]

_DRAWN = 400
_GRID = 20  # points are multiples of 1/20
_SMALLEST = 0.02  # part of the window below which a region is not measured
_FEWEST, _MOST = 4, 8  # points


def sampled_points(diagram: Plane, window: Window, seed: int = 0) -> tuple[Point, ...]:
    """4 to 8 points of a window, uniform in each region that covers 2 % of it, the same number in each.

    Regions are the parts where every layer keeps its regime; of more than eight the largest are taken.

    Examples
    --------
    >>> import phasetheory as pt
    >>> window = ((Fraction(0), Fraction(4)), (Fraction(-1), Fraction(1)))
    >>> [tuple(map(str, point)) for point in sampled_points(pt.phase_diagram(3), window)][:2]
    [('21/20', '-13/20'), ('13/4', '3/20')]
    """
    rng = np.random.default_rng(seed)
    (left, right), (low, high) = (tuple(int(end * _GRID) for end in side) for side in window)
    drawn = zip(rng.integers(left, right + 1, _DRAWN), rng.integers(low, high + 1, _DRAWN), strict=True)
    found: dict[tuple[str, ...], list[Point]] = defaultdict(list)
    for x, y in dict.fromkeys(drawn):
        point = Fraction(int(x), _GRID), Fraction(int(y), _GRID)
        regimes = diagram.regime_at(**dict(zip(diagram.names, point, strict=True)))
        found[tuple(regime.value for regime in regimes.values())].append(point)
    known = {tuple(regime.value for regime in region.regimes.values()) for region in diagram.regions()}
    inside = [points for regimes, points in found.items() if regimes in known and len(points) >= _SMALLEST * _DRAWN]
    largest = sorted(inside, key=len, reverse=True)[:_MOST]
    each = -(-_FEWEST // len(largest))
    return tuple(point for points in largest for point in points[:each])

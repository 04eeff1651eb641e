"""Regions: the parts of the plane where every layer keeps its regime, as convex polygons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from phasetheory.diagrams.piecewise import PiecewiseLinear
from phasetheory.diagrams.polygons import PLANE, Affine, Polygon, clip, convex_union, intersection
from phasetheory.scaling.regimes import Regime

__all__ = ["Region", "regions_of"]


@dataclass(frozen=True)
class Region:
    """A part of the plane where every layer keeps its regime: a union of convex polygons."""

    regimes: dict[str, Regime]
    polygons: tuple[Polygon, ...]

    @property
    def label(self) -> str:
        """For instance ``'w condensed, a linear'``."""
        return ", ".join(f"{layer} {regime.value}" for layer, regime in self.regimes.items())


def regions_of(slopes: Mapping[str, PiecewiseLinear]) -> tuple[Region, ...]:
    """One region for each combination of regimes that has an area, from left to right and from below."""
    labelled: list[tuple[Polygon, tuple[Regime, ...]]] = [(PLANE, ())]
    for slope in dict.fromkeys(slopes.values()):  # like layers once
        signs = [cell for polygon, function in slope.cells for cell in _signs(polygon, function)]
        labelled = [
            (common, (*labels, regime))
            for polygon, labels in labelled
            for other, regime in signs
            if (common := intersection(polygon, other))
        ]
    grouped: dict[tuple[Regime, ...], list[Polygon]] = {}
    for polygon, labels in labelled:
        grouped.setdefault(labels, []).append(polygon)
    place = {slope: i for i, slope in enumerate(dict.fromkeys(slopes.values()))}
    regions = (
        Region({layer: labels[place[slope]] for layer, slope in slopes.items()}, tuple(sorted(convex_union(polygons))))
        for labels, polygons in grouped.items()
    )
    return tuple(sorted(regions, key=lambda region: region.polygons))


def _signs(polygon: Polygon, function: Affine) -> Iterable[tuple[Polygon, Regime]]:
    """The parts of a cell in each regime that have an area."""
    if function == Affine(Fraction(0), Fraction(0), Fraction(0)):
        yield polygon, Regime.CRITICAL
        return
    for part, regime in ((function * -1, Regime.LINEAR), (function, Regime.CONDENSED)):
        if half := clip(polygon, part):
            yield half, regime

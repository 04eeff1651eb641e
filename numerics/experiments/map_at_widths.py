"""A measured map of slopes against the infinitely wide network at its widths, point by point and boundary against boundary.

A point is judged as one of a verification (:mod:`numerics.experiments.judgement`), whether it is near a boundary or not.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from numerics.experiments.allowance import allowance_at
from numerics.experiments.at_widths import AtWidths
from numerics.experiments.grids import Point, exact
from numerics.experiments.judgement import Verdict, judge
from numerics.experiments.prediction import Prediction

if TYPE_CHECKING:
    import xarray

__all__ = ["MapAtWidths"]


@dataclass(frozen=True)
class MapAtWidths:
    """What is expected of one layer at the widths of a scan, and whether it was measured; found when asked for.

    Attributes
    ----------
    layer : str
    here : AtWidths
    slopes, boundary : xarray.Dataset
        Of a :class:`numerics.experiments.maps.MapComparison`: measured, and derived in the limit.
    runs : xarray.Dataset
        RD of the layer, and how the runs ended.
    """

    layer: str
    here: AtWidths
    slopes: "xarray.Dataset" = field(repr=False)
    boundary: "xarray.Dataset" = field(repr=False)
    runs: "xarray.Dataset" = field(repr=False)

    @cached_property
    def expected(self) -> "xarray.DataArray":
        """Slopes at these widths over the plane, the limit plus what is missing of it there; nan where they are not known."""
        x, y = self.here.diagram.names
        found = self.slopes["predicted"].transpose(x, y).copy()
        limits = self.here.diagram.evaluate(found[x].values[:, None], found[y].values[None, :], layers=[self.layer])
        missing = np.full(found.shape, np.nan)
        there = self.slopes["slope"].notnull()
        for i, j in np.argwhere(there.any([name for name in there.dims if name not in (x, y)]).transpose(x, y).values):
            slope = self.here.slopes(_point(found[x][i], found[y][j])).get(self.layer, np.nan)
            missing[i, j] = slope - limits[self.layer][i, j]
        return found + missing

    @cached_property
    def zero(self) -> "xarray.DataArray":
        """Where the slope at these widths is zero, looked for between the points that are measured in each row."""
        x, y = self.here.diagram.names
        found, expected = self.slopes[y] * np.nan, self.expected
        for i in range(len(found)):
            columns = expected.isel({y: i}).dropna(x)[x].values
            found[i] = self.here.boundary(self.layer, float(found[y][i]), columns)
        return found

    @cached_property
    def verdicts(self) -> "xarray.DataArray":
        """Values of :class:`numerics.experiments.judgement.Verdict` wherever there is a slope; empty where nothing is known."""
        x, y = self.here.diagram.names
        slopes = self.slopes["slope"].transpose(x, y, ...)
        known = slopes.notnull() & self.expected.notnull()
        runs, limits = (
            self.runs.transpose(*slopes.dims, "width", "seed"),
            self.slopes["predicted"].transpose(x, y).values,
        )
        found = np.full(slopes.shape, "", dtype=object)
        for place in map(tuple, np.argwhere(known.transpose(*slopes.dims).values)):
            i, j = place[:2]
            distances = self.here.distances(_point(slopes[x][i], slopes[y][j]))[self.layer]
            prediction = Prediction(sp.Rational(str(limits[i, j])), float(self.expected[i, j]), distances)
            measured = runs["relative_distance"].values[place], runs["status"].values[place]
            result = judge(self.layer, "frobenius", prediction, self.here.widths, *measured, allowance_at(2))
            found[place] = result.verdict.value
        return slopes.copy(data=found.astype(str))

    def count(self, verdict: Verdict) -> int:
        """How many points have it."""
        return int((self.verdicts == verdict.value).sum())

    def sentence(self) -> str:
        """What becomes of all points, near the boundary or not."""
        points = int(self.slopes["slope"].notnull().sum())
        agree, disagree, undecided = map(self.count, Verdict)
        unknown = points - agree - disagree - undecided
        others = [f"{disagree} disagree"] if disagree else []
        others += [f"{undecided} undecided: an interval too wide, or runs cut short"] if undecided else []
        others += [f"{unknown} where that has no slope"] if unknown else []
        aside = f" ({'; '.join(others)})" if others else ""
        return f"{agree} of {points} points agree with the infinitely wide network at these widths{aside}"


def _point(x: object, y: object) -> Point:
    return exact(float(x), "coordinate"), exact(float(y), "coordinate")  # type: ignore[arg-type]

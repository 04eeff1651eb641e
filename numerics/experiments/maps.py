"""A measured map of slopes against a derived phase diagram: point by point, and boundary against boundary."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import phasetheory as pt
from numerics.errors import InputError
from numerics.experiments.verify import FINITE_WIDTH, regime_of
from numerics.slopes import crossings, slope_map

if TYPE_CHECKING:
    import xarray

__all__ = ["AWAY", "MapComparison", "compare_map", "layers_of", "predicted_boundary", "predicted_slopes"]

#: A point counts as away from the boundary where the predicted slope is larger than this, either way.
AWAY = 2 * FINITE_WIDTH


@dataclass(frozen=True)
class MapComparison:
    """One layer's measured slopes and boundary beside the derived ones.

    Attributes
    ----------
    layer : str
    slopes : xarray.Dataset
        Of :func:`numerics.slopes.slope_map`, with ``predicted`` and ``difference``, measured minus predicted, added.
    boundary : xarray.Dataset
        Of :func:`numerics.slopes.crossings`, with ``predicted`` added.
    points, judged, agreeing : int
        Points with a measured slope; those away from the boundary (:data:`AWAY`); those of them in the predicted regime.
    largest : tuple (difference, first coordinate, second coordinate, measured, predicted)
        Where measured and predicted slope differ most; nan without a point.
    """

    layer: str
    slopes: "xarray.Dataset"
    boundary: "xarray.Dataset"
    points: int
    judged: int
    agreeing: int
    largest: tuple[float, float, float, float, float]

    def verdict(self, names: tuple[str, str] = ("γ", "γ'")) -> str:
        """One line for people."""
        if not self.points:
            return f"S_{self.layer}: no point has a slope yet"
        difference, x, y, measured, predicted = self.largest
        share = f" ({self.agreeing / self.judged:.0%})" if self.judged else ""
        return (
            f"S_{self.layer}: {self.agreeing} of {self.judged} points{share} away from the boundary (|S| > {AWAY:g}) are in the "
            f"predicted regime; largest disagreement {difference:+.2f} at ({names[0]}, {names[1]}) = ({x:g}, {y:g}): measured "
            f"{measured:+.2f}, predicted {predicted:+.2f} in the limit"
        )


def compare_map(
    dataset: "xarray.Dataset", layer: str = "w", *, diagram: pt.PhaseDiagram | None = None, resamples: int = 2000
) -> MapComparison:
    """Compare a scan with a phase diagram.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a scan whose first two dimensions are the coordinates of the diagram.
    layer : str
        One of the diagram's, or ``'theta'``, all weights together, whose slope is the largest of all layers.
    diagram : PhaseDiagram, optional
        The two-layer diagram by default.
    resamples : int
        For the intervals.
    """
    diagram = diagram or pt.phase_diagram(2)
    one = _of_layer(dataset, layer, diagram)
    horizontal, vertical = (c.name for c in diagram.coordinates)
    for name in (horizontal, vertical):
        if name not in one.dims:
            raise InputError(f"the dataset has no coordinate {name}; it has {', '.join(map(str, one.dims))}")
    slopes = slope_map(one, resamples=resamples)
    predicted = predicted_slopes(diagram, layer, slopes)
    slopes = slopes.assign(predicted=predicted, difference=slopes["slope"] - predicted)
    boundary = crossings(one, horizontal, resamples=resamples)
    heights = boundary[vertical].values
    line = predicted_boundary(diagram, layer, heights, (float(one[horizontal].min()), float(one[horizontal].max())))
    boundary = boundary.assign(predicted=(vertical, line))
    return MapComparison(layer, slopes, boundary, *_judge(slopes, horizontal, vertical))


def layers_of(dataset: "xarray.Dataset") -> list[str]:
    """Layers that a scan has measured."""
    if "layer" not in dataset.coords:
        raise InputError("the dataset has no layers; give the store of a scan of relative distances")
    return [str(layer) for layer in dataset["layer"].values]


def predicted_slopes(diagram: pt.PhaseDiagram, layer: str, points: "xarray.Dataset") -> "xarray.DataArray":
    """Derived S of a layer at the points of a dataset, in the limit of infinite width."""
    x, y = (points[c.name] for c in diagram.coordinates)
    values = diagram.evaluate(x.values[:, None], y.values[None, :])
    array = np.max(list(values.values()), axis=0) if layer == "theta" else values[layer]
    template = x * y
    return template.copy(data=array)


def predicted_boundary(
    diagram: pt.PhaseDiagram, layer: str, heights: np.ndarray, window: tuple[float, float]
) -> np.ndarray:
    """First coordinate at which the derived slope is zero, at each value of the second; nan outside the window."""
    low, high = np.full(heights.shape, window[0] - 1e-9), np.full(heights.shape, window[1] + 1e-9)

    def slope(x: np.ndarray) -> np.ndarray:
        values = diagram.evaluate(x, heights)
        return np.max(list(values.values()), axis=0) if layer == "theta" else values[layer]

    inside = (slope(low) <= 0) & (slope(high) >= 0)
    for _ in range(60):  # S rises with the first coordinate
        middle = (low + high) / 2
        below = slope(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(inside, (low + high) / 2, np.nan)


def _of_layer(dataset: "xarray.Dataset", layer: str, diagram: pt.PhaseDiagram) -> "xarray.Dataset":
    if layer not in layers_of(dataset):
        raise InputError(f"layer = {layer!r}; this scan has {', '.join(layers_of(dataset))}")
    chosen = {"layer": layer} | ({"norm": diagram.norm} if "norm" in dataset.coords else {})
    return dataset[["relative_distance", "status"]].sel(chosen)


def _judge(
    slopes: "xarray.Dataset", horizontal: str, vertical: str
) -> tuple[int, int, int, tuple[float, float, float, float, float]]:
    measured, predicted = (
        slopes[name].broadcast_like(slopes["slope"]).values.ravel() for name in ("slope", "predicted")
    )
    x, y = (slopes[name].broadcast_like(slopes["slope"]).values.ravel() for name in (horizontal, vertical))
    there = np.isfinite(measured)
    away = there & (np.abs(predicted) > AWAY)
    agreeing = sum(regime_of(measured[i]) is regime_of(predicted[i]) for i in np.flatnonzero(away))
    if not there.any():
        return 0, 0, 0, (np.nan,) * 5
    i = int(np.nanargmax(np.abs(measured - predicted)))
    worst = tuple(float(v[i]) for v in (measured - predicted, x, y, measured, predicted))
    return int(there.sum()), int(away.sum()), agreeing, worst  # type: ignore[return-value]

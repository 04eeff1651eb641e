"""A measured map of slopes against a derived phase diagram: point by point, and boundary against boundary.

Of two layers also against the infinitely wide network at the widths of the scan (:mod:`numerics.experiments.map_at_widths`).
"""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.errors import InputError, check_choice
from numerics.experiments.allowance import allowance_at
from numerics.experiments.at_widths import at_widths_of
from numerics.experiments.map_at_widths import MapAtWidths
from numerics.experiments.weight_decay import DecayOfWidth
from numerics.scans import CellStatus
from numerics.slopes import crossings, slope_map
from phasetheory.diagrams.plane import Plane
from phasetheory.networks.written import graph_from_data
from phasetheory.symbols.printing import plain

if TYPE_CHECKING:
    import xarray

__all__ = ["AWAY", "MapComparison", "at_loss_level", "compare_map", "diagram_of", "layers_of", "levels_of", "norms_of"]
__all__ += ["predicted_boundary"]

_ALLOWANCE = allowance_at(2)
#: A point counts as away from the boundary where the predicted slope is larger than this, either way.
AWAY = 2 * _ALLOWANCE.finite_width


@dataclass(frozen=True)
class MapComparison:
    """One layer's measured slopes and boundary beside the derived ones.

    Attributes
    ----------
    layer : str
    diagram : PhaseDiagram or GraphDiagram
        What was compared with; its norm is that of the distances.
    slopes : xarray.Dataset
        Of :func:`numerics.slopes.slope_map`, with ``predicted`` and ``difference``, measured minus predicted, added.
    boundary : xarray.Dataset
        Of :func:`numerics.slopes.crossings`, with ``predicted`` added.
    points, judged, agreeing : int
        Points with a measured slope; those away from the boundary (:data:`AWAY`); those of them in the predicted regime.
    largest : tuple (difference, first coordinate, second coordinate, measured, predicted)
        Where measured and predicted slope differ most; nan without a point.
    here : MapAtWidths or None
        What is expected at the widths of the scan; None where that is not known.
    why_not_here : str
        Why; empty if it is.
    """

    layer: str
    diagram: Plane
    slopes: "xarray.Dataset"
    boundary: "xarray.Dataset"
    points: int
    judged: int
    agreeing: int
    largest: tuple[float, float, float, float, float]
    here: MapAtWidths | None = field(default=None, repr=False)
    why_not_here: str = ""

    def verdict(self) -> str:
        """One line for people."""
        if not self.points:
            return f"S_{self.layer}: no point has a slope yet"
        difference, x, y, measured, predicted = self.largest
        share = f" ({self.agreeing / self.judged:.0%})" if self.judged else ""
        names = ", ".join(map(plain, self.diagram.coordinates))
        here = f"{self.here.sentence()}; " if self.here else ""
        near, none = self.points - self.judged, self.slopes["slope"].size - self.points
        unjudged = [f"{near} are nearer to it and not judged"] if near and not here else []
        unjudged += [f"{none} have no slope"] if none else []
        aside = "".join(f", {part}" for part in unjudged)
        return (
            f"S_{self.layer}: {here}{self.agreeing} of {self.judged} points{share} away from the boundary (|S| > {AWAY:g}) are "
            f"in the predicted regime, with |S| up to {_ALLOWANCE.critical:g} critical{aside}; largest disagreement "
            f"{difference:+.2f} at ({names}) = ({x:g}, {y:g}): measured {measured:+.2f}, predicted {predicted:+.2f} in the limit"
            f"{self._expected_at(x, y)}"
        )

    def _expected_at(self, x: float, y: float) -> str:
        if self.here is None:
            return ""
        there = float(self.here.expected.sel(dict(zip(self.diagram.names, (x, y), strict=True))))
        return f", {there:+.2f} at these widths" if np.isfinite(there) else ""


def diagram_of(dataset: "xarray.Dataset", norm: str = "frobenius") -> pt.PhaseDiagram | pt.GraphDiagram:
    """The derived diagram of the plane that a dataset was measured on, with weight decay at the fit; its scales are kept with it.

    Raises
    ------
    InputError
        If they are not: the scan is of an older version, or of another kind of experiment.
    """
    if "graph" in dataset.attrs:
        x, y = (sp.Symbol(name, real=True) for name in dataset.attrs["coordinates"].split(", "))
        graph = graph_from_data(json.loads(dataset.attrs["graph"]), (x, y))
        return pt.graph_diagram(graph, (x, y), norm=norm)
    names = ("coordinates", "sigmas", "alpha", "learning_rates")
    if missing := [name for name in names if name not in dataset.attrs]:
        raise InputError(
            f"the dataset does not say its plane ({', '.join(missing)} missing): an older version made it, or another "
            "experiment; scan again, or give the diagram"
        )
    x, y = (sp.Symbol(name, real=True) for name in dataset.attrs["coordinates"].split(", "))
    scales = {
        name: [pt.parse_scale(text, symbols=(x, y)) for text in dataset.attrs[name].split(", ")] for name in names[1:]
    }
    network = pt.Network(tuple(scales["sigmas"]), scales["alpha"][0], tuple(scales["learning_rates"]))
    optimizer = dataset.attrs.get("optimizer", "gradient-flow")
    diagram = pt.phase_diagram(network=network, coordinates=(x, y), norm=norm, optimizer=optimizer)
    if "weight_decay" not in dataset.attrs:
        return diagram
    return pt.decayed_diagram(DecayOfWidth.of(dataset.attrs["weight_decay"]).ell, diagram=diagram)


def compare_map(
    dataset: "xarray.Dataset",
    layer: str | None = None,
    *,
    norm: str = "frobenius",
    diagram: Plane | None = None,
    resamples: int = 2000,
) -> MapComparison:
    """Compare a scan with a phase diagram.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a scan of a :class:`numerics.Plan`, at one ``beta2_exponent`` if it has several.
    layer : str, optional
        The first by default; with two layers also ``'theta'``, all normalised weights together.
    norm : str
        ``'frobenius'`` or, beyond two layers, ``'spectral'``.
    diagram : PhaseDiagram, optional
        That of the dataset by default.
    resamples : int
        For the intervals.
    """
    layer = layers_of(dataset)[0] if layer is None else layer
    diagram = diagram_of(dataset, norm) if diagram is None else diagram.with_norm(norm)
    one = _of_layer(dataset, layer, norm)
    horizontal, vertical = diagram.names
    for name in (horizontal, vertical):
        if name not in one.dims:
            raise InputError(f"the dataset has no coordinate {name}; it has {', '.join(map(str, one.dims))}")
    slopes = slope_map(one, resamples=resamples)
    predicted = diagram.evaluate(slopes[horizontal].values[:, None], slopes[vertical].values[None, :], layers=[layer])
    derived = slopes[horizontal] * slopes[vertical]  # for its coordinates
    derived = derived.copy(data=predicted[layer])
    slopes = slopes.assign(predicted=derived, difference=slopes["slope"] - derived)
    boundary = crossings(one, horizontal, resamples=resamples)
    window = float(one[horizontal].min()), float(one[horizontal].max())
    line = predicted_boundary(diagram, layer, boundary[vertical].values, window)
    boundary = boundary.assign(predicted=(vertical, line))
    here, why_not = None, ""
    try:
        here = MapAtWidths(layer, at_widths_of(dataset, diagram_of(dataset)), slopes, boundary, one)
    except InputError as reason:
        why_not = str(reason)
    return MapComparison(layer, diagram, slopes, boundary, *_judge(slopes, horizontal, vertical), here, why_not)


def layers_of(dataset: "xarray.Dataset") -> list[str]:
    """Layers that a scan has measured."""
    return _labels(dataset, "layer")


def norms_of(dataset: "xarray.Dataset") -> list[str]:
    """Norms that a scan has measured."""
    return _labels(dataset, "norm")


def predicted_boundary(diagram: Plane, layer: str, heights: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """First coordinate at which the layer is critical, at each value of the second; nan outside the window.

    Where it is critical more than once the smallest in the window counts.
    """
    boundary = diagram.boundary(layer)
    found = np.full(len(heights), np.nan)
    for i, height in enumerate(heights):
        inside = [float(x) for x in boundary.at(float(height)) if window[0] - 1e-9 <= x <= window[1] + 1e-9]
        found[i] = min(inside, default=np.nan)
    return found


def _labels(dataset: "xarray.Dataset", name: str) -> list[str]:
    if name not in dataset.coords:
        raise InputError(f"the dataset has no {name}s: an older version made it, or another experiment; scan again")
    return [str(label) for label in dataset[name].values]


def levels_of(dataset: "xarray.Dataset") -> list[float]:
    """Levels of the loss at which a scan has measured RD, besides at the end."""
    return [float(level) for level in dataset["loss_level"].values] if "loss_level" in dataset.coords else []


def at_loss_level(dataset: "xarray.Dataset", level: float) -> "xarray.Dataset":
    """The scan as it stood where the loss of each run first fell to a level, one of those that it was asked to measure at.

    The runs that got there count, wherever they ended; the others have stopped short of it. Distances are in Frobenius norm.
    """
    if level not in levels_of(dataset):
        known = ", ".join(f"{known:g}" for known in levels_of(dataset)) or "none; scan with --loss-levels"
        raise InputError(f"loss level {level:g}: this scan has {known}")
    distances = dataset["relative_distance_at"].sel(loss_level=level, drop=True).expand_dims(norm=["frobenius"])
    there = distances.notnull().all(["layer", "norm"])
    ran = dataset["status"].isin([CellStatus.DONE, CellStatus.STOPPED_SHORT])
    status = dataset["status"].where(~(ran & there), np.int8(CellStatus.DONE))
    status = status.where(~ran | there, np.int8(CellStatus.STOPPED_SHORT)).assign_attrs(dataset["status"].attrs)
    found = dataset.drop_dims(["norm", "loss_level"]).assign(relative_distance=distances, status=status)
    return found.assign_attrs(loss_level=level)


def _of_layer(dataset: "xarray.Dataset", layer: str, norm: str) -> "xarray.Dataset":
    for given, known, name in ((layer, layers_of(dataset), "layer"), (norm, norms_of(dataset), "norm")):
        check_choice(given, name, known, "this scan has")
    return dataset[["relative_distance", "status"]].sel(layer=layer, norm=norm)


def _judge(
    slopes: "xarray.Dataset", horizontal: str, vertical: str
) -> tuple[int, int, int, tuple[float, float, float, float, float]]:
    measured, predicted = (
        slopes[name].broadcast_like(slopes["slope"]).values.ravel() for name in ("slope", "predicted")
    )
    x, y = (slopes[name].broadcast_like(slopes["slope"]).values.ravel() for name in (horizontal, vertical))
    there = np.isfinite(measured)
    away = there & (np.abs(predicted) > AWAY)
    agreeing = sum(_ALLOWANCE.regime(measured[i]) is _ALLOWANCE.regime(predicted[i]) for i in np.flatnonzero(away))
    if not there.any():
        return 0, 0, 0, (np.nan,) * 5
    i = int(np.nanargmax(np.abs(measured - predicted)))
    worst = tuple(float(v[i]) for v in (measured - predicted, x, y, measured, predicted))
    return int(there.sum()), int(away.sum()), agreeing, worst  # type: ignore[return-value]

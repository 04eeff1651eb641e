"""RD, or another quantity, against the width: measured points, fitted power laws, predicted slopes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

import phasetheory as pt
from numerics.experiments.judgement import LayerResult
from numerics.experiments.maps import diagram_of
from numerics.experiments.scaling_check import ScalingCheck
from numerics.figures.style import (
    ANY_COLOUR,
    COLOURS,
    EXPECTED,
    MARKERS,
    REGIME_COLOURS,
    ZERO,
    axes_of,
    coordinate,
    draw_points,
    geometric_mean,
    least_span,
    legend_below,
    norm_name,
    note_of,
    number,
    place,
    points_of,
    signed,
    symbol,
)
from numerics.figures.ticks import log_axis, width_ticks
from numerics.figures.titles import text_width, title, verbatim, wrapped
from numerics.scans import CellStatus
from numerics.slopes import SlopeFit, fit
from numerics.slopes.usable import usable_runs
from phasetheory.diagrams.plane import Plane
from phasetheory.diagrams.plotting import slot_width

if TYPE_CHECKING:
    import xarray

__all__ = ["PowerLaw", "plot_curves", "plot_power_laws", "plot_relative_distances", "plot_scaling_check"]

_DARKEST = 0.55  # how much of a regime's colour is left at the largest |S|
_FEWEST_COLUMNS = 6  # curves from which on the legend has two columns, where there is room
_FONT = 8  # points, in the legend
_HANDLE = 40.0  # points, of a handle and the space around it
_LEAST_SPAN = 2.0  # between the ends of the vertical axis
_FITTED: dict[str, Any] = {"ls": "-", "lw": 2.6, "alpha": 0.5}
_PREDICTED: dict[str, Any] = {"ls": "--", "lw": 1.0, "color": "black"}
_EXPECTED: dict[str, Any] = {"ls": ":", "lw": 2.2, "color": EXPECTED}


@dataclass(frozen=True)
class PowerLaw:
    """One curve against the width.

    Attributes
    ----------
    label : str
    widths : tuple of int
    values : float64 (widths, seeds)
        nan where a run must not be used.
    fit : SlopeFit
    colour, marker : Any, str
    predicted : float or None
        Slope.
    distances : mapping of width -> float
        RD of the infinitely wide network.
    """

    label: str
    widths: Sequence[int]
    values: np.ndarray = field(repr=False)
    fit: SlopeFit
    colour: Any
    marker: str
    predicted: float | None = None
    distances: Mapping[int, float] = field(default_factory=dict)


def plot_curves(
    curves: Sequence[PowerLaw], quantity: str, *, left_out: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """Curves against the width, log-log, with the legend below.

    Markers: geometric mean over the seeds, with bars from the smallest to the largest. Solid: fitted power law. Dashed: a power
    law of the *predicted* slope through the middle of the data; it is not fitted. Dotted: RD of the infinitely wide network, with
    no free parameter.

    Parameters
    ----------
    curves : sequence of PowerLaw
    quantity : str
        For the vertical axis.
    left_out : sequence of str
        What has no curve, and why; said in the legend.
    ax : Axes, optional
    """
    ax = axes_of(ax, 5.6, 5.0)
    for curve in curves:
        widths, mean = np.array(curve.widths, dtype=float), np.log(curve.fit.widths).mean()
        middle = np.exp(curve.fit.intercept + curve.fit.slope * mean)
        ax.plot(widths, np.exp(curve.fit.intercept) * widths**curve.fit.slope, color=curve.colour, **_FITTED)
        if curve.predicted is not None:
            ax.plot(widths, middle * (widths / np.exp(mean)) ** curve.predicted, **_PREDICTED)
        if curve.distances:
            ax.plot(*zip(*curve.distances.items(), strict=True), **_EXPECTED)
        draw_points(ax, widths, *geometric_mean(curve.values), colour=curve.colour, marker=curve.marker)
    width_ticks(ax, sorted({width for curve in curves for width in curve.widths}))
    ax.set(yscale="log", ylabel=quantity)
    if curves:
        log_axis(ax.yaxis)
        least_span(ax, _LEAST_SPAN)
    else:
        ax.set(xticks=[], yticks=[])
        ax.text(0.5, 0.5, "no runs at every width", ha="center", va="center", transform=ax.transAxes)
    ax.grid(True, which="major", alpha=0.25)
    _add_legend(ax, curves, left_out)
    return ax


def _add_legend(ax: Axes, curves: Sequence[PowerLaw], left_out: Sequence[str]) -> None:
    """What the curves are, then what the lines are, then what is missing."""
    width = slot_width(ax)
    longest = max((text_width(curve.label, _FONT) for curve in curves), default=0.0)
    columns = 2 if len(curves) >= _FEWEST_COLUMNS and 2 * (longest + _HANDLE) < width else 1
    handles = [points_of(curve.colour, curve.marker, curve.label) for curve in curves]
    handles += [Line2D([], [], label="fitted", **{**_FITTED, "color": ANY_COLOUR})] if curves else []
    if any(curve.predicted is not None for curve in curves):
        handles.append(Line2D([], [], label="predicted slope", **_PREDICTED))
    if any(curve.distances for curve in curves):
        handles.append(Line2D([], [], label="RD of the infinitely wide network", **_EXPECTED))
    handles += [note_of(wrapped(text, width / columns - _HANDLE, _FONT)) for text in left_out]
    if handles:
        legend_below(ax, handles, columns=columns, fontsize=_FONT)


def plot_power_laws(
    results: Sequence[LayerResult],
    *,
    labels: Sequence[str] | None = None,
    by: Literal["regime", "layer"] = "regime",
    digits: int = 2,
    ax: Axes | None = None,
) -> Axes:
    """RD of layers that were judged, with predicted slopes; see :func:`plot_curves`.

    Parameters
    ----------
    results : sequence of LayerResult
        One layer at several points, or several layers at one point; of those without a slope the legend says why.
    labels : sequence of str, optional
        Names of the curves; the layers by default.
    by : 'regime' or 'layer'
        What the colour says: the predicted regime, or which of the layers it is.
    digits : int
        Of the slopes in the legend.
    """
    curves, left_out = [], []
    for index, result in enumerate(results):
        name = labels[index] if labels is not None else f"${symbol(result.layer)}$"
        if result.measured is None:
            left_out.append(f"{name}: no slope, {result.reason}")
            continue
        colour = REGIME_COLOURS[result.predicted_regime] if by == "regime" else COLOURS[index % len(COLOURS)]
        predicted = float(result.predicted_slope)
        curves.append(
            PowerLaw(
                label=_label(name, result.measured.slope, predicted, digits),
                widths=result.widths,
                values=result.distances,
                fit=result.measured,
                colour=colour,
                marker=MARKERS[index % len(MARKERS)],
                predicted=predicted,
                distances=result.prediction.distances,
            )
        )
    layers = {result.layer for result in results}
    return plot_curves(curves, _quantity(layers.pop() if len(layers) == 1 else ""), left_out=left_out, ax=ax)


def plot_scaling_check(check: ScalingCheck, *, norm: str = "spectral", ax: Axes | None = None) -> Axes:
    """RD of every layer against the width, with the predicted slopes and the verdict: flat lines are what learns at any width.

    Markers and lines as in :func:`plot_curves`.
    """
    ax = plot_power_laws(check.of(norm), by="layer", ax=axes_of(ax, 5.2, 4.8))
    name = verbatim(check.network.name or "network")
    title(ax, f"{name}, {norm_name(norm)} norm\n{check.summary}", size=9)
    return ax


def plot_relative_distances(
    dataset: "xarray.Dataset",
    layer: str,
    row: float,
    *,
    norm: str = "frobenius",
    diagram: Plane | None = None,
    ax: Axes | None = None,
) -> Axes:
    """RD of a scan at one value of the second coordinate, with derived slopes; see :func:`plot_curves`.

    The colour is that of the derived regime, the darker the larger its |S|.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a scan of a :class:`numerics.Plan`, at one ``beta2_exponent`` if it has several.
    layer : str
    row : float
        Value of the second coordinate.
    norm : str
    diagram : PhaseDiagram, optional
        That of the dataset by default.
    """
    diagram = diagram_of(dataset, norm) if diagram is None else diagram.with_norm(norm)
    horizontal, vertical = diagram.names
    here = dataset[["relative_distance", "status"]].sel({"layer": layer, "norm": norm, vertical: row}, drop=True)
    planned = (here["status"] != CellStatus.NOT_PLANNED).any(("width", "seed"))
    used = usable_runs(here.isel({horizontal: planned.values}), "relative_distance")
    widths, values = [int(width) for width in used.widths], np.exp(used.log_distance)
    positions = used.points[horizontal].values
    derived = diagram.evaluate(positions, row, layers=[layer])[layer]
    largest = float(np.abs(derived).max()) or 1.0
    curves: list[PowerLaw] = []
    missing = []
    for x, predicted, runs, complete in zip(positions, derived, values, used.complete, strict=True):
        if not complete:
            missing.append(f"${number(x)}$")
            continue
        fitted, marker = fit(widths, runs), MARKERS[len(curves) % len(MARKERS)]
        label = _label(place([horizontal], [x]), fitted.slope, float(predicted), 2)
        curves.append(PowerLaw(label, widths, runs, fitted, _shade(predicted, largest), marker, float(predicted)))
    left_out = [f"left out, not at every width a run to use: ${coordinate(horizontal)}=$ {', '.join(missing)}"]
    return plot_curves(curves, _quantity(layer), left_out=left_out if missing else (), ax=ax)


def _label(name: str, slope: float, predicted: float, digits: int) -> str:
    return f"{name}: $S={signed(slope, digits)}$, predicted ${signed(predicted, digits)}$"


def _quantity(layer: str) -> str:
    return f"relative distance RD$({symbol(layer)})$" if layer else "relative distance RD"


def _shade(slope: float, largest: float) -> tuple[float, float, float]:
    """The colour of a slope's regime, the darker the larger the slope."""
    left = 1 - (1 - _DARKEST) * abs(slope) / largest
    red, green, blue = (left * channel for channel in to_rgb(REGIME_COLOURS[pt.classify(float(slope), critical=ZERO)]))
    return red, green, blue

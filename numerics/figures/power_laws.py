"""RD, or another quantity, against the width: measured points, fitted power laws, predicted slopes."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

import phasetheory as pt
from numerics.experiments.judgement import LayerResult
from numerics.experiments.maps import diagram_of
from numerics.experiments.scaling_check import ScalingCheck
from numerics.figures.style import (
    COLOURS,
    KERNEL,
    MARKERS,
    REGIME_COLOURS,
    ZERO,
    axes_of,
    draw_points,
    geometric_mean,
    norm_name,
    place,
    points_of,
    signed,
    symbol,
    width_ticks,
)
from numerics.scans import CellStatus
from numerics.slopes import SlopeFit, fit

if TYPE_CHECKING:
    import xarray

__all__ = ["PowerLaw", "plot_curves", "plot_power_laws", "plot_relative_distances", "plot_scaling_check"]

_DARKEST = 0.55  # how much of a regime's colour is left at the largest |S|
_FEWEST_COLUMNS = 6  # curves from which on the legend has two columns


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
        RD by the tangent kernels.
    """

    label: str
    widths: Sequence[int]
    values: np.ndarray = field(repr=False)
    fit: SlopeFit
    colour: Any
    marker: str
    predicted: float | None = None
    distances: Mapping[int, float] = field(default_factory=dict)


def plot_curves(curves: Sequence[PowerLaw], quantity: str, *, ax: Axes | None = None) -> Axes:
    """Curves against the width, log-log, with the legend below.

    Markers: geometric mean over the seeds, with bars from the smallest to the largest. Solid: fitted power law. Dashed: a power
    law of the *predicted* slope through the middle of the data; it is not fitted. Dotted: RD itself by the tangent kernels, with
    no free parameter.

    Parameters
    ----------
    curves : sequence of PowerLaw
    quantity : str
        For the vertical axis.
    ax : Axes, optional
    """
    ax = axes_of(ax, 5.6, 5.0)
    handles = []
    if not curves:
        ax.text(0.5, 0.5, "no runs at every width", ha="center", va="center", transform=ax.transAxes)
    for curve in curves:
        widths, mean = np.array(curve.widths, dtype=float), np.log(curve.fit.widths).mean()
        middle = np.exp(curve.fit.intercept + curve.fit.slope * mean)
        ax.plot(
            widths, np.exp(curve.fit.intercept) * widths**curve.fit.slope, "-", color=curve.colour, lw=2.6, alpha=0.5
        )
        if curve.predicted is not None:
            ax.plot(widths, middle * (widths / np.exp(mean)) ** curve.predicted, "--", color="black", lw=1.0)
        if curve.distances:
            ax.plot(*zip(*curve.distances.items(), strict=True), ":", color=KERNEL, lw=2.2)
        draw_points(ax, widths, *geometric_mean(curve.values), colour=curve.colour, marker=curve.marker)
        handles.append(points_of(curve.colour, curve.marker, curve.label, "-"))
    width_ticks(ax, sorted({width for curve in curves for width in curve.widths}))
    ax.set(yscale="log", ylabel=quantity)
    key = ["solid: fitted"]
    key += ["dashed: predicted slope"] if any(curve.predicted is not None for curve in curves) else []
    key += ["dotted: RD of the infinitely wide network"] if any(curve.distances for curve in curves) else []
    columns = 2 if len(curves) >= _FEWEST_COLUMNS else 1
    look: dict[str, Any] = {"fontsize": 8, "title_fontsize": 8, "frameon": False, "ncols": columns}
    ax.legend(handles=handles, title="; ".join(key), loc="upper center", bbox_to_anchor=(0.5, -0.13), **look)
    ax.grid(True, which="major", alpha=0.25)
    return ax


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
        One layer at several points, or several layers at one point; those without a slope are left out.
    labels : sequence of str, optional
        Names of the curves; the layers by default.
    by : 'regime' or 'layer'
        What the colour says: the predicted regime, or which of the layers it is.
    digits : int
        Of the slopes in the legend.
    """
    curves = []
    for number, result in enumerate(results):
        if result.measured is None:
            continue
        colour = REGIME_COLOURS[result.predicted_regime] if by == "regime" else COLOURS[number % len(COLOURS)]
        predicted = float(result.predicted_slope)
        name = labels[number] if labels is not None else f"${symbol(result.layer)}$"
        curves.append(
            PowerLaw(
                label=_label(name, result.measured.slope, predicted, digits),
                widths=result.widths,
                values=result.distances,
                fit=result.measured,
                colour=colour,
                marker=MARKERS[number % len(MARKERS)],
                predicted=predicted,
                distances=result.prediction.distances,
            )
        )
    layers = {result.layer for result in results}
    return plot_curves(curves, _quantity(layers.pop() if len(layers) == 1 else ""), ax=ax)


def plot_scaling_check(check: ScalingCheck, *, norm: str = "spectral", ax: Axes | None = None) -> Axes:
    """RD of every layer against the width, with the predicted slopes and the verdict: flat lines are what learns at any width.

    Markers and lines as in :func:`plot_curves`.
    """
    ax = plot_power_laws(check.of(norm), by="layer", ax=axes_of(ax, 5.2, 4.8))
    name = check.network.name or "network"
    ax.set_title("\n".join([f"{name}, {norm_name(norm)} norm", *textwrap.wrap(check.summary, 60)]), fontsize=9)
    return ax


def plot_relative_distances(
    dataset: "xarray.Dataset",
    layer: str,
    row: float,
    *,
    norm: str = "frobenius",
    diagram: pt.PhaseDiagram | None = None,
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
    used = dataset["relative_distance"].where(dataset["status"] == CellStatus.DONE)
    used = used.sel({"layer": layer, "norm": norm, vertical: row}).transpose(horizontal, "width", "seed")
    widths = [int(width) for width in used["width"].values]
    derived = diagram.evaluate(used[horizontal].values, row, layers=[layer])[layer]
    largest = float(np.abs(derived).max()) or 1.0
    curves: list[PowerLaw] = []
    for x, predicted, runs in zip(used[horizontal].values, derived, used.values, strict=True):
        if not np.isfinite(runs).any(axis=1).all():
            continue
        fitted, marker = fit(widths, runs), MARKERS[len(curves) % len(MARKERS)]
        label = _label(place([horizontal], [x]), fitted.slope, float(predicted), 2)
        curves.append(PowerLaw(label, widths, runs, fitted, _shade(predicted, largest), marker, float(predicted)))
    return plot_curves(curves, _quantity(layer), ax=ax)


def _label(name: str, slope: float, predicted: float, digits: int) -> str:
    return f"{name}: $S={signed(slope, digits)}$, predicted ${signed(predicted, digits)}$"


def _quantity(layer: str) -> str:
    return f"relative distance RD$({symbol(layer)})$" if layer else "relative distance RD"


def _shade(slope: float, largest: float) -> tuple[float, float, float]:
    """The colour of a slope's regime, the darker the larger the slope."""
    left = 1 - (1 - _DARKEST) * abs(slope) / largest
    red, green, blue = (left * channel for channel in to_rgb(REGIME_COLOURS[pt.classify(float(slope), critical=ZERO)]))
    return red, green, blue

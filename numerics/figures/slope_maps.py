"""Pictures of a scan: maps of slopes, slopes along a row, relative distances against the width. Computed data in, Axes out."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.lines import Line2D

import phasetheory as pt
from numerics.experiments.maps import MapComparison, predicted_boundary, predicted_slopes
from numerics.figures.plotting import draw_power_law
from numerics.scans import Status
from numerics.slopes import fit
from phasetheory.diagrams.plotting import AXIS_LABELS, REGIME_COLOURS

if TYPE_CHECKING:
    import xarray

__all__ = ["plot_relative_distances", "plot_slope_map", "plot_slopes", "slope_colours"]

# the colours of the regimes, through white where S = 0
_SLOPES = LinearSegmentedColormap.from_list(
    "slopes", ["#0B3C5D", REGIME_COLOURS[pt.Regime.LINEAR], "#FFFFFF", REGIME_COLOURS[pt.Regime.CONDENSED], "#7A3B00"]
)
_DIFFERENCES = plt.get_cmap("PRGn_r")
_TITLES = {"slope": "measured", "predicted": "derived, limit of infinite width", "difference": "measured − derived"}
_SYMBOLS = {"theta": r"\theta"}
_MOST_LABELLED = 121  # cells with a number in them
_ROW_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe and Ito
_MARKERS = "osD^vP*X"


def slope_colours(slopes: "xarray.Dataset") -> dict[str, ScalarMappable]:
    """Colour scales of a map: one for measured and predicted slopes, one for their difference; both symmetric about 0."""
    largest = float(np.nanmax([np.nanmax(np.abs(slopes[name])) for name in ("slope", "predicted")]))
    difference = float(np.nanmax(np.abs(slopes["difference"])))
    scale = ScalarMappable(Normalize(-largest, largest), _SLOPES)
    return {
        "slope": scale,
        "predicted": scale,
        "difference": ScalarMappable(Normalize(-difference, difference), _DIFFERENCES),
    }


def plot_slope_map(
    comparison: MapComparison,
    quantity: str = "slope",
    *,
    diagram: pt.PhaseDiagram | None = None,
    colours: ScalarMappable | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Heat map of a slope over the plane, with the derived boundary dashed and the measured one as stars.

    Parameters
    ----------
    comparison : MapComparison
    quantity : str
        ``'slope'``, measured; ``'predicted'``; or ``'difference'`` of the two. Stars are drawn on the measured map only, with
        their interval over seeds; an arrow where it reaches beyond the points.
    diagram : PhaseDiagram, optional
        The two-layer diagram by default.
    colours : ScalarMappable, optional
        Of :func:`slope_colours`.
    ax : Axes, optional
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 4.4), layout="constrained")
    diagram = diagram or pt.phase_diagram(2)
    horizontal, vertical = (c.name for c in diagram.coordinates)
    slopes = _full_columns(comparison.slopes.transpose(vertical, horizontal, ...), horizontal)
    x, y = slopes[horizontal].values, slopes[vertical].values
    colours = colours or slope_colours(comparison.slopes)[quantity]
    values = slopes[quantity].values
    edges = _edges(x), _edges(y)
    ax.pcolormesh(*edges, values, cmap=colours.cmap, norm=Normalize(*colours.get_clim()), edgecolors="white", lw=0.3)
    ax.set_facecolor("0.85")  # a point without a slope
    if values.size <= _MOST_LABELLED:
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                shade = _contrast(_colour(colours, value))
                ax.text(x[j], y[i], _signed(value), ha="center", va="center", fontsize=5.5, color=shade, alpha=0.85)
    heights = np.linspace(edges[1][0], edges[1][-1], 400)
    line = predicted_boundary(diagram, comparison.layer, heights, (float(edges[0][0]), float(edges[0][-1])))
    ax.plot(line, heights, "--", color="black", lw=1.8, zorder=3, scalex=False, scaley=False)
    if quantity == "slope":
        _draw_stars(comparison.boundary, vertical, ax, (float(edges[0][0]), float(edges[0][-1])))
    ax.set(xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]])
    ax.set_xlabel(AXIS_LABELS.get(horizontal, horizontal))
    ax.set_ylabel(AXIS_LABELS.get(vertical, vertical))
    ax.set_title(rf"$S_{{{_symbol(comparison.layer)}}}$ {_TITLES[quantity]}", fontsize=10)
    return ax


def plot_slopes(
    comparisons: Sequence[tuple[str, MapComparison]],
    rows: Sequence[float],
    *,
    diagram: pt.PhaseDiagram | None = None,
    ax: Axes | None = None,
) -> Axes:
    """S against the first coordinate: markers with intervals measured, dashed lines derived.

    Parameters
    ----------
    comparisons : sequence of (label, MapComparison)
        Curves to tell apart, for instance networks with the same kappa and kappa' but other scales (figure 3d of [L21]).
    rows : sequence of float
        Values of the second coordinate, each with a derived curve of its own.
    diagram : PhaseDiagram, optional
    ax : Axes, optional
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(5.6, 4.4), layout="constrained")
    diagram = diagram or pt.phase_diagram(2)
    horizontal, vertical = (c.name for c in diagram.coordinates)
    handles: list[Any] = []
    grid = comparisons[0][1].slopes[horizontal].values
    margin = 0.06 * float(np.ptp(grid)) or 0.1
    x_line = np.linspace(grid.min() - margin, grid.max() + margin, 400)
    looks = list(itertools.islice(zip(itertools.cycle(_ROW_COLOURS), itertools.cycle(_MARKERS)), 100))
    for number, row in enumerate(rows):
        for shift, (label, comparison) in enumerate(comparisons):
            colour, marker = looks[number * len(comparisons) + shift]
            found = comparison.slopes.sel({vertical: row}).dropna(horizontal, subset=["slope"])
            x, s = found[horizontal].values, found["slope"].values
            spread = np.nan_to_num([s - found["low"].values, found["high"].values - s])
            name = ", ".join(
                text for text in (rf"${_short(vertical)}={row:g}$" if len(rows) > 1 else "", label) if text
            )
            ax.errorbar(x, s, spread, fmt=marker, color=colour, mec="black", mew=0.5, ms=5.5, capsize=2.5, zorder=3)
            handles.append(Line2D([], [], ls="", marker=marker, color=colour, mec="black", mew=0.5, label=name))
        values = diagram.evaluate(x_line, row + 0.0 * x_line)
        layer = comparisons[0][1].layer
        line = np.max(list(values.values()), axis=0) if layer == "theta" else values[layer]
        colour = looks[number * len(comparisons)][0] if len(comparisons) == 1 else "black"
        ax.plot(x_line, line, "--", color=colour, lw=1.4, zorder=2)
    ax.axhline(0, color="0.6", lw=0.8, zorder=1)
    handles.append(Line2D([], [], ls="--", color="black", lw=1.4, label="derived, infinite width"))
    ax.legend(handles=[h for h in handles if h.get_label()], fontsize=8, framealpha=0.9)
    ax.set_xlabel(AXIS_LABELS.get(horizontal, horizontal))
    ax.set_ylabel(rf"$S_{{{_symbol(comparisons[0][1].layer)}}}$")
    ax.grid(True, alpha=0.25)
    return ax


def plot_relative_distances(
    dataset: "xarray.Dataset",
    layer: str,
    row: float,
    *,
    diagram: pt.PhaseDiagram | None = None,
    ax: Axes | None = None,
) -> Axes:
    """RD against the width, log-log, at one value of the second coordinate; one colour per point, by its derived slope.

    Markers: geometric mean over the seeds, with bars from the smallest to the largest. Solid: fitted power law. Dashed: a power
    law of the derived slope through the middle of the data.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 4.8), layout="constrained")
    diagram = diagram or pt.phase_diagram(2)
    horizontal, vertical = (c.name for c in diagram.coordinates)
    used = dataset["relative_distance"].where(dataset["status"] == Status.DONE).sel({"layer": layer, vertical: row})
    predictions = predicted_slopes(diagram, layer, dataset).sel({vertical: row})
    largest = float(np.abs(predictions).max()) or 1.0
    colours = ScalarMappable(Normalize(-largest, largest), _SLOPES)
    widths = dataset["width"].values
    handles = []
    for number, x in enumerate(dataset[horizontal].values):
        runs = used.sel({horizontal: x}).transpose("width", "seed").values
        samples = [values[np.isfinite(values)] for values in runs]
        if not all(map(len, samples)):
            continue
        fitted, predicted = fit(widths, runs), float(predictions.sel({horizontal: x}))
        colour, marker = _colour(colours, predicted), _MARKERS[number % len(_MARKERS)]
        draw_power_law(ax, widths, samples, fitted, predicted, colour, marker)
        text = rf"${_short(horizontal)}={x:g}$: ${_signed(fitted.slope)}$, derived ${_signed(predicted)}$"
        handles.append(Line2D([], [], marker=marker, color=colour, mec="black", mew=0.6, ls="-", label=text))
    handles.append(Line2D([], [], ls="--", color="black", lw=1.0, label="derived slope"))
    ax.set(xscale="log", yscale="log", xlabel="width $m$", ylabel=rf"relative distance RD$({_symbol(layer)})$")
    ax.legend(handles=handles, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False, ncols=2)
    ax.grid(True, which="major", alpha=0.25)
    return ax


def _draw_stars(boundary: "xarray.Dataset", vertical: str, ax: Axes, window: tuple[float, float]) -> None:
    found = boundary.dropna(vertical, subset=["crossing"])
    x, y = found["crossing"].values, found[vertical].values
    low, high = (np.where(np.isnan(found[name].values), x, found[name].values) for name in ("low", "high"))
    ax.hlines(y, np.maximum(low, window[0]), np.minimum(high, window[1]), color="black", lw=1.2, zorder=4)
    for end, values in (("<", low), (">", high)):
        open_ended = np.isinf(values)
        edge = np.where(values < 0, *window)
        ax.plot(edge[open_ended], y[open_ended], end, color="black", ms=4, zorder=4)
        ax.plot(values[~open_ended], y[~open_ended], "|", color="black", ms=5, zorder=4)
    ax.plot(x, y, "*", ms=11, mfc="white", mec="black", mew=0.9, zorder=5)


def _full_columns(slopes: "xarray.Dataset", along: str) -> "xarray.Dataset":
    """Columns of the grid, without those that refinement added in a few rows."""
    there = slopes["slope"].notnull().sum([d for d in slopes["slope"].dims if d != along]).values
    return slopes.isel({along: there > there.max() / 2}) if there.max() else slopes


def _edges(centres: np.ndarray) -> np.ndarray:
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _colour(colours: ScalarMappable, value: float) -> tuple[float, float, float]:
    red, green, blue, _ = colours.to_rgba(np.array([value]))[0]
    return float(red), float(green), float(blue)


def _contrast(colour: tuple[float, float, float]) -> str:
    red, green, blue = colour
    return "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"


def _signed(value: float) -> str:
    """Two digits and a sign; no sign for a zero."""
    text = f"{value:+.2f}"
    return text[1:] if float(text) == 0 else text


def _symbol(layer: str) -> str:
    return _SYMBOLS.get(layer, layer)


def _short(name: str) -> str:
    return {"gamma": r"\gamma", "gamma_prime": r"\gamma'"}.get(name, rf"\{name}")

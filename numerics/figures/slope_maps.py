"""Slopes over the plane: maps beside the derived boundaries, curves along a row, and regions. Computed data in, Axes out."""

import itertools
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_hex, to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.transforms import ScaledTranslation

import phasetheory as pt
from numerics.experiments.maps import MapComparison
from numerics.figures.style import (
    ANY_COLOUR,
    COLOURS,
    EXPECTED,
    HALO,
    MARKERS,
    REGIME_COLOURS,
    axes_of,
    draw_derived,
    draw_points,
    edges_of,
    figure_of,
    legend_below,
    legend_beneath,
    place,
    points_of,
    signed,
    symbol,
)
from numerics.figures.ticks import value_ticks
from numerics.figures.titles import title
from phasetheory.diagrams.plane import Plane
from phasetheory.diagrams.plotting import axis_labels, place_names, plot_phase_diagram, region_colours

if TYPE_CHECKING:
    import xarray

__all__ = ["plot_regions", "plot_slope_map", "plot_slopes", "room_for_numbers", "slope_colours"]

# the colours of the regimes, through white where S = 0
_SLOPES = LinearSegmentedColormap.from_list(
    "slopes", ["#0B3C5D", REGIME_COLOURS[pt.Regime.LINEAR], "#FFFFFF", REGIME_COLOURS[pt.Regime.CONDENSED], "#7A3B00"]
)
_DIFFERENCES = plt.get_cmap("PRGn_r")
_TITLES = {"slope": "measured", "predicted": "derived, limit of infinite width", "difference": "measured − derived"}
_MOST_LABELLED = 121  # cells with a number in them
_MOST_TICKS = 11  # values of a coordinate that all have a tick
_NUMBER, _NUMBER_BELOW_EDGE, _STAR = 7.0, 1.5, 9.0  # points: size of a number, its distance from the upper edge, a star
_CELL = (31.0, 27.0)  # points, of a cell in which a number and a star are clear of each other
_NARROWEST = 25.0  # points, of a cell that holds a number
_LARGEST = 1.5  # |S| at the ends of a colour scale, at most
_LONGEST_LEGEND = 3  # entries in one column
_NO_SLOPE = "0.85"  # a point without a slope
_NO_REGION = "0.6"  # signs that no derived region in the window has
_EXPECTED: dict[str, Any] = {"ls": "--", "color": EXPECTED, "lw": 2.4, "zorder": 3.5}
_MEASURED_ZERO: dict[str, Any] = {"colors": COLOURS[1], "linewidths": 2.0, "zorder": 3}


def slope_colours(slopes: "xarray.Dataset") -> dict[str, ScalarMappable]:
    """Colour scales of a map: one for measured and predicted slopes, one for their difference; both symmetric about 0."""
    scale = _scale([slopes["slope"], slopes["predicted"]], _SLOPES)
    return {"slope": scale, "predicted": scale, "difference": _scale([slopes["difference"]], _DIFFERENCES)}


def plot_slope_map(
    comparison: MapComparison,
    quantity: str = "slope",
    *,
    colours: ScalarMappable | None = None,
    columns: Sequence[float] | None = None,
    numbers: bool | None = None,
    names: bool | Collection[str] = False,
    ax: Axes | None = None,
) -> Axes:
    """Heat map of a slope over the plane: derived boundary as a line, measured one as stars, expected one dashed.

    Parameters
    ----------
    comparison : MapComparison
    quantity : str
        ``'slope'``, measured; ``'predicted'``; or ``'difference'`` of the two. Stars are drawn on the measured map only, with
        their interval over seeds; an arrow where it reaches beyond the points. So is, dashed, the zero of the slope that is
        expected at these widths, where that is known.
    colours : ScalarMappable, optional
        Of :func:`slope_colours`.
    columns : sequence of float, optional
        Values of the first coordinate that are drawn; those with a slope in more than half of the rows by default, so without
        the ones that refinement added in a few rows.
    numbers : bool, optional
        Whether every cell has its number; by default if there is room for them in the axes as they are.
    names : bool or names of initialisations
        Whether to mark the named initialisations, or which of them.
    ax : Axes, optional
    """
    ax = axes_of(ax, 5.2, 4.4)
    colours = colours or slope_colours(comparison.slopes)[quantity]
    values = _full_columns(comparison.slopes, comparison.diagram, columns)[quantity]
    _draw_map(values, comparison.diagram, comparison.layer, colours, ax)
    if _have_room(values, ax) if numbers is None else numbers:
        _draw_numbers(values, colours, ax)
    if quantity == "slope" and comparison.here:
        _draw_expected(comparison.here.zero, comparison.diagram.names[1], ax)
    if quantity == "slope":
        _draw_stars(comparison.boundary, comparison.diagram.names[1], ax)
    for axis, name in zip((ax.xaxis, ax.yaxis), comparison.diagram.names, strict=True):
        value_ticks(axis, values[name].values, most=_MOST_TICKS)
    ax.set(**dict(zip(("xlabel", "ylabel"), axis_labels(comparison.diagram), strict=True)))
    if names is not False:
        place_names(comparison.diagram, ax, (*ax.get_xlim(), *ax.get_ylim()), names)
    title(ax, rf"$S_{{{symbol(comparison.layer)}}}$ {_TITLES[quantity]}")
    return ax


def room_for_numbers(columns: int, rows: int) -> tuple[float, float]:
    """Inches that a map takes for its numbers and stars to be clear of each other; 0 where it has too many cells for numbers."""
    return (columns * _CELL[0] / 72, rows * _CELL[1] / 72) if columns * rows <= _MOST_LABELLED else (0.0, 0.0)


def plot_slopes(
    comparisons: Sequence[tuple[str, MapComparison]], rows: Sequence[float], *, ax: Axes | None = None
) -> Axes:
    """S against the first coordinate: markers with intervals measured, dashed lines derived.

    Parameters
    ----------
    comparisons : sequence of (label, MapComparison)
        Curves to tell apart, for instance networks with the same kappa and kappa' but other scales (figure 3d of [L21]).
    rows : sequence of float
        Values of the second coordinate, each with a derived curve of its own.
    ax : Axes, optional
    """
    ax = axes_of(ax, 5.6, 4.4)
    diagram, layer = comparisons[0][1].diagram, comparisons[0][1].layer
    horizontal, vertical = diagram.names
    handles: list[Line2D] = []
    grid = comparisons[0][1].slopes[horizontal].values
    margin = 0.06 * float(np.ptp(grid)) or 0.1
    x_line = np.linspace(grid.min() - margin, grid.max() + margin, 400)
    looks = zip(itertools.cycle(COLOURS), itertools.cycle(MARKERS))
    for row in rows:
        used = []
        for label, comparison in comparisons:
            colour, marker = next(looks)
            used.append(colour)
            found = comparison.slopes.sel({vertical: row}).dropna(horizontal, subset=["slope"])
            slope, low, high = (found[name].values for name in ("slope", "low", "high"))
            draw_points(ax, found[horizontal].values, slope, low, high, colour=colour, marker=marker)
            named = [place([vertical], [row])] if len(rows) > 1 else []
            if name := ", ".join([*named, *([label] if label else [])]):
                handles.append(points_of(colour, marker, name))
        line = diagram.evaluate(x_line, row, layers=[layer])[layer]
        ax.plot(x_line, line, "--", color=used[0] if len(used) == 1 else "black", lw=1.4, zorder=2)
    ax.axhline(0, color="0.6", lw=0.8, zorder=1)
    handles.append(Line2D([], [], ls="--", color=ANY_COLOUR, lw=1.4, label="derived, infinite width"))
    legend_below(ax, handles, columns=2 if len(handles) > _LONGEST_LEGEND else 1, fontsize="small")
    ax.set(xlabel=axis_labels(diagram)[0], ylabel=rf"$S_{{{symbol(layer)}}}$")
    ax.grid(True, alpha=0.25)
    return ax


def plot_regions(
    slopes: "xarray.Dataset",
    diagram: Plane,
    *,
    figure: Figure | SubFigure | None = None,
    layers: Sequence[str] | None = None,
    columns: Sequence[float] | None = None,
    label: Callable[[pt.Region], str] | None = None,
    names: bool | Collection[str] = True,
) -> Figure | SubFigure:
    """The regions of the hidden layers twice: derived on the left, measured on the right, with the named initialisations.

    A point on the right has the colour of the signs of its measured slopes; the red lines are where those, interpolated
    between the points, are zero, in the style of the derived boundary of the same layer. The black lines are the derived
    boundaries in both.

    Parameters
    ----------
    slopes : xarray.Dataset
        Of :func:`numerics.slopes.slope_map` for a scan of the plane: ``slope`` over its two coordinates, ``layer`` and ``norm``.
    diagram : PhaseDiagram
        The same plane; its norm is the one that is drawn.
    figure : Figure or SubFigure, optional
    layers : sequence of str, optional
        All but the last by default.
    columns : sequence of float, optional
        As for :func:`plot_slope_map`.
    label : callable, optional
        Name of a region for the legend.
    names : bool or names of initialisations
        Whether to mark the named initialisations, or which of them.
    """
    chosen = tuple(layers or diagram.layers[:-1])
    figure = figure_of(figure, 11.0, 5.4)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    maps = [_of_layer(slopes, diagram, layer, columns) for layer in chosen]
    x, y = (edges_of(maps[0][name].values) for name in diagram.names)
    window = (x[0], x[-1], y[0], y[-1])
    plot_phase_diagram(diagram, ax=left, layers=chosen, window=window, label=label, names=names)
    plot_phase_diagram(diagram, ax=right, layers=chosen, window=window, regions=False, names=names)
    known = region_colours(diagram, chosen, window)
    pixels, shades = np.empty((len(y) - 1, len(x) - 1, 3)), set()
    for i, j in np.ndindex(pixels.shape[:2]):
        here = [float(values.values[i, j]) for values in maps]
        shade: Any = _NO_SLOPE
        if np.isfinite(here).all():
            shade = known.get(tuple(pt.classify(slope) for slope in here), _NO_REGION)
        pixels[i, j] = to_rgb(shade)
        shades.add(shade)
    right.pcolormesh(x, y, pixels, zorder=0)
    extra: list[Line2D | Patch] = []
    for layer, values, style in zip(chosen, maps, itertools.cycle(("-", "--", "-.", ":"))):
        if _draw_zero(values, diagram, right, style):
            extra.append(_zero(style, layer))
    left.set_title("derived")
    widths = slopes.attrs["widths"]
    title(right, f"measured, widths {widths[0]} to {widths[-1]}", size=12)
    right.set_ylabel("")
    handles, labels = _take_legend(left)
    _take_legend(right)
    extra += [Patch(facecolor=_NO_SLOPE, label="no slope")] if _NO_SLOPE in shades else []
    extra += [Patch(facecolor=_NO_REGION, label="signs of no derived region")] if _NO_REGION in shades else []
    for handle, text in zip(handles, labels, strict=True):
        handle.set_label(text)
    legend_beneath(figure, [*handles, *extra], columns=3, frameon=False)
    return figure


def _scale(maps: "Sequence[xarray.DataArray]", colours: Colormap) -> ScalarMappable:
    """Symmetric about 0, wide enough for all values up to the largest that a scale shows; a bar says so by its ends."""
    largest = max(float(np.nanmax(np.abs(values))) for values in maps) or _LARGEST
    scale = ScalarMappable(Normalize(-min(largest, _LARGEST), min(largest, _LARGEST)), colours.copy())
    scale.cmap.colorbar_extend = "both" if largest > _LARGEST else "neither"  # type: ignore[assignment]
    return scale


def _of_layer(
    slopes: "xarray.Dataset", diagram: Plane, layer: str, columns: Sequence[float] | None
) -> "xarray.DataArray":
    return _full_columns(slopes[["slope"]].sel(layer=layer, norm=diagram.norm), diagram, columns)["slope"]


def _full_columns(slopes: "xarray.Dataset", diagram: Plane, columns: Sequence[float] | None) -> "xarray.Dataset":
    """Second coordinate by first, at these values of the first; by default those with a slope in more than half of the rows."""
    horizontal, vertical = diagram.names
    there = slopes["slope"].notnull().sum(vertical).values
    chosen = there > there.max() / 2 if columns is None else np.isin(slopes[horizontal].values, columns)
    return (slopes.isel({horizontal: chosen}) if chosen.any() else slopes).transpose(vertical, horizontal, ...)


def _draw_map(values: "xarray.DataArray", diagram: Plane, layer: str, colours: ScalarMappable, ax: Axes) -> None:
    """Values over the plane in colour, with the derived boundary."""
    x, y = (edges_of(values[name].values) for name in diagram.names)
    norm = Normalize(*colours.get_clim())
    ax.pcolormesh(x, y, values.values, cmap=colours.cmap, norm=norm, edgecolors="white", lw=0.3)
    ax.set_facecolor(_NO_SLOPE)
    draw_derived(diagram, layer, ax, (float(x[0]), float(x[-1]), float(y[0]), float(y[-1])))
    ax.set(xlim=x[[0, -1]], ylim=y[[0, -1]])


def _have_room(values: "xarray.DataArray", ax: Axes) -> bool:
    """Whether a number and a star are clear of each other in the smallest of the cells."""
    box, room = ax.get_window_extent(), []
    for dimension, size in zip(values.dims, (box.height, box.width), strict=True):
        edges = edges_of(values[dimension].values)
        room.append(72 * size / ax.figure.dpi * np.diff(edges).min() / np.ptp(edges))
    return values.size <= _MOST_LABELLED and room[0] >= _CELL[1] and room[1] >= _NARROWEST


def _draw_numbers(values: "xarray.DataArray", colours: ScalarMappable, ax: Axes) -> None:
    """The values at the upper edges of their cells, above the stars, on a ground that keeps lines out of them."""
    y, x = (values[dimension].values for dimension in values.dims)
    tops = edges_of(y)[1:]
    inside = ax.transData + ScaledTranslation(0, -_NUMBER_BELOW_EDGE / 72, ax.figure.dpi_scale_trans)
    look: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": _NUMBER, "zorder": 4, "transform": inside}
    for (i, j), value in np.ndenumerate(values.values):
        if np.isfinite(value):
            ground = colours.to_rgba(np.array([value]))[0][:3]
            shade = "black" if ground @ (0.3, 0.59, 0.11) > 0.5 else "white"
            box = {"facecolor": to_hex(ground), "edgecolor": "none", "pad": 0.4}
            ax.text(float(x[j]), float(tops[i]), signed(value).replace("-", "−"), color=shade, bbox=box, **look)


def _draw_expected(zero: "xarray.DataArray", vertical: str, ax: Axes) -> None:
    """The boundary of the infinitely wide network at the widths of the scan, from row to row."""
    halo = withStroke(linewidth=4.4, foreground="white")
    ax.plot(zero.values, zero[vertical].values, path_effects=[halo], **_EXPECTED)


def _draw_stars(boundary: "xarray.Dataset", vertical: str, ax: Axes) -> None:
    """The measured boundary: one star a row, with its interval."""
    window = ax.get_xlim()
    found = boundary.dropna(vertical, subset=["crossing"])
    x, y = found["crossing"].values, found[vertical].values
    low, high = (np.where(np.isnan(found[name].values), x, found[name].values) for name in ("low", "high"))
    bars = ax.hlines(y, np.maximum(low, window[0]), np.minimum(high, window[1]), color="black", lw=1.2, zorder=5)
    bars.set_path_effects([HALO])
    for end, values in (("<", low), (">", high)):
        open_ended = np.isinf(values)
        edge = np.where(values < 0, *window)
        ax.plot(edge[open_ended], y[open_ended], end, color="black", ms=4, zorder=5)
        ax.plot(values[~open_ended], y[~open_ended], "|", color="black", ms=5, zorder=5)
    ax.plot(x, y, "*", ms=_STAR, mfc="white", mec="black", mew=0.9, zorder=6)


def _draw_zero(values: "xarray.DataArray", diagram: Plane, ax: Axes, style: str) -> bool:
    """The line on which a map of slopes is zero; whether it has one."""
    if min(values.shape) == 1 or not np.nanmin(values) < 0 < np.nanmax(values):
        return False
    x, y = (values[name].values for name in diagram.names)
    lines = ax.contour(x, y, np.ma.masked_invalid(values.values), levels=[0.0], linestyles=style, **_MEASURED_ZERO)
    lines.set(path_effects=[withStroke(linewidth=3.6, foreground="white")])
    return True


def _zero(style: str, layer: str) -> Line2D:
    """The entry of a legend for :func:`_draw_zero`."""
    label = rf"measured: $S_{{{symbol(layer)}}}=0$"
    return Line2D([], [], color=_MEASURED_ZERO["colors"], lw=_MEASURED_ZERO["linewidths"], ls=style, label=label)


def _take_legend(ax: Axes) -> tuple[list[Any], list[str]]:
    """Remove the legend of some axes, for one elsewhere; its handles and labels."""
    legend = ax.get_legend()
    if legend is None:
        return [], []
    legend.remove()
    return list(legend.legend_handles), [text.get_text() for text in legend.get_texts()]

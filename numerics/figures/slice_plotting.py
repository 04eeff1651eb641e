"""Figures of experiments at any depth. Computed data in, Axes or Figure out; nothing is saved or shown here."""

import itertools
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

import phasetheory as pt
from numerics.experiments.scaling_check import ScalingCheck
from numerics.experiments.slice_plan import SlicePlan
from numerics.experiments.verify_slice import LayerResult, SlicePoint, SliceVerification
from phasetheory.diagrams.plotting import draw_boundaries, mixture_colour, plot_phase_diagram, tint
from phasetheory.symbols.printing import latex

if TYPE_CHECKING:
    import xarray

__all__ = [
    "plot_four_regions",
    "plot_layer_distances",
    "plot_scaling_check",
    "plot_slice_points",
    "plot_slope_maps",
]

_LAYER_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito
_MARKERS = "os^Dv*"
_DISAGREES = "#CC0033"
_HALO = withStroke(linewidth=2.5, foreground="white")
_LARGEST = 1.5  # |S| at the ends of the colour scale


def plot_layer_distances(
    verification: SliceVerification, point: SlicePoint, *, norm: str = "frobenius", ax: Axes | None = None
) -> Axes:
    """RD of every layer at one point against the width, log-log.

    Markers: geometric mean over the seeds, with bars from the smallest to the largest. Dashed: a power law of the *predicted*
    slope through the middle of the data; it is not fitted.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(4.2, 3.8), layout="constrained")
    place = {name: float(value) for name, value in zip(verification.plan.names, point.point, strict=True)}
    own = verification.runs.sel(place).transpose("width", "seed", ...)
    for result in point.of(norm):
        _draw_layer(result, own["relative_distance"].sel(layer=result.layer, norm=norm), ax)
    _finish(ax, verification.plan.widths)
    ax.set_title(_place(verification.plan, point), fontsize=10)
    return ax


def plot_scaling_check(check: ScalingCheck, *, norm: str = "spectral", ax: Axes | None = None) -> Axes:
    """RD of every layer against the width, with the predicted slopes and the verdict: flat lines are what learns at any width.

    Markers and lines as in :func:`plot_layer_distances`.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 4.8), layout="constrained")
    for result in check.of(norm):
        _draw_layer(result, check.runs["relative_distance"].sel(layer=result.layer, norm=norm), ax)
    _finish(ax, [int(width) for width in check.runs["width"].values])
    name = check.network.name or "network"
    ax.set_title("\n".join([f"{name}, {norm.capitalize()} norm", *textwrap.wrap(check.summary, 60)]), fontsize=9)
    return ax


def plot_slice_points(verification: SliceVerification, *, ax: Axes | None = None) -> Axes:
    """The derived diagram of the hidden layers with the measured points on it: colour is what was measured, text the slopes."""
    plan = verification.plan
    layers = plan.layers[:-1]
    ax = plot_phase_diagram(plan.diagram(), ax=ax, layers=layers)
    for point in verification.points:
        x, y = map(float, point.point)
        results = [result for result in point.of("frobenius") if result.layer in layers]
        regimes = [result.measured_regime for result in results if result.measured_regime is not None]
        colour = mixture_colour(regimes) if len(regimes) == len(layers) else None
        edge = "black" if point.agrees else _DISAGREES
        ax.plot(x, y, "s", ms=10, mfc=colour or "white", mec=edge, mew=1.4, zorder=6)
        lines = [f"{r.layer} {r.measured.slope:+.2f} ({_number(r.predicted_slope)})" for r in results if r.measured]
        side = -1 if x > np.mean(ax.get_xlim()) + 0.2 * np.ptp(ax.get_xlim()) else 1
        note = ax.annotate(
            "\n".join(lines), (x, y), (8 * side, 2), textcoords="offset points", va="bottom", fontsize=7.5
        )
        note.set(ha="left" if side > 0 else "right", zorder=7, path_effects=[_HALO])
    return ax


def plot_slope_maps(
    slopes: "xarray.Dataset",
    diagram: pt.PhaseDiagram,
    *,
    figure: Figure | SubFigure | None = None,
    layers: Sequence[str] | None = None,
) -> Figure | SubFigure:
    """Measured slopes of every layer side by side, in colour, with the derived boundaries.

    Parameters
    ----------
    slopes : xarray.Dataset
        Of :func:`numerics.slopes.slope_map` for a scan of the slice: ``slope`` over its two coordinates, ``layer`` and ``norm``.
    diagram : PhaseDiagram
        The same slice; its norm is the one that is drawn.
    """
    chosen = tuple(layers or diagram.layers)
    if figure is None:
        figure = plt.figure(figsize=(4.1 * len(chosen), 4.3), layout="constrained")
    axes = figure.subplots(1, len(chosen), sharex=True, sharey=True, squeeze=False)[0]
    for layer, ax in zip(chosen, axes, strict=True):
        values = _on_slice(slopes, diagram, layer)
        x, y = (values[c.name].values for c in diagram.coordinates)
        image = ax.pcolormesh(x, y, values.values.T, cmap="RdBu_r", vmin=-_LARGEST, vmax=_LARGEST, shading="nearest")
        draw_boundaries(diagram, (layer,), ax, (*_edges(x), *_edges(y)))
        _draw_zero(values, diagram, ax, "--")
        ax.set(title=f"$S$ of {layer}", xlabel=_axis(diagram, 0), xlim=_edges(x), ylim=_edges(y))
    axes[0].set_ylabel(_axis(diagram, 1))
    figure.colorbar(image, ax=list(axes), extend="both", label="slope of log RD against log $m$", shrink=0.9)
    handles = [
        Line2D([], [], color="#222222", lw=2.2, label="derived: critical"),
        Line2D([], [], color=_DISAGREES, lw=1.4, ls="--", label="measured: slope 0"),
    ]
    figure.legend(handles=handles, fontsize=9, loc="outside lower center", ncols=2, frameon=False)
    return figure


def plot_four_regions(
    slopes: "xarray.Dataset",
    diagram: pt.PhaseDiagram,
    *,
    figure: Figure | SubFigure | None = None,
    layers: Sequence[str] | None = None,
) -> Figure | SubFigure:
    """The regions of the hidden layers twice: derived on the left, measured on the right, with the named initialisations.

    A point on the right has the colour of the signs of its measured slopes; the red lines are where those, interpolated between
    the points, are zero. The black lines are the derived boundaries in both.
    """
    chosen = tuple(layers or diagram.layers[:-1])
    if figure is None:
        figure = plt.figure(figsize=(11.0, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    maps = [_on_slice(slopes, diagram, layer) for layer in chosen]
    x, y = (maps[0][c.name].values for c in diagram.coordinates)
    window = (*_edges(x), *_edges(y))
    plot_phase_diagram(diagram, ax=left, layers=chosen, window=window)
    plot_phase_diagram(diagram, ax=right, layers=chosen, window=window)
    for patch in list(right.patches):
        patch.remove()
    pixels = np.ones((len(y), len(x), 3))
    for j, i in np.ndindex(len(y), len(x)):
        here = [float(m.values[i, j]) for m in maps]
        if all(np.isfinite(here)):
            sides = [pt.Regime.LINEAR if value < 0 else pt.Regime.CONDENSED for value in here]
            pixels[j, i] = tint(mixture_colour(sides) or "#999999")
    right.pcolormesh(x, y, pixels, shading="nearest", zorder=0)
    for values, style in zip(maps, itertools.cycle(("-", "--", "-.", ":"))):
        _draw_zero(values, diagram, right, style)
    left.set_title("derived")
    widths = slopes.attrs["widths"]
    right.set_title(f"measured, widths {widths[0]} to {widths[-1]}")
    right.set_ylabel("")
    for ax in (left, right):
        if legend := ax.get_legend():
            handles, labels = list(legend.legend_handles), [text.get_text() for text in legend.get_texts()]
            legend.remove()
    handles.append(Line2D([], [], color=_DISAGREES, lw=1.4))
    labels.append("measured: slope 0")
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def _draw_layer(result: LayerResult, distances: "xarray.DataArray", ax: Axes) -> None:
    """One layer: means over the seeds with their range, and the predicted slope through the middle."""
    fit = result.measured
    if fit is None:
        return
    style = len(ax.containers)
    colour, marker = _LAYER_COLOURS[style % len(_LAYER_COLOURS)], _MARKERS[style % len(_MARKERS)]
    widths = np.array(fit.widths, dtype=float)
    rows = distances.sel(width=list(fit.widths)).transpose("width", "seed").values
    means = np.exp(np.nanmean(np.log(rows), axis=1))
    spread = [means - np.nanmin(rows, axis=1), np.nanmax(rows, axis=1) - means]
    middle = np.exp(np.mean(np.log(widths)))
    predicted = np.exp(fit.intercept) * middle**fit.slope * (widths / middle) ** float(result.predicted_slope)
    label = f"{result.layer}: {fit.slope:+.2f}, predicted {_number(result.predicted_slope)}"
    ax.errorbar(widths, means, spread, fmt=marker, color=colour, ms=4.5, capsize=2, label=label, zorder=3)
    ax.plot(widths, predicted, "--", color=colour, lw=1.2, zorder=2)


def _finish(ax: Axes, widths: Sequence[int]) -> None:
    ax.set(xscale="log", yscale="log", xlabel="width $m$", ylabel="relative distance RD")
    ax.set_xticks(widths, [str(width) for width in widths], fontsize=8)
    ax.set_xticks([], minor=True)
    ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    ax.grid(True, which="major", alpha=0.25)


def _draw_zero(values: "xarray.DataArray", diagram: pt.PhaseDiagram, ax: Axes, style: str) -> None:
    """The line on which a map of slopes is zero, if it has one."""
    if np.isfinite(values.values).all() and values.values.min() < 0 < values.values.max():
        x, y = (values[c.name].values for c in diagram.coordinates)
        ax.contour(x, y, values.values.T, levels=[0.0], colors=[_DISAGREES], linewidths=1.4, linestyles=style, zorder=3)


def _on_slice(slopes: "xarray.Dataset", diagram: pt.PhaseDiagram, layer: str) -> "xarray.DataArray":
    names = [c.name for c in diagram.coordinates]
    return slopes["slope"].sel(layer=layer, norm=diagram.norm).transpose(*names)


def _axis(diagram: pt.PhaseDiagram, which: int) -> str:
    return f"${latex(diagram.coordinates[which])}$"


def _edges(values: np.ndarray) -> tuple[float, float]:
    """Ends of the pixels around equally spaced values."""
    half = (values[1] - values[0]) / 2 if len(values) > 1 else 0.5
    return float(values[0] - half), float(values[-1] + half)


def _place(plan: SlicePlan, point: SlicePoint) -> str:
    return ", ".join(f"${latex(c)} = {float(v):g}$" for c, v in zip(plan.coordinates, point.point, strict=True))


def _number(value: object) -> str:
    return f"{float(value):+.2f}" if value != 0 else "0"  # type: ignore[arg-type]

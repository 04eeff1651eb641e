"""Figures of experiments at any depth. Computed data in, Axes or Figure out; nothing is saved or shown here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

import phasetheory as pt
from numerics.slice_plan import SlicePlan
from numerics.verify_slice import SlicePoint, SliceVerification
from phasetheory.plotting import draw_boundaries, mixture_colour, plot_phase_diagram, tint
from phasetheory.printing import latex

if TYPE_CHECKING:
    import xarray

__all__ = ["plot_four_regions", "plot_layer_distances", "plot_slice_points", "plot_slope_maps"]

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
    for k, result in enumerate(point.of(norm)):
        fit = result.measured
        if fit is None:
            continue
        colour, marker = _LAYER_COLOURS[k % len(_LAYER_COLOURS)], _MARKERS[k % len(_MARKERS)]
        widths = np.array(fit.widths, dtype=float)
        rows = own["relative_distance"].sel(layer=result.layer, norm=norm, width=list(fit.widths)).values
        means = np.exp(np.mean(np.log(rows), axis=1))
        spread = [means - rows.min(axis=1), rows.max(axis=1) - means]
        middle = np.exp(np.mean(np.log(widths)))
        predicted = np.exp(fit.intercept) * middle**fit.slope * (widths / middle) ** float(result.predicted_slope)
        label = f"{result.layer}: {fit.slope:+.2f}, predicted {_number(result.predicted_slope)}"
        ax.errorbar(widths, means, spread, fmt=marker, color=colour, ms=4.5, capsize=2, label=label, zorder=3)
        ax.plot(widths, predicted, "--", color=colour, lw=1.2, zorder=2)
    ax.set(xscale="log", yscale="log", xlabel="width $m$", ylabel="relative distance RD")
    ax.set_title(_place(verification.plan, point), fontsize=10)
    ax.legend(fontsize=7.5, framealpha=0.85)
    ax.grid(True, which="major", alpha=0.25)
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
        side = -1 if x > np.mean(ax.get_xlim()) + 0.3 * np.ptp(ax.get_xlim()) else 1
        note = ax.annotate(
            "\n".join(lines), (x, y), (8 * side, 0), textcoords="offset points", va="center", fontsize=7.5
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
        draw_boundaries(diagram, (layer,), ax, (x.min(), x.max(), y.min(), y.max()))
        if np.isfinite(values.values).all() and values.values.min() < 0 < values.values.max():
            ax.contour(x, y, values.values.T, levels=[0.0], colors=[_DISAGREES], linewidths=1.4, linestyles="--")
        ax.set(title=f"$S$ of {layer}", xlabel=_axis(diagram, 0), xlim=_edges(x), ylim=_edges(y))
    axes[0].set_ylabel(_axis(diagram, 1))
    figure.colorbar(image, ax=list(axes), extend="both", label="slope of log RD against log $m$", shrink=0.9)
    handles = [
        Line2D([], [], color="#222222", lw=2.2, label="derived: critical"),
        Line2D([], [], color=_DISAGREES, lw=1.4, ls="--", label="measured: slope 0"),
    ]
    axes[0].legend(handles=handles, fontsize=8, loc="lower left", framealpha=0.9)
    return figure


def plot_four_regions(
    slopes: "xarray.Dataset",
    diagram: pt.PhaseDiagram,
    *,
    figure: Figure | SubFigure | None = None,
    layers: Sequence[str] | None = None,
) -> Figure | SubFigure:
    """The regions of the hidden layers twice: derived on the left, measured on the right, with the named initialisations.

    A point on the right has the colour of the regimes that its measured slopes have; a layer with a slope close to zero takes the
    side of its sign. The lines are the derived boundaries in both.
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
        values = [float(m.values[i, j]) for m in maps]
        if all(np.isfinite(values)):
            sides = [pt.Regime.LINEAR if value < 0 else pt.Regime.CONDENSED for value in values]
            pixels[j, i] = tint(mixture_colour(sides) or "#999999")
    right.pcolormesh(x, y, pixels, shading="nearest", zorder=0)
    left.set_title("derived")
    widths = slopes.attrs["widths"]
    right.set_title(f"measured, widths {widths[0]} to {widths[-1]}")
    right.set_ylabel("")
    for ax in (left, right):
        if legend := ax.get_legend():
            handles, labels = list(legend.legend_handles), [text.get_text() for text in legend.get_texts()]
            legend.remove()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


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

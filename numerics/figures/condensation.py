"""Figures of condensation over the phase diagram: the map of features, and the measures against S_w."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

import phasetheory as pt
from numerics.experiments.condensation_map import CondensationPlan, converged, sharpening, slopes_of_w
from numerics.figures.canvas import new_figure, new_panels
from numerics.figures.features import draw_first_directions
from numerics.figures.style import (
    COLOURS,
    MARKERS,
    REGIME_COLOURS,
    axes_of,
    axis_label,
    draw_derived,
    draw_points,
    edges_of,
    figure_of,
    legend_below,
    legend_beneath,
    place,
    save,
    signed,
    width_label,
)
from numerics.figures.ticks import value_ticks, width_texts, width_ticks
from numerics.figures.titles import heading, verbatim, wrapped
from numerics.scans import CellStatus

if TYPE_CHECKING:
    import xarray

__all__ = [
    "plot_condensation_map",
    "plot_condensation_plane",
    "plot_measure_against_slope",
    "plot_measure_against_width",
    "write_condensation",
]

_SIZE = (5.0, 4.2)
_NAMES = ("gamma", "gamma_prime")
_LINES = 7  # points in the panel against the width, at most
_NO_VALUE = "0.85"
_MOST_TICKS = 11  # values of a coordinate that all have a tick
_NOTE, _NOTE_WIDTH = 7, 95.0  # points: size, and width in a box of the map
_FAINTEST = 0.35  # opacity of a bin with one neuron


def plot_condensation_map(
    dataset: "xarray.Dataset",
    slopes: np.ndarray,
    *,
    seed: int = 0,
    predicted: pt.CondensedDirections | None = None,
    figure: Figure | SubFigure | None = None,
) -> Figure | SubFigure:
    """Features of every box of the plane: amplitude over the largest one against orientation, one colour a width.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a :class:`numerics.CondensationPlan`.
    slopes : float64 (gamma, gamma_prime)
        Derived S_w; boxes where it is zero have a thick frame.
    seed : int
        Which repetition is drawn.
    predicted : CondensedDirections, optional
        Of :func:`phasetheory.condensed_directions`, drawn behind the features of data on a line.
    figure : Figure or SubFigure, optional
    """
    gammas, primes = dataset.gamma.values, dataset.gamma_prime.values
    figure = figure_of(figure, *_map_size(dataset))
    grid = figure.subplots(primes.size, gammas.size, sharex=True, sharey=True, squeeze=False)
    across = dataset.orientation.values
    half = (across[1] - across[0]) / 2
    texts = width_texts(dataset.width.values)
    extent = (across[0] - half, across[-1] + half, 0.0, 1.0)
    for column, gamma in enumerate(gammas):
        for row, prime in enumerate(primes[::-1]):
            ax = grid[row, column]
            here = dataset.occupancy.sel(gamma=gamma, gamma_prime=prime, seed=seed)
            status = dataset.status.sel(gamma=gamma, gamma_prime=prime, seed=seed).values
            for index in reversed(range(dataset.width.size)):  # the widest network below: it fills most bins
                image = _tinted(here.isel(width=index).values.T, COLOURS[index % len(COLOURS)])
                look: dict[str, Any] = {"origin": "lower", "aspect": "auto", "interpolation": "nearest"}
                ax.imshow(image, extent=extent, **look).set_rasterized(True)
            if predicted is not None:
                draw_first_directions(predicted, ax)
            slope = slopes[column, primes.size - 1 - row]
            for spine in ax.spines.values():
                spine.set(color=REGIME_COLOURS[pt.classify(float(slope))], lw=3.0 if slope == 0 else 1.2)
            ax.set(xticks=[], yticks=[])
            if missing := [text for text, ended in zip(texts, status, strict=True) if ended != CellStatus.DONE]:
                note = wrapped(f"left out: $m=$ {', '.join(f'${text}$' for text in missing)}", _NOTE_WIDTH, _NOTE)
                ax.text(0.5, 0.97, note, ha="center", va="top", fontsize=_NOTE, transform=ax.transAxes)
            if row == primes.size - 1:
                ax.set_xlabel(place(_NAMES[:1], [gamma]))
            if column == 0:
                ax.set_ylabel(place(_NAMES[1:], [prime]))
    handles = [Patch(facecolor=COLOURS[index % len(COLOURS)], label=f"$m={text}$") for index, text in enumerate(texts)]
    drawn = {pt.classify(float(slope)) for slope in slopes.ravel()}
    handles += [
        Patch(facecolor="white", edgecolor=REGIME_COLOURS[regime], lw=2, label=regime.value)
        for regime in pt.Regime
        if regime in drawn
    ]
    if predicted is not None:
        handles += [line for line in grid[0, 0].lines if not line.get_label().startswith("_")]
    columns = min(len(handles), max(2, gammas.size))
    legend_beneath(figure, handles, columns=columns, frameon=False)
    return figure


def plot_condensation_plane(
    values: "xarray.DataArray",
    label: str,
    *,
    diverging: bool = False,
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A measure over the plane, mean over the seeds, with the derived boundary S_w = 0.

    Parameters
    ----------
    values : xarray.DataArray (gamma, gamma_prime, seed)
    label : str
        Of the colour bar.
    diverging : bool
        White at zero.
    limits : (low, high), optional
        Ends of the scale, so that planes beside each other share one; by default those of the values.
    """
    ax = axes_of(ax, *_SIZE)
    mean = values.mean("seed").transpose("gamma_prime", "gamma")
    size = float(np.abs(mean).max()) or 1.0
    low, high = limits or ((-size, size) if diverging else (float(mean.min()), float(mean.max())))
    x, y = edges_of(mean.gamma.values), edges_of(mean.gamma_prime.values)
    mesh = ax.pcolormesh(x, y, mean.values, cmap="PuOr_r" if diverging else "viridis", vmin=low, vmax=high)
    handles = draw_derived(pt.phase_diagram(), "w", ax, (float(x[0]), float(x[-1]), float(y[0]), float(y[-1])))
    ax.set(xlim=x[[0, -1]], ylim=y[[0, -1]], facecolor=_NO_VALUE)
    for axis, name in ((ax.xaxis, "gamma"), (ax.yaxis, "gamma_prime")):
        value_ticks(axis, mean[name].values, most=_MOST_TICKS)
        axis.set_label_text(axis_label(name))
    missing = [Patch(facecolor=_NO_VALUE, label="no run to use")] if bool(mean.isnull().any()) else []
    ax.figure.colorbar(mesh, ax=ax, label=label)
    if handles or missing:
        legend_below(ax, [*handles, *missing], columns=2, fontsize="small")
    return ax


def plot_measure_against_slope(
    dataset: "xarray.Dataset", slopes: np.ndarray, *, measure: str = "entropy", ax: Axes | None = None
) -> Axes:
    """1 - entropy, or the fraction, of every box against its derived S_w, one colour a width; bars over the seeds."""
    ax = axes_of(ax, *_SIZE)
    texts = width_texts(dataset.width.values)
    for index, width in enumerate(dataset.width.values):
        here = _measure(dataset, measure).sel(width=width).transpose("gamma", "gamma_prime", "seed")
        mean, low, high = (values.values.ravel() for values in (here.mean("seed"), here.min("seed"), here.max("seed")))
        look = {"colour": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)]}
        draw_points(ax, slopes.ravel(), mean, low, high, label=f"$m={texts[index]}$", **look)
    ax.axvline(0.0, color=REGIME_COLOURS[pt.Regime.CRITICAL], lw=1.2, ls="--")
    ax.set(xlabel="derived $S_w$", ylabel=_LABELS[measure], ylim=(-0.03, 1.03))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    legend_below(ax, ax.get_legend_handles_labels()[0], columns=3, fontsize="small")
    ax.grid(True, alpha=0.25)
    return ax


def plot_measure_against_width(
    dataset: "xarray.Dataset",
    points: Sequence[tuple[float, float]],
    slopes: Sequence[float],
    *,
    measure: str = "entropy",
    ax: Axes | None = None,
) -> Axes:
    """1 - entropy, or the fraction, against the width at a few points; bars over the seeds, colour of the derived regime."""
    ax = axes_of(ax, *_SIZE)
    for (gamma, prime), slope, marker in zip(points, slopes, itertools.cycle(MARKERS)):
        here = (
            _measure(dataset, measure).sel(gamma=gamma, gamma_prime=prime, method="nearest").transpose("width", "seed")
        )
        mean, low, high = (values.values for values in (here.mean("seed"), here.min("seed"), here.max("seed")))
        label = f"{place(_NAMES, (gamma, prime))}: $S_w={signed(slope)}$"
        colour = REGIME_COLOURS[pt.classify(float(slope))]
        draw_points(ax, dataset.width.values, mean, low, high, colour=colour, marker=marker, line="-", label=label)
    width_ticks(ax, dataset.width.values)
    ax.set(ylabel=_LABELS[measure], ylim=(-0.03, 1.03))
    legend_below(ax, ax.get_legend_handles_labels()[0], columns=2, fontsize="small")
    ax.grid(True, alpha=0.25)
    return ax


def write_condensation(dataset: "xarray.Dataset", plan: CondensationPlan, folder: Path) -> list[Path]:
    """The map of features; the measures over the plane, against S_w and against the width; what dropout did, if it was there."""
    slopes = slopes_of_w(dataset.gamma.values, dataset.gamma_prime.values)
    figures = {
        "condensation_map": _map(dataset, slopes, plan),
        "condensation_measures": _measures(dataset, slopes, plan),
    }
    if "output_entropy" in dataset:
        figures["condensation_dropout"] = _dropout(dataset, plan)
    return save(figures, folder)


def _dropout(dataset: "xarray.Dataset", plan: CondensationPlan) -> Figure:
    """Entropy weighted by the outputs without dropout, with it, and the difference, at the largest width."""
    largest = dataset.width.values[-1]
    without, settled = converged(dataset).output_entropy.sel(width=largest).transpose("trained", ...)
    figure, (left, middle, right) = new_panels(3, 5.5, 4.8)
    means = [values.mean("seed") for values in (without, settled)]
    limits = min(float(mean.min()) for mean in means), max(float(mean.max()) for mean in means)
    plot_condensation_plane(without, "entropy weighted by outputs,\nwithout dropout", limits=limits, ax=left)
    plot_condensation_plane(settled, "entropy weighted by outputs,\nwith dropout", limits=limits, ax=middle)
    plot_condensation_plane(settled - without, "change by dropout", diverging=True, ax=right)
    heading(figure, f"{verbatim(plan.data_name)}{plan.caption}: {width_label(largest)}")
    return figure


def _map(dataset: "xarray.Dataset", slopes: np.ndarray, plan: CondensationPlan) -> Figure:
    figure = new_figure(*_map_size(dataset))
    plot_condensation_map(dataset, slopes, predicted=plan.predicted, figure=figure)
    across = "orientation of $w_k$, from $-\\pi$ to $\\pi$"
    if plan.data[0].shape[1] > 2:
        across = "projection of $w_k/|w_k|$ on the leading direction, from -1 to 1"
    heading(figure, f"{verbatim(plan.data_name)}{plan.caption}: amplitude over the largest against {across}")
    return figure


def _measures(dataset: "xarray.Dataset", slopes: np.ndarray, plan: CondensationPlan) -> Figure:
    used, columns = converged(dataset), len(slopes)
    figure, (plane, trend, widths, entropy, fraction, inside) = new_panels(6, 5.5, 5.4)
    largest = dataset.width.values[-1]
    label = f"1 - entropy/uniform, {width_label(largest)}"
    plot_condensation_plane(1 - used.entropy.sel(width=largest), label, ax=plane)
    plot_condensation_plane(sharpening(dataset), "change per factor 10 of $m$", diverging=True, ax=trend)
    prime = int(np.argmin(np.abs(dataset.gamma_prime.values)))
    chosen = np.unique(np.linspace(0, columns - 1, min(columns, _LINES)).round().astype(int))
    points = [(float(dataset.gamma[i]), float(dataset.gamma_prime[prime])) for i in chosen]
    for measure, against_slope, against_width in (("entropy", entropy, widths), ("fraction", fraction, inside)):
        plot_measure_against_slope(used, slopes, measure=measure, ax=against_slope)
        along = [float(slopes[i, prime]) for i in chosen]
        plot_measure_against_width(used, points, along, measure=measure, ax=against_width)
    seeds = f"{dataset.seed.size} seeds" if dataset.seed.size > 1 else "one seed"
    caption = (
        f"{verbatim(plan.data_name)}{plan.caption}: condensation of the input weights over the phase diagram, {seeds}"
    )
    if len(chosen) < columns:
        caption += f"; against the width {len(chosen)} of {columns} columns"
    heading(figure, caption, size=12)
    return figure


_LABELS = {
    "entropy": "1 - entropy/uniform",
    "fraction": "amplitude within condensed directions",
}


def _tinted(counts: np.ndarray, colour: str) -> np.ndarray:
    """RGBA image: opacity grows with the log of the number of neurons in a bin."""
    image = np.zeros((*counts.shape, 4))
    image[..., :3] = to_rgb(colour)
    with np.errstate(divide="ignore"):
        depth = np.log(counts) / max(np.log(max(float(np.nanmax(counts)), 2.0)), 1e-9)
    image[..., 3] = np.where(counts > 0, _FAINTEST + (1 - _FAINTEST) * np.clip(depth, 0, 1), 0.0)
    return image


def _measure(dataset: "xarray.Dataset", measure: str) -> "xarray.DataArray":
    """1 - entropy, or the measure of this name."""
    return 1 - dataset.entropy if measure == "entropy" else dataset[measure]


def _map_size(dataset: "xarray.Dataset") -> tuple[float, float]:
    return max(6.0, 1.55 * dataset.gamma.size + 0.8), 1.35 * dataset.gamma_prime.size + 1.4

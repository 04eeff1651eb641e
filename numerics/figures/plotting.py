"""Figures of the experiments. Computed data in, Axes or Figure out; nothing is saved or shown here."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

import phasetheory as pt
from numerics.experiments.verify import PointResult, Verification
from numerics.flow.solution import Solution
from numerics.observe.features import Features, features
from numerics.slopes import SlopeFit
from phasetheory.diagrams.plotting import REGIME_COLOURS, plot_phase_diagram

__all__ = ["draw_power_law", "plot_learned_functions", "plot_measured_diagram", "plot_relative_distance"]

_INITIAL, _FINAL, _DATA = "#0072B2", "#D55E00", "black"  # colour-blind safe (Okabe and Ito)
_DISAGREES = "#CC0033"
_KERNEL = "#CC79A7"
_MARKERS = "osD^vP*X"
_HALO = withStroke(linewidth=2.5, foreground="white")


def plot_relative_distance(points: Sequence[PointResult], *, ax: Axes | None = None) -> Axes:
    """RD of w against the width, log-log, one colour per predicted regime.

    Markers: geometric mean over the seeds, with bars from the smallest to the largest. Solid line: fitted power law. Dashed line:
    a power law of the *predicted* slope through the middle of the data. Dotted line, in the linear regime: RD itself by the
    tangent kernels, with no free parameter.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
    handles = []
    for marker, point in zip(_MARKERS * (1 + len(points) // len(_MARKERS)), points, strict=False):
        fit = point.measured
        if fit is None:
            continue
        colour = REGIME_COLOURS[point.predicted_regime]
        rows = [[r.relative_distance for r in point.runs if r.width == w and r.converged] for w in fit.widths]
        draw_power_law(ax, fit.widths, rows, fit, float(point.predicted_slope), colour, marker)
        if point.kernel_distances:
            ax.plot(*zip(*point.kernel_distances.items(), strict=True), ":", color=_KERNEL, lw=2.2, zorder=2.5)
        label = rf"{_place(point)}: $S_w={_signed(fit.slope)}$, predicted ${_signed(float(point.predicted_slope))}$"
        handles.append(Line2D([], [], marker=marker, color=colour, mec="black", mew=0.6, ls="-", label=label))
    handles.append(Line2D([], [], ls="--", color="black", lw=1.0, label="predicted slope"))
    if any(point.kernel_distances for point in points):
        label = "predicted RD (tangent kernels, no free parameter)"
        handles.append(Line2D([], [], ls=":", color=_KERNEL, lw=2.2, label=label))
    ax.set(xscale="log", yscale="log", xlabel="width $m$", ylabel=r"relative distance RD$(\theta_w)$")
    ax.legend(handles=handles, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False)
    ax.grid(True, which="major", alpha=0.25)
    return ax


def draw_power_law(
    ax: Axes,
    widths: ArrayLike,
    rows: Sequence[ArrayLike],
    fit: SlopeFit,
    predicted: float,
    colour: Any,
    marker: str,
) -> None:
    """Draw RD of several seeds (rows) at each width, the fitted power law, and one of the predicted slope through its middle."""
    widths = np.array(widths, dtype=float)
    means = np.array([np.exp(np.mean(np.log(row))) for row in rows])
    spread = [means - [np.min(row) for row in rows], [np.max(row) for row in rows] - means]
    middle = np.exp(np.mean(np.log(widths)))
    line = np.exp(fit.intercept) * widths**fit.slope
    through_middle = np.exp(fit.intercept) * middle**fit.slope * (widths / middle) ** predicted
    ax.errorbar(widths, means, spread, fmt=marker, color=colour, mec="black", mew=0.6, ms=6, capsize=2.5, zorder=3)
    ax.plot(widths, line, "-", color=colour, lw=1.6, zorder=2)
    ax.plot(widths, through_middle, "--", color="black", lw=1.0, zorder=2)


def plot_learned_functions(
    solutions: Mapping[str, Solution],
    X: np.ndarray,
    y: np.ndarray,
    *,
    figure: Figure | SubFigure | None = None,
    samples: int = 400,
) -> Figure | SubFigure:
    """What networks learned from data on a line, one column each: the function above, the features below.

    Parameters
    ----------
    solutions : mapping
        Title of the column -> run.
    X : array (n, 2), y : array (n,)
        The data, the constant input last.
    figure : Figure or SubFigure, optional
    samples : int
        Points on which the functions are drawn.

    Notes
    -----
    A feature is a neuron: its orientation, the angle of w_k, and its amplitude |a_k| |w_k|, on a log scale because the amplitudes
    at the end exceed those at the start by orders of magnitude in the condensed regime.
    """
    if figure is None:
        figure = plt.figure(figsize=(3.6 * len(solutions), 6.0), layout="constrained")
    axes = figure.subplots(2, len(solutions), squeeze=False, gridspec_kw={"height_ratios": (1, 1)})
    margin = 0.35 * float(np.ptp(X[:, 0]))
    position = np.linspace(X[:, 0].min() - margin, X[:, 0].max() + margin, samples)
    inputs = np.column_stack([position, np.ones(samples)])
    for (title, solution), (above, below) in zip(solutions.items(), axes.T, strict=True):
        above.plot(position, solution.initial(inputs), "--", color=_INITIAL, lw=1.4, label="initial")
        above.plot(position, solution.network(inputs), "-", color=_FINAL, lw=2.0, label="learned")
        above.plot(X[:, 0], y, "o", color=_DATA, ms=6, zorder=4, label="data")
        above.set(xlabel="$x$", title=title)
        _scatter(below, features(solution.initial), _INITIAL, "initial")
        _scatter(below, features(solution.network), _FINAL, "final")
        below.set(xlabel="orientation of $w_k$", yscale="log", xlim=(-np.pi, np.pi))
        below.set_xticks([-np.pi, 0, np.pi], [r"$-\pi$", "0", r"$\pi$"])
        for ax in (above, below):
            ax.grid(True, alpha=0.25)
    axes[0, 0].set_ylabel("$f(x)$")
    axes[1, 0].set_ylabel(r"amplitude $|\bar a_k|\,|\bar w_k|$")
    _share_y(axes[0])
    for row in axes:
        row[0].legend(fontsize=8, loc="lower left", framealpha=0.9)
    return figure


def plot_measured_diagram(
    verification: Verification, *, diagram: pt.PhaseDiagram | None = None, ax: Axes | None = None
) -> Axes:
    """The phase diagram with the measured points on it: colour is the measured regime, text the slope and its interval."""
    coordinates = [(float(p.gamma), float(p.gamma_prime)) for p in verification.points]
    diagram = diagram or pt.phase_diagram(2)
    ax = plot_phase_diagram(diagram, ax=ax, window=_window(coordinates))
    for (x, y), point in zip(coordinates, verification.points, strict=True):
        colour = REGIME_COLOURS[point.measured_regime] if point.measured_regime else "white"
        edge = "black" if point.agrees else _DISAGREES
        ax.plot(x, y, "s", ms=9, mfc=colour, mec=edge, mew=1.4, zorder=6)
        text = "no slope" if point.measured is None else _with_interval(point)
        side = -1 if x > ax.get_xlim()[1] - 0.4 else 1
        note = ax.annotate(text, (x, y), (8 * side, -5), textcoords="offset points", va="top", fontsize=8.5, color=edge)
        note.set(ha="left" if side > 0 else "right", zorder=7, path_effects=[_HALO])
    found = {p.measured_regime for p in verification.points if p.measured_regime}
    legend = ax.get_legend()
    assert legend is not None
    handles: list[Any] = list(legend.legend_handles)
    labels = [text.get_text() for text in legend.get_texts()]
    for regime in (r for r in pt.Regime if r in found):
        handles.append(Line2D([], [], marker="s", ls="", ms=8, mfc=REGIME_COLOURS[regime], mec="black"))
        labels.append(f"measured {regime.value}: $S_w$")
    if not verification.agrees:
        handles.append(Line2D([], [], marker="s", ls="", ms=8, mfc="white", mec=_DISAGREES))
        labels.append("measured: disagrees")
    ax.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, fontsize=8.5, frameon=False)
    return ax


def _scatter(ax: Axes, neurons: Features, colour: str, label: str) -> None:
    ax.plot(neurons.orientation, neurons.amplitude, ".", color=colour, ms=3, alpha=0.6, label=label, rasterized=True)


def _share_y(axes: Sequence[Any]) -> None:
    low, high = zip(*(ax.get_ylim() for ax in axes), strict=True)
    for ax in axes:
        ax.set_ylim(min(low), max(high))


def _window(coordinates: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """A window that shows the book's range and every point."""
    xs, ys = zip(*coordinates, strict=True)
    return min(0.0, min(xs) - 0.25), max(2.0, max(xs) + 0.25), min(-1.0, min(ys) - 0.25), max(1.25, max(ys) + 0.25)


def _place(point: PointResult) -> str:
    return rf"$\gamma={float(point.gamma):g},\ \gamma'={float(point.gamma_prime):g}$"


def _signed(value: float) -> str:
    return f"{value:+.3f}" if abs(value) >= 0.0005 else "0"


def _with_interval(point: PointResult) -> str:
    fit = point.measured
    assert fit is not None
    half = max(fit.high - fit.slope, fit.slope - fit.low)
    return rf"${fit.slope:+.3f}\pm{half:.3f}$"

"""Figures of the linear approximation: network and tangent model, loss and kernel over time, differences against the width."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import phasetheory as pt
from numerics.experiments.grids import Point
from numerics.experiments.plan import Plan
from numerics.experiments.portraits import regime_of_w
from numerics.experiments.tangent_check import (
    LinearApproximation,
    TangentComparison,
    compare_with_tangent,
    limiting_rate,
)
from numerics.figures.canvas import new_figure, new_panels
from numerics.figures.power_laws import PowerLaw, plot_curves
from numerics.figures.style import (
    ANY_COLOUR,
    DATA,
    FINAL,
    INITIAL,
    MARKERS,
    REGIME_COLOURS,
    axes_of,
    legend_below,
    line_of_inputs,
    place,
    save,
    signed,
    symbol,
    width_label,
    with_interval,
)
from numerics.figures.ticks import log_axis, power_text, width_texts
from numerics.figures.titles import heading, title, verbatim
from numerics.networks import TwoLayer
from numerics.networks.seeds import cell_seed

__all__ = [
    "plot_against_width",
    "plot_kernel_over_time",
    "plot_loss_decay",
    "plot_tangent_function",
    "write_linear_approximation",
]

_SIZE = (5.6, 4.4)
_NAMES = ("gamma", "gamma_prime")
_WIDTH = 1000  # of the networks drawn beside their tangent models
_OVER_TIME = (100, 1000, 10_000)  # widths whose loss and kernel are drawn over time, in the linear regime
_SAMPLES = 400  # inputs on a line
_COLUMNS = 2  # functions side by side; more stand below


def plot_tangent_function(
    comparison: TangentComparison, X: np.ndarray, y: np.ndarray, *, ax: Axes | None = None
) -> Axes:
    """Network and tangent model on the line of inputs they were compared at (d = 2), both at the time at which the run ended.

    The legend gives the loss of both: beyond the linear regime the tangent model has by then hardly begun to fit.
    """
    ax = axes_of(ax, *_SIZE)
    position = comparison.inputs[:, 0]
    network, model = (f"loss ${power_text(loss, 2)}$" for loss in _losses(comparison))
    model_label = rf"tangent model $f_{{\rm lin}}$ at that time, {model}"
    ax.plot(position, comparison.outputs[-1], "-", color=FINAL, lw=2.0, label=f"network $f$ at its end, {network}")
    ax.plot(position, comparison.linear_outputs[-1], "--", color=INITIAL, lw=1.8, label=model_label)
    ax.plot(X[:, 0], y, "o", color=DATA, ms=5.5, zorder=4, label="data")
    ax.set(xlabel="$x$", ylabel="$f(x)$")
    legend_below(ax, ax.get_legend_handles_labels()[0], fontsize="small")
    ax.grid(True, alpha=0.25)
    return ax


def plot_against_width(
    found: LinearApproximation, quantity: str, regimes: Sequence[pt.Regime], *, ax: Axes | None = None
) -> Axes:
    """A difference from the tangent model against the width, log-log, with the fitted slopes.

    Parameters
    ----------
    found : LinearApproximation
    quantity : 'difference' or 'kernel'
        sup |f - f_lin|, or the largest change of the tangent kernel.
    regimes : sequence of Regime
        Of w at every point; gives the colour.
    """
    values = found.sup_difference if quantity == "difference" else found.kernel_change
    slope_of = found.difference_slope if quantity == "difference" else found.kernel_slope
    curves = []
    for index, (point, regime) in enumerate(zip(found.points, regimes, strict=True)):
        fit = slope_of(index)
        slope = with_interval(fit.slope, fit.low, fit.high) if fit.seeds > 1 else signed(fit.slope)
        label = f"{_place(point)}, {regime.value}: slope ${slope}$"
        look = REGIME_COLOURS[regime], MARKERS[index % len(MARKERS)]
        curves.append(PowerLaw(label, found.widths, values[index], fit, *look))
    return plot_curves(curves, _QUANTITIES[quantity], ax=axes_of(ax, *_SIZE))


def plot_loss_decay(
    runs: Mapping[str, tuple[TangentComparison, float]], *, guaranteed: bool = True, ax: Axes | None = None
) -> Axes:
    """Loss over time, in units of the rate that the linear regime guarantees, which then is one line for all networks.

    Parameters
    ----------
    runs : mapping
        Label -> comparison and rate 2 m kappa^2 lambda/n (:func:`numerics.limiting_rate`). Solid: network; dashed: its tangent
        model.
    guaranteed : bool
        Whether to draw the decay at that rate; it is guaranteed in the linear regime only.
    """
    ax = axes_of(ax, *_SIZE)
    handles = []
    for colour, (label, (run, rate)) in zip(_shades(len(runs)), runs.items(), strict=True):
        trajectory = run.solution.trajectory
        start = trajectory.loss[0]
        ax.plot(trajectory.t[1:] * rate, trajectory.loss[1:] / start, "-", color=colour, lw=1.8)
        dense = np.geomspace(run.t[0], run.t[-1], 300)
        ax.plot(dense * rate, run.linear.loss(dense) / start, "--", color=colour, lw=1.3)
        handles.append(Line2D([], [], color=colour, lw=1.8, label=label))
    low = min(run.solution.loss / run.solution.trajectory.loss[0] for run, _ in runs.values())
    handles.append(Line2D([], [], color=ANY_COLOUR, ls="--", lw=1.3, label="tangent model of each"))
    if guaranteed:
        longest = max(float(run.t[-1]) * rate for run, rate in runs.values())
        dense = np.geomspace(1e-4, min(longest, -np.log(low)), 200)
        look: dict[str, Any] = {"ls": ":", "color": "black", "lw": 2.0}
        ax.plot(dense, np.exp(-dense), **look)
        handles.append(Line2D([], [], label=r"guaranteed: $\exp(-2m\kappa^2\lambda t/n)$", **look))
    ax.set(xscale="log", yscale="log", ylim=(low / 2, 3))
    ax.set(xlabel=r"time $2m\kappa^2\lambda\,t/n$", ylabel="loss $R(t)/R(0)$")
    _finish(ax, handles)
    return ax


def plot_kernel_over_time(runs: Mapping[str, tuple[TangentComparison, float]], *, ax: Axes | None = None) -> Axes:
    """Change of the tangent kernel over time, in the units of :func:`plot_loss_decay`."""
    ax = axes_of(ax, *_SIZE)
    for colour, (label, (run, rate)) in zip(_shades(len(runs)), runs.items(), strict=True):
        ax.plot(run.t * rate, np.maximum(run.kernel_change, 1e-16), "-", color=colour, lw=1.8, label=label)
    ax.set(xscale="log", yscale="log", xlabel=r"time $2m\kappa^2\lambda\,t/n$", ylabel=r"$|K(t)-K(0)|\,/\,|K(0)|$")
    low, high = (f([float(run.kernel_change[-1]) for run, _ in runs.values()]) for f in (min, max))
    ax.set_ylim(low / 100, high * 3)
    _finish(ax, ax.get_legend_handles_labels()[0])
    return ax


def write_linear_approximation(found: LinearApproximation, plan: Plan, folder: Path) -> list[Path]:
    """Network and tangent model as functions and against the width; loss and kernel over time."""
    return save({"linear_approximation": _functions(found, plan), "loss_and_kernel": _over_time(found, plan)}, folder)


def _functions(found: LinearApproximation, plan: Plan) -> Figure:
    X, y = plan.data
    columns = min(_COLUMNS, len(found.points))
    rows = -(-len(found.points) // columns)
    figure = new_figure(3.7 * columns + 5.8, 3.4 * max(rows, 2) + 1.0)
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=[1.0] * columns + [1.5])
    axes: list[Axes] = []
    inputs = line_of_inputs(X, _SAMPLES)[1]
    for index, point in enumerate(found.points):
        start = _start(point, _WIDTH, X)
        compared = compare_with_tangent(start, X, y, inputs=inputs, layers=found.layers, throw=False)
        ax = plot_tangent_function(compared, X, y, ax=figure.add_subplot(grid[index // columns, index % columns]))
        losses = "loss ${}$, tangent model ${}$".format(*(power_text(loss, 2) for loss in _losses(compared)))
        title(ax, f"{_place(point)}, {regime_of_w(point).value}\n{losses}", size=9)
        if index % columns:
            ax.set_ylabel("")
        if legend := ax.get_legend():  # one for all of them
            legend.remove()
        axes.append(ax)
    regimes = [regime_of_w(point) for point in found.points]
    right = plot_against_width(found, "difference", regimes, ax=figure.add_subplot(grid[:, -1]))
    title(right, "difference against the width")
    last = axes[(rows - 1) * columns]
    for line, label in zip(last.lines, (f"network, {width_label(_WIDTH)}", "tangent model", "data"), strict=True):
        line.set_label(label)
    legend_below(last, last.lines, fontsize="small")
    heading(figure, _caption(found, plan), size=12)
    return figure


def _over_time(found: LinearApproximation, plan: Plan) -> Figure:
    """Over time at the first point that is linear, for whose networks the time axis is made; at the first if none is."""
    X, y = plan.data
    regimes = [regime_of_w(point) for point in found.points]
    linear = pt.Regime.LINEAR in regimes
    point = found.points[regimes.index(pt.Regime.LINEAR) if linear else 0]
    figure, (decay, change, kernel) = new_panels(3, 5.0, 5.4)
    runs = {}
    for width, text in zip(_OVER_TIME, width_texts(_OVER_TIME), strict=True):
        start = _start(point, width, X)
        run = compare_with_tangent(start, X, y, layers=found.layers, throw=False)
        runs[f"network, $m={text}$"] = (run, limiting_rate(start, X, y))
    plot_loss_decay(runs, guaranteed=linear, ax=decay)
    plot_kernel_over_time(runs, ax=change)
    plot_against_width(found, "kernel", regimes, ax=kernel)
    for ax, text in ((decay, "loss"), (change, "tangent kernel")):
        title(ax, f"{text} over time at {_place(point)}")
    title(kernel, "tangent kernel against the width")
    heading(figure, _caption(found, plan), size=12)
    return figure


def _losses(comparison: TangentComparison) -> tuple[float, float]:
    """Of the network at its end, and of its tangent model at that time."""
    return comparison.solution.loss, float(comparison.linear.loss(comparison.t[-1:])[0])


def _caption(found: LinearApproximation, plan: Plan) -> str:
    layers = " and ".join(f"${symbol(layer)}$" for layer in found.layers)
    return f"{verbatim(plan.data_name)}: networks and their tangent models, linear in {layers}"


def _finish(ax: Axes, handles: Sequence[Artist]) -> None:
    """Logarithmic ticks both ways, a grid, and the legend below."""
    for axis in (ax.xaxis, ax.yaxis):
        log_axis(axis)
    ax.grid(True, alpha=0.25)
    legend_below(ax, handles, columns=2, fontsize="small")


def _start(point: Point, width: int, X: np.ndarray) -> TwoLayer:
    return TwoLayer.sample(width, *point, X, rng=cell_seed(*point, width=width, seed=0))


def _place(point: Point) -> str:
    return place(_NAMES, point)


_QUANTITIES = {
    "difference": r"$\sup_t \max_i |f(x_i) - f_{\rm lin}(x_i)|$",
    "kernel": r"$\sup_t |K(t)-K(0)|\,/\,|K(0)|$",
}


def _shades(count: int) -> list[tuple[float, float, float, float]]:
    return [plt.get_cmap("viridis")(0.85 * i / max(1, count - 1)) for i in range(count)]

"""Figures of the linear approximation: network and tangent model, loss and kernel over time, differences against the width."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import phasetheory as pt
from numerics.experiments.tangent_check import LinearApproximation, TangentComparison
from phasetheory.diagrams.plotting import REGIME_COLOURS

__all__ = ["plot_against_width", "plot_kernel_over_time", "plot_loss_decay", "plot_tangent_function"]

_NETWORK, _TANGENT = "#D55E00", "#0072B2"  # colour-blind safe (Okabe and Ito)
_MARKERS = "osD^vP*X"


def plot_tangent_function(
    comparison: TangentComparison, X: np.ndarray, y: np.ndarray, *, ax: Axes | None = None
) -> Axes:
    """Network and tangent model at the end of the run, on the line of inputs they were compared at (d = 2)."""
    ax = _axes(ax)
    position = comparison.inputs[:, 0]
    ax.plot(position, comparison.outputs[-1], "-", color=_NETWORK, lw=2.0, label="network $f$")
    ax.plot(position, comparison.linear_outputs[-1], "--", color=_TANGENT, lw=1.8, label=r"tangent model $f_{\rm lin}$")
    ax.plot(X[:, 0], y, "ko", ms=5.5, zorder=4, label="data")
    ax.set(xlabel="$x$", ylabel="$f(x)$")
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
    ax = _axes(ax)
    values = found.sup_difference if quantity == "difference" else found.kernel_change
    fit = found.difference_slope if quantity == "difference" else found.kernel_slope
    widths = np.array(found.widths, dtype=float)
    for index, ((gamma, prime), regime) in enumerate(zip(found.points, regimes, strict=True)):
        rows = values[index]
        means = np.exp(np.nanmean(np.log(rows), axis=1))
        spread = np.maximum(0.0, [means - np.nanmin(rows, axis=1), np.nanmax(rows, axis=1) - means])
        slope = fit(index)
        place = rf"$\gamma={float(gamma):g}$" + (rf"$,\ \gamma'={float(prime):g}$" if prime else "")
        half = max(slope.high - slope.slope, slope.slope - slope.low)
        interval = rf"\pm{half:.2f}" if slope.seeds > 1 else ""
        label = rf"{place}, {regime.value}: slope ${slope.slope:+.2f}{interval}$"
        look: dict[str, Any] = {"color": REGIME_COLOURS[regime], "mec": "black", "mew": 0.6, "ms": 6, "capsize": 2.5}
        marker = _MARKERS[index % len(_MARKERS)]
        ax.errorbar(widths, means, spread, fmt=marker, label=label, **look)
        ax.plot(widths, np.exp(slope.intercept) * widths**slope.slope, "-", color=REGIME_COLOURS[regime], lw=1.4)
    what = {
        "difference": r"$\sup_t \max_i |f(x_i) - f_{\rm lin}(x_i)|$",
        "kernel": r"$\sup_t |K(t)-K(0)|\,/\,|K(0)|$",
    }[quantity]
    ax.set(xscale="log", yscale="log", xlabel="width $m$", ylabel=what)
    ax.set_xticks(widths, [f"{width:g}" for width in widths])
    ax.minorticks_off()
    ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    ax.grid(True, which="major", alpha=0.25)
    return ax


def plot_loss_decay(runs: Mapping[str, tuple[TangentComparison, float]], *, ax: Axes | None = None) -> Axes:
    """Loss over time, in units of the rate that the linear regime guarantees, which then is one line for all networks.

    Parameters
    ----------
    runs : mapping
        Label -> comparison and rate 2 m kappa^2 lambda/n (:func:`numerics.limiting_rate`). Solid: network; dashed: its tangent
        model.
    """
    ax = _axes(ax)
    handles = []
    for colour, (label, (run, rate)) in zip(_shades(len(runs)), runs.items(), strict=True):
        trajectory = run.solution.trajectory
        start = trajectory.loss[0]
        ax.plot(trajectory.t[1:] * rate, trajectory.loss[1:] / start, "-", color=colour, lw=1.8)
        dense = np.geomspace(run.t[0], run.t[-1], 300)
        ax.plot(dense * rate, run.linear.loss(dense) / start, "--", color=colour, lw=1.3)
        handles.append(Line2D([], [], color=colour, lw=1.8, label=label))
    low = min(run.solution.loss / run.solution.trajectory.loss[0] for run, _ in runs.values())
    longest = max(float(run.t[-1]) * rate for run, rate in runs.values())
    dense = np.geomspace(1e-4, min(longest, -np.log(low)), 200)
    ax.plot(dense, np.exp(-dense), ":", color="black", lw=2.0)
    handles += [
        Line2D([], [], color="0.4", ls="--", label="tangent model of each"),
        Line2D([], [], color="black", ls=":", lw=2.0, label=r"guaranteed: $\exp(-2m\kappa^2\lambda t/n)$"),
    ]
    ax.set(xscale="log", yscale="log", ylim=(low / 2, 3))
    ax.set(xlabel=r"time $2m\kappa^2\lambda\,t/n$", ylabel="loss $R(t)/R(0)$")
    ax.legend(handles=handles, fontsize=8, loc="lower left")
    ax.grid(True, alpha=0.25)
    return ax


def plot_kernel_over_time(runs: Mapping[str, tuple[TangentComparison, float]], *, ax: Axes | None = None) -> Axes:
    """Change of the tangent kernel over time, in the units of :func:`plot_loss_decay`."""
    ax = _axes(ax)
    for colour, (label, (run, rate)) in zip(_shades(len(runs)), runs.items(), strict=True):
        ax.plot(run.t * rate, np.maximum(run.kernel_change, 1e-16), "-", color=colour, lw=1.8, label=label)
    ax.set(xscale="log", yscale="log", xlabel=r"time $2m\kappa^2\lambda\,t/n$", ylabel=r"$|K(t)-K(0)|\,/\,|K(0)|$")
    low, high = (f([float(run.kernel_change[-1]) for run, _ in runs.values()]) for f in (min, max))
    ax.set_ylim(low / 100, high * 3)
    ax.legend(fontsize=8, loc="lower right")
    ax.grid(True, alpha=0.25)
    return ax


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots(figsize=(5.6, 4.4), layout="constrained")[1] if ax is None else ax


def _shades(count: int) -> list[tuple[float, float, float, float]]:
    return [plt.get_cmap("viridis")(0.85 * i / max(1, count - 1)) for i in range(count)]

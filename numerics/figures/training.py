"""What happens in the course of training."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

import phasetheory as pt
from numerics.figures.style import REGIME_COLOURS, axes_of, legend_below
from numerics.figures.ticks import log_axis
from numerics.flow import Solution

__all__ = ["plot_distance_over_training"]

_STYLES = ("-", "--", ":", "-.")


def plot_distance_over_training(
    runs: Mapping[str, tuple[Solution, pt.Regime]], *, layer: str = "w", ax: Axes | None = None
) -> Axes:
    """RD of a layer against the part of the loss that is left, from right to left; the colour is that of the regime.

    Runs of one regime differ in their lines, in order.

    Parameters
    ----------
    runs : mapping
        Label -> run and derived regime.
    """
    ax = axes_of(ax, 6.0, 4.8)
    seen: dict[pt.Regime, int] = {}
    for label, (run, regime) in runs.items():
        record = run.trajectory
        look: dict[str, Any] = {"color": REGIME_COLOURS[regime], "lw": 1.8}
        style = _STYLES[seen.setdefault(regime, 0) % len(_STYLES)]
        seen[regime] += 1
        share = record.loss[1:] / record.loss[0]
        ax.plot(share, record.relative_distance[layer][1:], style, label=label, **look)
    ax.set(xscale="log", yscale="log", xlabel="loss left, $R(t)/R(0)$", ylabel=rf"RD$(\theta_{{{layer}}}(t))$")
    ax.invert_xaxis()
    for axis in (ax.xaxis, ax.yaxis):
        log_axis(axis)
    ax.grid(True, alpha=0.25)
    legend_below(ax, ax.get_legend_handles_labels()[0], columns=2, fontsize="small")
    return ax

"""Grokking as a walk: losses against time, and everything again against the capacity that decay has left."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from numerics.experiments.decay_walk import DecayWalk, Walk
from numerics.figures.canvas import canvas
from numerics.figures.style import ANY_COLOUR, COLOURS, EXPECTED, legend_beneath, number
from numerics.figures.ticks import log_axis
from numerics.figures.titles import heading, title

__all__ = ["plot_decay_walk"]

_PREDICTED: dict[str, Any] = {"color": EXPECTED, "lw": 8.0, "alpha": 0.5, "solid_capstyle": "round", "zorder": 1}
_INSET = (0.56, 0.12, 0.41, 0.32)  # of the panel of distances
_WIDEST, _NARROWEST = 5.0, 1.4
_RICH: dict[str, Any] = {"ls": ":", "lw": 1.6}


def plot_decay_walk(found: DecayWalk, *, figure: Figure | None = None) -> Figure:
    """Four panels: losses against time; losses, distance travelled beside its prediction, and entropy, against P(t).

    Small: measured over predicted distance.

    The colour is the capacity at the start. Dotted: where F_w = 1, predicted; in time, one line for each start.

    Parameters
    ----------
    found : DecayWalk
    figure : Figure, optional
        A new one if not given.
    """
    figure = figure or plt.figure(figsize=canvas(11.0, 8.4), layout="constrained")
    (time, losses), (distance, entropy) = figure.subplots(2, 2)
    ratio = distance.inset_axes(_INSET)
    distance.plot(found.capacities, found.predicted["w"], **_PREDICTED)
    ratio.axhline(1.0, **{**_PREDICTED, "lw": 2.0})
    for walk, look in _looks(found):
        for ax, x, width in ((time, walk.tau, 2.0), (losses, walk.capacities, look["lw"])):
            ax.plot(x, walk.test_loss, **{**look, "lw": width})
            ax.plot(x, walk.train_loss, **{**look, "lw": 1.2, "ls": "--"})
        distance.plot(walk.capacities, walk.relative_distance["w"], **look)
        ratio.plot(found.capacities, found.ratio(walk), **{**look, "lw": look["lw"] / 2})
        entropy.plot(walk.capacities, walk.entropy, **look)
        if np.isfinite(rich := found.rich_time(walk)):
            time.axvline(rich, color=look["color"], **_RICH)
    if np.isfinite(found.rich_capacity):
        for ax in (losses, distance, entropy):
            ax.axvline(found.rich_capacity, color="black", **_RICH)
    _complete(time, r"time $\tau=t/\alpha$", "loss", "against time: fitted early, learned late")
    against = r"capacity left, $P(t)=P\,e^{-2\mu\tau}$"
    _complete(losses, against, "loss", "against the capacity left: one curve")
    _complete(distance, against, r"$|V-V_0|/|V_0|$", "distance travelled by $w$, with no free parameter")
    _complete(entropy, against, "entropy / uniform", "directions of $w$: 1 uniform", measured=False)
    ratio.set(xscale="log", ylabel="over $F_w$")
    ratio.tick_params(labelsize=8)
    log_axis(ratio.xaxis)
    for ax in (losses, distance, entropy, ratio):
        ax.invert_xaxis()
    entropy.set_ylim(0.0, 1.05)
    scales = rf"$\mu={number(found.mu)}$, $\kappa'={number(found.kappa_prime)}$"
    heading(
        figure, f"weight decay walks a network from the lazy to the rich regime: {found.network}, {scales}", size=12
    )
    legend_beneath(figure, _key(found), columns=4)
    return figure


def _looks(found: DecayWalk) -> Iterator[tuple[Walk, dict[str, Any]]]:
    """Each walk narrower than the one below it, so that walks on one curve are all seen."""
    widths = np.linspace(_WIDEST, _NARROWEST, max(len(found.walks), 2))
    for walk, colour, width in zip(found.walks, cycle(COLOURS), widths, strict=False):
        yield walk, {"color": colour, "lw": width}


def _complete(ax: Axes, across: str, up: str, text: str, *, measured: bool = True) -> None:
    ax.set(xscale="log", xlabel=across, ylabel=up)
    log_axis(ax.xaxis)
    if measured:
        ax.set_yscale("log")
        log_axis(ax.yaxis)
    ax.grid(True, alpha=0.25)
    title(ax, text)


def _key(found: DecayWalk) -> list[Line2D]:
    starts = [Line2D([], [], label=f"from $P={number(walk.capacity)}$", **look) for walk, look in _looks(found)]
    key = [
        *starts,
        Line2D([], [], color=ANY_COLOUR, lw=2.2, label="test loss"),
        Line2D([], [], color=ANY_COLOUR, lw=1.2, ls="--", label="train loss"),
        Line2D([], [], label=r"predicted: $F_w(P(t),\kappa')$", **_PREDICTED),
    ]
    if np.isfinite(found.rich_capacity):
        key.append(Line2D([], [], color="black", label="predicted to turn rich, $F_w=1$", **_RICH))
    return key

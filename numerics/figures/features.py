"""Figures of features: orientations and amplitudes of the neurons, their similarities and projections."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

import phasetheory as pt
from numerics.experiments.first_directions import FirstDirections
from numerics.experiments.portraits import Portrait
from numerics.figures.canvas import new_figure
from numerics.figures.style import FINAL, INITIAL, ON_PLATEAU, PREDICTED, axes_of, legend_below, save
from numerics.figures.ticks import log_axis
from numerics.figures.titles import heading, title, verbatim
from numerics.flow import Solution
from numerics.observe.features import Features, Similarity, cosine_similarity, features

__all__ = [
    "FIRST_DIRECTIONS",
    "draw_first_directions",
    "draw_orientations",
    "draw_scatter",
    "orientation_axis",
    "plot_projections",
    "plot_similarity",
    "write_similarities",
]

#: Of predicted directions, by the sign of the output weights that they attract: style of the line and name.
FIRST_DIRECTIONS: Mapping[int, tuple[str, str]] = {1: ("-", "predicted, $a>0$"), -1: ("--", "predicted, $a<0$")}


def plot_similarity(similarity: Similarity, *, ax: Axes | None = None) -> Axes:
    """Cosine similarities of pairs of neurons as an image, sorted by the leading eigenvector."""
    ax = axes_of(ax, 4.4, 3.8)
    image = ax.imshow(similarity.matrix, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    image.set_rasterized(True)
    ax.set(xlabel="neuron, sorted", ylabel="neuron, sorted")
    return ax


def plot_projections(initial: Features, final: Features, *, ax: Axes | None = None) -> Axes:
    """Amplitude against the projection of the orientation on (1, ..., 1), at the start and at the end (d > 2)."""
    ax = axes_of(ax, 4.4, 3.8)
    for neurons, colour, label in ((initial, INITIAL, "initial"), (final, FINAL, "final")):
        draw_scatter(ax, neurons.projection(), neurons.amplitude, colour=colour, label=label)
    ax.set(yscale="log", xlabel=r"projection of $w_k/|w_k|$ on $(1,\ldots,1)$", ylabel=r"amplitude $|a_k|\,|w_k|$")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    log_axis(ax.yaxis)
    ax.grid(True, alpha=0.25)
    return ax


def draw_orientations(solution: Solution, ax: Axes, first: FirstDirections | None = None) -> None:
    """Amplitude against the orientation at the start and at the end of a run on data on a line.

    With ``first`` also at the end of the first plateau, over the directions predicted for it.
    """
    states = [(features(solution.initial), INITIAL, "initial"), (features(solution.network), FINAL, "final")]
    if first is not None:
        draw_first_directions(first.predicted, ax)
        states[1:1] = [] if first.on_plateau is None else [(first.on_plateau, ON_PLATEAU, "plateau's end")]
    for neurons, colour, label in states:
        draw_scatter(ax, neurons.orientation, neurons.amplitude, colour=colour, label=label)
    orientation_axis(ax)


def draw_first_directions(predicted: pt.CondensedDirections, ax: Axes) -> None:
    """The directions on which tiny weights condense at first, behind what was measured: one line each, by the sign of a."""
    for sign, (style, label) in FIRST_DIRECTIONS.items():
        angles = [one.angle for one in predicted.attracting if one.sign == sign and one.angle is not None]
        for index, angle in enumerate(angles):
            ax.axvline(
                np.deg2rad(angle), color=PREDICTED, lw=1.6, ls=style, zorder=0, label=label if index == 0 else None
            )


def draw_scatter(ax: Axes, x: np.ndarray, y: np.ndarray, *, colour: str, label: str, alpha: float = 0.6) -> Line2D:
    """Neurons as dots, as an image within a vector format."""
    look: dict[str, Any] = {"color": colour, "ms": 3, "alpha": alpha, "rasterized": True}
    (dots,) = ax.plot(x, y, ".", label=label, **look)
    return dots


def orientation_axis(ax: Axes) -> None:
    """The orientation of w_k from -pi to pi, and a log scale for the amplitude."""
    ax.set(xlabel="orientation of $w_k$", yscale="log", xlim=(-np.pi, np.pi))
    ax.set_xticks([-np.pi, 0, np.pi], [r"$-\pi$", "0", r"$\pi$"])
    log_axis(ax.yaxis)
    ax.grid(True, alpha=0.25)


def write_similarities(portraits: Sequence[Portrait], data_name: str, folder: Path) -> list[Path]:
    """Cosine similarities of the largest neurons before and after, and projections, one column a network."""
    figure = new_figure(3.9 * len(portraits), 7.8)
    grid = figure.subplots(2, len(portraits), squeeze=False)
    other = new_figure(4.2 * len(portraits), 4.4)
    below = other.subplots(1, len(portraits), squeeze=False)[0]
    shown = 0
    for net, column, ax in zip(portraits, grid.T, below, strict=True):
        initial, final = (features(n) for n in (net.solution.initial, net.solution.network))
        for panel, neurons, when in zip(column, (initial, final), ("initial", "final"), strict=True):
            similarity = cosine_similarity(neurons)
            shown = len(similarity.matrix)
            plot_similarity(similarity, ax=panel)
            title(panel, f"{net.title}: {when}")
        plot_projections(initial, final, ax=ax)
        title(ax, net.title)
    for panel in grid.ravel():
        panel.label_outer()
    legend_below(below[0], below[0].get_legend_handles_labels()[0], columns=2, fontsize="small")
    figure.colorbar(grid[0, 0].images[0], ax=grid, shrink=0.6, label=r"$\cos(w_j, w_k)$")
    heading(figure, f"{verbatim(data_name)}: cosine similarity of the {shown} neurons of largest amplitude", size=12)
    heading(other, f"{verbatim(data_name)}: features of all neurons", size=12)
    return save({"similarity": figure, "projections": other}, folder)

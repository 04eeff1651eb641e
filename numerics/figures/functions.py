"""Figures of the functions that networks learned on a line, alone or above their features."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

import phasetheory as pt
from numerics.experiments.first_directions import FirstDirections
from numerics.experiments.portraits import Portrait, regime_of_w
from numerics.figures.canvas import abreast, new_figure
from numerics.figures.features import draw_orientations
from numerics.figures.style import (
    DATA,
    FINAL,
    INITIAL,
    REGIME_COLOURS,
    figure_of,
    legend_below,
    line_of_inputs,
    place,
    save,
)
from numerics.figures.titles import heading, title, verbatim
from numerics.flow import Solution
from numerics.networks import DeepNetwork
from numerics.observe.features import features

__all__ = ["learned_figure", "plot_gallery", "plot_learned_functions", "write_gallery", "write_line_features"]

_COLUMNS = 3  # of a gallery
_ABREAST = 4  # networks side by side, functions above features; more stand below


def plot_learned_functions(
    solutions: Mapping[str, Solution],
    X: np.ndarray,
    y: np.ndarray,
    *,
    first: Mapping[str, FirstDirections] | None = None,
    figure: Figure | SubFigure | None = None,
    samples: int = 400,
) -> Figure | SubFigure:
    """What networks learned from data on a line: each has its function above, its features below, four of them side by side.

    Parameters
    ----------
    solutions : mapping
        Title -> run.
    X : array (n, 2), y : array (n,)
        The data, the constant input last.
    first : mapping, optional
        Title -> :class:`numerics.FirstDirections`, drawn with the features.
    figure : Figure or SubFigure, optional
    samples : int
        Points on which the functions are drawn.

    Notes
    -----
    A feature is a neuron: its orientation, the angle of w_k, and its amplitude |a_k| |w_k|, on a log scale because the amplitudes
    at the end exceed those at the start by orders of magnitude in the condensed regime.
    """
    columns, bands = _arranged(len(solutions))
    figure = figure_of(figure, 3.6 * columns, 6.0 * bands)
    axes = figure.subplots(2 * bands, columns, squeeze=False)
    above, below = axes[::2].ravel(), axes[1::2].ravel()
    for (name, solution), function, neurons in zip(solutions.items(), above, below, strict=False):
        _draw_function(solution, X, y, samples, function)
        title(function, name)
        draw_orientations(solution, neurons, None if first is None else first[name])
    for ax in (*above[len(solutions) :], *below[len(solutions) :]):
        ax.remove()
    for row, label in zip(axes, ("$f(x)$", r"amplitude $|\bar a_k|\,|\bar w_k|$") * bands, strict=True):
        row[0].set_ylabel(label)
        legend_below(row[0], row[0].get_legend_handles_labels()[0], columns=3, fontsize="small", columnspacing=1.0)
    _share_y(list(above[: len(solutions)]))
    return figure


def learned_figure(
    solutions: Mapping[str, Solution],
    X: np.ndarray,
    y: np.ndarray,
    caption: str,
    *,
    first: Mapping[str, FirstDirections] | None = None,
) -> Figure:
    """:func:`plot_learned_functions` in a figure of its own, with a title."""
    columns, bands = _arranged(len(solutions))
    figure = new_figure(3.9 * columns, 6.6 * bands + 0.4)
    plot_learned_functions(solutions, X, y, first=first, figure=figure)
    heading(figure, caption, size=12)
    return figure


def plot_gallery(
    solutions: Mapping[str, tuple[Solution, pt.Regime]],
    X: np.ndarray,
    y: np.ndarray,
    *,
    figure: Figure | SubFigure | None = None,
    columns: int = _COLUMNS,
    samples: int = 800,
) -> Figure | SubFigure:
    """Functions learned from different initialisations, one panel each; the frame has the colour of the regime.

    Parameters
    ----------
    solutions : mapping
        Title -> run and regime of w, from small to large initialisation.
    X : array (n, 2), y : array (n,)
        The data, the constant input last.
    columns, samples : int
        Panels in a row; points on which the functions are drawn.
    """
    columns = min(columns, len(solutions))
    rows = -(-len(solutions) // columns)
    figure = figure_of(figure, 3.5 * columns, 2.9 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    size = float(np.ptp(y)) or 1.0
    for ax, (name, (solution, regime)) in zip(grid.ravel(), solutions.items(), strict=False):
        _draw_function(solution, X, y, samples, ax)
        title(ax, ", ".join(filter(None, (f"{name}: {regime.value}", solution.ending))))
        ax.set_ylim(float(y.min()) - 1.2 * size, float(y.max()) + 1.2 * size)  # a large start leaves it
        for spine in ax.spines.values():
            spine.set(color=REGIME_COLOURS[regime], lw=2.5)
    for ax in grid.ravel()[len(solutions) :]:
        ax.remove()
    for row in grid:
        row[0].set_ylabel("$f(x)$")
    legend_below(
        grid[-1, 0], grid[-1, 0].get_legend_handles_labels()[0], columns=3, fontsize="small", columnspacing=1.0
    )
    return figure


def write_line_features(
    portraits: Sequence[Portrait], X: np.ndarray, y: np.ndarray, data_name: str, folder: Path
) -> list[Path]:
    """Functions above their features, one column a network."""
    network = portraits[0].solution.network
    kind = ""
    if isinstance(network, DeepNetwork) and not network.activation.homogeneous:
        kind = f", {verbatim(network.activation.name)}"
    caption = f"{verbatim(data_name)}: what networks of {features(network).width} neurons learned{kind}"
    solutions = {net.title: net.solution for net in portraits}
    figure = learned_figure(solutions, X, y, caption, first={net.title: net.first for net in portraits})
    return save({"learned_functions": figure}, folder)


def write_gallery(
    portraits: Sequence[Portrait], X: np.ndarray, y: np.ndarray, data_name: str, width: int, folder: Path
) -> list[Path]:
    """Learned functions from small to large initialisation."""
    columns = min(_COLUMNS, len(portraits))
    rows = -(-len(portraits) // columns)
    figure = new_figure(3.5 * columns, 2.9 * rows + 0.7)
    titles = {place(["gamma"], net.point[:1]): (net.solution, regime_of_w(net.point)) for net in portraits}
    plot_gallery(titles, X, y, figure=figure)
    caption = rf"{verbatim(data_name)}: {width} neurons, $\kappa=m^{{-\gamma}}$, from small to large initialisation"
    heading(figure, caption, size=12)
    return save({"gallery": figure}, folder)


def _arranged(count: int) -> tuple[int, int]:
    """Columns, and bands of a function above its features, for so many networks."""
    columns = min(abreast(_ABREAST), count)
    return columns, -(-count // columns)


def _draw_function(solution: Solution, X: np.ndarray, y: np.ndarray, samples: int, ax: Axes) -> None:
    """The function at the start and at the end, and the data."""
    position, inputs = line_of_inputs(X, samples)
    ax.plot(position, solution.initial(inputs), "--", color=INITIAL, lw=1.3, label="initial")
    ax.plot(position, solution.network(inputs), "-", color=FINAL, lw=2.0, label="learned")
    ax.plot(X[:, 0], y, "o", color=DATA, ms=5.5, zorder=4, label="data")
    ax.set_xlabel("$x$")
    ax.grid(True, alpha=0.25)


def _share_y(axes: Sequence[Axes]) -> None:
    low, high = zip(*(ax.get_ylim() for ax in axes), strict=True)
    for ax in axes:
        ax.set_ylim(min(low), max(high))

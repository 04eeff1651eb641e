"""Figures of the functions that networks learned on a line, alone or above their features."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

import phasetheory as pt
from numerics.experiments.portraits import Portrait
from numerics.figures.features import draw_orientations
from numerics.figures.style import DATA, FINAL, INITIAL, REGIME_COLOURS, figure_of, line_of_inputs, place, save
from numerics.flow import Solution

__all__ = ["plot_gallery", "plot_learned_functions", "write_gallery", "write_line_features"]

_COLUMNS = 3  # of a gallery


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
    figure = figure_of(figure, 3.6 * len(solutions), 6.0)
    axes = figure.subplots(2, len(solutions), squeeze=False)
    for (title, solution), (above, below) in zip(solutions.items(), axes.T, strict=True):
        _draw_function(solution, X, y, samples, above)
        above.set_title(title)
        draw_orientations(solution, below)
    axes[0, 0].set_ylabel("$f(x)$")
    axes[1, 0].set_ylabel(r"amplitude $|\bar a_k|\,|\bar w_k|$")
    _share_y(axes[0])
    for row in axes:
        row[0].legend(fontsize=8, loc="lower left", framealpha=0.9)
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
    rows = -(-len(solutions) // columns)
    figure = figure_of(figure, 3.5 * columns, 2.9 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    size = float(np.ptp(y))
    for ax, (title, (solution, regime)) in zip(grid.ravel(), solutions.items(), strict=False):
        _draw_function(solution, X, y, samples, ax)
        ax.set_title(", ".join(filter(None, (f"{title}: {regime.value}", solution.ending))), fontsize=10)
        ax.set_ylim(float(y.min()) - 1.2 * size, float(y.max()) + 1.2 * size)  # a large start leaves it
        for spine in ax.spines.values():
            spine.set(color=REGIME_COLOURS[regime], lw=2.5)
    for ax in grid.ravel()[len(solutions) :]:
        ax.set_axis_off()
    for row in grid:
        row[0].set_ylabel("$f(x)$")
    grid[0, 0].legend(fontsize=8, loc="best")
    return figure


def write_line_features(portraits: Sequence[Portrait], X: np.ndarray, y: np.ndarray, folder: Path) -> list[Path]:
    """Functions above their features, one column a network."""
    figure = Figure(figsize=(3.8 * len(portraits), 6.4), layout="constrained")
    plot_learned_functions({net.title: net.solution for net in portraits}, X, y, figure=figure)
    width = portraits[0].solution.network.width
    figure.suptitle(f"What networks of {width} neurons learned")
    return save({"learned_functions": figure}, folder)


def write_gallery(portraits: Sequence[Portrait], X: np.ndarray, y: np.ndarray, width: int, folder: Path) -> list[Path]:
    """Learned functions from small to large initialisation."""
    rows = -(-len(portraits) // _COLUMNS)
    figure = Figure(figsize=(3.5 * _COLUMNS, 2.9 * rows + 0.4), layout="constrained")
    titles = {place(["gamma"], net.point[:1]): (net.solution, net.regime) for net in portraits}
    plot_gallery(titles, X, y, figure=figure)
    figure.suptitle(rf"{width} neurons, $\kappa=m^{{-\gamma}}$: from small to large initialisation")
    return save({"gallery": figure}, folder)


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

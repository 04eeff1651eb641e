"""Figures of what networks learned: functions from different initialisations, similarity of features, projections."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

import phasetheory as pt
from numerics.flow.solution import Solution
from numerics.observe.features import Features, Similarity
from phasetheory.diagrams.plotting import REGIME_COLOURS

__all__ = ["plot_gallery", "plot_projections", "plot_similarity"]

_INITIAL, _FINAL = "#0072B2", "#D55E00"  # colour-blind safe (Okabe and Ito)


def plot_gallery(
    solutions: Mapping[str, tuple[Solution, pt.Regime]],
    X: np.ndarray,
    y: np.ndarray,
    *,
    figure: Figure | SubFigure | None = None,
    columns: int = 3,
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
    if figure is None:
        figure = plt.figure(figsize=(3.5 * columns, 2.9 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    margin = 0.35 * float(np.ptp(X[:, 0]))
    position = np.linspace(X[:, 0].min() - margin, X[:, 0].max() + margin, samples)
    inputs = np.column_stack([position, np.ones(samples)])
    size = float(np.ptp(y))
    for ax, (title, (solution, regime)) in zip(grid.ravel(), solutions.items(), strict=False):
        colour = REGIME_COLOURS[regime]
        ax.plot(position, solution.initial(inputs), "--", color="0.6", lw=1.1, label="start")
        ax.plot(position, solution.network(inputs), "-", color=_FINAL, lw=1.8, label="learned")
        ax.plot(X[:, 0], y, "ko", ms=5, zorder=4, label="data")
        short = "" if solution.converged else " (stopped short)"
        ax.set_title(f"{title}: {regime.value}{short}", fontsize=10)
        ax.set(xlabel="$x$", ylim=(float(y.min()) - 1.2 * size, float(y.max()) + 1.2 * size))  # a large start leaves it
        ax.grid(True, alpha=0.25)
        for spine in ax.spines.values():
            spine.set(color=colour, lw=2.5)
    for ax in grid.ravel()[len(solutions) :]:
        ax.set_axis_off()
    for row in grid:
        row[0].set_ylabel("$f(x)$")
    grid[0, 0].legend(fontsize=8, loc="best")
    return figure


def plot_similarity(similarity: Similarity, *, ax: Axes | None = None) -> Axes:
    """Cosine similarities of pairs of neurons as an image, sorted by the leading eigenvector."""
    if ax is None:
        _, ax = plt.subplots(figsize=(4.4, 3.8), layout="constrained")
    image = ax.imshow(similarity.matrix, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    image.set_rasterized(True)
    ax.set(xlabel="neuron, sorted", ylabel="neuron, sorted")
    return ax


def plot_projections(initial: Features, final: Features, *, ax: Axes | None = None) -> Axes:
    """Amplitude against the projection of the orientation on (1, ..., 1), at the start and at the end (d > 2)."""
    if ax is None:
        _, ax = plt.subplots(figsize=(4.4, 3.8), layout="constrained")
    for neurons, colour, label in ((initial, _INITIAL, "initial"), (final, _FINAL, "final")):
        look: dict[str, Any] = {"color": colour, "ms": 3, "alpha": 0.6, "label": label, "rasterized": True}
        ax.plot(neurons.projection(), neurons.amplitude, ".", **look)
    ax.set(yscale="log", xlabel=r"projection of $w_k/|w_k|$ on $(1,\ldots,1)$", ylabel=r"amplitude $|a_k|\,|w_k|$")
    ax.grid(True, alpha=0.25)
    return ax

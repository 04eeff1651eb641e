"""The figures of what networks learned, assembled from the plots and written to a folder."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from numerics.experiments.plan import Plan, Point
from numerics.experiments.portraits import Learned, regime_of_w
from numerics.experiments.tangent_check import LinearApproximation, compare_with_tangent, limiting_rate
from numerics.figures.animation import animate_training, frame_times, save_animation
from numerics.figures.features import plot_gallery, plot_projections, plot_similarity
from numerics.figures.plotting import plot_learned_functions
from numerics.figures.tangent import plot_against_width, plot_kernel_over_time, plot_loss_decay, plot_tangent_function
from numerics.flow.run import gradient_flow
from numerics.networks.seeds import cell_seed
from numerics.networks.two_layer import TwoLayer
from numerics.observe.features import cosine_similarity, features

__all__ = [
    "write_animations",
    "write_gallery",
    "write_line_features",
    "write_linear_approximation",
    "write_similarities",
]

_DPI = 160
_WIDTH = 1000  # of the networks drawn beside their tangent models
_OVER_TIME = (100, 1000, 10_000)  # widths whose loss and kernel are drawn over time, in the linear regime


def write_line_features(learned: list[Learned], X: np.ndarray, y: np.ndarray, folder: Path) -> list[Path]:
    """Functions above their features, one column a network."""
    figure = Figure(figsize=(3.8 * len(learned), 6.4), layout="constrained")
    plot_learned_functions({net.title: net.solution for net in learned}, X, y, figure=figure)
    width = learned[0].solution.network.width
    figure.suptitle(f"What networks of {width} neurons learned, from different initialisation sizes")
    return _save(figure, folder, "learned_functions")


def write_similarities(learned: list[Learned], data: str, folder: Path) -> list[Path]:
    """Cosine similarities of the largest neurons before and after, and projections, one column a network."""
    figure = Figure(figsize=(3.9 * len(learned), 7.4), layout="constrained")
    grid = figure.subplots(2, len(learned), squeeze=False)
    other = Figure(figsize=(4.2 * len(learned), 3.8), layout="constrained")
    below = other.subplots(1, len(learned), squeeze=False)[0]
    for net, column, ax in zip(learned, grid.T, below, strict=True):
        initial, final = (features(n) for n in (net.solution.initial, net.solution.network))
        for panel, neurons, when in zip(column, (initial, final), ("initial", "final"), strict=True):
            plot_similarity(cosine_similarity(neurons), ax=panel)
            panel.set_title(f"{net.title}: {when}", fontsize=10)
        plot_projections(initial, final, ax=ax)
        ax.set_title(net.title, fontsize=10)
    below[0].legend(fontsize=8)
    figure.colorbar(grid[0, 0].images[0], ax=grid, shrink=0.6, label=r"$\cos(w_j, w_k)$")
    figure.suptitle(f"Cosine similarity of the 400 neurons of largest amplitude: {data}")
    other.suptitle(f"Features of all neurons: {data}")
    return [*_save(figure, folder, "similarity"), *_save(other, folder, "projections")]


def write_animations(learned: list[Learned], X: np.ndarray, y: np.ndarray, folder: Path, ending: str) -> list[Path]:
    """Train again with a snapshot for every frame, and write one animation a network."""
    paths = []
    for net in learned:
        again = gradient_flow(net.solution.initial, X, y, times=frame_times(net.solution), keep_weights=True)
        gamma, prime = map(float, net.point)
        paths.append(folder / f"training_{gamma:g}_{prime:g}{ending}")
        save_animation(animate_training(again, X, y), paths[-1])
    return paths


def write_gallery(learned: list[Learned], X: np.ndarray, y: np.ndarray, width: int, folder: Path) -> list[Path]:
    """Learned functions from small to large initialisation."""
    rows = -(-len(learned) // 3)
    figure = Figure(figsize=(10.5, 2.9 * rows + 0.4), layout="constrained")
    titles = {rf"$\gamma={float(net.point[0]):g}$": (net.solution, net.regime) for net in learned}
    plot_gallery(titles, X, y, figure=figure)
    figure.suptitle(rf"{width} neurons, $\kappa=m^{{-\gamma}}$: from small to large initialisation")
    return _save(figure, folder, "gallery")


def write_linear_approximation(found: LinearApproximation, plan: Plan, folder: Path) -> list[Path]:
    """Network and tangent model as functions and against the width; loss and kernel over time."""
    X, y = plan.data
    regimes = [regime_of_w(point) for point in found.points]
    shown = [found.points[0], *found.points[-2:]] if len(found.points) > 3 else list(found.points)
    top = Figure(figsize=(3.6 * len(shown) + 5.4, 4.6), layout="constrained")
    ratios = [1.0] * len(shown) + [1.35]
    *left, right = top.subplots(1, len(shown) + 1, width_ratios=ratios)
    margin = 0.35 * float(np.ptp(X[:, 0]))
    line = np.linspace(X[:, 0].min() - margin, X[:, 0].max() + margin, 400)
    inputs = np.column_stack([line, np.ones(line.size)])
    for ax, point in zip(left, shown, strict=True):
        run = compare_with_tangent(_start(point, _WIDTH, X), X, y, inputs=inputs, layers=found.layers)
        plot_tangent_function(run, X, y, ax=ax)
        ax.set_title(rf"$\gamma={float(point[0]):g}$, {regime_of_w(point).value}, $m={_WIDTH}$", fontsize=10)
    left[0].legend(fontsize=8)
    plot_against_width(found, "difference", regimes, ax=right)
    bottom = Figure(figsize=(14.0, 4.6), layout="constrained")
    decay, change, kernel = bottom.subplots(1, 3)
    runs = {}
    for width in _OVER_TIME:
        start = _start(plan.points[0], width, X)
        run = compare_with_tangent(start, X, y, layers=found.layers)
        runs[f"$m={width}$"] = (run, limiting_rate(start, X, y))
    plot_loss_decay(runs, ax=decay)
    plot_kernel_over_time(runs, ax=change)
    plot_against_width(found, "kernel", regimes, ax=kernel)
    gamma, prime = map(float, plan.points[0])
    for ax, title in ((decay, "Loss"), (change, "Tangent kernel")):
        ax.set_title(rf"{title} over time at $\gamma={gamma:g},\ \gamma'={prime:g}$", fontsize=10)
    kernel.set_title("Tangent kernel against the width", fontsize=10)
    return [*_save(top, folder, "linear_approximation"), *_save(bottom, folder, "loss_and_kernel")]


def _start(point: Point, width: int, X: np.ndarray) -> TwoLayer:
    return TwoLayer.sample(width, *point, X, rng=cell_seed(*point, width=width, seed=0))


def _save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write as PNG and PDF."""
    paths = [folder / f"{name}.{ending}" for ending in ("png", "pdf")]
    for path in paths:
        figure.savefig(path, dpi=_DPI)
    return paths

"""The figures of a verification, assembled from the plots and written to a folder."""

from pathlib import Path

from matplotlib.figure import Figure

from numerics.experiments.verify import PointResult, Verification
from numerics.figures.plotting import plot_learned_functions, plot_measured_diagram, plot_relative_distance
from numerics.scans import Cell

__all__ = ["save_figures", "write_figures"]

_WIDTH = 1000  # of the networks whose functions and features are shown, as in the book
_COLUMNS = 4  # functions side by side, at most


def write_figures(verification: Verification, folder: Path) -> list[Path]:
    """Write every figure as PNG and PDF; returns the paths."""
    figures = {
        "relative_distance": _relative_distance(verification),
        "learned_functions": _learned_functions(verification),
        "phase_diagram": _diagram(verification),
    }
    return save_figures(figures, folder)


def save_figures(figures: dict[str, Figure], folder: Path) -> list[Path]:
    """Every figure by its name, as PNG and PDF; returns the paths."""
    paths = []
    for name, figure in figures.items():
        for ending in ("png", "pdf"):
            paths.append(folder / f"{name}.{ending}")
            figure.savefig(paths[-1], dpi=160)
    return paths


def _on_the_line(verification: Verification) -> tuple[PointResult, ...]:
    return tuple(point for point in verification.points if point.gamma_prime == 0)


def _relative_distance(verification: Verification) -> Figure:
    on_line = _on_the_line(verification)
    off_line = tuple(point for point in verification.points if point.gamma_prime != 0)
    panels = {title: points for title, points in ((r"$\gamma'=0$", on_line), (r"$\gamma'\neq 0$", off_line)) if points}
    figure = Figure(figsize=(5.4 * len(panels), 5.6), layout="constrained")
    for ax, (title, points) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        plot_relative_distance(points, ax=ax)
        ax.set_title(title)
    return figure


def _learned_functions(verification: Verification) -> Figure:
    chosen = (_on_the_line(verification) or verification.points)[:_COLUMNS]
    solutions = {}
    for point in chosen:
        prime = "" if point.gamma_prime == 0 else rf",\ \gamma'={float(point.gamma_prime):g}"
        title = rf"$\gamma={float(point.gamma):g}{prime}$, {point.predicted_regime.value}"
        cell: Cell = {"gamma": point.gamma, "gamma_prime": point.gamma_prime, "width": _WIDTH, "seed": 0}
        solutions[title] = verification.plan.train(cell)
    figure = Figure(figsize=(3.8 * len(chosen), 6.4), layout="constrained")
    plot_learned_functions(solutions, *verification.plan.data, figure=figure)
    figure.suptitle(f"Four points learned by networks of {_WIDTH} neurons, from different initialisation sizes")
    return figure


def _diagram(verification: Verification) -> Figure:
    figure = Figure(figsize=(7.0, 6.2), layout="constrained")
    plot_measured_diagram(verification, ax=figure.subplots())
    return figure

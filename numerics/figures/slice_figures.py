"""The figures of a verification at any depth, assembled from the plots and written to a folder."""

from pathlib import Path

from matplotlib.figure import Figure

from numerics.experiments.verify_slice import SliceVerification
from numerics.figures.slice_plotting import plot_layer_distances, plot_slice_points
from numerics.figures.verification import save_figures

__all__ = ["write_slice_figures"]

_COLUMNS = 4


def write_slice_figures(verification: SliceVerification, folder: Path) -> list[Path]:
    """Write every figure as PNG and PDF; returns the paths."""
    figures = {f"relative_distance_{norm}": _distances(verification, norm) for norm in ("frobenius", "spectral")}
    figures["phase_diagram"] = _diagram(verification)
    return save_figures(figures, folder)


def _distances(verification: SliceVerification, norm: str) -> Figure:
    columns = min(_COLUMNS, len(verification.points))
    rows = -(-len(verification.points) // columns)
    figure = Figure(figsize=(3.7 * columns, 3.9 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for point, ax in zip(verification.points, axes, strict=False):
        plot_layer_distances(verification, point, norm=norm, ax=ax)
    for ax in axes[len(verification.points) :]:
        ax.remove()
    figure.suptitle(f"Relative distance of every layer in {norm.capitalize()} norm; dashed: predicted slope")
    return figure


def _diagram(verification: SliceVerification) -> Figure:
    figure = Figure(figsize=(7.6, 6.6), layout="constrained")
    ax = figure.subplots()
    plot_slice_points(verification, ax=ax)
    title = "Squares: measured regimes, with measured (predicted) slopes of RD"
    if not all(point.agrees for point in verification.points):
        title += "; red edge: disagrees"
    ax.set_title(title, fontsize=10)
    return figure

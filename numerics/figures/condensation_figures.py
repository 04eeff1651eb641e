"""The figures of condensation over the phase diagram, written to a folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from numerics.experiments.condensation_map import CondensationPlan, converged, sharpening, slopes_of_w
from numerics.figures.condensation import (
    plot_condensation_map,
    plot_condensation_plane,
    plot_measure_against_slope,
    plot_measure_against_width,
)

if TYPE_CHECKING:
    import xarray

__all__ = ["write_condensation"]

_DPI = 160
_LINES = 7  # points in the panel against the width, at most


def write_condensation(dataset: "xarray.Dataset", plan: CondensationPlan, folder: Path) -> list[Path]:
    """The map of features, and the measures over the plane, against S_w and against the width."""
    slopes = slopes_of_w(dataset.gamma.values, dataset.gamma_prime.values)
    columns, rows = slopes.shape
    features = Figure(figsize=(1.55 * columns + 0.8, 1.35 * rows + 1.2), layout="constrained")
    plot_condensation_map(dataset, slopes, figure=features)
    orientation = "orientation of $w_k$, from $-\\pi$ to $\\pi$"
    if plan.data[0].shape[1] > 2:
        orientation = "projection of $w_k/|w_k|$ on the leading direction, from -1 to 1"
    features.suptitle(f"Amplitude over the largest against {orientation}: {plan.data_name}", fontsize=10)
    used = converged(dataset)
    measures = Figure(figsize=(16.5, 8.6), layout="constrained")
    (plane, trend, widths), (entropy, fraction, inside) = measures.subplots(2, 3)
    largest = dataset.width.values[-1]
    label = f"condensation, 1 - entropy/uniform, $m=10^{{{np.log10(largest):g}}}$"
    plot_condensation_plane(1 - used.entropy.sel(width=largest), label, ax=plane)
    plot_condensation_plane(sharpening(dataset), "its change per factor 10 of the width", diverging=True, ax=trend)
    prime = int(np.argmin(np.abs(dataset.gamma_prime.values)))
    chosen = np.unique(np.linspace(0, columns - 1, min(columns, _LINES)).round().astype(int))
    points = [(float(dataset.gamma[i]), float(dataset.gamma_prime[prime])) for i in chosen]
    for measure, against_slope, against_width in (("entropy", entropy, widths), ("fraction", fraction, inside)):
        plot_measure_against_slope(used, slopes, measure=measure, ax=against_slope)
        along = [float(slopes[i, prime]) for i in chosen]
        plot_measure_against_width(used, points, along, measure=measure, ax=against_width)
    seeds = f"{dataset.seed.size} seeds" if dataset.seed.size > 1 else "one seed"
    measures.suptitle(f"Condensation of the input weights over the phase diagram: {plan.data_name}, {seeds}")
    return [*_save(features, folder, "condensation_map"), *_save(measures, folder, "condensation_measures")]


def _save(figure: Figure, folder: Path, name: str) -> list[Path]:
    paths = [folder / f"{name}.{ending}" for ending in ("png", "pdf")]
    for path in paths:
        figure.savefig(path, dpi=_DPI)
    return paths

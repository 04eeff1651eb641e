"""The figures of a scan, assembled from its plots."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from numerics.errors import InputError
from numerics.experiments.maps import compare_map
from numerics.figures.slope_maps import plot_relative_distances, plot_slope_map, plot_slopes, slope_colours

if TYPE_CHECKING:
    import xarray

__all__ = ["FIGURES", "scan_figure", "spread"]

_MOST_PANELS = 3
_MOST_ROWS = 5  # curves of slopes side by side
_QUANTITIES = ("slope", "predicted", "difference")
_SCALE = "beta2_exponent"

#: Kinds of figures, and what they show.
FIGURES = {
    "heatmap": "maps of S: measured, derived, and their difference",
    "slopes": "S along rows of the plane, with intervals",
    "rd": "RD against the width",
}


def scan_figure(dataset: "xarray.Dataset", kind: str, layers: Sequence[str]) -> Figure:
    """A figure of a scan.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a scan of two-layer networks.
    kind : str
        One of :data:`FIGURES`.
    layers : sequence of str
        ``'w'``, ``'a'``, ``'theta'``.
    """
    if kind not in FIGURES:
        raise InputError(f"figure {kind!r} is not known; give {', '.join(FIGURES)}")
    draw = {"heatmap": _heat_maps, "slopes": _slopes, "rd": _distances}[kind]
    figure = draw(dataset, layers)
    figure.suptitle(_caption(dataset), fontsize=10)
    return figure


def _heat_maps(dataset: "xarray.Dataset", layers: Sequence[str]) -> Figure:
    dataset = dataset.isel({_SCALE: 0}, drop=True) if _SCALE in dataset.dims else dataset
    figure = Figure(figsize=(13.2, 4.1 * len(layers) + 0.4), layout="constrained")
    for row, layer in zip(figure.subplots(len(layers), 3, squeeze=False), layers, strict=True):
        comparison = compare_map(dataset, layer)
        if not comparison.points:
            raise InputError(
                f"no point has runs at every width yet, so there is no map of S_{layer}; let the scan go on"
            )
        colours = slope_colours(comparison.slopes)
        for ax, quantity in zip(row, _QUANTITIES, strict=True):
            plot_slope_map(comparison, quantity, colours=colours[quantity], ax=ax)
            if quantity != "slope":  # the first two share a scale
                figure.colorbar(colours[quantity], ax=ax, shrink=0.9)
    return figure


def _slopes(dataset: "xarray.Dataset", layers: Sequence[str]) -> Figure:
    scales = dataset[_SCALE].values if _SCALE in dataset.dims else None
    rows = spread(dataset["gamma_prime"].values, _MOST_PANELS if scales is not None else _MOST_ROWS)
    panels = [[row] for row in rows] if scales is not None else [rows]
    figure = Figure(figsize=(5.8 * len(panels), 4.6 * len(layers)), layout="constrained")
    for axes, layer in zip(figure.subplots(len(layers), len(panels), squeeze=False), layers, strict=True):
        if scales is None:
            curves = [("", compare_map(dataset, layer))]
        else:
            curves = [(_scales(b), compare_map(dataset.sel({_SCALE: b}, drop=True), layer)) for b in scales]
        for ax, chosen in zip(axes, panels, strict=True):
            plot_slopes(curves, chosen, ax=ax)
            if len(chosen) == 1:
                ax.set_title(rf"$\gamma'={chosen[0]:g}$", fontsize=10)
    return figure


def _distances(dataset: "xarray.Dataset", layers: Sequence[str]) -> Figure:
    dataset = dataset.isel({_SCALE: 0}, drop=True) if _SCALE in dataset.dims else dataset
    rows = spread(dataset["gamma_prime"].values, _MOST_PANELS)
    figure = Figure(figsize=(5.0 * len(rows), 6.0 * len(layers)), layout="constrained")
    for axes, layer in zip(figure.subplots(len(layers), len(rows), squeeze=False), layers, strict=True):
        for ax, row in zip(axes, rows, strict=True):
            plot_relative_distances(dataset, layer, row, ax=ax)
            ax.set_title(rf"$\gamma'={row:g}$", fontsize=10)
    return figure


def spread(values: np.ndarray, most: int) -> list[float]:
    """So many of the values at most, equally spread, the ends and the middle among them."""
    chosen = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int))
    return [float(values[i]) for i in chosen]


def _scales(exponent: float) -> str:
    return rf"$\beta_2=m^{{{exponent:g}}}$" if exponent else r"$\beta_2=1$"


def _caption(dataset: "xarray.Dataset") -> str:
    widths, seeds = dataset["width"].values, dataset.sizes["seed"]
    title = f"{dataset.attrs['data']}: two-layer relu networks, widths {widths[0]} to {widths[-1]}, "
    return title + (f"{seeds} seeds" if seeds > 1 else "one seed")

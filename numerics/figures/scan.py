"""The figures of a scan, assembled from its plots."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure, SubFigure

from numerics.errors import InputError
from numerics.experiments.account import account_of
from numerics.experiments.maps import MapComparison, compare_map, diagram_of, norms_of
from numerics.figures.power_laws import plot_relative_distances
from numerics.figures.slope_maps import plot_regions, plot_slope_map, plot_slopes, slope_colours
from numerics.figures.style import norm_name, place
from numerics.slopes import slope_map

if TYPE_CHECKING:
    import xarray

__all__ = ["FIGURES", "scan_figure"]

_MOST_PANELS = 3
_MOST_ROWS = 5  # curves of slopes side by side
_QUANTITIES = ("slope", "predicted", "difference")
_SCALE = "beta2_exponent"
_REGIONS_HEIGHT = 5.6

#: Kinds of figures, and what they show.
FIGURES = {
    "heatmap": "maps of S: measured, derived, and their difference; regions of the hidden layers where there are several",
    "slopes": "S along rows of the plane, with intervals",
    "rd": "RD against the width",
}


def scan_figure(dataset: "xarray.Dataset", kind: str, layers: Sequence[str], norm: str = "frobenius") -> Figure:
    """A figure of a scan.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a scan of a :class:`numerics.Plan`.
    kind : str
        One of :data:`FIGURES`.
    layers : sequence of str
        ``'w'``, ``'a'``, ``'theta'``; beyond two layers ``'W1'``, ``'W2'``, ...
    norm : str
        ``'frobenius'`` or, beyond two layers, ``'spectral'``.
    """
    if kind not in FIGURES:
        raise InputError(f"figure {kind!r} is not known; give {', '.join(FIGURES)}")
    caption = _caption(dataset, norm)
    if kind == "slopes":
        figure = _slopes(dataset, layers, norm)
    else:
        if _SCALE in dataset.dims:
            dataset = dataset.isel({_SCALE: 0})
            caption += f", {_scale(float(dataset[_SCALE]))}"
        figure = {"heatmap": _heat_maps, "rd": _distances}[kind](dataset, layers, norm)
    figure.suptitle(caption, fontsize=10)
    return figure


def _heat_maps(dataset: "xarray.Dataset", layers: Sequence[str], norm: str) -> Figure:
    diagram = diagram_of(dataset, norm)
    comparisons = [_with_points(compare_map(dataset, layer, norm=norm, diagram=diagram)) for layer in layers]
    hidden = [layer for layer in layers if layer in diagram.layers[:-1]]
    height = 3.9 * len(layers) + 0.4
    below = _REGIONS_HEIGHT if len(hidden) > 1 else 0.0
    figure = Figure(figsize=(13.2, height + below), layout="constrained")
    maps: Figure | SubFigure = figure
    if below:
        maps, regions = figure.subfigures(2, 1, height_ratios=(height, below), squeeze=False)[:, 0]
        plot_regions(slope_map(dataset, resamples=10), diagram, figure=regions, layers=hidden)  # no intervals shown
    grid = maps.subplots(len(layers), 3, squeeze=False, sharey="row")
    for row, comparison in zip(grid, comparisons, strict=True):
        colours = slope_colours(comparison.slopes)
        for ax, quantity in zip(row, _QUANTITIES, strict=True):
            plot_slope_map(comparison, quantity, colours=colours[quantity], ax=ax)
            if quantity != "slope":  # the first two share a scale
                maps.colorbar(colours[quantity], ax=ax, shrink=0.9)
                ax.set_ylabel("")
    for ax in grid[:-1].ravel():
        ax.set_xlabel("")
    return figure


def _slopes(dataset: "xarray.Dataset", layers: Sequence[str], norm: str) -> Figure:
    diagram = diagram_of(dataset, norm)
    vertical = diagram.names[1]
    scales = dataset[_SCALE].values if _SCALE in dataset.dims else None
    rows = _spread(dataset[vertical].values, _MOST_PANELS if scales is not None else _MOST_ROWS)
    panels = [[row] for row in rows] if scales is not None else [rows]
    figure = Figure(figsize=(5.2 * len(layers), 4.4 * len(panels) + 0.4), layout="constrained")
    for axes, layer in zip(figure.subplots(len(panels), len(layers), squeeze=False).T, layers, strict=True):
        if scales is None:
            curves = [("", compare_map(dataset, layer, norm=norm, diagram=diagram))]
        else:
            curves = [
                (_scale(b), compare_map(dataset.sel({_SCALE: b}, drop=True), layer, norm=norm, diagram=diagram))
                for b in scales
            ]
        for _, comparison in curves:
            _with_points(comparison)
        for ax, chosen in zip(axes, panels, strict=True):
            plot_slopes(curves, chosen, ax=ax)
            if len(chosen) == 1:
                ax.set_title(place([vertical], chosen), fontsize=10)
    return figure


def _distances(dataset: "xarray.Dataset", layers: Sequence[str], norm: str) -> Figure:
    diagram = diagram_of(dataset, norm)
    vertical = diagram.names[1]
    rows = _spread(dataset[vertical].values, _MOST_PANELS)
    figure = Figure(figsize=(5.7 * len(rows), 5.4 * len(layers) + 0.4), layout="constrained")
    for axes, layer in zip(figure.subplots(len(layers), len(rows), squeeze=False), layers, strict=True):
        for ax, row in zip(axes, rows, strict=True):
            plot_relative_distances(dataset, layer, row, norm=norm, diagram=diagram, ax=ax)
            ax.set_title(place([vertical], [row]), fontsize=10)
    return figure


def _with_points(comparison: MapComparison) -> MapComparison:
    if not comparison.points:
        raise InputError(
            f"no point has runs at every width yet, so there is no map of S_{comparison.layer}; let the scan go on"
        )
    return comparison


def _spread(values: np.ndarray, most: int) -> list[float]:
    """So many of the values at most, equally spread, the ends and the middle among them."""
    chosen = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int))
    return [float(values[i]) for i in chosen]


def _scale(exponent: float) -> str:
    return rf"$\beta_2=m^{{{exponent:g}}}$" if exponent else r"$\beta_2=1$"


def _caption(dataset: "xarray.Dataset", norm: str) -> str:
    """Data, networks, norm where there are several, widths and seeds."""
    attributes, widths, seeds = dataset.attrs, dataset["width"].values, dataset.sizes["seed"]
    parts = [f"{attributes['data']}: {attributes['model']}", attributes["activation"]]
    parts += [f"{norm_name(norm)} norm"] if len(norms_of(dataset)) > 1 else []
    parts += [f"loss first at {attributes['loss_level']:g}"] if "loss_level" in attributes else []
    parts += [f"widths {widths[0]} to {widths[-1]}", f"{seeds} seeds" if seeds > 1 else "one seed"]
    return "\n".join([", ".join(parts), *account_of(dataset).lines])

"""The figures of a scan of a slice, assembled from its plots."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from numerics.errors import InputError
from numerics.experiments.maps import compare_map
from numerics.experiments.slice_scan import diagram_of
from numerics.figures.scan_figures import FIGURES, spread
from numerics.figures.slice_plotting import plot_four_regions, plot_slope_maps
from numerics.figures.slope_maps import plot_relative_distances, plot_slopes
from numerics.slopes import slope_map

if TYPE_CHECKING:
    import xarray

__all__ = ["slice_figure"]

_ROWS = 5  # curves of slopes side by side
_PANELS = 3


def slice_figure(dataset: "xarray.Dataset", kind: str, layers: Sequence[str], norm: str) -> Figure:
    """A figure of a scan of a slice.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a :class:`numerics.SlicePlan`.
    kind : str
        One of :data:`numerics.figures.scan_figures.FIGURES`. ``'heatmap'``: the slopes of the layers side by side, and the
        regions of the hidden layers derived and measured.
    layers : sequence of str
    norm : str
        ``'frobenius'`` or ``'spectral'``.
    """
    if kind not in FIGURES:
        raise InputError(f"figure {kind!r} is not known; give {', '.join(FIGURES)}")
    figure = {"heatmap": _maps, "slopes": _slopes, "rd": _distances}[kind](dataset, layers, norm)
    widths, attributes = dataset["width"].values, dataset.attrs
    figure.suptitle(
        f"{attributes['data']}: {attributes['model']}, {attributes['activation']}, {norm.capitalize()} norm, "
        f"widths {widths[0]} to {widths[-1]}, {dataset.sizes['seed']} seeds",
        fontsize=10,
    )
    return figure


def _maps(dataset: "xarray.Dataset", layers: Sequence[str], norm: str) -> Figure:
    diagram = diagram_of(dataset, norm)
    slopes = slope_map(dataset, resamples=10)  # the maps show no intervals
    if not slopes["slope"].notnull().any():
        raise InputError("no point has runs at every width yet, so there is no map; let the scan go on")
    hidden = [layer for layer in layers if layer in diagram.layers[:-1]]
    if not hidden:
        figure = Figure(figsize=(4.4 * len(layers), 4.4), layout="constrained")
        plot_slope_maps(slopes, diagram, figure=figure, layers=layers)
        return figure
    figure = Figure(figsize=(max(10.5, 4.1 * len(layers)), 10.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(4.2, 5.4), squeeze=False)[:, 0]
    plot_slope_maps(slopes, diagram, figure=above, layers=layers)
    plot_four_regions(slopes, diagram, figure=below, layers=hidden)
    return figure


def _slopes(dataset: "xarray.Dataset", layers: Sequence[str], norm: str) -> Figure:
    diagram = diagram_of(dataset, norm)
    rows = spread(dataset[diagram.coordinates[1].name].values, _ROWS)
    figure = Figure(figsize=(5.8 * len(layers), 4.6), layout="constrained")
    for ax, layer in zip(figure.subplots(1, len(layers), squeeze=False)[0], layers, strict=True):
        plot_slopes([("", compare_map(dataset, layer, diagram=diagram, resamples=500))], rows, diagram=diagram, ax=ax)
    return figure


def _distances(dataset: "xarray.Dataset", layers: Sequence[str], norm: str) -> Figure:
    diagram = diagram_of(dataset, norm)
    vertical = diagram.coordinates[1].name
    rows = spread(dataset[vertical].values, _PANELS)
    one = dataset[["relative_distance", "status"]].sel(norm=norm)
    figure = Figure(figsize=(5.0 * len(rows), 6.0 * len(layers)), layout="constrained")
    for axes, layer in zip(figure.subplots(len(layers), len(rows), squeeze=False), layers, strict=True):
        for ax, row in zip(axes, rows, strict=True):
            plot_relative_distances(one, layer, row, diagram=diagram, ax=ax)
            ax.set_title(f"{layer}, second coordinate {row:g}", fontsize=10)
    return figure

"""The figures of a scan, assembled from its plots."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure, SubFigure

from numerics.errors import InputError
from numerics.experiments.account import account_of
from numerics.experiments.maps import MapComparison, compare_map, diagram_of, norms_of
from numerics.figures.canvas import new_figure
from numerics.figures.power_laws import plot_relative_distances
from numerics.figures.schemes import NAMES
from numerics.figures.slope_maps import plot_regions, plot_slope_map, plot_slopes, room_for_numbers, slope_colours
from numerics.figures.style import coordinate, norm_name, number, place
from numerics.figures.titles import heading, title, verbatim
from numerics.scans import CellStatus
from numerics.slopes import slope_map

if TYPE_CHECKING:
    import xarray

__all__ = ["FIGURES", "PANELS", "scan_figure"]

_MOST_PANELS = 3  # where no rows are chosen
_MOST_ROWS = 5  # curves of slopes in one panel, where no rows are chosen
_PANEL = (3.55, 3.3)  # inches of a heat map, at least
_AROUND = (2.5, 0.6)  # inches for labels and bars, of a row of maps; for the title, of each row
#: Maps of a heat map, and the quantity of each.
PANELS = {"measured": "slope", "derived": "predicted", "difference": "difference"}
_SCALE = "beta2_exponent"
_REGIONS_HEIGHT = 5.6

#: Kinds of figures, and what they show.
FIGURES = {
    "heatmap": "maps of S: measured, derived, and their difference; regions of the hidden layers where there are several",
    "slopes": "S along rows of the plane, with intervals",
    "rd": "RD against the width",
}


def scan_figure(
    dataset: "xarray.Dataset",
    kind: str,
    layers: Sequence[str],
    norm: str = "frobenius",
    *,
    rows: Sequence[float] | None = None,
    panel: str | None = None,
    names: str | None = None,
) -> Figure:
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
    rows : sequence of float, optional
        Values of the second coordinate for the slopes and for RD; by default a few, equally spread. The title says which they are
        if there are more.
    panel : str, optional
        The one of the three maps that a heat map has: one of :data:`PANELS`.
    names : str, optional
        Named initialisations on the maps: ``'all'``, ``'paper'`` for those of the chapter, or ``'none'``; by default all of them
        on the regions and none on the maps.
    """
    if kind not in FIGURES:
        raise InputError(f"figure {kind!r} is not known; give {', '.join(FIGURES)}")
    if kind == "heatmap" and rows is not None:
        raise InputError("a heatmap shows every row; leave the rows out, or draw slopes or rd")
    choices: tuple[tuple[str, str | None, Collection[str]], ...] = (("panel", panel, PANELS), ("names", names, NAMES))
    for argument, given, known in choices:
        if given is not None and (kind != "heatmap" or given not in known):
            raise InputError(f"{argument} = {given!r}: a heatmap takes {', '.join(known)}, other figures none")
    scales = _SCALE in dataset.dims
    vertical = diagram_of(dataset, norm).names[1]
    most = _MOST_ROWS if kind == "slopes" and not scales else _MOST_PANELS
    chosen = _spread(dataset[vertical].values, most) if rows is None else _rows_of(dataset, vertical, rows)
    parts = [_caption(dataset, norm)]
    if scales and kind != "slopes":
        dataset = dataset.isel({_SCALE: 0})
        parts[0] += f", {_scale(float(dataset[_SCALE]))}"
    if kind == "heatmap":
        figure, lines = _heat_maps(dataset, layers, norm, panel, names)
        parts.append(lines)
    else:
        figure = (_slopes if kind == "slopes" else _distances)(dataset, layers, norm, chosen)
        if len(chosen) < dataset.sizes[vertical]:
            values = ", ".join(f"${number(row)}$" for row in chosen)
            parts.append(f"{len(chosen)} of {dataset.sizes[vertical]} rows: ${coordinate(vertical)}=$ {values}")
    account = account_of(dataset)
    parts += account.lines
    if kind == "heatmap" and account.used < account.planned:
        parts.append("grey: points that have no run to use at some width, or runs still to come")
    heading(figure, "\n".join(parts))
    return figure


def _heat_maps(
    dataset: "xarray.Dataset", layers: Sequence[str], norm: str, panel: str | None, names: str | None
) -> tuple[Figure, str]:
    """The maps, three to a layer or one, and what their lines are."""
    diagram = diagram_of(dataset, norm)
    comparisons = [_with_points(compare_map(dataset, layer, norm=norm, diagram=diagram), dataset) for layer in layers]
    hidden = [layer for layer in layers if layer in diagram.layers[:-1]]
    columns = _planned_columns(dataset, *diagram.names)
    room = room_for_numbers(len(columns), dataset.sizes[diagram.names[1]])
    cell = max(_PANEL[0], room[0]), max(_PANEL[1], room[1])
    shape = (len(layers), len(PANELS)) if panel is None else (1, len(layers))
    height = (cell[1] + _AROUND[1]) * shape[0] + 0.4
    below = _REGIONS_HEIGHT if len(hidden) > 1 and panel is None else 0.0
    asked = shape[1] * cell[0] + _AROUND[0], height + below
    figure = new_figure(*asked)
    # in a smaller canvas, and beside names, there is no room for them
    numbers = all(room) and names in (None, "none") and bool((figure.get_size_inches() >= asked).all())
    maps: Figure | SubFigure = figure
    if below:
        maps, regions = figure.subfigures(2, 1, height_ratios=(height, below), squeeze=False)[:, 0]
        slopes = slope_map(dataset, resamples=10)  # no intervals shown
        plot_regions(slopes, diagram, figure=regions, layers=hidden, columns=columns, names=NAMES[names or "all"])
    grid = maps.subplots(*shape, squeeze=False, sharey="row")
    shown = list(PANELS.values()) if panel is None else [PANELS[panel]]
    axes = iter(grid.ravel())
    look: dict[str, Any] = {"columns": columns, "numbers": numbers, "names": NAMES[names or "none"]}
    for comparison in comparisons:
        colours = slope_colours(comparison.slopes)
        for quantity in shown:
            ax = plot_slope_map(comparison, quantity, colours=colours[quantity], ax=next(axes), **look)
            if quantity != "slope" or len(shown) == 1:  # measured and derived share a scale
                maps.colorbar(colours[quantity], ax=ax, shrink=0.9)
    for ax in grid[:-1].ravel():
        ax.set_xlabel("")
    for ax in grid[:, 1:].ravel():
        ax.set_ylabel("")
    return figure, _lines(comparisons if "slope" in shown else [])


def _lines(comparisons: Sequence[MapComparison]) -> str:
    """What stars and lines are, as far as any of these maps, with what was measured, has them."""
    stars = any(comparison.boundary["crossing"].notnull().any() for comparison in comparisons)
    dashed = any(comparison.here.zero.notnull().any() for comparison in comparisons if comparison.here)
    parts = ["stars: measured"] if stars else []
    parts += ["dashed: the infinitely wide network at these widths, no free parameter"] if dashed else []
    return f"S = 0: {'; '.join([*parts, 'thick line: derived, the limit'])}"


def _slopes(dataset: "xarray.Dataset", layers: Sequence[str], norm: str, rows: Sequence[float]) -> Figure:
    diagram = diagram_of(dataset, norm)
    scales = dataset[_SCALE].values if _SCALE in dataset.dims else None
    panels = [[row] for row in rows] if scales is not None else [list(rows)]
    figure = new_figure(5.2 * len(layers), 5.0 * len(panels) + 0.4)
    for axes, layer in zip(figure.subplots(len(panels), len(layers), squeeze=False).T, layers, strict=True):
        if scales is None:
            curves = [("", compare_map(dataset, layer, norm=norm, diagram=diagram))]
        else:
            curves = [
                (_scale(b), compare_map(dataset.sel({_SCALE: b}, drop=True), layer, norm=norm, diagram=diagram))
                for b in scales
            ]
        for _, comparison in curves:
            _with_points(comparison, dataset)
        for ax, chosen in zip(axes, panels, strict=True):
            plot_slopes(curves, chosen, ax=ax)
            if len(chosen) == 1:
                title(ax, place([diagram.names[1]], chosen))
    return figure


def _distances(dataset: "xarray.Dataset", layers: Sequence[str], norm: str, rows: Sequence[float]) -> Figure:
    diagram = diagram_of(dataset, norm)
    figure = new_figure(5.7 * len(rows), 5.4 * len(layers) + 0.4)
    for axes, layer in zip(figure.subplots(len(layers), len(rows), squeeze=False), layers, strict=True):
        for ax, row in zip(axes, rows, strict=True):
            plot_relative_distances(dataset, layer, row, norm=norm, diagram=diagram, ax=ax)
            title(ax, place([diagram.names[1]], [row]))
    return figure


def _rows_of(dataset: "xarray.Dataset", vertical: str, rows: Sequence[float]) -> list[float]:
    """The rows of a scan that were asked for, each once, as the dataset has them."""
    known = dataset[vertical].values
    found = []
    for row in rows:
        here = known[np.isclose(known, float(row), rtol=1e-9, atol=1e-12)]
        if not here.size:
            raise InputError(f"row {number(row)}: this scan has {vertical} = {', '.join(map(number, known))}")
        found.append(float(here[0]))
    return sorted(set(found))


def _planned_columns(dataset: "xarray.Dataset", horizontal: str, vertical: str) -> list[float]:
    """Values of the first coordinate that were planned in more than half of the rows: not those of a refinement."""
    planned = (dataset["status"] != CellStatus.NOT_PLANNED).any(("width", "seed")).sum(vertical)
    return dataset[horizontal].values[(planned > dataset.sizes[vertical] / 2).values].tolist()


def _with_points(comparison: MapComparison, dataset: "xarray.Dataset") -> MapComparison:
    if not comparison.points:
        why = f"no point has runs at every width yet, so there is no map of S_{comparison.layer}"
        raise InputError("; ".join([why, *account_of(dataset).lines]))
    return comparison


def _spread(values: np.ndarray, most: int) -> list[float]:
    """So many of the values at most, equally spread, the ends and the middle among them."""
    chosen = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int))
    return [float(values[i]) for i in chosen]


def _scale(exponent: float) -> str:
    return rf"$\beta_2=m^{{{number(exponent)}}}$" if exponent else r"$\beta_2=1$"


def _caption(dataset: "xarray.Dataset", norm: str) -> str:
    """Data, networks, optimiser if it is not gradient flow, norm where there are several, widths and seeds."""
    attributes, widths, seeds = dataset.attrs, dataset["width"].values, dataset.sizes["seed"]
    parts = [f"{verbatim(attributes['data'])}: {attributes['model']}", attributes["activation"]]
    parts += ["trained by Adam"] if "optimizer" in attributes else []
    parts += [f"{norm_name(norm)} norm"] if len(norms_of(dataset)) > 1 else []
    parts += [f"loss first at {attributes['loss_level']:g}"] if "loss_level" in attributes else []
    parts += [f"widths {widths[0]} to {widths[-1]}", f"{seeds} seeds" if seeds > 1 else "one seed"]
    return ", ".join(parts)

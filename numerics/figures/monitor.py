"""The figure of a training that was watched: what every parameter did against the step."""

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from numerics.figures.canvas import abreast
from numerics.figures.style import COLOURS, MARKERS, figure_of, legend_below, norm_name
from numerics.figures.ticks import log_axis
from numerics.figures.titles import title, verbatim

if TYPE_CHECKING:
    import xarray

__all__ = ["plot_monitor"]

_COLUMNS = 4
_PANEL = (3.9, 3.5)  # inches: two side by side take both columns of a paper
_SHORT = 18  # letters of names that stand in two columns


def plot_monitor(dataset: "xarray.Dataset", *, figure: Figure | SubFigure | None = None) -> Figure | SubFigure:
    """Relative distances in both norms, stable ranks, and what else was followed: balance, kernel, orientations, similarities.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of :meth:`numerics.pytorch.Monitor.to_xarray`.
    figure : Figure or SubFigure, optional
    """
    curves = _curves(dataset)
    maps = [(layer, step) for layer in dataset.layer.values for step in dict.fromkeys(dataset.step.values[[0, -1]])]
    first = len(curves) + len(curves) % 2  # start and end of a layer side by side
    rows = -(-(first + len(maps)) // abreast(_COLUMNS))
    columns = abreast(_COLUMNS) if maps else -(-len(curves) // rows)
    figure = figure_of(figure, columns * _PANEL[0], rows * _PANEL[1])
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (name, values) in zip(panels, curves.items(), strict=False):
        _draw(ax, name, values)
    for ax, (layer, step) in zip(panels[first:], maps, strict=False):
        image = ax.imshow(
            dataset.similarity.sel(layer=layer, step=step), cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest"
        )
        image.set_rasterized(True)
        ax.set(xlabel="neuron, sorted", ylabel="neuron, sorted")
        title(ax, verbatim(f"{layer}, step {step}"))
        ax.figure.colorbar(image, ax=ax, fraction=0.046, label=r"$\cos(w_j, w_k)$")
    for ax in (*panels[len(curves) : first], *panels[first + len(maps) :]):
        ax.remove()
    return figure


def _curves(dataset: "xarray.Dataset") -> "dict[str, xarray.DataArray]":
    """What is drawn against the step, by the name of its axis."""
    found = {
        f"RD, {norm_name(norm)} norm": dataset.relative_distance.sel(norm=norm, drop=True)
        for norm in dataset.norm.values
    }
    found["stable rank of the change"] = dataset.stable_rank
    if dataset.conserved.size:
        found["drift of the balance"] = dataset.balance_drift
    if "kernel_change" in dataset:
        found["change of the tangent kernel"] = dataset.kernel_change
    if dataset.layer.size:
        found["condensation, 1 - entropy"] = 1 - dataset.entropy
    return found


def _draw(ax: Axes, name: str, values: "xarray.DataArray") -> None:
    """One panel, one curve for each of what the values are of."""
    others = [dimension for dimension in values.dims if dimension != "step"]
    steps = values.step.values
    rows = (
        {str(key): values.sel({others[0]: key}).values for key in values[others[0]].values}
        if others
        else {"": values.values}
    )
    logarithmic = name.startswith("RD")
    for index, (label, values_of) in enumerate(rows.items()):
        row = np.where(values_of > 0, values_of, np.nan) if logarithmic else values_of  # the start has no logarithm
        if np.isfinite(row).any():
            look: dict[str, Any] = {
                "color": COLOURS[index % len(COLOURS)],
                "marker": MARKERS[index % len(MARKERS)],
                "ms": 3,
            }
            ax.plot(steps, row, label=verbatim(label), **look)
    ax.set_xlabel("step")
    title(ax, name)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    if logarithmic and ax.lines:
        ax.set_yscale("log")
        log_axis(ax.yaxis)
    ax.grid(True, alpha=0.25)
    if others and ax.lines:
        columns = 2 if max(map(len, rows)) <= _SHORT else 1
        legend_below(ax, ax.get_legend_handles_labels()[0], columns=columns, fontsize="small")

"""The figure of a coordinate check: how far every layer moved against the width, a panel for each step."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from numerics.errors import InputError
from numerics.experiments.judgement import LayerResult
from numerics.figures.canvas import abreast
from numerics.figures.style import (
    ANY_COLOUR,
    COLOURS,
    MARKERS,
    draw_points,
    figure_of,
    geometric_mean,
    legend_beneath,
    norm_name,
    points_of,
    signed,
)
from numerics.figures.ticks import log_axis, width_ticks
from numerics.figures.titles import title, verbatim

__all__ = ["plot_coordinate_check"]

_COLUMNS = 4
_PANEL = (3.1, 3.6)
_LEGEND = 2  # columns
_KERNELS: dict[str, Any] = {"ls": "-", "lw": 2.2, "alpha": 0.55}
_LIMIT: dict[str, Any] = {"ls": "--", "lw": 1.2, "color": "black"}


def plot_coordinate_check(
    panels: Mapping[str, Sequence[LayerResult]],
    *,
    norm: str = "spectral",
    figure: Figure | SubFigure | None = None,
) -> Figure | SubFigure:
    """RD of every layer against the width at each step, all on one scale.

    Markers: geometric mean over the seeds, with bars from the smallest to the largest. Solid: RD by the tangent kernels, with no
    free parameter, where these hold. Dashed, in the last panel: the slope predicted in the limit, through the middle of the
    data.

    Parameters
    ----------
    panels : mapping of str to sequence of LayerResult
        Judged layers by the name of the step, the end last.
    norm : str
        For the vertical axis.
    figure : Figure or SubFigure, optional
    """
    if not any(panels.values()):
        raise InputError("no parameter has a predicted slope; draw the table of to_frame() instead")
    columns = min(len(panels), abreast(_COLUMNS))
    rows = -(-len(panels) // columns)
    figure = figure_of(figure, columns * _PANEL[0], rows * _PANEL[1])
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    *_, last = panels
    for ax, (name, results) in zip(axes.ravel(), panels.items(), strict=False):
        for index, result in enumerate(results):
            _draw(ax, result, COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)], limit=name == last)
        width_ticks(ax, sorted({width for result in results for width in result.widths}))
        ax.grid(True, which="major", alpha=0.25)
        title(ax, name)
    axes[0, 0].set(yscale="log")
    log_axis(axes[0, 0].yaxis)
    for ax in axes[:, 0]:
        ax.set_ylabel(f"RD, {norm_name(norm)} norm")
    for ax in axes.ravel()[len(panels) :]:
        ax.remove()
    legend_beneath(figure, _handles(panels[last]), columns=_LEGEND)
    return figure


def _draw(ax: Axes, result: LayerResult, colour: str, marker: str, limit: bool) -> None:
    """One layer in one panel."""
    if result.prediction.distances:
        ax.plot(*zip(*result.prediction.distances.items(), strict=True), color=colour, **_KERNELS)
    if np.isfinite(result.distances).any():
        draw_points(ax, np.array(result.widths), *geometric_mean(result.distances), colour=colour, marker=marker)
    if limit and result.measured is not None:
        widths, fit = np.array(result.widths, dtype=float), result.measured
        middle = np.log(fit.widths).mean()
        through = np.exp(fit.intercept + fit.slope * middle)
        ax.plot(widths, through * (widths / np.exp(middle)) ** float(result.predicted_slope), **_LIMIT)


def _handles(results: Sequence[LayerResult]) -> list[Line2D]:
    """What the layers are, with their slopes at the end, then what the lines are."""
    handles = []
    for index, result in enumerate(results):
        slope = f"$S={signed(result.measured.slope)}$" if result.measured is not None else f"no slope, {result.reason}"
        here = f"${signed(result.prediction.expected)}$ here, " if result.prediction.distances else ""
        predicted = f"predicted {here}${signed(float(result.predicted_slope))}$ in the limit"
        label = f"{verbatim(result.layer)}: {slope}, {predicted}"
        handles.append(points_of(COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)], label))
    if any(result.prediction.distances for result in results):
        handles.append(Line2D([], [], label="RD by tangent kernels, not fitted", color=ANY_COLOUR, **_KERNELS))
    return [*handles, Line2D([], [], label="slope predicted in the limit", **_LIMIT)]

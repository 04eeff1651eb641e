"""The figure of a coordinate check: how far every parameter moved against the width, a panel for each step."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure, SubFigure

from numerics.errors import InputError
from numerics.experiments.judgement import LayerResult
from numerics.figures.canvas import abreast
from numerics.figures.power_laws import plot_power_laws
from numerics.figures.style import figure_of, norm_name
from numerics.figures.titles import title, verbatim

__all__ = ["plot_coordinate_check"]

_COLUMNS = 3
_PANEL = (4.8, 4.6)


def plot_coordinate_check(
    panels: Mapping[str, Sequence[LayerResult]],
    *,
    norm: str = "spectral",
    figure: Figure | SubFigure | None = None,
) -> Figure | SubFigure:
    """RD of every parameter against the width at each step, with the slopes predicted for the end.

    Markers and lines as in :func:`numerics.figures.power_laws.plot_curves`.

    Parameters
    ----------
    panels : mapping of str to sequence of LayerResult
        Judged parameters by the name of the step.
    norm : str
        For the titles.
    figure : Figure or SubFigure, optional
    """
    if not any(panels.values()):
        raise InputError("no parameter has a predicted slope; draw the table of to_frame() instead")
    columns = min(len(panels), abreast(_COLUMNS))
    rows = -(-len(panels) // columns)
    figure = figure_of(figure, columns * _PANEL[0], rows * _PANEL[1])
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (name, results) in zip(axes, panels.items(), strict=False):
        plot_power_laws(results, labels=[verbatim(result.layer) for result in results], by="layer", ax=ax)
        ax.set_ylabel("relative distance RD")
        title(ax, f"{name}, {norm_name(norm)} norm")
    for ax in axes[len(panels) :]:
        ax.remove()
    return figure

"""The phase diagram with a time axis: regimes at the fit, the walk that weight decay makes of it, regimes at the end."""

from collections.abc import Collection
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import phasetheory as pt
from numerics.figures.canvas import canvas
from numerics.figures.style import legend_below
from phasetheory.diagrams.plotting import Window, default_window, hatch_region, plot_phase_diagram
from phasetheory.symbols.prose import tex

__all__ = ["plot_weight_decay"]

_ROWS = 5  # arrows
_STEP = 0.15  # of the window, from its edges to the arrows
_ARROW: dict[str, Any] = {"arrowstyle": "-|>", "color": "0.25", "lw": 1.4, "mutation_scale": 14}


def plot_weight_decay(
    diagram: pt.DecayedDiagram, *, figure: Figure | None = None, names: bool | Collection[str] = True
) -> Figure:
    """Draw the plane at the fit and at the end side by side, with the walk from the one to the other as arrows.

    Parameters
    ----------
    diagram : DecayedDiagram
        At either moment; both are drawn. Arrows begin where the input layer is linear and the data are fitted, and none are
        drawn where f = 0 is where all ends.
    figure : Figure, optional
        A new one if not given.
    names : bool or names of initialisations
        Of them at the fit: whether, or which.
    """
    figure = figure or plt.figure(figsize=canvas(11.4, 5.8), layout="constrained")
    fit, end = (pt.decayed_diagram(diagram.ell, moment, diagram=diagram) for moment in ("fit", "end"))
    window = default_window(fit, ("w",))
    axes = figure.subplots(1, 2, sharey=True)
    for ax, at in zip(axes, (fit, end), strict=True):
        plot_phase_diagram(at, ax=ax, layers=("w",), window=window, names=names if at is fit else False)
        ax.set_title(_title(at))
    axes[1].set_ylabel("")
    _complete(axes[0], fit, window)
    _complete(axes[1], end, window)
    return figure


def _title(diagram: pt.DecayedDiagram) -> str:
    decay = tex(f"$μ ~ m^({-diagram.ell})$") if diagram.ell else r"$\mu \sim 1$"
    if diagram.moment == "fit":
        return f"when the data are fitted, {decay}"
    ends = {True: "the weights are gone, $f = 0$", False: "least variation norm", None: r"below the threshold $\mu_c$"}
    return rf"$t \to \infty$: {ends[diagram.collapses]}"


def _complete(ax: Axes, diagram: pt.DecayedDiagram, window: Window) -> None:
    """What is special to the moment, and one legend below for all of it."""
    legend = ax.get_legend()
    given = [] if legend is None else [handle for handle in legend.legend_handles if handle is not None]
    labels = [handle.get_label() for handle in given]  # where an area is critical, the line beside it is too: said once
    handles = [handle for i, handle in enumerate(given) if labels[i] not in labels[:i]]
    if diagram.moment == "fit" and diagram.unfitted_region is not None:
        handles += hatch_region(diagram.unfitted_region, ax, window, label="never fitted", covers=True)
    if diagram.moment == "fit" and not diagram.collapses:
        _draw_walk(ax, diagram, window)
        walk = r"walk, $\gamma(t) = \gamma + 2 \lambda t / \log m$"
        handles.append(Line2D([], [], color=_ARROW["color"], lw=_ARROW["lw"], marker=">", label=walk))
    legend_below(ax, handles, columns=2, fontsize="small")


def _draw_walk(ax: Axes, diagram: pt.DecayedDiagram, window: Window) -> None:
    left, right, bottom, top = window
    across, up = _STEP * (right - left), _STEP * (top - bottom)
    heights = np.linspace(bottom + up / 2, top - up / 2, _ROWS)
    start, stop = left + across / 2, right - across / 2
    linear = diagram.evaluate(np.full(_ROWS, start), heights)["w"] < 0
    for height in heights[linear]:
        ax.plot(start, height, "o", ms=4, color=_ARROW["color"], zorder=3)
        ax.annotate("", (stop, height), (start, height), arrowprops=_ARROW, zorder=3)

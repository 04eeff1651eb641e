"""Named initialisations on the two-layer diagram, each with a symbol of its own."""

from typing import Any

from matplotlib.axes import Axes

import phasetheory as pt
from numerics.figures.style import COLOURS, HALO, axes_of, legend_below
from phasetheory.diagrams.plotting import default_window, plot_phase_diagram

__all__ = ["NAMES", "SCHEMES", "plot_schemes"]

#: The six of the book. Two schemes may be one point: a large open symbol has room for a small filled one.
SCHEMES: dict[str, dict[str, Any]] = {
    "xavier": {"marker": "s", "ms": 15, "mfc": "none", "mec": COLOURS[1], "mew": 2},
    "mean_field": {"marker": "*", "ms": 9, "color": COLOURS[0]},
    "ntk": {"marker": "^", "ms": 10, "color": COLOURS[3]},
    "lecun": {"marker": "v", "ms": 15, "mfc": "none", "mec": COLOURS[2], "mew": 2},
    "he": {"marker": "P", "ms": 7, "color": "black"},
    "e_et_al": {"ls": (0, (1, 1.2)), "lw": 2.4, "color": "0.2"},
}

#: What ``--names`` says: those that :func:`phasetheory.PhaseDiagram.plot` places.
NAMES: dict[str, bool | tuple[str, ...]] = {"all": True, "paper": tuple(SCHEMES), "none": False}


def plot_schemes(diagram: pt.PhaseDiagram, *, ax: Axes | None = None) -> Axes:
    """The derived diagram of two layers with the schemes of :data:`SCHEMES`; a scheme with a free exponent is a line."""
    ax = axes_of(ax, 6.6, 6.2)
    plot_phase_diagram(diagram, ax=ax, names=False)
    legend = ax.get_legend()
    assert legend is not None
    handles: list[Any] = list(legend.legend_handles)
    for handle, text in zip(handles, legend.get_texts(), strict=True):
        handle.set_label(text.get_text())
    places, (left, right, _, top) = diagram.named_points, default_window(diagram, ("w",))
    for name, look in SCHEMES.items():
        title = pt.describe_initialization(name).title
        x, y = places[name]
        free = x.free_symbols | y.free_symbols
        if free:
            (exponent,) = free
            ends = [[float(e.subs(exponent, t)) for t in (left, min(right, top))] for e in (x, y)]
            (drawn,) = ax.plot(*ends, path_effects=[HALO], zorder=3, scalex=False, scaley=False, label=title, **look)
        else:
            (drawn,) = ax.plot(float(x), float(y), ls="", zorder=4, label=title, **look)
        handles.append(drawn)
    legend_below(ax, handles, columns=3, fontsize="small")
    return ax

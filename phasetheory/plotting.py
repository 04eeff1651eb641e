"""Pictures of the theory: phase diagrams drawn from derived boundaries and regions."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import sympy as sp
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon

from phasetheory.diagrams import PhaseDiagram, Region
from phasetheory.initializations import describe_initialization, initialization, initializations
from phasetheory.regimes import Regime

__all__ = ["REGIME_COLOURS", "plot_phase_diagram"]

#: One colour per regime, the same in every figure; colour-blind safe (Okabe and Ito).
REGIME_COLOURS: Mapping[Regime, str] = {
    Regime.LINEAR: "#56B4E9",
    Regime.CRITICAL: "#222222",
    Regime.CONDENSED: "#E69F00",
}
_MIXED_COLOURS = ("#56B4E9", "#009E73", "#CC79A7", "#E69F00", "#F0E442", "#0072B2", "#D55E00", "#999999")
_AXIS_LABELS = {
    "gamma": r"$\gamma = -\lim\,\log\kappa\,/\log m$",
    "gamma_prime": r"$\gamma' = -\lim\,\log\kappa'\,/\log m$",
    "gamma_3": r"$\gamma_3 = -\lim\,\log(\beta_1\beta_2\beta_3/\alpha)\,/\log m$",
    "gamma_2": r"$\gamma_2 = -\lim\,\log(\beta_3/\beta_1)\,/\log m$",
}


def plot_phase_diagram(
    diagram: PhaseDiagram,
    *,
    ax: Axes | None = None,
    layers: tuple[str, ...] | None = None,
    window: tuple[float, float, float, float] = (0.0, 2.0, -1.0, 1.0),
    names: bool = True,
) -> Axes:
    """Draw regions, boundaries and named initialisations of a phase diagram.

    Parameters
    ----------
    diagram : PhaseDiagram
    ax : matplotlib Axes, optional
        Drawn into a new figure if not given.
    layers : tuple of str, optional
        Layers whose regimes make the regions; by default the input layer at depth 2 (the paper's diagram), else all hidden
        weight layers.
    window : (left, right, bottom, top)
        Range of the two coordinates.
    names : bool
        Whether to place the named initialisations that lie on the slice.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
    chosen = layers or (("w",) if diagram.network.depth == 2 else diagram.layers[:-1])
    left, right, bottom, top = window
    regions = [r for r in diagram.regions(chosen) if _visible(r, window)]
    handles: list[Any] = []
    for index, region in enumerate(regions):
        colour = _tint(_region_colour(region, index))
        for polygon in region.polygons:
            points = [(float(x), float(y)) for x, y in polygon]
            ax.add_patch(Polygon(points, closed=True, facecolor=colour, edgecolor=colour, lw=0.5, zorder=0))
        handles.append(Patch(facecolor=colour, label=_region_label(region)))
    for style, layer in zip(("-", "--", "-.", ":"), chosen, strict=False):
        for segment in diagram.boundary(layer).segments:
            xs, ys = zip(*((float(x), float(y)) for x, y in (segment.start, segment.end)), strict=True)
            ax.plot(xs, ys, style, color=REGIME_COLOURS[Regime.CRITICAL], lw=2.2, zorder=2, scalex=False, scaley=False)
        label = "critical regime" if len(chosen) == 1 else f"{layer} critical"
        handles.append(Line2D([], [], ls=style, color=REGIME_COLOURS[Regime.CRITICAL], lw=2.2, label=label))
    if names:
        _place_names(diagram, ax, window)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.set_xlabel(_AXIS_LABELS.get(diagram.coordinates[0].name, f"${sp.latex(diagram.coordinates[0])}$"))
    ax.set_ylabel(_AXIS_LABELS.get(diagram.coordinates[1].name, f"${sp.latex(diagram.coordinates[1])}$"))
    ax.legend(handles=handles, loc="upper left", fontsize=9, framealpha=0.9)
    return ax


def _region_colour(region: Region, index: int) -> str:
    kinds = set(region.regimes.values())
    return REGIME_COLOURS[kinds.pop()] if len(kinds) == 1 else _MIXED_COLOURS[1 + index % (len(_MIXED_COLOURS) - 1)]


def _tint(colour: str, strength: float = 0.38) -> tuple[float, float, float]:
    """The colour mixed with white: opaque, so that neighbouring polygons show no seam."""
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(colour))
    return red, green, blue


def _region_label(region: Region) -> str:
    if len(region.regimes) == 1:
        return f"{next(iter(region.regimes.values())).value} regime"
    return region.label


def _visible(region: Region, window: tuple[float, float, float, float]) -> bool:
    left, right, bottom, top = window
    return any(
        min(x for x, _ in p) < right
        and max(x for x, _ in p) > left
        and min(y for _, y in p) < top
        and max(y for _, y in p) > bottom
        for p in region.polygons
    )


def _place_names(diagram: PhaseDiagram, ax: Axes, window: tuple[float, float, float, float]) -> None:
    """Mark named initialisations; those on the same point share one label, a line is drawn as one."""
    left, right, bottom, top = window
    points: dict[tuple[float, float], list[str]] = {}
    for name in initializations(diagram.network.depth):
        place = diagram.locate(initialization(name, diagram.network.depth))
        if place is None:
            continue
        title = describe_initialization(name).title
        free = sorted(set().union(*(e.free_symbols for e in place)), key=str)
        if free:
            ends = [[float(e.subs(free[0], t)) for t in (-9, 9)] for e in place]
            ax.plot(*ends, ":", color="0.35", lw=1.4, zorder=1, scalex=False, scaley=False)
            x, y = (float(e.subs(free[0], 0.85 * min(right, top))) for e in place)
            ax.annotate(title, (x, y), (8, -10), textcoords="offset points", fontsize=10, color="0.25")
        else:
            points.setdefault((float(place[0]), float(place[1])), []).append(title)
    for (x, y), titles in points.items():
        if left <= x <= right and bottom <= y <= top:
            ax.plot(x, y, "o", ms=7, mfc="white", mec="black", mew=1.6, zorder=4)
            ax.annotate(
                "\n".join(titles),
                (x, y),
                (-9, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=10,
                zorder=5,
            )

"""Pictures of the theory: phase diagrams drawn from derived boundaries and regions."""

import itertools
import math
import re
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import sympy as sp
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox, ScaledTranslation

from phasetheory.diagrams.plane import Plane
from phasetheory.diagrams.polygons import FAR, Affine, Point, area, at_infinity, clip, edges
from phasetheory.diagrams.polygons import Polygon as PolygonPoints
from phasetheory.diagrams.regions import Region
from phasetheory.networks.initializations import describe_initialization
from phasetheory.scaling.regimes import Regime
from phasetheory.symbols.printing import latex
from phasetheory.symbols.rationals import as_fraction

__all__ = [
    "AXIS_LABELS",
    "REGIME_COLOURS",
    "Window",
    "axis_labels",
    "default_window",
    "draw_boundaries",
    "hatch_region",
    "layer_names",
    "legend_below",
]
__all__ += [
    "mixture_colour",
    "part_inside",
    "place_names",
    "plot_phase_diagram",
    "polygon_inside",
    "region_colours",
    "slot_width",
    "symbol",
]
__all__ += ["tint"]

#: One colour per regime, the same in every figure; colour-blind safe (Okabe and Ito).
REGIME_COLOURS: Mapping[Regime, str] = {
    Regime.LINEAR: "#56B4E9",
    Regime.CRITICAL: "#222222",
    Regime.CONDENSED: "#E69F00",
}
# only the first, the second, ... of the layers condensed; further mixtures take what is left, in order
_MIXED_COLOURS = ("#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999")
# how much of a colour is left in an area; more where it would be near another to those who see two primary colours
_STRENGTH = 0.38
_STRENGTHS = {"#009E73": 0.7, "#CC79A7": 0.6}
_HATCH = "0.55"  # lines over an area: seen on every tint, and no regime
_WINDOWS = {2: (0.0, 2.0, -1.0, 1.0), 3: (0.0, 4.0, -1.5, 2.0)}  # the pages of the book
_LABEL_WIDTH = 20  # characters in a line of names beside a point
_LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 0.6}  # keeps names legible on a line
_BELOW = 0.46  # inches from the axes to a legend below them: room for the ticks and the label
_BESIDE = 60.0  # points of the slot of some axes that a legend below them leaves, since it is centred on the axes alone
_TRIED = 40  # places of a name of a region, across and up
_POINT: dict[str, Any] = {"ls": "", "marker": "o", "ms": 7, "mfc": "white", "mec": "black", "mew": 1.6}
_LINE: dict[str, Any] = {"ls": ":", "color": "0.35", "lw": 1.4}
_SCALES = 3  # in one line beside an axis
_LEGEND_ROWS = 3  # more do not fit beside the named points
#: Names of coordinates, written out.
AXIS_LABELS = {
    "gamma": r"$\gamma = -\lim\,\log\kappa\,/\log m$",
    "gamma_prime": r"$\gamma' = -\lim\,\log\kappa'\,/\log m$",
    "gamma_3": r"$\gamma_3 = -\lim\,\log(\beta_1\beta_2\beta_3/\alpha)\,/\log m$",
    "gamma_2": r"$\gamma_2 = -\lim\,\log(\beta_3/\beta_1)\,/\log m$",
}


Window = tuple[float, float, float, float]


def plot_phase_diagram(
    diagram: Plane,
    *,
    ax: Axes | None = None,
    layers: tuple[str, ...] | None = None,
    window: Window | None = None,
    regions: bool = True,
    names: bool | Collection[str] = True,
    label: Callable[[Region], str] | None = None,
    inside: bool = False,
) -> Axes:
    """Draw regions, boundaries and named initialisations of a phase diagram.

    Parameters
    ----------
    diagram : Plane
        A phase diagram of any kind.
    ax : matplotlib Axes, optional
        Drawn into a new figure if not given.
    layers : tuple of str, optional
        Layers whose regimes make the regions; by default the input layer at depth 2 (the paper's diagram), else all hidden
        weight layers, and all layers of a graph.
    window : (left, right, bottom, top), optional
        Range of the two coordinates; by default the book's for its two slices, else around all corners of the boundaries.
    regions : bool
        Whether to fill the regions, and hatch the one where slopes depend on the target; without them only the boundaries are
        drawn, for data to lie under.
    names : bool or names of initialisations
        Whether to place the named initialisations that lie on the slice; or which of them.
    label : callable, optional
        Name of a region for the legend.
    inside : bool
        Whether names stand in the regions, not in the legend: of several layers those that are not linear.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
    chosen = layers or diagram.telling_layers
    window = window or default_window(diagram, chosen)
    filled = _draw_regions(diagram, chosen, ax, window, label or _region_label) if regions else []
    handles: list[Artist] = [] if inside else list(filled)
    handles += draw_boundaries(diagram, chosen, ax, window)
    if regions and diagram.target_region is not None:
        handles += hatch_region(diagram.target_region, ax, window, label="slopes depend on the target")
    if names is not False:
        handles += place_names(diagram, ax, window, names)
    if diagram.title:
        ax.set_title(diagram.title)
    left, right, bottom, top = window
    ax.set(xlim=(left, right), ylim=(bottom, top))
    across, up = axis_labels(diagram)
    ax.set(xlabel=across, ylabel=up)
    # in the corner of the axes only what is few, and hides no name of a region
    if inside or len(handles) > _LEGEND_ROWS:
        legend_below(ax, handles, columns=2, fontsize="small", handlelength=3.2)  # a dash and a dot, twice
    else:
        ax.legend(handles=handles, loc="lower left", fontsize="small", framealpha=0.9, handlelength=3.2)
    if regions and inside:
        _name_regions(diagram.regions(chosen), ax, window, label or partial(_name_inside, layers=diagram.layers))
    return ax


def axis_labels(diagram: Plane) -> tuple[str, str]:
    r"""The two coordinates: the book's written out, others with the scales made of them, ``$x$, with $\sigma_1 = m^{-x}$``."""
    known = AXIS_LABELS if diagram.is_standard else {}
    first, second = (known.get(c.name) or _with_scales(diagram, c) for c in diagram.coordinates)
    return first, second


def _with_scales(diagram: Plane, coordinate: sp.Symbol) -> str:
    """A coordinate with the scales that contain it, like ones together, a few to a line."""
    alike: dict[sp.Expr, list[str]] = {}
    for name, scale in diagram.scales.items():
        if coordinate in scale.free_symbols:
            alike.setdefault(scale, []).append(name)
    parts = ["$" + " = ".join([*_first_and_last(names), latex(scale)]) + "$" for scale, names in alike.items()]
    lines = [", ".join(parts[i : i + _SCALES]) for i in range(0, len(parts), _SCALES)]
    return f"${latex(coordinate)}$, with " + ",\n".join(lines) if lines else f"${latex(coordinate)}$"


def _first_and_last(names: list[str]) -> list[str]:
    return names if len(names) < _SCALES + 1 else [names[0], r"\dots", names[-1]]


def legend_below(ax: Axes, handles: Sequence[Any], *, columns: int = 1, **look: Any) -> None:
    """A legend below the label of the horizontal axis, however high the axes are; in fewer columns if wide."""
    below = ax.transAxes + ScaledTranslation(0, -_BELOW, ax.figure.dpi_scale_trans)
    where: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "bbox_transform": below}
    legend = ax.legend(handles=handles, ncols=columns, frameon=False, **where, **look)
    if columns > 1 and 72 * legend.get_window_extent().width / ax.figure.dpi > slot_width(ax) - _BESIDE:
        legend_below(ax, handles, columns=columns - 1, **look)


def slot_width(ax: Axes) -> float:
    """Points from the left to the right of what the layout gives to some axes, with their labels."""
    place, whole = ax.get_subplotspec(), 72 * ax.figure.bbox.width / ax.figure.dpi
    if place is None:
        return 72 * ax.get_window_extent().width / ax.figure.dpi
    grid = place.get_gridspec()
    ratios: Any = grid.get_width_ratios() or [1.0] * grid.ncols  # none given: all alike
    return whole * float(sum(ratios[place.colspan.start : place.colspan.stop]) / sum(ratios))


def symbol(layer: str) -> str:
    r"""A layer as TeX, without dollars: ``W_{1}``, ``w``, ``\theta``."""
    return r"\theta" if layer == "theta" else re.sub(r"(\d+)$", r"_{\1}", layer)


def layer_names(layers: Sequence[str]) -> str:
    """Layers as TeX; three and more that follow each other by first and last: ``$W_{1}$``, ``$W_{2}$ to $W_{9}$``."""
    parts, rest = [], list(layers)
    while rest:
        run = 1
        while run < len(rest) and _number(rest[run]) == _number(rest[run - 1]) + 1:
            run += 1
        names = [f"${symbol(layer)}$" for layer in rest[:run]]
        parts += [f"{names[0]} to {names[-1]}"] if run > 2 else names
        rest = rest[run:]
    return ", ".join(parts)


def _number(layer: str) -> float:
    """The number of a layer's name; nan without one, which follows nothing."""
    found = re.fullmatch(r"W(\d+)", layer)
    return int(found.group(1)) if found else float("nan")


def region_colours(
    diagram: Plane, layers: tuple[str, ...], window: Window
) -> dict[tuple[Regime, ...], tuple[float, float, float]]:
    """The colour that each region in the window is filled with, by the regimes of the layers."""
    regions = diagram.regions(layers)
    own = {kinds: mixture_colour(kinds) for kinds in (tuple(region.regimes.values()) for region in regions)}
    spare = [colour for colour in _MIXED_COLOURS if colour not in own.values()] + [_MIXED_COLOURS[-1]] * len(own)
    seen = [kinds for kinds, region in zip(own, regions, strict=True) if _visible(region, window)]
    return {kinds: tint(own[kinds] or spare.pop(0)) for kinds in seen}


def _draw_regions(
    diagram: Plane, chosen: tuple[str, ...], ax: Axes, window: Window, label: Callable[[Region], str]
) -> list[Patch]:
    colours, handles = region_colours(diagram, chosen, window), []
    for region in diagram.regions(chosen):
        for number, part in enumerate(_visible(region, window)):
            face = colours[tuple(region.regimes.values())]
            ax.add_patch(Polygon(part, closed=True, facecolor=face, edgecolor=face, lw=0.5, zorder=0))
            handles += [Patch(facecolor=face, label=label(region))] if number == 0 else []
    return handles


def _name_regions(regions: Sequence[Region], ax: Axes, window: Window, label: Callable[[Region], str]) -> None:
    """Write the name of each region in the window into its largest part, clear of what is written, where there is room."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # sizes are those of the picture from here
    taken = [text.get_window_extent() for text in ax.texts]
    taken += [line.get_window_extent() for line in ax.lines if line.get_marker() != "None"]
    for region in regions:
        parts = [part for polygon in region.polygons if (part := _cut(polygon, window))]
        if parts:
            style: dict[str, Any] = {
                "ha": "center",
                "va": "center",
                "fontsize": "small",
                "zorder": 5,
                "bbox": _LABEL_BOX,
            }
            name = ax.text(0.0, 0.0, label(region), **style)
            name.set_position(_place_of(name, max(parts, key=area), taken, ax))
            taken.append(name.get_window_extent())


def _place_of(name: Text, polygon: PolygonPoints, taken: Sequence[Bbox], ax: Axes) -> tuple[float, float]:
    """The place nearest to the centre of a polygon at which a text is inside and covers nothing; the centre if there is none."""
    x, y = (float(value) for value in _centre(polygon))
    corners = ax.transData.transform([(float(x), float(y)) for x, y in polygon])
    outline, middle = Path(corners), ax.transData.transform((x, y))
    box = name.get_window_extent()
    half = (box.width / 2, box.height / 2)
    (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
    tried = [
        (left + (right - left) * i / _TRIED, bottom + (top - bottom) * j / _TRIED)
        for i in range(_TRIED)
        for j in range(_TRIED)
    ]
    for place in sorted([tuple(middle), *tried], key=lambda place: math.dist(place, middle)):
        here = Bbox.from_extents(place[0] - half[0], place[1] - half[1], place[0] + half[0], place[1] + half[1])
        if outline.contains_points(here.corners()).all() and not any(here.overlaps(other) for other in taken):
            found = ax.transData.inverted().transform(place)
            return float(found[0]), float(found[1])
    return x, y


def _centre(polygon: PolygonPoints) -> Point:
    """The centre of mass, which lies inside."""
    sides = [(p, q, p[0] * q[1] - q[0] * p[1]) for p, q in edges(polygon)]
    x, y = (sum(((p[i] + q[i]) * twice for p, q, twice in sides), start=Fraction(0)) for i in (0, 1))
    return x / (6 * area(polygon)), y / (6 * area(polygon))


def hatch_region(region: Region, ax: Axes, window: Window, *, label: str, covers: bool = False) -> list[Patch]:
    """A region hatched over its colours, or ``covers`` all that is drawn in it; a handle for a legend if it is in the window."""
    parts = _visible(region, window)
    look: dict[str, Any] = {"fill": covers, "hatch": "xxxx" if covers else "////", "edgecolor": _HATCH, "lw": 0}
    look |= {"facecolor": "white"} if covers else {}
    for part in parts:
        ax.add_patch(Polygon(part, closed=True, zorder=2.5 if covers else 0.5, **look))
    return [Patch(label=label, **look)] if parts else []


def _visible(region: Region, window: Window) -> list[list[tuple[float, float]]]:
    """Its parts cut to the window: vector formats do not take coordinates of a million."""
    return [part for polygon in region.polygons if (part := polygon_inside(polygon, window))]


def draw_boundaries(diagram: Plane, chosen: tuple[str, ...], ax: Axes, window: Window) -> list[Line2D]:
    """Draw the boundaries of the ``chosen`` layers inside the window (left, right, bottom, top); handles for a legend."""
    handles, drawn = [], set()
    for style, layer in zip(itertools.cycle(("-", "--", "-.", ":")), chosen):
        boundary = diagram.boundary(layer)
        look: dict[str, Any] = {"ls": style, "color": REGIME_COLOURS[Regime.CRITICAL], "lw": 2.2}
        twins = [other for other in chosen if diagram.boundary(other).segments == boundary.segments]
        if not boundary.segments or twins[0] in drawn:
            continue
        drawn.add(layer)
        for segment in boundary.segments:
            ends = part_inside(segment.start, segment.end, window)
            if ends:
                ax.plot(*zip(*ends, strict=True), zorder=2, scalex=False, scaley=False, **look)
        label = "critical regime" if len(chosen) == 1 else f"{layer_names(twins)} critical"
        handles.append(Line2D([], [], label=label, **look))
    return handles


def mixture_colour(regimes: Sequence[Regime]) -> str | None:
    """Colour of layers in these regimes: all in one, or one condensed and the others linear; None for other mixtures."""
    if len(set(regimes)) == 1:
        return REGIME_COLOURS[regimes[0]]
    alone = regimes.count(Regime.CONDENSED) == 1 and Regime.CRITICAL not in regimes
    if alone and regimes.index(Regime.CONDENSED) < len(_MIXED_COLOURS):
        return _MIXED_COLOURS[regimes.index(Regime.CONDENSED)]
    return None


def tint(colour: str) -> tuple[float, float, float]:
    """A colour mixed with white, for an area: opaque, so that neighbouring polygons show no seam."""
    strength = _STRENGTHS.get(colour, _STRENGTH)
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(colour))
    return red, green, blue


def _region_label(region: Region) -> str:
    """Layers in the same regime are named together: ``$W_{1}$ condensed; $W_{2}$, $W_{3}$ linear``."""
    if len(region.regimes) == 1:
        return f"{next(iter(region.regimes.values())).value} regime"
    groups: dict[Regime, list[str]] = {}
    for layer, regime in region.regimes.items():
        groups.setdefault(regime, []).append(layer)
    return "; ".join(f"{layer_names(names)} {regime.value}" for regime, names in groups.items())


def _name_inside(region: Region, layers: Sequence[str]) -> str:
    """Of several layers those that are not linear, in narrow lines: ``$U$, $a$``, ``condensed``; *all* only of all ``layers``."""
    if len(region.regimes) == 1:
        return _region_label(region)
    groups: dict[Regime, list[str]] = {}
    for layer, regime in region.regimes.items():
        groups.setdefault(regime, []).append(layer)
    if len(groups) == 1 and len(region.regimes) == len(layers):
        return f"all {next(iter(groups)).value}"
    told = (regime for regime in groups if len(groups) == 1 or regime is not Regime.LINEAR)
    return "\n".join(f"{layer_names(groups[regime])}\n{regime.value}" for regime in told)


def default_window(diagram: Plane, chosen: tuple[str, ...]) -> Window:
    """That of the book for its two planes, else around all corners of the boundaries and the named points."""
    if diagram.is_standard and len(diagram.layers) in _WINDOWS:
        return _WINDOWS[len(diagram.layers)]
    ends = [p for layer in chosen for s in diagram.boundary(layer).segments for p in (s.start, s.end)]
    corners: list[tuple[Any, Any]] = [p for p in ends if not at_infinity(p)]
    corners += [place for place in diagram.named_points.values() if not any(e.free_symbols for e in place)]
    xs, ys = zip(*((float(x), float(y)) for x, y in corners or [(0.0, 0.0)]), strict=True)
    margin = max(1.0, (max(xs) - min(xs)) / 2, (max(ys) - min(ys)) / 2)
    return min(xs) - margin, max(xs) + margin, min(ys) - margin, max(ys) + margin


def _edges(window: Window) -> list[Affine]:
    left, right, bottom, top = (Fraction(v) for v in window)
    one, zero = Fraction(1), Fraction(0)
    return [Affine(-left, one, zero), Affine(right, -one, zero), Affine(-bottom, zero, one), Affine(top, zero, -one)]


def _cut(polygon: PolygonPoints, window: Window) -> PolygonPoints:
    for edge in _edges(window):
        polygon = clip(polygon, edge) if polygon else ()
    return polygon


def polygon_inside(polygon: PolygonPoints, window: Window) -> list[tuple[float, float]]:
    """The part of a convex polygon inside the window; empty if there is none."""
    return [(float(x), float(y)) for x, y in _cut(polygon, window)]


def part_inside(start: Point, end: Point, window: Window) -> list[tuple[float, float]]:
    """The part of a segment inside the window, as its two ends; empty if there is none."""
    low, high = Fraction(0), Fraction(1)
    for edge in _edges(window):
        first, last = edge(start), edge(end)
        if first < 0 and last < 0:
            return []
        if first < 0 or last < 0:
            crossing = first / (first - last)
            low, high = (max(low, crossing), high) if first < 0 else (low, min(high, crossing))
    if low >= high:
        return []
    at = [(start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])) for t in (low, high)]
    return [(float(x), float(y)) for x, y in at]


def place_names(diagram: Plane, ax: Axes, window: Window, chosen: bool | Collection[str] = True) -> list[Line2D]:
    """Mark named initialisations; those on the same point share one label, a line is drawn as one. Handles for a legend."""
    left, right, bottom, top = window
    points: dict[tuple[float, float], list[str]] = {}
    handles: dict[str, Line2D] = {}
    for name, place in diagram.named_points.items():
        if not isinstance(chosen, bool) and name not in chosen:
            continue
        title = describe_initialization(name).title
        if any(e.free_symbols for e in place):
            if _draw_line(title, place, ax, window):
                handles["line"] = Line2D([], [], label="named, with a free exponent", **_LINE)
        else:
            points.setdefault((float(place[0]), float(place[1])), []).append(title)
    for (x, y), titles in points.items():
        if not (left <= x <= right and bottom <= y <= top):
            continue
        ax.plot(x, y, zorder=4, scalex=False, scaley=False, **_POINT)
        handles["point"] = Line2D([], [], label="named initialisation", **_POINT)
        label = textwrap.fill(", ".join(t.replace(" ", "\N{NO-BREAK SPACE}") for t in titles), _LABEL_WIDTH)
        # above the point, or below it where the label of a neighbour on the right would run into it
        crowded = any(other > x and height == y for other, height in points)
        offset, vertical = ((-7, -6), "top") if crowded else ((-7, 6), "bottom")
        style: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "fontsize": "small", "zorder": 5}
        ax.annotate(label, (x, y), offset, va=vertical, bbox=_LABEL_BOX, **style)
    return [handles[kind] for kind in ("point", "line") if kind in handles]


def _draw_line(title: str, place: tuple[sp.Expr, sp.Expr], ax: Axes, window: Window) -> bool:
    """Draw an initialisation with a free exponent; whether any of it is in the window."""
    (free,) = set().union(*(e.free_symbols for e in place))
    ends = [
        tuple(as_fraction(e.subs(free, t), name=title) for e in place) for t in ((0 if free.is_positive else -FAR), FAR)
    ]
    part = part_inside((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]), window)
    if not part:
        return False
    ax.plot(*zip(*part, strict=True), zorder=1, scalex=False, scaley=False, **_LINE)
    x, y = part[1]
    left, right, bottom, _ = window
    across, side = (-22, "right") if x >= (left + right) / 2 else (4, "left")
    up = 5 if y == bottom else -13
    ax.annotate(
        title,
        (x, y),
        (across, up),
        textcoords="offset points",
        ha=side,
        fontsize="small",
        color="0.25",
        bbox=_LABEL_BOX,
    )
    return True

"""Where one network sits: RD of a layer over (P, kappa'), the critical curve, and where the network goes when it is wider."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import phasetheory as pt
from numerics.experiments.location import Location
from numerics.experiments.location_plane import LocationPlane
from numerics.figures.canvas import new_figure
from numerics.figures.style import HALO, REGIME_COLOURS, axes_of, legend_beneath, symbol
from numerics.figures.titles import heading, text_width, title

__all__ = ["plot_location", "plot_locations"]

_GROUND = LinearSegmentedColormap.from_list(
    "distances", [REGIME_COLOURS[pt.Regime.LINEAR], "#FFFFFF", REGIME_COLOURS[pt.Regime.CONDENSED]]
)
_SHORTEST = 0.02  # decades that an arrow can show
# levels of log10 RD with a thin line, and the part of the height at which each has its label where there is room.
_LEVELS = {-2.0: 0.12, -1.0: 0.37, 1.0: 0.63, 2.0: 0.88}
_SIZE = 7.5  # points, of their labels
_BETWEEN = 4.0  # points, between labels
_SETTLED = (0.9, 0.4)  # of their first width and height, that axes have once there is room for what is around them
_PAD = 9.0  # points from the axes to the title, which may be as wide as they and the numbers beside them
_DECADES = 2.0  # of RD, from critical to the full colour


def plot_location(location: Location, plane: LocationPlane, *, ax: Axes | None = None) -> Axes:
    """One layer: colour is the predicted RD, the thick line where it is 1, dots the network and that twice as wide.

    Dashed: the derived boundary, for w P = min(1, kappa'): the line to the order of magnitude, whatever the data. Dotted: what
    divides its linear side into the three pieces, RD_w ~ 1/P, kappa'^2/P and kappa'^2/P^2.
    """
    ax = axes_of(ax, 6.0, 5.0)
    x, y = np.log10(plane.capacities), np.log10(plane.kappa_primes)
    logs = np.log10(plane.distances)
    norm = TwoSlopeNorm(0.0, -_DECADES, _DECADES)
    drawn = ax.pcolormesh(x, y, logs, cmap=_GROUND, norm=norm, shading="gouraud", rasterized=True)
    lines = ax.contour(x, y, logs, levels=list(_LEVELS), colors="0.55", linewidths=0.7, linestyles="solid")
    ax.contour(x, y, logs, levels=[0.0], colors="black", linewidths=2.2)
    boundary = pt.phase_diagram().boundary(plane.layer)  # log P = 1 - gamma and log kappa' = -gamma' at a width of 10
    ax.plot(
        [1 - float(boundary.at(-float(height))[0]) for height in y], y, "--", color="black", lw=1.2, path_effects=[HALO]
    )
    side = 1 if plane.layer == "w" else -1  # a is w with kappa' -> 1/kappa'
    for ends in (((0, max(x[-1], 0)), (0, 0)), ((0, 0), (0, side * min(side * y[0], side * y[-1], 0)))):
        ax.plot(*ends, ":", color="0.25", lw=1.1)
    here, wider = (np.log10(pair) for pair in ((location.capacity, location.kappa_prime), location.at_twice_the_width))
    step = wider - here
    if np.any(np.abs(step) > _SHORTEST):
        ax.annotate(
            "",
            tuple(here + 2 * step),
            tuple(here),
            arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.6},
            annotation_clip=False,
        )
        ax.plot(*wider, "o", color="black", mec="white", mew=0.8, ms=5, zorder=5)
    ax.plot(*here, "o", color="black", mec="white", mew=1.2, ms=9, zorder=5)
    ax.set(
        xlim=(x[0], x[-1]),
        ylim=(y[0], y[-1]),
        xlabel=r"$\log_{10} P$, capacity $P=m\beta_1\beta_2/\alpha$",
        ylabel=r"$\log_{10}\kappa'$, $\kappa'=\beta_1/\beta_2$",
    )
    layer = location[plane.layer]
    low, high = layer.interval
    said = f"RD$({symbol(plane.layer)})$ = {layer.relative_distance:.3g} ({low:.3g} to {high:.3g})\n{layer.position}"
    title(ax, said, pad=_PAD)
    ax.figure.colorbar(drawn, ax=ax, shrink=0.9, label=r"$\log_{10}$ RD", extend="both", ticks=[-2, -1, 0, 1, 2])
    _label_levels(ax, lines, (here, wider))
    return ax


def _label_levels(ax: Axes, lines: ContourSet, taken: Sequence[np.ndarray]) -> None:
    """The levels' names on their lines, at the height of each or near it, apart from each other and from places that are taken.

    A level without such a place has none: the scale of colours says which it is.
    """
    letters = np.array([text_width("RD = 0.01", _SIZE), _SIZE]) + _BETWEEN
    unit = ax.figure.dpi / 72 / np.array(_SETTLED)  # pixels of the axes as they are now
    box = ax.get_window_extent()
    places = [(ax.transData.transform(place), np.zeros(2)) for place in taken]
    for (level, height), path in zip(_LEVELS.items(), lines.get_paths(), strict=True):
        vertices = np.asarray(path.vertices)
        if len(vertices) < 2:
            continue
        points = ax.transData.transform(vertices)
        along = np.gradient(points, axis=0) / unit
        along = np.abs(along) / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
        halves = unit * (along * letters[0] + along[:, ::-1] * letters[1]) / 2  # of the box around a label
        free = (np.minimum(points - box.min, box.max - points) > halves).all(axis=1)
        for place, half in places:
            free &= (np.abs(points - place) > halves + half).any(axis=1)
        if free.any():
            best = np.argmin(np.where(free, np.abs(points[:, 1] - box.y0 - height * box.height), np.inf))
            places.append((points[best], halves[best]))
            where = [(float(vertices[best, 0]), float(vertices[best, 1]))]
            ax.clabel(lines, [level], fmt=f"RD = {10**level:g}", fontsize=_SIZE, colors="0.3", manual=where)


def plot_locations(location: Location, planes: Sequence[LocationPlane]) -> Figure:
    """One panel a layer, and the key below."""
    figure = new_figure(6.2 * len(planes), 5.5)
    for ax, plane in zip(figure.subplots(1, len(planes), squeeze=False)[0], planes, strict=True):
        plot_location(location, plane, ax=ax)
    scales = rf"$P={location.capacity:.3g}$, $\kappa'={location.kappa_prime:.3g}$"
    heading(figure, f"width {location.width}, {location.samples} samples: {scales}", size=11)
    keys = [
        Line2D(
            [],
            [],
            color="black",
            marker="o",
            mec="white",
            ms=9,
            ls="",
            label="this network; twice as wide (small), four times (arrow)",
        ),
        Line2D([], [], color="black", lw=2.2, label="RD = 1 for these data"),
        Line2D([], [], color="black", lw=1.2, ls="--", label="derived boundary, any data"),
        Line2D([], [], color="0.25", lw=1.1, ls=":", label="RD follows another power"),
    ]
    legend_beneath(figure, keys, columns=4 if len(planes) > 1 else 1)
    return figure

"""Where one network sits: RD of a layer over (P, kappa'), the critical curve, and where the network goes when it is wider."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import phasetheory as pt
from numerics.experiments.location import Location
from numerics.experiments.location_plane import LocationPlane
from numerics.figures.canvas import new_figure
from numerics.figures.style import HALO, REGIME_COLOURS, axes_of, legend_beneath, symbol
from numerics.figures.titles import heading, title

__all__ = ["plot_location", "plot_locations"]

_GROUND = LinearSegmentedColormap.from_list(
    "distances", [REGIME_COLOURS[pt.Regime.LINEAR], "#FFFFFF", REGIME_COLOURS[pt.Regime.CONDENSED]]
)
_SHORTEST = 0.02  # decades that an arrow can show
# levels of log10 RD with a thin line, and the part of the height at which each has its label, none beside another.
_LEVELS = {-2.0: 0.12, -1.0: 0.37, 1.0: 0.63, 2.0: 0.88}
_WITHIN = 0.1  # of the width, from the edges to a label
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
    where = [place for level, height in _LEVELS.items() if (place := _crossing(x, y, logs, level, height))]
    if where:
        ax.clabel(lines, fmt=lambda value: f"RD = {10**value:g}", fontsize=7.5, colors="0.3", manual=where)
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
    title(
        ax, f"RD$({symbol(plane.layer)})$ = {layer.relative_distance:.3g} ({low:.3g} to {high:.3g})\n{layer.position}"
    )
    ax.figure.colorbar(drawn, ax=ax, shrink=0.9, label=r"$\log_{10}$ RD", extend="both", ticks=[-2, -1, 0, 1, 2])
    return ax


def _crossing(
    x: np.ndarray, y: np.ndarray, logs: np.ndarray, level: float, height: float
) -> tuple[float, float] | None:
    """Where a level is crossed in the row that is nearest to this part of the height, if it is in any."""
    wanted = height * (len(y) - 1)
    for row in sorted(range(len(y)), key=lambda index: abs(index - wanted)):
        crossed = np.flatnonzero(np.diff(np.sign(logs[row] - level)))
        if crossed.size and _WITHIN < (crossed[0] + 1) / len(x) < 1 - _WITHIN:
            return float(x[crossed[0]]), float(y[row])
    return None


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

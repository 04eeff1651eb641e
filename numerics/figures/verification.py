"""The figures of a verification: RD against the width, the diagram with the measured points on it, learned functions."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

import phasetheory as pt
from numerics.experiments.judgement import LayerResult
from numerics.experiments.plan import decay_of
from numerics.experiments.plane_plan import PlanePlan
from numerics.experiments.verify import Verification
from numerics.figures.canvas import abreast, new_figure
from numerics.figures.functions import learned_figure
from numerics.figures.power_laws import plot_power_laws
from numerics.figures.style import (
    DISAGREES,
    HALO,
    MARKERS,
    coordinate,
    legend_below,
    norm_name,
    place,
    save,
    signed,
    symbol,
    with_interval,
)
from numerics.figures.titles import heading, title, verbatim
from numerics.networks import TwoLayer
from phasetheory.diagrams.plotting import Window, default_window, mixture_colour, plot_phase_diagram, region_colours
from phasetheory.scaling.optimizers import GRADIENT_FLOW
from phasetheory.symbols.printing import plain
from phasetheory.symbols.prose import tex

__all__ = ["plot_measured_diagram", "write_figures"]

_WIDTH = 1000  # of the networks whose functions and features are shown, as in the book
_COLUMNS = 4  # panels side by side, at most
_MARK = 7.0  # pixels from the middle of a mark to its edge
_MARGIN = 0.25  # between a point and the edge of the window, at least


def write_figures(verification: Verification, folder: Path) -> list[Path]:
    """Write every figure as PNG and PDF; returns the paths."""
    norms = verification.plan.norms
    moments = (
        {"": "fit"} if len(verification.plan.moments) == 1 else {f"_at_the_{m}": m for m in verification.plan.moments}
    )
    figures = {}
    for ending, moment in moments.items():
        for norm in norms:
            name = "relative_distance" if len(norms) == 1 else f"relative_distance_{norm}"
            figures[name + ending] = _relative_distance(verification, norm, moment)
        figures[f"phase_diagram{ending}"] = new_figure(7.6, 6.8)
        plot_measured_diagram(verification, moment, ax=figures[f"phase_diagram{ending}"].subplots())
    if _is_planar(verification.plan):
        figures["learned_functions"] = _learned_functions(verification)
    return save(figures, folder)


def plot_measured_diagram(verification: Verification, moment: str = "fit", *, ax: Axes | None = None) -> Axes:
    """The derived phase diagram with the measured points on it; under weight decay at a moment.

    A square has the colour of the measured regimes of the input layer, beyond two layers of all hidden layers in Frobenius norm;
    white if they belong to no region, or nothing was decided. A cross with a red edge is a point that does not agree: in any
    judged layer and norm. Beside it the measured slopes with their intervals, and the predicted ones.
    """
    plan = verification.plan
    layers = tuple(layer for layer in plan.judged if layer != plan.layers[-1])
    window = _window(plan, layers)
    diagram = plan.diagram_at(moment)
    ax = plot_phase_diagram(diagram, ax=ax, layers=layers, window=window)
    regions = region_colours(diagram, layers, window)
    taken = [text.get_window_extent() for text in ax.texts]
    marks = np.reshape([[float(x), float(y)] for x, y in plan.points], (-1, 2))
    taken += [Bbox.from_bounds(x - _MARK, y - _MARK, 2 * _MARK, 2 * _MARK) for x, y in ax.transData.transform(marks)]
    for point, (x, y) in zip(verification.points, marks, strict=True):
        shown = [result for result in point.of(plan.norms[0], moment) if result.layer in layers]
        if not shown:
            continue
        ax.plot(x, y, mfc=_colour(shown, regions), zorder=6, **_mark(point.agrees))
        look: dict[str, Any] = {"fontsize": 7.5, "color": "black" if point.agrees else DISAGREES, "zorder": 7}
        note = ax.annotate(_text(shown), (x, y), (0, 0), textcoords="offset points", path_effects=[HALO], **look)
        taken.append(_put_beside(note, taken, ax))
    _add_to_legend(ax, {point.agrees for point in verification.points})
    levels = {result.measured.level for point in verification.points for result in point.layers if result.measured}
    level = f"{levels.pop():.0%}".replace("%", " %") if len(levels) == 1 else ""
    text = f"Marks: measured regimes. Beside them: slope of RD with its {level} interval over seeds (predicted slope)"
    title(ax, "\n".join(filter(None, (_optimizer(plan), _when(plan, moment), " ".join(text.split())))))
    return ax


def _when(plan: PlanePlan, moment: str) -> str:
    """When the distances were read off, where they are at two moments."""
    return f"At the {moment}" if len(plan.moments) > 1 else ""


def _optimizer(plan: PlanePlan) -> str:
    """How the networks were trained, if not by gradient flow."""
    return "" if plan.optimizer == GRADIENT_FLOW else f"Trained by Adam, predicted for {plan.optimizer.title}"


def _subject(plan: PlanePlan) -> str:
    """What all figures are about: the data, and how the networks were trained if not by gradient flow."""
    mu = decay_of(plan)
    decay = "" if mu is None else tex(f", $λ α = {plain(mu.mu)}$")
    return verbatim(plan.data_name) + ("" if plan.optimizer == GRADIENT_FLOW else ", trained by Adam") + decay


def _put_beside(note: Annotation, taken: Sequence[Bbox], ax: Axes) -> Bbox:
    """Put the text of a mark where it is clear of all others and within the axes, if there is such a place; its box."""
    places = []
    for across, up in ((8, -5), (-8, -5), (8, 5), (-8, 5), (8, -22), (-8, -22), (8, 22), (-8, 22)):
        note.set(position=(across, up), ha="left" if across > 0 else "right", va="bottom" if up > 0 else "top")
        box = note.get_window_extent()
        hidden = sum(box.overlaps(other) for other in taken)
        outside = not (ax.bbox.x0 <= box.x0 and box.x1 <= ax.bbox.x1 and ax.bbox.y0 <= box.y0 and box.y1 <= ax.bbox.y1)
        places.append((hidden + outside, across, up))
    _, across, up = min(places, key=lambda place: place[0])
    note.set(position=(across, up), ha="left" if across > 0 else "right", va="bottom" if up > 0 else "top")
    return note.get_window_extent()


def _relative_distance(verification: Verification, norm: str, moment: str = "fit") -> Figure:
    """One panel a point with all its layers, or all points together where one layer is judged."""
    plan = verification.plan
    if len(plan.judged) == 1:
        return _points_together(verification, norm)
    columns = min(abreast(_COLUMNS), len(verification.points))
    rows = -(-len(verification.points) // columns)
    figure = new_figure(3.7 * columns, 4.1 * rows + 0.3)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for point, ax in zip(verification.points, axes, strict=False):
        plot_power_laws(point.of(norm, moment), by="layer", ax=ax)
        title(ax, place(plan.names, point.point))
    for ax in axes[len(verification.points) :]:
        ax.remove()
    subject = ", ".join(filter(None, (_subject(plan), _when(plan, moment).lower())))
    heading(figure, f"{subject}: relative distance of every layer in {norm_name(norm)} norm", size=12)
    return figure


def _points_together(verification: Verification, norm: str) -> Figure:
    """Points on the horizontal axis apart from the others, where there are both, and few enough in a panel to be told apart."""
    plan, most = verification.plan, len(MARKERS)
    name = coordinate(plan.names[1])
    halves = {
        f"${name}=0$": [point for point in verification.points if point.point[1] == 0],
        rf"${name}\neq 0$": [point for point in verification.points if point.point[1] != 0],
    }
    several = all(halves.values())
    panels = [
        (text if several else "", points[start : start + most])
        for text, points in halves.items()
        for start in range(0, len(points), most)
    ]
    columns = min(abreast(_COLUMNS), len(panels))
    rows = -(-len(panels) // columns)
    figure = new_figure(5.4 * columns, 5.6 * rows + 0.3)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (text, points) in zip(axes, panels, strict=False):
        results = [result for point in points for result in point.of(norm)]
        plot_power_laws(results, labels=[place(plan.names, point.point) for point in points], digits=3, ax=ax)
        title(ax, text)
    for ax in axes[len(panels) :]:
        ax.remove()
    heading(figure, f"{_subject(plan)}: relative distance against the width", size=12)
    return figure


def _is_planar(plan: PlanePlan) -> bool:
    """Whether what was learned can be drawn as functions on a line above two-dimensional features."""
    return plan.data[0].shape[1:] == (2,) and isinstance(plan.start(plan.cells[0]), TwoLayer)


def _learned_functions(verification: Verification) -> Figure:
    plan, solutions = verification.plan, {}
    for point in verification.points:
        cell = next(cell for cell in plan.cells if plan.point_of(cell) == point.point)
        solution = plan.train({**cell, "width": _WIDTH, "seed": 0})
        regime = point.layers[0].predicted_regime.value
        solutions[", ".join(filter(None, (place(plan.names, point.point), regime, solution.ending)))] = solution
    return learned_figure(solutions, *plan.data, f"{_subject(plan)}: learned by networks of {_WIDTH} neurons")


def _window(plan: PlanePlan, layers: tuple[str, ...]) -> Window:
    """That of the diagram, wide enough for every point."""
    left, right, bottom, top = default_window(plan.diagram, layers)
    xs, ys = zip(*((float(x), float(y)) for x, y in plan.points), strict=True)
    return (
        min(left, min(xs) - _MARGIN),
        max(right, max(xs) + _MARGIN),
        min(bottom, min(ys) - _MARGIN),
        max(top, max(ys) + _MARGIN),
    )


def _colour(results: Sequence[LayerResult], regions: Mapping[tuple[pt.Regime, ...], Any]) -> Any:
    regimes = tuple(result.measured_regime for result in results if result.measured_regime is not None)
    if len(regimes) < len(results):
        return "white"
    return mixture_colour(regimes) or regions.get(regimes, "white")


def _text(results: Sequence[LayerResult]) -> str:
    """Measured slope with its interval, and the predicted one; a layer has a line and its name where there are several."""
    lines, alone = [], len(results) == 1
    for result in results:
        fit = result.measured
        measured = "no slope" if fit is None else f"${with_interval(fit.slope, fit.low, fit.high, 3 if alone else 2)}$"
        before, between = ("", "\n") if alone else (f"${symbol(result.layer)}$ ", " ")
        predicted = ", ".join(filter(None, (f"${_exact(result)}$", result.prediction.target)))
        lines.append(f"{before}{measured}{between}({predicted})")
    return "\n".join(lines)


def _exact(result: LayerResult) -> str:
    """The predicted slope as a fraction, or as a decimal where it has a long denominator."""
    slope = result.predicted_slope
    return f"{'+' if slope > 0 else ''}{slope}" if slope.q < 100 else signed(float(slope))


def _mark(agrees: bool) -> dict[str, Any]:
    """How a measured point looks: a square, or a cross with a red edge, larger, if it does not agree."""
    look: dict[str, Any] = {"ls": "", "mew": 1.6}
    return look | ({"marker": "s", "ms": 9, "mec": "black"} if agrees else {"marker": "X", "ms": 11, "mec": DISAGREES})


def _add_to_legend(ax: Axes, kinds: Set[bool]) -> None:
    """What the marks are, of points that agree and of others, and everything below the axes, where it hides nothing."""
    legend = ax.get_legend()
    assert legend is not None
    handles: list[Any] = list(legend.legend_handles)
    for handle, text in zip(handles, legend.get_texts(), strict=True):
        handle.set_label(text.get_text())
    labels = {True: "measured", False: "measured, does not agree in every layer and norm"}
    for agrees in sorted(kinds, reverse=True):
        handles.append(Line2D([], [], mfc="0.8", label=labels[agrees], **_mark(agrees)))
    legend_below(ax, handles, columns=3 if False not in kinds else 2, fontsize="small")

"""What all figures share: colours, markers and sizes, the names of things as TeX, and the one way to a file."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from numerics.figures.canvas import canvas, resolution
from numerics.figures.language import translate_texts
from numerics.figures.ticks import width_texts
from phasetheory.diagrams.plane import Plane
from phasetheory.diagrams.plotting import AXIS_LABELS, REGIME_COLOURS, Window, draw_boundaries, legend_below, symbol
from phasetheory.symbols.printing import latex, number

__all__ = [
    "ANY_COLOUR",
    "COLOURS",
    "DATA",
    "DISAGREES",
    "EXPECTED",
    "FINAL",
    "HALO",
    "INITIAL",
    "MARKERS",
    "ON_PLATEAU",
    "PREDICTED",
    "REGIME_COLOURS",
    "ZERO",
    "axes_of",
    "axis_label",
    "coordinate",
    "draw_derived",
    "draw_points",
    "edges_of",
    "figure_of",
    "geometric_mean",
    "least_span",
    "legend_below",
    "legend_beneath",
    "line_of_inputs",
    "norm_name",
    "note_of",
    "number",
    "place",
    "points_of",
    "save",
    "save_as",
    "signed",
    "symbol",
    "width_label",
    "with_interval",
]

#: For layers, rows and widths, in this order; colour-blind safe (Okabe and Ito), as all colours here.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vP*X"
#: The network at its start and at its end, and the data that it learns.
INITIAL, FINAL, DATA = "#0072B2", "#D55E00", "black"
#: RD as the theory expects it: of the infinitely wide network.
EXPECTED = "#CC79A7"
#: The network at the end of its first plateau.
ON_PLATEAU = "#009E73"
#: Directions as the theory predicts them, behind what was measured.
PREDICTED = "0.45"
#: A measurement that does not agree; it has a marker of its own besides.
DISAGREES = "#CC0033"
#: In a legend: lines of this style, whatever their colour.
ANY_COLOUR = "0.4"
#: Largest size of a derived slope that is zero but for rounding.
ZERO = 1e-9
#: Keeps text and lines legible on any ground.
HALO = withStroke(linewidth=2.5, foreground="white")

_ENDINGS = ("png", "pdf")
_MARGIN = 0.35  # of the range of the data, on either side


def save(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write every figure by its name into a folder, as PNG and PDF; returns the paths."""
    return [save_as(figure, folder / f"{name}.{ending}") for name, figure in figures.items() for ending in _ENDINGS]


def save_as(figure: Figure, file: Path) -> Path:
    """Write a figure to a file, in the format of its ending and the language and style of its context; returns the path."""
    translate_texts(figure)
    figure.savefig(file, dpi=resolution(figure))
    return file


def axes_of(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes that were given, or those of a new figure of this size in inches, or of what the style makes of it."""
    return plt.subplots(figsize=canvas(width, height), layout="constrained")[1] if ax is None else ax


def figure_of(figure: Figure | SubFigure | None, width: float, height: float) -> Figure | SubFigure:
    """The figure that was given, or a new one of this size in inches, or of what the style makes of it."""
    return plt.figure(figsize=canvas(width, height), layout="constrained") if figure is None else figure


def coordinate(name: str) -> str:
    r"""A coordinate as TeX, without dollars: ``\gamma'``."""
    return latex(sp.Symbol(name))


def axis_label(name: str) -> str:
    """A coordinate for an axis, written out where it is one of the book's."""
    return AXIS_LABELS.get(name, f"${coordinate(name)}$")


def place(names: Sequence[str], values: Sequence[Fraction | float]) -> str:
    r"""Coordinates and their values: ``$\gamma=1$, $\gamma'=0.5$``."""
    return ", ".join(f"${coordinate(name)}={number(value)}$" for name, value in zip(names, values, strict=True))


def norm_name(norm: str) -> str:
    """A norm within a sentence."""
    return norm.capitalize() if norm == "frobenius" else norm


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign; what is rounded to zero has none, and zero itself no digits."""
    text = f"{value:+.{digits}f}" if abs(value) > ZERO else "+0"
    return text[1:] if float(text) == 0 else text


def with_interval(slope: float, low: float, high: float, digits: int = 2) -> str:
    r"""A slope with its interval as TeX, without dollars: ``+0.38\pm0.01``, or ``+0.38^{+0.01}_{-0.02}`` if the halves differ."""
    above, below = (f"{half:.{digits}f}" for half in (high - slope, slope - low))
    return f"{slope:+.{digits}f}" + (rf"\pm{above}" if above == below else f"^{{+{above}}}_{{-{below}}}")


def width_label(width: float) -> str:
    """A width as TeX."""
    return f"$m={width_texts([width])[0]}$"


def least_span(ax: Axes, factor: float) -> None:
    """At least this factor between the ends of the vertical log scale, so that noise is not drawn as large as a trend."""
    low, high = ax.get_ylim()
    if 0 < low < high < low * factor:
        middle = np.sqrt(low * high)
        ax.set_ylim(middle / np.sqrt(factor), middle * np.sqrt(factor))


def geometric_mean(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Geometric mean, smallest and largest over the seeds of (widths, seeds); nan is left out, and nothing else gives nan."""
    used = [row[np.isfinite(row)] for row in np.asarray(rows, dtype=float)]
    found = [
        (np.exp(np.mean(np.log(row))), row.min(), row.max()) if row.size else (np.nan, np.nan, np.nan) for row in used
    ]
    mean, low, high = np.array(found).T
    return mean, low, high


def draw_points(
    ax: Axes, x: Any, mean: Any, low: Any, high: Any, *, colour: Any, marker: str = "o", line: str = "", label: str = ""
) -> ErrorbarContainer:
    """Measured points with bars from low to high; an end that is nan or below its mean draws none."""
    bars = np.nan_to_num(np.maximum(0.0, [np.subtract(mean, low), np.subtract(high, mean)]))
    look: dict[str, Any] = {"color": colour, "mec": "black", "mew": 0.6, "ms": 5.5, "capsize": 2.5, "zorder": 3}
    return ax.errorbar(x, mean, bars, fmt=f"{marker}{line}", label=label or None, **look)


def points_of(colour: Any, marker: str, label: str, line: str = "") -> Line2D:
    """The entry of a legend for :func:`draw_points`."""
    return Line2D([], [], ls=line, marker=marker, color=colour, mec="black", mew=0.6, label=label)


def note_of(text: str) -> Line2D:
    """The entry of a legend that is only said: what is not drawn, and why."""
    return Line2D([], [], ls="", label=text)


def legend_beneath(figure: Figure | SubFigure, handles: Sequence[Any], *, columns: int, **look: Any) -> None:
    """One legend for a whole figure, below it, in fewer columns if it is too wide."""
    legend = figure.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize="small", **look)
    if columns > 1 and legend.get_window_extent().width > figure.bbox.width:
        legend.remove()
        legend_beneath(figure, handles, columns=columns - 1, **look)


def draw_derived(diagram: Plane, layer: str, ax: Axes, window: Window) -> list[Line2D]:
    """The exact boundary of a layer, or of theta, on a coloured ground; handles for a legend."""
    before = len(ax.lines)
    handles = draw_boundaries(diagram, (layer,), ax, window)
    for line in ax.lines[before:]:
        line.set(path_effects=[withStroke(linewidth=4.2, foreground="white")], solid_capstyle="round")
    for handle in handles:
        handle.set_label(rf"derived: $S_{{{symbol(layer)}}}=0$")
    return handles


def edges_of(centres: np.ndarray) -> np.ndarray:
    """Edges of the cells around values in ascending order."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def line_of_inputs(X: np.ndarray, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions (samples,) around data on a line, and the inputs (samples, 2) there, the constant last."""
    margin = _MARGIN * float(np.ptp(X[:, 0]))
    position = np.linspace(X[:, 0].min() - margin, X[:, 0].max() + margin, samples)
    return position, np.column_stack([position, np.ones(samples)])

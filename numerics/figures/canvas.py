"""The canvas of a figure: as large as its panels ask for, a column of a paper, or a slide; sizes of letters go with it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.errors import InputError

__all__ = ["STYLES", "abreast", "canvas", "figures_for", "new_figure", "new_panels", "resolution"]


@dataclass(frozen=True)
class _Style:
    """Points of a letter; inches of a figure whose panels ask for so many; dots an inch from its height; most panels abreast."""

    letters: float
    size: Callable[[float, float], tuple[float, float]]
    resolution: Callable[[float], float]
    abreast: int


def _as_asked(width: float, height: float) -> tuple[float, float]:
    return width, height


def _in_columns(width: float, height: float) -> tuple[float, float]:
    """One column of a paper, or both where there are several panels side by side; no narrower for what stands below."""
    new = _COLUMN if width <= _SEVERAL else _BOTH_COLUMNS
    return new, max(new * height / width, _LOWEST_IN_COLUMN)


def _on_slide(width: float, height: float) -> tuple[float, float]:
    """16:9; with more panels larger, so its letters smaller on the slide, but by less than the panels ask for."""
    high = _SLIDE * max(1.0, width * height / _ONE_PANEL) ** (1 / 3)
    return high * 16 / 9, high


_COLUMN, _BOTH_COLUMNS, _LOWEST_IN_COLUMN, _SEVERAL = 3.4, 7.0, 3.1, 7.7  # inches
_SLIDE = 4.2  # inches, so that a letter of 10 points has 24 of the 720 pixels of a slide
_ONE_PANEL = 6.4 * 5.4  # square inches
_SIDE_BY_SIDE, _TITLE = 3, 0.2  # panels, inches
_PLAIN = _Style(10.0, _as_asked, lambda height: 160.0, 99)
#: By the name that ``--style`` takes.
STYLES = {
    "paper": _Style(8.5, _in_columns, lambda height: 300.0, 2),
    "talk": _Style(10.0, _on_slide, lambda height: 1080 / height, 3),
}
_style: ContextVar[_Style] = ContextVar("style of figures", default=_PLAIN)


@contextmanager
def figures_for(style: str | None) -> Iterator[None]:
    """Figures that are drawn and saved (:func:`numerics.figures.style.save_as`) within are for a paper or a talk.

    Parameters
    ----------
    style : str or None
        ``'paper'``: 3.4 inches wide, one column, or 7 where panels stand side by side, 300 dots an inch. ``'talk'``: 16:9, a PNG
        has 1920 x 1080 pixels. None: as large as the panels ask for.

    Raises
    ------
    InputError
        A style of another name.
    """
    if style is not None and style not in STYLES:
        raise InputError(f"style = {style!r}; use one of {', '.join(STYLES)}")
    chosen = _PLAIN if style is None else STYLES[style]
    with mpl.rc_context({} if style is None else {"font.size": chosen.letters}):
        before = _style.set(chosen)
        try:
            yield
        finally:
            _style.reset(before)


def canvas(width: float, height: float) -> tuple[float, float]:
    """Inches of a figure, in the style, whose panels ask for so many."""
    return _style.get().size(width, height)


def abreast(most: int) -> int:
    """So many panels side by side, or as many as the style has room for."""
    return min(most, _style.get().abreast)


def new_figure(width: float, height: float) -> Figure:
    """A figure of this size in inches, or of what the style makes of it."""
    return Figure(figsize=canvas(width, height), layout="constrained")


def new_panels(count: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels of this size, three side by side or as the style has it, and room for a title."""
    columns = min(count, abreast(_SIDE_BY_SIDE))
    rows = -(-count // columns)
    figure = new_figure(width * columns, height * rows + _TITLE)
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for ax in axes[count:]:
        ax.remove()
    return figure, axes[:count]


def resolution(figure: Figure) -> float:
    """Dots an inch of a PNG."""
    return _style.get().resolution(figure.get_figheight())

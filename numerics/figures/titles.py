"""Texts that fit: titles wrapped to the width of what they stand above."""

import re
from functools import lru_cache

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from numerics.figures.language import translate
from phasetheory.diagrams.plotting import slot_width

__all__ = ["heading", "text_width", "title", "verbatim", "wrapped"]

_SIZE = 10.0  # points, where letters of medium size have 10
_MARGIN = 12.0  # points that a heading leaves free, both sides together
_HINTED = 1.05  # letters set on pixels take more room than their outlines
_SHARE = 0.82  # of the slot of some axes, that their title fills
_WORD = re.compile(r"(?:\\\$|\$[^$]*\$|\S)+")  # a formula is one word, whatever it contains
_LETTER = re.compile(r"\\\$|.")
_FORMULA = re.compile(r"(?<!\\)\$")


def heading(figure: Figure | SubFigure, text: str, *, size: float = _SIZE) -> None:
    """A title above a whole figure, in as many lines as its width asks for."""
    width, size = 72 * figure.bbox.width / figure.dpi, _in_style(size)
    figure.suptitle(wrapped(text, width - _MARGIN, size), fontsize=size)


def title(ax: Axes, text: str, *, size: float = _SIZE, pad: float | None = None) -> None:
    """A title above some axes, in as many lines as their width asks for, and so many points above them."""
    size = _in_style(size)
    ax.set_title(wrapped(text, _SHARE * slot_width(ax), size), fontsize=size, pad=pad)


def _in_style(size: float) -> float:
    """A size of letters as the style has it."""
    return size * mpl.rcParams["font.size"] / _SIZE


def verbatim(text: str) -> str:
    """A text of the user's, such as the name of a file, in which a dollar is no formula."""
    return text.replace("$", r"\$")


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Width of one line in points, formulas as they are set; by advances of letters, 20 times faster than by outlines."""
    if not text.strip():
        return 0.0
    formula = is_math_text(text)
    shown = text if formula else text.replace(r"\$", "$")
    return _HINTED * float(text_to_path.get_text_width_height_descent(shown, FontProperties(size=size), formula)[0])


def wrapped(text: str, width: float, size: float) -> str:
    """A text, in the language of the figure, in lines of at most ``width`` points; a longer word is broken, a formula is not."""
    lines = []
    for paragraph in translate(text).split("\n"):
        line = ""
        for word in _WORD.findall(paragraph):
            for piece in _pieces(word, width, size):
                longer = f"{line} {piece}" if line else piece
                if line and text_width(longer, size) > width:
                    lines.append(line)
                    longer = piece
                line = longer
        lines.append(line)
    return "\n".join(lines)


def _pieces(word: str, width: float, size: float) -> list[str]:
    """A word, in parts if it is wider than a line and no formula."""
    if _FORMULA.search(word) or text_width(word, size) <= width:
        return [word]
    pieces = [""]
    for letter in _LETTER.findall(word):
        pieces[-1:] = [pieces[-1] + letter] if text_width(pieces[-1] + letter, size) <= width else [pieces[-1], letter]
    return pieces

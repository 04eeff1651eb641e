"""Formulas as pictures, for pages that must open without a network."""

from pathlib import Path

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import math_to_image

__all__ = ["write_formula"]

_SIZE = 14  # points


def write_formula(tex: str, file: Path) -> Path:
    """Draw a formula, given without dollars, into a file, in the format of its ending; returns the path.

    TeX as Matplotlib's mathtext knows it: no environments. Fractions are as large as in a display, or a bar over a letter in one
    meets its line.
    """
    shown = tex.replace(r"\frac", r"\dfrac")
    math_to_image(f"${shown}$", file, prop=FontProperties(size=_SIZE), format=file.suffix.removeprefix("."))
    return file

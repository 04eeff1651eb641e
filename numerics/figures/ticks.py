"""Ticks: at given values, as many labels as there is room for; and on logarithmic axes, labelled over any range."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.ticker import FixedLocator, Formatter, LogLocator, MaxNLocator, NullFormatter

from numerics.figures.titles import text_width
from phasetheory.symbols.printing import number

__all__ = ["log_axis", "power_text", "ticks_at", "value_ticks", "width_texts", "width_ticks"]

_SIZE = 8.0  # points, of labels at given values
_BETWEEN = 4.0  # points, between labels side by side
_SHORT, _MIDDLE = 0.8, 2.3  # decades up to which a log axis has ticks at even steps; at 1, 2, 5
_MOST_POWERS, _FEWEST_POWERS = 7, 2  # ticks at powers of ten
_ROOM = 34.0  # points from one of them to the next, side by side
_PLAIN = (1e-2, 1e4)  # numbers written without a power of ten


def width_texts(widths: Sequence[int] | Sequence[float] | np.ndarray) -> list[str]:
    """Widths as TeX, without dollars: as powers of ten if all of them are and one is large, else as the integers they are."""
    powers = [len(str(int(width))) - 1 for width in widths]
    if (
        powers
        and max(powers) >= 4
        and all(int(width) == 10**power for width, power in zip(widths, powers, strict=True))
    ):
        return [f"10^{{{power}}}" for power in powers]
    return [str(int(width)) for width in widths]


def width_ticks(ax: Axes, widths: Sequence[int] | Sequence[float] | np.ndarray) -> None:
    """A logarithmic axis with ticks at the widths."""
    ax.set(xscale="log", xlabel="width $m$")
    ticks_at(ax.xaxis, widths, [f"${text}$" for text in width_texts(widths)])
    if len(widths) == 1:  # nothing to scale by
        ax.set_xlim(widths[0] / 2, widths[0] * 2)


def value_ticks(axis: Axis, values: Sequence[float] | np.ndarray, *, most: int) -> None:
    """Ticks at the values of a coordinate, if they are few; else the axis keeps its own."""
    if len(values) <= most:
        ticks_at(axis, values, [f"${number(value)}$" for value in values])


def ticks_at(axis: Axis, values: Sequence[float] | np.ndarray, labels: Sequence[str]) -> None:
    """Ticks at the values in ascending order; a label that would run into the one before is left out."""
    axis.set_major_locator(FixedLocator([float(value) for value in values]))
    axis.set_major_formatter(_Apart(labels))
    axis.set_minor_locator(FixedLocator([]))
    axis.set_tick_params(labelsize=_SIZE)


def log_axis(axis: Axis) -> None:
    """Ticks for an axis on a log scale, labelled whether it spans a hundredth or ten decades."""
    axis.set_major_locator(_LogTicks())
    axis.set_major_formatter(_LogLabels())
    axis.set_minor_locator(LogLocator(subs=[float(step) for step in range(2, 10)]))
    axis.set_minor_formatter(NullFormatter())


class _Apart(Formatter):
    """Labels of fixed ticks, in ascending order, without those that would run into the one before."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.labels[pos] if pos is not None and pos < len(self.labels) else ""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        assert isinstance(self.axis, Axis)
        ax, across = self.axis.axes, isinstance(self.axis, XAxis)
        scale = 72 / ax.figure.dpi
        points = [(v, ax.get_ylim()[0]) if across else (ax.get_xlim()[0], v) for v in values]
        at = ax.transData.transform(np.reshape(points, (-1, 2)))
        shown, end = [], -math.inf
        for place, label in zip(scale * at[:, 0 if across else 1], self.labels, strict=True):
            half = (text_width(label, _SIZE) + _BETWEEN if across else 1.3 * _SIZE) / 2
            fits = place - half >= end
            shown.append(label if fits else "")
            end = place + half if fits else end
        return shown


class _LogTicks(LogLocator):
    """Even steps over less than a decade, then 1, 2, 5, then powers of ten."""

    def __call__(self) -> list[float]:
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        low, high = sorted((vmin, vmax))
        if not 0 < low < high < math.inf:
            return []
        decades = math.log10(high / low)
        if decades < _SHORT:
            found = list(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
        else:
            steps = (1.0, 2.0, 5.0) if decades < _MIDDLE else (1.0,)
            apart = math.ceil(decades / self._most_powers())
            powers = range(math.floor(math.log10(low) / apart) * apart, math.ceil(math.log10(high)) + 1, apart)
            found = [step * 10.0**power for power in powers for step in steps]
        return [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]

    def _most_powers(self) -> int:
        """How many labels there is room for, side by side or one above the other."""
        if not isinstance(self.axis, Axis):
            return _MOST_POWERS
        box, across = self.axis.axes.get_window_extent(), isinstance(self.axis, XAxis)
        length = 72 / self.axis.axes.figure.dpi * (box.width if across else box.height)
        return max(_FEWEST_POWERS, min(_MOST_POWERS, int(length / (_ROOM if across else 1.6 * _SIZE))))


class _LogLabels(Formatter):
    """Plain numbers if all ticks have a few digits, else powers of ten."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        plain = all(_PLAIN[0] <= value < _PLAIN[1] for value in values)
        return [f"${value:.6g}$" if plain else f"${power_text(value)}$" for value in values]


def power_text(value: float, digits: int = 6) -> str:
    r"""A positive number as TeX, without dollars, by its power of ten: ``10^{-4}``, ``5\cdot 10^{-2}``."""
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    factor = f"{float(mantissa):g}"
    return f"10^{{{int(power)}}}" if factor == "1" else rf"{factor}\cdot 10^{{{int(power)}}}"

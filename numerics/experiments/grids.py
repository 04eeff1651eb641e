"""Exact points of a plane: numbers, grids of them, and the text that says them."""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from numerics.errors import InputError

__all__ = ["Point", "exact", "grid_text", "grid_values"]

#: The two coordinates of a point, exact.
Point = tuple[Fraction, Fraction]


def exact(value: Any, name: str) -> Fraction:
    """``value`` as a fraction; a float is read as the decimal it prints as."""
    text = repr(float(value)) if isinstance(value, float) else str(value).strip()
    try:
        fraction = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f"{name} = {value!r} is not a finite number; give one such as 1.75 or 7/4") from error
    if not math.isfinite(fraction) or abs(fraction) > 1000:
        raise InputError(f"{name} = {value!r} is out of range; give a number between -1000 and 1000")
    return fraction


def grid_values(text: str, name: str) -> tuple[Fraction, ...]:
    """Exact numbers from ``START:STOP:COUNT``, equally spaced with both ends, or from a list with commas.

    Examples
    --------
    >>> [str(value) for value in grid_values("0.6:1.4:3", "gamma")]
    ['3/5', '1', '7/5']
    """
    parts = text.split(":")
    if len(parts) == 1:
        return tuple(exact(part, name) for part in text.split(","))
    if len(parts) != 3 or not parts[2].strip().isdecimal() or int(parts[2]) < 2:
        raise InputError(f"{name} = {text!r}; give START:STOP:COUNT such as 0.6:1.4:9, or numbers such as 0.6,1,1.4")
    first, last, count = exact(parts[0], name), exact(parts[1], name), int(parts[2])
    return tuple(first + (last - first) * i / (count - 1) for i in range(count))


def grid_text(values: Sequence[Fraction]) -> str:
    """The shortest text that :func:`grid_values` reads as these values."""
    if len(values) > 2 and len({b - a for a, b in itertools.pairwise(values)}) == 1:
        return f"{_decimal(values[0])}:{_decimal(values[-1])}:{len(values)}"
    return ",".join(map(_decimal, values))


def _decimal(value: Fraction) -> str:
    text = repr(float(value))
    return text.removesuffix(".0") if Fraction(text) == value else str(value)

"""Exact points of a plane: numbers, grids of them, and the text that says them."""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from numerics.errors import InputError

__all__ = ["OPTIONS", "Point", "exact", "grid_points", "grid_text", "grid_values"]

_LONGEST, _LONGEST_POWER = 100, 4  # digits of a number and of its power of ten
_MOST = 10_000  # values along one coordinate
_MOST_POINTS = 1_000_000

#: Options of the command line by the names of the coordinates.
OPTIONS = {"gamma": "--gamma", "gamma_prime": "--gamma-prime", "gamma_3": "--gamma3", "gamma_2": "--gamma2"}

#: The two coordinates of a point, exact.
Point = tuple[Fraction, Fraction]


def exact(value: Any, name: str) -> Fraction:
    """``value`` as a fraction; a float is read as the decimal it prints as."""
    text = repr(float(value)) if isinstance(value, float) else str(value).strip()
    mantissa, _, power = text.lower().partition("e")
    if len(mantissa) > _LONGEST or len(power) > _LONGEST_POWER:  # 1e999999999 would be written out, digit by digit
        raise InputError(f"{name} = {text[:40]!r} is out of range or too long; give a number such as 1.75 or 7/4")
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
        values = tuple(exact(part, name) for part in text.split(","))
        if len(set(values)) < len(values):
            raise InputError(f"{name} = {text!r}: a value is there twice; give each of them once")
        return values
    if len(parts) != 3 or not parts[2].strip().isdecimal() or not parts[2].strip("0 "):
        raise InputError(f"{name} = {text!r}; give START:STOP:COUNT such as 0.6:1.4:9, or numbers such as 0.6,1,1.4")
    number = parts[2].strip().lstrip("0")
    count = int(number) if len(number) < _LONGEST_POWER + 4 else _MOST + 1
    if not 2 <= count <= _MOST:
        raise InputError(f"{name} = {text!r}; give a COUNT from 2 to {_MOST}, as in 0.6:1.4:9")
    first, last = exact(parts[0], name), exact(parts[1], name)
    if first == last:
        raise InputError(f"{name} = {text!r}: all {count} values are {parts[0].strip()}; give two different ends")
    return tuple(first + (last - first) * i / (count - 1) for i in range(count))


def grid_points(x: Sequence[Any], y: Sequence[Any]) -> tuple[tuple[Any, Any], ...]:
    """Every pair of a value of the first coordinate and one of the second; refused before they are written out, if too many."""
    if len(x) * len(y) > _MOST_POINTS:
        raise InputError(f"{len(x)} times {len(y)} points are too many; give at most {_MOST_POINTS} in all")
    return tuple(itertools.product(x, y))


def grid_text(values: Sequence[Fraction]) -> str:
    """The shortest text that :func:`grid_values` reads as these values."""
    if len(values) > 2 and len({b - a for a, b in itertools.pairwise(values)}) == 1:
        return f"{_decimal(values[0])}:{_decimal(values[-1])}:{len(values)}"
    return ",".join(map(_decimal, values))


def _decimal(value: Fraction) -> str:
    text = repr(float(value))
    return text.removesuffix(".0") if Fraction(text) == value else str(value)

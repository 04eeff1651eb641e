"""What counts as real numbers, in arrays and alone: one answer for data, weights, inputs and tolerances.

NumPy turns much into floats without a word: the imaginary part of a complex number is dropped, what a mask hides comes to light,
times become counts of their units. Here that is refused.
"""

import math
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from numerics.errors import InputError, shown

__all__ = ["listed", "plain_text", "positive_number", "real_array", "real_number", "truth", "whole_number"]

_REAL = "fiu"
_NO_NUMBERS, _OF_NUMPY = (bool, complex, bytes, np.ma.MaskedArray), (np.ndarray, np.generic)
#: What other kinds of data types hold, and what to do about it.
_OTHER = {
    "b": ("truth values", "give numbers, such as 0.0 and 1.0"),
    "c": ("complex numbers", "give real ones, such as their real parts"),
    "m": ("time differences", "divide by a unit, such as np.timedelta64(1, 's')"),
    "M": ("dates", "subtract a first date and divide by a unit, such as np.timedelta64(1, 's')"),
    "U": ("text", "give numbers"),
    "S": ("text", "give numbers"),
    "T": ("text", "give numbers"),
    "O": ("objects", "give numbers of one type, such as np.array(values, dtype=float)"),
    "V": ("records", "give one array of numbers"),
}


def real_array(values: ArrayLike, name: str, *, copy: bool = False, finite: bool = False) -> np.ndarray:
    """``values`` as a C-contiguous array of float64.

    Parameters
    ----------
    values : array
        Integers or floats of any precision.
    name : str
        What it is called in a message.
    copy : bool
        Whether the result must not share memory with ``values``.
    finite : bool
        Whether NaN and infinity are refused too.

    Raises
    ------
    InputError
        Of truth values, complex numbers, times, text, objects; of rows of different length; of values that a mask hides.

    Examples
    --------
    >>> real_array([[1, 2], [3, 4]], "X").dtype
    dtype('float64')
    """
    hidden = _hidden(values)
    if hidden:
        raise InputError(f"{name} has {hidden} masked values; leave out those samples, or fill them in")
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"{name} is not an array ({error}); give rows of numbers, all of one length") from error
    if array.dtype.kind not in _REAL:
        what, instead = _OTHER.get(array.dtype.kind, ("no numbers", "give numbers"))
        raise InputError(f"{name} has type {array.dtype}: {what}; {instead}")
    if array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # longer floats may overflow; infinite then, which is refused by who asks
            array = array.astype(float)
    converted = array.astype(float, order="C", copy=copy)
    bad = int(np.count_nonzero(~np.isfinite(converted))) if finite else 0
    if bad:
        raise InputError(f"{name} contains {bad} NaN or infinite values; remove or replace those samples")
    return converted


def real_number(value: Any, name: str) -> float:
    """A finite float of a Python, NumPy, SymPy or any other number, or of text that says one.

    Examples
    --------
    >>> real_number(np.float32(0.5), "gamma"), real_number("1.75", "gamma")
    (0.5, 1.75)
    """
    if type(value) is float and math.isfinite(value):  # nearly always: there is no more to ask
        return value
    unlike = isinstance(value, _NO_NUMBERS)
    unlike |= isinstance(value, _OF_NUMPY) and (value.ndim > 0 or value.dtype.kind not in _REAL + "U")
    try:
        number = math.nan if unlike else float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name} = {shown(value)} is not a number; give one such as 1.75") from error
    if unlike:
        raise InputError(f"{name} = {shown(value)} is not a real number; give one such as 1.75")
    if not math.isfinite(number):
        raise InputError(f"{name} = {value} is not finite; give a number such as 1.75")
    return number


def positive_number(value: Any, name: str, advice: str = "give a positive number", *, infinite: bool = False) -> float:
    """The same, above zero; with ``infinite`` also infinity, for what has no limit."""
    if infinite and isinstance(value, float | np.floating) and value == math.inf:
        return math.inf
    wanted = "" if infinite else " and finite"
    try:
        number = real_number(value, name)
    except InputError as error:
        raise InputError(f"{name} = {shown(value)} is not positive{wanted}; {advice}") from error
    if not number > 0:
        raise InputError(f"{name} = {shown(value)} is not positive{wanted}; {advice}")
    return number


def whole_number(value: Any, name: str, least: int, advice: str, *, most: float = math.inf) -> int:
    """A Python or NumPy integer from ``least`` to ``most``."""
    unlike = isinstance(value, bool | np.timedelta64) or not isinstance(value, int | np.integer)
    if unlike or not least <= value <= most:
        raise InputError(f"{name} = {shown(value)}; {advice}")
    return int(value)


def truth(value: Any, name: str) -> bool:
    """True or False, of Python or NumPy; nothing else stands for them."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} = {shown(value)}; give True or False")
    return bool(value)


def plain_text(value: Any, name: str) -> str:
    """A text of Python or NumPy."""
    if not isinstance(value, str):
        raise InputError(f"{name} = {shown(value)}; give a text")
    return str(value)


def listed(values: Any, name: str, advice: str) -> tuple[Any, ...]:
    """What can be gone through in an order of its own, as a tuple; a text is not taken apart, a set or a mapping has no order."""
    try:
        found = None if isinstance(values, str | bytes | Set | Mapping) else tuple(values)
    except TypeError:
        found = None
    if found is None:
        raise InputError(f"{name} = {shown(values)}; {advice}")
    return found


def _hidden(values: ArrayLike) -> int:
    """How many values a mask hides, in an array or in a list of arrays."""
    if isinstance(values, np.ma.MaskedArray):
        return int(np.ma.count_masked(values))
    if isinstance(values, list | tuple):
        return sum(_hidden(part) for part in values if isinstance(part, np.ma.MaskedArray | list | tuple))
    return 0

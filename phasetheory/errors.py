"""Errors of the theory package: one line each, saying what was given and what would be accepted."""

from collections.abc import Iterable
from typing import Any

__all__ = ["ExpressionError", "NotHomogeneousError", "NotPowerLawError", "TheoryError"]
__all__ += ["check_choice", "shown", "unquoted"]

_SHOWN = 80  # characters of a value that a message repeats
_DIGITS = 250  # bits of the largest whole number that a message repeats


class TheoryError(ValueError):
    """Base class: the request lies outside what the theory covers or is not well formed."""


class ExpressionError(TheoryError):
    """A formula given as text (``'sqrt(m)'``) could not be read."""


class NotPowerLawError(TheoryError):
    """A scale does not behave as a power of the width, so it has no exponent."""


class NotHomogeneousError(TheoryError):
    """An activation is not positively homogeneous, or not of the degree a result needs."""


def check_choice(value: Any, name: str, choices: Iterable[str]) -> None:
    """Refuse what is none of these words."""
    known = tuple(choices)
    if not isinstance(value, str) or value not in known:
        raise TheoryError(f"{name} = {shown(value)}; use one of {', '.join(known)}")


def shown(value: Any) -> str:
    """A value as a message repeats it: one line, not too long; text in quotes.

    Examples
    --------
    >>> shown("1/m"), shown(10**400)
    ("'1/m'", 'a whole number of 401 digits')
    """
    if isinstance(value, int) and abs(value).bit_length() > _DIGITS:
        return f"a whole number of {int(abs(value).bit_length() * 0.30103) + 1} digits"
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # numbers too long for Python to print, inside a fraction or a tuple
        text = f"a {type(value).__name__} of very many digits"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def unquoted(value: Any) -> str:
    """The same, text without its quotes where it is short."""
    return value if isinstance(value, str) and value.isprintable() and len(value) < _SHOWN / 2 else shown(value)

"""Numbers as exact fractions."""

from fractions import Fraction
from numbers import Integral
from typing import Any

import sympy as sp

from phasetheory.errors import ExpressionError, TheoryError, unquoted
from phasetheory.symbols.expressions import as_expression

__all__ = ["as_fraction", "is_whole"]

_ADVICE = "give one such as 1.75 or '7/4'"


def is_whole(value: Any) -> bool:
    """Whether it is an integer of Python or NumPy; neither a truth value nor a time."""
    kind = getattr(getattr(value, "dtype", None), "kind", "i")
    return isinstance(value, Integral) and not isinstance(value, bool) and kind in "iu"


def as_fraction(value: Any, *, name: str) -> Fraction:
    """An integer, Fraction, SymPy Rational, float or text as a Fraction; a float is the decimal it prints as, 0.1 is 1/10.

    Numbers of NumPy are as good as Python's; text is read, never executed. ``name`` is the argument named in the error message.

    Examples
    --------
    >>> as_fraction(0.1, name="gamma"), as_fraction(sp.Rational(7, 4), name="gamma")
    (Fraction(1, 10), Fraction(7, 4))
    """
    try:
        exact = as_expression(value, name=name)
    except ExpressionError as error:
        raise TheoryError(f"{name} = {unquoted(value)} is not a rational number of ordinary size; {_ADVICE}") from error
    if not isinstance(exact, sp.Rational):
        raise TheoryError(f"{name} = {unquoted(value)} is not a rational number; {_ADVICE}")
    return Fraction(int(exact.p), int(exact.q))

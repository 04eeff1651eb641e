"""Numbers as exact fractions."""

from fractions import Fraction
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError

__all__ = ["as_fraction"]


def as_fraction(value: Any, *, name: str) -> Fraction:
    """An integer, Fraction, SymPy Rational, float or text as a Fraction; a float is the decimal it prints as, 0.1 is 1/10.

    ``name`` is the argument named in the error message.

    Examples
    --------
    >>> as_fraction(0.1, name="gamma"), as_fraction(sp.Rational(7, 4), name="gamma")
    (Fraction(1, 10), Fraction(7, 4))
    """
    text = repr(float(value)) if isinstance(value, float) else value
    try:
        # SymPy would run text as Python code, so it never gets any
        exact = Fraction(text) if isinstance(text, str) else sp.sympify(text, strict=True)
    except (ValueError, ZeroDivisionError, TypeError):
        exact = None
    if not isinstance(exact, (Fraction, sp.Rational)):
        raise TheoryError(f"{name} = {value} is not a rational number; give one such as 1.75 or '7/4'")
    return Fraction(int(exact.numerator), int(exact.denominator))

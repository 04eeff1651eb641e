"""Exponents of layers that start at zero: a number, and before it a multiple of an infinite one.

A layer at zero is the limit of a scale m^-b for b to infinity. With b larger than any number, exponents are u b + v, added and
multiplied by rationals part by part and compared by u first; what does not depend on b has u = 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

__all__ = ["Lexicographic", "finite_or_infinite", "with_infinity"]


@dataclass(frozen=True, order=True)
class Lexicographic:
    """u b + v, b larger than any number."""

    infinite: Fraction
    finite: Any

    def __add__(self, other: "Lexicographic") -> "Lexicographic":
        return Lexicographic(self.infinite + other.infinite, self.finite + other.finite)

    def __sub__(self, other: "Lexicographic") -> "Lexicographic":
        return Lexicographic(self.infinite - other.infinite, self.finite - other.finite)

    def __mul__(self, factor: Fraction | int) -> "Lexicographic":
        return Lexicographic(self.infinite * factor, self.finite * factor)

    def __truediv__(self, divisor: Fraction | int) -> "Lexicographic":
        return Lexicographic(self.infinite / divisor, self.finite / divisor)


def with_infinity(finite: Callable[[sp.Expr], Any]) -> Callable[[sp.Expr], Lexicographic]:
    """The conversion ``finite`` of finite exponents, continued to -oo."""

    def convert(value: sp.Expr) -> Lexicographic:
        is_infinite = value == -sp.oo
        return Lexicographic(Fraction(-is_infinite), finite(sp.S.Zero if is_infinite else value))

    return convert


def finite_or_infinite(value: Any) -> sp.Expr:
    """A number of either kind as SymPy's, with oo or -oo."""
    if not isinstance(value, Lexicographic):
        return sp.Rational(value)
    if value.infinite:
        return sp.oo if value.infinite > 0 else -sp.oo
    return sp.Rational(value.finite)

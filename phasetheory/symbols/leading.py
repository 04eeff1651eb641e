r"""Leading behaviour of a formula as the width goes to infinity: c m^s (log m)^k, by the rules of arithmetic, exactly.

The largest term of a sum decides, a product multiplies, a power raises. Where the largest terms of a sum cancel, and in the few
other cases that need more than the leading term, the answer is None: undecided. Nothing is expanded and no limit is taken, so it
costs as much as reading the formula.
"""

from dataclasses import dataclass
from functools import reduce

import sympy as sp

from phasetheory.symbols.expressions import m

__all__ = ["Leading", "leading_term", "vanishes"]


@dataclass(frozen=True)
class Leading:
    """The term c m^s (log m)^k; s is oo or -oo for what grows or falls faster than every power."""

    coefficient: sp.Expr
    power: sp.Expr
    logarithms: sp.Expr

    def __mul__(self, other: "Leading") -> "Leading":
        return Leading(
            self.coefficient * other.coefficient, self.power + other.power, self.logarithms + other.logarithms
        )

    def order(self) -> tuple[sp.Expr, sp.Expr]:
        """What is compared first and then, between two terms of a sum."""
        return self.power, self.logarithms


_ONE = Leading(sp.S.One, sp.S.Zero, sp.S.Zero)


def leading_term(q: sp.Expr) -> Leading | None:
    """The leading term of ``q``, or None where the rules do not decide it.

    Examples
    --------
    >>> leading_term(sp.sqrt(2 / (m + 5)))
    Leading(coefficient=sqrt(2), power=-1/2, logarithms=0)
    >>> leading_term(sp.sqrt(m + 1) - sp.sqrt(m)) is None
    True
    """
    if not q.has(m):
        return Leading(q, sp.S.Zero, sp.S.Zero)
    if q == m:
        return Leading(sp.S.One, sp.S.One, sp.S.Zero)
    if q.is_Add:
        return _sum([leading_term(part) for part in q.args])
    if q.is_Mul:
        return _product([leading_term(part) for part in q.args])
    if q.is_Pow or isinstance(q, sp.exp):
        base, exponent = q.as_base_exp()
        return _exponential(exponent * sp.log(base)) if exponent.has(m) else _raised(leading_term(base), exponent)
    if isinstance(q, sp.log):
        return _logarithm(leading_term(q.args[0]))
    return None


def _sum(parts: list[Leading | None]) -> Leading | None:
    """The largest part; None if two cannot be compared, or if the largest cancel."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    largest = [known[0]]
    for part in known[1:]:
        sign = _compare(part.order(), largest[0].order())
        if sign is None:
            return None
        largest = [part] if sign > 0 else [*largest, part] if sign == 0 else largest
    coefficient = sp.expand(sp.Add(*(part.coefficient for part in largest)))
    if (largest[0].power.is_infinite and len(largest) > 1) or vanishes(coefficient):
        return None
    return Leading(coefficient, *largest[0].order())


def _product(parts: list[Leading | None]) -> Leading | None:
    known = [part for part in parts if part is not None]
    product = reduce(Leading.__mul__, known, _ONE)
    return None if len(known) < len(parts) or product.power is sp.nan else product


def _raised(base: Leading | None, exponent: sp.Expr) -> Leading | None:
    if base is None or (base.power.is_infinite and exponent.is_positive is None and exponent.is_negative is None):
        return None
    return Leading(base.coefficient**exponent, base.power * exponent, base.logarithms * exponent)


def _exponential(argument: sp.Expr) -> Leading | None:
    """The exponential of an argument with the width in it: bounded, of a finite limit, or beyond all powers."""
    inside = leading_term(argument)
    if inside is None or inside.power.is_number is not True:
        return None
    size = _compare(inside.order(), (sp.S.Zero, sp.S.Zero))
    if size is None:
        return None
    if size < 0:
        return _ONE
    if size == 0:
        return Leading(sp.exp(inside.coefficient), sp.S.Zero, sp.S.Zero)
    faster_than_a_power = _compare(inside.order(), (sp.S.Zero, sp.S.One)) == 1
    sign = sp.sign(inside.coefficient)
    if faster_than_a_power and sign.is_number and sign != 0:
        return Leading(sp.S.One, sp.oo * sign, sp.S.Zero)
    return None


def _logarithm(inside: Leading | None) -> Leading | None:
    """log(c m^s ..) ~ s log m, or log c if s = 0."""
    if inside is None or inside.power.is_finite is not True or inside.coefficient.is_negative:
        return None
    if inside.power != 0:
        return Leading(inside.power, sp.S.Zero, sp.S.One) if inside.power.is_number else None
    coefficient = sp.log(inside.coefficient)
    if inside.logarithms != 0 or vanishes(coefficient):
        return None
    return Leading(coefficient, sp.S.Zero, sp.S.Zero)


def _compare(first: tuple[sp.Expr, sp.Expr], second: tuple[sp.Expr, sp.Expr]) -> int | None:
    """1, 0 or -1 as the first pair is after, at or before the second; None if their symbols leave it open."""
    for a, b in zip(first, second, strict=True):
        if a == b:
            continue
        difference = sp.expand(a - b)
        if difference.is_extended_positive or difference.is_extended_negative:  # exp(m) against m: oo - 1
            return 1 if difference.is_extended_positive else -1
        if not vanishes(difference):
            return None
    return 0


def vanishes(value: sp.Expr) -> bool:
    """Whether a constant is 0, or cannot be told from 0 to thirty digits."""
    if value.is_zero is not None:
        return bool(value.is_zero)
    return value.is_number and abs(sp.N(value, 40)) < sp.Float("1e-30")

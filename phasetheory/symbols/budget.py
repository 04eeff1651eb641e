"""How large a formula may be: what is too large is refused before it is computed, so that nothing hangs.

A scale is a power of the width times a constant. Nothing a network has needs more than these limits, and within them every
later step (exponents, simplification, numbers at a width) takes well under a second.
"""

import math

import sympy as sp

from phasetheory.errors import ExpressionError

__all__ = ["check_power", "check_size", "is_small", "simplified"]

_MAX_BITS = 4096  # of the numerator or denominator of a number: '9**9**9**9' must not hang the reader
_MAX_EXPONENT = 10**6  # the half-width of the plane of a phase diagram
_MAX_DEGREE = 100  # in a sum that SymPy is asked to simplify
_MAX_LOG = 709.0  # e^709 is the largest number of double precision
_MAX_TERMS = 1000  # when every product and whole power is multiplied out
_MAX_ROOTS = 4  # roots of sums inside one another
_MAX_TOWER = 2  # exponents of exponents that are no numbers
_RANGE = "numbers lie between 1e-308 and 1e308 in size"


def check_power(base: sp.Expr, exponent: sp.Expr, text: str) -> None:
    """Refuse ``base**exponent`` before SymPy computes it, if it is a number out of range or a power of the width too large."""
    if exponent.is_Rational and not base.is_number and abs(exponent) > _MAX_EXPONENT:
        raise ExpressionError(
            f"a power in {text} is too large; use exponents between -{_MAX_EXPONENT} and {_MAX_EXPONENT}"
        )
    if not (base.is_number and exponent.is_number) or base.is_zero:
        return
    if base.is_Rational and exponent.is_Rational and _power_bits(base, exponent) > _MAX_BITS:
        raise ExpressionError(f"a power in {text} is too large; {_RANGE}: write the scale as a power of m")
    size = _float(base, text)
    if abs(_float(exponent, text)) * abs(math.log(size) if size > 0 else 0.0) > _MAX_LOG:
        raise ExpressionError(f"a power in {text} is too large; {_RANGE}: write the scale as a power of m")


def check_size(expression: sp.Expr, text: str) -> None:
    """Refuse an expression that holds a number out of range, or more than a formula for a scale needs."""
    for part in sp.postorder_traversal(expression):
        if part.is_Rational:
            _check_number(part, text)
        elif part.is_Pow or isinstance(part, sp.exp):
            base, exponent = part.as_base_exp()
            check_power(base, exponent, text)
    if _terms(expression) > _MAX_TERMS or _roots(expression) > _MAX_ROOTS or _tower(expression) > _MAX_TOWER:
        raise ExpressionError(
            f"{text} is too large a formula; a scale is a sum of a few powers of m, like sqrt(2/(m+d))"
        )


def is_small(expression: sp.Expr) -> bool:
    """Whether SymPy simplifies the expression, or finds its limit, in no time to speak of."""
    powers = [power for power in expression.atoms(sp.Pow) if power.exp.is_Rational]
    sums = [power.exp for power in powers if power.base.is_Add]
    within = all(abs(e.p) <= 20 and e.q <= 20 for e in sums)
    if expression.has(sp.Add):
        within = within and all(abs(power.exp.p) <= _MAX_DEGREE and power.exp.q <= _MAX_DEGREE for power in powers)
    return within and _terms(expression) <= _MAX_TERMS and _roots(expression) <= 2 and expression.count_ops() <= 100


def simplified(expression: sp.Expr) -> sp.Expr:
    """The expression simplified, or as it stands where that could take long."""
    factors = (factor.as_base_exp() for factor in sp.Mul.make_args(expression))
    if all(base.is_Atom and power.is_Rational for base, power in factors):
        return expression  # a power law is as simple as can be: SymPy loads its units, a tenth of a second, to say so
    compounded = any(p.base.is_Add and not p.exp.is_number for p in expression.atoms(sp.Pow))  # (1 + 1/m)^m
    return sp.simplify(expression) if is_small(expression) and not compounded else expression


def _check_number(number: sp.Rational, text: str) -> None:
    bits = abs(int(number.p)).bit_length(), int(number.q).bit_length()
    if max(bits) > _MAX_BITS or (number and not -1074 <= bits[0] - bits[1] <= 1024):
        raise ExpressionError(f"a number in {text} is too large or too small; {_RANGE}")


def _power_bits(base: sp.Rational, exponent: sp.Rational) -> int:
    size = max(abs(int(base.p)).bit_length(), int(base.q).bit_length())
    return size * (abs(int(exponent.p)) // int(exponent.q) + 1) if size > 1 else 0


def _float(number: sp.Expr, text: str) -> float:
    """Size of a number whose parts are in range."""
    try:
        return float(abs(number))
    except (OverflowError, TypeError, ValueError) as error:
        raise ExpressionError(f"a number in {text} is too large or not real; {_RANGE}") from error


def _terms(expression: sp.Expr) -> float:
    """How many terms the expression has when it is multiplied out, at most."""
    if not expression.args:
        return 1
    parts = [_terms(part) for part in expression.args]
    if expression.is_Add:
        return sum(parts)
    if expression.is_Pow and expression.exp.is_Rational:
        power = min(abs(int(expression.exp.p)), _MAX_TERMS)
        return math.comb(power + int(min(parts[0], _MAX_TERMS)) - 1, power) if parts[0] > 1 else 1
    return math.prod(parts)


def _roots(expression: sp.Expr) -> int:
    """How many roots of sums are inside one another."""
    inside = max(map(_roots, expression.args), default=0)
    return inside + bool(expression.is_Pow and expression.base.is_Add and not expression.exp.is_Integer)


def _tower(expression: sp.Expr) -> int:
    """How many exponents that are no numbers stand on one another."""
    if not expression.args:
        return 0
    if expression.is_Pow or isinstance(expression, sp.exp):
        base, exponent = expression.as_base_exp()
        return max(_tower(base), _tower(exponent) + (not exponent.is_number))
    return max(map(_tower, expression.args))

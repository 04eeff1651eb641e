"""Formulas in the width m and the input dimension d: the symbols, and a reader that never executes text.

SymPy's own parser evaluates its input as Python code, so text from a user is read here instead, by walking the
syntax tree of one arithmetic expression and building SymPy objects from the few node types that are allowed.
"""

import ast
import math
from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from phasetheory.errors import ExpressionError

__all__ = ["as_scale", "d", "m", "parse_scale"]

#: Width of the hidden layers.
m = sp.Symbol("m", positive=True)
#: Input dimension, the constant input for the bias included.
d = sp.Symbol("d", positive=True)

_NAMES: dict[str, sp.Expr] = {"m": m, "d": d, "pi": sp.pi}
_FUNCTIONS = {"sqrt": sp.sqrt, "log": sp.log, "exp": sp.exp}
_MAX_LENGTH = 200  # characters: longer text is not a formula for a scale
_MAX_BITS = 4096  # size of a number that a power may produce: '9**9**9**9' must not hang the reader


def parse_scale(text: str, *, symbols: Iterable[sp.Symbol] = ()) -> sp.Expr:
    """Read a formula in ``m`` and ``d``, such as ``'sqrt(2/(m+1))'`` or ``'1/m^1.75'``.

    Decimal numbers are taken exactly (``1.75`` is 7/4); ``^`` means power. Functions: ``sqrt``, ``log``, ``exp``.

    Parameters
    ----------
    text : str
    symbols : iterable of sympy.Symbol
        Further symbols the formula may contain, by their names: the coordinates of a slice, as in ``'m^(x - 2*y)'``.

    Raises
    ------
    ExpressionError
        If the text is no such formula. Nothing in it is ever executed.

    Examples
    --------
    >>> parse_scale("1/m^1.75")
    m**(-7/4)
    >>> parse_scale("m^-x", symbols=[sp.Symbol("x", real=True)])
    m**(-x)
    """
    names = {**{symbol.name: symbol for symbol in symbols}, **_NAMES}
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"formula is {len(text)} characters long; write it in at most {_MAX_LENGTH}")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
        expression = _build(tree.body, text, names)
    except ExpressionError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"cannot read {text!r} as a formula; write one like 'sqrt(m)' or '1/m'") from error
    if expression.has(sp.zoo, sp.nan, sp.oo, -sp.oo):
        raise ExpressionError(f"{text!r} divides by zero or is infinite; write a finite formula in m and d")
    return expression


def as_scale(value: Any, *, name: str) -> sp.Expr:
    """Turn a number, text or SymPy expression into an expression that is not known to be <= 0.

    ``name`` is the argument named in the error message.
    """
    if isinstance(value, str):
        expression = parse_scale(value)
    elif isinstance(value, float) and math.isfinite(value):
        expression = _number(value, repr(value))
    else:
        try:
            expression = sp.sympify(value, strict=True)
        except (sp.SympifyError, TypeError) as error:
            raise ExpressionError(
                f"{name} = {value!r} is not a scale; give a number, a formula or a SymPy expression"
            ) from error
    if not isinstance(expression, sp.Expr) or expression.is_finite is False or expression.has(sp.nan, sp.zoo):
        raise ExpressionError(f"{name} = {value} is not finite; give a positive scale such as 1 or '1/m'")
    if expression.is_zero or expression.is_negative or expression.is_real is False:
        raise ExpressionError(f"{name} = {value} is not positive; give a positive scale such as 1 or '1/m'")
    return expression


def _number(value: Any, text: str) -> sp.Expr:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ExpressionError(f"{value!r} in {text!r} is not a number; use numbers, m and d")
    if not math.isfinite(value):
        raise ExpressionError(f"{text!r} contains an infinite number; write a finite formula")
    return sp.Rational(repr(value))  # the decimal as written, not its binary rounding


def _build(node: ast.expr, text: str, names: Mapping[str, sp.Expr]) -> sp.Expr:
    match node:
        case ast.Constant(value=value):
            return _number(value, text)
        case ast.Name(id=name):
            if name not in names:
                extra = ", ".join(sorted(names.keys() - _NAMES.keys()))
                allowed = f"only m, d and {extra}" if extra else "only m and d"
                raise ExpressionError(f"unknown symbol {name!r} in {text!r}; a scale may contain {allowed}")
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_build(operand, text, names)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _build(operand, text, names)
        case ast.BinOp(left=left, op=op, right=right):
            return _combine(op, _build(left, text, names), _build(right, text, names), text)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_build(argument, text, names))
        case ast.Call(func=ast.Name(id=name)):
            raise ExpressionError(f"unknown function {name!r} in {text!r}; use sqrt, log or exp of one argument")
        case _:
            raise ExpressionError(f"cannot read {text!r} as a formula; use numbers, m, d, + - * / ^ and sqrt()")


def _combine(op: ast.operator, left: sp.Expr, right: sp.Expr, text: str) -> sp.Expr:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.Pow():
            if left.is_Rational and right.is_Rational and _power_bits(left, right) > _MAX_BITS:
                raise ExpressionError(f"a power in {text!r} is too large; write the scale as a power of m")
            return left**right
        case _:
            raise ExpressionError(f"unknown operator in {text!r}; use + - * / ^")


def _power_bits(base: sp.Expr, exponent: sp.Expr) -> int:
    size = max(abs(int(base.p)).bit_length(), int(base.q).bit_length())
    return size * (abs(int(exponent.p)) // int(exponent.q) + 1) if size > 1 else 0

"""Formulas in the width m, the input dimension d and the fans of a layer: the symbols, and a reader that never executes text.

SymPy's own parser evaluates its input as Python code, so text from a user is read here instead, by walking the
syntax tree of one arithmetic expression and building SymPy objects from the few node types that are allowed. No other file
of the package turns text into anything; SymPy's ``sympify`` is called nowhere.
"""

import ast
import math
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Rational, Real
from typing import Any

import sympy as sp

from phasetheory.errors import ExpressionError, shown, unquoted
from phasetheory.symbols.budget import check_power, check_size

__all__ = ["Fans", "as_expression", "as_scale", "d", "fan_in", "fan_out", "listed_or_none", "m", "parse_scale"]

#: Width of the hidden layers.
m = sp.Symbol("m", positive=True)
#: Input dimension, the constant input for the bias included.
d = sp.Symbol("d", positive=True)
#: Inputs of a layer: d in the first, m in the others.
fan_in = sp.Symbol("fan_in", positive=True)
#: Outputs of a layer: 1 in the last, m in the others.
fan_out = sp.Symbol("fan_out", positive=True)

#: What fan_in and fan_out are in one layer.
Fans = tuple[sp.Expr, sp.Expr]

_NAMES: dict[str, sp.Expr] = {"m": m, "d": d, "pi": sp.pi, "fan_in": fan_in, "fan_out": fan_out}
_SPELLINGS: dict[str, sp.Expr] = {"width": m}  # where no coordinate has that name
_MODULES = ("np", "numpy", "math", "sp", "sympy")  # np.sqrt is sqrt: a name, never a module
_PYTHON = str.maketrans({"^": "**", "{": "(", "}": ")"})  # as mathematicians and LaTeX write powers
_HINTS = dict.fromkeys(
    ("n", "N"),
    ": n is the number of samples, which no scale depends on; if a number of neurons is meant, write m for the width, d for the "
    "input dimension, or fan_in for the inputs of a layer",
)
_FUNCTIONS = {"sqrt": sp.sqrt, "log": sp.log, "exp": sp.exp}
_MAX_LENGTH = 200  # characters: longer text is not a formula for a scale
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?|\.[0-9]+([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class _Formula:
    """What is being read: the text as a message repeats it, the same in Python's grammar, and the symbols it may hold."""

    text: str
    python: str
    names: Mapping[str, sp.Expr]


def parse_scale(text: str, *, symbols: Iterable[sp.Symbol] = ()) -> sp.Expr:
    """Read a formula in ``m`` and ``d``, such as ``'sqrt(2/(m+1))'`` or ``'1/m^1.75'``; a layer has ``fan_in``, ``fan_out`` too.

    Decimal numbers are taken exactly (``1.75`` is 7/4); ``^`` means power. Functions: ``sqrt``, ``log``, ``exp``. ``m^{-1/2}``,
    ``np.sqrt(2/m)`` and ``width`` for m are read as they are meant. ``fan_in`` and ``fan_out`` stay symbols until a
    :class:`~phasetheory.Network` gives them their values in a layer.

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
    if not isinstance(text, str):
        raise ExpressionError(f"{shown(text)} is not text; give a formula such as 'sqrt(m)'")
    try:
        further = [] if isinstance(symbols, str) else list(symbols)
    except TypeError:
        further = [None]
    if isinstance(symbols, str) or not all(isinstance(symbol, sp.Symbol) for symbol in further):
        raise ExpressionError(f"symbols = {shown(symbols)}; give a list of SymPy symbols, such as [sympy.Symbol('x')]")
    names = {**_SPELLINGS, **{symbol.name: symbol for symbol in further}, **_NAMES}
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"formula is {len(text)} characters long; write it in at most {_MAX_LENGTH}")
    if "#" in text:
        raise ExpressionError(f"{shown(text)} has a # in it, and what follows would be ignored; leave it out")
    try:
        formula = _Formula(shown(text), " ".join(text.translate(_PYTHON).split()), names)
        with warnings.catch_warnings():  # Python's about '1if', which is refused anyway
            warnings.simplefilter("ignore")
            tree = ast.parse(formula.python, mode="eval")
        expression = _build(tree.body, formula)
    except ExpressionError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"cannot read {shown(text)} as a formula; write one like 'sqrt(m)' or '1/m'") from error
    if expression.has(sp.zoo, sp.nan, sp.oo, -sp.oo):
        raise ExpressionError(f"{shown(text)} divides by zero or is infinite; write a finite formula in m and d")
    check_size(expression, shown(text))
    return expression


def as_expression(value: Any, *, name: str, fans: Fans | None = None) -> sp.Expr:
    """Turn a number of Python or NumPy, text or a SymPy expression into an expression.

    Text is read by :func:`parse_scale`; a float is the decimal it prints as, 0.1 is 1/10. ``name`` is the argument named in the
    error message. ``fans`` are the values of fan_in and fan_out; None where there is no layer, and so no fan.
    """
    expression = _read(value, name)
    found = expression.free_symbols & {fan_in, fan_out}
    if found and fans is None:
        raise ExpressionError(
            f"{name}: {min(map(str, found))} is that of a layer, and there is none here; write m for the width, d for the input "
            "dimension"
        )
    return expression.xreplace(dict(zip((fan_in, fan_out), fans, strict=True))) if found and fans else expression


def _read(value: Any, name: str) -> sp.Expr:
    if isinstance(value, str):
        try:
            return parse_scale(value)
        except ExpressionError as error:
            raise ExpressionError(f"{name}: {error}") from error
    if isinstance(value, sp.Expr):
        check_size(value, name)
        return value
    refused = ExpressionError(f"{name} = {shown(value)} is not a scale; give a number, a formula or a SymPy expression")
    if isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "i") not in "iuf":
        raise refused  # True, and the times of NumPy, which pass for integers
    if isinstance(value, Integral):
        return _checked(sp.Integer(int(value)), name)
    if isinstance(value, Rational):
        return _checked(sp.Rational(value.numerator, value.denominator), name)
    if isinstance(value, Real):
        if not math.isfinite(value):
            raise ExpressionError(f"{name} = {value} is not finite; give a finite number or formula")
        # the decimal as written, not its binary rounding; NumPy's repr has its type in it
        return sp.Rational(repr(float(value)) if isinstance(value, float) else str(value))
    raise refused


def as_scale(value: Any, *, name: str, fans: Fans | None = None) -> sp.Expr:
    """Turn a number, text or SymPy expression into an expression that is not known to be <= 0.

    ``name`` is the argument named in the error message; ``fans`` as for :func:`as_expression`.
    """
    expression = as_expression(value, name=name, fans=fans)
    if expression.is_finite is False or expression.has(sp.nan, sp.zoo):
        raise ExpressionError(f"{name} = {unquoted(value)} is not finite; give a positive scale such as 1 or '1/m'")
    if expression.is_zero or expression.is_negative or expression.is_real is False:
        raise ExpressionError(f"{name} = {unquoted(value)} is not positive; give a positive scale such as 1 or '1/m'")
    return expression


def listed_or_none(values: Any) -> list[Any] | None:
    """The entries of a list, a tuple, an array of NumPy or another sequence; None for text, a number and the rest."""
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__getitem__"):
        return None
    try:
        return list(values)
    except TypeError:  # an array without an axis
        return None


def _checked(number: sp.Rational, name: str) -> sp.Rational:
    check_size(number, name)
    return number


def _number(node: ast.Constant, formula: _Formula) -> sp.Expr:
    """The decimal as it is written, exactly."""
    written = formula.python.encode()[node.col_offset : node.end_col_offset].decode()
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise ExpressionError(f"{shown(node.value)} in {formula.text} is not a number; use numbers, m and d")
    if not math.isfinite(node.value):
        raise ExpressionError(
            f"{formula.text} contains a number that is infinite in double precision; write a smaller one"
        )
    if not _DECIMAL.fullmatch(written):
        raise ExpressionError(f"{formula.text}: write the number {shown(written)} like 12, 0.5 or 1e-3")
    return sp.Rational(written)


def _build(node: ast.expr, formula: _Formula) -> sp.Expr:
    match node:
        case ast.Constant():
            return _number(node, formula)
        case ast.Name(id=name):
            if name not in formula.names:
                extra = ", ".join(sorted(formula.names.keys() - _NAMES.keys() - _SPELLINGS.keys()))
                hint = _HINTS.get(
                    name,
                    " (m is the width, d the input dimension; a layer has fan_in and fan_out too)" if not extra else "",
                )
                allowed = f"only m, d and {extra}" if extra else "only m and d"
                raise ExpressionError(f"unknown symbol {name!r} in {formula.text}; a scale may contain {allowed}{hint}")
            return formula.names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_build(operand, formula)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _build(operand, formula)
        case ast.BinOp(left=left, op=op, right=right):
            return _combine(op, _build(left, formula), _build(right, formula), formula)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_build(argument, formula))
        case ast.Attribute(value=ast.Name(id=module), attr="pi") if module in _MODULES:
            return sp.pi
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), args=[argument], keywords=[]) if (
            module in _MODULES and name in _FUNCTIONS
        ):
            return _FUNCTIONS[name](_build(argument, formula))
        case ast.Call(func=ast.Name(id=name)):
            raise ExpressionError(f"unknown function {name!r} in {formula.text}; use sqrt, log or exp of one argument")
        case _:
            raise ExpressionError(f"cannot read {formula.text} as a formula; use numbers, m, d, + - * / ^ and sqrt()")


def _combine(op: ast.operator, left: sp.Expr, right: sp.Expr, formula: _Formula) -> sp.Expr:
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
            check_power(left, right, formula.text)  # before it is computed
            return left**right
        case _:
            raise ExpressionError(f"unknown operator in {formula.text}; use + - * / ^")

"""Expressions as one line of Unicode text, or as LaTeX with the field's symbols."""

import math
import re
from fractions import Fraction

import sympy as sp

__all__ = ["latex", "number", "plain", "power"]

_GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "sigma": "σ", "eta": "η", "kappa": "κ"}
_LONGEST_DENOMINATOR = 99
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def plain(expression: sp.Basic | str) -> str:
    """One line of text with Greek letters, e.g. ``γ - 2γ' - 1``; of an expression, or of its text."""
    if isinstance(expression, sp.Piecewise):
        return "; ".join(
            f"{plain(value)} {'else' if condition == sp.true else f'if {plain(condition)}'}"
            for value, condition in expression.args
        )
    if isinstance(expression, sp.And):
        return " and ".join(plain(part) for part in expression.args)
    if isinstance(expression, sp.Equality):
        return f"{plain(expression.lhs)} = {plain(expression.rhs)}"
    text = re.sub(r"\boo\b", "∞", str(expression)).replace("_prime", "'").replace("**", "^")
    text = re.sub(r"([a-z]+)_?(\d*)", _letter, text)
    text = text.replace("<=", "≤").replace(">=", "≥")
    text = re.sub(r"sqrt\((\w+)\)", r"√\1", text).replace("sqrt", "√")
    text = re.sub(r"(?<![\w^])(\d+)\*(?=[α-ωa-z√])", r"\1", text)  # 2*γ -> 2γ
    return text.replace("*", " ")  # β₁*β₂ -> β₁ β₂


def power(exponent: sp.Expr) -> str:
    """The width to an exponent as text: ``m^(1/2)``, ``m``, ``1``, and ``0`` for the exponent -oo."""
    if exponent == -sp.oo:
        return "0"
    if exponent in (0, 1):
        return "m" if exponent == 1 else "1"
    return f"m^{plain(exponent)}" if exponent.is_Integer or exponent.is_Symbol else f"m^({plain(exponent)})"


def number(value: Fraction | float) -> str:
    """A number for a label, as short as it is exact: its decimal if that ends soon, else a fraction, else ten digits.

    Examples
    --------
    >>> number(Fraction(-5, 4)), number(1 / 3), number(12345), number(0.1234567)
    ('-1.25', '1/3', '12345', '0.1234567')
    """
    decimal = f"{float(value):.6g}"
    if float(decimal) == float(value):
        return decimal
    near = Fraction(value).limit_denominator(_LONGEST_DENOMINATOR)
    return str(near) if math.isclose(near, value, rel_tol=1e-12) else f"{float(value):.10g}"


def latex(expression: sp.Basic) -> str:
    """LaTeX with gamma' and kappa' written as the literature does."""
    names = {s: _latex_name(s) for s in expression.atoms(sp.Symbol) if _latex_name(s) is not None}
    return sp.latex(expression, symbol_names=names)


def _letter(match: re.Match) -> str:
    word, number = match.groups()
    if word not in _GREEK:
        return match.group()
    return _GREEK[word] + number.translate(_SUBSCRIPTS)


def _latex_name(symbol: sp.Symbol) -> str | None:
    return "\\" + symbol.name.replace("_prime", "'") if symbol.name.endswith("_prime") else None

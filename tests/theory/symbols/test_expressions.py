"""Formulas are read, never executed; exponents are exact limits."""

import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.symbols.expressions import as_scale


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/m^1.75", pt.m ** sp.Rational(-7, 4)),
        ("sqrt(2/(m+d))", sp.sqrt(2 / (pt.m + pt.d))),
        ("2*m**(1/3)", 2 * pt.m ** sp.Rational(1, 3)),
        ("1e-3", sp.Rational(1, 1000)),
        ("+m - -1", pt.m + 1),
    ],
)
def test_formulas_are_read_exactly(text, expected):
    assert pt.parse_scale(text) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("k", "unknown symbol 'k'"),
        ("__import__('os').system('true')", "cannot read"),
        ("open('x')", "unknown function 'open'"),
        ("(lambda: 1)()", "cannot read"),
        ("m.real", "cannot read"),
        ("[m]", "cannot read"),
        ("m if m else 1", "cannot read"),
        ("9**9**9**9", "too large"),
        ("((9**99)**99)**99", "too large"),
        ("1/0", "divides by zero"),
        ("1e999", "infinite"),
        ("m" * 201, "201 characters"),
        ("", "cannot read"),
        ("m +", "cannot read"),
        ("True", "not a number"),
        ("m % 2", "unknown operator"),
    ],
)
def test_other_text_is_refused_in_one_line(text, part):
    with pytest.raises(pt.ExpressionError, match=part.replace("(", r"\(")) as caught:
        pt.parse_scale(text)
    assert "\n" not in str(caught.value)


def test_longest_formula_is_read():
    assert pt.parse_scale("m" + " " * 199) == pt.m


@pytest.mark.parametrize("value", [0, -1, "-m", float("inf"), float("nan"), "0", sp.oo, sp.I, object(), "sqrt(-m)"])
def test_scales_are_positive_and_finite(value):
    with pytest.raises(pt.ExpressionError, match="alpha"):
        as_scale(value, name="alpha")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("sqrt(2/(m+1))", "-1/2"), ("m+d", "1"), ("log(m)", "0"), ("3", "0"), ("m^(1/3)+5", "1/3"), ("m*log(m)^2", "1")],
)
def test_exponents_are_exact(text, expected):
    assert pt.exponent(text) == sp.Rational(expected)


def test_symbolic_exponents_are_kept():
    g = sp.Symbol("g", real=True)
    assert pt.exponent(pt.m**-g) == -g


@pytest.mark.parametrize(
    ("text", "part"), [("exp(m)", "limit|lim"), ("exp(-m)", "lim"), ("1-m", "not positive"), ("m^d", "depend on d")]
)
def test_scales_without_exponent_say_why(text, part):
    with pytest.raises(pt.NotPowerLawError, match=part):
        pt.exponent(text)


def test_a_formula_may_hold_the_coordinates_of_a_slice():
    x, y = sp.symbols("x y", real=True)
    assert pt.parse_scale("m^(x - 2*y)/d", symbols=(x, y)) == pt.m ** (x - 2 * y) / pt.d
    with pytest.raises(pt.ExpressionError, match="only m, d and x, y"):
        pt.parse_scale("m^z", symbols=(x, y))
    with pytest.raises(pt.ExpressionError, match="only m and d"):
        pt.parse_scale("m^x")
    shadow = sp.Symbol("m", real=True)
    assert pt.parse_scale("m", symbols=(shadow,)) == pt.m

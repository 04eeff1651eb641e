"""Where the limits of a formula lie, on either side of each."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from phasetheory import ExpressionError, NotPowerLawError, exponent
from phasetheory.symbols import exponents
from phasetheory.symbols.budget import check_power, check_size, is_small, simplified
from phasetheory.symbols.expressions import d, m

M1 = m + 1
G = sp.Symbol("g", real=True)


def nested(count):
    """So many roots of sums inside one another."""
    formula = m
    for _ in range(count):
        formula = sp.sqrt(formula + 1)
    return formula


@pytest.mark.parametrize(
    "formula",
    [
        m**1000000,
        m**-1000000,
        sp.Integer(2) ** 1023,
        sp.Rational(1, 2**1073),
        sp.Rational(1, 10**307),
        sp.Integer(0),
        nested(4),
        m ** (m**G),  # two exponents on one another
        sp.exp(sp.exp(G)),
        M1**999,  # 1000 terms
        (m + d + 1) ** 43,  # 990 terms, C(45, 2)
        M1**30 * (d + 1) ** 31,  # 31 times 32
        sp.Rational(2, 3) ** 500 * m,
    ],
)
def test_within_the_limits(formula):
    check_size(formula, "formula")


@pytest.mark.parametrize(
    ("formula", "part"),
    [
        (m**1000001, "use exponents between -1000000 and 1000000"),
        (m**-1000001, "use exponents between -1000000 and 1000000"),
        (sp.Integer(2) ** 1025, "too large or too small"),
        (sp.Rational(1, 2**1076), "too large or too small"),
        (nested(5), "too large a formula"),
        (m ** (m ** (m**G)), "too large a formula"),
        (M1**1000, "too large a formula"),
        ((m + d + 1) ** 44, "too large a formula"),  # 1035 terms, C(46, 2)
        (M1**31 * (d + 1) ** 31, "too large a formula"),  # 32 times 32
    ],
)
def test_beyond_the_limits(formula, part):
    with pytest.raises(ExpressionError, match=part):
        check_size(formula, "formula")


@pytest.mark.parametrize(
    ("base", "power"),
    [
        (10, 307),
        (10, -307),
        (sp.Rational(1, 10), 307),
        (sp.pi, 600),
        (sp.Rational(1001, 1000), 408),
        (1, 10**9),
        (0, 5),
        (m, 10**6),
    ],
)
def test_powers_that_are_computed(base, power):
    check_power(sp.sympify(base), sp.Integer(power), "text")


@pytest.mark.parametrize(
    ("base", "power"),
    [
        (10, 309),
        (10, -309),
        (sp.Rational(1, 10), 309),
        (sp.pi, 700),
        (sp.Rational(1001, 1000), 409),
        (2, 10**9),
        (m, 10**6 + 1),
    ],
)
def test_powers_that_are_refused_before_they_are_computed(base, power):
    with pytest.raises(ExpressionError, match="too large"):
        check_power(sp.sympify(base), sp.Integer(power), "text")


@pytest.mark.parametrize(
    ("formula", "small"),
    [
        (M1**20, True),
        (M1**21, False),
        (M1**-20, True),
        (M1**-21, False),
        (M1 ** sp.Rational(1, 20), True),
        (M1 ** sp.Rational(1, 21), False),
        (m**100 + 1, True),
        (m**101 + 1, False),
        (m ** sp.Rational(1, 100) + 1, True),
        (m ** sp.Rational(1, 101) + 1, False),
        (m**101, True),  # no sum to expand
        (nested(2), True),
        (nested(3), False),
        (M1**20 * (d + 1) ** 20, True),
        (M1**20 * (d + 1) ** 20 * (m + 2) ** 2, False),  # 441 times 3 terms
        (sp.Add(*(m**k for k in range(1, 48))), True),
        (sp.Add(*(m**k for k in range(1, 60))), False),  # more than a hundred operations
    ],
)
def test_what_sympy_is_asked_to_simplify(formula, small):
    assert is_small(formula) is small


@given(
    number=st.sampled_from([1, sp.sqrt(2), sp.Rational(2, 3), sp.sqrt(6) / 2, 3 * sp.cbrt(2), sp.sqrt(sp.pi)]),
    powers=st.tuples(*2 * [st.fractions(-3, 3, max_denominator=4)]),
)
@settings(max_examples=25)
def test_a_power_law_is_as_simple_as_sympy_makes_it(number, powers):
    scale = number * m ** sp.Rational(powers[0]) * d ** sp.Rational(powers[1])
    assert simplified(scale) == scale == sp.simplify(scale)


def test_a_formula_is_simplified_where_that_is_quick():
    assert simplified((m**2 - 1) / (m - 1)) == m + 1
    assert simplified((m**101 + m) / m) == (m**101 + m) / m
    compounded = (1 + 1 / m) ** m * (m**2 - 1) / (m - 1)
    assert simplified(compounded) == compounded


@pytest.mark.parametrize("error", [NotImplementedError, ValueError, TypeError])
def test_where_sympy_finds_no_limit_the_scale_has_no_exponent(monkeypatch, error):
    def fail(*_):
        raise error("no limit")

    formula = sp.sqrt(m + 1) - sp.sqrt(m)
    assert exponent(formula) == sp.Rational(-1, 2)
    monkeypatch.setattr(exponents.sp, "limit", fail)
    with pytest.raises(NotPowerLawError, match="lim log q / log m does not exist"):
        exponent(formula)


@pytest.mark.parametrize("error", [NotImplementedError, ValueError, TypeError, RecursionError])
def test_where_sympy_finds_no_sign_the_scale_is_refused(monkeypatch, error):
    def fail(*_):
        raise error("no sign")

    formula = sp.sqrt(m + 2) - sp.sqrt(m + 1)
    assert exponent(formula) == sp.Rational(-1, 2)
    monkeypatch.setattr(exponents, "gruntz_sign", fail)
    with pytest.raises(NotPowerLawError, match="cannot tell whether"):
        exponent(formula)

"""From the sign of a slope to a regime, derived and measured."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.scaling.regimes import basis_at, proved_slope_bounds

LINEAR, CRITICAL, CONDENSED = pt.Regime.LINEAR, pt.Regime.CRITICAL, pt.Regime.CONDENSED


@pytest.mark.parametrize("kind", [sp.Rational, Fraction, float, np.float64, int])
def test_the_sign_decides_for_every_kind_of_number(kind):
    assert [pt.classify(kind(s)) for s in (-1, 0, 2)] == [LINEAR, CRITICAL, CONDENSED]
    assert [pt.classify(kind(s), critical=1) for s in (-2, -1, 0, 1, 2)] == [LINEAR, *[CRITICAL] * 3, CONDENSED]


@pytest.mark.parametrize("critical", [0, 0.05, 0.5])
@given(slope=st.floats(allow_nan=False))
def test_measured_slopes_are_critical_up_to_and_with_the_bound(critical, slope):
    regime = pt.classify(slope, critical)
    assert regime is (CRITICAL if abs(slope) <= critical else LINEAR if slope < 0 else CONDENSED)
    assert pt.classify(critical, critical) is pt.classify(-critical, critical) is CRITICAL
    assert pt.classify(np.nextafter(critical, 1), critical) is CONDENSED


def test_expressions_are_judged_exactly():
    negative = sp.Symbol("x", negative=True)
    assert pt.classify(sp.sqrt(2) - sp.Rational(141421356, 10**8)) is CONDENSED
    assert pt.classify(sp.sqrt(2) - 1, critical=0.5) is CRITICAL
    assert pt.classify(negative) is pt.classify(negative - 1, critical=0.5) is LINEAR


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((float("nan"),), "nan, which has no sign"),
        ((sp.Symbol("g", real=True),), "substitute numbers first"),
        ((sp.Symbol("g", negative=True), 0.5), "substitute numbers first"),
        ((0.0, -0.1), "critical = -0.1; give"),
        ((0.0, float("inf")), "critical = inf; give"),
        ((0.0, float("nan")), "critical = nan; give"),
    ],
)
def test_a_slope_without_a_sign_is_refused(arguments, part):
    with pytest.raises(pt.TheoryError, match=part):
        pt.classify(*arguments)


HALF, OO = sp.Rational(1, 2), sp.oo


@pytest.mark.parametrize(
    ("gamma", "gamma_prime", "lower", "upper"),
    [
        (HALF, 0, -OO, -HALF),  # gamma < 1: gamma - 1
        (HALF, -2, -OO, -HALF),
        (HALF, HALF, -OO, -1),  # and gamma' > 0, above gamma - 1: gamma - 1 - gamma', which is less
        (1, HALF, -OO, -HALF),  # there gamma' alone
        (sp.Rational(3, 2), 2, -OO, sp.Rational(-3, 2)),
        (sp.Rational(3, 2), sp.Rational(3, 4), -OO, -sp.Rational(1, 4)),
        (3, HALF, sp.Rational(3, 4), OO),  # gamma > 1, gamma' < gamma - 1: (gamma - 1 - max(0, gamma'))/2
        (sp.Rational(3, 2), -1, sp.Rational(1, 4), OO),
        (sp.Rational(3, 2), 0, sp.Rational(1, 4), OO),
        (1, 0, -OO, OO),  # on the boundary nothing is proved
        (1, -1, -OO, OO),
        (2, 1, -OO, OO),
    ],
)
def test_the_bounds_that_the_theorems_prove(gamma, gamma_prime, lower, upper):
    """[L21], theorems on the linear and the condensed regime, put into exponents by hand."""
    gamma, gamma_prime = map(sp.Rational, (gamma, gamma_prime))
    assert proved_slope_bounds(gamma, gamma_prime) == (lower, upper)
    proved = (lower, upper) != (-OO, OO)
    assert basis_at(gamma, gamma_prime) is (pt.Basis.PROVED if proved else pt.Basis.DERIVED)

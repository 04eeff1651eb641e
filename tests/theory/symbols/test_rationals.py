"""Numbers become fractions exactly, or are refused."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.symbols.rationals import as_fraction


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_the_decimal_it_prints_as(value):
    exact = as_fraction(value, name="x")
    assert exact == Fraction(repr(value)) == as_fraction(np.float64(value), name="x")
    assert float(exact) == value


@pytest.mark.parametrize("value", [Fraction(7, 4), sp.Rational(7, 4), 1.75, "7/4"])
def test_every_way_to_write_seven_quarters(value):
    assert as_fraction(value, name="x") == Fraction(7, 4)
    assert type(as_fraction(value, name="x")) is Fraction


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), sp.pi, sp.Symbol("g"), sp.Float("0.5"), sp.nan, sp.zoo, None, "1/0", "print"]
)
def test_what_is_not_rational_is_refused(value):
    with pytest.raises(pt.TheoryError, match=f"gamma = {value} is not a rational number"):
        as_fraction(value, name="gamma")


@pytest.mark.parametrize(
    "value", ["1e400", "10**400", "1e999999999", "1e-999999999", 10**400, 10**5000, Fraction(1, 10**400)], ids=range(7)
)
def test_a_number_out_of_range_is_refused_before_it_is_computed(value):
    with pytest.raises(pt.TheoryError, match=r"is not a rational number of ordinary size; give one such as") as caught:
        as_fraction(value, name="gamma")
    assert len(str(caught.value)) < 200
    with pytest.raises(pt.TheoryError, match="a contains"):
        pt.from_abc(a=(value, 0), b=(0, 0))

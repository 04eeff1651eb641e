"""Leading terms of formulas whose growth is known by hand, and formulas that the rules must leave undecided."""

import pytest
import sympy as sp

from phasetheory.symbols.expressions import m
from phasetheory.symbols.leading import Leading, leading_term, vanishes

LOG = sp.log(m)
P, REAL, OTHER = sp.Symbol("p", positive=True), sp.Symbol("g", real=True), sp.Symbol("h", real=True)


@pytest.mark.parametrize(
    ("formula", "coefficient", "power", "logarithms"),
    [
        (sp.Integer(7), 7, 0, 0),
        (3 / m**2, 3, -2, 0),
        (m + 5 * sp.sqrt(m), 1, 1, 0),
        (5 * sp.sqrt(m) - 2 * m, -2, 1, 0),
        (sp.sqrt(2 / (m + 5)), sp.sqrt(2), sp.Rational(-1, 2), 0),
        ((2 * m + 1) ** 3 - 8 * m, 8, 3, 0),
        (m + m * LOG, 1, 1, 1),
        (LOG, 1, 0, 1),
        (sp.log(3 * m**2), 2, 0, 1),
        (sp.log(1 / (m + 1)), -1, 0, 1),
        (sp.log(5 + 1 / m), sp.log(5), 0, 0),
        (m**3 * LOG**2 + m**3 * LOG, 1, 3, 2),
        (sp.sqrt(m * LOG + m), 1, sp.Rational(1, 2), sp.Rational(1, 2)),
        (m**P + 1, 1, P, 0),
        (m**-P + 4, 4, 0, 0),
        (sp.exp(1 / m), 1, 0, 0),
        (sp.exp(2 + 1 / m), sp.exp(2), 0, 0),
        (m ** (1 / m), 1, 0, 0),
        (sp.exp(m), 1, sp.oo, 0),
        (sp.exp(-3 * m), 1, -sp.oo, 0),
        (m**LOG, 1, sp.oo, 0),
        (sp.exp(m) + m, 1, sp.oo, 0),
        (m - sp.exp(m), -1, sp.oo, 0),
        (sp.exp(-m) + 3 / m, 3, -1, 0),
        (m**2 / (sp.exp(m) * LOG), 1, -sp.oo, -1),
    ],
)
def test_what_grows_how(formula, coefficient, power, logarithms):
    found = leading_term(formula)
    assert found is not None
    assert sp.simplify(found.coefficient - coefficient) == 0
    assert (found.power, found.logarithms) == (power, logarithms)


@pytest.mark.parametrize(
    "formula",
    [
        sp.sqrt(m + 1) - sp.sqrt(m),  # the largest cancel
        m**REAL + m**OTHER,  # which is larger?
        m**REAL + 1,
        (1 + 1 / m) ** m,  # the logarithm of its base vanishes
        sp.log(1 + 1 / m),
        sp.log(LOG),
        sp.log(-m),
        sp.log(sp.exp(m) + m),
        sp.exp(m) + sp.exp(2 * m),  # beyond all powers, both of them
        (sp.exp(m) + m) ** REAL,
        m ** sp.sin(m),
        sp.exp(sp.sqrt(LOG)),  # slower than a power, and no constant
        sp.exp(REAL * m),
        sp.exp(m**REAL),
        sp.exp(m) / (sp.exp(sp.sqrt(m)) + 1),  # oo - oo
        sp.sin(m),
        m * sp.sin(m),
        sp.sin(m) + m**2,
        sp.sqrt(sp.sin(m) + 2),
        sp.log(sp.sin(m) + 2),
    ],
)
def test_what_the_rules_leave_undecided(formula):
    assert leading_term(formula) is None


def test_the_product_of_two_terms():
    assert Leading(2, 1, -1) * Leading(3, sp.Rational(1, 2), 2) == Leading(6, sp.Rational(3, 2), 1)


@pytest.mark.parametrize(
    ("value", "is_zero"),
    [
        (sp.Integer(0), True),
        (sp.Integer(-3), False),
        (sp.sqrt(2) + sp.sqrt(3) - sp.sqrt(5 + 2 * sp.sqrt(6)), True),
        (sp.sqrt(2) - sp.Rational(141421356, 10**8), False),
        (P, False),
        (REAL, False),  # it may be
    ],
)
def test_what_vanishes(value, is_zero):
    assert bool(vanishes(value)) is is_zero

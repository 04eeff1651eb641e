"""Piecewise-linear functions against the same operations on their values, at points in the cells and beside their edges."""

from fractions import Fraction
from itertools import combinations

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from phasetheory.diagrams.piecewise import MAX_PLUS, PiecewiseLinear, affine_to_sympy
from phasetheory.diagrams.polygons import FAR, Affine, area
from phasetheory.errors import TheoryError

numbers = st.fractions(-4, 4, max_denominator=3)
functions = st.builds(Affine, numbers, numbers, numbers)
points = st.tuples(numbers, numbers)
X, Y = sp.symbols("x y", real=True)


def affine(*coefficients):
    return PiecewiseLinear.affine(Affine(*map(Fraction, coefficients)))


@settings(max_examples=30)
@given(st.lists(functions, min_size=3, max_size=3), points)
def test_operations_are_those_of_the_values(given_functions, point):
    f, g, h = map(PiecewiseLinear.affine, given_functions)
    low, high = MAX_PLUS.minimum([f, g]), MAX_PLUS.maximum([g, h, f])
    values = [function(point) for function in given_functions]
    assert low(point) == min(values[:2])
    assert high(point) == max(values)
    assert (low + high)(point) == low(point) + high(point)
    assert (low - high)(point) == low(point) - high(point)
    assert low.minimum(high - h)(point) == min(low(point), high(point) - values[2])
    assert MAX_PLUS.minimum([low, high, low - g])(point) == min(low(point), high(point), low(point) - values[1])
    assert (-low)(point) == -low(point)
    assert (low + 3)(point) == low(point) + 3
    assert (low + Fraction(1, 2))(point) == low(point) + Fraction(1, 2)
    assert (low * 5)(point) == low(point) * 5
    assert (low / 4)(point) == low(point) / 4
    assert sum(area(polygon) for polygon, _ in high.cells) == 4 * FAR**2
    written = (low - high).to_sympy(X, Y).subs({X: sp.Rational(point[0]), Y: sp.Rational(point[1])})
    assert written == sp.Rational((low - high)(point))


@pytest.mark.parametrize("slope", [(0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 1, -2)])
@pytest.mark.parametrize("distance", [Fraction(1, 10**8), Fraction(-1, 10**8), Fraction(0)])
def test_a_point_just_beside_an_edge_is_in_its_own_cell(slope, distance):
    step = Affine(*map(Fraction, slope))
    point = (distance, 3 * distance)
    for bent, expected in (
        (MAX_PLUS.maximum([affine(*slope), affine(0, 0, 0)]), max(step(point), 0)),
        (MAX_PLUS.minimum([affine(*slope), affine(0, 0, 0)]), min(step(point), 0)),
    ):
        assert bent(point) == expected
        assert (bent + affine(1, 2, 3))(point) == expected + 1 + 2 * point[0] + 3 * point[1]


def test_a_point_outside_the_plane_is_refused():
    assert affine(1, 1, 0)((FAR, -FAR)) == 1 + FAR
    bent = MAX_PLUS.maximum([affine(0, 1, 0), affine(0, 0, 1)])
    assert bent((FAR, FAR)) == FAR
    triangle = PiecewiseLinear(
        (
            (
                (((Fraction(0), Fraction(0)), (Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))),
                Affine(*[Fraction(1)] * 3),
            ),
        )
    )
    with pytest.raises(TheoryError, match=r"the point \(1, 2\) lies outside the plane"):
        triangle((Fraction(1), Fraction(2)))


def test_alike_cells_are_one():
    bent = MAX_PLUS.maximum([affine(0, 1, 0), affine(0, 0, 0)])
    assert len(bent.cells) == 2
    assert (bent - bent).cells == affine(0, 0, 0).cells
    assert len(MAX_PLUS.minimum([bent, affine(-1, 0, 0)]).cells) == 1


@settings(max_examples=30)
@given(
    st.lists(functions, min_size=1, max_size=3), st.lists(st.integers(1, 3), min_size=3, max_size=3), numbers, points
)
def test_the_sums_hold_the_smallest_mean_of_all_sets(distinct, counts, p, point):
    """Whatever p is, of either sign; sets of one, of some and of all of several like layers."""
    layers = [function for function, count in zip(distinct, counts, strict=False) for _ in range(count)]
    values = [function(point) for function in layers]
    sets = [c for size in range(1, len(values) + 1) for c in combinations(values, size)]
    expected = min((sum(chosen) - p) / len(chosen) for chosen in sets)
    rests = MAX_PLUS.largest_rests([PiecewiseLinear.affine(function) for function in layers])
    everything = sum(values)
    assert min((everything - p - rest(point)) / size for size, rest in rests) == expected
    known = {(len(chosen), everything - sum(chosen)) for chosen in sets}
    assert all((size, rest(point)) in known for size, rest in rests)
    assert [size for size, _ in rests] == sorted(size for size, _ in rests)


def test_too_many_different_layers_are_refused():
    layers = [affine(0, 2**k, 1) for k in range(11)]
    assert len(MAX_PLUS.largest_rests(layers[:10])) == 2**10 - 1
    with pytest.raises(TheoryError, match="11 layers start at different strengths on this slice; give at most 10"):
        MAX_PLUS.largest_rests(layers)


@pytest.mark.parametrize(
    ("bent", "text"),
    [
        (MAX_PLUS.maximum([affine(0, 1, 0), affine(0, 0, 0)]), "Piecewise((x, x >= 0), (0, True))"),
        (MAX_PLUS.minimum([affine(1, 1, 0), affine(0, 0, 2)]), "Piecewise((x + 1, y >= x/2 + 1/2), (2*y, True))"),
        (MAX_PLUS.maximum([affine(1, 1, 0), affine(0, 0, 2)]), "Piecewise((x + 1, y <= x/2 + 1/2), (2*y, True))"),
        (MAX_PLUS.maximum([affine(0, -2, 0), affine(3, 0, 0)]), "Piecewise((-2*x, x <= -3/2), (3, True))"),
    ],
)
def test_conditions_are_solved_for_a_coordinate(bent, text):
    assert str(bent.to_sympy(X, Y)) == text


def test_an_affine_function_as_an_expression():
    assert affine_to_sympy(Affine(Fraction(1, 2), Fraction(3), Fraction(-5)), X, Y) == sp.Rational(1, 2) + 3 * X - 5 * Y

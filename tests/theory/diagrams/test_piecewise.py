"""Piecewise-linear functions: which cell a point is in, how they are written."""

from fractions import Fraction

import pytest
import sympy as sp

from phasetheory.diagrams.by_region import by_region
from phasetheory.diagrams.piecewise import PiecewiseLinear, affine_to_sympy
from phasetheory.diagrams.polygons import FAR, PLANE, Affine
from phasetheory.errors import TheoryError

X, Y = sp.symbols("x y", real=True)


def affine(*coefficients):
    return Affine(*map(Fraction, coefficients))


def bent(extreme, *functions):
    """The least or the largest of affine functions."""
    return by_region(lambda *values: [extreme(values)], functions)[0]


@pytest.mark.parametrize("slope", [(0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 1, -2)])
@pytest.mark.parametrize("distance", [Fraction(1, 10**8), Fraction(-1, 10**8), Fraction(0)])
@pytest.mark.parametrize("extreme", [min, max])
def test_a_point_just_beside_an_edge_is_in_its_own_cell(slope, distance, extreme):
    step = affine(*slope)
    point = (distance, 3 * distance)
    assert bent(extreme, step, affine(0, 0, 0))(point) == extreme(step(point), 0)


def test_a_point_outside_the_plane_is_refused():
    assert bent(max, affine(0, 1, 0), affine(0, 0, 1))((FAR, FAR)) == FAR
    corners = [(0, 0), (1, 0), (0, 1)]
    triangle = PiecewiseLinear(((tuple((Fraction(x), Fraction(y)) for x, y in corners), affine(1, 1, 1)),))
    with pytest.raises(TheoryError, match=r"the point \(1, 2\) lies outside the plane"):
        triangle((Fraction(1), Fraction(2)))


def test_alike_cells_are_one():
    left, right = bent(max, affine(0, 1, 0), affine(0, 0, 0)).cells
    assert PiecewiseLinear.merged([(left[0], right[1]), right]).cells == ((PLANE, right[1]),)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (bent(max, affine(0, 1, 0), affine(0, 0, 0)), "Piecewise((x, x >= 0), (0, True))"),
        (bent(min, affine(1, 1, 0), affine(0, 0, 2)), "Piecewise((2*y, y <= x/2 + 1/2), (x + 1, True))"),
        (bent(max, affine(1, 1, 0), affine(0, 0, 2)), "Piecewise((x + 1, y <= x/2 + 1/2), (2*y, True))"),
        (bent(max, affine(0, -2, 0), affine(3, 0, 0)), "Piecewise((-2*x, x <= -3/2), (3, True))"),
    ],
)
def test_conditions_are_solved_for_a_coordinate(found, text):
    assert str(found.to_sympy(X, Y)) == text


def test_an_affine_function_as_an_expression():
    assert affine_to_sympy(affine(Fraction(1, 2), 3, -5), X, Y) == sp.Rational(1, 2) + 3 * X - 5 * Y

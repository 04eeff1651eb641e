"""Where a boundary is at a given height, exactly."""

from fractions import Fraction
from itertools import pairwise

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.diagrams.boundaries import boundary_of
from phasetheory.diagrams.by_region import by_region
from phasetheory.diagrams.polygons import Affine, at_infinity

X, Y = sp.symbols("x y", real=True)
heights = st.fractions(-5, 5, max_denominator=12)
diagrams = {
    (depth, norm): pt.phase_diagram(depth, norm=norm) for depth in (2, 3, 5) for norm in ("frobenius", "spectral")
}
everywhere = pytest.mark.parametrize(
    ("diagram", "layer"), [(diagram, layer) for diagram in diagrams.values() for layer in diagram.layers]
)


def boundary(alpha, layer="w"):
    """The boundary of w on a slice of two layers, all scales but alpha 1."""
    return pt.phase_diagram(network=pt.two_layer(alpha, 1, 1), coordinates=(X, Y)).boundary(layer)


@pytest.mark.slow
@everywhere
@given(y=heights)
def test_the_slope_vanishes_there_and_changes_sign_only_there(diagram, layer, y):
    places = diagram.boundary(layer).at(y)
    assert list(places) == sorted(set(places))
    assert all(diagram._slopes[layer]((x, y)) == 0 for x in places)
    ends = [Fraction(-50), *places, Fraction(50)]
    for left, right in pairwise(ends):
        inside = [left + (right - left) * Fraction(k, 7) for k in range(1, 7)]
        assert len({pt.classify(diagram._slopes[layer]((x, y))) for x in inside}) == 1


@pytest.mark.parametrize(("layer", "y", "x"), [("w", -3, 1), ("w", 0, 1), ("w", 2, 3), ("a", -1, 2), ("a", 7, 1)])
def test_two_layers(layer, y, x):
    """At 0 the two segments meet: one value."""
    assert pt.phase_diagram(2).boundary(layer).at(y) == (Fraction(x),)


def test_every_kind_of_exact_number_and_the_binary_value_of_a_float():
    at = pt.phase_diagram(2).boundary("w").at
    assert at(sp.Rational(1, 10)) == at(Fraction(1, 10)) == (Fraction(11, 10),)
    assert at(0.1) == (1 + Fraction(0.1),) != at(Fraction(1, 10))
    assert at(10**9) == (1 + 10**9,)  # a line to infinity has no end


def test_a_whole_horizontal_line_has_no_ends_and_a_vertical_one_is_everywhere():
    assert [boundary(pt.m**Y).at(y) for y in (0, 1, 2)] == [(), (), ()]
    assert [boundary(pt.m**X).at(y) for y in (0, 1, -(10**8))] == [(1,)] * 3


def test_a_horizontal_segment_gives_its_finite_ends():
    """With the axes exchanged, gamma = 1 for gamma' <= 0 lies flat and ends at 0."""
    gamma, gamma_prime = (plane := pt.phase_diagram(2)).coordinates
    turned = pt.phase_diagram(network=plane.network, coordinates=(gamma_prime, gamma)).boundary("w")
    assert [turned.at(y) for y in (Fraction(1, 2), 1, 2)] == [(), (0,), (1,)]
    flat = pt.Boundary("w", (X, Y), (_segment((-2, 1), (3, 1)),))
    assert flat.at(1) == (-2, 3)
    assert flat.at(2) == ()


def piecewise(algorithm, *functions):
    """What an algorithm makes of affine functions, given by their coefficients."""
    return by_region(lambda *values: [algorithm(*values)], [Affine(*map(Fraction, f)) for f in functions])[0]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_through_two_cells_of_one_function_is_one_segment(sign):
    """x + 2y - 3, but more where x > 5 and y > 7: what is left is no convex cell, and the line goes through both its parts."""
    slope = piecewise(lambda f, x, y: (f + max(min(x, y), 0)) * sign, (-3, 1, 2), (-5, 1, 0), (-7, 0, 1))
    assert len(slope.cells) > 2
    found = boundary_of(slope, "w", (X, Y))
    (segment,) = found.segments
    assert segment.equation == sp.Eq(X, 3 - 2 * Y, evaluate=False)
    assert at_infinity(segment.start)
    assert at_infinity(segment.end)
    assert segment.start[1] < segment.end[1]
    assert segment.condensed_side == (sp.Gt if sign > 0 else sp.Lt)(X, 3 - 2 * Y)
    assert segment.linear_side == (sp.Lt if sign > 0 else sp.Gt)(X, 3 - 2 * Y)
    assert str(found) == "x = 3 - 2*y"
    assert found.at(Fraction(1, 3)) == (Fraction(7, 3),)


def test_two_segments_that_meet_at_a_corner_stay_two():
    """max(x - 1, y - x/3 - 2): zero on x = 1 below, on y = 2 + x/3 to the left, and they meet at (1, 7/3)."""
    found = boundary_of(piecewise(max, (-1, 1, 0), (-2, Fraction(-1, 3), 1)), "w", (X, Y))
    assert str(found) == "x = 1 for y <= 7/3; x = 3*y - 6 for y <= 7/3"
    corner = (Fraction(1), Fraction(7, 3))
    assert [segment.end for segment in found.segments] == [corner, corner]
    assert [segment.linear_side for segment in found.segments] == [sp.Lt(X, 1), sp.Gt(X, 3 * Y - 6)]
    assert found.at(0) == (-6, 1)
    assert found.at(Fraction(7, 3)) == (1,)
    assert found.at(3) == ()


@pytest.mark.parametrize(("left", "right"), [(-2, 3), (-5, -1), (1, 2), (Fraction(-1, 3), 7)])
def test_segments_that_start_at_one_height_are_in_order_from_the_left(left, right):
    slope = piecewise(max, (-right, 1, 0), (left, -1, 0))
    assert str(boundary_of(slope, "w", (X, Y))) == f"x = {left}; x = {right}"


def _segment(start, end):
    ends = tuple(tuple(map(Fraction, point)) for point in (start, end))
    return pt.Segment(*ends, equation=sp.Eq(Y, 1), linear_side=sp.Lt(Y, 1), condensed_side=sp.Gt(Y, 1))


@pytest.mark.parametrize("y", [float("nan"), float("inf"), sp.sqrt(2), sp.Symbol("g")])
def test_a_height_that_is_no_rational_number_is_refused(y):
    with pytest.raises(pt.TheoryError, match=r"gamma_prime = .* is not a rational number"):
        pt.phase_diagram(2).boundary("w").at(y)

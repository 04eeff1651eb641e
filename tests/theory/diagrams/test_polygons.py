"""Exact polygons, against areas and vertices known by hand and against counting of points."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasetheory.diagrams.polygons import (
    FAR,
    PLANE,
    Affine,
    area,
    at_infinity,
    clip,
    convex_union,
    edges,
    half_planes,
    intersection,
)

numbers = st.fractions(-5, 5, max_denominator=6)
functions = st.builds(Affine, numbers, numbers, numbers)


def polygon(*points):
    return tuple((Fraction(x), Fraction(y)) for x, y in points)


def box(left, bottom, right, top):
    return polygon((left, bottom), (right, bottom), (right, top), (left, top))


SQUARE = box(0, 0, 2, 2)


def inside(shape, point):
    """By the sign of the turn at every edge: +1, 0 on the outline, -1."""
    turns = [(qx - px) * (point[1] - py) - (qy - py) * (point[0] - px) for (px, py), (qx, qy) in edges(shape)]
    return -1 if min(turns) < 0 else int(min(turns) > 0)


def test_areas():
    assert area(SQUARE) == 4
    assert area(SQUARE[::-1]) == -4
    assert area(polygon((1, 1), (4, 2), (2, 5))) == Fraction(11, 2)
    assert area(()) == 0
    assert area(PLANE) == 4 * FAR**2


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ((-1, 1, 0), box(1, 0, 2, 2)),  # x >= 1
        ((1, 0, -1), box(0, 0, 2, 1)),  # y <= 1
        ((-1, 1, 1), polygon((1, 0), (2, 0), (2, 2), (0, 2), (0, 1))),
        ((-2, 1, 1), polygon((2, 0), (2, 2), (0, 2))),  # through two corners
        ((1, -2, Fraction(1, 2)), polygon((0, 0), (Fraction(1, 2), 0), (1, 2), (0, 2))),
        ((0, 1, 0), SQUARE),  # along an edge, the square on its good side
        ((0, -1, 0), ()),  # and on the other: no area
        ((5, 0, 0), SQUARE),
        ((-5, 0, 0), ()),
        ((0, 0, 0), SQUARE),
        ((-4, 1, 1), ()),  # touches one corner
    ],
)
def test_what_a_half_plane_leaves_of_a_square(function, expected):
    found = clip(SQUARE, Affine(*map(Fraction, function)))
    assert set(found) == set(expected)
    assert area(found) == area(expected)


@given(functions, st.tuples(numbers, numbers))
def test_a_point_is_in_the_part_where_the_function_is_not_negative(function, point):
    shape = box(-3, -4, 5, 2)
    part = clip(shape, function)
    within = inside(shape, point) >= 0 and function(point) > 0
    if within:
        assert inside(part, point) >= 0
    if function(point) < 0 or inside(shape, point) < 0:
        assert not part or inside(part, point) < 0
    assert area(part) + area(clip(shape, function * -1)) == area(shape) or function == Affine(*[Fraction(0)] * 3)


def test_half_planes_hold_inside_and_nowhere_else():
    triangle = polygon((1, 1), (4, 2), (2, 5))
    sides = half_planes(triangle)
    assert len(sides) == 3
    for point in product(map(Fraction, range(6)), repeat=2):
        assert all(side(point) >= 0 for side in sides) == (inside(triangle, point) >= 0)
    assert half_planes(PLANE) == []
    upper = half_planes(clip(PLANE, Affine(Fraction(-3), Fraction(0), Fraction(1))))
    assert [side((Fraction(0), Fraction(y))) > 0 for side in upper for y in (2, 4)] == [False, True]
    corner = clip(
        clip(PLANE, Affine(Fraction(0), Fraction(1), Fraction(0))), Affine(Fraction(0), Fraction(0), Fraction(1))
    )
    assert len(half_planes(corner)) == 2
    assert len(half_planes(box(-5, -FAR, 5, FAR))) == len(half_planes(box(-FAR, -5, FAR, 5))) == 2


def test_intersections():
    assert set(intersection(SQUARE, box(1, -1, 5, 1))) == set(box(1, 0, 2, 1))
    assert intersection(SQUARE, box(3, 0, 4, 1)) == ()
    assert intersection(SQUARE, box(2, 0, 4, 1)) == ()  # an edge in common has no area
    assert intersection((), SQUARE) == ()
    assert intersection(SQUARE, PLANE) == SQUARE
    assert area(intersection(SQUARE, polygon((1, 1), (3, 1), (1, 3)))) == 1


def test_points_at_infinity():
    assert at_infinity((FAR, Fraction(0)))
    assert at_infinity((Fraction(1), -FAR))
    assert not at_infinity((FAR - 1, 1 - FAR))


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 1, 2), box(1, 1, 2, 2)], [SQUARE]),
        ([box(2, 0, 3, 1), box(0, 0, 1, 1), box(1, 0, 2, 1)], [box(0, 0, 3, 1)]),
        ([box(0, 0, 1, 1), (), box(5, 0, 6, 1)], [box(0, 0, 1, 1), box(5, 0, 6, 1)]),
        ([box(0, 0, 2, 1), box(0, 1, 1, 2)], [box(0, 0, 2, 1), box(0, 1, 1, 2)]),  # an L is not convex
        ([polygon((0, 0), (2, 0), (2, 2)), polygon((0, 0), (2, 2), (0, 2))], [SQUARE]),
        ([polygon((0, 0), (1, 0), (2, 0), (2, 2), (0, 2), (0, 1))], [SQUARE]),  # three on a line
        ([], []),
    ],
)
def test_polygons_are_merged_where_that_is_convex(parts, whole):
    found = convex_union(parts)
    assert sorted(map(sorted, found)) == sorted(map(sorted, whole))
    assert all(area(shape) > 0 for shape in found)


@given(functions, functions, st.tuples(numbers, numbers))
def test_affine_functions_add_up_at_every_point(f, g, point):
    assert (f + g)(point) == f(point) + g(point)
    assert (f - g)(point) == f(point) - g(point)
    assert (f * 3)(point) == 3 * f(point)
    assert f.is_constant == (f.x == 0 == f.y)

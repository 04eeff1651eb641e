"""Algorithms run by region: the values on numbers at every point, and polygons that tile the window."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.diagrams.by_region import by_region
from phasetheory.diagrams.polygons import FAR, PLANE, Affine, area, half_planes, intersection
from phasetheory.scaling.argument import displacement
from phasetheory.scaling.optimizers import OPTIMIZERS

numbers = st.fractions(-4, 4, max_denominator=3)
functions = st.builds(Affine, numbers, numbers, numbers)
points = st.tuples(numbers, numbers)
triangle = tuple((Fraction(x), Fraction(y)) for x, y in ((-5, -5), (7, -5), (0, 7)))


def everything(f, g, h):
    """Each thing a value can do, and one result that is a plain number on one side."""
    low, high = min(f, g), max(g, h, f)
    middle = sorted([f, g, h])[1]
    return (
        low + high - 3,
        2 - low * Fraction(2, 3),
        -middle / 4,
        Fraction(1, 2) * (min(low, high - h) + 1),
        high if f >= g + 1 else low if h <= g else Fraction(1, 3),
        1 if f > 0 else (f < h) * 2,
    )


@settings(max_examples=40)
@given(st.tuples(functions, functions, functions), points, st.sampled_from([PLANE, triangle]))
def test_values_are_those_on_numbers(chosen, point, window):
    """Inside cells at once; the results that jump are compared off the lines on which they do."""
    found = by_region(everything, chosen, window)
    values = [function(point) for function in chosen]
    f, g, h = values
    if not all(half_plane(point) >= 0 for half_plane in half_planes(window)):
        return
    direct = everything(*values)
    assert [piece(point) for piece in found[:4]] == list(direct[:4])
    if 0 not in (f - g - 1, h - g, f, f - h):
        assert [piece(point) for piece in found[4:]] == list(direct[4:])


@pytest.mark.slow
@settings(max_examples=40)
@given(st.tuples(functions, functions, functions), st.sampled_from([PLANE, triangle]))
def test_polygons_tile_the_window(chosen, window):
    """No part is left out, none is there twice; neighbours agree on their edges where the result is continuous."""
    for place, piece in enumerate(by_region(everything, chosen, window)):
        assert sum(area(polygon) for polygon, _ in piece.cells) == area(window)
        assert not any(intersection(one, other) for (one, _), (other, _) in combinations(piece.cells, 2))
        for polygon, f in piece.cells if place < 4 else ():
            for corner in polygon:
                assert piece(corner) == f(corner)


def test_equal_on_a_line_is_not_equal():
    """``==`` asks whether it is one function, so it cuts nothing; a comparison cuts once, on the line."""
    x, y = Affine(*map(Fraction, (0, 1, 0))), Affine(*map(Fraction, (0, 0, 1)))
    runs = []

    def algorithm(a, b):
        runs.append(len({a, b, a + b - b}))
        return [1 if a == b else 2, 3 if a == b + a - b else 4, 5 if a < b else 6]

    equal, same, less = by_region(algorithm, [x, y])
    assert runs == [2, 2]
    assert [len(piece.cells) for piece in (equal, same, less)] == [1, 1, 2]
    assert [piece((Fraction(1), Fraction(0))) for piece in (equal, same, less)] == [2, 3, 6]


@pytest.mark.parametrize("optimizer", ["gradient-flow", "sign-descent"])
@pytest.mark.parametrize("depth", [2, 3, 4])
@given(point=points)
def test_a_diagram_is_the_scaling_argument_at_every_point(depth, optimizer, point):
    """Also on lines where layers tie, since slopes are continuous."""
    diagram = pt.phase_diagram(depth, optimizer=optimizer)
    exponents = diagram.network_at(point).exponents.absorbed(diagram.optimizer)
    direct = displacement(*exponents, OPTIMIZERS[optimizer]).slopes()
    assert tuple(diagram.slopes_at(**dict(zip(diagram.names, point, strict=True))).values()) == direct


def test_the_number_of_runs_is_that_of_the_courses():
    """Two layers: which is larger, which set of layers grows, whether the target is near: six courses."""
    runs = []

    def counted(*exponents):
        runs.append(1)
        return displacement(exponents[:-1], exponents[-1]).slopes()

    exponents = (Affine(*map(Fraction, c)) for c in ((0, 0, 0), (0, 0, -1), (0, 1, -1)))
    first, last = by_region(counted, list(exponents))
    assert len(runs) == 6
    assert (len(first.cells), len(last.cells)) == (4, 4)
    assert area(PLANE) == 4 * FAR**2

"""Diagrams of deep networks: layers that are alike count once, and the answers are those of all sets of layers."""

import time
from fractions import Fraction
from itertools import combinations, product

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.diagrams.by_region import by_region
from phasetheory.diagrams.polygons import Affine
from phasetheory.scaling.argument import displacement

small = st.integers(-2, 2).map(Fraction)


@given(
    st.lists(st.tuples(small, small, small), min_size=1, max_size=3),
    st.lists(st.integers(0, 2), min_size=2, max_size=5),
    st.tuples(small, small),
)
def test_the_layers_that_grow_are_those_of_least_mean_of_all_sets(kinds, places, point):
    """Step 4 of the argument, with every set of layers looked at: layers that are alike, and any order of strengths."""
    functions = [Affine(*kind) for kind in kinds]
    sigmas, alpha = [functions[place % len(functions)] for place in places], Affine(*map(Fraction, (1, 2, -1)))
    growth, *strength = by_region(
        lambda *e: ((found := displacement(e[:-1], e[-1])).growth, *found.strength), [*sigmas, alpha]
    )
    starts, capacity = [s(point) for s in strength], sum(s(point) for s in strength) - alpha(point)
    sets = [chosen for size in range(1, len(starts) + 1) for chosen in combinations(starts, size)]
    least = min((sum(chosen) - capacity) / len(chosen) for chosen in sets)
    assert growth(point) == 2 * max(min(starts), least) - max(capacity, 0)


@pytest.mark.parametrize("depth", [15, 100])
def test_a_deep_diagram_is_there_at_once_and_agrees_with_the_point(depth):
    start = time.perf_counter()
    diagram = pt.phase_diagram(depth)
    assert diagram.boundary("W1").segments
    assert diagram.regions(("W1", "W2"))
    assert (
        time.perf_counter() - start < 5
    )  # about a tenth of a second; 29 seconds at depth 15 when all sets are looked at
    for x, y in product((-1, sp.Rational(1, 2), depth), repeat=2):
        assert diagram.slopes_at(gamma=x, gamma_prime=y) == diagram.network_at((x, y)).slopes()


def test_all_layers_of_a_deep_diagram_are_written_down():
    start = time.perf_counter()
    data = pt.phase_diagram(100).to_dict()
    assert time.perf_counter() - start < 20  # two seconds
    assert len(data["boundaries"]) == 100
    assert data["boundaries"]["W2"] == data["boundaries"]["W99"]


def test_many_different_layers():
    """Their strengths come in hundreds of orders on one plane."""
    x, y = sp.symbols("x y", real=True)
    net = pt.Network([pt.m ** (k * x + y / (k + 1)) for k in range(11)])
    diagram = pt.phase_diagram(network=net, coordinates=(x, y))
    for point in product((-1, sp.Rational(1, 3), 2), repeat=2):
        assert diagram.slopes_at(x=point[0], y=point[1]) == diagram.network_at(point).slopes()

"""Diagrams of deep networks: layers that are alike count once, and the answers are those of all sets of layers."""

import time
from fractions import Fraction
from itertools import combinations, product

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.diagrams.piecewise import MAX_PLUS, PiecewiseLinear
from phasetheory.diagrams.polygons import Affine
from phasetheory.scaling.argument import displacement

small = st.integers(-2, 2).map(Fraction)


class AllSets:
    """The algebra of diagrams, with every set of layers looked at."""

    minimum = staticmethod(MAX_PLUS.minimum)
    maximum = staticmethod(MAX_PLUS.maximum)

    @staticmethod
    def largest_rests(values):
        sizes, total = range(1, len(values) + 1), sum(values[1:], start=values[0])
        return [(size, total - sum(k[1:], start=k[0])) for size in sizes for k in combinations(values, size)]


@given(
    st.lists(st.tuples(small, small, small), min_size=1, max_size=3),
    st.lists(st.integers(0, 2), min_size=2, max_size=5),
)
def test_layers_that_are_alike_count_once(kinds, places):
    functions = [PiecewiseLinear.affine(Affine(*kind)) for kind in kinds]
    sigmas = [functions[place % len(functions)] for place in places]
    alpha = PiecewiseLinear.affine(Affine(Fraction(1), Fraction(2), Fraction(-1)))
    quick, slow = displacement(sigmas, alpha, MAX_PLUS), displacement(sigmas, alpha, AllSets())
    for point in product(map(Fraction, (-3, "1/2", 2)), repeat=2):
        assert quick.growth(point) == slow.growth(point)
        assert [move(point) for move in quick.moved] == [move(point) for move in slow.moved]


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


def test_many_different_layers_are_refused_in_one_line():
    x, y = sp.symbols("x y", real=True)
    net = pt.Network([pt.m ** (k * x + y) for k in range(11)])
    with pytest.raises(pt.TheoryError, match="11 layers start at different strengths on this slice; give at most 10"):
        pt.phase_diagram(network=net, coordinates=(x, y)).boundary("W1")

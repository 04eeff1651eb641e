"""Boundaries, regions and named points of the two diagrams of the book, derived."""

import pickle
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt

GAMMA, GAMMA_PRIME = sp.symbols("gamma gamma_prime", real=True)
DIAGRAM = pt.phase_diagram(2)
fractions = st.fractions(min_value=-3, max_value=3, max_denominator=16)


def test_two_layer_boundaries():
    assert str(DIAGRAM.boundary("w")) == "gamma = 1 for gamma_prime <= 0; gamma = gamma_prime + 1 for gamma_prime >= 0"
    assert str(DIAGRAM.boundary("a")) == "gamma = 1 - gamma_prime for gamma_prime <= 0; gamma = 1 for gamma_prime >= 0"


def test_each_segment_says_which_side_is_linear():
    for segment in DIAGRAM.boundary("w").segments:
        assert segment.linear_side == sp.Lt(GAMMA, segment.equation.rhs)
        assert segment.condensed_side == sp.Gt(GAMMA, segment.equation.rhs)


def test_three_layer_boundaries_and_four_regions():
    diagram = pt.phase_diagram(3)
    assert str(diagram.boundary("W1")) == "gamma_3 = 3/2 for gamma_2 <= 0; gamma_3 = 2*gamma_2 + 3/2 for gamma_2 >= 0"
    assert str(diagram.boundary("W2")) == "gamma_3 = 3 - gamma_2 for gamma_2 <= 1/2; gamma_3 = 5/2 for gamma_2 >= 1/2"
    labels = {region.label for region in diagram.regions(("W1", "W2"))}
    assert labels == {f"W1 {a}, W2 {b}" for a in ("linear", "condensed") for b in ("linear", "condensed")}


@given(fractions, fractions)
def test_diagram_and_network_agree_at_a_point(gamma, gamma_prime):
    """Piecewise-linear algebra against plain rational numbers."""
    x, y = map(sp.Rational, (gamma, gamma_prime))
    net = pt.two_layer(pt.m ** (x - y), pt.m**-y, 1)
    assert DIAGRAM.slopes_at(gamma=x, gamma_prime=y) == net.slopes()
    assert DIAGRAM.slope("w").subs({GAMMA: x, GAMMA_PRIME: y}) == net.slopes()["w"]


@given(fractions)
def test_slope_vanishes_on_the_boundary(gamma_prime):
    y = sp.Rational(gamma_prime)
    assert DIAGRAM.regime_at(gamma=1 + max(0, y), gamma_prime=y)["w"] is pt.Regime.CRITICAL


@pytest.mark.parametrize("name", ["lecun", "he", "xavier", "ntk", "mean_field"])
def test_named_schemes_are_placed(name):
    net = pt.initialization(name)
    assert DIAGRAM.locate(net) == (net.gamma, net.gamma_prime)


def test_a_network_off_the_slice_is_not_placed():
    assert pt.phase_diagram(3).locate(pt.Network(sigmas=(1, 1, pt.m))) is None


def test_the_network_at_a_point_is_the_one_on_the_slice():
    diagram = pt.phase_diagram(3)
    net = diagram.network_at((Fraction(5, 2), 0.1))
    assert (net.gamma, net.gamma_prime, net.name) == (sp.Rational(5, 2), sp.Rational(1, 10), "")
    assert diagram.locate(net) == (net.gamma, net.gamma_prime)
    assert net.slopes() == diagram.slopes_at(gamma_3=2.5, gamma_2=0.1)
    assert diagram.names == ("gamma_3", "gamma_2")


def test_a_network_at_a_point_keeps_rates_and_activation():
    x, y = sp.symbols("x y", real=True)
    net = pt.Network((2 * pt.m**x, 1), learning_rates=(pt.m**y, 1), activation=pt.linear, name="a slice")
    there = pt.phase_diagram(network=net, coordinates=(x, y)).network_at((1, -2))
    assert there == pt.Network((2 * pt.m, 1), learning_rates=(pt.m**-2, 1), activation=pt.linear)


def test_the_standard_slice_is_known_in_either_norm():
    assert pt.phase_diagram(4).with_norm("spectral") == pt.phase_diagram(4, norm="spectral")
    assert pt.phase_diagram(4).with_norm("spectral").is_standard
    assert not pt.phase_diagram(network=DIAGRAM.network, coordinates=(GAMMA_PRIME, GAMMA)).is_standard
    assert not pt.phase_diagram(network=pt.two_layer(pt.m**GAMMA, 1, 1), coordinates=DIAGRAM.coordinates).is_standard


def test_diagrams_pickle_and_compare_whatever_was_asked_of_them():
    diagram = pt.phase_diagram(3)
    diagram.evaluate(1.0, 0.0, layers=("W1", "theta"))
    pt.derive(depth=3)  # makes the SymPy functions of relu
    copy = pickle.loads(pickle.dumps(diagram))
    assert copy == diagram
    assert hash(copy) == hash(diagram)
    assert copy.evaluate(1.0, 0.0) == diagram.evaluate(1.0, 0.0)
    assert len({copy, diagram, diagram.with_norm("spectral"), DIAGRAM}) == 3


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: DIAGRAM.with_norm("nuclear"), "norm = 'nuclear'; use one of frobenius, spectral"),
        (lambda: DIAGRAM.network_at((sp.sqrt(2), 0)), "gamma = sqrt.2. is not a rational"),
        (lambda: pt.phase_diagram(1), "at least two layers"),
        (lambda: DIAGRAM.boundary("W7"), "layer = .W7.; use one of w, a, theta"),
        (lambda: DIAGRAM.regime_at(gamma=1), "give gamma and gamma_prime"),
        (lambda: DIAGRAM.regime_at(gamma=float("inf"), gamma_prime=0), "not a rational"),
        (lambda: pt.phase_diagram(network=DIAGRAM.network), "give coordinates"),
        (lambda: pt.phase_diagram(network=DIAGRAM.network, coordinates=(GAMMA, sp.Symbol("t"))).slope("w"), "free"),
        (
            lambda: pt.phase_diagram(
                network=pt.two_layer(pt.m ** (GAMMA**2), 1, 1), coordinates=(GAMMA, GAMMA_PRIME)
            ).slope("w"),
            "not affine",
        ),
    ],
)
def test_bad_requests_say_what_to_do(call, part):
    with pytest.raises(pt.TheoryError, match=part):
        call()

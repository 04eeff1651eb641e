"""A network at one width: the capacity, where it is 1, and which layers outgrow their start, as in the limit at vast widths."""

from fractions import Fraction

import pytest
import sympy as sp

import phasetheory as pt


@pytest.mark.parametrize(
    ("deviation", "width", "capacity", "unit_width", "side"),
    [
        ("0.05", 100, sp.Rational(1, 4), 400, "near P = 1, on the condensed side; in the limit w and a linear"),
        ("0.05", 400, 1, 400, "between the regimes; in the limit w and a linear"),
        ("0.05", 2500, sp.Rational(25, 4), 400, "near P = 1, on the linear side"),
        (
            "0.02",
            100,
            sp.Rational(1, 25),
            2500,
            "w and a outgrow their start: condensed here; in the limit w and a linear",
        ),
        ("0.02", 100_000, 40, 2500, "reach of the initial weights: linear here; in the limit w and a linear"),
    ],
)
def test_the_same_deviation_in_both_layers(deviation, width, capacity, unit_width, side):
    """Linear in the limit, and what it is at the width at hand."""
    net = pt.two_layer(alpha=1, beta1=deviation, beta2=deviation)
    here = pt.at_width(net, width)
    assert (here.capacity, here.unit_width) == (capacity, unit_width)
    assert side in here.meaning
    assert here.meaning in pt.describe(net, width=width)
    assert f"width {width}" in pt.describe(net, width=width)


@pytest.mark.parametrize(
    ("depth", "point"),
    [
        (2, ("7/4", "0")),
        (2, ("5/4", "1")),
        (2, ("5/4", "-1")),
        (2, ("1/2", "0")),
        (3, ("3", "1")),
        (3, ("9/4", "0")),
        (3, ("7/2", "1/4")),
        (3, ("5/2", "-1/2")),
        (3, ("1/4", "0")),
        (4, ("5", "-1")),
        (4, ("5", "2")),
    ],
)
def test_at_a_vast_width_the_layers_that_outgrow_their_start_are_those_of_the_limit(depth, point):
    net = pt.phase_diagram(depth).network_at(tuple(map(Fraction, point)))
    condensed = tuple(layer for layer, regime in net.regime("spectral").items() if regime is pt.Regime.CONDENSED)
    assert pt.at_width(net, 10**60).outgrowing == condensed


def test_learning_rates_decide_which_layer_outgrows_its_start():
    slow = pt.Network((1, 1), "m^(5/4)", ("1/m", 1))
    assert pt.at_width(slow, 10**12).outgrowing == ("a",)
    assert slow.regime() == {"w": pt.Regime.LINEAR, "a": pt.Regime.CONDENSED}
    assert pt.at_width(pt.Network((1, 1), "m^(5/4)"), 10**12).outgrowing == ("w", "a")


def test_formulas_of_the_input_dimension():
    here = pt.at_width(pt.initialization("pytorch_linear"), 900)
    assert sp.simplify(here.capacity - 10 / sp.sqrt(pt.d)) == 0
    assert here.value == "P = 10/√d, and 1 at width 9d"
    assert here.meaning.startswith("it takes a number for d")
    assert here.outgrowing is None


@pytest.mark.parametrize(
    ("network", "width", "value", "meaning"),
    [
        (
            pt.initialization("mup", 3),
            1000,
            "P = 1 at every width",
            "in the limit W1, W2 and a critical, in spectral norm",
        ),
        (pt.Network((1, 0)), 50, "P = 0 at every width", "a outgrows its start: condensed here"),
        (
            pt.two_layer("m^2", 1, 1, activation=pt.relu_power(2)),
            100,
            "P = 0.01, and 1 at width 1",
            "layers have to grow:",
        ),
        (pt.two_layer("m + 5", 1, 1), 1000, "P = 0.995, and 1 at no width", "on the condensed side"),
        (pt.two_layer(1, "1/m", "log(m)"), 1000, "P = 6.908, and 1 at width 2.718", "on the linear side"),
    ],
)
def test_any_network(network, width, value, meaning):
    here = pt.at_width(network, width)
    assert here.value == value
    assert meaning in here.meaning


@pytest.mark.parametrize("width", [1, 0, -5, 100.0, True, "100", 10**100 + 1, None])
def test_no_width(width):
    with pytest.raises(pt.TheoryError, match=r"width = .*; give an integer from 2 to 10\^100"):
        pt.at_width(pt.initialization("ntk"), width)


def test_a_scale_that_is_negative_at_the_width():
    with pytest.raises(pt.TheoryError, match="alpha = m - 5000 is not positive at width 1000; give a larger width"):
        pt.at_width(pt.two_layer("m - 5000", 1, 1), 1000)

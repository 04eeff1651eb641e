"""Networks with weight decay: what is fitted, when it turns rich, where it ends; and what is refused."""

import json

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from numerics.cli import main
from phasetheory.scaling.argument import displacement
from phasetheory.scaling.weight_decay import fitting_time

rationals = st.fractions(min_value=-3, max_value=3, max_denominator=8).map(sp.Rational)
positive = st.fractions(min_value="1/8", max_value=3, max_denominator=8).map(sp.Rational)
half = sp.Rational(1, 2)


def point(gamma, prime, common=0):
    """A network at (gamma, gamma'), in any scales; its alpha."""
    alpha = pt.m ** (sp.Rational(gamma) - prime + 2 * common)
    return pt.two_layer(alpha, pt.m ** (sp.Rational(common) - prime), pt.m**common)


def at(gamma, prime, ell, common=0):
    gamma, prime, ell = map(sp.Rational, (str(gamma), str(prime), str(ell)))
    net = point(gamma, prime, common)
    return pt.with_weight_decay(net, pt.m**-ell / net.alpha)


@given(rationals, rationals, rationals, rationals)
def test_two_layers_are_a_point_and_ell(gamma, prime, ell, common):
    found = at(gamma, prime, ell, common)
    assert found.ell == ell
    assert found.fitting_time == min(sp.S.Zero, gamma - 1 - abs(prime))
    assert fitting_time(displacement(*found.network.exponents.absorbed_numbers())) == found.fitting_time
    assert found.distance_to_rich == 1 + max(sp.S.Zero, prime) - gamma
    assert (found.slopes_at_fit is not None) == (ell > found.fitting_time)


@given(rationals, rationals, positive)
def test_the_end_knows_the_place_only(gamma, prime, ell):
    found = at(gamma, prime, ell)
    assert found.slopes_at_end == {"w": max(0, (gamma - 1 - prime) / 2), "a": max(0, (gamma - 1 + prime) / 2)}
    assert set(at(gamma, prime, -ell).slopes_at_end.values()) == {0}  # collapsed


@pytest.mark.parametrize(
    ("place", "slopes"),
    [
        ((0.5, 0), (0, 0)),
        ((1.5, 0), ("1/4", "1/4")),
        ((1.25, 0.75), (0, "1/2")),
        ((1.25, -0.5), ("3/8", 0)),
        ((0.8, -0.3), ("1/20", 0)),
    ],
)
def test_slopes_at_the_end_that_were_measured(place, slopes):
    """Measured at mu = .1 by this project: .002, .003; .262, .260; .002, .500; .377, .009; .017 (on its way)."""
    assert tuple(at(*place, 0).slopes_at_end.values()) == tuple(map(sp.Rational, slopes))


@pytest.mark.parametrize(
    ("place", "ell", "slope", "undecayed"),
    [
        ((0.5, 0.75), 0, "-5/4", -2),
        ((0.5, 0.75), -0.5, "-3/4", -2),
        ((0.5, 0), 0.5, "-1/2", "-1/2"),
        ((0.5, 0), 0, "-1/2", "-1/2"),
        ((0.5, 0), -0.25, "-1/4", "-1/2"),
        ((1.25, 0.75), 0.5, -1, -1),
        ((1.25, 0.75), 0, "-1/2", -1),
        ((1.5, 0), 1, "1/4", "1/4"),
    ],
)
def test_slopes_at_the_fit(place, ell, slope, undecayed):
    """Measured: -1.250; -.68 at RD = .07; -.518; ..; -.986; ..; .252."""
    found = at(*place, ell)
    assert found.is_fitted
    assert found.network.slopes()["w"] == sp.Rational(undecayed)
    assert found.slopes_at_fit["w"] == sp.Rational(slope)


def test_what_is_fitted_what_turns_rich_and_what_collapses():
    lazy = at(0.5, 0, 0.25)
    assert (lazy.is_fitted, lazy.rich_after, lazy.collapses, lazy.logarithm) == (True, sp.Rational(1, 4), False, False)
    assert at(1.25, 0.75, 0.25).rich_after == sp.Rational(1, 4)  # a is rich at once, w when P comes to kappa'
    assert at(0.5, 0, -0.25).rich_after is None  # lost before
    assert at(1.5, 0, 1).rich_after is None  # rich at the start
    assert at(0.5, 0, -0.5).is_fitted is None
    never = at(0.5, 0, -1)
    assert (never.is_fitted, never.slopes_at_fit, never.collapses) == (False, None, True)
    assert at(0.5, 0, 0).collapses is None
    assert at(1.5, 0, 1).logarithm


@given(rationals, rationals, positive)
def test_no_boundary_moves_for_a_small_decay(gamma, prime, ell):
    found = at(gamma, prime, ell)
    if found.is_fitted:
        regimes = {layer: pt.classify(slope) for layer, slope in found.slopes_at_fit.items()}
        assert regimes == found.network.regime()


def test_learning_rates_are_absorbed_and_three_layers_have_no_slope_at_the_end():
    rates = pt.Network((1, 1), "m^(1/2)", ("m^(1/2)", "m^(-3/2)"))
    assert pt.with_weight_decay(rates, 1).ell == -1
    he = pt.with_weight_decay(pt.initialization("he", 3), "1/m")
    assert he.slopes_at_end is None
    assert he.collapses is None
    assert he.rich_after == sp.Rational(1, 6)  # P = m^(1/2)
    assert any("no S at the end is claimed for 3 layers" in said.text for said in he.statements)


def test_statements_say_what_they_rest_on():
    found = pt.with_weight_decay(pt.initialization("ntk"), "1/m")
    said = {statement.text: statement.basis.value for statement in found.statements}
    assert said["it walks: P(t) = P exp(-2 λ t) at the same κ'"] == "proved"
    assert said["what is linear turns rich after t ~ (1/4) (log m)/λ"] == "derived"
    threshold = next(text for text in said if "μ_c" in text)
    assert threshold.endswith("that is λ √m ≥ μ_c")
    assert said[threshold] == "proved"


def test_classify_prints_it(capsys):
    assert main(["classify", "ntk", "--weight-decay", "1/m"]) == 0
    out = capsys.readouterr().out
    assert "λ = 1/m, μ = λ α ~ m^(-1/2)" in out
    assert "the data are fitted first: ℓ = 1/2, x = -1/2, a time to fit of ~ m^(-1/2) [derived]" in out
    assert main(["classify", "ntk", "--weight-decay", "1/m", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["weight_decay"]
    assert (found["ell"], found["rich_after"], found["slopes_at_end"]) == ("1/2", "1/4", {"w": "0", "a": "0"})


@pytest.mark.parametrize(
    ("network", "decay", "message"),
    [
        (pt.initialization("ntk"), -1, "weight_decay = -1 is not positive"),
        (pt.initialization("ntk"), 0, "weight_decay = 0 is none"),
        (pt.initialization("ntk"), "10 - m", "not positive at large width"),
        (pt.initialization("ntk"), (1, 2), "give one rate for all layers"),
        (pt.Network((1, 0)), 1, "a starts at zero"),
        (pt.two_layer("m", 1, 1, activation=pt.relu_power(2)), 1, "degree 1 only"),
        (pt.initialization("e_et_al"), 1, "free symbols"),
        ("ntk", 1, "is not a network"),
    ],
)
def test_refused(network, decay, message):
    with pytest.raises(pt.TheoryError, match=message):
        pt.with_weight_decay(network, decay)

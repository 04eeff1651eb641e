"""Easy and hard targets: both branches, where they meet, where they do not exist, and what is refused."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import phasetheory as pt

positive = st.fractions(min_value="1/8", max_value=3, max_denominator=8).map(sp.Rational)
rationals = st.fractions(min_value=-3, max_value=3, max_denominator=8).map(sp.Rational)


def point(gamma, gamma_prime, **more):
    return pt.two_layer(pt.m ** (gamma - gamma_prime), pt.m**-gamma_prime, 1, **more)


@pytest.mark.slow
@settings(max_examples=30)
@given(positive, positive, rationals)
def test_both_branches_in_the_region(beyond, below, common):
    """gamma = 1 + beyond, gamma' = 1 - gamma - below, in any scales."""
    gamma, prime = 1 + beyond, -beyond - below
    net = pt.two_layer(pt.m ** (gamma - prime + 2 * common), pt.m ** (common - prime), pt.m**common)
    assert net.depends_on_target()
    assert net.slopes() == net.slopes(target="easy") == {"w": gamma - 1, "a": 2 * (gamma + prime - 1)}
    assert net.slopes(target="hard") == {"w": (gamma - 1 - prime) / 2, "a": (gamma - 1 + prime) / 2}
    assert net.slopes("spectral", target="hard") == net.slopes(target="hard")  # no layer between two wide ones
    for slopes in (net.slopes(), net.slopes(target="hard")):
        assert {k: pt.classify(s) for k, s in slopes.items()} == net.regime()


@given(rationals, rationals)
def test_elsewhere_there_is_one_branch(gamma, prime):
    net = point(gamma, prime)
    if not (gamma > 1 and prime < 1 - gamma):
        assert not net.depends_on_target()
        assert net.slopes(target="hard") == net.slopes()


@given(positive)
def test_the_branches_meet_on_the_edge_of_the_region(beyond):
    """Their difference vanishes in proportion to the distance from gamma' = 1 - gamma."""
    for below in (sp.Rational(1, 10), sp.Rational(1, 1000)):
        net = point(1 + beyond, -beyond - below)
        easy, hard = net.slopes(), net.slopes(target="hard")
        assert (hard["w"] - easy["w"], hard["a"] - easy["a"]) == (below / 2, 3 * below / 2)


@pytest.mark.parametrize(
    ("place", "measured"), [(("3/2", "-7/10"), 0.60), (("3/2", -1), 0.75), (("3/2", "-3/2"), 1.06)]
)
def test_the_zigzag_of_the_four_points_was_measured_on_the_hard_branch(place, measured):
    """Widths 1e3 to 2.6e5: 0.60; 0.73 to 0.77; 1.00 to 1.13."""
    slope = point(*map(sp.Rational, place)).slopes(target="hard")["w"]
    assert float(slope) == pytest.approx(measured, abs=0.07)
    assert abs(float(point(*map(sp.Rational, place)).slopes()["w"]) - measured) > 0.09


def test_the_region_of_the_diagram_is_where_networks_depend_on_the_target():
    diagram = pt.phase_diagram(2)
    assert diagram.target_region.regimes == {"w": pt.Regime.CONDENSED, "a": pt.Regime.LINEAR}
    corners = [p for polygon in diagram.target_region.polygons for p in polygon]
    assert (1, 0) in corners
    assert all(x >= 1 and y <= 1 - x for x, y in corners)
    for nobody in (pt.phase_diagram(3), pt.phase_diagram(2, optimizer="adam")):
        assert nobody.target_region is None


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: point(2, -2).slopes(target="zigzag"), "target = 'zigzag'; use 'easy' or 'hard'"),
        (lambda: point(2, -2).slopes(target=["hard"]), "use 'easy' or 'hard'"),
        (lambda: pt.initialization("he", 3).slopes(target="hard"), "two layers under gradient flow only; leave it out"),
        (lambda: point(2, -2).slopes(optimizer="adam", target="hard"), "two layers under gradient flow only"),
        (
            lambda: point(2, -2, activation=pt.linear).slopes(target="hard"),
            "every target is easy under the linear activation",
        ),
    ],
)
def test_hard_is_refused_where_it_means_nothing(call, part):
    with pytest.raises(pt.TheoryError, match=part):
        call()


def test_what_is_said_of_both():
    said = "\n".join(map(str, pt.statements(point(2, -2))))
    assert "S_w = 1, S_a = -2 [derived" in said
    assert "a hard target (they cannot): S_w = 3/2, S_a = -1/2 [derived" in said
    assert "S = 1 for an easy target, 3/2 for a hard one" in pt.describe(point(2, -2))
    assert "hard" not in pt.describe(point(2, -2, activation=pt.linear))
    assert "hard ones have not been worked out under sign descent" in pt.describe(point(2, -2), optimizer="adam")
    assert "hard" not in pt.describe(point(2, 0))

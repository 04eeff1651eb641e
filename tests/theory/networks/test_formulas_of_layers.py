"""fan_in and fan_out of a layer in the formulas of its scales; scales that are no scales."""

import pytest
import sympy as sp

import phasetheory as pt


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_formulas_in_the_fans_are_those_of_the_catalogue(depth):
    for name, text in (
        ("he", "sqrt(2/fan_in)"),
        ("lecun", "1/sqrt(fan_in)"),
        ("xavier", "np.sqrt(2/(fan_in+fan_out))"),
    ):
        own, known = pt.Network((text,) * depth), pt.initialization(name, depth)
        assert own.sigmas == known.sigmas
        assert own.slopes() == known.slopes()


def test_every_layer_has_its_own_fans():
    m, d = pt.m, pt.d
    net = pt.Network(("fan_out/fan_in",) * 3, learning_rates=("1/fan_in", "1/fan_in", "fan_out/fan_in"))
    assert net.sigmas == (m / d, 1, 1 / m)
    assert net.learning_rates == (1 / d, 1 / m, 1 / m)
    two = pt.two_layer(alpha=1, beta1="1/sqrt(fan_in)", beta2="1/sqrt(fan_in)")  # beta1: output weights
    assert two.sigmas == (1 / sp.sqrt(d), 1 / sp.sqrt(m))
    three = pt.three_layer(1, beta1="fan_in", beta2="fan_in", beta3="fan_out")
    assert three.sigmas == (d, m, 1)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: pt.Network((1, 1), alpha="sqrt(fan_in)"),
        lambda: pt.exponent("1/fan_out"),
        lambda: pt.exponent(pt.parse_scale("1/fan_out")),
        lambda: pt.leaky_relu("fan_in"),
        lambda: pt.classify("fan_in"),
        lambda: pt.from_abc(a=(0, "fan_in"), b=(0, 0)),
        lambda: pt.phase_diagram().slopes_at(gamma="fan_in", gamma_prime=0),
        lambda: pt.critical_point(3).network(gauge="fan_in"),
    ],
)
def test_where_there_is_no_layer_there_are_no_fans(ask):
    with pytest.raises(pt.TheoryError, match="fan_") as caught:
        ask()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["10^13-m", "1/m^2-1/m", "sqrt(m)-sqrt(m+1)"])
def test_a_scale_that_is_negative_at_large_width_is_refused_where_it_enters(text):
    """Also where two of them have a positive product: kappa alone does not see it."""
    for sigmas, name in (((text, f"1/({text})"), "beta2"), ((1, text), "beta1"), ((1, 1, text), "sigma_3")):
        with pytest.raises(pt.NotPowerLawError, match="is not positive at large width") as caught:
            pt.Network(sigmas)
        assert str(caught.value).startswith(f"{name}: ")
    with pytest.raises(pt.NotPowerLawError, match=r"alpha: .* is not positive at large width"):
        pt.Network((1, 1), text)


def test_a_page_says_standard_deviation_and_of_a_zero_layer_what_there_is():
    page = pt.describe(pt.Network((1, 0)))
    assert "standard deviations, not variances" in page
    assert "strengths      s: m^(1/2), 0; P = 0; no coordinates, since a starts at zero" in page
    assert "a              starts at zero, no RD; it grows to |a(t)| ~ m^(-1/2) in either norm [derived]" in page
    assert "γ =" not in page
    document = pt.write(pt.derive(pt.Network((1, 0))))
    assert "|a(t)| ~ m^(-1/2)" in document
    assert "γ = oo" not in document


@pytest.mark.parametrize(
    "ask",
    [
        lambda net: pt.to_abc(net),
        lambda net: pt.finite_width(net, [[1.0, 1.0]], [1.0]),
        lambda net: pt.phase_diagram(network=net, coordinates=sp.symbols("x y", real=True)),
    ],
)
def test_what_has_no_meaning_from_zero_is_refused(ask):
    with pytest.raises(pt.TheoryError, match="a starts at zero, and"):
        ask(pt.Network((1, 0)))
    assert pt.phase_diagram().locate(pt.Network((1, 0))) is None

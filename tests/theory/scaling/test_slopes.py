"""Table 1 and the slopes of the paper, exactly; the scaling argument against closed form and against numbers."""

from itertools import combinations

import mpmath
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.scaling.argument import Exponents, displacement, layer_slopes
from phasetheory.scaling.regimes import proved_slope_bounds

HALF = sp.Rational(1, 2)
TABLE_1 = {
    "lecun": (HALF, HALF),
    "he": (HALF, HALF),
    "xavier": (1, 0),
    "ntk": (HALF, 0),
    "mean_field": (1, 0),
}
rationals = st.fractions(min_value=-3, max_value=3, max_denominator=8).map(sp.Rational)


def point(gamma, gamma_prime):
    return pt.two_layer(pt.m ** (gamma - gamma_prime), pt.m**-gamma_prime, 1)


def closed_form(gamma, gamma_prime):
    """S_w of THEORY: five rows, typed here as the oracle and nowhere in the package."""
    if gamma <= 1:
        return gamma - 1 - 2 * gamma_prime if gamma_prime >= 0 else gamma - 1
    if gamma_prime >= gamma - 1:
        return 2 * (gamma - 1 - gamma_prime)
    return gamma - 1 if gamma_prime <= -(gamma - 1) else (gamma - 1 - gamma_prime) / 2


@pytest.mark.parametrize(("name", "expected"), TABLE_1.items())
def test_table_1(name, expected):
    net = pt.initialization(name)
    assert (net.gamma, net.gamma_prime) == expected


def test_e_et_al_is_the_diagonal():
    net = pt.initialization("e_et_al")
    assert net.gamma == net.gamma_prime
    assert net.gamma.free_symbols


@pytest.mark.parametrize(
    ("name", "w", "a"),
    [("ntk", "linear", "linear"), ("mean_field", "critical", "critical"), ("lecun", "linear", "linear")],
)
def test_regimes_of_named_schemes(name, w, a):
    assert {k: r.value for k, r in pt.initialization(name).regime().items()} == {"w": w, "a": a}


@given(rationals, rationals)
def test_two_layer_slopes_are_the_closed_form(gamma, gamma_prime):
    slopes = point(gamma, gamma_prime).slopes()
    assert slopes["w"] == closed_form(gamma, gamma_prime)
    assert slopes["a"] == closed_form(gamma, -gamma_prime)


@given(rationals, rationals)
def test_slopes_respect_the_proved_bounds(gamma, gamma_prime):
    lower, upper = proved_slope_bounds(gamma, gamma_prime)
    assert lower <= point(gamma, gamma_prime).slopes()["w"] <= upper


@given(st.lists(rationals, min_size=2, max_size=5), rationals, rationals)
def test_slopes_depend_on_the_normalised_exponents_only(sigmas, alpha, shift):
    """One common factor in every layer, taken out again by alpha, changes nothing."""
    eta = (0,) * len(sigmas)
    moved = layer_slopes(Exponents(tuple(s + shift for s in sigmas), alpha + len(sigmas) * shift, eta))
    assert moved == layer_slopes(Exponents(tuple(sigmas), alpha, eta))


@given(st.lists(rationals, min_size=2, max_size=5), rationals)
def test_spectral_slope_is_at_least_the_frobenius_slope(sigmas, alpha):
    exponents = Exponents(tuple(sigmas), alpha, (0,) * len(sigmas))
    pairs = zip(layer_slopes(exponents, norm="spectral"), layer_slopes(exponents), strict=True)
    assert all(spectral >= frobenius for spectral, frobenius in pairs)


@given(st.lists(rationals, min_size=2, max_size=6), rationals)
def test_reading_the_network_backwards_changes_no_spectral_slope(sigmas, alpha):
    """The deep form of S_a(gamma') = S_w(-gamma'): the argument sees strengths, not their order."""
    eta = (0,) * len(sigmas)
    forward = layer_slopes(Exponents(tuple(sigmas), alpha, eta), norm="spectral")
    backward = layer_slopes(Exponents(tuple(sigmas[::-1]), alpha, eta), norm="spectral")
    assert forward == backward[::-1]


@given(st.lists(rationals, min_size=2, max_size=6), rationals, st.integers(1, 8))
def test_a_weaker_network_moves_more(sigmas, alpha, steps):
    """Dividing the output by more makes every layer move at least as far: slopes rise with alpha."""
    eta, more = (0,) * len(sigmas), alpha + sp.Rational(steps, 4)
    slopes = (layer_slopes(Exponents(tuple(sigmas), a, eta)) for a in (alpha, more))
    assert all(low < high for low, high in zip(*slopes, strict=True))


@given(st.lists(rationals, min_size=2, max_size=6), rationals)
def test_sorted_strengths_find_the_minimum_over_all_sets_of_layers(sigmas, alpha):
    """Brute force over the 2^L - 1 sets, in the form in which the growth equation was solved."""
    result = displacement(sigmas, alpha)
    deficit, excess = max(-result.capacity, 0), max(result.capacity, 0)
    sets = (k for size in range(1, len(sigmas) + 1) for k in combinations(result.strength, size))
    assert result.growth / 2 == min((sum(k) + deficit) / len(k) for k in sets) - sp.Rational(excess) / 2


@given(st.lists(rationals, min_size=2, max_size=5), rationals)
def test_growth_solves_the_balance_equation_numerically(sigmas, alpha):
    """Brute force at m = 10^200: bisect prod sqrt(max(s_l^2, Delta)) = alpha, compare exponents."""
    result = displacement(sigmas, alpha)
    with mpmath.workdps(60):
        width = mpmath.mpf(10) ** 200
        power = lambda e: width ** (mpmath.mpf(int(e.p)) / int(e.q))  # noqa: E731
        strengths = [power(s) for s in result.strength]
        capacity = mpmath.fprod(strengths) / power(alpha)
        if capacity >= 1:
            delta = min(s**2 for s in strengths) / capacity
        else:
            low, high = mpmath.log(min(strengths) ** 2), mpmath.log(max(*strengths, power(alpha)) ** 2) + 1
            low, high = min(low, high), max(low, high) + 10 * mpmath.log(width)
            for _ in range(300):
                middle = (low + high) / 2
                reached = mpmath.fsum(max(2 * mpmath.log(s), middle) / 2 for s in strengths)
                low, high = (middle, high) if reached < mpmath.log(power(alpha)) else (low, middle)
            delta = mpmath.exp(low)
        assert (
            abs(mpmath.log(delta) / mpmath.log(width) - mpmath.mpf(int(result.growth.p)) / int(result.growth.q)) < 1e-12
        )


def test_learning_rates_are_absorbed():
    """Scaling W_l by c and eta_l by c^2, with alpha by c, is the same network."""
    c = sp.sqrt(pt.m)
    plain = pt.Network(sigmas=(1, 1 / pt.m, 1), alpha=pt.m)
    moved = pt.Network(sigmas=(1, c / pt.m, 1), alpha=pt.m * c, learning_rates=(1, pt.m, 1))
    assert plain.slopes() == moved.slopes()


@pytest.mark.parametrize(
    ("build", "part"),
    [
        (lambda: pt.Network(sigmas=(1,)), "at least two"),
        (lambda: pt.Network(sigmas="mm"), "at least two"),
        (lambda: pt.Network(sigmas=(1, 1), learning_rates=(1,)), "one per layer"),
        (lambda: pt.two_layer(1, -1, 1), "beta1 = -1"),
        (lambda: pt.two_layer(1, 1, "k"), "unknown symbol"),
        (lambda: pt.two_layer(1, "exp(m)", 1).slopes(), "not a power law"),
        (lambda: pt.initialization("nobody"), "unknown initialization 'nobody'"),
        (lambda: pt.initialization("ntk").slopes(norm="max"), "norm = 'max'"),
        (lambda: pt.initialization("e_et_al").slopes(), "free symbols"),
    ],
)
def test_bad_input_gets_one_clear_line(build, part):
    with pytest.raises(pt.TheoryError, match=part) as caught:
        build()
    assert "\n" not in str(caught.value)

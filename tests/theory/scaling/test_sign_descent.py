"""Sign descent: the closed forms, the growth equation solved as numbers, and what must not depend on the optimiser."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

import phasetheory as pt
from phasetheory.scaling.argument import Exponents, displacement, layer_slopes
from phasetheory.scaling.capacity import capacity_exponent
from phasetheory.scaling.learning_rates import learning_rate_scaling
from phasetheory.scaling.optimizers import GRADIENT_FLOW, SIGN_DESCENT, Optimizer, as_optimizer

few = settings(max_examples=30)
OPTIMIZERS = [GRADIENT_FLOW, SIGN_DESCENT]
rationals = st.fractions(min_value=-3, max_value=3, max_denominator=8).map(sp.Rational)
networks = st.integers(2, 5).flatmap(lambda n: st.tuples(*[st.lists(rationals, min_size=n, max_size=n)] * 2, rationals))


def point(gamma, gamma_prime):
    gamma, gamma_prime = map(sp.Rational, (gamma, gamma_prime))
    return pt.two_layer(pt.m ** (gamma - gamma_prime), pt.m**-gamma_prime, 1)


def exponents_of(network):
    sigmas, rates, alpha = network
    return Exponents(tuple(sigmas), alpha, tuple(rates))


def closed_form(gamma, gamma_prime):
    """S_w under sign descent, all pieces: typed here as the oracle and nowhere in the package."""
    lazy, outgrown = gamma - 1 - max(gamma_prime, 0), (gamma - 1 - gamma_prime) / 2
    within = lazy <= 0 if gamma_prime >= 0 else gamma - 1 + gamma_prime <= 0
    return lazy if within else outgrown


@given(rationals, rationals)
def test_two_layers_are_the_closed_form(gamma, gamma_prime):
    slopes = point(gamma, gamma_prime).slopes(optimizer="adam")
    assert slopes == {"w": closed_form(gamma, gamma_prime), "a": closed_form(gamma, -gamma_prime)}


@given(rationals, rationals)
def test_the_regimes_of_two_layers_are_those_of_gradient_flow(gamma, gamma_prime):
    net = point(gamma, gamma_prime)
    assert net.regime(optimizer="adam") == net.regime()


@pytest.mark.parametrize(
    ("place", "w", "a", "measured"),
    [
        (("1/2", "1/2"), -1, "-1/2", (-0.955, -0.459)),
        (("1/2", 0), "-1/2", "-1/2", (-0.496, -0.506)),
        (("1/2", "-1/2"), "-1/2", -1, (-0.502, -1.009)),
        ((1, 0), 0, 0, (0.002, 0.006)),
        (("7/4", 0), "3/8", "3/8", (0.387, 0.384)),
        (("3/2", "1/4"), "1/8", "3/8", (0.129, 0.387)),
        (("3/2", "-1/4"), "3/8", "1/8", (0.396, 0.142)),
    ],
)
def test_adam_itself_was_measured_there(place, w, a, measured):
    """Widths 4096 to 16384, four points, two seeds; at (3/2, 1) it is still moving: -0.363, 0.637 for -1/2, 1/2."""
    slopes = point(*place).slopes(optimizer="adam")
    assert slopes == {"w": sp.Rational(w), "a": sp.Rational(a)}
    assert [float(s) for s in slopes.values()] == pytest.approx(measured, abs=0.05)


@pytest.mark.parametrize(
    ("powers", "slopes"), [((0, "1/2", 1), (-1, "-1/2", 0)), ((0, "1/2", "1/2"), ("-3/2", -1, -1))]
)
def test_three_layers_where_adam_was_measured(powers, slopes):
    net = pt.Network([pt.m ** -sp.Rational(b) for b in powers])
    assert list(net.slopes(optimizer="adam").values()) == [sp.Rational(s) for s in slopes]


@given(
    networks, st.sampled_from([*OPTIMIZERS, Optimizer("square-descent", 2, "of degree two, for the sake of the law")])
)
def test_the_law_of_growth_solved_as_numbers(network, optimizer):
    """Depth 2 to 5, rates that differ, at m = 10^400 in logarithms: Delta from the equations, then every distance.

    x_l^q = s_l^q + c_l^q Delta with c_l^q = eta_l (fan_in fan_out)^(1 - q/2), and prod_l x_l - prod_l s_l = alpha: a change of f
    by one, from wherever it starts. Both cases of the argument, for every optimiser.
    """
    sigmas, rates, alpha = network
    q, log_width, depth = optimizer.order, 400 * math.log(10), len(sigmas)
    fans = [(0, 1), *[(1, 1)] * (depth - 2), (1, 0)]
    s = [(float(x) + max(pair) / 2) * log_width for x, pair in zip(sigmas, fans, strict=True)]
    c = [(float(x) + (1 - q / 2) * sum(pair)) / q * log_width for x, pair in zip(rates, fans, strict=True)]

    def grown(log_g):
        """Log of log(x_l/s_l): logarithms of logarithms, since the growth may be any size."""
        powers = [q * (log_g + y - x) for x, y in zip(s, c, strict=True)]
        return [z - math.log(q) if z < -30 else math.log(np.logaddexp(0.0, z) / q) for z in powers]

    def missing(log_g):
        return sum(s) + log_expm1(np.logaddexp.reduce(grown(log_g))) - float(alpha) * log_width

    log_g = optimize.brentq(missing, -60 * log_width, 60 * log_width, xtol=1e-9)
    spectral = [log_expm1(x) / log_width for x in grown(log_g)]
    exact = layer_slopes(exponents_of(network), norm="spectral", optimizer=optimizer)
    assert spectral == pytest.approx([float(v) for v in exact], abs=0.01)
    moved = displacement(*exponents_of(network).absorbed(optimizer), optimizer=optimizer)
    assert log_g / log_width == pytest.approx(float(moved.growth) / q, abs=0.01)


def log_expm1(log_x):
    """Log of e^x - 1."""
    return log_x if log_x < -30 else math.exp(log_x) + math.log(-math.expm1(-math.exp(log_x)))


@few
@given(networks, st.sampled_from(OPTIMIZERS))
def test_learning_rates_are_absorbed_by_the_power_of_the_optimiser(network, optimizer):
    """W_l -> W_l/eta_l^(1/q) is an identity of the dynamics."""
    sigmas, rates, alpha = network
    roots = [r / optimizer.order for r in rates]
    plain = [s - r for s, r in zip(sigmas, roots, strict=True)], [0] * len(sigmas), alpha - sum(roots)
    one, other = (layer_slopes(exponents_of(n), optimizer=optimizer) for n in (network, plain))
    assert one == other


@few
@given(networks, rationals, st.sampled_from(OPTIMIZERS))
def test_a_common_factor_on_the_rates_is_another_clock_only(network, factor, optimizer):
    sigmas, rates, alpha = network
    pair = [exponents_of(n) for n in (network, (sigmas, [r + factor for r in rates], alpha))]
    slow, fast = (layer_slopes(exponents, optimizer=optimizer) for exponents in pair)
    assert slow == fast
    steps = [learning_rate_scaling(exponents, optimizer) for exponents in pair]
    assert steps[0].largest_step - steps[1].largest_step == factor
    assert steps[0].steps == steps[1].steps


@few
@given(networks)
def test_sign_descent_takes_a_number_of_steps_that_does_not_depend_on_the_width(network):
    """And its largest rate is the growth itself."""
    exponents = exponents_of(network)
    scaling = learning_rate_scaling(exponents, SIGN_DESCENT)
    growth = displacement(*exponents.absorbed(SIGN_DESCENT), optimizer=SIGN_DESCENT).growth
    assert scaling.largest_step == scaling.fitting_time == growth
    assert scaling.steps == 0
    assert not scaling.logarithm


@few
@given(networks, st.lists(rationals, min_size=6, max_size=6), st.sampled_from(OPTIMIZERS))
def test_slopes_are_continuous(network, direction, optimizer):
    """Piecewise linear with slopes that are bounded: a step of 1e-6 moves no S by more than 40 of it, crossings included."""
    sigmas, rates, alpha = network
    step = sp.Rational(1, 10**6)
    moved = [s + step * d for s, d in zip(sigmas, direction, strict=False)]
    near = moved, rates, alpha + step * direction[-1]
    here, there = (layer_slopes(exponents_of(n), optimizer=optimizer) for n in (network, near))
    assert all(abs(x - y) <= 40 * step for x, y in zip(here, there, strict=True))


@few
@given(networks)
def test_capacity_is_that_of_the_start(network):
    """P is the same with the rates of either optimiser absorbed."""
    exponents = exponents_of(network)
    found = {displacement(*exponents.absorbed(o), optimizer=o).capacity for o in OPTIMIZERS}
    assert found == {capacity_exponent(exponents.sigmas, exponents.alpha)}


@few
@given(st.lists(rationals, min_size=2, max_size=5), rationals, st.integers(0, 4))
def test_a_layer_that_starts_at_zero_is_the_limit_of_tiny_scales(sigmas, alpha, place):
    place %= len(sigmas)
    zero, tiny = (
        pt.Network([own if i == place else pt.m**s for i, s in enumerate(sigmas)], pt.m**alpha, activation=pt.linear)
        for own in (0, pt.m**-100)
    )
    assert zero.displacements(optimizer="adam") == tiny.displacements(optimizer="adam")
    assert zero.slopes(optimizer="adam")[zero.layers[place]] == sp.oo
    assert zero.learning_rate_scaling(optimizer="adam") == tiny.learning_rate_scaling(optimizer="adam")


def test_a_line_of_networks_has_the_slopes_of_its_points():
    line = pt.initialization("e_et_al")
    (g,) = line.gamma.free_symbols
    slopes = pt.slopes_on_slice(line, optimizer="adam")
    for value in map(sp.Rational, ("-1/2", "1/3", 2)):
        assert {k: s.subs(g, value) for k, s in slopes.items()} == point(value, value).slopes(optimizer="adam")


def test_the_theorem_does_not_cover_it():
    net = pt.initialization("ntk")
    assert set(net.basis(optimizer="adam").values()) == {pt.Basis.DERIVED}
    assert net.basis()["w"] is pt.Basis.PROVED
    assert not any("JMLR" in s.source for s in pt.statements(net, optimizer="adam"))


def test_names_of_optimisers():
    assert as_optimizer("adam") is as_optimizer("sign-descent") is as_optimizer(SIGN_DESCENT) is SIGN_DESCENT
    for wrong in ("Adam", "lion", None, 1):
        with pytest.raises(pt.TheoryError, match="use one of gradient-flow, sign-descent, adam"):
            pt.initialization("ntk").slopes(optimizer=wrong)

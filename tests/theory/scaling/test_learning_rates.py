"""Learning rates and training times: against a solvable chain and quadrature."""

import itertools
import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, optimize

import phasetheory as pt

HALF = sp.Rational(1, 2)
rationals = st.fractions(min_value=-2, max_value=2, max_denominator=4).map(sp.Rational)


@given(st.lists(rationals, min_size=2, max_size=4), rationals)
def test_curvatures_and_moves_are_those_of_a_chain_that_conserves_the_balance(strengths, alpha):
    """One exactly solvable network per point: weights s_l in a row, w_l^2 = s_l^2 + D, at width 10^400.

    Its tangent kernel is sum (f/w_l)^2, at the start with f = P, at the end with f = 1.
    """
    assume(sum(strengths) < alpha)
    net = pt.Network(tuple(pt.m ** (s - HALF) for s in strengths), alpha=pt.m**alpha)
    scaling, spectral = net.learning_rate_scaling(), net.slopes("spectral")
    log_width = 400 * math.log(10)
    squares = [2 * float(s) * log_width for s in strengths]  # logarithms throughout: the numbers themselves overflow
    target = 2 * float(alpha) * log_width
    log_d = optimize.brentq(
        lambda x: sum(np.logaddexp(s, x) for s in squares) - target, -40 * log_width, 40 * log_width, xtol=1e-9
    )
    start = sum(squares) - target + np.logaddexp.reduce([-s for s in squares])
    end = np.logaddexp.reduce([-np.logaddexp(s, log_d) for s in squares])
    moves = [_log_move(log_d - s) for s in squares]
    exponents = [value / log_width for value in (start, end, *moves)]
    exact = (scaling.initial_curvature, scaling.final_curvature, *spectral.values())
    assert exponents == pytest.approx([float(value) for value in exact], abs=0.01)
    assert scaling.largest_step == -max(exact[:2])


@given(st.lists(rationals, min_size=2, max_size=4), rationals)
def test_time_to_fit_is_that_of_the_growth_law(strengths, alpha):
    """Quadrature of dt = dD/(2 f (1 - f)), f = prod sqrt(s_l^2 + D)/alpha, up to f = 1/2, at widths 1e60 and 1e90."""
    assume(sum(strengths) < alpha)
    net = pt.Network(tuple(pt.m ** (s - HALF) for s in strengths), alpha=pt.m**alpha)
    scaling = net.learning_rate_scaling()
    times = [_log_time([float(s) for s in strengths], float(alpha), math.log(10) * k) for k in (60, 90)]
    slope = (times[1] - times[0]) / (30 * math.log(10))
    # log(90/60) over log(10^30): what a factor log m adds to the slope
    expected = float(scaling.fitting_time) + (math.log(1.5) / (30 * math.log(10)) if scaling.logarithm else 0)
    assert slope == pytest.approx(expected, abs=1e-3)


def _log_move(x):
    """Log of sqrt(1 + e^x) - 1."""
    if abs(x) > 60:
        return x / 2 if x > 0 else x - math.log(2)
    return math.log(math.expm1(math.log1p(math.exp(x)) / 2))


def _log_time(strengths, alpha, log_width):
    logs = [2 * s * log_width for s in strengths]

    def log_f(x):  # x = log D
        return sum(0.5 * (max(s, x) + math.log1p(math.exp(-abs(s - x)))) for s in logs) - alpha * log_width

    low, high = min(logs) - 40 - abs(alpha) * log_width, max(*logs, 2 * alpha * log_width) + 10
    target = math.log(0.5)
    if log_f(low) > target:
        low -= 1e4
    end = optimize.brentq(lambda x: log_f(x) - target, low, high + 1e4, xtol=1e-10)
    peak = max(x - log_f(x) for x in [*[s for s in logs if s < end], end])
    breaks = sorted({s for s in logs if s < end} | {end})
    edges = [breaks[0] - 60, *breaks]
    total = sum(
        integrate.quad(lambda x: math.exp(x - log_f(x) - peak) / (2 * -math.expm1(log_f(x))), lo, hi, limit=200)[0]
        for lo, hi in itertools.pairwise(edges)
    )
    return peak + math.log(total)


def test_log_factor_needs_growth_beyond_the_second_layer():
    cases = {
        pt.two_layer("m^2", 1, 1): True,  # equal, P < 1
        pt.two_layer("m^3", 1, "1/m"): True,  # unequal, but Delta outgrows both
        pt.two_layer("m^(1/2)", 1, 1): False,  # P > 1
        pt.three_layer("m^4", 1, 1, 1): False,  # three equal strengths: growth is faster than exponential
        pt.three_layer("m^9", 1, 1, "m^2"): True,
    }
    assert {net: net.learning_rate_scaling().logarithm for net in cases} == cases


def test_meaning_is_one_line_a_user_can_act_on():
    assert pt.initialization("he").learning_rate_scaling().meaning == (
        "largest learning rate ~ m^-1: when the width doubles, multiply it by 0.500; "
        "fitting takes a number of steps that does not depend on the width"
    )
    assert "log m steps" in pt.two_layer("m^2", 1, 1).learning_rate_scaling().meaning
    assert "beyond two layers" in pt.three_layer(1, 1, 1, 1).learning_rate_scaling().meaning


@pytest.mark.parametrize(
    ("net", "part"),
    [
        (pt.two_layer(1, 1, 1, activation=pt.relu_power(2)), "winner-take-all"),
        (pt.initialization("e_et_al"), "free symbols"),
    ],
)
def test_networks_without_numbers_or_of_another_degree_are_refused(net, part):
    with pytest.raises(pt.TheoryError, match=part):
        net.learning_rate_scaling()

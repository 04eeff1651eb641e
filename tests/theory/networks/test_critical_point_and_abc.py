"""The critical point and abc parametrisations, against published facts."""

import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st

import phasetheory as pt

HALF = sp.Rational(1, 2)
rationals = st.fractions(min_value=-2, max_value=2, max_denominator=4).map(sp.Rational)
depths = st.integers(2, 6)


def mu_p(depth):
    """The muP printed in table 1 of Yang and Hu, arXiv 2011.14522 (one c for all layers)."""
    return {"a": (-HALF, *[0] * (depth - 2), HALF), "b": (HALF,) * depth, "c": 0}


def standard(depth):
    """Standard parametrisation with its learning rate m^-1, same table."""
    return {"a": (0,) * depth, "b": (0, *[HALF] * (depth - 1)), "c": 1}


def tangent(depth):
    """NTK parametrisation, same table."""
    return {"a": (0, *[HALF] * (depth - 1)), "b": (0,) * depth, "c": 0}


def same_point(first, second):
    """Whether absorbed exponents differ by one common factor in every layer, taken out again by alpha."""
    (s, alpha), (t, beta) = first.exponents.absorbed(), second.exponents.absorbed()
    shifts = {sp.expand(x - y) for x, y in zip(s, t, strict=True)}
    return len(shifts) == 1 and sp.expand(alpha - beta - first.depth * shifts.pop()) == 0


@given(depths, rationals)
def test_every_spectral_slope_vanishes_at_the_critical_point(depth, gauge):
    net = pt.critical_point(depth).network(gauge)
    assert set(net.slopes("spectral").values()) == {0}


@given(depths.flatmap(lambda n: st.lists(rationals, min_size=n + 1, max_size=n + 1)))
def test_it_is_the_only_one(steps):
    """Away from it, beyond the gauge, some layer moves by more or less than its own size."""
    *shifts, shift = steps
    assume(len(set(shifts)) > 1 or shift != len(shifts) * shifts[0])
    base = pt.critical_point(len(shifts)).network()
    moved = pt.Network(
        tuple(s * pt.m**x for s, x in zip(base.sigmas, shifts, strict=True)), alpha=base.alpha * pt.m**shift
    )
    assert set(moved.slopes("spectral").values()) != {0}
    assert not same_point(moved, base)


@pytest.mark.parametrize("depth", [2, 3, 5, 9])
def test_it_is_mu_p_as_published_at_every_depth_and_mean_field_at_two(depth):
    assert same_point(pt.from_abc(**mu_p(depth)), pt.critical_point(depth).network())
    assert not same_point(pt.from_abc(**tangent(depth)), pt.critical_point(depth).network())
    assert same_point(pt.initialization("mean_field"), pt.critical_point(2).network())


@pytest.mark.slow
@given(
    depths.flatmap(
        lambda n: st.tuples(*[st.lists(rationals, min_size=n, max_size=n)] * 4),
    )
)
def test_equivalent_abc_are_one_network(parts):
    a, b, c, theta = parts
    net = pt.from_abc(a=a, b=b, c=c)
    form = pt.to_abc(net)
    assert form.shifted(theta).network().exponents == form.network().exponents
    shifted = pt.from_abc(
        a=[x + t for x, t in zip(a, theta, strict=True)],
        b=[x - t for x, t in zip(b, theta, strict=True)],
        c=[x - 2 * t for x, t in zip(c, theta, strict=True)],
    )
    assert shifted.exponents == net.exponents
    assert shifted.slopes() == net.slopes()


@given(depths.flatmap(lambda n: st.lists(rationals, min_size=2 * n + 1, max_size=2 * n + 1)))
def test_round_trip_through_abc_keeps_the_physics(exponents):
    depth = len(exponents) // 2
    powers = [pt.m**e for e in exponents]
    net = pt.Network(powers[:depth], alpha=powers[-1], learning_rates=tuple(powers[depth:-1]))
    back = pt.to_abc(net).network()
    assert back.exponents.absorbed() == net.exponents.absorbed()
    assert back.learning_rate_scaling() == net.learning_rate_scaling()


@given(depths.flatmap(lambda n: st.lists(rationals, min_size=n, max_size=n)), rationals)
def test_a_shift_of_c_alone_is_not_an_equivalence(c, shift):
    """Negative control: without its partners the change of one c_l is seen by the curvature or the slopes."""
    assume(shift != 0)
    zeros = (0,) * len(c)
    net, other = (pt.from_abc(a=zeros, b=zeros, c=rates) for rates in (c, (c[0] + shift, *c[1:])))
    assert net.exponents.absorbed() != other.exponents.absorbed()
    assert not same_point(net, other)


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("published", [mu_p, standard, tangent])
def test_published_learning_rates_are_the_largest_stable_ones(published, depth):
    assert pt.from_abc(**published(depth)).learning_rate_scaling().largest_step == 0


@pytest.mark.slow
@given(depths, st.lists(st.fractions(0, 2, max_denominator=4), min_size=7, max_size=7))
def test_the_dynamical_dichotomy_of_yang_and_hu(depth, numbers):
    """Their theorem: a stable, nontrivial parametrisation learns features if r = 0 and is in the kernel regime if r > 0.

    a_1 + b_1 = 0 and a_l + b_l = 1/2 (stable at the start), r, and the conditions below are theirs (section 3); c is
    the learning rate, fixed by nontriviality. Ours knows nothing of r.
    """
    first, last, output, *hidden = map(sp.Rational, numbers)
    a = [first - 1, *[h - HALF for h in hidden[: depth - 2]], last]
    b = [-a[0], *[HALF - x for x in a[1:-1]], HALF + output - last]  # a_L + b_L >= 1/2
    c = 1 - 2 * a[-1]  # 2 a_L + c = 1: the output layer's own learning makes f move by O(1)
    low = min(2 * x + (1 if i == 0 else 0) for i, x in enumerate(a[:-1]))
    r = min(a[-1] + b[-1], 2 * a[-1] + c) + c - 1 + low
    assume(r >= 0 and a[-1] + b[-1] + r >= 1)
    slopes = pt.from_abc(a=a, b=b, c=c).slopes("spectral")
    hidden_layers = list(slopes.values())[:-1]
    assert (max(hidden_layers) == 0) == (r == 0)
    assert (max(hidden_layers) < 0) == (r > 0)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: pt.critical_point(1), "at least two layers"),
        (lambda: pt.critical_point(2.5), "depth = 2.5"),
        (lambda: pt.critical_point(2).network("x"), "gauge = 'x'"),
        (lambda: pt.from_abc(a=(0,), b=(0,)), "at least two layers"),
        (lambda: pt.from_abc(a="00", b=(0, 0)), "one exponent per layer"),
        (lambda: pt.from_abc(a=(0, 0), b=(0, 0, 0)), "2 in all"),
        (lambda: pt.from_abc(a=(0, 0), b=(0, "x")), "b contains 'x'"),
        (lambda: pt.from_abc(a=(0, 0), b=(0, float("nan"))), "b contains nan"),
    ],
)
def test_bad_requests_say_what_to_do(call, part):
    with pytest.raises(pt.TheoryError, match=part):
        call()


def test_the_critical_point_of_a_hundred_layers():
    point = pt.critical_point(100)
    assert point.sigmas == (point.gauge,) * 100
    assert set(point.network().slopes("spectral").values()) == {0}


def test_kappa_of_many_layers_of_a_high_degree_is_refused_and_gamma_is_given():
    net = pt.Network(["sqrt(2/m)"] * 60, activation=pt.relu_power(2))
    assert net.gamma == sp.Rational(2**60 - 1, 2)
    with pytest.raises(pt.TheoryError, match="beyond 4096; ask for gamma"):
        _ = net.kappa

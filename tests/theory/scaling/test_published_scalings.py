"""Exponents that others found by other ways, out of the same argument; gradient flow."""

import pytest
import sympy as sp

import phasetheory as pt

HALF, QUARTER = sp.Rational(1, 2), sp.Rational(1, 4)
m = pt.m


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_largest_rate_and_output_scale(depth):
    """Atanasov et al., arXiv 2410.04642: richness gamma_0 in the output of muP; rate gamma_0^2 if lazy, gamma_0^(2/L) if rich."""
    richness = sp.Rational(3, 10)
    base = pt.critical_point(depth).network().learning_rate_scaling().largest_step
    lazy, rich = (
        pt.Network((1,) * depth, m ** (sp.Rational(depth, 2) + g)).learning_rate_scaling().largest_step - base
        for g in (-richness, richness)
    )
    assert (lazy, rich) == (-2 * richness, 2 * richness / depth)


@pytest.mark.parametrize(
    ("small", "time", "logarithm"), [(1, 0, False), (2, 0, True), (3, QUARTER, False), (4, HALF, False)]
)
def test_plateau_of_small_layers(small, time, logarithm):
    """Rawal and DeWeese, arXiv 2605.01288: r layers of size epsilon, T ~ epsilon^-(r-2); epsilon = m^(-1/4), depth 4."""
    scaling = pt.Network([m ** -(HALF + QUARTER)] * small + [m**-HALF] * (4 - small)).learning_rate_scaling()
    assert (scaling.fitting_time, scaling.logarithm) == (time, logarithm)


@pytest.mark.parametrize(("depth", "rate"), [(2, 1), (3, "3/4"), (4, "2/3"), (5, "5/8")])
def test_power_of_the_fan_in_at_which_training_leaves_the_linear_regime(depth, rate):
    """std = fan_in^-g: P = 1, and the weakest layer critical, at g = 1/2 + 1/(2 (L - 1)); a little less and all are linear."""
    rate = sp.Rational(rate)
    assert rate == HALF + sp.Rational(1, 2 * (depth - 1))
    on, below = (pt.Network([1, *[m**-g] * (depth - 1)]) for g in (rate, rate - sp.Rational(1, 50)))
    assert on.capacity == 0 == max(on.slopes("spectral").values())
    assert max(below.slopes("spectral").values()) < 0


def test_upstream_and_downstream():
    """Kunin et al., arXiv 2406.06158: the same capacity, the imbalance decides which layer learns."""
    upstream, downstream = (
        pt.two_layer(1, m**-QUARTER, m ** (-5 * QUARTER)),
        pt.two_layer(1, m ** (-5 * QUARTER), m**-QUARTER),
    )
    assert upstream.capacity == downstream.capacity
    assert upstream.slopes() == {"w": HALF, "a": -1}
    assert downstream.slopes() == {"w": -1, "a": HALF}


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_one_rate_in_the_standard_parametrisation(depth):
    """Square loss: 1/m for gradient descent (Haas et al., arXiv 2505.22491: m^(-1/2) for cross entropy, which allows more)."""
    assert pt.initialization("he", depth).learning_rate_scaling().largest_step == -1

"""Flow, normalisation and balance law against the paper, each with its residual."""

import dataclasses

import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.dynamics.gradient_flow import learning_rate_symbols

P = sp.Symbol("p", positive=True)
ALPHA, BETA1, BETA2, BETA3 = sp.symbols("alpha beta1 beta2 beta3", positive=True)
CASES = [
    (2, pt.relu),
    (2, pt.leaky_relu()),
    (2, pt.linear),
    (2, pt.relu_power(P)),
    (3, pt.relu),
    (3, pt.relu_power(2)),
    (3, pt.leaky_relu()),
    (4, pt.relu),
]
IDS = [f"depth{depth}-{activation.name}-{activation.degree}" for depth, activation in CASES]


@pytest.fixture(scope="module", params=CASES, ids=IDS)
def flow(request):
    depth, activation = request.param
    return pt.gradient_flow(depth, activation, samples=2 if depth == 2 else 1, inputs=1 if depth == 4 else 2)


def test_equations_of_motion_are_minus_the_gradient(flow):
    assert all(residual.is_zero_matrix for residual in flow.residual())


def test_normalisation_proves_itself_in_both_directions(flow):
    normal = pt.normalize(flow)
    assert all(residual.is_zero_matrix for residual in normal.residual())
    assert all(residual.is_zero_matrix for residual in normal.round_trip())
    assert sp.simplify(sp.Mul(*normal.mobilities)) == 1


def test_balance_law_is_proved_per_neuron_and_layer(flow):
    laws = pt.balance_laws(flow)
    assert all(law.proved for law in laws)
    assert {law.neuron for law in laws} == {1, 2, None}


def test_a_wrong_balance_law_is_caught():
    """Negative control: without the factor p the rate does not vanish."""
    flow = pt.gradient_flow(2, pt.relu_power(2), samples=1)
    a, w = flow.weights[1][0], flow.weights[0].row(0)
    rate = 2 * a * flow.velocities[1][0] - sum(2 * x * v for x, v in zip(w, flow.velocities[0].row(0), strict=True))
    assert sp.cancel(sp.together(flow.activation.use_euler(rate))) != 0


def test_two_layers_give_the_numbers_of_the_paper():
    normal = pt.normalize(pt.gradient_flow(2))
    assert normal.time_unit == BETA1 * BETA2
    assert normal.kappa == BETA1 * BETA2 / ALPHA
    assert normal.kappa_prime == BETA1 / BETA2
    assert normal.mobilities == (BETA1 / BETA2, BETA2 / BETA1)


def test_degree_p_changes_kappa_only():
    normal = pt.normalize(pt.gradient_flow(2, pt.relu_power(P), samples=1))
    assert normal.kappa == BETA1 * BETA2**P / ALPHA
    assert normal.time_unit == BETA1 * BETA2


def test_three_layers_in_the_order_of_the_book():
    normal = pt.normalize(pt.gradient_flow(3, samples=1))
    assert normal.kappa == BETA1 * BETA2 * BETA3 / ALPHA
    assert normal.kappa_prime == BETA3 / BETA1


@pytest.mark.parametrize("depth", [2, 3])
def test_layer_wise_learning_rates_enter_the_mobilities_and_the_balance(depth):
    rates = learning_rate_symbols(depth)
    flow = pt.gradient_flow(depth, samples=1, learning_rates=rates)
    normal = pt.normalize(flow)
    assert all(residual.is_zero_matrix for residual in (*normal.residual(), *normal.round_trip()))
    assert all(law.proved for law in pt.balance_laws(flow))
    for mobility, sigma, eta in zip(normal.mobilities, normal.sigmas, rates, strict=True):
        assert sp.simplify(mobility - normal.time_unit * eta / sigma**2) == 0


def test_a_wrong_normalisation_is_caught():
    """Negative control: twice the time unit leaves a residual."""
    normal = pt.normalize(pt.gradient_flow(2, samples=1))
    wrong = dataclasses.replace(normal, time_unit=2 * normal.time_unit)
    assert not all(residual.is_zero_matrix for residual in wrong.residual())
    assert not all(residual.is_zero_matrix for residual in wrong.round_trip())


def test_depth_below_two_is_refused():
    with pytest.raises(pt.TheoryError, match="at least two layers"):
        pt.gradient_flow(1)


@pytest.mark.slow
def test_a_deep_derivation_holds_and_has_a_limit():
    derivation = pt.derive(depth=20)  # no step failed at 15, nor at 20
    assert all(check.holds for check in derivation.checks)
    assert all(
        mobility.free_symbols == set(derivation.normalized.sigmas) for mobility in derivation.normalized.mobilities
    )
    with pytest.raises(pt.TheoryError, match="give at most 50 layers"):
        pt.derive(depth=51)
    with pytest.raises(pt.TheoryError, match="give at most 50 layers"):
        pt.derive(pt.initialization("he", 51))

"""Weight decay: the map onto the flow without it, proved and integrated; its walk, its balance law, and what is refused."""

import functools
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

import phasetheory as pt
from phasetheory.dynamics.gradient_flow import alpha, learning_rate_symbols

lam = sp.Symbol("lambda", positive=True)


def decayed(depth, activation=pt.relu, **more):
    return pt.decayed_flow(pt.gradient_flow(depth, activation, samples=2 if depth == 2 else 1, **more))


def zero(matrices):
    return all(matrix.is_zero_matrix for matrix in matrices)


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("activation", [pt.relu, pt.relu_power(3)], ids=lambda activation: activation.name)
def test_the_map_is_proved_for_unequal_decays(depth, activation):
    flow = decayed(depth, activation, learning_rates=learning_rate_symbols(depth))
    assert zero(flow.residual())
    assert flow.output_residual() == flow.unit_residual() == 0
    assert set(flow.rates_residual()) == set(flow.balance_residuals(pt.balance_laws(flow.flow))) == {0}


def test_equal_decays_leave_two_layers_one_clock_that_stands_still_and_three_one_that_runs():
    t = decayed(2).time
    for depth, clock in ((2, 1), (3, sp.exp(-lam * t))):
        flow = decayed(depth)
        equal = dict.fromkeys(flow.decays, lam)
        assert {sp.simplify(c.subs(equal)) for c in flow.clocks} == {clock}
        assert sp.simplify(flow.kappa_decay.subs(equal) - sp.exp(-depth * lam * t)) == 0
        assert sp.simplify(flow.kappa_prime_decay.subs(equal)) == 1
        assert flow.unit_scale**2 == alpha ** sp.Rational(2, depth)


def test_the_walk_of_two_layers():
    """P(t) = P exp(-(mu_a + mu_w) tau), kappa'(t) = kappa' exp(-(mu_a - mu_w) tau)."""
    flow = decayed(2)
    of_w, of_a = flow.decays
    assert sp.simplify(flow.kappa_decay - sp.exp(-(of_a + of_w) * flow.time)) == 0
    assert sp.simplify(flow.kappa_prime_decay - sp.exp(-(of_a - of_w) * flow.time)) == 0


def test_a_wrong_map_is_no_proof():
    flow = decayed(2)
    laws = pt.balance_laws(flow.flow)
    other = replace(flow, decays=flow.decays[::-1])
    vars(other)["clocks"] = flow.clocks  # those of the other layer
    assert not zero(other.residual())
    assert any(other.rates_residual())
    assert 0 not in flow.balance_residuals(tuple(replace(law, rate=law.quantity) for law in laws))


def right_hand_side(flow, velocities, residuals, time, numbers):
    """Of a flow from its symbols, leaky relu of slope 1/5: a function of t and all weights in one array."""
    net = flow.flow
    weights = [entry for matrix in net.weights for entry in matrix]
    written = dict(zip(net.residuals, residuals, strict=True))
    named = {net.activation.function: sp.Function("value"), net.activation.derivative: sp.Function("slope")}
    entries = [v.subs(written).subs(numbers) for matrix in velocities for v in matrix]
    entries = [functools.reduce(lambda entry, pair: entry.replace(*pair), named.items(), entry) for entry in entries]
    numeric = {"value": lambda z: z if z > 0 else 0.2 * z, "slope": lambda z: 1.0 if z > 0 else 0.2}
    function = sp.lambdify([time, weights], entries, [numeric, "math"], cse=True)
    return lambda t, state: np.array(function(t, state.tolist()))


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("rates", [(0.3, 0.3, 0.3), (0.4, 0.1, 0.2)], ids=["equal", "unequal"])
def test_the_map_against_integrated_flows(depth, rates):
    flow = decayed(depth, pt.leaky_relu("1/5"))
    net, t = flow.flow, flow.time
    numbers = {alpha: 1.5, **dict(zip(flow.decays, rates, strict=False))}
    draws = np.random.default_rng(7)
    numbers |= {symbol: draws.normal() for symbol in (*net.inputs, *net.targets)}
    errors = [f - y for f, y in zip(net.outputs, net.targets, strict=True)]
    decay = sp.exp(-flow.output_decay * t)
    mapped = [decay * f - y for f, y in zip(net.outputs, net.targets, strict=True)]
    clocked = [v * clock for v, clock in zip(net.velocities, flow.clocks, strict=True)]
    start = draws.normal(size=sum(len(w) for w in net.weights))
    options = {"rtol": 1e-11, "atol": 1e-13, "method": "DOP853", "t_eval": [1.0, 3.0]}
    direct, through = (
        solve_ivp(right_hand_side(flow, velocities, residuals, t, numbers), (0, 3), start, **options).y
        for velocities, residuals in ((flow.velocities, errors), (clocked, mapped))
    )
    shrunk = np.concatenate([np.full(len(w), rate) for w, rate in zip(net.weights, rates, strict=False)])
    assert np.max(np.abs(direct - np.exp(-np.outer(shrunk, [1.0, 3.0])) * through)) < 1e-8
    assert np.max(np.abs(direct - start[:, None])) > 0.1  # it moved


def test_unequal_decays_end_balanced_and_equal_ones_keep_what_decays():
    flow = decayed(2, pt.leaky_relu("1/5"))
    net, t = flow.flow, flow.time
    draws = np.random.default_rng(3)
    data = {symbol: draws.normal() for symbol in (*net.inputs, *net.targets)}
    errors = [f - y for f, y in zip(net.outputs, net.targets, strict=True)]
    start = 2 * draws.normal(size=6)
    for rates, until in (((0.01, 0.04), 2000.0), ((0.02, 0.02), 20.0)):
        numbers = {alpha: 1, **data, **dict(zip(flow.decays, rates, strict=True))}
        motion = right_hand_side(flow, flow.velocities, errors, t, numbers)
        end = solve_ivp(motion, (0, until), start, rtol=1e-11, atol=1e-13, method="LSODA").y[:, -1]
        squares = [(a**2, np.sum(w**2)) for w, a in zip(end[:4].reshape(2, 2), end[4:], strict=True)]
        first = [(a**2, np.sum(w**2)) for w, a in zip(start[:4].reshape(2, 2), start[4:], strict=True)]
        if rates[0] != rates[1]:
            alive = [(a, w) for a, w in squares if a > 1e-6]
            assert alive
            assert all(rates[1] * a == pytest.approx(rates[0] * w, rel=1e-6) for a, w in alive)
        else:
            kept = [(a - w) * np.exp(2 * rates[0] * until) for a, w in squares]
            assert kept == pytest.approx([a - w for a, w in first], rel=1e-7)


@pytest.mark.slow
def test_the_document_says_it_and_its_checks_hold():
    derivation = pt.derive(weight_decay=True)
    assert all(check.holds for check in derivation.checks)
    text = pt.write(derivation)
    assert "P(τ) = P exp(-(μ_a + μ_w) τ),   κ'(τ) = κ' exp(-(μ_a - μ_w) τ)" in text
    assert "Weight decay: the map  [proved]" in text
    assert "The end  [derived]" in text
    assert len(derivation.checks) == len(pt.derive().checks) + 5
    assert "λ α^(2/L)" in pt.write(pt.derive(depth=3, weight_decay=True))
    assert "The end" not in pt.write(pt.derive(activation=pt.relu_power(2), weight_decay=True))  # no slope is claimed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight_decay": 0.1}, "give True to have it derived; a number goes into phasetheory.with_weight_decay"),
        ({"weight_decay": True, "optimizer": "adam"}, "weight decay under sign descent"),
    ],
)
def test_refused(options, message):
    with pytest.raises(pt.TheoryError, match=message):
        pt.derive(**options)

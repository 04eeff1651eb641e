"""Weight decay of a deep network: the exact map, methods against each other, what takes it."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import numerics as nm

RATES = [(0.04, 0.04, 0.04), (0.01, 0.04, 0.1)]


def drawn(activation, widths=(3, 5, 4, 1)):
    return nm.DeepNetwork.sample(widths, (0.7, 0.5, 0.5), rng=1, activation=activation)


@pytest.mark.slow
@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize(("method", "rtol"), [("exponential", 1e-5), ("rkc", 1e-5)])
def test_a_decayed_run_is_one_without_decay_whose_scale_and_rates_move(method, rtol, rates):
    """O of W_l = exp(-Lambda_l t) O_l: output scale exp(-D t), layer rates exp((2 Lambda_l - D) t)."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((4, 3)), rng.standard_normal(4)
    start = drawn("linear")
    total, zero = sum(rates), y + start.offset(X)
    shapes = [w.shape for w in start.weights]
    ends = np.cumsum([w.size for w in start.weights])[:-1]

    def layers(flat):
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]

    def velocity(t, flat):
        weights = layers(flat)
        signals = start.chain.forward(weights, X)
        e = np.exp(-total * t) * signals.output - zero
        gradient = start.chain.backward(weights, signals).transposed_product(e / 4)
        speeds = np.exp((2 * np.array(rates) - total) * t)
        return np.concatenate([-speed * g.ravel() for speed, g in zip(speeds, gradient, strict=True)])

    t = 1.5
    flat = np.concatenate([w.ravel() for w in start.weights])
    moved = layers(solve_ivp(velocity, (0, t), flat, "DOP853", rtol=1e-12, atol=1e-13).y[:, -1])
    run = nm.gradient_flow(start, X, y, method=method, rtol=rtol, t_max=t, loss_tol=1e-30, weight_decay=rates)
    for w, o, rate in zip(run.network.weights, moved, rates, strict=True):
        np.testing.assert_allclose(w, np.exp(-rate * t) * o, atol=1e-8)


@pytest.mark.parametrize("rates", RATES)
def test_methods_agree_with_kinks(four_points, rates):
    X, y = four_points
    start = nm.DeepNetwork.sample((2, 40, 40, 1), (1, 0.2, 0.2), rng=1)
    fine, coarse = (
        nm.gradient_flow(start, X, y, method=method, rtol=rtol, t_max=20, loss_tol=1e-30, weight_decay=rates)
        for method, rtol in (("rkc", 1e-3), ("exponential", 1e-2))
    )
    for layer, distance in fine.relative_distance.items():
        assert coarse.relative_distance[layer] == pytest.approx(distance, rel=1e-2)
    assert coarse.loss == pytest.approx(fine.loss, rel=1e-2)
    assert np.isnan(coarse.conserved_drift) == (len(set(rates)) > 1)


def test_of_several_outputs_methods_agree_and_the_bound_is_that_of_their_norms(four_points):
    X, y = four_points
    start = nm.DeepNetwork.sample((2, 12, 10, 2), (1, 1, 1), alpha=3.0, rng=2)
    both = np.column_stack([y, y**2 - 0.3])
    fine, coarse = (
        nm.gradient_flow(start, X, both, method=method, rtol=rtol, t_max=20, loss_tol=1e-30, weight_decay=0.01)
        for method, rtol in (("rkc", 1e-3), ("exponential", 1e-3))
    )
    for layer, distance in fine.relative_distance.items():
        assert coarse.relative_distance[layer] == pytest.approx(distance, rel=3e-3)
    rate = 1.01 * nm.collapse_bound(start, X, both)
    with pytest.warns(UserWarning, match="is beyond"):
        run = nm.gradient_flow(start, X, both, loss_tol=1e-30, t_max=30 / rate, weight_decay=rate, throw=False)
    assert run.loss == pytest.approx(np.sum((both + start.offset(X)) ** 2) / (2 * len(X)), rel=1e-6)
    assert all(np.linalg.norm(w) < 1e-3 for w in run.network.weights)


def test_an_activation_that_is_not_homogeneous_takes_rkc(four_points):
    X, y = four_points
    with pytest.warns(UserWarning, match="homogeneous only"):
        start = drawn("tanh", (2, 5, 4, 1))
    with pytest.raises(nm.InputError, match=r"takes relu, leaky relu or linear; use method = 'rkc'"):
        nm.gradient_flow(start, X, y, weight_decay=0.1)
    run = nm.gradient_flow(start, X, y, method="rkc", weight_decay=0.1, t_max=3.0, loss_tol=1e-30)
    descent = nm.descend(
        start,
        X,
        y,
        optimizer="gradient-descent",
        rate=1e-3,
        weight_decay=0.1,
        max_steps=3000,
        loss_tol=1e-30,
        throw=False,
    )
    for layer, distance in run.relative_distance.items():
        assert descent.relative_distance[layer] == pytest.approx(distance, rel=2e-3)


@pytest.mark.parametrize("share", [(1, 1, 1), (0.5, 1, 2)])  # of the geometric mean
def test_beyond_the_bound_a_deep_network_ends_at_nothing_and_is_warned_of_it(four_points, share):
    X, y = four_points
    start = nm.DeepNetwork.sample((2, 8, 8, 1), (1.5, 0.5, 0.5), rng=1)
    rates = 1.01 * nm.collapse_bound(start, X, y) * np.array(share)
    with pytest.warns(UserWarning, match="is beyond .*, from which on all weights decay to 0; the run goes on"):
        run = nm.gradient_flow(start, X, y, loss_tol=1e-30, t_max=30 / rates.min(), weight_decay=rates, throw=False)
    assert run.loss == pytest.approx(np.mean((y + start.offset(X)) ** 2) / 2, rel=1e-6)
    assert all(np.linalg.norm(w) < 1e-3 for w in run.network.weights)


@pytest.mark.slow
def test_where_a_deep_network_stays_its_balance_is_within_what_the_bound_rests_on(four_points):
    """c = Lambda |W_l|^2 of every layer, at most R_0/2 and at most B (c/Lambda)^(3/2)."""
    X, y = four_points
    start = nm.DeepNetwork.sample((2, 20, 20, 1), (1.5, 0.5, 0.5), rng=1)
    bound, targets = nm.collapse_bound(start, X, y), y + start.offset(X)
    rate = 0.5 * bound
    run = nm.gradient_flow(start, X, y, loss_tol=1e-30, t_max=40 / rate, weight_decay=rate)
    first, *others = (rate * np.sum(w**2) for w in run.network.weights)
    assert others == pytest.approx([first, first], rel=1e-3)
    half = np.mean(targets**2) / 4
    forces = start.kappa * np.mean(np.abs(targets) * np.linalg.norm(X, axis=1))
    assert 0.1 * half < first < half
    assert first < forces * (first / rate) ** 1.5
    assert bound == pytest.approx(forces ** (2 / 3) * half ** (1 / 3))


def test_the_bound_is_that_of_homogeneous_activations(four_points):
    with pytest.warns(UserWarning, match="tanh"):
        start = drawn("tanh", (2, 5, 4, 1))
    with pytest.raises(nm.InputError, match="tanh is not homogeneous, and only then do layers balance"):
        nm.collapse_bound(start, *four_points)
    with pytest.raises(nm.InputError, match="3 inputs"):
        nm.collapse_bound(drawn("relu"), *four_points)

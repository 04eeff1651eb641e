"""A step put back on the balance law: the network stays the same function, and its signals go with it."""

from itertools import pairwise

import numpy as np
import pytest

import numerics as nm
from numerics.flow.deep.balance import Balance, Sizes
from numerics.flow.deep.change import Change
from numerics.flow.deep.problem import DeepProblem
from numerics.networks.jacobian import Moved

X = np.array([[-0.7, 1.0], [0.2, 1.0], [0.9, 1.0]])


def drifted(network, seed=0):
    """Weights near those of the network, off its balances."""
    rng = np.random.default_rng(seed)
    return tuple(w * (1 + 0.1 * rng.standard_normal(w.shape)) for w in network.weights)


def sizes_of(weights, network):
    return Sizes.of(weights, network.weights, network.chain.biased)


@pytest.mark.parametrize("sizes", [(2, 6, 1), (2, 6, 5, 1), (2, 6, 5, 4, 1), (2, 1, 1)])
@pytest.mark.parametrize("antisymmetric", [False, True])
def test_sizes_by_hand(sizes, antisymmetric):
    network = nm.DeepNetwork.sample(sizes, (1.0,) * (len(sizes) - 1), rng=1, antisymmetric=antisymmetric)
    weights = drifted(network)
    found = sizes_of(weights, network)
    for layer, (w, start) in enumerate(zip(weights, network.weights, strict=True)):
        np.testing.assert_allclose(found.rows[layer], np.sum(w**2, axis=2))
        np.testing.assert_allclose(found.columns[layer], np.sum(w**2, axis=1))
        assert found.moved((False,) * len(weights))[layer] == pytest.approx(np.linalg.norm(w - start))
    norms = [np.sum(below**2, axis=2) + np.sum(above**2, axis=1) for below, above in pairwise(weights)]
    assert found.largest() == pytest.approx(max(part.max() for part in norms))


@pytest.mark.parametrize("sizes", [(2, 6, 1), (2, 6, 5, 1), (2, 6, 5, 4, 1), (2, 1, 1)])
@pytest.mark.parametrize("antisymmetric", [False, True])
def test_back_on_the_balances_with_the_same_output_and_signals(sizes, antisymmetric):
    network = nm.DeepNetwork.sample(sizes, (1.0,) * (len(sizes) - 1), rng=1, antisymmetric=antisymmetric)
    balance, weights = Balance(network.weights, network.chain.biased), drifted(network)
    signals, jacobian = network.chain.differentiate(weights, X)
    output, now = signals.output.copy(), sizes_of(weights, network)
    then = sizes_of(network.weights, network).balances()
    off = [np.abs(part).max() for part in balance.off(now)]
    for part, before, after in zip(balance.off(now), then, now.balances(), strict=True):
        np.testing.assert_allclose(part, after - before)
    now = balance.restore(weights, signals, jacobian, now)
    again, differentiated = network.chain.differentiate(weights, X)
    np.testing.assert_allclose(again.output, output, rtol=1e-12)
    for kind in ("hidden", "preactivations"):
        for found, expected in zip(getattr(signals, kind), getattr(again, kind), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    for found, expected in zip(jacobian.backward, differentiated.backward, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(now.squares, sizes_of(weights, network).squares)
    for _ in range(100):  # layer by layer: what one does to the next is taken out by the next step
        now = balance.restore(weights, signals, jacobian, now)
    assert max(np.abs(part).max() for part in balance.off(now)) < 0.01 * max(off)


@pytest.mark.parametrize("seed", range(6))
def test_a_neuron_without_weights_on_one_side_is_left_alone(seed):
    """Whatever its balance was, positive or negative."""
    network = nm.DeepNetwork.sample((2, 3, 1), (1.0, 1.0), rng=seed)
    weights = tuple(w.copy() for w in network.weights)
    weights[0][0, 1], weights[1][0, 0, 2] = 0.0, 0.0
    before = [w.copy() for w in weights]
    balance = Balance(network.weights, network.chain.biased)
    balance.restore(weights, *network.chain.differentiate(weights, X), sizes_of(weights, network))
    np.testing.assert_array_equal(weights[0][0, 1:], before[0][0, 1:])
    np.testing.assert_array_equal(weights[1][0, :, 1:], before[1][0, :, 1:])


@pytest.mark.parametrize("antisymmetric", [False, True])
def test_a_change_is_made_with_its_sizes_and_taken_back(antisymmetric):
    network = nm.DeepNetwork.sample((2, 6, 5, 1), (1.0, 0.5, 0.5), rng=1, antisymmetric=antisymmetric)
    rng, weights = np.random.default_rng(2), drifted(network)
    moved = Moved.by((network.jacobian(X), rng.standard_normal((3, len(X)))))
    rows, columns = ([1 + rng.random((len(w), w.shape[axis])) for w in weights] for axis in (1, 2))
    change, before = Change(moved, rows, columns), [w.copy() for w in weights]
    sizes = Sizes.empty([w.shape for w in weights], network.chain.biased)
    for layer, w in enumerate(weights):
        change.make(layer, w, network.weights[layer], sizes)
        less = moved.left[layer].swapaxes(1, 2) @ moved.right[layer]
        assert np.abs(less).max() <= change.bound()
        exact = rows[layer][:, :, None] * (before[layer] - less) * columns[layer][:, None]
        np.testing.assert_allclose(w, exact, rtol=1e-12)
    by_hand = sizes_of(weights, network)
    np.testing.assert_allclose(sizes.squares, by_hand.squares)
    for found, expected in zip([*sizes.rows, *sizes.columns], [*by_hand.rows, *by_hand.columns], strict=True):
        np.testing.assert_allclose(found, expected)
    change.take_back(weights)
    for w, then in zip(weights, before, strict=True):
        np.testing.assert_allclose(w, then, rtol=1e-12, atol=1e-14)


def test_a_refused_step_leaves_the_weights_it_started_from():
    network = nm.DeepNetwork.sample((2, 6, 5, 1), (1.0, 0.5, 0.5), rng=1)
    problem = DeepProblem(network, X, np.array([0.3, -0.2, 0.5]), "exponential", None)
    problem.method.prepare(problem.point)
    for h in (0.3, 3.0):
        problem.method.attempt(problem.point, h, problem.trial)
        assert not np.allclose(problem.trial.y, np.concatenate([w.ravel() for w in network.weights]))
        np.testing.assert_allclose(
            problem.point.y, np.concatenate([w.ravel() for w in network.weights]), rtol=1e-13, atol=1e-15
        )
    stranger = problem.flow.new_point(problem.point.store)
    with pytest.raises(AssertionError, match="written over"):
        assert stranger.y is None

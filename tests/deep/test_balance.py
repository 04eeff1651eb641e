"""A step put back on the balance law: the network stays the same function, and its signals go with it."""

import numpy as np
import pytest

import numerics as nm
from numerics.flow.deep.balance import Balance, neuron_norms

X = np.array([[-0.7, 1.0], [0.2, 1.0], [0.9, 1.0]])


def drifted(network, seed=0):
    """Weights near those of the network, off its balances."""
    rng = np.random.default_rng(seed)
    return tuple(w * (1 + 0.1 * rng.standard_normal(w.shape)) for w in network.weights)


def balances(weights):
    return [r - c for r, c in zip(*neuron_norms(weights), strict=True)]


@pytest.mark.parametrize("sizes", [(2, 6, 1), (2, 6, 5, 1), (2, 6, 5, 4, 1), (2, 1, 1)])
@pytest.mark.parametrize("antisymmetric", [False, True])
def test_back_on_the_balances_with_the_same_output_and_signals(sizes, antisymmetric):
    network = nm.DeepNetwork.sample(sizes, (1.0,) * (len(sizes) - 1), rng=1, antisymmetric=antisymmetric)
    balance, weights = Balance(network.weights), drifted(network)
    signals = network.chain.forward(weights, X)
    output, off = (
        signals.output.copy(),
        [b - a for a, b in zip(balances(network.weights), balances(weights), strict=True)],
    )
    moved = balance.restore(weights, signals)
    for found, expected in zip(balance.removed, off, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(
        moved, [np.linalg.norm(w - start) for w, start in zip(weights, network.weights, strict=True)], rtol=1e-12
    )
    again = network.chain.forward(weights, X)
    np.testing.assert_allclose(again.output, output, rtol=1e-12)
    for kind in ("hidden", "preactivations"):
        for found, expected in zip(getattr(signals, kind), getattr(again, kind), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    for _ in range(100):  # layer by layer: what one does to the next is taken out by the next step
        balance.restore(weights, signals)
    left = [np.abs(b - a).max() for a, b in zip(balances(network.weights), balances(weights), strict=True)]
    assert max(left) < 0.01 * max(np.abs(part).max() for part in off)


@pytest.mark.parametrize("seed", range(6))
def test_a_neuron_without_weights_on_one_side_is_left_alone(seed):
    """Whatever its balance was, positive or negative."""
    network = nm.DeepNetwork.sample((2, 3, 1), (1.0, 1.0), rng=seed)
    weights = tuple(w.copy() for w in network.weights)
    weights[0][0, 1], weights[1][0, 0, 2] = 0.0, 0.0
    before = [w.copy() for w in weights]
    Balance(network.weights).restore(weights, network.chain.forward(weights, X))
    np.testing.assert_array_equal(weights[0][0, 1:], before[0][0, 1:])
    np.testing.assert_array_equal(weights[1][0, :, 1:], before[1][0, :, 1:])

"""Sampling, coordinates and what a mistake says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numerics as nm

X = np.array([[0.5, 1.0], [-0.3, 1.0]])
scales = st.floats(-2, 2).map(lambda exponent: 10.0**exponent)


@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4), seed=st.integers(0, 99), pair=st.booleans())
def test_the_output_starts_at_zero(sizes, seed, pair):
    options = {"antisymmetric": True} if pair else {"centred": True}
    network = nm.DeepNetwork.sample((2, *sizes, 1), [1.0] * (len(sizes) + 1), rng=seed, **options)
    assert network.depth == len(sizes) + 1
    assert network.widths == (2, *sizes, 1)
    assert len(network.layers) == network.depth
    raw = nm.DeepNetwork.sample((2, *sizes, 1), [1.0] * (len(sizes) + 1), rng=seed, centred=False)
    assert np.all(np.abs(network(X)) <= 1e-13 * np.max(np.abs(raw(X)), initial=1.0))


@given(sigmas=st.lists(scales, min_size=3, max_size=3), alpha=scales, seed=st.integers(0, 99))
def test_uniform_coordinates_are_the_network_that_was_asked_for(sigmas, alpha, seed):
    network = nm.DeepNetwork.sample((2, 5, 4, 1), sigmas, alpha=alpha, rng=seed, centred=False)
    w1, w2, a = (w[0] for w in network.original_weights())
    rng = np.random.default_rng(seed)
    for w, sigma in zip((w1, w2, a), sigmas, strict=True):
        np.testing.assert_allclose(w, sigma * rng.standard_normal(w.shape), rtol=1e-12)
    written = a[0] @ np.maximum(w2 @ np.maximum(w1 @ X.T, 0), 0) / alpha
    np.testing.assert_allclose(network(X), written, rtol=1e-9, atol=1e-12 * np.prod(sigmas) / alpha)


@given(factors=st.lists(scales, min_size=2, max_size=2), seed=st.integers(0, 99))
def test_scale_moved_between_layers_leaves_the_function(factors, seed):
    """And, with the learning rates that go with it, the flow: the uniform coordinates are the same."""
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal(shape) for shape in ((5, 2), (4, 5), (1, 4))]
    first, second = factors
    moves = (first, second / first, 1 / second)
    moved = [c * w for c, w in zip(moves, weights, strict=True)]
    rates = [c**2 for c in moves]
    one = nm.DeepNetwork.from_weights(weights, sigmas=(1.0, 1.0, 1.0))
    other = nm.DeepNetwork.from_weights(moved, sigmas=moves, learning_rates=rates)
    np.testing.assert_allclose(one(X), other(X), rtol=1e-9, atol=1e-12)
    assert other.time_unit == pytest.approx(one.time_unit)
    for v, w in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(v, w, rtol=1e-10)


def test_what_the_weights_are_normalised_by():
    """Uniform over normalised weights: of deviation 1 each; without sigmas W itself counts as normalised."""
    sigmas = (2.0, 0.1, 0.5)
    network = nm.DeepNetwork.sample((2, 300, 300, 1), sigmas, learning_rates=(1, 4, 9), rng=0, centred=False)
    for w, unit in zip(network.weights, network.relative_units, strict=True):
        assert np.std(w) == pytest.approx(unit, rel=0.1)
    given = nm.DeepNetwork.from_weights([w[0] for w in network.weights], learning_rates=(1, 4, 9))
    bare = nm.DeepNetwork(given.weights, given.kappa, given.activation, given.gains, given.scales, given.time_unit)
    for other in (given, bare):
        assert other.sigmas == (1.0, 1.0, 1.0)
        assert other.relative_units == tuple(1 / scale for scale in other.scales)
    with pytest.raises(nm.InputError, match="sigmas"):
        replace(given, sigmas=(1.0, 1.0))
    two = nm.TwoLayer.sample(1000, 1.0, 0.7, X, rng=0)
    ratio = np.std(two.u) / np.std(two.v)
    assert two.relative_units[1] / two.relative_units[0] == pytest.approx(ratio, rel=0.1)


def test_two_copies_share_their_start_and_oppose_their_output():
    network = nm.DeepNetwork.sample((2, 3, 4, 1), (1, 1, 1), antisymmetric=True)
    assert network.width == 8
    assert network.centre is None
    w1, w2, a = network.weights
    np.testing.assert_array_equal(w1[0], w1[1])
    np.testing.assert_array_equal(w2[0], w2[1])
    np.testing.assert_array_equal(a[0], -a[1])


def test_tanh_says_what_it_is_not():
    with pytest.warns(UserWarning, match="homogeneous only asymptotically"):
        network = nm.DeepNetwork.sample(
            (2, 3, 3, 1), (1, 1, 1), learning_rates=(1, 2, 3), activation="tanh", centred=False
        )
    w1, w2, a = (w[0] for w in network.original_weights())
    np.testing.assert_allclose(network(X), a[0] @ np.tanh(w2 @ np.tanh(w1 @ X.T)), rtol=1e-12)
    assert np.isnan(nm.gradient_flow(network, X, [0.1, 0.2], t_max=1.0).conserved_drift)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"widths": (2, 3)}, "widths"),
        ({"widths": (2, 0, 1)}, "widths"),
        ({"widths": (2, 2.5, 1)}, "widths"),
        ({"widths": "231"}, "widths"),
        ({"sigmas": (1.0,)}, "sigmas"),
        ({"sigmas": (1.0, -1.0)}, "sigmas"),
        ({"sigmas": (1.0, np.inf)}, "sigmas"),
        ({"sigmas": ("one", 1.0)}, "sigmas"),
        ({"alpha": 0.0}, "alpha"),
        ({"learning_rates": (1.0, 0.0)}, "learning_rates"),
        ({"activation": "sine"}, "activation"),
        ({"activation": np.nan}, "activation"),
        ({"sigmas": (1e-200, 1e-200)}, "kappa = 0.0"),
    ],
)
def test_a_mistake_is_one_line(arguments, match):
    with pytest.raises(nm.InputError, match=match) as caught:
        nm.DeepNetwork.sample(**({"widths": (2, 3, 1), "sigmas": (1.0, 1.0)} | arguments))
    assert "\n" not in str(caught.value)
    assert ";" in str(caught.value)


def test_mistakes_in_weights_and_data():
    with pytest.raises(nm.InputError, match="fan_out of each"):
        nm.DeepNetwork.from_weights([np.ones((3, 2)), np.ones((1, 4))])
    with pytest.raises(nm.InputError, match="at least two"):
        nm.DeepNetwork.from_weights([np.ones((1, 2))])
    with pytest.raises(nm.InputError, match="NaN or infinite"):
        nm.DeepNetwork.from_weights([np.full((3, 2), np.nan), np.ones((1, 3))])
    network = nm.DeepNetwork.sample((2, 3, 3, 1), (1, 1, 1))
    with pytest.raises(nm.InputError, match="X has shape"):
        network(np.ones((2, 3)))
    with pytest.raises(nm.InputError, match="must agree"):
        nm.gradient_flow(network, np.ones((2, 3)), np.ones(2))
    with pytest.raises(nm.InputError, match="method = 'dormand-prince'"):
        nm.gradient_flow(network, X, np.ones(2), method="dormand-prince")
    with pytest.raises(nm.InputError, match="compare a run"):
        nm.layer_observables(network, nm.DeepNetwork.sample((2, 4, 3, 1), (1, 1, 1)))


def test_features_are_those_of_two_layers():
    two = nm.TwoLayer.sample(20, 1, 0.25, X, rng=1)
    deep = nm.DeepNetwork.from_weights([two.v, two.u[None]])
    np.testing.assert_allclose(nm.features(deep).amplitude, nm.features(two).amplitude, rtol=1e-12)
    np.testing.assert_array_equal(nm.features(deep).orientation, nm.features(two).orientation)
    assert nm.features(nm.DeepNetwork.sample((2, 6, 4, 1), (1, 1, 1), antisymmetric=True)).width == 12

"""Amplitude, orientation and similarity of neurons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numerics as nm


def test_amplitude_and_angle_of_known_neurons():
    weights = [[0.0, 2.0], [-1.0, 0.0], [3.0, -3.0]]
    network = nm.TwoLayer.from_weights([1.0, -3.0, 0.5], weights, alpha=4, beta1=1, beta2=1)
    neurons = nm.features(network)
    np.testing.assert_allclose(neurons.amplitude, [2.0, 3.0, 0.5 * np.sqrt(18)])
    np.testing.assert_allclose(neurons.orientation, [np.pi / 2, -np.pi, -np.pi / 4])
    np.testing.assert_allclose(neurons.projection(), [2**-0.5, -(2**-0.5), 0.0], atol=1e-15)
    np.testing.assert_allclose(neurons.projection([[2.0, 0.0], [0.0, 1.0]])[2], [0.5**0.5, -(0.5**0.5)])


@given(scale=st.floats(1e-3, 1e3), d=st.integers(2, 6))
def test_features_do_not_feel_how_a_neuron_s_size_is_shared(scale, d):
    """(a, w) -> (c a, w/c) is the same neuron."""
    rng = np.random.default_rng(d)
    a, w = rng.standard_normal(20), rng.standard_normal((20, d))
    given_weights = {"alpha": 1, "beta1": 1, "beta2": 1}
    first = nm.features(nm.TwoLayer.from_weights(a, w, **given_weights))
    second = nm.features(nm.TwoLayer.from_weights(a * scale, w / scale, **given_weights))
    np.testing.assert_allclose(first.amplitude, second.amplitude)
    np.testing.assert_allclose(first.projection(), second.projection(), atol=1e-12)


def test_every_hidden_layer_of_a_deep_network_has_features():
    network = nm.DeepNetwork.sample((3, 6, 5, 1), (1.0, 0.5, 0.3), rng=1, antisymmetric=True)
    first, second = nm.features(network), nm.features(network, "W2")
    assert (first.weights.shape, second.weights.shape) == ((12, 3), (10, 6))
    v1, v2, v3 = network.weights
    np.testing.assert_allclose(first.amplitude[7], np.linalg.norm(v1[1, 1]) * np.linalg.norm(v2[1, :, 1]))
    np.testing.assert_allclose(second.amplitude[2], np.linalg.norm(v2[0, 2]) * abs(v3[0, 0, 2]))
    np.testing.assert_allclose(second.projection(v2[0, 2])[2], 1.0)
    with pytest.raises(nm.InputError, match="give one with neurons above it: W1, W2"):
        nm.features(network, "a")


def test_depth_two_is_the_same_as_two_layers(four_points):
    X, y = four_points
    two = nm.TwoLayer.sample(50, 1, 0, X, rng=2, antisymmetric=False)
    weights = [two.input_weights(), two.output_weights()[None]]
    deep = nm.DeepNetwork.from_weights(weights, alpha=1 / two.kappa)
    np.testing.assert_allclose(nm.features(deep).amplitude, nm.features(two).amplitude)
    np.testing.assert_allclose(nm.features(deep).orientation, nm.features(two).orientation)
    times = np.array([0.1, 10.0])
    np.testing.assert_allclose(nm.linearize(deep).flow(X, y)(times), nm.linearize(two).flow(X, y)(times))


def test_a_neuron_without_weights_has_no_direction():
    network = nm.TwoLayer.from_weights([1.0, 1.0], [[0.0, 0.0], [1.0, 1.0]], alpha=1, beta1=1, beta2=1)
    neurons = nm.features(network)
    assert neurons.amplitude[0] == 0
    np.testing.assert_allclose(neurons.projection(), [0.0, 1.0])
    np.testing.assert_allclose(nm.cosine_similarity(neurons).matrix, [[0.0, 0.0], [0.0, 1.0]])


def test_similarity_shows_blocks():
    """Two directions and their opposites: after sorting, equal neurons stand together and opposite ones at the ends."""
    rng = np.random.default_rng(0)
    centres = np.array([[1.0, 0, 0, 0], [-1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    labels = rng.permutation(np.repeat([0, 1, 2], [40, 20, 20]))
    w = centres[labels] + 0.02 * rng.standard_normal((80, 4))
    similarity = nm.cosine_similarity(nm.Features(np.ones(80), w, np.linalg.norm(w, axis=1)))
    matrix = similarity.matrix
    np.testing.assert_allclose(matrix, matrix.T)
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    assert sorted(similarity.neurons) == list(range(80))
    assert np.count_nonzero(np.diff(labels[similarity.neurons])) == 2  # three blocks, unbroken
    assert matrix[0, -1] < -0.9


def test_similarity_is_of_the_largest_neurons():
    amplitude = np.array([1.0, 5.0, 3.0, 4.0])
    neurons = nm.Features(amplitude, np.eye(4), np.ones(4))
    assert set(nm.cosine_similarity(neurons, 2).neurons) == {1, 3}


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda f: f.orientation, "3 inputs"),
        (lambda f: f.projection([1.0, 0.0]), "reference has shape"),
        (lambda f: f.projection([0.0, 0.0, 0.0]), "give a direction"),
        (lambda f: nm.cosine_similarity(f, 1), "count = 1"),
        (lambda f: nm.orientation_histogram(f, 1), "bins = 1"),
    ],
)
def test_mistakes_are_named(call, named):
    neurons = nm.Features(np.ones(5), np.ones((5, 3)), np.full(5, 3**0.5))
    with pytest.raises(nm.InputError, match=named):
        call(neurons)

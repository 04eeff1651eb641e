"""Every mistake gets one line that says what was given and what to do."""

import numpy as np
import pytest

import numerics as nm

X, Y = nm.datasets.four_points()
NETWORK = nm.TwoLayer.sample(10, 1, 0, X)


def one_line(caught):
    return "\n" not in str(caught.value) and ";" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"width": 1}, "width = 1"),
        ({"width": 0}, "width = 0"),
        ({"width": 3}, "odd"),
        ({"width": 2.0}, "integer"),
        ({"width": True}, "integer"),
        ({"gamma": np.inf}, "gamma = inf"),
        ({"gamma": np.nan}, "gamma = nan"),
        ({"gamma_prime": -np.inf}, "gamma_prime = -inf"),
        ({"gamma": "one"}, "gamma = 'one'"),
        ({"gamma_prime": None}, "gamma_prime = None"),
        ({"gamma": 1e4}, "kappa = 0.0"),
        ({"activation": "tanh"}, "activation = 'tanh'"),
    ],
)
def test_sampling(arguments, match):
    with pytest.raises(nm.InputError, match=match) as caught:
        nm.TwoLayer.sample(**({"width": 10, "gamma": 1.0, "gamma_prime": 0.0, "inputs": X} | arguments))
    assert one_line(caught)


@pytest.mark.parametrize("width", [2, 4])
def test_smallest_widths_are_accepted(width):
    assert nm.TwoLayer.sample(width, 1, 0, X).width == width
    assert nm.TwoLayer.sample(width + 1, 1, 0, X, antisymmetric=False).width == width + 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights(bad):
    with pytest.raises(nm.InputError, match="NaN or infinite"):
        nm.TwoLayer([1.0, bad], np.ones((2, 2)), 1.0, 1.0)
    with pytest.raises(nm.InputError, match="shapes"):
        nm.TwoLayer(np.ones(3), np.ones((2, 2)), 1.0, 1.0)
    with pytest.raises(nm.InputError, match="alpha"):
        nm.TwoLayer.from_weights([1.0], [[1.0]], alpha=bad, beta1=1.0, beta2=1.0)


@pytest.mark.parametrize(
    ("x", "y", "match"),
    [
        ([0.0, np.nan], [1.0, 2.0], "X contains 1 NaN"),
        ([0.0, 1.0], [1.0, np.inf], "y contains 1 NaN"),
        ([], [], "no data"),
        ([0.0, 1.0], [1.0], "same n"),
        (np.zeros((2, 2, 2)), [1.0, 2.0], "one row per sample"),
    ],
)
def test_data(x, y, match):
    with pytest.raises(nm.InputError, match=match) as caught:
        nm.datasets.from_arrays(x, y)
    assert one_line(caught)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"rtol": 0.0}, "rtol = 0"),
        ({"rtol": -1.0}, "rtol = -1"),
        ({"rtol": 1.0}, "below 1"),
        ({"rtol": np.nan}, "rtol = nan"),
        ({"loss_tol": 0.0}, "loss_tol = 0"),
        ({"loss_tol": -1e-6}, "loss_tol"),
        ({"t_max": 0.0}, "t_max = 0"),
        ({"t_max": np.nan}, "t_max = nan"),
        ({"grad_tol": -1.0}, "grad_tol = -1"),
        ({"max_steps": 0}, "max_steps = 0"),
        ({"max_seconds": 0.0}, "max_seconds = 0"),
        ({"method": "euler"}, "method = 'euler'"),
        ({"callback": 3}, "callback = 3"),
        ({"X": X[:, :1]}, "must agree"),
        ({"X": X[:3]}, "same n"),
        ({"X": np.where(X == 1, np.nan, X)}, "X contains"),
        ({"y": [0.0, np.nan, 0.0, 0.0]}, "y contains"),
    ],
)
def test_gradient_flow(arguments, match):
    with pytest.raises(nm.InputError, match=match) as caught:
        nm.gradient_flow(**({"network": NETWORK, "X": X, "y": Y} | arguments))
    assert one_line(caught)


def test_observables():
    with pytest.raises(nm.InputError, match="d = 2"):
        nm.features(nm.TwoLayer.sample(4, 1, 0, np.ones((1, 3)))).orientation  # noqa: B018
    with pytest.raises(nm.InputError, match="compare a run"):
        nm.relative_distance(NETWORK, nm.TwoLayer.sample(4, 1, 0, X))
    with pytest.raises(nm.InputError, match="X has shape"):
        NETWORK(np.ones((2, 3)))


def test_orientation_is_half_open():
    network = nm.TwoLayer([1.0, 2.0], [[-1.0, 0.0], [0.0, -1.0]], 1.0, 1.0)
    found = nm.features(network)
    np.testing.assert_allclose(found.orientation, [-np.pi, -np.pi / 2])
    np.testing.assert_allclose(found.amplitude, [1.0, 2.0])

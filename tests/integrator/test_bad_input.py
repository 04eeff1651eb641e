"""Every mistake gets one line that says what was given and what to do."""

import numpy as np
import pytest

import numerics as nm
from numerics.networks.activation import PointwiseActivation

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
        ({"activation": True}, "activation = True"),
        ({"activation": np.nan}, "activation = nan"),
        ({"activation": "gelu"}, "activation = 'gelu'"),
        ({"activation": None}, "activation = None"),
        ({"inputs": np.ones((2, 2, 2))}, "inputs have shape"),
        ({"inputs": np.ones((2, 0))}, "inputs have shape"),
        ({"width": 10**30 + 0.5}, "integer"),
        ({"rng": -1}, "rng = -1"),
        ({"rng": None}, "rng = None"),
        ({"rng": "seed"}, "rng = 'seed'"),
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


@pytest.mark.parametrize("bad", [np.nan, np.inf, True, None, "steep", 1j])
def test_negative_slopes(bad):
    for build in (
        lambda: nm.TwoLayer([1.0], [[1.0]], 1.0, 1.0, negative_slope=bad),
        lambda: PointwiseActivation("mine", bad),
        lambda: nm.DeepNetwork.sample((2, 4, 1), (1, 1), activation=bad),
        lambda: nm.Plan(activation=bad) if bad is not None else PointwiseActivation("mine", bad),
    ):
        with pytest.raises(nm.InputError, match=r"negative_slope = |activation = ") as caught:
            build()
        assert one_line(caught)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"widths": (2, 4.0, 1)}, "widths = "),
        ({"widths": "2,4,1"}, "widths = "),
        ({"sigmas": (1, np.nan)}, "sigmas = "),
        ({"sigmas": (1, 1, 1)}, "sigmas = "),
        ({"sigmas": 1}, "sigmas = "),
        ({"sigmas": (1, True)}, "sigmas = "),
        ({"alpha": 0}, "alpha = "),
        ({"alpha": 1j}, "alpha = "),
        ({"learning_rates": (1, -1)}, "learning_rates = "),
        ({"alpha": 1e-320, "sigmas": (1e300, 1e300)}, "kappa"),
        ({"rng": 1.5}, "rng = 1.5"),
    ],
)
def test_deep_sampling(arguments, match):
    with pytest.raises(nm.InputError, match=match) as caught:
        nm.DeepNetwork.sample(**({"widths": (2, 4, 1), "sigmas": (1, 1)} | arguments))
    assert one_line(caught)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"rtol": np.nan}, "rtol = nan"),
        ({"rtol": True}, "rtol = True"),
        ({"loss_tol": np.inf}, "loss_tol = inf"),
        ({"max_seconds": np.nan}, "max_seconds = nan"),
        ({"seeds": 2.0}, "seeds = 2.0"),
        ({"seeds": True}, "seeds = True"),
        ({"widths": (100, 200.0)}, "width = 200.0"),
        ({"widths": (100, 100)}, "two different widths"),
        ({"diagram": "relu"}, "diagram = 'relu'"),
        ({"points": [(np.nan, 0)]}, "gamma = nan"),
    ],
)
def test_plans(arguments, match):
    with pytest.raises(nm.InputError, match=match) as caught:
        nm.Plan(**arguments)
    assert one_line(caught)


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
        ({"max_steps": np.nan}, "max_steps = nan"),
        ({"max_steps": 1.5}, "max_steps = 1.5"),
        ({"max_steps": True}, "max_steps = True"),
        ({"max_steps": np.inf}, "max_steps = inf"),
        ({"grad_tol": np.inf}, "grad_tol = inf"),
        ({"grad_tol": np.nan}, "grad_tol = nan"),
        ({"loss_tol": np.inf}, "loss_tol = inf"),
        ({"loss_tol": "small"}, "loss_tol = 'small'"),
        ({"loss_levels": (1e-2, 1e-9)}, "give losses above loss_tol = 1e-06"),
        ({"loss_levels": (np.nan,)}, "give losses above loss_tol"),
        ({"loss_levels": (np.inf,)}, "give losses above loss_tol"),
        ({"loss_levels": (1e-2, 1e-6)}, "give losses above loss_tol"),
        ({"loss_levels": [[1e-2]]}, "give losses above loss_tol"),
        ({"rtol": 1e-2j}, "rtol = 0.01j"),
        ({"rtol": None}, "rtol = None"),
        ({"t_max": True}, "t_max = True"),
        ({"times": [1.0, np.nan]}, "times = "),
        ({"times": [2.0, 1.0]}, "times = "),
        ({"times": ["soon"]}, "times has type"),
        ({"keep_weights": "yes"}, "keep_weights = 'yes'"),
        ({"network": None}, "type NoneType"),
        ({"X": np.ones((2, 2, 2))}, "X has shape"),
        ({"max_seconds": 0.0}, "max_seconds = 0"),
        ({"method": "euler"}, "method = 'euler'"),
        ({"callback": 3}, "callback = 3"),
        ({"check": 1}, "check = 1"),
        ({"check": True, "callback": print}, "check = True with a callback"),
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

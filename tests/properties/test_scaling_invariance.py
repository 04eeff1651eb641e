"""What homogeneity promises: two numbers and a time unit are all that the scales do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numerics as nm

scales = st.floats(-2, 2).map(lambda exponent: 10.0**exponent)


def paper_flow(a, w, X, y, alpha, time, steps, slope):
    """Classical Runge-Kutta on the paper's own equations, in the paper's own coordinates and time."""

    def velocity(a, w):
        z = w @ X.T
        e = a @ np.where(z > 0, z, slope * z) / alpha - y
        back = np.where(z > 0, 1.0, slope) * e / (len(y) * alpha)
        return -np.where(z > 0, z, slope * z) @ e / (len(y) * alpha), -(a[:, None] * back) @ X

    h = time / steps
    for _ in range(steps):
        k1 = velocity(a, w)
        k2 = velocity(a + h / 2 * k1[0], w + h / 2 * k1[1])
        k3 = velocity(a + h / 2 * k2[0], w + h / 2 * k2[1])
        k4 = velocity(a + h * k3[0], w + h * k3[1])
        a = a + h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
        w = w + h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
    return a, w


@settings(max_examples=25)
@given(
    beta1=scales,
    beta2=scales,
    kappa=st.floats(0.02, 0.3),
    seed=st.integers(0, 1000),
    slope=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_the_paper_s_trajectory_is_the_normalised_one_in_rescaled_time(
    bench, four_points, beta1, beta2, kappa, seed, slope
):
    """The unnormalised flow at any (alpha, beta1, beta2), integrated independently, against the engine at t/(beta1 beta2)."""
    X, y = four_points
    rng = np.random.default_rng(seed)
    a, w = rng.standard_normal(12), rng.standard_normal((12, 2))
    alpha = beta1 * beta2 / kappa
    network = nm.TwoLayer.from_weights(beta1 * a, beta2 * w, alpha=alpha, beta1=beta1, beta2=beta2, activation=slope)
    assert network.kappa == pytest.approx(kappa)
    assert network.kappa_prime == pytest.approx(beta1 / beta2)
    spread = max(beta1 / beta2, beta2 / beta1)
    normalised_time = 1.0 / (kappa**2 * 12 * spread)  # about one time constant of the stiffer layer
    exact_a, exact_w = paper_flow(beta1 * a, beta2 * w, X, y, alpha, normalised_time * beta1 * beta2, 400, slope)
    v, u = np.split(bench(network, X, y, "dormand-prince").advance(normalised_time, 400), [12])[::-1]
    run = nm.TwoLayer(u, v.reshape(2, 12).T, network.kappa, network.kappa_prime, slope)
    shift = np.hypot(np.linalg.norm(exact_w / beta2 - w), np.linalg.norm(exact_a / beta1 - a))
    error = np.hypot(
        np.linalg.norm(run.input_weights(beta2) - exact_w) / beta2,
        np.linalg.norm(run.output_weights(beta1) - exact_a) / beta1,
    )
    # a kink crossed inside a step is an error of first order in both methods; the linear network has none
    assert error <= (1e-8 if slope == 1.0 else 3e-3) * shift


@given(beta1=scales, beta2=scales, alpha=scales, factor=scales, seed=st.integers(0, 1000))
def test_scale_moved_between_layers_and_output_leaves_the_function(four_points, beta1, beta2, alpha, factor, seed):
    X, _ = four_points
    rng = np.random.default_rng(seed)
    a, w = beta1 * rng.standard_normal(8), beta2 * rng.standard_normal((8, 2))
    first = nm.TwoLayer.from_weights(a, w, alpha=alpha, beta1=beta1, beta2=beta2)
    moved = nm.TwoLayer.from_weights(factor * a, w / factor, alpha=alpha, beta1=factor * beta1, beta2=beta2 / factor)
    written = (a / alpha) @ np.maximum(w @ X.T, 0)
    size = 1e-12 * (np.abs(a) / alpha) @ np.abs(w @ X.T)
    for network in (first, moved):
        assert np.all(np.abs(network(X) - written) <= 10 * size + 1e-300)


@settings(max_examples=20)
@given(factor=scales, seed=st.integers(0, 1000), method=st.sampled_from(["rkc", "dormand-prince"]))
def test_targets_and_output_may_be_scaled_together(four_points, factor, seed, method):
    """y -> c y with kappa -> c kappa: the same weights, in time t/c^2."""
    X, y = four_points
    network = nm.TwoLayer.sample(20, 0.5, 0.0, X, rng=seed, activation=1.0)
    scaled = nm.TwoLayer(network.u, network.v, factor * network.kappa, 1.0, 1.0)
    first = nm.gradient_flow(network, X, y, t_max=4.0, loss_tol=1e-12, method=method)
    second = nm.gradient_flow(scaled, X, factor * y, t_max=4.0 / factor**2, loss_tol=1e-12 * factor**2, method=method)
    assert second.relative_distance["w"] == pytest.approx(first.relative_distance["w"], rel=1e-3)
    assert second.loss == pytest.approx(factor**2 * first.loss, rel=1e-3)

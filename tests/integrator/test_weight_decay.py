"""Weight decay: the exact map, the walk's end against the convex programme, collapse, conserved quantities, input."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import linprog

import numerics as nm
from numerics.flow.decay import Decay

METHODS = ("kink-exact", "exponential", "rkc", "dormand-prince")


def drawn(capacity, kappa_prime, width=200, inputs=2, **options):
    """Of a capacity P = m kappa."""
    return nm.TwoLayer.draw(width, capacity / width, kappa_prime, inputs, rng=1, **options)


def product_norm(network):
    """kappa sum |u| |v|, the variation norm of a trained network."""
    return network.kappa * float(np.sum(np.abs(network.u) * np.linalg.norm(network.v, axis=1)))


def along_the_map(start, X, y, rates, t):
    """Weights under decay from the flow without: output scale exp(-D s), layer rates exp((2 Lambda_l - D) s), then the decay."""
    m, n = len(start.u), len(y)
    (rate_v, rate_u), total = rates, sum(rates)

    def velocity(s, flat):
        u, v = flat[:m], flat[m:].reshape(m, -1)
        z = v @ X.T
        slope = np.where(z > 0, 1.0, start.negative_slope)
        e = np.exp(-total * s) * start.kappa * u @ (slope * z) - y
        push = -start.kappa / n * slope * e
        du = np.exp((2 * rate_u - total) * s) * np.sum(push * z, axis=1)
        dv = np.exp((2 * rate_v - total) * s) * u[:, None] * (push @ X)
        return np.concatenate([du, dv.ravel()])

    flat = solve_ivp(velocity, (0, t), np.concatenate([start.u, start.v.ravel()]), "DOP853", rtol=1e-12, atol=1e-13).y[
        :, -1
    ]
    return np.exp(-rate_u * t) * flat[:m], np.exp(-rate_v * t) * flat[m:].reshape(m, -1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "inputs", "rtol", "rates"),
    [
        ("kink-exact", 2, 1e-11, (0.03, 0.03)),  # planar
        ("kink-exact", 3, 1e-11, (0.03, 0.03)),
        ("kink-exact", 6, 1e-11, (0.03, 0.03)),  # more inputs than samples
        ("kink-exact", 2, 2e-8, (0.01, 0.05)),  # the splitting of unequal decays takes small steps
        ("kink-exact", 3, 2e-8, (0.01, 0.05)),
        ("kink-exact", 6, 2e-8, (0.01, 0.05)),
        ("exponential", 2, 5e-6, (0.01, 0.05)),
        ("exponential", 6, 5e-6, (0.01, 0.05)),
        ("rkc", 2, 5e-6, (0.01, 0.05)),
        ("rkc", 6, 5e-6, (0.01, 0.05)),
        ("dormand-prince", 3, 1e-4, (0.01, 0.05)),
    ],
)
def test_a_decayed_run_is_one_without_decay_whose_scale_moves(method, inputs, rtol, rates):
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((4, inputs)), rng.standard_normal(4)
    start = drawn(1.0, 0.7, 4, inputs, activation="linear", antisymmetric=False)
    run = nm.gradient_flow(start, X, y, method=method, rtol=rtol, t_max=2.0, loss_tol=1e-30, weight_decay=rates)
    u, v = along_the_map(start, X, y, rates, 2.0)
    np.testing.assert_allclose(run.network.u, u, atol=1e-8)
    np.testing.assert_allclose(run.network.v, v, atol=1e-8)
    assert run.relative_distance["w"] == pytest.approx(np.linalg.norm(v - start.v) / np.linalg.norm(start.v), rel=1e-6)


def assert_least(network, X, y, mu, rel):
    """The function is the one that minimises (1/2n)|f - y|^2 + mu |f|_V in the plane: the two conditions that are enough for it.

    |f|_V = min {sum |c_j| : sum_j c_j sigma(v_j.x) = f on the data, |v_j| = 1}, a linear programme over many directions with the
    kinks among them, is what the network pays; and no direction pays more than mu for the residual.
    """
    kinks = np.arctan2(X[:, 1], X[:, 0]) + np.pi / 2
    angles = np.concatenate([np.linspace(0, 2 * np.pi, 2000, endpoint=False), kinks, kinks + np.pi])
    features = np.maximum(X @ np.array([np.cos(angles), np.sin(angles)]), 0.0)
    f = network(X)
    norm = linprog(np.ones(2 * len(angles)), A_eq=np.hstack([features, -features]), b_eq=f, method="highs").fun
    assert product_norm(network) == pytest.approx(norm, rel=rel)
    assert np.max(np.abs((y - f) @ features)) / len(y) == pytest.approx(mu, rel=rel)


@pytest.mark.parametrize(("capacity", "kappa_prime"), [(1, 1), (20, 1), (5, 0.2)])
@pytest.mark.parametrize("mu", [0.02, 0.2])
def test_the_end_is_that_of_the_convex_programme(four_points, capacity, kappa_prime, mu):
    X, y = four_points
    start = drawn(capacity, kappa_prime, 1000)
    run = nm.gradient_flow(start, X, y, loss_tol=1e-30, weight_decay=nm.normalised_decay(start, mu=mu))
    assert run.status is nm.Status.BALANCED
    assert run.converged
    assert_least(run.network, X, y, mu, 1e-4)
    assert product_norm(run.network) == pytest.approx({0.02: 1.80112, 0.2: 0.03092}[mu], rel=2e-4)
    assert run.conserved_drift < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [1, 4, 1 / 4])
def test_collapse_lies_where_it_is_derived(four_points, ratio):
    X, y = four_points
    start = drawn(1, 1, 1000)
    threshold = nm.collapse_threshold(start, X, y)
    assert threshold / start.kappa == pytest.approx(0.2236225, rel=1e-6)
    split = np.sqrt([ratio, 1 / ratio])
    below = nm.gradient_flow(
        start, X, y, loss_tol=1e-30, weight_decay=0.97 * threshold * split, t_max=2000 / start.kappa
    )
    # one force of 3 % over the threshold: what stays is small, and the more exact the less of its way is split off
    assert_least(below.network, X, y, 0.97 * threshold / start.kappa, 1e-4 if ratio == 1 else 1e-2)
    with pytest.warns(
        UserWarning, match="weight_decay = 0.0002303 is beyond 0.0002236, from which on all weights decay to 0"
    ):
        above = nm.gradient_flow(
            start, X, y, loss_tol=1e-30, weight_decay=1.03 * threshold * split, t_max=2000 / start.kappa
        )
    assert product_norm(above.network) < 1e-4
    assert above.loss == pytest.approx(float(y @ y) / 8, rel=1e-3)


def test_the_threshold_beyond_the_plane_is_found_by_search():
    rng = np.random.default_rng(0)
    X, y = np.column_stack([rng.standard_normal((6, 1)), np.ones(6), np.zeros(6)]), rng.standard_normal(6)
    plane, space = drawn(1, 1, 200, 2), drawn(1, 1, 200, 3)
    assert nm.collapse_threshold(space, X, y) == pytest.approx(nm.collapse_threshold(plane, X[:, :2], y), rel=1e-4)
    linear = drawn(1, 1, 200, 2, activation="linear")
    assert nm.collapse_threshold(linear, X[:, :2], y) == pytest.approx(np.linalg.norm(y @ X[:, :2]) / 6 * linear.kappa)


@pytest.mark.parametrize("method", METHODS)
def test_methods_agree_while_it_walks(four_points, method):
    """RD within 1 % of a fine run, the loss too where the method resolves kinks; equal and unequal decays."""
    X, y = four_points
    start = drawn(20, 1)
    rtol = 3e-3 if method == "dormand-prince" else 1e-2
    for mu in (0.05, (0.02, 0.08)):
        options = {"loss_tol": 1e-30, "t_max": 20 / start.kappa, "weight_decay": nm.normalised_decay(start, mu=mu)}
        run = nm.gradient_flow(start, X, y, method=method, rtol=rtol, **options)
        fine = nm.gradient_flow(start, X, y, rtol=1e-4, **options)
        for layer, distance in fine.relative_distance.items():
            assert run.relative_distance[layer] == pytest.approx(distance, rel=1e-2)
        if method == "kink-exact":
            assert run.loss == pytest.approx(fine.loss, rel=1e-2)
        assert np.isnan(run.conserved_drift) == (mu != 0.05)


def test_it_stops_on_the_fit_and_on_the_gradient(four_points):
    X, y = four_points
    start = drawn(1000, 1, activation="linear")  # no kinks to slide on, the gradient is plain
    options = {"weight_decay": nm.normalised_decay(start, mu=1e-3)}
    fitted = nm.gradient_flow(start, X, y, loss_tol=0.1, **options)
    assert fitted.status is nm.Status.LOSS_REACHED
    assert fitted.loss == pytest.approx(0.1, rel=2e-2)
    at_gradient = nm.gradient_flow(start, X, y, loss_tol=1e-30, grad_tol=1e-4, **options)
    assert at_gradient.status is nm.Status.GRADIENT_REACHED
    u, v, kappa = at_gradient.network.u, at_gradient.network.v, start.kappa
    push = kappa / 4 * np.ones((len(u), 1)) * (at_gradient.network(X) - y)
    rate = options["weight_decay"]
    gradient = np.hypot(
        np.linalg.norm(np.sum(push * (v @ X.T), axis=1) + rate * u), np.linalg.norm(u[:, None] * (push @ X) + rate * v)
    )
    assert gradient == pytest.approx(1e-4, rel=0.03)


def test_no_decay_is_no_decay(four_points):
    X, y = four_points
    runs = [nm.gradient_flow(drawn(1, 1), X, y, weight_decay=decay) for decay in (0, (0.0, 0.0))]
    plain = nm.gradient_flow(drawn(1, 1), X, y)
    for run in runs:
        np.testing.assert_array_equal(run.network.v, plain.network.v)


def test_conversions():
    start, deep = drawn(10, 1), nm.DeepNetwork.sample((2, 6, 1), (1, 1), alpha=4)
    assert nm.normalised_decay(start, mu=2.0) == pytest.approx(2.0 * start.kappa)
    np.testing.assert_allclose(nm.normalised_decay(deep, training=(1.0, 2.0)), np.array([1.0, 2.0]) * deep.time_unit)
    # P exp(-2 mu tau): the output of a network that only decays, tau = kappa t
    X = np.zeros((1, 2))
    with pytest.warns(UserWarning, match="is beyond 0,"):
        run = nm.gradient_flow(start, X, [1.0], t_max=3 / start.kappa, weight_decay=nm.normalised_decay(start, mu=0.5))
    np.testing.assert_allclose(run.network.u, start.u * np.exp(-1.5), rtol=1e-12)


def test_rates_of_a_decay():
    decay = Decay((0.02, 0.08))
    assert (decay.total, decay.common, decay.spread, decay.slowest) == pytest.approx((0.1, 0.05, 0.03, 0.02))
    assert decay.net_growth(0.04) == pytest.approx(0)  # sqrt(0.02 * 0.08)
    h = 5.0
    for fit, even, odd in (
        (decay.fit_rotation, np.cosh, np.sinh),
        (decay.fit_trapezoid, lambda x: 1 + x**2 / 2, lambda x: x),
    ):
        x = fit(h) * 0.04 * h
        half = np.diag(np.exp(np.array([-1, 1]) * 0.03 * h / 2))
        step = np.exp(-0.05 * h) * half @ np.array([[even(x), odd(x)], [odd(x), even(x)]]) @ half
        assert np.max(np.linalg.eigvals(step).real) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("decay", "message"),
    [
        (-0.1, r"weight_decay = -0.1; give 0 or positive rates"),
        ((0.1, -0.1), "give 0 or positive rates"),
        ((0.1, 0.1, 0.1), r"weight_decay has shape \(3,\); give one number, or one for each of w, a, in this order"),
        (np.inf, "weight_decay"),
        ("much", "weight_decay"),
    ],
)
def test_bad_decays_are_refused(four_points, decay, message):
    X, y = four_points
    for train in (nm.gradient_flow, nm.descend):
        with pytest.raises(nm.InputError, match=message):
            train(drawn(1, 1), X, y, weight_decay=decay)


def test_bad_conversions_are_refused():
    start = drawn(1, 1)
    for options, message in (
        ({}, "give one of mu"),
        ({"mu": 1, "training": 1}, "give one of mu"),
        ({"training": 1}, "time_unit is missing; give beta1"),
        ({"mu": 1, "time_unit": 1}, "mu takes a TwoLayer and no time_unit"),
    ):
        with pytest.raises(nm.InputError, match=message):
            nm.normalised_decay(start, **options)

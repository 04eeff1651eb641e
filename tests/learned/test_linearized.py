"""The tangent model: closed form against a long integration, its pieces against finite differences, and the true network."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import numerics as nm

GROUPS = [None, ("a",), ("w",)]


def dense_jacobian(network, X, twin, layers):
    """J (n, parameters) of the twin, the groups that may not move set to zero."""
    du, dv = twin[1](network.u, network.v, X, network.kappa, network.negative_slope)
    keep = layers or ("w", "a")
    return np.hstack([du * ("a" in keep), dv.reshape(len(X), -1) * ("w" in keep)])


@pytest.mark.parametrize("layers", GROUPS)
def test_the_kernel_is_the_product_of_jacobians(four_points, twin, layers):
    X, _ = four_points
    network = nm.TwoLayer.sample(60, 0.7, 0.2, X, rng=1, activation=0.1)
    jacobian = dense_jacobian(network, X, twin, layers)
    np.testing.assert_allclose(
        nm.tangent_kernel(network, X, layers=layers), jacobian @ jacobian.T, rtol=1e-12, atol=1e-14
    )


def test_the_kernel_of_many_neurons_in_blocks_is_the_sum_of_its_parts(four_points):
    X, _ = four_points
    network = nm.TwoLayer.sample(40_000, 0.7, 0.2, X, rng=1)
    parts = [replace(network, u=network.u[k], v=network.v[k]) for k in (slice(1000), slice(1000, None))]
    whole = sum(nm.tangent_kernel(part, X) for part in parts)
    np.testing.assert_allclose(nm.tangent_kernel(network, X), whole, rtol=1e-12)


@pytest.mark.parametrize("layers", GROUPS)
def test_closed_form_against_a_long_integration(four_points, twin, layers):
    """theta' = -J^T (f_0 + J (theta - theta_0) - y)/n by SciPy, over five decades of time."""
    X, y = four_points
    network = nm.TwoLayer.sample(40, 0.5, 0.1, X, rng=3, antisymmetric=False)
    jacobian, f0 = dense_jacobian(network, X, twin, layers), network(X)
    flow = nm.linearize(network, layers=layers).flow(X, y)
    times = np.geomspace(1e-2, 1e3, 11) / flow.rates[-1]

    def velocity(_, moved):
        return -jacobian.T @ (f0 + jacobian @ moved - y) / len(y)

    run = solve_ivp(velocity, (0, times[-1]), np.zeros(jacobian.shape[1]), "LSODA", times, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(flow(times), f0 + (jacobian @ run.y).T, atol=1e-7)
    moved = flow.weights(times[5])
    found = np.concatenate([moved.u - network.u, (moved.v - network.v).ravel()])
    np.testing.assert_allclose(found, run.y[:, 5], atol=1e-7)
    assert flow.relative_distance(times[5]) == pytest.approx(nm.relative_distance(moved, network), abs=1e-9)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), n=st.integers(1, 6), d=st.integers(2, 4), slope=st.sampled_from([0.0, 0.3, 1.0]))
def test_the_end_is_the_interpolation_nearest_to_the_start(seed, n, d, slope):
    """At t = infinity: J (theta - theta_0) = y - f_0 with the smallest norm, by the pseudo-inverse; the data are fitted."""
    rng = np.random.default_rng(seed)
    X, y = nm.datasets.from_arrays(rng.standard_normal((n, d - 1)), rng.standard_normal(n))
    network = nm.TwoLayer.sample(50, 0.6, 0, X, rng=seed, antisymmetric=False, activation=slope)
    flow = nm.linearize(network).flow(X, y)
    end = flow.weights(np.inf)
    expected = np.linalg.pinv(nm.tangent_kernel(network, X), rcond=1e-12, hermitian=True) @ (y - network(X))
    square = np.sum((end.u - network.u) ** 2) + np.sum((end.v - network.v) ** 2)
    assert square == pytest.approx(expected @ (y - network(X)), rel=1e-4)
    if flow.rates[0] > 1e-9 * flow.rates[-1]:
        np.testing.assert_allclose(flow(np.inf), y, atol=1e-6)


def test_other_inputs_and_a_mode_that_never_moves(four_points, twin):
    X, y = four_points
    network = nm.TwoLayer.sample(30, 0.5, 0, X, rng=2)
    flow = nm.linearize(network).flow(X, y)
    probes = np.column_stack([np.linspace(-2, 2, 7), np.ones(7)])
    jacobian, start = dense_jacobian(network, probes, twin, None), network(probes)
    end = flow.weights(5.0)
    moved = np.concatenate([end.u - network.u, (end.v - network.v).ravel()])
    np.testing.assert_allclose(flow(5.0, probes), start + jacobian @ moved, rtol=1e-10, atol=1e-12)
    # the same input twice with different targets: their difference is a mode of eigenvalue zero
    twice = nm.linearize(network).flow(np.vstack([X[:1], X[:1]]), [1.0, 0.0])
    np.testing.assert_allclose(twice(np.inf), [0.5, 0.5])
    assert twice.loss(np.inf) == pytest.approx(1 / 8)


def test_modes_below_n_eps_times_the_largest_have_no_rate(four_points):
    """Eigenvalues of four samples, in units of 4 eps times the largest: 3/4 is rounding, 5/4 is a rate."""
    X, y = four_points
    flow = nm.linearize(nm.TwoLayer.sample(10, 0.5, 0, X, rng=2)).flow(X, y)
    unit = 4 * np.finfo(float).eps * 8.0
    vars(flow)["_kernel"] = np.diag([-unit, 0.75 * unit, 1.25 * unit, 8.0])
    np.testing.assert_allclose(flow.rates, [0.0, 0.0, 1.25 * unit / 4, 2.0])


def test_the_loss_falls_as_its_smallest_eigenvalue_guarantees(four_points):
    X, y = four_points
    network = nm.TwoLayer.sample(2000, 0.5, 0, X, rng=2)
    flow = nm.linearize(network).flow(X, y)
    times = np.geomspace(0.1, 300, 40) / flow.rates[-1]
    assert np.all(flow.loss(times) <= flow.loss_bound(times) * (1 + 1e-9))
    assert flow.loss(0.0) == pytest.approx(np.sum(y**2) / 8)
    late = np.array([3.0, 4.0]) / flow.rates[0]
    assert np.diff(np.log(flow.loss(late)))[0] == pytest.approx(np.diff(np.log(flow.loss_bound(late)))[0], rel=1e-2)
    assert nm.limiting_rate(network, X, y) == pytest.approx(2 * flow.rates[0], rel=0.2)  # a draw against its average


@pytest.mark.slow
def test_network_and_tangent_model_part_ways_by_the_regime(four_points):
    """In the linear regime the difference falls with the width, on the boundary it stays."""
    plan = nm.Plan(points=(("1/2", 0), (1, 0)), widths=(500, 2000, 8000), seeds=3)
    found = nm.linear_approximation(plan)
    linear, critical = (found.difference_slope(i).slope for i in range(2))
    assert linear < -0.35
    assert abs(critical) < 0.1
    assert found.kernel_slope(0).slope == pytest.approx(-0.5, abs=0.15)
    assert abs(found.kernel_slope(1).slope) < 0.1
    assert np.all(found.sup_difference[0] < found.sup_difference[1])


def test_the_comparison_starts_close_and_knows_the_end(four_points):
    X, y = four_points
    network = nm.TwoLayer.sample(1000, 1, 0, X, rng=0)
    run = nm.compare_with_tangent(network, X, y, inputs=X[:2])
    assert run.outputs.shape == run.linear_outputs.shape == (run.t.size, 2)
    assert np.abs(run.outputs[0] - run.linear_outputs[0]).max() < 1e-3 * run.sup_difference
    assert run.t[-1] == run.solution.t
    np.testing.assert_allclose(run.outputs[-1], run.solution.network(X[:2]))
    assert run.kernel_change[-1] > 1.0


def deep_start(rng=0, **options):
    return nm.DeepNetwork.sample((2, 12, 9, 1), (1.0, 0.4, 0.5), alpha=0.7, rng=rng, **options)


@pytest.mark.filterwarnings("ignore:tanh is homogeneous only asymptotically")
@pytest.mark.parametrize("layers", [None, ("W2",), ("W1", "a")])
@pytest.mark.parametrize("options", [{}, {"antisymmetric": True}, {"activation": "tanh"}])
def test_a_deep_tangent_model_is_the_derivative_of_the_network(four_points, layers, options):
    """f_lin(t) against finite differences of the network along the displacement of the tangent model; the end fits the data."""
    X, y = four_points
    network = deep_start(**options)
    flow = nm.linearize(network, layers=layers).flow(X, y)
    moved = flow.weights(2.0)
    eps = 1e-6
    near = replace(
        network, weights=tuple(w + eps * (end - w) for w, end in zip(network.weights, moved.weights, strict=True))
    )
    probes = np.column_stack([[-0.8, 0.1, 0.77], np.ones(3)])
    expected = network(probes) + (near(probes) - network(probes)) / eps
    np.testing.assert_allclose(flow(2.0, probes), expected, atol=1e-4)
    np.testing.assert_allclose(flow(np.inf), y, atol=1e-5)
    distance = flow.relative_distance(2.0)
    assert set(distance) == {"W1", "W2", "a"}
    assert all((value > 0) == (layers is None or layer in layers) for layer, value in distance.items())
    change = np.linalg.norm(moved.weights[1] - network.weights[1]) / np.linalg.norm(network.weights[1])
    assert distance["W2"] == pytest.approx(change, rel=1e-8)


@pytest.mark.slow
def test_a_wide_deep_network_follows_its_tangent_model(four_points):
    """NTK scaling at depth 3: the wider, the less the kernel changes and the closer the two."""
    X, y = four_points
    found = []
    for m in (50, 500):
        start = nm.DeepNetwork.sample((2, m, m, 1), (1.0, 1.0, 1.0), alpha=m, rng=0)
        found.append(nm.compare_with_tangent(start, X, y, rtol=1e-2, loss_tol=1e-4))
    narrow, wide = found
    assert wide.sup_difference < 0.7 * narrow.sup_difference
    assert wide.sup_kernel_change < 0.3 * narrow.sup_kernel_change


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda net, X, y: nm.linearize(net, layers=("b",)), "layers = "),
        (lambda net, X, y: nm.linearize(net, layers=()), "layers = "),
        (lambda net, X, y: nm.linearize(net).flow(X, y)(-1.0), "t = -1.0"),
        (lambda net, X, y: nm.linearize(net).flow(X, y)(np.nan), "t = nan"),
        (lambda net, X, y: nm.linearize(net).flow(X, y)(1.0, [[1.0]]), "X has shape"),
        (lambda net, X, y: nm.linearize(net).flow(X, y[:2]), "the same n"),
        (lambda net, X, y: nm.tangent_kernel(net, np.ones(3)), "X has shape"),
        (lambda net, X, y: nm.limiting_rate(replace(net, negative_slope=0.1), X, y), "negative_slope"),
    ],
)
def test_mistakes_are_named(four_points, call, named):
    network = nm.TwoLayer.sample(4, 1, 0, four_points[0])
    with pytest.raises(nm.InputError, match=named):
        call(network, *four_points)

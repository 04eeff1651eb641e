"""Invariants of a run, its stopping rules and what it reports."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numerics as nm
from numerics.flow.limits import Limits
from numerics.flow.run import _Run
from numerics.flow.two_layer.problem import METHODS, TwoLayerProblem
from numerics.kernels.compilation import Stopwatch

POINTS = [(0.5, 0.0), (1.0, 0.0), (1.75, 0.0), (1.2, 0.6), (1.4, -0.6)]


@given(gamma=st.floats(0, 3), gamma_prime=st.floats(-2, 2), half=st.integers(1, 200), seed=st.integers(0, 1000))
def test_antisymmetric_start_is_zero(gamma, gamma_prime, half, seed):
    X, _ = nm.datasets.four_points()
    network = nm.TwoLayer.sample(2 * half, gamma, gamma_prime, X, rng=seed)
    scale = network.kappa * np.sum(np.abs(network.u) * np.linalg.norm(network.v, axis=1))
    assert np.all(np.abs(network(X)) <= 1e-13 * scale)


@pytest.mark.parametrize(("gamma", "gamma_prime"), POINTS)
def test_conserved_quantity_and_descent(four_points, gamma, gamma_prime):
    X, y = four_points
    solution = nm.gradient_flow(nm.TwoLayer.sample(400, gamma, gamma_prime, X, rng=5), X, y)
    assert solution.conserved_drift < 0.1
    assert nm.conserved_drift(solution.network, solution.initial) < 1e-9  # what was removed stays removed
    loss = solution.trajectory.loss
    assert np.all(loss[1:] <= 1.1 * loss[:-1])
    assert np.all(np.diff(solution.trajectory.t) > 0)
    assert solution.trajectory.relative_distance["w"][-1] == pytest.approx(solution.relative_distance["w"], rel=1e-9)
    assert solution.sup_relative_distance["w"] >= 0.999999 * solution.relative_distance["w"]
    low, high = sorted(solution.sup_relative_distance[layer] for layer in "wa")
    assert low <= solution.sup_relative_distance["theta"] <= high
    np.testing.assert_allclose(np.sum((solution.network(X) - y) ** 2) / 8, solution.loss, rtol=1e-6)


@pytest.mark.parametrize(("gamma", "gamma_prime"), [(0.5, 0.75), (0.5, -0.75), (1.0, 0.0)])
def test_theta_is_all_normalised_weights_together(four_points, gamma, gamma_prime):
    """(abar, wbar), not the uniform coordinates, in which the layers weigh differently away from gamma' = 0."""
    X, y = four_points
    solution = nm.gradient_flow(
        nm.TwoLayer.sample(400, gamma, gamma_prime, X, rng=5),
        X,
        y,
        times=np.geomspace(1e-3, 1e3, 40),
        keep_weights=True,
    )
    start, *later = (
        np.column_stack([network.output_weights(), network.input_weights()])
        for network in (solution.initial, *solution.snapshots.networks, solution.network)
    )
    joint = max(np.linalg.norm(weights - start) for weights in later) / np.linalg.norm(start)
    assert solution.sup_relative_distance["theta"] == pytest.approx(joint, rel=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_a_smooth_flow_has_little_to_remove(four_points, method):
    """Of second order or better in the step, where no neuron has a kink; nothing beyond rounding in the closed form."""
    X, y = four_points
    network = nm.TwoLayer.sample(40, 0.5, 0, X, rng=5, activation="linear")
    runs = [nm.gradient_flow(network, X, y, rtol=r, t_max=3.0, method=method) for r in (1e-2, 1e-4)]
    steps = [run.stats.accepted for run in runs]
    assert steps[1] > steps[0]
    expected = runs[0].conserved_drift * 2 * (steps[0] / steps[1]) ** 2
    assert runs[1].conserved_drift < (1e-14 if method == "kink-exact" else expected)


@settings(max_examples=8)
@given(seed=st.integers(0, 1000), point=st.sampled_from(POINTS))
def test_order_of_neurons_does_not_matter(seed, point):
    X, y = nm.datasets.four_points()
    network = nm.TwoLayer.sample(60, *point, X, rng=seed)
    order = np.random.default_rng(seed).permutation(60)
    shuffled = nm.TwoLayer(network.u[order], network.v[order], network.kappa, network.kappa_prime)
    stop = {"throw": False, "max_seconds": 10}
    first, second = (nm.gradient_flow(start, X, y, **stop).relative_distance["w"] for start in (network, shuffled))
    assert first == pytest.approx(second, rel=2e-2)  # rounding decides on which side of a kink a sliding neuron is


@settings(max_examples=10)
@given(beta=st.floats(1e-3, 1e3), seed=st.integers(0, 100))
def test_only_kappa_and_kappa_prime_matter(beta, seed):
    X, y = nm.datasets.four_points()
    rng = np.random.default_rng(seed)
    a, w = rng.standard_normal(50), rng.standard_normal((50, 2))
    first = nm.TwoLayer.from_weights(a, w, alpha=50.0, beta1=1.0, beta2=1.0)
    second = nm.TwoLayer.from_weights(beta * a, beta * w, alpha=50.0 * beta**2, beta1=beta, beta2=beta)
    assert second.kappa == pytest.approx(first.kappa)
    assert second.kappa_prime == pytest.approx(first.kappa_prime)
    np.testing.assert_allclose(second(X), a @ np.maximum(w @ X.T, 0) / 50, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(second.output_weights(beta), beta * a)
    np.testing.assert_allclose(second.input_weights(beta), beta * w)
    runs = [nm.gradient_flow(net, X, y, t_max=5.0, loss_tol=1e-9) for net in (first, second)]
    assert runs[0].relative_distance["w"] == pytest.approx(runs[1].relative_distance["w"], rel=1e-2)


def test_the_way_out_of_a_saddle_is_not_stepped_over(four_points):
    """Two or three neurons out of 4000 carry it; steps that ignore their growth end on the plateau at loss 0.077."""
    X, y = four_points
    solution = nm.gradient_flow(nm.TwoLayer.sample(4000, 2.5, 0, X, rng=1), X, y, loss_tol=1e-4)
    assert solution.relative_distance["w"] == pytest.approx(
        839.2, rel=1e-2
    )  # classical Runge-Kutta, h = 0.1/lambda_max


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("gamma", [0.5, 1.0, 1.75])
def test_same_seed_same_bits_wherever_the_arrays_lie(gamma, d):
    rng = np.random.default_rng(d)
    X, y = nm.datasets.from_arrays(rng.standard_normal((4, d - 1)), rng.standard_normal(4))
    found, held = set(), []
    for _ in range(12):
        held.append([np.empty(rng.integers(1, 3000)) for _ in range(3)])
        solution = nm.gradient_flow(nm.TwoLayer.sample(300, gamma, 0, X, rng=4), X, y, loss_tol=1e-3, throw=False)
        found.add((solution.network.v.tobytes(), solution.trajectory.loss.tobytes()))
    assert len(found) == 1
    assert solution.seed == "4"


@pytest.mark.parametrize("gamma", [0.5, 1.4])
@pytest.mark.parametrize("rtol", [1e-2, 1e-4, 1e-6, 1e-8])
def test_stops_on_loss_within_its_margin(four_points, gamma, rtol):
    X, y = four_points
    solution = nm.gradient_flow(nm.TwoLayer.sample(100, gamma, 0, X, rng=2), X, y, loss_tol=1e-3, rtol=rtol)
    assert solution.status is nm.Status.LOSS_REACHED
    assert abs(np.log(solution.loss / 1e-3)) <= 2 * rtol


def test_a_step_that_ended_just_short_of_the_loss_is_followed_by_another(four_points):
    X, y = four_points
    network = nm.TwoLayer.sample(100, 1.4, 0, X, rng=2)
    before = nm.gradient_flow(network, X, y, loss_tol=1e-3, rtol=1e-8)
    short = nm.gradient_flow(network, X, y, loss_tol=before.loss * (1 - 3e-8), rtol=1e-8)
    assert short.status is nm.Status.LOSS_REACHED


def test_stops_on_time_exactly(four_points):
    X, y = four_points
    solution = nm.gradient_flow(nm.TwoLayer.sample(200, 0.5, 0, X), X, y, t_max=3.25)
    assert solution.status is nm.Status.TIME_REACHED
    assert solution.t == pytest.approx(3.25, rel=1e-12)


def test_stops_on_gradient(four_points):
    X, y = four_points
    solution = nm.gradient_flow(nm.TwoLayer.sample(200, 0.5, 0, X), X, y, grad_tol=1e-2)
    assert solution.status is nm.Status.GRADIENT_REACHED
    assert solution.converged


@pytest.mark.parametrize(
    ("budget", "status"),
    [({"max_steps": 3}, nm.Status.STEP_BUDGET), ({"max_seconds": 1e-9}, nm.Status.TIME_BUDGET)],
)
def test_budgets_mark_the_run(four_points, budget, status):
    X, y = four_points
    network = nm.TwoLayer.sample(200, 1.0, 0, X)
    solution = nm.gradient_flow(network, X, y, throw=False, **budget)
    assert solution.status is status
    assert not solution.converged
    assert "raise max_" in solution.message
    with pytest.raises(nm.GradientFlowError, match="raise max_") as caught:
        nm.gradient_flow(network, X, y, **budget)
    assert caught.value.solution.status is status
    received = pickle.loads(pickle.dumps(caught.value))  # as from a worker
    assert (str(received), received.solution.status) == (str(caught.value), status)


def test_steps_that_were_refused_count_for_the_budget(four_points):
    X, y = four_points
    network = nm.TwoLayer.sample(50, 1.75, 0, X, rng=1)
    stats = nm.gradient_flow(network, X, y, max_steps=60, rtol=1e-6, throw=False).stats
    assert stats.accepted < 60 <= stats.accepted + stats.rejected


@pytest.mark.parametrize(
    ("change", "stationary"),
    [
        ({}, True),
        ({"loss": 0.5 * (1 + 2e-6)}, False),  # the loss still moves
        ({"moved": (0.3 * (1 - 2e-6), 0.2)}, False),  # one layer does, whichever
        ({"moved": (0.3, 0.2 * (1 + 2e-6))}, False),
        (
            {"gradient": 0.0023},
            False,
        ),  # the loss falls by gradient^2 in a unit of time: by more than 1e-3 of it until 200
        ({"gradient": 0.0022}, True),
        ({"growth": 0.011}, False),  # some neuron grows e-fold within the time reached: a saddle
        ({"growth": 0.009}, True),
        ({"growth": 0.009, "bound": 80.0}, False),  # it would be later: 1e-4 of the fastest growth is no rounding
        ({"bound": 0.0}, True),  # nothing can grow at all: every neuron is dead where the data are not fitted
        ({"then": 51.0}, False),  # nothing is known yet of the first half of the time
    ],
)
def test_a_run_is_at_rest_if_nothing_moved_over_the_last_doubling(four_points, change, stationary):
    X, y = four_points
    problem = TwoLayerProblem(nm.TwoLayer.sample(4, 1, 0, X), X, y, "rkc", 1)
    none = np.array([])
    run = _Run(problem, Limits(1e-6, 1e-2, np.inf, 0.0, 10, np.inf, none, none, False, None), Stopwatch())
    run.flow = SimpleNamespace(
        largest_growth_rate=lambda point: change.get("growth", 0.0),
        growth_bound=lambda point: change.get("bound", 100.0),
    )
    run.record.append(change.get("then", 50.0), change.get("loss", 0.5), change.get("moved", (0.3, 0.2)))
    run.record.append(100.0, 0.5, (0.3, 0.2))
    assert run._is_stationary(change.get("gradient", 0.001)) == stationary


@pytest.mark.parametrize("gamma", [0.5, 1.0, 1.75])
def test_a_target_that_cannot_be_fitted_ends_with_a_status(gamma):
    X, y = nm.datasets.from_arrays([-1.0, 0.2, 0.2, 1.0], [0.5, -0.4, 0.6, 0.3])
    solution = nm.gradient_flow(nm.TwoLayer.sample(200, gamma, 0, X), X, y, throw=False, max_seconds=30)
    assert solution.status is nm.Status.UNFITTABLE
    assert solution.at_rest
    assert solution.loss == pytest.approx((0.5**2 + 0.5**2) / 8, rel=1e-3)
    assert solution.message.startswith("at rest at loss 0.0625, the least of all networks: equal inputs have different")


def test_fitted_at_the_start(four_points):
    X, _ = four_points
    solution = nm.gradient_flow(nm.TwoLayer.sample(10, 1, 0, X), X, np.zeros(4))
    assert solution.status is nm.Status.LOSS_REACHED
    assert solution.t == 0.0
    assert solution.relative_distance == {"w": 0.0, "a": 0.0}


@pytest.mark.parametrize(("n", "d"), [(1, 2), (12, 2), (5, 4), (3, 8)])
def test_any_number_of_samples_and_inputs(n, d):
    rng = np.random.default_rng(n)
    X, y = nm.datasets.from_arrays(rng.standard_normal((n, d - 1)), rng.standard_normal(n))
    solution = nm.gradient_flow(nm.TwoLayer.sample(3000, 0.5, 0, X), X, y, loss_tol=1e-5)
    assert solution.converged


def test_repr_and_stats_fit_a_terminal(four_points):
    X, y = four_points
    solution = nm.gradient_flow(nm.TwoLayer.sample(100, 1, 0, X), X, y)
    assert len(repr(solution)) < 240
    assert "\n" not in repr(solution)
    assert solution.stats.accepted == len(solution.trajectory.t) - 1
    assert solution.stats.evaluations > 0
    assert solution.stats.kernel_evaluations > 0
    assert solution.stats.method == "kink-exact"
    assert "one pass" in solution.stats.why


@pytest.mark.parametrize(
    ("samples", "inputs", "dropout", "method", "why"),
    [
        (4, 2, 1.0, "kink-exact", "through every kink"),
        (201, 2, 1.0, "kink-exact", "through every kink"),
        (201, 2, 0.9, "rkc", "n = 201 > 200"),
        (200, 3, 1.0, "kink-exact", "through every kink"),
        (201, 3, 1.0, "rkc", "n = 201 > 200"),
    ],
)
def test_auto_says_what_it_chose_and_why(samples, inputs, dropout, method, why):
    X, y = np.random.default_rng(0).standard_normal((samples, inputs)), np.zeros(samples)
    stats = nm.gradient_flow(nm.TwoLayer.sample(10, 1, 0, X), X, y, dropout=dropout, throw=False).stats
    assert stats.method == method
    assert why in stats.why


def test_the_first_chebyshev_step_knows_the_spectral_radius(bench):
    """One power iteration from the targets is half of it here, and the step would not be stable."""
    X, y = nm.datasets.curve(80)
    work = bench(nm.TwoLayer.sample(300, 1, 0, X, rng=0), X, y)
    exact = np.linalg.eigvalsh(bench(nm.TwoLayer.sample(300, 1, 0, X, rng=0), X, y, "exponential").point.kernel)[-1]
    assert work.point.radius >= 0.95 * exact

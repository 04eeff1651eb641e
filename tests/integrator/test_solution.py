"""What a run can be asked for besides its end, and the exact reduction to the samples for n < d."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numerics as nm
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.problem import METHODS, TwoLayerProblem
from numerics.flow.two_layer.sample_space import SampleSpace


@pytest.fixture
def start(four_points):
    return nm.TwoLayer.sample(200, 0.5, 0, four_points[0], rng=2)


@pytest.mark.parametrize("method", METHODS)
def test_snapshots_are_at_the_requested_times(four_points, start, method):
    X, y = four_points
    times = np.array([0.5, 1.0, 7.25, 1e9])
    solution = nm.gradient_flow(start, X, y, times=times, keep_weights=True, t_max=20.0, method=method)
    shots = solution.snapshots
    np.testing.assert_array_equal(shots.t, times[:3])  # the run stopped before the last
    assert shots.outputs.shape == (3, 4)
    for network, outputs, loss, distance in zip(
        shots.networks, shots.outputs, shots.loss, shots.relative_distance["w"], strict=True
    ):
        np.testing.assert_allclose(network(X), outputs, rtol=1e-9, atol=1e-12)
        assert loss == pytest.approx(np.sum((outputs - y) ** 2) / 8, rel=1e-9)
        assert distance == pytest.approx(nm.relative_distance(network, start)["w"], rel=1e-9)
    assert set(times[:3]) <= set(solution.trajectory.t)


def test_snapshots_hold_no_weights_unless_asked(four_points, start):
    X, y = four_points
    assert nm.gradient_flow(start, X, y, times=[1.0]).snapshots.networks == ()
    empty = nm.gradient_flow(start, X, y).snapshots
    assert empty.t.shape == (0,)
    assert empty.outputs.shape == (0, 4)


def test_requested_times_do_not_change_the_end(four_points, start):
    X, y = four_points
    plain, asked = (
        nm.gradient_flow(start, X, y, times=t).relative_distance["w"] for t in ((), np.linspace(1, 200, 40))
    )
    assert asked == pytest.approx(plain, rel=5e-3)


def test_a_callback_sees_every_step_and_may_stop(four_points, start):
    X, y = four_points
    seen = []
    solution = nm.gradient_flow(start, X, y, callback=seen.append)
    assert [p.steps for p in seen] == list(range(1, solution.stats.accepted + 1))
    np.testing.assert_array_equal([p.loss for p in seen], solution.trajectory.loss[1:])
    stopped = nm.gradient_flow(start, X, y, callback=lambda progress: progress.loss < 0.05)
    assert stopped.status is nm.Status.CALLBACK
    assert stopped.converged
    assert stopped.loss < 0.05 < stopped.trajectory.loss[-2]


@pytest.mark.parametrize("method", METHODS)
def test_the_gradient_stop_is_located(four_points, start, method):
    X, y = four_points
    solution = nm.gradient_flow(start, X, y, grad_tol=1e-2, method=method)
    assert solution.status is nm.Status.GRADIENT_REACHED
    network, z = solution.network, solution.network.v @ X.T
    e = network(X) - y
    kink = np.abs(z) < 1e-12 * np.linalg.norm(network.v, axis=1)[:, None]  # the kink-exact method slides along it
    gradient_u = network.kappa * np.maximum(z, 0) @ e / 4
    gradient_v = network.kappa * network.u[:, None] * (((z > 0) & ~kink) * e) @ X / 4
    normal = kink @ X  # of the one kink, or 0
    squares = np.maximum(np.sum(normal**2, axis=1), 1e-300)
    gradient_v -= (np.sum(gradient_v * normal, axis=1) / squares)[:, None] * normal
    size = np.sqrt(np.sum(gradient_u**2) + np.sum(gradient_v**2))
    assert size == pytest.approx(1e-2, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize(
    ("method", "gamma"),
    [("kink-exact", 0.5), ("kink-exact", 1.75), ("exponential", 1.75), ("rkc", 0.5), ("dormand-prince", 0.5)],
)
def test_any_number_of_threads_gives_the_same_to_rounding(method, gamma, d):
    rng = np.random.default_rng(d)
    X, y = nm.datasets.from_arrays(rng.standard_normal((4, d - 1)), rng.standard_normal(4))
    network = nm.TwoLayer.sample(1000, gamma, 0, X, rng=4)
    runs = [
        nm.gradient_flow(network, X, y, method=method, threads=threads, t_max=50.0 / network.kappa)
        for threads in (1, 3, 3, 100)
    ]
    first, third, again, many = (run.network.v for run in runs)
    assert np.array_equal(third, again)
    for other in (third, many):
        assert np.linalg.norm(other - first) <= 1e-9 * np.linalg.norm(first)


def test_ranges_cover_every_neuron_once():
    for width, threads in ((1, 4), (255, 2), (256, 2), (257, 2), (100_000, 3), (1_000_000, None)):
        chunks = Chunks(width, threads)
        assert (chunks.ranges[0][0], chunks.ranges[-1][1]) == (0, width)
        assert sum(last - first for first, last in chunks.ranges) == width
        assert all(a[1] == b[0] for a, b in zip(chunks.ranges, chunks.ranges[1:], strict=False))
        chunks.close()
    assert Chunks(50_000, None).threads == 1


@pytest.mark.parametrize(
    ("cores", "width", "threads"),
    [(8, 250_000, 2), (8, 200_000, 2), (8, 199_999, 1), (8, 99_999, 1), (2, 1_000_000, 2), (None, 1_000_000, 1)],
)
def test_a_thread_for_every_hundred_thousand_neurons_as_far_as_there_are_cores(monkeypatch, cores, width, threads):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    chunks = Chunks(width, None)
    chunks.close()
    assert chunks.threads == threads
    assert chunks.partial(2, 3).shape == (threads, 2, 3)


@pytest.mark.parametrize("threads", [0, -1, 1.5, True])
def test_threads_is_a_positive_integer(four_points, start, threads):
    with pytest.raises(nm.InputError, match="threads"):
        nm.gradient_flow(start, *four_points, threads=threads)


@pytest.mark.parametrize("threads", [1, 2, "2"])
def test_threads_of_a_deep_network_are_refused(four_points, threads):
    network = nm.DeepNetwork.sample((2, 3, 3, 1), (1, 1, 1))
    with pytest.raises(nm.InputError, match=r"threads = .* for a DeepNetwork; leave it out") as caught:
        nm.gradient_flow(network, *four_points, threads=threads)
    assert "\n" not in str(caught.value)


def test_a_run_as_a_dataset(four_points, start):
    X, y = four_points
    solution = nm.gradient_flow(start, X, y, times=[1.0, 2.0])
    data = solution.to_xarray()
    np.testing.assert_array_equal(data.loss, solution.trajectory.loss)
    np.testing.assert_array_equal(data.t, solution.trajectory.t)
    assert data.snapshot_output.dims == ("snapshot", "sample")
    assert data.attrs["status"] == "LOSS_REACHED"
    assert data.attrs["relative_distance_w"] == solution.relative_distance["w"]
    assert data.attrs["seed"] == "2"


@pytest.mark.parametrize("times", [[0.0, 1.0], [2.0, 1.0], [1.0, 1.0], [-1.0], [np.nan], [[1.0]]])
def test_times_must_increase(four_points, start, times):
    with pytest.raises(nm.InputError, match="times"):
        nm.gradient_flow(start, *four_points, times=times)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 4), more=st.integers(1, 5), gamma=st.sampled_from([0.5, 1.0]))
def test_the_reduction_to_the_samples_is_exact(seed, n, more, gamma):
    """In n dimensions and in d: the same outputs at the start, the same run; what the samples do not see stays."""
    rng = np.random.default_rng(seed)
    X, y = nm.datasets.from_arrays(rng.standard_normal((n, n + more - 1)), 0.3 * rng.standard_normal(n))
    network = nm.TwoLayer.sample(60, gamma, 0, X, rng=seed)
    space = SampleSpace.of(X)
    np.testing.assert_allclose(space.project(network)(space.inputs), network(X), atol=1e-12)
    solution = nm.gradient_flow(network, X, y, t_max=3.0, throw=False)
    # the same flow without the reduction: as many zero samples as it takes to have n >= d, weighed out of the mean
    d = X.shape[1]
    padded, targets = np.vstack([X, np.zeros((d - n, d))]), np.concatenate([y, np.zeros(d - n)])
    whole = nm.gradient_flow(network, padded, targets, t_max=3.0 * d / n, throw=False, loss_tol=1e-6 * n / d)
    assert solution.relative_distance["w"] == pytest.approx(whole.relative_distance["w"], rel=2e-2)
    unseen = np.eye(d) - space.basis @ space.basis.T
    np.testing.assert_allclose(solution.network.v @ unseen, network.v @ unseen, atol=1e-12)


@pytest.mark.parametrize(("n", "d", "seen"), [(2, 5, 2), (4, 5, 4), (5, 5, 5), (6, 5, 5)])
def test_only_the_directions_that_the_samples_see_are_integrated(n, d, seen):
    X = np.random.default_rng(0).standard_normal((n, d))
    problem = TwoLayerProblem(nm.TwoLayer.sample(10, 1, 0, X), X, np.ones(n), "rkc", 1)
    assert problem.point.v.shape == (seen, 10)
    assert (problem.space is None) == (n >= d)
    assert problem.network_at(problem.point).v.shape == (10, d)


def test_digits_in_seconds():
    X, y = nm.datasets.mnist(45)
    solution = nm.gradient_flow(nm.TwoLayer.sample(400, 0.5, 0, X, rng=0), X, y, loss_tol=1e-4)
    assert solution.network.v.shape == (400, 785)
    assert solution.relative_distance["w"] > 0
    np.testing.assert_allclose(np.sum((solution.network(X) - y) ** 2) / 90, solution.loss, rtol=1e-6)

"""The loop around a method, piece by piece: what refuses a step, where one is aimed, what ends a run and what is kept of it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import expm

import numerics as nm
from numerics.flow.deep.problem import DeepProblem
from numerics.flow.least_loss import rest_of
from numerics.flow.record import Record
from numerics.flow.run import _Run
from numerics.flow.runge_kutta import LayerError, RungeKutta
from numerics.flow.solution import Trajectory

X, Y = nm.datasets.four_points()
START = nm.TwoLayer.sample(20, 1, 0, X, rng=0)


def record(*rows):
    """Of times and losses."""
    made = Record((), ())
    for t, loss in rows:
        made.append(t, loss, ())
    return made


@pytest.mark.parametrize(
    ("loss", "error", "expected"),
    [
        (1.09, 2e-3, 0.2),  # neurons that slide on a kink make it quiver
        (1.11, 2e-3, 8.0),  # it rose
        (1.11, 0.1, 10.0),  # its own error is worse
        (np.nan, 2e-3, 8.0),
        (0.5, np.nan, 1e3),
        (1.11, np.inf, 1e3),
    ],
)
def test_a_step_is_refused_by_its_error_or_if_the_loss_rises(loss, error, expected):
    run = SimpleNamespace(
        method=SimpleNamespace(attempt=lambda point, h, trial: SimpleNamespace(error=error)),
        point=SimpleNamespace(penalty=0.0),
        trial=SimpleNamespace(loss=loss, penalty=0.0),
        tolerance=1e-2,
        record=record((0.0, 9.0), (1.0, 1.0)),
    )
    assert _Run._attempt(run, 1.0)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("h", "kernel", "steps", "expected"),
    [
        (2.0, True, 2, "foreseen"),  # at the rate of the last step, 1, twice this time is enough
        (1.4, True, 2, 1.4),
        (2.0, False, 2, 2.0),  # no kernel, no forecast
        (2.0, True, 1, 2.0),  # no step yet, no rate
    ],
)
def test_a_step_is_aimed_at_the_next_loss_where_it_may_come_within_it(h, kernel, steps, expected):
    run = SimpleNamespace(
        point=SimpleNamespace(kernel=np.eye(1) if kernel else None, penalty=0.0),
        record=record(*((t, np.exp(-t)) for t in (3.0, 5.0)[2 - steps :])),
        _next_level=lambda: np.exp(-8.0),
        _foresee=lambda loss, h: ("foreseen", loss),
        method=None,
    )
    assert _Run._aim(run, h) == expected
    run.point.penalty = 0.1  # under weight decay or dropout the kernel alone foresees nothing
    assert _Run._aim(run, h) == h


@pytest.mark.parametrize(("foreseen", "expected"), [(0.75, 1.5), (3.5, 3.5), (2.9, 2.9496)])
def test_a_method_that_steps_across_kinks_aims_between_the_forecast_and_the_last_step_s_rate(foreseen, expected):
    run = SimpleNamespace(
        point=SimpleNamespace(kernel=np.eye(1), penalty=0.0),
        record=record((3.0, np.exp(-3.0)), (5.0, np.exp(-5.0))),  # at this rate the level is 3 away
        _next_level=lambda: np.exp(-8.0),
        _foresee=lambda loss, h: (foreseen, loss),
        method=SimpleNamespace(first=0.1, rate=lambda point: 1.0),
    )
    assert _Run._aim(run, 10.0) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("reached", "level"), [(0.5, 0.1), (0.1003, 0.1), (0.1001, 0.01), (0.05, 0.01), (0.01, 1e-6)])
def test_the_next_level_is_the_largest_that_was_not_reached(reached, level):
    run = SimpleNamespace(
        record=record((0.0, reached)), levels=[0.1, 0.01], match=2e-3, limits=SimpleNamespace(loss_tol=1e-6)
    )
    assert _Run._next_level(run) == level


@pytest.mark.parametrize("method", ["kink-exact", "rkc"])
def test_a_run_ends_a_step_on_every_level(method):
    levels = [1e-2, 3e-2, 1e-3]
    run = nm.gradient_flow(START, X, Y, loss_tol=1e-4, loss_levels=levels, method=method)
    nearest = [np.min(np.abs(np.log(run.trajectory.loss / level))) for level in (*levels, 1e-4)]
    assert max(nearest) <= 0.02
    assert np.all(run.relative_distance_at("w", levels) <= run.sup_relative_distance["w"])
    plain = nm.gradient_flow(START, X, Y, loss_tol=1e-4, method=method)
    assert run.relative_distance["w"] == pytest.approx(plain.relative_distance["w"], rel=2e-2)


def test_a_step_that_the_kernel_foresees_needs_no_second_try():
    """Nearly linear in the weights, so that its forecast of the loss holds: one pass a step, the last one too."""
    start = nm.TwoLayer.sample(1000, 0.2, 0, X, rng=0, activation="linear")
    stats = nm.gradient_flow(start, X, 0.1 + 0.2 * X[:, 0], loss_tol=1e-3).stats
    assert (stats.rejected, stats.evaluations) == (0, stats.accepted)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_budget_of_steps_is_used_up_and_not_overdrawn(steps):
    stats = nm.gradient_flow(START, X, Y, max_steps=steps, throw=False).stats
    assert stats.accepted + stats.rejected == steps


@pytest.mark.parametrize("method", ["kink-exact", "rkc"])
@pytest.mark.parametrize("d", [2, 3])
def test_where_no_weight_is_pushed_the_run_is_at_rest_at_once(method, d):
    """Inputs of zero: no kernel, no growth, no length of a step to begin with; and nothing is iterated to see it."""
    start, inputs = nm.TwoLayer.sample(20, 1, 0, np.ones((4, d)), rng=0), np.zeros((4, d))
    run = nm.gradient_flow(start, inputs, np.array([1.0, 0.0, 0.0, 0.0]), throw=False, method=method)
    assert (run.status, run.stats.accepted, run.loss) == (nm.Status.STATIONARY, 0, 0.125)
    assert run.stats.kernel_evaluations == 1


@pytest.mark.parametrize("activation", ["linear", "relu", 0.5])
@pytest.mark.parametrize("deep", [False, True])
def test_what_is_the_least_loss(deep, activation):
    """Of any network: that of the mean target at each input. Of a linear one: that of least squares, if it is larger."""
    inputs, targets = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 0.0], [1.0, -2.0]]), np.array([0.2, 0.6, -0.8, 0.4])
    any_network = (0.2**2 + 0.2**2) / 8
    line = np.sum((np.poly1d(np.polyfit(inputs[:, 1], targets, 1))(inputs[:, 1]) - targets) ** 2) / 8
    assert line > 2 * any_network
    if deep:
        network = nm.DeepNetwork.sample((2, 2, 1), (1, 1), activation=activation)
    else:
        network = nm.TwoLayer.sample(4, 1, 0, inputs, activation=activation)
    found = nm.Status.UPSET
    at_line = nm.Status.LEAST_SQUARES if activation == "linear" else found
    for loss, expected in (
        (1.009 * any_network, nm.Status.UNFITTABLE),
        (1.011 * any_network, at_line),
        (1.009 * line, at_line),
        (1.011 * line, found),
    ):
        assert rest_of(network, inputs, targets, loss, found) is expected


def kernels(network, inputs):
    """K = J J^T/n by NumPy."""
    z = inputs @ network.v.T
    slopes = np.where(z > 0, 1.0, network.negative_slope)
    outer = (slopes * z) @ (slopes * z).T
    inner = (slopes * network.u**2) @ slopes.T * (inputs @ inputs.T)
    return network.kappa**2 * (outer + inner) / len(inputs)


@pytest.mark.parametrize(("n", "d", "size"), [(4, 2, 1.0), (9, 2, 1.0), (5, 3, 1.0), (5, 3, 0.0)])
def test_the_spectral_radius_is_that_of_the_kernel_and_of_growth(bench, n, d, size):
    """Exact for few samples in the plane, else by power iteration from the targets, which stops when it changes by 2 %."""
    rng = np.random.default_rng(n)
    inputs, targets = rng.standard_normal((n, d)), size * rng.standard_normal(n)
    network = nm.TwoLayer(rng.standard_normal(7), rng.standard_normal((7, d)), 0.7, 1.0, 0.2)
    work = bench(network, inputs, targets)
    kernel = np.linalg.eigvalsh(kernels(network, inputs))[-1]
    growth = 0.7 * np.abs(work.point.residual) @ np.linalg.norm(inputs, axis=1) / n
    assert work.flow.growth_bound(work.point) == pytest.approx(growth)
    assert work.point.radius == pytest.approx(kernel + growth, rel=1e-9 if (n, d) == (4, 2) else 3e-2)
    again = work.flow.kernel_evaluations
    assert again == 1 if (n, d) == (4, 2) else 2 <= again <= 15
    work.flow.spectral_radius(work.point)
    assert work.flow.kernel_evaluations == again + 1  # from where the last one ended


@pytest.mark.parametrize("method", ["kink-exact", "exponential"])
@pytest.mark.parametrize("d", [2, 3])
def test_the_error_of_a_step_is_the_defect_of_the_residual(bench, method, d):
    """What is left against exp(-K h) e, relative to e; a hundred rtol are allowed."""
    rng = np.random.default_rng(d)
    inputs, targets = rng.standard_normal((5, d)), rng.standard_normal(5)
    network = nm.TwoLayer(rng.standard_normal(7), rng.standard_normal((7, d)), 0.7, 1.0, 0.2)
    work = bench(network, inputs, targets, method)
    kernel = kernels(network, inputs)
    before = work.point.residual.copy()
    assert work.point.residual @ kernel @ before / 5 == pytest.approx(work.point.gradient_squared)
    radius = np.linalg.eigvalsh(kernel)[-1] + 0.7 * np.abs(before) @ np.linalg.norm(inputs, axis=1) / 5
    assert work.method.spectral_radius(work.point) == pytest.approx(radius)
    step = work.method.attempt(work.point, 0.2, work.other)
    defect = np.linalg.norm(work.other.residual - expm(-0.2 * kernel) @ before) / np.linalg.norm(before)
    assert defect > 1e-4
    assert step.error == pytest.approx(defect / 100)
    u, v = work.other.weights()
    assert step.moved == pytest.approx((np.linalg.norm(v - network.v), np.linalg.norm(u - network.u)))


def test_the_error_of_a_deep_step_is_the_defect_of_the_residual():
    """Of the residual as Simpson's mean of the kernels predicts it; fifty rtol are allowed."""
    network = nm.DeepNetwork.sample((2, 6, 5, 1), (1.0, 0.8, 0.6), rng=0, activation=0.2)
    problem = DeepProblem(network, X, Y, "exponential", None)
    problem.method.prepare(problem.point)
    before, h = problem.point.residual.copy(), 0.3
    step = problem.method.attempt(problem.point, h, problem.trial)

    def kernel(at):
        return sum(at.jacobian(X).kernels()) / 4

    def integral(mean):
        return np.linalg.solve(mean, before - expm(-h * mean) @ before) / 4

    def moved(*parts):
        changes = [at.jacobian(X).transposed_product(c) for at, c in parts]
        weights = [w - sum(change) for w, change in zip(network.weights, zip(*changes, strict=True), strict=True)]
        return replace(network, weights=tuple(weights))

    late = moved((network, integral(kernel(network))))
    c = integral((kernel(network) + kernel(late)) / 2)
    half = moved((network, 3 / 8 * c), (late, c / 8))
    late = moved((half, c))
    mean = (kernel(network) + 4 * kernel(half) + kernel(late)) / 6
    defect = np.linalg.norm(problem.trial.residual - expm(-h * mean) @ before) / np.linalg.norm(before)
    assert defect > 1e-6
    assert step.error == pytest.approx(defect / 50)
    c = integral(mean)
    end = moved((network, c / 6), (half, 2 / 3 * c), (late, c / 6))
    np.testing.assert_allclose(problem.trial.residual, end(X) - Y, rtol=1e-3)


@pytest.mark.parametrize(
    ("method", "passes"), [("kink-exact", 1), ("exponential", 1), ("rkc", 2), ("dormand-prince", 6)]
)
def test_what_a_step_costs(bench, method, passes):
    """Passes over the neurons: as many as stages; two are the fewest of a Chebyshev step."""
    work = bench(START, X, Y, method)
    before, kernels_before = work.flow.evaluations, work.flow.kernel_evaluations
    work.method.attempt(work.point, 1e-6, work.other)
    work.method.prepare(work.other)
    assert work.flow.evaluations - before == passes
    assert work.flow.kernel_evaluations - kernels_before == (method != "dormand-prince")


@pytest.mark.parametrize(("method", "passes", "kernels"), [("exponential", 4, 4), ("rkc", 2, 1)])
def test_what_a_deep_step_costs(method, passes, kernels):
    """Passes over the weights; kernels, of which the last serves the next step."""
    problem = DeepProblem(nm.DeepNetwork.sample((2, 6, 5, 1), (1, 1, 1)), X, Y, method, None)
    problem.method.prepare(problem.point)
    assert (problem.flow.evaluations, problem.flow.kernel_evaluations) == (1, 1)
    problem.method.attempt(problem.point, 1e-6, problem.trial)
    problem.method.prepare(problem.trial)
    assert (problem.flow.evaluations, problem.flow.kernel_evaluations) == (1 + passes, 1 + kernels)


@pytest.mark.parametrize(
    ("along", "loss", "expected"),
    [
        (0.3, 1.0, 0.3 / 2 / 2),  # the worse layer, two rtol are allowed
        (0.0, 0.5, 0.8 * 0.5 / 100),  # the defect of the loss, a hundred; the gradients are 0
    ],
)
def test_the_error_of_a_runge_kutta_step(along, loss, expected):
    class Method(RungeKutta):
        def step(self, point, h, out):
            pass

        def error(self, point, out, h):
            return np.zeros(1)

    layers = [LayerError(0.5 * along, 0.0, 0.0, 2.0), LayerError(along, 0.0, 0.0, 2.0)]
    flow = SimpleNamespace(settle=lambda out: None, layer_errors=lambda x, point, out: layers)
    point, out = (SimpleNamespace(loss=value, loss_rate=0.0, moved=(1.0, 2.0), t=0.0) for value in (1.0, loss))
    step = Method(flow).attempt(point, 1.0, out)
    assert step.error == pytest.approx(expected)
    assert step.moved == (1.0, 2.0)


def test_distances_between_the_records():
    """log RD is linear in log loss; before the first step it is RD that is; the largest until then counts, and the least loss."""
    run = nm.gradient_flow(START, X, Y, t_max=1.0)
    trajectory = Trajectory(
        np.arange(5.0),
        np.array([1.0, 1e-1, 2e-1, 1e-3, 1e-4]),
        {"w": np.array([0.0, 0.2, 0.3, 0.8, 0.6]), "a": np.array([0.0, 1.0, 1.0, 1.0, 2.0])},
        sizes=(1.0, 1e9),
        units=(1.0, 1.0),
    )
    run = replace(run, trajectory=trajectory)
    found = run.relative_distance_at("w", [2.0, 1.0, 10**-0.5, 1e-1, 1e-2, 1e-3, 10**-3.5, 1e-4, 1e-5])
    assert found == pytest.approx([0.0, 0.0, 0.1, 0.2, np.sqrt(0.3 * 0.8), 0.8, 0.8, 0.8, np.nan], nan_ok=True)
    assert run.relative_distance_at("theta", [[1e-4, 1e-1]]) == pytest.approx(np.array([[2.0, 1.0]]))
    with pytest.raises(nm.InputError, match="layer = 'b'; use one of w, a, theta"):
        run.relative_distance_at("b", [1.0])


@pytest.mark.parametrize(
    ("status", "ending", "converged"),
    [
        (nm.Status.LOSS_REACHED, "", True),
        (nm.Status.GRADIENT_REACHED, "", True),
        (nm.Status.TIME_REACHED, "", True),
        (nm.Status.CALLBACK, "", True),
        (nm.Status.STATIONARY, "at rest at loss 0.0123", False),
        (nm.Status.UPSET, "at rest at loss 0.0123", False),
        (nm.Status.UNFITTABLE, "at rest at loss 0.0123", False),
        (nm.Status.LEAST_SQUARES, "at rest at loss 0.0123", False),
        (nm.Status.STEP_BUDGET, "stopped short at loss 0.0123", False),
        (nm.Status.TIME_BUDGET, "stopped short at loss 0.0123", False),
        (nm.Status.STEP_TOO_SMALL, "stopped short at loss 0.0123", False),
    ],
)
def test_how_a_run_ended(status, ending, converged):
    run = replace(nm.gradient_flow(START, X, Y, t_max=1e-3), status=status, loss=0.01234)
    assert (run.ending, run.converged, run.at_rest) == (ending, converged, ending.startswith("at rest"))
    assert run.message == (f"{ending}, {status.value}" if run.at_rest else status.value)


def test_all_of_a_run_is_in_its_dataset():
    run = nm.gradient_flow(START, X, Y, times=[0.5, 1.0], t_max=2.0)
    data = run.to_xarray()
    for layer in ("w", "a"):
        np.testing.assert_array_equal(data[f"relative_distance_{layer}"], run.trajectory.relative_distance[layer])
        np.testing.assert_array_equal(
            data[f"snapshot_relative_distance_{layer}"], run.snapshots.relative_distance[layer]
        )
        assert data.attrs[f"sup_relative_distance_{layer}"] == run.sup_relative_distance[layer]
    np.testing.assert_array_equal(data["snapshot_t"], [0.5, 1.0])
    np.testing.assert_array_equal(data["snapshot_loss"], run.snapshots.loss)
    np.testing.assert_array_equal(data["snapshot_output"], run.snapshots.outputs)
    assert data.attrs["final_time"] == 2.0
    assert data.attrs["final_loss"] == run.loss
    assert data.attrs["accepted"] == run.stats.accepted
    assert data.attrs["message"] == "t_max was reached"
    bare = nm.gradient_flow(START, X, Y, t_max=2.0).to_xarray()
    assert set(bare.dims) == {"step"}
    assert list(bare.coords) == ["t"]


def test_the_record_begins_at_the_start():
    run = nm.gradient_flow(START, X, Y, t_max=1.0)
    assert (run.trajectory.t[0], run.trajectory.relative_distance["w"][0], run.trajectory.joint_distance[0]) == (
        0,
        0,
        0,
    )
    assert run.trajectory.loss[0] == pytest.approx(Y @ Y / 8)

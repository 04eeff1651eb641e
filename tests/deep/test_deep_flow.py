"""The flow of deep networks: against the two-layer engine, against classical Runge-Kutta, and what it conserves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numerics as nm
from numerics.flow.deep.problem import DeepProblem

METHODS = ("exponential", "rkc")
REGIMES = [(1.0, 0.0), (3.0, 1.0), (2.25, 0.0), (3.5, 0.0)]  # one in each region


def slice_network(width, gamma_3, gamma_2, seed=0, **options):
    later = float(width) ** -gamma_2
    alpha = float(width) ** (gamma_3 - 2 * gamma_2)
    return nm.DeepNetwork.sample((2, width, width, 1), (1, later, later), alpha=alpha, rng=seed, **options)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("gamma", "gamma_prime"), [(0.5, 0), (1, 0), (1.75, 0), (1.2, 0.4), (1.4, -0.4)])
def test_two_layers_follow_the_two_layer_engine(four_points, method, gamma, gamma_prime):
    X, y = four_points
    two = nm.TwoLayer.sample(400, gamma, gamma_prime, X, rng=3)
    half = slice(0, 200)  # the second half is the antisymmetric copy
    deep = nm.DeepNetwork.sample((2, 200, 1), (1, 1), alpha=1 / two.kappa, antisymmetric=True)
    for weights, values in zip(deep.weights, (two.v[half], two.u[None, half]), strict=True):
        weights[0], weights[1] = values, values
    deep.weights[1][1] *= -1
    assert deep.layers == ("w", "a")
    np.testing.assert_allclose(
        deep.jacobian(X).kernels(),
        nm.DeepNetwork.from_weights([two.v, two.u[None]], alpha=1 / two.kappa).jacobian(X).kernels(),
        rtol=1e-10,
        atol=1e-14,
    )
    times = [2.0, 20.0]
    one, other = (
        nm.gradient_flow(start, X, y, times=times, loss_tol=1e-4, method=m, rtol=rtol)
        for start, m, rtol in ((two, "rkc", 1e-3), (deep, method, 1e-2))
    )
    for layer in ("w", "a"):
        assert other.relative_distance[layer] == pytest.approx(one.relative_distance[layer], rel=1.5e-2)
    k = min(len(one.snapshots.t), len(other.snapshots.t))
    np.testing.assert_allclose(other.snapshots.outputs[:k], one.snapshots.outputs[:k], atol=0.02)


def classical(network, X, y, time, steps):
    """Classical Runge-Kutta on the uniform coordinates, nothing shared with the engine but the Jacobian."""
    start, offset, n = list(network.weights), network.offset(X), len(y)

    def velocity(weights):
        signals = network.chain.forward(weights, X)
        pulled = network.chain.backward(weights, signals).transposed_product((signals.output - offset - y) / n)
        return [-part for part in pulled]

    h = time / steps
    for _ in range(steps):
        k1 = velocity(start)
        k2 = velocity([w + h / 2 * k for w, k in zip(start, k1, strict=True)])
        k3 = velocity([w + h / 2 * k for w, k in zip(start, k2, strict=True)])
        k4 = velocity([w + h * k for w, k in zip(start, k3, strict=True)])
        start = [w + h / 6 * (a + 2 * b + 2 * c + d) for w, a, b, c, d in zip(start, k1, k2, k3, k4, strict=True)]
    return start


@pytest.mark.parametrize("method", METHODS)
def test_order_of_convergence(four_points, method):
    """Second order on a smooth flow: equal steps by hand, against a step far below."""
    X, y = four_points
    network = nm.DeepNetwork.sample((2, 12, 12, 1), (1, 0.5, 0.5), alpha=2.0, rng=1, activation="linear")
    exact = np.concatenate([w.ravel() for w in classical(network, X, y, 1.0, 400)])
    errors = []
    for steps in (16, 32, 64):
        problem = DeepProblem(network, X, y, method, None)
        point, trial = problem.point, problem.trial
        problem.method.prepare(point)
        for _ in range(steps):
            problem.method.attempt(point, 1.0 / steps, trial)
            point, trial = trial, point
            problem.method.prepare(point)
        errors.append(np.linalg.norm(point.y - exact))
    slopes = -np.diff(np.log2(errors))
    assert abs(slopes[-1] - 2) < 0.15, errors


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("depth", [2, 3, 4])
def test_any_depth_follows_the_classical_method(four_points, depth, method):
    X, y = four_points
    network = nm.DeepNetwork.sample((2, *[30] * (depth - 1), 1), [0.5] * depth, alpha=2.0, rng=2)
    time = 6.0
    # a network so narrow is off by more than 2 % at rtol = 1e-2 for one start in ten
    solution = nm.gradient_flow(network, X, y, t_max=time, loss_tol=1e-9, rtol=5e-3, method=method)
    assert solution.status is nm.Status.TIME_REACHED
    for layer, now, start in zip(network.layers, classical(network, X, y, time, 1500), network.weights, strict=True):
        exact = np.linalg.norm(now - start) / np.linalg.norm(start)
        assert solution.relative_distance[layer] == pytest.approx(exact, rel=2e-2)
        assert np.linalg.norm(now - start) == pytest.approx(
            solution.trajectory.relative_distance[layer][-1] * np.linalg.norm(start), rel=2e-2
        )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("gamma_3", "gamma_2"), REGIMES)
def test_descent_balance_and_observables(four_points, gamma_3, gamma_2, method):
    X, y = four_points
    solution = nm.gradient_flow(slice_network(60, gamma_3, gamma_2), X, y, loss_tol=1e-4, method=method)
    loss = solution.trajectory.loss
    assert np.all(loss[1:] <= 1.1 * loss[:-1])
    np.testing.assert_allclose(np.sum((solution.network(X) - y) ** 2) / 8, solution.loss, rtol=1e-9)
    assert solution.conserved_drift < 0.05
    found = nm.layer_observables(solution.network, solution.initial)
    for layer, part in found.items():
        assert part.relative_distance == pytest.approx(solution.relative_distance[layer], rel=1e-9)
        assert 1 - 1e-9 <= part.stable_rank <= 4.5  # four samples: a change of few directions
        if layer != "a":
            assert part.balance_drift < 0.02
    assert found["a"].stable_rank == pytest.approx(1.0)
    assert np.isnan(found["a"].balance_drift)
    several = [distance for layer, distance in solution.sup_relative_distance.items() if layer != "theta"]
    assert min(several) <= solution.sup_relative_distance["theta"] <= max(several)


@pytest.mark.parametrize("rates", [(1, 1, 1), (1, 0.25, 9)])
def test_theta_is_all_normalised_weights_together(four_points, rates):
    """Every layer in units of its own sigma, whatever the learning rates make of the uniform coordinates."""
    X, y = four_points
    sigmas = (1.0, 0.05, 0.3)
    network = nm.DeepNetwork.sample((2, 30, 30, 1), sigmas, learning_rates=rates, rng=2)
    solution = nm.gradient_flow(network, X, y, times=np.geomspace(1e-2, 1e4, 60), keep_weights=True)
    start, *later = (
        np.concatenate([w.ravel() / s for w, s in zip(net.original_weights(), sigmas, strict=True)])
        for net in (network, *solution.snapshots.networks, solution.network)
    )
    joint = max(np.linalg.norm(weights - start) for weights in later) / np.linalg.norm(start)
    assert solution.sup_relative_distance["theta"] == pytest.approx(joint, rel=1e-2)


def test_balance_is_kept_to_tolerance(four_points):
    """Every step ends on the law; what it took to get there is reported, and is the less the smaller the tolerance."""
    X, y = four_points
    runs = [nm.gradient_flow(slice_network(60, 1.5, 0.0), X, y, rtol=rtol, loss_tol=1e-4) for rtol in (1e-2, 1e-3)]
    drifts = [run.conserved_drift for run in runs]
    assert drifts[0] > drifts[1]
    assert drifts[1] < 5e-3
    for run in runs:
        for part in nm.layer_observables(run.network, run.initial).values():
            assert np.isnan(part.balance_drift) or part.balance_drift < 0.02


@pytest.mark.parametrize(("gamma_3", "gamma_2"), REGIMES)
def test_methods_agree(four_points, gamma_3, gamma_2):
    X, y = four_points
    network = slice_network(200, gamma_3, gamma_2, seed=1)
    one, other = (nm.gradient_flow(network, X, y, loss_tol=1e-4, method=m).relative_distance for m in METHODS)
    for layer, distance in one.items():
        assert distance == pytest.approx(other[layer], rel=4e-2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("gamma_3", "gamma_2", "width"), [(3.0, 1.0, 100), (3.5, 0.0, 400)])
def test_the_tolerance_is_kept(four_points, gamma_3, gamma_2, width, seed):
    """Of (3.5, 0) not at width 100: which neurons condense is a toss there, and ten of sixteen starts are off by 1 to 4 %."""
    X, y = four_points
    network = slice_network(width, gamma_3, gamma_2, seed)
    one, other = (gradient_flow_distances(network, X, y, rtol) for rtol in (1e-2, 1e-3))
    np.testing.assert_allclose(one, other, rtol=1e-2)


def gradient_flow_distances(network, X, y, rtol):
    return list(nm.gradient_flow(network, X, y, loss_tol=1e-4, rtol=rtol).relative_distance.values())


@settings(max_examples=10)
@given(
    factors=st.lists(st.floats(0.05, 20), min_size=2, max_size=2),
    pair=st.booleans(),
    seed=st.integers(0, 99),
    activation=st.sampled_from(["relu", "linear", 0.2]),
)
def test_scale_moved_between_layers_with_their_rates_leaves_the_output_at_every_time(factors, pair, seed, activation):
    X, y = nm.datasets.four_points()
    first, second = factors
    moves = (first, second / first, 1 / second)
    runs = []
    for scale in ((1.0, 1.0, 1.0), moves):
        network = nm.DeepNetwork.sample(
            (2, 8, 8, 1),
            scale,
            alpha=8.0,
            learning_rates=[s**2 for s in scale],
            rng=seed,
            antisymmetric=pair,
            activation=activation,
        )
        # an rtol whose passes are in double precision: rounding of single throws neurons of eight over kinks
        stops = {"times": [0.5, 2.0, 8.0], "t_max": 8.0, "loss_tol": 1e-12}
        runs.append(nm.gradient_flow(network, X, y, rtol=5e-5, **stops, throw=False))
    outputs = []
    for run in runs:
        shots = run.snapshots.outputs
        # a linear network is at rest early, and rounding says when it is seen: from then on its output stays
        assert len(shots) == 3 or run.at_rest
        outputs.append(np.vstack([shots, np.tile(run.network(X), (3 - len(shots), 1))]))
    assert np.max(np.abs(outputs[0])) > 1e-3
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-5, atol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_bits_wherever_the_arrays_lie(four_points, method):
    X, y = four_points
    rng = np.random.default_rng(0)
    found, held = set(), []
    for _ in range(4):
        held.append([np.full(rng.integers(1, 30_000), np.nan) for _ in range(5)])
        solution = nm.gradient_flow(slice_network(70, 2.0, 0.0, seed=5), X, y, loss_tol=1e-3, method=method)
        del held[-1][::2]  # what is freed is what the next run starts from
        found.add((*(w.tobytes() for w in solution.network.weights), solution.trajectory.loss.tobytes()))
    assert len(found) == 1
    other = nm.gradient_flow(slice_network(70, 2.0, 0.0, seed=6), X, y, loss_tol=1e-3, method=method)
    assert other.trajectory.loss.tobytes() not in {bits[-1] for bits in found}


@pytest.mark.parametrize("method", METHODS)
def test_a_target_that_cannot_be_fitted_ends_with_a_status(method):
    X, y = nm.datasets.from_arrays([-1.0, 0.2, 0.2, 1.0], [0.5, -0.4, 0.6, 0.3])
    solution = nm.gradient_flow(slice_network(40, 1.0, 0.0), X, y, throw=False, max_seconds=30, method=method)
    assert solution.status is nm.Status.UNFITTABLE
    assert solution.loss == pytest.approx((0.5**2 + 0.5**2) / 8, rel=1e-3)


def test_a_saddle_is_not_an_end(four_points):
    """Weights of 1e-3 at depth 3: the loss does not move for a long time, and the largest growth rate says that it will.

    Later, at a loss of 0.005, there is a local minimum: both methods end there at rtol = 1e-3, and this one at 3e-4.
    """
    X, y = four_points
    network = nm.DeepNetwork.sample((2, 20, 20, 1), (1e-3, 1e-3, 1e-3), rng=0)
    assert nm.gradient_flow(network, X, y, loss_tol=1e-2).converged
    problem = DeepProblem(network, X, y, "exponential", None)
    assert 0 < problem.flow.largest_growth_rate(problem.point) <= 1.1 * problem.flow.growth_bound(problem.point)


@pytest.mark.slow
def test_many_samples_and_wide_inputs(four_points):
    rng = np.random.default_rng(0)
    X, y = nm.datasets.from_arrays(rng.standard_normal((201, 3)), rng.standard_normal(201))
    network = nm.DeepNetwork.sample((4, 40, 40, 1), (1, 0.2, 0.2), rng=0)
    solution = nm.gradient_flow(network, X, y, t_max=0.5)
    assert solution.stats.method == "rkc"
    assert "n = 201 > 200" in solution.stats.why
    exact = nm.gradient_flow(network, X, y, t_max=0.5, method="exponential", rtol=1e-3)
    for layer, distance in exact.relative_distance.items():
        assert solution.relative_distance[layer] == pytest.approx(distance, rel=2e-2)


def test_snapshots_dataset_and_repr(four_points):
    X, y = four_points
    start = slice_network(20, 1.0, 0.0, antisymmetric=True)
    solution = nm.gradient_flow(start, X, y, times=[1.0, 2.0], keep_weights=True, t_max=3.0)
    assert len(solution.snapshots.networks) == 2
    np.testing.assert_allclose(solution.snapshots.networks[1](X), solution.snapshots.outputs[1], rtol=1e-9)
    data = solution.to_xarray()
    assert {"relative_distance_W1", "relative_distance_W2", "relative_distance_a"} <= set(data)
    assert data.attrs["shape"] == "2 x 2-20-20-1"
    assert "2 x 2-20-20-1" in repr(solution)
    assert len(repr(solution)) < 240


@pytest.mark.parametrize("activation", ["linear", 0.3, "tanh"])
@pytest.mark.filterwarnings("ignore:tanh is homogeneous only asymptotically")
def test_other_activations(four_points, activation):
    X, y = four_points
    y = 0.3 * X[:, 0] + 0.1 if activation == "linear" else y  # a line is all it can fit
    network = nm.DeepNetwork.sample((2, 50, 50, 1), (1, 0.2, 0.2), rng=0, activation=activation)
    runs = [nm.gradient_flow(network, X, y, loss_tol=1e-4, method=m) for m in METHODS]
    for layer, distance in runs[0].relative_distance.items():
        assert distance == pytest.approx(runs[1].relative_distance[layer], rel=2e-2)


def test_an_rtol_in_words_is_a_number(four_points):
    network = nm.DeepNetwork.sample((2, 6, 5, 1), (1.0,) * 3, rng=0)
    written, number = (nm.gradient_flow(network, *four_points, loss_tol=1e-2, rtol=rtol) for rtol in ("1e-2", 1e-2))
    assert written.relative_distance == number.relative_distance

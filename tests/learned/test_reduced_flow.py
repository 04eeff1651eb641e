"""Easy and hard targets: what the reduced flow says, against networks whose output weights hardly move."""

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt

X = nm.datasets.four_points()[0]
ZIGZAG, RAMP, CONSTANT = nm.datasets.four_points()[1], np.maximum(X[:, 0], 0) * 0.8, np.full(4, 0.5)


def random_data(seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 7)), int(rng.integers(2, 4))
    return np.column_stack([rng.standard_normal((n, d - 1)), np.ones(n)]), rng.standard_normal(n)


@pytest.mark.parametrize(("y", "target"), [(ZIGZAG, "hard"), (RAMP, "easy"), (CONSTANT, "easy")])
def test_known_targets(y, target):
    flow = nm.reduced_flow(X, y)
    assert flow.target == target
    assert (flow.loss <= 1.05 * flow.loss_tol) == (target == "easy")
    assert flow.solution.relative_distance["a"] < 1e-6  # the output weights are held
    # its clusters are all there is to its output
    f = sum(c.sign * c.amplitude * np.maximum(X @ c.final, 0) for c in flow.clusters)
    assert np.mean((f - y) ** 2) / 2 == pytest.approx(flow.loss, rel=1e-6)
    assert nm.reduced_flow(X, 1e3 * y).loss == pytest.approx(1e6 * flow.loss, rel=1e-2)


def test_one_direction_leaves_the_first_plateau():
    """All neurons go to 90 degrees, where f is constant: from 1/225 to 1/450."""
    x, y = [-1, -1 / 3, 1 / 3, 1], np.array([2, 0, 0, 2]) / 15
    flow = nm.reduced_flow(np.column_stack([x, np.ones(4)]), y)
    assert [direction.angle for direction in flow.directions] == pytest.approx([90])
    assert float(y @ y) / 8 == pytest.approx(1 / 225)
    assert (flow.target, flow.loss) == ("hard", pytest.approx(1 / 450))


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", [(X, ZIGZAG), (X, RAMP), *map(random_data, range(4))], ids=["zigzag", "ramp", "0", "1", "2", "3"]
)
def test_against_infinitely_wide_networks(data):
    """With the output weights held and P -> 0, RD_w P stays and the target is fitted; or it grows, or is not fitted at all."""
    flow, runs = nm.reduced_flow(*data), []
    for capacity in (0.01, 0.002):
        start = nm.TwoLayer.mean_field(capacity=capacity, kappa_prime=1e14, inputs=data[0], nodes=2000)
        runs.append(nm.gradient_flow(start, *data, loss_tol=flow.loss_tol, max_steps=3000, throw=False))
    reached = all(run.converged for run in runs)
    first, second = (run.sup_relative_distance["w"] * p for run, p in zip(runs, (0.01, 0.002), strict=True))
    assert (reached and second < 1.1 * first) == (flow.target == "easy")


def test_a_hard_target_is_fitted_by_neurons_with_small_output_weights():
    """With the output weights held: those with |a| ~ P have not turned when the residual changes, and RD_w ~ P^(-5/2)."""
    ends, sizes = [], []
    for capacity in (0.01, 0.003):
        start = nm.TwoLayer.mean_field(capacity=capacity, kappa_prime=1e14, inputs=X, nodes=16_000)
        run = nm.gradient_flow(start, X, ZIGZAG)
        ends.append(run.sup_relative_distance["w"])
        moved = np.sum((run.network.v - start.v) ** 2, axis=1)
        sizes.append(moved @ np.abs(start.output_weights()) / np.sum(moved) / capacity)
    assert np.log(ends[1] / ends[0]) / np.log(10 / 3) == pytest.approx(2.5, abs=0.25)
    assert sizes[0] == pytest.approx(sizes[1], rel=0.25)  # their |a| over P


def test_refused():
    with pytest.raises(pt.TheoryError, match="y = 0"):
        nm.reduced_flow(X, np.zeros(4))
    with pytest.raises(nm.InputError, match="tanh"):
        nm.reduced_flow(X, ZIGZAG, activation="tanh")
    with pytest.raises(nm.InputError, match="no direction attracts"):
        nm.reduced_flow(X, _pull_free(), activation="linear")


def _pull_free():
    """Targets with sum_i y_i x_i = 0."""
    return np.linalg.svd(X.T)[2][-1]

"""Runs that come to rest at a positive loss: that they really do, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt
from numerics.flow.two_layer.problem import TwoLayerProblem
from numerics.networks.sampling import draw

POSITION = np.linspace(-1.0, 1.0, 12)
X, Y = np.column_stack([POSITION, np.ones(12)]), np.sin(3 * POSITION)


def forces(network):
    """Largest force on a neuron, and largest on one that is beside every kink; by NumPy, sample by sample."""
    residual = network(X) - Y
    z = network.v @ X.T
    beside = np.abs(z) > 1e-9 * np.linalg.norm(network.v, axis=1, keepdims=True)
    g = -network.kappa / len(Y) * (np.where(z > 0, residual, 0.0) @ X)
    size = np.linalg.norm(g, axis=1)
    return size.max(), size[beside.all(axis=1)].max(initial=0.0)


@pytest.mark.parametrize(
    ("gamma", "width", "seed", "status"),
    [
        (1.5, 500, 0, nm.Status.STATIONARY),
        (1.25, 500, 1, nm.Status.STATIONARY),
        (1.75, 2000, 1, nm.Status.STATIONARY),
        (1.75, 500, 1, nm.Status.UPSET),
        (1.75, 2000, 0, nm.Status.UPSET),
    ],
)
def test_at_rest_no_neuron_is_pushed(gamma, width, seed, status):
    """The losses are those that plain gradient descent ends in; a local minimum is one that a nudge does not upset."""
    run = nm.gradient_flow(nm.TwoLayer.sample(width, gamma, 0, X, rng=seed), X, Y, throw=False)
    assert run.status is status
    assert run.at_rest
    rng = np.random.default_rng(0)
    u, v = (w * (1 + 1e-6 * rng.standard_normal(w.shape)) for w in (run.network.u, run.network.v))
    nudged = nm.gradient_flow(replace(run.network, u=u, v=v), X, Y, throw=False)
    assert nudged.at_rest
    if status is nm.Status.STATIONARY:
        assert nudged.loss == pytest.approx(run.loss, rel=1e-6)
    else:
        assert nudged.loss < 0.1 * run.loss
    assert min(abs(run.loss / known - 1) for known in (5.0924e-5, 6.3712e-4, 1.5841e-4)) < 1e-4
    scale = run.network.kappa * np.abs(run.network(X) - Y).mean()
    any_side, beside = forces(run.network)
    assert beside < 1e-7 * scale
    if status is nm.Status.UPSET:  # negative control: the forces on either side of the kinks are seen
        assert any_side > 1e-2 * scale


@pytest.mark.slow
def test_gradient_descent_ends_at_the_same_loss_and_distance():
    start = nm.TwoLayer.sample(100, 1.25, 0, X, rng=1)
    run = nm.gradient_flow(start, X, Y, throw=False, rtol=1e-3)
    assert run.status is nm.Status.UPSET  # those of gradient descent are on the dead side
    assert run.message.startswith(f"at rest at loss {run.loss:.3g}, an equilibrium of the flow that a nudge upsets")
    u, v = start.u.copy(), start.v.copy()
    rate = 1.0 / np.linalg.eigvalsh(nm.tangent_kernel(run.network, X) / len(Y))[-1]  # half of what is stable at the end
    for _ in range(100_000):
        z = v @ X.T
        residual = start.kappa * (u @ np.maximum(z, 0)) - Y
        pulled = np.where(z > 0, residual, 0.0) * (start.kappa / len(Y))
        u, v = u - rate * np.einsum("ki,ki->k", pulled, z), v - rate * u[:, None] * (pulled @ X)
    loss = float(residual @ residual) / (2 * len(Y))
    assert loss == pytest.approx(run.loss, rel=2e-2)
    distance = np.linalg.norm(v - start.v) / np.linalg.norm(start.v)
    assert distance == pytest.approx(run.relative_distance["w"], rel=2e-2)


def test_growth_rate_of_a_neuron_that_slides_is_that_along_its_kink():
    inputs, targets = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1.0, -1.0])
    # on the kink of the second sample, whose target pushes u < 0 ... and v back onto it; the first pushes along the kink
    network = nm.TwoLayer(np.array([1.0, -1.0]), np.array([[0.5, 0.0], [-1.0, -1.0]]), 1.0, 1.0)
    problem = TwoLayerProblem(network, inputs, targets, "kink-exact", 1)
    problem.method.prepare(problem.point)
    residual = problem.point.residual
    np.testing.assert_allclose(residual, [-0.5, 1.0])
    assert problem.flow.largest_growth_rate(problem.point) == pytest.approx(0.25)  # |e_1 x_1|/n, without the second
    beside = nm.TwoLayer(np.array([1.0, -1.0]), np.array([[0.5, 1e-6], [-1.0, -1.0]]), 1.0, 1.0)
    problem = TwoLayerProblem(beside, inputs, targets, "kink-exact", 1)
    problem.method.prepare(problem.point)
    assert problem.flow.largest_growth_rate(problem.point) == pytest.approx(np.hypot(0.25, 0.5), rel=1e-5)


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_gradient_of_sorted_neurons_is_a_sum_of_squares(slope):
    """On a plateau e K e cancels to less than its rounding; the sum over the neurons does not."""
    rng = np.random.default_rng(3)
    v = rng.standard_normal((50, 2))
    network = nm.TwoLayer(rng.standard_normal(50), v, 0.3, 1.0, negative_slope=slope)
    problem = TwoLayerProblem(network, X, Y, "kink-exact", 1)
    problem.method.prepare(problem.point)
    z = v @ X.T
    active = np.where(z > 0, 1.0, slope)
    pulled = 0.3 / len(Y) * active * problem.point.residual
    expected = np.sum(np.einsum("ki,ki->k", pulled, z) ** 2) + np.sum((network.u[:, None] * (pulled @ X)) ** 2)
    assert problem.point.gradient_squared == pytest.approx(expected, rel=1e-12)
    assert problem.point.residual @ problem.point.kernel @ problem.point.residual / len(Y) == pytest.approx(expected)


def test_a_kink_that_repels_would_release_a_neuron():
    """On a kink with u on the side that it repels, and with the other sign, which it holds; by hand."""
    inputs, targets = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.0, 1.0])
    for u, rate in (
        (1.0, 0.5),
        (-1.0, 0.0),
    ):  # residual -1 at the second sample: it pulls u > 0 up, u < 0 down to the kink
        problem = TwoLayerProblem(
            nm.TwoLayer(np.array([u]), np.array([[-1.0, 0.0]]), 1.0, 1.0), inputs, targets, "kink-exact", 1
        )
        problem.method.prepare(problem.point)
        assert problem.flow.release_rate(problem.point) == pytest.approx(rate)


@pytest.mark.parametrize("depth", [2, 3])
def test_linear_networks_rest_at_least_squares(depth):
    """More neurons or another start would change nothing, and nobody is told that they would."""
    network = draw(pt.initialization("ntk", depth), 40, 2, activation="linear", rng=np.random.default_rng(0))
    run = nm.gradient_flow(network, X, Y, throw=False, max_seconds=30)
    least = np.linalg.lstsq(X, Y, rcond=None)[0]
    assert run.loss == pytest.approx(np.mean((X @ least - Y) ** 2) / 2, rel=1e-3)
    assert run.status is nm.Status.LEAST_SQUARES
    assert "the least of all linear functions" in run.message


def test_targets_below_the_rounding_of_f_end_with_a_status():
    """The step shrank for ever here: at t = 0 no step is too small to move the time. The last bits of f say which it is."""
    inputs, targets = nm.datasets.four_points()
    start = nm.TwoLayer.sample(100, 1, 0, inputs)
    run = nm.gradient_flow(start, inputs, 1e-18 * targets, loss_tol=1e-42, throw=False)
    assert run.status in {nm.Status.STEP_TOO_SMALL, nm.Status.STEP_BUDGET}

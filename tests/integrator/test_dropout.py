"""Dropout averaged over the masks: every piece against a twin, runs against small fixed steps, what stops them."""

import numpy as np
import pytest
from scipy.linalg import expm

import numerics as nm
from numerics.flow.dropout import drive
from numerics.flow.two_layer.problem import TwoLayerProblem

METHODS = ("kink-exact", "rkc", "dormand-prince")


def penalised(net, X, y, q):
    """R + (q/2n) sum_ik f_k(x_i)^2."""
    z = X @ net.v.T
    parts = net.kappa * net.u * np.where(z > 0, z, net.negative_slope * z)
    return (np.sum((parts.sum(axis=1) - y) ** 2) + q * np.sum(parts**2)) / (2 * len(y))


def velocities(net, X, y, q):
    """The averaged flow, neuron by neuron, as the theory has it."""
    z = X @ net.v.T
    slopes = np.where(z > 0, 1.0, net.negative_slope)
    parts = net.kappa * net.u * slopes * z
    felt = slopes * (parts.sum(axis=1)[:, None] - y[:, None] + q * parts)
    factor = -net.kappa / len(y)
    return factor * np.sum(felt * z, axis=0), factor * net.u[:, None] * (felt.T @ X)


def small_steps(net, X, y, q, t, steps):
    """Heun's method."""
    for _ in range(steps):
        du, dv = velocities(net, X, y, q)
        ahead = _moved(net, t / steps * du, t / steps * dv)
        du1, dv1 = velocities(ahead, X, y, q)
        net = _moved(net, t / steps * (du + du1) / 2, t / steps * (dv + dv1) / 2)
    return net


def _moved(net, du, dv):
    return nm.TwoLayer(
        net.u + du, net.v + dv, kappa=net.kappa, kappa_prime=net.kappa_prime, negative_slope=net.negative_slope
    )


def sample(d=2, n=4, m=60, slope=0.0, seed=0):
    random = np.random.default_rng(seed)
    X = random.standard_normal((n, d))
    X[:, -1] = 1.0
    return nm.TwoLayer.draw(m, 3.0 / m, 1.0, d, rng=seed + 1, activation=slope), X, random.standard_normal(n)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("d", "slope"), [(2, 0.0), (3, 0.3)])
def test_a_short_step_is_the_gradient_of_the_penalised_loss(method, d, slope):
    net, X, y = sample(d=d, slope=slope)
    problem = TwoLayerProblem(net, X, y, method, 1, ratio=1.5)
    point, out, h = problem.point, problem.trial, 1e-5
    problem.method.prepare(point)
    problem.method.attempt(point, h, out)
    du, dv = velocities(net, X, y, 1.5)
    np.testing.assert_allclose((out.u - point.u) / h, du, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose((out.v - point.v).T / h, dv, rtol=1e-3, atol=1e-6)
    square = np.sum(du**2) + np.sum(dv**2)
    assert point.gradient_squared == pytest.approx(square, rel=1e-10)
    now = problem.network_at(out)
    fell = penalised(net, X, y, 1.5) - penalised(now, X, y, 1.5)
    assert fell / h == pytest.approx(square, rel=1e-3)
    assert out.loss + out.penalty == pytest.approx(penalised(now, X, y, 1.5), rel=1e-12)


def test_the_pull_on_the_outputs_is_how_the_penalty_moves_them():
    twins, X, y = sample(d=3, slope=0.2)
    net = _moved(twins, 0.1 * twins.v[:, 0], 0.0 * twins.v)  # of twins the pulls cancel
    problem = TwoLayerProblem(net, X, y, "kink-exact", 1, ratio=1.0)
    problem.method.prepare(problem.point)
    without = velocities(net, X, y, 0.0)
    du, dv = (now - then for now, then in zip(velocities(net, X, y, 1.0), without, strict=True))
    h = 1e-6
    moved = _moved(net, h * du, h * dv)(X) - _moved(net, -h * du, -h * dv)(X)
    np.testing.assert_allclose(problem.point.pull, -moved / (2 * h), rtol=1e-6)


def test_a_neuron_on_a_kink_is_pulled_along_it():
    X, y = np.array([[1.0, 1.0], [-1.0, 1.0]]), np.array([1.0, 0.5])
    net = nm.TwoLayer(
        np.array([0.7]), np.array([[1.0, 1.0]]), kappa=1.0, kappa_prime=1.0
    )  # v.x = 0 at the second sample
    problem = TwoLayerProblem(net, X, y, "kink-exact", 1, ratio=2.0)
    problem.method.prepare(problem.point)
    # dP/dv = (q/n) u^2 z x_1 is along the kink here, and dP/du = (q/n) u z^2
    assert problem.point.pull == pytest.approx([0.7 * 4 * 2 + 0.7 * 0.49 * 2 * 2, 0.0])
    tilted = nm.TwoLayer(net.u, net.v, kappa=1.0, kappa_prime=1.0)
    X = np.array([[1.0, 0.5], [-1.0, 1.0]])  # now it is not: only the part along (1, 1)/sqrt 2 is left
    problem = TwoLayerProblem(tilted, X, y, "kink-exact", 1, ratio=2.0)
    problem.method.prepare(problem.point)
    assert problem.point.pull == pytest.approx([0.7 * 1.5**3 + 0.7 * 0.49 * 1.5 * 1.5**2 / 2, 0.0])


@pytest.mark.parametrize("h", [1e-3, 1.0, 1e4])
def test_the_residual_of_a_step_solves_its_linear_equation(h):
    random = np.random.default_rng(3)
    root, e, b = random.standard_normal((5, 3)), random.standard_normal(5), random.standard_normal(5)
    kernel = root @ root.T  # singular: two directions feel the pull alone
    found = drive(kernel, e, b, h)
    whole = np.zeros((11, 11))  # (e, int e ds, 1)' of the equation
    whole[:5, :5], whole[:5, 10], whole[5:10, :5] = -kernel, -b, np.eye(5)
    end = expm(whole * h) @ np.concatenate([e, np.zeros(5), [1.0]])
    scale = np.abs(end).max()
    np.testing.assert_allclose(found.end, end[:5], atol=1e-10 * scale)
    np.testing.assert_allclose(found.mean, end[5:10] / h, atol=1e-10 * max(1.0, h) * np.abs(b).max())


@pytest.mark.slow
@pytest.mark.parametrize(("d", "slope", "seed"), [(2, 0.0, 0), (2, 0.3, 1), (6, 0.0, 2)])
def test_runs_come_to_where_small_steps_come(d, slope, seed):
    """d = 6 > n = 4: in the directions that the samples see."""
    net, X, y = sample(d=d, slope=slope, seed=seed)
    t = 10.0 / net.kappa
    reference = small_steps(net, X, y, 1.0, t, 20_000)
    expected = [
        np.linalg.norm(now - then) / np.linalg.norm(then) for now, then in ((reference.v, net.v), (reference.u, net.u))
    ]
    plain = nm.gradient_flow(net, X, y, t_max=t, loss_tol=1e-30, throw=False).relative_distance["w"]
    assert abs(plain / expected[0] - 1) > 0.05  # it matters here
    for method, rtol, allowed in (("kink-exact", 1e-2, 5e-3), ("kink-exact", 1e-3, 1e-3), ("rkc", 1e-3, 3e-3)):
        run = nm.gradient_flow(net, X, y, dropout=0.5, t_max=t, loss_tol=1e-30, method=method, rtol=rtol)
        assert run.status is nm.Status.TIME_REACHED
        assert [run.relative_distance[layer] for layer in "wa"] == pytest.approx(expected, rel=allowed)
    auto = nm.gradient_flow(net, X, y, dropout=0.5, t_max=t, loss_tol=1e-30)
    assert auto.stats.method == "kink-exact"
    assert auto.conserved_drift < 1e-12


def test_without_masks_nothing_changes(four_points):
    X, y = four_points
    net = nm.TwoLayer.draw(100, 0.01, 1, 2, rng=1)
    assert np.array_equal(nm.gradient_flow(net, X, y).network.v, nm.gradient_flow(net, X, y, dropout=1).network.v)


def test_a_run_ends_where_forces_and_penalty_balance(four_points):
    X, y = four_points
    net = nm.TwoLayer.draw(8, 1 / 8, 1, 2, rng=3)
    run = nm.gradient_flow(net, X, y, dropout=0.5, loss_tol=1e-30)
    assert run.status is nm.Status.BALANCED
    before = nm.gradient_flow(net, X, y, dropout=0.5, loss_tol=1e-30, grad_tol=1e-6)
    assert before.status is nm.Status.GRADIENT_REACHED
    assert penalised(run.network, X, y, 1.0) <= penalised(before.network, X, y, 1.0) * (1 + 1e-9)
    assert nm.gradient_flow(net, X, y, dropout=0.5, loss_tol=2 * run.loss).status is nm.Status.LOSS_REACHED


@pytest.mark.parametrize("dropout", [0, -0.1, 1.5, np.nan])
def test_what_is_no_probability_is_refused(four_points, dropout):
    net = nm.TwoLayer.draw(10, 0.1, 1, 2, rng=1)
    with pytest.raises(nm.InputError, match="dropout"):
        nm.gradient_flow(net, *four_points, dropout=dropout)


def test_what_has_no_average_is_refused(four_points):
    net = nm.TwoLayer.draw(10, 0.1, 1, 2, rng=1)
    deep = nm.DeepNetwork.sample((2, 5, 5, 1), (1, 1, 1), rng=0)
    with pytest.raises(nm.InputError, match="the masks of several layers multiply"):
        nm.gradient_flow(deep, *four_points, dropout=0.5)
    with pytest.raises(nm.InputError, match="each is integrated alone"):
        nm.gradient_flow(net, *four_points, dropout=0.5, weight_decay=0.1)
    with pytest.raises(nm.InputError, match="one force a sample for all neurons"):
        nm.gradient_flow(net, *four_points, dropout=0.5, method="exponential")

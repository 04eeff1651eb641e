"""The compiled baselines against plain NumPy, and against each other. Not part of the test suite: ``pytest benchmarks``."""

import kernels_four
import kernels_planar
import kernels_wide
import numpy as np
import pytest
from compiled import REACHED, Runner
from deadline import Deadline
from peers.base import numpy_rhs
from problem import Problem, cases

import numerics as nm

LAYOUTS = [kernels_four, kernels_planar, kernels_wide]


@pytest.fixture
def start():
    X, y = nm.datasets.four_points()
    network = nm.TwoLayer.sample(200, 0.7, 0.1, X, rng=1, antisymmetric=False)
    return X, y, network, np.vstack([network.u, network.v.T])


def layout(kernels, X, w, kappa):
    if kernels is kernels_four:
        return tuple(tuple(map(float, column)) for column in X.T)
    if kernels is kernels_planar:
        return tuple(np.ascontiguousarray(column) for column in X.T)
    data = kernels_wide.layout(X, w.shape[1])
    kernels_wide.forward(w, data, kappa, np.empty(len(X)))
    return data


@pytest.mark.parametrize("kernels", LAYOUTS)
def test_passes(start, kernels):
    """Gradient, stage and kernel product from the Jacobian J."""
    X, y, network, w0 = start
    n, kappa = len(X), network.kappa
    z = X @ network.v.T
    jacobian = kappa * np.stack([np.maximum(z, 0), *((z > 0) * network.u * column[:, None] for column in X.T)], axis=1)
    e = network(X) - y
    gradient = np.einsum("i,ijk->jk", e, jacobian) / n
    f = np.empty(n)

    w = w0.copy()
    kernels.descend(w, layout(kernels, X, w, kappa), e, -kappa * 0.3 / n, kappa, f)
    np.testing.assert_allclose(w, w0 - 0.3 * gradient, atol=1e-13)
    np.testing.assert_allclose(f, kappa * np.maximum(X @ w[1:], 0) @ w[0], atol=1e-13)

    w, base, acc = w0.copy(), 1.1 * w0, 0.9 * w0
    kernels.stage(w, base, acc, layout(kernels, X, w, kappa), e, -kappa * 0.3 / n, -kappa * 0.2 / n, kappa, f)
    np.testing.assert_allclose(w, base - 0.3 * gradient, atol=1e-13)
    np.testing.assert_allclose(acc, 0.9 * w0 - 0.2 * gradient, atol=1e-13)
    np.testing.assert_allclose(f, kappa * np.maximum(X @ w[1:], 0) @ w[0], atol=1e-13)

    kernels.product(w0, layout(kernels, X, w0, kappa), y.copy(), kappa, f)
    flat = jacobian.reshape(n, -1)
    np.testing.assert_allclose(f, flat @ flat.T @ y / n, atol=1e-13)


def test_velocity_of_the_numpy_peers(start):
    X = start[0]
    problem = Problem("", 200, 0.7, 0.1, nm.datasets.four_points)
    velocity, loss, flat = numpy_rhs(problem)
    runner = Runner(problem)
    e = runner.reset()
    f = np.empty(4)
    kernels_four.descend(runner.w, layout(kernels_four, X, runner.w, 0.0), e, -problem.network.kappa / 4, 1.0, f)
    np.testing.assert_allclose(velocity(flat).reshape(3, -1), runner.w - runner.start, atol=1e-13)
    assert loss(flat) == pytest.approx(problem.start_loss)


def test_digits_rotated_to_fewer_inputs_are_the_same_digits():
    problem = Problem("", 100, 0.5, 0.0, lambda: nm.datasets.mnist(12), 1e-2)
    runner = Runner(problem)
    assert runner.w.shape == (13, 100)
    assert runner.radius() == pytest.approx(problem.largest_eigenvalue(), rel=1e-6)
    assert runner.descend(1.0 / runner.radius(), Deadline(60.0)) == REACHED
    descent = runner.relative_distance()
    assert runner.runge_kutta(0.2, Deadline(60.0)) == REACHED
    engine = nm.gradient_flow(problem.network, problem.X, problem.y, loss_tol=1e-2, rtol=1e-3)
    assert runner.relative_distance() == pytest.approx(engine.relative_distance["w"], rel=5e-3)
    assert descent == pytest.approx(engine.relative_distance["w"], rel=2e-2)


def test_names_of_cases_are_unique():
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) == 24

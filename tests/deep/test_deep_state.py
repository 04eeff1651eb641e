"""What the deep methods ask of a point, against plain NumPy: growth, curvature, kernel, errors of the distances."""

from itertools import pairwise

import numpy as np
import pytest

import numerics as nm
from numerics.flow.deep.problem import DeepProblem

X, Y = nm.datasets.four_points()


def problem_of(sizes=(2, 5, 4, 1), activation=0.3, method="exponential", **options):
    sigmas, rates = np.linspace(1.0, 0.5, len(sizes) - 1), np.linspace(1.0, 2.0, len(sizes) - 1)
    options |= {"alpha": 1.7, "learning_rates": rates, "activation": activation}
    network = nm.DeepNetwork.sample(sizes, sigmas, rng=3, **options)
    problem = DeepProblem(network, X, Y, method, None)
    problem.method.prepare(problem.point)
    return problem


def gradient(problem, y):
    """grad R at the weights in a flat array, by the Jacobian of a network."""
    point = problem.flow.new_point()
    point.y[:] = y
    problem.flow.update_residual(point)
    parts = problem.network_at(point).jacobian(X).transposed_product(point.residual / len(Y))
    return np.concatenate([part.ravel() for part in parts])


@pytest.mark.parametrize("sizes", [(2, 5, 1), (2, 5, 4, 1), (2, 4, 3, 4, 1)])
def test_growth_is_the_curvature_of_the_residual(sizes):
    """-sum_i e_i d^2 f_i/n is minus the Hessian of R without the kernel: by differences, between kinks."""
    problem = problem_of(sizes)
    y, h = problem.point.y, 1e-6
    hessian = np.array(
        [(gradient(problem, y + h * e) - gradient(problem, y - h * e)) / (2 * h) for e in np.eye(y.size)]
    )
    signals = problem.network.jacobian(X)
    rows = [np.concatenate([part.ravel() for part in signals.transposed_product(e)]) for e in np.eye(len(Y))]
    curvature = np.array(rows).T @ np.array(rows) / len(Y) - hessian
    largest = np.linalg.eigvalsh((curvature + curvature.T) / 2)[-1]
    assert problem.flow.largest_growth_rate(problem.point) == pytest.approx(largest, rel=0.1)
    assert largest <= problem.flow.growth_bound(problem.point)


@pytest.mark.parametrize("activation", [0.3, "tanh"])
@pytest.mark.parametrize("moved", [(0.0, 0.0, 0.0), (0.3, 0.2, 0.1)])
@pytest.mark.filterwarnings("ignore:tanh is homogeneous only asymptotically")
def test_the_bound_on_growth_by_hand(moved, activation):
    """A block of two layers: the signal, their gains, of the layer that is left out the norm with its gain; slopes of tanh."""
    two, three = problem_of((2, 5, 1), activation), problem_of(activation=activation)
    gains, norms = np.array(three.network.gains), [np.linalg.norm(w[0], 2) for w in three.network.weights]
    assert np.all(gains == 1) == (activation == 0.3)
    signals = [p.network.kappa * np.abs(p.point.residual) @ np.linalg.norm(X, axis=1) / len(Y) for p in (two, three)]
    if activation == "tanh":  # as steep as it is at the samples
        hidden = [p.point.signals.preactivations for p in (two, three)]
        signals = [
            s * np.prod([np.max(1 - np.tanh(z) ** 2) for z in zs]) for s, zs in zip(signals, hidden, strict=True)
        ]
    assert two.flow.growth_bound(two.point) == pytest.approx(signals[0] * np.prod(two.network.gains))
    three.point.moved = moved
    a, b, c = np.prod(gains) * (np.array(norms) + moved)
    exact = signals[1] * np.linalg.eigvalsh(np.array([[0, c, b], [c, 0, a], [b, a, 0]]))[-1]
    assert exact * (1 - 1e-9) <= three.flow.growth_bound(three.point) <= 1.2 * exact  # norms are found to a tenth


@pytest.mark.parametrize("method", ["exponential", "rkc"])
def test_kernel_gradient_and_spectral_radius(method):
    problem = problem_of(method=method)
    point, flow = problem.point, problem.flow
    kernel = sum(problem.network.jacobian(X).kernels()) / len(Y)
    np.testing.assert_allclose(point.kernel, kernel, rtol=1e-12, atol=1e-14)
    slope = gradient(problem, point.y)
    assert point.gradient_squared == pytest.approx(slope @ slope)
    radius = np.linalg.eigvalsh(kernel)[-1] + flow.growth_bound(point)
    assert problem.method.spectral_radius(point) == pytest.approx(radius)
    assert point.loss == pytest.approx(np.sum((problem.network(X) - Y) ** 2) / 8)


def test_the_flow_of_a_point_is_minus_the_gradient():
    problem = problem_of(method="rkc")
    flow, point, out = problem.flow, problem.point, problem.flow.new_point()
    np.testing.assert_allclose(point.velocity, -gradient(problem, point.y), rtol=1e-10, atol=1e-13)
    flow.euler(point, 0.1, out)
    np.testing.assert_allclose(out.y, point.y + 0.1 * point.velocity, rtol=1e-14)
    np.testing.assert_allclose(out.residual, problem.network_at(out)(X) - Y, rtol=1e-10, atol=1e-13)
    later, expected = flow.new_point(), 0.5 * point.y + 0.25 * out.y + 0.75 * point.y
    expected += 0.2 * -gradient(problem, out.y) + 0.4 * point.velocity
    flow.stage(out, point, point, (0.5, 0.25, 0.75, 0.2, 0.4), later)
    np.testing.assert_allclose(later.y, expected, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(later.residual, problem.network_at(later)(X) - Y, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("antisymmetric", [False, True])
def test_errors_of_the_distances_neuron_by_neuron(antisymmetric):
    problem = problem_of(antisymmetric=antisymmetric)
    flow, point, out = problem.flow, problem.point, problem.flow.new_point()
    rng = np.random.default_rng(5)
    out.y[:] = point.y + 0.3 * rng.standard_normal(point.y.size)
    flow.update_residual(out)
    x = rng.standard_normal(point.y.size)
    found = flow.layer_errors(x, point, out)
    signs = [
        [np.all((then > 0) == (now > 0), axis=0) for then, now in zip(*pair, strict=True)]
        for pair in zip(point.signals.preactivations, out.signals.preactivations, strict=True)
    ]
    assert 0 < sum(np.sum(kept) for layer in signs for kept in layer) < sum(w.size for layer in signs for w in layer)
    for layer, part in enumerate(found):
        along = squares = kinks = 0.0
        error, now = point.views(x)[layer], out.weights[layer]
        for copy in range(len(now)):
            D = now[copy] - problem.network.weights[layer][copy]
            stayed = signs[min(layer, len(signs) - 1)][copy]
            for neuron, kept in enumerate(stayed):
                which = np.s_[:, neuron] if layer == len(signs) else np.s_[neuron]
                product = np.sum(error[copy][which] * D[which])
                along += product * kept
                squares += np.sum(error[copy][which] ** 2) * kept
                kinks += product**2 * (not kept)
        D = now - problem.network.weights[layer]
        assert tuple(part) == pytest.approx((along, squares, kinks, np.sum(D**2)))


@pytest.mark.parametrize("activation", [0.3, "tanh"])
@pytest.mark.filterwarnings("ignore:tanh is homogeneous only asymptotically")
def test_a_point_is_settled_once_and_says_how_far_it_moved(activation):
    problem = problem_of(activation=activation, method="rkc")
    flow, out = problem.flow, problem.flow.new_point()
    flow.euler(problem.point, 0.2, out)
    flow.settle(out)
    moved = [np.linalg.norm(w - start) for w, start in zip(out.weights, problem.network.weights, strict=True)]
    assert out.moved == pytest.approx(moved)
    before = out.y.copy()
    flow.settle(out)
    assert np.array_equal(out.y, before)


def test_what_was_removed_from_the_balances_adds_up_over_the_steps():
    problem = problem_of(method="rkc")
    problem.method.attempt(problem.point, 0.2, problem.trial)
    problem.accepted(problem.point, problem.trial)
    removed = max(np.abs(part).max() for part in problem.trial.removed)
    norms = [np.sum(w**2, axis=2) + np.sum(after**2, axis=1) for w, after in pairwise(problem.network.weights)]
    drift = problem.conserved_drift(problem.network, 0.0)
    assert drift == pytest.approx(removed / max(part.max() for part in norms))
    assert drift > 0
    problem.accepted(problem.point, problem.trial)
    assert problem.conserved_drift(problem.network, 0.0) == pytest.approx(2 * drift)

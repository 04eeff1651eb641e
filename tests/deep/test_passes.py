"""The passes of a step in one call are those in NumPy, and a step written is the weights written out."""

from dataclasses import replace

import numpy as np
import pytest

import numerics as nm
from numerics.flow.decay import NONE
from numerics.flow.deep.passes import ArrayPasses, CompiledPasses
from numerics.flow.deep.problem import DeepProblem
from numerics.flow.deep.state import DeepFlow
from numerics.flow.simpson import Simpson
from numerics.kernels.chain import numbers
from numerics.kernels.layers import FEW

#: By the precision of the passes at moved weights: what they may differ by.
CLOSE = {False: {"rtol": 1e-9, "atol": 1e-12}, True: {"rtol": 1e-5, "atol": 1e-6}}
NETWORKS = [
    {"widths": (2, 9, 1)},
    {"widths": (2, 7, 6, 1)},
    {"widths": (3, 5, 8, 4, 2), "activation": 0.3},
    {"widths": (2, 6, 5, 1), "biases": (1, 0, None), "antisymmetric": True},
    {"widths": (1, 4, 5, 3), "biases": (None, 1, 1), "activation": "linear", "centred": True},
]


@pytest.fixture(params=[False, True], ids=["double", "single"])
def single(request):
    """Whether compiled passes at moved weights are in single precision."""
    return request.param


@pytest.fixture(params=NETWORKS, ids=lambda made: "-".join(map(str, made["widths"])))
def both(request, single):
    """The same start twice: passes, point and room for the next, of either kind."""
    made = dict(request.param)
    widths = made.pop("widths")
    random = np.random.default_rng(1)
    network = nm.DeepNetwork.sample(widths, (1.0,) * (len(widths) - 1), rng=2, **made)
    X, y = random.standard_normal((5, widths[0])), random.standard_normal((5, widths[-1]))
    y = y[:, 0] if widths[-1] == 1 else y
    found = []
    for kind in (CompiledPasses, ArrayPasses):
        flow = DeepFlow(network, X, y, NONE, single=single)
        if kind is ArrayPasses:
            flow.plan = None
        point = flow.new_point()
        out = flow.new_point(point.store)
        point.load(network.matrices)
        flow.update_residual(point)
        found.append((kind(flow), point, out))
    return found


def coefficients(flow, number):
    return [
        0.05 * np.random.default_rng(3 + k).standard_normal((len(flow.shapes), len(flow.zero))) for k in range(number)
    ]


def same_jacobian(stage, jacobian, close):
    for kind in ("backward", "hidden"):
        for one, other in zip(getattr(stage.jacobian, kind), getattr(jacobian, kind), strict=True):
            one = one * stage.plan.unit if kind == "backward" else one
            np.testing.assert_allclose(one, np.broadcast_to(other, one.shape), **close)


def test_passes_of_either_kind_agree(both, single):
    (one, point, _), (other, twin, _) = both
    close = CLOSE[single]
    np.testing.assert_allclose(point.residual, twin.residual, rtol=1e-12, atol=1e-14)
    a, b, c = coefficients(one.flow, 3)
    marks = []
    for passes, at in ((one, point), (other, twin)):
        last = passes.moved(at, 0, (passes.of(at), a))
        marks.append((last, passes.moved(at, 1, (passes.of(at), b), (last, c))))
    for mine, theirs in zip(*marks, strict=True):
        same_jacobian(mine, theirs, close)
        np.testing.assert_allclose(one.kernel(mine), other.kernel(theirs), **close)
    assert one.speeds(point) == pytest.approx(other.speeds(twin), rel=1e-9)
    assert one.flow.evaluations == other.flow.evaluations == 3


def test_speeds_are_those_of_the_weights_of_a_neuron(both):
    (passes, point, _), _ = both
    flow, h = passes.flow, 1e-6
    gradient = flow.differentiate(point).transposed_product(point.residual / len(point.residual))
    velocity = [-part for part in flow.chain.join(gradient)]
    turning, growing = 0.0, 0.0
    for layer, (below, above) in enumerate(zip(point.matrices[:-1], point.matrices[1:], strict=True)):
        for copy, neuron in np.ndindex(below.shape[:2]):
            row, column = below[copy, neuron], above[copy, :, neuron]
            moves = velocity[layer][copy, neuron], velocity[layer + 1][copy, :, neuron]
            size = row @ row + column @ column
            turned = sum(v @ v - (v @ w) ** 2 / (w @ w) for v, w in zip(moves, (row, column), strict=True))
            grown = sum(v @ v for v in (row + h * moves[0], column + h * moves[1])) - size
            turning, growing = max(turning, (turned / size) ** 0.5), max(growing, abs(grown) / (2 * h * size))
    assert passes.speeds(point) == (pytest.approx(turning, rel=1e-6), pytest.approx(growing, rel=1e-4))


def test_a_step_is_written_with_its_norms_and_taken_back(both, single):
    found, close = [], CLOSE[single]
    for passes, point, out in both:
        flow = passes.flow
        point.matrices[0][:] *= 1.1  # off the balances
        flow.update_residual(point)
        start, still = point.y.copy(), np.ones((len(flow.shapes), 1))
        a, b, c, d = coefficients(flow, 4)
        last = passes.moved(point, 0, (passes.of(point), a))
        half = passes.moved(point, 1, (passes.of(point), b), (last, c))
        parts = (passes.of(point), d), (half, a), (last, b)
        assert not passes.write(point, parts, still, out, 1e-9)
        np.testing.assert_array_equal(point.y, start)
        assert passes.write(point, parts, still, out, 1e6)
        assert not np.allclose(out.y, start)
        output = flow.chain.forward(out.matrices, flow.X).output
        np.testing.assert_allclose(out.residual, output - flow.zero, rtol=1e-9, atol=1e-12)
        found.append([out.y.copy(), out.residual, np.array(out.moved), *out.sizes.rows, *out.sizes.columns])
        np.testing.assert_allclose(point.y, start, rtol=1e-12, atol=1e-13)
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, **close)


def test_a_large_step_leaves_no_trace(both):
    for passes, point, out in both:
        start = point.y.copy()
        c = coefficients(passes.flow, 1)[0]
        mark = passes.moved(point, 0, (passes.of(point), c))
        part = mark, 1e4 * c
        assert passes.write(point, (part, part, part), np.ones((len(passes.flow.shapes), 1)), out, 1e9)
        assert np.max(np.abs(out.y)) > 100
        np.testing.assert_allclose(point.y, start, rtol=1e-9, atol=1e-10)


def test_passes_after_a_step_is_taken_back_are_at_the_weights_before(both, single):
    (passes, point, out), _ = both
    c = coefficients(passes.flow, 1)[0]

    def moved():
        return passes.moved(point, 0, (passes.of(point), c)).reads.copy()

    before = moved()
    part = passes.of(point), 10 * c
    passes.write(point, (part, part, part), np.ones((len(passes.flow.shapes), 1)), out, 1e6)
    np.testing.assert_allclose(moved(), before, **CLOSE[single])


@pytest.mark.parametrize("activation", [0.3, pytest.param("tanh", marks=pytest.mark.filterwarnings("ignore:tanh is"))])
def test_a_step_is_simpson_s_by_the_network_s_own_jacobian(activation):
    random = np.random.default_rng(0)
    X, y, h = random.standard_normal((3, 2)), random.standard_normal(3), 0.5
    network = nm.DeepNetwork.sample((2, 6, 5, 1), (1.0,) * 3, rng=1, activation=activation)
    problem = DeepProblem(network, X, y, "exponential", None)
    problem.flow.balance = None  # which would put the weights back on the balance law
    problem.method.prepare(problem.point)
    problem.method.attempt(problem.point, h, problem.trial)

    def moved(*parts):
        changes = zip(*(jacobian.transposed_product(c) for jacobian, c in parts), strict=True)
        pairs = zip(network.weights, changes, strict=True)
        return replace(network, weights=tuple(w - sum(change) for w, change in pairs))

    def integral(*jacobians):
        rates, modes = np.linalg.eigh(sum(sum(j.kernels()) for j in jacobians) / (3 * len(jacobians)))
        return modes @ (-np.expm1(-rates * h) / rates * (modes.T @ (network(X) - y))) / 3

    first = network.jacobian(X)
    last = moved((first, integral(first))).jacobian(X)
    c = integral(first, last)
    half = moved((first, 3 / 8 * c), (last, c / 8)).jacobian(X)
    last = moved((half, c)).jacobian(X)
    c = integral(first, half, half, half, half, last)
    end = moved((first, c / 6), (half, 2 / 3 * c), (last, c / 6))
    np.testing.assert_allclose(problem.trial.residual, end(X) - y, rtol=1e-8, atol=1e-12)
    for found, w in zip(problem.trial.weights, end.weights, strict=True):
        np.testing.assert_allclose(found, w, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("kappa", "single"), [(1e-9, True), (1e-20, False), (1e20, False)])
def test_single_precision_is_for_what_its_range_holds(kappa, single):
    network = nm.DeepNetwork.sample((2, 6, 5, 1), (1.0,) * 3, rng=0)
    scaled = replace(network, kappa=kappa)
    X, y = nm.datasets.four_points()
    flow = DeepFlow(scaled, X, y, NONE, single=True)
    assert flow.single == single
    passes, point = CompiledPasses(flow), flow.new_point()
    point.load(scaled.matrices)
    flow.update_residual(point)
    flow.find_kernel(point)
    mark = passes.moved(point, 0, (passes.of(point), np.zeros((3, 4))))
    np.testing.assert_allclose(passes.kernel(mark), point.kernel, **CLOSE[single])


def test_many_samples_go_through_numpy():
    network = nm.DeepNetwork.sample((2, 4, 3, 1), (1.0,) * 3, rng=0)
    X = np.random.default_rng(0).standard_normal((FEW + 1, 2))
    few, many = (DeepFlow(network, X[:n], X[:n, 0], NONE) for n in (FEW, FEW + 1))
    assert few.plan is not None
    assert many.plan is None


@pytest.mark.parametrize(("size", "dtype", "apart"), [(1, np.float64, 0), (600, np.float32, 2048)])
def test_numbers_begin_where_they_are_asked_to(size, dtype, apart):
    found = numbers(size, dtype, apart)
    assert (found.ctypes.data - apart) % 4096 == 0
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.zeros(size))


def test_a_step_in_one_call_is_that_of_the_rule(both, single):
    (passes, point, out), _ = both
    flow, h = passes.flow, 0.3
    flow.find_kernel(point)
    rule, found, still = Simpson(passes, len(flow.zero)), [], np.ones((len(flow.shapes), 1))
    parts = rule.parts(point, point.kernel, point.residual, h, speeds=(still, still, still))
    assert passes.write(point, parts, still, out, 1e6)
    defect = rule.defect(point.residual, out.residual)
    flow.find_kernel(out)
    found.append([defect, out.y.copy(), out.residual.copy(), out.kernel, np.array(out.moved)])
    assert not np.array_equal(found[0][1], point.y)  # which takes the step back
    evaluations = flow.evaluations
    assert passes.attempt(point, h, out, 1e-9) == np.inf
    defect = passes.attempt(point, h, out, 1e6)
    assert flow.evaluations == evaluations + 3 + 4
    found.append([defect, out.y.copy(), out.residual, out.kernel, np.array(out.moved)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(
            one, other, **({"rtol": 1e-6, "atol": 1e-8} if single else {"rtol": 1e-10, "atol": 1e-13})
        )

"""J v, J^T c and the kernels of a deep network: against finite differences, and against the derivation turned into numbers."""

from functools import cache

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import numerics as nm
import phasetheory as pt
from numerics.networks.jacobian import Moved
from phasetheory.dynamics.gradient_flow import alpha as alpha_symbol

ACTIVATIONS = {0.0: pt.relu, 1.0: pt.linear, 0.1: pt.leaky_relu(sp.Rational(1, 10))}
QUIET = pytest.mark.filterwarnings("ignore:tanh is homogeneous only asymptotically")

shapes = st.lists(st.integers(1, 5), min_size=2, max_size=4)
activations = st.sampled_from([0.0, 0.3, 1.0, 2.0, "tanh"])


def sampled(sizes, activation, seed, **options):
    widths = (*sizes, 1)
    return nm.DeepNetwork.sample(
        widths, [0.5 + 0.3 * k for k in range(len(sizes))], rng=seed, activation=activation, **options
    )


def directions(network, seed):
    rng = np.random.default_rng(seed + 1)
    return tuple(rng.standard_normal(w.shape) for w in network.weights)


def moved(network, direction, step):
    return [w + step * v for w, v in zip(network.weights, direction, strict=True)]


@QUIET
@given(sizes=shapes, n=st.integers(1, 4), activation=activations, seed=st.integers(0, 999), pair=st.booleans())
def test_products_are_those_of_finite_differences(sizes, n, activation, seed, pair):
    rates = [0.5 + 0.2 * k for k in range(len(sizes))]
    network = sampled(sizes, activation, seed, antisymmetric=pair, learning_rates=rates)
    X = np.random.default_rng(seed).standard_normal((n, sizes[0]))
    v, c, chain = directions(network, seed), np.arange(1.0, n + 1), network.chain
    jacobian, step = network.jacobian(X), 1e-6
    along = (chain.forward(moved(network, v, step), X).output - chain.forward(moved(network, v, -step), X).output) / (
        2 * step
    )
    product = jacobian.product(v)
    size = 1 + np.max(np.abs(product))
    kinks = [np.min(np.abs(z)) for z in chain.forward(network.weights, X).preactivations]
    if min(kinks) > 1e-4 * size:  # a difference across a kink is none of a derivative
        np.testing.assert_allclose(product, along, rtol=1e-6, atol=1e-7 * size)
    transposed = jacobian.transposed_product(c)
    inner = sum(float(np.sum(a * b)) for a, b in zip(transposed, v, strict=True))
    assert inner == pytest.approx(float(c @ product), rel=1e-10, abs=1e-10 * size * n)
    kernels = sum(jacobian.kernels())
    np.testing.assert_allclose(kernels @ c, jacobian.product(transposed), rtol=1e-9, atol=1e-10 * size**2)
    curved = chain.curvature_product(network.weights, chain.forward(network.weights, X), c, v)
    if min(kinks) > 1e-4 * size:
        sides = [chain.jacobian(moved(network, v, s), X).transposed_product(c) for s in (step, -step)]
        for found, ahead, behind in zip(curved, *sides, strict=True):
            np.testing.assert_allclose(found, (ahead - behind) / (2 * step), rtol=1e-4, atol=1e-5 * size * n)


@QUIET
@given(sizes=shapes, n=st.integers(1, 4), activation=activations, seed=st.integers(0, 999), pair=st.booleans())
def test_weights_moved_by_a_gradient_need_not_be_written_out(sizes, n, activation, seed, pair):
    network = sampled(sizes, activation, seed, antisymmetric=pair)
    rng = np.random.default_rng(seed)
    X, c, chain = rng.standard_normal((n, sizes[0])), 0.1 * rng.standard_normal(n), network.chain
    jacobian = network.jacobian(X)
    written = moved(network, jacobian.transposed_product(c), -1.0)
    signals, known = chain.differentiate(network.weights, X, Moved.by((jacobian, [c] * len(network.weights))))
    np.testing.assert_allclose(signals.output, chain.forward(written, X).output, rtol=1e-9, atol=1e-9)
    for found, exact in zip(known.kernels(), chain.jacobian(written, X).kernels(), strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-7, atol=1e-7 * (1 + np.max(np.abs(exact))))


@cache
def symbolic_velocities(depth, n, m, d, slope):
    """(weights, x, y, alpha) -> velocities of all weights, from loss to code by SymPy alone."""
    activation = ACTIVATIONS[slope]
    flow = pt.gradient_flow(depth, activation, samples=n, width=m, inputs=d)
    arguments = [*(entry for w in flow.weights for entry in w), *flow.inputs, *flow.targets, alpha_symbol]
    written = [activation.write_out(entry) for velocity in flow.explicit for entry in velocity]
    return sp.lambdify(arguments, written, "math", cse=True)  # numbers: a dead layer leaves conditions without arrays


@given(
    size=st.sampled_from([(2, 2, 3, 2), (3, 1, 2, 2), (3, 2, 2, 1), (4, 1, 1, 1)]),
    slope=st.sampled_from(sorted(ACTIVATIONS)),
    seed=st.integers(0, 10_000),
    scales=st.lists(st.floats(0.1, 10), min_size=4, max_size=4),
)
def test_the_velocity_is_that_of_the_derivation(size, slope, seed, scales):
    depth, n, m, d = size
    rng = np.random.default_rng(seed)
    sizes = [d, *[m] * (depth - 1), 1]
    sigmas = scales[:depth]
    pairs = zip(sigmas, sizes[:-1], sizes[1:], strict=True)
    weights = [sigma * rng.standard_normal((fan_out, fan_in)) for sigma, fan_in, fan_out in pairs]
    X, y, alpha = rng.standard_normal((n, d)), rng.standard_normal(n), float(np.prod(sigmas)) * 1.7
    network = nm.DeepNetwork.from_weights(weights, alpha=alpha, sigmas=sigmas, activation=slope)
    velocity = network.jacobian(X).transposed_product((y - network(X)) / n)
    found = [scale / network.time_unit * v.ravel() for scale, v in zip(network.scales, velocity, strict=True)]
    exact = symbolic_velocities(*size, slope)(*np.concatenate([w.ravel() for w in weights]), *X.ravel(), *y, alpha)
    exact = np.array(exact, dtype=float)
    np.testing.assert_allclose(np.concatenate(found), exact, rtol=1e-9, atol=1e-11 * (1 + np.max(np.abs(exact))))


def test_layers_of_the_kernel_are_those_of_the_two_layer_engine(bench):
    X, y = nm.datasets.four_points()
    two = nm.TwoLayer.sample(50, 0.5, 0.25, X, rng=3)
    deep = nm.DeepNetwork.from_weights([two.v, two.u[None]], alpha=1 / two.kappa)
    kernel = bench(two, X, y, "exponential").point.kernel
    np.testing.assert_allclose(sum(deep.jacobian(X).kernels()) / len(y), kernel, rtol=1e-10, atol=1e-14)

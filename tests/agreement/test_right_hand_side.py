"""Three ways to the same velocity: the kernel, plain NumPy, and the symbolic derivation turned into numbers."""

from functools import cache

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import numerics as nm
import phasetheory as pt
from phasetheory.dynamics.gradient_flow import alpha as alpha_symbol

ACTIVATIONS = {0.0: pt.relu, 1.0: pt.linear, 0.1: pt.leaky_relu(sp.Rational(1, 10))}


@cache
def symbolic_velocities(n, m, d, slope):
    """(a, w, x, y, alpha) -> velocities of w (m, d) and a (1, m), from loss to code by SymPy alone."""
    activation = ACTIVATIONS[slope]
    flow = pt.gradient_flow(2, activation, samples=n, width=m, inputs=d)
    w, a = flow.weights
    arguments = [*a, *w, *flow.inputs, *flow.targets, alpha_symbol]
    written = [activation.write_out(entry) for velocity in flow.explicit for entry in velocity]
    return sp.lambdify(arguments, written, "numpy", cse=True)


def numpy_velocities(a, w, X, y, alpha, slope):
    """The paper's equations of motion, typed by hand."""
    z = w @ X.T
    sigma, derivative = np.where(z > 0, z, slope * z), np.where(z > 0, 1.0, slope)
    e = a @ sigma / alpha - y
    return -(a[:, None] * derivative * e) @ X / (len(y) * alpha), -sigma @ e / (len(y) * alpha)


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 3),
    m=st.sampled_from([1, 3]),
    d=st.integers(1, 3),
    slope=st.sampled_from(sorted(ACTIVATIONS)),
    beta1=st.floats(0.05, 20),
    beta2=st.floats(0.05, 20),
)
def test_kernel_numpy_and_sympy_agree(bench, seed, n, m, d, slope, beta1, beta2):
    rng = np.random.default_rng(seed)
    alpha = beta1 * beta2 * 1.7
    a, w, X, y = (
        beta1 * rng.standard_normal(m),
        beta2 * rng.standard_normal((m, d)),
        rng.standard_normal((n, d)),
        rng.standard_normal(n),
    )
    by_hand = numpy_velocities(a, w, X, y, alpha, slope)
    from_symbols = np.array(symbolic_velocities(n, m, d, slope)(*a, *w.ravel(), *X.ravel(), *y, alpha), dtype=float)
    from_symbols = from_symbols[: m * d].reshape(m, d), from_symbols[m * d :]
    network = nm.TwoLayer.from_weights(a, w, alpha=alpha, beta1=beta1, beta2=beta2, activation=slope)
    point = bench(network, X, y).point
    # d(u, v)/dtbar in the paper's coordinates: da/dt = (da/du) (du/dtbar) / (beta1 beta2)
    root, unit = np.sqrt(network.kappa_prime), beta1 * beta2
    from_kernel = beta2 * root / unit * point.velocity_v.T, beta1 / root / unit * point.velocity_u
    for hand, symbols, kernel in zip(by_hand, from_symbols, from_kernel, strict=True):
        size = 1e-11 * (1 + np.max(np.abs(hand)))
        np.testing.assert_allclose(symbols, hand, rtol=1e-9, atol=size)
        np.testing.assert_allclose(kernel, hand, rtol=1e-9, atol=size)


def test_the_normalised_flow_is_what_the_kernels_integrate(bench):
    """kappa, kappa' and the mobilities of the derivation, in numbers, against the uniform coordinates."""
    normal = pt.normalize(pt.gradient_flow(2))
    beta2, beta1 = normal.sigmas
    scales = {alpha_symbol: 3.0, beta1: 0.7, beta2: 0.2}
    kappa, mobility_w, mobility_a = (float(e.subs(scales)) for e in (normal.kappa, *normal.mobilities))
    rng = np.random.default_rng(2)
    a, w, X, y = (
        rng.standard_normal(5),
        rng.standard_normal((5, 2)),
        rng.standard_normal((3, 2)),
        rng.standard_normal(3),
    )
    network = nm.TwoLayer.from_weights(0.7 * a, 0.2 * w, alpha=3.0, beta1=0.7, beta2=0.2)
    assert network.kappa == pytest.approx(kappa)
    assert network.kappa_prime == pytest.approx(mobility_w)
    unit_w, unit_a = numpy_velocities(a, w, X, y, 1 / kappa, 0.0)
    point = bench(network, X, y).point
    root = np.sqrt(network.kappa_prime)
    np.testing.assert_allclose(point.velocity_v.T * root, mobility_w * unit_w, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(point.velocity_u / root, mobility_a * unit_a, rtol=1e-10, atol=1e-12)

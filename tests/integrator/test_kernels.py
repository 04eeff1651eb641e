import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

import numerics as nm
from numerics.kernels import stages
from numerics.kernels.eigen import eigen
from numerics.kernels.tangent import modes_of, time_to_loss


def problem(seed, m, n, d, slope):
    rng = np.random.default_rng(seed)
    network = nm.TwoLayer(rng.standard_normal(m), rng.standard_normal((m, d)), 0.7 / m, 1.3, slope)
    return network, rng.standard_normal((n, d)), rng.standard_normal(n)


sizes = {
    "seed": st.integers(0, 10_000),
    "m": st.sampled_from([1, 2, 7, 255, 256, 257, 600]),
    "n": st.integers(1, 12),
    "d": st.integers(1, 5),
    "slope": st.sampled_from([0.0, 1.0, 0.1]),
}


@pytest.fixture(scope="module")
def checks(bench, twin):
    return bench, twin


@given(**sizes)
def test_right_hand_side_is_the_numpy_twin(checks, seed, m, n, d, slope):
    bench, (forward, jacobian) = checks
    network, X, y = problem(seed, m, n, d, slope)
    point = bench(network, X, y).point
    e = forward(network.u, network.v, X, network.kappa, slope) - y
    ju, jv = jacobian(network.u, network.v, X, network.kappa, slope)
    np.testing.assert_allclose(point.residual, e, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(point.velocity_u, -e @ ju / n, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(point.velocity_v, -np.einsum("i,ikj->jk", e, jv) / n, rtol=1e-10, atol=1e-13)


@given(**sizes)
def test_stage_is_the_numpy_twin(checks, seed, m, n, d, slope):
    bench, (forward, _) = checks
    network, X, y = problem(seed, m, n, d, slope)
    work = bench(network, X, y)
    start, scratch = work.point, bench(network, X, y).point
    before = bench(network, X, y).point
    before.y *= 0.9
    c0, c1, c2, h1, h0 = 0.3, 0.9, -0.2, 0.4, -0.1
    expected = (c0 + c1) * start.y + c2 * before.y + (h1 + h0) * start.velocity
    work.flow.stage(start, before, start, (c0, c1, c2, h1, h0), scratch)
    np.testing.assert_allclose(scratch.y, expected, rtol=1e-10, atol=1e-12)
    f = forward(scratch.u, scratch.v.T, X, network.kappa, slope)
    np.testing.assert_allclose(scratch.residual, f - y, rtol=1e-10, atol=1e-12)


@given(**sizes)
def test_kernel_product_is_the_numpy_twin(checks, seed, m, n, d, slope):
    network, X, y = problem(seed, m, n, d, slope)
    ju, jv = checks[1][1](network.u, network.v, X, network.kappa, slope)
    out = np.empty(n)
    stages.kernel_product(network.u, np.ascontiguousarray(network.v.T), X, network.kappa, slope, y, out)
    expected = (ju @ ju.T + np.einsum("ikj,lkj->il", jv, jv)) @ y / n
    np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-12)


@given(**sizes)
def test_tangent_kernel_is_the_numpy_twin(checks, seed, m, n, d, slope):
    bench, (_, jacobian) = checks
    network, X, y = problem(seed, m, n, d, slope)
    ju, jv = jacobian(network.u, network.v, X, network.kappa, slope)
    expected = (ju @ ju.T + np.einsum("ikj,lkj->il", jv, jv)) / n
    point = bench(network, X, y, "exponential").point
    np.testing.assert_allclose(point.kernel, expected, rtol=1e-10, atol=1e-12)
    e = point.residual
    np.testing.assert_allclose(point.gradient_squared, e @ expected @ e / n, rtol=1e-9, atol=1e-15)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 9), factor=st.floats(1e-6, 2.0), h=st.floats(1e-3, 30.0))
def test_the_time_to_a_loss_is_that_of_the_kernel_held_fixed(seed, n, factor, h):
    rng = np.random.default_rng(seed)
    root, residual = rng.standard_normal((n, n)), rng.standard_normal(n)
    kernel = root @ root.T

    def loss(t):
        e = expm(-t * kernel) @ residual
        return e @ e / (2 * n)

    wanted = factor * loss(0.0)
    t, last = time_to_loss(modes_of(kernel, residual), wanted, h)
    np.testing.assert_allclose(last, loss(h), rtol=1e-9)
    if t == h:
        assert loss(h) >= wanted * (1 - 1e-9)
    elif t == 0.0:
        assert loss(0.0) <= wanted * (1 + 1e-9)
    else:
        np.testing.assert_allclose(loss(t), wanted, rtol=1e-9)


def test_a_loss_that_does_not_fall_is_never_reached():
    modes = modes_of(np.diag([0.0, 2.0]), np.array([1.0, 0.0]))
    assert time_to_loss(modes, 0.1, 1e9) == (1e9, 0.25)


@given(**sizes, h=st.floats(1e-3, 30.0))
def test_exponential_step_is_the_numpy_twin(checks, seed, m, n, d, slope, h):
    """The step of the module's formulas, by quadrature over the residual instead of eigenvectors."""
    bench, (forward, jacobian) = checks
    network, X, y = problem(seed, m, n, d, slope)
    u, v, kappa = network.u, network.v, network.kappa
    work = bench(network, X, y, "exponential")
    e0, kernel = work.point.residual.copy(), work.point.kernel
    nodes, weights = np.polynomial.legendre.leggauss(60)
    values, vectors = np.linalg.eigh(kernel)
    at = h * (nodes + 1) / 2
    residuals = (vectors * (vectors.T @ e0)) @ np.exp(-np.outer(np.maximum(values, 0), at))  # (n, nodes)
    whole = residuals @ weights * h / 2 / n
    c1 = (residuals * (at / h)) @ weights * h / 2 / n
    ju, jv = jacobian(u, v, X, kappa, slope)
    a, b = u - whole @ ju, v - np.einsum("i,ikj->kj", whole, jv)
    ju1, jv1 = jacobian(a, b, X, kappa, slope)
    new_u = u - (whole - c1) @ ju - c1 @ ju1
    new_v = v - np.einsum("i,ikj->kj", whole - c1, jv) - np.einsum("i,ikj->kj", c1, jv1)
    off = (new_u**2 - (new_v**2).sum(axis=1)) - (u**2 - (v**2).sum(axis=1))
    change = -0.5 * off / (new_u**2 + (new_v**2).sum(axis=1) + 1e-300)
    change = np.where(np.abs(change) < 0.25, change, 0.0)
    near = np.any(np.abs(b @ X.T) < 1e-9, axis=1)  # on a kink to rounding: either side is right
    step = work.method.attempt(work.point, h, work.other)
    keep = ~near
    scale = 1 + np.abs(new_u) + np.linalg.norm(new_v, axis=1)
    assert np.all(np.abs(work.other.u - new_u * (1 + change))[keep] <= 1e-7 * scale[keep])
    difference = np.linalg.norm(work.other.v.T - new_v * (1 - change)[:, None], axis=1)
    assert np.all(difference[keep] <= 1e-7 * scale[keep])
    f = forward(work.other.u, work.other.v.T, X, kappa, slope)
    np.testing.assert_allclose(work.other.residual, f - y, rtol=1e-9, atol=1e-9)
    moved = np.linalg.norm(work.other.v.T - v), np.linalg.norm(work.other.u - u)
    np.testing.assert_allclose(step.moved, moved, rtol=1e-9, atol=1e-12)


@given(seed=st.integers(0, 10_000), m=st.sampled_from([1, 255, 300]), d=st.integers(1, 4), size=st.floats(1e-9, 0.3))
def test_restoring_the_balance_keeps_the_output_and_repairs_it(seed, m, d, size):
    rng = np.random.default_rng(seed)
    u, v, gu, gv = (
        rng.standard_normal(m),
        rng.standard_normal((d, m)),
        rng.standard_normal(m),
        rng.standard_normal((d, m)),
    )
    balance = u**2 - (v**2).sum(axis=0)
    u0, v0 = u + size * rng.standard_normal(m), v + size * rng.standard_normal((d, m))
    u, v, hu, hv = u0.copy(), v0.copy(), gu.copy(), gv.copy()
    removed = np.empty(m)
    stages.restore_balance(u, v, hu, hv, balance, removed)
    np.testing.assert_allclose(removed, u0**2 - (v0**2).sum(axis=0) - balance, atol=1e-12)
    np.testing.assert_allclose(u * v, u0 * v0, rtol=1e-12)
    np.testing.assert_allclose(u**2 - (v**2).sum(axis=0), balance, atol=1e-10)
    np.testing.assert_allclose(hu * u, gu * u0, rtol=1e-12)
    np.testing.assert_allclose(hv / v, gv / v0 * (u / u0) ** 2, rtol=1e-9)


def test_vanished_weights_are_left_alone():
    u, v = np.array([0.0, 1.0, 0.0]), np.array([[1.0, 0.0, 0.0]])
    gu, gv, removed = np.zeros(3), np.zeros((1, 3)), np.empty(3)
    stages.restore_balance(u, v, gu, gv, np.array([-1.0, 1.0, 0.0]), removed)
    assert u.tolist() == [0.0, 1.0, 0.0]
    assert v.tolist() == [[1.0, 0.0, 0.0]]


@given(**sizes)
def test_step_norms_are_the_numpy_twin(seed, m, n, d, slope):
    rng = np.random.default_rng(seed)
    xu, u, u0 = rng.standard_normal((3, m))
    xv, v, v_old, v0 = rng.standard_normal((4, d, m))
    X = rng.standard_normal((n, d))
    out = np.empty((2, 4))
    stages.step_norms(xu, xv, u, v, v_old, u0, v0, X, out)
    same = np.all((X @ v > 0) == (X @ v_old > 0), axis=0)
    for row, x, shift in ((out[0], xu[None], (u - u0)[None]), (out[1], xv, v - v0)):
        along, squares = (x * shift).sum(axis=0), (x * x).sum(axis=0)
        expected = [along[same].sum(), squares[same].sum(), (along[~same] ** 2).sum(), (shift**2).sum()]
        np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-10)
    if d == 2:
        flat = [np.concatenate([a, b.ravel()]) for a, b in ((xu, xv), (u, v), (u, v_old), (u0, v0))]
        planar = np.empty((2, 4))
        stages.step_norms_planar(*flat, *X.T.copy(), planar)
        np.testing.assert_allclose(planar, out, rtol=1e-9, atol=1e-10)


@given(seed=st.integers(0, 1000), factor=st.floats(1e-3, 1e3))
def test_output_is_homogeneous(seed, factor):
    network, X, _ = problem(seed, 20, 5, 3, 0.0)
    scaled = nm.TwoLayer(network.u, factor * network.v, network.kappa, network.kappa_prime)
    np.testing.assert_allclose(scaled(X), factor * network(X), rtol=1e-10, atol=1e-12 * factor)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 8, 9, 20])
@pytest.mark.parametrize("rank", [0, 1, 20])
def test_eigenvectors_of_few_and_of_many_rows(rank, n):
    """By rotations up to eight rows, by LAPACK beyond; some eigenvalues coincide, as those of symmetric data do."""
    factor = np.random.default_rng(n).normal(size=(n, min(rank, n))) * np.logspace(0, -6, min(rank, n))
    matrix = factor @ factor.T + np.diag(np.arange(n) // 2 if rank == 20 else np.zeros(n))
    values, vectors, room = np.empty(n), np.empty((n, n)), np.empty((n, n))
    eigen(matrix, values, vectors, room)
    scale = np.abs(matrix).max() or 1.0
    np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(matrix), atol=1e-14 * n * scale)
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(n), atol=1e-14 * n)
    np.testing.assert_allclose(vectors.T * values @ vectors, matrix, atol=1e-14 * n * scale)

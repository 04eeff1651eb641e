"""Many samples in the plane: products with the tangent kernel without the kernel, modes from few vectors, runs the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import numerics as nm
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar
from numerics.flow.two_layer.many_samples import _MOST, ManySamples, leading_modes
from numerics.flow.two_layer.state import TwoLayerFlow
from numerics.kernels.sectors.product import product
from numerics.kernels.tangent import mean_forces, modes_of


def curve(samples):
    x = np.linspace(-1, 1, samples)
    return np.stack([x, np.ones(samples)], 1), np.sin(3 * x)


def method_of(kind, network, X, y, threads=1):
    """The method with a point at the start of its flow."""
    flow = TwoLayerFlow(network, X, y, Chunks(network.width, threads))
    method = kind(flow)
    point = method.new_point()
    point.load(network)
    flow.update_residual(point)
    method.prepare(point)
    return method, point


@given(seed=st.integers(0, 2**32 - 1), slope=st.sampled_from([0.0, 0.3, 1.5, 1.0]), threads=st.sampled_from([1, 2]))
def test_a_product_is_that_with_the_dense_kernel(seed, slope, threads):
    """Also where samples share a line, and after steps that leave neurons on rays and at v = 0."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rng.integers(2, 12), 2))
    X[rng.random(len(X)) < 0.3] *= -2.0
    X[0] = X[1] * rng.choice([-1.0, 0.0, 2.0])
    network = nm.TwoLayer.sample(60, 1.5, 0, X, rng=seed % 1000, activation=slope)
    method, point = method_of(KinkExactPlanar, network, X, rng.standard_normal(len(X)), threads)
    for _ in range(4):
        c, found = rng.standard_normal(len(X)), np.empty(len(X))
        flow = method.flow
        product(method._sums.circle, flow.X, method.sectors, flow.kappa, flow.slope, c, found)
        assert_allclose(found, point.kernel @ c, rtol=1e-9, atol=1e-12 * np.abs(point.kernel).max())
        end = method.new_point()
        method.attempt(point, 2.0 / max(method.spectral_radius(point), 1e-300), end)
        point = end


@pytest.mark.parametrize("gamma", [0.5, 1.75])
def test_few_vectors_find_the_forces_of_a_step_of_any_length(gamma):
    X, y = curve(300)
    network = nm.TwoLayer.sample(2000, gamma, 0, X, rng=1)
    (_, dense), (method, point) = (method_of(kind, network, X, y) for kind in (KinkExactPlanar, ManySamples))
    assert point.kernel is None
    assert point.place.kernel.size == 0
    assert point.modes.rates.size <= _MOST < 300 / 7
    assert_allclose(point.residual, dense.residual, rtol=1e-12)
    assert_allclose(method.spectral_radius(point), KinkExactPlanar.spectral_radius(method, dense), rtol=1e-6)
    whole, size = modes_of(dense.kernel, dense.residual), np.linalg.norm(dense.residual)
    for h in np.logspace(-2, 6, 9) / whole.rates.max():
        found, expected = np.zeros((2, 2, 300))
        for modes, room in ((point.modes, found), (whole, expected)):
            mean_forces(modes, h, 1.0, *room)
        assert np.linalg.norm(found[1] - expected[1]) < 1e-3 * size  # the residual that is predicted
        assert np.linalg.norm(found[0] - expected[0]) < 1e-3 * h / 300 * size


def test_modes_of_a_small_matrix_are_all_of_it():
    rng = np.random.default_rng(0)
    factor, residual = rng.standard_normal((7, 7)), rng.standard_normal(7)
    matrix = factor @ factor.T
    modes = leading_modes(lambda vector, out: np.matmul(matrix, vector, out=out), residual)
    assert_allclose(np.sort(modes.rates), np.linalg.eigvalsh(matrix), rtol=1e-6)
    assert_allclose(modes.parts @ modes.vectors, residual, rtol=1e-8)


@pytest.mark.parametrize("residual", [np.zeros(9), np.eye(9)[0]])
def test_what_nothing_moves_has_modes_that_rest(residual):
    modes = leading_modes(lambda vector, out: np.copyto(out, 0.0), residual)
    assert np.all(modes.rates == 0.0)
    assert_allclose(modes.parts @ modes.vectors, residual, atol=1e-15)


@pytest.mark.parametrize(
    ("gamma", "slope", "levels", "loss_tol"),
    [(0.5, "relu", (), 1e-5), (1.0, 0.2, (1e-2, 1e-4), 1e-5), (1.75, "relu", (), 2e-3)],
)
def test_a_run_is_that_with_the_kernel(gamma, slope, levels, loss_tol, monkeypatch):
    X, y = curve(60)
    network = nm.TwoLayer.sample(1000, gamma, 0, X, rng=2, activation=slope)
    given = {"loss_levels": levels, "threads": 1, "loss_tol": loss_tol}
    with_it = nm.gradient_flow(network, X, y, **given)
    for module in ("problem", "short"):
        monkeypatch.setattr(f"numerics.flow.two_layer.{module}.LARGE_KERNEL", 50)
    without = nm.gradient_flow(network, X, y, **given)
    assert without.stats.accepted <= 1.1 * with_it.stats.accepted + 2
    for layer in ("w", "a"):
        assert without.relative_distance[layer] == pytest.approx(with_it.relative_distance[layer], rel=1e-2)
    assert without.conserved_drift < 1e-11


def test_a_run_on_many_samples_needs_few_steps_and_is_that_of_another_method():
    X, y = curve(1000)
    network = nm.TwoLayer.sample(1000, 0.5, 0, X, rng=0)
    found = nm.gradient_flow(network, X, y, loss_tol=1e-5)
    assert (found.stats.method, found.converged) == ("kink-exact", True)
    assert found.stats.evaluations < 60
    other = nm.gradient_flow(network, X, y, loss_tol=1e-5, method="rkc")
    assert other.stats.evaluations > 300
    assert found.relative_distance["w"] == pytest.approx(other.relative_distance["w"], rel=1e-2)


def test_many_networks_on_many_samples_are_those_one_by_one():
    X, y = curve(250)
    starts = [nm.TwoLayer.sample(50, 1, 0, X, rng=seed) for seed in range(2)]
    runs = nm.gradient_flows(starts, X, y, loss_tol=1e-3)
    alone = [nm.gradient_flow(start, X, y, loss_tol=1e-3, threads=1) for start in starts]
    assert [run.relative_distance for run in runs] == [run.relative_distance for run in alone]
    assert {run.stats.method for run in runs} == {"kink-exact"}

"""The plane cut into sectors: geometry, laws against one neuron alone, moments against plain sums, neurons in their order."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import numerics as nm
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.hyperplanes import Hyperplanes
from numerics.flow.two_layer.kink_exact import KinkExact
from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar
from numerics.flow.two_layer.sectors import Sectors
from numerics.flow.two_layer.state import TwoLayerFlow
from numerics.kernels.kink_exact import kink_forces
from numerics.kernels.one_neuron import Workspace, advance
from numerics.kernels.sectors.forces import find_forces
from numerics.kernels.sectors.laws import Laws, find_laws
from numerics.kernels.sectors.moments import Sums
from numerics.kernels.sectors.places import Changes, Neurons, arrange, locate, regroup, sort
from numerics.kernels.sectors.step import Room, step

seeds = st.integers(0, 2**32 - 1)
slopes = st.sampled_from([0.0, 0.3, -0.2, 1.5, 1.0])


def inputs(rng):
    """One to nine samples of two inputs: some multiples of others of either sign, some zero."""
    X = rng.standard_normal((rng.integers(1, 10), 2))
    for i in range(len(X)):
        if rng.random() < 0.3:
            X[i] = rng.choice([-2.0, 0.0, 0.5, 1.0]) * X[rng.integers(len(X))]
    return X


def rows_of(sectors):
    return 2 * (2 * len(sectors.normals) + 1)


def located(y, sectors):
    rows = np.zeros(len(y) // 3, dtype=np.int32)
    locate(y, sectors, rows, Room.new().numbers)
    return rows


@given(seed=seeds, slope=slopes)
def test_a_sector_knows_which_samples_are_active(seed, slope):
    rng = np.random.default_rng(seed)
    X, v = inputs(rng), rng.standard_normal((2, 50))
    sectors = Sectors.of(X, slope)
    rows = located(np.concatenate([rng.standard_normal(50), *v]), sectors)
    places = rows % (rows_of(sectors) // 2)
    assert np.all(places % 2 == 1)
    z = X @ v
    expected = np.where(z > 0, 1.0, slope)
    relevant = np.any(X != 0, axis=1)
    assert np.array_equal(sectors.slopes(slope)[places // 2].T[relevant], expected[relevant])


@given(seed=seeds)
def test_places_on_rays_and_at_the_origin(seed):
    X = inputs(np.random.default_rng(seed))
    if not np.any(X):
        return
    sectors = Sectors.of(X, 0.0)
    rays = len(sectors.normals)
    assert rays == 2 * len(Hyperplanes.of(X).first)
    assert_allclose(np.sum(sectors.directions * sectors.normals, axis=1), 0.0, atol=1e-15)
    turns = sectors.directions[:, 0] * sectors.normals[:, 1] - sectors.directions[:, 1] * sectors.normals[:, 0]
    assert_allclose(turns, 1.0, rtol=1e-14)
    v = np.concatenate([3.0 * sectors.directions, np.zeros((1, 2))])
    for sign in (1.0, -1.0):
        rows = located(np.concatenate([np.full(rays + 1, sign), *v.T]), sectors)
        assert (rows % (2 * rays + 1)).tolist() == [*range(0, 2 * rays, 2), 2 * rays]
        assert np.all((rows > 2 * rays) == (sign < 0))


@given(seed=seeds)
def test_the_place_beside_a_ray_where_the_first_sample_of_its_line_sleeps(seed):
    X = inputs(np.random.default_rng(seed))
    if not np.any(X):
        return
    sectors, first = Sectors.of(X, 0.0), Hyperplanes.of(X).first
    rays = np.arange(len(sectors.normals))
    along = np.abs(X[first] @ sectors.directions.T) / np.linalg.norm(X[first], axis=1)[:, None]
    sample = first[np.argmin(along, axis=0)]
    beside = np.stack([2 * rays + 1, (2 * rays - 1) % (2 * len(rays))])
    assert np.all(np.any(sectors.negative == beside, axis=0))
    assert np.all(sectors.slopes(0.0)[sectors.negative // 2, sample] == 0.0)


def in_the_plane(u, v, X, c, slope):
    """One neuron under constant forces over a unit of time, by the pass over all neurons."""
    sectors = Sectors.of(X, slope)
    y, out = np.array([u, *v]), np.zeros(3)
    laws = Laws.of(len(sectors.normals))
    find_laws(c, X, slope, sectors, laws)
    rows, order, bounds = located(y, sectors), np.zeros(1, dtype=int), np.zeros(rows_of(sectors) + 1, dtype=int)
    sort(rows, order, bounds, np.empty_like(bounds))
    changes, sums = Changes.of(1, 1), Sums.of(len(sectors.normals), 1)
    step(0, 1, 0, Neurons(y, y.copy(), bounds), sectors, laws, Room.new(), out, changes, sums)
    row = changes.where[1, 0] if changes.counts[0] else rows[0]
    return SimpleNamespace(u=out[0], v=out[1:], row=row, moments=sums.moments[0], moved=sums.moved[0], sectors=sectors)


def alone(u, v, X, c, slope):
    """The same by the general kernels."""
    planes = Hyperplanes.of(X)
    kinks = planes.kinks()
    kink_forces(c, slope, planes.factors, kinks)
    work = Workspace.of(len(planes.first), 2, len(X))
    work.v[:] = v
    return advance(float(u), kinks, work), work.v.copy()


@given(seed=seeds, slope=slopes, where=st.sampled_from(["anywhere", "on a ray", "u = 0", "v = 0"]))
@settings(max_examples=400)
@example(seed=75, slope=0.0, where="v = 0")  # samples that point either way: relu'(0) = 0, it stays
@example(seed=78, slope=1.5, where="v = 0")  # more than one way leads off
@example(seed=17, slope=-0.2, where="v = 0")
@example(seed=228743, slope=-0.2, where="on a ray")
@example(seed=800, slope=-0.2, where="anywhere")  # one line: both borders of a half plane are met at once
def test_a_neuron_moves_as_it_moves_alone(seed, slope, where):
    rng = np.random.default_rng(seed)
    X = inputs(rng)
    u, v, c = rng.standard_normal(), rng.standard_normal(2), rng.standard_normal(len(X))
    c *= min(1.0, 2.0 / (1e-300 + np.abs(c) @ np.linalg.norm(X, axis=1)))
    if where == "u = 0":
        u = 0.0
    elif where == "v = 0":
        v = np.zeros(2)
    elif where == "on a ray" and np.any(X[0]):
        v = np.array([-X[0, 1], X[0, 0]])
    end = in_the_plane(u, v, X, c, slope)
    u1, v1 = alone(u, v, X, c, slope)
    assert_allclose([end.u, *end.v], [u1, *v1], rtol=1e-9, atol=1e-11)
    assert_allclose(u1**2 - v1 @ v1, u**2 - v @ v, rtol=1e-9, atol=1e-11)
    weights = np.array([u1, *v1])
    sums = np.outer(weights, weights)[np.triu_indices(3)]
    assert_allclose(end.moments[end.row], sums, rtol=1e-8, atol=1e-10)
    assert_allclose(end.moved, [(u1 - u) ** 2, np.sum((v1 - v) ** 2)], rtol=1e-8, atol=1e-10)
    if np.linalg.norm(end.v) > 1e-9:  # it knows where it is, to rounding at a border
        place = end.row % (rows_of(end.sectors) // 2)
        if place % 2 == 0:
            assert np.linalg.norm(end.v - np.linalg.norm(end.v) * end.sectors.directions[place // 2]) < 1e-12
        else:
            z = X @ end.v
            clear = np.abs(z) > 1e-12
            assert np.array_equal(end.sectors.slopes(slope)[place // 2][clear], np.where(z > 0, 1.0, slope)[clear])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_dead_neuron_at_the_origin_stays_and_a_leaky_one_leaves(sign):
    X, c = np.array([[1.0, 0.5], [0.3, 1.0]]), np.array([0.4, 0.2])
    for data in (X, np.array([[1.0, 0.5], [-2.0, -1.0]])):
        assert in_the_plane(sign, (0.0, 0.0), data, c, 0.0).v.tolist() == [0.0, 0.0]
    end, (u, v) = in_the_plane(sign, (0.0, 0.0), X, c, 0.3), alone(sign, (0.0, 0.0), X, c, 0.3)
    assert_allclose([end.u, *end.v], [u, *v], rtol=1e-12)
    assert np.linalg.norm(end.v) > 0.05


def both(network, X, y):
    """The planar method and the general one at the same start."""
    found = []
    for threads, maker in ((1, KinkExactPlanar), (3, KinkExactPlanar), (1, KinkExact)):
        chunks = Chunks(network.width, threads)
        method = maker(TwoLayerFlow(network, X, y, chunks))
        point, out = method.new_point(), method.new_point()
        point.load(network)
        method.flow.update_residual(point)
        method.prepare(point)
        found.append(SimpleNamespace(method=method, point=point, out=out, chunks=chunks))
    return found


@pytest.mark.parametrize(("n", "activation"), [(4, "relu"), (4, 0.3), (1, "relu"), (2, "linear"), (30, "relu")])
def test_steps_are_those_of_the_general_method(n, activation):
    """States, residuals, kernels and distances over steps in which many neurons change places; one thread and three."""
    rng = np.random.default_rng(5)
    X, y = np.column_stack([rng.standard_normal(n), np.ones(n)]), rng.standard_normal(n)
    network = nm.TwoLayer.sample(900, 1.2, 0.0, X, rng=5, antisymmetric=True, activation=activation)
    network = replace(network, v=np.where(np.arange(900)[:, None] < 3, 0.0, network.v))
    planar, _, general = runs = both(network, X, y)
    for _ in range(6):
        for run in runs:
            assert_allclose(
                run.point.kernel, general.point.kernel, rtol=1e-10, atol=1e-11 * np.max(general.point.kernel)
            )
        h = 0.8 / np.linalg.eigvalsh(general.point.kernel)[-1]
        steps = [run.method.attempt(run.point, h, run.out) for run in runs]
        numbers = [(step.error, *step.moved) for step in steps]
        assert_allclose(numbers[0], numbers[2], rtol=1e-6, atol=1e-14)
        assert_allclose(numbers[1], numbers[0], rtol=1e-9, atol=1e-15)
        for run in runs:
            assert_allclose(
                np.column_stack(run.out.weights()), np.column_stack(general.out.weights()), rtol=1e-9, atol=1e-11
            )
            assert_allclose(run.out.residual, general.out.residual, rtol=1e-9, atol=1e-12)
            run.point, run.out = run.out, run.point
            run.method.prepare(run.point)
    if activation == "relu":
        assert planar.point.changes.counts.sum() > 0
    for run in runs:
        run.chunks.close()


@given(seed=seeds)
@settings(max_examples=30)
def test_regrouping_keeps_every_neuron(seed):
    rng = np.random.default_rng(seed)
    m, kinds = int(rng.integers(1, 400)), int(rng.integers(1, 12))
    rows = rng.integers(0, kinds, m).astype(np.int32)
    y = rng.standard_normal(3 * m)
    start, original = -y, y.copy()
    order, bounds, room = np.zeros(m, dtype=int), np.zeros(kinds + 1, dtype=int), np.zeros(m)
    sort(rows, order, bounds, np.empty_like(bounds))
    for weights in (y, start):
        arrange(weights, order, room)
    for _ in range(3):
        ranges = np.array([0, m // 3])
        counts = np.array([rng.integers(0, m // 3 + 1), rng.integers(0, m - m // 3 + 1)])
        where, wanted = np.zeros((2, m), dtype=np.int32), rows.copy()
        for first, last, count in zip(ranges, (m // 3, m), counts, strict=True):
            where[0, first : first + count] = rng.permutation(np.arange(first, last))[:count]
            where[1, first : first + count] = rng.integers(0, kinds, count)
            wanted[where[0, first : first + count]] = where[1, first : first + count]
        by_neuron = np.zeros(m, dtype=int)
        by_neuron[order] = wanted
        regroup(Neurons(y, start, bounds), order, rows, Changes(where, counts), ranges, np.empty_like(bounds))
        assert np.all(np.diff(rows) >= 0)
        assert np.array_equal(rows, by_neuron[order])
        assert np.array_equal(np.searchsorted(rows, np.arange(kinds + 1)), bounds)
        assert np.array_equal(y.reshape(3, m), original.reshape(3, m)[:, order])
        assert np.array_equal(start, -y)


def test_a_point_left_behind_is_refused():
    X, y = nm.datasets.four_points()
    run = both(nm.TwoLayer.sample(500, 1.2, 0.0, X, rng=1), X, y)[0]
    first, second, third = run.point, run.out, run.method.new_point()
    h = 1.0 / np.linalg.eigvalsh(first.kernel)[-1]
    run.method.attempt(first, h, second)
    assert second.changes.counts.sum() > 0
    run.method.attempt(second, h, third)
    with pytest.raises(AssertionError, match="left behind"):
        run.method.attempt(first, h, third)


@given(seed=seeds, slope=slopes)
def test_forces_are_sums_over_the_active_samples(seed, slope):
    rng = np.random.default_rng(seed)
    X = inputs(rng)
    c, sectors = rng.standard_normal(len(X)), Sectors.of(X, slope)
    forces, jumps = np.full((2, len(sectors.normals), 2), np.nan)
    find_forces(c, X, slope, sectors.starts, forces, jumps)
    expected = (sectors.slopes(slope) * c) @ X
    assert_allclose(forces, expected, rtol=1e-12, atol=1e-13 * np.abs(c) @ np.abs(X).sum(1))


def test_where_no_sample_is_active_the_force_is_zero_to_the_bit():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal(500), np.ones(500)])  # none is active for v = (0, -1)
    sectors = Sectors.of(X, 0.0)
    forces, jumps = np.full((2, len(sectors.normals), 2), np.nan)
    find_forces(rng.standard_normal(500), X, 0.0, sectors.starts, forces, jumps)
    dead = ~np.any(sectors.slopes(0.0), axis=1)
    assert 0 < np.sum(dead) < 5
    assert np.all(forces[dead] == 0.0)
    assert np.all(np.any(forces[~dead] != 0.0, axis=1))

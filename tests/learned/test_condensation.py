"""Known mixtures of orientations give the known number of directions; isotropic weights give none."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import numerics as nm
from numerics.observe.condensation import leading_direction

NEURONS = 4000


def neurons(weights, amplitude=None):
    amplitude = np.ones(len(weights)) if amplitude is None else amplitude
    return nm.Features(amplitude, weights, np.linalg.norm(weights, axis=1))


def mixture(centres, shares, rng, *, noise, isotropic=0.0, amplitude=True):
    """Weights about unit vectors, of random length and amplitude, some of them isotropic."""
    centres, d = np.asarray(centres), np.shape(centres)[1]
    label = rng.choice(len(centres), NEURONS, p=shares)
    weights = centres[label] + noise / np.sqrt(d) * rng.standard_normal((NEURONS, d))
    lost = rng.random(NEURONS) < isotropic
    weights[lost] = rng.standard_normal((np.count_nonzero(lost), d))
    return neurons(weights * rng.lognormal(0, 1, (NEURONS, 1)), rng.exponential(size=NEURONS) if amplitude else None)


@settings(max_examples=30)
@given(
    angles=st.lists(st.floats(-np.pi, np.pi), min_size=1, max_size=5),
    noise=st.floats(0.0, 0.04),
    isotropic=st.floats(0.0, 0.4),
    seed=st.integers(0, 1000),
)
def test_a_mixture_on_the_circle_gives_its_directions(angles, noise, isotropic, seed):
    angles = np.array(angles)
    gaps = np.abs(np.angle(np.exp(1j * (angles[:, None] - angles))))[~np.eye(len(angles), dtype=bool)]
    assume(gaps.size == 0 or gaps.min() > np.deg2rad(20))
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(len(angles), 8.0))
    assume(shares.min() > 0.1)
    found = nm.condensation(
        mixture(np.column_stack([np.cos(angles), np.sin(angles)]), shares, rng, noise=noise, isotropic=isotropic)
    )
    assert found.number == len(angles)
    order = np.argsort(np.angle(np.exp(1j * (found.orientations[:, None] - angles))).__abs__(), axis=0)[0]
    off = np.angle(np.exp(1j * (found.orientations[order] - angles)))
    assert np.max(np.abs(off)) < np.deg2rad(0.5)
    np.testing.assert_allclose(found.shares[order], shares * (1 - isotropic) + isotropic * 10 / 360, atol=0.1)


@pytest.mark.slow
@settings(max_examples=20)
@given(
    k=st.integers(1, 5), d=st.sampled_from([3, 5, 45, 200]), isotropic=st.floats(0.0, 0.3), seed=st.integers(0, 1000)
)
def test_a_mixture_in_more_dimensions_gives_its_directions(k, d, isotropic, seed):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((k, d))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    cosines = (centres @ centres.T)[~np.eye(k, dtype=bool)]
    found_angle = nm.condensation(neurons(rng.standard_normal((100, d)))).angle
    assume(cosines.size == 0 or cosines.max() < np.cos(2.2 * found_angle))
    found = nm.condensation(mixture(centres, np.full(k, 1 / k), rng, noise=0.1, isotropic=isotropic))
    assert found.number == k
    assert np.max(found.directions @ centres.T, axis=1).min() > 0.98
    assert found.fraction == pytest.approx(1 - isotropic, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("d", [2, 3, 6, 785])
@pytest.mark.parametrize("antisymmetric", [True, False])
def test_isotropic_weights_have_no_direction(d, antisymmetric):
    for seed in range(3):
        start = nm.TwoLayer.sample(1000, 1, 0, np.ones((1, d)), rng=seed, antisymmetric=antisymmetric)
        found = nm.condensation(nm.features(start))
        assert (found.number, found.fraction) == (0, 0.0)
        assert found.entropy > 0.85


def test_entropy_at_its_ends():
    grid = np.linspace(-np.pi, np.pi, 3600, endpoint=False) + 1e-3
    even = neurons(np.column_stack([np.cos(grid), np.sin(grid)]))
    assert nm.condensation(even).entropy == pytest.approx(1.0, abs=1e-3)
    one = neurons(np.tile([[0.3, 0.4]], (50, 1)))
    found = nm.condensation(one)
    assert (found.entropy, found.number, found.fraction) == (0.0, 1, pytest.approx(1.0))
    wide = nm.orientation_histogram(neurons(np.random.default_rng(0).standard_normal((100_000, 9))))
    assert wide.share.sum() == pytest.approx(1.0)
    assert wide.entropy > 0.995


def test_amplitude_decides_not_the_number_of_neurons():
    """A hundredth of the neurons with all of the amplitude is a direction; the rest is nothing."""
    rng = np.random.default_rng(3)
    weights = rng.standard_normal((NEURONS, 2))
    weights[:40] = [1.0, 1.0]
    amplitude = np.where(np.arange(NEURONS) < 40, 1e4, 1.0)
    assert nm.condensation(neurons(weights)).number == 0
    found = nm.condensation(neurons(weights, amplitude))
    assert found.number == 1
    assert found.orientations[0] == pytest.approx(np.pi / 4, abs=1e-5)


def test_a_direction_across_the_cut_is_one_direction():
    rng = np.random.default_rng(4)
    angle = np.pi + 0.03 * rng.standard_normal(NEURONS)
    found = nm.condensation(neurons(np.column_stack([np.cos(angle), np.sin(angle)])))
    assert found.number == 1
    assert abs(found.orientations[0]) == pytest.approx(np.pi, abs=0.01)


def test_the_largest_direction_comes_first():
    """Whatever the order of the peaks around the circle: shares 0.1, 0.6, 0.3 at three angles."""
    angles = np.repeat(np.deg2rad([-150.5, -20.5, 100.5]), [100, 600, 300])
    found = nm.condensation(neurons(np.column_stack([np.cos(angles), np.sin(angles)])))
    np.testing.assert_allclose(found.shares, [0.6, 0.3, 0.1])
    np.testing.assert_allclose(np.rad2deg(found.orientations), [-20.5, 100.5, -150.5])


@pytest.mark.parametrize("d", [2, 5])
@pytest.mark.parametrize("side", [1, -1])
def test_the_leading_direction_is_on_the_side_of_the_amplitude(d, side):
    """Three quarters of the amplitude along one vector and the rest along its opposite, though most neurons are there."""
    vector = side * np.linspace(1.0, 2.0, d) / np.linalg.norm(np.linspace(1.0, 2.0, d))
    weights = np.outer([2.0, -0.5, -1.0, -3.0], vector)
    found = leading_direction(neurons(weights, np.array([6.0, 0.5, 0.5, 1.0])))
    np.testing.assert_allclose(found, vector, atol=1e-12)


def test_a_million_neurons_take_seconds():
    import time

    network = nm.TwoLayer.sample(1_000_000, 1, 0, np.ones((1, 2)), rng=0)
    started = time.perf_counter()
    nm.condensation(nm.features(network))
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (nm.Features(np.zeros(3), np.ones((3, 2)), np.ones(3)), "add up to 0"),
        (nm.Features(np.ones(3), np.ones((3, 1)), np.ones(3)), "at least two"),
    ],
)
def test_a_layer_that_has_no_orientation_says_so(bad, named):
    with pytest.raises(nm.InputError, match=named):
        nm.condensation(bad)

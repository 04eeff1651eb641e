"""Data sets: shapes, scales, the condition number that is claimed, and files that are not what they should be."""

import gzip
import struct

import numpy as np
import pytest

import numerics as nm

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def write_idx(path, array, *, magic=None, keep=None):
    head = struct.pack(">I", 0x0800 + array.ndim if magic is None else magic)
    raw = (head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes())[:keep]
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


@pytest.fixture
def digits():
    rng = np.random.default_rng(3)
    return rng.integers(0, 256, (7, 28, 28), dtype=np.uint8), rng.integers(0, 10, 7, dtype=np.uint8)


@pytest.mark.slow
def test_curve_has_the_condition_number_it_claims(twin):
    X, y = nm.datasets.curve()
    assert X.shape == (80, 2)
    assert np.all(X[:, 1] == 1.0)
    assert np.max(np.abs(y)) < 1.0
    conditions = []
    for seed in range(20):
        network = nm.TwoLayer.sample(1000, 0.5, 0, X, rng=seed)
        by_u, by_v = twin[1](network.u, network.v, X, network.kappa, 0.0)
        singular = np.linalg.svd(np.hstack([by_u, by_v.reshape(80, -1)]), compute_uv=False)
        conditions.append((singular[0] / singular[-1]) ** 2)
    assert 1e7 < np.median(conditions) < 1e9
    assert 1e8 < conditions[0] < 2e8
    widely = nm.datasets.four_points()[0]
    assert np.linalg.cond(twin[1](network.u, network.v, widely, network.kappa, 0.0)[0]) ** 2 < 1e4  # not any data


def test_curve_is_the_same_curve_at_every_sampling():
    coarse, fine = nm.datasets.curve(3), nm.datasets.curve(5)
    np.testing.assert_array_equal(coarse[0], fine[0][::2])
    np.testing.assert_array_equal(coarse[1], fine[1][::2])


@pytest.mark.parametrize("samples", [1, 0, 2.0, True])
def test_curve_needs_two_samples(samples):
    with pytest.raises(nm.InputError, match=f"samples = {samples}; give an integer >= 2"):
        nm.datasets.curve(samples)


def test_shipped_digits():
    X, y = nm.datasets.mnist(1000)
    assert X.shape == (1000, 785)
    assert X.dtype == y.dtype == np.float64
    assert X.min() == 0.0
    assert X.max() == 1.0
    assert np.all(X[:, -1] == 1.0)
    assert y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(y.astype(int)).tolist() == [97, 116, 99, 93, 105, 92, 94, 117, 87, 100]
    np.testing.assert_array_equal(nm.datasets.mnist(45)[0], X[:45])


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_original_files_round_trip(tmp_path, digits, suffix):
    images, labels = digits
    write_idx(tmp_path / f"{IMAGES}{suffix}", images)
    write_idx(tmp_path / f"{LABELS}{suffix}", labels)
    X, y = nm.datasets.mnist(5, path=tmp_path)
    np.testing.assert_allclose(X[:, :-1] * 255, images[:5].reshape(5, 784), rtol=1e-15)
    np.testing.assert_array_equal(y, labels[:5])
    with pytest.raises(nm.InputError, match=r"n = 8; give an integer from 1 to 7$"):
        nm.datasets.mnist(8, path=str(tmp_path))


@pytest.mark.parametrize("n", [0, 1001, 4.0, True])
def test_number_of_digits(n):
    with pytest.raises(nm.InputError, match=f"n = {n}; give an integer from 1 to 1000; give path"):
        nm.datasets.mnist(n)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder, images, labels: (folder / IMAGES).unlink(), "neither train-images-idx3-ubyte nor"),
        (lambda folder, images, labels: write_idx(folder / LABELS, labels[:6]), "7 images and 6 labels"),
        (lambda folder, images, labels: write_idx(folder / IMAGES, images, keep=1000), "984 bytes of data, .* 5488"),
        (lambda folder, images, labels: write_idx(folder / IMAGES, images, keep=15), "truncated: 15 bytes"),
        (lambda folder, images, labels: write_idx(folder / IMAGES, images, keep=0), "truncated: 0 bytes"),
        (lambda folder, images, labels: write_idx(folder / LABELS, labels, magic=2051), "magic number 2051, not 2049"),
    ],
)
def test_files_that_are_not_what_they_should_be(tmp_path, digits, spoil, message):
    images, labels = digits
    write_idx(tmp_path / IMAGES, images)
    write_idx(tmp_path / LABELS, labels)
    spoil(tmp_path, images, labels)
    with pytest.raises(nm.InputError, match=message) as caught:
        nm.datasets.mnist(3, path=tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-20], lambda raw: b"not gzip", lambda raw: raw[:20] + b"\xff" * 60]
)
def test_damaged_gzip(tmp_path, digits, damage):
    write_idx(tmp_path / f"{IMAGES}.gz", digits[0])
    file = tmp_path / f"{IMAGES}.gz"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(nm.InputError, match="not a complete gzip file"):
        nm.datasets.mnist(3, path=tmp_path)

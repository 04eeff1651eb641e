"""The walk of weight decay: one curve of P(t), beside the one predicted, and what it may be asked."""

import json

import numpy as np
import pytest

import numerics as nm
from numerics.cli import main
from numerics.experiments.mean_field import MeanField


@pytest.fixture(scope="module")
def found():
    return nm.decay_walk(capacities=(30, 3000), width=300, last_capacity=0.02)


def test_it_fits_early_and_learns_late(found):
    """Memorised long before it turns rich, at the time that is predicted, and not before."""
    for walk in found.walks:
        rich = found.rich_time(walk)
        fitted, learned = (
            walk.tau[np.flatnonzero(loss < level)[0]]
            for loss, level in ((walk.train_loss, 1e-3), (walk.test_loss, 1e-3))
        )
        assert fitted < 2e-3 * rich
        assert 0.75 * rich < learned < 1.25 * rich
        plateau = walk.test_loss[(walk.tau > 10 * fitted) & (walk.capacities > 20)]
        assert plateau.min() > 3e-3 > 20 * walk.test_loss[-1]


def test_two_starts_are_one_curve_of_the_capacity_left(found):
    """A hundred times the capacity, half as much time again: the same network at the same P(t), a decade below the lower."""
    shared = found.capacities[found.capacities < 3]
    first, second = ([walk.passes(P) for P in shared] for walk in found.walks)
    one, other = found.walks
    for ours, theirs, within in (
        (one.test_loss, other.test_loss, 0.05),
        (one.relative_distance["w"], other.relative_distance["w"], 0.01),
        (one.relative_distance["a"], other.relative_distance["a"], 0.01),
    ):
        np.testing.assert_allclose(ours[first], theirs[second], rtol=within)
    # a few neurons of 300 fall on other sides of the edges of 180 bins
    np.testing.assert_allclose(one.entropy[first], other.entropy[second], rtol=0, atol=0.03)
    assert one.entropy[-1] < 0.3 < 0.8 < one.entropy[0]


def test_the_curve_is_that_of_fresh_networks_and_where_it_is_not():
    """Four points, infinitely wide: within half a per cent down to P(t) = 1; 5 per cent low at 0.1, the memory of the way."""
    X, y = nm.datasets.four_points()
    found = nm.decay_walk(X, y, X, y, capacities=[100], mu=1e-4, width=None, last_capacity=0.1)
    (walk,) = found.walks
    ratio = found.ratio(walk)
    assert np.all(np.abs(ratio[found.capacities >= 1] - 1) < 0.005)
    assert 0.94 < ratio[-1] < 0.97
    assert MeanField(X, y)(found.rich_capacity, 1)["w"] == pytest.approx(1, rel=0.01)
    np.testing.assert_allclose(walk.train_loss, walk.test_loss, rtol=1e-6, atol=1e-15)


def test_data_and_capacities_are_checked():
    X, y = nm.datasets.four_points()
    with pytest.raises(nm.InputError, match="give all four, or none"):
        nm.decay_walk(X, y)
    with pytest.raises(nm.InputError, match="X_test has 3 inputs and X 2"):
        nm.decay_walk(X, y, *nm.datasets.one_kink())
    with pytest.raises(nm.InputError, match="capacities are none"):
        nm.decay_walk(capacities=[])
    with pytest.warns(UserWarning, match="beyond"):
        nm.decay_walk(X, y, X, y, capacities=[2], width=10, mu=1, last_capacity=1)


def test_the_command(tmp_path, capsys):
    picture = tmp_path / "walk.png"
    call = ["decay", "--capacities", "1,0.2", "--width", "40", "--mu", "0.01", "--json", "--out", str(picture)]
    assert main(call) == 0
    data = json.loads(capsys.readouterr().out)
    assert [walk["capacity"] for walk in data["walks"]] == [1, 0.2]
    assert data["walks"][1]["rich_time"] is None  # it starts below
    assert data["walks"][0]["capacities"][-1] == pytest.approx(0.01)
    assert picture.stat().st_size > 10_000

"""The fit and its interval, on numbers whose slope is known."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numerics as nm
from numerics.slopes.crossings import zero_of, zeros_of

WIDTHS = (100, 200, 400, 800)


@given(slope=st.floats(-3, 3), size=st.floats(1e-6, 1e3), seeds=st.integers(1, 4))
def test_an_exact_power_law_is_recovered(slope, size, seeds):
    data = np.outer(size * np.array(WIDTHS, dtype=float) ** slope, np.ones(seeds))
    fit = nm.slopes.fit(WIDTHS, data)
    assert fit.slope == pytest.approx(slope, abs=1e-10)
    assert (fit.low, fit.high) == pytest.approx((slope, slope), abs=1e-10)
    assert fit.local_slopes == pytest.approx((slope,) * 3, abs=1e-10)
    assert fit.drift == pytest.approx(0, abs=1e-10)


def test_the_order_of_widths_does_not_matter():
    rng = np.random.default_rng(0)
    data = np.exp(rng.standard_normal((4, 3)))
    order = [2, 0, 3, 1]
    assert nm.slopes.fit(WIDTHS, data).slope == pytest.approx(
        nm.slopes.fit([WIDTHS[i] for i in order], data[order]).slope
    )


@pytest.mark.parametrize("seeds", [2, 4, 8])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(seeds):
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        noise = np.exp(0.1 * rng.standard_normal((4, seeds)))
        fit = nm.slopes.fit(WIDTHS, np.array(WIDTHS)[:, None] ** -0.5 * noise, resamples=400)
        covered += fit.low <= -0.5 <= fit.high
    assert 0.88 <= covered / 200 <= 0.99


def test_a_width_of_one_is_a_width():
    assert nm.slopes.fit((1, 100), [[1.0], [0.1]]).slope == pytest.approx(-0.5)


def test_runs_marked_nan_are_left_out():
    data = np.array([[0.2, np.nan], [0.1, 0.1], [0.05, 0.05]])
    fit = nm.slopes.fit((100, 200, 400), data)
    assert fit.slope == pytest.approx(-1.0)
    assert fit.seeds == 1


@pytest.mark.parametrize(
    ("widths", "data", "match"),
    [
        ((100,), [[1.0]], "two different widths"),
        ((100, 100), [[1.0], [1.0]], "two different widths"),
        ((0, 100), [[1.0], [1.0]], "widths >= 1"),
        ((100, 200), [[1.0]], "one row per width"),
        ((100, 200), [[1.0], [0.0]], "positive"),
        ((100, 200), [[1.0], [np.inf]], "positive and finite"),
        ((100, 200), [[1.0], [np.nan]], r"no usable run at widths \[200\]"),
    ],
)
def test_bad_input(widths, data, match):
    with pytest.raises(nm.InputError, match=match):
        nm.slopes.fit(widths, data)
    with pytest.raises(nm.InputError, match="level"):
        nm.slopes.fit((100, 200), [[1.0], [1.0]], level=1.0)


def test_cells_have_streams_of_their_own():
    cells = [(1, 0, 10, 0), (0, 1, 10, 0), (-1, 0, 10, 0), (1, 0, 12, 0), (1, 0, 10, 1)]
    states = {
        tuple(nm.cell_seed(Fraction(g), Fraction(p), width=width, seed=seed).generate_state(4))
        for g, p, width, seed in cells
    }
    assert len(states) == len(cells)
    with pytest.raises(nm.InputError, match="seed = -1"):
        nm.cell_seed(Fraction(1), Fraction(0), width=10, seed=-1)


@pytest.mark.parametrize("point", [(Fraction(7, 4), Fraction(1, 5)), (Fraction(1), Fraction(1)), (1, 2)])
def test_opposite_signs_do_not_share_their_streams(point):
    """gamma and -gamma, gamma' and -gamma': four points, four streams, in every pair of coordinates."""
    signed = [(first * point[0], second * point[1]) for first in (1, -1) for second in (1, -1)]
    streams = [nm.cell_seed(*at, width=10, seed=0) for at in signed]
    assert len({tuple(stream.generate_state(4)) for stream in streams}) == 4
    assert len({np.random.default_rng(stream).standard_normal() for stream in streams}) == 4


def test_streams_stay_what_they_are():
    """Stored scans are continued, and published numbers made again, with these: sign, numerator, denominator of each, width."""
    stream = nm.cell_seed(Fraction(-7, 4), Fraction(0), 3, width=1000, seed=2)
    assert (stream.entropy, stream.spawn_key) == (2, (1, 7, 4, 0, 0, 1, 0, 3, 1, 1000))


def test_the_drift_is_the_last_local_slope_minus_the_first():
    local = np.array([-1.0, -0.75, -0.5])
    logs = np.concatenate([[0.0], np.cumsum(local * np.diff(np.log(WIDTHS)))])
    fit = nm.slopes.fit(WIDTHS, np.exp(logs)[:, None])
    assert fit.local_slopes == pytest.approx(local)
    assert fit.drift == pytest.approx(0.5)
    assert nm.slopes.fit(WIDTHS, np.exp(-logs)[:, None]).drift == pytest.approx(-0.5)


def test_the_intercept_is_that_of_the_line():
    fit = nm.slopes.fit(WIDTHS, 3.0 * np.array(WIDTHS)[:, None] ** -0.5)
    assert np.exp(fit.intercept) == pytest.approx(3.0)
    assert (fit.widths, fit.seeds, fit.level) == (WIDTHS, 1, 0.95)


X = np.array([0.0, 1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize(
    ("slopes", "zero"),
    [
        ((-1, -1, -1, 1, 1), 2.5),
        ((-3, -3, -3, 1, 1), 2.75),  # on the straight line between the neighbours
        ((1, 1, -1, -1, -1), 1.5),
        ((-1, 1, -1, 1, 1), 1.5),  # of three the one in the middle
        ((-1, 1, -1, 1, -1), 1.5),  # of four, as of two, the lower of those in the middle
        ((1, 1, -1, -1, 1), 1.5),
        ((0, -1, 1, -1, -1), 1.5),  # a zero at a point counts, wherever it is
        ((-1, 1, -1, -1, 0), 1.5),
        ((-1, 1, 0, 1, -1), 2.0),
        ((-1, -1, 0, 1, 1), 2.0),
        ((-1, 0, 1, -1, 1), 2.5),  # in order: 1, 2.5, 3.5
    ],
)
def test_of_several_crossings_the_middle_one_is_taken(slopes, zero):
    s = np.array(slopes, dtype=float)
    assert zero_of(X, s) == pytest.approx(zero)
    np.testing.assert_allclose(zeros_of(X, np.column_stack([s, X - 2.0, s])), [zero, 2.0, zero])  # each line by itself


@pytest.mark.parametrize(
    ("slopes", "side"),
    [
        ((-5, -4, -3, -2, -1), np.inf),
        ((-1, -2, -3, -4, -5), -np.inf),
        ((5, 4, 3, 2, 1), np.inf),
        ((1, 2, 3, 4, 5), -np.inf),
        ((0.5, 0.4, 0.3, 0.2, 0.1), np.inf),
        ((0.1, 0.2, 0.3, 0.4, 0.5), -np.inf),
        ((-1, -9, -9, -9, -2), -np.inf),  # by its ends
        ((-2, -1, -1, -3, -1), np.inf),
        ((-1, -2, -3, -2, -1), np.inf),  # ends alike: as if it rose
        ((1, 2, 3, 2, 1), -np.inf),
    ],
)
def test_a_row_without_a_crossing_would_cross_on_the_side_that_it_runs_to(slopes, side):
    s = np.array(slopes, dtype=float)
    np.testing.assert_array_equal(zeros_of(X, np.column_stack([s, -s])), [side, zeros_of(X, -s[:, None])[0]])
    assert zero_of(X, s) is None
    assert zero_of(X[:0], s[:0]) is None

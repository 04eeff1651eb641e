"""The fit and its interval, on numbers whose slope is known."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numerics as nm

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

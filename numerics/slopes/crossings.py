"""crossings(): where the slope changes sign along one coordinate, with an interval over seeds.

Between neighbouring points the slope is taken as a straight line. The interval comes from the same resampled seeds as that of a
slope: in each resample all slopes of a row are drawn anew and the crossing is found again. A resample without a crossing
lies beyond the points there are, and leaves that end of the interval open.
"""

from typing import TYPE_CHECKING

import numpy as np

from numerics.errors import check_choice
from numerics.slopes.power_law import checked_interval, resampled_slopes, weights_of
from numerics.slopes.usable import usable_runs

if TYPE_CHECKING:
    import xarray

__all__ = ["crossings", "zero_of", "zeros_of"]


def crossings(
    dataset: "xarray.Dataset",
    along: str = "gamma",
    observable: str = "relative_distance",
    *,
    level: float = 0.95,
    resamples: int = 2000,
) -> "xarray.Dataset":
    """The measured boundary: zero of S along a coordinate, for every row of the others.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of :func:`numerics.scan`.
    along : str
        Coordinate along which S is followed.
    observable, level, resamples
        As for :func:`slope_map`.

    Returns
    -------
    xarray.Dataset
        ``crossing``, nan where S does not change sign; ``low``, ``high``, its interval: nan with a single seed, infinite where it
        reaches beyond the points; ``below``, ``above``, the neighbouring points. If noise makes S change sign more than once, the
        crossing in the middle is taken, of an even number the lower of the two there.
    """
    import xarray

    runs = usable_runs(dataset, observable)
    check_choice(along, "along", map(str, runs.points.dims), "give one of the coordinates")
    level, resamples = checked_interval(level, resamples)
    axis = runs.points.get_axis_num(along)
    assert isinstance(axis, int)
    positions = dataset[along].values.astype(float)
    log_width, tail = np.log(runs.widths), (1 + level) / 2
    slopes = np.full(runs.complete.shape, np.nan)
    drawn = np.full((*runs.complete.shape, resamples), np.nan)
    generator = np.random.default_rng(0)
    for place, rows in runs.rows():
        slopes[place] = weights_of(log_width) @ np.array([row.mean() for row in rows])
        if max(map(len, rows)) > 1:
            drawn[place] = resampled_slopes(log_width, rows, tail, resamples, generator)
    slopes, drawn = np.moveaxis(slopes, axis, -1), np.moveaxis(drawn, axis, -2)
    shape = slopes.shape[:-1]
    found = {name: np.full(shape, np.nan) for name in ("crossing", "low", "high", "below", "above")}
    for place in np.ndindex(shape):
        measured = np.isfinite(slopes[place])
        x, s = positions[measured], slopes[place][measured]
        where = zero_of(x, s)
        if where is None:
            continue
        i = int(np.searchsorted(x, where, side="right")) - 1
        i = min(max(i, 0), len(x) - 2)
        found["crossing"][place], found["below"][place], found["above"][place] = where, x[i], x[i + 1]
        sample = drawn[place][measured]
        if np.isfinite(sample).all():
            again = zeros_of(x, sample)
            found["low"][place], found["high"][place] = np.quantile(again, [1 - tail, tail], method="nearest")
    row = runs.points.isel({along: 0}, drop=True)
    return xarray.Dataset(
        {name: (row.dims, values) for name, values in found.items()},
        row.coords,
        {"along": along, "observable": observable, "level": level},
    )


def zero_of(x: np.ndarray, s: np.ndarray) -> float | None:
    """Where the line through the points changes sign, or None; of several zeros see :func:`zeros_of`."""
    zero = float(zeros_of(x, s[:, None])[0])
    return zero if np.isfinite(zero) else None


def zeros_of(x: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Where each line (points, lines) of values at ``x`` changes sign; if it does not, the infinity on whose side it would.

    Of several zeros the one in the middle, of an even number the lower of the two there. On which side a row without any would
    have it, its ends say; ends that are alike count as rising.
    """
    if not len(s):
        return np.full(s.shape[1], np.inf)
    position, before, after = x[:, None], s[:-1], s[1:]
    changes = np.sign(before) * np.sign(after) < 0
    rise = np.where(changes, after - before, 1.0)
    between = np.where(changes, position[:-1] - before * (position[1:] - position[:-1]) / rise, np.nan)
    zeros = np.sort(np.concatenate([between, np.where(s == 0, position, np.nan)]), axis=0)  # nan come last
    count = np.isfinite(zeros).sum(axis=0)
    middle = np.take_along_axis(zeros, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
    beyond = np.where((s[0] < 0) == (s[-1] >= s[0]), np.inf, -np.inf)
    return np.where(count > 0, middle, beyond)

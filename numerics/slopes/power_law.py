"""Power-law fits: the slope of log RD against log m, with an interval over seeds.

The interval is a bootstrap over seeds, resampled independently at each width. With n seeds the plain bootstrap is too narrow,
by sqrt((n-1)/n) because deviations are taken from the sample's own mean, and by the ratio of Student's t to the normal
quantile because there are few of them; it is widened by both. It covers the scatter of the seeds, not the distance of finite
widths from the limit: for that look at the local slopes and their drift.

Accuracy: on log-normal scatter at four widths the 95 % interval covers the truth in 92 % (2 seeds) to 94 % (8 seeds) of cases.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from numerics.arrays import real_array, real_number, whole_number
from numerics.errors import InputError
from numerics.networks.seeds import generator

__all__ = ["SlopeFit", "checked_interval", "fit", "resampled_slopes", "weights_of"]

_MOST = 1_000_000  # resamples


@dataclass(frozen=True)
class SlopeFit:
    """A fitted power law RD = exp(intercept) * m^slope.

    Attributes
    ----------
    slope, intercept : float
        Least squares on the mean of log RD at each width.
    low, high : float
        Interval of the slope over seeds.
    level : float
        Its coverage, e.g. 0.95.
    local_slopes : tuple of float
        Between neighbouring widths.
    drift : float
        Last minus first local slope: how far the slope still moves with the width.
    widths : tuple of int
    seeds : int
        Repetitions at each width (the smallest number if they differ).
    """

    slope: float
    intercept: float
    low: float
    high: float
    level: float
    local_slopes: tuple[float, ...]
    drift: float
    widths: tuple[int, ...]
    seeds: int

    def __str__(self) -> str:
        return f"{self.slope:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def fit(
    widths: ArrayLike,
    relative_distances: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    rng: int | np.random.Generator = 0,
) -> SlopeFit:
    """Fit a slope to relative distances measured at several widths.

    Parameters
    ----------
    widths : array (k,) of int
        At least two different widths.
    relative_distances : array (k, seeds)
        Positive; nan marks a run that must not be used. At least one usable run at each width.
    level : float
        Coverage of the interval.
    resamples : int
        Bootstrap resamples.
    rng : int or Generator
        For the resampling.

    Examples
    --------
    >>> round(fit([100, 1000], [[0.2, 0.2], [0.02, 0.02]]).slope, 12)
    -1.0
    """
    x, y = real_array(widths, "widths"), real_array(relative_distances, "relative_distances")
    if x.ndim != 1 or np.unique(x).size < 2 or not np.all((x >= 1) & np.isfinite(x)):
        raise InputError(f"widths = {list(np.ravel(x))}; give at least two different widths >= 1")
    if y.ndim != 2 or y.shape[0] != x.size:
        raise InputError(f"relative_distances has shape {y.shape}; give one row per width, ({x.size}, seeds)")
    level, resamples = checked_interval(level, resamples)
    if np.any(y <= 0) or np.any(np.isinf(y)):
        raise InputError("relative_distances must be positive and finite (nan for runs not to be used)")
    rows = [np.log(row[~np.isnan(row)]) for row in y]
    if any(row.size == 0 for row in rows):
        missing = [int(width) for width, row in zip(x, rows, strict=True) if row.size == 0]
        raise InputError(f"no usable run at widths {missing}; leave them out or repeat the runs")
    order = np.argsort(x)
    log_width, rows = np.log(x[order]), [rows[i] for i in order]
    means = np.array([row.mean() for row in rows])
    slope = float(weights_of(log_width) @ means)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(resampled_slopes(log_width, rows, tails[1], resamples, generator(rng)), tails)
    local = np.diff(means) / np.diff(log_width)
    return SlopeFit(
        slope=slope,
        intercept=float(means.mean() - slope * log_width.mean()),
        low=float(low),
        high=float(high),
        level=level,
        local_slopes=tuple(map(float, local)),
        drift=float(local[-1] - local[0]),
        widths=tuple(int(w) for w in x[order]),
        seeds=min(row.size for row in rows),
    )


def checked_interval(level: float, resamples: int) -> tuple[float, int]:
    """The coverage of an interval, between 0 and 1, and the number of resamples it is read off."""
    coverage = real_number(level, "level")
    if not 0.5 < (1 + coverage) / 2 < 1:
        raise InputError(f"level = {level}; give a coverage between 0 and 1, such as 0.95")
    return coverage, whole_number(resamples, "resamples", 1, f"give an integer from 1 to {_MOST:_}", most=_MOST)


def weights_of(log_width: np.ndarray) -> np.ndarray:
    """Weights (k,) whose product with the means at the widths is the slope of least squares."""
    centred = log_width - log_width.mean()
    return centred / np.sum(centred**2)


def resampled_slopes(
    log_width: np.ndarray, rows: list[np.ndarray], tail: float, resamples: int, generator: np.random.Generator
) -> np.ndarray:
    """Slopes (resamples,) of resampled seeds, spread so that their quantile ``tail`` is an end of the interval.

    Parameters
    ----------
    log_width : array (k,)
    rows : list of k arrays
        log RD of the seeds at each width.
    """
    weights = weights_of(log_width)
    slope = weights @ np.array([row.mean() for row in rows])
    return slope + _few_seeds(rows, tail) * (_resampled_means(rows, resamples, generator) @ weights)


def _few_seeds(rows: list[np.ndarray], tail: float) -> float:
    """Student's t over the normal quantile, for the degrees of freedom that the seeds of all widths leave."""
    freedom = sum(row.size - 1 for row in rows)
    return float(stdtrit(freedom, tail) / ndtri(tail)) if freedom else 1.0


def _resampled_means(rows: list[np.ndarray], resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Deviations of bootstrap means from the mean at each width, shape (resamples, k)."""
    columns = []
    for row in rows:
        n = row.size
        drawn = row[generator.integers(n, size=(resamples, n))].mean(axis=1) - row.mean()
        columns.append(drawn * np.sqrt(n / (n - 1)) if n > 1 else drawn)
    return np.column_stack(columns)

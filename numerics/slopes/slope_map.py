"""slope_map(): a power-law fit at every point of a scan."""

from typing import TYPE_CHECKING

import numpy as np

from numerics.slopes.power_law import checked_interval, fit
from numerics.slopes.usable import usable_runs

if TYPE_CHECKING:
    import xarray

__all__ = ["slope_map"]


def slope_map(
    dataset: "xarray.Dataset",
    observable: str = "relative_distance",
    *,
    level: float = 0.95,
    resamples: int = 2000,
) -> "xarray.Dataset":
    """Slopes S of log RD against log m, with intervals over seeds, at every point of a scan.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of :func:`numerics.scan`, with dimensions ``width`` and ``seed``; all others are kept, so that every layer has a slope.
    observable : str
    level : float
        Coverage of the intervals.
    resamples : int
        Bootstrap resamples of the seeds; the same numbers are drawn at every call.

    Returns
    -------
    xarray.Dataset
        ``slope``, ``low``, ``high`` (nan with a single seed, which has no interval), ``intercept``, ``local_slope`` between
        neighbouring widths (dimension ``middle_width``, their geometric mean) and ``drift``, last minus first of those.
        nan where a width has no run that reached its goal, or runs are still to come.
    """
    import xarray

    level, resamples = checked_interval(level, resamples)
    runs = usable_runs(dataset, observable)
    shape, dimensions = runs.complete.shape, runs.points.dims
    names = ("slope", "low", "high", "intercept", "drift")
    found = {name: np.full(shape, np.nan) for name in names}
    local = np.full((*shape, len(runs.widths) - 1), np.nan)
    for place, rows in runs.rows():
        widest = max(map(len, rows))
        padded = np.array([np.pad(row, (0, widest - len(row)), constant_values=np.nan) for row in rows])
        fitted = fit(runs.widths, np.exp(padded), level=level, resamples=resamples)
        for name in names:
            found[name][place] = getattr(fitted, name)
        if widest == 1:
            found["low"][place] = found["high"][place] = np.nan
        local[place] = fitted.local_slopes
    middle = np.sqrt(runs.widths[1:] * runs.widths[:-1].astype(float))
    return xarray.Dataset(
        {name: (dimensions, values) for name, values in found.items()}
        | {"local_slope": ((*dimensions, "middle_width"), local)},
        {**runs.points.coords, "middle_width": middle},
        {"observable": observable, "level": level, "widths": [int(width) for width in runs.widths]},
    )

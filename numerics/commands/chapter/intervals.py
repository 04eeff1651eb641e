"""How wide the intervals of a map of slopes are, in a sentence."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray

__all__ = ["said_of_intervals"]


def said_of_intervals(slopes: "xarray.Dataset", layer: str) -> str:
    """Half-widths of the 95 % intervals over seeds, of a dataset of :func:`numerics.slopes.slope_map`."""
    halves = ((slopes["high"] - slopes["low"]) / 2).values
    halves = halves[np.isfinite(halves)]
    if not halves.size:
        return f"S_{layer}: one seed, so no intervals."
    return (
        f"S_{layer}: half-widths of the 95 % intervals over seeds, {np.median(halves):.3f} in the middle and "
        f"{halves.max():.2f} at most; they are those of the seeds, not the distance from the limit."
    )

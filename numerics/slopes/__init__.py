"""Slopes of relative distances: one fit, a map of fits over a scan, and where the map crosses zero."""

from numerics.slopes.crossings import crossings
from numerics.slopes.power_law import SlopeFit, fit
from numerics.slopes.slope_map import slope_map

__all__ = ["SlopeFit", "crossings", "fit", "slope_map"]

"""Data: built in, and read from files."""

from numerics.datasets.builtin import check_data, curve, four_points, from_arrays, mnist
from numerics.datasets.files import load_data

__all__ = ["check_data", "curve", "four_points", "from_arrays", "load_data", "mnist"]

"""Data: built in, and read from files."""

from numerics.datasets.builtin import check_data, curve, four_points, from_arrays, mnist
from numerics.datasets.files import load_data, load_samples, read_data
from numerics.datasets.samples import Samples

__all__ = [
    "Samples",
    "check_data",
    "curve",
    "four_points",
    "from_arrays",
    "load_data",
    "load_samples",
    "mnist",
    "read_data",
]

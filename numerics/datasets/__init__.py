"""Data: built in, and read from files."""

from numerics.datasets.builtin import check_data, curve, four_points, from_arrays, mnist, one_kink
from numerics.datasets.dataset import Dataset
from numerics.datasets.files import load_data, load_dataset, read_data

__all__ = [
    "Dataset",
    "check_data",
    "curve",
    "four_points",
    "from_arrays",
    "load_data",
    "load_dataset",
    "mnist",
    "one_kink",
    "read_data",
]

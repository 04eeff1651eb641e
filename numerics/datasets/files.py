"""Data by name or from a user's file, with what was taken from it."""

from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from numerics.datasets.arrays import read_npy, read_npz
from numerics.datasets.builtin import curve, four_points, mnist
from numerics.datasets.samples import Samples
from numerics.datasets.tables import read_table
from numerics.errors import InputError, check_type

__all__ = ["load_data", "load_samples", "read_data"]

_READERS: dict[str, Callable[[Path, str | None], Samples]] = {
    ".csv": read_table,
    ".tsv": read_table,
    ".txt": read_table,
    ".npy": read_npy,
    ".npz": read_npz,
}
_ENDINGS = ", ".join(_READERS)
_NAMES = f"four-points, curve, curve:N, mnist:N, mnist:N:FOLDER or a file {_ENDINGS}"


def load_data(name: str | PathLike[str], target: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Data by name; :func:`numerics.datasets.load_samples` says which columns of a file they are.

    Parameters
    ----------
    name : str or path
        ``four-points``; ``curve`` or ``curve:N``, N close points of a curve; ``mnist:N``, the first N digits (``mnist:N:FOLDER``:
        of the original files in a folder); or the path of a file, see :func:`numerics.datasets.read_data`.
    target : str, optional
        For files: the column or array that is the target.

    Returns
    -------
    X : float64 (n, d), the constant 1 included; y : float64 (n,)

    Examples
    --------
    >>> load_data("mnist:45")[0].shape
    (45, 785)
    """
    samples = load_samples(name, target)
    return samples.X, samples.y


def load_samples(name: str | PathLike[str], target: str | None = None) -> Samples:
    """Data by name with what was taken from the file: which columns are inputs, which the target, what was dropped.

    Parameters and errors are those of :func:`load_data`.

    Examples
    --------
    >>> load_samples("four-points").X.shape
    (4, 2)
    >>> print(load_samples("points.csv"))  # doctest: +SKIP
    points.csv: 45 samples; inputs x1, x2; target y; column 1 numbers the rows and is dropped
    """
    check_type(name, "data", str, PathLike)
    check_type(target, "target", str, type(None))
    name = fspath(name)
    built_in = _built_in(name)
    if built_in is None and Path(name).suffix.lower() in _READERS:
        return _read(name, target)
    if built_in is None:
        raise InputError(_unknown(name))
    if target is not None:
        raise InputError(f"target {target!r}: {name} is no file with columns to choose from; leave the target out")
    return Samples(name, *built_in)


def read_data(path: str | PathLike[str], target: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Data from a file.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv``, ``.txt``: one sample a row, with commas, semicolons, tabs or spaces between the columns, with a first
        row of names or without. A column named y, target or label, in any case, is the target wherever it stands, otherwise the
        last; the others are the inputs, but for an index that another program wrote beside them. With ``;`` or tabs numbers may
        have decimal commas. Lines that begin with # are comments. Two words as targets are -1 and +1 by alphabet.

        ``.npy``: an array (n, k + 1), the target in the last column. ``.npz``: arrays x, y (or X, Y; x_train, y_train; arr_0,
        arr_1), the inputs (n, k), (n,) or images (n, height, width), the target (n,) or (n, 1).
    target : str, optional
        The column that is the target by its name, or, without names, by its number, from 1; the name of an array.

    Returns
    -------
    X : float64 (n, k + 1), the constant 1 appended; y : float64 (n,)

    Raises
    ------
    InputError
        With the row, in tables the number of the line, and the column: a missing value, text, a date, a row of another length,
        or a row equal to another in x but not in y.
    """
    samples = _read(path, target)
    return samples.X, samples.y


def _read(path: str | PathLike[str], target: str | None) -> Samples:
    file = Path(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file} ends in {file.suffix!r}; give a file {_ENDINGS}")
    if not file.is_file():
        raise InputError(f"there is no file {file}; give {_NAMES}")
    try:
        return reader(file, target)
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{file} says that it holds more than the memory does; give fewer samples") from error
    except Exception as error:  # whatever a damaged file makes pandas, zlib and NumPy's own parser raise
        raise InputError(f"cannot read {file}: {error}; give a {file.suffix} file of numbers") from error


def _built_in(name: str) -> tuple[np.ndarray, np.ndarray] | None:
    kind, colon, rest = name.partition(":")
    if name == "four-points":
        return four_points()
    if kind == "curve":
        return curve(_count(name, rest)) if colon else curve()
    if kind == "mnist":
        count, colon, folder = rest.partition(":")
        if colon and not folder:
            raise InputError(f"data {name!r}: no folder after the colon; give mnist:N or mnist:N:FOLDER")
        return mnist(_count(name, count), folder or None)
    return None


def _unknown(name: str) -> str:
    if Path(name).is_file():
        return f"data {name!r}: a file that ends in {Path(name).suffix!r} is not read; save it as one of {_ENDINGS}"
    return f"data {name!r} is not known; give {_NAMES}"


def _count(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputError(f"data {name!r}: {text!r} is not a number of samples; give one such as 45") from error

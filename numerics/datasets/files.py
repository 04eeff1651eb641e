"""Data by name or from a user's file: CSV, NPY or NPZ, checked row by row."""

import csv
from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from numerics.datasets.builtin import curve, four_points, from_arrays, mnist
from numerics.errors import InputError, check_type

__all__ = ["load_data", "read_data"]

_NAMES = "four-points, curve, curve:N, mnist:N, mnist:N:FOLDER or a file .csv, .npy, .npz"


def load_data(name: str | PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Data by name.

    Parameters
    ----------
    name : str or path
        ``four-points``; ``curve`` or ``curve:N``, N close points of a curve; ``mnist:N``, the first N digits (``mnist:N:FOLDER``:
        of the original files in a folder); or the path of a file, see :func:`read_data`.

    Returns
    -------
    X : float64 (n, d), the constant 1 included; y : float64 (n,)

    Examples
    --------
    >>> load_data("mnist:45")[0].shape
    (45, 785)
    """
    check_type(name, "data", str, PathLike)
    name = fspath(name)
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
    if Path(name).suffix.lower() in _READERS:
        return read_data(name)
    raise InputError(f"data {name!r} is not known; give {_NAMES}")


def read_data(path: str | PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Data from a file.

    Parameters
    ----------
    path : path
        ``.csv``: one sample a row, the inputs and then the target; a first row of names is allowed, and a column named ``y`` is
        the target wherever it stands. ``.npy``: an array (n, k + 1), the target in the last column. ``.npz``: arrays ``x`` (n,)
        or (n, k) and ``y`` (n,).

    Returns
    -------
    X : float64 (n, k + 1), the constant 1 appended; y : float64 (n,)

    Raises
    ------
    InputError
        With the row: not a number, infinite, of another length, or equal to another row in x but not in y.
    """
    file = Path(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file} ends in {file.suffix!r}; give a file .csv, .npy or .npz")
    if not file.is_file():
        raise InputError(f"there is no file {file}; give {_NAMES}")
    try:
        x, y, rows = reader(file)
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{file} says that it holds more than the memory does; give fewer samples") from error
    except Exception as error:  # whatever a damaged file makes csv, zlib and NumPy's own parser raise
        raise InputError(f"cannot read {file}: {error}; give a {file.suffix} file of numbers") from error
    if len(x) == 0:
        raise InputError(f"{file} holds no samples; give at least one row of numbers")
    table = np.column_stack([x, y])
    bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if bad.size:
        raise InputError(f"{file}, row {rows[bad[0]]}: not a finite number; remove the row, or put it right")
    _check_repeated(file, x, y, rows)
    return from_arrays(x, y)


def _count(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputError(f"data {name!r}: {text!r} is not a number of samples; give one such as 45") from error


Table = tuple[np.ndarray, np.ndarray, list[int]]


def _read_csv(file: Path) -> Table:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        lines = csv.reader(stream)
        read = [(lines.line_num, [part.strip() for part in line]) for line in lines if any(map(str.strip, line))]
    if not read:
        raise InputError(f"{file} is empty; give at least one row of numbers")
    names = read[0][1] if not any(map(_is_number, read[0][1])) else None
    body = read[1:] if names else read
    columns = len(read[0][1])
    if columns < 2:
        raise InputError(f"{file}, row {read[0][0]}: one column; give the inputs and the target, separated by commas")
    for row, values in body:
        if len(values) != columns:
            raise InputError(f"{file}, row {row}: {len(values)} values, not {columns} as in row {read[0][0]}")
        for column, value in enumerate(values, start=1):
            if not _is_number(value):
                raise InputError(f"{file}, row {row}, column {column}: {value!r} is not a number")
    table = np.array([values for _, values in body], dtype=float).reshape(-1, columns)
    target = names.index("y") if names and "y" in names else columns - 1
    return np.delete(table, target, axis=1), table[:, target], [row for row, _ in body]


def _read_npy(file: Path) -> Table:
    with file.open("rb") as stream:  # ours to close: NumPy leaves a damaged file open
        table = np.load(stream, allow_pickle=False)
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.shape[1] < 2:
        raise InputError(f"{file} has shape {np.shape(table)}; give an array (n, k + 1), the target in the last column")
    return _numbers(file, table[:, :-1], "x"), _numbers(file, table[:, -1], "y"), list(range(len(table)))


def _read_npz(file: Path) -> Table:
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        missing = [name for name in ("x", "y") if name not in arrays]
        if missing:
            raise InputError(f"{file} has arrays {', '.join(arrays) or 'none'}; give x (n, k) and y (n,)")
        x, y = _numbers(file, arrays["x"], "x"), _numbers(file, arrays["y"], "y")
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or y.ndim != 1 or len(x) != len(y):
        raise InputError(f"{file}: x has shape {x.shape} and y {y.shape}; give (n, k) and (n,) with the same n")
    return x, y, list(range(len(y)))


_READERS: dict[str, Callable[[Path], Table]] = {".csv": _read_csv, ".npy": _read_npy, ".npz": _read_npz}


def _numbers(file: Path, values: np.ndarray, name: str) -> np.ndarray:
    if values.dtype.kind not in "fiub":
        raise InputError(f"{file}: {name} has type {values.dtype}; give real numbers")
    return values.astype(float)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_repeated(file: Path, x: np.ndarray, y: np.ndarray, rows: list[int]) -> None:
    """No network fits two targets at one input."""
    first: dict[bytes, int] = {}
    for i, inputs in enumerate(x + 0.0):  # -0.0 and 0.0 are one number
        other = first.setdefault(inputs.tobytes(), i)
        if y[i] != y[other]:
            raise InputError(
                f"{file}, rows {rows[other]} and {rows[i]}: the same x with different y, {y[other]:g} and {y[i]:g}; "
                "no network fits both, keep one of them"
            )

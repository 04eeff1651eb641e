"""Data by name or from a user's file: text tables, NPY or NPZ, checked row by row."""

import re
from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from numerics.datasets.builtin import curve, four_points, from_arrays, mnist
from numerics.datasets.columns import take_columns
from numerics.datasets.dataset import Dataset, Taken
from numerics.datasets.numpy_files import read_npy, read_npz
from numerics.datasets.tables import read_table
from numerics.errors import InputError, check_type

__all__ = ["load_data", "load_dataset", "read_data"]

_NAMES = "four-points, curve, curve:N, mnist:N, mnist:N:FOLDER or a file .csv, .tsv, .txt, .npy, .npz"


def load_data(name: str | PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Data by name.

    Parameters
    ----------
    name : str or path
        ``four-points``; ``curve`` or ``curve:N``, N close points of a curve; ``mnist:N``, the first N digits (``mnist:N:FOLDER``:
        of the original files in a folder); or the path of a file, see :func:`read_data`, also as ``FILE:TARGET``.

    Returns
    -------
    X : float64 (n, d), the constant 1 included; y : float64 (n,)

    Examples
    --------
    >>> load_data("mnist:45")[0].shape
    (45, 785)
    """
    found = load_dataset(name)
    return found.X, found.y


def load_dataset(name: str | PathLike[str], *, target: str | None = None) -> Dataset:
    """Data by name, with what was taken for what.

    Parameters
    ----------
    name : str or path
        As for :func:`load_data`.
    target : str, optional
        The column, or array, of a file that is the target; the same as ``FILE:TARGET``.
    """
    check_type(name, "data", str, PathLike)
    check_type(target, "target", str, type(None))
    name = fspath(name)
    kind, colon, rest = name.partition(":")
    if target is not None and kind in ("four-points", "curve", "mnist"):
        raise InputError(f"target {target!r}: {name} has no columns to choose from; leave it out")
    if name == "four-points":
        return Dataset(name, *four_points())
    if kind == "curve":
        return Dataset(name, *(curve(_count(name, rest)) if colon else curve()))
    if kind == "mnist":
        count, colon, folder = rest.partition(":")
        if colon and not folder:
            raise InputError(f"data {name!r}: no folder after the colon; give mnist:N or mnist:N:FOLDER")
        return Dataset(name, *mnist(_count(name, count), folder or None))
    path, chosen = _split(name)
    if chosen is not None:
        if target is not None:
            raise InputError(f"target {target!r} and data {name!r}: both say what the target is; give one of them")
        name, target = path, chosen
    if Path(name).suffix.lower() not in _READERS:
        if Path(name).is_file():
            raise InputError(
                f"data {name!r}: files that end in {Path(name).suffix!r} are not read; save it as .csv, .tsv, .txt, .npy or .npz"
            )
        raise InputError(f"data {name!r} is not known; give {_NAMES}")
    taken = _read(Path(name), target)
    known_as = name if target is None else f"{name}:{target}"
    return Dataset(known_as, *from_arrays(taken.x, taken.y), (*taken.notes, f"samples: {len(taken.y)}"))


def read_data(path: str | PathLike[str], target: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Data from a file.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv``, ``.txt``: one sample a row, columns separated by commas, semicolons, tabs or blanks; a first row of
        names, comments after #, fields in quotes and, where commas separate nothing, decimal commas are read. A column named
        ``y``, ``target`` or ``label``, in any case, is the target wherever it stands, else the last; a column that counts the
        rows, without a name or named ``index`` or ``id``, is left out; two words as targets are -1 and +1.
        ``.npy``: an array (n, k + 1), the target in the last column. ``.npz``: arrays ``x`` (n,), (n, k) or images, flattened,
        and ``y`` (n,) or (n, 1); also ``x_train`` and ``y_train``, ``inputs`` and ``targets``, ``data`` and ``target``,
        ``arr_0`` and ``arr_1``.
    target : str, optional
        Name of the column, or array, that is the target; where columns have no names, its number, from 1. What was taken says
        :func:`load_dataset`.

    Returns
    -------
    X : float64 (n, k + 1), the constant 1 appended; y : float64 (n,)

    Raises
    ------
    InputError
        With the row: not a number, missing, infinite, of another length, or equal to another row in x but not in y.
    """
    taken = _read(path, target)
    return from_arrays(taken.x, taken.y)


def _read(path: str | PathLike[str], target: str | None) -> Taken:
    check_type(path, "path", str, PathLike)
    if target is not None:
        check_type(target, "target", str)
    file = Path(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file} ends in {file.suffix!r}; give a file .csv, .tsv, .txt, .npy or .npz")
    if not file.is_file():
        raise InputError(f"there is no file {file}; give {_NAMES}")
    try:
        taken = reader(file, target)
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{file} says that it holds more than the memory does; give fewer samples") from error
    except Exception as error:  # whatever a damaged file makes pandas, zlib and NumPy's own parser raise
        raise InputError(f"cannot read {file}: {error}; give a {file.suffix} file of numbers") from error
    if len(taken.y) == 0:
        raise InputError(f"{file} holds no samples; give at least one row of numbers")
    if taken.x.shape[1] == 0:
        raise InputError(f"{file} holds no inputs, only a target; give at least one number more a sample")
    bad = np.flatnonzero(~np.isfinite(np.column_stack([taken.x, taken.y])).all(axis=1))
    if bad.size:
        raise InputError(f"{file}, {taken.places[bad[0]]}: not a finite number; remove the row, or put it right")
    _check_repeated(file, taken)
    return taken


def _read_text(file: Path, target: str | None) -> Taken:
    return take_columns(file, read_table(file), target)


_READERS: dict[str, Callable[[Path, str | None], Taken]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), _read_text),
    ".npy": read_npy,
    ".npz": read_npz,
}


def _split(name: str) -> tuple[str, str | None]:
    """FILE:TARGET taken apart at the first colon after an ending that is read; a target may have colons of its own."""
    if not Path(name).is_file():
        for colon in re.finditer(":", name):
            if Path(name[: colon.start()]).suffix.lower() in _READERS:
                return name[: colon.start()], name[colon.end() :]
    return name, None


def _count(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputError(f"data {name!r}: {text!r} is not a number of samples; give one such as 45") from error


def _check_repeated(file: Path, taken: Taken) -> None:
    """No network fits two targets at one input."""
    first: dict[bytes, int] = {}
    for i, inputs in enumerate(taken.x + 0.0):  # -0.0 and 0.0 are one number
        other = first.setdefault(inputs.tobytes(), i)
        if taken.y[i] != taken.y[other]:
            rows = " and ".join(taken.places[j].removeprefix("row ") for j in (other, i))
            raise InputError(
                f"{file}, rows {rows}: the same x with different y, {taken.y[other]:g} and {taken.y[i]:g}; "
                "no network fits both, keep one of them"
            )

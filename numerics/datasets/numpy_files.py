"""Data in files of NumPy: .npy, and .npz with arrays by name. Nothing in them is ever run."""

from pathlib import Path

import numpy as np

from numerics.datasets.dataset import Taken
from numerics.errors import InputError

__all__ = ["read_npy", "read_npz"]

#: Names, in any case, of inputs and target.
PAIRS = (("x", "y"), ("x_train", "y_train"), ("inputs", "targets"), ("data", "target"), ("arr_0", "arr_1"))
_PIXELS = np.dtype(np.uint8)


def read_npy(file: Path, target: str | None) -> Taken:
    """An array (n, k + 1), the target in the last column."""
    if target is not None:
        raise InputError(
            f"{file}: target {target!r} was asked for, and the columns of an array have no names; put it last"
        )
    with file.open("rb") as stream:  # ours to close: NumPy leaves a damaged file open
        table = np.load(stream, allow_pickle=False)
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.shape[1] < 2:
        raise InputError(f"{file} has shape {np.shape(table)}; give an array (n, k + 1), the target in the last column")
    x, y = _numbers(file, table[:, :-1], "x"), _numbers(file, table[:, -1], "y")
    return Taken(x, y, _places(y), (f"inputs: the first {x.shape[1]} columns; target: the last",))


def read_npz(file: Path, target: str | None) -> Taken:
    """Arrays of inputs (n,), (n, k) or images, and of targets (n,) or (n, 1)."""
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        first, second = _pair(file, list(arrays), target)
        given, targets, others = arrays[first], arrays[second], [name for name in arrays if name not in (first, second)]
    x, y = _numbers(file, given, first), _numbers(file, targets, second)
    notes = [f"inputs {first}; target {second}"]
    notes += [f"not used: {', '.join(others)}"] if others else []
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
        notes.append(f"{second} {targets.shape} is taken as ({len(y)},)")
    if x.ndim in (3, 4):
        x = x.reshape(len(x), -1)
        notes.append(f"{first} {given.shape} is flattened to {x.shape}")
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or y.ndim != 1 or len(x) != len(y):
        raise InputError(
            f"{file}: {first} has shape {x.shape} and {second} {y.shape}; give (n, k) and (n,) with the same n"
        )
    if given.dtype == _PIXELS:
        notes.append(
            f"{first} holds integers from {int(x.min())} to {int(x.max())}, which are not scaled; divide by 255 for 0 to 1"
        )
    return Taken(x, y, _places(y), tuple(notes))


def _pair(file: Path, names: list[str], target: str | None) -> tuple[str, str]:
    """Names of the inputs and of the target."""
    known = {name.casefold(): name for name in names}
    found = [(known[x], known[y]) for x, y in PAIRS if x in known and y in known]
    if target is not None:
        inputs = [known[x] for x, _ in PAIRS if x in known]
        if target not in names or not inputs or target == inputs[0]:
            raise InputError(
                f"{file}: target {target!r} is not there beside inputs x; the arrays are {', '.join(names)}"
            )
        return inputs[0], target
    if not found:
        raise InputError(f"{file} has arrays {', '.join(names) or 'none'}; give x (n, k) and y (n,)")
    if len(found) > 1:
        pairs = " or ".join(f"{x}, {y}" for x, y in found)
        raise InputError(f"{file} has {pairs}; say which with --target NAME, or keep one pair")
    return found[0]


def _places(y: np.ndarray) -> tuple[str, ...]:
    return tuple(f"row {i}" for i in range(len(y)))


def _numbers(file: Path, values: np.ndarray, name: str) -> np.ndarray:
    if values.dtype.kind not in "fiub":
        raise InputError(f"{file}: {name} has type {values.dtype}; give real numbers")
    return values.astype(float)

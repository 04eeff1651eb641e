"""Data in files of NumPy: .npy, and .npz with arrays by name. Nothing in them is ever run."""

from pathlib import Path

import numpy as np

from numerics.arrays import real_array
from numerics.datasets.dataset import Taken, large
from numerics.datasets.fields import as_labels
from numerics.errors import InputError

__all__ = ["read_npy", "read_npz"]

#: Names, in any case, of inputs and target.
PAIRS = (("x", "y"), ("x_train", "y_train"), ("inputs", "targets"), ("data", "target"), ("arr_0", "arr_1"))
_PIXELS = np.dtype(np.uint8)


def read_npy(file: Path, target: str | None) -> Taken:
    """An array (n, k + 1), the target in the last column, or in the one with this number, from 1."""
    with file.open("rb") as stream:  # ours to close: NumPy leaves a damaged file open
        table = np.load(stream, allow_pickle=False)
    if not isinstance(table, np.ndarray):
        raise InputError(f"{file} holds arrays with names; call it .npz")
    if table.ndim != 2 or table.shape[1] < 2:
        raise InputError(f"{file} has shape {table.shape}; give an array (n, k + 1), the target in the last column")
    count = table.shape[1]
    if target is not None and target.strip() not in map(str, range(1, count + 1)):
        raise InputError(
            f"{file}: target {target!r} was asked for, and the columns of an array have no names; put it last, or give its "
            f"number, 1 to {count}"
        )
    chosen = count - 1 if target is None else int(target) - 1
    numbers = real_array(table, f"{file}: the array")
    x, y = np.delete(numbers, chosen, axis=1), numbers[:, chosen]
    note = f"inputs: the first {count - 1} columns; target: the last"
    if target is not None:
        note = f"inputs: the {count - 1} other columns; target: column {chosen + 1}"
    return Taken(x, y, _places(y), (note, *(_pixels("the array", table) or large(x, y))))


def read_npz(file: Path, target: str | None) -> Taken:
    """Arrays of inputs (n,), (n, k) or images, and of targets (n,) or (n, 1)."""
    with file.open("rb") as stream:
        arrays = np.load(stream, allow_pickle=False)
        if isinstance(arrays, np.ndarray):
            raise InputError(f"{file} holds one array without names; call it .npy, or save x and y with np.savez")
        first, second = _pair(file, list(arrays), target)
        given, targets, others = arrays[first], arrays[second], [name for name in arrays if name not in (first, second)]
    notes = [f"inputs {first}; target {second}"]
    notes += [f"not used: {', '.join(others)}"] if others else []
    column = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    if column is not targets:
        notes.append(f"{second} {targets.shape} is taken as ({len(column)},)")
    labels = as_labels([str(word) for word in column]) if column.ndim == 1 and column.dtype.kind == "U" else None
    if labels is not None:
        notes.append(f"labels {labels[1][0]!r} as -1, {labels[1][1]!r} as +1")
    x, y = real_array(given, f"{file}: {first}"), labels[0] if labels else real_array(column, f"{file}: {second}")
    if x.ndim in (3, 4):
        x = x.reshape(len(x), int(np.prod(x.shape[1:])))
        notes.append(f"{first} {given.shape} is flattened to {x.shape}")
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or y.ndim != 1 or len(x) != len(y):
        classes = (
            f"; of classes one number each, such as {second}.argmax(axis=1)" if y.ndim == 2 and x.ndim == 2 else ""
        )
        raise InputError(
            f"{file}: {first} has shape {x.shape} and {second} {y.shape}; give (n, k) and (n,) with the same n{classes}"
        )
    return Taken(x, y, _places(y), (*notes, *(_pixels(first, given) or large(x, y))))


def _pair(file: Path, names: list[str], target: str | None) -> tuple[str, str]:
    """Names of the inputs and of the target."""
    listed = ", ".join(names) or "none"
    if target is not None:
        return _inputs_of(file, names, target), target
    found = [
        (one, other)
        for x, y in PAIRS
        for one in names
        for other in names
        if (one.casefold(), other.casefold()) == (x, y)
    ]
    if not found:
        raise InputError(f"{file} has arrays {listed}; give x (n, k) and y (n,), or say --target NAME")
    if len(found) > 1:
        pairs = " or ".join(f"{x}, {y}" for x, y in found)
        raise InputError(f"{file} has {pairs}; say which with --target NAME, or keep one pair")
    return found[0]


def _inputs_of(file: Path, names: list[str], target: str) -> str:
    """The inputs of a target: those paired with it by name, such as x_test with y_test, else x, else the only other array."""
    partners = [x for x, y in PAIRS if y == target.casefold()]
    if target[:1] in ("y", "Y"):
        partners.append(f"x{target[1:].casefold()}")
    others = [name for name in names if name != target]
    choices = [name for name in others if name.casefold() in partners]
    choices = choices or [name for name in others if name.casefold() == "x"] or others
    if target not in names or len(choices) != 1:
        raise InputError(f"{file}: target {target!r} is not there beside inputs x; the arrays are {', '.join(names)}")
    return choices[0]


def _pixels(name: str, given: np.ndarray) -> list[str]:
    """Pixels are mostly meant from 0 to 1."""
    if given.dtype != _PIXELS or not given.size:
        return []
    low, high = int(given.min()), int(given.max())
    return [f"{name} holds integers from {low} to {high}, which are not scaled; divide by 255 for 0 to 1"]


def _places(y: np.ndarray) -> tuple[str, ...]:
    return tuple(f"row {i}" for i in range(len(y)))

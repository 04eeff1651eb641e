"""Arrays that NumPy saved: ``.npy`` and ``.npz``, never unpickled."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from numerics.arrays import real_array
from numerics.datasets.columns import Header, listing, named_target, target_note
from numerics.datasets.fields import as_labels
from numerics.datasets.samples import Samples, checked_samples
from numerics.errors import InputError

__all__ = ["read_npy", "read_npz"]

#: Names of inputs and target that belong together, in any case.
_PAIRS = (("x", "y"), ("x_train", "y_train"), ("arr_0", "arr_1"))
_WANTED = "give x (n, k) and y (n,), or choose the target with --target NAME (target=NAME)"


def read_npy(file: Path, target: str | None) -> Samples:
    """An array (n, k + 1), one column of which is the target."""
    with file.open("rb") as stream:  # ours to close: NumPy leaves a damaged file open
        table = np.load(stream, allow_pickle=False)
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.shape[1] < 2:
        raise InputError(f"{file} has shape {np.shape(table)}; give an array (n, k + 1), the target in the last column")
    header = Header(str(file), None, table.shape[1])
    named = named_target(header, target)
    chosen = header.count - 1 if named is None else named
    numbers = real_array(table, f"{file}: the array")
    inputs = [column for column in range(header.count) if column != chosen]
    notes = [listing(header, inputs), target_note(header, chosen, named=named is not None)]
    return checked_samples(str(file), numbers[:, inputs], numbers[:, chosen], range(len(table)), notes, target)


def read_npz(file: Path, target: str | None) -> Samples:
    """Two named arrays."""
    with file.open("rb") as stream:
        arrays = np.load(stream, allow_pickle=False)
        if isinstance(arrays, np.ndarray):
            raise InputError(f"{file} holds one array without names; call it .npy, or save x and y with np.savez")
        inputs, chosen = _chosen(file, arrays, target)
        x, y = arrays[inputs], arrays[chosen]
        unused = [name for name in arrays if name not in (inputs, chosen)]
    values, notes = _flat(file, inputs, x)
    targets, target_note = _targets(file, chosen, y)
    if len(values) != len(targets):
        raise InputError(
            f"{file}: {inputs} has shape {x.shape} and {chosen} {y.shape}; give (n, k) and (n,) with the same n"
        )
    said = [f"inputs {inputs}", f"target {chosen}{target_note}", *notes]
    said += [f"not used: {', '.join(unused)}"] if unused else []
    return checked_samples(str(file), values, targets, range(len(values)), said, target)


def _chosen(file: Path, arrays: Mapping[str, np.ndarray], target: str | None) -> tuple[str, str]:
    """Names of inputs and target."""
    names = list(arrays)
    held = f"{file} has arrays {', '.join(names) or 'none'}"
    if target is not None:
        if target not in names:
            raise InputError(f"{held}, and no {target!r} to be the target; give one of them")
        others = [name for name in names if name != target]
        partner = [name for name in others if target[:1] in "yY" and name.casefold() == f"x{target[1:]}".casefold()]
        fitting = partner or [name for name in others if len(others) == 1 or name.casefold() == "x"]
        if len(fitting) != 1:
            raise InputError(f"{held}: it is not clear which are the inputs of {target}; name them x")
        return fitting[0], target
    found = [
        (one, other)
        for left, right in _PAIRS
        for one in names
        for other in names
        if one.casefold() == left and other.casefold() == right
    ]
    if len(found) > 1:
        pairs = " or ".join(f"{one}, {other}" for one, other in found)
        raise InputError(
            f"{held}: it is not clear whether {pairs} are meant; choose the target with --target NAME (target=NAME)"
        )
    if not found:
        raise InputError(f"{held}; {_WANTED}")
    return found[0]


def _flat(file: Path, name: str, x: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Inputs (n, k) of numbers, points on a line or images."""
    if x.ndim not in (1, 2, 3, 4):
        raise InputError(f"{file}: {name} has shape {x.shape}; give (n, k), or images (n, height, width)")
    values = real_array(x, f"{file}: {name}")
    if x.ndim < 3:
        return values[:, None] if x.ndim == 1 else values, []
    flat = values.reshape(len(x), int(np.prod(x.shape[1:])))
    return flat, [f"images {' x '.join(map(str, x.shape[1:]))} flattened to {flat.shape[1]} inputs"]


def _targets(file: Path, name: str, y: np.ndarray) -> tuple[np.ndarray, str]:
    """One number a sample, and what was made of it."""
    note = ""
    if y.ndim == 2 and y.shape[1] == 1:
        y, note = y.ravel(), f", {y.shape} flattened"
    if y.ndim != 1:
        raise InputError(
            f"{file}: {name} has shape {y.shape}; give one number a sample, (n,), such as y.argmax(axis=1) of classes"
        )
    labels = as_labels(list(map(str, y))) if y.dtype.kind == "U" else None
    if labels is None:
        return real_array(y, f"{file}: {name}"), note
    numbers, (low, high) = labels
    return numbers, f"{note} ({low} is -1, {high} is +1)"

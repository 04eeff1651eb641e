"""What was read, and what was made of it: samples with notes, checked in one place whatever they come from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from numerics.datasets.builtin import from_arrays
from numerics.errors import InputError

__all__ = ["Samples", "checked_samples"]

_LARGE = 10.0  # what goes beyond is said: no data are scaled here, and a start of order one expects such


@dataclass(frozen=True, eq=False)
class Samples:
    """Data to train on, and what in its file they are.

    Attributes
    ----------
    name : str
        As for :func:`numerics.load_data`.
    X : float64 (n, d)
        Inputs, the constant 1 last.
    y : float64 (n,)
        Targets.
    notes : tuple of str
        Which columns or arrays were taken as inputs and target, and what was dropped, flattened or turned into numbers; empty
        for the data that come with the package.
    target : str, optional
        The column or array that was asked for as the target.
    """

    name: str
    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    notes: tuple[str, ...] = ()
    target: str | None = None

    def of_plan(self) -> dict[str, Any]:
        """As a plan takes them: ``nm.Plan(**samples.of_plan())``."""
        return {"data": (self.X, self.y), "data_name": self.name, "target": self.target}

    def __str__(self) -> str:
        """All of it in one line."""
        count = len(self.y)
        return "; ".join((f"{self.name}: {count} sample{'s' if count > 1 else ''}", *self.notes))


def checked_samples(
    name: str, x: np.ndarray, y: np.ndarray, rows: Sequence[int], notes: Sequence[str], target: str | None
) -> Samples:
    """Samples of finite numbers that a network can fit.

    Parameters
    ----------
    name : str
        The file.
    x : float64 (n, k); y : float64 (n,)
    rows : sequence of int
        Where each sample stands in the file, for messages.
    notes, target
        See :class:`Samples`.

    Raises
    ------
    InputError
        With the row: not finite, or equal to another row in x but not in y.
    """
    if len(x) == 0:
        raise InputError(f"{name} holds no samples; give at least one row of numbers")
    bad = np.flatnonzero(~np.isfinite(np.column_stack([x, y])).all(axis=1))
    if bad.size:
        raise InputError(f"{name}, row {rows[bad[0]]}: not a finite number; remove the row, or put it right")
    if x.shape[1] == 0:
        raise InputError(f"{name} has no inputs, only a target; give at least one number more a sample")
    _check_repeated(name, x, y, rows)
    reach = {what: float(np.abs(values).max()) for what, values in (("inputs", x), ("targets", y))}
    sizes = [f"{what} reach {size:g}, not scaled" for what, size in reach.items() if size > _LARGE]
    return Samples(name, *from_arrays(x, y), notes=(*notes, *sizes), target=target)


def _check_repeated(name: str, x: np.ndarray, y: np.ndarray, rows: Sequence[int]) -> None:
    """No network fits two targets at one input."""
    first: dict[bytes, int] = {}
    for i, inputs in enumerate(x + 0.0):  # -0.0 and 0.0 are one number
        other = first.setdefault(inputs.tobytes(), i)
        if y[i] != y[other]:
            raise InputError(
                f"{name}, rows {rows[other]} and {rows[i]}: the same x with different y, {y[other]:g} and {y[i]:g}; "
                "no network fits both, keep one of them"
            )

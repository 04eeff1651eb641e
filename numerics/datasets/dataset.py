"""Data as they are trained on, and what was taken for what."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Dataset", "Taken", "large", "shortened"]

_LARGE = 10.0  # what goes beyond is said: a start of order one expects inputs and targets of order one
_LISTED = 8


@dataclass(frozen=True)
class Taken:
    """What was found in a file.

    Attributes
    ----------
    x : float64 (n, k)
        Inputs, without the constant.
    y : float64 (n,)
    places : tuple of str
        Where each sample stands, for messages: 'row 3'.
    notes : tuple of str
        What was taken for what, and what was changed or left out.
    """

    x: np.ndarray
    y: np.ndarray
    places: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Dataset:
    """Data by name.

    Attributes
    ----------
    name : str
        By which they are loaded again.
    X : float64 (n, d)
        Inputs, the constant 1 last.
    y : float64 (n,)
    notes : tuple of str
        Of a file: which columns or arrays are inputs and target, and what was changed or left out. Empty for shipped data.
    """

    name: str
    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    notes: tuple[str, ...] = ()


def large(x: np.ndarray, y: np.ndarray) -> list[str]:
    """Notes on inputs and targets that reach far beyond one: nothing is scaled."""
    reach = {name: float(np.abs(values).max(initial=0.0)) for name, values in (("inputs", x), ("targets", y))}
    return [f"{name} reach {most:g}, not scaled" for name, most in reach.items() if _LARGE < most < np.inf]


def shortened(names: list[str]) -> str:
    """The names; of many the first, the last and how many there are."""
    return ", ".join(names) if len(names) <= _LISTED else f"{names[0]} to {names[-1]} ({len(names)})"

"""One independent stream of random numbers per cell (point of the diagram, width, seed), wherever the cell is run."""

from fractions import Fraction
from numbers import Rational

import numpy as np

from numerics.arrays import whole_number
from numerics.errors import InputError

__all__ = ["cell_seed", "describe", "generator"]

_SIGN = {False: 0, True: 1}


def cell_seed(*point: Fraction | int, width: int, seed: int) -> np.random.SeedSequence:
    """Seed sequence of a cell: the same numbers alone, in a scan, or on a cluster.

    Parameters
    ----------
    *point : Fraction
        Exact coordinates in the phase diagram, such as gamma, gamma', so that 0.1 + 0.2 and 0.3 are the same cell.
    width : int
        Number of neurons m.
    seed : int
        Number of the repetition, >= 0.
    """
    width = whole_number(width, "width", 1, "give the number of neurons, a positive integer")
    seed = whole_number(seed, "seed", 0, "give 0 or a positive integer")
    key: list[int] = []
    for coordinate in point:
        if not isinstance(coordinate, Rational) or isinstance(coordinate, bool | np.timedelta64):
            raise InputError(
                f"coordinate {coordinate!r} is not exact; give a Fraction, so that equal points are one cell"
            )
        key += [_SIGN[coordinate < 0], abs(coordinate.numerator), coordinate.denominator]
    return np.random.SeedSequence(entropy=seed, spawn_key=(*key, width))


def generator(rng: int | np.random.SeedSequence | np.random.Generator) -> np.random.Generator:
    """The generator of a seed; what is no seed is refused, and so is None, which would be the clock."""
    if isinstance(rng, np.random.SeedSequence | np.random.Generator):
        return np.random.default_rng(rng)
    return np.random.default_rng(whole_number(rng, "rng", 0, "give an integer >= 0, a SeedSequence or a Generator"))


def describe(rng: int | np.random.SeedSequence | np.random.Generator) -> str:
    """Where random numbers come from, for the record."""
    if isinstance(rng, np.random.SeedSequence):
        return f"SeedSequence(entropy={rng.entropy}, spawn_key={rng.spawn_key})"
    return str(rng) if isinstance(rng, (int, np.integer)) else type(rng).__name__

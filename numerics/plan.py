"""What to measure: points of the plane, widths, seeds and tolerances."""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from numerics.datasets import check_data, four_points
from numerics.errors import InputError

__all__ = ["BOOK", "PLANE", "Plan", "Point"]

#: (gamma, gamma'), exact.
Point = tuple[Fraction, Fraction]

#: The book's three initialisation sizes, 1/sqrt(m), 1/m and 1/m^1.75.
BOOK: tuple[Point, ...] = tuple((Fraction(g), Fraction(0)) for g in ("1/2", "1", "7/4"))
#: Points off that line: one in each region where S_w has a formula of its own, and a condensed one on either side. They lie
#: deep in their regions, where moderate widths are near the limit.
PLANE: tuple[Point, ...] = tuple(
    (Fraction(g), Fraction(gp))
    for g, gp in (("1/2", "3/4"), ("1/2", "-3/4"), ("5/4", "1"), ("3/2", "1/4"), ("3/2", "-1/4"))
)


@dataclass(frozen=True)
class Plan:
    """Points, widths and seeds: every combination is one run.

    Parameters
    ----------
    points : sequence of (gamma, gamma_prime)
        Fractions, integers, decimal text or floats (0.1 is taken as 1/10).
    widths : sequence of even int
        At least two; a geometric grid is best.
    seeds : int
        Repetitions at each width, at least 2.
    rtol, loss_tol, max_seconds : float
        Accuracy of RD, final loss and budget of every run; see :func:`numerics.gradient_flow`.
    data : (X, y)
        Inputs (n, d), the constant included, and targets (n,).

    Raises
    ------
    InputError
        Naming the argument that is wrong.
    """

    points: tuple[Point, ...] = BOOK + PLANE
    widths: tuple[int, ...] = (1000, 2000, 4000, 8000, 16000, 32000)
    seeds: int = 4
    rtol: float = 1e-2
    loss_tol: float = 1e-6
    max_seconds: float = 60.0
    data: tuple[np.ndarray, np.ndarray] = field(default_factory=four_points, repr=False, compare=False)

    def __post_init__(self) -> None:
        points = tuple((_exact(gamma, "gamma"), _exact(prime, "gamma_prime")) for gamma, prime in self.points)
        if not points or len(set(points)) < len(points):
            raise InputError(f"points = {self.points}; give at least one pair (gamma, gamma_prime), each of them once")
        for width in self.widths:
            if isinstance(width, bool) or not isinstance(width, int) or width < 2 or width % 2:
                raise InputError(f"width = {width!r}; give even integers >= 2: an antisymmetric start pairs neurons")
        if len(set(self.widths)) < 2:
            raise InputError(f"widths = {list(self.widths)}; a slope needs at least two different widths")
        if isinstance(self.seeds, bool) or not isinstance(self.seeds, int) or self.seeds < 2:
            raise InputError(f"seeds = {self.seeds!r}; give an integer >= 2: one seed has no interval")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "widths", tuple(sorted(set(self.widths))))
        object.__setattr__(self, "data", check_data(*self.data))

    @classmethod
    def quick(cls) -> "Plan":
        """The same points at smaller widths; more seeds make up for the shorter range."""
        return cls(widths=(1000, 2000, 4000, 8000), seeds=6)

    @property
    def cells(self) -> list[tuple[Point, int, int]]:
        """Every (point, width, seed)."""
        return [(point, width, seed) for point in self.points for width in self.widths for seed in range(self.seeds)]


def _exact(value: Any, name: str) -> Fraction:
    """``value`` as a fraction; a float is read as the decimal it prints as."""
    text = repr(float(value)) if isinstance(value, float) else str(value).strip()
    try:
        exact = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f"{name} = {value!r} is not a finite number; give one such as 1.75 or 7/4") from error
    if not math.isfinite(exact) or abs(exact) > 1000:
        raise InputError(f"{name} = {value!r} is out of range; give a number between -1000 and 1000")
    return exact

"""What to measure on two-layer networks: points of the plane, widths, seeds and tolerances."""

import hashlib
import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from numerics.datasets import check_data, four_points
from numerics.errors import InputError
from numerics.flow import gradient_flow
from numerics.networks import TwoLayer
from numerics.scans.experiment import Cell, Experiment, Observable, Outcome, Setting
from numerics.seeds import cell_seed
from numerics.solution import Solution

__all__ = ["BOOK", "PLANE", "Plan", "Point", "data_settings", "exact"]

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
class Plan(Experiment):
    """Points, widths and seeds of two-layer relu networks: every combination is one run.

    Parameters
    ----------
    points : sequence of (gamma, gamma_prime)
        Fractions, integers, decimal text or floats (0.1 is taken as 1/10).
    widths : sequence of even int
        At least two; a geometric grid is best.
    seeds : int
        Repetitions at each width.
    rtol, loss_tol, max_seconds : float
        Accuracy of RD, final loss and budget of every run; see :func:`numerics.gradient_flow`.
    data : (X, y)
        Inputs (n, d), the constant included, and targets (n,).
    data_name : str
        What the data are called in the results.

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
    data_name: str = "four-points"

    def __post_init__(self) -> None:
        points = tuple((exact(gamma, "gamma"), exact(prime, "gamma_prime")) for gamma, prime in self.points)
        if not points or len(set(points)) < len(points):
            raise InputError(f"points = {self.points}; give at least one pair (gamma, gamma_prime), each of them once")
        for width in self.widths:
            if isinstance(width, bool) or not isinstance(width, int) or width < 2 or width % 2:
                raise InputError(f"width = {width!r}; give even integers >= 2: an antisymmetric start pairs neurons")
        if len(set(self.widths)) < 2:
            raise InputError(f"widths = {list(self.widths)}; a slope needs at least two different widths")
        if isinstance(self.seeds, bool) or not isinstance(self.seeds, int) or self.seeds < 1:
            raise InputError(f"seeds = {self.seeds!r}; give a positive integer")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "widths", tuple(sorted(set(self.widths))))
        object.__setattr__(self, "data", check_data(*self.data))

    @classmethod
    def quick(cls) -> "Plan":
        """The same points at smaller widths; more seeds make up for the shorter range."""
        return cls(widths=(1000, 2000, 4000, 8000), seeds=6)

    @classmethod
    def grid(cls, gamma: Iterable[Any], gamma_prime: Iterable[Any], **options: Any) -> "Plan":
        """Every pair of the two coordinates; other parameters as for :class:`Plan`.

        Examples
        --------
        >>> len(Plan.grid(gamma=(0.8, 1, 1.2), gamma_prime=(0, 0.2)).points)
        6
        """
        return cls(points=tuple(itertools.product(gamma, gamma_prime)), **options)

    @property
    def cells(self) -> list[Cell]:
        """Every (gamma, gamma_prime, width, seed)."""
        return [
            {"gamma": gamma, "gamma_prime": gamma_prime, "width": width, "seed": seed}
            for gamma, gamma_prime in self.points
            for width in self.widths
            for seed in range(self.seeds)
        ]

    @property
    def observables(self) -> dict[str, Observable]:
        """Relative distances, and what tells whether to trust them."""
        return {
            "relative_distance": Observable(
                "largest relative distance from the start over the run, of the normalised weights", {"layer": _LAYERS}
            ),
            "loss": Observable("loss R at the end"),
            "time": Observable("normalised time at the end"),
            "evaluations": Observable("passes over the neurons"),
            "conserved_drift": Observable("relative drift of the balance law made by the method"),
        }

    @property
    def settings(self) -> dict[str, Setting]:
        """What else decides the numbers."""
        return {
            "model": "two-layer relu network, antisymmetric start",
            "rtol": self.rtol,
            "loss_tol": self.loss_tol,
            **data_settings(*self.data, self.data_name),
        }

    @property
    def title(self) -> str:
        """What a dataset of this plan holds."""
        return "Relative distances of trained two-layer networks over the phase diagram"

    def cost(self, cell: Cell) -> float:
        """In proportion to the width; runs get longer with gamma."""
        return float(cell["width"]) * (1.0 + max(0.0, 4.0 * float(cell["gamma"]) - 2.0))

    def measure(self, cell: Cell) -> Outcome:
        """Train the network of one cell and read off what happened."""
        solution = self.train(cell)
        values = {
            "relative_distance": [*map(solution.sup_relative_distance.get, _LAYERS[:-1]), _joint_distance(solution)],
            "loss": solution.loss,
            "time": solution.t,
            "evaluations": solution.stats.evaluations,
            "conserved_drift": solution.conserved_drift,
        }
        return Outcome(values, "" if solution.converged else solution.message)

    def train(self, cell: Cell) -> Solution:
        """Train the network of one cell; the same cell gives the same numbers wherever it is run."""
        X, y = self.data
        gamma, gamma_prime, width, seed = (cell[name] for name in ("gamma", "gamma_prime", "width", "seed"))
        network = TwoLayer.sample(
            width=int(width),
            gamma=gamma,
            gamma_prime=gamma_prime,
            inputs=X,
            rng=cell_seed(gamma, gamma_prime, width=int(width), seed=int(seed)),
            antisymmetric=True,
        )
        budget = self.max_seconds
        # one thread: the bits of a sum depend on the number of threads
        return gradient_flow(
            network, X, y, loss_tol=self.loss_tol, rtol=self.rtol, max_seconds=budget, threads=1, throw=False
        )


_LAYERS = ("w", "a", "theta")


def _joint_distance(solution: Solution) -> float:
    """Largest RD over the run of all normalised weights together, (abar, wbar): [L21] appendix D."""
    start, run = solution.initial, solution.trajectory
    assert isinstance(start, TwoLayer)
    size_a = np.linalg.norm(start.output_weights())
    size_w = np.linalg.norm(start.input_weights())
    moved = np.hypot(run.relative_distance["w"] * size_w, run.relative_distance["a"] * size_a)
    return float(np.max(moved) / np.hypot(size_w, size_a))


def data_settings(X: np.ndarray, y: np.ndarray, name: str) -> dict[str, Setting]:
    """Name, size and hash of a data set."""
    digest = hashlib.sha256(np.ascontiguousarray(X).tobytes() + np.ascontiguousarray(y).tobytes()).hexdigest()
    return {"data": name, "samples": len(y), "input_dimension": X.shape[1], "data_sha256": digest}


def exact(value: Any, name: str) -> Fraction:
    """``value`` as a fraction; a float is read as the decimal it prints as."""
    text = repr(float(value)) if isinstance(value, float) else str(value).strip()
    try:
        fraction = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f"{name} = {value!r} is not a finite number; give one such as 1.75 or 7/4") from error
    if not math.isfinite(fraction) or abs(fraction) > 1000:
        raise InputError(f"{name} = {value!r} is out of range; give a number between -1000 and 1000")
    return fraction

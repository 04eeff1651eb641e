"""What to measure on two-layer networks: points of the plane, widths, seeds and tolerances."""

import hashlib
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from shlex import quote
from typing import Any

import numpy as np

from numerics.datasets.builtin import check_data, four_points
from numerics.errors import InputError
from numerics.flow.run import gradient_flow
from numerics.flow.solution import Solution
from numerics.networks.seeds import cell_seed
from numerics.networks.two_layer import TwoLayer
from numerics.scans.experiment import Cell, Experiment, Observable, Outcome, Setting

__all__ = ["BOOK", "PLANE", "Plan", "Point", "data_settings", "exact", "grid_text", "grid_values"]

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
        What the data are called in the results, as for :func:`numerics.load_data`.
    beta2_exponents : sequence of number
        If given, every cell is trained once for each b in the weights themselves instead of the normalised ones: beta2 = m^b,
        beta1 = kappa' beta2, alpha = beta1 beta2/kappa. The theory says that b changes nothing.

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
    data_name: str = ""
    beta2_exponents: tuple[Fraction, ...] = ()

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
        for name in ("rtol", "loss_tol", "max_seconds"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} = {getattr(self, name)}; give a positive number")
        if self.rtol >= 1:
            raise InputError(f"rtol = {self.rtol}; give a relative accuracy below 1, such as 1e-2")
        scales = tuple(exact(b, "beta2_exponent") for b in self.beta2_exponents)
        if len(set(scales)) < len(scales):
            raise InputError(f"beta2_exponents = {self.beta2_exponents}; give each of them once")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "beta2_exponents", scales)
        object.__setattr__(self, "widths", tuple(sorted(set(self.widths))))
        object.__setattr__(self, "data", check_data(*self.data))
        if not self.data_name:
            shipped = all(np.array_equal(mine, theirs) for mine, theirs in zip(self.data, four_points(), strict=True))
            object.__setattr__(self, "data_name", "four-points" if shipped else "arrays")

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
        """Every (gamma, gamma_prime, [beta2_exponent,] width, seed)."""
        scales: list[Cell] = [{"beta2_exponent": b} for b in self.beta2_exponents]
        return [
            {"gamma": gamma, "gamma_prime": gamma_prime, **scale, "width": width, "seed": seed}
            for gamma, gamma_prime in self.points
            for scale in scales or [{}]
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

    @property
    def command(self) -> str:
        """The command that makes this scan; empty if there is none, for points that are no grid or data without a name."""
        gammas, primes = (sorted({point[i] for point in self.points}) for i in (0, 1))
        if len(gammas) * len(primes) != len(self.points) or self.data_name == "arrays":
            return ""
        words = ["phasetheory scan", f"--gamma {grid_text(gammas)}", f"--gamma-prime {grid_text(primes)}"]
        words += [f"--beta2 {grid_text(self.beta2_exponents)}"] if self.beta2_exponents else []
        words += [
            f"--widths {','.join(map(str, self.widths))}",
            f"--seeds {self.seeds}",
            f"--data {quote(self.data_name)}",
        ]
        return " ".join([*words, f"--rtol {self.rtol:g}", f"--loss-tol {self.loss_tol:g}"])

    def cost(self, cell: Cell) -> float:
        """Passes over the neurons, which grow with gamma, times neurons; a pass costs as much as 3000 neurons by itself."""
        passes = 1.0 + 10.0 * max(0.0, float(cell["gamma"]) - 0.6)
        return passes * (3000.0 + float(cell["width"]))

    def measure(self, cell: Cell) -> Outcome:
        """Train the network of one cell and read off what happened."""
        solution = self.train(cell)
        values = {
            "relative_distance": [solution.sup_relative_distance[layer] for layer in _LAYERS],
            "loss": solution.loss,
            "time": solution.t,
            "evaluations": solution.stats.evaluations,
            "conserved_drift": solution.conserved_drift,
        }
        return Outcome(values, "" if solution.converged else solution.message)

    def train(self, cell: Cell) -> Solution:
        """Train the network of one cell; the same cell gives the same numbers wherever it is run."""
        _compile(*self.data[0].shape)
        # one thread: the bits of a sum depend on the number of threads
        return gradient_flow(
            self.start(cell),
            *self.data,
            loss_tol=self.loss_tol,
            rtol=self.rtol,
            max_seconds=self.max_seconds,
            threads=1,
            throw=False,
        )

    def start(self, cell: Cell) -> TwoLayer:
        """The network of one cell at its start."""
        gamma, gamma_prime, width, seed = (cell[name] for name in ("gamma", "gamma_prime", "width", "seed"))
        scale = [cell["beta2_exponent"]] if "beta2_exponent" in cell else []
        network = TwoLayer.sample(
            width=int(width),
            gamma=gamma,
            gamma_prime=gamma_prime,
            inputs=self.data[0],
            rng=cell_seed(gamma, gamma_prime, *scale, width=int(width), seed=int(seed)),
            antisymmetric=True,
        )
        return _in_weights(network, float(scale[0])) if scale else network


_LAYERS = ("w", "a", "theta")


@cache
def _compile(samples: int, inputs: int) -> None:
    """Train a small network once in this process: its kernels are compiled outside the budget of the first cell."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((samples, inputs)), rng.standard_normal(samples)
    gradient_flow(
        TwoLayer.sample(width=20, gamma=1, gamma_prime=0, inputs=X), X, y, max_steps=10, threads=1, throw=False
    )


def _in_weights(network: TwoLayer, exponent: float) -> TwoLayer:
    """The same network with u = a and v = w, whose plain gradient flow has kappa = 1/alpha in their place; kappa' is kept."""
    beta2 = float(network.width) ** exponent
    beta1 = network.kappa_prime * beta2
    alpha = beta1 * beta2 / network.kappa
    return replace(network, u=network.output_weights(beta1), v=network.input_weights(beta2), kappa=1.0 / alpha)


def data_settings(X: np.ndarray, y: np.ndarray, name: str) -> dict[str, Setting]:
    """Name, size and hash of a data set."""
    digest = hashlib.sha256(np.ascontiguousarray(X).tobytes() + np.ascontiguousarray(y).tobytes()).hexdigest()
    return {"data": name, "samples": len(y), "input_dimension": X.shape[1], "data_sha256": digest}


def grid_values(text: str, name: str) -> tuple[Fraction, ...]:
    """Exact numbers from ``START:STOP:COUNT``, equally spaced with both ends, or from a list with commas.

    Examples
    --------
    >>> [str(value) for value in grid_values("0.6:1.4:3", "gamma")]
    ['3/5', '1', '7/5']
    """
    parts = text.split(":")
    if len(parts) == 1:
        return tuple(exact(part, name) for part in text.split(","))
    if len(parts) != 3 or not parts[2].strip().isdecimal() or int(parts[2]) < 2:
        raise InputError(f"{name} = {text!r}; give START:STOP:COUNT such as 0.6:1.4:9, or numbers such as 0.6,1,1.4")
    first, last, count = exact(parts[0], name), exact(parts[1], name), int(parts[2])
    return tuple(first + (last - first) * i / (count - 1) for i in range(count))


def grid_text(values: Sequence[Fraction]) -> str:
    """The shortest text that :func:`grid_values` reads as these values."""
    if len(values) > 2 and len({b - a for a, b in itertools.pairwise(values)}) == 1:
        return f"{_decimal(values[0])}:{_decimal(values[-1])}:{len(values)}"
    return ",".join(map(_decimal, values))


def _decimal(value: Fraction) -> str:
    text = repr(float(value))
    return text.removesuffix(".0") if Fraction(text) == value else str(value)


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

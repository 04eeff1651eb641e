"""Prediction against measurement: the slope S_w of the theory and the slope of trained networks, point by point.

Verdict of a point: the measured regime is the predicted one, and the predicted slope lies within the measured interval widened by
:data:`FINITE_WIDTH` on either side. The interval covers the seeds; the allowance covers what a finite range of widths
still misses (the theory is a limit), and is the accuracy asked of the experiment.
"""

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics import slopes
from numerics.datasets import four_points
from numerics.errors import InputError
from numerics.flow import Solution, gradient_flow
from numerics.networks import TwoLayer
from numerics.seeds import cell_seed

__all__ = ["BOOK", "FINITE_WIDTH", "PLANE", "Plan", "PointResult", "Run", "Verification", "verify"]

#: Largest |S_w - predicted| put down to finite width, and largest |S_w| called critical.
FINITE_WIDTH = 0.05

Point = tuple[Fraction, Fraction]

#: The book's three initialisation sizes, 1/sqrt(m), 1/m and 1/m^1.75.
BOOK: tuple[Point, ...] = tuple((Fraction(g), Fraction(0)) for g in ("1/2", "1", "7/4"))
#: One point in each of the five regions where the slope has a formula of its own.
PLANE: tuple[Point, ...] = tuple(
    (Fraction(g), Fraction(gp))
    for g, gp in (("3/4", "1/4"), ("3/4", "-1/4"), ("5/4", "3/4"), ("7/4", "1/4"), ("5/4", "-1/2"))
)


@dataclass(frozen=True)
class Plan:
    """What to measure: points of the plane, widths (a geometric grid) and the number of seeds."""

    points: tuple[Point, ...] = BOOK + PLANE
    widths: tuple[int, ...] = (1000, 2000, 4000, 8000, 16000)
    seeds: int = 4
    rtol: float = 1e-2
    loss_tol: float = 1e-6

    def __post_init__(self) -> None:
        if not self.points:
            raise InputError("points is empty; give at least one pair (gamma, gamma_prime)")
        if len(set(self.widths)) < 2:
            raise InputError(f"widths = {self.widths}; a slope needs at least two different widths")
        if self.seeds < 1:
            raise InputError(f"seeds = {self.seeds}; give at least 1, or 3 for an interval")

    @classmethod
    def quick(cls) -> "Plan":
        """A smaller plan with the same points."""
        return cls(widths=(500, 1000, 2000, 4000), seeds=3)


@dataclass(frozen=True)
class Run:
    """One trained network: the cell and what came of it. RD is the supremum over the run."""

    gamma: Fraction
    gamma_prime: Fraction
    width: int
    seed: int
    relative_distance: float
    loss: float
    status: str
    converged: bool
    time: float
    evaluations: int
    seconds: float
    conserved_drift: float


@dataclass(frozen=True)
class PointResult:
    """Prediction and measurement at one point of the plane."""

    gamma: Fraction
    gamma_prime: Fraction
    predicted_slope: sp.Rational
    predicted_regime: pt.Regime
    measured: slopes.SlopeFit | None
    measured_regime: pt.Regime | None
    agrees: bool
    reason: str
    runs: tuple[Run, ...]

    @property
    def difference(self) -> float:
        """Measured minus predicted slope; nan without a measurement."""
        return self.measured.slope - float(self.predicted_slope) if self.measured else float("nan")


@dataclass(frozen=True)
class Verification:
    """All points, with the plan and the wall time in seconds."""

    plan: Plan
    points: tuple[PointResult, ...]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether every point's verdict agrees."""
        return all(point.agrees for point in self.points)


def verify(
    plan: Plan | None = None,
    *,
    diagram: pt.PhaseDiagram | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Train networks over the plan and hold their slopes against the prediction of ``diagram``.

    Parameters
    ----------
    plan : Plan
    diagram : PhaseDiagram, optional
        The prediction; the derived two-layer diagram by default. A wrong one must fail.
    executor : concurrent.futures.Executor, optional
        Where the runs go; a pool of threads by default (the kernels release the interpreter lock).
    progress : callable(done, total), optional
        Called after each run.
    """
    plan = plan or Plan()
    diagram = diagram or pt.phase_diagram(2)
    started = time.perf_counter()
    runs = _run_all(plan, executor, progress)
    points = tuple(
        _judge(point, [r for r in runs if (r.gamma, r.gamma_prime) == point], plan, diagram) for point in plan.points
    )
    return Verification(plan, points, time.perf_counter() - started)


def _run_all(plan: Plan, executor: Executor | None, progress: Callable[[int, int], None] | None) -> list[Run]:
    cells = [(point, width, seed) for point in plan.points for width in plan.widths for seed in range(plan.seeds)]
    cells.sort(key=lambda cell: -cell[1])  # longest first, so that no worker is left with a long tail
    if executor is not None:
        return _collect(executor, cells, plan, progress)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return _collect(pool, cells, plan, progress)


def _collect(
    executor: Executor, cells: Iterable[tuple[Point, int, int]], plan: Plan, progress: Callable[[int, int], None] | None
) -> list[Run]:
    futures = [executor.submit(_run, point, width, seed, plan) for point, width, seed in cells]
    try:
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            if progress is not None:
                progress(done, len(futures))
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    return [future.result() for future in futures]


def _run(point: Point, width: int, seed: int, plan: Plan) -> Run:
    X, y = four_points()
    gamma, gamma_prime = point
    network = TwoLayer.sample(
        width=width,
        gamma=float(gamma),
        gamma_prime=float(gamma_prime),
        inputs=X,
        rng=cell_seed(gamma, gamma_prime, width, seed),
        antisymmetric=True,
    )
    solution: Solution = gradient_flow(network, X, y, loss_tol=plan.loss_tol, rtol=plan.rtol, throw=False)
    return Run(
        gamma=gamma,
        gamma_prime=gamma_prime,
        width=width,
        seed=seed,
        relative_distance=solution.sup_relative_distance["w"],
        loss=solution.loss,
        status=solution.status.name.lower(),
        converged=solution.converged,
        time=solution.t,
        evaluations=solution.stats.evaluations,
        seconds=solution.stats.seconds,
        conserved_drift=solution.conserved_drift,
    )


def _judge(point: Point, runs: list[Run], plan: Plan, diagram: pt.PhaseDiagram) -> PointResult:
    x, y = (sp.Rational(v.numerator, v.denominator) for v in point)
    names = [c.name for c in diagram.coordinates]
    predicted = diagram.slopes_at(**dict(zip(names, (x, y), strict=True)))["w"]
    regime = pt.classify(predicted)
    distances = np.array(
        [[_usable(r) for r in runs if r.width == width] for width in plan.widths]
    )  # (widths, seeds), nan where a run stopped short
    try:
        measured = slopes.fit(plan.widths, distances)
    except InputError as error:
        return PointResult(*point, predicted, regime, None, None, False, str(error), tuple(runs))
    measured_regime = _regime_of(measured.slope)
    inside = measured.low - FINITE_WIDTH <= float(predicted) <= measured.high + FINITE_WIDTH
    failed = int(np.isnan(distances).sum())
    if failed:
        agrees, reason = False, f"{failed} runs stopped short"
    elif measured_regime is not regime:
        agrees, reason = False, f"measured regime is {measured_regime.value}"
    elif not inside:
        agrees, reason = False, f"slope differs by {measured.slope - float(predicted):+.3f}"
    else:
        agrees, reason = True, ""
    return PointResult(*point, predicted, regime, measured, measured_regime, agrees, reason, tuple(runs))


def _usable(run: Run) -> float:
    return run.relative_distance if run.converged else float("nan")


def _regime_of(slope: float) -> pt.Regime:
    if abs(slope) <= FINITE_WIDTH:
        return pt.Regime.CRITICAL
    return pt.Regime.LINEAR if slope < 0 else pt.Regime.CONDENSED

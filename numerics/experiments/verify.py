"""Prediction against measurement: the slope S_w of the theory and the slope of trained networks, point by point.

A point agrees if every run converged, the measured regime is the predicted one, and the expected slope lies in the interval over
seeds widened by :data:`FINITE_WIDTH` on either side. A run that stopped short, or an interval wider than
:data:`WIDEST_INTERVAL`, leaves the point undecided: noise is no agreement.

In the linear regime the kernels of :func:`phasetheory.finite_width` predict RD itself at every width, with no free parameter.
Where they are trusted the expected slope is the predicted one plus what they say is still missing at these widths; elsewhere
it is the predicted one, a limit.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics import slopes
from numerics.errors import InputError
from numerics.experiments.plan import Plan, Point
from numerics.experiments.slice_plan import SlicePlan
from numerics.scans import ScanProgress, Session, Status
from numerics.scans.records import Record

__all__ = [
    "FINITE_WIDTH",
    "TRUSTED",
    "WIDEST_INTERVAL",
    "PointResult",
    "Run",
    "Verdict",
    "Verification",
    "check_repeated",
    "regime_of",
    "verify",
]

#: Largest |S_w - predicted| put down to finite width (the theory is a limit), and largest |S_w| called critical.
FINITE_WIDTH = 0.05
#: Largest relative error of a kernel prediction, by its own estimate, at which it is compared with.
TRUSTED = 0.25
#: Widest interval of a slope, upper minus lower end, from which anything is concluded.
WIDEST_INTERVAL = 0.2


class Verdict(Enum):
    """What a measurement says about a prediction."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNDECIDED = "undecided"  #: runs stopped short, or the interval is too wide


@dataclass(frozen=True)
class Run:
    """One trained network: the cell and what came of it.

    Attributes
    ----------
    gamma, gamma_prime, width, seed
        The cell.
    relative_distance : float
        RD of w, the largest over the run.
    loss, time : float
        At the end; normalised time.
    status, converged
        Why it stopped, and whether that was where it was asked to.
    evaluations, seconds
        Cost.
    conserved_drift : float
        Of the balance law; see :class:`numerics.flow.solution.Solution`.
    """

    gamma: Fraction
    gamma_prime: Fraction
    width: int
    seed: int
    relative_distance: float
    loss: float
    time: float
    status: str
    converged: bool
    evaluations: int
    seconds: float
    conserved_drift: float


@dataclass(frozen=True)
class PointResult:
    """Prediction and measurement at one point of the plane.

    Attributes
    ----------
    predicted_slope : sympy.Rational
        The limit.
    predicted_regime : Regime
    expected_slope : float
        At the widths of the plan: what the measured slope is compared with.
    kernel_distances : dict of width -> RD
        Predicted by the tangent kernels with no free parameter; empty outside the linear regime or where it is not trusted.
    measured : SlopeFit or None
        None if no slope could be fitted.
    measured_regime : Regime or None
    verdict : Verdict
    reason : str
        Why it does not agree; empty if it does.
    runs : tuple of Run
    """

    gamma: Fraction
    gamma_prime: Fraction
    predicted_slope: sp.Rational
    predicted_regime: pt.Regime
    expected_slope: float
    kernel_distances: dict[int, float]
    measured: slopes.SlopeFit | None
    measured_regime: pt.Regime | None
    verdict: Verdict
    reason: str
    runs: tuple[Run, ...]

    @property
    def agrees(self) -> bool:
        """Whether the measurement agrees with the prediction."""
        return self.verdict is Verdict.AGREES

    @property
    def difference(self) -> float:
        """Measured minus predicted slope; nan without a measurement."""
        return self.measured.slope - float(self.predicted_slope) if self.measured else float("nan")

    @property
    def kernel_ratios(self) -> dict[int, float]:
        """Measured RD (geometric mean over the seeds) over the kernel prediction, at each width; close to 1 if it holds."""
        found: dict[int, float] = {}
        for width, predicted in self.kernel_distances.items():
            logs = [np.log(run.relative_distance) for run in self.runs if run.width == width and run.converged]
            if logs:
                found[width] = float(np.exp(np.mean(logs))) / predicted
        return found


@dataclass(frozen=True)
class Verification:
    """All points, with the plan and the wall time in seconds."""

    plan: Plan
    points: tuple[PointResult, ...]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether every point agrees."""
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
        Called at the start and after each run.
    """
    plan = plan or Plan()
    check_repeated(plan)
    diagram = diagram or pt.phase_diagram(2)
    started = time.perf_counter()
    runs = _run_all(plan, executor, progress)
    points = tuple(_judge(point, runs, plan, diagram) for point in plan.points)
    return Verification(plan, points, time.perf_counter() - started)


def check_repeated(plan: Plan | SlicePlan) -> None:
    """Refuse a plan with a single seed."""
    if plan.seeds < 2:
        raise InputError(f"seeds = {plan.seeds}; give an integer >= 2: one seed has no interval")


def _run_all(plan: Plan, executor: Executor | None, progress: Callable[[int, int], None] | None) -> list[Run]:
    def report(now: ScanProgress) -> None:
        if progress is not None:
            progress(now.done + now.failed, now.total)

    with (
        ThreadPoolExecutor(max_workers=os.cpu_count()) as threads,
        Session(plan, executor=executor or threads, progress=report) as session,
    ):
        session.run(plan.cells)
        return [_run(record) for record in session.records]


def _run(record: Record) -> Run:
    gamma, gamma_prime, width, seed = record.cell.values()
    values = record.values if record.status is not Status.FAILED else None
    return Run(
        gamma=Fraction(gamma),
        gamma_prime=Fraction(gamma_prime),
        width=int(width),
        seed=int(seed),
        relative_distance=values["relative_distance"][0] if values else float("nan"),
        loss=values["loss"] if values else float("nan"),
        time=values["time"] if values else float("nan"),
        status=record.reason or "the loss reached loss_tol",
        converged=record.status is Status.DONE,
        evaluations=int(values["evaluations"]) if values else 0,
        seconds=record.seconds,
        conserved_drift=values["conserved_drift"] if values else float("nan"),
    )


def _judge(point: Point, runs: list[Run], plan: Plan, diagram: pt.PhaseDiagram) -> PointResult:
    gamma, gamma_prime = (sp.Rational(v.numerator, v.denominator) for v in point)
    names = (c.name for c in diagram.coordinates)
    predicted = diagram.slopes_at(**dict(zip(names, (gamma, gamma_prime), strict=True)))["w"]
    regime = pt.classify(predicted)
    kernels, correction = _kernel_prediction(gamma, gamma_prime, plan)
    expected = float(predicted) + correction
    own = tuple(run for run in runs if (run.gamma, run.gamma_prime) == point)
    measured, failure = _fit(own)
    measured_regime: pt.Regime | None = None
    if failure or measured is None:
        verdict, reason = Verdict.UNDECIDED, failure
    else:
        measured_regime = regime_of(measured.slope)
        verdict, reason = _compare(measured, expected, regime)
    return PointResult(*point, predicted, regime, expected, kernels, measured, measured_regime, verdict, reason, own)


def _kernel_prediction(gamma: sp.Rational, gamma_prime: sp.Rational, plan: Plan) -> tuple[dict[int, float], float]:
    """RD of w at each width by the tangent kernels, and finite-width minus limiting slope; ({}, 0) where not trusted."""
    network = pt.two_layer(pt.m ** (gamma - gamma_prime), pt.m**-gamma_prime, 1)
    try:
        kernels = pt.finite_width(network, *plan.data, loss=plan.loss_tol)
        if "w" not in kernels.layers or kernels.linearization_error(plan.widths[0]) > TRUSTED:
            return {}, 0.0
        slope = kernels.slope(plan.widths[0], plan.widths[-1])["w"]
    except pt.TheoryError:  # not linear there, or data that no kernel tells apart
        return {}, 0.0
    distances = {width: kernels.relative_distance(width)["w"] for width in plan.widths}
    return distances, slope - float(network.slopes()["w"])


def _fit(runs: tuple[Run, ...]) -> tuple[slopes.SlopeFit | None, str]:
    """The slope of the runs that converged, and what went wrong if some did not."""
    widths = sorted({run.width for run in runs})
    rows = [[r.relative_distance if r.converged else np.nan for r in runs if r.width == width] for width in widths]
    stopped = sum(not run.converged for run in runs)
    failure = f"{stopped} of {len(runs)} runs stopped short" if stopped else ""
    try:
        return slopes.fit(widths, rows), failure
    except InputError as error:
        return None, failure or str(error)


def _compare(measured: slopes.SlopeFit, expected: float, regime: pt.Regime) -> tuple[Verdict, str]:
    """The verdict, and the reason if it is not agreement."""
    size = measured.high - measured.low
    if size > WIDEST_INTERVAL:
        return Verdict.UNDECIDED, f"interval {size:.2f} wide, use more seeds"
    if regime_of(measured.slope) is not regime:
        return Verdict.DISAGREES, f"predicted {regime.value}"
    if not measured.low - FINITE_WIDTH <= expected <= measured.high + FINITE_WIDTH:
        return Verdict.DISAGREES, f"slope off by {measured.slope - expected:+.3f}"
    return Verdict.AGREES, ""


def regime_of(slope: float) -> pt.Regime:
    """Regime that a measured slope speaks for."""
    if abs(slope) <= FINITE_WIDTH:
        return pt.Regime.CRITICAL
    return pt.Regime.LINEAR if slope < 0 else pt.Regime.CONDENSED

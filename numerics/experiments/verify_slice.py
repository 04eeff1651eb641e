"""Prediction against measurement at any depth: the slope of every layer, in both norms, point by point.

A layer agrees if its measured regime is the predicted one and its slope lies within :data:`FINITE_WIDTH` of the prediction, a
limit, give or take the interval over seeds. A point agrees if all its layers do, and a verification if all its points do and
the mean of |S - predicted| over layers, norms and points is at most :data:`MEAN_DIFFERENCE`. A run that stopped short, or an
interval wider than :data:`WIDEST_INTERVAL`, leaves its point undecided.

The allowance is wide because widths are small, a layer costs m^2 numbers, and because of the targets named among the limitations
in the README. The local slopes, between neighbouring widths, say where a slope is still on its way.
"""

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics import slopes
from numerics.errors import InputError
from numerics.experiments.layer_measurement import NORMS
from numerics.experiments.plan import Point
from numerics.experiments.slice_plan import SlicePlan
from numerics.experiments.verify import Verdict, check_repeated
from numerics.scans import Status, scan

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import xarray

    from numerics.scans.scan import Report
    from numerics.scans.workers import Workers

__all__ = [
    "CRITICAL",
    "FINITE_WIDTH",
    "MEAN_DIFFERENCE",
    "WIDEST_INTERVAL",
    "LayerResult",
    "SlicePoint",
    "SliceVerification",
    "compare",
    "fit_layer",
    "verify_slice",
]

#: Largest |S - predicted| of one layer put down to finite width.
FINITE_WIDTH = 0.2
#: Largest mean of |S - predicted|.
MEAN_DIFFERENCE = 0.08
#: Largest |S| called critical.
CRITICAL = 0.05
#: Widest interval of a slope, upper minus lower end, from which anything is concluded.
WIDEST_INTERVAL = 0.5


@dataclass(frozen=True)
class LayerResult:
    """Prediction and measurement of one layer in one norm.

    Attributes
    ----------
    layer, norm : str
    predicted_slope : sympy.Rational
        The limit.
    predicted_regime : Regime
    measured : SlopeFit or None
        None if no slope could be fitted.
    measured_regime : Regime or None
    verdict : Verdict
    reason : str
        Why it does not agree; empty if it does.
    """

    layer: str
    norm: str
    predicted_slope: sp.Rational
    predicted_regime: pt.Regime
    measured: slopes.SlopeFit | None
    measured_regime: pt.Regime | None
    verdict: Verdict
    reason: str

    @property
    def difference(self) -> float:
        """Measured minus predicted slope; nan without a measurement."""
        return self.measured.slope - float(self.predicted_slope) if self.measured else float("nan")


@dataclass(frozen=True)
class SlicePoint:
    """All layers at one point, in both norms."""

    point: Point
    layers: tuple[LayerResult, ...]

    def of(self, norm: str) -> tuple[LayerResult, ...]:
        """The layers in one norm, input to output."""
        return tuple(result for result in self.layers if result.norm == norm)

    @property
    def agrees(self) -> bool:
        """Whether every layer agrees."""
        return all(result.verdict is Verdict.AGREES for result in self.layers)


@dataclass(frozen=True)
class SliceVerification:
    """All points, with the plan, the runs and the wall time in seconds."""

    plan: SlicePlan
    points: tuple[SlicePoint, ...]
    runs: "xarray.Dataset"
    seconds: float

    @property
    def mean_difference(self) -> float:
        """Mean of |S - predicted| over layers, norms and points; nan where a slope is missing."""
        return float(np.mean([abs(result.difference) for point in self.points for result in point.layers]))

    @property
    def agrees(self) -> bool:
        """Whether every point agrees, and the mean difference is small enough."""
        return all(point.agrees for point in self.points) and self.mean_difference <= MEAN_DIFFERENCE


def verify_slice(
    plan: SlicePlan | None = None,
    *,
    diagrams: dict[str, pt.PhaseDiagram] | None = None,
    store: str | os.PathLike[str] | None = None,
    executor: "Executor | Workers | None" = None,
    progress: "Report | None" = None,
) -> SliceVerification:
    """Train networks over the plan and hold the slopes of their layers against the derived ones.

    Parameters
    ----------
    plan : SlicePlan, optional
        By default :meth:`SlicePlan.regions`: three layers, two points in each of four regions.
    diagrams : dict of norm -> PhaseDiagram, optional
        The predictions; the derived ones by default. Wrong ones must fail.
    store, executor, progress
        See :func:`numerics.scan`.
    """
    plan = plan or SlicePlan.regions()
    check_repeated(plan)
    diagrams = diagrams or {norm: plan.diagram(norm) for norm in NORMS}
    started = time.perf_counter()
    runs = scan(plan, store, executor=executor, progress=progress)
    points = tuple(_judge(point, runs, plan, diagrams) for point in plan.points)
    return SliceVerification(plan, points, runs, time.perf_counter() - started)


def _judge(point: Point, runs: "xarray.Dataset", plan: SlicePlan, diagrams: dict[str, pt.PhaseDiagram]) -> SlicePoint:
    place = dict(zip(plan.names, point, strict=True))
    own = runs.sel({name: float(value) for name, value in place.items()}).transpose("width", "seed", ...)
    own = own.sel(width=list(plan.widths), seed=range(plan.seeds))
    done = own["status"].values == Status.DONE
    stopped = int(np.sum(~done))
    failure = f"{stopped} of {done.size} runs stopped short or failed" if stopped else ""
    results = []
    for norm, diagram in diagrams.items():
        predicted = diagram.slopes_at(**place)
        for layer in plan.layers:
            distances = own["relative_distance"].sel(layer=layer, norm=norm).values
            measured, trouble = fit_layer(plan.widths, np.where(done, distances, np.nan))
            results.append(compare(layer, norm, predicted[layer], measured, failure or trouble))
    return SlicePoint(point, tuple(results))


def fit_layer(widths: tuple[int, ...], distances: np.ndarray) -> tuple[slopes.SlopeFit | None, str]:
    """A slope of distances (widths, seeds), nan for runs not to be used; or why there is none."""
    try:
        return slopes.fit(widths, distances), ""
    except InputError as error:
        return None, str(error)


def compare(
    layer: str, norm: str, predicted: sp.Rational, measured: slopes.SlopeFit | None, failure: str
) -> LayerResult:
    """The verdict on one layer; ``failure`` says what else speaks against using its runs."""
    regime, found = pt.classify(predicted), None
    verdict, reason = Verdict.AGREES, ""
    if failure or measured is None:
        verdict, reason = Verdict.UNDECIDED, failure
    else:
        found = _regime_of(measured.slope)
        size = measured.high - measured.low
        expected = float(predicted)
        if size > WIDEST_INTERVAL:
            verdict, reason = Verdict.UNDECIDED, f"interval {size:.2f} wide, use more seeds"
        elif found is not regime:
            verdict, reason = Verdict.DISAGREES, f"predicted {regime.value}"
        elif not measured.low - FINITE_WIDTH <= expected <= measured.high + FINITE_WIDTH:
            verdict, reason = Verdict.DISAGREES, f"slope off by {measured.slope - expected:+.2f}"
    return LayerResult(layer, norm, predicted, regime, measured, found, verdict, reason)


def _regime_of(slope: float) -> pt.Regime:
    if abs(slope) <= CRITICAL:
        return pt.Regime.CRITICAL
    return pt.Regime.LINEAR if slope < 0 else pt.Regime.CONDENSED

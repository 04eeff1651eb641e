"""verify(): prediction against measurement, point by point, of any phase diagram.

A point agrees if all its judged layers do (:mod:`numerics.experiments.judgement`), and a verification if all its points do and
the mean of |S - predicted| is small enough where the allowance bounds it. The local slopes, between neighbouring widths, say
where a slope is still on its way.
"""

import os
import time
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from numerics.errors import check_type
from numerics.experiments.allowance import Allowance
from numerics.experiments.grids import Point
from numerics.experiments.judgement import LayerResult, judge, of_norm
from numerics.experiments.plan import Plan
from numerics.experiments.plane_plan import PlanePlan
from numerics.experiments.prediction import expected
from numerics.scans import OnProgress, Processes, Record, Session, Threads, Workers
from phasetheory.diagrams.plane import Plane

if TYPE_CHECKING:
    import xarray

__all__ = ["PointResult", "Verification", "verify"]


@dataclass(frozen=True)
class PointResult:
    """All judged layers at one point, in every norm, with the runs they rest on.

    Attributes
    ----------
    point : pair of Fraction
    layers : tuple of LayerResult
        Under weight decay at both moments; at the fit none where decay may keep the network from it.
    records : tuple of Record
        Every run of this point: values, reason if it stopped short, seconds.
    """

    point: Point
    layers: tuple[LayerResult, ...]
    records: tuple[Record, ...] = field(repr=False)

    def of(self, norm: str, moment: str | None = None) -> tuple[LayerResult, ...]:
        """The layers in one norm, input to output, at one moment or at all of them."""
        return tuple(result for result in of_norm(self.layers, norm) if moment in (None, result.moment))

    @property
    def agrees(self) -> bool:
        """Whether every layer agrees."""
        return all(result.agrees for result in self.layers)


@dataclass(frozen=True)
class Verification:
    """All points, with the plan, what the verdicts allow for, every run and the wall time in seconds."""

    plan: PlanePlan
    allowance: Allowance
    points: tuple[PointResult, ...]
    runs: "xarray.Dataset" = field(repr=False, compare=False)
    seconds: float

    @property
    def mean_difference(self) -> float:
        """Mean of |S - predicted| over layers, norms and points; nan where a slope is missing."""
        return float(np.mean([abs(result.difference) for point in self.points for result in point.layers]))

    @property
    def regimes(self) -> tuple[int, int] | None:
        """Slopes of the predicted sign, of how many predicted away from 0; None where points are judged instead."""
        beyond = self.allowance.regimes_beyond
        if beyond is None:
            return None
        found = [result for point in self.points for result in point.layers if abs(result.predicted_slope) > beyond]
        signs = [result.measured and result.measured.slope * float(result.predicted_slope) > 0 for result in found]
        return sum(map(bool, signs)), len(found)

    @property
    def agrees(self) -> bool:
        """Whether every point, or regime, agrees, and the mean difference is small enough."""
        largest, regimes = self.allowance.mean_difference, self.regimes
        right = all(point.agrees for point in self.points) if regimes is None else regimes[0] == regimes[1]
        return right and (largest is None or self.mean_difference <= largest)

    def _repr_html_(self) -> str:
        from numerics.reports.verification import to_html  # what a notebook shows; imported when it does

        return to_html(self)


def verify(
    plan: PlanePlan | None = None,
    *,
    diagram: Plane | None = None,
    store: str | os.PathLike[str] | None = None,
    executor: Executor | Workers | None = None,
    progress: OnProgress | None = None,
) -> Verification:
    """Train networks over a plan and hold their slopes against the derived ones.

    Parameters
    ----------
    plan : Plan or GraphPlan
        By default the standard points of two layers.
    diagram : PhaseDiagram or GraphDiagram, optional
        What the slopes are held against; the plan's own by default. A wrong one must fail.
    store, executor, progress
        See :func:`numerics.scan`; by default threads for two layers, whose kernels release the interpreter's lock, else
        processes.
    """
    plan = Plan() if plan is None else plan
    check_type(plan, "plan", PlanePlan)
    plan.check_seeds(2)
    allowance = plan.allowance
    started = time.perf_counter()
    workers = executor or (Threads() if plan.threaded else Processes())
    with Session(plan, store, executor=workers, progress=progress) as session:
        session.run(plan.cells)
        runs, records = session.dataset(), session.records
    points = tuple(_result(point, plan, diagram or plan.diagram, allowance, records) for point in plan.points)
    return Verification(plan, allowance, points, runs, time.perf_counter() - started)


def _result(point: Point, plan: PlanePlan, diagram: Plane, allowance: Allowance, records: list[Record]) -> PointResult:
    own = {
        (record.cell["width"], record.cell["seed"]): record for record in records if plan.point_of(record.cell) == point
    }
    runs = [[own[width, seed] for seed in range(plan.seeds)] for width in plan.widths]
    status = np.array([[record.status for record in row] for row in runs])
    layers = tuple(
        judge(
            *(layer, norm, prediction, plan.widths),
            np.array([[plan.distance(record, layer, norm, moment) for record in row] for row in runs]),
            *(status, allowance, moment),
        )
        for moment in plan.moments
        for (layer, norm), prediction in expected(plan, point, diagram, moment).items()
    )
    return PointResult(point, layers, tuple(record for row in runs for record in row))

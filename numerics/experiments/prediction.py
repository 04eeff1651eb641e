"""What the theory expects of a plan's runs: the slope in the limit, the slope at these widths, and RD itself where it is known.

The infinitely wide network of the same capacity (:mod:`numerics.experiments.mean_field`) says RD of two layers at every width,
with no free parameter: what is expected is then the limit plus what is still missing at these widths. Deeper it is the limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

import phasetheory as pt
from numerics.experiments.grids import Point
from numerics.experiments.plane_plan import PlanePlan
from phasetheory.diagrams.plane import Plane

__all__ = ["Prediction", "expected"]


@dataclass(frozen=True)
class Prediction:
    """What is expected of one layer in one norm.

    Attributes
    ----------
    limit : sympy.Rational
        Slope S as the width goes to infinity.
    expected : float
        The slope at the widths of the plan.
    distances : mapping of width -> float
        RD at each width, of the infinitely wide network of the same capacity or of the tangent models of the networks themselves;
        empty where it is not known.
    target : str
        'easy' or 'hard', the branch that the limit is on, where slopes depend on the target; else empty.
    """

    limit: sp.Rational
    expected: float
    distances: Mapping[int, float] = field(default_factory=dict)
    target: str = ""

    @property
    def regime(self) -> pt.Regime:
        """Regime of the limit."""
        return pt.classify(self.limit)


def expected(plan: PlanePlan, point: Point, diagram: Plane, moment: str = "fit") -> dict[tuple[str, str], Prediction]:
    """The prediction of every judged layer in every norm of the plan, by (layer, norm); empty where none is made.

    ``diagram`` is what the limits are taken from, the plan's own unless a wrong one is tried; RD is that of the networks that are
    trained. At the fit of networks that decay none is made where the decay may keep them from it.
    """
    found: dict[tuple[str, str], Prediction] = {}
    distances: Mapping[str, Mapping[int, float]] = {}
    slopes: Mapping[str, float] = {}
    if plan.here is not None:
        distances, slopes = plan.here.distances(point, moment), plan.here.slopes(point, moment)
    target = plan.branch(point, diagram) if moment == "fit" else ""  # where decay ends no layer waits for a target
    for norm in plan.norms:
        limits = plan.limits(point, norm, diagram, moment)
        if not limits:
            continue
        for layer in plan.judged:
            limit = limits[layer]
            found[layer, norm] = Prediction(limit, float(limit), target=target)
            if norm == "frobenius" and layer in distances:
                own = plan.limits(point, norm, moment=moment) or limits
                missing = slopes[layer] - float(own[layer])
                found[layer, norm] = Prediction(limit, float(limit) + missing, distances[layer], target)
    return found

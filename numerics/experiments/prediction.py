"""What the theory expects of a plan's runs: the slope in the limit, the slope at these widths, and RD itself where it is known.

The infinitely wide network of the same capacity (:mod:`numerics.experiments.mean_field`) says RD of two layers at every width,
with no free parameter: what is expected is then the limit plus what is still missing at these widths. Deeper it is the limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

import phasetheory as pt
from numerics.experiments.at_widths import AtWidths, covers
from numerics.experiments.grids import Point
from numerics.experiments.plan import Plan
from numerics.networks.activation import is_homogeneous
from phasetheory.scaling.optimizers import GRADIENT_FLOW

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
        RD of the infinitely wide network of the capacity that each width has; empty where it is not known.
    """

    limit: sp.Rational
    expected: float
    distances: Mapping[int, float] = field(default_factory=dict)

    @property
    def regime(self) -> pt.Regime:
        """Regime of the limit."""
        return pt.classify(self.limit)


def expected(plan: Plan, point: Point, diagram: pt.PhaseDiagram) -> dict[tuple[str, str], Prediction]:
    """The prediction of every judged layer in every norm of the plan, by (layer, norm).

    ``diagram`` is what the limits are taken from, the plan's own unless a wrong one is tried; RD is that of the networks that are
    trained.
    """
    found = {}
    distances: Mapping[str, Mapping[int, float]] = {}
    slopes: Mapping[str, float] = {}
    if plan.optimizer == GRADIENT_FLOW and covers(plan.depth, plan.activation):
        here = AtWidths(plan.diagram, plan.widths, *plan.data, plan.loss_tol, plan.activation)
        distances, slopes = here.distances(point), here.slopes(point)
    for norm in plan.norms:
        limits = _limits(plan, point, diagram, norm)
        for layer in plan.judged:
            limit = limits[layer]
            found[layer, norm] = Prediction(limit, float(limit))
            if norm == "frobenius" and layer in distances:
                missing = slopes[layer] - float(_limits(plan, point, plan.diagram, norm)[layer])
                found[layer, norm] = Prediction(limit, float(limit) + missing, distances[layer])
    return found


def _limits(plan: Plan, point: Point, diagram: pt.PhaseDiagram, norm: str) -> dict[str, sp.Expr]:
    """Slopes under the optimiser of the diagram, on the branch that the data are on where easy and hard targets differ."""
    network, optimizer = diagram.network_at(point), diagram.optimizer
    own = plan.activation is None or is_homogeneous(plan.activation)
    target = plan.target if own and network.depends_on_target(optimizer) else "easy"
    return network.slopes(norm, optimizer=optimizer, target=target)

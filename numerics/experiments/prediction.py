"""What the theory expects of a plan's runs: the slope in the limit, the slope at these widths, and RD itself where it is known.

The infinitely wide network of the same capacity (:mod:`numerics.experiments.mean_field`) says RD of two layers at every width,
with no free parameter: what is expected is then the limit plus what is still missing at these widths. Deeper it is the limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.experiments.grids import Point
from numerics.experiments.mean_field import ROUNDING, MeanField
from numerics.experiments.plan import Plan
from numerics.networks.activation import is_homogeneous
from numerics.networks.sampling import strengths_at, trained_activation
from numerics.slopes.power_law import weights_of
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
    distances = _mean_field_distances(plan, point)
    for norm in plan.norms:
        limits = _limits(plan, point, diagram, norm)
        for layer in plan.judged:
            limit = limits[layer]
            found[layer, norm] = Prediction(limit, float(limit))
            if norm == "frobenius" and layer in distances:
                missing = _slope(distances[layer]) - float(_limits(plan, point, plan.diagram, norm)[layer])
                found[layer, norm] = Prediction(limit, float(limit) + missing, distances[layer])
    return found


def _limits(plan: Plan, point: Point, diagram: pt.PhaseDiagram, norm: str) -> dict[str, sp.Expr]:
    """Slopes under the optimiser of the diagram, on the branch that the data are on where easy and hard targets differ."""
    network, optimizer = diagram.network_at(point), diagram.optimizer
    own = plan.activation is None or is_homogeneous(plan.activation)
    target = plan.target if own and network.depends_on_target(optimizer) else "easy"
    return network.slopes(norm, optimizer=optimizer, target=target)


def _slope(distances: Mapping[int, float]) -> float:
    """That of the power law fitted as to measured distances."""
    return float(weights_of(np.log(list(distances))) @ np.log(list(distances.values())))


def _mean_field_distances(plan: Plan, point: Point) -> dict[str, dict[int, float]]:
    """RD at each width, layer by layer; empty beyond gradient flow of two layers, for tanh, and where a run has no end."""
    activation = plan.activation
    if plan.optimizer != GRADIENT_FLOW or plan.depth > 2 or (activation is not None and not is_homogeneous(activation)):
        return {}
    network = plan.diagram.network_at(point)
    chosen = trained_activation(network.activation) if activation is None else activation
    limit = MeanField(*plan.data, loss_tol=plan.loss_tol, activation=chosen)
    strengths = [strengths_at(network, width, limit.X.shape[1]) for width in plan.widths]
    runs = [limit.run(s.capacity, s.ratio) for s in strengths]
    known = [limit(s.capacity, s.ratio) for s in strengths]
    if not all(run.converged or run.at_rest for run in runs):
        return {}
    found = {layer: dict(zip(plan.widths, (rd[layer] for rd in known), strict=True)) for layer in plan.layers}
    return {layer: distances for layer, distances in found.items() if min(distances.values()) > ROUNDING}

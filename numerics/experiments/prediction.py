"""What the theory expects of a plan's runs: the slope in the limit, the slope at these widths, and RD itself where it is known.

In the linear regime of two layers the kernels of :func:`phasetheory.finite_width` predict RD at every width, with no free
parameter. Where they are trusted the expected slope is the limit plus what they say is still missing at these widths; elsewhere
it is the limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

import phasetheory as pt
from numerics.experiments.allowance import Allowance
from numerics.experiments.grids import Point
from numerics.experiments.plan import Plan

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
        RD by the tangent kernels; empty where they are not known or not trusted.
    """

    limit: sp.Rational
    expected: float
    distances: Mapping[int, float] = field(default_factory=dict)

    @property
    def regime(self) -> pt.Regime:
        """Regime of the limit."""
        return pt.classify(self.limit)


def expected(
    plan: Plan, point: Point, diagram: pt.PhaseDiagram, allowance: Allowance
) -> dict[tuple[str, str], Prediction]:
    """The prediction of every judged layer in every norm of the plan, by (layer, norm).

    ``diagram`` is what the limits are taken from, the plan's own unless a wrong one is tried; RD by the kernels is that of the
    networks that are trained.
    """
    found = {}
    kernels = _trusted_kernels(plan, point, allowance)
    place = dict(zip(diagram.names, (sp.Rational(v.numerator, v.denominator) for v in point), strict=True))
    for norm in plan.norms:
        limits = diagram.with_norm(norm).slopes_at(**place)
        for layer in plan.judged:
            limit = limits[layer]
            found[layer, norm] = Prediction(limit, float(limit))
            if norm == "frobenius" and kernels is not None and layer in kernels.layers:
                distances = {width: kernels.relative_distance(width)[layer] for width in plan.widths}
                slope = kernels.slope(plan.widths[0], plan.widths[-1])[layer]
                missing = slope - float(kernels.network.slopes()[layer])
                found[layer, norm] = Prediction(limit, float(limit) + missing, distances)
    return found


def _trusted_kernels(plan: Plan, point: Point, allowance: Allowance) -> pt.FiniteWidth | None:
    """RD by the tangent kernels; None where they do not reach, or their own estimate of their error is too large."""
    if plan.activation is not None:  # the kernels are those of the diagram's activation
        return None
    try:
        kernels = pt.finite_width(plan.diagram.network_at(point), *plan.data, loss=plan.loss_tol)
        kernels.slope(plan.widths[0], plan.widths[-1])
        return kernels if kernels.linearization_error(plan.widths[0]) <= allowance.trusted else None
    except pt.TheoryError:  # not linear there, deeper, or data that no kernel tells apart
        return None

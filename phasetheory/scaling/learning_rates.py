r"""How the learning rate and the training time scale with the width.

In the notation of :mod:`phasetheory.scaling.argument`, r_l the strengths in the unit of the optimiser and q its order, q = 2 for
gradient flow and q = 1 for sign descent (derived, not a theorem):

* A step of the rate epsilon moves layer l by epsilon (f/r_l)^(q-1) in its unit, so f by epsilon lambda, lambda = sum_l (f/r_l)^q:
  lambda_0 ~ P^q / min_l r_l^q at the start. At the end the layers have grown to max(r_l, g) and the capacity to max(P, 1):
  lambda_1 ~ max(P, 1)^q / min_l max(r_l, g)^q. Under gradient flow lambda is the largest eigenvalue of the tangent kernel.
* Gradient descent is stable up to a step of the order 1/max(lambda_0, lambda_1), a common factor on all the eta_l. Sign descent
  moves f by epsilon lambda near its end as well, however small the loss, so this is the largest rate at which f stays O(1);
  it is g, the growth itself. To end at the loss R the rate has to fall by sqrt(R). Both for the square loss: cross entropy
  bounds the derivative by f and allows more (Haas et al., arXiv 2505.22491).
* Time to fit. Where the layers grow (P < 1), f = prod_l max(r_l, g)/A with Delta = g^q the amount added so far and
  dDelta/dt = q f^(q-1) (1 - f)^(q-1), so T ~ int dDelta/f^(q-1). Sign descent: T = g, always. Gradient flow: per unit of
  log Delta the integrand Delta/f rises up to Delta = r_(2)^2, the square of the
  second smallest strength, is flat up to r_(3)^2, and falls beyond (at depth 2 it stays flat). Hence
  T ~ A Delta*/prod_l max(r_l, sqrt(Delta*)) with Delta* = min(Delta, r_(2)^2), longer by a factor log m where Delta
  reaches into a flat part: r_(2)^2 < Delta and r_(2) < r_(3). For P >= 1 the same expression is 1/lambda_0.

In a graph (:mod:`phasetheory.scaling.tropical`) layer l has the gradient M_l - x_l, so lambda_0 and lambda_1 are the largest
q (M_l - x_l - alpha) at its start and its end, and the time to fit is the largest theta, in the unit k alpha.

Under gradient flow at depth 3 and beyond a fitting time of order one is added and hides a small exponent at widths within reach.
"""

from dataclasses import dataclass

import sympy as sp

from phasetheory.scaling.argument import Exponents, displacement
from phasetheory.scaling.lexicographic import finite_or_infinite
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer
from phasetheory.scaling.regimes import Basis
from phasetheory.scaling.tropical import TropicalFlow
from phasetheory.symbols.printing import power
from phasetheory.symbols.prose import text

__all__ = ["LearningRateScaling", "learning_rate_scaling", "learning_rates_of_flow"]


@dataclass(frozen=True)
class LearningRateScaling:
    """Exponents in the width that say how to scale the learning rate and how long training takes.

    Attributes
    ----------
    initial_curvature, final_curvature : sympy.Expr
        Exponents of lambda_0 and lambda_1, by how much f moves per unit of the rate at the start and at the end: under gradient
        flow the largest tangent-kernel eigenvalue.
    largest_step : sympy.Expr
        Exponent of the largest stable step: a common factor on the learning rates eta_l of the network.
    fitting_time : sympy.Expr
        Exponent of the training time to fit, in the same unit: steps times step size.
    logarithm : bool
        Whether the fitting time has a factor log m besides.
    depth : int
    optimizer : Optimizer
    """

    initial_curvature: sp.Expr
    final_curvature: sp.Expr
    largest_step: sp.Expr
    fitting_time: sp.Expr
    logarithm: bool
    depth: int
    optimizer: Optimizer = GRADIENT_FLOW
    basis: Basis = Basis.DERIVED

    @property
    def steps(self) -> sp.Expr:
        """Exponent of the number of steps to fit at the largest stable step."""
        return self.fitting_time - self.largest_step

    @property
    def prose(self) -> str:
        """One line for a user who changes the width, its formulas between dollar signs."""
        factor = 2**self.largest_step
        change = f"multiply it by {sp.N(factor, 3)}" if self.largest_step != 0 else "keep it"
        step = f"largest learning rate $~ {power(self.largest_step)}$: when the width doubles, {change}"
        factors = [power(self.steps)] if self.steps != 0 else []
        factors += ["log m"] if self.logarithm else []
        count = f"$~ {' '.join(factors)}$ steps" if factors else "a number of steps that does not depend on the width"
        caveat = " (plus a time of order one beyond two layers)" if self.depth > 2 and self.optimizer.degree else ""
        return f"{step}; fitting takes {count}{caveat}"

    @property
    def meaning(self) -> str:
        """The same as one reads it in a terminal."""
        return text(self.prose)


def learning_rate_scaling(exponents: Exponents, optimizer: Optimizer = GRADIENT_FLOW) -> LearningRateScaling:
    """Exponents of curvature, stable step and fitting time at one point; see the module.

    Raises
    ------
    TheoryError
        If an exponent has free symbols.
    """
    sigmas, alpha = exponents.absorbed_numbers(optimizer)
    result, q = displacement(sigmas, alpha, optimizer=optimizer), optimizer.order
    weakest, *stronger = sorted(result.start)
    second, *others = stronger
    growth, target = result.growth / q, alpha - sum(result.unit)
    start = q * (sum(stronger) - target)  # P over the weakest strength, which may be 0
    end = q * (max(result.capacity, sp.S.Zero) - max(weakest, growth))
    turning = min(growth, second) if optimizer.degree else growth
    reached = sum(max(s, turning) for s in result.start) - target
    return LearningRateScaling(
        initial_curvature=start,
        final_curvature=end,
        largest_step=-max(start, end),
        fitting_time=q * turning - optimizer.degree * reached,
        logarithm=bool(optimizer.degree and growth > second and all(s > second for s in others)),
        depth=len(sigmas),
        optimizer=optimizer,
    )


def learning_rates_of_flow(flow: TropicalFlow) -> LearningRateScaling:
    """The same for a graph, under the optimiser of its flow."""
    alpha, optimizer = flow.exponents.alpha, flow.exponents.optimizer
    start, end = (finite_or_infinite((largest - alpha) * optimizer.order) for largest in flow.gradients)
    return LearningRateScaling(
        initial_curvature=start,
        final_curvature=end,
        largest_step=-max(start, end),
        fitting_time=finite_or_infinite(flow.time + alpha * optimizer.degree),
        logarithm=flow.logarithm,
        depth=flow.exponents.paths.longest,
        optimizer=optimizer,
    )

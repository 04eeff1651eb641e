r"""How the learning rate and the training time scale with the width.

In training time of the layer-wise flow, with the notation of :mod:`phasetheory.scaling.argument` (derived, not a theorem):

* The tangent kernel of layer l is of the order (P/s_l)^2, so its largest eigenvalue is lambda_0 ~ P^2 / min_l s_l^2 at the
  start. At the end the layers have grown to max(s_l^2, Delta) and the capacity to max(P, 1):
  lambda_1 ~ max(P, 1)^2 / min_l max(s_l^2, Delta).
* Gradient descent is stable up to a step of the order 1/max(lambda_0, lambda_1), a common factor on all the eta_l.
* Time to fit. Where the layers grow (P < 1), f = prod_l sqrt(s_l^2 + D)/alpha with D the amount added so far and
  dD/dt = 2 f (1 - f), so T ~ int_0^Delta dD/f. Per unit of log D the integrand D/f rises up to D = s_(2)^2, the square of the
  second smallest strength, is flat up to s_(3)^2, and falls beyond (at depth 2 it stays flat). Hence
  T ~ alpha Delta*/prod_l sqrt(max(s_l^2, Delta*)) with Delta* = min(Delta, s_(2)^2), longer by a factor log m where Delta
  reaches into a flat part: s_(2)^2 < Delta and s_(2) < s_(3). For P >= 1 the same expression is 1/lambda_0.

At depth 3 and beyond a fitting time of order one is added and hides a small exponent at widths within reach.
"""

from dataclasses import dataclass

import sympy as sp

from phasetheory.scaling.argument import Exponents, displacement
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.printing import power
from phasetheory.symbols.prose import text

__all__ = ["LearningRateScaling", "learning_rate_scaling"]


@dataclass(frozen=True)
class LearningRateScaling:
    """Exponents in the width that say how to scale the learning rate and how long training takes.

    Attributes
    ----------
    initial_curvature, final_curvature : sympy.Expr
        Exponents of lambda_0 and lambda_1, the largest tangent-kernel eigenvalue at the start and at the end.
    largest_step : sympy.Expr
        Exponent of the largest stable gradient-descent step: a common factor on the learning rates eta_l of the network.
    fitting_time : sympy.Expr
        Exponent of the training time to fit, in the same unit: steps times step size.
    logarithm : bool
        Whether the fitting time has a factor log m besides.
    depth : int
    """

    initial_curvature: sp.Expr
    final_curvature: sp.Expr
    largest_step: sp.Expr
    fitting_time: sp.Expr
    logarithm: bool
    depth: int
    basis: Basis = Basis.DERIVED

    @property
    def steps(self) -> sp.Expr:
        """Exponent of the number of gradient-descent steps to fit at the largest stable step."""
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
        caveat = " (plus a time of order one beyond two layers)" if self.depth > 2 else ""
        return f"{step}; fitting takes {count}{caveat}"

    @property
    def meaning(self) -> str:
        """The same as one reads it in a terminal."""
        return text(self.prose)


def learning_rate_scaling(exponents: Exponents) -> LearningRateScaling:
    """Exponents of curvature, stable step and fitting time at one point; see the module.

    Raises
    ------
    TheoryError
        If an exponent has free symbols.
    """
    sigmas, alpha = exponents.absorbed_numbers()
    result = displacement(sigmas, alpha)
    weakest, *stronger = sorted(result.strength)
    second, *others = stronger
    half_growth = result.growth / 2
    start = 2 * (sum(stronger) - alpha)  # P over the weakest strength, which may be 0
    end = 2 * (max(result.capacity, sp.S.Zero) - max(weakest, half_growth))
    turning = min(half_growth, second)
    time = alpha + 2 * turning - sum(max(s, turning) for s in result.strength)
    return LearningRateScaling(
        initial_curvature=start,
        final_curvature=end,
        largest_step=-max(start, end),
        fitting_time=time,
        logarithm=bool(half_growth > second and all(s > second for s in others)),
        depth=len(sigmas),
    )

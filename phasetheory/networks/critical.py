r"""The critical point of a depth: where every layer moves, in spectral norm, by its own size; derived, and unique.

With learning rates absorbed, g the exponent of the growth and r_l = s_l - c_l those of the strengths in units of the optimiser
(:mod:`phasetheory.scaling.argument`), the spectral slope of a layer is min(x, q x) with x = g - r_l and q >= 1: it vanishes if
and only if x = 0. So all slopes vanish if and only if

    r_1 = ... = r_L = g,      and then g = r + max(-p, 0)/L - max(p, 0)/q = r  forces  p = 0, the capacity P = 1.

Those are L independent linear equations for the L + 1 exponents of sigma_1..sigma_L and alpha; the one direction left is a common
factor in every layer, taken out again by alpha, which changes no relative distance. Hence one critical point per depth and
optimiser (proved, given the scaling argument). At depth 2 it is the mean-field scaling, at any depth muP: that of gradient
descent, or that of Adam. With learning rates that differ between layers it takes other forms, all equal after absorption: see
:func:`phasetheory.from_abc`.
Sources: Yang, Hu 2021, arXiv 2011.14522 (muP); Yang, Simon, Bernstein 2023, arXiv 2310.17813 (as a spectral condition);
Everett et al. 2024, arXiv 2407.05872 (muP for Adam).
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from phasetheory.dynamics.activations import Activation, relu
from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.errors import ExpressionError, TheoryError, shown
from phasetheory.networks.network import Network
from phasetheory.scaling.argument import strengths, units
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.symbols.expressions import as_expression, d, m

__all__ = ["CriticalPoint", "critical_point"]

_gauge = sp.Symbol("g", real=True)


@dataclass(frozen=True)
class CriticalPoint:
    """Exponents in the width at which all spectral slopes vanish, with all learning rates 1.

    Attributes
    ----------
    sigmas : tuple of sympy.Expr
        Exponents of sigma_1..sigma_L, input to output, in terms of :attr:`gauge`.
    alpha : sympy.Expr
        Exponent of the output scale, in terms of :attr:`gauge`.
    gauge : sympy.Symbol
        Exponent of sigma_1: the common factor that changes no relative distance.
    optimizer : Optimizer
    """

    sigmas: tuple[sp.Expr, ...]
    alpha: sp.Expr
    gauge: sp.Symbol = _gauge
    optimizer: Optimizer = GRADIENT_FLOW

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return len(self.sigmas)

    def network(self, gauge: Any = 0, *, activation: Activation = relu) -> Network:
        """The network with these exponents and sigma_1 = m^gauge.

        Examples
        --------
        >>> net = critical_point(3).network()
        >>> net.sigmas, net.alpha
        ((1, 1, 1), m**(3/2))
        """
        refused = f"gauge = {shown(gauge)} is not a real number; give the exponent of sigma_1, such as 0"
        try:
            value = as_expression(gauge, name="gauge")
        except ExpressionError as error:
            raise TheoryError(refused) from error
        if value.is_real is not True or value.is_finite is False or value.has(m, d):
            raise TheoryError(refused)
        sigmas = tuple(m ** s.subs(self.gauge, value) for s in self.sigmas)
        return Network(sigmas, m ** self.alpha.subs(self.gauge, value), activation=activation, name="critical point")


def critical_point(depth: int, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> CriticalPoint:
    """Solve for the exponents at which every layer's spectral slope is 0; see the module for the proof that they are unique.

    Examples
    --------
    >>> point = critical_point(3)
    >>> point.sigmas, point.alpha
    ((g, g, g), 3*g + 3/2)
    >>> point.network().slopes(norm="spectral")
    {'W1': 0, 'W2': 0, 'a': 0}
    >>> adam = critical_point(3, optimizer="adam")
    >>> adam.sigmas, adam.alpha
    ((g, g + 1/2, g), 3*g + 2)
    """
    depth, chosen = check_depth(depth), as_optimizer(optimizer)
    sigmas, alpha = sp.symbols(f"x_1:{depth + 1}", real=True), sp.Symbol("y", real=True)
    strength, _ = strengths(sigmas)
    first, *others = (s - c for s, c in zip(strength, units(depth, chosen), strict=True))
    equations = [sigmas[0] - _gauge, sum(strength) - alpha, *(r - first for r in others)]
    ((*solution,),) = sp.linsolve(equations, [*sigmas, alpha])
    if any(value.has(*sigmas, alpha) for value in solution):
        raise AssertionError("the critical point is not unique, against the proof")
    return CriticalPoint(tuple(map(sp.expand, solution[:-1])), sp.expand(solution[-1]), optimizer=chosen)

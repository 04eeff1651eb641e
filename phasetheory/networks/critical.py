r"""The critical point of a depth: where every layer moves, in spectral norm, by its own size; derived, and unique.

With learning rates absorbed and D/2 the exponent of sqrt(Delta) (:mod:`phasetheory.scaling.argument`), a layer moves by
delta_l = min(D/2, D - s_l). Its spectral slope delta_l - s_l vanishes if and only if s_l = D/2: for D/2 >= s_l the minimum is
D/2; for D/2 < s_l it is D - s_l, which equals s_l only if D/2 = s_l, a contradiction. So all slopes vanish if and only if

    s_1 = ... = s_L = D/2,      and then D/2 = s + max(-p, 0)/L - max(p, 0)/2 = s  forces  p = 0, the capacity P = 1.

Those are L independent linear equations for the L + 1 exponents of sigma_1..sigma_L and alpha; the one direction left is a common
factor in every layer, taken out again by alpha, which changes no relative distance. Hence one critical point per depth
(proved, given the scaling argument). At depth 2 it is the mean-field scaling, at any depth muP; with learning rates that
differ between layers it takes other forms, all equal after absorption: see :func:`phasetheory.from_abc`.
Sources: Yang, Hu 2021, arXiv 2011.14522 (muP); Yang, Simon, Bernstein 2023, arXiv 2310.17813 (as a spectral condition).
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from phasetheory.dynamics.activations import Activation, relu
from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.errors import ExpressionError, TheoryError, shown
from phasetheory.networks.network import Network
from phasetheory.scaling.argument import strengths
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
    """

    sigmas: tuple[sp.Expr, ...]
    alpha: sp.Expr
    gauge: sp.Symbol = _gauge

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


def critical_point(depth: int) -> CriticalPoint:
    """Solve for the exponents at which every layer's spectral slope is 0; see the module for the proof that they are unique.

    Examples
    --------
    >>> point = critical_point(3)
    >>> point.sigmas, point.alpha
    ((g, g, g), 3*g + 3/2)
    >>> point.network().slopes(norm="spectral")
    {'W1': 0, 'W2': 0, 'a': 0}
    """
    depth = check_depth(depth)
    sigmas, alpha = sp.symbols(f"x_1:{depth + 1}", real=True), sp.Symbol("y", real=True)
    strength, _ = strengths(sigmas)
    equations = [sigmas[0] - _gauge, sum(strength) - alpha, *(s - strength[0] for s in strength[1:])]
    ((*solution,),) = sp.linsolve(equations, [*sigmas, alpha])
    if any(value.has(*sigmas, alpha) for value in solution):
        raise AssertionError("the critical point is not unique, against the proof")
    return CriticalPoint(tuple(map(sp.expand, solution[:-1])), sp.expand(solution[-1]))

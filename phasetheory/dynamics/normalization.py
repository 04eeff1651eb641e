r"""Pulling every scale out of the flow: the time unit, kappa and the mobilities are solved for.

Substitute W_l = sigma_l Wbar_l and t = c tbar into the flow. Homogeneity of the activation pulls the sigma_l out of it, so

    f = kappa F(Wbar),      dWbar_l/dtbar = -M_l (1/n) sum_i e_i d(kappa F_i)/dWbar_l,

the gradient flow of the same loss in the normalised weights, with a *mobility* M_l = c eta_l/sigma_l^2 for each layer.
kappa and M_l are read off the substituted flow. The time unit c is the positive solution of prod_l M_l = 1; at depth 2 this is
the paper's demand that the mobilities be (kappa', 1/kappa'), and gives c = beta1 beta2, kappa' = beta1/beta2.
Both directions are proved by residuals that vanish (:meth:`Normalization.residual`, :meth:`Normalization.round_trip`).
"""

from dataclasses import dataclass

import sympy as sp

from phasetheory.dynamics.gradient_flow import GradientFlow, Matrices, alpha, check_flow, sigma_symbols

__all__ = ["Normalization", "normalize"]

_time_unit = sp.Symbol("c", positive=True)


@dataclass(frozen=True)
class Normalization:
    """The normalised dynamics of a flow.

    Attributes
    ----------
    flow : GradientFlow
        What was normalised.
    sigmas : tuple of symbols
        The initial standard deviations, input to output.
    kappa : sympy.Expr
        The output is kappa F(Wbar) with F free of scales.
    time_unit : sympy.Expr
        c = t/tbar.
    mobilities : tuple of sympy.Expr
        M_l, with product 1.
    """

    flow: GradientFlow
    sigmas: tuple[sp.Symbol, ...]
    kappa: sp.Expr
    time_unit: sp.Expr
    mobilities: tuple[sp.Expr, ...]

    @property
    def kappa_prime(self) -> sp.Expr:
        """sqrt(M_1/M_L); at depth 2 the mobilities are (kappa', 1/kappa')."""
        return sp.simplify(sp.sqrt(self.mobilities[0] / self.mobilities[-1]))

    @property
    def unit_velocities(self) -> Matrices:
        """-(1/n) sum_i e_i dF_i/dWbar_l: the flow free of every scale, in the weight symbols."""
        rates_and_alpha = dict.fromkeys((*self.flow.learning_rates, alpha), 1)
        return tuple(v.subs(rates_and_alpha) for v in self.flow.velocities)

    def substituted(self) -> Matrices:
        """dWbar_l/dtbar after W_l = sigma_l Wbar_l, t = c tbar, with the scales pulled out of the activations."""
        return _substitute(self.flow, self.sigmas, self.time_unit)

    def residual(self) -> Matrices:
        """Substituted flow minus M_l kappa times the unit flow; zero matrices prove the normalised form."""
        return tuple(
            (v - mobility * self.kappa * unit).applyfunc(_simplified)
            for v, mobility, unit in zip(self.substituted(), self.mobilities, self.unit_velocities, strict=True)
        )

    def round_trip(self) -> Matrices:
        """Normalised flow with Wbar_l = W_l/sigma_l, tbar = t/c put back, minus the original: zero matrices."""
        activation, scales = self.flow.activation, frozenset(self.sigmas)
        back = _rescaling(self.flow, [1 / s for s in self.sigmas])
        return tuple(
            (
                (sigma / self.time_unit * mobility * self.kappa * unit.xreplace(back)).applyfunc(
                    lambda entry: activation.pull_out(entry, scales)
                )
                - original
            ).applyfunc(_simplified)
            for sigma, mobility, unit, original in zip(
                self.sigmas, self.mobilities, self.unit_velocities, self.flow.velocities, strict=True
            )
        )


def normalize(flow: GradientFlow) -> Normalization:
    """Solve for the normalisation of ``flow``; see the module for the argument."""
    check_flow(flow)
    sigmas = sigma_symbols(flow.depth)
    scaled_output = flow.activation.pull_out(flow.outputs[0].xreplace(_rescaling(flow, sigmas)), frozenset(sigmas))
    kappa = _ratio(scaled_output, flow.outputs[0].subs(alpha, 1))
    substituted = _substitute(flow, sigmas, _time_unit)
    unnormalised = Normalization(flow, sigmas, kappa, _time_unit, ())
    ratios = tuple(
        _ratio(v[0, 0], kappa * unit[0, 0]) for v, unit in zip(substituted, unnormalised.unit_velocities, strict=True)
    )
    # every M_l is c times a factor free of c, so the product is c^L times one and the positive root is explicit
    rest = sp.powsimp(sp.Mul(*(ratio / _time_unit for ratio in ratios)))
    time_unit = sp.powdenest(rest ** sp.Rational(-1, flow.depth), force=True)
    mobilities = tuple(sp.powdenest(sp.powsimp(r.subs(_time_unit, time_unit)), force=True) for r in ratios)
    return Normalization(flow, sigmas, kappa, sp.powdenest(time_unit, force=True), mobilities)


def _ratio(scaled: sp.Expr, bare: sp.Expr) -> sp.Expr:
    """The common scale by which two sums differ: it is pulled out of both, and what is left cancels."""
    if not (ratio := scaled / bare).has(sp.Function):  # products, of one path through the network
        return sp.powsimp(ratio)
    ratio = sp.factor_terms(sp.expand(scaled)) / sp.factor_terms(sp.expand(bare))
    return sp.powsimp(ratio if not ratio.has(sp.Function) else sp.simplify(ratio))


def _simplified(residual: sp.Expr) -> sp.Expr:
    """Expanding is enough for every network met so far and much faster; simplify has the last word."""
    expanded = sp.expand(residual)
    return expanded if expanded == 0 else sp.simplify(expanded)


def _rescaling(flow: GradientFlow, factors: list[sp.Expr] | tuple[sp.Expr, ...]) -> dict[sp.Symbol, sp.Expr]:
    return {entry: factor * entry for factor, w in zip(factors, flow.weights, strict=True) for entry in w}


def _substitute(flow: GradientFlow, sigmas: tuple[sp.Symbol, ...], time_unit: sp.Expr) -> Matrices:
    """dWbar_l/dtbar after W_l = sigma_l Wbar_l, t = c tbar, with the scales pulled out of the activations."""
    rescaled = _rescaling(flow, sigmas)
    scales = frozenset(sigmas)
    return tuple(
        (time_unit / sigma * v.xreplace(rescaled)).applyfunc(lambda entry: flow.activation.pull_out(entry, scales))
        for sigma, v in zip(sigmas, flow.velocities, strict=True)
    )

r"""Weight decay: an exact map onto the flow without it, for any depth and any homogeneous activation.

The flow is dW_l/dt = -eta_l dR/dW_l - lambda_l W_l. Put W_l = s_l(t) O_l with s_l = exp(-lambda_l t). The decay is then
what the factors do, s_l' = -lambda_l s_l, and O_l follows the rest: the flow *normalised* by the scales s_l
(:mod:`phasetheory.dynamics.normalization`), which are pulled out of the activations as the sigma_l are. With Lambda =
sum_l p^(L-l) lambda_l,

    dO_l/dt = -(eta_l/n) exp((2 lambda_l - Lambda) t) sum_i e_i dF(O)/dO_l / alpha,
    e_i = exp(-Lambda t) f(O; x_i) - y_i:

the flow without decay, with the output scale alpha exp(Lambda t) in the residual and a clock for each layer. Two layers
with equal decays (p = 1): the clocks stand still. Depth L, equal decays: one clock, ds = exp(-(L-2) lambda t) dt.

The start, decayed, is a start with the scales sigma_l exp(-lambda_l t). So the numbers of a network move,

    kappa(t) = kappa exp(-Lambda t),    kappa'(t) = kappa' exp(-(lambda_L - lambda_1) t),

P as kappa: a straight line in their logarithms.

One number is new. In the coordinates where kappa = 1, all sigma_l equal to rho = alpha^(1/N), N = sum_l p^(L-l), time
is tau = t/rho^2 (learning rates 1), and the decay mu_l = lambda_l rho^2: lambda_l alpha at two layers of degree 1. In
normalised time t = c tbar it is c lambda_l.

Balance: decay adds -lambda_l w dQ/dw to the rate of the quadratic Q of :mod:`phasetheory.dynamics.balance`, so for a
hidden neuron with incoming weights v and outgoing u (learning rates absorbed)

    d/dt p|u|^2 + 2 lambda_(l+1) p|u|^2  =  d/dt |v|^2 + 2 lambda_l |v|^2 :

with equal decays Q exp(2 lambda t) is conserved, and where nothing moves any more lambda_(l+1) p|u|^2 = lambda_l |v|^2.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from phasetheory.dynamics.balance import BalanceLaw
from phasetheory.dynamics.gradient_flow import GradientFlow, Matrices, alpha, check_flow
from phasetheory.dynamics.normalization import Normalization, normalize

__all__ = ["DecayedFlow", "decayed_flow"]

_time = sp.Symbol("t", positive=True)


@dataclass(frozen=True)
class DecayedFlow:
    """A flow with weight decay, and the map onto the flow without.

    Attributes
    ----------
    flow : GradientFlow
        Without decay.
    normalized : Normalization
        Its normal form, the sigma_l symbols.
    decays : tuple of symbols
        lambda_l, input to output.
    time : symbol
        t.
    """

    flow: GradientFlow
    normalized: Normalization
    decays: tuple[sp.Symbol, ...]
    time: sp.Symbol = _time

    @property
    def velocities(self) -> Matrices:
        """dW_l/dt in terms of the residual symbols: the flow's and the decay's."""
        return tuple(
            v - rate * w for v, rate, w in zip(self.flow.velocities, self.decays, self.flow.weights, strict=True)
        )

    @cached_property
    def output_decay(self) -> sp.Expr:
        """Lambda, the rate at which the output decays: f(W) = exp(-Lambda t) f(O)."""
        moving = self.normalized.kappa.subs(self._factors) * alpha
        return sp.factor_terms(sp.expand(-sp.expand_log(sp.log(moving), force=True) / self.time))

    @cached_property
    def clocks(self) -> tuple[sp.Expr, ...]:
        """exp((2 lambda_l - Lambda) t): the rates of the layers in the flow of O over those without decay."""
        normal, scale = self._by_factors, self.normalized.kappa.subs(self._factors) * alpha
        rates = (mobility.subs(self._factors) * scale for mobility in normal.mobilities)
        exponents = (
            sp.expand_log(sp.log(rate / eta), force=True) / self.time
            for rate, eta in zip(rates, self.flow.learning_rates, strict=True)
        )
        return tuple(sp.exp(sp.expand(exponent) * self.time) for exponent in exponents)

    @cached_property
    def kappa_decay(self) -> sp.Expr:
        """kappa(t)/kappa of the decayed start; that of P too."""
        return self._ratio(self.normalized.kappa)

    @cached_property
    def kappa_prime_decay(self) -> sp.Expr:
        """kappa'(t)/kappa' of the decayed start."""
        return self._ratio(self.normalized.kappa_prime)

    @property
    def unit_scale(self) -> sp.Expr:
        """rho, the scale of every layer at which kappa = 1; tau = t/rho^2 and mu_l = lambda_l rho^2."""
        total = sum(self.flow.activation.degree**power for power in range(self.flow.depth))
        return alpha ** (1 / sp.sympify(total))

    def unit_residual(self) -> sp.Expr:
        """Log of kappa at :attr:`unit_scale`; zero proves it."""
        kappa = self.normalized.kappa.subs(dict.fromkeys(self.normalized.sigmas, self.unit_scale))
        return sp.simplify(sp.expand_log(sp.log(kappa), force=True))

    def rates_residual(self) -> tuple[sp.Expr, ...]:
        """What was read off minus Lambda = sum_l p^(L-l) lambda_l and exp((2 lambda_l - Lambda) t); zeros prove these forms."""
        powers = reversed(range(self.flow.depth))
        total = sum(rate * self.flow.activation.degree**power for rate, power in zip(self.decays, powers, strict=True))
        closed = ((2 * rate - total) * self.time for rate in self.decays)
        clocks = (sp.expand(sp.log(clock) - form, log=False) for clock, form in zip(self.clocks, closed, strict=True))
        return sp.expand(self.output_decay - total), *(sp.expand_log(clock, force=True) for clock in clocks)

    def residual(self) -> Matrices:
        """d(s_l O_l)/dt minus the flow with decay at W = s O; zero matrices prove the map.

        O are the weight symbols, dO_l/dt what the module says, e_i stays a symbol: :attr:`output_decay` is what it
        becomes.
        """
        parts = zip(self.normalized.sigmas, self.decays, self.flow.learning_rates, self.clocks, strict=True)
        found = []
        for (scale, rate, eta, clock), w, at_w, unit in zip(
            parts, self.flow.weights, self._at_factors, self.normalized.unit_velocities, strict=True
        ):
            factor = sp.exp(-rate * self.time)
            moved = sp.diff(factor, self.time) * w + factor * eta / alpha * clock * unit
            decayed = (scale * at_w).subs(self._factors) - rate * factor * w
            found.append((moved - decayed).applyfunc(lambda entry: sp.powsimp(sp.expand(entry))))
        return tuple(found)

    def output_residual(self) -> sp.Expr:
        """f(W) - exp(-Lambda t) f(O), the factors pulled out of the activations; zero proves what becomes of the residuals."""
        activation, output = self.flow.activation, self.flow.outputs[0]
        pairs = zip(self.normalized.sigmas, self.flow.weights, strict=True)
        decayed = output.xreplace({entry: scale * entry for scale, w in pairs for entry in w})
        pulled = activation.pull_out(decayed, frozenset(self.normalized.sigmas)).subs(self._factors)
        return sp.powsimp(sp.expand(pulled - sp.exp(-sp.expand(self.output_decay * self.time)) * output))

    def balance_residuals(self, laws: tuple[BalanceLaw, ...]) -> tuple[sp.Expr, ...]:
        """dQ/dt + 2 lambda_(l+1) p|u|^2/eta_(l+1) - 2 lambda_l |v|^2/eta_l of every law of the flow without decay; all zero."""
        found = []
        for law in laws:
            layers = list(zip(self.decays, self.flow.weights, strict=True))
            added = -sum(rate * entry * sp.diff(law.quantity, entry) for rate, w in layers for entry in w)
            parts = sum(2 * rate * law.quantity.xreplace(_others_zero(self.flow.weights, w)) for rate, w in layers)
            found.append(sp.expand(law.rate + added + parts))
        return tuple(found)

    @property
    def _factors(self) -> dict[sp.Symbol, sp.Expr]:
        """The moving scales in the place of the sigma_l."""
        return {s: sp.exp(-rate * self.time) for s, rate in zip(self.normalized.sigmas, self.decays, strict=True)}

    @cached_property
    def _by_factors(self) -> Normalization:
        """The normal form in the time t itself."""
        normal = self.normalized
        rates = (sp.powdenest(sp.powsimp(mobility / normal.time_unit), force=True) for mobility in normal.mobilities)
        return replace(normal, time_unit=sp.S.One, mobilities=tuple(rates))

    @cached_property
    def _at_factors(self) -> Matrices:
        """(1/s_l) dW_l/dt at W = s O, the scales pulled out of the activations; s_l the sigma symbols."""
        return self._by_factors.substituted()

    def _ratio(self, scale: sp.Expr) -> sp.Expr:
        moving = {s: s * factor for s, factor in self._factors.items()}
        return sp.powsimp(sp.powdenest(sp.simplify(scale.subs(moving, simultaneous=True) / scale), force=True))


def decayed_flow(flow: GradientFlow, normalized: Normalization | None = None) -> DecayedFlow:
    """Weight decay at a rate lambda_l in every layer of ``flow``; its normal form is found if it is not given.

    Examples
    --------
    >>> from phasetheory.dynamics.gradient_flow import gradient_flow
    >>> decayed = decayed_flow(gradient_flow(2))
    >>> decayed.output_decay, decayed.clocks
    (lambda_a + lambda_w, (exp(t*(-lambda_a + lambda_w)), exp(t*(lambda_a - lambda_w))))
    """
    check_flow(flow)
    names = ("w", "a") if flow.depth == 2 else range(1, flow.depth + 1)
    decays = tuple(sp.Symbol(f"lambda_{name}", positive=True) for name in names)
    return DecayedFlow(flow, normalize(flow) if normalized is None else normalized, decays)


def _others_zero(weights: Matrices, kept: sp.ImmutableDenseMatrix) -> dict[sp.Symbol, sp.Expr]:
    """All weights but those of one layer set to zero."""
    return {entry: sp.S.Zero for matrix in weights if matrix is not kept for entry in matrix}

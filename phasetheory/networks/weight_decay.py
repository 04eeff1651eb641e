r"""One network with weight decay: whether it fits, where it walks, and where it ends.

    dW_l/dt = -eta_l dR/dW_l - lambda W_l

The walk is exact at any depth (:mod:`phasetheory.dynamics.weight_decay`); what it does to the slopes is derived
(:mod:`phasetheory.scaling.weight_decay`). The time with an axis of its own:

* t ~ m^x alpha: the data are fitted, if ell > x; S is max(S without decay, x - ell).
* t = (r/L) log(m)/lambda: the walk has come to the boundary, m^r = P/P_1, and what was linear turns rich.
* t to infinity: the least variation norm; no layer is linear. From lambda alpha = mu_c on it is f = 0.

Beyond two layers f = 0 always attracts and no slope at the end is claimed.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError, check_choice, shown
from phasetheory.networks.network import Network, check_network, refuse_zero_layer
from phasetheory.scaling.argument import Displacement, displacement
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.regimes import Basis, Statement, classify
from phasetheory.scaling.weight_decay import MOMENTS, check_gradient_flow, slopes_at_end, slopes_at_fit
from phasetheory.symbols.exponents import check_positive, exponent_of
from phasetheory.symbols.expressions import as_expression, as_scale, listed_or_none
from phasetheory.symbols.printing import plain, power

__all__ = ["WithWeightDecay", "with_weight_decay"]

_MAP = "SymPy: the map W = exp(-λ t) O, residual zero"
_WALK = "scaling argument along the walk"
_CONVEX = "a² + b² >= 2 a b neuron by neuron; optimality at f = 0"
_CHAIN = "one chain of neurons"


@dataclass(frozen=True)
class WithWeightDecay:
    """What weight decay does to a network.

    Attributes
    ----------
    network : Network
    weight_decay : sympy.Expr
        lambda, the same in every layer: dW_l/dt = .. - lambda W_l.
    mu : sympy.Expr
        lambda alpha^(2/L), learning rates absorbed: lambda alpha at two layers.
    ell : sympy.Expr
        -lim log mu/log m.
    fitting_time : sympy.Expr
        Exponent x of the time to fit, in the unit alpha^(2/L) (derived).
    logarithm : bool
        Whether that time has a factor log m besides.
    """

    network: Network
    weight_decay: sp.Expr
    mu: sp.Expr
    ell: sp.Expr
    fitting_time: sp.Expr
    logarithm: bool

    @property
    def is_fitted(self) -> bool | None:
        """Whether the data are fitted on the way, ell > x; None at ell = x, where numbers of order one decide."""
        return None if self.ell == self.fitting_time else bool(self.ell > self.fitting_time)

    @property
    def slopes_at_fit(self) -> dict[str, sp.Expr] | None:
        """S of every layer when the data are fitted (Frobenius norm), of an easy target; None if they are not."""
        return self.slopes_at("fit")

    def slopes_at(self, moment: str, *, target: str = "easy") -> dict[str, sp.Expr] | None:
        """S of every layer at a moment, ``'fit'`` or ``'end'``; None where none is claimed.

        At the end it does not depend on the target: see :attr:`slopes_at_end`.
        """
        check_choice(moment, "moment", MOMENTS)
        if moment == "end":
            return self.slopes_at_end
        if not self.is_fitted:
            return None
        own = tuple(self.network.slopes(target=target).values())
        return dict(zip(self.network.layers, slopes_at_fit(own, self.fitting_time, self.ell), strict=True))

    @property
    def distance_to_rich(self) -> sp.Expr:
        """The exponent r of P/P_1: how far the walk has to go, positive while the input layer is linear.

        P_1 = min(1, kappa') at two layers, 1 beyond.
        """
        result = self._displacement
        first, *_, last = result.strength
        return result.capacity - min(last - first, sp.S.Zero) if self.network.depth == 2 else result.capacity

    @property
    def rich_after(self) -> sp.Expr | None:
        """The number c in t = c log(m)/lambda at which what is linear turns rich; None if nothing does.

        That is where the network is not lazy to begin with, is not fitted, or has lost the fit before (ell < 0).
        """
        lazy = self.distance_to_rich > 0 and self.is_fitted and self.ell >= 0
        return self.distance_to_rich / self.network.depth if lazy else None

    @property
    def collapses(self) -> bool | None:
        """Whether f = 0 at the end; None where the threshold of collapse decides: ell = 0, and ell > 0 beyond two layers."""
        if self.ell < 0:
            return True
        return None if self.ell == 0 or self.network.depth > 2 else False

    @property
    def slopes_at_end(self) -> dict[str, sp.Expr] | None:
        """S of every layer for t to infinity, at ell = 0 below the threshold; None beyond two layers, where none is claimed."""
        if self.network.depth > 2:
            return None
        if self.collapses:
            return dict.fromkeys(self.network.layers, sp.S.Zero)
        return dict(zip(self.network.layers, slopes_at_end(self._displacement), strict=True))

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What happens, in order of time, each line with what it rests on."""
        found = [self._said_of_walk, self._said_of_fit]
        if (at_fit := self.slopes_at_fit) is not None:
            own = self.network.slopes()
            parts = (
                f"$S_{layer} = max({plain(own[layer])}, {plain(self.fitting_time - self.ell)}) = {plain(slope)}$"
                for layer, slope in at_fit.items()
            )
            target = " (an easy target)" if self.network.depends_on_target() else ""
            found.append(Statement(f"when they are fitted: {', '.join(parts)}{target}", Basis.DERIVED, _WALK))
        return (*found, self._said_of_rich, *self._said_of_end)

    @cached_property
    def _displacement(self) -> Displacement:
        return displacement(*self.network.exponents.absorbed_numbers())

    @property
    def _said_of_walk(self) -> Statement:
        rate = f"{self.network.depth} λ t"
        return Statement(f"it walks: $P(t) = P exp(-{rate})$ at the same $κ'$", Basis.PROVED, _MAP)

    @property
    def _said_of_fit(self) -> Statement:
        place = f"$ℓ = {plain(self.ell)}$, $x = {plain(self.fitting_time)}$"
        said = {
            True: "the data are fitted first",
            False: "the data are never fitted: the weights decay before",
            None: "whether the data are fitted is a matter of numbers of order one",
        }[self.is_fitted]
        time = f"a time to fit of $~ {power(self.fitting_time)}{' log m' if self.logarithm else ''}$"
        return Statement(f"{said}: {place}, {time}", Basis.DERIVED, _WALK)

    @property
    def _said_of_rich(self) -> Statement:
        after = self.rich_after
        if after is not None:
            said = f"what is linear turns rich after $t ~ {_times(after)}(log m)/λ$"
        elif self.distance_to_rich <= 0:
            said = "it is rich from the start"
        elif self.is_fitted and self.network.depth == 2 and self.network.gamma_prime < 0:
            said = "the decay is too strong for a time at which it turns rich to be claimed"
        elif self.is_fitted:
            said = "the fit is lost before it would turn rich"
        else:
            said = "nothing that is fitted turns rich"
        return Statement(said, Basis.DERIVED, _WALK)

    @property
    def _said_of_end(self) -> tuple[Statement, ...]:
        net = self.network
        if net.depth > 2:
            bound = "$max_z h (z_0 - z) z^(1-2/L)$, with $h$ the curvature and $z_0$ the optimum of one chain"
            kept = f"in the end $f = 0$ unless $λ α^(2/{net.depth})$ is at most {bound}"
            refused = f"no $S$ at the end is claimed for {net.depth} layers: what many chains do is not worked out"
            return Statement(kept, Basis.DERIVED, _CHAIN), Statement(refused, Basis.DERIVED, _CHAIN)
        scale = plain(self.mu / self.weight_decay)
        limit = "" if scale == "1" else f", that is $λ {scale} ≥ μ_c$"
        least = "loss and decay are least at $f = 0$ if and only if $λ α ≥ μ_c = max_(|v|=1) |(1/n) Σ_i y_i σ(v·x_i)|$"
        threshold = Statement(f"{least}{limit}", Basis.PROVED, _CONVEX)
        slopes = ", ".join(f"$S_{layer} = {plain(slope)}$" for layer, slope in (self.slopes_at_end or {}).items())
        if self.collapses:
            said = f"$λ α = {plain(self.mu)}$ passes every threshold at large $m$: the weights go to zero, {slopes}"
        elif self.collapses is None:
            said = f"below it, at the end {slopes}; above it the weights go to zero"
        else:
            said = f"$λ α = {plain(self.mu)}$ is below it at large $m$: at the end {slopes}, {self._ending}"
        return threshold, Statement(said, Basis.DERIVED, "balanced neurons, least variation norm")

    @property
    def _ending(self) -> str:
        kinds = {layer: classify(slope).value for layer, slope in (self.slopes_at_end or {}).items()}
        return ", ".join(f"${layer}$ {kind}" for layer, kind in kinds.items())


def with_weight_decay(
    network: Network, weight_decay: Any, *, optimizer: str | Optimizer = GRADIENT_FLOW
) -> WithWeightDecay:
    """What weight decay lambda, the same in every layer, does to a network under gradient flow.

    Parameters
    ----------
    network : Network
        An activation of degree 1.
    weight_decay : scale
        lambda in dW_l/dt = -eta_l dR/dW_l - lambda W_l, a formula in the width. Of an L2 term (c/2)|theta|^2 in the loss it is c
        where the learning rates are 1.
    optimizer : str or Optimizer
        Gradient flow: under others it is another law, and refused.

    Raises
    ------
    TheoryError
        A decay that is not positive, one per layer (the map of :func:`phasetheory.derive` covers those, the slopes here
        do not), or a layer that starts at zero; :class:`NotHomogeneousError` for another degree.

    Examples
    --------
    >>> from phasetheory.networks.network import two_layer
    >>> found = with_weight_decay(two_layer(alpha="sqrt(m)", beta1=1, beta2=1), "1/m")
    >>> found.ell, found.fitting_time, found.rich_after
    (1/2, -1/2, 1/4)
    >>> found.slopes_at_fit, found.slopes_at_end
    ({'w': -1/2, 'a': -1/2}, {'w': 0, 'a': 0})
    """
    check_network(network)
    check_gradient_flow(as_optimizer(optimizer), "weight decay")
    refuse_zero_layer(network, "a walk in (P, kappa') begins with both")
    network.slopes()  # refuses other degrees, and exponents that are no numbers
    if listed_or_none(weight_decay) is not None:
        raise TheoryError(
            f"weight_decay = {shown(weight_decay)}; give one rate for all layers: with others kappa' moves on the way, "
            "which is known to a factor of 0.7 to 1.6 only (derive(weight_decay=True) has the map)"
        )
    if as_expression(weight_decay, name="weight_decay").is_zero:
        raise TheoryError("weight_decay = 0 is none; leave it out, or give a positive scale such as '1/m'")
    decay = as_scale(weight_decay, name="weight_decay")
    check_positive(decay)
    _, absorbed = network.exponents.absorbed_numbers()
    scale = network.alpha / sp.sqrt(sp.Mul(*network.learning_rates))
    scaling, share = network.learning_rate_scaling(), sp.Rational(2, network.depth)
    return WithWeightDecay(
        network=network,
        weight_decay=decay,
        mu=sp.powsimp(decay * scale**share),
        ell=sp.expand(-(exponent_of(decay) + absorbed * share)),
        fitting_time=sp.expand(scaling.fitting_time - absorbed * share),
        logarithm=scaling.logarithm,
    )


def _times(number: sp.Expr) -> str:
    return "" if number == 1 else f"({plain(number)}) "

r"""One network of two layers with dropout on its hidden neurons: the third number, and what it does to the slopes.

The flow averaged over the masks has one number more, q kappa = q P/m with q = (1 - r)/r, r the probability with which a neuron
is kept (proved, :mod:`phasetheory.dynamics.dropout`). With q = m^xi (derived; measured on four points, m = 100 to 6400):

* at the fit, T ~ min(kappa', 1/kappa')/P: dropout moves the weights by q kappa of what the fit does, and adds in squares:
  S = S + max(0, xi - gamma). That is for gamma <= 1 and xi < 1: beyond, the estimate is an upper one and no slope is claimed;
* at long times, T_D ~ (m/q) T: |u| |v| ~ 1/P at the same u^2 - |v|^2, so for P > 1 S_w = -2 max(gamma', 0) and
  S_a = -2 max(-gamma', 0), however large P is; for P < 1 the orders of the fit stay.
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from phasetheory.dynamics.dropout import check_two_layers
from phasetheory.errors import TheoryError, unquoted
from phasetheory.networks.network import Network, check_network, refuse_zero_layer
from phasetheory.scaling.argument import displacement
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.regimes import Basis, Statement
from phasetheory.scaling.weight_decay import check_gradient_flow, fitting_time
from phasetheory.symbols.exponents import check_positive, exponent_of
from phasetheory.symbols.expressions import as_scale, m
from phasetheory.symbols.printing import plain, power

__all__ = ["WithDropout", "with_dropout"]

_MASKS = "SymPy: the average over all masks, residual zero"
_SCALING = "scaling argument, neuron by neuron"


@dataclass(frozen=True)
class WithDropout:
    """What dropout does to a network of two layers.

    Attributes
    ----------
    network : Network
    keep : sympy.Expr
        r, the probability with which a neuron is kept.
    ratio : sympy.Expr
        q = (1 - r)/r.
    xi : sympy.Expr
        Exponent of q; -oo for r = 1, which is no dropout.
    fitting_time : sympy.Expr
        Exponent of the time to fit, in the unit tau = t/alpha.
    """

    network: Network
    keep: sp.Expr
    ratio: sp.Expr
    xi: sp.Expr
    fitting_time: sp.Expr

    @property
    def third_number(self) -> sp.Expr:
        """Exponent of q kappa."""
        return self.xi - self.network.gamma

    @property
    def settling_time(self) -> sp.Expr:
        """Exponent of the time T_D ~ (m/q) T after which dropout has settled, in the unit tau = t/alpha."""
        return self.fitting_time + 1 - self.xi

    @property
    def slopes_at_fit(self) -> dict[str, sp.Expr] | None:
        """S of every layer when the data are fitted; None where q kappa is large and gamma > 1 or xi >= 1: not claimed."""
        added = max(self.third_number, sp.S.Zero)
        if added > 0 and (self.network.gamma > 1 or self.xi >= 1):
            return None
        return {layer: slope + added for layer, slope in self.network.slopes().items()}

    @property
    def slopes_at_long_times(self) -> dict[str, sp.Expr]:
        """S of every layer when dropout has settled; those without it where P <= 1, and where r = 1."""
        if self.network.gamma >= 1 or self.xi == -sp.oo:
            return self.network.slopes()
        _, prime = self.network.coordinates()
        return {"w": -2 * max(prime, sp.S.Zero), "a": -2 * max(-prime, sp.S.Zero)}

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Each line with what it rests on."""
        if self.ratio == 0:
            return (Statement("$q = 0$: every neuron is kept, and nothing differs", Basis.PROVED, _MASKS),)
        number = Statement(
            f"the third number is $q κ ~ {power(self.third_number)}$, $q = {plain(self.ratio)}$", Basis.PROVED, _MASKS
        )
        kept = Statement("$a_k² - |w_k|²$ stays as it is for every neuron", Basis.PROVED, _MASKS)
        fit = "no slope at the fit is claimed: $q κ$ is large, and the estimate an upper one"
        if (at_fit := self.slopes_at_fit) is not None:
            fit = f"when the data are fitted: {_listed(at_fit)}"
        late = f"after a time longer by $m/q$: {_listed(self.slopes_at_long_times)}"
        return number, kept, *(Statement(said, Basis.DERIVED, _SCALING) for said in (fit, late))


def with_dropout(network: Network, keep: Any, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> WithDropout:
    """What dropout on the hidden neurons does to a network of two layers under gradient flow.

    Parameters
    ----------
    network : Network
        Two layers, an activation of degree 1.
    keep : scale
        The probability r in (0, 1] with which a neuron is kept; a formula in the width if it depends on it.
    optimizer : str or Optimizer
        Gradient flow: others are refused.

    Raises
    ------
    TheoryError
        Several layers, a probability outside (0, 1], a layer that starts at zero, another optimiser.

    Examples
    --------
    >>> from phasetheory.networks.network import two_layer
    >>> found = with_dropout(two_layer(alpha="sqrt(m)", beta1=1, beta2=1), "1/2")
    >>> found.ratio, found.third_number
    (1, -1/2)
    >>> found.slopes_at_fit, found.slopes_at_long_times
    ({'w': -1/2, 'a': -1/2}, {'w': 0, 'a': 0})
    """
    check_network(network)
    check_two_layers(network.depth)
    check_gradient_flow(as_optimizer(optimizer), "dropout")
    refuse_zero_layer(network, "dropout is a number beside kappa")
    network.slopes()  # refuses other degrees, and exponents that are no numbers
    probability = as_scale(keep, name="keep")
    ratio = sp.factor((1 - probability) / probability)
    outside = TheoryError(
        f"keep = {unquoted(keep)} is no probability in (0, 1]; give that with which a neuron is kept, such as 1/2"
    )
    if not probability.has(m) and not probability.is_number:
        raise outside
    if ratio != 0:
        try:
            check_positive(ratio)
        except TheoryError as error:
            raise outside from error
    exponents = network.exponents.absorbed_numbers()
    xi = exponent_of(ratio) if ratio != 0 else -sp.oo
    return WithDropout(network, probability, ratio, xi, fitting_time(displacement(*exponents)))


def _listed(slopes: dict[str, sp.Expr]) -> str:
    return ", ".join(f"$S_{layer} = {plain(slope)}$" for layer, slope in slopes.items())

r"""What an optimiser is to the scaling argument: how far a layer moves for a given growth.

Take an update that is, entry by entry, of degree k in the gradient,

    dW_ij/dt = -eta_l |g_ij|^k sign(g_ij),    g = dR/dW_l:    k = 1 gradient flow,    k = 0 sign descent.

Sign descent is what Adam, Lion and signSGD do at a small rate. Let layer l, moved along the signal, have the size x_l. By Euler's
identity the derivative of f along it is f/x_l, spread over its N_l = fan_in fan_out entries, so with q = 1 + k

    dx_l/dt = eta_l N_l^((1-k)/2) |f e/x_l|^k    and    d(x_l^q)/dt = q c_l^q |f e|^k,    c_l = (eta_l N_l^(1 - q/2))^(1/q).

The right side is the same in every layer but for c_l. So in its *unit* c_l every layer gains the same amount in the power q,

    (x_l/c_l)^q = (s_l/c_l)^q + Delta,    Delta = g^q:    delta_l = x_l - s_l ~ c_l min(g, g^q/r_l^(q-1)),    r_l = s_l/c_l.

* Gradient flow: q = 2, c_l = sqrt(eta_l), and this is the balance law, which is *proved* for every neuron
  (:mod:`phasetheory.dynamics.balance`). A layer that has not outgrown its start moves by g^2/r_l.
* Sign descent: q = 1, c_l = eta_l sqrt(fan_in fan_out): every weight moves at the speed eta_l. *Proved*: no layer is further from
  its start than c_l g after the time g, in either norm. *Argued*: it is as far, because the signs are aligned (a matrix of signs
  u v^T has rank one, and both its norms are sqrt(N_l)).

Learning rates go away with W_l -> W_l/eta_l^(1/q), exactly: an update of degree k sees a scale of the weights to the power k.
The rest of the argument, :mod:`phasetheory.scaling.argument`, knows of an optimiser nothing but the unit and the move.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from phasetheory.errors import TheoryError, shown

__all__ = ["GRADIENT_FLOW", "OPTIMIZERS", "SIGN_DESCENT", "Optimizer", "as_optimizer"]


@dataclass(frozen=True)
class Optimizer:
    """An optimiser at a small rate.

    Attributes
    ----------
    name : str
    degree : int
        Degree k of its update in the gradient, entry by entry.
    title : str
        How a sentence calls it.
    """

    name: str
    degree: int
    title: str

    @property
    def order(self) -> int:
        """The power q = 1 + k in which all layers gain the same; learning rates enter as eta^(1/q)."""
        return self.degree + 1

    def unit(self, fan_in: Any, fan_out: Any) -> Any:
        """Exponent of c_l at learning rate 1, from the exponents of the fans."""
        return (fan_in + fan_out) * Fraction(2 - self.order, 2 * self.order)

    def moved(self, growth: Any, start: Any) -> Any:
        """Exponent of delta_l/c_l from those of g and r_l: min(g, g + k (g - r_l))."""
        # without k the start does not matter, be it -oo
        return min(growth, growth + (growth - start) * self.degree) if self.degree else growth

    def __str__(self) -> str:
        return self.name


GRADIENT_FLOW = Optimizer("gradient-flow", 1, "gradient flow")
SIGN_DESCENT = Optimizer("sign-descent", 0, "sign descent (Adam at a small rate)")

#: By name; Adam is sign descent at a small rate.
OPTIMIZERS = {"gradient-flow": GRADIENT_FLOW, "sign-descent": SIGN_DESCENT, "adam": SIGN_DESCENT}


def as_optimizer(value: Any) -> Optimizer:
    """An optimiser, by its name if it is one.

    Examples
    --------
    >>> as_optimizer("adam").name
    'sign-descent'
    """
    if isinstance(value, Optimizer):
        return value
    if isinstance(value, str) and value in OPTIMIZERS:
        return OPTIMIZERS[value]
    raise TheoryError(f"optimizer = {shown(value)}; use one of {', '.join(OPTIMIZERS)}")

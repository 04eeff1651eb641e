r"""Two layers with weight decay, in exponents: the time to fit, and the slopes at the fit and at the end. Derived.

In the time tau = t/alpha and with mu = lambda alpha = m^-ell, equal decays (:mod:`phasetheory.dynamics.weight_decay` has
the map):

* Time to fit. Lazy: T ~ min(kappa', 1/kappa')/P. Where both layers grow it is of order one, times log m. In exponents
  x = min(0, -P - |s_1 - s_2|), which is min(0, gamma - 1 - |gamma'|). It is that of
  :mod:`phasetheory.scaling.learning_rates` in this unit.
* At the fit the weights have decayed by 1 - exp(-mu T) ~ m^(x - ell), next to what the fit took: S = max(S, x - ell).
  The data are fitted at all if and only if ell > x.
* At the end the network minimises the loss plus mu times the variation norm V of f, a number of order one that knows no
  width. Every neuron is balanced and sum_k |a_k| |w_k| = alpha V, so both layers have the size sqrt(alpha):
  S = max(0, alpha/2 - F_l), which is max(0, (gamma - 1 -+ gamma')/2). That needs mu below the threshold of collapse, a
  number of order one: ell > 0, or ell = 0 and a small constant. For ell < 0 all weights go to zero, RD to 1.

As in :mod:`phasetheory.scaling.argument` the lines run on numbers and, region by region, on a plane.
"""

from typing import Any

from phasetheory.errors import TheoryError
from phasetheory.scaling.argument import Displacement
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer

__all__ = ["MOMENTS", "check_gradient_flow", "fitting_time", "slopes_at_end", "slopes_at_fit"]

#: When slopes are claimed: once the data are fitted, and for t to infinity.
MOMENTS = ("fit", "end")


def check_gradient_flow(optimizer: Optimizer, what: str) -> None:
    """Refuse what is worked out under gradient flow alone."""
    if optimizer != GRADIENT_FLOW:
        raise TheoryError(
            f"{what} under {optimizer.title}: that is another law, which is not worked out; leave out the {what}, or the "
            "optimizer"
        )


def fitting_time(result: Displacement) -> Any:
    """Exponent x of the time to fit in the unit tau = t/alpha, two layers."""
    first, second = result.strength
    apart = max(first - second, second - first)
    return min(result.capacity * 0, (result.capacity + apart) * -1)


def slopes_at_fit(slopes: tuple[Any, ...], time: Any, ell: Any) -> tuple[Any, ...]:
    """S when the data are fitted, from the slopes without decay, the time to fit and ell."""
    decayed = min(time - ell, time * 0)
    return tuple(max(slope, decayed) for slope in slopes)


def slopes_at_end(result: Displacement) -> tuple[Any, ...]:
    """S at the end of two layers that do not collapse."""
    first, second = result.strength
    size = (first + second - result.capacity) / 2  # sqrt(alpha)
    return tuple(max(size - start, start * 0) for start in result.frobenius)

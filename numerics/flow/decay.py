r"""Weight decay in a flow: dW_l/dt = -grad_l R - Lambda_l W_l, the walk of a network through the phase diagram.

**The exact map.** Over a step h let W_l = exp(-Lambda_l s) O_l. For a homogeneous activation the output of the O is that of the
W times exp(D s), D = sum_l Lambda_l, and neither kinks nor patterns know the difference. With two layers of equal decay the O
follow the *undecayed* flow in the same time, driven by the residual e of the W. So a step with decay is a step of O without it,
whatever the method, and after that a multiplication. With L layers of equal decay O goes at the speed exp((2 - L) Lambda s).
Decays of two layers that differ are the equal decay of their mean between two halves of a rescaling, exp(-(Lambda_l - mean) h/2),
that leaves the output alone (Strang's splitting, of second order in h times the difference).

**The residual** obeys e' = -(K + D) e - D y with the tangent kernel K of the W:

    e(s) = e_inf + exp(-(K + D) s) (e - e_inf),    e_inf = -D (K + D)^-1 y.

A step holds K at its mean, not at its start: once the data are fitted, e is as small as D/K, and what the O gain has to outweigh
the decay to that part. The mean is found from the rate at which K changed in the step before, at most D.

**Energy.** What the flow with decay descends is R + (1/2) sum_l Lambda_l |W_l|^2; its gradient, grad R + Lambda W, says where it
rests. u_k^2 - |v_k|^2 decays as exp(-2 Lambda t) if the decays are equal; if not, nothing is conserved.

Source: derived here; weight decay as minimisation of a norm of the function: Bach, JMLR 18 (2017); Lyu et al., 2311.18817.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import positive_number, real_array
from numerics.errors import InputError, check_type
from numerics.kernels.decay import hold, kernel_rate
from numerics.networks.deep import DeepNetwork
from numerics.networks.two_layer import TwoLayer

__all__ = ["NONE", "Decay", "Held", "as_decay", "normalised_decay"]


class Held(NamedTuple):
    """The residual of a step: ``rest`` + exp(-kernel s) ``transient``."""

    kernel: np.ndarray
    transient: np.ndarray
    rest: np.ndarray


@dataclass(frozen=True)
class Decay:
    """Rates Lambda_l in normalised time, layer by layer, input to output."""

    rates: tuple[float, ...]

    def __bool__(self) -> bool:
        return self.fastest > 0.0

    @cached_property
    def total(self) -> float:
        """D, the rate at which the output decays."""
        return float(sum(self.rates))

    @cached_property
    def equal(self) -> bool:
        """Whether all layers decay alike."""
        return len(set(self.rates)) == 1

    @cached_property
    def common(self) -> float:
        """The rate of all layers, if they decay alike, else the mean."""
        return self.rates[0] if self.equal else self.total / len(self.rates)

    @cached_property
    def spread(self) -> float:
        """Largest difference of a rate from the mean."""
        return max(abs(rate - self.common) for rate in self.rates)

    @cached_property
    def fastest(self) -> float:
        """The largest rate."""
        return max(self.rates, default=0.0)

    @cached_property
    def slowest(self) -> float:
        """The smallest of the rates that are not 0."""
        return min(rate for rate in self.rates if rate)

    def factors(self, h: float) -> tuple[float, ...]:
        """What the layers are multiplied by over a time h."""
        return tuple(math.exp(-rate * h) for rate in self.rates)

    def last_factors(self, h: float) -> tuple[float, ...]:
        """Those at the end of a step: half of a rescaling by the difference from the mean was before it."""
        if self.equal:
            return (math.exp(-self.common * h),) * len(self.rates)
        return tuple(math.exp(-(self.common + rate) * h / 2) for rate in self.rates)

    def penalty(self, squares: Sequence[float]) -> float:
        """(1/2) sum_l Lambda_l |W_l|^2, from the squared norms."""
        return sum(rate * square for rate, square in zip(self.rates, squares, strict=True)) / 2

    def gradient_squared(self, undecayed: float, along: Sequence[float], squares: Sequence[float]) -> float:
        """|grad R + Lambda W|^2 from |grad R|^2, the grad_l R.W_l and the |W_l|^2."""
        parts = zip(self.rates, along, squares, strict=True)
        return max(undecayed + sum(rate * (2 * a + rate * square) for rate, a, square in parts), 0.0)

    def net_growth(self, rate: float) -> float:
        """How fast a neuron grows that forces alone let grow at ``rate``: the larger eigenvalue of two layers."""
        return float(np.hypot(rate, (self.rates[0] - self.rates[-1]) / 2)) - self.total / len(self.rates)

    def hold(self, kernel: np.ndarray, residual: np.ndarray, targets: np.ndarray, change: float) -> Held:
        """The residual while the kernel changes by exp(change) in all."""
        return Held(*hold(kernel, residual, targets, change, self.total))

    def fit_rotation(self, h: float) -> float:
        """Factor of the forces of a step h of two layers, at which a neuron that only grows balances its decay exactly.

        That of equal decay is 1. Between halves of a rescaling by the difference d of the rates from the mean L the exact motion
        under a force G grows by w, cosh w = cosh(d h) cosh(G h), which is to be L h at G^2 = L^2 - d^2.
        """
        if self.equal:
            return 1.0
        balanced = np.sqrt(np.prod(self.rates)) * h
        if balanced == 0.0:
            return 1.0
        return float(np.arccosh(np.cosh(self.common * h) / np.cosh(self.spread * h)) / balanced)

    def fit_trapezoid(self, h: float) -> float:
        """The same of the exponential trapezoidal rule, which moves (u, |v|) by the matrix ((1 + x^2/2, x), (x, 1 + x^2/2))."""
        balanced = np.sqrt(np.prod(self.rates)) * h
        if balanced == 0.0:
            return 1.0
        # q = x^2/2 of (grown - 1 - q)^2 = 2 q + 2 grown (1 + q) (cosh(d h) - 1), without the cancellation of large numbers
        grown, apart = np.exp(self.common * h), np.cosh(self.spread * h)
        constant = (grown - 1.0) ** 2 - 2.0 * grown * (apart - 1.0)
        q = constant / (grown * apart + np.sqrt((grown * apart) ** 2 - constant))
        return float(np.sqrt(2.0 * q) / balanced)

    def fit_chain(self, h: float) -> float:
        """The same of L layers in balance, each of which the rule of :mod:`numerics.flow.deep.exponential` lets grow."""
        power, x = len(self.rates) - 1, self.common * h
        if x == 0.0:
            return 1.0
        half, whole = np.exp((1 - power) * x / 2), np.exp((1 - power) * x)
        y = x
        for _ in range(50):  # Newton's method, with derivatives by y of every stage: the map is convex
            last, d_last = whole * (1 + y) ** power, whole * power * (1 + y) ** (power - 1)
            size, d_size = 1 + (3 + last) * y / 8, (3 + last + d_last * y) / 8
            middle, d_middle = half * size**power, half * power * size ** (power - 1) * d_size
            size, d_size = 1 + middle * y, middle + d_middle * y
            last, d_last = whole * size**power, whole * power * size ** (power - 1) * d_size
            speed, d_speed = (1 + 4 * middle + last) / 6, (4 * d_middle + d_last) / 6
            value = y * speed - np.expm1(x)
            y -= value / (speed + y * d_speed)
            if abs(value) < 1e-15 * np.expm1(x):
                break
        return float(y / x)

    def kernel_rate(self, now: float, before: float, h: float) -> float:
        """Rate at which a size of the kernel changed over the last step, as far as decay can do that."""
        return float(kernel_rate(now, before, h, self.total))


#: No decay.
NONE = Decay(())


def normalised_decay(
    network: TwoLayer | DeepNetwork,
    *,
    mu: ArrayLike | None = None,
    training: ArrayLike | None = None,
    time_unit: SupportsFloat | None = None,
) -> float | np.ndarray:
    """Weight decay Lambda in normalised time, as :func:`numerics.gradient_flow` takes it.

    Parameters
    ----------
    network : TwoLayer or DeepNetwork
    mu : float or array (layers,)
        The third number of two layers beside P and kappa', mu = lambda alpha: Lambda = kappa mu.
    training : float or array (layers,)
        lambda in dtheta/dt = -grad R - lambda theta, in the time of the unnormalised flow: Lambda = lambda time_unit.
    time_unit : float, optional
        beta1 beta2 of two layers, which do not know it; of a DeepNetwork its own by default.

    Examples
    --------
    >>> from numerics import TwoLayer
    >>> net = TwoLayer.sample(100, gamma=1, gamma_prime=0, inputs=[[0.5, 1.0]])
    >>> normalised_decay(net, mu=0.5), normalised_decay(net, training=0.5, time_unit=0.01)
    (0.005, 0.005)
    """
    check_type(network, "network", TwoLayer, DeepNetwork)
    if mu is not None and training is None:
        if time_unit is not None or not isinstance(network, TwoLayer):
            raise InputError("mu takes a TwoLayer and no time_unit; give training = lambda with them")
        given, unit = real_array(mu, "mu", finite=True), network.kappa
    elif training is not None and mu is None:
        if time_unit is not None:
            unit = positive_number(time_unit, "time_unit")
        elif isinstance(network, DeepNetwork):
            unit = network.time_unit
        else:
            raise InputError("time_unit is missing; give beta1 * beta2 of the two layers")
        given = real_array(training, "training", finite=True)
    else:
        raise InputError("give one of mu (lambda alpha) and training (lambda), not both")
    return float(unit * given) if given.ndim == 0 else unit * given


def as_decay(given: ArrayLike, layers: Sequence[str]) -> Decay:
    """What the user asked for, checked: one number for all layers, or one for each, input to output."""
    if isinstance(given, float) and given == 0.0:
        return _without(len(layers))
    values = real_array(given, "weight_decay", finite=True)
    if values.shape not in ((), (len(layers),)):
        raise InputError(
            f"weight_decay has shape {values.shape}; give one number, or one for each of {', '.join(layers)}, in this order"
        )
    if np.any(values < 0):
        raise InputError(
            f"weight_decay = {given!r}; give 0 or positive rates: a negative one would let the weights blow up"
        )
    return Decay(tuple(values.tolist()) if values.ndim else (float(values),) * len(layers))


@lru_cache
def _without(layers: int) -> Decay:
    """None for any of so many layers; one for all runs, which are many and short."""
    return Decay((0.0,) * layers)

"""The discrete optimisers, as values of one rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from numerics.arrays import listed, real_number
from numerics.errors import InputError

__all__ = ["UpdateRule", "rule_of"]


@dataclass(frozen=True)
class UpdateRule:
    """How a weight moves, given its gradient g.

        p <- first p + gain g,    q <- second q + (1 - second) g^2,    w <- w - rate p,    or, if adaptive,
        w <- w - rate (p/(1 - first^k)) / (sqrt(q/(1 - second^k)) + epsilon) at step k.

    Gradient descent is p = g; sign descent is the adaptive rule without memory, p/sqrt(q) = sign(g). A weight that never had a
    gradient does not move.

    Attributes
    ----------
    name : str
    first, gain, second, epsilon : float
    adaptive : bool
        Whether steps are divided by the size of the gradient.
    decoupled : bool
        How weight decay Lambda enters: g + Lambda w in the place of g, or, decoupled, beside it, w <- (1 - rate Lambda) w first.
    """

    name: str
    first: float
    gain: float
    second: float
    adaptive: bool
    epsilon: float
    decoupled: bool = False

    @classmethod
    def gradient_descent(cls) -> "UpdateRule":
        """Plain gradient descent."""
        return cls("gradient-descent", 0.0, 1.0, 0.0, False, 0.0)

    @classmethod
    def momentum(cls, factor: float = 0.9) -> "UpdateRule":
        """Gradient descent with a heavy ball, as torch.optim.SGD(momentum=factor): p <- factor p + g."""
        return cls("momentum", _decay(factor, "factor"), 1.0, 0.0, False, 0.0)

    @classmethod
    def sign(cls) -> "UpdateRule":
        """Sign descent: every weight moves by the rate, whatever its gradient."""
        return cls("sign", 0.0, 1.0, 0.0, True, 0.0)

    @classmethod
    def adam(cls, betas: Sequence[float] = (0.9, 0.99), epsilon: float = 0.0) -> "UpdateRule":
        """Adam (Kingma and Ba, 1412.6980).

        Frameworks have betas (0.9, 0.999) and epsilon 1e-8. A memory of a thousand steps is longer than the two hundred in which
        the rate of :func:`numerics.descend` moves the weights as far as they have to go; and epsilon is small only against
        gradients that are not, so that here, where weights are normalised, it is 0.
        """
        decays = listed(betas, "betas", "give two numbers, such as (0.9, 0.999)")
        if len(decays) != 2:
            raise InputError(f"betas = {betas!r}; give two numbers, such as (0.9, 0.999)")
        first, second = (_decay(value, "betas") for value in decays)
        epsilon = real_number(epsilon, "epsilon")
        if epsilon < 0:
            raise InputError(f"epsilon = {epsilon}; give 0 or a positive number, such as 1e-8")
        return cls("adam", first, 1.0 - first, second, True, epsilon)

    @classmethod
    def adamw(cls, betas: Sequence[float] = (0.9, 0.99), epsilon: float = 0.0) -> "UpdateRule":
        """Adam with decoupled weight decay (Loshchilov and Hutter, 1711.05101); without decay it is Adam."""
        return replace(cls.adam(betas, epsilon), name="adamw", decoupled=True)

    @property
    def rule(self) -> tuple[float, float, float, bool, float]:
        """For the kernels."""
        return self.first, self.gain, self.second, self.adaptive, self.epsilon

    @property
    def speed(self) -> float:
        """Steps of a constant gradient, in the end, over those without memory; 1 for adaptive ones."""
        return 1.0 if self.adaptive else self.gain / (1.0 - self.first)


_NAMED = {
    "adam": UpdateRule.adam,
    "adamw": UpdateRule.adamw,
    "sign": UpdateRule.sign,
    "gradient-descent": UpdateRule.gradient_descent,
    "momentum": UpdateRule.momentum,
}


def rule_of(asked: str | UpdateRule) -> UpdateRule:
    """The optimiser of a name."""
    if isinstance(asked, UpdateRule):
        return asked
    if not isinstance(asked, str) or asked not in _NAMED:
        raise InputError(f"optimizer = {asked!r}; use one of {', '.join(map(repr, _NAMED))}, or an nm.UpdateRule")
    return _NAMED[asked]()


def _decay(value: float, name: str) -> float:
    number = real_number(value, name)
    if not 0 <= number < 1:
        raise InputError(f"{name} = {number}; give numbers from 0 to below 1, such as 0.9")
    return number

r"""What is left of a network when its width is taken out: the strengths of its layers and its output scale.

With learning rates absorbed, s_l = sigma_l sqrt(max(fan_in, fan_out)), the spectral norm of a layer at the start up to a
constant, and P = prod_l s_l/alpha, the capacity. Two layers: P = m kappa and s_2/s_1 = kappa'. Networks of the same strengths
and alpha move by the same |W_l(t) - W_l(0)| once they are wide (two layers: proved; deeper: argued, and measured at widths 32
to 256), while |W_l(0)| = s_l sqrt(min(fan_in, fan_out)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod, sqrt

__all__ = ["Strengths"]


@dataclass(frozen=True)
class Strengths:
    """Strengths of the layers, input to output, and the output scale; all positive.

    Examples
    --------
    >>> ntk = Strengths.of((1.0, 1.0), 10.0, width=100, inputs=2)
    >>> ntk.capacity, ntk.ratio
    (10.0, 1.0)
    """

    values: tuple[float, ...]
    alpha: float

    @classmethod
    def of(cls, sigmas: Sequence[float], alpha: float, *, width: float, inputs: int) -> "Strengths":
        """Of a network with these standard deviations at a width, learning rates absorbed."""
        largest = [max(pair) for pair in _fans(len(sigmas), width, inputs)]
        return cls(tuple(sigma * sqrt(fan) for sigma, fan in zip(sigmas, largest, strict=True)), alpha)

    @property
    def capacity(self) -> float:
        """P = prod_l s_l/alpha."""
        return prod(self.values) / self.alpha

    @property
    def ratio(self) -> float:
        """s_L/s_1; of two layers kappa'."""
        return self.values[-1] / self.values[0]

    def sigmas(self, width: float, inputs: int) -> tuple[float, ...]:
        """Standard deviations of the network of these strengths at a width."""
        fans = _fans(len(self.values), width, inputs)
        return tuple(s / sqrt(max(pair)) for s, pair in zip(self.values, fans, strict=True))

    def norms(self, width: float, inputs: int) -> tuple[float, ...]:
        """|W_l(0)| in the Frobenius norm, up to a constant, of the network of these strengths at a width."""
        fans = _fans(len(self.values), width, inputs)
        return tuple(s * sqrt(min(pair)) for s, pair in zip(self.values, fans, strict=True))


def _fans(depth: int, width: float, inputs: int) -> list[tuple[float, float]]:
    """(fan_in, fan_out) of every layer. The inputs count as fewer than the neurons, as they do in the limit."""
    return [(min(inputs, width), width), *[(width, width)] * (depth - 2), (width, 1)]

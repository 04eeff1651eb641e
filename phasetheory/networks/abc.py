r"""abc parametrisations of Yang and Hu, and the way to plain scales and back.

An abc parametrisation writes layer l, 1..L from the input, with exponents of the width (paper's n is m here):

    W_l = m^(-a_l) V_l,    (V_l)_ij ~ N(0, m^(-2 b_l)) at the start,    dV_l/dt = -m^(-c_l) dR/dV_l,    f without 1/alpha,

or, under sign descent, the sign of dR/dV_l. Written for W_l, since dR/dV_l = m^(-a_l) dR/dW_l and an update of degree q - 1 in
the gradient sees that factor to the power q - 1, this is a network of this package:

    sigma_l = m^-(a_l + b_l),    eta_l = m^-(q a_l + c_l),    alpha = 1:    q = 2 gradient flow, q = 1 sign descent.

So (a_l + theta, b_l - theta, c_l - q theta), for each layer separately, is the same network exactly: the symmetry of the
papers for gradient descent, q = 2, and for Adam, q = 1 (the first has one c for all layers; it is the same in every c_l). So a
list of exponents belongs to its optimiser. The way back keeps exponents only, not constants, and takes the representative with
a_l = 0 except a_L, which holds alpha.
Sources: G. Yang, E. Hu, ICML 2021, arXiv 2011.14522, sections 2-3 and table 1; K. Everett et al., ICML 2024, arXiv 2407.05872.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from phasetheory.dynamics.activations import Activation, relu
from phasetheory.errors import ExpressionError, TheoryError, shown
from phasetheory.networks.network import Network, check_network, refuse_zero_layer
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.symbols.expressions import as_expression, d, listed_or_none, m

__all__ = ["AbcParametrization", "from_abc", "to_abc"]


@dataclass(frozen=True)
class AbcParametrization:
    """Exponents of the multipliers (a), the initial standard deviations (b) and the learning rates (c), input to output."""

    a: tuple[sp.Expr, ...]
    b: tuple[sp.Expr, ...]
    c: tuple[sp.Expr, ...]

    def __post_init__(self) -> None:
        depth = len(listed_or_none(self.a) or ())
        for name in ("a", "b", "c"):
            object.__setattr__(self, name, _exponents(getattr(self, name), name, depth))

    def shifted(self, theta: Sequence[Any], *, optimizer: str | Optimizer = GRADIENT_FLOW) -> "AbcParametrization":
        """The equivalent parametrisation (a + theta, b - theta, c - q theta), one theta per layer; q = 2, for Adam 1.

        Examples
        --------
        >>> to_abc(from_abc(a=(0, 1), b=(0, 0), c=(0, 0))).shifted((1, -1)).c
        (-2, 4)
        """
        shifts, order = _exponents(theta, "theta", len(self.a)), as_optimizer(optimizer).order
        return AbcParametrization(
            tuple(x + t for x, t in zip(self.a, shifts, strict=True)),
            tuple(x - t for x, t in zip(self.b, shifts, strict=True)),
            tuple(x - order * t for x, t in zip(self.c, shifts, strict=True)),
        )

    def network(
        self, *, optimizer: str | Optimizer = GRADIENT_FLOW, activation: Activation = relu, name: str = ""
    ) -> Network:
        """The same network in plain scales."""
        return from_abc(a=self.a, b=self.b, c=self.c, optimizer=optimizer, activation=activation, name=name)


def from_abc(
    *,
    a: Sequence[Any],
    b: Sequence[Any],
    c: Sequence[Any] | Any = 0,
    optimizer: str | Optimizer = GRADIENT_FLOW,
    activation: Activation = relu,
    name: str = "",
) -> Network:
    """A network from an abc parametrisation.

    Parameters
    ----------
    a, b : sequences of L exponents, input to output
        Rational numbers, text such as ``'1/2'``, or SymPy expressions.
    c : sequence of L exponents, or one for all layers as in the paper
    optimizer : str or Optimizer
        The one that the rates c are meant for: with multipliers a they mean something else to another. Ask the network with it.

    Examples
    --------
    muP as published (table 1 of the paper) has all spectral slopes 0:

    >>> from_abc(a=("-1/2", 0, "1/2"), b=("1/2", "1/2", "1/2"), c=0).slopes(norm="spectral")
    {'W1': 0, 'W2': 0, 'a': 0}

    and so has muP for Adam (Everett et al.), asked as Adam:

    >>> adam = from_abc(a=("-1/2", 0, "1/2"), b=("1/2", "1/2", "1/2"), c=("1/2", 1, "1/2"), optimizer="adam")
    >>> adam.slopes(norm="spectral", optimizer="adam")
    {'W1': 0, 'W2': 0, 'a': 0}
    """
    order = as_optimizer(optimizer).order
    listed = listed_or_none(a)
    if listed is None or len(listed) < 2:
        raise TheoryError(f"a = {shown(a)}; give one exponent per layer, at least two layers")
    depth = len(listed)
    multipliers, deviations = _exponents(listed, "a", depth), _exponents(b, "b", depth)
    rates = _exponents((c,) * depth if listed_or_none(c) is None else c, "c", depth)
    return Network(
        sigmas=tuple(m ** -(x + y) for x, y in zip(multipliers, deviations, strict=True)),
        learning_rates=tuple(m ** -(order * x + z) for x, z in zip(multipliers, rates, strict=True)),
        activation=activation,
        name=name,
    )


def to_abc(network: Network) -> AbcParametrization:
    """The exponents of a network as an abc parametrisation, with a_l = 0 below the output layer, whose multiplier holds alpha.

    Examples
    --------
    >>> from phasetheory.networks.network import two_layer
    >>> to_abc(two_layer(alpha="sqrt(m)", beta1=1, beta2=1)).a
    (0, 1/2)
    """
    check_network(network)
    refuse_zero_layer(network, "abc exponents are those of powers of the width")
    exponents = network.exponents
    below = (sp.S.Zero,) * (len(exponents.sigmas) - 1)
    return AbcParametrization(
        a=(*below, exponents.alpha),
        b=tuple(-s for s in exponents.sigmas),
        c=tuple(-eta for eta in exponents.learning_rates),
    )


def _exponents(values: Any, name: str, depth: int) -> tuple[sp.Expr, ...]:
    listed = listed_or_none(values)
    if listed is None or len(listed) != depth:
        raise TheoryError(f"{name} = {shown(values)}; give one exponent per layer, {depth} in all")
    return tuple(_exponent(value, name) for value in listed)


def _exponent(value: Any, name: str) -> sp.Expr:
    refused = f"{name} contains {shown(value)}; give exponents such as 0, 1/2 or '1/2'"
    try:
        exact = as_expression(value, name=name)
    except ExpressionError as error:
        raise TheoryError(refused) from error
    if exact.is_real is False or exact.is_finite is False or exact.has(sp.nan, m, d):
        raise TheoryError(refused)
    return exact

r"""One network at one width: its capacity P there, the width where P = 1, and which layers have to outgrow their start.

P = kappa m^q with q of :func:`phasetheory.scaling.capacity.capacity_boundary` is what the initial weights can put out with
features aligned: two layers, P = m beta1 beta2/alpha. It is the scaling argument of :mod:`phasetheory.scaling.argument` with
numbers in the place of exponents, so constants of order one are left out. Targets are of order one:

* P >= 1: they are within reach of the initial weights, and every layer moves by 1/P of itself or less, in spectral norm.
* P < 1 (degree 1): all |W_l|^2 grow by one amount Delta along the signal, prod_l max(s_l, sqrt Delta) = alpha with the strengths
  s_l = sigma_l sqrt(m), and the layers with s_l < sqrt Delta outgrow their start.

Within a factor of a few of P = 1 a network is between the regimes. How far its layers move, numbers and all, says
``numerics.locate`` for two layers.
"""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError, shown
from phasetheory.networks.network import Network, check_network
from phasetheory.scaling.capacity import capacity_boundary
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.expressions import m
from phasetheory.symbols.printing import plain

__all__ = ["AtWidth", "at_width"]

_WIDEST = 10**100
_DIGITS = 4
_NEAR = 10  # factor from P = 1 within which a network is said to be near it


@dataclass(frozen=True)
class AtWidth:
    """What the scales of a network are at one width.

    Attributes
    ----------
    network : Network
    width : int
    capacity : sympy.Expr
        P, exact; a formula where the scales have other symbols than the width, such as the input dimension d.
    unit_width : sympy.Expr or None
        Width at which P = 1; None if P does not depend on the width, or is never 1.
    outgrowing : tuple of str or None
        Layers that have to outgrow their start; None where P is no number, or some layer has to but the degree is not 1.
    basis : Basis
    """

    network: Network
    width: int
    capacity: sp.Expr
    unit_width: sp.Expr | None
    outgrowing: tuple[str, ...] | None
    basis: Basis = Basis.DERIVED

    @property
    def value(self) -> str:
        """P, and where it is 1, as text."""
        number = f"P = {_short(self.capacity)}"
        if m not in _capacity(self.network).free_symbols:
            return f"{number} at every width"
        if self.unit_width is not None:
            return number if self.unit_width == self.width else f"{number}, and 1 at width {_short(self.unit_width)}"
        return number if self.capacity.free_symbols else f"{number}, and 1 at no width"

    @property
    def meaning(self) -> str:
        """One line on what that means."""
        if self.capacity.free_symbols:
            names = ", ".join(sorted(map(str, self.capacity.free_symbols)))
            return f"it takes a number for {names}: targets of order one are within reach of the initial weights where P > 1"
        near = sp.Rational(1, _NEAR) < self.capacity < _NEAR
        if self.capacity == 1:
            return (
                f"targets of order one are just within reach of the initial weights: between the regimes{self._limit}"
            )
        if self.capacity > 1:
            place = "near P = 1, on the linear side" if near else "linear here"
            return f"targets of order one are within reach of the initial weights: {place}{self._limit}"
        place = "near P = 1, on the condensed side" if near else "condensed here"
        return f"targets of order one are beyond the initial weights, {self._growing}: {place}{self._limit}"

    @property
    def _growing(self) -> str:
        if self.outgrowing is None:
            return "layers have to grow"
        return f"{_listed(self.outgrowing)} {'outgrows its' if len(self.outgrowing) == 1 else 'outgrow their'} start"

    @property
    def _limit(self) -> str:
        """The regimes in the limit, for degree 1 and exponents that are numbers."""
        net = self.network
        if net.activation.degree != 1 or any(not slope.is_number for slope in net.slopes().values()):
            return ""
        norm = "frobenius" if net.depth == 2 else "spectral"
        layers: dict[str, list[str]] = {}
        for layer, regime in net.regime(norm).items():
            layers.setdefault(regime.value, []).append(layer)
        said = ", ".join(f"{_listed(names)} {regime}" for regime, names in layers.items())
        return f"; in the limit {said}{', in spectral norm' if net.depth > 2 else ''}"


def at_width(network: Network, width: int) -> AtWidth:
    """Capacity of a network at a width, and what it means there.

    Parameters
    ----------
    network : Network
        Of any depth and degree.
    width : int
        Neurons of every hidden layer, from 2 to 10^100.

    Raises
    ------
    TheoryError
        A width that is none, or at which a scale is not positive.

    Examples
    --------
    >>> from phasetheory.networks.network import two_layer
    >>> here = at_width(two_layer(alpha=1, beta1="0.05", beta2="0.05"), 100)
    >>> here.capacity, here.unit_width, here.outgrowing
    (1/4, 400, ('w', 'a'))
    """
    check_network(network)
    if isinstance(width, bool) or not isinstance(width, Integral) or not 2 <= width <= _WIDEST:
        raise TheoryError(f"width = {shown(width)}; give an integer from 2 to 10^100")
    for name, scale in _scales(network):
        here = scale.subs(m, int(width))
        if here.is_positive is False and not scale.is_zero:
            raise TheoryError(f"{name} = {plain(scale)} is not positive at width {width}; give a larger width")
    P = _capacity(network)
    here = sp.simplify(P.subs(m, int(width)))
    outgrowing: tuple[str, ...] | None = None
    if here.is_number:
        outgrowing = () if here >= 1 else _outgrowing(network, int(width)) if network.activation.degree == 1 else None
    return AtWidth(network, int(width), here, _unit_width(P), outgrowing)


def _capacity(network: Network) -> sp.Expr:
    """P as a function of the width."""
    return sp.simplify(network.kappa * m ** capacity_boundary(network.depth, network.activation))


def _scales(network: Network) -> list[tuple[str, sp.Expr]]:
    names = [f"sigma of {layer}" for layer in network.layers]
    rates = [f"learning rate of {layer}" for layer in network.layers]
    return [
        *zip(names, network.sigmas, strict=True),
        ("alpha", network.alpha),
        *zip(rates, network.learning_rates, strict=True),
    ]


def _outgrowing(network: Network, width: int) -> tuple[str, ...]:
    """Layers with s_l < sqrt Delta, for P < 1."""

    def number(scale: sp.Expr) -> sp.Expr:
        return sp.N(scale.subs(m, width))

    roots = [sp.sqrt(number(rate)) for rate in network.learning_rates]
    strengths = [number(s) / root * sp.sqrt(width) for s, root in zip(network.sigmas, roots, strict=True)]
    ordered, target = sorted(strengths), number(network.alpha) / sp.Mul(*roots)
    for growing in range(1, len(ordered) + 1):  # the weakest layers, until they have caught up with none of the others
        root = (target / sp.Mul(*ordered[growing:])) ** (sp.S.One / growing)
        if growing == len(ordered) or root <= ordered[growing]:
            break
    return tuple(layer for layer, s in zip(network.layers, strengths, strict=True) if s < root)


def _unit_width(P: sp.Expr) -> sp.Expr | None:
    """Where P = 1: in closed form for a power of the width, else between 1 and 10^30."""
    constant, power = sp.powsimp(sp.expand_power_base(P, force=True), force=True).as_independent(m, as_Add=False)
    base, exponent = power.as_base_exp()
    if constant.is_zero or power == 1:
        return None
    if base == m and m not in exponent.free_symbols:
        return sp.simplify(constant ** (-1 / exponent))
    if P.free_symbols != {m}:
        return None
    low, high = sp.Float(0), sp.log(sp.Float(10) ** 30)
    side = _above(P, low)
    if side is None or side == _above(P, high):
        return None
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if _above(P, middle) == side else (low, middle)
    return sp.exp(low)


def _above(P: sp.Expr, log_width: sp.Expr) -> bool | None:
    value = sp.N(P.subs(m, sp.exp(log_width)))
    return bool(value > 1) if value.is_real else None


def _short(value: sp.Expr) -> str:
    """A number, or the number before a formula, to a few digits; whole numbers are left."""
    number, formula = value.as_independent(*value.free_symbols) if value.free_symbols else (value, sp.S.One)
    if not (number.is_Integer and number < 10**6):
        number = sp.Float(f"{float(number):.{_DIGITS}g}") if 1e-300 < number < 1e300 else sp.N(number, _DIGITS)
    if formula == 1:
        return str(number) if number.is_Integer or not 1e-300 < number < 1e300 else f"{float(number):.{_DIGITS}g}"
    return plain(sp.Mul(number, formula, evaluate=False) if number != 1 else formula)


def _listed(names: Any) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last

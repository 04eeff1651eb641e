r"""Networks as the theory sees them: depth, scales and activation, no weights.

    f(x) = (1/alpha) W_L sigma(W_{L-1} ... sigma(W_1 x)),    (W_l)_ij ~ N(0, sigma_l^2),   dW_l/dt = -eta_l dR/dW_l

Layers are numbered from the input, l = 1..L. The two notations of the literature are thin constructors:

    two_layer(alpha, beta1, beta2)             paper [L21]: beta1 is the OUTPUT layer,  sigmas = (beta2, beta1)
    three_layer(alpha, beta1, beta2, beta3)    book:        beta1 is the INPUT layer,   sigmas = (beta1, beta2, beta3)

[L21] T. Luo, Z.-Q. J. Xu, Z. Ma, Y. Zhang, JMLR 22 (2021), arXiv 2007.07497.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.dynamics.activations import Activation, check_activation, relu
from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.errors import NotHomogeneousError, NotPowerLawError, TheoryError, shown
from phasetheory.scaling.argument import Exponents, layer_slopes
from phasetheory.scaling.capacity import capacity_exponent
from phasetheory.scaling.learning_rates import LearningRateScaling, learning_rate_scaling
from phasetheory.scaling.regimes import Basis, Regime, basis_at, classify
from phasetheory.symbols.budget import simplified
from phasetheory.symbols.exponents import exponent, exponent_of
from phasetheory.symbols.expressions import as_scale, listed_or_none

__all__ = ["Network", "check_network", "layer_names", "three_layer", "two_layer"]

_LARGEST_POWER = 4096  # of a scale in kappa: 2^4096 is still a number to print


def layer_names(depth: int) -> tuple[str, ...]:
    """Names of the weights from input to output: ('w', 'a') at depth 2, else ('W1', ..., 'a')."""
    return ("w", "a") if depth == 2 else (*(f"W{layer}" for layer in range(1, depth)), "a")


@dataclass(frozen=True)
class Network:
    """A fully connected network with one output, as a point of the theory.

    Parameters
    ----------
    sigmas : sequence of scales, length L >= 2
        Standard deviations of the initial weights, input to output. Scales are numbers, SymPy expressions in
        ``phasetheory.m`` and ``phasetheory.d``, or text such as ``'sqrt(2/m)'`` (read, never executed).
    alpha : scale
        The output is divided by it.
    learning_rates : sequence of scales, length L, optional
        Layer-wise learning rates eta_l; all 1 by default.
    activation : Activation
        Any positively homogeneous one; exponents and slopes need degree 1.
    name : str
        How the network is called in tables and figures.

    Raises
    ------
    TheoryError
        Depth below 2, or a scale that is not positive, finite and readable.
    """

    sigmas: tuple[sp.Expr, ...]
    alpha: sp.Expr = sp.S.One
    learning_rates: tuple[sp.Expr, ...] = ()
    activation: Activation = relu
    name: str = ""

    def __post_init__(self) -> None:
        check_activation(self.activation)
        if not isinstance(self.name, str):
            raise TheoryError(f"name = {shown(self.name)} is not text; give how the network is called, or leave it out")
        given, rates = listed_or_none(self.sigmas), listed_or_none(self.learning_rates)
        if given is None or len(given) < 2:
            raise TheoryError(f"sigmas = {shown(self.sigmas)}; give one scale per layer, at least two layers")
        depth = check_depth(len(given))
        if rates is None:
            raise TheoryError(f"learning_rates = {shown(self.learning_rates)}; give one per layer, or leave them out")
        rates = rates or [1] * depth
        if len(rates) != depth:
            raise TheoryError(f"{len(rates)} learning rates for {depth} layers; give one per layer")
        names = ("beta2", "beta1") if depth == 2 else [f"sigma_{i + 1}" for i in range(depth)]
        scales = tuple(as_scale(s, name=n) for n, s in zip(names, given, strict=True))
        object.__setattr__(self, "sigmas", scales)
        object.__setattr__(self, "alpha", as_scale(self.alpha, name="alpha"))
        object.__setattr__(self, "learning_rates", tuple(as_scale(r, name=f"eta_{i + 1}") for i, r in enumerate(rates)))

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return len(self.sigmas)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the weight layers, input to output."""
        return layer_names(self.depth)

    @property
    def kappa(self) -> sp.Expr:
        """Energetic scale: the output of the network whose normalised weights are 1.

        prod_l sigma_l^(p^(L-l)) / alpha; for two layers of degree 1, beta1 beta2 / alpha.
        """
        return simplified(self._kappa)

    @property
    def _kappa(self) -> sp.Expr:
        powers = self._powers
        if any(power.is_number and power > _LARGEST_POWER for power in powers):
            raise TheoryError(
                f"kappa of {self.depth} layers of degree {self.activation.degree} has a power beyond {_LARGEST_POWER}; "
                "ask for gamma, its exponent in the width"
            )
        return sp.Mul(*(s**power for s, power in zip(self.sigmas, powers, strict=True))) / self.alpha

    @property
    def _powers(self) -> tuple[sp.Expr, ...]:
        """Powers p^(L-l) of the sigma_l in kappa."""
        return tuple(self.activation.degree ** (self.depth - layer) for layer in range(1, self.depth + 1))

    @property
    def kappa_prime(self) -> sp.Expr:
        """Dynamical scale: output over input layer, in the metric of the flow.

        (sigma_L/sqrt(eta_L)) / (sigma_1/sqrt(eta_1)); for two layers beta1/beta2.
        """
        return simplified(self._kappa_prime)

    @property
    def _kappa_prime(self) -> sp.Expr:
        first, last = (self.sigmas[i] / sp.sqrt(self.learning_rates[i]) for i in (0, -1))
        return last / first

    @cached_property
    def gamma(self) -> sp.Expr:
        """-lim log kappa / log m, exact (gamma_3 in the book's three-layer notation)."""
        try:
            own = self.exponents
        except NotPowerLawError:  # of one of the scales: they may still have a product that is a power law
            return sp.expand(-exponent_of(self._kappa))
        return sp.expand(own.alpha - sum(s * power for s, power in zip(own.sigmas, self._powers, strict=True)))

    @cached_property
    def gamma_prime(self) -> sp.Expr:
        """-lim log kappa' / log m, exact (gamma_2 in the book's three-layer notation)."""
        try:
            own = self.exponents
        except NotPowerLawError:
            return sp.expand(-exponent_of(self._kappa_prime))
        first, last = (own.sigmas[i] - own.learning_rates[i] / 2 for i in (0, -1))
        return sp.expand(first - last)

    @cached_property
    def exponents(self) -> Exponents:
        """Exponents in the width of every sigma_l, of alpha and of every eta_l."""
        return Exponents(
            sigmas=tuple(map(exponent, self.sigmas)),
            alpha=exponent(self.alpha),
            learning_rates=tuple(map(exponent, self.learning_rates)),
        )

    @property
    def capacity(self) -> sp.Expr:
        """Exponent of the capacity P, for any degree, large where positive; see :mod:`phasetheory.scaling.capacity`."""
        return capacity_exponent(self.exponents.sigmas, self.exponents.alpha, self.activation.degree)

    def slopes(self, norm: str = "frobenius") -> dict[str, sp.Expr]:
        """Slope S_l = lim log RD_l / log m of every layer, exact.

        Derived by the scaling argument of :mod:`phasetheory.scaling.argument`; the theorem of [L21] covers the regime of w
        at depth 2. ``norm`` is ``'frobenius'`` (the paper's relative distance) or ``'spectral'``.

        Raises
        ------
        NotHomogeneousError
            For an activation of degree other than 1: growth is then winner-take-all and no slope is claimed.
        """
        self._require_degree_one("slopes are claimed")
        return dict(zip(self.layers, layer_slopes(self.exponents, norm=norm), strict=True))

    def regime(self, norm: str = "frobenius") -> dict[str, Regime]:
        """Regime of every layer: the sign of its slope."""
        return {layer: classify(slope) for layer, slope in self.slopes(norm).items()}

    def basis(self) -> dict[str, Basis]:
        """What the regime of every layer rests on: a theorem of [L21] for w of two relu layers off the boundary, or argument."""
        found = dict.fromkeys(self.layers, Basis.DERIVED)
        if self.depth == 2 and self.activation == relu:
            found["w"] = basis_at(self.gamma, self.gamma_prime)
        return found

    def learning_rate_scaling(self) -> LearningRateScaling:
        """How the largest stable gradient-descent step and the time to fit scale with the width (derived).

        Examples
        --------
        >>> scaling = two_layer(alpha=1, beta1="1/sqrt(m)", beta2=1).learning_rate_scaling()
        >>> scaling.largest_step, scaling.steps
        (-1, 0)
        """
        self._require_degree_one("learning-rate exponents are claimed")
        return learning_rate_scaling(self.exponents)

    def _require_degree_one(self, claim: str) -> None:
        if self.activation.degree != 1:
            raise NotHomogeneousError(
                f"{claim} for degree 1 only and {self.activation.name} has degree {self.activation.degree}: its growth is "
                "winner-take-all (see phasetheory.scaling.capacity); use relu, leaky_relu or linear, or ask for .capacity"
            )


def check_network(value: Any, advice: str = "give phasetheory.Network(..)") -> None:
    """Refuse what is not a :class:`Network`."""
    if not isinstance(value, Network):
        raise TheoryError(f"network = {shown(value)} is not a network; {advice}")


def two_layer(alpha: Any, beta1: Any, beta2: Any, *, activation: Activation = relu, name: str = "") -> Network:
    """Two layers in the paper's notation: a ~ N(0, beta1^2) is the OUTPUT layer, w ~ N(0, beta2^2 I) the input layer.

    Examples
    --------
    >>> two_layer(alpha="sqrt(m)", beta1=1, beta2=1).slopes()
    {'w': -1/2, 'a': -1/2}
    """
    return Network(sigmas=(beta2, beta1), alpha=alpha, activation=activation, name=name)


def three_layer(
    alpha: Any, beta1: Any, beta2: Any, beta3: Any, *, activation: Activation = relu, name: str = ""
) -> Network:
    """Three layers in the book's notation: W1 ~ beta1 is the INPUT layer, W2 ~ beta2, a ~ beta3 the output layer."""
    return Network(sigmas=(beta1, beta2, beta3), alpha=alpha, activation=activation, name=name)

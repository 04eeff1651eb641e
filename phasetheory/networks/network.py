r"""Networks as the theory sees them: depth, scales and activation, no weights.

    f(x) = (1/alpha) W_L sigma(W_{L-1} ... sigma(W_1 x)),    (W_l)_ij ~ N(0, sigma_l^2),   dW_l/dt = -eta_l dR/dW_l

Layers are numbered from the input, l = 1..L. The two notations of the literature are thin constructors:

    two_layer(alpha, beta1, beta2)             paper [L21]: beta1 is the OUTPUT layer,  sigmas = (beta2, beta1)
    three_layer(alpha, beta1, beta2, beta3)    book:        beta1 is the INPUT layer,   sigmas = (beta1, beta2, beta3)

Scales are standard deviations, not variances: the variance 2/fan_in of He is the scale sqrt(2/fan_in).

One layer may start at zero, sigma_l = 0: the readout of muP, the last map of a branch. It is the limit of a scale m^-b
for b to infinity, and the algebra of exponents has a value for it, -oo: P = 0, so the layers must grow; the layer itself has no
relative distance (S_l = oo), and what is finite is how far it moves, :meth:`Network.displacements`. With two such layers every
gradient vanishes, since df/dW_l has a factor from every other layer. A *hidden* layer at zero
stands on the kink of the activation and is no such limit: relu'(0) is 0 to every library, so nothing ever moves; under leaky relu
all its neurons have the same derivative there and move along one direction, which tiny weights do not. It is taken for the linear
activation only.

[L21] T. Luo, Z.-Q. J. Xu, Z. Ma, Y. Zhang, JMLR 22 (2021), arXiv 2007.07497.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import sympy as sp

from phasetheory.dynamics.activations import Activation, check_activation, relu
from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.errors import NotHomogeneousError, NotPowerLawError, TheoryError, shown
from phasetheory.scaling.argument import Exponents, displacement, layer_slopes
from phasetheory.scaling.capacity import capacity_exponent
from phasetheory.scaling.learning_rates import LearningRateScaling, learning_rate_scaling
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.regimes import Basis, Regime, basis_at, classify
from phasetheory.scaling.targets import check_target, hard_slopes, is_open, matters
from phasetheory.symbols.budget import simplified
from phasetheory.symbols.exponents import exponent, exponent_of, positive_scale
from phasetheory.symbols.expressions import Fans, as_expression, d, listed_or_none, m

__all__ = [
    "Network",
    "check_network",
    "coordinate_symbols",
    "layer_fans",
    "layer_names",
    "refuse_other_degrees",
    "refuse_zero_layer",
    "three_layer",
    "two_layer",
]

_ALL_ONE: Any = None  # learning rates
_LARGEST_POWER = 4096  # of a scale in kappa: 2^4096 is still a number to print


def layer_names(depth: int) -> tuple[str, ...]:
    """Names of the weights from input to output: ('w', 'a') at depth 2, else ('W1', ..., 'a')."""
    return ("w", "a") if depth == 2 else (*(f"W{layer}" for layer in range(1, depth)), "a")


def coordinate_symbols(depth: int) -> tuple[sp.Symbol, sp.Symbol]:
    """What gamma and gamma' are called at this depth: gamma_3 and gamma_2 in the book's three layers."""
    first, second = sp.symbols("gamma_3 gamma_2" if depth == 3 else "gamma gamma_prime", real=True)
    return first, second


def layer_fans(depth: int) -> list[Fans]:
    """(fan_in, fan_out) of every layer, input to output, from the widths d, m, ..., m, 1."""
    return list(pairwise([d, *[m] * (depth - 1), sp.S.One]))


@dataclass(frozen=True)
class Network:
    """A fully connected network with one output, as a point of the theory.

    Parameters
    ----------
    sigmas : sequence of scales, length L >= 2
        Standard deviations (not variances) of the initial weights, input to output. Scales are numbers, SymPy expressions in
        ``phasetheory.m`` and ``phasetheory.d``, or text such as ``'sqrt(2/m)'`` (read, never executed); ``'sqrt(2/fan_in)'``
        takes fan_in and fan_out of its layer. One of them may be 0: a layer that starts at zero.
    alpha : scale
        The output is divided by it.
    learning_rates : sequence of scales, length L, optional
        Layer-wise learning rates eta_l, in the fans of their layers too; all 1 by default.
    activation : Activation
        Any positively homogeneous one; exponents and slopes need degree 1.
    name : str
        How the network is called in tables and figures.

    Raises
    ------
    TheoryError
        Depth below 2, or a scale that is not finite, readable and positive at large width; two layers that start at zero, or a
        hidden one under an activation with a kink.

    Examples
    --------
    >>> Network(("sqrt(2/fan_in)",) * 3).sigmas
    (sqrt(2)/sqrt(d), sqrt(2)/sqrt(m), sqrt(2)/sqrt(m))
    >>> net = Network((1, 0))  # output weights start at zero
    >>> net.slopes(), net.displacements()
    ({'w': -2, 'a': oo}, {'w': -3/2, 'a': -1/2})
    """

    sigmas: tuple[sp.Expr, ...]
    alpha: sp.Expr = sp.S.One
    learning_rates: tuple[sp.Expr, ...] = _ALL_ONE
    activation: Activation = relu
    name: str = ""

    def __post_init__(self) -> None:
        check_activation(self.activation)
        if not isinstance(self.name, str):
            raise TheoryError(f"name = {shown(self.name)} is not text; give how the network is called, or leave it out")
        given = listed_or_none(self.sigmas)
        if given is None or len(given) < 2:
            raise TheoryError(f"sigmas = {shown(self.sigmas)}; give one scale per layer, at least two layers")
        depth = check_depth(len(given))
        rates = [1] * depth if self.learning_rates is _ALL_ONE else listed_or_none(self.learning_rates)
        if rates is None:
            raise TheoryError(f"learning_rates = {shown(self.learning_rates)}; give one per layer, or leave them out")
        if len(rates) != depth:
            raise TheoryError(f"{len(rates)} learning rates for {depth} layers; give one per layer, or leave them out")
        names = ("beta2", "beta1") if depth == 2 else [f"sigma_{i + 1}" for i in range(depth)]
        fans = layer_fans(depth)
        sigmas = tuple(_deviation(s, name, fan) for name, s, fan in zip(names, given, fans, strict=True))
        object.__setattr__(self, "sigmas", sigmas)
        object.__setattr__(self, "alpha", positive_scale(self.alpha, "alpha"))
        etas = tuple(
            positive_scale(r, f"eta_{i}", fan) for i, (r, fan) in enumerate(zip(rates, fans, strict=True), start=1)
        )
        object.__setattr__(self, "learning_rates", etas)
        self._check_zeros(names)

    def _check_zeros(self, names: Sequence[str]) -> None:
        zeros = [name for name, sigma in zip(names, self.sigmas, strict=True) if sigma == 0]
        if len(zeros) > 1:
            raise TheoryError(
                f"{' = '.join(zeros)} = 0: with two layers at zero every gradient vanishes and nothing ever moves; "
                "let one layer start at zero at most"
            )
        if zeros and self.sigmas[-1] != 0 and not self.activation.is_linear:
            raise TheoryError(
                f"{zeros[0]} = 0: a hidden layer at zero stands on the kink of {self.activation.name}, where it never moves, or "
                "all its neurons move as one; let the output layer start at zero, or take a small scale such as 1/m^2"
            )

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return len(self.sigmas)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the weight layers, input to output."""
        return layer_names(self.depth)

    @property
    def zero_layer(self) -> str | None:
        """Name of the layer that starts at zero, sigma_l = 0; None if no layer does.

        Then kappa = 0, and gamma = oo is no point of a diagram: strengths and :meth:`displacements` say what it would.
        """
        return next((layer for layer, sigma in zip(self.layers, self.sigmas, strict=True) if sigma == 0), None)

    @cached_property
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

    @cached_property
    def kappa_prime(self) -> sp.Expr:
        """Dynamical scale: output over input layer, in the metric of the flow.

        (sigma_L/sqrt(eta_L)) / (sigma_1/sqrt(eta_1)); for two layers beta1/beta2.
        """
        return simplified(self._kappa_prime)

    @property
    def _kappa_prime(self) -> sp.Expr:
        first, last = (self.sigmas[i] / sp.sqrt(self.learning_rates[i]) for i in (0, -1))
        return last / first if first != 0 else sp.oo

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
            return self.coordinates()[1]
        except NotPowerLawError:
            return sp.expand(-exponent_of(self._kappa_prime))

    def coordinates(self, optimizer: str | Optimizer = GRADIENT_FLOW) -> tuple[sp.Expr, sp.Expr]:
        """(gamma, gamma'), with the learning rates in gamma' as they count for an optimiser.

        kappa' is the ratio of last to first scale, learning rates absorbed: (sigma_L/eta_L^(1/q)) / (sigma_1/eta_1^(1/q)),
        q = 2 under gradient flow, q = 1 under sign descent. With equal rates they are :attr:`gamma` and :attr:`gamma_prime`.

        Examples
        --------
        >>> net = two_layer(alpha="m", beta1=1, beta2=1)
        >>> fast = Network(net.sigmas, net.alpha, learning_rates=("m", 1))
        >>> fast.coordinates(), fast.coordinates("adam")
        ((1, -1/2), (1, -1))
        """
        sigmas, _ = self.exponents.absorbed(as_optimizer(optimizer))
        return self.gamma, sp.expand(sigmas[0] - sigmas[-1])

    @cached_property
    def exponents(self) -> Exponents:
        """Exponents in the width of every sigma_l (-oo of a layer that starts at zero), of alpha and of every eta_l."""
        return Exponents(
            sigmas=tuple(exponent(s) if s != 0 else -sp.oo for s in self.sigmas),
            alpha=exponent(self.alpha),
            learning_rates=tuple(map(exponent, self.learning_rates)),
        )

    @property
    def capacity(self) -> sp.Expr:
        """Exponent of the capacity P, for any degree, large where positive; see :mod:`phasetheory.scaling.capacity`.

        It belongs to the start, where nothing has moved: the same for every optimiser.
        """
        return capacity_exponent(self.exponents.sigmas, self.exponents.alpha, self.activation.degree)

    def slopes(
        self, norm: str = "frobenius", *, optimizer: str | Optimizer = GRADIENT_FLOW, target: str = "easy"
    ) -> dict[str, sp.Expr]:
        """Slope S_l = lim log RD_l / log m of every layer, exact.

        Derived by the scaling argument of :mod:`phasetheory.scaling.argument`; the theorem of [L21] covers the regime of w
        at depth 2 under gradient flow. A layer that starts at zero has no RD, and oo here.

        Parameters
        ----------
        norm : str
            ``'frobenius'`` (the paper's relative distance) or ``'spectral'``.
        optimizer : str or Optimizer
            ``'gradient-flow'``, or ``'sign-descent'``, also called ``'adam'``, which is what Adam does at a small rate. The
            learning rates of the network are those of this optimiser.
        target : str
            ``'easy'`` or ``'hard'``: where :meth:`depends_on_target`, which of the two branches; elsewhere they are one. See
            :mod:`phasetheory.scaling.targets`.

        Raises
        ------
        NotHomogeneousError
            For an activation of degree other than 1: growth is then winner-take-all and no slope is claimed.
        TheoryError
            An unknown optimiser; a hard target beyond two layers, under sign descent, or for the linear activation.

        Examples
        --------
        >>> net = two_layer(alpha=1, beta1="1/sqrt(m)", beta2=1)
        >>> net.slopes(), net.slopes(optimizer="adam")
        ({'w': -3/2, 'a': -1/2}, {'w': -1, 'a': -1/2})
        >>> two_layer("m^(5/2)", "m", 1).slopes(target="hard")
        {'w': 3/4, 'a': -1/4}
        """
        refuse_other_degrees(self, "slopes are claimed")
        chosen = as_optimizer(optimizer)
        check_target(target, self.depth, self.activation, chosen)
        slopes = dict(zip(self.layers, layer_slopes(self.exponents, norm=norm, optimizer=chosen), strict=True))
        if target == "hard" and is_open(slopes):
            return dict(zip(self.layers, hard_slopes(self.exponents, norm), strict=True))
        return slopes

    def depends_on_target(self, optimizer: str | Optimizer = GRADIENT_FLOW) -> bool:
        """Whether the slopes differ for easy and hard targets: two layers, w condensed, a linear. See :meth:`slopes`."""
        chosen = as_optimizer(optimizer)
        return matters(self.depth, self.activation, chosen) and is_open(self.slopes(optimizer=chosen))

    def displacements(self, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> dict[str, sp.Expr]:
        """Exponent of how far every layer moves, lim log sup_t |W_l(t) - W_l(0)| / log m, in the weights as they are given.

        Derived, by the same argument. It is the same in Frobenius and spectral norm, since layers move in a number of directions
        that does not grow with the width. Of a layer that starts at zero it is the size of its weights.
        """
        refuse_other_degrees(self, "displacements are claimed")
        chosen = as_optimizer(optimizer)
        moved = displacement(*self.exponents.absorbed_numbers(chosen), optimizer=chosen).moved
        roots = (rate / chosen.order for rate in self.exponents.learning_rates)
        return {layer: move + root for layer, move, root in zip(self.layers, moved, roots, strict=True)}

    def regime(self, norm: str = "frobenius", *, optimizer: str | Optimizer = GRADIENT_FLOW) -> dict[str, Regime]:
        """Regime of every layer: the sign of its slope (condensed, if it starts at zero: nothing of the start is left).

        It does not depend on the target.
        """
        return {layer: classify(slope) for layer, slope in self.slopes(norm, optimizer=optimizer).items()}

    def basis(self, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> dict[str, Basis]:
        """What the regime of every layer rests on: argument, or a theorem.

        The theorem of [L21] is on gradient flow, w of two relu layers, off the boundary.
        """
        found = dict.fromkeys(self.layers, Basis.DERIVED)
        if self.depth == 2 and self.activation == relu and as_optimizer(optimizer) == GRADIENT_FLOW:
            found["w"] = basis_at(self.gamma, self.gamma_prime)
        return found

    def learning_rate_scaling(self, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> LearningRateScaling:
        """How the largest stable step and the time to fit scale with the width (derived), for the square loss.

        Examples
        --------
        >>> scaling = two_layer(alpha=1, beta1="1/sqrt(m)", beta2=1).learning_rate_scaling()
        >>> scaling.largest_step, scaling.steps
        (-1, 0)
        """
        refuse_other_degrees(self, "learning-rate exponents are claimed")
        return learning_rate_scaling(self.exponents, as_optimizer(optimizer))

    def _repr_html_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # what a notebook shows, imported when it does

        return for_notebook(self, "html")

    def _repr_latex_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # what a notebook shows, imported when it does

        return for_notebook(self, "latex")


def _deviation(value: Any, name: str, fans: Fans) -> sp.Expr:
    """The same, or 0 for a layer that starts at zero."""
    return sp.S.Zero if as_expression(value, name=name, fans=fans).is_zero else positive_scale(value, name, fans)


def refuse_other_degrees(network: Network, claim: str) -> None:
    """Refuse a network whose activation is not of degree 1; ``claim`` says what is for that one only."""
    if network.activation.degree != 1:
        raise NotHomogeneousError(
            f"{claim} for degree 1 only and {network.activation.name} has degree {network.activation.degree}: its growth is "
            "winner-take-all (see phasetheory.scaling.capacity); use relu, leaky_relu or linear, or ask for .capacity"
        )


def refuse_zero_layer(network: Network, what: str) -> None:
    """Refuse a network with a layer that starts at zero; ``what`` says why it cannot be taken."""
    if network.zero_layer is not None:
        raise TheoryError(
            f"{network.zero_layer} starts at zero, and {what}; use slopes() and displacements(), or a small scale such as 1/m^2"
        )


def check_network(value: Any, advice: str = "give phasetheory.Network(..)") -> None:
    """Refuse what is not a :class:`Network`."""
    if not isinstance(value, Network):
        raise TheoryError(f"network = {shown(value)} is not a network; {advice}")


def two_layer(alpha: Any, beta1: Any, beta2: Any, *, activation: Activation = relu, name: str = "") -> Network:
    """Two layers in the paper's notation: a ~ N(0, beta1^2) is the OUTPUT layer, w ~ N(0, beta2^2 I) the input layer.

    beta1 and beta2 are standard deviations: He's variance 2/fan_in is ``'sqrt(2/fan_in)'``.

    Examples
    --------
    >>> two_layer(alpha="sqrt(m)", beta1=1, beta2=1).slopes()
    {'w': -1/2, 'a': -1/2}
    """
    return Network(sigmas=(beta2, beta1), alpha=alpha, activation=activation, name=name)


def three_layer(
    alpha: Any, beta1: Any, beta2: Any, beta3: Any, *, activation: Activation = relu, name: str = ""
) -> Network:
    """Three layers in the book's notation: W1 ~ beta1 is the INPUT layer, W2 ~ beta2, a ~ beta3 the output layer.

    The betas are standard deviations: He's variance 2/fan_in is ``'sqrt(2/fan_in)'``.
    """
    return Network(sigmas=(beta1, beta2, beta3), alpha=alpha, activation=activation, name=name)

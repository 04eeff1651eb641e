"""Named initialisations as points of the theory: look one up, build it at a depth, print what it means."""

from dataclasses import dataclass, replace

import sympy as sp

from phasetheory.catalogue import CATALOGUE, Scheme
from phasetheory.diagrams import slopes_along
from phasetheory.errors import TheoryError
from phasetheory.networks import Network
from phasetheory.printing import plain
from phasetheory.regimes import Basis, basis_at

__all__ = ["Initialization", "describe_initialization", "initialization", "initializations"]


@dataclass(frozen=True)
class Initialization:
    """A named scheme: how it scales a network, and where it comes from."""

    name: str
    scheme: Scheme

    @property
    def title(self) -> str:
        """Name as the field writes it."""
        return self.scheme.title

    @property
    def source(self) -> str:
        """Where it comes from, and what it draws."""
        return f"{self.scheme.source}: {self.scheme.law}"

    def exists_at(self, depth: int) -> bool:
        """Whether the scheme is made for this depth."""
        return depth == 2 or (depth > 2 and not self.scheme.two_layers_only)

    def network(self, depth: int = 2) -> Network:
        """The scheme as a network.

        Raises
        ------
        TheoryError
            Depth below 2, or above 2 for a scheme of two layers.
        """
        if not isinstance(depth, int) or depth < 2:
            raise TheoryError(f"depth = {depth!r}; a network has at least two layers of weights, give an integer >= 2")
        if not self.exists_at(depth):
            raise TheoryError(f"{self.name!r} has no depth {depth}: {self.scheme.two_layers_only}")
        return replace(self.scheme.build(depth), name=self.title)

    def description(self, depth: int = 2) -> str:
        """Scales, exponents, regime, learning rate, source and biases as text.

        Examples
        --------
        >>> print(describe_initialization("ntk").description())
        NTK, depth 2: standard normal weights, 1/sqrt(m) after every hidden layer
          source         Jacot, Gabriel, Hongler 2018, arXiv 1806.07572
          scales         σ_w = 1, σ_a = 1; α = √m; η = 1, 1
          exponents      σ: 0, 0; α: 1/2; η: 0, 0
          coordinates    γ = 1/2, γ' = 0
          w              S = -1/2: linear [proved]
          a              S = -1/2: linear [derived]
          learning rate  largest learning rate ~ 1: when the width doubles, keep it; fitting takes a number of steps that does \
not depend on the width
          bias           none beyond the constant input.
        """
        net = self.network(depth)
        scales = ", ".join(f"σ_{layer} = {plain(s)}" for layer, s in zip(net.layers, net.sigmas, strict=True))
        powers = net.exponents
        rows = [
            ("source", self.scheme.source),
            ("scales", f"{scales}; α = {plain(net.alpha)}; η = {_listed(net.learning_rates)}"),
            (
                "exponents",
                f"σ: {_listed(powers.sigmas)}; α: {plain(powers.alpha)}; η: {_listed(powers.learning_rates)}",
            ),
            ("coordinates", f"γ = {plain(net.gamma)}, γ' = {plain(net.gamma_prime)}"),
            *_regime_rows(net),
            ("bias", self.scheme.bias),
        ]
        return "\n".join([f"{self.title}, depth {depth}: {self.scheme.law}", *(f"  {k:<13}  {v}" for k, v in rows)])


def initializations(depth: int = 2) -> tuple[str, ...]:
    """Names of the catalogue that are schemes for this depth."""
    return tuple(name for name in CATALOGUE if describe_initialization(name).exists_at(depth))


def describe_initialization(name: str) -> Initialization:
    """The catalogue entry of a name, with title and source."""
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if key not in CATALOGUE:
        raise TheoryError(f"unknown initialization {name!r}; choose one of {', '.join(CATALOGUE)}")
    return Initialization(key, CATALOGUE[key])


def initialization(name: str, depth: int = 2) -> Network:
    """A named initialisation as a network of any depth it is made for.

    ``'e_et_al'`` and ``'centred_lazy'`` are lines: their exponents contain the free symbol g.

    Examples
    --------
    >>> initialization("he").gamma
    1/2
    >>> initialization("pytorch_linear", depth=3).sigmas[1]
    sqrt(3)/(3*sqrt(m))
    """
    return describe_initialization(name).network(depth)


def _listed(values: tuple[sp.Expr, ...]) -> str:
    return ", ".join(map(plain, values))


def _regime_rows(net: Network) -> list[tuple[str, str]]:
    if net.gamma.free_symbols | net.gamma_prime.free_symbols:  # a line: slopes as functions of its parameter
        return [(layer, f"S = {plain(slope)}") for layer, slope in slopes_along(net).items()]
    basis = dict.fromkeys(net.layers, Basis.DERIVED)
    if net.depth == 2:
        basis["w"] = basis_at(net.gamma, net.gamma_prime)
    slopes, regimes = net.slopes(), net.regime()
    rows = [(layer, f"S = {slopes[layer]}: {regimes[layer].value} [{basis[layer].value}]") for layer in net.layers]
    if net.depth > 2:  # only then do the two norms differ, in the layers between two wide ones
        spectral, labels = net.slopes("spectral"), net.regime("spectral")
        rows = [(k, f"{text}; spectral norm S = {spectral[k]}: {labels[k].value}") for k, text in rows]
    return [*rows, ("learning rate", net.learning_rate_scaling().meaning)]

"""Named initialisations as points of the theory: look one up, build it at a depth, print what it means."""

from dataclasses import dataclass, replace

from phasetheory.documents.summary import layout, summary_rows
from phasetheory.dynamics.activations import Activation, relu
from phasetheory.errors import TheoryError
from phasetheory.networks.catalogue import CATALOGUE, Scheme
from phasetheory.networks.network import Network

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

    def network(self, depth: int = 2, activation: Activation = relu) -> Network:
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
        return replace(self.scheme.build(depth), activation=activation, name=self.title)

    def description(self, depth: int = 2, activation: Activation = relu) -> str:
        """Scales, exponents, regime, learning rate, source and biases as text.

        Examples
        --------
        >>> print(describe_initialization("ntk").description())
        NTK, depth 2: standard normal weights, 1/sqrt(m) after every hidden layer
          source         Jacot, Gabriel, Hongler 2018, arXiv 1806.07572
          scales         σ_w = β₂ = 1, σ_a = β₁ = 1; α = √m; η = 1, 1
          exponents      σ: 0, 0; α: 1/2; η: 0, 0
          coordinates    γ = 1/2, γ' = 0
          w              linear [proved], S = -1/2 [derived]
          a              linear [derived], S = -1/2 [derived]
          learning rate  largest learning rate ~ 1: when the width doubles, keep it; fitting takes a number of steps that does \
not depend on the width
          bias           none beyond the constant input.
        """
        rows = [
            ("source", self.scheme.source),
            *summary_rows(self.network(depth, activation)),
            ("bias", self.scheme.bias),
        ]
        return layout(f"{self.title}, depth {depth}: {self.scheme.law}", rows)


def initializations(depth: int = 2) -> tuple[str, ...]:
    """Names of the catalogue that are schemes for this depth."""
    return tuple(name for name in CATALOGUE if describe_initialization(name).exists_at(depth))


def describe_initialization(name: str) -> Initialization:
    """The catalogue entry of a name, with title and source."""
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if key not in CATALOGUE:
        raise TheoryError(f"unknown initialization {name!r}; choose one of {', '.join(CATALOGUE)}")
    return Initialization(key, CATALOGUE[key])


def initialization(name: str, depth: int = 2, activation: Activation = relu) -> Network:
    """A named initialisation as a network of any depth it is made for.

    ``'e_et_al'`` and ``'centred_lazy'`` are lines: their exponents contain the free symbol g.

    Examples
    --------
    >>> initialization("he").gamma
    1/2
    >>> initialization("pytorch_linear", depth=3).sigmas[1]
    sqrt(3)/(3*sqrt(m))
    """
    return describe_initialization(name).network(depth, activation)

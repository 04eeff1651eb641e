"""Named initialisations as points of the theory: look one up, build it at a depth."""

from dataclasses import dataclass, replace

from phasetheory.dynamics.activations import Activation, relu
from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.errors import TheoryError, shown
from phasetheory.networks.catalogue import CATALOGUE, Biases, Scheme
from phasetheory.networks.network import Network
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer

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

    def biases(self, depth: int = 2) -> Biases | None:
        """The biases that its framework has by default, one in every layer; None for a scheme without.

        Examples
        --------
        >>> describe_initialization("pytorch_linear").biases(3).sigmas[1]
        sqrt(3)/(3*sqrt(m))
        >>> describe_initialization("keras_dense").biases(3).sigmas
        (0, 0, 0)
        """
        depth = check_depth(depth)
        return None if self.scheme.biases is None else self.scheme.biases(depth)

    def network(
        self, depth: int = 2, activation: Activation = relu, *, optimizer: str | Optimizer = GRADIENT_FLOW
    ) -> Network:
        """The scheme as a network, to be trained with an optimiser: 'mup' and 'centred_lazy' are made for one.

        Raises
        ------
        TheoryError
            Depth below 2, or above 2 for a scheme of two layers.
        """
        depth = check_depth(depth)
        if not self.exists_at(depth):
            raise TheoryError(f"{self.name!r} has no depth {depth}: {self.scheme.two_layers_only}")
        return replace(self.scheme.build(depth, as_optimizer(optimizer)), activation=activation, name=self.title)


def initializations(depth: int = 2) -> tuple[str, ...]:
    """Names of the catalogue that are schemes for this depth."""
    return tuple(name for name in CATALOGUE if describe_initialization(name).exists_at(depth))


def describe_initialization(name: str) -> Initialization:
    """The catalogue entry of a name, with title and source."""
    if not isinstance(name, str):
        raise TheoryError(f"name = {shown(name)} is not text; choose one of {', '.join(CATALOGUE)}")
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if key not in CATALOGUE:
        raise TheoryError(f"unknown initialization {shown(name)}; choose one of {', '.join(CATALOGUE)}")
    return Initialization(key, CATALOGUE[key])


def initialization(
    name: str, depth: int = 2, activation: Activation = relu, *, optimizer: str | Optimizer = GRADIENT_FLOW
) -> Network:
    """A named initialisation as a network of any depth it is made for, and for the optimiser that will train it.

    ``'e_et_al'`` and ``'centred_lazy'`` are lines: their exponents contain the free symbol g.

    Examples
    --------
    >>> initialization("he").gamma
    1/2
    >>> initialization("pytorch_linear", depth=3).sigmas[1]
    sqrt(3)/(3*sqrt(m))
    """
    return describe_initialization(name).network(depth, activation, optimizer=optimizer)

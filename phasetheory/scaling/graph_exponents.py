"""A graph in exponents of the width: layers, paths, and what is to be learned."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer
from phasetheory.scaling.paths import LayerExponents, Paths, Reach
from phasetheory.scaling.shares import LargestReach, ShareExponents, ShareReach

__all__ = ["Goal", "GraphExponents"]

#: What has a residual of its own: a kind of target, and the number of a share of it, or None for all of it.
Goal = tuple[str, int | None]


@dataclass(frozen=True)
class GraphExponents:
    """All that the argument needs of a graph, in the units of an optimiser.

    Attributes
    ----------
    layers : mapping of name to LayerExponents
    paths : Paths
    alpha
        Exponent of what the output is divided by.
    optimizer : Optimizer
        In whose units they are.
    shares : tuple of ShareExponents
        Of every kind of target, besides all of it.
    """

    layers: Mapping[str, LayerExponents]
    paths: Paths
    alpha: Any
    optimizer: Optimizer = GRADIENT_FLOW
    shares: tuple[ShareExponents, ...] = ()

    @property
    def start(self) -> dict[str, Any]:
        """s_l of every layer."""
        return {name: layer.strength for name, layer in self.layers.items()}

    @property
    def goals(self) -> frozenset[Goal]:
        """All that is to be learned."""
        numbers = [None, *range(len(self.shares))]
        return frozenset((target, number) for target in self.paths.targets for number in numbers)

    def change(self, goal: Goal) -> Any:
        """The exponent that ends it: alpha, and twice the amplitude of a share, once for its residual."""
        _, number = goal
        return self.alpha if number is None else self.alpha + self.shares[number].amplitude * 2

    def reach(
        self, size: Mapping[str, Any], goals: Collection[Goal], settled: Mapping[str, Any] | None = None
    ) -> Reach:
        """How far the paths that contribute to some goals reach; ``settled`` are the sizes when all but shares was learned."""
        found = []
        for number in dict.fromkeys(number for _, number in sorted(goals, key=str)):
            shifts = None if number is None else self.shares[number].shifts
            held = [] if shifts is None or settled is None else [layer for layer in size if layer not in shifts]
            seen = {**size, **{layer: settled[layer] for layer in held}} if settled is not None else size
            reach = self.paths.reach(seen, {target for target, own in goals if own == number})
            found.append(reach if shifts is None else ShareReach(reach, shifts, frozenset(held)))
        return found[0] if len(found) == 1 else LargestReach(found)

    def map(self, change: Callable[[Any], Any]) -> "GraphExponents":
        """The same with every value changed: symbols to numbers, or to functions on a plane."""
        layers = {name: layer.map(change) for name, layer in self.layers.items()}
        shares = tuple(share.map(change) for share in self.shares)
        return GraphExponents(layers, self.paths.map(change), change(self.alpha), self.optimizer, shares)

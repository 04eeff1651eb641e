r"""As many outputs as neurons: what only the layers at the output can fit. Derived.

On a fixed pattern the output at a sample is A_+ h_+, over the neurons of the last hidden layer that are open there. While A
is that of the start, nothing before it moves the output out of the span of the columns of A_+. Fewer outputs than open
neurons are all of it. Of m outputs the open neurons, half of them, span a half, and a target of random entries has a part
of order one outside. Kinks do not help: A h with h >= 0 is a cone, and m random columns fill the space of k outputs only
for k < m/2 [J. G. Wendel, Math. Scand. 11 (1962)].

So every kind of target has a part *beyond*, with a residual of its own, to which only layers at the output contribute: its M_l
is the same in them, and hidden layers do not see it. (They see it through what A has moved; but their features are pinned by
the part in the span, which fits already, through all of A(0).) For a chain that says

    delta_a = max(delta_a of one output, alpha - sum_(l<L) x_l),

the displacement that the change alpha takes, given the features, and nothing changes where the readout moves the output as
much as any layer. On fixed patterns it is a bound: beyond the span f is (A - A(0)) h, so |A - A(0)| >= alpha |y_beyond|/|h|
(proved).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from typing import Any

from phasetheory.scaling.paths import Direction, Paths, Reach, Uses

__all__ = ["ManyOutputs"]


def _beyond(target: str) -> str:
    return f"{target}, beyond the span"


@dataclass(frozen=True)
class ManyOutputs:
    """The paths of a graph with as many outputs as neurons.

    Attributes
    ----------
    paths : Paths
        Of the same graph with fewer.
    at_output : frozenset of str
        The layers whose entries belong to one output each: the readout, and the bias behind it.
    """

    paths: Paths
    at_output: frozenset[str]

    @property
    def targets(self) -> frozenset[str]:
        """Every kind of target, and its part beyond the span."""
        return self.paths.targets | self._parts.keys()

    @property
    def _parts(self) -> dict[str, str]:
        """The kind of every part beyond the span."""
        return {_beyond(target): target for target in self.paths.targets}

    @property
    def longest(self) -> int:
        """The largest number of layers on a path."""
        return self.paths.longest

    def map(self, change: Callable[[Any], Any]) -> "ManyOutputs":
        """The same with other multipliers."""
        return replace(self, paths=self.paths.map(change))

    def reach(self, size: Mapping[str, Any], targets: Collection[str]) -> Reach:
        """How far those that contribute to some kinds of targets reach."""
        parts = self._parts
        within = frozenset(targets) & self.paths.targets
        every = within | {parts[target] for target in targets if target in parts}
        if within == every:
            return self.paths.reach(size, within)
        hidden = self.paths.reach(size, within) if within else None
        return _SplitReach(hidden, self.paths.reach(size, every), self.at_output)

    def capacity(self, size: Mapping[str, Any]) -> Sequence[Any]:
        """Values, the largest of all paths among them."""
        return self.paths.capacity(size)


@dataclass(frozen=True)
class _SplitReach:
    """One :class:`Reach` for hidden layers, if anything is left for them, another for those at the output."""

    hidden: Reach | None
    last: Reach
    at_output: frozenset[str]

    @property
    def values(self) -> dict[str, Any]:
        """M_l of every layer on a path."""
        return self._joined(lambda reach: reach.values)

    def along(self, direction: Direction) -> dict[str, Fraction]:
        """The derivative of M_l in a direction."""
        return self._joined(lambda reach: reach.along(direction))

    def overtakings(self, direction: Direction) -> Iterator[Any]:
        """Steps before the first of which M_l changes as :meth:`along` says."""
        return chain.from_iterable(reach.overtakings(direction) for reach in (self.hidden, self.last) if reach)

    def candidates(self, chosen: Sequence[str]) -> dict[str, Sequence[Uses]]:
        """How often the paths that M_l may follow use the chosen layers, for each of them."""
        return {
            layer: found.candidates(chosen)[layer]
            for layer in chosen
            if (found := self.last if layer in self.at_output else self.hidden)
        }

    def _joined(self, ask: Callable[[Reach], Mapping[str, Any]]) -> dict[str, Any]:
        before = ask(self.hidden) if self.hidden else {}
        return {**before, **{layer: value for layer, value in ask(self.last).items() if layer in self.at_output}}

r"""The largest paths through every layer of a graph of series and parallels, by passes, without a list of its paths. Derived.

A graph that is built from layers by putting parts one after the other, or side by side, may have 2^B paths through B
blocks. In max-plus algebra the value of parts in series is their sum, of parts side by side the largest. One pass from the
leaves up gives the value of every part; one from the root down the value of the rest of the graph, around it; and M_l is
the largest sum of both over the leaves that are layer l. With pairs (value, derivative), compared in this order, the same
passes give the derivative in a direction, and with the sets of how often the largest paths use some layers, these.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import Any, Protocol

from phasetheory.scaling.paths import Direction, Uses, largest_uses

__all__ = ["Leaf", "ParallelPart", "SeriesParallel", "SeriesPart"]

Pair = tuple[Any, Fraction]


@dataclass(frozen=True)
class Leaf:
    """One use of a layer, of degree 0 or 1, with a multiplier."""

    layer: str
    multiplier: Any
    degree: int = 1


@dataclass(frozen=True)
class SeriesPart:
    """Parts one after the other; a skip has none."""

    parts: tuple["Part", ...]
    multiplier: Any


@dataclass(frozen=True)
class ParallelPart:
    """Parts side by side, at least one."""

    parts: tuple["Part", ...]


Part = Leaf | SeriesPart | ParallelPart


@dataclass(frozen=True)
class SeriesParallel:
    """All paths through a graph of series and parallels."""

    root: Part
    target: str

    @property
    def targets(self) -> frozenset[str]:
        """The one kind of target there is."""
        return frozenset({self.target})

    @property
    def longest(self) -> int:
        """The largest number of layers of degree 1 on a path."""
        return _longest(self.root)

    def map(self, change: Callable[[Any], Any]) -> "SeriesParallel":
        """The same with other multipliers."""
        return replace(self, root=_mapped(self.root, change))

    def reach(self, size: Mapping[str, Any], targets: Collection[str]) -> "PassReach":
        """How far all of them reach; there is one kind of target."""
        return PassReach(self.root, size)

    def capacity(self, size: Mapping[str, Any]) -> Sequence[Any]:
        """The largest values through the layers, the largest of all among them."""
        return list(PassReach(self.root, size).values.values())


class _Values(Protocol):
    """What the passes compute with: values of leaves and multipliers, of parts in series and side by side."""

    def leaf(self, leaf: Leaf) -> Any:
        """Value of a use of a layer."""

    def factor(self, multiplier: Any) -> Any:
        """Value of a multiplier."""

    def series(self, first: Any, second: Any) -> Any:
        """Of two parts one after the other."""

    def parallel(self, values: Sequence[Any]) -> Any:
        """Of parts side by side."""


@dataclass(frozen=True)
class _Pairs:
    """(value, derivative in a direction)."""

    size: Mapping[str, Any]
    direction: Direction

    def leaf(self, leaf: Leaf) -> Pair:
        if not leaf.degree:
            return self.factor(leaf.multiplier)
        return leaf.multiplier + self.size[leaf.layer], self.direction[leaf.layer]

    def factor(self, multiplier: Any) -> Pair:
        return multiplier, Fraction(0)

    def series(self, first: Pair, second: Pair) -> Pair:
        return first[0] + second[0], first[1] + second[1]

    def parallel(self, values: Sequence[Pair]) -> Pair:
        return max(values)


@dataclass(frozen=True)
class _Uses:
    """(value, how often the paths that attain it may use the chosen layers)."""

    size: Mapping[str, Any]
    chosen: Sequence[str]

    def leaf(self, leaf: Leaf) -> tuple[Any, list[Uses]]:
        if not leaf.degree:
            return self.factor(leaf.multiplier)
        return leaf.multiplier + self.size[leaf.layer], [tuple(int(layer == leaf.layer) for layer in self.chosen)]

    def factor(self, multiplier: Any) -> tuple[Any, list[Uses]]:
        return multiplier, [(0,) * len(self.chosen)]

    def series(self, first: tuple[Any, list[Uses]], second: tuple[Any, list[Uses]]) -> tuple[Any, list[Uses]]:
        sums = {tuple(a + b for a, b in zip(own, other, strict=True)) for own in first[1] for other in second[1]}
        return first[0] + second[0], largest_uses(sums)

    def parallel(self, values: Sequence[tuple[Any, list[Uses]]]) -> tuple[Any, list[Uses]]:
        largest = max(value for value, _ in values)
        return largest, largest_uses({own for value, uses in values if value == largest for own in uses})


@dataclass(frozen=True)
class PassReach:
    """The reach of a graph of series and parallels, see :class:`phasetheory.scaling.paths.Reach`."""

    root: Part
    size: Mapping[str, Any]

    @cached_property
    def values(self) -> dict[str, Any]:
        """M_l of every layer."""
        return {layer: value for layer, (value, _) in self._largest(dict.fromkeys(self.size, Fraction(0))).items()}

    def along(self, direction: Direction) -> dict[str, Fraction]:
        """The derivative of M_l in a direction."""
        return {layer: slope for layer, (_, slope) in self._largest(direction).items()}

    def _largest(self, direction: Direction) -> dict[str, Pair]:
        found: dict[str, Pair] = {}
        for leaf, pair in _through_leaves(self.root, _Pairs(self.size, direction)):
            found[leaf.layer] = max(pair, found.get(leaf.layer, pair))
        return found

    def overtakings(self, direction: Direction) -> Iterator[Any]:
        """Steps to where another part of those side by side, or another use of a layer, becomes the largest."""
        pairs = _Pairs(self.size, direction)
        inside: dict[int, Pair] = {}
        _fill(self.root, pairs, inside)
        sides = [
            [inside[id(part)] for part in node.parts] for node in _nodes(self.root) if isinstance(node, ParallelPart)
        ]
        uses: dict[str, list[Pair]] = {}
        for leaf, pair in _through_leaves(self.root, pairs):
            uses.setdefault(leaf.layer, []).append(pair)
        for rivals in (*sides, *uses.values()):
            largest, fastest = max(rivals)
            for value, slope in rivals:
                if slope > fastest and value < largest:
                    yield (largest - value) / (slope - fastest)

    def candidates(self, chosen: Sequence[str]) -> dict[str, Sequence[Uses]]:
        """How often the paths that M_l may follow use the chosen layers, for each of them."""
        found: dict[str, set[Uses]] = {layer: set() for layer in chosen}
        for leaf, (value, uses) in _through_leaves(self.root, _Uses(self.size, chosen)):
            if leaf.layer in found and value == self.values[leaf.layer]:
                found[leaf.layer].update(uses)
        return {layer: largest_uses(uses) for layer, uses in found.items()}


def _fill(part: Part, values: _Values, inside: dict[int, Any]) -> Any:
    """The pass from the leaves up: the value of every part, by its identity."""
    if isinstance(part, Leaf):
        found = values.leaf(part)
    elif isinstance(part, ParallelPart):
        found = values.parallel([_fill(own, values, inside) for own in part.parts])
    else:
        found = values.factor(part.multiplier)
        for own in part.parts:
            found = values.series(found, _fill(own, values, inside))
    inside[id(part)] = found
    return found


def _through_leaves(root: Part, values: _Values) -> Iterator[tuple[Leaf, Any]]:
    """The pass from the root down: every leaf with the value of the largest path through it."""
    inside: dict[int, Any] = {}
    _fill(root, values, inside)

    def down(part: Part, around: Any) -> Iterator[tuple[Leaf, Any]]:
        if isinstance(part, Leaf):
            yield part, inside[id(part)] if around is None else values.series(around, inside[id(part)])
        elif isinstance(part, ParallelPart):
            for own in part.parts:
                yield from down(own, around)
        else:
            factor = values.factor(part.multiplier)
            around = factor if around is None else values.series(around, factor)
            behind = list(accumulate((inside[id(own)] for own in reversed(part.parts)), values.series))[::-1]
            for place, own in enumerate(part.parts):
                rest = behind[place + 1 : place + 2]
                yield from down(own, values.series(around, rest[0]) if rest else around)
                around = values.series(around, inside[id(own)])

    yield from down(root, None)


def _nodes(part: Part) -> Iterator[Part]:
    yield part
    if not isinstance(part, Leaf):
        for own in part.parts:
            yield from _nodes(own)


def _longest(part: Part) -> int:
    if isinstance(part, Leaf):
        return part.degree
    lengths = [_longest(own) for own in part.parts]
    return max(lengths) if isinstance(part, ParallelPart) else sum(lengths)


def _mapped(part: Part, change: Callable[[Any], Any]) -> Part:
    if isinstance(part, Leaf):
        return replace(part, multiplier=change(part.multiplier))
    parts = tuple(_mapped(own, change) for own in part.parts)
    return ParallelPart(parts) if isinstance(part, ParallelPart) else SeriesPart(parts, change(part.multiplier))

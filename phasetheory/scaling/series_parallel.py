r"""The largest paths through every layer of a graph of series and parallels, by passes, without a list of its paths. Derived.

A graph that is built from layers by putting parts one after the other, or side by side, may have 2^B paths through B
blocks. In max-plus algebra the value of parts in series is their sum, of parts side by side the largest. One pass from the
leaves up gives the value of every part; one from the root down the value of what comes before and behind it; and M_l is
the largest sum of them over the leaves that are layer l. What is compared and added on the way is recorded; the record gives the
derivative in a direction, where it changes, and how often the largest paths use some layers.

A bias starts a path of its own, of a constant. Constants are learned through all paths. What varies with the input is learned
through a path that starts at a bias only as far as it passes a relu whose kink the input moves: at node j, where the
constant arrives with C_j and the input with X_j, it carries min(C_j, X_j) on, and

    M_l = max( paths from the input through l,  max over the nodes j behind l of min(C_j through l, X_j) + rest_j ).

C_j through l is followed from l on: a pass for every layer that a constant reaches.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import Any

from phasetheory.scaling.paths import INPUT, Direction, Uses, largest_uses

__all__ = ["BiasPart", "Leaf", "ParallelPart", "SeriesParallel", "SeriesPart"]


@dataclass(frozen=True)
class Leaf:
    """One use of a layer, of degree 0 or 1, with a multiplier."""

    layer: str
    multiplier: Any
    degree: int = 1


@dataclass(frozen=True)
class BiasPart:
    """A constant that is added, by a layer; ``kink`` says whether a relu follows directly."""

    leaf: Leaf
    kink: bool


@dataclass(frozen=True)
class SeriesPart:
    """Parts one after the other; a skip has none."""

    parts: tuple["Part", ...]
    multiplier: Any


@dataclass(frozen=True)
class ParallelPart:
    """Parts side by side, at least one."""

    parts: tuple["Part", ...]


Part = Leaf | BiasPart | SeriesPart | ParallelPart


@dataclass(frozen=True)
class Rest:
    """What is left to pass: the parts of a series from a place on, and what is behind the series."""

    parts: tuple[Part, ...]
    place: int
    behind: "Rest | None"


@dataclass(frozen=True)
class SeriesParallel:
    """All paths through a graph of series and parallels."""

    root: Part
    targets: frozenset[str]

    @property
    def longest(self) -> int:
        """The largest number of layers of degree 1 on a path."""
        return _longest(self.root)

    def map(self, change: Callable[[Any], Any]) -> "SeriesParallel":
        """The same with other multipliers."""
        return replace(self, root=_mapped(self.root, change))

    def reach(self, size: Mapping[str, Any], targets: Collection[str]) -> "PassReach":
        """How far those that contribute to some kinds of targets reach."""
        return PassReach(self.root, size, tuple(targets))

    def capacity(self, size: Mapping[str, Any]) -> Sequence[Any]:
        """The largest values through the layers, the largest of all among them."""
        return list(self.reach(size, self.targets).values.values())


class _Node:
    """A value of the passes, and what it is computed from: a use of a layer, a factor, a sum, the largest or the smallest."""

    def __init__(self, value: Any, layer: str | None = None, parts: Sequence["_Node"] = (), sign: int = 0) -> None:
        self.value, self.layer, self.parts, self.sign = (
            value,
            layer,
            parts,
            sign,
        )  # sign 1 of the largest, -1 of the smallest
        self.deciding = [own for own in parts if own.value == value] if sign else parts


class _Values:
    """What the passes compute with, and a record of it, in order."""

    def __init__(self, size: Mapping[str, Any]) -> None:
        self.size, self.nodes = size, list[_Node]()

    def leaf(self, leaf: Leaf) -> _Node:
        """A use of a layer."""
        if not leaf.degree:
            return self.factor(leaf.multiplier)
        return self._kept(_Node(leaf.multiplier + self.size[leaf.layer], leaf.layer))

    def factor(self, multiplier: Any) -> _Node:
        """A multiplier."""
        return self._kept(_Node(multiplier))

    def series(self, first: _Node, second: _Node) -> _Node:
        """Two parts one after the other."""
        return self._kept(_Node(first.value + second.value, None, (first, second)))

    def largest(self, parts: Sequence[_Node]) -> _Node:
        """Parts side by side."""
        return self._kept(_Node(max(own.value for own in parts), None, parts, 1)) if len(parts) > 1 else parts[0]

    def smallest(self, parts: Sequence[_Node]) -> _Node:
        """A part with its bounds."""
        return self._kept(_Node(min(own.value for own in parts), None, parts, -1))

    def _kept(self, node: _Node) -> _Node:
        self.nodes.append(node)
        return node


@dataclass(frozen=True)
class PassReach:
    """The reach of a graph of series and parallels, see :class:`phasetheory.scaling.paths.Reach`."""

    root: Part
    size: Mapping[str, Any]
    targets: tuple[str, ...]

    @cached_property
    def values(self) -> dict[str, Any]:
        """M_l of every layer."""
        return {layer: node.value for layer, node in self._through.items()}

    @cached_property
    def _record(self) -> tuple[dict[str, _Node], list[_Node]]:
        """The largest value through every layer, and all that was computed on the way."""
        values, through = _Values(self.size), dict[str, list[_Node]]()
        for target in self.targets:
            for layer, node in _Pass(self.root, values, target == INPUT).through():
                through.setdefault(layer, []).append(node)
        return {layer: values.largest(own) for layer, own in through.items()}, values.nodes

    @property
    def _through(self) -> dict[str, _Node]:
        return self._record[0]

    @cached_property
    def _deciding(self) -> list[_Node]:
        """What M_l is made of here, in order."""
        wanted = set(map(id, self._through.values()))
        found: list[_Node] = []
        for node in reversed(self._record[1]):
            if id(node) in wanted:
                found.append(node)
                wanted.update(map(id, node.deciding))
        return found[::-1]

    def along(self, direction: Direction) -> dict[str, Fraction]:
        """The derivative of M_l in a direction."""
        slopes = _slopes(self._deciding, direction)
        return {layer: slopes[id(node)] for layer, node in self._through.items()}

    def overtakings(self, direction: Direction) -> Iterator[Any]:
        """Steps to where one of the comparisons that were made comes out otherwise."""
        slopes = _slopes(self._record[1], direction)
        for node in self._record[1]:
            for rival in node.parts if node.sign else ():
                closing = slopes[id(rival)] - slopes[id(node)]
                if closing * node.sign > 0 and rival.value != node.value:
                    yield (node.value - rival.value) / closing

    def candidates(self, chosen: Sequence[str]) -> dict[str, Sequence[Uses]]:
        """How often the paths that M_l may follow use the chosen layers, for each of them."""
        found: dict[
            int, tuple[Collection[Uses], bool]
        ] = {}  # and whether a bound decides, below which none may be left out
        for node in self._deciding:
            parts = [found[id(own)] for own in node.deciding]
            bounded = any(own for _, own in parts) or (node.sign < 0 and len(parts) > 1)
            if node.sign:
                uses = {own for several, _ in parts for own in several}
            elif parts:
                (first, _), (second, _) = parts
                uses = {tuple(map(sum, zip(own, other, strict=True))) for own in first for other in second}
            else:
                uses = {tuple(int(layer == node.layer) for layer in chosen)}
            found[id(node)] = uses if bounded else largest_uses(uses), bounded
        return {layer: list(found[id(self._through[layer])][0]) for layer in chosen if layer in self._through}


def _slopes(nodes: Iterable[_Node], direction: Direction) -> dict[int, Fraction]:
    """The derivative of every value, by the identity of its node."""
    found: dict[int, Fraction] = {}
    for node in nodes:
        if node.sign:
            slopes = [found[id(own)] for own in node.deciding]
            found[id(node)] = max(slopes) if node.sign > 0 else min(slopes)
        elif node.parts:
            first, second = node.parts
            found[id(node)] = found[id(first)] + found[id(second)]
        else:
            found[id(node)] = direction[node.layer] if node.layer is not None else Fraction(0)
    return found


class _Pass:
    """The passes for one kind of target."""

    def __init__(self, root: Part, values: _Values, bounded: bool) -> None:
        self.root, self.values, self.bounded = root, values, bounded
        self.inside: dict[int, Any] = {}  # value of every part, by its identity
        self.nodes: dict[int, tuple[Any, Any]] = {}  # of every bias, what comes from the input, and what is behind
        self.constants: list[tuple[str, Any, Any, Rest | None]] = []  # on layers: layer, value so far, what is behind
        self._fill(root)

    def through(self) -> Iterator[tuple[str, Any]]:
        """Every use of a layer, with the largest value of a path through it."""
        yield from self._down(self.root, None, None, None, None)
        for layer, value, behind, rest in self.constants:  # afterwards: they look ahead to the kinks
            if not self.bounded:
                yield layer, self._series(value, behind)
            elif found := self._at_kinks(value, rest):
                yield layer, self._largest(found)

    def _fill(self, part: Part) -> Any:
        """The pass from the leaves up."""
        match part:
            case Leaf():
                found = self.values.leaf(part)
            case BiasPart():
                found = self.values.factor(part.leaf.multiplier * 0)
            case ParallelPart():
                found = self.values.largest([self._fill(own) for own in part.parts])
            case SeriesPart():
                found = self.values.factor(part.multiplier)
                for own in part.parts:
                    found = self.values.series(found, self._fill(own))
        self.inside[id(part)] = found
        return found

    def _down(
        self, part: Part, arriving: Any, constant: Any, behind: Any, rest: Rest | None
    ) -> Iterator[tuple[str, Any]]:
        """The pass from the root down: what arrives from the input, and from biases, and what is behind; None for nothing."""
        match part:
            case Leaf():
                own = self.inside[id(part)]
                yield part.layer, self._series(self._series(arriving, own), behind)
                if constant is not None:
                    self.constants.append((part.layer, self.values.series(constant, own), behind, rest))
            case BiasPart():
                self.nodes[id(part)] = arriving, behind
                self.constants.append((part.leaf.layer, self.values.leaf(part.leaf), behind, Rest((part,), 0, rest)))
            case ParallelPart():
                for own in part.parts:
                    yield from self._down(own, arriving, constant, behind, rest)
            case SeriesPart():
                factor = self.values.factor(part.multiplier)
                arriving = self._series(arriving, factor)
                constant = None if constant is None else self.values.series(constant, factor)
                backwards = [behind, *(self.inside[id(own)] for own in reversed(part.parts))]
                after = list(accumulate(backwards, self._series))[::-1]
                for place, own in enumerate(part.parts, start=1):
                    yield from self._down(own, arriving, constant, after[place], Rest(part.parts, place, rest))
                    constant = self._constant_behind(own, constant)
                    arriving = self._series(arriving, self.inside[id(own)])

    def _constant_behind(self, part: Part, constant: Any) -> Any:
        """The largest constant behind a part, of those that arrive and those that start in it."""
        match part:
            case Leaf():
                return None if constant is None else self.values.series(constant, self.inside[id(part)])
            case BiasPart():
                return self._largest([constant, self.values.leaf(part.leaf)])
            case ParallelPart():
                return self._largest([self._constant_behind(own, constant) for own in part.parts])
        constant = None if constant is None else self.values.series(constant, self.values.factor(part.multiplier))
        for own in part.parts:
            constant = self._constant_behind(own, constant)
        return constant

    def _at_kinks(self, value: Any, rest: "Rest | None") -> list[Any]:
        """What the kinks that a constant still has to pass let through."""
        found: list[Any] = []
        while rest is not None:
            for part in rest.parts[rest.place :]:
                value = self._past(part, value, found)
            rest = rest.behind
        return found

    def _past(self, part: Part, value: Any, found: list[Any]) -> Any:
        """A constant behind a part, and what it gives at the kinks in it."""
        match part:
            case Leaf():
                return self.values.series(value, self.inside[id(part)])
            case BiasPart():
                if part.kink:
                    arriving, behind = self.nodes[id(part)]
                    found.append(self._series(self.values.smallest([value, arriving]), behind))
                return value
            case ParallelPart():
                return self.values.largest([self._past(own, value, found) for own in part.parts])
        value = self.values.series(value, self.values.factor(part.multiplier))
        for own in part.parts:
            value = self._past(own, value, found)
        return value

    def _series(self, first: Any, second: Any) -> Any:
        if first is None or second is None:
            return second if first is None else first
        return self.values.series(first, second)

    def _largest(self, given: Sequence[Any]) -> Any:
        found = [value for value in given if value is not None]
        return self.values.largest(found) if found else None


def _longest(part: Part) -> int:
    match part:
        case Leaf():
            return part.degree
        case BiasPart():
            return 0
    lengths = [_longest(own) for own in part.parts]
    return max(lengths) if isinstance(part, ParallelPart) else sum(lengths)


def _mapped(part: Part, change: Callable[[Any], Any]) -> Part:
    match part:
        case Leaf():
            return replace(part, multiplier=change(part.multiplier))
        case BiasPart():
            return replace(part, leaf=replace(part.leaf, multiplier=change(part.leaf.multiplier)))
    parts = tuple(_mapped(own, change) for own in part.parts)
    return ParallelPart(parts) if isinstance(part, ParallelPart) else SeriesPart(parts, change(part.multiplier))

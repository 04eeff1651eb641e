r"""What the scaling argument knows of a computation graph: layers and paths, in exponents of the width. Derived.

On a fixed activation pattern the output of a network of layers, relus, sums and copies is a sum over paths,

    f = (1/alpha) sum over paths of m^c prod_l W_l^k_l,

with k_l the number of times that the path uses layer l (tied weights), m^c its multiplier. In exponents, with x_l the size of
layer l along the signal, a path has the value c + sum_l k_l x_l. A layer starts at

    s_l = sigma_l sqrt(max(fan_in, fan_out))   its strength,       F_l = sigma_l sqrt(fan_in fan_out)   its Frobenius norm.

A *boundary* layer sees only a fixed number of directions outside, the samples or the outputs, so its outer fan counts 1 in the
strength, however large it is; F_l and the spectral norm keep it. All is in the units c_l of an optimiser
(:mod:`phasetheory.scaling.optimizers`), W_l -> W_l/c_l: s_l falls by c_l and *every path* gains sum_l k_l c_l. Under gradient
flow c_l = sqrt(eta_l), which absorbs the learning rates. In a chain that is a change of alpha; in a graph it is not.

The largest value of a path through each layer, M_l, and how it changes in a direction of x, is all that the flow asks for
(:class:`Reach`). Here the paths are listed, each with its caps; where they are many, a graph of series and parallels says
the same without a list (:mod:`phasetheory.scaling.series_parallel`).

Values here are anything with +, -, multiples by rational numbers and an order: numbers, or affine functions in a region.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

__all__ = [
    "CONSTANT",
    "INPUT",
    "Direction",
    "LayerExponents",
    "ListedPaths",
    "PathExponents",
    "Paths",
    "Reach",
    "Term",
    "Uses",
    "largest_uses",
]

#: Kinds of targets of a graph with biases: what varies with the input, and constants.
INPUT, CONSTANT = "input", "constant"
#: How fast each size grows.
Direction = Mapping[str, Fraction]
#: How often a path uses the layers of a list.
Uses = tuple[int, ...]


@dataclass(frozen=True)
class LayerExponents:
    """Exponents of one layer at its start.

    Attributes
    ----------
    strength, frobenius, spectral
        s_l along the signal, and both norms of W_l(0), in the unit of the layer.
    degree : int
        Degree of f in W_l: 1, or 0 directly before a normalisation.
    """

    strength: Any
    frobenius: Any
    spectral: Any
    degree: int = 1

    def map(self, change: Callable[[Any], Any]) -> "LayerExponents":
        """The same with other values."""
        return replace(
            self, strength=change(self.strength), frobenius=change(self.frobenius), spectral=change(self.spectral)
        )


@dataclass(frozen=True)
class Term:
    """c + sum_l k_l x_l, over the layers of degree 1."""

    multiplier: Any
    uses: Mapping[str, int]

    def map(self, change: Callable[[Any], Any]) -> "Term":
        """The same with another multiplier."""
        return replace(self, multiplier=change(self.multiplier))

    def __call__(self, sizes: Mapping[str, Any]) -> Any:
        """Its value at the sizes x."""
        return sum((sizes[layer] * uses for layer, uses in self.uses.items()), start=self.multiplier)

    def along(self, direction: Mapping[str, Any]) -> Any:
        """Its derivative in a direction of x."""
        return sum(direction[layer] * uses for layer, uses in self.uses.items())


@dataclass(frozen=True)
class PathExponents:
    """One path: the layers it goes through, and its value, min(term, and of every cap the largest term).

    Attributes
    ----------
    layers : frozenset of str
        Those whose change this path sees, the ones of degree 0 among them.
    term : Term
    caps : tuple of tuples of Term
    target : str
        The kind of target to which it contributes this value.
    """

    layers: frozenset[str]
    term: Term
    caps: tuple[tuple[Term, ...], ...] = ()
    target: str = ""

    def map(self, change: Callable[[Any], Any]) -> "PathExponents":
        """The same with other multipliers."""
        caps = tuple(tuple(term.map(change) for term in cap) for cap in self.caps)
        return replace(self, term=self.term.map(change), caps=caps)

    @property
    def alternatives(self) -> tuple[tuple[Term, ...], ...]:
        """The value is the smallest of these, each the largest of its terms."""
        return ((self.term,), *self.caps)

    def __call__(self, sizes: Mapping[str, Any]) -> Any:
        """The value at the sizes x."""
        return min(max(term(sizes) for term in terms) for terms in self.alternatives)


class Reach(Protocol):
    """The largest values M_l of paths at some sizes of the layers."""

    @property
    def values(self) -> Mapping[str, Any]:
        """M_l of every layer on a path."""

    def along(self, direction: Direction) -> Mapping[str, Fraction]:
        """The derivative of M_l in a direction."""

    def overtakings(self, direction: Direction) -> Iterator[Any]:
        """Steps in a direction before the first of which M_l changes as :meth:`along` says, in every layer."""

    def candidates(self, chosen: Sequence[str]) -> Mapping[str, Sequence[Uses]]:
        """How often the paths that M_l may follow use the chosen layers, for each of them that is on one."""


class Paths(Protocol):
    """Paths in exponents."""

    @property
    def targets(self) -> frozenset[str]:
        """The kinds of targets to which they contribute."""

    @property
    def longest(self) -> int:
        """The largest number of layers on a path."""

    def map(self, change: Callable[[Any], Any]) -> "Paths":
        """The same with other multipliers."""

    def reach(self, size: Mapping[str, Any], targets: Collection[str]) -> Reach:
        """How far those that contribute to some kinds of targets reach."""

    def capacity(self, size: Mapping[str, Any]) -> Sequence[Any]:
        """Values, the largest of all paths among them."""


@dataclass(frozen=True)
class ListedPaths:
    """Paths one by one."""

    paths: tuple[PathExponents, ...]

    @property
    def targets(self) -> frozenset[str]:
        """The kinds of targets to which they contribute."""
        return frozenset(path.target for path in self.paths)

    @property
    def longest(self) -> int:
        """The largest number of layers on a path."""
        return max(sum(path.term.uses.values()) for path in self.paths)

    def map(self, change: Callable[[Any], Any]) -> "ListedPaths":
        """The same with other multipliers."""
        return ListedPaths(tuple(path.map(change) for path in self.paths))

    def reach(self, size: Mapping[str, Any], targets: Collection[str]) -> "ListedReach":
        """How far those that contribute to some kinds of targets reach."""
        return ListedReach([path for path in self.paths if path.target in targets], size)

    def capacity(self, size: Mapping[str, Any]) -> Sequence[Any]:
        """Their values."""
        return [path(size) for path in self.paths]


@dataclass(frozen=True)
class ListedReach:
    """The :class:`Reach` of listed paths."""

    paths: Sequence[PathExponents]
    size: Mapping[str, Any]

    @cached_property
    def values(self) -> dict[str, Any]:
        """M_l of every layer on a path."""
        found: dict[str, Any] = {}
        for valued in self._valued:
            for layer in valued.path.layers:
                if layer not in found or valued.value > found[layer]:
                    found[layer] = valued.value
        return found

    @cached_property
    def _valued(self) -> list["_Valued"]:
        return [_Valued(path, self.size) for path in self.paths]

    def along(self, direction: Direction) -> dict[str, Fraction]:
        """The derivative of M_l in a direction."""
        found: dict[str, Fraction] = {}
        for valued in self._valued:
            tied = [layer for layer in valued.path.layers if valued.value == self.values[layer]]
            if tied:
                slope = valued.along(direction)
                found.update({layer: max(slope, found.get(layer, slope)) for layer in tied})
        return found

    def overtakings(self, direction: Direction) -> Iterator[Any]:
        """Steps to where the largest path of a layer changes, or the smallest term of a path."""
        slopes = self.along(direction)
        for valued in self._valued:
            slope = valued.along(direction)
            for layer in valued.path.layers:
                if slope > slopes[layer] and valued.value != self.values[layer]:
                    yield (self.values[layer] - valued.value) / (slope - slopes[layer])
            if valued.path.caps:
                yield from valued.overtakings(direction)

    def candidates(self, chosen: Sequence[str]) -> dict[str, Sequence[Uses]]:
        """How often the terms that M_l may follow use the chosen layers, for each of them."""
        return {layer: self._candidates(layer, chosen) for layer in chosen if layer in self.values}

    def _candidates(self, layer: str, chosen: Sequence[str]) -> Sequence[Uses]:
        value = self.values[layer]
        attained = [own for own in self._valued if layer in own.path.layers and own.value == value]
        terms = [term for own in attained for term in own.deciding]
        uses = list(dict.fromkeys(tuple(term.uses.get(other, 0) for other in chosen) for term in terms))
        return uses if any(own.path.caps for own in attained) else largest_uses(uses)


class _Valued:
    """A path at some sizes; a term is evaluated once."""

    def __init__(self, path: PathExponents, size: Mapping[str, Any]) -> None:
        self.path = path
        self.terms = [[(term, term(size)) for term in terms] for terms in path.alternatives]
        self.largest = [max(value for _, value in terms) for terms in self.terms]
        self.value = min(self.largest)

    @property
    def deciding(self) -> list[Term]:
        """The terms that have the value of the path, of the alternatives that do."""
        return [
            term
            for largest, terms in zip(self.largest, self.terms, strict=True)
            if largest == self.value
            for term, value in terms
            if value == largest
        ]

    def along(self, direction: Direction) -> Any:
        """The derivative of the value to one side."""
        slopes = zip(self.largest, self._slopes(direction), strict=True)
        return min(slope for largest, slope in slopes if largest == self.value)

    def _slopes(self, direction: Direction) -> list[Any]:
        """Of the alternatives."""
        return [
            max(term.along(direction) for term, value in terms if value == largest)
            for largest, terms in zip(self.largest, self.terms, strict=True)
        ]

    def overtakings(self, direction: Direction) -> Iterator[Any]:
        """Steps to where another alternative is the smallest, or in one of them another term the largest."""
        slopes, slope = self._slopes(direction), self.along(direction)
        for largest, own, terms in zip(self.largest, slopes, self.terms, strict=True):
            if own < slope and largest != self.value:
                yield (largest - self.value) / (slope - own)
            for term, value in terms:
                rising = term.along(direction)
                if rising > own and value != largest:
                    yield (largest - value) / (rising - own)


def largest_uses(uses: Collection[Uses]) -> list[Uses]:
    """Those that no other contains: of paths that grow, one of them is the largest."""
    return [own for own in uses if not any(own != u and all(a <= b for a, b in zip(own, u, strict=True)) for u in uses)]

r"""What the scaling argument knows of a computation graph: layers and paths, in exponents of the width. Derived.

On a fixed activation pattern the output of a network of layers, relus, sums and copies is a sum over paths,

    f = (1/alpha) sum over paths of m^c prod_l W_l^k_l,

with k_l the number of times that the path uses layer l (tied weights), m^c its multiplier. In exponents, with x_l the size of
layer l along the signal, a path has the value c + sum_l k_l x_l. A layer starts at

    s_l = sigma_l sqrt(max(fan_in, fan_out))   its strength,       F_l = sigma_l sqrt(fan_in fan_out)   its Frobenius norm.

A *boundary* layer sees only a fixed number of directions outside, the samples or the outputs, so its outer fan counts 1 in the
strength, however large it is; F_l and the spectral norm keep it. Learning rates are absorbed, W_l -> W_l/sqrt(eta_l): s_l falls
by eta_l/2 and *every path* gains sum_l k_l eta_l/2. In a chain that is a change of alpha; in a graph it is not.

Values here are anything with +, -, multiples by rational numbers and an order: numbers, or affine functions in a region.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["GraphExponents", "LayerExponents", "PathExponents", "Term"]


@dataclass(frozen=True)
class LayerExponents:
    """Exponents of one layer at its start.

    Attributes
    ----------
    strength, frobenius, spectral
        s_l along the signal, and both norms of W_l(0).
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
    def terms(self) -> tuple[Term, ...]:
        """All terms on which the value can depend."""
        return (self.term, *(term for cap in self.caps for term in cap))

    def __call__(self, sizes: Mapping[str, Any]) -> Any:
        """The value at the sizes x."""
        return min([self.term(sizes), *(max(term(sizes) for term in cap) for cap in self.caps)])

    def along(self, sizes: Mapping[str, Any], direction: Mapping[str, Any]) -> Any:
        """The derivative of the value to one side, in a direction of x."""
        here = self(sizes)
        alternatives = [[term for term in cap if term(sizes) >= here] for cap in ((self.term,), *self.caps)]
        attained = [terms for terms in alternatives if all(term(sizes) == here for term in terms)]
        return min(max(term.along(direction) for term in terms) for terms in attained)


@dataclass(frozen=True)
class GraphExponents:
    """All that the argument needs of a graph, learning rates absorbed.

    Attributes
    ----------
    layers : mapping of name to LayerExponents
    paths : tuple of PathExponents
    alpha
        Exponent of what the output is divided by.
    """

    layers: Mapping[str, LayerExponents]
    paths: tuple[PathExponents, ...]
    alpha: Any

    def map(self, change: Callable[[Any], Any]) -> "GraphExponents":
        """The same with every value changed: symbols to numbers, or to functions on a plane."""
        return GraphExponents(
            {name: layer.map(change) for name, layer in self.layers.items()},
            tuple(path.map(change) for path in self.paths),
            change(self.alpha),
        )

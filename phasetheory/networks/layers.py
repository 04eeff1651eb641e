"""Layers, and how they are put together: paths one by one, or parts in series and in parallel."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError, shown
from phasetheory.scaling.optimizers import Optimizer
from phasetheory.scaling.paths import LayerExponents
from phasetheory.scaling.shares import ShareExponents
from phasetheory.symbols.exponents import exponent, positive_scale
from phasetheory.symbols.expressions import as_expression, listed_or_none
from phasetheory.symbols.mappings import read_only
from phasetheory.symbols.rationals import is_whole

__all__ = ["Bias", "Cap", "Layer", "Parallel", "Path", "Series", "Share"]

_ONE: Any = sp.S.One
_FANS = ("fan_in", "fan_out")


@dataclass(frozen=True)
class Layer:
    """A weight tensor, on as many edges of the graph as there are uses of it.

    Parameters
    ----------
    sigma : scale
        Standard deviation of the initial weights, a formula in ``phasetheory.m``; 0 for a layer that starts at zero.
    fan_in, fan_out : scales
        Numbers of inputs and outputs, of which the exponents in m count.
    learning_rate : scale
    outer : str, optional
        ``'fan_in'`` or ``'fan_out'``: on this side there is only a fixed number of directions, samples or outputs, however large
        the fan is: the rows of an embedding, of which the samples have a few, or m outputs.
    degree : int
        Degree of the output in this layer: 1, or 0 if a normalisation follows directly.
    """

    sigma: sp.Expr
    fan_in: sp.Expr
    fan_out: sp.Expr
    learning_rate: sp.Expr = _ONE
    outer: str | None = None
    degree: int = 1

    def __post_init__(self) -> None:
        for name in ("fan_in", "fan_out", "learning_rate"):
            object.__setattr__(self, name, positive_scale(getattr(self, name), name))
        expression = as_expression(self.sigma, name="sigma", fans=self.fans)
        sigma = sp.S.Zero if expression.is_zero else positive_scale(expression, "sigma")
        object.__setattr__(self, "sigma", sigma)
        if self.outer is not None and self.outer not in _FANS:
            raise TheoryError(f"outer = {shown(self.outer)}; use 'fan_in' or 'fan_out', or leave it out")
        if not is_whole(self.degree) or self.degree not in (0, 1):
            raise TheoryError(
                f"degree = {shown(self.degree)}; give 1, or 0 directly before a normalisation: in others, relu^p and gates, "
                "which multiply two signals, growth is winner-take-all and no slope is claimed"
            )
        if self.sigma == 0 and self.degree == 0:
            raise TheoryError("sigma = 0 directly before a normalisation: 0 has no direction; give a positive scale")

    @property
    def fans(self) -> tuple[sp.Expr, sp.Expr]:
        """(fan_in, fan_out)."""
        return self.fan_in, self.fan_out

    def unit(self, optimizer: Optimizer) -> sp.Expr:
        """Exponent of c_l, its unit under an optimiser, at its learning rate.

        Rows of an embedding that no sample has have no gradient and do not move: of an outer fan in there are a fixed number.
        """
        fan_in = sp.S.Zero if self.outer == "fan_in" else exponent(self.fan_in)
        return self.rate / optimizer.order + optimizer.unit(fan_in, exponent(self.fan_out))

    def exponents(self, optimizer: Optimizer) -> LayerExponents:
        """Exponents of its strength and its norms in the unit of an optimiser; -oo of a layer that starts at zero."""
        fans = {name: exponent(fan) for name, fan in zip(_FANS, self.fans, strict=True)}
        inner = [value for name, value in fans.items() if name != self.outer]
        sigma = exponent(self.sigma) - self.unit(optimizer) if self.sigma != 0 else -sp.oo
        return LayerExponents(
            strength=sigma + max(*inner, sp.S.Zero) / 2,
            frobenius=sigma + sum(fans.values()) / 2,
            spectral=sigma + max(fans.values()) / 2,
            degree=self.degree,
        )

    @cached_property
    def rate(self) -> sp.Expr:
        """Exponent of its learning rate."""
        return exponent(self.learning_rate)


@dataclass(frozen=True)
class Cap:
    """A bound on what a path gives: no more than the largest of these paths.

    Parameters
    ----------
    paths : sequence of Path
    targets : sequence of str, optional
        Kinds of targets for which it holds; for all, if left out.
    """

    paths: tuple["Path", ...]
    targets: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", _members(self.paths, Path, "paths of a Cap", "at least one Path"))
        object.__setattr__(self, "targets", _kinds(self.targets))


@dataclass(frozen=True)
class Path:
    """One way through the graph, from the input or a constant to the output.

    Parameters
    ----------
    uses : mapping of str to int
        How often it goes through each layer.
    multiplier : scale
        The product of the fixed factors on its way.
    targets : sequence of str, optional
        Kinds of targets to which it can contribute; to all, if left out.
    caps : sequence of Cap
    """

    uses: Mapping[str, int]
    multiplier: sp.Expr = _ONE
    targets: tuple[str, ...] | None = None
    caps: tuple[Cap, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.uses, Mapping) or not self.uses:
            raise TheoryError(
                f"uses = {shown(self.uses)}; give how often the path uses each layer, such as {{'U': 1, 'a': 1}}"
            )
        for layer, uses in self.uses.items():
            if not is_whole(uses) or uses < 1:
                raise TheoryError(
                    f"uses of {layer} = {shown(uses)}; give an integer of at least 1, and leave out unused layers"
                )
        object.__setattr__(self, "uses", read_only(self.uses))
        object.__setattr__(self, "multiplier", positive_scale(self.multiplier, "multiplier"))
        object.__setattr__(self, "targets", _kinds(self.targets))
        object.__setattr__(self, "caps", _members(self.caps, Cap, "caps", "a sequence of Cap") if self.caps else ())

    def serves(self, target: str) -> bool:
        """Whether it contributes to this kind of target."""
        return self.targets is None or target in self.targets

    @property
    def layers(self) -> frozenset[str]:
        """The layers on it, and in its caps."""
        return frozenset(self.uses).union(*(path.uses for cap in self.caps for path in cap.paths))


@dataclass(frozen=True)
class Share:
    """A share of every target that not all layers reach alike, with a residual of its own.

    Parameters
    ----------
    factors : mapping of str to scale
        What the change of the output by a layer is multiplied by there; a layer without a factor does not reach it.
    size : scale
        Its part of the squared norm.
    """

    factors: Mapping[str, sp.Expr]
    size: sp.Expr = _ONE

    def __post_init__(self) -> None:
        if not isinstance(self.factors, Mapping) or not self.factors:
            raise TheoryError(
                f"factors = {shown(self.factors)}; give a factor for every layer that reaches the share, such as {{'a': 1}}"
            )
        factors = {layer: positive_scale(factor, "factors") for layer, factor in self.factors.items()}
        object.__setattr__(self, "factors", read_only(factors))
        object.__setattr__(self, "size", positive_scale(self.size, "size"))

    @property
    def exponents(self) -> ShareExponents:
        """In exponents: its norm, and what a layer sees of its residual."""
        amplitude = exponent(self.size) / 2
        return ShareExponents(
            amplitude, {layer: exponent(factor) + amplitude for layer, factor in self.factors.items()}
        )


@dataclass(frozen=True)
class Bias:
    """A place at which a bias is added to the signal: a part of a :class:`Series`.

    From here on the bias is a path of its own, of a constant. Constants are learned through it; what varies with the input only
    through kinks that the input moves: those of the relus behind biases.

    Parameters
    ----------
    layer : str
        Its name; the same at several places if it is shared.
    relu : bool
        Whether a relu follows directly. It does not at the output, or where a skip is added first.

    Examples
    --------
    >>> Series("W1", Bias("b1"), "a", Bias("b2", relu=False)).spanning()
    [{'W1': 1, 'a': 1}, {'b1': 1, 'a': 1}, {'b2': 1}]
    """

    layer: str
    relu: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.layer, str):
            raise TheoryError(f"layer = {shown(self.layer)}; give the name of a layer")
        if not isinstance(self.relu, bool):
            raise TheoryError(f"relu = {shown(self.relu)}; give True or False")


@dataclass(frozen=True, init=False)
class Series:
    """Parts of a graph one after the other: names of layers, :class:`Bias`, :class:`Series` and :class:`Parallel`.

    Without parts it is a skip.

    Parameters
    ----------
    *parts : str, Bias, Series or Parallel
    multiplier : scale
        A fixed factor of what comes in; what a :class:`Bias` adds in between goes without it, unless ``Series(multiplier=...)``
        comes behind.

    Examples
    --------
    >>> block = Parallel(Series(), Series("W", multiplier="1/2"))  # h + relu(W h)/2
    >>> Series("U", block, "a").spanning()
    [{'U': 1, 'a': 1}, {'U': 1, 'a': 1, 'W': 1}]
    """

    parts: tuple["Part", ...]
    multiplier: sp.Expr

    def __init__(self, *parts: Any, multiplier: Any = 1) -> None:
        object.__setattr__(self, "parts", _checked(parts))
        object.__setattr__(self, "multiplier", positive_scale(multiplier, "multiplier"))

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers in it."""
        return tuple(dict.fromkeys(layer for part in self.parts for layer in _layers(part)))

    def spanning(self) -> list[dict[str, int]]:
        """Some paths, by how often they use the layers, of which all others are linear combinations."""
        span = _span(self)
        paths = [span.base, *(_sum(span.base, extra) for extra in span.differences), *span.started]
        return [{layer: k for layer, k in path.items() if k} for path in paths]

    @property
    def biases(self) -> "tuple[Bias, ...]":
        """The places of biases in it, from the input on."""
        return tuple(_biases(self))

    @property
    def without_kinks(self) -> tuple[str, ...]:
        """The biases with no relu on their way, which serve constants only."""
        return tuple(dict.fromkeys(_without_kinks(self, False)))


@dataclass(frozen=True, init=False)
class Parallel:
    """Parts of a graph side by side, on the same input, summed.

    Parameters
    ----------
    *parts : str, Bias, Series or Parallel
        At least one.
    """

    parts: tuple["Part", ...]

    def __init__(self, *parts: Any) -> None:
        if not parts:
            raise TheoryError("Parallel() has no parts; give at least one, Series() for a skip")
        object.__setattr__(self, "parts", _checked(parts))


Part = str | Bias | Series | Parallel


def _members(values: Any, kind: type, name: str, wanted: str) -> tuple[Any, ...]:
    given = listed_or_none(values)
    if not given or not all(isinstance(value, kind) for value in given):
        raise TheoryError(f"{name} = {shown(values)}; give {wanted}")
    return tuple(given)


def _kinds(targets: Any) -> tuple[str, ...] | None:
    return (
        None if targets is None else _members(targets, str, "targets", "names of kinds of targets, or leave them out")
    )


def _checked(parts: Sequence[Any]) -> tuple[Part, ...]:
    for part in parts:
        if not isinstance(part, Part):
            raise TheoryError(f"part = {shown(part)}; give names of layers, Bias(..), Series(..) or Parallel(..)")
    return tuple(parts)


def _layers(part: Part) -> Iterator[str]:
    match part:
        case str():
            yield part
        case Bias():
            yield part.layer
        case _:
            for own in part.parts:
                yield from _layers(own)


def _biases(part: Part) -> Iterator[Bias]:
    if isinstance(part, Bias):
        yield part
    elif not isinstance(part, str):
        for own in part.parts:
            yield from _biases(own)


def _without_kinks(part: Part, kink_behind: bool) -> Iterator[str]:
    """Biases that pass no relu in a part, nor one behind it."""
    match part:
        case str():
            return
        case Bias():
            if not (part.relu or kink_behind):
                yield part.layer
        case Parallel():
            for own in part.parts:
                yield from _without_kinks(own, kink_behind)
        case Series():
            for place, own in enumerate(part.parts):
                behind = any(bias.relu for after in part.parts[place + 1 :] for bias in _biases(after))
                yield from _without_kinks(own, kink_behind or behind)


@dataclass(frozen=True)
class _Span:
    """One path through a part, differences of paths that together reach all others, and for every bias one that starts there."""

    base: "Counter[str]"
    differences: "list[Counter[str]]"
    started: "list[Counter[str]]"


def _sum(*paths: "Counter[str]") -> "Counter[str]":
    found: Counter[str] = Counter()
    for path in paths:
        found.update(path)
    return found


def _span(part: Part) -> _Span:
    match part:
        case str():
            return _Span(Counter({part: 1}), [], [])
        case Bias():
            return _Span(Counter(), [], [Counter({part.layer: 1})])
    spans = [_span(own) for own in part.parts]
    if isinstance(part, Series):
        bases = [span.base for span in spans]
        started = [_sum(own, *bases[place + 1 :]) for place, span in enumerate(spans) for own in span.started]
        return _Span(_sum(*bases), [extra for span in spans for extra in span.differences], started)
    first, *others = spans
    differences = [*first.differences]
    for other in others:
        for extra in (Counter[str](), *other.differences):
            difference = _sum(other.base, extra)
            difference.subtract(first.base)
            differences.append(difference)
    return _Span(first.base, differences, [own for span in spans for own in span.started])

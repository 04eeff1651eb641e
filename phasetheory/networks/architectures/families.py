r"""Architectures by name, as one writes them in a line: ``recurrent:3``, ``residual:2:two-matrices``, ``attention``.

Name, number and word name a :class:`Family`: all networks of an architecture, whatever their scales. It says which scales it has
and in what order, makes a graph of them, and has a standard plane. A new architecture is a new entry of ``_FAMILIES``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError, check_choice, shown
from phasetheory.networks.architectures.attention import attention
from phasetheory.networks.architectures.chain import convolutional, fully_connected
from phasetheory.networks.architectures.parts import check_count
from phasetheory.networks.architectures.recurrent import recurrent
from phasetheory.networks.architectures.residual import residual
from phasetheory.networks.graph import Graph
from phasetheory.networks.network import layer_names
from phasetheory.networks.standard import standard_scales
from phasetheory.symbols.expressions import listed_or_none, m

__all__ = ["Family", "architecture", "architectures", "is_title"]

Plane = tuple[tuple[sp.Expr, ...], sp.Expr, tuple[sp.Symbol, sp.Symbol]]

_X, _Y = sp.symbols("x y", real=True)
_ALL = frozenset({"alpha", "biases", "outputs", "learning_rates", "name"})  # what every architecture takes


@dataclass(frozen=True)
class Family:
    """All networks of one architecture, whatever their scales.

    Attributes
    ----------
    text : str
        As :func:`architecture` takes it.
    title : str
        In words.
    scales : tuple of str
        What the scales are of, in the order in which they are given.
    options : frozenset of str
        What a graph of it takes besides: ``'alpha'``, ``'biases'``, ``'outputs'``, ``'learning_rates'``, ``'name'``, and some
        take a ``'multiplier'``.
    standard : tuple
        Scales, alpha and coordinates of its standard plane.
    make : callable
        Its constructor, called with a list of scales and the options.
    """

    text: str
    title: str
    scales: tuple[str, ...]
    options: frozenset[str]
    standard: Plane
    make: Callable[..., Graph]

    def graph(self, sigmas: Any, **options: Any) -> Graph:
        """The network with these scales.

        Parameters
        ----------
        sigmas : sequence of scales
            In the order of :attr:`scales`.
        **options
            Of :attr:`options`.

        Examples
        --------
        >>> architecture("recurrent:3").graph(("m^(-3/2)", 1, "m^(-3/2)")).slopes()
        {'U': 1/2, 'W': -5/2, 'a': 1/2}
        """
        given = listed_or_none(sigmas)
        if given is None or len(given) != len(self.scales):
            raise TheoryError(
                f"sigmas = {shown(sigmas)}; {self.text} has {len(self.scales)} scales, in the order {', '.join(self.scales)}"
            )
        if unknown := options.keys() - self.options:
            raise TheoryError(
                f"{min(unknown)}: {self.text} has none; it takes {', '.join(sorted(self.options - {'name'}))}"
            )
        return self.make(given, **{"name": self.title, **options})

    def plane(self, **options: Any) -> tuple[Graph, tuple[sp.Symbol, sp.Symbol]]:
        """Its standard plane: a graph with powers of m that are linear in two symbols, and these.

        Parameters
        ----------
        **options
            Of :attr:`options`, without alpha, which is that of the plane.

        Examples
        --------
        >>> graph, coordinates = architecture("recurrent:3").plane()
        >>> [str(layer.sigma) for layer in graph.layers.values()], coordinates
        (['m**(-x)', 'm**(-y)', 'm**(-x)'], (x, y))
        """
        sigmas, alpha, coordinates = self.standard
        return self.graph(sigmas, alpha=alpha, **options), coordinates


@dataclass(frozen=True)
class _Entry:
    """What a name stands for.

    Attributes
    ----------
    title : of the name, in words
    number : str
        What the number after it counts; empty if there is none.
    default : int or None
        The number, where it is left out.
    least : int
    words : of which one may follow
    scales : their names, from number and word
    standard : their standard plane, likewise
    make : the constructor, from scales, number and word
    options : what it takes beside what all take
    """

    title: str
    number: str
    scales: Callable[[int, str], tuple[str, ...]]
    standard: Callable[[int, str], Plane]
    make: Callable[..., Graph]
    default: int | None = None
    least: int = 2
    words: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def grammar(self, name: str) -> str:
        """How it is written: ``residual:BLOCKS[:two-matrices]``."""
        number = f":{self.number.upper()}" if self.number else ""
        words = f"[:{'|'.join(self.words)}]" if self.words else ""
        return f"{name}[{number}{words}]" if number and self.default is not None else f"{name}{number}{words}"


def _alike(outer: sp.Expr, inner: sp.Expr, *places: bool) -> Plane:
    """Two scales, each of several layers, and alpha = 1: m^-x and m^-y."""
    return tuple(inner if place else outer for place in places), sp.S.One, (_X, _Y)


def _depth(number: int, _: str) -> tuple[str, ...]:
    return layer_names(number)


def _of_chain(number: int, _: str) -> Plane:
    return standard_scales(number)


def _blocks(_: int, word: str) -> tuple[str, ...]:
    return ("U", "W", "V", "a") if word else ("U", "W", "a")


def _residual(scales: list[Any], number: int, word: str, **options: Any) -> Graph:
    sigma_U, sigma_W, *sigma_V, sigma_a = scales
    second = {"sigma_V": sigma_V[0]} if word else {}
    return residual(sigma_U, sigma_W, sigma_a, blocks=number, **second, **options)


def _recurrent(scales: list[Any], number: int, word: str, **options: Any) -> Graph:
    return recurrent(*scales, steps=number, lags=[number - 1] if word else None, **options)


#: Architectures with gates, which are refused with the reason.
_GATED = frozenset({"lstm", "gru", "highway", "glu", "swiglu", "geglu", "reglu"})
_OUTER, _INNER = m**-_X, m**-_Y
_FAMILIES = {
    "fully_connected": _Entry(
        title="fully connected network",
        number="layers",
        default=3,
        scales=_depth,
        standard=_of_chain,
        make=lambda scales, _, __, **options: fully_connected(scales, **options),
    ),
    "convolutional": _Entry(
        title="convolutional network",
        number="layers",
        default=3,
        words=("average",),
        scales=_depth,
        standard=_of_chain,
        make=lambda scales, _, word, **options: convolutional(scales, pooling=word or "flatten", **options),
    ),
    "recurrent": _Entry(
        title="recurrent network",
        number="steps",
        words=("impulse",),
        scales=lambda _, __: ("U", "W", "a"),
        standard=lambda _, __: _alike(_OUTER, _INNER, False, True, False),
        make=_recurrent,
    ),
    "residual": _Entry(
        title="residual network",
        number="blocks",
        least=1,
        words=("two-matrices",),
        scales=_blocks,
        standard=lambda _, word: _alike(_OUTER, _INNER, False, *[True] * (2 if word else 1), False),
        make=_residual,
        options=("multiplier",),
    ),
    "layer_norm": _Entry(
        title="network with normalised layers",
        number="layers",
        default=3,
        scales=_depth,
        standard=lambda number, _: _alike(_OUTER, _INNER, *[False] * (number - 1), True),
        make=lambda scales, _, __, **options: fully_connected(scales, layer_norm=True, **options),
    ),
    "embedding": _Entry(
        title="network with an embedding of m words",
        number="layers",
        default=3,
        scales=_depth,
        standard=_of_chain,
        make=lambda scales, _, __, **options: fully_connected(scales, embedding=m, **options),
    ),
    "attention": _Entry(
        title="one head of attention",
        number="",
        default=1,
        scales=lambda _, __: ("V", "Q", "K", "a"),
        standard=lambda _, __: _alike(_OUTER, _INNER, False, True, True, False),
        make=lambda scales, _, __, **options: attention(*scales, **options),
        options=("multiplier",),
    ),
}


def architectures() -> tuple[str, ...]:
    """How every architecture is written.

    Examples
    --------
    >>> architectures()[2:4]
    ('recurrent:STEPS[:impulse]', 'residual:BLOCKS[:two-matrices]')
    """
    return tuple(entry.grammar(name) for name, entry in _FAMILIES.items())


def is_title(name: str) -> bool:
    """Whether a graph of this name was named by its architecture, and not by the user.

    Examples
    --------
    >>> is_title("recurrent network, 3 steps"), is_title("mine")
    (True, False)
    """
    return name.split(",")[0] in {entry.title for entry in _FAMILIES.values()}


def architecture(text: str) -> Family:
    """An architecture by its name, a number and a word.

    Parameters
    ----------
    text : str
        One of :func:`architectures`: ``'recurrent:3'``, three steps, ``'recurrent:3:impulse'``, with an input at the first only;
        ``'residual:2'``, two blocks, ``'residual:2:two-matrices'``; ``'fully_connected:4'``, ``'convolutional:4'`` (with
        ``:average`` over the positions), ``'layer_norm:4'``, ``'embedding:4'`` (m words), four layers, 3 by default;
        ``'attention'``.

    Raises
    ------
    TheoryError
        An unknown name or word, or a number that is missing or has no meaning.

    Examples
    --------
    >>> architecture("residual:2:two-matrices").scales
    ('U', 'W', 'V', 'a')
    """
    if not isinstance(text, str):
        raise TheoryError(f"architecture = {shown(text)}; write one of {', '.join(architectures())}")
    name, *rest = text.split(":")
    if name.lower() in _GATED:
        raise TheoryError(
            f"architecture = {shown(text)}: a gate multiplies two signals, so the output is not of degree 1 along a path, growth "
            f"is winner-take-all and no slope is claimed; write one of {', '.join(architectures())}"
        )
    if name not in _FAMILIES:
        raise TheoryError(f"architecture = {shown(text)}; write one of {', '.join(architectures())}")
    entry = _FAMILIES[name]
    told = entry.grammar(name)
    if len(rest) > bool(entry.number) + bool(entry.words):
        raise TheoryError(f"architecture = {shown(text)}; write {told}")
    if entry.default is None and not rest:
        raise TheoryError(f"architecture = {shown(text)}: the number of {entry.number} is missing; write {told}")
    number, word = entry.default or 0, ""
    if rest:
        counted = int(rest[0]) if rest[0].isdecimal() and len(rest[0]) < 10 else rest[0]
        number = check_count(counted, f"{entry.number} of {name}", entry.least)
    if len(rest) > 1:
        word = rest[1]
        check_choice(word, f"architecture = {shown(text)}, its last word", entry.words)
    title = entry.title + (
        f", {number} {entry.number if number > 1 else entry.number.removesuffix('s')}" if entry.number else ""
    )
    return Family(
        text=text,
        title=title + (f", {word.replace('-', ' ')}" if word else ""),
        scales=entry.scales(number, word),
        options=_ALL | set(entry.options),
        standard=entry.standard(number, word),
        make=lambda scales, **options: entry.make(scales, number, word, **options),
    )

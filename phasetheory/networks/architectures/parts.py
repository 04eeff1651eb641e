"""What several architectures have: a count, an embedding, a layer of outputs, biases, learning rates by layer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError, shown
from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.layers import Layer, Path, Series, Share
from phasetheory.symbols.exponents import exceeds, exponent
from phasetheory.symbols.expressions import Fans, as_expression, as_scale, d, listed_or_none, m
from phasetheory.symbols.rationals import is_whole

__all__ = [
    "assembled",
    "beside",
    "bias_layers",
    "check_count",
    "check_not_zero",
    "first_layer",
    "output_scale",
    "readout",
    "shares_of_outputs",
    "target_kinds",
]

_MOST = 1000  # steps or blocks are a fixed number: the width is larger
_TARGETS = ("input", "constant")


def check_count(value: Any, name: str, least: int = 1) -> int:
    """An integer of at least ``least``, refused otherwise."""
    if not is_whole(value) or not least <= value <= _MOST:
        raise TheoryError(f"{name} = {shown(value)}; give an integer from {least} to {_MOST}")
    return int(value)


def check_not_zero(sigma: Any, name: str) -> None:
    """Refuse zero below a relu."""
    if as_expression(sigma, name=name, fans=(m, m)).is_zero:
        raise TheoryError(
            f"{name} = 0: its neurons stand on the kink of their relu, where they never move; give a small scale such as 1/m^2, "
            "or start what comes after the relu at zero"
        )


def first_layer(sigma: Any, embedding: Any = None) -> Layer:
    """The layer at the input: of d coordinates, or of an embedding, whose rows are picked by a fixed number of inputs."""
    if embedding is None:
        return Layer(sigma, d, m)
    return Layer(sigma, as_scale(embedding, name="embedding"), m, outer="fan_in")


def readout(sigma: Any, outputs: Any = 1) -> Layer:
    """The layer at the output, of not many more outputs than neurons."""
    number = as_scale(outputs, name="outputs")
    if exponent(number / m) > 0:
        raise TheoryError(
            f"outputs = {number}: hidden layers then reach a vanishing part of the targets, which is not worked out; "
            "give at most of the order of m"
        )
    return Layer(sigma, m, number, outer="fan_out")


def shares_of_outputs(outputs: Any, places: Sequence[Sequence[str]]) -> tuple[Share, ...]:
    """What the layers of a network with many outputs do not reach alike.

    On a fixed pattern the change of the output at a sample that hidden layers can make is a combination of the columns of A
    whose neurons are open, half of m. More outputs than that are not spanned: a part of order one is left to the layers at the
    output. Kinks are of no help, as A h with h >= 0 is a cone, which fills the space of k outputs only for k < m/2
    (J. G. Wendel, Math. Scand. 11, 1962). And where all open neurons are needed, a layer l below the last hidden one
    reaches them through square random blocks, open neurons of one layer by those of the next, both m/2 up to sqrt(m): a
    part of the order 1/sqrt(m) it does not reach, or with singular values that are so small. (Those in between are left out:
    where two layers differ by less than sqrt(m) in strength the lower one moves up to m^(3/16) further.)

    Parameters
    ----------
    outputs : scale
    places : sequence of sequences of str
        The layers from the input to the output; those that reach the same neurons directly are in one place.
    """
    if not exceeds(as_scale(outputs, name="outputs"), m / 2):
        return ()
    found = [Share(dict.fromkeys(places[-1], sp.S.One))]
    small = 1 / sp.sqrt(m)
    for number in range(1, len(places) - 1):
        early, late = (dict.fromkeys(chain.from_iterable(own), sp.S.One) for own in (places[:number], places[number:]))
        found += [Share(late, small), Share(dict.fromkeys(early, small) | late, small)]
    return tuple(found)


def bias_layers(values: Any, fans: Mapping[str, Fans], outputs: Any, words: str) -> dict[str, Layer]:
    """The biases by name.

    Parameters
    ----------
    values : sequence of scale or None, or None
        In the order of ``fans``; the last, which is at the output, may be left out. None for a layer without.
    fans : mapping
        Of the weights beside each, for scales in ``fan_in``.
    outputs : scale
    words : str
        What to give, for people.
    """
    if values is None:
        return {}
    given = listed_or_none(values)
    if given is None or len(given) not in (len(fans) - 1, len(fans)):
        raise TheoryError(f"biases = {shown(values)}; give {words}, and another one if the output has a bias")
    found: dict[str, Layer] = {}
    for place, ((name, own), sigma) in enumerate(zip(fans.items(), given, strict=False), start=1):
        if sigma is not None:
            width = {"fan_out": outputs, "outer": "fan_out"} if place == len(fans) else {"fan_out": m}
            found[name] = Layer(as_expression(sigma, name="biases", fans=own), 1, **width)
    return found


def beside(layers: Mapping[str, Layer], shifts: Mapping[str, Layer]) -> dict[str, Layer]:
    """Layers in their order, the bias ``bW`` of ``W`` behind it."""
    names = [name for layer in layers for name in (layer, f"b{layer}")]
    both = {**layers, **shifts}
    return {name: both[name] for name in names if name in both}


def target_kinds(targets: Any, biased: bool) -> tuple[str, ...]:
    """The kinds of targets that there are, checked."""
    if targets is None:
        return _TARGETS if biased else ("all",)
    if not biased:
        raise TheoryError(f"targets = {shown(targets)}: without biases there is one kind of target; leave it out")
    given = listed_or_none(targets)
    if not given or not set(given) <= set(_TARGETS):
        raise TheoryError(f"targets = {shown(targets)}; give 'input', 'constant' or both")
    return tuple(given)


def assembled(
    made: Architecture,
    layers: Mapping[str, Layer],
    paths: Series | Sequence[Path],
    *,
    alpha: Any,
    learning_rates: Any,
    name: str,
    targets: tuple[str, ...] = ("all",),
    shares: tuple[Share, ...] = (),
) -> Graph:
    """The graph of an architecture, which says how many outputs there are."""
    rates = _rates_by_name(learning_rates, layers)
    learning = {layer: replace(own, learning_rate=rates[layer]) for layer, own in layers.items()}
    scale = output_scale(alpha, made.parameters["outputs"])
    return Graph(learning, paths, scale, targets, name, made, shares)  # type: ignore[arg-type]


def output_scale(alpha: Any, outputs: Any) -> sp.Expr:
    """alpha, larger by the norm of a target with an entry of order one in every output."""
    return as_scale(alpha, name="alpha") * sp.sqrt(as_scale(outputs, name="outputs"))


def _rates_by_name(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """Learning rates by the names of layers, 1 where none is given."""
    rates: dict[str, Any] = dict.fromkeys(names, 1)
    if value is None:
        return rates
    if not isinstance(value, Mapping) or not value.keys() <= rates.keys():
        raise TheoryError(
            f"learning_rates = {shown(value)}; give a mapping from layers to rates, of {', '.join(rates)}"
        )
    return rates | dict(value)

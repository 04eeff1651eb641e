"""What several architectures have: a count, an embedding, a layer of outputs, learning rates by layer."""

from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError, shown
from phasetheory.networks.layers import Layer
from phasetheory.symbols.expressions import as_expression, as_scale, d, m
from phasetheory.symbols.rationals import is_whole

__all__ = ["check_count", "check_not_zero", "first_layer", "output_scale", "rates_by_name", "readout"]

_MOST = 1000  # steps or blocks are a fixed number: the width is larger


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


def first_layer(sigma: Any, rate: Any, embedding: Any = None) -> Layer:
    """The layer at the input: of d coordinates, or of an embedding, whose rows are picked by a fixed number of inputs."""
    if embedding is None:
        return Layer(sigma, d, m, rate)
    return Layer(sigma, as_scale(embedding, name="embedding"), m, rate, outer="fan_in")


def readout(sigma: Any, rate: Any, outputs: Any = 1) -> Layer:
    """The layer at the output."""
    return Layer(sigma, m, as_scale(outputs, name="outputs"), rate, outer="fan_out")


def output_scale(alpha: Any, outputs: Any) -> sp.Expr:
    """alpha, larger by the norm of a target with an entry of order one in every output."""
    return as_scale(alpha, name="alpha") * sp.sqrt(as_scale(outputs, name="outputs"))


def rates_by_name(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """Learning rates by the names of layers, 1 where none is given."""
    rates: dict[str, Any] = dict.fromkeys(names, 1)
    if value is None:
        return rates
    if not isinstance(value, Mapping) or not value.keys() <= rates.keys():
        raise TheoryError(
            f"learning_rates = {shown(value)}; give a mapping from layers to rates, of {', '.join(rates)}"
        )
    return rates | dict(value)

"""Named initialisations as points of the theory, each with its source.

Two-layer entries are [L21] table 1 (arXiv 2007.07497) exactly, with its m + 1 and m + d.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import sympy as sp

from phasetheory.errors import TheoryError
from phasetheory.expressions import d, m
from phasetheory.networks import Network, two_layer

__all__ = ["Initialization", "describe_initialization", "initialization", "initializations"]


@dataclass(frozen=True)
class Initialization:
    """A named scheme: how it scales a network, and where it comes from."""

    name: str
    title: str
    source: str
    build: Callable[[], Network]


_free = sp.Symbol("g", real=True)

_CATALOGUE = {
    entry.name: entry
    for entry in (
        Initialization(
            "lecun",
            "LeCun",
            "LeCun, Bottou, Orr, Mueller 1998, Efficient BackProp: variance 1/fan_in",
            lambda: two_layer(1, beta1=sp.sqrt(1 / m), beta2=sp.sqrt(1 / d)),
        ),
        Initialization(
            "he",
            "He",
            "He, Zhang, Ren, Sun 2015, arXiv 1502.01852: variance 2/fan_in",
            lambda: two_layer(1, beta1=sp.sqrt(2 / m), beta2=sp.sqrt(2 / d)),
        ),
        Initialization(
            "xavier",
            "Xavier",
            "Glorot, Bengio 2010: variance 2/(fan_in + fan_out)",
            lambda: two_layer(1, beta1=sp.sqrt(2 / (m + 1)), beta2=sp.sqrt(2 / (m + d))),
        ),
        Initialization(
            "ntk",
            "NTK",
            "Jacot, Gabriel, Hongler 2018, arXiv 1806.07572: standard normal weights, output over sqrt(m)",
            lambda: two_layer(sp.sqrt(m), beta1=1, beta2=1),
        ),
        Initialization(
            "mean_field",
            "Mean field",
            "Mei, Montanari, Nguyen 2018, arXiv 1804.06561: standard normal weights, output over m",
            lambda: two_layer(m, beta1=1, beta2=1),
        ),
        Initialization(
            "e_et_al",
            "E et al.",
            "E, Ma, Wu 2020, arXiv 1904.04326: output weights of any size beta1 = m^-g: the line gamma = gamma' = g",
            lambda: two_layer(1, beta1=m**-_free, beta2=1),
        ),
    )
}


def initializations() -> tuple[str, ...]:
    """Names of the catalogue."""
    return tuple(_CATALOGUE)


def describe_initialization(name: str) -> Initialization:
    """The catalogue entry of a name, with title and source."""
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if key not in _CATALOGUE:
        raise TheoryError(f"unknown initialization {name!r}; choose one of {', '.join(_CATALOGUE)}")
    return _CATALOGUE[key]


def initialization(name: str) -> Network:
    """A named initialisation as a network.

    ``'e_et_al'`` is a line: its exponents contain the free symbol g.

    Examples
    --------
    >>> initialization("he").gamma
    1/2
    """
    entry = describe_initialization(name)
    return replace(entry.build(), name=entry.title)

"""Planes of initialisations in the words of the command line."""

from typing import Annotated

import sympy as sp
import typer

import phasetheory as pt
from numerics.errors import InputError

__all__ = ["Slice", "read_activation", "read_slice", "split_list"]

Slice = Annotated[
    str | None,
    typer.Option("--slice", help="Any other plane, 'x,y: sigma_1, .., sigma_L; alpha', e.g. 'x,y: m^-y, m^-x, 1; 1'."),
]


def read_slice(text: str, norm: str) -> pt.PhaseDiagram:
    """``x,y: sigma_1, ..; alpha`` as a diagram."""
    head, colon, body = text.partition(":")
    names = [part.strip() for part in head.split(",")]
    parts = body.split(";")
    if not colon or len(names) != 2 or not all(n.isidentifier() for n in names) or len(parts) != 2:
        raise InputError(f"--slice {text!r}: give 'x,y: sigma_1, .., sigma_L; alpha', such as 'x,y: m^-y, m^-x, 1; 1'")
    x, y = (sp.Symbol(name, real=True) for name in names)
    sigmas = tuple(pt.parse_scale(part, symbols=(x, y)) for part in split_list(parts[0]))
    network = pt.Network(sigmas, pt.parse_scale(parts[1], symbols=(x, y)))
    return pt.phase_diagram(network=network, coordinates=(x, y), norm=norm)


def split_list(text: str) -> list[str]:
    """Parts of a text between commas."""
    return [part.strip() for part in text.split(",")]


def read_activation(text: str) -> str | float:
    """A name, or the negative slope of leaky relu."""
    try:
        return float(text)
    except ValueError:
        return text

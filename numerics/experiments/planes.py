"""A plane of initialisations, from a line of text."""

import sympy as sp

import phasetheory as pt
from numerics.errors import InputError

__all__ = ["plane_from_text", "scales_from_text"]


def scales_from_text(text: str, name: str) -> tuple[tuple[sp.Symbol, sp.Symbol], tuple[sp.Expr, ...], sp.Expr]:
    """Coordinates, sigmas and alpha of ``'x,y: sigma_1, .., sigma_L; alpha'``; ``name`` is what the user calls it."""
    head, colon, body = text.partition(":")
    names = [part.strip() for part in head.split(",")]
    parts = body.split(";")
    if not colon or len(names) != 2 or not all(n.isidentifier() for n in names) or len(parts) != 2:
        raise InputError(f"{name} {text!r}: give 'x,y: sigma_1, .., sigma_L; alpha', such as 'x,y: m^-y, m^-x, 1; 1'")
    x, y = (sp.Symbol(name, real=True) for name in names)
    sigmas = tuple(pt.parse_scale(part.strip(), symbols=(x, y)) for part in parts[0].split(","))
    return (x, y), sigmas, pt.parse_scale(parts[1].strip(), symbols=(x, y))


def plane_from_text(text: str, name: str, optimizer: str) -> pt.PhaseDiagram:
    """The diagram of ``'x,y: sigma_1, .., sigma_L; alpha'``.

    Parameters
    ----------
    text : str
    name : str
        What the user calls it, for the error.
    optimizer : str

    Examples
    --------
    >>> plane_from_text("x,y: m^-y, m^-x, 1; 1", "slice", "gradient-flow").layers
    ('W1', 'W2', 'a')
    """
    coordinates, sigmas, alpha = scales_from_text(text, name)
    return pt.phase_diagram(network=pt.Network(sigmas, alpha), coordinates=coordinates, optimizer=optimizer)

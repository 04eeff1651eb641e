"""Slopes of networks whose exponents contain free symbols: lines and planes of initialisations."""

import sympy as sp

from phasetheory.diagrams.diagram import PhaseDiagram, phase_diagram
from phasetheory.errors import TheoryError
from phasetheory.networks.network import Network, check_network
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer

__all__ = ["slopes_on_slice"]


def slopes_on_slice(network: Network, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> dict[str, sp.Expr]:
    """Slopes of a network whose exponents may contain free symbols: piecewise-linear in them.

    For a network without free symbols the exact numbers of :meth:`Network.slopes`. With them a network of two layers is a
    line (or part) of the plane (gamma, gamma'), and a deeper one a line or a plane, in one symbol or two.

    Examples
    --------
    >>> from phasetheory.networks.initializations import initialization
    >>> slopes_on_slice(initialization("centred_lazy", depth=3))
    {'W1': -g, 'W2': -g - 1/2, 'a': -g}
    """
    check_network(network)
    chosen = as_optimizer(optimizer)
    coordinates = network.coordinates(chosen)
    if not set().union(*(value.free_symbols for value in coordinates)):
        return network.slopes(optimizer=chosen)
    if network.depth == 2:
        diagram = phase_diagram(2, optimizer=chosen)
        place = dict(zip(diagram.coordinates, coordinates, strict=True))
        return {layer: sp.simplify(diagram.slope(layer).subs(place)) for layer in diagram.layers}
    symbols = sorted(network.exponents.free_symbols, key=str)
    if len(symbols) > 2:
        raise TheoryError(f"the exponents contain {list(map(str, symbols))}; a line has one free symbol, a plane two")
    x, y = symbols if len(symbols) == 2 else (*symbols, sp.Dummy())
    plane = PhaseDiagram(network, (x, y), optimizer=chosen)
    return {layer: plane.slope(layer) for layer in plane.layers}

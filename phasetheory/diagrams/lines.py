"""Slopes of networks whose exponents contain free symbols: lines and planes of initialisations."""

import sympy as sp

from phasetheory.diagrams.diagram import PhaseDiagram, phase_diagram
from phasetheory.errors import TheoryError
from phasetheory.networks.network import Network, check_network

__all__ = ["slopes_on_slice"]


def slopes_on_slice(network: Network) -> dict[str, sp.Expr]:
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
    if not (network.gamma.free_symbols | network.gamma_prime.free_symbols):
        return network.slopes()
    if network.depth == 2:
        diagram = phase_diagram(2)
        place = dict(zip(diagram.coordinates, (network.gamma, network.gamma_prime), strict=True))
        return {layer: sp.simplify(diagram.slope(layer).subs(place)) for layer in diagram.layers}
    symbols = sorted(network.exponents.free_symbols, key=str)
    if len(symbols) > 2:
        raise TheoryError(f"the exponents contain {list(map(str, symbols))}; a line has one free symbol, a plane two")
    x, y = symbols if len(symbols) == 2 else (*symbols, sp.Dummy())
    plane = PhaseDiagram(network, (x, y))
    return {layer: plane.slope(layer) for layer in plane.layers}

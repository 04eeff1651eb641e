"""The standard plane of a depth: the paper's for two layers, the book's for three, and the like beyond."""

import sympy as sp

from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.networks.network import coordinate_symbols
from phasetheory.symbols.expressions import m

__all__ = ["standard_scales"]


def standard_scales(depth: int) -> tuple[tuple[sp.Expr, ...], sp.Expr, tuple[sp.Symbol, sp.Symbol]]:
    """Sigmas, alpha and coordinates: sigma_1 = 1 and all later layers alike.

    Examples
    --------
    >>> standard_scales(2)
    ((1, m**(-gamma_prime)), m**(gamma - gamma_prime), (gamma, gamma_prime))
    """
    depth = check_depth(depth)
    energetic, dynamical = coordinate_symbols(depth)
    later = m**-dynamical  # sigma_1 = 1, so that kappa' = sigma_L/sigma_1 = m^-gamma'
    alpha = m ** (energetic - (depth - 1) * dynamical)  # so that kappa = m^-gamma
    return (sp.S.One, *[later] * (depth - 1)), alpha, (energetic, dynamical)

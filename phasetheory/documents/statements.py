"""What is known about one network, and what each part of it rests on: a theorem, or the scaling argument.

[L21] T. Luo, Z.-Q. J. Xu, Z. Ma, Y. Zhang, JMLR 22 (2021), arXiv 2007.07497, proves the regime of w of two-layer relu networks
off the boundary, with bounds on RD_w. Everything else rests on the scaling argument of :mod:`phasetheory.scaling.argument`.
"""

import sympy as sp

from phasetheory.diagrams.lines import slopes_on_slice
from phasetheory.networks.network import Network, check_network, coordinate_symbols
from phasetheory.scaling.capacity import capacity_boundary
from phasetheory.scaling.regimes import Basis, Statement, proved_slope_bounds
from phasetheory.symbols.printing import plain, power

__all__ = ["statements"]

_THEOREM = "Luo, Xu, Ma, Zhang, JMLR 22 (2021), theorems on the linear and the condensed regime"
_SCALING = "scaling argument: balance law, capacity, growth"
_SYMBOLS = "SymPy, residual zero"


def statements(network: Network) -> tuple[Statement, ...]:
    """Everything claimed about ``network``, each part with its basis.

    Examples
    --------
    >>> from phasetheory import initialization
    >>> statements(initialization("ntk"))[1].basis
    <Basis.PROVED: 'proved'>
    """
    check_network(network)
    kappas = Statement(
        f"$κ = {plain(network.kappa)}$, $κ' = {plain(network.kappa_prime)}$ are all that the scales do to the dynamics"
        if network.depth == 2
        else "the scales enter the normalised dynamics through $κ$ and one mobility per layer only",
        Basis.PROVED,
        _SYMBOLS,
    )
    scales = (kappas,) if network.zero_layer is None else ()  # a layer at zero has no normalised weights
    if network.activation.degree != 1:
        return *scales, *_beyond_degree_one(network)
    slopes = slopes_on_slice(network)
    number = all(slope.is_number for slope in slopes.values())
    found = [*scales]
    if number:
        for layer, basis in network.basis().items():
            if layer == network.zero_layer:
                continue
            regime = f"${layer}$ is {network.regime()[layer].value}"
            if basis is Basis.PROVED:
                found += [Statement(regime, basis, _THEOREM), _proved_bounds(network)]
            else:
                found.append(Statement(regime, basis, _SCALING))
    values = ", ".join(
        f"$S_{layer} = {plain(slope)}$" for layer, slope in slopes.items() if layer != network.zero_layer
    )
    found.append(Statement(values, Basis.DERIVED, _SCALING))
    if network.zero_layer is not None:
        found.append(Statement(_from_zero(network, network.zero_layer), Basis.DERIVED, _SCALING))
    if number and network.depth == 2 and _lazy_output(network.gamma, network.gamma_prime):
        found.append(
            Statement(
                "$S_w$ is a lower bound here: the output weights hardly move, so a target that needs more directions than $w$ "
                "condenses on is fitted late, at a larger RD",
                Basis.FITTED,
                "measured on four points, see limitations in the documentation",
            )
        )
    return tuple(found)


def _from_zero(network: Network, layer: str) -> str:
    size = power(network.displacements()[layer])
    return f"${layer}$ starts at zero, the limit of tiny scales: $P = 0$, so the layers must grow, and $|{layer}(t)| ~ {size}$"


def _beyond_degree_one(network: Network) -> tuple[Statement, ...]:
    boundary = capacity_boundary(network.depth, network.activation)
    gamma, _ = map(plain, coordinate_symbols(network.depth))
    within = "within reach of the start" if network.capacity >= 0 else "out of reach until the layers grow"
    place = (
        f"${gamma} = {plain(network.gamma)}$"
        if network.zero_layer is None
        else f"$P = 0$, since ${network.zero_layer}$ starts at zero"
    )
    reach = f"the target is {within}: {place}, the capacity boundary is ${gamma} = {plain(boundary)}$"
    refused = "no slope is claimed: growth is winner-take-all for a degree other than 1"
    return Statement(reach, Basis.DERIVED, _SCALING), Statement(refused, Basis.DERIVED, _SCALING)


def _proved_bounds(network: Network) -> Statement:
    lower, upper = proved_slope_bounds(network.gamma, network.gamma_prime)
    bounds = [f"$S_w ≥ {plain(lower)}$"] * (lower != -sp.oo) + [f"$S_w ≤ {plain(upper)}$"] * (upper != sp.oo)
    return Statement(", ".join(bounds) + " up to logarithms", Basis.PROVED, _THEOREM)


def _lazy_output(gamma: sp.Expr, gamma_prime: sp.Expr) -> bool:
    """Condensed w with an output layer that stays where it is: gamma > 1, gamma' < 1 - gamma."""
    return bool(gamma > 1 and gamma_prime < 1 - gamma)

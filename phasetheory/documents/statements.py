"""What is known about one network, and what each part of it rests on: a theorem, or the scaling argument.

[L21] T. Luo, Z.-Q. J. Xu, Z. Ma, Y. Zhang, JMLR 22 (2021), arXiv 2007.07497, proves the regime of w of two-layer relu networks
off the boundary, with bounds on RD_w. Everything else rests on the scaling argument of :mod:`phasetheory.scaling.argument`.
"""

from collections.abc import Iterator

import sympy as sp

from phasetheory.diagrams.lines import slopes_on_slice
from phasetheory.errors import TheoryError
from phasetheory.networks.graph import Graph
from phasetheory.networks.network import Network, check_network, coordinate_symbols
from phasetheory.scaling.capacity import capacity_boundary
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.regimes import Basis, Statement, proved_slope_bounds
from phasetheory.scaling.targets import is_open
from phasetheory.symbols.exponents import exceeds
from phasetheory.symbols.expressions import m
from phasetheory.symbols.printing import plain, power

__all__ = ["said_of_outputs", "statements"]

# of networks with more outputs than open neurons
_BEYOND = (
    "Of so many outputs hidden layers can fit, at every sample, only what the columns of the readout span whose neurons are "
    "open; the rest is left to the layers at the output"
)
_BLOCKS = "Of those columns, too, a part of the order of $1/√m$ is out of reach of all but the last hidden layers"
_NOT_COUNTED = (
    "Of so many outputs the size is counted and not the number, which is worked out for fully connected and recurrent networks: "
    "where layers before the last should fit them alone, they cannot, and the slopes are others"
)

_THEOREM = "Luo, Xu, Ma, Zhang, JMLR 22 (2021), theorems on the linear and the condensed regime"
_SCALING = "scaling argument: balance law, capacity, growth"
_SIGN_SCALING = "scaling argument: equal speed of all weights, capacity, growth"
_SYMBOLS = "SymPy, residual zero"
_EULER = "Euler's identity path by path; SymPy, null space of the use matrix"
_PATHS = "scaling argument: largest paths, growth from event to event"


def statements(network: Network | Graph, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> tuple[Statement, ...]:
    """Everything claimed about ``network`` under an optimiser, each part with its basis; about a graph under gradient flow.

    Examples
    --------
    >>> from phasetheory import initialization
    >>> statements(initialization("ntk"))[1].basis
    <Basis.PROVED: 'proved'>
    """
    chosen = as_optimizer(optimizer)
    if isinstance(network, Graph):
        return tuple(_of_graph(network, chosen))
    check_network(network)
    source = _SCALING if chosen == GRADIENT_FLOW else _SIGN_SCALING
    found = list(_proved_of_dynamics(network, chosen))
    if network.activation.degree != 1:
        return *found, *_beyond_degree_one(network, source)
    slopes = slopes_on_slice(network, optimizer=chosen)
    number = all(slope.is_number for slope in slopes.values())
    if number:
        for layer, basis in network.basis(optimizer=chosen).items():
            if layer == network.zero_layer:
                continue
            regime = f"${layer}$ is {network.regime(optimizer=chosen)[layer].value}"
            if basis is Basis.PROVED:
                found += [Statement(regime, basis, _THEOREM), _proved_bounds(network)]
            else:
                found.append(Statement(regime, basis, source))
    depends = number and network.depends_on_target(chosen)
    kind = "an easy target (neurons in the directions on which $w$ condenses early can fit it): " if depends else ""
    found.append(Statement(kind + _listed(slopes, network), Basis.DERIVED, source))
    if depends:
        hard = network.slopes(target="hard")
        found.append(Statement(f"a hard target (they cannot): {_listed(hard, network)}", Basis.DERIVED, source))
    elif number and is_open(slopes) and not network.activation.is_linear:
        caveat = (
            f"$S$ is that of an easy target; hard ones have not been worked out under {chosen.name.replace('-', ' ')}"
        )
        found.append(Statement(caveat, Basis.DERIVED, source))
    if network.zero_layer is not None:
        found.append(Statement(_from_zero(network, network.zero_layer, chosen), Basis.DERIVED, source))
    return tuple(found)


def _of_graph(graph: Graph, optimizer: Optimizer) -> Iterator[Statement]:
    """Conserved quantities of a graph, its regimes and slopes."""
    if optimizer != GRADIENT_FLOW:
        raise TheoryError(f"optimizer = {optimizer}: what is stated of graphs is under gradient flow; leave it out")
    for law in graph.conserved():
        yield Statement(f"${law}$ is conserved", Basis.PROVED, _EULER)
    for layer, regime in graph.regime().items():
        if graph.layers[layer].sigma != 0:
            yield Statement(f"${layer}$ is {regime.value}", Basis.DERIVED, _PATHS)
    for norm in ("Frobenius", "spectral"):
        slopes = {k: slope for k, slope in graph.slopes(norm.lower()).items() if graph.layers[k].sigma != 0}
        listed = ", ".join(f"$S_{layer} = {plain(slope)}$" for layer, slope in slopes.items())
        yield Statement(f"{norm} norm: {listed}", Basis.DERIVED, _PATHS)
    for layer, moved in graph.displacements().items():
        if graph.layers[layer].sigma == 0:
            yield Statement(f"${layer}$ starts at zero, and $|{layer}(t)| ~ {power(moved)}$", Basis.DERIVED, _PATHS)
    if said := said_of_outputs(graph):
        yield Statement(said, Basis.DERIVED, _PATHS)


def said_of_outputs(graph: Graph) -> str:
    """What there is to say of many outputs; nothing if there are fewer than open neurons, half of them."""
    if graph.shares:  # the first is beyond the span, others are of square blocks
        return _BEYOND if len(graph.shares) == 1 else f"{_BEYOND}. {_BLOCKS}"
    many = any(layer.outer == "fan_out" and exceeds(layer.fan_out, m / 2) for layer in graph.layers.values())
    return _NOT_COUNTED if many else ""


def _proved_of_dynamics(network: Network, optimizer: Optimizer) -> tuple[Statement, ...]:
    """What the scales do to the dynamics, and under sign descent how far a layer can have moved."""
    kappas = Statement(
        f"$κ = {plain(network.kappa)}$, $κ' = {plain(network.kappa_prime)}$ are all that the scales do to the dynamics"
        if network.depth == 2 and optimizer == GRADIENT_FLOW
        else "the scales enter the normalised dynamics through $κ$ and one mobility per layer only",
        Basis.PROVED,
        _SYMBOLS,
    )
    scales = (kappas,) if network.zero_layer is None else ()  # a layer at zero has no normalised weights
    if optimizer == GRADIENT_FLOW:
        return scales
    speed = "no layer moves further than $c_l t$ in the time $t$, in either norm, with $c_l = η √(n_(l-1) n_l)$"
    return *scales, Statement(speed, Basis.PROVED, "every weight moves at the speed η")


def _listed(slopes: dict[str, sp.Expr], network: Network) -> str:
    return ", ".join(f"$S_{layer} = {plain(slope)}$" for layer, slope in slopes.items() if layer != network.zero_layer)


def _from_zero(network: Network, layer: str, optimizer: Optimizer) -> str:
    size = power(network.displacements(optimizer=optimizer)[layer])
    return f"${layer}$ starts at zero, the limit of tiny scales: $P = 0$, so the layers must grow, and $|{layer}(t)| ~ {size}$"


def _beyond_degree_one(network: Network, source: str) -> tuple[Statement, ...]:
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
    return Statement(reach, Basis.DERIVED, source), Statement(refused, Basis.DERIVED, source)


def _proved_bounds(network: Network) -> Statement:
    lower, upper = proved_slope_bounds(network.gamma, network.gamma_prime)
    bounds = [f"$S_w ≥ {plain(lower)}$"] * (lower != -sp.oo) + [f"$S_w ≤ {plain(upper)}$"] * (upper != sp.oo)
    return Statement(", ".join(bounds) + " up to logarithms", Basis.PROVED, _THEOREM)

"""One network on a page: its scales, exponents, regimes and what they mean for the learning rate."""

from typing import Any

import sympy as sp

from phasetheory.diagrams.lines import slopes_on_slice
from phasetheory.documents.statements import statements
from phasetheory.dynamics.activations import Activation, relu
from phasetheory.errors import TheoryError, shown
from phasetheory.networks.at_width import at_width
from phasetheory.networks.dropout import with_dropout
from phasetheory.networks.graph import Graph
from phasetheory.networks.initializations import describe_initialization, initializations
from phasetheory.networks.network import Network, coordinate_symbols
from phasetheory.networks.weight_decay import with_weight_decay
from phasetheory.scaling.argument import strengths
from phasetheory.scaling.capacity import capacity_boundary
from phasetheory.scaling.learning_rates import LearningRateScaling
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.printing import plain, power

__all__ = ["describe", "layout", "summary_rows"]

_DEVIATIONS = "standard deviations, not variances: He's variance 2/fan_in is the scale sqrt(2/fan_in)"
_BOOK_NAMES = {2: ("β₂", "β₁"), 3: ("β₁", "β₂", "β₃")}


def describe(
    network: Network | Graph | str,
    *,
    depth: int | None = None,
    activation: Activation | None = None,
    optimizer: str | Optimizer = GRADIENT_FLOW,
    width: int | None = None,
    weight_decay: Any = None,
    dropout: Any = None,
) -> str:
    """A network, a graph, or a named initialisation, as the text that ``phasetheory classify`` prints.

    Scales, exponents, regime and learning rate, for a name its source and biases, and then what each statement rests on; with a
    width also the capacity there and what it means (:func:`phasetheory.at_width`).

    Parameters
    ----------
    network : Network, Graph or str
    depth : int, optional
        Of a named initialisation; 2 by default.
    activation : Activation, optional
        Of a named initialisation; relu by default.
    optimizer : str or Optimizer
        What trains it.
    width : int, optional
        Neurons of every hidden layer.
    weight_decay : scale, optional
        lambda, as in :func:`phasetheory.with_weight_decay`: what it does, line by line.
    dropout : scale, optional
        Probability with which a hidden neuron is kept, as in :func:`phasetheory.with_dropout`: likewise.

    Raises
    ------
    TheoryError
        An unknown name, weight decay or dropout under another optimiser than gradient flow, or a depth or activation given with a
        network, which has its own.

    Examples
    --------
    >>> print(describe("ntk"))
    NTK, depth 2: standard normal weights, 1/sqrt(m) after every hidden layer
      source         Jacot, Gabriel, Hongler 2018, arXiv 1806.07572
      scales         σ_w = β₂ = 1, σ_a = β₁ = 1; α = √m; η = 1, 1
                     standard deviations, not variances: He's variance 2/fan_in is the scale sqrt(2/fan_in)
      exponents      σ: 0, 0; α: 1/2; η: 0, 0
      coordinates    γ = 1/2, γ' = 0
      w              linear [proved], S = -1/2 [derived]
      a              linear [derived], S = -1/2 [derived]
      learning rate  largest learning rate ~ 1: when the width doubles, keep it;
                     fitting takes a number of steps that does not depend on the width
      bias           none beyond the constant input.
    proved (SymPy, residual zero)
      κ = 1/√m, κ' = 1 are all that the scales do to the dynamics
    proved (Luo, Xu, Ma, Zhang, JMLR 22 (2021), theorems on the linear and the condensed regime)
      w is linear
      S_w ≤ -1/2 up to logarithms
    derived (scaling argument: balance law, capacity, growth)
      a is linear
      S_w = -1/2, S_a = -1/2
    """
    chosen = as_optimizer(optimizer)
    if weight_decay is not None and dropout is not None:
        raise TheoryError("weight_decay and dropout: each is worked out alone; give one of them")
    if isinstance(network, str):
        entry = describe_initialization(network)
        own = (2 if depth is None else depth, relu if activation is None else activation)
        net = entry.network(*own, optimizer=chosen)
        heading = f"{entry.title}, depth {net.depth}: {entry.scheme.law}"
        rows = [
            ("source", entry.scheme.source),
            *summary_rows(net, chosen),
            *_width_rows(net, width),
            *_decay_rows(net, weight_decay, chosen),
            *_dropout_rows(net, dropout, chosen),
            ("bias", entry.scheme.bias),
        ]
        return "\n".join([layout(heading, rows), *_statement_lines(net, chosen)])
    if isinstance(network, Graph):
        given = {
            "depth": depth,
            "activation": activation,
            "width": width,
            "weight_decay": weight_decay,
            "dropout": dropout,
        }
        if told := [name for name, value in given.items() if value is not None]:
            raise TheoryError(f"{told[0]}: not worked out for graphs; leave it out")
        heading = network.name or f"{network.architecture.kind} graph"
        return "\n".join([layout(heading, _graph_rows(network)), *_statement_lines(network, chosen)])
    if not isinstance(network, Network):
        names = ", ".join(initializations())
        raise TheoryError(
            f"network = {shown(network)}; give a Network, a Graph, or the name of an initialisation: {names}"
        )
    if depth is not None or activation is not None:
        raise TheoryError(
            "a network has its own depth and activation; leave them out, or give the name of an initialisation"
        )
    heading = f"{network.depth}-layer {network.activation.name} network"
    return "\n".join(
        [
            layout(
                heading,
                [
                    *summary_rows(network, chosen),
                    *_width_rows(network, width),
                    *_decay_rows(network, weight_decay, chosen),
                    *_dropout_rows(network, dropout, chosen),
                ],
            ),
            *_statement_lines(network, chosen),
        ]
    )


def _statement_lines(net: Network | Graph, optimizer: Optimizer) -> list[str]:
    """What is known, by what it rests on and then by source."""
    known, lines = statements(net, optimizer=optimizer), []
    for basis in Basis:
        chosen = [s for s in known if s.basis is basis]
        for source in dict.fromkeys(s.source for s in chosen):
            lines += [f"{basis.value} ({source})", *(f"  {s.text}" for s in chosen if s.source == source)]
    return lines


def layout(heading: str, rows: list[tuple[str, str]]) -> str:
    """A heading and its rows as text."""
    return "\n".join([heading, *(f"  {name:<13}  {value}" for name, value in rows)])


def summary_rows(net: Network, optimizer: Optimizer = GRADIENT_FLOW) -> list[tuple[str, str]]:
    """Optimiser if it is not the flow, scales, exponents, coordinates, regime of every layer and learning rate: (name, text)."""
    greek = _BOOK_NAMES.get(net.depth, ("",) * net.depth)
    names = (f"σ_{layer}{f' = {beta}' if beta else ''}" for layer, beta in zip(net.layers, greek, strict=True))
    scales = ", ".join(f"{name} = {plain(s)}" for name, s in zip(names, net.sigmas, strict=True))
    powers = net.exponents
    rows = [("optimizer", optimizer.title)] if optimizer != GRADIENT_FLOW else []
    rows += [
        ("scales", f"{scales}; α = {plain(net.alpha)}; η = {_listed(net.learning_rates)}"),
        ("", _DEVIATIONS),
        ("exponents", f"σ: {_listed(powers.sigmas)}; α: {plain(powers.alpha)}; η: {_listed(powers.learning_rates)}"),
        _place(net, optimizer),
    ]
    if net.activation.degree != 1:
        boundary = capacity_boundary(net.depth, net.activation)
        capacity = f"P ~ {power(net.capacity)}" if net.zero_layer is None else "P = 0"
        gamma, _ = map(plain, coordinate_symbols(net.depth))
        return [*rows, ("capacity", f"{capacity}, of order one at {gamma} = {plain(boundary)}")]
    if set().union(*(value.free_symbols for value in net.coordinates(optimizer))):  # a line: slopes in its parameter
        slopes = slopes_on_slice(net, optimizer=optimizer)
        return [*rows, *((layer, f"S = {plain(slope)}") for layer, slope in slopes.items())]
    return [
        *rows,
        *_regime_rows(net, optimizer),
        *_rate_rows(net.learning_rate_scaling(optimizer=optimizer)),
    ]


def _rate_rows(rates: LearningRateScaling) -> list[tuple[str, str]]:
    """How the largest rate goes with the width, and how long it takes, on lines of their own."""
    step, mark, time = rates.meaning.partition("; ")
    return [("learning rate", step + mark.strip()), *([("", time)] if time else [])]


def _graph_rows(graph: Graph) -> list[tuple[str, str]]:
    """Scales, strengths, capacity, the regime of every layer and the learning rate."""
    layers, powers = graph.layers, graph.exponents
    rates, basis = graph.learning_rate_scaling(), graph.basis()
    scales = ", ".join(f"σ_{name} = {plain(layer.sigma)}" for name, layer in layers.items())
    sizes = ", ".join(f"{name} {power(strength)}" for name, strength in powers.start.items())
    rows = [
        (
            "scales",
            f"{scales}; α = {plain(graph.alpha)}; η = {_listed(tuple(e.learning_rate for e in layers.values()))}",
        ),
        ("", _DEVIATIONS),
        ("strengths", sizes),
        ("capacity", f"P ~ {power(graph.capacity)} [derived]"),
    ]
    labels, slopes = graph.regime(), graph.slopes()
    spectral, spectral_labels = graph.slopes("spectral"), graph.regime("spectral")
    for layer in layers:
        if layers[layer].sigma == 0:
            size = power(graph.displacements()[layer])
            rows.append((layer, f"starts at zero, no RD; it grows to |{layer}(t)| ~ {size} [derived]"))
            continue
        own = f"{labels[layer].value}, S = {slopes[layer]}"
        other = f"in spectral norm {spectral_labels[layer].value}, S = {spectral[layer]}"
        rows.append((layer, f"{own}; {other} [{basis[layer].value}]"))
    curvature = f"λ₀ ~ {power(rates.initial_curvature)}, λ₁ ~ {power(rates.final_curvature)} [derived]"
    return [*rows, ("curvature", curvature), *_rate_rows(rates)]


def _width_rows(net: Network, width: int | None) -> list[tuple[str, str]]:
    if width is None:
        return []
    here = at_width(net, width)
    return [
        (f"width {here.width}", f"{here.value} [{here.basis.value}, up to a factor of order one]"),
        ("", here.meaning),
    ]


def _decay_rows(net: Network, weight_decay: Any, optimizer: Optimizer) -> list[tuple[str, str]]:
    if weight_decay is None:
        return []
    found = with_weight_decay(net, weight_decay, optimizer=optimizer)
    number = "λ α" if net.depth == 2 else f"λ α^(2/{net.depth})"
    heading = f"λ = {plain(found.weight_decay)}, μ = {number} ~ {power(-found.ell)}"
    lines = [f"{said.text} [{said.basis.value}]" for said in found.statements]
    return list(zip(["weight decay", *[""] * len(lines)], [heading, *lines], strict=True))


def _dropout_rows(net: Network, keep: Any, optimizer: Optimizer) -> list[tuple[str, str]]:
    if keep is None:
        return []
    found = with_dropout(net, keep, optimizer=optimizer)
    heading = f"neurons are kept with probability {plain(found.keep)}, q = (1 - p)/p = {plain(found.ratio)}"
    lines = [f"{said.text} [{said.basis.value}]" for said in found.statements]
    return list(zip(["dropout", *[""] * len(lines)], [heading, *lines], strict=True))


def _place(net: Network, optimizer: Optimizer) -> tuple[str, str]:
    """Coordinates; strengths where a layer starts at zero, which is beyond every plane."""
    if net.zero_layer is None:
        values = zip(coordinate_symbols(net.depth), net.coordinates(optimizer), strict=True)
        return "coordinates", ", ".join(f"{plain(symbol)} = {plain(value)}" for symbol, value in values)
    strength, _ = strengths(net.exponents.sigmas)
    return (
        "strengths",
        f"s: {', '.join(map(power, strength))}; P = 0; no coordinates, since {net.zero_layer} starts at zero",
    )


def _regime_rows(net: Network, optimizer: Optimizer) -> list[tuple[str, str]]:
    basis, slopes = net.basis(optimizer=optimizer), net.slopes(optimizer=optimizer)
    regimes = net.regime(optimizer=optimizer)
    values = {k: str(slope) for k, slope in slopes.items()}
    if net.depends_on_target(optimizer):
        hard = net.slopes(target="hard")
        values = {k: f"{slope} for an easy target, {hard[k]} for a hard one" for k, slope in slopes.items()}
    rows = {k: f"{regimes[k].value} [{basis[k].value}], S = {values[k]} [derived]" for k in net.layers}
    if net.depth > 2:  # only then do the two norms differ, in the layers between two wide ones
        spectral, labels = (
            net.slopes("spectral", optimizer=optimizer),
            net.regime("spectral", optimizer=optimizer),
        )
        rows = {k: f"{text}; in spectral norm {labels[k].value}, S = {spectral[k]}" for k, text in rows.items()}
    if net.zero_layer is not None:
        size = power(net.displacements(optimizer=optimizer)[net.zero_layer])
        rows[net.zero_layer] = (
            f"starts at zero, no RD; it grows to |{net.zero_layer}(t)| ~ {size} in either norm [derived]"
        )
    return list(rows.items())


def _listed(values: tuple[sp.Expr, ...]) -> str:
    return ", ".join(map(plain, values))

"""The scaling argument as sections: capacity, growth and displacement, boundaries, and one network followed through."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import sympy as sp

from phasetheory.diagrams.diagram import PhaseDiagram
from phasetheory.diagrams.lines import slopes_on_slice
from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Equation, Section, equals
from phasetheory.documents.dropout import dropout_claims
from phasetheory.documents.growth import GROWTH, growth_sections
from phasetheory.documents.statements import statements
from phasetheory.documents.weight_decay import weight_decay_claims
from phasetheory.dynamics.activations import relu
from phasetheory.dynamics.gradient_flow import sigma_symbols
from phasetheory.networks.critical import critical_point
from phasetheory.networks.graph import Graph
from phasetheory.networks.initializations import describe_initialization
from phasetheory.networks.network import Network, coordinate_symbols
from phasetheory.scaling.argument import displacement
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer
from phasetheory.scaling.regimes import Basis, Regime, classify
from phasetheory.symbols.formulas import formula_tex
from phasetheory.symbols.printing import latex, plain, power
from phasetheory.symbols.prose import literal

__all__ = ["boundaries_section", "network_section", "regions_section", "scaling_sections", "statements_section"]

_LISTED = 3  # layers that are written one by one where more are alike


def scaling_sections(derivation: Derivation) -> list[Section]:
    """Everything after the balance law, except the checks."""
    sections = [_capacity(derivation)]
    if derivation.activation.degree == 1:
        sections += [
            *growth_sections(derivation.optimizer),
            boundaries_section(derivation.diagram),
            _critical(derivation),
        ]
    if derivation.network is not None:
        sections.append(network_section(derivation.network, derivation.optimizer))
    return [*sections, _claims(derivation)]


def _capacity(derivation: Derivation) -> Section:
    p, q = derivation.activation.degree, derivation.capacity_boundary
    gamma, _ = coordinate_symbols(derivation.depth)
    absorbed = "$W_l → W_l/√η_l$, which gives the flow one metric in every layer"
    if derivation.optimizer != GRADIENT_FLOW:
        absorbed = "$W_l → W_l/η_l$, which gives every layer one rate"
    body: list[str | Equation] = [
        "Strength of a layer at the start (its spectral norm) and its Frobenius norm, with $n_(l-1)$ and $n_l$ the widths on "
        f"either side, $d$, $m$, ..., $m$, 1; learning rates are absorbed by {absorbed}:",
        Equation("s_l = σ_l √max(n_(l-1), n_l) ~ σ_l √m,   F_l = σ_l √(n_(l-1) n_l)"),
        "Capacity: the output within reach of these weights once the features are aligned (not the random output of the "
        "start). A signal of norm $|h_(l-1)|$, spread over the neurons, comes out of layer $l$ and its activation with norm "
        "$|h_l|$:",
        Equation("|h_l| = m^((1-p)/2) (s_l |h_(l-1)|)^p,   |h_0| = O(1),   P = (s_L |h_(L-1)|)/α"),
        f"For $p = {plain(p)}$ and {derivation.depth} layers this is",
        Equation(f"P ~ κ {power(q)}"),
        "The target is of order one, so it is within reach of the start where $P ≥ 1$. The capacity boundary is "
        f"${plain(gamma)} = {plain(q)}$.",
    ]
    if p != 1:
        body.append(
            "Beyond it the layers must grow, and here the argument ends: for $p$ other than 1 a neuron grows at a rate that "
            "depends on its own size, of the order of its $p$-th power. For $p > 1$ the winner takes all, the signal does "
            "not stay spread over the neurons, and no slope is claimed."
        )
    return Section("Capacity", Basis.DERIVED, tuple(body))


def boundaries_section(diagram: PhaseDiagram) -> Section:
    """Slopes and boundaries of every layer over the plane of a diagram."""
    x, y = (plain(c) for c in diagram.coordinates)
    alike = (
        ", where all layers after the first start alike" if diagram.is_standard and diagram.network.depth > 2 else ""
    )
    if diagram.is_standard and diagram.network.depth == 3 and diagram.optimizer == GRADIENT_FLOW:
        alike += " (its regions were first found empirically [@zhou2022])"
    norm = "" if diagram.norm == "frobenius" else f", in {diagram.norm} norm"
    body: list[str | Equation] = [f"On the plane of ${x}$ and ${y}${alike}{norm}:"]
    for slope, layers in _layers_by_slope(diagram).items():
        name = _all_slopes(layers)
        pieces = slope.args if isinstance(slope, sp.Piecewise) else ((slope, sp.true),)
        lines = (
            f"{name} = {plain(value):<22} {'elsewhere' if condition == sp.true else plain(condition)}"
            for value, condition in pieces
        )
        body.append(Equation("\n".join(lines), f"{formula_tex(name)} = {latex(slope)}"))
        if edges := diagram.boundary(layers[0]).prose:
            body.append(f"Boundary of {_in_prose(layers)}, ${name} = 0$: {edges}.")
        else:
            body.append(f"{_of_layers(diagram.regions(layers)[0].regimes)} on the whole plane.")
    return Section("Slopes and boundaries", Basis.DERIVED, tuple(body))


def regions_section(diagram: PhaseDiagram) -> Section:
    """Regions of the plane of a diagram, and the named initialisations on it."""
    places: dict[tuple[sp.Expr, sp.Expr], list[str]] = {}
    for name, place in diagram.named_points.items():
        places.setdefault(place, []).append(describe_initialization(name).title)
    x, y = (plain(c) for c in diagram.coordinates)
    named = (f"{', '.join(titles)}: $({x}, {y}) = ({plain(p)}, {plain(q)})$." for (p, q), titles in places.items())
    body = (*(f"{_of_layers(region.regimes)}." for region in diagram.regions()), *named)
    return Section(f"Regions{' and named initialisations' if places else ''}", Basis.DERIVED, body)


def _of_layers(regimes: Mapping[str, Regime]) -> str:
    """Neighbours that are alike are named together."""
    runs = groupby(regimes.items(), key=lambda item: item[1])
    return ", ".join(f"{_in_prose([layer for layer, _ in run])} {regime.value}" for regime, run in runs)


def _in_prose(layers: Sequence[str]) -> str:
    return ", ".join(f"${layer}$" for layer in _shortened(layers))


def _layers_by_slope(diagram: PhaseDiagram) -> dict[sp.Expr, list[str]]:
    """Layers that share a slope, as those between two hidden layers do, are written once."""
    groups: dict[sp.Expr, list[str]] = {}
    for layer in diagram.layers:
        groups.setdefault(diagram.slope(layer), []).append(layer)
    return groups


def _all_slopes(layers: Sequence[str]) -> str:
    """The slopes of layers that are alike, ``S_W2 = S_W3``."""
    return " = ".join(_shortened([f"S_{layer}" for layer in layers]))


def _shortened(names: Sequence[str]) -> list[str]:
    """A long list by its ends."""
    return list(names) if len(names) <= _LISTED else [names[0], "...", names[-1]]


def _critical(derivation: Derivation) -> Section:
    point = critical_point(derivation.depth, optimizer=derivation.optimizer)
    condition, equal = "$s_l = Δ/2$", "$s_l$"
    if derivation.optimizer != GRADIENT_FLOW:
        condition, equal = "$s_l = u + c_l$", "$s_l - c_l$"
    runs = groupby(zip(derivation.normalized.sigmas, point.sigmas, strict=True), key=lambda pair: pair[1])
    powers = [f"{', '.join(_shortened([plain(s) for s, _ in run]))} ~ {power(exponent)}" for exponent, run in runs]
    return Section(
        "The critical point",
        Basis.DERIVED,
        (
            f"In spectral norm layer $l$ is critical if and only if {condition}, so all layers are critical together if and "
            f"only if all {equal} are equal and $P = 1$. These linear equations have one solution, up to a common factor $m^g$ "
            "in every layer that $α$ takes out again:",
            Equation(",   ".join([*powers, f"α ~ {power(point.alpha)}"])),
            "with all learning rates 1. At two layers it is the mean-field scaling [@mei2018], at any depth muP [@yang2021], "
            "also found as a spectral condition [@yang2023].",
        ),
    )


def network_section(net: Network, optimizer: Optimizer = GRADIENT_FLOW) -> Section:
    """One network followed through: scales, coordinates, and what the argument says of every layer."""
    names = [plain(s) for s in sigma_symbols(net.depth)]
    body: list[str | Equation] = []
    for (sigma, eta), run in groupby(
        zip(names, net.sigmas, net.learning_rates, strict=True), key=lambda layer: layer[1:]
    ):
        scale = equals(" = ".join(_shortened([name for name, *_ in run])), sigma)
        if eta != 1:
            rate = (f",   learning rate {plain(eta)}", rf", \quad \text{{learning rate }} {latex(eta)}")
            scale = Equation(scale.formula + rate[0], scale.tex + rate[1])
        body.append(scale)
    body += [equals("α", net.alpha), equals("κ", net.kappa)]
    coordinates = net.coordinates(optimizer)
    if net.zero_layer is None:
        body += [equals("κ'", net.kappa_prime)] if optimizer == GRADIENT_FLOW else []
        named = zip(coordinate_symbols(net.depth), coordinates, strict=True)
        body += [equals(plain(symbol), value) for symbol, value in named]
    else:
        body.append(
            f"${net.zero_layer}$ starts at zero, so it has no normalised weights and the network no coordinates; it is the limit "
            "of tiny scales, of exponent $-∞$, on which the scaling argument runs as it stands."
        )
    body.append(equals("exponent of P", net.capacity))
    if net.activation.degree == 1 and set().union(*(value.free_symbols for value in coordinates)):
        body.append("A line of networks: its slopes along the line are")
        body += [equals(f"S_{layer}", slope) for layer, slope in slopes_on_slice(net, optimizer=optimizer).items()]
    elif net.activation.degree == 1:
        body += _followed_through(net, optimizer)
    return Section(f"This network{f': {literal(net.name)}' if net.name else ''}", Basis.DERIVED, tuple(body))


def _followed_through(net: Network, optimizer: Optimizer) -> list[str | Equation]:
    """The argument with this network's numbers."""
    moved = displacement(*net.exponents.absorbed(optimizer), optimizer=optimizer)
    case = (
        "Case 1: $P ≥ 1$, a small move fits the data."
        if moved.capacity >= 0
        else "Case 2: $P < 1$, the layers must grow."
    )
    body: list[str | Equation] = [f"{case} In exponents of $m$:", equals(GROWTH[optimizer], moved.growth)]
    numbers = (moved.strength, moved.frobenius, moved.moved, net.slopes(optimizer=optimizer).values())
    layers = zip(net.layers, net.basis(optimizer=optimizer).values(), *numbers, strict=True)
    for (basis, *values), run in groupby(layers, key=lambda layer: layer[1:]):
        body.append(_layers_line([name for name, *_ in run], basis, values))
    if net.depth > 2:  # only then do the two norms differ
        body.append("In spectral norm:")
        for slope, names in groupby(net.layers, key=net.slopes("spectral", optimizer=optimizer).__getitem__):
            body.append(equals(_all_slopes(list(names)), slope))
    if net.zero_layer is not None:
        exponent, layer = net.displacements(optimizer=optimizer)[net.zero_layer], net.zero_layer
        body.append(f"${layer}$ grows from zero, so its $S$ says nothing; what is finite is its norm:")
        body.append(Equation(f"|{layer}(t)| ~ {power(exponent)}"))
    if net.depends_on_target(optimizer):
        body.append(
            "These are the slopes of a target that neurons in the directions on which $w$ condenses early can fit. Else:"
        )
        body += [equals(f"S_{layer}", slope) for layer, slope in net.slopes(target="hard").items()]
    return [*body, f"Practice: {net.learning_rate_scaling(optimizer=optimizer).prose}."]


def _layers_line(layers: list[str], basis: Basis, values: Sequence[sp.Expr]) -> Equation:
    """Strength, norm, way and slope of layers that are alike, and what the slope means."""
    names, regime = ", ".join(_shortened(layers)), classify(values[3]).value
    numbers = list(zip(("s", "F", "δ", "S"), values, strict=True))
    shown = ", ".join(f"{name} = {plain(value)}" for name, value in numbers)
    tex = r",\ ".join(f"{formula_tex(name)} = {latex(value)}" for name, value in numbers)
    text = f"{names}: {shown}; {regime} [{basis.value}]"
    tex = rf"{formula_tex(names)}: \quad {tex} \quad \text{{{regime} ({basis.value})}}"
    return Equation(text, tex)


def statements_section(net: Network | Graph) -> Section:
    """What is known about a network, and what each part of it rests on."""
    return _with_bases("What is known", [(s.prose, s.basis, s.source) for s in statements(net)])


def _claims(derivation: Derivation) -> Section:
    proved, derived = Basis.PROVED, Basis.DERIVED
    flow = derivation.optimizer == GRADIENT_FLOW
    law = ("Equations of motion, normalisation, balance law", proved, "each residual simplified to zero, below")
    if not flow:
        zero = "residuals simplified to zero, below; bounds as above"
        law = ("Normalisation, the bounds of equal speed", proved, zero)
    claims = [
        law,
        ("Strengths, capacity and its boundary", derived, "this project, after the norms of random matrices"),
    ]
    if derivation.activation.degree == 1:
        claims += [
            ("Growth, displacement, every slope $S_l$ and boundary", derived, "scaling argument, this project"),
            ("Where the linear approximation holds", derived, "scaling argument"),
            ("One critical point per depth, up to a common factor", derived, "proved given the scaling argument"),
        ]
    if derivation.depth == 2 and derivation.activation == relu and flow:
        without = [("without weight decay", derivation.decayed), ("without dropout", derivation.dropout)]
        kind = "".join(f"{text.capitalize()}: " for text, asked in without if asked is not None)
        claims += [
            (f"{kind}$w$ is linear for $γ < 1$, with $RD_w$ at most of the order $log m/(m κ)$", proved, "@luo2021"),
            (
                f"{kind}$w$ is linear for $γ' > γ - 1$ and $γ' > 0$, with $RD_w$ at most $κ' log m/(m κ)$",
                proved,
                "@luo2021",
            ),
            (f"{kind}$w$ is condensed for $γ > 1$ and $γ' < γ - 1$", proved, "@luo2021"),
            ("The exact slopes, the boundary itself, and all about $a$", derived, "scaling argument"),
        ]
    if not flow:
        claims.append(
            ("That Adam at a small rate is sign descent; no theorem on regimes covers it", derived, "this project")
        )
    claims += [*weight_decay_claims(derivation), *dropout_claims(derivation)]
    return _with_bases("What is proved and what is argued", claims)


def _with_bases(title: str, claims: list[tuple[str, Basis, str]]) -> Section:
    lines = tuple(f"{prose} [{basis.value}: {source}]." for prose, basis, source in claims)
    return Section(title, Basis.DERIVED, lines)

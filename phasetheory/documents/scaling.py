"""The scaling argument as sections: capacity, growth and displacement, boundaries, and one network followed through."""

import sympy as sp

from phasetheory.diagrams.lines import slopes_on_slice
from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Equation, Section, equals
from phasetheory.documents.growth import GROWTH, growth_sections
from phasetheory.dynamics.activations import relu
from phasetheory.networks.critical import critical_point
from phasetheory.networks.network import Network
from phasetheory.scaling.argument import displacement
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer
from phasetheory.scaling.regimes import Basis, Statement, classify
from phasetheory.symbols.expressions import m
from phasetheory.symbols.printing import latex, plain, power

__all__ = ["scaling_sections"]

_LUO = "Luo, Xu, Ma, Zhang, JMLR 22 (2021)"


def scaling_sections(derivation: Derivation) -> list[Section]:
    """Everything after the balance law, except the checks."""
    sections = [_capacity(derivation)]
    if derivation.activation.degree == 1:
        sections += [*growth_sections(derivation.optimizer), _boundaries(derivation), _critical(derivation)]
    if derivation.network is not None:
        sections.append(_this_network(derivation, derivation.network))
    return [*sections, _claims(derivation)]


def _capacity(derivation: Derivation) -> Section:
    p, q = derivation.activation.degree, derivation.capacity_boundary
    root = "W_l/√η_l, which gives the flow one metric in every layer"
    if derivation.optimizer != GRADIENT_FLOW:
        root = "W_l/η_l, which gives every layer one rate"
    body: list[str | Equation] = [
        "Strength of a layer at the start (its spectral norm) and its Frobenius norm, with fan_in and fan_out "
        "the widths on either side; "
        f"learning rates are absorbed by W_l → {root}:",
        Equation(
            "s_l = σ_l √max(fan_in, fan_out) = σ_l √m,   F_l = σ_l √(fan_in fan_out)",
            r"s_l = \sigma_l \sqrt{\max(n_{l-1}, n_l)} = \sigma_l \sqrt m, \quad F_l = \sigma_l \sqrt{n_{l-1} n_l}",
        ),
        "Capacity: the output within reach of these weights once the features are aligned (not the random output "
        "of the start). A signal "
        "of norm |h_(l-1)|, spread over the neurons, comes out of layer l and its activation with norm |h_l|:",
        Equation(
            "|h_l| = m^((1-p)/2) (s_l |h_(l-1)|)^p,   |h_0| = O(1),   P = s_L |h_(L-1)| / α",
            r"|h_l| = m^{(1-p)/2} (s_l |h_{l-1}|)^p, \quad |h_0| = O(1), \quad P = s_L |h_{L-1}| / \alpha",
        ),
        f"For p = {plain(p)} and {derivation.depth} layers this is",
        Equation(f"P ~ κ {power(q)}", rf"P \sim \kappa\, {latex(m**q)}"),
        f"The target is of order one, so it is within reach of the start where P ≥ 1. The capacity boundary is γ = {plain(q)}.",
    ]
    if p != 1:
        body.append(
            "Beyond it the layers must grow, and here the argument ends: for p other than 1 a neuron grows at a "
            "rate that depends on its own "
            "size, of the order of its p-th power. For p > 1 the winner takes all, the signal does not stay "
            "spread over the neurons, and "
            "no slope is claimed."
        )
    return Section("Capacity", Basis.DERIVED, tuple(body))


def _boundaries(derivation: Derivation) -> Section:
    diagram = derivation.diagram
    x, y = (plain(c) for c in diagram.coordinates)
    body: list[str | Equation] = [
        f"On the plane of {x} and {y}"
        + (":" if derivation.depth == 2 else ", where all layers after the first start alike:")
    ]
    for slope, layers in _layers_by_slope(derivation).items():
        pieces = slope.args if isinstance(slope, sp.Piecewise) else ((slope, sp.true),)
        name, tex_name = " = ".join(f"S_{k}" for k in layers), " = ".join(f"S_{{{k}}}" for k in layers)
        for value, condition in pieces:
            where = "elsewhere" if condition == sp.true else plain(condition)
            tex_where = r"\text{elsewhere}" if condition == sp.true else latex(condition)
            body.append(
                Equation(f"{name} = {plain(value):<22} {where}", rf"{tex_name} = {latex(value)} \quad ({tex_where})")
            )
        edges = plain(sp.Symbol(str(derivation.boundaries[layers[0]])))
        body.append(
            f"Boundary of {', '.join(layers)}, {name} = 0: {edges}." if edges else f"{layers[0]} has no boundary."
        )
    return Section("Slopes and boundaries", Basis.DERIVED, tuple(body))


def _layers_by_slope(derivation: Derivation) -> dict[sp.Expr, list[str]]:
    """Layers that share a slope, as those between two hidden layers do, are written once."""
    groups: dict[sp.Expr, list[str]] = {}
    for layer in derivation.boundaries:
        groups.setdefault(derivation.diagram.slope(layer), []).append(layer)
    return groups


def _critical(derivation: Derivation) -> Section:
    point = critical_point(derivation.depth, optimizer=derivation.optimizer)
    condition = "s_l = Δ/2, so all layers are critical together if and only if all s_l are equal and P = 1"
    if derivation.optimizer != GRADIENT_FLOW:
        condition = (
            "s_l = u + c_l, so all layers are critical together if and only if all s_l - c_l are equal and P = 1"
        )
    names = [plain(s) for s in derivation.normalized.sigmas]
    powers = ", ".join(f"{name} ~ {power(s)}" for name, s in zip(names, point.sigmas, strict=True))
    tex = ", ".join(
        rf"{latex(s)} \sim m^{{{latex(power)}}}"
        for s, power in zip(derivation.normalized.sigmas, point.sigmas, strict=True)
    )
    return Section(
        "The critical point",
        Basis.DERIVED,
        (
            f"In spectral norm layer l is critical if and only if {condition}. These linear equations have one solution, up to a "
            "common factor m^g in every layer that α takes out again:",
            Equation(f"{powers}, α ~ {power(point.alpha)}", rf"{tex}, \quad \alpha \sim m^{{{latex(point.alpha)}}}"),
            "with all learning rates 1. At depth 2 it is the mean-field scaling, at any depth muP.",
        ),
    )


def _this_network(derivation: Derivation, net: Network) -> Section:
    body: list[str | Equation] = []
    for name, sigma, eta in zip(derivation.normalized.sigmas, net.sigmas, net.learning_rates, strict=True):
        rate = ("", "") if eta == 1 else (f",  learning rate {plain(eta)}", rf", \quad \eta = {latex(eta)}")
        body.append(Equation(f"{plain(name)} = {plain(sigma)}{rate[0]}", f"{latex(name)} = {latex(sigma)}{rate[1]}"))
    body += [
        equals("α", r"\alpha", net.alpha),
        equals("κ", r"\kappa", net.kappa),
    ]
    gamma, gamma_prime = net.coordinates(derivation.optimizer)
    if net.zero_layer is None:
        body += [equals("κ'", r"\kappa'", net.kappa_prime)] if derivation.optimizer == GRADIENT_FLOW else []
        body += [equals("γ", r"\gamma", gamma), equals("γ'", r"\gamma'", gamma_prime)]
    else:
        body.append(
            f"{net.zero_layer} starts at zero, so it has no normalised weights and the network no coordinates; it is the limit "
            "of tiny scales, of exponent -∞, on which the scaling argument runs as it stands."
        )
    body.append(equals("exponent of P", r"\text{exponent of } P", net.capacity))
    if derivation.activation.degree != 1:
        return Section(_heading(net), Basis.DERIVED, tuple(body))
    if gamma.free_symbols | gamma_prime.free_symbols:
        slopes = slopes_on_slice(net, optimizer=derivation.optimizer)
        body.append("A line of networks: its slopes along the line are")
        body += [equals(f"S_{layer}", f"S_{{{layer}}}", slope) for layer, slope in slopes.items()]
        return Section(_heading(net), Basis.DERIVED, tuple(body))
    return Section(_heading(net), Basis.DERIVED, (*body, *_followed_through(net, derivation.optimizer)))


def _followed_through(net: Network, optimizer: Optimizer) -> list[str | Equation]:
    """The argument with this network's numbers."""
    moved = displacement(*net.exponents.absorbed(optimizer), optimizer=optimizer)
    spectral = net.slopes("spectral", optimizer=optimizer)
    case = (
        "Case 1: P ≥ 1, a small move fits the data." if moved.capacity >= 0 else "Case 2: P < 1, the layers must grow."
    )
    lines: list[str | Equation] = [f"{case} In exponents of m:", equals(*GROWTH[optimizer], moved.growth)]
    for i, (layer, slope) in enumerate(net.slopes(optimizer=optimizer).items()):
        strength, frobenius, distance = (plain(v[i]) for v in (moved.strength, moved.frobenius, moved.moved))
        basis = net.basis(optimizer=optimizer)[layer]
        regime = classify(slope).value
        lines.append(
            Equation(
                f"{layer}: s = {strength}, F = {frobenius}, δ = {distance}, S = {plain(slope)}; {regime} [{basis.value}]"
                + (f"; in spectral norm S = {plain(spectral[layer])}" if net.depth > 2 else ""),
                rf"\text{{{layer}:}} \quad s = {latex(moved.strength[i])},\ F = {latex(moved.frobenius[i])},\ "
                rf"\delta = {latex(moved.moved[i])},\ S = {latex(slope)} \quad \text{{{regime} ({basis.value})}}"
                + (rf",\quad S^{{\mathrm{{spectral}}}} = {latex(spectral[layer])}" if net.depth > 2 else ""),
            )
        )
    if net.zero_layer is not None:
        exponent, layer = net.displacements(optimizer=optimizer)[net.zero_layer], net.zero_layer
        lines.append(f"{layer} grows from zero, so its S says nothing; what is finite is its norm:")
        lines.append(Equation(f"|{layer}(t)| ~ {power(exponent)}", rf"|{layer}(t)| \sim {latex(m**exponent)}"))
    if net.depends_on_target(optimizer):
        easy, hard = (net.slopes(target=target) for target in ("easy", "hard"))
        lines.append(
            "These are the slopes of a target that neurons in the directions on which w condenses early can fit. Else:"
        )
        lines += [equals(f"S_{layer}", f"S_{{{layer}}}", hard[layer]) for layer in easy]
    return [*lines, f"Practice: {net.learning_rate_scaling(optimizer=optimizer).meaning}."]


def _claims(derivation: Derivation) -> Section:
    flow = derivation.optimizer == GRADIENT_FLOW
    law = "balance law" if flow else "the bounds of equal speed"
    statements = [
        Statement(f"Equations of motion, normalisation, {law}", Basis.PROVED, "each residual simplified to zero, below")
        if flow
        else Statement(f"Normalisation, {law}", Basis.PROVED, "residuals simplified to zero, below; bounds as above"),
        Statement(
            "Strengths, capacity and its boundary", Basis.DERIVED, "this project, after the norms of random matrices"
        ),
    ]
    if derivation.activation.degree == 1:
        statements.append(
            Statement(
                "Growth, displacement, every slope S_l and boundary", Basis.DERIVED, "scaling argument, this project"
            )
        )
        statements.append(
            Statement(
                "One critical point per depth, up to a common factor",
                Basis.DERIVED,
                "proved given the scaling argument",
            )
        )
    if derivation.depth == 2 and derivation.activation == relu and flow:
        statements += [
            Statement("w is linear for γ < 1, with RD_w at most of the order log m/(m κ)", Basis.PROVED, _LUO),
            Statement("w is linear for γ' > γ - 1 and γ' > 0, with RD_w at most κ' log m/(m κ)", Basis.PROVED, _LUO),
            Statement("w is condensed for γ > 1 and γ' < γ - 1", Basis.PROVED, _LUO),
            Statement("The exact slopes, the boundary itself, and all about a", Basis.DERIVED, "scaling argument"),
        ]
    if not flow:
        statements.append(
            Statement(
                "That Adam at a small rate is sign descent; no theorem on regimes covers it",
                Basis.DERIVED,
                "this project",
            )
        )
    lines = tuple(f"{s}." for s in statements)
    return Section("What is proved and what is argued", Basis.DERIVED, lines)


def _heading(net: Network) -> str:
    return f"This network{': ' + net.name if net.name else ''}"

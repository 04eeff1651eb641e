"""The scaling argument as sections: capacity, growth, displacement, boundaries, and one network followed through."""

import sympy as sp

from phasetheory.diagrams.lines import slopes_on_slice
from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Equation, Section, equals
from phasetheory.dynamics.activations import relu
from phasetheory.networks.critical import critical_point
from phasetheory.networks.network import Network
from phasetheory.scaling.argument import displacement
from phasetheory.scaling.regimes import Basis, Statement, classify
from phasetheory.symbols.expressions import m
from phasetheory.symbols.printing import latex, plain, power

__all__ = ["scaling_sections"]

_LUO = "Luo, Xu, Ma, Zhang, JMLR 22 (2021)"


def scaling_sections(derivation: Derivation) -> list[Section]:
    """Everything after the balance law, except the checks."""
    sections = [_capacity(derivation)]
    if derivation.activation.degree == 1:
        sections += [_growth(), _displacement(), _boundaries(derivation), _critical(derivation)]
    if derivation.network is not None:
        sections.append(_this_network(derivation, derivation.network))
    return [*sections, _claims(derivation)]


def _capacity(derivation: Derivation) -> Section:
    p, q = derivation.activation.degree, derivation.capacity_boundary
    body: list[str | Equation] = [
        "Strength of a layer at the start (its spectral norm) and its Frobenius norm, with fan_in and fan_out "
        "the widths on either side; "
        "learning rates are absorbed by W_l → W_l/√η_l, which gives the flow one metric in every layer:",
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


def _growth() -> Section:
    return Section(
        "Growth",
        Basis.DERIVED,
        (
            "By the balance law the flow adds the same amount Δ to the square of every layer along the signal. "
            "Two cases.",
            "Case 1, P ≥ 1: a small move fits the data. Moving layer l by δ along the signal changes f by δ "
            "P/s_l, and the layer of least "
            "strength is moved most cheaply; the change of order one costs",
            Equation(
                "δ = min_l s_l / P,   Δ = δ s = min_l s_l² / P",
                r"\delta = \min_l s_l / P, \quad \Delta = \min_l s_l^2 / P",
            ),
            "Case 2, P < 1: no small move does. The layers grow until the capacity is one:",
            Equation("Π_l √max(s_l², Δ) = α", r"\prod_l \sqrt{\max(s_l^2, \Delta)} = \alpha"),
            "In exponents of m (the same letters from here on) products are sums and sums are maxima. The left "
            "side of case 2 is increasing, "
            "and the sum of max(s_l, x) over l is the largest of the sums over sets K of layers that take x, the "
            "others taking s_l, so the "
            "root is a minimum over K, and both cases are one formula:",
            Equation(
                "Δ/2 = max( min_l s_l, min_K (Σ_K s_l - P)/|K| ) - max(P, 0)/2",
                r"\frac{\Delta}{2} = \max\Bigl( \min_l s_l,\ \min_K \frac{\sum_{l \in K} s_l - P}{|K|} \Bigr) "
                r"- \frac{\max(P, 0)}{2}",
            ),
        ),
    )


def _displacement() -> Section:
    return Section(
        "How far each layer moves",
        Basis.DERIVED,
        (
            "A layer of strength s along the signal gains Δ in square; it has moved by √Δ if it has outgrown its "
            "start, else by less:",
            Equation(
                "δ = √(s² + Δ) - s ~ min(√Δ, Δ/s)",
                r"\delta = \sqrt{s^2 + \Delta} - s \sim \min(\sqrt\Delta, \Delta/s)",
            ),
            "Relative to its norm at the start:",
            Equation(
                "RD_l = min(√Δ, Δ/s_l) / F_l ~ m^S_l,   in exponents  S_l = min(Δ/2, Δ - s_l) - F_l",
                r"\mathrm{RD}_l = \frac{\min(\sqrt\Delta, \Delta/s_l)}{F_l} \sim m^{S_l}, \quad "
                r"\text{in exponents} \quad S_l = \min(\Delta/2, \Delta - s_l) - F_l",
            ),
            "S_l is piecewise linear in the exponents. The layer is linear, critical or condensed where S_l < 0, "
            "S_l = 0, S_l > 0. In "
            "spectral norm F_l is replaced by s_l.",
        ),
    )


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
    point = critical_point(derivation.depth)
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
            "In spectral norm layer l is critical if and only if s_l = Δ/2, so all layers are critical together "
            "if and only if all s_l are "
            "equal and P = 1. These linear equations have one solution, up to a common factor m^g in every layer "
            "that α takes out again:",
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
    if net.zero_layer is None:
        body.append(equals("κ'", r"\kappa'", net.kappa_prime))
        body += [equals("γ", r"\gamma", net.gamma), equals("γ'", r"\gamma'", net.gamma_prime)]
    else:
        body.append(
            f"{net.zero_layer} starts at zero, so it has no normalised weights and the network no coordinates; it is the limit "
            "of tiny scales, of exponent -∞, on which the scaling argument runs as it stands."
        )
    body.append(equals("exponent of P", r"\text{exponent of } P", net.capacity))
    if derivation.activation.degree != 1:
        return Section(_heading(net), Basis.DERIVED, tuple(body))
    if net.gamma.free_symbols | net.gamma_prime.free_symbols:
        body.append("A line of networks: its slopes along the line are")
        body += [equals(f"S_{layer}", f"S_{{{layer}}}", slope) for layer, slope in slopes_on_slice(net).items()]
        return Section(_heading(net), Basis.DERIVED, tuple(body))
    return Section(_heading(net), Basis.DERIVED, (*body, *_followed_through(net)))


def _followed_through(net: Network) -> list[str | Equation]:
    """The argument with this network's numbers."""
    sigmas, alpha = net.exponents.absorbed()
    moved = displacement(sigmas, alpha)
    spectral = net.slopes("spectral")
    case = (
        "Case 1: P ≥ 1, a small move fits the data." if moved.capacity >= 0 else "Case 2: P < 1, the layers must grow."
    )
    lines: list[str | Equation] = [f"{case} In exponents of m:", equals("Δ", r"\Delta", moved.growth)]
    for i, (layer, slope) in enumerate(net.slopes().items()):
        strength, frobenius, distance = (plain(v[i]) for v in (moved.strength, moved.frobenius, moved.moved))
        basis = net.basis()[layer]
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
        exponent, layer = net.displacements()[net.zero_layer], net.zero_layer
        lines.append(f"{layer} grows from zero, so its S says nothing; what is finite is its norm:")
        lines.append(Equation(f"|{layer}(t)| ~ {power(exponent)}", rf"|{layer}(t)| \sim {latex(m**exponent)}"))
    return [*lines, f"Practice: {net.learning_rate_scaling().meaning}."]


def _claims(derivation: Derivation) -> Section:
    statements = [
        Statement(
            "Equations of motion, normalisation, balance law", Basis.PROVED, "each residual simplified to zero, below"
        ),
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
    if derivation.depth == 2 and derivation.activation == relu:
        statements += [
            Statement("w is linear for γ < 1, with RD_w at most of the order log m/(m κ)", Basis.PROVED, _LUO),
            Statement("w is linear for γ' > γ - 1 and γ' > 0, with RD_w at most κ' log m/(m κ)", Basis.PROVED, _LUO),
            Statement("w is condensed for γ > 1 and γ' < γ - 1", Basis.PROVED, _LUO),
            Statement("The exact slopes, the boundary itself, and all about a", Basis.DERIVED, "scaling argument"),
        ]
    lines = tuple(f"{s}." for s in statements)
    return Section("What is proved and what is argued", Basis.DERIVED, lines)


def _heading(net: Network) -> str:
    return f"This network{': ' + net.name if net.name else ''}"

"""The derivation as a document: sections of prose and equations, rendered as text, Markdown or LaTeX."""

from dataclasses import dataclass

import sympy as sp

from phasetheory.derivation import Derivation
from phasetheory.errors import TheoryError
from phasetheory.printing import latex, plain
from phasetheory.regimes import Basis, Regime

__all__ = ["FORMATS", "Equation", "Section", "render", "write"]

FORMATS = ("text", "markdown", "latex")


@dataclass(frozen=True)
class Equation:
    """A displayed equation in both alphabets."""

    text: str
    tex: str


@dataclass(frozen=True)
class Section:
    """A heading with its prose (str) and equations, in order, and what it rests on."""

    title: str
    basis: Basis
    body: tuple[str | Equation, ...]


def write(derivation: Derivation) -> list[Section]:
    """The sections of the document for ``derivation``."""
    sections = [_assumptions(derivation), _flow(derivation), _normalised(derivation), _balance(derivation)]
    if derivation.activation.degree == 1:
        sections += [_scaling(derivation), _boundary(derivation)]
    if derivation.network is not None:
        sections.append(_this_network(derivation))
    return [*sections, _checks(derivation)]


def _assumptions(derivation: Derivation) -> Section:
    if derivation.depth == 2:
        function = Equation(
            "f(x) = (1/α) Σ_k a_k σ(w_k·x)", r"f(x) = \frac{1}{\alpha} \sum_{k=1}^m a_k\, \sigma(w_k \cdot x)"
        )
        start = Equation(
            "a_k ~ N(0, β₁²),   w_k ~ N(0, β₂² I)", r"a_k \sim N(0, \beta_1^2), \quad w_k \sim N(0, \beta_2^2 I)"
        )
    else:
        top = derivation.depth
        function = Equation(
            f"f(x) = (1/α) W{top} σ(W{top - 1} ... σ(W1 x))",
            rf"f(x) = \frac{{1}}{{\alpha}} W_{top}\, \sigma(W_{{{top - 1}}} \cdots \sigma(W_1 x))",
        )
        names = ", ".join(plain(s) for s in derivation.normalized.sigmas)
        tex = ", ".join(latex(s) for s in derivation.normalized.sigmas)
        start = Equation(
            f"standard deviations, input to output: {names}", rf"\text{{standard deviations, input to output: }} {tex}"
        )
    loss = Equation("R = (1/2n) Σ_i e_i²,   e_i = f(x_i) - y_i,   dθ/dt = -η ∇R", _LOSS_TEX)
    name, p = derivation.activation.name.replace("_", " "), derivation.activation.degree
    identity = (
        f"The activation σ is {name}, positively homogeneous of degree {p}: σ(c z) = c^p σ(z) for c > 0, "
        "so z σ'(z) = p σ(z) (Euler)."
    )
    return Section("Network and loss", Basis.PROVED, (function, start, loss, identity))


def _flow(derivation: Derivation) -> Section:
    intro = "Differentiating the loss:"
    if derivation.depth == 2:
        eta = {"w": "", "a": ""} if set(derivation.flow.learning_rates) == {sp.S.One} else {"w": "η₁ ", "a": "η₂ "}
        tex = {
            layer: symbol and latex(rate)
            for (layer, symbol), rate in zip(eta.items(), derivation.flow.learning_rates, strict=True)
        }
        return Section(
            "Gradient flow",
            Basis.PROVED,
            (
                intro,
                Equation(
                    f"da_k/dt = -{eta['a']}(1/n) Σ_i (1/α) σ(w_k·x_i) e_i",
                    rf"\dot a_k = -{tex['a']}\frac1n \sum_i \frac1\alpha \sigma(w_k \cdot x_i)\, e_i",
                ),
                Equation(
                    f"dw_k/dt = -{eta['w']}(1/n) Σ_i (1/α) a_k σ'(w_k·x_i) x_i e_i",
                    rf"\dot w_k = -{tex['w']}\frac1n \sum_i \frac1\alpha a_k\, \sigma'(w_k \cdot x_i)\, x_i\, e_i",
                ),
            ),
        )
    return Section(
        "Gradient flow",
        Basis.PROVED,
        (
            f"{intro} with h_0 = x_i, z_l = W_l h_(l-1), h_l = σ(z_l):",
            Equation(
                "dW_l/dt = -η_l (1/n) Σ_i (e_i/α) b_l h_(l-1)ᵀ,   b_L = 1,   b_l = σ'(z_l) ∘ (W_(l+1)ᵀ b_(l+1))",
                r"\dot W_l = -\frac{\eta_l}{n} \sum_i \frac{e_i}{\alpha}\, b_l h_{l-1}^{\mathsf T}, \quad b_L = 1, \quad "
                r"b_l = \sigma'(z_l) \circ (W_{l+1}^{\mathsf T} b_{l+1})",
            ),
        ),
    )


def _normalised(derivation: Derivation) -> Section:
    normal = derivation.normalized
    body: list[str | Equation] = [
        "Put W_l = σ_l W̄_l and t = c t̄. Homogeneity pulls every scale out of the activation; what remains is the flow of the "
        "same loss with a mobility M_l for each layer. The time unit c solves M_1 ··· M_L = 1:",
        _equals("c = t/t̄", r"c = t/\bar t", normal.time_unit),
        _equals("κ", r"\kappa", normal.kappa),
    ]
    if derivation.depth == 2:
        body += [
            _equals("κ'", r"\kappa'", normal.kappa_prime),
            Equation(
                "dā_k/dt̄ = -(1/κ') (1/n) Σ_i κ σ(w̄_k·x_i) e_i",
                r"\frac{d\bar a_k}{d\bar t} = -\frac{1}{\kappa'} \frac1n \sum_i \kappa\, \sigma(\bar w_k \cdot x_i)\, e_i",
            ),
            Equation(
                "dw̄_k/dt̄ = -κ' (1/n) Σ_i κ ā_k σ'(w̄_k·x_i) x_i e_i",
                r"\frac{d\bar w_k}{d\bar t} = -\kappa' \frac1n \sum_i \kappa\, \bar a_k\, \sigma'(\bar w_k \cdot x_i)\, x_i\, e_i",
            ),
            Equation(
                "e_i = κ Σ_k ā_k σ(w̄_k·x_i) - y_i",
                r"e_i = \kappa \sum_k \bar a_k\, \sigma(\bar w_k \cdot x_i) - y_i",
            ),
            "Two numbers are left, the energetic κ and the dynamical κ'. Their exponents in the width are the axes:",
            Equation(
                "γ = -lim log κ / log m,   γ' = -lim log κ' / log m",
                r"\gamma = -\lim_{m\to\infty} \frac{\log \kappa}{\log m}, \quad \gamma' = -\lim_{m\to\infty} \frac{\log \kappa'}{\log m}",
            ),
        ]
    else:
        body += [_equals(f"M_{i + 1}", f"M_{i + 1}", mobility) for i, mobility in enumerate(normal.mobilities)]
    return Section("Normalised dynamics (solved for)", Basis.PROVED, tuple(body))


def _balance(derivation: Derivation) -> Section:
    p = derivation.activation.degree
    factor, tex_factor = ("", "") if p == 1 else (f"{plain(p)} ", latex(p) + r"\,")
    unit = set(derivation.flow.learning_rates) == {sp.S.One}
    if derivation.depth == 2:
        over = ("", "") if unit else ("/η₂", "/η₁")
        tex_over = ("", "") if unit else (r"/\eta_2", r"/\eta_1")
        law = Equation(
            f"d/dt ({factor}a_k²{over[0]} - |w_k|²{over[1]}) = 0   for every neuron k",
            rf"\frac{{d}}{{dt}} \left({tex_factor}a_k^2{tex_over[0]} - |w_k|^2{tex_over[1]}\right) = 0 \quad \text{{for every }} k",
        )
    else:
        over = ("", "") if unit else ("/η_(l+1)", "/η_l")
        tex_over = ("", "") if unit else (r"/\eta_{l+1}", r"/\eta_l")
        law = Equation(
            f"d/dt ({factor}|W_(l+1)|²{over[0]} - |W_l|²{over[1]}) = 0   for every l, and for each hidden neuron",
            rf"\frac{{d}}{{dt}} \left({tex_factor}|W_{{l+1}}|_F^2{tex_over[0]} - |W_l|_F^2{tex_over[1]}\right) = 0",
        )
    return Section("Balance law", Basis.PROVED, ("Euler's identity makes neighbouring layers grow together:", law))


def _scaling(derivation: Derivation) -> Section:
    return Section(
        "How far each layer moves",
        Basis.DERIVED,
        (
            "Strength of a layer at the start (spectral norm), its Frobenius norm, and the capacity of the aligned network:",
            Equation(
                "s_l = σ_l √max(fan_in, fan_out),   F_l = σ_l √(fan_in fan_out),   P = (1/α) s_1 ··· s_L",
                r"s_l = \sigma_l \sqrt{\max(n_{l-1}, n_l)}, \quad F_l = \sigma_l \sqrt{n_{l-1} n_l}, \quad P = \frac1\alpha \prod_l s_l",
            ),
            "By the balance law the flow adds the same amount Δ to every |W_l|² along the signal. If P ≥ 1 a small move fits the "
            "data; if P < 1 the layers must grow until the capacity is 1:",
            Equation("P ≥ 1:  Δ = min_l s_l² / P", r"P \ge 1: \quad \Delta = \min_l s_l^2 / P"),
            Equation("P < 1:  Π_l √max(s_l², Δ) = α", r"P < 1: \quad \prod_l \sqrt{\max(s_l^2, \Delta)} = \alpha"),
            Equation(
                "RD_l = min(√Δ, Δ/s_l) / F_l ~ m^S_l",
                r"\mathrm{RD}_l = \min(\sqrt\Delta, \Delta/s_l) / F_l \sim m^{S_l}",
            ),
            "In exponents of m this is max-plus algebra: S_l is piecewise linear, and the layer is linear, critical or condensed "
            "where S_l < 0, = 0, > 0.",
        ),
    )


def _boundary(derivation: Derivation) -> Section:
    diagram = derivation.diagram
    body: list[str | Equation] = []
    if derivation.depth != 2:
        x, y = (plain(c) for c in diagram.coordinates)
        body.append(
            f"On the slice where all layers after the first start alike, {x} = -lim log κ / log m, {y} = -lim log(σ_L/σ_1) / log m:"
        )
    for layer, boundary in derivation.boundaries.items():
        slope = diagram.slope(layer)
        pieces = slope.args if isinstance(slope, sp.Piecewise) else ((slope, sp.true),)
        for value, condition in pieces:
            where = "elsewhere" if condition == sp.true else plain(condition)
            tex_where = r"\text{elsewhere}" if condition == sp.true else latex(condition)
            body.append(
                Equation(
                    f"S_{layer} = {plain(value):<22} {where}",
                    rf"S_{{{layer}}} = {latex(value)} \quad ({tex_where})",
                )
            )
        edge = "; ".join(plain(segment.equation) for segment in boundary.segments)
        body.append(
            f"Boundary of {layer} (S_{layer} = 0): {_plain_text(str(boundary))}."
            if edge
            else f"{layer} has no boundary here."
        )
    if derivation.depth == 2:
        body.append(
            "That the regimes of w meet at γ = 1 + max(0, γ') is the theorem of Luo, Xu, Ma, Zhang (JMLR 22, 2021), proved on either "
            "side of it; the slopes, and everything about a, rest on the scaling argument."
        )
    return Section("Slopes and boundaries", Basis.DERIVED, tuple(body))


def _this_network(derivation: Derivation) -> Section:
    network = derivation.network
    assert network is not None
    body: list[str | Equation] = [
        _equals("κ", r"\kappa", network.kappa),
        _equals("κ'", r"\kappa'", network.kappa_prime),
    ]
    if derivation.activation.degree == 1:
        slopes = network.slopes()
        body += [_equals("γ", r"\gamma", network.gamma), _equals("γ'", r"\gamma'", network.gamma_prime)]
        for layer, slope in slopes.items():
            regime: Regime = network.regime()[layer]
            body.append(
                Equation(
                    f"S_{layer} = {plain(slope)}: {regime.value}",
                    rf"S_{{{layer}}} = {latex(slope)} \quad \text{{{regime.value}}}",
                )
            )
    return Section(f"This network{': ' + network.name if network.name else ''}", Basis.DERIVED, tuple(body))


def _checks(derivation: Derivation) -> Section:
    lines = tuple(f"[{'ok' if check.holds else 'FAILED'}] {check.statement}" for check in derivation.checks)
    return Section("Checks (residuals simplified to zero, explicit small sizes, generic symbols)", Basis.PROVED, lines)


def _equals(text: str, tex: str, value: sp.Expr) -> Equation:
    return Equation(f"{text} = {plain(value)}", f"{tex} = {latex(value)}")


def _plain_text(text: str) -> str:
    return plain(sp.Symbol(text))


def render(sections: list[Section], form: str) -> str:
    """The document as ``'text'``, ``'markdown'`` or ``'latex'``."""
    if form == "text":
        return "\n\n".join(_text_section(s) for s in sections) + "\n"
    if form == "markdown":
        return "# The phase diagram, derived\n\n" + "\n\n".join(_markdown_section(s) for s in sections) + "\n"
    if form == "latex":
        return _LATEX_HEAD + "\n".join(_latex_section(s) for s in sections) + "\\end{document}\n"
    raise TheoryError(f"format {form!r}; use one of {', '.join(FORMATS)}")


def _text_section(section: Section) -> str:
    lines = [f"{section.title}  [{section.basis.value}]"]
    lines += [f"    {item.text}" if isinstance(item, Equation) else f"  {item}" for item in section.body]
    return "\n".join(lines)


def _markdown_section(section: Section) -> str:
    parts = [f"## {section.title}\n\n*{section.basis.value}*"]
    parts += [f"$$ {item.tex} $$" if isinstance(item, Equation) else item for item in section.body]
    return "\n\n".join(parts)


def _latex_section(section: Section) -> str:
    lines = [rf"\section*{{{section.title} \normalfont\textit{{({section.basis.value})}}}}"]
    lines += [rf"\[ {item.tex} \]" if isinstance(item, Equation) else _tex_prose(item) + "\n" for item in section.body]
    return "\n".join(lines) + "\n"


def _tex_prose(text: str) -> str:
    for character, command in _TEX_CHARACTERS.items():
        text = text.replace(character, command)
    return text


_LOSS_TEX = r"R = \frac{1}{2n} \sum_i e_i^2, \quad e_i = f(x_i) - y_i, \quad \dot\theta = -\eta \nabla R"
_TEX_CHARACTERS = {
    "_": r"\_",
    "^": r"\^{}",
    "κ": r"$\kappa$",
    "γ": r"$\gamma$",
    "σ": r"$\sigma$",
    "Δ": r"$\Delta$",
    "η": r"$\eta$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "₁": r"$_1$",
    "₂": r"$_2$",
    "₃": r"$_3$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "²": r"$^2$",
    "···": r"$\cdots$",
    "W̄": r"$\bar W$",
    "t̄": r"$\bar t$",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
}
_LATEX_HEAD = r"""\documentclass[11pt]{article}
\usepackage[T1]{fontenc}
\usepackage{amsmath,amssymb}
\usepackage[margin=2.2cm]{geometry}
\allowdisplaybreaks
\begin{document}
\begin{center}\Large The phase diagram, derived\end{center}
"""

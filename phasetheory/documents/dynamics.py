"""The dynamics as sections: assumptions, gradient flow, normalisation, balance law, and the checks; all proved."""

import sympy as sp

from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Equation, Section, equals
from phasetheory.documents.sign_descent import sign_descent_sections
from phasetheory.scaling.optimizers import GRADIENT_FLOW
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.printing import latex, plain

__all__ = ["checks_section", "dynamics_sections"]


def dynamics_sections(derivation: Derivation) -> list[Section]:
    """Everything before the scaling argument: under gradient flow up to the balance law."""
    if derivation.optimizer != GRADIENT_FLOW:
        return [_assumptions(derivation), *sign_descent_sections(derivation)]
    return [_assumptions(derivation), _flow(derivation), _normalised(derivation), _balance(derivation)]


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
    motion, tex_motion = ("-η ∇R", r"-\eta \nabla R")
    if derivation.optimizer != GRADIENT_FLOW:
        motion, tex_motion = ("-η sign(∇R)", r"-\eta \operatorname{sign}(\nabla R)")
    loss = Equation(
        f"R = (1/2n) Σ_i e_i²,   e_i = f(x_i) - y_i,   dθ/dt = {motion}",
        rf"R = \frac{{1}}{{2n}} \sum_i e_i^2, \quad e_i = f(x_i) - y_i, \quad \dot\theta = {tex_motion}",
    )
    name, p = derivation.activation.name.replace("_", " "), derivation.activation.degree
    identity = (
        f"The activation σ is {name}, positively homogeneous of degree p = {plain(p)}. Differentiating its "
        "homogeneity by c at c = 1 gives "
        "Euler's identity:"
    )
    euler = Equation(
        "σ(c z) = c^p σ(z) for c > 0,   so z σ'(z) = p σ(z)",
        r"\sigma(c z) = c^p \sigma(z) \text{ for } c > 0, \quad \text{so } z \sigma'(z) = p\, \sigma(z)",
    )
    limit = (
        "The width m goes to infinity with the number n of samples and the input dimension d fixed (d counts a "
        "constant input, which "
        "carries the bias); every scale is a power of m; inputs and targets are of order one; f starts at 0 or "
        "its start is "
        "subtracted. The dynamics below use no other assumption; the scaling argument after them states its own."
    )
    return Section("Network, loss and assumptions", Basis.PROVED, (function, start, loss, identity, euler, limit))


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
        "Put W_l = σ_l W̄_l and t = c t̄. Homogeneity pulls every scale out of the activations, from the "
        "innermost outwards:",
        Equation(
            "f = κ F(W̄),   κ = (1/α) Π_l σ_l^(p^(L-l))",
            r"f = \kappa F(\bar W), \quad \kappa = \frac1\alpha \prod_l \sigma_l^{p^{L-l}}",
        ),
        "Each derivative by W_l is one by W̄_l over σ_l, and so is the velocity, so what remains is the flow of "
        "the same loss with a "
        "mobility M_l for each layer:",
        Equation(
            "dW̄_l/dt̄ = -M_l (1/n) Σ_i e_i ∂(κ F_i)/∂W̄_l,   M_l = c η_l/σ_l²",
            r"\frac{d\bar W_l}{d\bar t} = -M_l \frac1n \sum_i e_i \frac{\partial (\kappa F_i)}{\partial \bar W_l}, \quad "
            r"M_l = \frac{c\, \eta_l}{\sigma_l^2}",
        ),
        "The time unit c is solved for, by the demand",
        Equation("M_1 M_2 ··· M_L = 1:", r"M_1 M_2 \cdots M_L = 1:"),
        equals("c = t/t̄", r"c = t/\bar t", normal.time_unit),
        equals("κ", r"\kappa", normal.kappa),
    ]
    if derivation.depth == 2:
        body += [
            equals("κ'", r"\kappa'", normal.kappa_prime),
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
            _AXES,
        ]
    else:
        body += [equals(f"M_{i + 1}", f"M_{i + 1}", mobility) for i, mobility in enumerate(normal.mobilities)]
        body += [
            "The axes of the standard slice are the exponents of κ and of the ratio of last to first scale, in "
            "the metric of the flow:",
            equals("κ'", r"\kappa'", normal.kappa_prime),
            _AXES,
        ]
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
    proof = (
        "Proof. Take hidden neuron k of layer l: u its outgoing weights (column k of W_(l+1)), v its incoming "
        "weights (row k of W_l), z its "
        "input and h = σ(z), and put f_k = h ∂f/∂h. The next layer sees u only through u h, and z is linear in "
        "v, so with Euler's identity"
    )
    euler = Equation(
        "u·∂f/∂u = f_k,   v·∂f/∂v = (∂f/∂h) σ'(z) z = p f_k",
        r"u \cdot \frac{\partial f}{\partial u} = f_k, \quad v \cdot \frac{\partial f}{\partial v} "
        r"= \frac{\partial f}{\partial h}\, \sigma'(z)\, z = p f_k,",
    )
    rates = Equation(
        "d/dt p|u|²/η_(l+1) = -(2p/n) Σ_i e_i f_k(x_i) = d/dt |v|²/η_l",
        r"\frac{d}{dt} \frac{p |u|^2}{\eta_{l+1}} = -\frac{2p}{n} \sum_i e_i f_k(x_i) = \frac{d}{dt} \frac{|v|^2}{\eta_l}",
    )
    end = "for every neuron; the sum over the neurons of a layer is the law of the layers. Neighbouring layers grow together."
    return Section("Balance law", Basis.PROVED, (law, proof, euler, rates, end))


def checks_section(derivation: Derivation) -> Section:
    """What was verified symbolically, and whether it holds."""
    lines = tuple(f"[{'ok' if check.holds else 'FAILED'}] {check.statement}" for check in derivation.checks)
    return Section(f"Checks (residuals simplified to zero, generic symbols, {_sizes(derivation)})", Basis.PROVED, lines)


def _sizes(derivation: Derivation) -> str:
    samples, inputs = derivation.flow.inputs.shape
    return (
        f"written out for {samples} sample(s), {derivation.flow.weights[0].rows} neuron(s) in a layer, {inputs} inputs"
    )


_AXES = Equation(
    "γ = -lim log κ / log m,   γ' = -lim log κ' / log m",
    r"\gamma = -\lim_{m\to\infty} \frac{\log \kappa}{\log m}, \quad \gamma' = -\lim_{m\to\infty} \frac{\log \kappa'}{\log m}",
)

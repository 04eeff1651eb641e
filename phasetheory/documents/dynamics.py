"""The dynamics as sections: network, definitions, gradient flow, normalisation, balance law, and the checks."""

from collections.abc import Sequence

import sympy as sp

from phasetheory.documents.derivation import WIDE, Check, Derivation
from phasetheory.documents.document import Equation, Section, equals
from phasetheory.documents.dropout import dropout_sections
from phasetheory.documents.sign_descent import sign_descent_sections
from phasetheory.documents.weight_decay import weight_decay_sections
from phasetheory.dynamics.activations import Activation
from phasetheory.networks.network import coordinate_symbols
from phasetheory.scaling.optimizers import GRADIENT_FLOW
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.printing import latex, plain
from phasetheory.symbols.prose import literal

__all__ = ["activation_words", "check_lines", "checks_section", "dynamics_sections"]

_z = sp.Symbol("z", real=True)


def dynamics_sections(derivation: Derivation) -> list[Section]:
    """Everything before the scaling argument: under gradient flow up to the balance law."""
    if derivation.optimizer != GRADIENT_FLOW:
        return [_assumptions(derivation), _definitions(), *sign_descent_sections(derivation)]
    return [
        _assumptions(derivation),
        _definitions(),
        _flow(derivation),
        _normalised(derivation),
        _balance(derivation),
        *weight_decay_sections(derivation),
        *dropout_sections(derivation),
    ]


def activation_words(activation: Activation) -> str:
    """How an activation is called in prose."""
    return literal(activation.name.replace("_", " "))


def _assumptions(derivation: Derivation) -> Section:
    top = derivation.depth
    first, *_, last = map(plain, derivation.normalized.sigmas)
    if top == 2:
        function = Equation(
            "f(x) = (1/α) Σ_k a_k σ(w_k·x)", r"f(x) = \frac{1}{\alpha} \sum_{k=1}^m a_k \sigma(w_k \cdot x)"
        )
        start = Equation(f"a_k ~ N(0, {last}²),   w_k ~ N(0, {first}² I)")
        names = (
            f"In what holds at any depth, $W1 = w$ with the rows $w_k$, $W2 = a$, $σ_1 = {first}$ and $σ_2 = {last}$."
        )
    else:
        function = Equation(f"f(x) = (1/α) W{top} σ(W{top - 1} ··· σ(W1 x))")
        start = Equation("W_l ~ N(0, σ_l²) entry by entry,   l = 1, ..., L")
        scales = "" if first == "σ₁" else f", and the scales $σ_l$ are {_listed(derivation)}"
        names = f"There are $L = {top}$ layers. The last one, $W{top}$, is also called $a${scales}."
    motion = "∂R/∂W_l" if derivation.optimizer == GRADIENT_FLOW else "sign(∂R/∂W_l)"
    loss = Equation(f"R = (1/(2n)) Σ_i e_i²,   e_i = f(x_i) - y_i,   dW_l/dt = -η_l {motion}")
    act, p = derivation.activation, derivation.activation.degree
    homogeneous = f"The activation $σ$ is {activation_words(act)}, positively homogeneous of degree $p = {plain(p)}$:"
    branches = [act.right * _z**p, act.left * (-_z) ** p]
    sides = Equation(
        "σ(z) = {} for z > 0,   σ(z) = {} for z < 0".format(*map(plain, branches)),
        r"\sigma(z) = {} \text{{ for }} z > 0, \quad \sigma(z) = {} \text{{ for }} z < 0".format(*map(latex, branches)),
    )
    identity = "Differentiating its homogeneity by $c$ at $c = 1$ gives Euler's identity:"
    euler = Equation("σ(c z) = c^p σ(z) for c > 0,   so z σ'(z) = p σ(z)")
    limit = (
        "The width $m$ goes to infinity with the number $n$ of samples and the input dimension $d$ fixed ($d$ counts a "
        "constant input, which carries the bias); every scale is a power of $m$; inputs and targets are of order one; $f$ "
        "starts at 0 or its start is subtracted. The dynamics below use no other assumption; the scaling argument after "
        "them states its own."
    )
    rates = ("All learning rates $η_l$ are 1.",) if derivation.unit_rates else ()
    body = (function, start, names, loss, *rates, homogeneous, sides, identity, euler, limit)
    return Section("Network, loss and assumptions", Basis.PROVED, body)


def _listed(derivation: Derivation) -> str:
    return ", ".join(f"${plain(sigma)}$" for sigma in derivation.normalized.sigmas)


def _definitions() -> Section:
    body = (
        "The relative distance RD of layer $l$ from its start, in the Frobenius norm where no other is named, and the "
        "slope of its logarithm:",
        Equation("RD_l(t) = |W_l(t) - W_l(0)|/|W_l(0)|,   S_l = lim_(m→∞) (log sup_(t≥0) RD_l(t))/(log m)"),
        "The layer is in one of three regimes [@luo2021], by the fate of its largest distance as $m → ∞$:",
        Equation("linear:     sup_(t≥0) RD_l(t) → 0"),
        Equation("critical:   sup_(t≥0) RD_l(t) = O(1), and not → 0"),
        Equation("condensed:  sup_(t≥0) RD_l(t) → ∞"),
        "So $S_l < 0$ is linear and $S_l > 0$ condensed; $S_l = 0$ is critical up to factors that are no power of $m$.",
        "The linear approximation is the first-order expansion of the network in all its weights $θ$ at their start, whose "
        "training is that of a kernel method [@jacot2018]:",
        Equation("f(x; θ(t)) ≈ f(x; θ(0)) + ∇_θ f(x; θ(0))·(θ(t) - θ(0))"),
    )
    return Section("Relative distance, regimes, linear approximation", Basis.DEFINED, body)


def _flow(derivation: Derivation) -> Section:
    if derivation.depth == 2:
        of_w, of_a = ("", "") if derivation.unit_rates else ("η₁ ", "η₂ ")
        body: tuple[str | Equation, ...] = (
            "Differentiating the loss:",
            Equation(f"da_k/dt = -{of_a}(1/n) Σ_i (1/α) σ(w_k·x_i) e_i"),
            Equation(f"dw_k/dt = -{of_w}(1/n) Σ_i (1/α) a_k σ'(w_k·x_i) x_i e_i"),
        )
    else:
        body = (
            "Differentiating the loss with $h_0 = x_i$, $z_l = W_l h_(l-1)$, $h_l = σ(z_l)$:",
            Equation("dW_l/dt = -η_l (1/n) Σ_i (e_i/α) b_l h_(l-1)ᵀ,   b_L = 1,   b_l = σ'(z_l) ∘ (W_(l+1)ᵀ b_(l+1))"),
        )
    return Section("Gradient flow", Basis.PROVED, body)


def _normalised(derivation: Derivation) -> Section:
    normal = derivation.normalized
    body: list[str | Equation] = [
        "Put $W_l = σ_l W̄_l$ and $t = c t̄$. Homogeneity pulls every scale out of the activations, from the innermost "
        "outwards:",
        Equation("f = κ F(W̄),   κ = (1/α) Π_l σ_l^(p^(L-l))"),
        "Each derivative by $W_l$ is one by $W̄_l$ over $σ_l$, and so is the velocity, so what remains is the flow of the "
        "same loss with a mobility $M_l$ for each layer:",
        Equation("dW̄_l/dt̄ = -M_l (1/n) Σ_i e_i ∂(κ F_i)/∂W̄_l,   M_l = c η_l/σ_l²"),
        "The time unit $c$ is solved for, by the demand that the product of the mobilities is 1:",
        Equation("M_1 M_2 ··· M_L = 1,   so c = Π_l (σ_l²/η_l)^(1/L)"),
    ]
    if derivation.depth <= WIDE:
        body += ["Here:", equals("c = t/t̄", normal.time_unit), equals("κ", normal.kappa)]
    if derivation.depth == 2:
        body += [
            equals("κ'", normal.kappa_prime),
            Equation("dā_k/dt̄ = -(1/κ') (1/n) Σ_i κ σ(w̄_k·x_i) e_i"),
            Equation("dw̄_k/dt̄ = -κ' (1/n) Σ_i κ ā_k σ'(w̄_k·x_i) x_i e_i"),
            Equation("e_i = κ Σ_k ā_k σ(w̄_k·x_i) - y_i"),
            "Two numbers are left, the energetic $κ$ and the dynamical $κ'$. Their exponents in the width are the axes:",
        ]
    else:
        if derivation.depth <= WIDE:
            body += [equals(f"M_{i}", mobility) for i, mobility in enumerate(normal.mobilities, start=1)]
        body += [
            "The axes of the standard slice are the exponents of $κ$ and of the ratio of last to first scale, in the metric "
            "of the flow:",
            equals("κ'", normal.kappa_prime),
        ]
    first, second = map(plain, coordinate_symbols(derivation.depth))
    body.append(Equation(f"{first} = -lim_(m→∞) (log κ)/(log m),   {second} = -lim_(m→∞) (log κ')/(log m)"))
    return Section("Normalised dynamics (solved for)", Basis.PROVED, tuple(body))


def _balance(derivation: Derivation) -> Section:
    p = derivation.activation.degree
    factor = "" if p == 1 else f"{plain(p)} "
    if derivation.depth == 2:
        of_w, of_a = ("", "") if derivation.unit_rates else ("/η₁", "/η₂")
        law = Equation(f"d/dt ({factor}a_k²{of_a} - |w_k|²{of_w}) = 0   for every neuron k")
    else:
        below, above = ("", "") if derivation.unit_rates else ("/η_l", "/η_(l+1)")
        law = Equation(
            f"d/dt ({factor}|W_(l+1)|²{above} - |W_l|²{below}) = 0   for every l, and for each hidden neuron"
        )
    proof = (
        "Proof [@du2018]. Take hidden neuron $k$ of layer $l$: $u$ its outgoing weights (column $k$ of $W_(l+1)$), $v$ its "
        "incoming weights (row $k$ of $W_l$), $z$ its input and $h = σ(z)$, and put $f_k = h ∂f/∂h$. The next layer sees $u$ "
        "only through $u h$, and $z$ is linear in $v$, so with Euler's identity"
    )
    euler = Equation("u·∂f/∂u = f_k,   v·∂f/∂v = (∂f/∂h) σ'(z) z = p f_k")
    rates = Equation("d/dt p|u|²/η_(l+1) = -(2p/n) Σ_i e_i f_k(x_i) = d/dt |v|²/η_l")
    end = "for every neuron; the sum over the neurons of a layer is the law of the layers. Neighbouring layers grow together."
    return Section("Balance law", Basis.PROVED, (law, proof, euler, rates, end))


def check_lines(checks: Sequence[Check]) -> tuple[str, ...]:
    """A line for each, with whether it holds."""
    return tuple(f"[{'ok' if check.holds else 'FAILED'}] {check.prose}" for check in checks)


def checks_section(derivation: Derivation) -> Section:
    """What was verified symbolically, and whether it holds."""
    samples, inputs = derivation.flow.inputs.shape
    neurons = derivation.flow.weights[0].rows
    return Section(
        "Checks",
        Basis.PROVED,
        (
            f"Residuals simplified to zero with generic symbols, written out for {samples} sample{'s' * (samples > 1)}, "
            f"{neurons} neuron{'s' * (neurons > 1)} in a layer and {inputs} inputs:",
            *check_lines(derivation.checks),
        ),
    )

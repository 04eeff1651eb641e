"""Weight decay as sections: the exact map onto the flow without it, its walk through the diagram, its balance law, its end."""

from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Equation, Section
from phasetheory.dynamics.weight_decay import DecayedFlow
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.printing import plain

__all__ = ["weight_decay_claims", "weight_decay_sections"]

_WALK = "scaling argument along the walk, this project"


def weight_decay_sections(derivation: Derivation) -> list[Section]:
    """What weight decay adds to the dynamics; nothing where it was not asked for."""
    decayed = derivation.decayed
    if decayed is None:
        return []
    sections = [_map(derivation), _walk(derivation, decayed), _balance(derivation)]
    if derivation.activation.degree == 1:
        sections += [_rich(derivation), _fit(derivation), _end(derivation)]
    return sections


def weight_decay_claims(derivation: Derivation) -> list[tuple[str, Basis, str]]:
    """What is proved of weight decay and what is argued, as (prose, basis, source); nothing where it was not asked for."""
    if derivation.decayed is None:
        return []
    proved, derived = Basis.PROVED, Basis.DERIVED
    claims = [
        ("Weight decay: the map onto the flow without it, the walk, the balance law", proved, "residuals zero, below")
    ]
    if derivation.activation.degree != 1:
        return claims
    claims += [
        ("$S_l$ at the fit, and when what is linear turns rich", derived, _WALK),
        (
            "That after the fit the network is near one trained at $(P(t), κ'(t))$",
            derived,
            "slow decay, smallest displacement; measured",
        ),
    ]
    if derivation.depth > 2:
        return [*claims, ("The threshold of collapse", derived, "one chain of neurons")]
    return [
        *claims,
        (
            "Loss and decay are least at the least $V(f)$, and at $f = 0$ from $μ_c$ on",
            proved,
            "$a² + b² ≥ 2 a b$, convexity",
        ),
        ("That the flow gets there, and $S_l$ at the end", derived, "neurons in all directions; balance"),
    ]


def _map(derivation: Derivation) -> Section:
    p = derivation.activation.degree
    body: list[str | Equation] = [
        "Every layer decays at a rate of its own. An L2 term $(λ/2)|θ|²$ in the loss is this with $λ_l = η_l λ$:",
        Equation("dW_l/dt = -η_l ∂R/∂W_l - λ_l W_l"),
        "Put $W_l = exp(-λ_l t) O_l$. The decay is what the factors do, and they are pulled out of the activations as "
        "the scales $σ_l$ were. So $O$ follows the flow without decay, with a residual that sees an output scale $α "
        "exp(Λ t)$, and with a clock for each layer:",
        Equation("dO_l/dt = -η_l exp((2 λ_l - Λ) t) (1/n) Σ_i e_i (1/α) ∂F_i(O)/∂O_l,   O_l(0) = W_l(0)"),
        Equation("e_i = exp(-Λ t) f(O; x_i) - y_i"),
        Equation("Λ = Σ_l λ_l" if p == 1 else "Λ = Σ_l p^(L-l) λ_l"),
    ]
    if derivation.depth == 2 and p == 1:
        body.append("With equal decays both clocks are that of the flow, and nothing but $e_i$ knows of the decay.")
    elif p == 1:
        rate = "λ" if derivation.depth == 3 else f"{derivation.depth - 2} λ"
        clock = f"ds = exp(-{rate} t) dt"
        body += ["With equal decays all clocks are one:", Equation(clock)]
    return Section("Weight decay: the map", Basis.PROVED, tuple(body))


def _walk(derivation: Derivation, decayed: DecayedFlow) -> Section:
    body: list[str | Equation] = [
        "The start, decayed, is a start with the scales $σ_l exp(-λ_l t)$. So the problem that $O$ solves at the time "
        "$t$ is that of a network elsewhere on the diagram:",
        Equation("κ(t) = κ exp(-Λ t),   P(t) = P exp(-Λ t),   κ'(t) = κ' exp(-(λ_L - λ_1) t)"),
        "a straight line in $(log P, log κ')$, along which $P$ falls. The third number is the decay in the "
        "coordinates where $κ = 1$ and all scales are equal, to $ρ$ (learning rates absorbed):",
        Equation(f"τ = t/ρ²,   μ_l = λ_l ρ²,   ρ² = {plain(decayed.unit_scale**2)}"),
    ]
    if derivation.depth == 2 and derivation.activation.degree == 1:
        body.append(Equation("P(τ) = P exp(-(μ_a + μ_w) τ),   κ'(τ) = κ' exp(-(μ_a - μ_w) τ)"))
    body.append("In normalised time $t = c t̄$ the decay is $c λ_l$. Its exponent is the third axis:")
    body.append(Equation("ℓ = -lim_(m→∞) (log μ)/(log m)"))
    return Section("Weight decay is a walk through the diagram", Basis.PROVED, tuple(body))


def _balance(derivation: Derivation) -> Section:
    p = derivation.activation.degree
    upper, lower, rate_upper, rate_lower = ("|W_(l+1)|²", "|W_l|²", "λ_(l+1)", "λ_l")
    if derivation.depth == 2:
        upper, lower, rate_upper, rate_lower = ("a_k²", "|w_k|²", "λ_a", "λ_w")
    upper = upper if p == 1 else f"({plain(p)} {upper})"
    body = (
        "Decay adds $-λ_l w ∂Q/∂w$ to the rate of the quadratic law above, twice $λ_l$ times its part in each layer "
        "(learning rates absorbed), for every hidden neuron and for the layers:",
        Equation(f"d/dt {upper} + 2 {rate_upper} {upper} = d/dt {lower} + 2 {rate_lower} {lower}"),
        "With equal decays the imbalance decays, and $exp(2 λ t)$ times it is conserved:",
        Equation(f"({upper} - {lower}) exp(2 λ t) = constant"),
        "Where nothing moves any more:",
        Equation(f"{rate_upper} {upper} = {rate_lower} {lower}"),
    )
    return Section("Balance law with weight decay", Basis.PROVED, body)


def _rich(derivation: Derivation) -> Section:
    unit = "P_1 ~ min(1, κ')" if derivation.depth == 2 else "P_1 = 1"
    total = "(λ_a + λ_w)" if derivation.depth == 2 else "Λ"
    caveat = (
        "Slow decay keeps the network on the solutions of smallest displacement, so after the fit its distance from "
        "the decayed start is that of a network trained at $(P(t), κ'(t))$: within 1 to 3 percent at two layers with "
        "equal decays for small $μ$, which is measured, and within a factor of 0.7 to 1.6 only where the decays are "
        "unequal. A network that fits lazily turns rich when it has walked to the boundary:"
    )
    return Section("Linear first, rich later", Basis.DERIVED, (caveat, Equation(f"t = log(P/P_1)/{total},   {unit}")))


def _fit(derivation: Derivation) -> Section:
    body: list[str | Equation] = [
        "With equal decays, and $T ~ m^x$ the time to fit in the time $τ$, the weights have decayed by $1 - exp(-μ "
        "T)$ when the data are fitted. They are fitted at all if and only if $ℓ > x$:",
        Equation("S_l = max(S_l without decay, x - ℓ)"),
    ]
    if derivation.depth == 2:
        body += [
            Equation("x = min(0, γ - 1 - |γ'|)"),
            "with a factor $log m$ in $T$ where $|γ'| < γ - 1$. For $ℓ ≥ 0$ no boundary moves.",
        ]
    return Section("At the fit", Basis.DERIVED, tuple(body))


def _end(derivation: Derivation) -> Section:
    if derivation.depth > 2:
        return Section(
            "The end",
            Basis.DERIVED,
            (
                "Beyond two layers $f = 0$ always attracts. Along one chain of product $z$, of curvature $h$ and "
                "optimum $z_0$, the loss with decay is",
                Equation("(h/2) (z - z_0)² + (L λ/2) (α z)^(2/L)"),
                "and it has a fitted minimum if and only if $λ$ is small enough:",
                Equation("λ α^(2/L) ≤ max_z h (z_0 - z) z^(1-2/L),   reached at z = z_0 (L-2)/(2L-2)"),
                "No distance at the end is claimed: what the many chains of a network do is not worked out.",
            ),
        )
    return Section(
        "The end",
        Basis.DERIVED,
        (
            "A stationary point of smallest loss minimises, by $a² + b² ≥ 2 a b$ neuron by neuron (proved),",
            Equation(
                "(1/(2n)) |f - y|² + √(μ_a μ_w) V(f),   V(f) = min Σ_j |c_j| over f = Σ_j c_j σ(v_j·x), |v_j| = 1"
            ),
            "which knows neither $P$ nor $κ'$ nor the width. That the flow gets there needs neurons in all "
            "directions. $f = 0$ is the minimum if and only if (proved)",
            Equation("√(μ_a μ_w) ≥ μ_c,   μ_c = max_(|v|=1) |(1/n) Σ_i y_i σ(v·x_i)|"),
            "so for equal decays all is lost from $λ α = μ_c$ on. Below it every neuron is balanced and the sum of "
            "$|a_k| |w_k|$ is $α V$:",
            Equation("S_w = max(0, (γ - 1 - γ')/2),   S_a = max(0, (γ - 1 + γ')/2)"),
            "and both are 0 where the network has collapsed. No layer is linear at the end.",
        ),
    )

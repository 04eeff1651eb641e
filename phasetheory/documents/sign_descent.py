"""The dynamics under sign descent as sections: what replaces the flow, its normalisation and the balance law; all proved."""

import sympy as sp

from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Equation, Section, equals
from phasetheory.scaling.regimes import Basis

__all__ = ["sign_descent_sections"]


def sign_descent_sections(derivation: Derivation) -> list[Section]:
    """What takes the places of gradient flow, its normalisation and its balance law."""
    return [_descent(derivation), _normalised(derivation), _equal_speed(derivation)]


def _descent(derivation: Derivation) -> Section:
    partial = (
        "∂R/∂a_k = (1/n) Σ_i (1/α) σ(w_k·x_i) e_i,   ∂R/∂w_k = (1/n) Σ_i (1/α) a_k σ'(w_k·x_i) x_i e_i",
        r"\frac{\partial R}{\partial a_k} = \frac1n \sum_i \frac1\alpha \sigma(w_k \cdot x_i)\, e_i, \quad "
        r"\frac{\partial R}{\partial w_k} = \frac1n \sum_i \frac1\alpha a_k\, \sigma'(w_k \cdot x_i)\, x_i\, e_i",
    )
    deep = (
        "∂R/∂W_l = (1/n) Σ_i (e_i/α) b_l h_(l-1)ᵀ,   b_L = 1,   b_l = σ'(z_l) ∘ (W_(l+1)ᵀ b_(l+1))",
        r"\frac{\partial R}{\partial W_l} = \frac1n \sum_i \frac{e_i}{\alpha}\, b_l h_{l-1}^{\mathsf T}, \quad b_L = 1, \quad "
        r"b_l = \sigma'(z_l) \circ (W_{l+1}^{\mathsf T} b_{l+1})",
    )
    return Section(
        "Sign descent",
        Basis.PROVED,
        (
            "Every weight moves at the same speed, by the sign of its derivative:",
            Equation(
                "dW_l/dt = -η_l sign(∂R/∂W_l)", r"\dot W_l = -\eta_l \operatorname{sign}(\partial R/\partial W_l)"
            ),
            "This is what Adam, Lion and signSGD do at a small rate, where the running means of the gradient and of its square "
            "have the time to follow it. The derivatives of the loss"
            + (":" if derivation.depth == 2 else ", with h_0 = x_i, z_l = W_l h_(l-1), h_l = σ(z_l):"),
            Equation(*(partial if derivation.depth == 2 else deep)),
        ),
    )


def _normalised(derivation: Derivation) -> Section:
    normal = derivation.normalized
    ratios = [eta / sigma for eta, sigma in zip(normal.flow.learning_rates, normal.sigmas, strict=True)]
    time_unit = sp.powdenest(sp.Mul(*ratios) ** sp.Rational(-1, derivation.depth), force=True)
    return Section(
        "Normalised dynamics (solved for)",
        Basis.PROVED,
        (
            "Put W_l = σ_l W̄_l and t = c t̄. Homogeneity pulls every scale out of the activations, and each derivative by W_l is "
            "one by W̄_l over σ_l. The sign forgets such positive factors, so what remains is sign descent on the same loss with "
            "a mobility M_l for each layer:",
            Equation(
                "dW̄_l/dt̄ = -M_l sign((1/n) Σ_i e_i ∂F_i/∂W̄_l),   M_l = c η_l/σ_l,   f = κ F(W̄)",
                r"\frac{d\bar W_l}{d\bar t} = -M_l \operatorname{sign}\Bigl(\frac1n \sum_i e_i "
                r"\frac{\partial F_i}{\partial \bar W_l}\Bigr), \quad "
                r"M_l = \frac{c\, \eta_l}{\sigma_l}, \quad f = \kappa F(\bar W)",
            ),
            "The time unit c makes the product of all M_l one:",
            equals("c = t/t̄", r"c = t/\bar t", time_unit),
            equals("κ", r"\kappa", normal.kappa),
            "The axes are the exponents of κ and of κ' = M_1/M_L, the ratio of last to first scale with learning rates absorbed:",
            equals("κ'", r"\kappa'", sp.simplify(ratios[0] / ratios[-1])),
            Equation(
                "γ = -lim log κ / log m,   γ' = -lim log κ' / log m",
                r"\gamma = -\lim_{m\to\infty} \frac{\log \kappa}{\log m}, \quad "
                r"\gamma' = -\lim_{m\to\infty} \frac{\log \kappa'}{\log m}",
            ),
        ),
    )


def _equal_speed(derivation: Derivation) -> Section:
    body: list[str | Equation] = [
        "No weight is further from its start than η_l t, so in both norms, since a spectral norm is at most the Frobenius norm,",
        Equation(
            "|W_l(t) - W_l(0)| ≤ c_l t,   c_l = η_l √(fan_in fan_out)",
            r"\| W_l(t) - W_l(0) \| \le c_l t, \quad c_l = \eta_l \sqrt{n_{l-1} n_l}",
        ),
        "with equality in both where the derivatives keep their signs and these are u v^T, a matrix of rank one.",
    ]
    if derivation.activation.degree == 1:
        body += [
            "No fit before its time. The activation has a Lipschitz constant, so, with |W_l| at most |W_l(0)| + c_l t,",
            Equation(
                "|f(t) - f(0)| ≤ C |x| (Π_l (|W_l(0)| + c_l t) - Π_l |W_l(0)|) / α",
                r"|f(t) - f(0)| \le C\, |x| \Bigl( \prod_l (\| W_l(0) \| + c_l t) - \prod_l \| W_l(0) \| \Bigr) / \alpha",
            ),
            "and |W_l(0)| ~ s_l with high probability. For a target of order one the right side must be of order one: that is "
            "the time u of the section on growth, up to constants. So u is a lower bound, and that it is reached is argued.",
        ]
    return Section("Equal speed", Basis.PROVED, tuple(body))

"""The dynamics under sign descent as sections: what replaces the flow, its normalisation and the balance law; all proved."""

import sympy as sp

from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Equation, Section, equals
from phasetheory.networks.network import coordinate_symbols
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.printing import plain

__all__ = ["sign_descent_sections"]


def sign_descent_sections(derivation: Derivation) -> list[Section]:
    """What takes the places of gradient flow, its normalisation and its balance law."""
    return [_descent(derivation), _normalised(derivation), _equal_speed(derivation)]


def _descent(derivation: Derivation) -> Section:
    if derivation.depth == 2:
        derivatives = [
            Equation("∂R/∂a_k = (1/n) Σ_i (1/α) σ(w_k·x_i) e_i"),
            Equation("∂R/∂w_k = (1/n) Σ_i (1/α) a_k σ'(w_k·x_i) x_i e_i"),
        ]
    else:
        deep = "∂R/∂W_l = (1/n) Σ_i (e_i/α) b_l h_(l-1)ᵀ,   b_L = 1,   b_l = σ'(z_l) ∘ (W_(l+1)ᵀ b_(l+1))"
        derivatives = [Equation(deep)]
    signals = "" if derivation.depth == 2 else ", with $h_0 = x_i$, $z_l = W_l h_(l-1)$, $h_l = σ(z_l)$"
    return Section(
        "Sign descent",
        Basis.PROVED,
        (
            "Every weight moves at the same speed, by the sign of its derivative:",
            Equation("dW_l/dt = -η_l sign(∂R/∂W_l)"),
            "This is what Adam, Lion and signSGD do at a small rate, where the running means of the gradient and of its square "
            f"have the time to follow it. The derivatives of the loss{signals}:",
            *derivatives,
        ),
    )


def _normalised(derivation: Derivation) -> Section:
    normal = derivation.normalized
    ratios = [eta / sigma for eta, sigma in zip(normal.flow.learning_rates, normal.sigmas, strict=True)]
    time_unit = sp.powdenest(sp.Mul(*ratios) ** sp.Rational(-1, derivation.depth), force=True)
    first, second = map(plain, coordinate_symbols(derivation.depth))
    return Section(
        "Normalised dynamics (solved for)",
        Basis.PROVED,
        (
            "Put $W_l = σ_l W̄_l$ and $t = c t̄$. Homogeneity pulls every scale out of the activations, and each derivative by "
            "$W_l$ is one by $W̄_l$ over $σ_l$. The sign forgets such positive factors, so what remains is sign descent on the "
            "same loss with a mobility $M_l$ for each layer:",
            Equation("dW̄_l/dt̄ = -M_l sign((1/n) Σ_i e_i ∂F_i/∂W̄_l),   M_l = c η_l/σ_l,   f = κ F(W̄)"),
            "The time unit $c$ makes the product of all $M_l$ one:",
            equals("c = t/t̄", time_unit),
            equals("κ", normal.kappa),
            "The axes are the exponents of $κ$ and of $κ' = M_1/M_L$, the ratio of last to first scale with learning rates "
            "absorbed:",
            equals("κ'", sp.simplify(ratios[0] / ratios[-1])),
            Equation(f"{first} = -lim_(m→∞) (log κ)/(log m),   {second} = -lim_(m→∞) (log κ')/(log m)"),
        ),
    )


def _equal_speed(derivation: Derivation) -> Section:
    body: list[str | Equation] = [
        "No weight is further from its start than $η_l t$, so in both norms, since a spectral norm is at most the Frobenius "
        "norm, and with $n_(l-1)$ and $n_l$ the widths on either side of a layer,",
        Equation("|W_l(t) - W_l(0)| ≤ c_l t,   c_l = η_l √(n_(l-1) n_l)"),
        "with equality in both where the derivatives keep their signs and these are $u vᵀ$, a matrix of rank one.",
    ]
    if derivation.activation.degree == 1:
        body += [
            "No fit before its time. The activation has a Lipschitz constant, so, with $|W_l|$ at most $|W_l(0)| + c_l t$,",
            Equation("|f(t) - f(0)| ≤ (1/α) C |x| (Π_l (|W_l(0)| + c_l t) - Π_l |W_l(0)|)"),
            "and $|W_l(0)| ~ s_l$ with high probability. For a target of order one the right side must be of order one: that is "
            "the time $u$ of the section on growth, up to constants. So $u$ is a lower bound, and that it is reached is argued.",
        ]
    return Section("Equal speed", Basis.PROVED, tuple(body))

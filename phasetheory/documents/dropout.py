"""Dropout as sections: the average over the masks, its number, the fit, and long times."""

from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Equation, Section
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.printing import plain

__all__ = ["dropout_claims", "dropout_sections"]


def dropout_sections(derivation: Derivation) -> list[Section]:
    """What dropout on the hidden neurons adds to the dynamics; nothing where it was not asked for."""
    if derivation.dropout is None:
        return []
    sections = [_average(derivation)]
    return sections if derivation.activation.degree != 1 else [*sections, _fit(), _long(), _programme()]


def dropout_claims(derivation: Derivation) -> list[tuple[str, Basis, str]]:
    """What is proved of dropout and what is argued, as (prose, basis, source); nothing where it was not asked for."""
    if derivation.dropout is None:
        return []
    proved, derived = Basis.PROVED, Basis.DERIVED
    claims = [
        ("Dropout: the average over the masks, its number, the balance law", proved, "residuals zero, below"),
        ("That training at a small rate follows the average", derived, "averaging; measured"),
    ]
    if derivation.activation.degree != 1:
        return claims
    return [
        *claims,
        ("$S_l$ with dropout at the fit and at long times", derived, "scaling argument, this project"),
        ("The least penalty is $q N²/(2 n M)$ as $m → ∞$", proved, "the identity for any two shares, above"),
    ]


def _average(derivation: Derivation) -> Section:
    p = derivation.activation.degree
    conserved = "a_k² - |w_k|²" if p == 1 else f"{plain(p)} a_k² - |w_k|²"
    body = (
        "In a step each sample sees every hidden neuron with probability $r$, divided by $r$. The mean of $b_k/r$ "
        "over the masks is 1 and its variance $q$, so with $f_k = a_k σ(w_k·x)/α$, the part of $f$ through neuron "
        "$k$, the mean of the loss is",
        Equation("R + (q/(2n)) Σ_i Σ_k f_k(x_i)²,   q = (1-r)/r"),
        "and at a small rate the weights follow its flow, in which neuron $k$ feels the residual",
        Equation("e_i + q f_k(x_i)"),
        "What is added depends on $a_k σ(w_k·x)$ alone, so the balance law holds as it stands:",
        Equation(f"d/dt ({conserved}) = 0   for every neuron k"),
        "In normalised weights, with $e$ of order one, the third number is $q κ$. At a fixed $r$ it vanishes in the "
        "infinitely wide network:",
        Equation("f_k = κ ā_k σ(w̄_k·x),   q κ = q P/m"),
    )
    return Section("Dropout: the average over the masks", Basis.PROVED, body)


def _fit() -> Section:
    body = (
        "Lazy, neuron by neuron, dropout adds $dv = -(q κ T/n) u² Σ_i σ(v·x_i) x_i$ in the time $T$ of the fit, even "
        "in the start of $u$; the fit is odd in it. So they add in squares. With $T ~ min(κ', 1/κ')/P$ the share of "
        "dropout is $q κ$: with $q = m^ξ$, where $γ ≤ 1$ and $ξ < 1$,",
        Equation("S_l = S_l without dropout + max(0, ξ - γ)"),
        "At a fixed $r$ it is negligible at the fit for $γ > 0$.",
    )
    return Section("Dropout at the fit", Basis.DERIVED, body)


def _long() -> Section:
    body = (
        "On the solutions of zero loss the penalty decides, in a time longer by $m/q$. All $|u_k| |v_k|$ become of "
        "the order $1/P$ at the same $u_k² - |v_k|²$. So for $P > 1$",
        Equation("S_w = -2 max(γ', 0),   S_a = -2 max(-γ', 0)"),
        "however large $P$ is: of order one at $γ' = 0$. For $P < 1$ the orders of the fit stay.",
    )
    return Section("Dropout at long times", Basis.DERIVED, body)


def _programme() -> Section:
    body = (
        "What is least at long times, as $m → ∞$. With $φ_j = σ(v_j·x)$ on the data and their norm $|φ|_X$, let $c_j "
        "φ_j$ be shared by $n_j$ of $M$ active neurons. Equal parts are best, and so are shares in proportion to "
        "$|c_j| |φ_j|_X$, since for any two",
        Equation(
            "(g_1²/n_1 + g_2²/n_2) (n_1 + n_2) - (g_1 + g_2)² = (g_1 n_2 - g_2 n_1)²/(n_1 n_2),   g_j = |c_j| |φ_j|_X"
        ),
        "is never negative. So",
        Equation(
            "min (q/(2n)) Σ_i Σ_k f_k(x_i)² = (q/(2 n M)) N²,   N = min Σ_j |c_j| |φ_j|_X   over Σ_j c_j φ_j = f on the data"
        ),
        "a problem of least absolute values in the norm of the data: at most $n$ directions, and the same $|f_k|_X$ "
        "for all active neurons.",
    )
    return Section("The programme of dropout", Basis.PROVED, body)

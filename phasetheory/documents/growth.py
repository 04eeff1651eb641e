"""How the layers grow and how far each moves, as sections: the one part of the scaling argument that asks for the optimiser."""

from phasetheory.documents.document import Equation, Section
from phasetheory.scaling.optimizers import GRADIENT_FLOW, SIGN_DESCENT, Optimizer
from phasetheory.scaling.regimes import Basis

__all__ = ["GROWTH", "growth_sections"]

#: What grows.
GROWTH = {GRADIENT_FLOW: "Δ", SIGN_DESCENT: "u"}

_IN_EXPONENTS = (
    "In exponents of $m$ (the same letters from here on) products are sums and sums are maxima. The left side of case 2 is "
    "increasing, "
)
_PIECEWISE = (
    "$S_l$ is piecewise linear in the exponents. The layer is linear, critical or condensed where $S_l < 0$, $S_l = 0$, "
    "$S_l > 0$. In spectral norm $F_l$ is replaced by $s_l$."
)
_LINEAR_APPROXIMATION = (
    "The linear approximation holds for all times where every layer below the output is linear in spectral norm. The "
    "network is linear in its output weights; what is of second order has a factor RD of a layer below, and so has "
    "the share of neurons that change sides of a sample. Where a layer below is not linear, it fails (a linear "
    "activation with a single such layer excepted)."
)


def growth_sections(optimizer: Optimizer) -> list[Section]:
    """The growth of all layers, and the displacement of each."""
    growth, displacement = _TEXTS[optimizer]
    return [
        Section("Growth", Basis.DERIVED, growth),
        Section("How far each layer moves", Basis.DERIVED, (*displacement, _PIECEWISE, _LINEAR_APPROXIMATION)),
    ]


_TEXTS: dict[Optimizer, tuple[tuple[str | Equation, ...], tuple[str | Equation, ...]]] = {
    GRADIENT_FLOW: (
        (
            "By the balance law the flow adds the same amount $Δ$ to the square of every layer along the signal. Two cases.",
            "Case 1, $P ≥ 1$: a small move fits the data. Moving layer $l$ by $δ$ along the signal changes $f$ by $δ P/s_l$, "
            "and the layer of least strength is moved most cheaply; the change of order one costs",
            Equation("δ = min_l s_l/P,   Δ = δ s = min_l s_l²/P"),
            "Case 2, $P < 1$: no small move does. The layers grow until the capacity is one:",
            Equation("Π_l √max(s_l², Δ) = α"),
            f"{_IN_EXPONENTS}and the sum of $max(s_l, x)$ over $l$ is the largest of the sums over sets $K$ of layers "
            "that take $x$, the others taking $s_l$, so the root is a minimum over $K$, and both cases are one formula:",
            Equation("Δ/2 = max(min_l s_l, min_K (Σ_(l∈K) s_l - P)/|K|) - max(P, 0)/2"),
        ),
        (
            "A layer of strength $s$ along the signal gains $Δ$ in square; it has moved by $√Δ$ if it has outgrown its "
            "start, else by less:",
            Equation("δ = √(s² + Δ) - s ~ min(√Δ, Δ/s)"),
            "Relative to its norm at the start:",
            Equation("sup_(t≥0) RD_l(t) ~ min(√Δ, Δ/s_l)/F_l ~ m^(S_l),   in exponents  S_l = min(Δ/2, Δ - s_l) - F_l"),
        ),
    ),
    SIGN_DESCENT: (
        (
            "By equal speed every layer has moved by $u c_l$ at the time $u$, as far as the signs are aligned, with",
            Equation("c_l = √(n_(l-1) n_l)"),
            "Learning rates are absorbed; with them $c_l = η_l √(n_(l-1) n_l)$. Two cases.",
            "Case 1, $P ≥ 1$: a small move fits the data. The layer for which $c_l/s_l$ is largest changes $f$ most; the "
            "change of order one takes",
            Equation("u = min_l (s_l/c_l)/P"),
            "Case 2, $P < 1$: no small move does. The layers grow until the capacity is one:",
            Equation("Π_l max(s_l, u c_l) = α"),
            f"{_IN_EXPONENTS}and with $r_l = s_l - c_l$ the root is a minimum over sets $K$ of layers, so both cases are one "
            "formula:",
            Equation("u = max(min_l r_l, min_K (Σ_(l∈K) r_l - P)/|K|) - max(P, 0)"),
        ),
        (
            "A layer moves by $u c_l$ whether it has outgrown its start or not. Relative to its norm at the start:",
            Equation("sup_(t≥0) RD_l(t) ~ u c_l/F_l ~ m^(S_l),   in exponents  S_l = u + c_l - F_l"),
        ),
    ),
}

"""How the layers grow and how far each moves, as sections: the one part of the scaling argument that asks for the optimiser."""

from phasetheory.documents.document import Equation, Section
from phasetheory.scaling.optimizers import GRADIENT_FLOW, SIGN_DESCENT, Optimizer
from phasetheory.scaling.regimes import Basis

__all__ = ["GROWTH", "growth_sections"]

#: What grows, in text and TeX.
GROWTH = {GRADIENT_FLOW: ("Δ", r"\Delta"), SIGN_DESCENT: ("u", "u")}

_IN_EXPONENTS = (
    "In exponents of m (the same letters from here on) products are sums and sums are maxima. The left "
    "side of case 2 is increasing, "
)
_PIECEWISE = (
    "S_l is piecewise linear in the exponents. The layer is linear, critical or condensed where S_l < 0, "
    "S_l = 0, S_l > 0. In "
    "spectral norm F_l is replaced by s_l."
)


def growth_sections(optimizer: Optimizer) -> list[Section]:
    """The growth of all layers, and the displacement of each."""
    growth, displacement = _TEXTS[optimizer]
    return [
        Section("Growth", Basis.DERIVED, growth),
        Section("How far each layer moves", Basis.DERIVED, (*displacement, _PIECEWISE)),
    ]


_TEXTS: dict[Optimizer, tuple[tuple[str | Equation, ...], tuple[str | Equation, ...]]] = {
    GRADIENT_FLOW: (
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
            f"{_IN_EXPONENTS}and the sum of max(s_l, x) over l is the largest of the sums over sets K of layers that take x, the "
            "others taking s_l, so the "
            "root is a minimum over K, and both cases are one formula:",
            Equation(
                "Δ/2 = max( min_l s_l, min_K (Σ_K s_l - P)/|K| ) - max(P, 0)/2",
                r"\frac{\Delta}{2} = \max\Bigl( \min_l s_l,\ \min_K \frac{\sum_{l \in K} s_l - P}{|K|} \Bigr) "
                r"- \frac{\max(P, 0)}{2}",
            ),
        ),
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
        ),
    ),
    SIGN_DESCENT: (
        (
            "By equal speed every layer has moved by u c_l at the time u, as far as the signs are aligned, with",
            Equation("c_l = √(fan_in fan_out)", r"c_l = \sqrt{n_{l-1} n_l}"),
            "Learning rates are absorbed; with them c_l = η_l √(fan_in fan_out). Two cases.",
            "Case 1, P ≥ 1: a small move fits the data. The layer for which c_l/s_l is largest changes f most; the change of "
            "order one takes",
            Equation("u = min_l (s_l/c_l) / P", r"u = \min_l (s_l/c_l) / P"),
            "Case 2, P < 1: no small move does. The layers grow until the capacity is one:",
            Equation("Π_l max(s_l, u c_l) = α", r"\prod_l \max(s_l, u c_l) = \alpha"),
            f"{_IN_EXPONENTS}and with r_l = s_l - c_l the root is a minimum over sets K, so both cases are one formula:",
            Equation(
                "u = max( min_l r_l, min_K (Σ_K r_l - P)/|K| ) - max(P, 0)",
                r"u = \max\Bigl( \min_l r_l,\ \min_K \frac{\sum_{l \in K} r_l - P}{|K|} \Bigr) - \max(P, 0)",
            ),
        ),
        (
            "A layer moves by u c_l whether it has outgrown its start or not. Relative to its norm at the start:",
            Equation(
                "RD_l = u c_l/F_l ~ m^S_l,   in exponents  S_l = u + c_l - F_l",
                r"\mathrm{RD}_l = u c_l/F_l \sim m^{S_l}, \quad \text{in exponents} \quad S_l = u + c_l - F_l",
            ),
        ),
    ),
}

"""The three regimes, and what each statement about them rests on."""

from dataclasses import dataclass
from enum import Enum

import sympy as sp

from phasetheory.errors import TheoryError

__all__ = ["Basis", "Regime", "Statement", "basis_at", "classify", "proved_slope_bounds"]


class Regime(Enum):
    """Fate of a layer's relative distance from its start, RD, as the width goes to infinity."""

    LINEAR = "linear"  #: RD -> 0, slope S < 0
    CRITICAL = "critical"  #: RD stays O(1), S = 0
    CONDENSED = "condensed"  #: RD diverges, S > 0


class Basis(Enum):
    """What a statement rests on."""

    PROVED = "proved"  #: a theorem, cited
    DERIVED = "derived"  #: a scaling argument
    FITTED = "fitted"  #: a fit to measurements


@dataclass(frozen=True)
class Statement:
    """A theoretical statement with its basis and source."""

    text: str
    basis: Basis
    source: str

    def __str__(self) -> str:
        return f"{self.text} [{self.basis.value}: {self.source}]"


def classify(slope: sp.Expr) -> Regime:
    """Regime of a layer from the exact sign of its slope S.

    Raises
    ------
    TheoryError
        If the sign is not determined, as for a slope with free symbols.
    """
    slope = sp.sympify(slope)
    if slope.is_zero:
        return Regime.CRITICAL
    if slope.is_negative:
        return Regime.LINEAR
    if slope.is_positive:
        return Regime.CONDENSED
    raise TheoryError(f"the sign of the slope {slope} depends on its symbols; substitute numbers first")


def basis_at(gamma: sp.Expr, gamma_prime: sp.Expr) -> Basis:
    """Whether the regime of w at a two-layer point is a theorem of [L21] or rests on the scaling argument."""
    lower, upper = proved_slope_bounds(gamma, gamma_prime)
    return Basis.PROVED if upper < 0 or lower > 0 else Basis.DERIVED


def proved_slope_bounds(gamma: sp.Expr, gamma_prime: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Bounds on S_w that the theorems of [L21] prove at a two-layer point (up to logarithms).

    Linear: RD_w <~ log m/(m kappa) for gamma < 1 and RD_w <~ kappa' log m/(m kappa) for gamma' > gamma - 1 give upper
    bounds. Condensed: RD_w >~ sqrt(min(1, kappa')/(m kappa)) for gamma > 1 and gamma' < gamma - 1 gives a lower bound.
    On the boundary nothing is proved.

    Returns
    -------
    lower, upper : sympy.Expr
        -oo or oo where no bound is proved.
    """
    uppers = [gamma - 1] if gamma < 1 else []
    if gamma_prime > gamma - 1 and gamma_prime > 0:
        uppers.append(gamma - 1 - gamma_prime)
    condensed = gamma > 1 and gamma_prime < gamma - 1
    lower = (gamma - 1 - sp.Max(0, gamma_prime)) / 2 if condensed else -sp.oo
    return lower, (sp.Min(*uppers) if uppers else sp.oo)

"""The three regimes, and what each statement about them rests on."""

from dataclasses import dataclass
from enum import Enum
from math import isfinite, isnan
from numbers import Rational, Real
from typing import Any

import sympy as sp

from phasetheory.errors import ExpressionError, TheoryError, shown
from phasetheory.symbols.expressions import as_expression
from phasetheory.symbols.prose import text as as_text

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
    DEFINED = "definition"  #: nothing: it says what a word means


@dataclass(frozen=True)
class Statement:
    """A theoretical statement with its basis and source.

    Attributes
    ----------
    prose : str
        The statement, its formulas between dollar signs; :attr:`text` is how one reads it.
    basis : Basis
    source : str
    """

    prose: str
    basis: Basis
    source: str

    @property
    def text(self) -> str:
        """The statement as one reads it in a terminal."""
        return as_text(self.prose)

    def __str__(self) -> str:
        return f"{self.text} [{self.basis.value}: {self.source}]"


def classify(slope: Any, critical: float = 0) -> Regime:
    """Regime of a layer from the sign of its slope S.

    Parameters
    ----------
    slope : float, Fraction or sympy.Expr
        A measured slope as a float, a derived one exactly.
    critical : float
        Largest |S| that counts as 0: none but 0 itself for a derived slope, the resolution of the measurement for a measured one.

    Raises
    ------
    TheoryError
        If the sign is not determined (nan, free symbols), or ``critical`` is negative, infinite or nan.

    Examples
    --------
    >>> classify(sp.Rational(-1, 100)), classify(-0.01, critical=0.05)
    (<Regime.LINEAR: 'linear'>, <Regime.CRITICAL: 'critical'>)
    """
    if not isinstance(critical, Real) or isinstance(critical, bool) or not (isfinite(critical) and critical >= 0):
        raise TheoryError(f"critical = {shown(critical)}; give the largest |S| that counts as 0, a finite number >= 0")
    is_float = isinstance(slope, Real) and not isinstance(slope, Rational)  # quick; other numbers are compared exactly
    if not is_float:
        return _classify_expression(_as_slope(slope), critical)
    if isnan(slope):
        raise TheoryError("the slope is nan, which has no sign; leave out what was not measured")
    if abs(slope) <= critical:
        return Regime.CRITICAL
    return Regime.LINEAR if slope < 0 else Regime.CONDENSED


def _as_slope(slope: Any) -> sp.Expr:
    try:
        return as_expression(slope, name="slope")
    except ExpressionError as error:
        raise TheoryError(
            f"slope = {shown(slope)} is not a slope: give the number S; the regime of a network is Network.regime(), and of a "
            "named initialisation phasetheory.initialization('he').regime(); phasetheory.describe('he') prints what "
            "`phasetheory classify he` does"
        ) from error


def _classify_expression(slope: sp.Expr, critical: float) -> Regime:
    """The same for an expression, whose sign may follow from the assumptions on its symbols; oo is condensed."""
    if (abs(slope) - critical).is_nonpositive:
        return Regime.CRITICAL
    if (slope + critical).is_extended_negative:
        return Regime.LINEAR
    if (slope - critical).is_extended_positive:
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

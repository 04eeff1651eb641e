"""The phase diagram of two layers with weight decay: it has a time axis, and this is the plane at one moment. Derived.

With mu = lambda alpha = m^-ell the regimes are those at the fit, then the network walks to larger gamma at the same
gamma', and at the end there are those of the least variation norm: :mod:`phasetheory.scaling.weight_decay`.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.diagrams.diagram import PhaseDiagram, phase_diagram
from phasetheory.diagrams.piecewise import PiecewiseLinear
from phasetheory.diagrams.regions import Region, regions_of
from phasetheory.errors import TheoryError, check_choice, shown
from phasetheory.scaling.regimes import Regime
from phasetheory.scaling.weight_decay import MOMENTS, check_gradient_flow, fitting_time, slopes_at_end, slopes_at_fit
from phasetheory.symbols.rationals import as_fraction

__all__ = ["DecayedDiagram", "decayed_diagram"]


@dataclass(frozen=True)
class DecayedDiagram(PhaseDiagram):
    """A phase diagram at the time of the fit, or at the end.

    Attributes
    ----------
    ell : sympy.Rational
        The exponent of mu = lambda alpha = m^-ell, the same at every point.
    moment : str
        ``'fit'`` or ``'end'``.
    """

    ell: sp.Rational = field(default=sp.S.Zero)
    moment: str = "fit"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self.moment, "moment", MOMENTS)
        check_gradient_flow(self.optimizer, "weight decay")
        if self.network.depth != 2:
            raise TheoryError(
                f"a diagram with weight decay of {self.network.depth} layers: what becomes of them at the end is not worked out; "
                "give two layers, or with_weight_decay() for one network"
            )
        object.__setattr__(self, "ell", sp.Rational(as_fraction(self.ell, name="ell")))

    @property
    def collapses(self) -> bool | None:
        """Whether f = 0 at the end, on the whole plane; None at ell = 0, where the constant of mu decides."""
        return None if self.ell == 0 else bool(self.ell < 0)

    @cached_property
    def fitting_time(self) -> PiecewiseLinear:
        """Exponent x of the time to fit in the unit tau = t/alpha."""
        return self._over_plane(lambda *exponents: [fitting_time(self._moved_at(*exponents))])[0]

    def _slopes_at(self, *exponents: Any) -> tuple[Any, ...]:
        moved = self._moved_at(*exponents)
        if self.moment == "fit":
            return slopes_at_fit(moved.slopes(self.norm), fitting_time(moved), self._ell)
        return (0,) * len(self.layers) if self.collapses else slopes_at_end(moved)

    @property
    def _ell(self) -> Fraction:
        return as_fraction(self.ell, name="ell")

    @cached_property
    def unfitted_region(self) -> Region | None:
        """Where the weights decay before the data are fitted, x > ell; None if nowhere.

        Its regime, of a layer called ``'fit'``, is condensed.
        """
        (overtime,) = self._over_plane(lambda *exponents: [fitting_time(self._moved_at(*exponents)) - self._ell])
        late = regions_of({"fit": overtime})
        return next((region for region in late if region.regimes["fit"] is Regime.CONDENSED), None)

    @cached_property
    def target_region(self) -> Region | None:
        """Where slopes depend on the target; nowhere at the end."""
        if self.moment == "end":
            return None
        return phase_diagram(network=self.network, coordinates=self.coordinates).target_region


def decayed_diagram(ell: Any, moment: str = "fit", *, diagram: PhaseDiagram | None = None) -> DecayedDiagram:
    """The plane of two layers with the weight decay mu = lambda alpha = m^-ell.

    Parameters
    ----------
    ell : rational number
        Negative: a decay beyond every threshold of collapse at large m.
    moment : str
        ``'fit'``: when the data are fitted; ``'end'``: for t to infinity, at ell = 0 below the threshold of collapse.
    diagram : PhaseDiagram, optional
        The plane; that of (gamma, gamma') by default.

    Raises
    ------
    TheoryError
        An ell that is no number, another depth than two, or another optimiser than gradient flow.

    Examples
    --------
    >>> print(decayed_diagram("1/2", "end").slope("w"))
    Piecewise((gamma/2 - gamma_prime/2 - 1/2, gamma_prime <= gamma - 1), (0, True))
    >>> decayed_diagram("1/2").boundary("w") == phase_diagram(2).boundary("w")
    True
    """
    plane = phase_diagram(2) if diagram is None else diagram
    if not isinstance(plane, PhaseDiagram):
        raise TheoryError(f"diagram = {shown(diagram)} is not a diagram; give phasetheory.phase_diagram()")
    return DecayedDiagram(plane.network, plane.coordinates, plane.norm, plane.optimizer, ell, moment)

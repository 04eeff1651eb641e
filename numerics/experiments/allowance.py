"""What a verdict allows for: finite width, the noise of few seeds, and what still counts as critical."""

from dataclasses import dataclass, fields

import phasetheory as pt
from numerics.arrays import real_number
from numerics.errors import InputError
from phasetheory.scaling.optimizers import GRADIENT_FLOW

__all__ = ["Allowance", "allowance_at"]


@dataclass(frozen=True)
class Allowance:
    """What a verdict allows for.

    Attributes
    ----------
    critical : float
        Largest |S| called critical.
    finite_width : float
        Largest |S - expected| put down to finite width, beyond the interval over seeds: the theory is a limit, of RD itself for
        two layers, of slopes beyond.
    distance : float
        Largest |log(RD/expected RD)| at the largest width, beyond two standard errors over seeds, where RD is known.
    widest_interval : float
        Widest interval of a slope, upper minus lower end, from which anything is concluded.
    mean_difference : float or None
        Largest mean of |S - predicted| over layers, norms and points; None where every layer is held to ``finite_width`` tightly.
    regimes_beyond : float or None
        A verification agrees by ``mean_difference`` and by the sign of every slope that is predicted to be larger than this; None
        where it does if all its points do.
    """

    critical: float = 0.05
    finite_width: float = 0.05
    distance: float = 0.1
    widest_interval: float = 0.2
    mean_difference: float | None = None
    regimes_beyond: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            number = real_number(value, field.name)
            if number < 0:
                raise InputError(f"{field.name} = {number}; give 0, or a positive number such as 0.05")
            object.__setattr__(self, field.name, number)

    def regime(self, slope: float) -> pt.Regime:
        """The regime that a measured slope speaks for."""
        return pt.classify(float(slope), critical=self.critical)


_TWO_LAYERS = Allowance()
# beyond, and under Adam, slopes are held against their limits: wide because widths are small, a layer costs m^2 numbers, and
# because of the targets named among the limitations in docs
_LIMITS = Allowance(finite_width=0.2, widest_interval=0.5, mean_difference=0.08)


def allowance_at(depth: int, optimizer: pt.Optimizer = GRADIENT_FLOW) -> Allowance:
    """The allowance of a depth: the tight one where the slope at the widths themselves is known."""
    return _TWO_LAYERS if depth == 2 and optimizer == GRADIENT_FLOW else _LIMITS

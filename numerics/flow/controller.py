"""Step-size control, separate from the methods."""

from dataclasses import dataclass

from numerics.kernels.control import factor_accepted, factor_rejected

__all__ = ["PIController"]


@dataclass
class PIController:
    """Proportional-integral control (Gustafsson 1991; Hairer and Wanner, Solving ODEs II, IV.2).

    Attributes
    ----------
    order : int
        Order of the error estimate plus one, the power of h it scales with.
    safety, smallest, largest : float
        Factor aimed below the tolerance, and bounds on the change of h in one step.
    """

    order: int
    safety: float = 0.9
    smallest: float = 0.1
    largest: float = 5.0
    previous: float = 1.0

    def accepted(self, error: float) -> float:
        """Factor for the next step after a step with ``error`` <= 1 (in units of the tolerance)."""
        bounds = self.safety, self.smallest, self.largest
        factor, self.previous = factor_accepted(error, self.previous, self.order, *bounds)
        return float(factor)

    def rejected(self, error: float) -> float:
        """Factor for another try after a step with ``error`` > 1."""
        return float(factor_rejected(error, self.order, self.safety, self.smallest))

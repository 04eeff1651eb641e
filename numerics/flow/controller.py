"""Step-size control, separate from the methods."""

from dataclasses import dataclass

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
        error = max(error, 1e-10)
        factor = self.safety * error ** (-0.7 / self.order) * self.previous ** (0.4 / self.order)
        self.previous = error
        return min(self.largest, max(self.smallest, factor))

    def rejected(self, error: float) -> float:
        """Factor for another try after a step with ``error`` > 1."""
        return min(0.7, max(self.smallest, self.safety * error ** (-1.0 / self.order)))

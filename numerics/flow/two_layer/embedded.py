"""What Runge-Kutta methods with an embedded error estimate share: from the error of a step to the error of the distance."""

from abc import ABC, abstractmethod

import numpy as np

from numerics.flow.problem import RunPoint
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.state import Attempt, LayerError, Point, RightHandSide
from numerics.kernels import stages

__all__ = ["LOSS_TOLERANCE", "STEP_TOLERANCE", "Embedded", "distance_error", "loss_defect"]

# what the error of a step may be, in units of rtol; calibrated on the tolerance ladder in the tests
STEP_TOLERANCE = 2.0
_KINK_WEIGHT = 1.0  # of neurons that changed sides: their estimate is of first order in h, their error is less
# What the defect of dR/dt = -|grad R|^2 over a step may be, relative to the loss and in units of rtol. The distances hardly feel
# the slow end of a run; without this the time of the stop is off by 20 % at rtol = 1e-2, with it by 1 to 4 %.
LOSS_TOLERANCE = 100.0


class Embedded(ABC):
    """Base of the Runge-Kutta methods: they give ``step`` and ``error``, this gives the interface.

    Sliding neurons quiver across their kink, and the quiver feeds |v_k| at the cost of |u_k|, step after step: a bias of first
    order in h, where everything else is of second. u_k^2 - |v_k|^2 is conserved, and rescaling (u_k, v_k) -> (r u_k, v_k/r)
    leaves f alone, so each step ends by restoring it.
    """

    growth = 0.5

    def __init__(self, rhs: RightHandSide, start: Point, chunks: Chunks) -> None:
        self.rhs = rhs
        self.start = start
        self.removed = np.zeros(start.width)
        self.scratch = Point(start.width, start.dimension, len(rhs.targets))

    @abstractmethod
    def step(self, point: Point, h: float, out: Point) -> None:
        """Advance ``point`` by ``h`` into ``out``, velocity included."""

    @abstractmethod
    def error(self, point: Point, out: Point, h: float) -> np.ndarray:
        """Estimated error of the last step, flat like the state; a scratch array, valid until the next step."""

    def prepare(self, point: Point) -> None:
        """Velocity and gradient of a point with its residual; the end of a step has them already."""
        if point.gradient_squared is None:
            self.rhs.evaluate(point, self.scratch)
            point.gradient_squared = float(stages.dot(point.velocity, point.velocity))

    def spectral_radius(self, point: Point) -> float:
        """From power iterations that are carried to convergence."""
        return self.rhs.spectral_radius(point, iterations=30)

    def attempt(self, point: Point, h: float, out: Point) -> Attempt:
        """Step from ``point`` into ``out``, and the error of the distances."""
        self.step(point, h, out)
        x = self.error(point, out, h)
        stages.restore_balance(out.u, out.v, out.velocity_u, out.velocity_v, self.start.balance, self.removed)
        out.gradient_squared = float(stages.dot(out.velocity, out.velocity))
        parts = self.rhs.layer_errors(x, point, out, self.start.y)
        error = max(map(distance_error, parts)) / STEP_TOLERANCE
        error = max(error, loss_defect(point, out, h) / LOSS_TOLERANCE)
        moved_u, moved_v = (float(np.sqrt(part.moved)) for part in parts)
        return Attempt(error, moved_u, moved_v)


def distance_error(part: LayerError) -> float:
    """Relative error of a layer's distance |D| for an error x of D.

    |D + x| - |D| = x.D/|D| + |x|^2/(2 |D|) at most, to second order. A neuron that crosses a kink inside the step spoils its own
    estimate: it is of first order in h. But over uniformly placed crossings a method of second order has no mean error, so
    these add up like random numbers, not like a trend.
    """
    if part.moved == 0.0:
        return 0.0 if part.squares == 0.0 else np.inf
    return (abs(part.along) + part.squares / 2 + _KINK_WEIGHT * float(np.sqrt(part.kinks))) / part.moved


def loss_defect(point: RunPoint, trial: RunPoint, h: float) -> float:
    """The error estimate of RKC2 for the loss itself, whose derivative is -|grad R|^2, relative to the loss."""
    assert point.gradient_squared is not None
    assert trial.gradient_squared is not None
    slopes = point.gradient_squared + trial.gradient_squared
    return abs(0.8 * (point.loss - trial.loss) - 0.4 * h * slopes) / point.loss

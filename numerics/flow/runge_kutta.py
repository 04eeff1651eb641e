"""What Runge-Kutta methods with an embedded error estimate share: from the error of a step to the error of the distance."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from numerics.flow.fineness import Fineness
from numerics.flow.problem import Flow, Point, Step

__all__ = ["LayerError", "RungeKutta", "S", "StagedFlow", "State", "distance_error", "loss_defect"]

# what the error of a step may be, in units of rtol; calibrated on the tolerance ladder in the tests
_STEP_TOLERANCE = 2.0
_KINK_WEIGHT = 1.0  # of neurons that changed sides: their estimate is of first order in h, their error is less
# What the defect of dR/dt = -|grad R|^2 over a step may be, relative to the loss and in units of rtol. The distances hardly feel
# the slow end of a run; without this the time of the stop is off by 20 % at rtol = 1e-2, with it by 1 to 4 %.
_LOSS_TOLERANCE = 100.0


class State(Point, Protocol):
    """A point as these methods see it.

    Attributes
    ----------
    y, velocity : float64 (N,)
        All weights in one flat array, and -grad R laid out like them.
    radius : float
        Bound on the Jacobian's spectral radius, for the methods that keep it.
    moved : tuple of float
        |W - W(0)| of every layer, input to output, where a step ended.
    loss_rate : float
        -dR/dt, |grad R|^2 without weight decay, at a point with its velocity.
    t : float
        Normalised time.
    """

    radius: float
    moved: tuple[float, ...]
    loss_rate: float
    t: float

    @property
    def y(self) -> np.ndarray:
        """The weights, flat."""

    @property
    def velocity(self) -> np.ndarray:
        """-grad R."""


class LayerError(NamedTuple):
    """Sums over the neurons of a layer for the error x of a step and the displacement D from the start.

    ``along`` and ``squares`` are x.D and x.x over the neurons that stayed on the same side of every sample, ``kinks`` the sum
    of (x_k.D_k)^2 over those that did not, ``moved`` is D.D over all.
    """

    along: float
    squares: float
    kinks: float
    moved: float


S = TypeVar("S", bound=State)


class StagedFlow(Flow[S], Protocol[S]):
    """What Runge-Kutta methods ask of the flow of a network.

    Sliding neurons quiver across their kink, and the quiver feeds the weights that enter a neuron at the cost of those that
    leave it, step after step: a bias of first order in h, where everything else is of second. The flow conserves the difference
    of their squares, and scaling them by r and 1/r leaves the output alone, so each step ends by restoring it: :meth:`settle`.
    """

    def prepare(self, point: S) -> None:
        """Velocity and |grad R|^2 of a point with its residual, unless it has them."""

    def spectral_radius(self, point: S) -> float:
        """Bound on the Jacobian's spectral radius at a prepared point."""

    def euler(self, point: S, h: float, out: S) -> None:
        """First stage: out = point + h velocity, with the residual of the result."""

    def stage(self, y1: S, y2: S, y0: S, coefficients: tuple[float, float, float, float, float], out: S) -> None:
        """Later ones: out = c0 y0 + c1 y1 + c2 y2 + h1 F(y1) + h0 F(y0), with the residual of the result.

        F(y0) is known; F(y1) follows from the residual of y1, and is not kept.
        """

    def arrive(self, out: S) -> None:
        """Velocity of the last stage's result, for the error estimate; back on the balance law first, where that is cheaper."""

    def settle(self, out: S) -> None:
        """End a step: back on the balance law, velocity included, and |grad R|^2."""

    def layer_errors(self, x: np.ndarray, point: S, out: S) -> Sequence[LayerError]:
        """Sums for every layer of the error ``x`` of a step that is settled; ``out.moved`` is known then."""


class RungeKutta(ABC, Generic[S]):
    """Base of the methods: they give ``step`` and ``error``, this gives the interface of a method."""

    growth = 0.5
    fineness = Fineness(growth=1.0)
    splits_decay = False
    loop = None

    def __init__(self, flow: StagedFlow[S]) -> None:
        self.flow = flow

    @abstractmethod
    def step(self, point: S, h: float, out: S) -> None:
        """Advance ``point`` by ``h`` into ``out``, residual and velocity included."""

    @abstractmethod
    def error(self, point: S, out: S, h: float) -> np.ndarray:
        """Estimated error of the last step, flat like the state; a scratch array, valid until the next step."""

    def new_point(self) -> S:
        """Room for a state."""
        return self.flow.new_point()

    def prepare(self, point: S) -> None:
        """Velocity and gradient of a point with its residual; the end of a step has them already."""
        self.flow.prepare(point)

    def spectral_radius(self, point: S) -> float:
        """That of the flow."""
        return self.flow.spectral_radius(point)

    def attempt(self, point: S, h: float, out: S) -> Step:
        """Step from ``point`` into ``out``, and the error of the distances."""
        out.t = point.t + h
        self.step(point, h, out)
        x = self.error(point, out, h)
        self.flow.settle(out)
        error = max(map(distance_error, self.flow.layer_errors(x, point, out))) / _STEP_TOLERANCE
        error = max(error, loss_defect(point, out, h) / _LOSS_TOLERANCE)
        return Step(error, out.moved)


def distance_error(part: LayerError) -> float:
    """Relative error of a layer's distance |D| for an error x of D.

    |D + x| - |D| = x.D/|D| + |x|^2/(2 |D|) at most, to second order. A neuron that crosses a kink inside the step spoils its own
    estimate: it is of first order in h. But over uniformly placed crossings a method of second order has no mean error, so
    these add up like random numbers, not like a trend.
    """
    if part.moved == 0.0:
        return 0.0 if part.squares == 0.0 else np.inf
    return (abs(part.along) + part.squares / 2 + _KINK_WEIGHT * float(np.sqrt(part.kinks))) / part.moved


def loss_defect(point: State, trial: State, h: float) -> float:
    """The error estimate of RKC2 for the loss itself, whose derivative the points know, relative to the loss."""
    slopes = point.loss_rate + trial.loss_rate
    return abs(0.8 * (point.loss - trial.loss) - 0.4 * h * slopes) / point.loss

"""The gradient flow of a module on its data: states, and the right-hand side with a count of evaluations.

Of a module nothing is known but its derivatives: no neurons, no kinks, no balance of each neuron to put back. So the error of a
step counts as a trend throughout. What the module conserves cannot be restored without its structure; by how much a step breaks
it says how wrong the step is, kinks included, where other estimates see nothing.
"""

from collections.abc import Callable
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from scipy.linalg import eigh

from numerics.flow.decay import NONE, Decay
from numerics.flow.modules.growth import ends_of_spectrum
from numerics.flow.modules.loss import Loss
from numerics.flow.runge_kutta import LayerError
from numerics.kernels.layers import combine
from numerics.kernels.stages import dot
from numerics.networks.automatic import Forward, Pullback
from numerics.networks.module import Module

__all__ = ["ModuleFlow", "ModulePoint"]

_FIRST, _NEXT, _SHARP = (
    12,
    3,
    30,
)  # Lanczos steps: from nowhere, from the last point's vectors, where nothing seems to move
# What a step may change a conserved quantity by, relative to its parts and in units of rtol. A recurrent network that condenses,
# width 64, rtol = 1e-2: without this U was off by 12 %, with the Chebyshev method by 14 %.
_IMBALANCE = 0.02
_SAFETY = 1.2  # they approach the ends of the spectrum from inside
_NOISE = 1e-12  # part of the fastest growth so far that is rounding, where samples are fitted exactly and the others are dead


class ModulePoint:
    """A state with its residual; the weights are views into one flat array."""

    def __init__(self, shapes: tuple[tuple[int, ...], ...], outputs: int) -> None:
        ends = list(accumulate((int(np.prod(shape)) for shape in shapes), initial=0))
        self.shapes, self.edges = shapes, list(pairwise(ends))
        self.y = np.zeros(ends[-1])
        self.weights = self.views(self.y)
        self.outputs = np.zeros(outputs)
        self.residual = np.zeros(outputs)  # n dR/df
        self.loss = 0.0
        self.pullback: Pullback | None = None
        self.rows: np.ndarray | None = None  # the Jacobian (N, P)
        self.tangent: np.ndarray | None = None  # J J^T/n
        self.kernel: np.ndarray | None = None  # the same where it says how the loss falls
        self.gradient_squared: float | None = None
        self.growth: tuple[float, float] | None = None  # ends of the spectrum of the curvature
        self.loss_rate, self.radius, self.t, self.penalty = 0.0, 0.0, 0.0, 0.0
        self.moved: tuple[float, ...] = (0.0,) * len(shapes)
        self.squares = np.zeros(len(shapes))  # |V|^2 of every layer, at the end of a step
        self.imbalance = 0.0  # error of the step that ended here in what is conserved
        self.velocity_known = False

    @cached_property
    def velocity(self) -> np.ndarray:
        """Like the state; zeros at first."""
        return np.zeros_like(self.y)

    def views(self, flat: np.ndarray) -> tuple[np.ndarray, ...]:
        """The layers of a flat array laid out like the state."""
        return tuple(
            flat[first:last].reshape(shape) for (first, last), shape in zip(self.edges, self.shapes, strict=True)
        )

    def load(self, weights: tuple[np.ndarray, ...]) -> None:
        """Take the weights of a network."""
        for view, w in zip(self.weights, weights, strict=True):
            view[...] = w
        self.weigh()

    def weigh(self) -> None:
        """Find |V|^2 of every layer."""
        self.squares[:] = [dot(w.ravel(), w.ravel()) for w in self.weights]


class ModuleFlow:
    """The gradient flow of one module on one data set."""

    decay: Decay = NONE

    def __init__(self, network: Module, forward: Forward, loss: Loss) -> None:
        self.start, self.forward, self.loss = network.weights, forward, loss
        self.offset = 0.0 if network.centre is None else forward.output(network.centre).ravel()
        self.shapes = tuple(w.shape for w in network.weights)
        self.evaluations, self.kernel_evaluations = 0, 0
        quantities = [[quantity.get(layer, 0.0) for layer in network.layers] for quantity in network.conserved]
        self._quantities = np.array(quantities).reshape(-1, len(network.layers))
        self._trend: np.ndarray | None = None  # the vectors at the ends of the curvature's spectrum, last seen
        self._fastest = 0.0  # growth seen so far

    @property
    def outputs(self) -> int:
        """Outputs of all samples, N."""
        return int(np.prod(self.forward.shape))

    def new_point(self) -> ModulePoint:
        """Room for a state."""
        return ModulePoint(self.shapes, self.outputs)

    def update_residual(self, point: ModulePoint) -> None:
        """Residual of a point from its weights, and the way back."""
        point.rows = point.tangent = point.kernel = point.gradient_squared = point.growth = None
        point.velocity_known = False
        found, point.pullback = self.forward.pull(point.weights)
        point.outputs = found - self.offset
        point.residual, point.loss = self.loss.pull(point.outputs), self.loss.value(point.outputs)
        self.evaluations += 1

    def pull_back(self, point: ModulePoint, c: np.ndarray) -> np.ndarray:
        """J^T c (P,) at a point."""
        assert point.pullback is not None, "find the residual first"
        return point.pullback(c)

    def find_kernel(self, point: ModulePoint) -> None:
        """Jacobian, tangent kernel and gradient of a point with its residual."""
        if point.tangent is not None:
            return
        assert point.pullback is not None, "find the residual first"
        n = self.loss.samples
        point.rows = point.pullback.rows()
        point.tangent = point.rows @ point.rows.T / n
        self.kernel_evaluations += 1
        square = float(point.residual @ point.tangent @ point.residual) / n
        point.gradient_squared = point.loss_rate = max(square, 0.0)
        if self.loss.quadratic:
            point.kernel = point.tangent

    def prepare(self, point: ModulePoint) -> None:
        """Kernel, gradient and velocity of a point with its residual, unless it has them."""
        self.find_kernel(point)
        if not point.velocity_known:
            assert point.rows is not None
            np.matmul(point.residual / -self.loss.samples, point.rows, out=point.velocity)
            point.velocity_known = True

    def spectral_radius(self, point: ModulePoint) -> float:
        """Largest eigenvalue of the tangent kernel, with the steepness of the loss, and the curvature's spectral radius."""
        assert point.tangent is not None, "prepare the point first"
        last = len(point.tangent) - 1
        top = float(eigh(point.tangent, eigvals_only=True, subset_by_index=[last, last])[0])
        return self.loss.steepness * top + _SAFETY * max(map(abs, self._growth(point)))

    def growth_bound(self, point: ModulePoint) -> float:
        """Largest eigenvalue of -sum_i e_i d^2f_i/n as a few Lanczos steps see it, and a fifth: no proven bound."""
        return _SAFETY * max(self._growth(point)[1], 0.0)

    def largest_growth_rate(self, point: ModulePoint) -> float:
        """The same after many steps, from a random start; 0 where it is rounding."""
        start = np.random.default_rng(1).standard_normal(point.y.size)
        rate = ends_of_spectrum(self._curvature(point), start, _SHARP)[1]
        return rate if rate > _NOISE * self._fastest else 0.0

    def release_rate(self, point: ModulePoint) -> float:
        """Nothing: steps across kinks leave no neuron on one."""
        return 0.0

    def _growth(self, point: ModulePoint) -> tuple[float, float]:
        """Ends of the spectrum of the curvature at a point, from where they were before."""
        if point.growth is None:
            first = self._trend is None
            start = np.random.default_rng(0).standard_normal(point.y.size) if self._trend is None else self._trend
            least, largest, self._trend = ends_of_spectrum(self._curvature(point), start, _FIRST if first else _NEXT)
            point.growth = least, largest
            self._fastest = max(self._fastest, largest)
        return point.growth

    def _curvature(self, point: ModulePoint) -> Callable[[np.ndarray], np.ndarray]:
        product = self.forward.curvature(point.weights, point.residual / -self.loss.samples)
        return lambda v: product(point.views(v))

    def euler(self, point: ModulePoint, h: float, out: ModulePoint) -> None:
        """First stage: out = point + h velocity, with the residual of the result."""
        combine(1.0, point.y, 0.0, point.y, 0.0, point.y, h, point.velocity, out.y)
        self.update_residual(out)

    def stage(
        self,
        y1: ModulePoint,
        y2: ModulePoint,
        y0: ModulePoint,
        coefficients: tuple[float, float, float, float, float],
        out: ModulePoint,
    ) -> None:
        """Later stages: out = c0 y0 + c1 y1 + c2 y2 + h1 F(y1) + h0 F(y0), with the residual of the result."""
        c0, c1, c2, h1, h0 = coefficients
        combine(c0, y0.y, c1, y1.y, c2, y2.y, h0, y0.velocity, out.y)
        out.y -= self.pull_back(y1, h1 / self.loss.samples * y1.residual)
        self.update_residual(out)

    def arrive(self, out: ModulePoint) -> None:
        """Velocity of the last stage's result; its kernel serves the next step."""
        self.prepare(out)

    def settle(self, out: ModulePoint) -> None:
        """End a step: the distances from the start."""
        pairs = zip(out.weights, self.start, strict=True)
        out.moved = tuple(float(np.linalg.norm(w - start)) for w, start in pairs)
        out.weigh()

    def weigh_step(self, point: ModulePoint, out: ModulePoint) -> None:
        """How far the step from ``point`` to ``out`` is off what is conserved, as an error to be compared with rtol."""
        change, sizes = self._quantities @ (out.squares - point.squares), np.abs(self._quantities) @ out.squares
        out.imbalance = float(np.max(np.abs(change) / sizes, initial=0.0)) / _IMBALANCE

    def layer_errors(self, x: np.ndarray, point: ModulePoint, out: ModulePoint) -> list[LayerError]:
        """Sums for every layer; that of kinks is not known apart."""
        found = []
        for error, w, start in zip(point.views(x), out.weights, self.start, strict=True):
            e, displacement = error.ravel(), (w - start).ravel()
            found.append(LayerError(dot(e, displacement), dot(e, e), 0.0, dot(displacement, displacement)))
        return found

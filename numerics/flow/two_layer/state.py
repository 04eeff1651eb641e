"""What every integrator shares: the right-hand side, a point of the trajectory, and the interface of a method."""

from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from numerics.flow.two_layer.chunks import Chunks
from numerics.kernels import stages
from numerics.kernels.tangent import gradient_squared, tangent_kernel_planar
from numerics.networks.two_layer import TwoLayer

__all__ = ["Attempt", "Integrator", "LayerError", "Point", "RightHandSide", "TangentKernelMethod"]

_TUPLE_LIMIT = 8  # samples up to which the planar kernel is compiled with the samples unrolled


class Point:
    """A state with its residual, and velocity if asked for; weights are views into one flat array (u first, then v as (d, m))."""

    def __init__(self, width: int, dimension: int, samples: int) -> None:
        self.y = np.empty(width * (dimension + 1))
        self.residual = np.zeros(samples)
        self.gradient_squared: float | None = None  # |grad R|^2, where a method has found it
        self.kernel: np.ndarray | None = None  # tangent kernel (n, n), for the methods that use it
        self.order: np.ndarray | None = None  # which neuron of the network is where, if not all in their places
        self.changes: Any = None
        self.radius = 0.0  # bound on the Jacobian's spectral radius, likewise
        self.width, self.dimension = width, dimension
        self.u, self.v = self.views(self.y)

    @cached_property
    def velocity(self) -> np.ndarray:
        """Like the state; zeros at first."""
        return np.zeros_like(self.y)

    @property
    def velocity_u(self) -> np.ndarray:
        """The part of u (m,)."""
        return self.views(self.velocity)[0]

    @property
    def velocity_v(self) -> np.ndarray:
        """The part of v (d, m)."""
        return self.views(self.velocity)[1]

    def views(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The parts u (m,) and v (d, m) of a flat array laid out like the state."""
        return flat[: self.width], flat[self.width :].reshape(-1, self.width)

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """The network's u (m,) and v (m, d); copies."""
        if self.order is None:
            return self.u.copy(), self.v.T.copy()
        place = np.empty_like(self.order)
        place[self.order] = np.arange(self.width)
        v = np.empty((self.width, self.dimension))
        for j, row in enumerate(self.v):
            v[:, j] = row[place]
        return self.u[place], v

    @property
    def loss(self) -> float:
        """R = (1/2n) sum_i e_i^2."""
        return float(self.residual @ self.residual) / (2 * self.residual.size)

    @cached_property
    def balance(self) -> np.ndarray:
        """The conserved u^2 - |v|^2 of every neuron (m,); asked of the start, which does not change."""
        return self.u**2 - np.einsum("jk,jk->k", self.v, self.v)


class Attempt(NamedTuple):
    """A step that was tried: its error, to be compared with rtol, and the distances |u - u(0)|, |v - v(0)| it ends at."""

    error: float
    moved_u: float
    moved_v: float


class LayerError(NamedTuple):
    """Sums over the neurons of a layer for the error x of a step and the displacement D from the start.

    ``along`` and ``squares`` are x.D and x.x over the neurons that stayed on the same side of every sample, ``kinks`` the sum
    of (x_k.D_k)^2 over those that did not, ``moved`` is D.D over all.
    """

    along: float
    squares: float
    kinks: float
    moved: float


class RightHandSide:
    """The gradient flow of one network on one data set, with a count of evaluations."""

    def __init__(self, network: TwoLayer, X: np.ndarray, y: np.ndarray, chunks: Chunks) -> None:
        self.X, self.targets, self.chunks = X, y, chunks
        self.kappa, self.slope = network.kappa, network.negative_slope
        self.evaluations = 0
        self.kernel_evaluations = 0
        #: Whether the planar kernels take the samples as tuples, unrolled.
        self.unrolled = X.shape[1] == 2 and len(y) <= _TUPLE_LIMIT
        #: For d = 2 the columns of X as the planar kernels take them: tuples if few samples, else arrays.
        self.columns = [self.in_form_of_columns(c) for c in X.T] if X.shape[1] == 2 else None
        self._eigenvector = y / np.linalg.norm(y) if np.any(y) else np.ones(len(y))
        self._norms = np.linalg.norm(X, axis=1)
        self._sums = np.empty((2, 4))
        self._outputs = chunks.partial(len(y))

    def in_form_of_columns(self, values: np.ndarray) -> "tuple[float, ...] | np.ndarray":
        """N numbers as the planar kernels take them, like :attr:`columns`; a copy."""
        return tuple(values.tolist()) if self.unrolled else values.copy()

    def stage(
        self,
        y1: Point,
        y2: Point,
        y0: Point,
        coefficients: tuple[float, float, float, float, float],
        out: Point,
    ) -> None:
        """Runge-Kutta stage: out = c0 y0 + c1 y1 + c2 y2 + h1 F(y1) + h0 F(y0), with the residual of the result."""
        self._call(y1, y2, y0, y1.residual, coefficients, out.y, out.residual)
        out.residual -= self.targets
        self.evaluations += 1

    def evaluate(self, point: Point, scratch: Point) -> None:
        """Velocity of ``point`` from its weights and residual, into the point; ``scratch`` lends a residual."""
        self._call(point, point, point, point.residual, (0.0, 0.0, 0.0, 1.0, 0.0), point.velocity, scratch.residual)
        self.evaluations += 1

    def update_residual(self, point: Point) -> None:
        """Residual of ``point`` from its weights."""
        if self.columns is not None:
            stages.forward_planar(point.y, *self.columns, self.kappa, self.slope, point.residual)
        else:
            stages.forward(point.u, point.v, self.X, self.kappa, self.slope, point.residual)
        point.residual -= self.targets

    def spectral_radius(self, point: Point, *, iterations: int = 1) -> float:
        """Bound on the Jacobian's spectral radius: largest kernel eigenvalue plus the fastest growth rate.

        The Jacobian is -J^T J/n minus the residual's curvature; the first has the eigenvalues of the n x n tangent kernel,
        found from the kernel itself where that is cheap, else by power iteration from the last eigenvector; the second is at
        most (kappa/n) sum_i |e_i| |x_i|.
        """
        if self.columns is not None and self.unrolled:
            n = len(self.targets)
            kernel = np.empty((n, n))
            tangent_kernel_planar(0, point.width, point.y, *self.columns, self.kappa, self.slope, kernel)
            self.kernel_evaluations += 1
            return float(np.linalg.eigvalsh(kernel)[-1]) + self.growth_bound(point)
        product = np.empty_like(self._eigenvector)
        eigenvalue = 0.0
        for _ in range(iterations):
            args = (point.u, point.v, self.X, self.kappa, self.slope)
            stages.kernel_product(*args, self._eigenvector, product)
            self.kernel_evaluations += 1
            size = float(np.linalg.norm(product))
            if size == 0.0:
                break
            converged = abs(size - eigenvalue) < 0.02 * size
            eigenvalue = size
            self._eigenvector = product / size
            if converged:
                break
        return eigenvalue + self.growth_bound(point)

    def growth_bound(self, point: Point) -> float:
        """(kappa/n) sum_i |e_i| |x_i|: no neuron, anywhere, grows faster than exp(bound * t). Costs n operations."""
        return self.kappa * float(np.abs(point.residual) @ self._norms) / len(self.targets)

    def layer_errors(self, x: np.ndarray, point: Point, out: Point, start: np.ndarray) -> tuple[LayerError, LayerError]:
        """Sums for u and for v of the error ``x`` of the step from ``point`` to ``out``, displacements from ``start``."""
        if self.columns is not None:
            stages.step_norms_planar(x, out.y, point.y, start, *self.columns, self._sums)
        else:
            stages.step_norms(*out.views(x), out.u, out.v, point.v, *out.views(start), self.X, self._sums)
        return LayerError(*map(float, self._sums[0])), LayerError(*map(float, self._sums[1]))

    def largest_growth_rate(self, point: Point) -> float:
        """No neuron grows faster than exp(rate * t) while the residual lasts."""
        return float(stages.largest_growth_rate(point.v, self.X, point.residual, self.kappa, self.slope))

    def _call(
        self,
        y1: Point,
        y2: Point,
        y0: Point,
        e: np.ndarray,
        coefficients: tuple[float, ...],
        y: np.ndarray,
        f: np.ndarray,
    ) -> None:
        numbers, outputs = (self.kappa, self.slope, *coefficients), self._outputs
        if self.columns is not None:
            states = y1.y, y2.y, y0.y, y0.velocity, *self.columns, self.in_form_of_columns(e)
            self.chunks.run(lambda part, *ends: stages.stage_planar(*ends, *states, *numbers, y, outputs[part]))
        else:
            parts = y1.u, y1.v, y2.u, y2.v, y0.u, y0.v, y0.velocity_u, y0.velocity_v, self.X, e
            out = y1.views(y)
            self.chunks.run(lambda part, *ends: stages.stage(*ends, *parts, *numbers, *out, outputs[part]))
        np.sum(outputs, axis=0, out=f)


class TangentKernelMethod:
    """What the methods that hold the tangent kernel over a step share."""

    order = 2
    rhs: RightHandSide

    def keep_kernel(self, point: Point, parts: np.ndarray) -> None:
        """Tangent kernel of a point, from its parts (parts, n, n), and the gradient that it gives."""
        point.kernel = parts.sum(axis=0)
        point.gradient_squared = gradient_squared(point.residual, point.kernel)
        self.rhs.kernel_evaluations += 1

    def spectral_radius(self, point: Point) -> float:
        """Largest eigenvalue of the kernel, and the fastest growth."""
        assert point.kernel is not None, "prepare the point first"
        return float(np.linalg.eigvalsh(point.kernel)[-1]) + self.rhs.growth_bound(point)


class Integrator(Protocol):
    """A method: it advances a point by a step and says how large the error of that step is.

    Attributes
    ----------
    name : str
        What the user calls it.
    order : int
        The power of h that the error estimate scales with.
    growth : float
        Growth of a neuron allowed in one step, as an exponent.
    removed : float64 (m,) or None
        What the last attempt changed u^2 - |v|^2 by, and has put back; None if the method keeps it.
    """

    name: str
    order: int
    growth: float

    @property
    def removed(self) -> np.ndarray | None:
        """See above."""

    def __init__(self, rhs: RightHandSide, start: Point, chunks: Chunks) -> None: ...

    def prepare(self, point: Point) -> None:
        """Find what steps from ``point`` need, given its weights and residual; its gradient with it."""

    def spectral_radius(self, point: Point) -> float:
        """Bound on the Jacobian's spectral radius at a prepared point; 0 where nothing moves."""

    def attempt(self, point: Point, h: float, out: Point) -> Attempt:
        """Advance ``point`` by ``h`` into ``out``: weights and residual. ``point`` is left as it is."""

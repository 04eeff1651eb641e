"""What every integrator shares: the right-hand side, a point of the trajectory, and the interface of a method."""

from typing import Protocol

import numpy as np

from numerics import kernels
from numerics.networks import TwoLayer

__all__ = ["Integrator", "Point", "RightHandSide"]

_TUPLE_LIMIT = 8  # samples up to which the planar kernel is compiled with the samples unrolled


class Point:
    """A state with its residual and velocity; the weights are views into one flat array (u first, then v as (d, m))."""

    def __init__(self, width: int, dimension: int, samples: int) -> None:
        self.y = np.zeros(width * (dimension + 1))
        self.velocity = np.zeros_like(self.y)
        self.residual = np.zeros(samples)
        self.width = width
        self.u, self.v = self._views(self.y)
        self.velocity_u, self.velocity_v = self._views(self.velocity)

    def _views(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return flat[: self.width], flat[self.width :].reshape(-1, self.width)

    @property
    def loss(self) -> float:
        """R = (1/2n) sum_i e_i^2."""
        return float(self.residual @ self.residual) / (2 * self.residual.size)


class RightHandSide:
    """The gradient flow of one network on one data set, with a count of evaluations."""

    def __init__(self, network: TwoLayer, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.targets = X, y
        self.kappa, self.slope = network.kappa, network.negative_slope
        self.evaluations = 0
        self.kernel_products = 0
        self._planar = X.shape[1] == 2
        self._unrolled = self._planar and len(y) <= _TUPLE_LIMIT
        columns = [np.ascontiguousarray(c) for c in X.T]
        self._columns = [tuple(map(float, c)) for c in columns] if self._unrolled else columns
        self._eigenvector = y / np.linalg.norm(y) if np.any(y) else np.ones(len(y))
        self._norms = np.linalg.norm(X, axis=1)

    def stage(
        self,
        y1: Point,
        y2: Point,
        y0: Point,
        coefficients: tuple[float, float, float, float, float],
        out: Point,
    ) -> None:
        """Runge-Kutta stage: out = c0 y0 + c1 y1 + c2 y2 + h1 F(y1) + h0 F(y0), with the residual of the result."""
        c0, c1, c2, h1, h0 = coefficients
        state = (y1.u, y1.v, y2.u, y2.v, y0.u, y0.v, y0.velocity_u, y0.velocity_v)
        numbers = (self.kappa, self.slope, c0, c1, c2, h1, h0)
        self._call(state, y1.residual, numbers, (out.u, out.v, out.residual))
        out.residual -= self.targets
        self.evaluations += 1

    def evaluate(self, point: Point, scratch: Point) -> None:
        """Velocity of ``point`` from its weights and residual, into the point; ``scratch`` lends a residual."""
        state = (point.u, point.v) * 3 + (point.velocity_u, point.velocity_v)
        numbers = (self.kappa, self.slope, 0.0, 0.0, 0.0, 1.0, 0.0)
        self._call(state, point.residual, numbers, (point.velocity_u, point.velocity_v, scratch.residual))
        self.evaluations += 1

    def update_residual(self, point: Point) -> None:
        """Residual of ``point`` from its weights."""
        kernels.forward(point.u, point.v, self.X, self.kappa, self.slope, point.residual)
        point.residual -= self.targets

    def spectral_radius(self, point: Point, *, iterations: int = 1) -> float:
        """Bound on the Jacobian's spectral radius: largest kernel eigenvalue plus the fastest growth rate.

        The Jacobian is -J^T J/n minus the residual's curvature; the first has the eigenvalues of the n x n tangent kernel,
        found by power iteration from the last eigenvector, the second is at most (kappa/n) sum_i |e_i| |x_i|.
        """
        product = np.empty_like(self._eigenvector)
        eigenvalue = 0.0
        for _ in range(iterations):
            args = (point.u, point.v, self.X, self.kappa, self.slope)
            kernels.kernel_product(*args, self._eigenvector, product)
            self.kernel_products += 1
            size = float(np.linalg.norm(product))
            if size == 0.0:
                break
            converged = abs(size - eigenvalue) < 0.02 * size
            eigenvalue = size
            self._eigenvector = product / size
            if converged:
                break
        curvature = self.kappa * float(np.abs(point.residual) @ self._norms) / len(self.targets)
        return eigenvalue + curvature

    def largest_growth_rate(self, point: Point) -> float:
        """No neuron grows faster than exp(rate * t) while the residual lasts."""
        return float(kernels.largest_growth_rate(point.v, self.X, point.residual, self.kappa, self.slope))

    def _call(self, state: tuple, residual: np.ndarray, numbers: tuple, out: tuple) -> None:
        if self._planar:
            e = tuple(map(float, residual)) if self._unrolled else residual.copy()
            kernels.stage_planar(*state, *self._columns, e, *numbers, *out)
        else:
            kernels.stage(*state, self.X, residual.copy(), *numbers, *out)


class Integrator(Protocol):
    """A method: it advances a point by a step and estimates the error it made.

    Attributes
    ----------
    name : str
        What the user calls it.
    order : int
        Order of convergence.
    """

    name: str
    order: int

    def __init__(self, rhs: RightHandSide, width: int, dimension: int) -> None: ...

    def step(self, point: Point, h: float, spectral_radius: float, out: Point) -> None:
        """Advance ``point`` by ``h`` into ``out``, velocity included. ``point`` is left as it is."""

    def error(self, point: Point, out: Point, h: float, start: np.ndarray) -> list[tuple[float, float, float]]:
        """Of the last step, for u and for v: x.x, x.D and D.D of its error x and the displacement D = out - start."""

"""Gradient descent and classical Runge-Kutta, compiled: the loop over steps runs inside Numba, nothing is called from Python.

Both know the largest eigenvalue where they need it, and neither has an error estimate. The Runge-Kutta method is also the
reference of the benchmark, on a ladder of steps.
"""

from collections.abc import Callable
from types import ModuleType

import kernels_four
import kernels_planar
import kernels_wide
import numpy as np
from deadline import Deadline
from numba import njit
from problem import Problem

__all__ = ["DIVERGED", "REACHED", "Runner"]

RUNNING, REACHED, DIVERGED = 0, 1, 2
_OPTIONS = {"nogil": True, "error_model": "numpy"}
_BLOWN_UP = 1e3  # times the first loss
_RADIUS_STEPS = 4  # Runge-Kutta steps between two power iterations


class Runner:
    """A problem in the layout of the compiled passes. Fewer samples than inputs: rotated to n inputs, exactly."""

    def __init__(self, problem: Problem) -> None:
        network, X = problem.network, problem.X
        n, d = X.shape
        v = network.v
        if n < d:
            basis, triangle = np.linalg.qr(X.T)
            v, X = v @ basis, triangle.T
        self.problem = problem
        self.start = np.ascontiguousarray(np.vstack([network.u, v.T]))
        self.size = float(np.linalg.norm(network.v))
        self._kernels, self._data = _layout(X, network.width)
        self._norms = np.linalg.norm(X, axis=1)
        self._descent, self._runge_kutta = _drivers(self._kernels)
        self.w = self.start.copy()
        self.reset()

    def relative_distance(self) -> float:
        """RD_w of the present weights."""
        return float(np.linalg.norm(self.w[1:] - self.start[1:])) / self.size

    def loss(self) -> float:
        """R of the present weights."""
        f = np.empty(len(self.problem.y))
        self._kernels.descend(self.w, self._data, np.zeros_like(f), 0.0, self.problem.network.kappa, f)
        return float(np.sum((f - self.problem.y) ** 2)) / (2 * len(f))

    def reset(self) -> np.ndarray:
        """Back to the start; its residual."""
        self.w[:] = self.start
        self.evaluations = 1
        if self._kernels is kernels_wide:
            kernels_wide.forward(self.w, self._data, self.problem.network.kappa, np.empty(len(self.problem.y)))
        return self.problem.start_residual.copy()

    def descend(self, rate: float, deadline: Deadline, *, max_evaluations: int | None = None) -> int:
        """Gradient descent from the start: REACHED, DIVERGED, or RUNNING when the deadline or the budget ran out."""
        e, kappa = self.reset(), self.problem.network.kappa
        tolerance, highest = self.problem.loss_tol, _BLOWN_UP * self.problem.start_loss
        status, chunk = RUNNING, 64
        while status == RUNNING and not deadline.passed():
            if max_evaluations is not None:
                chunk = min(chunk, max_evaluations - self.evaluations)
                if chunk <= 0:
                    break
            status, done = self._descent(self.w, self._data, self.problem.y, e, kappa, rate, tolerance, highest, chunk)
            self.evaluations += done
            chunk = min(2 * chunk, 4096)
        return status

    def radius(self) -> float:
        """Largest eigenvalue of the tangent kernel at the present weights, by power iteration."""
        vector, size = self.problem.y / np.linalg.norm(self.problem.y), 0.0
        for _ in range(50):
            self._kernels.product(self.w, self._data, vector.copy(), self.problem.network.kappa, vector)
            size = float(np.linalg.norm(vector))
            vector /= size
        return size

    def runge_kutta(self, courant: float, deadline: Deadline, *, max_evaluations: int | None = None) -> int:
        """Classical Runge-Kutta with h = courant/radius from the start; radius as in the engine, followed along the run."""
        e, kappa = self.reset(), self.problem.network.kappa
        vector = self.problem.y / np.linalg.norm(self.problem.y)
        for _ in range(30):
            self._kernels.product(self.w, self._data, vector.copy(), kappa, vector)
            vector /= np.linalg.norm(vector)
        scratch = np.empty_like(self.w), np.empty_like(self.w)
        numbers = kappa, courant, self.problem.loss_tol
        status, chunk = RUNNING, 16
        while status == RUNNING and not deadline.passed():
            if max_evaluations is not None and self.evaluations >= max_evaluations:
                break
            arrays = (self.w, *scratch, self._data, self._norms, self.problem.y, e, vector)
            status, done = self._runge_kutta(*arrays, *numbers, chunk)
            self.evaluations += done
            chunk = min(2 * chunk, 1024)
        return status


def _layout(X: np.ndarray, width: int) -> tuple[ModuleType, tuple]:
    n, d = X.shape
    if d == 2 and n == 4:
        return kernels_four, tuple(tuple(map(float, column)) for column in X.T)
    if d == 2:
        return kernels_planar, tuple(np.ascontiguousarray(column) for column in X.T)
    return kernels_wide, kernels_wide.layout(X, width)


_compiled: dict[ModuleType, tuple[Callable, Callable]] = {}


def _drivers(passes: ModuleType) -> tuple[Callable, Callable]:
    """The loops over steps around one set of passes."""
    if passes in _compiled:
        return _compiled[passes]
    descend, stage, product = passes.descend, passes.stage, passes.product

    @njit(**_OPTIONS)
    def descent(w, data, y, e, kappa, rate, tolerance, highest, steps):
        n = y.size
        c = -kappa * rate / n
        f = np.empty(n)
        for step in range(1, steps + 1):
            descend(w, data, e, c, kappa, f)
            loss = 0.0
            for i in range(n):
                e[i] = f[i] - y[i]
                loss += e[i] * e[i]
            loss /= 2 * n
            if loss <= tolerance:
                return REACHED, step
            if not loss < highest:
                return DIVERGED, step
        return RUNNING, steps

    @njit(**_OPTIONS)
    def runge_kutta(w, base, acc, data, norms, y, e, vector, kappa, courant, tolerance, steps):
        n = y.size
        f = np.empty(n)
        radius, evaluations = 0.0, 0
        for step in range(steps):
            if step % _RADIUS_STEPS == 0:
                product(w, data, vector.copy(), kappa, vector)
                evaluations += 1
                radius = np.sqrt(np.sum(vector**2))
                if radius > 0.0:
                    vector /= radius
            h = courant / (radius + kappa * np.sum(np.abs(e) * norms) / n)
            c = -kappa * h / n
            base[:] = w
            acc[:] = w
            stage(w, base, acc, data, e, c / 2, c / 6, kappa, f)
            stage(w, base, acc, data, f - y, c / 2, c / 3, kappa, f)
            stage(w, base, acc, data, f - y, c, c / 3, kappa, f)
            stage(w, acc, base, data, f - y, c / 6, 0.0, kappa, f)
            evaluations += 4
            loss = 0.0
            for i in range(n):
                e[i] = f[i] - y[i]
                loss += e[i] * e[i]
            loss /= 2 * n
            if loss <= tolerance:
                return REACHED, evaluations
            if not np.isfinite(loss):
                return DIVERGED, evaluations
        return RUNNING, evaluations

    _compiled[passes] = descent, runge_kutta
    return descent, runge_kutta

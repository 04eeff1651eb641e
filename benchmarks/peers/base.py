"""The interface of a competitor, and the right-hand side in NumPy."""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from deadline import Deadline
from problem import Problem

__all__ = ["Outcome", "Peer", "Solve", "numpy_rhs"]


class Outcome(NamedTuple):
    """How a run ended; ``relative_distance`` is RD_w and ``loss`` R at the stop. So many ``networks`` share its time."""

    finished: bool
    evaluations: int
    relative_distance: float
    note: str = ""
    loss: float = math.nan
    networks: int = 1


Solve = Callable[[Deadline], Outcome]


class Peer(Protocol):
    """A method with its settings. ``requires`` lists the modules it imports, when it is used."""

    name: str
    requires: tuple[str, ...]

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Load the problem and compile, so that the returned function only computes. Its time counts as compile time.

        ``limit`` is the wall-clock limit, in seconds, of the runs to come.
        """


def numpy_rhs(problem: Problem) -> tuple[Callable, Callable, np.ndarray]:
    """Velocity and loss of a flat state (u, then v as (d, m)), and the state at the start."""
    X, y, kappa, m = problem.X, problem.y, problem.network.kappa, problem.width
    n, d = X.shape
    XT = np.ascontiguousarray(X.T)

    def residual(w: np.ndarray, z: np.ndarray) -> np.ndarray:
        return kappa * (np.maximum(z, 0.0) @ w[:m]) - y

    def velocity(w: np.ndarray) -> np.ndarray:
        v = w[m:].reshape(d, m)
        z = X @ v
        g = XT @ ((z > 0.0) * ((-kappa / n) * residual(w, z))[:, None])
        out = np.empty_like(w)
        np.einsum("jk,jk->k", v, g, out=out[:m])
        np.multiply(g, w[:m], out=out[m:].reshape(d, m))
        return out

    def loss(w: np.ndarray) -> float:
        e = residual(w, X @ w[m:].reshape(d, m))
        return float(e @ e) / (2 * n)

    return velocity, loss, np.concatenate([problem.network.u, problem.network.v.T.ravel()])

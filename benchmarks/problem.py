"""What every competitor is given: the same network, the same data, the same stopping loss; and the cases of the benchmark."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

import numerics as nm

__all__ = ["Problem", "cases"]

_POINTS = ((0.5, 0.0), (1.0, 0.0), (1.75, 0.0), (1.2, 0.4), (1.4, -0.4))
_WIDTHS = (10**2, 10**3, 10**4, 10**5)


@dataclass(frozen=True)
class Problem:
    """One case in uniform coordinates: f = kappa sum_k u_k relu(v_k.x), du/dt = -dR/du, dv/dt = -dR/dv.

    Attributes
    ----------
    name : str
        As given to ``--cases``.
    width : int
    gamma, gamma_prime : float
    data : callable
        Returns X (n, d) and y (n,).
    loss_tol : float
        Where everyone stops, R = (1/2n) sum e_i^2.
    seed : int
        Of the start.
    """

    name: str
    width: int
    gamma: float
    gamma_prime: float
    data: Callable[[], tuple[np.ndarray, np.ndarray]] = field(repr=False)
    loss_tol: float = 1e-6
    seed: int = 0

    @cached_property
    def _loaded(self) -> tuple[np.ndarray, np.ndarray]:
        return self.data()

    @property
    def X(self) -> np.ndarray:  # noqa: N802
        """Inputs (n, d)."""
        return self._loaded[0]

    @property
    def y(self) -> np.ndarray:
        """Targets (n,)."""
        return self._loaded[1]

    @cached_property
    def network(self) -> nm.TwoLayer:
        """The start: antisymmetric."""
        return nm.TwoLayer.sample(self.width, self.gamma, self.gamma_prime, self.X, rng=self.seed)

    @cached_property
    def start_residual(self) -> np.ndarray:
        """F - y (n,) at the start."""
        return self.network(self.X) - self.y

    @property
    def start_loss(self) -> float:
        """R at the start."""
        return float(np.mean(self.start_residual**2)) / 2

    def loss(self, u: np.ndarray, v: np.ndarray) -> float:
        """R of weights (m,) and (m, d)."""
        e = nm.TwoLayer(u, v, self.network.kappa, self.network.kappa_prime)(self.X) - self.y
        return float(e @ e) / (2 * len(e))

    def relative_distance(self, v: np.ndarray) -> float:
        """RD_w of input weights (m, d)."""
        start = self.network.v
        return float(np.linalg.norm(v - start) / np.linalg.norm(start))

    def largest_eigenvalue(self, network: nm.TwoLayer | None = None) -> float:
        """Largest eigenvalue of the tangent kernel J J^T/n, at the start or of another network."""
        network = network or self.network
        u, v, X = network.u, network.v, self.X
        z = X @ v.T
        on = z > 0
        kernel = np.maximum(z, 0) @ np.maximum(z, 0).T + ((on * u**2) @ on.T) * (X @ X.T)
        return float(np.linalg.eigvalsh(network.kappa**2 * kernel / len(X))[-1])


def cases() -> list[Problem]:
    """All cases, by what they measure: five regions of the plane, close points, digits."""
    four = [
        Problem(f"four({gamma:g},{prime:g})@{width}", width, gamma, prime, nm.datasets.four_points)
        for gamma, prime in _POINTS
        for width in _WIDTHS
    ]
    curve = [Problem(f"curve({gamma:g},0)@1000", 1000, gamma, 0.0, nm.datasets.curve, 1e-8) for gamma in (0.5, 1.0)]
    digits = [Problem(f"mnist({gamma:g},0)@1000", 1000, gamma, 0.0, _digits) for gamma in (0.5, 1.0)]
    return four + curve + digits


def _digits() -> tuple[np.ndarray, np.ndarray]:
    return nm.datasets.mnist(45)

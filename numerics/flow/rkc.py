"""Runge-Kutta-Chebyshev of second order (RKC2): explicit, and stable on a real interval that grows with the stages squared.

Source: B. Sommeijer, L. Shampine, J. Verwer, *RKC: an explicit solver for parabolic PDEs*, J. Comput. Appl. Math. 88 (1998);
the coefficients are their equations (2.2) to (2.5), the error estimate (3.3). With s stages the method is stable for
h * spectral_radius up to about 0.65 s^2, where gradient descent with the same s evaluations reaches 2 s.

A stage of a flow combines three states and two velocities and leaves the residual of the result: one fused pass over the
neurons of two layers, one pass back, one that writes and one forward over the weights of a deep network.
"""

from functools import cache

import numpy as np

from numerics.flow.runge_kutta import RungeKutta, S, StagedFlow
from numerics.kernels.stages import chebyshev_estimate

__all__ = ["RungeKuttaChebyshev", "chebyshev_coefficients"]

_DAMPING = 2.0 / 13.0
_SAFETY = 1.15  # on the spectral radius: power iteration approaches it from below


class RungeKuttaChebyshev(RungeKutta[S]):
    """RKC2 with the number of stages chosen from the spectral radius."""

    name = "rkc"
    order = 3

    def __init__(self, flow: StagedFlow[S]) -> None:
        super().__init__(flow)
        self._scratch = flow.new_point(), flow.new_point()

    def prepare(self, point: S) -> None:
        """Velocity, gradient and spectral radius."""
        super().prepare(point)
        point.radius = self.flow.spectral_radius(point)

    def spectral_radius(self, point: S) -> float:
        """As found by :meth:`prepare`."""
        return point.radius

    def step(self, point: S, h: float, out: S) -> None:
        """Advance ``point`` by ``h`` into ``out``; the stages rotate through two scratch points and ``out``."""
        stages = max(2, 1 + int(np.sqrt(1.54 * h * _SAFETY * point.radius + 1.0)))
        first, rows = chebyshev_coefficients(stages)
        ring = [*self._scratch]
        ring.insert((stages - 1) % 3, out)  # so that the last stage is written to it
        before, last = point, ring[0]
        self.flow.euler(point, first * h, last)
        for j, (mu, nu, mu_tilde, gamma_tilde) in enumerate(rows, start=1):
            new = ring[j % 3]
            self.flow.stage(last, before, point, (1.0 - mu - nu, mu, nu, mu_tilde * h, gamma_tilde * h), new)
            before, last = last, new
        self.flow.arrive(out)

    def error(self, point: S, out: S, h: float) -> np.ndarray:
        """The estimate 0.8 (y_n - y_n+1) + 0.4 h (F_n + F_n+1)."""
        x = self._scratch[0].y  # free between steps
        chebyshev_estimate(out.y, point.y, out.velocity, point.velocity, h, x)
        return x


@cache
def chebyshev_coefficients(stages: int) -> tuple[float, list[tuple[float, float, float, float]]]:
    """First-stage coefficient and (mu, nu, mu~, gamma~) for the stages 2..s."""
    w0 = 1.0 + _DAMPING / stages**2
    t, dt, ddt = _chebyshev(w0, stages)
    w1 = dt[stages] / ddt[stages]
    b = np.empty(stages + 1)
    b[2:] = ddt[2:] / dt[2:] ** 2
    b[0], b[1] = b[2], 1.0 / w0
    a = 1.0 - b * t
    rows = []
    for j in range(2, stages + 1):
        mu, nu, mu_tilde = 2 * b[j] * w0 / b[j - 1], -b[j] / b[j - 2], 2 * b[j] * w1 / b[j - 1]
        rows.append((float(mu), float(nu), float(mu_tilde), float(-a[j - 1] * mu_tilde)))
    return float(b[1] * w1), rows


def _chebyshev(w0: float, degree: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """T_j, T_j', T_j'' at w0 for j = 0..degree, by the three-term recurrence and its derivatives."""
    t, dt, ddt = np.zeros((3, degree + 1))
    t[0], t[1], dt[1] = 1.0, w0, 1.0
    for j in range(2, degree + 1):
        t[j] = 2 * w0 * t[j - 1] - t[j - 2]
        dt[j] = 2 * t[j - 1] + 2 * w0 * dt[j - 1] - dt[j - 2]
        ddt[j] = 4 * dt[j - 1] + 2 * w0 * ddt[j - 1] - ddt[j - 2]
    return t, dt, ddt

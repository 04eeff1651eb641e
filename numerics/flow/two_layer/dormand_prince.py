"""Dormand-Prince 5(4), the plain reference every other method is checked against.

Source: J. Dormand, P. Prince, J. Comput. Appl. Math. 6 (1980); Hairer, Norsett, Wanner, Solving ODEs I, table II.5.2. Explicit:
the step is limited to h * spectral_radius of about 3.3, and by every kink a neuron crosses. There it is of first order, as any
method that does not locate the kink is: what it does about it stands under :func:`numerics.gradient_flow`.
"""

import numpy as np

from numerics.flow.runge_kutta import RungeKutta
from numerics.flow.two_layer.state import TwoLayerFlow, TwoLayerPoint

__all__ = ["DormandPrince"]

_A = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)


class DormandPrince(RungeKutta[TwoLayerPoint]):
    """Dormand-Prince 5(4) with the velocity of the last stage reused (first same as last)."""

    name = "dormand-prince"
    order = 5

    flow: TwoLayerFlow

    def __init__(self, flow: TwoLayerFlow) -> None:
        super().__init__(flow)
        self._scratch = flow.new_point()
        self._velocities = np.empty((7, flow.start.y.size))

    def step(self, point: TwoLayerPoint, h: float, out: TwoLayerPoint) -> None:
        """Advance ``point`` by ``h`` into ``out``."""
        self._velocities[0] = point.velocity
        for number, row in enumerate(_A, start=1):
            target = out if number == len(_A) else self._scratch
            np.copyto(target.y, point.y)
            for weight, velocity in zip(row, self._velocities, strict=False):
                if weight:
                    target.y += (h * weight) * velocity
            self.flow.update_residual(target)
            self.flow.evaluate(target)
            self._velocities[number] = target.velocity

    def error(self, point: TwoLayerPoint, out: TwoLayerPoint, h: float) -> np.ndarray:
        """The embedded estimate, fifth minus fourth order."""
        return np.einsum("s,sk->k", h * np.array(_ERROR), self._velocities, out=self._scratch.y)

r"""Exponential integrator in the tangent kernel: one pass over the neurons a step, and no limit from stiffness.

The residual of a gradient flow obeys de/dt = -K(t) e exactly, with the n-by-n tangent kernel K = J J^T/n, and the weights follow
dtheta/dt = -J^T e/n. Over a step the kernel is held fixed, e(s) = exp(-K s) e, and the Jacobian is taken linear in between,

    theta(h) = theta - J^T c0 - J(a)^T c1,      a = theta - J^T (c0 + c1),
    c0 + c1 = (1/n) int_0^h e ds,               c1 = (1/n) int_0^h (s/h) e ds,

an exponential trapezoidal rule, of second order. c0 and c1 are n numbers, so that a neuron goes through a and on to its end in
one pass, with nothing stored. The step is exact for a linear model, however stiff; where the model is not linear a stiff mode
is left with the part of it by which J changed, so nothing blows up.

Error estimate: the output of the new weights leaves a residual, and exp(-K h) e predicted one. Their difference is what holding
the kernel fixed did, kinks included, on the n numbers that drive everything else; it comes for free.

Related: exponential integrators for stiff systems (Hochbruck and Ostermann, Acta Numerica 19, 2010); holding the kernel fixed in
*every* step is the neural-tangent model (Jacot, Gabriel, Hongler 2018).
"""

import math

import numpy as np

from numerics.flow.fineness import Fineness
from numerics.flow.two_layer.state import TwoLayerFlow, TwoLayerPoint
from numerics.flow.two_layer.tangent_kernel import TangentKernelMethod
from numerics.kernels import exponential as kernels
from numerics.kernels.tangent import tangent_kernel, tangent_kernel_planar, weights

__all__ = ["Exponential"]


class Exponential(TangentKernelMethod):
    """Exponential trapezoidal rule with the tangent kernel of the step's start."""

    name = "exponential"
    growth = 0.7
    fineness = Fineness(growth=1.0)

    def __init__(self, flow: TwoLayerFlow) -> None:
        super().__init__(flow)
        n = len(flow.targets)
        self._c0, self._c1 = np.empty((2, n))
        self._outputs, self._kernels = self.chunks.partial(n), self.chunks.partial(n, n)
        self._gram = flow.X @ flow.X.T
        flow.removed = np.zeros(flow.start.width)

    def find_kernel(self, point: TwoLayerPoint) -> None:
        """Tangent kernel and gradient of a point with its residual."""
        flow, kernel = self.flow, self._kernels
        if flow.columns is not None:
            given = (point.y, *flow.columns, flow.kappa, flow.slope)
            self.chunks.run(lambda part, first, last: tangent_kernel_planar(first, last, *given, kernel[part]))
        else:
            parts = (point.u, point.v, flow.X, self._gram, flow.kappa, flow.slope)
            self.chunks.run(lambda part, first, last: tangent_kernel(first, last, *parts, kernel[part]))
        self.keep_kernel(point, kernel)

    def move(self, point: TwoLayerPoint, h: float, out: TwoLayerPoint) -> None:
        """Advance ``point`` by ``h`` into ``out``."""
        flow, start = self.flow, self.start
        if flow.decay:
            held = self.hold(point, h)
            weights(held.kernel, held.transient, h, self._c0, self._c1, self._predicted)
            for c in (self._c0, self._c1):
                c += h / (2 * len(held.rest)) * held.rest
                c *= flow.decay.fit_trapezoid(h)
            self._predicted += held.rest
        else:
            weights(point.kernel, point.residual, h, self._c0, self._c1, self._predicted)
        c0, c1 = flow.kappa * self._c0, flow.kappa * self._c1
        numbers = (flow.kappa, flow.slope, flow.balance_at(point))
        outputs, moved = self._outputs, self._moved
        if flow.columns is not None:
            given = (point.y, start.y, *flow.columns, c0 + c1, c0, c1, *numbers, out.y, flow.removed)
            self.chunks.run(
                lambda part, first, last: kernels.step_planar(first, last, *given, outputs[part], moved[part])
            )
        else:
            parts = (point.u, point.v, start.u, start.v, flow.X, c0 + c1, c0, c1, *numbers, out.u, out.v, flow.removed)
            self.chunks.run(lambda part, first, last: kernels.step(first, last, *parts, outputs[part], moved[part]))
        if flow.decay:
            outputs *= math.prod(self.decay(out, h))
        flow.set_outputs(out, outputs)

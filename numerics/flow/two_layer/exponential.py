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

import numpy as np

from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.state import Attempt, Point, RightHandSide, TangentKernelMethod
from numerics.kernels import exponential as kernels
from numerics.kernels.tangent import close, tangent_kernel, tangent_kernel_planar, weights

__all__ = ["Exponential"]

# The residual may be off by this many rtol, relative to itself; calibrated on the tolerance ladder in the tests. It is that
# many because a defect of one sign in one step is made good by the next: the residual is measured, not integrated.
_DEFECT = 100.0


class Exponential(TangentKernelMethod):
    """Exponential trapezoidal rule with the tangent kernel of the step's start."""

    name = "exponential"
    growth = 0.7

    def __init__(self, rhs: RightHandSide, start: Point, chunks: Chunks) -> None:
        n = len(rhs.targets)
        self.rhs = rhs
        self.start = start
        self.chunks = chunks
        self.removed = np.zeros(start.width)
        self._c0, self._c1, self._predicted = np.empty((3, n))
        self._outputs, self._moved, self._kernels = chunks.partial(n), chunks.partial(2), chunks.partial(n, n)
        self._gram = rhs.X @ rhs.X.T

    def prepare(self, point: Point) -> None:
        """Tangent kernel and gradient of a point with its residual, once for every step that ended there."""
        if point.gradient_squared is not None:
            return
        rhs, kernel = self.rhs, self._kernels
        if rhs.columns is not None:
            given = (point.y, *rhs.columns, rhs.kappa, rhs.slope)
            self.chunks.run(lambda part, first, last: tangent_kernel_planar(first, last, *given, kernel[part]))
        else:
            parts = (point.u, point.v, rhs.X, self._gram, rhs.kappa, rhs.slope)
            self.chunks.run(lambda part, first, last: tangent_kernel(first, last, *parts, kernel[part]))
        self.keep_kernel(point, kernel)

    def attempt(self, point: Point, h: float, out: Point) -> Attempt:
        """Step from ``point`` into ``out``, and the defect of its residual."""
        rhs, start = self.rhs, self.start
        weights(point.kernel, point.residual, h, self._c0, self._c1, self._predicted)
        c0, c1 = rhs.kappa * self._c0, rhs.kappa * self._c1
        numbers = (rhs.kappa, rhs.slope, start.balance)
        outputs, moved = self._outputs, self._moved
        if rhs.columns is not None:
            forces = [rhs.in_form_of_columns(c) for c in (c0 + c1, c0, c1)]
            given = (point.y, start.y, *rhs.columns, *forces, *numbers, out.y, self.removed)
            self.chunks.run(
                lambda part, first, last: kernels.step_planar(first, last, *given, outputs[part], moved[part])
            )
        else:
            parts = (point.u, point.v, start.u, start.v, rhs.X, c0 + c1, c0, c1, *numbers, out.u, out.v, self.removed)
            self.chunks.run(lambda part, first, last: kernels.step(first, last, *parts, outputs[part], moved[part]))
        rhs.evaluations += 1
        np.subtract(outputs.sum(axis=0), rhs.targets, out=out.residual)
        defect, *distances = close(moved, out.residual, self._predicted, point.residual)
        out.gradient_squared = None
        return Attempt(defect / _DEFECT, *distances)

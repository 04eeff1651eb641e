r"""Exponential integrator in the tangent kernel of a module; the method is that of :mod:`numerics.flow.two_layer.exponential`.

    theta(h) = theta - J^T c0 - J(a)^T c1,      a = theta - J^T (c0 + c1)

by products with the Jacobian only. Error estimate: the residual left against the residual predicted, relative to the one before,
and what is conserved.
"""

import numpy as np

from numerics.flow.fineness import Fineness
from numerics.flow.modules.state import ModuleFlow, ModulePoint
from numerics.flow.problem import Step
from numerics.kernels.tangent import weights

__all__ = ["ModuleExponential"]

# The residual may be off by this many rtol, relative to itself. Nothing puts a module back on what it conserves, so it is
# less than for fully connected networks: at 50 conserved quantities drift by 3 % at rtol = 1e-2, at 12 by 1 % or so.
_DEFECT = 12.0


class ModuleExponential:
    """Exponential trapezoidal rule with the tangent kernel of the step's start, for squares."""

    name = "exponential"
    order = 2
    growth = 0.5
    fineness = Fineness(growth=1.0)
    splits_decay = False
    loop = None

    def __init__(self, flow: ModuleFlow) -> None:
        self.flow = flow
        self._c0, self._c1, self._predicted = np.empty((3, flow.outputs))
        self._middle = flow.new_point()

    def new_point(self) -> ModulePoint:
        """Room for a state."""
        return self.flow.new_point()

    def prepare(self, point: ModulePoint) -> None:
        """Jacobian, tangent kernel and gradient of a point with its residual."""
        self.flow.find_kernel(point)

    def spectral_radius(self, point: ModulePoint) -> float:
        """Largest eigenvalue of the kernel, and the curvature's spectral radius."""
        return self.flow.spectral_radius(point)

    def attempt(self, point: ModulePoint, h: float, out: ModulePoint) -> Step:
        """Step from ``point`` into ``out``, and the defect of its residual."""
        flow, middle, c0, c1 = self.flow, self._middle, self._c0, self._c1
        assert point.rows is not None, "prepare the point first"
        weights(point.tangent, point.residual, h, c0, c1, self._predicted)
        for c in (c0, c1):  # they come divided by the number of outputs, the loss by that of samples
            c *= flow.outputs / flow.loss.samples
        np.subtract(point.y, (c0 + c1) @ point.rows, out=middle.y)
        flow.update_residual(middle)
        np.subtract(point.y, c0 @ point.rows, out=out.y)
        out.y -= flow.pull_back(middle, c1)
        flow.update_residual(out)
        out.t = point.t + h
        flow.settle(out)
        flow.weigh_step(point, out)
        size = float(np.linalg.norm(point.residual))
        defect = float(np.linalg.norm(out.residual - self._predicted)) / size if size > 0 else 0.0
        return Step(max(defect / _DEFECT, out.imbalance), out.moved)

"""What the methods share that hold the tangent kernel of the step's start over a step."""

from abc import ABC, abstractmethod

import numpy as np

from numerics.flow.problem import Step
from numerics.flow.two_layer.state import TwoLayerFlow, TwoLayerPoint
from numerics.kernels.tangent import close, gradient_squared

__all__ = ["TangentKernelMethod"]

# The residual may be off by this many rtol, relative to itself; calibrated on the tolerance ladder in the tests. It is that
# many because a defect of one sign in one step is made good by the next: the residual is measured, not integrated.
_DEFECT = 100.0


class TangentKernelMethod(ABC):
    """Base of these methods: they give ``find_kernel`` and ``attempt``."""

    order = 2

    def __init__(self, flow: TwoLayerFlow) -> None:
        self.flow, self.start, self.chunks = flow, flow.start, flow.chunks
        self._predicted, self._moved = np.zeros(len(flow.targets)), flow.chunks.partial(2)

    @abstractmethod
    def find_kernel(self, point: TwoLayerPoint) -> None:
        """Tangent kernel and gradient of a point with its residual."""

    def new_point(self) -> TwoLayerPoint:
        """Room for a state."""
        return self.flow.new_point()

    def prepare(self, point: TwoLayerPoint) -> None:
        """Tangent kernel and gradient of a point with its residual, once for every step that ended there."""
        if point.gradient_squared is None:
            self.find_kernel(point)

    def keep_kernel(self, point: TwoLayerPoint, parts: np.ndarray) -> None:
        """Tangent kernel of a point, from its parts (parts, n, n), and the gradient that it gives."""
        point.kernel = parts.sum(axis=0)
        point.gradient_squared = gradient_squared(point.residual, point.kernel)
        self.flow.kernel_evaluations += 1

    def spectral_radius(self, point: TwoLayerPoint) -> float:
        """Largest eigenvalue of the kernel, and the fastest growth."""
        assert point.kernel is not None, "prepare the point first"
        return float(np.linalg.eigvalsh(point.kernel)[-1]) + self.flow.growth_bound(point)

    def finish(self, point: TwoLayerPoint, out: TwoLayerPoint) -> Step:
        """End a step at ``out`` with its residual: how far that is from the predicted one, and the distances."""
        self.flow.evaluations += 1
        defect, moved_u, moved_v = close(self._moved, out.residual, self._predicted, point.residual)
        return Step(defect / _DEFECT, (moved_v, moved_u))

r"""Exponential integrator in the tangent kernel, any depth; the method is that of :mod:`numerics.flow.two_layer.exponential`.

    theta(h) = theta - J^T c0 - J(a)^T c1,      a = theta - J^T (c0 + c1)

J is held as factors (:mod:`numerics.networks.jacobian`), so the network at a is known without its weights, and the step
changes every layer once, by a matrix of rank 2 n. Three passes over the weights forward and two back a step; all of
it matrix products.

Error estimate: the residual left against the residual predicted, relative to the residual before.
"""

import numpy as np

from numerics.flow.deep.state import DeepFlow, DeepPoint, DeepStep, advance
from numerics.kernels.tangent import weights
from numerics.networks.jacobian import Signals

__all__ = ["DeepExponential"]

_DEFECT = 50.0


class DeepExponential:
    """Exponential trapezoidal rule with the tangent kernel of the step's start."""

    name = "exponential"
    order = 2
    growth = 0.7

    def __init__(self, flow: DeepFlow) -> None:
        self.flow = flow
        self._c0, self._c1, self._predicted = np.empty((3, len(flow.zero)))
        copies, samples = flow.shapes[0][0], len(flow.zero)
        self._z = [np.empty((copies, samples, shape[1])) for shape in flow.shapes]

    def prepare(self, point: DeepPoint) -> None:
        """Jacobian, tangent kernel and gradient of a point with its residual."""
        self.flow.find_kernel(point)

    def spectral_radius(self, point: DeepPoint) -> float:
        """Largest eigenvalue of the kernel, and the fastest growth."""
        return self.flow.largest_eigenvalue(point) + self.flow.growth_bound(point)

    def attempt(self, point: DeepPoint, h: float, out: DeepPoint) -> DeepStep:
        """Step from ``point`` into ``out``, and the defect of its residual."""
        flow, (c0, c1, predicted) = self.flow, (self._c0, self._c1, self._predicted)
        weights(point.kernel, point.residual, h, c0, c1, predicted)
        first, second = flow.differentiate(point), flow.moved(point, c0 + c1)
        chain = flow.chain
        hidden = [flow.X[None]]
        for layer, z in enumerate(self._z):
            left = np.concatenate([first.backward[layer] * c0[:, None], second.backward[layer] * c1[:, None]], axis=1)
            right = np.concatenate([first.hidden[layer], second.hidden[layer]], axis=1)
            advance(point.weights[layer], left, right, hidden[-1], out.weights[layer], z)
            z *= chain.gains[layer]
            hidden.append(chain.activation.value(z))
        kept = tuple(z.copy() for z in self._z[:-1])
        flow.set_signals(out, Signals(tuple(hidden[:-1]), kept, chain.output(self._z[-1])))
        flow.settle(out)
        size = float(np.linalg.norm(point.residual))
        defect = float(np.linalg.norm(out.residual - predicted)) / size if size > 0 else 0.0
        return DeepStep(defect / _DEFECT, out.moved)

r"""Exponential integrator in the tangent kernel, any depth; the method is that of :mod:`numerics.flow.two_layer.exponential`.

    theta(h) = theta - J^T c0 - J(a)^T c1,      a = theta - J^T (c0 + c1)

J is held as factors (:mod:`numerics.networks.jacobian`), so the network at a is known without its weights, and the step
changes every layer once, by a matrix of rank 2 n. Three passes over the weights forward and two back a step; all of
it matrix products.

Error estimate: the residual left against the residual predicted, relative to the residual before.
"""

import numpy as np

from numerics.flow.decay import Held
from numerics.flow.deep.state import DeepFlow, DeepPoint
from numerics.flow.problem import Step
from numerics.kernels.tangent import weights
from numerics.networks.jacobian import Signals, over_outputs

__all__ = ["DeepExponential"]

_DEFECT = 50.0  # the residual may be off by this many rtol, relative to itself
_BLOCK = 2**16  # numbers of a block of rows that is worked on while it is in the second-level cache


class DeepExponential:
    """Exponential trapezoidal rule with the tangent kernel of the step's start."""

    name = "exponential"
    order = 2
    growth = 0.7
    locates_kinks = False
    splits_decay = True
    loop = None

    def __init__(self, flow: DeepFlow) -> None:
        self.flow = flow
        self._c0, self._c1, self._predicted = np.empty((3, len(flow.zero)))
        copies, samples = flow.shapes[0][0], len(flow.X)
        self._z = [np.empty((copies, samples, shape[1])) for shape in flow.shapes]

    def new_point(self) -> DeepPoint:
        """Room for a state."""
        return self.flow.new_point()

    def prepare(self, point: DeepPoint) -> None:
        """Jacobian, tangent kernel and gradient of a point with its residual."""
        self.flow.find_kernel(point)

    def spectral_radius(self, point: DeepPoint) -> float:
        """Largest eigenvalue of the kernel, and the fastest growth."""
        return self.flow.spectral_radius(point)

    def attempt(self, point: DeepPoint, h: float, out: DeepPoint) -> Step:
        """Step from ``point`` into ``out``, and the defect of its residual."""
        flow, (c0, c1, predicted) = self.flow, (self._c0, self._c1, self._predicted)
        out.t = point.t + h
        if not flow.decay:
            weights(point.kernel, point.residual, h, c0, c1, predicted)
            late, left_over = [c1] * len(self._z), [1.0] * len(self._z)
        else:
            held = self._hold(point, h, out)
            weights(held.kernel, held.transient, h, c0, c1, predicted)
            for c in (c0, c1):
                c += h / (2 * len(held.rest)) * held.rest
                c *= flow.decay.fit_chain(h)
            predicted += held.rest
            # the exact map of :mod:`numerics.flow.decay`: a step without decay, of speeds that change on the way, then the decay
            late = [c1 * float(np.exp((2 * rate - flow.decay.total) * h)) for rate in flow.decay.rates]
            left_over = list(flow.decay.factors(h))
        first, second = flow.differentiate(point), flow.moved(point, [c0 + c for c in late])
        chain = flow.chain
        hidden, values = [], flow.X[None]
        for layer, z in enumerate(self._z):
            hidden.append(chain.read(layer, values))
            pulls = first.backward[layer] * c0[:, None], second.backward[layer] * late[layer][:, None]
            left = np.concatenate([over_outputs(pull, first.outputs) for pull in pulls], axis=1)
            right = np.concatenate([first.hidden[layer], second.hidden[layer]], axis=1)
            _advance(point.matrices[layer], left, right, hidden[-1], out.matrices[layer], z)
            if left_over[layer] != 1.0:
                w = out.matrices[layer]
                w *= left_over[layer]
            z *= left_over[layer] * chain.gains[layer]
            if layer < len(self._z) - 1:
                values = chain.activation.value(z)
        kept = tuple(z.copy() for z in self._z[:-1])
        flow.set_signals(out, Signals(tuple(hidden), kept, chain.output(self._z[-1])))
        flow.settle(out)
        size = float(np.linalg.norm(point.residual))
        defect = float(np.linalg.norm(out.residual - predicted)) / size if size > 0 else 0.0
        return Step(defect / _DEFECT, out.moved)

    def _hold(self, point: DeepPoint, h: float, out: DeepPoint) -> Held:
        """The residual of a step under weight decay."""
        decay, zero = self.flow.decay, self.flow.zero
        assert point.kernel is not None, "prepare the point first"
        size = float(zero @ point.kernel @ zero)
        out.before = size, h
        rate = decay.kernel_rate(size, *point.before)
        return decay.hold(point.kernel, point.residual, zero, rate * h)


def _advance(w: np.ndarray, left: np.ndarray, right: np.ndarray, h: np.ndarray, out: np.ndarray, z: np.ndarray) -> None:
    """One layer of a step: out = w - left^T right and z = h out^T, in blocks of rows that stay in the cache.

    Parameters
    ----------
    w, out : float64 (copies, fan_out, fan_in)
    left : float64 (copies, k, fan_out); right : float64 (copies or 1, k, fan_in)
    h : float64 (copies or 1, n, fan_in); z : float64 (copies, n, fan_out)
    """
    copies, fan_out, fan_in = w.shape
    rows = max(1, _BLOCK // fan_in)
    for copy in range(copies):
        r, hidden = right[copy % len(right)], h[copy % len(h)]
        for low in range(0, fan_out, rows):
            block = slice(low, min(low + rows, fan_out))
            new = out[copy, block]
            np.matmul(left[copy, :, block].T, r, out=new)
            np.subtract(w[copy, block], new, out=new)
            np.matmul(hidden, new.T, out=z[copy, :, block])

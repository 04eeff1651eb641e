r"""Exponential integrator in the tangent kernel, any depth.

    theta(h) = theta - (J + 4 J_m + J_e)^T c/6,     c = int_0^h e ds / n

e decays by a kernel held fixed, at first that of the start. J_e is the Jacobian at theta - J^T c, and c then that of the mean of
the kernels there and at the start; J_m is in the middle, at theta - (3 J + J_e)^T c/8; J_e again is at theta - J_m^T c, and c at
last that of Simpson's mean of the kernels. So on a plateau, where e does not move, weights grow as by a method of third order,
and neurons stay near their balances (:mod:`numerics.flow.deep.balance`).

All J are held as factors (:mod:`numerics.networks.jacobian`): the network at moved weights is known without them, and a step
changes every layer once, by a matrix of rank 3 n. Four passes over the weights a step, forward and back at once; the last writes.

Error estimate: the residual left against the residual predicted, relative to the residual before.
"""

import numpy as np

from numerics.flow.deep.change import Store
from numerics.flow.deep.passes import passes_of
from numerics.flow.deep.state import DeepFlow, DeepPoint
from numerics.flow.fineness import Fineness
from numerics.flow.problem import Step
from numerics.kernels.tangent import weights

__all__ = ["DeepExponential"]

_DEFECT = 50.0  # the residual may be off by this many rtol, relative to itself
# What weights may grow by in a step, as an exponent, as far as the bound says; and what those of a hidden neuron do grow by, and turn
# by, in radians. The bound is far off where many neurons share the work, but there is growth that shows in no neuron yet.
_GROWTH, _GROWN, _TURNED = 3.0, 0.5, 0.1
_LARGEST = 1e6  # of a step, in norms of the largest neuron: one beyond would leave nothing of the weights to go back to


class DeepExponential:
    """Exponential Simpson rule with the tangent kernel of a step."""

    name = "exponential"
    order = 2
    growth = _GROWTH
    fineness = Fineness(growth=1.0)
    splits_decay = True
    loop = None

    def __init__(self, flow: DeepFlow) -> None:
        self.flow, self.passes = flow, passes_of(flow)
        self._early, self._late, self._predicted = np.empty((3, len(flow.zero)))
        self._unchanged = np.ones((len(flow.shapes), 1))
        self._store: Store | None = None

    def new_point(self) -> DeepPoint:
        """Room for a state; all hold the same weights in turn, but under decay, which may leave nothing to go back from."""
        point = self.flow.new_point(self._store)
        self._store = None if self.flow.decay else point.store
        return point

    def prepare(self, point: DeepPoint) -> None:
        """Jacobian, tangent kernel and gradient of a point with its residual."""
        self.flow.find_kernel(point)

    def spectral_radius(self, point: DeepPoint) -> float:
        """Largest eigenvalue of the kernel, and the fastest growth."""
        return self.flow.spectral_radius(point)

    def rate(self, point: DeepPoint) -> float:
        """What a step may be no longer than ``growth`` over: the bound on growth, and neurons that grow, or turn across kinks."""
        bound = self.flow.growth_bound(point)
        if not self.flow.chain.activation.homogeneous:
            return _GROWTH * bound  # as if it were 1
        turning, growing = self.passes.speeds(point)
        return max(bound, _GROWTH / _TURNED * turning, _GROWTH / _GROWN * growing)

    def attempt(self, point: DeepPoint, h: float, out: DeepPoint) -> Step:
        """Step from ``point`` into ``out``, and the defect of its residual."""
        flow, decay, passes, first = self.flow, self.flow.decay, self.passes, self.passes.of(point)
        assert point.kernel is not None, "prepare the point first"
        out.t = point.t + h
        # the exact map of :mod:`numerics.flow.decay`: a step without decay, of speeds that change on the way, then the decay
        start = middle = end = decayed = self._unchanged
        if decay:
            rates = np.array(decay.rates)[:, None]
            speeds = 2 * rates - rates.sum()
            middle, end, decayed = np.exp(speeds * h / 2), np.exp(speeds * h), np.exp(-h * rates)
        if decay:
            c = self._decayed_integral(point, h, out)
            last = passes.moved(point, 0, (first, start * c))
        else:
            c = self._integral(point.kernel, point.residual, h)
            last = passes.moved(point, 0, (first, start * c))
            c = self._integral((point.kernel + passes.kernel(last)) / 2, point.residual, h)
        half = passes.moved(point, 1, (first, start * (3 / 8 * c)), (last, end * (c / 8)))
        last = passes.moved(point, 0, (half, middle * c))
        if not decay:
            mean = (point.kernel + 4 * passes.kernel(half) + passes.kernel(last)) / 6
            c = self._integral(mean, point.residual, h)
        parts = (first, start * (c / 6)), (half, middle * (2 / 3 * c)), (last, end * (c / 6))
        if not passes.write(point, parts, decayed, out, _LARGEST):
            return Step(np.inf, point.moved)
        if flow.balance is not None:
            out.removed = flow.balance.off(flow.sizes(point), flow.left(point.t))
        size = float(np.linalg.norm(point.residual))
        defect = float(np.linalg.norm(out.residual - self._predicted)) / size if size > 0 else 0.0
        return Step(defect / _DEFECT, out.moved)

    def _integral(self, kernel: np.ndarray, residual: np.ndarray, h: float) -> np.ndarray:
        """Of a kernel that is held, the integral c; the residual at the end is kept."""
        weights(kernel, residual, h, self._early, self._late, self._predicted)
        return self._early + self._late

    def _decayed_integral(self, point: DeepPoint, h: float, out: DeepPoint) -> np.ndarray:
        """The same under weight decay, of the kernel of the start as it changes by decay."""
        decay, zero = self.flow.decay, self.flow.zero
        assert point.kernel is not None, "prepare the point first"
        size = float(zero @ point.kernel @ zero)
        out.before = size, h
        held = decay.hold(point.kernel, point.residual, zero, decay.kernel_rate(size, *point.before) * h)
        c = self._integral(held.kernel, held.transient, h) + h / len(zero) * held.rest
        self._predicted += held.rest
        return decay.fit_chain(h) * c

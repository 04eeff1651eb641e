"""Exponential integrator in the tangent kernel of a fully connected network, any depth: the rule of :mod:`numerics.flow.simpson`.

All J are held as factors (:mod:`numerics.networks.jacobian`): the network at moved weights is known without them, and a step
changes every layer once, by a matrix of rank 3 n. Four passes over the weights a step, forward and back, the last after they are
written.
"""

from typing import Any

import numpy as np

from numerics.flow.deep.change import Store
from numerics.flow.deep.passes import CompiledPasses, passes_of
from numerics.flow.deep.state import DeepFlow, DeepPoint
from numerics.flow.fineness import Fineness
from numerics.flow.problem import Step
from numerics.flow.simpson import Simpson

__all__ = ["DeepExponential"]

_DEFECT = 50.0  # the residual may be off by this many rtol, relative to itself
# What weights may grow by in a step, as an exponent, as far as the bound says; and what those of a hidden neuron do grow by, and
# turn by, in radians. The bound is far off where many neurons share the work, but there is growth that shows in no neuron yet.
_GROWTH, _GROWN, _TURNED = 2.0, 0.5, 0.1
_LARGEST = 1e6  # of a step, in norms of the largest neuron: one beyond would leave nothing of the weights to go back to


class DeepExponential:
    """Exponential Simpson rule with the tangent kernel of a step."""

    name = "exponential"
    order = 2
    growth = _GROWTH
    first = 0.1  # decay is exact while the kernel stays
    fineness = Fineness(growth=1.0)
    splits_decay = True
    loop = None

    def __init__(self, flow: DeepFlow) -> None:
        self.flow, self.passes = flow, passes_of(flow)
        self._rule: Simpson[DeepPoint, Any] = Simpson(self.passes, len(flow.zero))
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
        decay = self.flow.decay
        assert point.kernel is not None, "prepare the point first"
        out.t = point.t + h
        if isinstance(self.passes, CompiledPasses) and not decay:
            defect = self.passes.attempt(point, h, out, _LARGEST)
            return self._finish(point, out, defect)
        # the exact map of :mod:`numerics.flow.decay`: a step without decay, of speeds that change on the way, then the decay
        start = middle = end = decayed = self._unchanged
        known = None
        if decay:
            rates = np.array(decay.rates)[:, None]
            speeds = 2 * rates - rates.sum()
            middle, end, decayed = np.exp(speeds * h / 2), np.exp(speeds * h), np.exp(-h * rates)
            known = self._decayed_integral(point, h, out)
        parts = self._rule.parts(point, point.kernel, point.residual, h, known, (start, middle, end))
        done = self.passes.write(point, parts, decayed, out, _LARGEST)
        return self._finish(point, out, self._rule.defect(point.residual, out.residual) if done else np.inf)

    def _finish(self, point: DeepPoint, out: DeepPoint, defect: float) -> Step:
        """A step with its defect, infinite if it was not made."""
        if defect == np.inf:
            return Step(np.inf, point.moved)
        if self.flow.balance is not None:
            out.removed = self.flow.balance.off(self.flow.sizes(point), self.flow.left(point.t))
        return Step(defect / _DEFECT, out.moved)

    def _decayed_integral(self, point: DeepPoint, h: float, out: DeepPoint) -> np.ndarray:
        """C under weight decay, of the kernel of the start as it changes by decay."""
        decay, zero = self.flow.decay, self.flow.zero
        assert point.kernel is not None, "prepare the point first"
        size = float(zero @ point.kernel @ zero)
        out.before = size, h
        held = decay.hold(point.kernel, point.residual, zero, decay.kernel_rate(size, *point.before) * h)
        c = self._rule.integral(held.kernel, held.transient, h) + h / len(zero) * held.rest
        self._rule.predicted += held.rest
        return decay.fit_chain(h) * c

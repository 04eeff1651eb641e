"""What the methods share that hold the tangent kernel of the step's start over a step."""

from abc import ABC, abstractmethod

import numpy as np

from numerics.flow.decay import Held
from numerics.flow.dropout import Driven, drive
from numerics.flow.problem import Loop, Step
from numerics.flow.two_layer.dropout import DropoutPenalty
from numerics.flow.two_layer.state import TwoLayerFlow, TwoLayerPoint
from numerics.kernels.decay import shrink, size_of
from numerics.kernels.tangent import DEFECT, close, gradient_squared

__all__ = ["TangentKernelMethod"]

# Forces of its own that a neuron is held to over a step turn it by so many rtol at most; as kernels.tangent.DEFECT
_TURN = 100.0


class TangentKernelMethod(ABC):
    """Base of these methods: they give ``find_kernel`` and ``move``, this what weight decay adds (:mod:`numerics.flow.decay`)."""

    order = 2
    splits_decay = True
    loop: Loop[TwoLayerPoint] | None = None
    penalty: DropoutPenalty | None = None  # of the methods that take dropout, where there is any

    def __init__(self, flow: TwoLayerFlow) -> None:
        self.flow, self.start, self.chunks = flow, flow.start, flow.chunks
        self._predicted, self._moved = np.zeros(len(flow.targets)), flow.chunks.partial(2)
        self._squares = flow.chunks.partial(2)
        self._size = 0.0  # of the kernel that the last step has held

    @abstractmethod
    def find_kernel(self, point: TwoLayerPoint) -> None:
        """Tangent kernel and gradient of a point with its residual."""

    @abstractmethod
    def move(self, point: TwoLayerPoint, h: float, out: TwoLayerPoint) -> None:
        """Advance ``point`` by ``h`` into ``out``: weights, shrunk by :meth:`decay` if they decay, and residual."""

    def attempt(self, point: TwoLayerPoint, h: float, out: TwoLayerPoint) -> Step:
        """Step from ``point`` into ``out``, and the defect of its residual."""
        decay = self.flow.decay
        if self.penalty is not None:
            assert point.kernel is not None, "prepare the point first"
            out.earlier = point.kernel, point.pull, h
        if not decay:
            self.move(point, h, out)
            return self.finish(point, out)
        out.t = point.t + h
        if decay.equal:
            self.move(point, h, out)
        else:
            self._rescale(point, h / 2)
            self.move(point, h, out)
            self._rescale(point, -h / 2)
        out.before = self._size, h
        return self.finish(point, out)

    def _rescale(self, point: TwoLayerPoint, h: float) -> None:
        """What unequal decays do over a time h beyond their mean; the output stays."""
        factor = float(np.exp((self.flow.decay.rates[0] - self.flow.decay.common) * h))
        point.u *= factor
        point.v /= factor

    def decay(self, out: TwoLayerPoint, h: float) -> tuple[float, float]:
        """Shrink the weights that a step has moved as if nothing decayed; the factors of v and u."""
        decay, start, moved, squares = self.flow.decay, self.start, self._moved, self._squares
        factor_v, factor_u = decay.last_factors(h)
        arrays = out.u, out.v, start.u, start.v, factor_u, factor_v
        self.chunks.run(lambda part, *ends: shrink(*ends, *arrays, moved[part], squares[part]))
        total = squares[0] if len(squares) == 1 else squares.sum(axis=0)
        self.flow.weigh(out, float(total[1]), float(total[0]))
        return factor_v, factor_u

    def hold(self, point: TwoLayerPoint, h: float) -> Held:
        """The residual of a step under weight decay."""
        decay, targets = self.flow.decay, self.flow.targets
        assert point.kernel is not None, "prepare the point first"
        self._size = size_of(point.kernel, targets)
        rate = decay.kernel_rate(self._size, *point.before)
        return decay.hold(point.kernel, point.residual, targets, rate * h)

    def drive(self, point: TwoLayerPoint, h: float) -> Driven:
        """The residual of a step under dropout: kernel and pull in the middle of it, as they changed over the step before."""
        kernel, pull = point.kernel, point.pull
        assert kernel is not None, "prepare the point first"
        if point.earlier is not None:
            before, pulled, length = point.earlier
            ahead = min(h / (2 * length), 1.0)
            kernel, pull = kernel + ahead * (kernel - before), pull + ahead * (pull - pulled)
        return drive(kernel, point.residual, pull, h)

    def find_gradient(self, point: TwoLayerPoint, square: float) -> None:
        """|grad R + Lambda W|^2 of a point, from |grad R|^2."""
        point.gradient_squared = square
        if self.flow.decay:
            if point.t == 0.0:
                self.flow.weigh(point, float(np.vdot(point.v, point.v)), float(np.vdot(point.u, point.u)))
            # of either layer grad R.W is e.f/n, for a homogeneous activation
            along = float(point.residual @ (point.residual + self.flow.targets)) / len(point.residual)
            point.gradient_squared = self.flow.decay.gradient_squared(square, (along, along), point.squares)

        if self.penalty is not None:
            if point.earlier is None:
                self.flow.weigh_dropout(point, self.penalty)
            point.gradient_squared = max(square + 2 * self.flow.along_penalty(point) + point.pull_squared, 0.0)

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
        self.find_gradient(point, gradient_squared(point.residual, point.kernel))
        self.flow.kernel_evaluations += 1

    def spectral_radius(self, point: TwoLayerPoint) -> float:
        """Largest eigenvalue of the kernel, and the fastest growth."""
        assert point.kernel is not None, "prepare the point first"
        return float(np.linalg.eigvalsh(point.kernel)[-1]) + self.flow.growth_bound(point) + self.flow.decay.fastest

    def finish(self, point: TwoLayerPoint, out: TwoLayerPoint) -> Step:
        """End a step at ``out`` with its residual: how far that is from the predicted one, and the distances."""
        self.flow.evaluations += 1
        held = 0.0
        if self.penalty is not None and out.earlier is not None:
            self.flow.weigh_dropout(out, self.penalty)
            held = point.stiffness * out.earlier[2] / _TURN
        defect, moved_u, moved_v = close(self._moved, out.residual, self._predicted, point.residual)
        return Step(max(defect / DEFECT, held), (self.flow.distance(out, moved_v), moved_u))

"""The gradient flow of a two-layer network on its data: states, and the right-hand side with a count of evaluations."""

import math
from functools import cached_property

import numpy as np

from numerics.flow.decay import NONE, Decay
from numerics.flow.runge_kutta import LayerError
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.dropout import DropoutPenalty
from numerics.flow.two_layer.hyperplanes import Hyperplanes
from numerics.kernels import stages
from numerics.kernels.dropout import largest_net_force
from numerics.kernels.kink_exact import Own, kink_forces
from numerics.kernels.one_neuron import Kinks, Workspace, largest_force, largest_release
from numerics.kernels.tangent import tangent_kernel_planar
from numerics.networks.two_layer import TwoLayer

__all__ = ["TwoLayerFlow", "TwoLayerPoint"]

_FEW = 8  # samples up to which the tangent kernel costs no more than a product with it
_ITERATIONS = 30  # of the power method at the start, which carry it to convergence; one from the last eigenvector later


class TwoLayerPoint:
    """A state with its residual; weights are views into one flat array (u first, then v as (d, m))."""

    def __init__(self, width: int, dimension: int, samples: int) -> None:
        self.y = np.empty(width * (dimension + 1))
        self.residual = np.zeros(samples)
        self.kernel: np.ndarray | None = None  # tangent kernel (n, n), for the methods that use it
        self.gradient_squared: float | None = None  # |grad R + Lambda W|^2, where a method has found it
        self.loss_rate = 0.0  # -dR/dt, for the methods that use it
        self.radius = 0.0  # bound on the Jacobian's spectral radius, likewise
        self.moved: tuple[float, ...] = (0.0, 0.0)  # |v - v(0)| and |u - u(0)|, likewise
        # under weight decay: the time here, |v|^2 and |u|^2, their penalty, and a size of the kernel in the step before
        self.t = 0.0
        self.squares: tuple[float, float] = (0.0, 0.0)
        self.penalty = 0.0
        self.before: tuple[float, float] = (0.0, 0.0)
        # under dropout: what the penalty takes from the outputs, its gradient squared, the fastest it turns a neuron, and kernel,
        # pull and length of the step before
        self.pull = np.zeros(samples)
        self.pull_squared = 0.0
        self.stiffness = 0.0
        self.earlier: tuple[np.ndarray, np.ndarray, float] | None = None
        self.width, self.dimension = width, dimension
        self.u, self.v = self.views(self.y)

    @cached_property
    def velocity(self) -> np.ndarray:
        """Like the state; zeros at first."""
        return np.zeros_like(self.y)

    @property
    def velocity_u(self) -> np.ndarray:
        """The part of u (m,)."""
        return self.views(self.velocity)[0]

    @property
    def velocity_v(self) -> np.ndarray:
        """The part of v (d, m)."""
        return self.views(self.velocity)[1]

    def views(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The parts u (m,) and v (d, m) of a flat array laid out like the state."""
        return flat[: self.width], flat[self.width :].reshape(-1, self.width)

    def load(self, network: TwoLayer) -> None:
        """Take the weights of a network."""
        self.u[:] = network.u
        self.v[:] = network.v.T

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """The network's u (m,) and v (m, d); copies."""
        return self.u.copy(), self.v.T.copy()

    @property
    def loss(self) -> float:
        """R = (1/2n) sum_i e_i^2."""
        return float(self.residual @ self.residual) / (2 * self.residual.size)


class TwoLayerFlow:
    """The gradient flow of one network on one data set.

    Attributes
    ----------
    start : TwoLayerPoint
    removed : float64 (m,) or None
        What the last step changed u^2 - |v|^2 by, and has put back; None under a method that keeps it.
    columns : pair of float64 (n,), or None
        For d = 2 the columns of X, as the planar kernels take them.
    norms : float64 (n,)
        Lengths of the samples.
    decay : Decay
    ratio : float
        q = (1 - p)/p of dropout, 0 without.
    unseen : float
        Squared norm of what the samples do not see of v at the start: nothing moves it but weight decay.
    """

    def __init__(
        self,
        network: TwoLayer,
        X: np.ndarray,
        y: np.ndarray,
        chunks: Chunks,
        decay: Decay = NONE,
        unseen: float = 0.0,
        ratio: float = 0.0,
    ) -> None:
        self.X, self.targets, self.chunks, self.decay, self.unseen = X, y, chunks, decay, unseen
        self.kappa, self.slope, self.ratio = network.kappa, network.negative_slope, ratio
        self.evaluations = 0
        self.kernel_evaluations = 0
        self.removed: np.ndarray | None = None
        self._size = *network.v.shape, len(y)
        self.start = self.new_point()
        self.start.load(network)
        self.columns = [column.copy() for column in X.T] if X.shape[1] == 2 else None
        self._eigenvector = y / np.linalg.norm(y) if np.any(y) else np.ones(len(y))
        self.norms = np.linalg.norm(X, axis=1)
        self._sums = np.empty((2, 4))
        self._outputs, self._discarded = chunks.partial(len(y)), np.empty(len(y))

    @cached_property
    def balance(self) -> np.ndarray:
        """The conserved u^2 - |v|^2 of every neuron (m,)."""
        u, v = self.start.u, self.start.v
        return u**2 - np.einsum("jk,jk->k", v, v)

    def balance_at(self, point: TwoLayerPoint) -> np.ndarray:
        """What it is at a point: it decays with the weights, and if these decay unequally it is what it is."""
        if not self.decay:
            return self.balance
        if self.decay.equal:
            return self.balance * float(np.exp(-2 * self.decay.common * point.t))
        return point.u**2 - np.einsum("jk,jk->k", point.v, point.v)

    def new_point(self) -> TwoLayerPoint:
        """Room for a state."""
        return TwoLayerPoint(*self._size)

    def euler(self, point: TwoLayerPoint, h: float, out: TwoLayerPoint) -> None:
        """First stage: out = point + h velocity, with the residual of the result."""
        np.multiply(point.velocity, h, out=out.y)
        out.y += point.y
        self.update_residual(out)

    def stage(
        self,
        y1: TwoLayerPoint,
        y2: TwoLayerPoint,
        y0: TwoLayerPoint,
        coefficients: tuple[float, float, float, float, float],
        out: TwoLayerPoint,
    ) -> None:
        """Later stages, fused: out = c0 y0 + c1 y1 + c2 y2 + h1 F(y1) + h0 F(y0), with the residual of the result."""
        self._call(y1, y2, y0, coefficients, out.y, out.residual)
        out.residual -= self.targets
        self.evaluations += 1

    def evaluate(self, point: TwoLayerPoint) -> None:
        """Velocity of ``point`` from its weights and residual, into the point."""
        self._call(point, point, point, (0.0, 0.0, 0.0, 1.0, 0.0), point.velocity, self._discarded)
        self.evaluations += 1

    def prepare(self, point: TwoLayerPoint) -> None:
        """Velocity and |grad R|^2 of a point with its residual, unless it has them."""
        if point.gradient_squared is None:
            self.evaluate(point)
            self._measure(point)

    def arrive(self, out: TwoLayerPoint) -> None:
        """Velocity of the last stage's result; :meth:`settle` takes it along."""
        self.evaluate(out)

    def settle(self, out: TwoLayerPoint) -> None:
        """End a step: back on the balance law, velocity included, and |grad R|^2."""
        if self.removed is None:
            self.removed = np.zeros(out.width)
        given = out.u, out.v, out.velocity_u, out.velocity_v, self.balance_at(out), self.removed
        if not self.decay:
            stages.restore_balance(*given)
        elif self.decay.equal:  # the law is one for -grad R, the velocity less what decays
            out.velocity += self.decay.common * out.y
            stages.restore_balance(*given)
            out.velocity -= self.decay.common * out.y
        self._measure(out)

    def _measure(self, point: TwoLayerPoint) -> None:
        """|grad R + Lambda W|^2 and the slope of the loss, at a point with its velocity."""
        square = float(stages.dot(point.velocity, point.velocity))
        point.gradient_squared = point.loss_rate = square
        if self.decay:
            self.weigh(point, stages.dot(point.v.ravel(), point.v.ravel()), stages.dot(point.u, point.u))
            slope_v, slope_u = self.decay.rates
            along_v = stages.dot(point.v.ravel(), point.velocity_v.ravel())
            point.loss_rate += slope_v * along_v + slope_u * stages.dot(point.u, point.velocity_u)
            point.gradient_squared += slope_v**2 * self.unseen_at(point)
        if self.ratio:
            self.weigh_dropout(point, self._dropout)
            point.loss_rate -= self.along_penalty(point) + point.pull_squared

    @cached_property
    def _dropout(self) -> DropoutPenalty:
        """For the methods that have no kinks."""
        return DropoutPenalty(self.X, self.kappa, self.slope, self.ratio, self.chunks)

    def weigh_dropout(self, point: TwoLayerPoint, penalty: DropoutPenalty) -> None:
        """Penalty of a point, its gradient, and what it takes from the outputs."""
        point.pull, point.penalty, point.pull_squared, point.stiffness = penalty.weigh(point.u, point.v)

    def along_penalty(self, point: TwoLayerPoint) -> float:
        """Product grad R.grad P of a point whose penalty is known."""
        return float(point.residual @ point.pull) / len(point.residual)

    def weigh(self, point: TwoLayerPoint, square_v: float, square_u: float) -> None:
        """Squared norms of the weights of a point, those that the samples see given, and their penalty."""
        point.squares = square_v + self.unseen_at(point), square_u
        point.penalty = self.decay.penalty(point.squares)

    def unseen_at(self, point: TwoLayerPoint) -> float:
        """Squared norm of what the samples do not see of v."""
        return self.unseen * math.exp(-2 * self.decay.rates[0] * point.t)

    def distance(self, point: TwoLayerPoint, moved_v: float) -> float:
        """|v - v(0)| with what the samples do not see of it, from the part that they see."""
        if not self.decay or self.unseen == 0.0:
            return moved_v
        return float(np.hypot(moved_v, np.sqrt(self.unseen) * np.expm1(-self.decay.rates[0] * point.t)))

    def update_residual(self, point: TwoLayerPoint) -> None:
        """Residual of ``point`` from its weights."""
        if self.columns is not None:
            stages.forward_planar(point.y, *self.columns, self.kappa, self.slope, point.residual)
        else:
            stages.forward(point.u, point.v, self.X, self.kappa, self.slope, point.residual)
        point.residual -= self.targets

    def set_outputs(self, point: TwoLayerPoint, parts: np.ndarray) -> None:
        """Residual of a point whose outputs a step has found, in parts (parts, n); its gradient is not known yet."""
        np.subtract(parts.sum(axis=0), self.targets, out=point.residual)
        point.gradient_squared = None

    def spectral_radius(self, point: TwoLayerPoint) -> float:
        """Bound on the Jacobian's spectral radius: largest kernel eigenvalue plus the fastest growth rate.

        The Jacobian is -J^T J/n minus the residual's curvature; the first has the eigenvalues of the n x n tangent kernel,
        found from the kernel itself where that is cheap, else by power iteration from the last eigenvector; the second is at
        most (kappa/n) sum_i |e_i| |x_i|.
        """
        if self.columns is not None and len(self.targets) <= _FEW:
            n = len(self.targets)
            kernel = np.empty((n, n))
            tangent_kernel_planar(0, point.width, point.y, *self.columns, self.kappa, self.slope, kernel)
            self.kernel_evaluations += 1
            return float(np.linalg.eigvalsh(kernel)[-1]) + self.growth_bound(point) + self.decay.fastest
        product = np.empty_like(self._eigenvector)
        eigenvalue = 0.0
        for _ in range(_ITERATIONS if self.kernel_evaluations == 0 else 1):
            args = (point.u, point.v, self.X, self.kappa, self.slope)
            stages.kernel_product(*args, self._eigenvector, product)
            self.kernel_evaluations += 1
            size = float(np.linalg.norm(product))
            if size == 0.0:
                break
            converged = abs(size - eigenvalue) < 0.02 * size
            eigenvalue = size
            self._eigenvector = product / size
            if converged:
                break
        return eigenvalue + self.growth_bound(point) + self.decay.fastest

    def growth_bound(self, point: TwoLayerPoint) -> float:
        """(kappa/n) sum_i |e_i| |x_i|: no neuron, anywhere, grows faster than exp(bound * t). Costs n operations.

        Under dropout, besides, the fastest that the penalty turns a neuron at a point that was prepared.
        """
        return point.stiffness + self.kappa * float(np.abs(point.residual) @ self.norms) / len(self.targets)

    def layer_errors(self, x: np.ndarray, point: TwoLayerPoint, out: TwoLayerPoint) -> tuple[LayerError, LayerError]:
        """Sums for v and for u of the error ``x`` of a step that is settled, and the distances ``out.moved``."""
        start = self.start
        if self.columns is not None:
            stages.step_norms_planar(x, out.y, point.y, start.y, *self.columns, self._sums)
        else:
            stages.step_norms(*out.views(x), out.u, out.v, point.v, start.u, start.v, self.X, self._sums)
        part_u, part_v = (LayerError(*map(float, sums)) for sums in self._sums)
        out.moved = self.distance(out, float(np.sqrt(part_v.moved))), float(np.sqrt(part_u.moved))
        return part_v, part_u

    def largest_growth_rate(self, point: TwoLayerPoint) -> float:
        """No neuron grows faster than exp(rate * t) from where it is while the residual lasts; one held on a kink, along it."""
        kinks, room = self._pushed_by(point)
        if self.ratio:
            planes, n = Hyperplanes.of(self.X), len(self.targets)
            own = Own(-self.ratio * self.kappa**2 / n, planes.factors, planes.kinks(), np.empty(n))
            c = -self.kappa / n * point.residual
            return float(largest_net_force(point.u, point.v, self.X, c, self.slope, own, room))
        rate = float(largest_force(point.u, point.v, kinks, room))
        return self.decay.net_growth(rate) if self.decay else rate

    def release_rate(self, point: TwoLayerPoint) -> float:
        """That of neurons on a kink to rounding, as the kink-exact method leaves them; methods that step across kinks nudge."""
        rate = float(largest_release(point.u, point.v, *self._pushed_by(point)))
        return self.decay.net_growth(rate) if self.decay else rate

    def _pushed_by(self, point: TwoLayerPoint) -> tuple[Kinks, Workspace]:
        """The kinks with the forces that the residual gives them, and room for a neuron."""
        planes = Hyperplanes.of(self.X)
        kinks, room = planes.kinks(), Workspace.of(len(planes.first), self.X.shape[1], len(self.targets))
        kink_forces(-self.kappa / len(self.targets) * point.residual, self.slope, planes.factors, kinks)
        return kinks, room

    def _call(
        self,
        y1: TwoLayerPoint,
        y2: TwoLayerPoint,
        y0: TwoLayerPoint,
        coefficients: tuple[float, ...],
        y: np.ndarray,
        f: np.ndarray,
    ) -> None:
        c0, c1, c2, h1, h0 = coefficients
        rate_v, rate_u = self.decay.rates or (0.0, 0.0)
        own = self.ratio * self.kappa
        numbers = self.kappa, own, self.slope, c0, c1 - h1 * rate_u, c1 - h1 * rate_v, c2, h1, h0
        e, outputs = y1.residual, self._outputs
        if self.columns is not None:
            states = y1.y, y2.y, y0.y, y0.velocity, *self.columns, e
            self.chunks.run(lambda part, *ends: stages.stage_planar(*ends, *states, *numbers, y, outputs[part]))
        else:
            parts = y1.u, y1.v, y2.u, y2.v, y0.u, y0.v, y0.velocity_u, y0.velocity_v, self.X, e
            out = y1.views(y)
            self.chunks.run(lambda part, *ends: stages.stage(*ends, *parts, *numbers, *out, outputs[part]))
        np.sum(outputs, axis=0, out=f)

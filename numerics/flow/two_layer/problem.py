"""The two-layer network as a problem for a run: reduction to the samples, right-hand side, integrator."""

from dataclasses import replace

import numpy as np

from numerics.flow.two_layer import METHODS, Chunks, Point
from numerics.flow.two_layer.sample_space import SampleSpace
from numerics.flow.two_layer.state import Attempt, RightHandSide
from numerics.networks.norms import norm
from numerics.networks.two_layer import TwoLayer
from numerics.observe.distances import conserved_drift

__all__ = ["TwoLayerProblem"]

_LARGE_KERNEL = 200  # samples beyond which eigenvectors of the kernel cost more than they save


class TwoLayerProblem:
    """See :class:`numerics.flow.problem.Problem`."""

    layers = ("w", "a")
    methods = tuple(METHODS)

    def __init__(self, network: TwoLayer, X: np.ndarray, y: np.ndarray, method: str, threads: int | None) -> None:
        self.network = network
        self.sizes = norm(network.v), norm(network.u)
        self.space = SampleSpace.of(X) if X.shape[0] < X.shape[1] else None
        seen = self.space.project(network) if self.space else network
        m, d = seen.v.shape
        self.chunks = Chunks(m, threads)
        self.rhs = RightHandSide(seen, self.space.inputs if self.space else X, y, self.chunks)
        self.start, self.point, self.trial = (Point(m, d, len(y)) for _ in range(3))
        for point in (self.start, self.point):
            point.u[:] = seen.u
            point.v[:] = seen.v.T
        self.rhs.update_residual(self.point)
        self.targets = y
        self.integrator = METHODS[method](self.rhs, self.start, self.chunks)
        self.drift = np.zeros(m)

    @staticmethod
    def choose(samples: int) -> tuple[str, str]:
        """The method for a problem, and the reason."""
        if samples > _LARGE_KERNEL:
            return "rkc", f"n = {samples} > {_LARGE_KERNEL}: the n-by-n kernel would cost more than the stages it saves"
        return "kink-exact", "one pass a step, through every kink, whatever the stiffness"

    @property
    def evaluations(self) -> int:
        """Passes over the neurons."""
        return self.rhs.evaluations

    @property
    def kernel_evaluations(self) -> int:
        """Tangent kernels, or their products with a vector."""
        return self.rhs.kernel_evaluations

    def distances(self, step: Attempt) -> tuple[float, ...]:
        """|w - w(0)| and |a - a(0)|."""
        return step.moved_v, step.moved_u

    def accepted(self) -> None:
        """Add up what the method changed the conserved quantities by."""
        if self.integrator.removed is not None:
            self.drift += self.integrator.removed

    def growth_bound(self, point: Point) -> float:
        """No neuron, anywhere, grows faster."""
        return self.rhs.growth_bound(point)

    def largest_growth_rate(self, point: Point) -> float:
        """No neuron of this network grows faster while the residual lasts."""
        return self.rhs.largest_growth_rate(point)

    def network_at(self, point: Point) -> TwoLayer:
        """The network of a point, in all d dimensions."""
        u, v = point.weights()
        seen = replace(self.network, u=u, v=v)
        return self.space.lift(seen, self.network) if self.space else seen

    def conserved_drift(self, final: TwoLayer) -> float:
        """Largest sum of what was removed and what is left, over the largest u_k^2 + |v_k|^2."""
        return conserved_drift(final, self.network, self.drift)

    def close(self) -> None:
        """Let the threads go."""
        self.chunks.close()

"""A deep network as a problem for a run."""

from dataclasses import replace
from typing import Any

import numpy as np

from numerics.flow.deep.balance import neuron_norms
from numerics.flow.deep.exponential import DeepExponential
from numerics.flow.deep.rkc import DeepChebyshev
from numerics.flow.deep.state import DeepFlow, DeepPoint, DeepStep
from numerics.networks.deep import DeepNetwork

__all__ = ["DeepProblem"]

_METHODS: dict[str, Any] = {cls.name: cls for cls in (DeepExponential, DeepChebyshev)}
_LARGE_KERNEL = 200  # samples beyond which the passes of a step over 2n signals cost more than the stages they save


class DeepProblem:
    """See :class:`numerics.flow.problem.Problem`."""

    methods = tuple(_METHODS)

    def __init__(self, network: DeepNetwork, X: np.ndarray, y: np.ndarray, method: str, threads: int | None) -> None:
        # threads: those of the matrix products, which NumPy's library sets
        self.network, self.layers, self.targets = network, network.layers, y
        self.sizes = tuple(float(np.linalg.norm(w)) for w in network.weights)
        self.flow = DeepFlow(network, X, y)
        self.point, self.trial = self.flow.new_point(), self.flow.new_point()
        for view, w in zip(self.point.weights, network.weights, strict=True):
            view[:] = w
        self.flow.update_residual(self.point)
        self.integrator = _METHODS[method](self.flow)
        self.drift: list[np.ndarray] = [] if self.flow.balance is None else [0.0 * x for x in self.flow.balance.removed]

    @staticmethod
    def choose(samples: int) -> tuple[str, str]:
        """The method for a problem, and the reason."""
        if samples > _LARGE_KERNEL:
            return "rkc", f"n = {samples} > {_LARGE_KERNEL}: the n-by-n kernel would cost more than the stages it saves"
        return "exponential", "one pass a step in the tangent kernel, whatever the stiffness"

    @property
    def evaluations(self) -> int:
        """Passes over the weights, forward and back."""
        return self.flow.evaluations

    @property
    def kernel_evaluations(self) -> int:
        """Tangent kernels, or their products with a vector."""
        return self.flow.kernel_evaluations

    def distances(self, step: DeepStep) -> tuple[float, ...]:
        """|W - W(0)| of every layer."""
        return step.moved

    def accepted(self) -> None:
        """Add up what the method changed the conserved quantities by."""
        if self.flow.balance is not None:
            self.drift = [sum_ + part for sum_, part in zip(self.drift, self.flow.balance.removed, strict=True)]

    def growth_bound(self, point: DeepPoint) -> float:
        """From the spectral norms of the layers."""
        return self.flow.growth_bound(point)

    def largest_growth_rate(self, point: DeepPoint) -> float:
        """Largest eigenvalue of -sum_i e_i d^2f_i/n, by a few Lanczos steps; the bound if they do not converge."""
        from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh  # slow to load, seldom needed

        flow, signals = self.flow, point.signals
        assert signals is not None, "find the residual first"
        c = -point.residual / len(self.targets)

        def product(v: np.ndarray) -> np.ndarray:
            parts = flow.chain.curvature_product(
                point.weights, signals, c, point.views(np.ascontiguousarray(v).ravel())
            )
            return np.concatenate([part.ravel() for part in parts])

        size = point.y.size
        operator = LinearOperator((size, size), matvec=product, dtype=float)
        start = np.random.default_rng(0).standard_normal(size)
        try:
            found = eigsh(operator, k=1, which="LA", v0=start, tol=0.1, maxiter=20, return_eigenvectors=False)
        except ArpackNoConvergence:
            return self.growth_bound(point)
        return max(float(found[0]), 0.0)

    def network_at(self, point: DeepPoint) -> DeepNetwork:
        """The network of a point."""
        return replace(self.network, weights=tuple(w.copy() for w in point.weights))

    def conserved_drift(self, final: DeepNetwork) -> float:
        """Largest sum of what was removed, over the largest sum of the two norms of a neuron; nan if nothing is conserved."""
        if self.flow.balance is None:
            return float("nan")
        pairs = zip(*neuron_norms(final.weights), strict=True)
        size = max(float(np.max(rows + columns)) for rows, columns in pairs)
        return max(float(np.max(np.abs(part))) for part in self.drift) / size

    def close(self) -> None:
        """Nothing to close."""

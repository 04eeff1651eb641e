"""A deep network as a problem for a run: flow, method."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from numerics.errors import InputError
from numerics.flow.decay import NONE, Decay
from numerics.flow.deep.balance import Sizes
from numerics.flow.deep.exponential import DeepExponential
from numerics.flow.deep.state import DeepFlow, DeepPoint
from numerics.flow.problem import Method
from numerics.flow.rkc import RungeKuttaChebyshev
from numerics.networks.deep import DeepNetwork

__all__ = ["METHODS", "DeepProblem"]

#: Makers of methods by the name the user gives.
METHODS: Mapping[str, Callable[[DeepFlow], Method[DeepPoint]]] = {
    DeepExponential.name: DeepExponential,
    RungeKuttaChebyshev.name: RungeKuttaChebyshev,
}


class DeepProblem:
    """See :class:`numerics.flow.problem.Problem`; ``single``: :class:`numerics.flow.deep.state.DeepFlow`."""

    methods: ClassVar[tuple[str, ...]] = tuple(METHODS)
    preferred: ClassVar[tuple[str, str]] = (
        DeepExponential.name,
        "one pass a step in the tangent kernel, whatever the stiffness",
    )

    def __init__(
        self,
        network: DeepNetwork,
        X: np.ndarray,
        y: np.ndarray,
        method: str,
        threads: int | None,
        decay: Decay = NONE,
        *,
        single: bool = False,
    ) -> None:
        if threads is not None:
            raise InputError(
                f"threads = {threads!r} for a DeepNetwork; leave it out: NumPy's library of matrix products sets its own threads"
            )
        if decay and method == DeepExponential.name and not network.activation.homogeneous:
            raise InputError(
                f"weight_decay with method = {method!r} takes relu, leaky relu or linear; use method = "
                f"{RungeKuttaChebyshev.name!r}, which takes any activation"
            )
        if decay and method == DeepExponential.name and any(network.chain.biased):
            raise InputError(
                f"weight_decay with method = {method!r} takes a network without biases, through which the output is not of one "
                f"degree; use method = {RungeKuttaChebyshev.name!r}"
            )
        self.network, self.targets, self.layers = network, y, network.layers
        self.sizes = network.sizes
        self.flow = DeepFlow(network, X, y, decay, single=single)
        self.method = METHODS[method](self.flow)
        self.point, self.trial = self.method.new_point(), self.method.new_point()
        self.point.load(network.matrices)
        self.flow.update_residual(self.point)
        self.point.sizes = self.flow.start_sizes
        # of the balances of every hidden layer; later (copies, neurons)
        self.drift: list[np.ndarray] = [np.zeros(())] * (len(network.matrices) - 1)

    def accepted(self, point: DeepPoint, end: DeepPoint) -> None:
        """Add up what the method changed the conserved quantities by."""
        if self.flow.balance is not None:
            left = self.flow.left(end.t - point.t)  # of what was removed before
            pairs = zip(self.drift, end.removed, strict=True)
            self.drift = [left * sum_ + part for sum_, part in pairs]

    def network_at(self, point: DeepPoint) -> DeepNetwork:
        """The network of a point."""
        return self.network.moved_to(tuple(w.copy() for w in point.weights))

    def outputs(self, point: DeepPoint) -> np.ndarray:
        """Output at the samples."""
        return self.network.by_sample(point.residual / self.flow.unit) + self.targets

    def conserved_drift(self, final: DeepNetwork, t: float) -> float:
        """Largest drift of a balance, over the largest sum of the two norms of a neuron; nan if nothing is conserved.

        That is the sum of what was removed, and what has not been yet.
        """
        if self.flow.balance is None:
            return float("nan")
        sizes = Sizes.of(final.matrices, self.flow.start_matrices, final.chain.biased)
        pairs = zip(self.drift, self.flow.balance.off(sizes, self.flow.left(t)), strict=True)
        return max(float(np.max(np.abs(removed + off))) for removed, off in pairs) / sizes.largest()

    def close(self) -> None:
        """Let go of the weights at once: points and the store they share hold each other."""
        self.point.store.release()
        self.trial.store.release()

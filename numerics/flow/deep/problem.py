"""A deep network as a problem for a run: flow, method."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from numerics.errors import InputError
from numerics.flow.decay import NONE, Decay
from numerics.flow.deep.balance import neuron_norms
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
    """See :class:`numerics.flow.problem.Problem`."""

    methods: ClassVar[tuple[str, ...]] = tuple(METHODS)
    preferred: ClassVar[tuple[str, str]] = (
        DeepExponential.name,
        "one pass a step in the tangent kernel, whatever the stiffness",
    )

    def __init__(
        self, network: DeepNetwork, X: np.ndarray, y: np.ndarray, method: str, threads: int | None, decay: Decay = NONE
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
        self.network, self.targets, self.layers = network, y, network.layers
        self.sizes = tuple(float(np.linalg.norm(w)) for w in network.weights)
        self.flow = DeepFlow(network, X, y, decay)
        self.method = METHODS[method](self.flow)
        self.point, self.trial = self.method.new_point(), self.method.new_point()
        self.point.load(network.weights)
        self.flow.update_residual(self.point)
        self.drift: list[np.ndarray] = [] if self.flow.balance is None else [0.0 * x for x in self.flow.balance.removed]

    def accepted(self, point: DeepPoint, end: DeepPoint) -> None:
        """Add up what the method changed the conserved quantities by."""
        if self.flow.balance is not None:
            decay = self.flow.decay  # of what was removed before
            left = float(np.exp(-2 * decay.common * (end.t - point.t))) if decay else 1.0
            pairs = zip(self.drift, self.flow.balance.removed, strict=True)
            self.drift = [left * sum_ + part for sum_, part in pairs]

    def outputs(self, point: DeepPoint) -> np.ndarray:
        """F at the samples."""
        return point.residual + self.targets

    def network_at(self, point: DeepPoint) -> DeepNetwork:
        """The network of a point."""
        return replace(self.network, weights=tuple(w.copy() for w in point.weights))

    def conserved_drift(self, final: DeepNetwork, t: float) -> float:
        """Largest sum of what was removed, over the largest sum of the two norms of a neuron; nan if nothing is conserved."""
        if self.flow.balance is None:
            return float("nan")
        pairs = zip(*neuron_norms(final.weights), strict=True)
        size = max(float(np.max(rows + columns)) for rows, columns in pairs)
        return max(float(np.max(np.abs(part))) for part in self.drift) / size

    def close(self) -> None:
        """Nothing to close."""

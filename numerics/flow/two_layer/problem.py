"""The two-layer network as a problem for a run: reduction to the samples, flow, method."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from numerics.arrays import whole_number
from numerics.errors import InputError
from numerics.flow.decay import NONE, Decay
from numerics.flow.problem import LARGE_KERNEL, Method
from numerics.flow.rkc import RungeKuttaChebyshev
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.dormand_prince import DormandPrince
from numerics.flow.two_layer.exponential import Exponential
from numerics.flow.two_layer.kink_exact import KinkExact
from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar
from numerics.flow.two_layer.many_samples import ManySamples
from numerics.flow.two_layer.sample_space import SampleSpace
from numerics.flow.two_layer.state import TwoLayerFlow, TwoLayerPoint
from numerics.networks.norms import norm
from numerics.networks.two_layer import TwoLayer
from numerics.observe.distances import conserved_drift

__all__ = ["METHODS", "TwoLayerProblem", "checked_threads"]


def _kink_exact(flow: TwoLayerFlow) -> Method[TwoLayerPoint]:
    samples, inputs = flow.X.shape
    if inputs != 2 or flow.ratio:  # forces that differ from neuron to neuron have no table of laws by sector
        return KinkExact(flow)
    return (ManySamples if samples > LARGE_KERNEL and not flow.decay else KinkExactPlanar)(flow)


#: Makers of methods by the name the user gives.
METHODS: Mapping[str, Callable[[TwoLayerFlow], Method[TwoLayerPoint]]] = {
    KinkExact.name: _kink_exact,
    Exponential.name: Exponential,
    RungeKuttaChebyshev.name: RungeKuttaChebyshev,
    DormandPrince.name: DormandPrince,
}


def checked_threads(threads: int | None) -> int | None:
    """Threads over the neurons, as the user gave them."""
    if threads is None:
        return None
    return whole_number(threads, "threads", 1, "give a positive integer, or None to let the width decide")


class TwoLayerProblem:
    """See :class:`numerics.flow.problem.Problem`."""

    methods: ClassVar[tuple[str, ...]] = tuple(METHODS)
    preferred: ClassVar[tuple[str, str]] = KinkExact.name, "one pass a step, through every kink, whatever the stiffness"
    layers: tuple[str, ...] = ("w", "a")

    def __init__(
        self,
        network: TwoLayer,
        X: np.ndarray,
        y: np.ndarray,
        method: str,
        threads: int | None,
        decay: Decay = NONE,
        ratio: float = 0.0,
    ) -> None:
        if ratio and method == Exponential.name:
            others = ", ".join(repr(name) for name in METHODS if name != method)
            raise InputError(
                f"method = {method!r} with dropout: its step has one force a sample for all neurons, and dropout gives each "
                f"its own; use {others}"
            )
        threads = checked_threads(threads)
        self.network, self.targets = network, y
        self.sizes: tuple[float, ...] = norm(network.v), norm(network.u)
        self.space = SampleSpace.of(X) if X.shape[0] < X.shape[1] else None
        seen = self.space.project(network) if self.space else network
        unseen = norm(network.v - seen.v @ self.space.basis.T) ** 2 if self.space and decay else 0.0
        inputs = self.space.inputs if self.space else X
        self.flow = TwoLayerFlow(seen, inputs, y, Chunks(network.width, threads), decay, unseen, ratio)
        self.method = METHODS[method](self.flow)
        self.point, self.trial = self.method.new_point(), self.method.new_point()
        self.point.load(seen)
        self.flow.update_residual(self.point)
        self.drift = np.zeros(network.width)

    def accepted(self, point: TwoLayerPoint, end: TwoLayerPoint) -> None:
        """Add up what the method changed the conserved quantities by."""
        if self.flow.removed is not None:
            if self.flow.decay:  # what was removed has decayed since
                self.drift *= np.exp(-2 * self.flow.decay.common * (end.t - point.t))
            self.drift += self.flow.removed

    def network_at(self, point: TwoLayerPoint) -> TwoLayer:
        """The network of a point, in all d dimensions."""
        u, v = point.weights()
        seen = replace(self.network, u=u, v=v)
        return self.space.lift(seen, self._decayed(point)) if self.space else seen

    def outputs(self, point: TwoLayerPoint) -> np.ndarray:
        """Output at the samples."""
        return point.residual + self.targets

    def _decayed(self, point: TwoLayerPoint) -> TwoLayer:
        """The start after the decay until a point, as far as that of v goes."""
        if not self.flow.decay:
            return self.network
        return replace(self.network, v=self.network.v * float(np.exp(-self.flow.decay.rates[0] * point.t)))

    def conserved_drift(self, final: TwoLayer, t: float) -> float:
        """Largest sum of what was removed and what is left, over the largest u_k^2 + |v_k|^2; nan if decays differ."""
        decay = self.flow.decay
        if not decay:
            return conserved_drift(final, self.network, self.drift)
        if not decay.equal:
            return float("nan")
        factor = float(np.exp(-decay.common * t))
        start = replace(self.network, u=factor * self.network.u, v=factor * self.network.v)
        return conserved_drift(final, start, self.drift)

    def close(self) -> None:
        """Let the threads go."""
        self.flow.chunks.close()

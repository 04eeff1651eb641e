"""A module as a problem for a run: loss, flow, method."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import real_array
from numerics.errors import InputError
from numerics.flow.decay import NONE, Decay
from numerics.flow.modules.exponential import ModuleExponential
from numerics.flow.modules.loss import CrossEntropy, Loss, Squares
from numerics.flow.modules.state import ModuleFlow, ModulePoint
from numerics.flow.problem import Method
from numerics.flow.rkc import RungeKuttaChebyshev
from numerics.networks.module import Module

__all__ = ["PROBLEMS", "ClassificationProblem", "ModuleProblem"]

_LARGEST = 1e150  # of a target: its square is a float


class ModuleProblem:
    """See :class:`numerics.flow.problem.Problem`; the loss is that of squares."""

    makers: ClassVar[Mapping[str, Callable[[ModuleFlow], Method[ModulePoint]]]] = {
        ModuleExponential.name: ModuleExponential,
        RungeKuttaChebyshev.name: RungeKuttaChebyshev,
    }
    methods: ClassVar[tuple[str, ...]] = tuple(makers)
    preferred: ClassVar[tuple[str, str]] = (
        ModuleExponential.name,
        "one step in the tangent kernel, whatever the stiffness",
    )

    def __init__(
        self, network: Module, X: np.ndarray, y: np.ndarray, method: str, threads: int | None, decay: Decay = NONE
    ) -> None:
        if threads is not None:
            raise InputError(f"threads = {threads!r} for a Module; leave it out: torch.set_num_threads sets them")
        if decay:
            raise InputError("weight_decay for a Module: its flow is integrated without; leave it out")
        forward = network.forward(X)
        self.network, self.layers = network, network.layers
        # of a layer that starts at zero there is no relative distance
        self.sizes = tuple(float(np.linalg.norm(w)) or float("nan") for w in network.weights)
        self.targets = self.targets_for(y, forward.shape)
        self.flow = ModuleFlow(network, forward, self.loss())
        self.method = self.makers[method](self.flow)
        self.point, self.trial = self.method.new_point(), self.method.new_point()
        self.point.load(network.weights)
        self.flow.update_residual(self.point)

    def targets_for(self, y: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The targets, shaped as the output."""
        if y.size != np.prod(shape) or len(y) != shape[0]:
            raise InputError(f"y has shape {y.shape} and the module's output {shape}; they must agree")
        return y.reshape(shape)

    def loss(self) -> Loss:
        """R."""
        return Squares(self.targets)

    def accepted(self, point: ModulePoint, end: ModulePoint) -> None:
        """Nothing is restored, so nothing adds up."""

    def outputs(self, point: ModulePoint) -> np.ndarray:
        """F at the samples."""
        return point.outputs.reshape(self.flow.forward.shape)

    def network_at(self, point: ModulePoint) -> Module:
        """The network of a point."""
        return replace(self.network, weights=tuple(w.copy() for w in point.weights))

    def conserved_drift(self, final: Module, t: float) -> float:
        """Largest change of a conserved quantity, over the sum of its parts in the final network; nan if none is known."""
        now, then = (
            {layer: float(np.vdot(w, w)) for layer, w in zip(self.layers, network.weights, strict=True)}
            for network in (final, self.network)
        )
        drifts = []
        for quantity in final.conserved:
            change = sum(q * (now[layer] - then[layer]) for layer, q in quantity.items())
            drifts.append(abs(change) / sum(abs(q) * now[layer] for layer, q in quantity.items()))
        return max(drifts, default=float("nan"))

    def close(self) -> None:
        """Nothing to close."""


class ClassificationProblem(ModuleProblem):
    """The same with cross-entropy, whose residual obeys no linear equation: Runge-Kutta-Chebyshev only."""

    makers: ClassVar[Mapping[str, Callable[[ModuleFlow], Method[ModulePoint]]]] = {
        RungeKuttaChebyshev.name: RungeKuttaChebyshev
    }
    methods: ClassVar[tuple[str, ...]] = tuple(makers)
    preferred: ClassVar[tuple[str, str]] = (
        RungeKuttaChebyshev.name,
        "the pull of cross-entropy obeys no linear equation",
    )
    classes = 0

    def targets_for(self, y: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The labels (n,), integers from 0 to k - 1."""
        if len(shape) != 2 or shape[1] < 2:
            raise InputError(
                f"the module's output has shape {shape}; cross-entropy needs (n, k) with at least two classes"
            )
        self.classes = shape[1]
        if y.shape != shape[:1] or np.any(y != np.round(y)) or np.any((y < 0) | (y >= self.classes)):
            raise InputError(
                f"y is no list of labels; give {shape[0]} integers from 0 to {self.classes - 1}, one a sample"
            )
        return y.astype(np.int64)

    def loss(self) -> Loss:
        """R."""
        return CrossEntropy(self.targets, self.classes)


#: Kinds of problem by the name of their loss.
PROBLEMS: Mapping[str, type[ModuleProblem]] = {"squares": ModuleProblem, "cross-entropy": ClassificationProblem}


def target_array(y: ArrayLike) -> np.ndarray:
    """Targets (n,) or (n, k), or labels."""
    array = real_array(y, "y", copy=True, finite=True)
    if array.ndim not in (1, 2) or array.size == 0:
        raise InputError(f"y has shape {array.shape}; give (n,) or (n, k)")
    if not np.max(np.abs(array)) < _LARGEST:
        raise InputError(f"y reaches {np.max(np.abs(array)):.3g}, whose square is beyond the float range; rescale it")
    return array

"""Networks on the way of an optimiser: weights, moments and residual, advanced by a number of steps at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from numerics.flow.decay import NONE, Decay
from numerics.flow.descent.rule import UpdateRule
from numerics.kernels import descent
from numerics.networks.deep import DeepNetwork
from numerics.networks.jacobian import Signals
from numerics.networks.norms import norm
from numerics.networks.two_layer import TwoLayer

__all__ = ["DeepState", "Masks", "State", "TwoLayerState", "state_of"]


@dataclass(frozen=True)
class Masks:
    """Dropout as it is trained: every sample of every step sees a hidden neuron with probability ``kept``, divided by it."""

    kept: float
    random: np.random.Generator

    def draw(self, samples: int, width: int) -> np.ndarray:
        """Factors of the neurons, 0 or 1/kept, of one step: (samples, width)."""
        return (self.random.random((samples, width)) < self.kept) / self.kept


class State(Protocol):
    """A network that is being trained.

    Attributes
    ----------
    layers : tuple of str
        Names of the weights, input to output.
    sizes, fans, speeds : tuples, layer by layer
        Frobenius norm at the start; (fan_in, fan_out); root of the learning rate, what a weight in uniform coordinates moves by
        under sign descent at rate 1.
    through : tuple of int
        Which layers the signal goes through, input to output: all but the biases.
    X, targets, residual : float64 (n, d), (n,), (n,)
        Inputs, y, and f - y; with k outputs y is (n, k), and f - y flat, (n k,).
    """

    layers: tuple[str, ...]
    sizes: tuple[float, ...]
    fans: tuple[tuple[int, int], ...]
    speeds: tuple[float, ...]
    through: tuple[int, ...]
    X: np.ndarray
    targets: np.ndarray
    residual: np.ndarray

    def advance(self, shares: np.ndarray, rate: float, done: int, enough: float) -> np.ndarray:
        """Up to as many steps as ``shares`` has rows; loss and |W_l - W_l(0)| after each, (steps, 1 + layers)."""

    def arrays(self) -> Sequence[np.ndarray]:
        """All that a step changes."""

    def network(self) -> TwoLayer | DeepNetwork:
        """The network with the present weights."""


class TwoLayerState:
    """See :class:`State`."""

    def __init__(
        self,
        network: TwoLayer,
        X: np.ndarray,
        y: np.ndarray,
        optimizer: UpdateRule,
        decay: Decay = NONE,
        masks: Masks | None = None,
    ) -> None:
        self.pulls, self.masks = _pulls(decay or Decay((0.0, 0.0)), optimizer), masks
        self.start, self.X, self.targets, self.rule = network, X, y, optimizer.rule
        self.layers: tuple[str, ...] = ("w", "a")
        self.sizes: tuple[float, ...] = norm(network.v), norm(network.u)
        self.speeds: tuple[float, ...] = (1.0, 1.0)
        self.fans: tuple[tuple[int, int], ...] = (network.inputs, network.width), (network.width, 1)
        self.through: tuple[int, ...] = (0, 1)
        self.u0, self.v0 = network.u, np.ascontiguousarray(network.v.T)
        self.u, self.v = self.u0.copy(), self.v0.copy()
        self.moments = [np.zeros_like(w) for w in (self.u, self.v, self.u, self.v)]
        self.residual = network(X) - y

    def advance(self, shares: np.ndarray, rate: float, done: int, enough: float) -> np.ndarray:
        """See :class:`State`."""
        if self.masks is None:
            return self._advance(shares, np.empty((0, 0)), rate, done, enough)
        made: list[np.ndarray] = []
        for step, share in enumerate(shares, start=done):
            gains = self.masks.draw(len(self.targets), self.start.width)
            made.append(self._advance(share[None], gains, rate, step, enough))
            if made[-1][0, 0] <= enough or not np.isfinite(made[-1][0, 0]):
                break
        return np.concatenate(made)

    def _advance(self, shares: np.ndarray, gains: np.ndarray, rate: float, done: int, enough: float) -> np.ndarray:
        """Steps under one mask, or none."""
        record = np.empty((len(shares), 3))
        made = descent.descend(
            *(self.u, self.v, self.u0, self.v0, *self.moments, self.X, self.targets, shares, gains),
            *(self.start.kappa, self.start.negative_slope, rate, self.rule, *self._decays(rate)),
            *(done, enough, self.residual, record),
        )
        return record[:made]

    def _decays(self, rate: float) -> list[tuple[float, float]]:
        """For u and for v."""
        return [pull.at(rate) for pull in reversed(self.pulls)]

    def arrays(self) -> Sequence[np.ndarray]:
        """See :class:`State`."""
        return self.u, self.v, *self.moments, self.residual

    def network(self) -> TwoLayer:
        """See :class:`State`."""
        return replace(self.start, u=self.u.copy(), v=np.ascontiguousarray(self.v.T))


class DeepState:
    """See :class:`State`."""

    def __init__(
        self, network: DeepNetwork, X: np.ndarray, y: np.ndarray, optimizer: UpdateRule, decay: Decay = NONE
    ) -> None:
        self.pulls = _pulls(decay or Decay((0.0,) * len(network.weights)), optimizer)
        self.start, self.X, self.targets, self.rule = network, X, y, optimizer.rule
        self.layers = network.layers
        self.sizes = network.sizes
        self.fans = tuple((w.shape[2], w.shape[1]) for w in network.weights)
        self.through = network.through
        self.speeds = tuple(scale / np.sqrt(network.time_unit) for scale in network.scales)
        self.adaptive = optimizer.adaptive
        self.weights = [w.copy() for w in network.weights]
        self.first = [np.zeros_like(w) for w in self.weights]
        self.second = [np.zeros_like(w) if optimizer.adaptive else np.empty(0) for w in self.weights]
        self.offset = (network.offset(X) + y).ravel()  # what the output of the weights is held against
        self.residual = self._signals().output - self.offset

    def _signals(self) -> Signals:
        """The forward pass at the present weights."""
        return self.start.chain.forward(self.start.chain.join(self.weights), self.X)

    def advance(self, shares: np.ndarray, rate: float, done: int, enough: float) -> np.ndarray:
        """See :class:`State`."""
        chain, n = self.start.chain, len(self.targets)
        rates = [rate * speed if self.adaptive else rate for speed in self.speeds]
        record = []
        signals = self._signals()
        for step, share in enumerate(shares, start=done + 1):
            jacobian = chain.backward(chain.join(self.weights), signals)
            share = np.repeat(share, self.start.outputs)
            gradients = jacobian.transposed_product(share * self.residual / n)
            moved = [
                descent.update(
                    *(array.reshape(-1) for array in (w, np.ascontiguousarray(g), first, second)),
                    *(own, self.rule, step, *pull.at(rate), w0.reshape(-1)),
                )
                for w, g, first, second, own, pull, w0 in zip(
                    *(self.weights, gradients, self.first, self.second, rates, self.pulls, self.start.weights),
                    strict=True,
                )
            ]
            signals = self._signals()
            self.residual[:] = signals.output - self.offset
            loss = float(self.residual @ self.residual) / (2 * n)
            record.append([loss, *np.sqrt(moved)])
            if loss <= enough or not np.isfinite(loss):
                break
        return np.array(record)

    def arrays(self) -> Sequence[np.ndarray]:
        """See :class:`State`."""
        return *self.weights, *self.first, *self.second, self.residual

    def network(self) -> DeepNetwork:
        """See :class:`State`."""
        return replace(self.start, weights=tuple(w.copy() for w in self.weights))


class _Pull(NamedTuple):
    """Weight decay of a layer: as part of its gradient, and beside it."""

    coupled: float
    decoupled: float

    def at(self, rate: float) -> tuple[float, float]:
        """The pull in a gradient and the factor in a step at a rate."""
        return self.coupled, 1.0 - rate * self.decoupled


def _pulls(decay: Decay, optimizer: UpdateRule) -> list[_Pull]:
    return [_Pull(0.0, rate) if optimizer.decoupled else _Pull(rate, 0.0) for rate in decay.rates]


def state_of(
    network: TwoLayer | DeepNetwork,
    X: np.ndarray,
    y: np.ndarray,
    optimizer: UpdateRule,
    decay: Decay = NONE,
    masks: Masks | None = None,
) -> State:
    """The start of a run; masks are of two layers."""
    if isinstance(network, TwoLayer):
        return TwoLayerState(network, X, y, optimizer, decay, masks)
    return DeepState(network, X, y, optimizer, decay)

r"""The Jacobian of a deep network at the samples, as factors: forward signals and backward signals.

    z_l = g_l W_l h_{l-1},   h_l = sigma(z_l),   h_0 = x,   f = kappa z_L                    (g_l = 1 but for tanh)
    b_L = kappa g_L,         b_l = g_l sigma'(z_l) * (W_{l+1}^T b_{l+1}),                    df/dW_l = b_l h_{l-1}^T

Every product with the Jacobian, the tangent kernel of every layer and the network at weights moved by J^T c need these 2 L
arrays of n rows only, never an array of the size of the weights. All arrays have a leading axis of copies (see
:class:`numerics.networks.deep.DeepNetwork`), over which outputs are summed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.networks.activation import PointwiseActivation

__all__ = ["Chain", "Jacobian", "Signals"]


@dataclass(frozen=True)
class Signals:
    """The forward pass: h_0 ... h_{L-1} (copies, n, fan_in), z_1 ... z_{L-1} (copies, n, fan_out), f (n,)."""

    hidden: tuple[np.ndarray, ...]
    preactivations: tuple[np.ndarray, ...]
    output: np.ndarray


@dataclass(frozen=True)
class Jacobian:
    """df/dW_l = b_l h_{l-1}^T for every sample.

    Attributes
    ----------
    backward : tuple of float64 (copies, n, fan_out)
        b_1 ... b_L.
    hidden : tuple of float64 (copies or 1, n, fan_in)
        h_0 ... h_{L-1}.
    """

    backward: tuple[np.ndarray, ...]
    hidden: tuple[np.ndarray, ...]

    def products(self, direction: Sequence[np.ndarray]) -> list[np.ndarray]:
        """J_l v_l (n,) of every layer, for a direction v shaped like the weights."""
        parts = zip(self.backward, self.hidden, direction, strict=True)
        return [np.einsum("cio,cio->i", b, h @ v.swapaxes(1, 2)) for b, h, v in parts]

    def product(self, direction: Sequence[np.ndarray]) -> np.ndarray:
        """J v (n,), the sum of these."""
        return np.sum(self.products(direction), axis=0)

    def transposed_product(self, c: np.ndarray) -> tuple[np.ndarray, ...]:
        """J^T c, shaped like the weights, for n numbers c."""
        pairs = zip(self.backward, self.hidden, strict=True)
        return tuple((b * c[:, None]).swapaxes(1, 2) @ h for b, h in pairs)

    def kernels(self) -> tuple[np.ndarray, ...]:
        """Tangent kernel G_l = J_l J_l^T (n, n) of every layer."""
        pairs = zip(self.backward, self.hidden, strict=True)
        return tuple(((b @ b.swapaxes(1, 2)) * (h @ h.swapaxes(1, 2))).sum(axis=0) for b, h in pairs)


@dataclass(frozen=True)
class Chain:
    """The network as a function of its weights: gains, activation and output scale."""

    activation: PointwiseActivation
    gains: tuple[float, ...]
    kappa: float

    def forward(self, weights: Sequence[np.ndarray], inputs: np.ndarray, moved: "Moved | None" = None) -> Signals:
        """All signals at the rows of ``inputs`` (n, d); with ``moved`` at the weights W - J^T c."""
        hidden, preactivations = [inputs[None]], []
        for layer, w in enumerate(weights):
            z = hidden[-1] @ w.swapaxes(1, 2)
            if moved is not None:
                z -= moved.along(layer, hidden[-1])
            z *= self.gains[layer]
            preactivations.append(z)
            hidden.append(self.activation.value(z))
        return Signals(tuple(hidden[:-1]), tuple(preactivations[:-1]), self.output(preactivations[-1]))

    def output(self, last: np.ndarray) -> np.ndarray:
        """The output f (n,) from z_L (copies, n, 1)."""
        return self.kappa * last.sum(axis=(0, 2))

    def backward(self, weights: Sequence[np.ndarray], signals: Signals, moved: "Moved | None" = None) -> Jacobian:
        """The Jacobian of a forward pass at the same weights."""
        copies, n = weights[0].shape[0], signals.output.size
        back = [np.full((copies, n, 1), self.kappa * self.gains[-1])]
        for layer in reversed(range(1, len(weights))):
            b = back[-1] @ weights[layer]
            if moved is not None:
                b -= moved.across(layer, back[-1])
            b *= self.gains[layer - 1] * self.activation.slope(signals.preactivations[layer - 1])
            back.append(b)
        return Jacobian(tuple(back[::-1]), signals.hidden)

    def jacobian(self, weights: Sequence[np.ndarray], inputs: np.ndarray, moved: "Moved | None" = None) -> Jacobian:
        """Forward and back."""
        return self.backward(weights, self.forward(weights, inputs, moved), moved)

    def curvature_product(
        self, weights: Sequence[np.ndarray], signals: Signals, c: np.ndarray, direction: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """sum_i c_i (d^2 f_i/dW dW) v, shaped like the weights: forward and back differentiated along v."""
        z, hidden, gains, slope = signals.preactivations, signals.hidden, self.gains, self.activation.slope
        moved_hidden, moved_z = [np.zeros_like(hidden[0])], []
        for layer, (w, v) in enumerate(zip(weights[:-1], direction[:-1], strict=True)):
            moved_z.append(gains[layer] * (hidden[layer] @ v.swapaxes(1, 2) + moved_hidden[-1] @ w.swapaxes(1, 2)))
            moved_hidden.append(slope(z[layer]) * moved_z[-1])
        b = np.full((weights[0].shape[0], c.size, 1), self.kappa * gains[-1])
        moved_b = np.zeros_like(b)
        found = []
        for layer in reversed(range(len(weights))):
            weighted, moved_weighted = (values * c[:, None] for values in (b, moved_b))
            found.append(moved_weighted.swapaxes(1, 2) @ hidden[layer] + weighted.swapaxes(1, 2) @ moved_hidden[layer])
            if layer == 0:
                break
            back = b @ weights[layer]
            moved_back = b @ direction[layer] + moved_b @ weights[layer]
            here = slope(z[layer - 1])
            b = gains[layer - 1] * here * back
            bend = self.activation.curvature(z[layer - 1]) * moved_z[layer - 1]
            moved_b = gains[layer - 1] * (here * moved_back + bend * back)
        return tuple(found[::-1])


@dataclass(frozen=True)
class Moved:
    """Weights moved by -J_l^T c_l, c_l (n,) for every layer, known by their products only."""

    jacobian: Jacobian
    c: Sequence[np.ndarray]

    def along(self, layer: int, h: np.ndarray) -> np.ndarray:
        """(J^T c)_l h for rows h (copies, n, fan_in)."""
        return ((h @ self.jacobian.hidden[layer].swapaxes(1, 2)) * self.c[layer]) @ self.jacobian.backward[layer]

    def across(self, layer: int, b: np.ndarray) -> np.ndarray:
        """(J^T c)_l^T b for rows b (copies, n, fan_out)."""
        return ((b @ self.jacobian.backward[layer].swapaxes(1, 2)) * self.c[layer]) @ self.jacobian.hidden[layer]

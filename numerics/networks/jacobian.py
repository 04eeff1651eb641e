r"""The Jacobian of a deep network at the samples, as factors: forward signals and backward signals.

    z_l = g_l W_l h_{l-1},   h_l = sigma(z_l),   h_0 = x,   f = kappa z_L                    (g_l = 1 but for tanh)
    b_L = kappa g_L,         b_l = g_l sigma'(z_l) * (W_{l+1}^T b_{l+1}),                    df/dW_l = b_l h_{l-1}^T

Every product with the Jacobian, the tangent kernel of every layer and the network at weights moved by J^T c need these 2 L
arrays of n rows only, never an array of the size of the weights. All arrays have a leading axis of copies (see
:class:`numerics.networks.deep.DeepNetwork`), over which outputs are summed.

**Biases.** A layer with a bias is one that reads a constant unit besides: its *matrix* is [W_l, b_l], h_{l-1} ends with the
constant. So all products are those of matrices; :meth:`Chain.split` says which columns are W_l and which b_l, each a layer of its
own: (W_1, b_1, W_2, ...), as far as there are biases.

**Outputs.** With k of them every sample has k gradients: rows of b_l and of J are n k, sample by sample, those of h_l n.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.kernels import layers
from numerics.networks.activation import PointwiseActivation

__all__ = ["Chain", "Jacobian", "Moved", "Signals", "over_outputs", "split"]

_NONE = np.empty((1, 0, 0)), np.empty((1, 0, 0))  # left and right of a matrix that is not moved


@dataclass(frozen=True)
class Signals:
    """The forward pass: h_0 ... h_{L-1} (copies, n, fan_in), z_1 ... z_{L-1} (copies, n, fan_out), f (n k,).

    Where a layer has a bias, the constant unit is the last column of what it reads.
    """

    hidden: tuple[np.ndarray, ...]
    preactivations: tuple[np.ndarray, ...]
    output: np.ndarray


@dataclass(frozen=True)
class Jacobian:
    """df/dW_l = b_l h_{l-1}^T for every sample and output.

    Attributes
    ----------
    backward : tuple of float64 (copies, n k, fan_out)
        b_1 ... b_L.
    hidden : tuple of float64 (copies or 1, n, fan_in)
        h_0 ... h_{L-1}.
    biased : tuple of bool
        Whether h_{l-1} ends with a constant unit, of which the weights are the bias of layer l.
    """

    backward: tuple[np.ndarray, ...]
    hidden: tuple[np.ndarray, ...]
    biased: tuple[bool, ...]

    @property
    def outputs(self) -> int:
        """Number of outputs k."""
        return self.backward[0].shape[1] // self.hidden[0].shape[1]

    def products(self, direction: Sequence[np.ndarray]) -> list[np.ndarray]:
        """J_l v_l (n k,) of every layer, for a direction v shaped like the weights."""
        inputs = [
            (b, part)
            for b, h, biased in zip(self.backward, self.hidden, self.biased, strict=True)
            for part in _columns(h, biased)
        ]
        return [
            np.einsum("cio,cio->i", b, _for_outputs(h @ v.swapaxes(1, 2), self.outputs, 1))
            for (b, h), v in zip(inputs, direction, strict=True)
        ]

    def product(self, direction: Sequence[np.ndarray]) -> np.ndarray:
        """J v (n k,), the sum of these."""
        return np.sum(self.products(direction), axis=0)

    def transposed_product(self, c: np.ndarray) -> tuple[np.ndarray, ...]:
        """J^T c, shaped like the weights, for n k numbers c."""
        pairs = zip(self.backward, self.hidden, strict=True)
        found = [over_outputs(b * c[:, None], self.outputs).swapaxes(1, 2) @ h for b, h in pairs]
        return split(found, self.biased)

    def kernels(self) -> tuple[np.ndarray, ...]:
        """Tangent kernel G_l = J_l J_l^T (n k, n k) of every layer."""
        found = []
        for b, h, biased in zip(self.backward, self.hidden, self.biased, strict=True):
            back = b @ b.swapaxes(1, 2)
            for part in _columns(h, biased):
                gram = part @ part.swapaxes(1, 2)
                gram = _for_outputs(_for_outputs(gram, self.outputs, 1), self.outputs, 2)
                found.append((back * gram).sum(axis=0))
        return tuple(found)


@dataclass(frozen=True)
class Chain:
    """The network as a function of the matrices of its layers.

    Attributes
    ----------
    activation : PointwiseActivation
    gains : tuple of float
        g_1 ... g_L.
    kappa : float
        Output scale.
    constants : tuple of float or None
        Value of the constant unit that a layer reads; None for a layer without bias.
    """

    activation: PointwiseActivation
    gains: tuple[float, ...]
    kappa: float
    constants: tuple[float | None, ...]

    @property
    def biased(self) -> tuple[bool, ...]:
        """Which layers have a bias."""
        return tuple(constant is not None for constant in self.constants)

    def split(self, matrices: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """The weights W_1, b_1, W_2, ... of the matrices, as views; b_l (copies, fan_out, 1)."""
        return split(matrices, self.biased)

    def join(self, weights: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """The matrices of weights; those without bias are the weights themselves."""
        parts = iter(weights)
        return tuple(
            np.concatenate([next(parts), next(parts)], axis=2) if biased else next(parts) for biased in self.biased
        )

    def read(self, layer: int, values: np.ndarray) -> np.ndarray:
        """What layer 0, 1, ... reads: values (copies, n, fan_in), and its constant unit if it has one."""
        constant = self.constants[layer]
        if constant is None:
            return values
        return np.concatenate([values, np.full((*values.shape[:2], 1), constant)], axis=2)

    def forward(self, matrices: Sequence[np.ndarray], inputs: np.ndarray, moved: "Moved | None" = None) -> Signals:
        """All signals at the rows of ``inputs`` (n, d)."""
        hidden: list[np.ndarray] = []
        preactivations: list[np.ndarray] = []
        values = inputs[None]
        for layer, w in enumerate(matrices):
            hidden.append(self.read(layer, values))
            z = _along(w, hidden[-1], *_NONE if moved is None else moved[layer])
            if self.gains[layer] != 1.0:
                z *= self.gains[layer]
            preactivations.append(z)
            if layer < len(matrices) - 1:
                values = self.activation.value(z)
        return Signals(tuple(hidden), tuple(preactivations[:-1]), self.output(preactivations[-1]))

    def output(self, last: np.ndarray) -> np.ndarray:
        """The output f (n k,) from z_L (copies, n, k)."""
        return self.kappa * last.sum(axis=0).ravel()

    def backward(self, matrices: Sequence[np.ndarray], signals: Signals, moved: "Moved | None" = None) -> Jacobian:
        """The Jacobian of a forward pass at the same matrices."""
        back = [self._top(matrices, len(signals.hidden[0][0]))]
        for layer in reversed(range(1, len(matrices))):
            z = signals.preactivations[layer - 1]
            below = _across(matrices[layer], back[-1], *_NONE if moved is None else moved[layer])
            back.append(
                below[..., : z.shape[2]] * self._slopes(layer - 1, z, matrices[-1].shape[1])
            )  # none to a constant
        return Jacobian(tuple(back[::-1]), signals.hidden, self.biased)

    def differentiate(
        self, matrices: Sequence[np.ndarray], inputs: np.ndarray, moved: "Moved | None" = None
    ) -> tuple[Signals, Jacobian]:
        """Forward and back; with ``moved`` at matrices that are moved."""
        signals = self.forward(matrices, inputs, moved)
        return signals, self.backward(matrices, signals, moved)

    def jacobian(self, matrices: Sequence[np.ndarray], inputs: np.ndarray) -> Jacobian:
        """The Jacobian alone."""
        return self.differentiate(matrices, inputs)[1]

    def _top(self, matrices: Sequence[np.ndarray], samples: int) -> np.ndarray:
        """b_L (copies, n k, k)."""
        copies, outputs = len(matrices[0]), matrices[-1].shape[1]
        top = np.zeros((copies, samples, outputs, outputs))
        top[..., range(outputs), range(outputs)] = self.kappa * self.gains[-1]
        return top.reshape(copies, samples * outputs, outputs)

    def _slopes(self, layer: int, z: np.ndarray, outputs: int) -> np.ndarray:
        """The slopes g sigma'(z) for every output."""
        slope = self.activation.slope(z)
        return _for_outputs(slope if self.gains[layer] == 1.0 else self.gains[layer] * slope, outputs, 1)

    def curvature_product(
        self, matrices: Sequence[np.ndarray], signals: Signals, c: np.ndarray, direction: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """sum_i c_i (d^2 f_i/dW dW) v, shaped like the matrices: forward and back differentiated along v."""
        z, hidden, gains, slope = signals.preactivations, signals.hidden, self.gains, self.activation.slope
        moved_hidden, moved_z = [np.zeros_like(hidden[0])], []
        for layer, (w, v) in enumerate(zip(matrices[:-1], direction[:-1], strict=True)):
            moved_z.append(gains[layer] * (hidden[layer] @ v.swapaxes(1, 2) + moved_hidden[-1] @ w.swapaxes(1, 2)))
            values = slope(z[layer]) * moved_z[-1]
            still = hidden[layer + 1].shape[2] - values.shape[2]  # the constant unit
            moved_hidden.append(np.pad(values, ((0, 0), (0, 0), (0, still))))
        copies, outputs = len(matrices[0]), matrices[-1].shape[1]
        b = np.tile(self.kappa * gains[-1] * c.reshape(-1, outputs), (copies, 1, 1))
        moved_b = np.zeros_like(b)
        found = []
        for layer in reversed(range(len(matrices))):
            found.append(moved_b.swapaxes(1, 2) @ hidden[layer] + b.swapaxes(1, 2) @ moved_hidden[layer])
            if layer == 0:
                break
            neurons = np.s_[..., : z[layer - 1].shape[2]]
            back = b @ matrices[layer][neurons]
            moved_back = b @ direction[layer][neurons] + moved_b @ matrices[layer][neurons]
            here = slope(z[layer - 1])
            b = gains[layer - 1] * here * back
            bend = self.activation.curvature(z[layer - 1]) * moved_z[layer - 1]
            moved_b = gains[layer - 1] * (here * moved_back + bend * back)
        return tuple(found[::-1])


@dataclass(frozen=True)
class Moved:
    """Matrices W_l moved by -left_l^T right_l, known by their products only.

    Attributes
    ----------
    left, right : lists of float64 (copies, r, fan_out), (copies or 1, r, fan_in)
    """

    left: Sequence[np.ndarray]
    right: Sequence[np.ndarray]

    @classmethod
    def by(cls, *parts: tuple[Jacobian, Sequence[np.ndarray] | np.ndarray]) -> "Moved":
        """Moved by -J_l^T c_l, c_l (n k,) for every layer, summed over the parts (J, c)."""
        left = [
            [over_outputs(b * c[:, None], j.outputs) for b, c in zip(j.backward, cs, strict=True)] for j, cs in parts
        ]
        return cls(_stacked(left), _stacked([j.hidden for j, _ in parts]))

    def __getitem__(self, layer: int) -> tuple[np.ndarray, np.ndarray]:
        """Left and right of a layer."""
        return self.left[layer], self.right[layer]


def _along(w: np.ndarray, h: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(w - left^T right) h for rows h (copies or 1, n, fan_in)."""
    if h.shape[1] <= layers.FEW:
        z = np.empty((len(w), h.shape[1], w.shape[1]))
        layers.forward(w, h, left, right, z)
        return z
    z = h @ w.swapaxes(1, 2)
    return z - (h @ right.swapaxes(1, 2)) @ left if right.size else z


def _across(w: np.ndarray, b: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(w - left^T right)^T b for rows b (copies, n k, fan_out)."""
    if b.shape[1] <= layers.FEW:
        out = np.empty((len(w), b.shape[1], w.shape[2]))
        layers.backward(w, b, left, right, out)
        return out
    out = b @ w
    return out - (b @ left.swapaxes(1, 2)) @ right if right.size else out


def _stacked(parts: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Rows of all parts, layer by layer."""
    return [np.concatenate(rows, axis=1) if len(rows) > 1 else rows[0] for rows in zip(*parts, strict=True)]


def split(matrices: Sequence[np.ndarray], biased: Sequence[bool]) -> tuple[np.ndarray, ...]:
    """The weights of matrices, those of the constant units, the last columns, apart; views."""
    return tuple(part for w, has in zip(matrices, biased, strict=True) for part in _columns(w, has))


def over_outputs(rows: np.ndarray, outputs: int) -> np.ndarray:
    """Rows (copies, n k, anything) summed over the outputs of every sample, (copies, n, anything)."""
    if outputs == 1:
        return rows
    copies, number, columns = rows.shape
    return rows.reshape(copies, number // outputs, outputs, columns).sum(axis=2)


def _for_outputs(values: np.ndarray, outputs: int, axis: int) -> np.ndarray:
    """Values of the samples, along an axis, repeated for every output."""
    return values if outputs == 1 else np.repeat(values, outputs, axis=axis)


def _columns(values: np.ndarray, biased: bool) -> tuple[np.ndarray, ...]:
    return (values[..., :-1], values[..., -1:]) if biased else (values,)

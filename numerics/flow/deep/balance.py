"""The balance law of every hidden neuron, and a step put back on it.

|row k of W_l|^2 - |column k of W_{l+1}|^2, the bias of the neuron counted with its row, is conserved by the flow of a homogeneous
activation; summed over the neurons, |W_{l+1}|^2 - |W_l|^2 - |b_l|^2. The output bias is in none. Methods drift: neurons that
slide on a kink quiver across it, which feeds the row at the cost of the column, step after step. Scaling the row by r and the
column by 1/r leaves the output alone: with the r that restores the law a staged method ends a step, and the exponential one makes
the next, in the pass that writes the weights anyway. Layers are taken one by one: what the r of a layer does to the norms of the
next is left to the step after, so what is left at the end of a run is what one step does, and does not add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from numerics.kernels.layers import measure
from numerics.networks.jacobian import Jacobian, Signals

__all__ = ["Balance", "Sizes"]


@dataclass(frozen=True)
class Sizes:
    """What a pass over matrices (copies, fan_out, fan_in) finds on the way.

    Attributes
    ----------
    neurons : tuple of int
        Columns of every matrix but those of a bias.
    rows, columns : list of float64 (copies, fan_out), (copies, neurons)
        Squared norms of the rows of every matrix, its bias with them, and of its columns.
    squares : float64 (layers, 2)
        |W - W(0)|^2 of every matrix without its bias, and of the bias.
    """

    neurons: tuple[int, ...]
    rows: list[np.ndarray]
    columns: list[np.ndarray]
    squares: np.ndarray = field(repr=False)

    @classmethod
    def empty(cls, shapes: Sequence[tuple[int, ...]], biased: Sequence[bool]) -> "Sizes":
        """Of nothing yet."""
        neurons = tuple(fan_in - has for (_, _, fan_in), has in zip(shapes, biased, strict=True))
        rows = [np.zeros((copies, fan_out)) for copies, fan_out, _ in shapes]
        columns = [np.zeros((copies, number)) for (copies, _, _), number in zip(shapes, neurons, strict=True)]
        return cls(neurons, rows, columns, np.zeros((len(shapes), 2)))

    @classmethod
    def of(cls, matrices: Sequence[np.ndarray], start: Sequence[np.ndarray], biased: Sequence[bool]) -> "Sizes":
        """Those of matrices that are there."""
        sizes = cls.empty([w.shape for w in matrices], biased)
        for layer, (w, first) in enumerate(zip(matrices, start, strict=True)):
            for copy in range(len(w)):
                rows, columns = sizes.rows[layer][copy], sizes.columns[layer][copy]
                sizes.squares[layer] += measure(w[copy], first[copy], sizes.neurons[layer], rows, columns)
        return sizes

    def moved(self, biased: Sequence[bool]) -> tuple[float, ...]:
        """|W - W(0)| of every layer, a bias a layer of its own."""
        pairs = zip(np.sqrt(self.squares), biased, strict=True)
        return tuple(float(distance) for pair, has in pairs for distance in pair[: 1 + has])

    def balances(self) -> list[np.ndarray]:
        """|row|^2 - |column|^2 of the neurons of every hidden layer (copies, neurons)."""
        return [rows - columns for rows, columns in self._hidden()]

    def largest(self) -> float:
        """The largest sum of the two of a neuron."""
        return max(float(np.max(rows + columns)) for rows, columns in self._hidden())

    def _hidden(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return list(zip(self.rows[:-1], self.columns[1:], strict=True))


class Balance:
    """Balances of the hidden neurons of a start, matrices (copies, fan_out, fan_in) of which some end with a bias.

    ``sizes``: its sizes, if they are known.

    Attributes
    ----------
    start : list of float64 (copies, neurons)
        Those of every hidden layer.
    """

    def __init__(self, start: Sequence[np.ndarray], biased: Sequence[bool], sizes: Sizes | None = None) -> None:
        self._matrices, self._biased = start, biased
        self.start = (sizes or Sizes.of(start, start, biased)).balances()

    def off(self, sizes: Sizes, left: float = 1.0) -> list[np.ndarray]:
        """What balances are off ``left`` of those of the start by, (copies, neurons) of every hidden layer."""
        return [now - left * then for now, then in zip(sizes.balances(), self.start, strict=True)]

    def factors(self, sizes: Sizes, left: float = 1.0) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Factors of the rows and of the columns of every matrix that restore the law; 1 for inputs, outputs and biases."""
        rows = [np.ones_like(part) for part in sizes.rows]
        columns = [
            np.ones((len(part), n + has)) for part, n, has in zip(rows, sizes.neurons, self._biased, strict=True)
        ]
        for layer, balance in enumerate(self.start):
            rows[layer] = _factor(sizes.rows[layer], sizes.columns[layer + 1], left * balance)
            columns[layer + 1][:, : rows[layer].shape[1]] = 1 / rows[layer]
        return rows, columns

    def restore(
        self, matrices: Sequence[np.ndarray], signals: Signals, jacobian: Jacobian, sizes: Sizes, left: float = 1.0
    ) -> Sizes:
        """Put matrices, signals and Jacobian back on ``left`` of the balances of the start, in place; their sizes then."""
        rows, columns = self.factors(sizes, left)
        for w, row, column in zip(matrices, rows, columns, strict=True):
            w *= row[:, :, None] * column[:, None]
        for layer, factor in enumerate(rows[:-1]):
            signals.hidden[layer + 1][..., : factor.shape[1]] *= factor[:, None]
            signals.preactivations[layer][:] *= factor[:, None]
            jacobian.backward[layer][:] /= factor[:, None]
        return Sizes.of(matrices, self._matrices, self._biased)


def _factor(rows: np.ndarray, columns: np.ndarray, balance: np.ndarray) -> np.ndarray:
    """The r > 0 with r^2 rows - columns/r^2 = balance, without cancellation; 1 for a neuron without weights on one side."""
    root = np.sqrt(balance**2 + 4 * rows * columns)
    alive = (rows > 0) & (columns > 0)
    up = np.divide(balance + root, 2 * rows, out=np.ones_like(rows), where=alive & (balance >= 0))
    down = np.divide(2 * columns, root - balance, out=np.ones_like(rows), where=alive & (balance < 0))
    return np.sqrt(np.where(balance >= 0, up, down))

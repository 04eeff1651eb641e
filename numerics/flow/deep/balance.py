"""The balance law of every hidden neuron, and a step put back on it.

|row k of W_l|^2 - |column k of W_{l+1}|^2, the bias of the neuron counted with its row, is conserved by the flow of a homogeneous
activation; summed over the neurons, |W_{l+1}|^2 - |W_l|^2 - |b_l|^2. The output bias is in none. Methods drift: neurons that
slide on a kink quiver across it, which feeds the row at the cost of the column, step after step. Scaling the row by r and the
column by 1/r leaves the output alone, so each step ends with the r that restores the law. Layers are taken one by one: what the r
of a layer does to the norms of the next is left to the end of the next step, so what is left at the end of a run is a part of
what one step does, and does not add up.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from numerics.kernels.layers import rescale
from numerics.networks.jacobian import Signals

__all__ = ["Balance", "neuron_norms"]


class Balance:
    """Balances of the hidden neurons of a start.

    Parameters
    ----------
    start : tuple of float64 (copies, fan_out, fan_in)
        Matrices of the layers; a bias is the last column.

    Attributes
    ----------
    removed : list of float64 (copies, neurons)
        What the last :meth:`restore` found the balances of every hidden layer off by.
    """

    def __init__(self, start: tuple[np.ndarray, ...]) -> None:
        self._start = start
        rows, columns = neuron_norms(start)
        self._balances = [r - c for r, c in zip(rows, columns, strict=True)]
        self.removed = [np.zeros_like(balance) for balance in self._balances]

    def restore(
        self, weights: tuple[np.ndarray, ...], signals: Signals, left: float = 1.0, biased: Sequence[bool] = ()
    ) -> tuple[float, ...]:
        """Put matrices and signals back on what is ``left`` of the balances of the start, in place; |W - W(0)| by layer.

        ``biased``: which matrices end with a bias, a layer of its own; by default none.
        """
        biased = biased or (False,) * len(weights)
        rows, columns = neuron_norms(weights)
        factors = []
        for layer, (r, c, whole) in enumerate(zip(rows, columns, self._balances, strict=True)):
            balance = left * whole
            self.removed[layer] = r - c - balance
            factors.append(_factor(r, c, balance))
            neurons = signals.preactivations[layer].shape[2]
            for signal in (signals.hidden[layer + 1][..., :neurons], signals.preactivations[layer]):
                signal *= factors[-1][:, None, :]
        copies = len(weights[0])
        ends = np.ones((copies, weights[0].shape[2] - biased[0])), np.ones((copies, weights[-1].shape[1]))
        lefts, rights = [*factors, ends[1]], [ends[0], *(1 / factor for factor in factors)]
        squares: list[float] = []
        for w, start, row, column, has in zip(weights, self._start, lefts, rights, biased, strict=True):
            parts = np.sum([rescale(w[i], row[i], column[i], start[i]) for i in range(copies)], axis=0)
            squares += parts[: 1 + has].tolist()
        return tuple(map(float, np.sqrt(squares)))


def neuron_norms(weights: tuple[np.ndarray, ...]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Squared norms of the rows that enter every hidden neuron, its bias with them, and of the columns that leave it.

    (copies, neurons) a layer; of matrices, where the weights of a constant unit are a column beyond those of the neurons.
    """
    rows = [np.einsum("coi,coi->co", w, w) for w in weights[:-1]]
    leaving = [above[..., : below.shape[1]] for below, above in pairwise(weights)]
    columns = [np.einsum("coi,coi->ci", w, w) for w in leaving]
    return rows, columns


def _factor(rows: np.ndarray, columns: np.ndarray, balance: np.ndarray) -> np.ndarray:
    """The r > 0 with r^2 rows - columns/r^2 = balance, without cancellation; 1 for a neuron without weights on one side."""
    root = np.sqrt(balance**2 + 4 * rows * columns)
    alive = (rows > 0) & (columns > 0)
    up = np.divide(balance + root, 2 * rows, out=np.ones_like(rows), where=alive & (balance >= 0))
    down = np.divide(2 * columns, root - balance, out=np.ones_like(rows), where=alive & (balance < 0))
    return np.sqrt(np.where(balance >= 0, up, down))

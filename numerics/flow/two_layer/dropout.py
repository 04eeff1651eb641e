"""The penalty of dropout at a point: its value, gradient and what it takes from the outputs (:mod:`numerics.flow.dropout`)."""

import numpy as np

from numerics.flow.two_layer.chunks import Chunks
from numerics.kernels import dropout as kernels
from numerics.kernels.kink_exact import lanes
from numerics.kernels.one_neuron import Workspace

__all__ = ["DropoutPenalty"]


class DropoutPenalty:
    """P = (q/2n) sum_i sum_k f_k(x_i)^2 of one network on one data set.

    Parameters
    ----------
    X : float64 (n, d)
    kappa, slope, ratio : float
        ``ratio`` is q.
    chunks : Chunks
    owner, narrow : (n,)
        The kink that a sample is the normal of, or -1, and the squared cosine that counts as on it: a method whose neurons slide
        knows them.
    """

    def __init__(
        self,
        X: np.ndarray,
        kappa: float,
        slope: float,
        ratio: float,
        chunks: Chunks,
        owner: np.ndarray | None = None,
        narrow: np.ndarray | None = None,
    ) -> None:
        n, d = X.shape
        kinks = np.full(n, -1) if owner is None else owner, np.zeros(n) if narrow is None else narrow
        self._given = X, *kinks, kappa, slope, ratio
        self._chunks, self._pulls, self._sums = chunks, chunks.partial(n), chunks.partial(3)
        self._room = [(Workspace.of(n, d, n), lanes(n, d)) for _ in range(chunks.threads)]

    def weigh(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, float, float, float]:
        """Pull b (n,), P, |grad P|^2 and the largest rate at which P turns a neuron, at the weights u (m,), v (d, m)."""
        self._chunks.run(
            lambda part, *ends: kernels.pull(
                *ends, u, v, *self._given, *self._room[part], self._pulls[part], self._sums[part]
            )
        )
        penalty, square = self._sums[:, :2].sum(axis=0)
        return self._pulls.sum(axis=0), float(penalty), float(square), float(self._sums[:, 2].max())

r"""The hyperplanes on which pre-activations vanish: one for every group of parallel samples.

Samples that are multiples of one another share a kink: x_i = factor_i n with n the first of the group, of either sign. Under
forces c_i on the samples a neuron on the positive side of n is pushed by (sum_i c_i sigma'(factor_i) factor_i) n, and by
(sum_i c_i sigma'(-factor_i) factor_i) n on the negative side.
"""

from dataclasses import dataclass

import numpy as np

from numerics.kernels.one_neuron import Kinks

__all__ = ["Hyperplanes"]

_PARALLEL = 1e-24  # squared sine below which two samples are parallel: they meet the same kink, to rounding


@dataclass(frozen=True)
class Hyperplanes:
    """Groups of parallel samples.

    Attributes
    ----------
    first : int (H,)
        Index of the sample that is the group's normal.
    factors : float64 (H, n)
        x_i = factors[h, i] n_h within the group h, else 0. A sample that is 0 is in no group.
    normals : float64 (H, d)
    """

    first: np.ndarray
    factors: np.ndarray
    normals: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray) -> "Hyperplanes":
        """Group the rows of X (n, d)."""
        squares = np.einsum("ij,ij->i", X, X)
        first: list[int] = []
        rows: list[np.ndarray] = []
        grouped = squares == 0.0
        if not np.any(grouped) and not np.any(np.tril(_maybe_parallel(X, squares), -1)):
            return cls(np.arange(len(X)), np.eye(len(X)), np.ascontiguousarray(X))
        for i in range(len(X)):
            if grouped[i]:
                continue
            factor = X @ X[i] / squares[i]
            apart = X - factor[:, None] * X[i]
            same = (np.einsum("ij,ij->i", apart, apart) <= _PARALLEL * squares) & ~grouped
            first.append(i)
            rows.append(np.where(same, factor, 0.0))
            grouped |= same
        index = np.array(first, dtype=int)
        return cls(index, np.array(rows).reshape(len(first), len(X)), np.ascontiguousarray(X[index]))

    def kinks(self) -> Kinks:
        """Without forces yet."""
        return Kinks(self.normals, np.einsum("ij,ij->i", self.normals, self.normals), *np.zeros((3, len(self.first))))


def _maybe_parallel(X: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Pairs of rows (n, n) with a squared sine below 1e-8, as far as rounding lets one see it."""
    return (1.0 - 1e-8) * squares * squares[:, None] < (X @ X.T) ** 2

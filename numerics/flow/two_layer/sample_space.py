r"""The directions that the data see. With fewer samples than inputs, the rest of every input weight never moves.

The velocity of v_k is a sum of x_i, so the part of v_k orthogonal to all x_i stays as it is, and v_k.x_i does not feel it. With
X^T = Q R (Q of shape (d, n), orthonormal columns; R (n, n)) the weights Q^T v_k and the inputs R^T have the same products, so the
flow in n dimensions is the flow in d, exactly: v_k(t) = v_k(0) + Q (Q^T v_k(t) - Q^T v_k(0)). MNIST: 45 instead of 785.
"""

from dataclasses import dataclass, replace

import numpy as np

from numerics.networks.two_layer import TwoLayer

__all__ = ["SampleSpace"]


@dataclass(frozen=True)
class SampleSpace:
    """Coordinates in the span of the samples.

    Attributes
    ----------
    basis : float64 (d, n)
        Orthonormal columns Q.
    inputs : float64 (n, n)
        The samples in that basis, R^T.
    """

    basis: np.ndarray
    inputs: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray) -> "SampleSpace":
        """The span of the rows of X (n, d), n < d."""
        basis, triangle = np.linalg.qr(X.T)
        return cls(basis, np.ascontiguousarray(triangle.T))

    def project(self, network: TwoLayer) -> TwoLayer:
        """The network as the samples see it: input weights (m, n)."""
        return replace(network, v=network.v @ self.basis)

    def lift(self, reduced: TwoLayer, start: TwoLayer) -> TwoLayer:
        """The network in all d dimensions whose projection is ``reduced`` and whose rest is that of ``start``."""
        moved = reduced.v - start.v @ self.basis
        return replace(reduced, v=start.v + moved @ self.basis.T)

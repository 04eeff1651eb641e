r"""The kink-exact method for two inputs and many samples, without the n-by-n kernel.

A step asks the kernel K for two things: the mean of exp(-K s) e over a step, and exp(-K h) e at its end. For both a few dozen
vectors are enough, e, K e, K^2 e and so on: Lanczos' process makes them orthogonal, and K in their span is tridiagonal. Its
eigenvalues and eigenvectors stand for those of K, whatever the step; for data that are smooth they decay fast, and beyond what
they span the residual hardly moves. A product with K costs O(n), round the circle
(:func:`numerics.kernels.sectors.product.product`): what a step costs besides the neurons grows in proportion to n.

Source: Lanczos' process for functions of matrices: Hochbruck and Lubich, SIAM J. Numer. Anal. 34 (1997).
"""

from collections.abc import Callable

import numpy as np

from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar, PlanarPoint
from numerics.flow.two_layer.state import TwoLayerFlow, TwoLayerPoint
from numerics.kernels.sectors.product import product
from numerics.kernels.tangent import Modes, mean_forces

__all__ = ["ManySamples"]

_MOST = 40  # vectors; RD was the same to 1e-10 with 80
_LEFT = (
    1e-3  # of the residual after an endless step, where K is held: so little is left out that more would not be seen
)
_LOOKS = 5  # vectors between looks
_ROUNDING = 1e-14  # of the largest eigenvalue: a vector so small has no direction


class ManySamplesPoint(PlanarPoint):
    """A point that keeps no kernel.

    Attributes
    ----------
    modes : Modes
        Those of its residual that Lanczos' process finds.
    """

    modes: Modes


class ManySamples(KinkExactPlanar):
    """See above."""

    def __init__(self, flow: TwoLayerFlow) -> None:
        super().__init__(flow)
        self.loop = None

    def new_point(self) -> ManySamplesPoint:
        """Room for a state."""
        point = ManySamplesPoint(self.start.width, len(self.flow.targets), self._order, self.chunks.threads, held=0)
        point.kernel = None
        return point

    def find_kernel(self, point: TwoLayerPoint) -> None:
        """Gradient and modes of a point that no step has ended at."""
        super().find_kernel(point)
        self._find_modes(point)

    def find_forces(self, point: TwoLayerPoint, h: float) -> np.ndarray:
        """Forces of the samples (n,) over a step h; valid until the next step."""
        assert isinstance(point, ManySamplesPoint), "give a point of new_point()"
        mean_forces(point.modes, h, self.flow.kappa, self._forces, self._predicted)
        return self._forces

    def spectral_radius(self, point: TwoLayerPoint) -> float:
        """Largest eigenvalue that the residual sees, and the fastest growth."""
        assert isinstance(point, ManySamplesPoint), "give a point of new_point()"
        return float(point.modes.rates.max()) + self.flow.growth_bound(point)

    def _gather(self, point: PlanarPoint) -> None:
        super()._gather(point)
        self._find_modes(point)

    def _find_modes(self, point: TwoLayerPoint) -> None:
        assert isinstance(point, ManySamplesPoint), "give a point of new_point()"
        flow = self.flow
        given = self._sums.circle, flow.X, self.sectors, flow.kappa, flow.slope

        def times(vector: np.ndarray, out: np.ndarray) -> None:
            product(*given, vector, out)

        point.modes = leading_modes(times, point.residual)


def leading_modes(times: Callable[[np.ndarray, np.ndarray], None], residual: np.ndarray) -> Modes:
    """Modes of a residual (n,) under a symmetric matrix without negative eigenvalues, as far as they matter.

    ``times(vector, out)`` writes the product with the matrix.
    """
    n, size = len(residual), float(np.linalg.norm(residual))
    basis, diagonal, beside = np.zeros((_MOST + 1, n)), np.zeros(_MOST), np.zeros(_MOST)
    basis[0] = residual / size if size > 0.0 else 0.0
    for k in range(_MOST):
        new, known = basis[k + 1], basis[: k + 1]
        times(basis[k], new)
        diagonal[k] = basis[k] @ new
        for _ in range(2):  # once is not enough: what is left is small beside what is taken off
            new -= known.T @ (known @ new)
        beside[k] = np.linalg.norm(new)
        last = k + 1 == _MOST or beside[k] <= _ROUNDING * diagonal[0]
        if last or k % _LOOKS == _LOOKS - 1:
            rates, vectors = np.linalg.eigh(_tridiagonal(diagonal[: k + 1], beside[:k]))
            rates = np.maximum(rates, 0.0)
            # what conjugate gradients would leave of the residual
            with np.errstate(divide="ignore", invalid="ignore"):
                left = beside[k] * abs(float(np.sum(vectors[-1] * vectors[0] / rates)))
            if last or left < _LEFT:
                break
        new /= beside[k]
    return Modes(rates, vectors.T @ known, size * vectors[0], np.empty((0, 0)))


def _tridiagonal(diagonal: np.ndarray, beside: np.ndarray) -> np.ndarray:
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)

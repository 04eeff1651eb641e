r"""Exponential Simpson rule in the tangent kernel: where a step goes, for networks of any kind.

    theta(h) = theta - (J + 4 J_m + J_e)^T c/6,     c = int_0^h e ds / n

e decays by a kernel held fixed, at first that of the start. J_e is the Jacobian at theta - J^T c, and c then that of the mean of
the kernels there and at the start; J_m is in the middle, at theta - (3 J + J_e)^T c/8; J_e again is at theta - J_m^T c, and c at
last that of Simpson's mean of the kernels. So on a plateau, where e does not move, weights grow as by a method of third order,
and neurons stay near their balances (:mod:`numerics.flow.deep.balance`). The residual left against the residual ``predicted``
says how wrong a step is.

A *mark* is what a pass at moved weights leaves, as far as the passes after it need it: its Jacobian. Parts (mark, c) stand for a
move by -J^T c.
"""

from typing import Generic, Protocol, TypeAlias, TypeVar

import numpy as np

from numerics.kernels.chain_step import ENDS, HALFWAY
from numerics.kernels.tangent import weights

__all__ = ["Part", "Passes", "Simpson"]

P_contra = TypeVar("P_contra", contravariant=True)
P = TypeVar("P")
M = TypeVar("M")
Part: TypeAlias = tuple[M, np.ndarray]


class Passes(Protocol[P_contra, M]):
    """Passes from one point after the other."""

    def of(self, point: P_contra) -> M:
        """The mark of a prepared point."""

    def moved(self, point: P_contra, place: int, *parts: Part[M]) -> M:
        """Of a pass at moved weights, 1 or 2 parts; two are kept, at ``place`` 0 and 1."""

    def kernel(self, mark: M) -> np.ndarray:
        """Tangent kernel of a pass (N, N), over the number of samples."""


class Simpson(Generic[P, M]):
    """The rule for residuals of N numbers; c is ``unit`` times the integral of e/N.

    Attributes
    ----------
    predicted : float64 (N,)
        The residual at the end of the last step, as the kernels foresaw it.
    """

    def __init__(self, passes: Passes[P, M], size: int, unit: float = 1.0) -> None:
        self._passes, self._unit = passes, unit
        self._early, self._late, self.predicted = np.empty((3, size))

    def parts(
        self,
        point: P,
        kernel: np.ndarray,
        residual: np.ndarray,
        h: float,
        known: np.ndarray | None = None,
        speeds: tuple[np.ndarray | float, np.ndarray | float, np.ndarray | float] = (1.0, 1.0, 1.0),
    ) -> tuple[Part[M], Part[M], Part[M]]:
        """What a step moves the weights by.

        kernel (N, N), residual (N,): those of ``point``. ``known``: c (N,), if it is not to be found here; ``speeds``: what
        multiplies c at the start, in the middle and at the end, by layer.
        """
        passes, (start, middle, end) = self._passes, speeds
        first = passes.of(point)
        c = self.integral(kernel, residual, h) if known is None else known
        last = passes.moved(point, 0, (first, start * c))
        if known is None:
            c = self.integral((kernel + passes.kernel(last)) / 2, residual, h)
        half = passes.moved(point, 1, (first, start * (HALFWAY[0] * c)), (last, end * (HALFWAY[1] * c)))
        last = passes.moved(point, 0, (half, middle * c))
        if known is None:
            mean = ENDS[0] * kernel + ENDS[1] * passes.kernel(half) + ENDS[2] * passes.kernel(last)
            c = self.integral(mean, residual, h)
        return (first, start * (ENDS[0] * c)), (half, middle * (ENDS[1] * c)), (last, end * (ENDS[2] * c))

    def integral(self, kernel: np.ndarray, residual: np.ndarray, h: float) -> np.ndarray:
        """Of a kernel that is held, the integral c; the residual at the end is kept."""
        weights(kernel, residual, h, self._early, self._late, self.predicted)
        return self._unit * (self._early + self._late)

    def defect(self, before: np.ndarray, after: np.ndarray) -> float:
        """The residual left against the residual predicted, relative to the residual before."""
        size = float(np.linalg.norm(before))
        return float(np.linalg.norm(after - self.predicted)) / size if size > 0 else 0.0

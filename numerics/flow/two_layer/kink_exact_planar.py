r"""The kink-exact method for two inputs: neurons of one sector of the plane share one law.

The method is that of :mod:`numerics.flow.two_layer.kink_exact`, step by step. With d = 2 the kinks are lines through the origin,
and their rays bound 2H sectors (:mod:`numerics.flow.two_layer.sectors`). In a sector every sample is active for all neurons or
for none, so they share the force g, and a step is one linear map of (u, v) for all of them, exp(h A) with A = ((0, g^T), (g, 0)).
Likewise on a ray, where g is its part along the ray if the kink holds the neurons. So neurons are kept sorted by their place, and
no pre-activation is looked at but at events: v leaves its sector, or u changes sign.

The sums that the residual and the tangent kernel need are moments of the places P:

    f_i = kappa x_i . sum_P S_P,    K_ij = (kappa^2/n) x_i . (sum_P T_P) x_j,    S_P = sum u v,    T_P = sum v v^T + u^2 D_P,

over the places where sample i (both samples) is active, D_P = 1 in a sector and d d^T on the ray along d. Those are arcs of the
circle: with running sums round it all n^2 entries cost n^2 operations, and a pass over the neurons costs the same for any n.
"""

from dataclasses import dataclass

import numpy as np

from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.kink_exact import DEFECT
from numerics.flow.two_layer.sectors import Sectors
from numerics.flow.two_layer.state import Attempt, Point, RightHandSide, TangentKernelMethod
from numerics.kernels import sectors as kernels
from numerics.kernels.tangent import close, mean_forces

__all__ = ["KinkExactPlanar"]


@dataclass
class _Changes:
    """Neurons that changed rows on the way to a point: position and new row (2, m), and how many in each range of neurons.

    ``version``: the order of neurons that the positions are in.
    """

    where: np.ndarray
    counts: np.ndarray
    version: int


class KinkExactPlanar(TangentKernelMethod):
    """See :class:`numerics.flow.two_layer.kink_exact.KinkExact`."""

    name = "kink-exact"
    growth = 3.0
    removed = None

    def __init__(self, rhs: RightHandSide, start: Point, chunks: Chunks) -> None:
        n, m = len(rhs.X), start.width
        self.rhs, self.start, self.chunks = rhs, start, chunks
        self.sectors = Sectors.of(rhs.X, rhs.slope)
        rays = len(self.sectors.normals)
        rows = 2 * (2 * rays + 1)
        self._forces, self._late, self._predicted = np.zeros((3, n))
        self._table = np.zeros((rows, kernels.COLUMNS))
        fates, arrivals = np.zeros((2, 2, rays), dtype=np.int64)
        self._rays = fates, arrivals, np.zeros(2, dtype=np.int64)
        self._moments, self._moved = chunks.partial(rows, kernels.MOMENTS), chunks.partial(2)
        self._rooms = [kernels.rooms() for _ in range(chunks.threads)]
        self._order, self._rows = np.empty(m, dtype=np.int64), np.empty(m, dtype=np.int32)
        self._version = 0
        self._bounds = np.zeros(rows + 1, dtype=np.int64)
        self._firsts = np.array([first for first, _ in chunks.ranges])

    def prepare(self, point: Point) -> None:
        """Tangent kernel and gradient of a point that no step has ended at; its neurons are sorted, and those of the start."""
        if point.gradient_squared is not None:
            return
        room, bounds, sorted_by = np.empty(point.width), self._bounds, self._order
        if self._version:  # by another point: the start goes back into the order of the network
            kernels.arrange(self.start.y, np.argsort(sorted_by), room)
        kernels.locate(point.y, self.sectors, self._rows)
        kernels.sort(self._rows, sorted_by, bounds)
        for state in (point, self.start):
            kernels.arrange(state.y, sorted_by, room)
        self._version += 1
        self._make_room(point)
        point.changes.counts[:], point.changes.version = 0, self._version
        moments = self._moments
        self.chunks.run(lambda part, *ends: kernels.moments_of(*ends, point.y, bounds, moments[part]))
        self._gather(point)

    def attempt(self, point: Point, h: float, out: Point) -> Attempt:
        """Step from ``point`` into ``out``, and the defect of its residual; the kernel at its end comes with it."""
        rhs, start, moments, moved = self.rhs, self.start, self._moments, self._moved
        self._make_room(out)
        changes = point.changes
        assert changes.version == self._version, "this point has been left behind: its neurons are in another order"
        if changes.counts.any():
            places = self._order, self._rows, self._bounds
            kernels.regroup(point.y, start.y, *places, changes.where, changes.counts, self._firsts)
            changes.counts[:] = 0
            self._version += 1
        changes.version = out.changes.version = self._version
        mean_forces(point.kernel, point.residual, h, rhs.kappa, self._forces, self._late, self._predicted)
        kernels.laws(self._forces, rhs.X, rhs.slope, self.sectors, self._table, *self._rays)
        given = point.y, start.y, self.sectors, self._table, *self._rays, self._bounds
        found = out.y, out.changes.where, out.changes.counts
        self.chunks.run(
            lambda part, *ends: kernels.step(
                *ends, *given, *self._rooms[part], *found, part, moments[part], moved[part]
            )
        )
        rhs.evaluations += 1
        self._gather(out)
        defect, *distances = close(moved, out.residual, self._predicted, point.residual)
        return Attempt(defect / DEFECT, *distances)

    def _make_room(self, point: Point) -> None:
        if point.changes is None:
            m, n = point.width, len(point.residual)
            point.order, point.kernel = self._order, np.empty((n, n))
            counts = np.zeros(self.chunks.threads, dtype=np.int64)
            point.changes = _Changes(np.empty((2, m), dtype=np.int32), counts, self._version)

    def _gather(self, point: Point) -> None:
        rhs = self.rhs
        sums = self._moments, rhs.X, self.sectors, rhs.kappa, rhs.slope
        point.gradient_squared = kernels.gather(*sums, rhs.targets, point.residual, point.kernel)
        rhs.kernel_evaluations += 1

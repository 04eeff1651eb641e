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

import numpy as np

from numerics.flow.problem import Walked
from numerics.flow.two_layer.kink_exact import MeanForces
from numerics.flow.two_layer.sectors import Sectors
from numerics.flow.two_layer.state import TwoLayerFlow, TwoLayerPoint
from numerics.kernels.control import Rules
from numerics.kernels.decay import multiply
from numerics.kernels.sectors.advance import Place, Plane, advance, settle
from numerics.kernels.sectors.laws import find_laws
from numerics.kernels.sectors.moments import gather, shrink_sums
from numerics.kernels.sectors.places import Neurons, arrange, regroup, unsorted
from numerics.kernels.sectors.step import Room, step

__all__ = ["PASSED", "KinkExactPlanar", "PlanarPoint"]

#: Neurons moved by compiled steps between two looks at the clock: a few milliseconds.
PASSED = 2**20


class PlanarPoint(TwoLayerPoint):
    """A point whose neurons are sorted by their places.

    Attributes
    ----------
    order : int (m,)
        Which neuron of the network is where; one array for all points of a run.
    changes : Changes
        Neurons that changed rows on the way here.
    version : int
        The order of neurons that the positions are in; 0 before the first.
    place : Place
        The point as compiled steps take it.
    """

    def __init__(self, width: int, samples: int, order: np.ndarray, ranges: int, held: int | None = None) -> None:
        super().__init__(width, 2, samples)
        self.order, self.version = order, 0
        self.place = Place.of(self.y, samples, ranges, held)
        self.residual, self.kernel, self.changes = self.place.residual, self.place.kernel, self.place.changes

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """The network's u (m,) and v (m, 2), in its order; copies."""
        return unsorted(self.y, self.order) if self.version else super().weights()


class KinkExactPlanar(MeanForces):
    """See :class:`numerics.flow.two_layer.kink_exact.KinkExact`."""

    def __init__(self, flow: TwoLayerFlow) -> None:
        super().__init__(flow)
        chunks = flow.chunks
        self.sectors = Sectors.of(flow.X, flow.slope)
        firsts = np.array([first for first, _ in chunks.ranges])
        given = flow.X, flow.targets, flow.norms, flow.kappa, flow.slope
        self._plane = Plane.of(*given, self.sectors, flow.start.y, firsts)
        self._order, self._bounds = self._plane.order, self._plane.bounds
        self._sums, self._laws = self._plane.sums, self._plane.laws
        self._moved, self._forces, self._predicted = self._sums.moved, self._plane.forces, self._plane.predicted
        self._rooms = [self._plane.room, *(Room.new() for _ in range(chunks.threads - 1))]
        self._version = 0
        self._start = float(np.vdot(flow.start.v, flow.start.v)), float(np.vdot(flow.start.u, flow.start.u))
        self.loop = self._advance if chunks.threads == 1 and not flow.decay else None

    def new_point(self) -> PlanarPoint:
        """Room for a state."""
        return PlanarPoint(self.start.width, len(self.flow.targets), self._order, self.chunks.threads)

    def find_kernel(self, point: TwoLayerPoint) -> None:
        """Tangent kernel and gradient of a point that no step has ended at; its neurons are sorted, and those of the start."""
        assert isinstance(point, PlanarPoint), "give a point of new_point()"
        if self._version:  # by another point: the start goes back into the order of the network
            arrange(self.start.y, np.argsort(self._order), np.empty(point.width))
        settle(point.place, self._plane, np.empty(point.width))
        self._version += 1
        point.version = self._version
        self.find_gradient(point, float(point.place.gradient_squared[0]))
        self.flow.kernel_evaluations += 1

    def move(self, point: TwoLayerPoint, h: float, out: TwoLayerPoint) -> None:
        """Advance ``point`` by ``h`` into ``out``; the kernel at its end comes with it."""
        assert isinstance(point, PlanarPoint), "give a point of new_point()"
        assert isinstance(out, PlanarPoint), "give a point of new_point()"
        flow, changes = self.flow, point.changes
        neurons = Neurons(point.y, self.start.y, self._bounds)
        assert point.version == self._version, "this point has been left behind: its neurons are in another order"
        if any(changes.counts.tolist()):
            plane = self._plane
            regroup(neurons, self._order, plane.rows, changes, plane.firsts, plane.following)
            changes.counts[:] = 0
            self._version += 1
        point.version = out.version = self._version
        find_laws(self.find_forces(point, h), flow.X, flow.slope, self.sectors, self._laws)
        given, found = (neurons, self.sectors, self._laws), (out.y, out.changes, self._sums)
        self.chunks.run(lambda part, first, last: step(first, last, part, *given, self._rooms[part], *found))
        if flow.decay:
            self.decay(out, h)
        self._gather(out)

    def _advance(
        self,
        point: TwoLayerPoint,
        trial: TwoLayerPoint,
        rules: Rules,
        record: np.ndarray,
        count: int,
        halfway: int,
        h: float,
        previous: float,
    ) -> Walked:
        """See :class:`numerics.flow.problem.Loop`."""
        assert isinstance(point, PlanarPoint), "give a point of new_point()"
        assert isinstance(trial, PlanarPoint), "give a point of new_point()"
        rules = rules._replace(steps=min(rules.steps, max(1, PASSED // point.width)))
        point.place.gradient_squared[0] = point.gradient_squared
        given = self._plane, rules, record, count, halfway, h, previous
        count, passes, rejected, h, previous, stuck = advance(point.place, trial.place, *given)
        self._version += 1
        for end in (point, trial):
            end.version, end.gradient_squared = self._version, float(end.place.gradient_squared[0])
        self.flow.evaluations += passes
        self.flow.kernel_evaluations += passes
        return Walked(count, rejected, h, previous, stuck)

    def decay(self, out: TwoLayerPoint, h: float) -> tuple[float, float]:
        """Shrink weights and moments; norms and distances follow from those that the pass left, without another."""
        factor_v, factor_u = self.flow.decay.last_factors(h)
        self.chunks.run(lambda _, first, last: multiply(first, last, out.y, factor_v, factor_u))
        self.flow.weigh(out, *shrink_sums(self._sums.moments, self._moved, factor_v, factor_u, *self._start))
        return factor_v, factor_u

    def _gather(self, point: PlanarPoint) -> None:
        flow = self.flow
        sums = self._sums, flow.X, self.sectors, flow.kappa, flow.slope
        self.find_gradient(point, gather(*sums, flow.targets, point.residual, point.place.kernel))
        flow.kernel_evaluations += 1

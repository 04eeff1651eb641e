"""Runs of few neurons in the plane from start to end without a return to the interpreter.

A step of a thousand neurons takes twenty microseconds; what a run keeps for all that may be asked on the way, and the loop in
Python that decides about ends, take as long as all of its steps. So a run that nothing is asked of but a fit is begun and made
by :func:`numerics.kernels.sectors.advance.advance` alone. If it comes back for anything but the fit, it is not for here.
"""

from dataclasses import replace

import numpy as np

from numerics.flow.limits import Limits
from numerics.flow.record import Record
from numerics.flow.solution import Snapshots, Solution, Statistics, Status
from numerics.flow.two_layer.kink_exact_planar import PASSED, KinkExactPlanar
from numerics.flow.two_layer.sectors import Sectors
from numerics.kernels.compilation import Stopwatch
from numerics.kernels.control import LOSS
from numerics.kernels.sectors.advance import Place, Plane, advance
from numerics.kernels.sectors.places import unsorted
from numerics.kernels.stages import largest_drift
from numerics.networks.norms import norm
from numerics.networks.two_layer import TwoLayer

__all__ = ["fitted"]

_STEPS = 256  # what there is room for: ten times as many as runs take that are not asked for more than a per cent
_WIDEST = PASSED // _STEPS
_FIRST = np.zeros(1, dtype=np.int64)


def fitted(network: TwoLayer, X: np.ndarray, y: np.ndarray, why: str, limits: Limits) -> Solution | None:
    """The run of :func:`numerics.gradient_flow` by the kink-exact method on one thread if it comes to the fit in time, else None.

    Without weight decay or dropout; samples (n, 2), checked.
    """
    m, n = network.width, len(y)
    if m > _WIDEST or n < 2 or X.shape[1] != 2 or not limits.only_fit:
        return None
    start = np.concatenate([network.u, network.v[:, 0], network.v[:, 1]])
    here, there = Place.of(start.copy(), n, 1), Place.of(np.empty(3 * m), n, 1)
    sectors = Sectors.of(X, network.negative_slope)
    plane = Plane.of(X, y, network.kappa, network.negative_slope, sectors, start, _FIRST)
    record = Record(("w", "a"), (norm(network.v), norm(network.u)), _STEPS)
    rules = limits.rules(KinkExactPlanar, _STEPS)
    with Stopwatch() as watch:
        found = advance(here, there, plane, rules, record.rows, 0, 0, 0.0, 1.0)
    record.count, passes, rejected, _, _, stuck = found
    enough = limits.loss_tol * (1.0 + rules.match)
    if stuck or watch.worked > limits.max_seconds or not record.loss <= enough < record.rows[0, LOSS]:
        return None
    u, v = unsorted((here if record.count % 2 else there).y, plane.order)
    final = replace(network, u=u, v=v)
    drift, size = largest_drift(u, v, network.u, network.v, np.zeros(m))
    stats = Statistics(
        method=KinkExactPlanar.name,
        why=why,
        accepted=record.count - 1,
        rejected=rejected,
        evaluations=passes,
        kernel_evaluations=passes + 1,
        seconds=watch.worked,
        compilation=watch.compiled,
    )
    nothing = np.empty(0)
    snapshots: Snapshots[TwoLayer] = Snapshots(nothing, nothing, {"w": nothing, "a": nothing}, np.empty((0, n)), ())
    return record.solution(network, final, Status.LOSS_REACHED, drift / size, stats, snapshots)

# mypy: disable-error-code="no-untyped-def, call-overload"
"""Steps in the plane, one after the other without a return to the interpreter: the loop of :mod:`numerics.flow.run`, compiled.

It decides nothing about ends: it comes back wherever one may be near, and the loop in Python decides. What is decided on the way
is said once, in :mod:`numerics.kernels.control`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels import control
from numerics.kernels.sectors.laws import Laws, find_laws
from numerics.kernels.sectors.moments import Sums, gather
from numerics.kernels.sectors.places import Changes, Neurons, regroup
from numerics.kernels.sectors.step import Room, step
from numerics.kernels.tangent import DEFECT, close, extrapolate, mean_forces, remember, strayed, time_to_loss

__all__ = ["Place", "Plane", "advance"]

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}


class Place(NamedTuple):
    """Where a step begins or ends.

    Attributes
    ----------
    y, residual, kernel, changes
        As in :class:`numerics.flow.two_layer.kink_exact_planar.PlanarPoint`.
    gradient_squared : float64 (1,)
    earlier : float64 (n, n); spent : float64 (1,)
        See :func:`numerics.kernels.tangent.remember`.
    """

    y: np.ndarray
    residual: np.ndarray
    kernel: np.ndarray
    gradient_squared: np.ndarray
    changes: Changes
    earlier: np.ndarray
    spent: np.ndarray


class Plane(NamedTuple):
    """What all steps of a run share.

    Attributes
    ----------
    X, targets, norms
        Samples (n, 2), their targets and lengths.
    kappa, slope : float
    sectors : numerics.flow.two_layer.sectors.Sectors
    start, bounds, order, rows, firsts
        Sorted neurons; see :mod:`numerics.kernels.sectors.places`.
    laws, sums, room
        Room for a pass.
    forces, late, predicted : float64 (n,)
        Room for :func:`numerics.kernels.tangent.mean_forces`.
    held : float64 (n, n)
        The kernel that a step takes.
    """

    X: np.ndarray
    targets: np.ndarray
    norms: np.ndarray
    kappa: float
    slope: float
    sectors: NamedTuple
    start: np.ndarray
    bounds: np.ndarray
    order: np.ndarray
    rows: np.ndarray
    firsts: np.ndarray
    laws: Laws
    sums: Sums
    room: Room
    forces: np.ndarray
    late: np.ndarray
    predicted: np.ndarray
    held: np.ndarray


@njit(**_OPTIONS)
def advance(here, there, plane, rules, record, count, halfway, h, previous):
    """Step on from ``here``, by ``there`` and back, until something is near that the caller decides.

    ``record``: time, loss and distances of the steps until now, ``count`` of them; those made are added. ``h``, ``previous``: the
    step that is proposed, and the error of the last. Returns the record's new count; passes; steps rejected; step and error for
    the next call; whether the step that is proposed goes nowhere. After an odd number of steps the end is ``there``.
    """
    begin, passes, rejected, tries = count, 0, 0, 0
    n, m = plane.targets.size, plane.rows.size
    while True:
        t, loss = record[count - 1, control.TIME], record[count - 1, control.LOSS]
        if tries == 0:
            level = rules.levels[-1]
            for k in range(rules.levels.size - 2, -1, -1):
                level = rules.levels[k] if loss > rules.levels[k] * (1.0 + rules.match) else level
            rate = 0.0
            for i in range(n):
                rate += abs(here.residual[i]) * plane.norms[i]
            rate *= plane.kappa / n
            free = min(h, rules.growth / rate if rate > 0.0 else np.inf)
            h = min(free, rules.milestone - t)
            if count >= 2 and control.comes_near(record, count, level, h):
                h = time_to_loss(here.kernel, here.residual, level, h)[0]
            if not np.isfinite(h) or t + h == t or h < control.SHORTEST:
                return count, passes, rejected, h, previous, True

        # the step: KinkExactPlanar.move, find_forces and finish
        neurons = Neurons(here.y, plane.start, plane.bounds)
        if here.changes.counts[0] > 0:
            regroup(neurons, plane.order, plane.rows, here.changes, plane.firsts)
            here.changes.counts[0] = 0
        extrapolate(here.kernel, here.earlier, here.spent[0], h, plane.held)
        given = here.residual, h, plane.kappa, plane.forces, plane.late, plane.predicted
        modes = mean_forces(plane.held, *given)
        find_laws(plane.forces, plane.X, plane.slope, plane.sectors, plane.laws)
        step(0, m, 0, neurons, plane.sectors, plane.laws, plane.room, there.y, there.changes, plane.sums)
        numbers = plane.kappa, plane.slope, plane.targets
        square = gather(plane.sums.moments, plane.X, plane.sectors, *numbers, there.residual, there.kernel)
        there.gradient_squared[0] = square
        defect, moved_u, moved_v = close(plane.sums.moved, there.residual, plane.predicted, here.residual)
        after = 0.0
        for i in range(n):
            after += there.residual[i] ** 2
        after /= 2 * n
        there.spent[0] = remember(here.kernel, here.earlier, here.spent[0], h, there.earlier)
        passes += 1

        if tries == 0:
            plane.predicted[:] = there.residual - plane.predicted
            given = plane.forces, plane.late, h, plane.kappa, plane.norms, np.sqrt(moved_u**2 + moved_v**2)
            error = max(defect / DEFECT, strayed(modes, plane.predicted, *given))
            error = control.judged(error / rules.rtol, loss, after)
            if error > 1.0:
                rejected += 1
                h *= control.factor_rejected(error, rules.order, rules.safety, rules.smallest)
                continue
            falls = after < level
            tolerance, gradient = level if falls else rules.gradient, np.sqrt(here.gradient_squared[0])
            value = control.near(after if falls else np.sqrt(square), tolerance)
            bracket = 0.0, control.near(loss if falls else gradient, tolerance), h, value, 0
            located = not (falls or np.sqrt(square) < tolerance)
        else:
            value = control.near(after if falls else np.sqrt(square), tolerance)
            bracket = control.narrowed(bracket, h, value)
        if not located and tries < control.MOST_TRIES and not abs(value) < rules.match:
            tries += 1
            tried, h = h, control.middle(bracket)
            if falls:
                foreseen = time_to_loss(here.kernel, here.residual, level, tried)[1]
                foreseen = time_to_loss(here.kernel, here.residual, level * foreseen / after, bracket[2])[0]
                h = foreseen if bracket[0] < foreseen < bracket[2] else h
            continue

        tries = 0
        arrives = t + h >= rules.milestone
        t = rules.milestone if arrives else t + h
        here, there = there, here
        row = record[count]
        row[control.TIME], row[control.LOSS], row[control.MOVED], row[control.MOVED + 1] = t, after, moved_v, moved_u
        count += 1
        if arrives:
            h = max(free, h)
        else:
            bounds = rules.order, rules.safety, rules.smallest, rules.largest
            factor, previous = control.factor_accepted(error, previous, *bounds)
            h *= factor
        halfway = control.since(record, count, halfway)
        if (
            after <= rules.levels[-1] * (1.0 + rules.match)
            or np.sqrt(square) <= rules.gradient * (1.0 + rules.match)
            or arrives
            or (not control.still_pushed(square, t, after) and control.nothing_moved(record, count, halfway))
            or count - begin >= rules.steps
            or count - begin + rejected >= rules.tries
            or count == len(record)
        ):
            return count, passes, rejected, h, previous, False

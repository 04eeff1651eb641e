# mypy: disable-error-code="no-untyped-def, call-overload"
"""Steps in the plane, one after the other without a return to the interpreter: the loop of :mod:`numerics.flow.run`, compiled.

It decides nothing about ends: it comes back wherever one may be near, and the loop in Python decides. What is decided on the way
is said once, in :mod:`numerics.kernels.control`.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from numerics.kernels import control
from numerics.kernels.sectors.laws import Laws, find_laws
from numerics.kernels.sectors.moments import Sums, gather, moments_of
from numerics.kernels.sectors.places import Changes, Neurons, arrange, locate, regroup, sort
from numerics.kernels.sectors.step import Room, step
from numerics.kernels.stages import UNCOUNTED
from numerics.kernels.tangent import DEFECT, Modes, close, find_modes, mean_forces, time_to_loss

__all__ = ["Place", "Plane", "advance", "settle"]

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}


class Place(NamedTuple):
    """Where a step begins or ends.

    Attributes
    ----------
    y, residual, kernel, changes
        As in :class:`numerics.flow.two_layer.kink_exact_planar.PlanarPoint`.
    gradient_squared : float64 (1,)
    """

    y: np.ndarray
    residual: np.ndarray
    kernel: np.ndarray
    gradient_squared: np.ndarray
    changes: Changes

    @classmethod
    def of(cls, y: np.ndarray, samples: int, ranges: int, held: int | None = None) -> "Place":
        """A flat state (3 m,) with room for what else there is to know of it; ``held`` samples with a kernel, 0 or all."""
        changes = Changes.of(y.size // 3, ranges)
        held = samples if held is None else held
        return cls(y, np.zeros(samples), np.empty((held, held)), np.zeros(1), changes)


class Plane(NamedTuple):
    """What all steps of a run share.

    Attributes
    ----------
    X, targets, norms
        Samples (n, 2), their targets and lengths.
    kappa, slope : float
    sectors : numerics.flow.two_layer.sectors.Sectors
    start, bounds, order, rows, firsts, following
        Sorted neurons; see :mod:`numerics.kernels.sectors.places`.
    laws, sums, room
        Room for a pass.
    forces, predicted : float64 (n,); modes
        Room for :func:`numerics.kernels.tangent.mean_forces`.
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
    following: np.ndarray
    laws: Laws
    sums: Sums
    room: Room
    forces: np.ndarray
    predicted: np.ndarray
    modes: Modes

    @classmethod
    def of(
        cls,
        X: np.ndarray,
        targets: np.ndarray,
        norms: np.ndarray,
        kappa: float,
        slope: float,
        sectors: Any,
        start: np.ndarray,
        firsts: np.ndarray,
    ) -> "Plane":
        """Room for runs from a flat state ``start`` (3 m,), whose ranges begin at ``firsts``."""
        m, n, rays = start.size // 3, targets.size, len(sectors.normals)
        laws = Laws.of(rays)
        return cls(
            X=X,
            targets=targets,
            norms=norms,
            kappa=kappa,
            slope=slope,
            sectors=sectors,
            start=start,
            bounds=np.zeros(len(laws.table) + 1, dtype=np.int64),
            order=np.empty(m, dtype=np.int64),
            rows=np.empty(m, dtype=np.int32),
            firsts=firsts,
            following=np.empty(len(laws.table) + 1, dtype=np.int64),
            laws=laws,
            sums=Sums.of(rays, len(firsts)),
            room=Room.new(),
            forces=np.zeros(n),
            predicted=np.zeros(n),
            modes=Modes.of(n),
        )


@njit(**_OPTIONS, **UNCOUNTED)
def settle(here, plane, room):
    """Sort the neurons of a start, here and where they began; residual, kernel and squared gradient from their moments.

    ``room`` (m,).
    """
    m = plane.rows.size
    locate(here.y, plane.sectors, plane.rows, plane.room.numbers)
    sort(plane.rows, plane.order, plane.bounds, plane.following)
    arrange(here.y, plane.order, room)
    arrange(plane.start, plane.order, room)
    here.changes.counts[:] = 0
    plane.sums.moments[:] = 0.0
    moments_of(0, m, here.y, plane.bounds, plane.sums.moments[0])
    numbers = plane.kappa, plane.slope, plane.targets
    square = gather(plane.sums, plane.X, plane.sectors, *numbers, here.residual, here.kernel)
    here.gradient_squared[0] = square


@njit(forceinline=True, **_OPTIONS)
def growth(residual, norms, kappa):
    """No neuron grows faster than exp(rate * t)."""
    rate = 0.0
    for i in range(residual.size):
        rate += abs(residual[i]) * norms[i]
    return kappa / residual.size * rate


@njit(forceinline=True, **_OPTIONS)
def loss_of(residual):
    """R = (1/2n) sum_i e_i^2."""
    total = 0.0
    for i in range(residual.size):
        total += residual[i] ** 2
    return total / (2 * residual.size)


@njit(**_OPTIONS, **UNCOUNTED)
def advance(here, there, plane, rules, record, count, halfway, h, previous):
    """Step on from ``here``, by ``there`` and back, until something is near that the caller decides.

    ``record``: time, loss and distances of the steps until now, ``count`` of them; those made are added. With a count of 0
    ``here`` is the start, of which nothing is known but its weights. ``h``, ``previous``: the step that is proposed, and the
    error of the last. Returns the record's new count; passes; steps rejected; step and error for the next call; whether the step
    that is proposed goes nowhere. After an odd number of steps the end is ``there``.
    """
    passes, rejected, tries = 0, 0, 0
    m, modes = plane.rows.size, plane.modes
    if count == 0:
        settle(here, plane, there.y[:m])
    find_modes(here.kernel, here.residual, modes)
    if count == 0:
        fastest = 0.0
        for rate in modes.rates:
            fastest = max(fastest, rate)
        count, h = 1, np.sqrt(rules.tolerance) / (fastest + growth(here.residual, plane.norms, plane.kappa))
        record[0, control.TIME], record[0, control.LOSS] = 0.0, loss_of(here.residual)
        record[0, control.MOVED :] = 0.0
    begin = count
    while True:
        t, loss = record[count - 1, control.TIME], record[count - 1, control.LOSS]
        if tries == 0:
            level = rules.levels[-1]
            for k in range(rules.levels.size - 2, -1, -1):
                level = rules.levels[k] if loss > rules.levels[k] * (1.0 + rules.match) else level
            rate = growth(here.residual, plane.norms, plane.kappa)
            free = min(h, rules.growth / rate if rate > 0.0 else np.inf)
            h = min(free, rules.milestone - t)
            if count >= 2 and control.comes_near(record, count, level, h):
                h = time_to_loss(modes, level, h)[0]
            if not np.isfinite(h) or t + h == t or h < control.SHORTEST:
                return count, passes, rejected, h, previous, True

        # the step: KinkExactPlanar.move, find_forces and finish
        neurons = Neurons(here.y, plane.start, plane.bounds)
        if here.changes.counts[0] > 0:
            regroup(neurons, plane.order, plane.rows, here.changes, plane.firsts, plane.following)
            here.changes.counts[0] = 0
        mean_forces(modes, h, plane.kappa, plane.forces, plane.predicted)
        find_laws(plane.forces, plane.X, plane.slope, plane.sectors, plane.laws)
        step(0, m, 0, neurons, plane.sectors, plane.laws, plane.room, there.y, there.changes, plane.sums)
        numbers = plane.kappa, plane.slope, plane.targets
        square = gather(plane.sums, plane.X, plane.sectors, *numbers, there.residual, there.kernel)
        there.gradient_squared[0] = square
        defect, moved_u, moved_v = close(plane.sums.moved, there.residual, plane.predicted, here.residual)
        after = loss_of(there.residual)
        passes += 1

        if tries == 0:
            error = control.judged(defect / DEFECT / rules.tolerance, loss, after)
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
            if falls and tries <= control.FORESEEN:
                foreseen = time_to_loss(modes, level, tried)[1]
                foreseen = time_to_loss(modes, level * foreseen / after, bracket[2])[0]
                h = foreseen if bracket[0] < foreseen < bracket[2] else h
            continue

        tries = 0
        arrives = t + h >= rules.milestone
        t = rules.milestone if arrives else t + h
        here, there = there, here
        row = record[count]
        row[control.TIME], row[control.LOSS], row[control.MOVED], row[control.MOVED + 1] = t, after, moved_v, moved_u
        count += 1
        bounds = rules.order, rules.safety, rules.smallest, rules.largest
        factor, previous = control.factor_accepted(error, previous, *bounds)
        h = factor * (free if arrives else h)
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
        find_modes(here.kernel, here.residual, modes)

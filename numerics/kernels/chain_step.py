# mypy: disable-error-code="no-untyped-def, call-overload"
"""A step of the exponential Simpson rule through a fully connected network, in one call. Numba kernel.

The rule is that of :mod:`numerics.flow.simpson`, the passes those of :mod:`numerics.kernels.chain`. Of a step at 512 neurons a
third went by in the interpreter between them, which the weights had driven out of the cache.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.chain import Plan, differentiate, factors, gram, write
from numerics.kernels.stages import EXACT, UNCOUNTED
from numerics.kernels.tangent import weights

__all__ = ["ENDS", "HALFWAY", "Ground", "Mark", "Norms", "Spot", "attempt"]

#: The rule: weights of the first and of the last Jacobian on the way to the middle, and of the ends and the middle in all.
HALFWAY = 3 / 8, 1 / 8
ENDS = 1 / 6, 2 / 3, 1 / 6


class Mark(NamedTuple):
    """What a pass leaves, flat: see :mod:`numerics.kernels.chain`."""

    reads: np.ndarray
    back: np.ndarray
    pre: np.ndarray
    output: np.ndarray


class Norms(NamedTuple):
    """Squared norms of rows and columns of matrices, and distances from the start: see :func:`numerics.kernels.chain.write`."""

    rows: np.ndarray
    columns: np.ndarray
    squares: np.ndarray


class Spot(NamedTuple):
    """Where a step begins or ends: with that, residual (N,) and tangent kernel (N, N)."""

    mark: Mark
    norms: Norms
    residual: np.ndarray
    kernel: np.ndarray


class Ground(NamedTuple):
    """What all steps of a run share.

    Attributes
    ----------
    plan, trial : Plan
        Of passes at written weights, and at moved ones.
    start : float64
        Weights at the start.
    zero : float64 (N,)
        The output at which the residual vanishes.
    balances : float64
        Those of the start, or none.
    marks : tuple of Mark
        That of the start of a step, and room for the passes in its middle and at its end, in the precision of the trial.
    c : float (3, layers, N)
        For the parts of a step.
    row_factors, column_factors : float64
        For what multiplies rows and columns.
    """

    plan: Plan
    trial: Plan
    start: np.ndarray
    zero: np.ndarray
    balances: np.ndarray
    marks: tuple[Mark, Mark, Mark]
    c: np.ndarray
    row_factors: np.ndarray
    column_factors: np.ndarray


@njit(**EXACT)
def attempt(y, moved, single, ground, here, there, h, most):
    """A step of length h from ``here`` to ``there``, written into the weights y.

    ``moved``: the weights for passes at moved ones, of the precision of the trial, y itself or ``single``, which is empty then.
    Returns how far the residual is from the one predicted, relative to the one before; infinity, and the weights are what they
    were, if one could move by ``most`` times the norm of the largest neuron.
    """
    plan, trial, (first, half, last), c = ground.plan, ground.trial, ground.marks, ground.c
    n = here.residual.size
    integral, predicted = np.empty(n), np.empty(n)
    middle, end, mean = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))

    _integrate(here.kernel, here.residual, h, integral, predicted)
    one = _part(first, trial, 1.0, integral, c[0])
    differentiate(moved, trial, np.int64(1), one, one, last.reads, last.back, last.pre, last.output)
    gram(trial, last.reads, last.back, end)
    _mix(0.5, here.kernel, 0.0, middle, 0.5, end, mean)
    _integrate(mean, here.residual, h, integral, predicted)
    one, other = _part(first, trial, HALFWAY[0], integral, c[0]), _part(last, trial, HALFWAY[1], integral, c[1])
    differentiate(moved, trial, np.int64(2), one, other, half.reads, half.back, half.pre, half.output)
    one = _part(half, trial, 1.0, integral, c[0])
    differentiate(moved, trial, np.int64(1), one, one, last.reads, last.back, last.pre, last.output)
    gram(trial, half.reads, half.back, middle)
    gram(trial, last.reads, last.back, end)
    _mix(ENDS[0], here.kernel, ENDS[1], middle, ENDS[2], end, mean)
    _integrate(mean, here.residual, h, integral, predicted)

    norms, rows, columns = here.norms, ground.row_factors, ground.column_factors
    largest = factors(plan, norms.rows, norms.columns, ground.balances, 1.0, rows, columns)
    parts = (
        _part(first, trial, ENDS[0], integral, c[0]),
        _part(half, trial, ENDS[1], integral, c[1]),
        _part(last, trial, ENDS[2], integral, c[2]),
    )
    room = there.norms
    done = write(
        *(y, single, ground.start, trial, *parts),
        *(rows, columns, most * np.sqrt(largest), room.rows, room.columns, room.squares),
    )
    if not done:
        return np.inf
    mark = there.mark
    nothing = mark.reads, mark.back, np.empty((0, 0))
    differentiate(y, plan, np.int64(0), nothing, nothing, mark.reads, mark.back, mark.pre, mark.output)
    gram(plan, mark.reads, mark.back, there.kernel)
    defect, size = 0.0, 0.0
    for i in range(n):
        there.residual[i] = mark.output[i] - ground.zero[i]
        defect += (there.residual[i] - predicted[i]) ** 2
        size += here.residual[i] ** 2
    return np.sqrt(defect / size) if size > 0.0 else 0.0


@njit(**EXACT)
def _integrate(kernel, residual, h, integral, predicted):
    """The integral of e/N over a step under a kernel that is held, and e at its end."""
    early, late = np.empty(residual.size), np.empty(residual.size)
    weights(kernel, residual, h, early, late, predicted)
    for i in range(residual.size):
        integral[i] = early[i] + late[i]


@njit(**EXACT, **UNCOUNTED)
def _mix(a, first, b, second, c, third, out):
    """A sum of matrices, in loops: expressions of arrays would take a second to compile."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = a * first[i, j] + b * second[i, j] + c * third[i, j]


@njit(**EXACT)
def _part(mark, plan, share, integral, c):
    """A share of a step along the Jacobian of a mark, with its coefficients in c (layers, N)."""
    for layer in range(c.shape[0]):
        for i in range(c.shape[1]):
            c[layer, i] = plan.unit * share * integral[i]
    return mark.reads, mark.back, c

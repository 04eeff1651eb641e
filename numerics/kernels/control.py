# mypy: disable-error-code="no-untyped-def"
"""What decides about steps: sizes, refusals, aims, rest. Plain functions of numbers, for loops in Python and compiled ones alike.

Numba compiles them into the kernels that call them; the loop in Python calls them as they are.
"""

import math
from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable

__all__ = [
    "FORESEEN",
    "LOSS",
    "MOST_TRIES",
    "MOVED",
    "SHORTEST",
    "TIME",
    "Rules",
    "as_before",
    "comes_near",
    "factor_accepted",
    "factor_rejected",
    "judged",
    "middle",
    "narrowed",
    "near",
    "nothing_moved",
    "since",
    "still_pushed",
]

#: Columns of the record of a run: normalised time, loss, and from ``MOVED`` on the distance of every layer.
TIME, LOSS, MOVED = 0, 1, 2
#: Step at t = 0 that goes no further: the last numbers shrink no more.
SHORTEST = 2.2250738585072014e-308
#: Tries of a stop that is located; those of them that go by a forecast, which can go round in circles.
MOST_TRIES = 12
FORESEEN = 3

_LEAST_ERROR = 1e-10
_LOSS_RISE = 1.1  # factor beyond which a rising loss refuses a step; sliding on kinks makes it quiver by less
_LOSS_ROSE, _UNSTABLE = 8.0, 1e3  # errors that stand for a risen loss and for numbers that overflowed
_INSIDE = 0.05  # of a bracket: its ends are come no nearer to
_NEAR = 2.0  # factor by which the loss may fall faster than in the step before
_STATIONARY_CHANGE = 1e-6  # relative change of loss and displacement over a doubling of the time
_FALL = 1e-3  # part of the loss that the gradient, lasting, may take in the time reached


class Rules(NamedTuple):
    """How long steps may be, and where to come back.

    Attributes
    ----------
    levels : float64 (k,)
        Losses that a step ends on, falling; the last is where the run ends.
    match : float
        |log(value/tolerance)| at which a stop counts as located.
    milestone : float
        Time that a step has to end on.
    gradient : float
        |grad R| that a step ends on; -1 for none.
    tolerance : float
        Error allowed in one step.
    growth : float
        Growth of a weight allowed in one step, as an exponent.
    order, safety, smallest, largest
        Of the control of the steps.
    steps, tries : int
        After how many steps to come back, accepted ones and all.
    """

    levels: np.ndarray
    match: float
    milestone: float
    gradient: float
    tolerance: float
    growth: float
    order: int
    safety: float
    smallest: float
    largest: float
    steps: int
    tries: int


@register_jitable
def factor_accepted(error, previous, order, safety, smallest, largest):
    """Factor for the next step after one with ``error`` <= 1, in units of the tolerance; the error to call ``previous`` then."""
    error = max(error, _LEAST_ERROR)
    return min(largest, max(smallest, safety * error ** (-0.7 / order) * previous ** (0.4 / order))), error


@register_jitable
def factor_rejected(error, order, safety, smallest):
    """Factor for another try after a step with ``error`` > 1."""
    return min(0.7, max(smallest, safety * error ** (-1.0 / order)))


@register_jitable
def judged(error, before, after):
    """Error of a step in units of the tolerance, beside that of a loss that went from ``before`` to ``after``."""
    if not math.isfinite(error):
        return _UNSTABLE
    return error if after <= _LOSS_RISE * before else max(_LOSS_ROSE, error)


@register_jitable
def comes_near(record, count, level, h):
    """Whether a step h may come to a loss: where the rate of the last step comes near, as it falls ever more slowly as a rule."""
    before, now = record[count - 2], record[count - 1]
    rate = near(before[LOSS], now[LOSS]) / (now[TIME] - before[TIME])
    return not _NEAR * rate * h < near(now[LOSS], level)


def as_before(record: np.ndarray, count: int, level: float) -> float:
    """The step to a loss that goes on falling at the rate of the last step; 0 if it did not fall."""
    before, now = record[count - 2], record[count - 1]
    fall = near(before[LOSS], now[LOSS])
    return float((now[TIME] - before[TIME]) * near(now[LOSS], level) / fall) if fall > 0.0 else 0.0


@register_jitable
def near(value, tolerance):
    """log(value/tolerance)."""
    return math.log(value / tolerance) if value / tolerance > 0.0 else -math.inf


@register_jitable
def middle(bracket):
    """The step between the ends of a bracket that false position tries next."""
    low, above, high, below, _ = bracket
    return low + (high - low) * min(1.0 - _INSIDE, max(_INSIDE, above / (above - below)))


@register_jitable
def narrowed(bracket, h, value):
    """Bracket (low, above, high, below, side) of a step to a stop after a try of h.

    ``above`` > 0 > ``below`` are log(value/tolerance) at the ends. That of the end that stays is halved (the Illinois rule), or
    the other would creep up to it; ``side`` tells which end was moved last.
    """
    low, above, high, below, side = bracket
    if value > 0:
        return h, value, high, below * (0.5 if side > 0 else 1.0), 1
    return low, above * (0.5 if side < 0 else 1.0), h, value, -1


@register_jitable
def since(record, count, halfway):
    """Index of the record at half the present time, ``halfway`` or later."""
    while halfway + 1 < count and record[halfway + 1, TIME] <= record[count - 1, TIME] / 2:
        halfway += 1
    return halfway


@register_jitable
def nothing_moved(record, count, halfway):
    """Whether loss and distances are what they were half the present time ago."""
    if halfway == 0:
        return False
    then, now = record[halfway], record[count - 1]
    for k in range(LOSS, now.size):  # noqa: SIM110 - Numba knows no generators
        if abs(now[k] - then[k]) > _STATIONARY_CHANGE * abs(now[k]):
            return False
    return True


@register_jitable
def still_pushed(gradient_squared, t, loss):
    """Whether the gradient, lasting, would take a part of the loss within the time reached again."""
    return gradient_squared * t > _FALL * loss

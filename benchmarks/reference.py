"""The reference RD_w, and the best fixed rates of gradient descent, found with the compiled passes.

Reference: this engine at rtol 1e-6, which has to agree with itself at 1e-5. Checked by a method that shares nothing with it,
classical Runge-Kutta with h = c/lambda_max on the ladder c = 0.2, 0.05, 0.0125, ... as far as the time allows; kinks make that
first order. Both differences are printed.
"""

from dataclasses import dataclass

import numpy as np
from compiled import REACHED, Runner
from deadline import Deadline
from problem import Problem

import numerics as nm

__all__ = ["Rates", "Reference", "best_rates", "reference"]

_RATIO = 4.0
_STARTS = (0.2, 2.0)  # where the first is too slow (close points), the second
_TIGHT = (1e-5, 1e-6)
_ACCURATE = 1e-2  # error of RD a gradient descent may have to count as accurate
_COARSE = 2.0 ** (np.arange(8, -17, -1) / 4)  # rates, in units of 2/lambda_max at the end
_SHARE = 6.0  # of the time for the search that one rate may take: beyond the limit of stability some hop for ever
_FINE = 2.0 ** (np.array([3, 2, 1, -1, -2, -3]) / 16)


@dataclass(frozen=True)
class Reference:
    """The reference and how far it is to be trusted.

    Attributes
    ----------
    relative_distance : float
    agreement : float
        Relative difference between the two tolerances.
    check : float
        Relative difference to the finest Runge-Kutta run; NaN if none finished.
    check_source : str
    radius : float
        lambda_max of the tangent kernel at the end.
    """

    relative_distance: float
    agreement: float
    check: float
    check_source: str
    radius: float

    def error(self, value: float) -> float:
        """Relative error of an RD_w."""
        return abs(value / self.relative_distance - 1.0)


@dataclass(frozen=True)
class Rates:
    """Fixed rates that reached the loss: in the fewest evaluations, and in the fewest with RD_w within 1 %; None if none did."""

    fastest: float | None
    accurate: float | None
    complete: bool


def reference(problem: Problem, *, seconds: float) -> Reference:
    """Reference of a case; ``seconds`` for the check."""
    runs = [
        nm.gradient_flow(
            problem.network, problem.X, problem.y, loss_tol=problem.loss_tol, rtol=rtol, max_steps=10**9, throw=False
        )
        for rtol in _TIGHT
    ]
    if not runs[-1].converged:
        raise SystemExit(f"no reference for {problem.name}: {runs[-1].message}")
    coarse, value = (run.relative_distance["w"] for run in runs)
    found, source = _ladder(Runner(problem), seconds)
    radius = problem.largest_eigenvalue(runs[-1].network)
    return Reference(value, abs(coarse / value - 1.0), abs(found / value - 1.0), source, radius)


def _ladder(runner: Runner, seconds: float) -> tuple[float, str]:
    """RD_w of the finest run that fits the time, and what it was."""
    runner.runge_kutta(0.2, Deadline(600.0), max_evaluations=2)
    value, source, deadline = np.nan, "no Runge-Kutta run finished", Deadline(seconds)
    for courant in _STARTS:
        began = deadline.left()
        while runner.runge_kutta(courant, deadline) == REACHED:
            value, source = runner.relative_distance(), f"RK4 with h = {courant:g}/lambda_max"
            if _RATIO * (began - deadline.left()) > deadline.left():
                return value, source
            began, courant = deadline.left(), courant / _RATIO
        deadline = Deadline(seconds)
    return value, source


def best_rates(problem: Problem, target: Reference, *, seconds: float, limit: float) -> Rates:
    """Search on a grid of 25 rates four to an octave, refined six to a sixteenth of an octave around both winners.

    The search goes outward from 1/lambda_max; a rate may take no more evaluations than the best accurate one before it.
    """
    runner = Runner(problem)
    runner.descend(1e-9, Deadline(600.0), max_evaluations=3)
    search = Deadline(seconds)
    fastest: tuple[int, float] | None = None
    accurate: tuple[int, float] | None = None

    def attempt(rate: float) -> None:
        nonlocal fastest, accurate
        most = accurate[0] if accurate else None
        patience = min(limit, search.left(), seconds / _SHARE if fastest else seconds)
        status = runner.descend(rate, Deadline(patience), max_evaluations=most)
        if status != REACHED:
            return
        found = runner.evaluations, rate
        fastest = found if fastest is None else min(fastest, found)
        if target.error(runner.relative_distance()) <= _ACCURATE:
            accurate = found if accurate is None else min(accurate, found)

    for factor in sorted(_COARSE, key=lambda factor: abs(np.log2(2 * factor))):
        attempt(factor * 2.0 / target.radius)
    for winner in {fastest, accurate} - {None}:
        for factor in _FINE:
            attempt(factor * winner[1])
    return Rates(fastest and fastest[1], accurate and accurate[1], not search.passed())

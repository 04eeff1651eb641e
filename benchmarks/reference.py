"""The reference RD_w, and the best fixed rates of gradient descent, both found with the compiled passes.

Reference: classical Runge-Kutta with h = c/lambda_max on the ladder c = 0.2, 0.05, 0.0125, ..., until two steps agree to 1e-5.
Kinks make the method first order there, so each rung costs four times the last; the ladder ends early when the next one would
not fit the time allowed, and the agreement that was reached is printed. Where even c = 0.2 does not fit (close points), it
starts at c = 2; where that fails, this engine at two tight tolerances stands in, and is named.
"""

from dataclasses import dataclass

import numpy as np
from compiled import REACHED, Runner
from deadline import Deadline
from problem import Problem

import numerics as nm

__all__ = ["Rates", "Reference", "best_rates", "reference"]

_AGREE = 1e-5
_RATIO = 4.0
_STARTS = (0.2, 2.0)
_TIGHT = (1e-3, 3e-4)  # tolerances of the stand-in
_ACCURATE = 1e-2  # error of RD a gradient descent may have to count as accurate
_COARSE = 2.0 ** (np.arange(8, -17, -1) / 4)  # rates, in units of 2/lambda_max at the end
_SHARE = 6.0  # of the time for the search that one rate may take: beyond the limit of stability some hop for ever
_FINE = 2.0 ** (np.array([3, 2, 1, -1, -2, -3]) / 16)


@dataclass(frozen=True)
class Reference:
    """RD_w, the relative difference of the last two rungs, where it came from, and lambda_max at the end."""

    relative_distance: float
    agreement: float
    source: str
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


def reference(problem: Problem, *, seconds: float, courant: float | None = None) -> Reference:
    """Reference of a case; ``courant`` takes the single rung h = courant/lambda_max instead of the ladder."""
    runner = Runner(problem)
    runner.runge_kutta(0.2, Deadline(600.0), max_evaluations=2)
    if courant is not None:
        if runner.runge_kutta(courant, Deadline(1e9)) != REACHED:
            raise SystemExit(f"--reference-step {courant:g} is unstable on {problem.name}; give a smaller one")
        return Reference(runner.relative_distance(), np.nan, f"RK4, h = {courant:g}/lambda_max", runner.radius())
    for start in _STARTS:
        found = _ladder(runner, start, seconds)
        if found is not None:
            return found
    return _stand_in(problem, runner, seconds)


def _ladder(runner: Runner, courant: float, seconds: float) -> Reference | None:
    values: list[float] = []
    deadline = Deadline(seconds)
    while True:
        began = deadline.left()
        if runner.runge_kutta(courant, deadline) != REACHED:
            break
        values.append(runner.relative_distance())
        source, radius = f"RK4, h = {courant:g}/lambda_max", runner.radius()
        agreement = abs(values[-1] / values[-2] - 1.0) if len(values) > 1 else np.nan
        if agreement < _AGREE or _RATIO * (began - deadline.left()) > deadline.left():
            break
        courant /= _RATIO
    return Reference(values[-1], agreement, source, radius) if values else None


def _stand_in(problem: Problem, runner: Runner, seconds: float) -> Reference:
    values = []
    for rtol in _TIGHT:
        options = {
            "loss_tol": problem.loss_tol,
            "rtol": rtol,
            "max_seconds": seconds,
            "max_steps": 10**9,
            "throw": False,
        }
        solution = nm.gradient_flow(problem.network, problem.X, problem.y, **options)
        values.append(solution.relative_distance["w"])
    runner.reset()
    source = f"this engine, rtol {_TIGHT[1]:g}" + ("" if solution.converged else ", NOT CONVERGED")
    return Reference(values[1], abs(values[0] / values[1] - 1.0), source, runner.radius())


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

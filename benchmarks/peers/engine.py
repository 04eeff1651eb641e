"""The engine of this project."""

import inspect

from deadline import Deadline
from problem import Problem

import numerics as nm
from peers.base import Outcome, Solve

__all__ = ["Engine"]

_ONE_THREAD = {"threads": 1} if "threads" in inspect.signature(nm.gradient_flow).parameters else {}


class Engine:
    """``nm.gradient_flow`` at a tolerance; no rate, no eigenvalue, no restart is told to it."""

    requires = ()

    def __init__(self, rtol: float) -> None:
        self.rtol = rtol
        self.name = f"this engine, rtol {rtol:g}"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Compile with two steps."""

        def run(deadline: Deadline, rtol: float = self.rtol, max_steps: int = 10**9) -> Outcome:
            solution = nm.gradient_flow(
                problem.network,
                problem.X,
                problem.y,
                loss_tol=problem.loss_tol,
                rtol=rtol,
                max_seconds=deadline.seconds,
                max_steps=max_steps,
                throw=False,
                **_ONE_THREAD,
            )
            return Outcome(solution.converged, solution.stats.evaluations, solution.relative_distance["w"])

        run(Deadline(600.0), max_steps=2)
        return run

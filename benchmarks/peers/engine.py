"""The engine of this project."""

import inspect

from deadline import Deadline
from problem import Problem

import numerics as nm
from peers.base import Outcome, Solve

__all__ = ["Engine", "EngineTogether"]

_ONE_THREAD = {"threads": 1} if "threads" in inspect.signature(nm.gradient_flow).parameters else {}


class Engine:
    """``nm.gradient_flow`` at a tolerance, by one of its methods; no rate, no eigenvalue, no restart is told to it."""

    requires = ()

    def __init__(self, rtol: float, method: str = "auto") -> None:
        self.rtol, self.method = rtol, method
        self.name = f"{'this engine' if method == 'auto' else method}, rtol {rtol:g}"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Compile with two steps."""

        def run(deadline: Deadline, rtol: float = self.rtol, max_steps: int = 10**9) -> Outcome:
            solution = nm.gradient_flow(
                problem.network,
                problem.X,
                problem.y,
                loss_tol=problem.loss_tol,
                rtol=rtol,
                method=self.method,
                max_seconds=deadline.seconds,
                max_steps=max_steps,
                throw=False,
                **_ONE_THREAD,
            )
            distance = solution.relative_distance["w"]
            return Outcome(solution.converged, solution.stats.evaluations, distance, loss=solution.loss)

        run(Deadline(600.0), max_steps=2)
        return run


class EngineTogether:
    """``nm.gradient_flows``: the network and those of the next seeds in one call; times are for a network."""

    requires = ()

    def __init__(self, rtol: float, networks: int = 100) -> None:
        self.rtol, self.networks = rtol, networks
        self.name = f"{networks} seeds in one call, rtol {rtol:g}"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Draw the networks; compile."""
        given = problem.width, problem.gamma, problem.gamma_prime, problem.X
        seeds = range(problem.seed, problem.seed + self.networks)
        starts = [nm.TwoLayer.sample(*given, rng=seed) for seed in seeds]

        def run(deadline: Deadline) -> Outcome:
            options = {"loss_tol": problem.loss_tol, "rtol": self.rtol, "threads": 1, "throw": False}
            runs = nm.gradient_flows(starts, problem.X, problem.y, max_seconds=deadline.seconds, **options)
            evaluations = round(sum(run.stats.evaluations for run in runs) / len(runs))
            finished, distance = all(run.converged for run in runs), runs[0].relative_distance["w"]
            return Outcome(finished, evaluations, distance, loss=runs[0].loss, networks=len(runs))

        run(Deadline(600.0))
        return run

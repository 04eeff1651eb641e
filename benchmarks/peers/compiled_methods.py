"""The compiled baselines: gradient descent at a given rate, and classical Runge-Kutta at a given h lambda_max."""

from compiled import REACHED, Runner
from deadline import Deadline
from problem import Problem

from peers.base import Outcome, Solve

__all__ = ["CompiledDescent", "CompiledRungeKutta"]


class CompiledDescent:
    """Fused passes in Numba; the rate is found beforehand and is not paid for."""

    requires = ()

    def __init__(self, rate: float, label: str) -> None:
        self.rate = rate
        self.name = f"compiled gradient descent, {label}"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """One layout per problem; two steps to compile."""
        runner = Runner(problem)

        def run(deadline: Deadline) -> Outcome:
            status = runner.descend(self.rate, deadline)
            return Outcome(status == REACHED, runner.evaluations, runner.relative_distance(), loss=runner.loss())

        runner.descend(self.rate, Deadline(600.0), max_evaluations=3)
        return run


class CompiledRungeKutta:
    """Classical RK4, h = courant/radius, the radius followed by a power iteration every fourth step."""

    requires = ()

    def __init__(self, courant: float = 0.2) -> None:
        self.courant = courant
        self.name = f"compiled RK4, h = {courant:g}/lambda_max"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """One layout per problem; two steps to compile."""
        runner = Runner(problem)

        def run(deadline: Deadline) -> Outcome:
            status = runner.runge_kutta(self.courant, deadline)
            return Outcome(status == REACHED, runner.evaluations, runner.relative_distance(), loss=runner.loss())

        runner.runge_kutta(self.courant, Deadline(600.0), max_evaluations=2)
        return run

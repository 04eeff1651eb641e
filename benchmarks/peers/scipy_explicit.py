"""SciPy's explicit Runge-Kutta methods with an event on the loss."""

import math

import numpy as np
from deadline import Deadline, TimeUp
from problem import Problem
from scipy.integrate import solve_ivp

from peers.base import Outcome, Solve, numpy_rhs

__all__ = ["SciPyExplicit"]


class SciPyExplicit:
    """``solve_ivp`` with RK45 or DOP853."""

    requires = ("scipy",)

    def __init__(self, method: str, rtol: float) -> None:
        self.method, self.rtol = method, rtol
        self.name = f"SciPy {method}, rtol {rtol:g}"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Nothing to compile."""
        velocity, loss, start = numpy_rhs(problem)
        m, d = problem.network.v.shape

        def event(t: float, w: np.ndarray) -> float:
            return math.log(loss(w) / problem.loss_tol)

        event.terminal = True  # type: ignore[attr-defined]

        def run(deadline: Deadline) -> Outcome:
            evaluations = 0

            def right_hand_side(t: float, w: np.ndarray) -> np.ndarray:
                nonlocal evaluations
                evaluations += 1
                if evaluations % 16 == 0:
                    deadline.check()
                return velocity(w)

            settings = {"rtol": self.rtol, "atol": 1e-3 * self.rtol, "method": self.method}
            try:
                # t_eval: without it every step is kept in memory
                found = solve_ivp(right_hand_side, (0.0, np.inf), start, events=event, t_eval=[0.0], **settings)
            except TimeUp:
                return Outcome(False, evaluations, math.nan)
            if found.status != 1:
                return Outcome(False, evaluations, math.nan, found.message)
            v = found.y_events[0][-1][m:].reshape(d, m).T
            return Outcome(True, evaluations, problem.relative_distance(v))

        return run

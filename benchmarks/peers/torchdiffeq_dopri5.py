"""torchdiffeq's dopri5 with an event on the loss."""

import math

from deadline import Deadline, TimeUp
from problem import Problem

from peers.base import Outcome, Solve

__all__ = ["TorchDopri5"]


class TorchDopri5:
    """``odeint_event``, no gradients."""

    requires = ("torch", "torchdiffeq")

    def __init__(self, rtol: float) -> None:
        self.rtol = rtol
        self.name = f"torchdiffeq dopri5, rtol {rtol:g}"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Nothing to compile."""
        import torch
        from torchdiffeq import odeint_event

        X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
        (n, d), m, kappa = X.shape, problem.width, problem.network.kappa
        start = torch.cat([torch.from_numpy(problem.network.u), torch.from_numpy(problem.network.v.T.copy()).ravel()])
        XT = X.T.contiguous()

        def event(t: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
            e = kappa * (torch.relu(X @ w[m:].view(d, m)) @ w[:m]) - y
            return torch.log(torch.dot(e, e) / (2 * n * problem.loss_tol))

        def run(deadline: Deadline) -> Outcome:
            evaluations = 0

            def velocity(t: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
                nonlocal evaluations
                evaluations += 1
                if evaluations % 16 == 0:
                    deadline.check()
                u, v = w[:m], w[m:].view(d, m)
                z = X @ v
                e = kappa * (torch.relu(z) @ u) - y
                g = XT @ ((z > 0) * ((-kappa / n) * e)[:, None])
                return torch.cat([(v * g).sum(0), (u * g).view(-1)])

            settings = {"rtol": self.rtol, "atol": 1e-3 * self.rtol, "method": "dopri5"}
            try:
                with torch.inference_mode():
                    _, states = odeint_event(velocity, start, torch.tensor(0.0), event_fn=event, **settings)
            except (TimeUp, AssertionError) as error:  # torchdiffeq asserts that the step has not underflowed
                return Outcome(False, evaluations, math.nan, str(error))
            v = states[-1][m:].view(d, m).T.numpy()
            return Outcome(True, evaluations, problem.relative_distance(v))

        return run

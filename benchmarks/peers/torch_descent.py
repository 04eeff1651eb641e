"""Full-batch gradient descent in torch, float64: at a given rate, and with the policy of the paper's authors.

The gradient is written out and every operation works in place on preallocated tensors: several times faster than autograd.
"""

from deadline import Deadline
from problem import Problem

from peers.base import Outcome, Solve

__all__ = ["TorchDescent", "TorchPolicy"]

_BLOWN_UP = 1e3  # times the first loss


class _Descent:
    """Weights on the CPU and a loop over steps; v is (d, m), neurons contiguous."""

    def __init__(self, problem: Problem) -> None:
        import torch

        self.torch, self.problem = torch, problem
        n, d, m = *problem.X.shape, problem.width
        self.X, self.y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
        self.XT = self.X.T.contiguous()
        self.u0, self.v0 = torch.from_numpy(problem.network.u), torch.from_numpy(problem.network.v.T.copy())
        self.u, self.v = self.u0.clone(), self.v0.clone()
        self.z, self.a, self.s = (torch.empty((n, m), dtype=torch.float64) for _ in range(3))
        self.g = torch.empty((d, m), dtype=torch.float64)
        self.product, self.along = torch.empty_like(self.g), torch.empty(m, dtype=torch.float64)
        self.e = torch.empty(n, dtype=torch.float64)
        self.evaluations = 0

    def run(self, rate: float, deadline: Deadline, *, highest: float | None = None, most: int = 10**12) -> str:
        """From the start: 'reached', 'rose' (above ``highest``, or above the last loss when that is None), or 'stopped'."""
        torch, n, kappa = self.torch, len(self.problem.y), self.problem.network.kappa
        u, v, z, a, s, g, e = self.u, self.v, self.z, self.a, self.s, self.g, self.e
        u.copy_(self.u0)
        v.copy_(self.v0)
        before = float("inf")
        with torch.inference_mode():
            for step in range(most):
                torch.mm(self.X, v, out=z)
                torch.clamp_min(z, 0.0, out=a)
                torch.mv(a, u, out=e)
                e.mul_(kappa).sub_(self.y)
                self.evaluations += 1
                loss = float(torch.dot(e, e)) / (2 * n)
                if loss <= self.problem.loss_tol:
                    return "reached"
                if not loss <= (before if highest is None else highest):
                    return "rose"
                before = loss
                if step % 16 == 0 and deadline.passed():
                    break
                torch.gt(z, 0.0, out=s)
                torch.mul(s, e[:, None], out=z)
                torch.mm(self.XT, z, out=g)
                torch.mul(g, v, out=self.product)
                torch.sum(self.product, 0, out=self.along)
                torch.mul(g, u, out=self.product)
                v.add_(self.product, alpha=-rate * kappa / n)
                u.add_(self.along, alpha=-rate * kappa / n)
        return "stopped"

    def relative_distance(self) -> float:
        return float(self.torch.linalg.norm(self.v - self.v0) / self.torch.linalg.norm(self.v0))


class TorchDescent:
    """A fixed rate, found beforehand and not paid for."""

    requires = ("torch",)

    def __init__(self, rate: float, label: str) -> None:
        self.rate = rate
        self.name = f"torch gradient descent, {label}"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Nothing to compile; three steps to wake the library."""
        descent = _Descent(problem)

        def run(deadline: Deadline) -> Outcome:
            descent.evaluations = 0
            status = descent.run(self.rate, deadline, highest=_BLOWN_UP * problem.start_loss)
            return Outcome(status == "reached", descent.evaluations, descent.relative_distance())

        descent.run(self.rate, Deadline(60.0), most=3)
        return run


class TorchPolicy:
    """Start at 1.9/lambda_max of the start; halve the rate and begin again when the loss rises. Restarts are paid for."""

    requires = ("torch",)
    name = "torch gradient descent, halve and restart"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Nothing to compile; three steps to wake the library."""
        descent = _Descent(problem)

        def run(deadline: Deadline) -> Outcome:
            descent.evaluations, restarts = 0, 0
            rate = 1.9 / problem.largest_eigenvalue()
            while (status := descent.run(rate, deadline)) == "rose" and not deadline.passed():
                rate /= 2
                restarts += 1
            note = f"{restarts} restarts"
            return Outcome(status == "reached", descent.evaluations, descent.relative_distance(), note)

        descent.run(1e-9, Deadline(60.0), most=3)
        return run

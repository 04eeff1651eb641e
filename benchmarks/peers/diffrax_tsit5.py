"""diffrax's Tsit5 under a PI controller, with a terminating event on the loss, compiled by XLA, float64.

A compiled loop cannot look at a clock: the limit becomes a number of steps, from the time of a first short run.
"""

import math
import time
from collections.abc import Callable

import numpy as np
from deadline import Deadline
from problem import Problem

from peers.base import Outcome, Solve

__all__ = ["DiffraxTsit5"]

_SHORT = 32  # steps of the first run
_FEW = 16  # numbers in X up to which the samples are unrolled, which XLA fuses: 2.5 times faster than matrix products at 4 x 2
_STAGES = 6  # evaluations per step, the first being that of the last step


class DiffraxTsit5:
    """``diffeqsolve`` inside one ``jax.jit``."""

    requires = ("jax", "diffrax")

    def __init__(self, rtol: float) -> None:
        self.rtol = rtol
        self.name = f"diffrax Tsit5, rtol {rtol:g}"

    def prepare(self, problem: Problem, limit: float) -> Solve:
        """Compile for the number of steps that fits the limit."""
        import diffrax
        import jax
        import jax.numpy as jnp

        start = jnp.asarray(problem.network.u), jnp.asarray(problem.network.v.T.copy())
        velocity, loss = _unrolled(problem) if problem.X.size <= _FEW else _products(problem)

        def fitted(t: float, w: tuple, args: None, **kwargs: object) -> jax.Array:
            return loss(w) < problem.loss_tol

        def solve(w: tuple, max_steps: int) -> diffrax.Solution:
            return diffrax.diffeqsolve(
                diffrax.ODETerm(velocity),
                diffrax.Tsit5(),
                t0=0.0,
                t1=jnp.inf,
                dt0=None,
                y0=w,
                stepsize_controller=diffrax.PIDController(
                    rtol=self.rtol, atol=1e-3 * self.rtol, pcoeff=0.4, icoeff=0.3
                ),
                event=diffrax.Event(fitted),
                adjoint=diffrax.ForwardMode(),
                max_steps=max_steps,
                throw=False,
            )

        compiled = jax.jit(solve, static_argnames="max_steps")
        jax.block_until_ready(compiled(start, max_steps=_SHORT).ys)
        began = time.perf_counter()
        jax.block_until_ready(compiled(start, max_steps=_SHORT).ys)
        per_step = (time.perf_counter() - began) / _SHORT
        final = compiled.lower(start, max_steps=max(_SHORT, int(limit / per_step))).compile()

        def run(deadline: Deadline) -> Outcome:
            found = final(start)
            jax.block_until_ready(found.ys)
            evaluations = 1 + _STAGES * int(found.stats["num_steps"])
            if found.result != diffrax.RESULTS.event_occurred:
                return Outcome(False, evaluations, math.nan)
            u, v = (np.asarray(part[-1]) for part in found.ys)
            return Outcome(True, evaluations, problem.relative_distance(v.T), loss=problem.loss(u, v.T))

        return run


def _products(problem: Problem) -> tuple[Callable, Callable]:
    """Velocity and loss on matrix products."""
    import jax.numpy as jnp

    X, y, kappa, n = jnp.asarray(problem.X), jnp.asarray(problem.y), problem.network.kappa, len(problem.y)

    def velocity(t: float, w: tuple, args: None) -> tuple:
        u, v = w
        z = X @ v
        e = kappa * (jnp.maximum(z, 0.0) @ u) - y
        g = X.T @ jnp.where(z > 0, ((-kappa / n) * e)[:, None], 0.0)
        return jnp.sum(v * g, 0), u * g

    def loss(w: tuple) -> object:
        e = kappa * (jnp.maximum(X @ w[1], 0.0) @ w[0]) - y
        return e @ e / (2 * n)

    return velocity, loss


def _unrolled(problem: Problem) -> tuple[Callable, Callable]:
    """The same, one sample and one input at a time."""
    import jax.numpy as jnp

    rows, y, kappa, n = problem.X.tolist(), problem.y.tolist(), problem.network.kappa, len(problem.y)

    def forward(w: tuple) -> tuple[list, list]:
        u, v = w
        z = [sum(x * v[j] for j, x in enumerate(row)) for row in rows]
        return z, [kappa * jnp.sum(jnp.maximum(one, 0.0) * u) - target for one, target in zip(z, y, strict=True)]

    def velocity(t: float, w: tuple, args: None) -> tuple:
        u, v = w
        z, e = forward(w)
        s = [jnp.where(one > 0, (-kappa / n) * error, 0.0) for one, error in zip(z, e, strict=True)]
        g = [sum(row[j] * one for row, one in zip(rows, s, strict=True)) for j in range(len(v))]
        return sum(v[j] * along for j, along in enumerate(g)), jnp.stack([u * along for along in g])

    def loss(w: tuple) -> object:
        return sum(error**2 for error in forward(w)[1]) / (2 * n)

    return velocity, loss

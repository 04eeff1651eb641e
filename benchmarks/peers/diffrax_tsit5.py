"""diffrax's Tsit5 under a PI controller, with a terminating event on the loss, compiled by XLA, float64.

A compiled loop cannot look at a clock: the limit becomes a number of steps, from the time of a first short run.
"""

import math
import time

from deadline import Deadline
from problem import Problem

from peers.base import Outcome, Solve

__all__ = ["DiffraxTsit5"]

_SHORT = 256  # steps of the first run
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

        X, y, kappa = jnp.asarray(problem.X), jnp.asarray(problem.y), problem.network.kappa
        start = jnp.asarray(problem.network.u), jnp.asarray(problem.network.v.T.copy())
        n = len(y)

        def residual(u: jax.Array, z: jax.Array) -> jax.Array:
            return kappa * (jnp.maximum(z, 0.0) @ u) - y

        def velocity(t: float, w: tuple, args: None) -> tuple:
            u, v = w
            z = X @ v
            g = X.T @ jnp.where(z > 0, ((-kappa / n) * residual(u, z))[:, None], 0.0)
            return jnp.sum(v * g, 0), u * g

        def fitted(t: float, w: tuple, args: None, **kwargs: object) -> jax.Array:
            e = residual(w[0], X @ w[1])
            return e @ e / (2 * n) < problem.loss_tol

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
            return Outcome(True, evaluations, problem.relative_distance(jax.device_get(found.ys[1][-1]).T))

        return run

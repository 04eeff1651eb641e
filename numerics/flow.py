"""gradient_flow(): a sampled network and data in, a Solution out.

The error of a step is that of the *distance* of each layer from its start, not of the weights: RD spans nine orders of
magnitude over the phase diagram, and a tolerance relative to |theta| means nothing in the linear regime. A step is also
refused if the loss rises by more than the quiver of neurons that slide on a kink, which a gradient flow never does.
"""

import time
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from numerics.datasets import check_data
from numerics.errors import GradientFlowError, InputError
from numerics.integrators import METHODS, Integrator, PIController, Point
from numerics.integrators.base import Attempt, RightHandSide
from numerics.networks import TwoLayer
from numerics.observables import relative_distance

__all__ = ["Solution", "Statistics", "Status", "Trajectory", "gradient_flow"]


class Status(Enum):
    """Why a run stopped; the value is the message, with what to do."""

    LOSS_REACHED = "the loss reached loss_tol"
    GRADIENT_REACHED = "the gradient norm reached grad_tol"
    TIME_REACHED = "t_max was reached"
    STATIONARY = (
        "the gradient vanished before the loss reached loss_tol: this network cannot fit the target; look for equal "
        "inputs with different targets, or raise loss_tol"
    )
    STEP_BUDGET = "max_steps was used up before the loss reached loss_tol; raise max_steps, rtol or loss_tol"
    TIME_BUDGET = "max_seconds was used up before the loss reached loss_tol; raise max_seconds, rtol or loss_tol"
    STEP_TOO_SMALL = "the step size underflowed; loosen rtol or rescale the data"


_SUCCESS = {Status.LOSS_REACHED, Status.GRADIENT_REACHED, Status.TIME_REACHED}
_LARGE_KERNEL = 200  # samples beyond which eigenvectors of the kernel cost more than they save
_TIGHT = 5e-3  # rtol below which kinks are better resolved by stages
_LOSS_RISE = 1.1  # factor beyond which a rising loss refuses a step; sliding on kinks makes it quiver by less
_LOSS_ROSE, _UNSTABLE = 8.0, 1e3  # errors that stand for a risen loss and for numbers that overflowed
_LOSS_MATCH = 0.02  # |log(loss/loss_tol)| at which the stop counts as located
_STATIONARY_CHANGE = 1e-6  # relative change of loss and displacement over a doubling of the time


@dataclass(frozen=True)
class Statistics:
    """Cost of a run: what was done, how often, and how long it took (seconds of wall time, compilation included)."""

    method: str
    why: str
    accepted: int
    rejected: int
    evaluations: int
    kernel_evaluations: int
    seconds: float


@dataclass(frozen=True)
class Trajectory:
    """Values at every accepted step, start included; arrays of equal length. t is normalised time."""

    t: np.ndarray
    loss: np.ndarray
    relative_distance_w: np.ndarray
    relative_distance_a: np.ndarray


@dataclass(frozen=True)
class Solution:
    """A finished run.

    Attributes
    ----------
    network, initial : TwoLayer
        At the end and at the start.
    t : float
        Normalised time; multiply by beta1 beta2 for the time of the unnormalised flow.
    loss : float
        R = (1/2n) sum e_i^2.
    status : Status
    relative_distance, sup_relative_distance : dict
        RD of 'w' and 'a', at the end and the largest over the accepted steps; the latter also of 'theta', all weights in uniform
        coordinates.
    conserved_drift : float
        Largest change of u_k^2 - |v_k|^2 made by the method, summed over the steps, relative to the largest u_k^2 + |v_k|^2 at
        the end: zero for the exact flow. Each step's part was removed again at its end.
    stats : Statistics
    trajectory : Trajectory
    """

    network: TwoLayer
    initial: TwoLayer
    t: float
    loss: float
    status: Status
    relative_distance: dict[str, float]
    sup_relative_distance: dict[str, float]
    conserved_drift: float
    stats: Statistics
    trajectory: Trajectory

    @property
    def message(self) -> str:
        """Why the run stopped, with what to do."""
        return self.status.value

    @property
    def converged(self) -> bool:
        """Whether the run stopped where it was asked to."""
        return self.status in _SUCCESS

    @property
    def seed(self) -> str:
        """Where the start's random numbers came from."""
        return self.initial.seed

    def __repr__(self) -> str:
        distance = ", ".join(f"{layer} {value:.4g}" for layer, value in self.relative_distance.items())
        stats = self.stats
        return (
            f"<Solution {self.status.name}: loss {self.loss:.2e} at t = {self.t:.4g}; RD {distance}; "
            f"m = {self.network.width}; {stats.method}, {stats.accepted} steps, {stats.evaluations} evaluations, "
            f"{stats.seconds:.3g} s>"
        )


def gradient_flow(
    network: TwoLayer,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss_tol: float = 1e-6,
    rtol: float = 1e-2,
    method: str = "auto",
    t_max: float = np.inf,
    grad_tol: float = 0.0,
    max_steps: int = 200_000,
    max_seconds: float = np.inf,
    throw: bool = True,
) -> Solution:
    """Integrate the gradient flow of a network until it has fitted the data.

    Parameters
    ----------
    network : TwoLayer
        The start.
    X : array (n, d), y : array (n,)
        Inputs with the constant included, and targets.
    loss_tol : float
        Stop when R = (1/2n) sum e_i^2 falls to this value; the time of it is located to 2 % of the loss.
    rtol : float
        Relative accuracy asked of the relative distances RD.
    method : str
        ``'auto'`` (``stats.why`` says what it chose and why), ``'exponential'``, ``'rkc'`` or ``'dormand-prince'``.
    t_max, grad_tol : float
        Stop at this normalised time, or when |grad R| falls to this value.
    max_steps : int; max_seconds : float
        Budgets: a run that uses one up is marked, not lost.
    throw : bool
        Raise :class:`GradientFlowError` if the run stops short; with False look at ``status``.

    Returns
    -------
    Solution
    """
    X, y = check_data(X, y)
    _check_arguments(network, X, y, loss_tol, rtol, method, t_max, grad_tol, max_steps, max_seconds)
    chosen, why = _choose(len(y), rtol) if method == "auto" else (method, "asked for")
    run = _Run(network, X, y, METHODS[chosen], loss_tol, rtol, t_max, grad_tol, max_steps, max_seconds)
    solution = run.integrate(why)
    if throw and not solution.converged:
        raise GradientFlowError(solution.message, solution)
    return solution


class _Run:
    """One integration: the loop around an integrator."""

    def __init__(
        self,
        network: TwoLayer,
        X: np.ndarray,
        y: np.ndarray,
        method: type[Integrator],
        loss_tol: float,
        rtol: float,
        t_max: float,
        grad_tol: float,
        max_steps: int,
        max_seconds: float,
    ) -> None:
        m, d = network.v.shape
        self.network, self.rtol, self.loss_tol = network, rtol, loss_tol
        self.t_max, self.grad_tol, self.max_steps, self.max_seconds = t_max, grad_tol, max_steps, max_seconds
        self.started = time.perf_counter()
        self.rhs = RightHandSide(network, X, y)
        self.start, self.point, self.trial = (Point(m, d, len(y)) for _ in range(3))
        for point in (self.start, self.point):
            point.u[:] = network.u
            point.v[:] = network.v.T
        self.sizes = float(np.linalg.norm(network.u)), float(np.linalg.norm(network.v))
        self.rhs.update_residual(self.point)
        self.integrator = method(self.rhs, self.start)
        self.controller = PIController(order=self.integrator.order)
        self.drift = np.zeros(m)
        self.t, self.accepted, self.rejected = 0.0, 0, 0
        self.record = [(0.0, self.point.loss, 0.0, 0.0)]
        self.halfway = 0  # index of the record at half the present time, for the test of stationarity

    def integrate(self, why: str) -> Solution:
        """Step until a stopping rule applies."""
        radius = self.rhs.spectral_radius(self.point, iterations=30)
        h = np.sqrt(self.rtol) / radius if radius > 0 else np.inf
        self.integrator.prepare(self.point)
        status = self._stop()
        while status is None:
            growth = self.rhs.growth_bound(self.point)
            # on a plateau the way out is carried by a few neurons that are still too small to show in any sum: a step that does
            # not resolve their growth throws them over a kink, and they die there
            h = min(h, self.t_max - self.t, self.integrator.growth / growth if growth > 0 else np.inf)
            if not np.isfinite(h) or self.t + h == self.t:
                status = Status.STATIONARY if radius == 0 else Status.STEP_TOO_SMALL
                break
            attempt = self._attempt(h)
            if attempt.error > 1.0:
                self.rejected += 1
                h *= self.controller.rejected(attempt.error)
                continue
            error = attempt.error
            if self.trial.loss < self.loss_tol:
                h, attempt = self._locate_loss(h, attempt)
            self._accept(h, attempt)
            h *= self.controller.accepted(error)
            status = self._stop()
        return self._solution(status, why)

    def _attempt(self, h: float) -> Attempt:
        """Try a step; its error in units of the tolerance."""
        attempt = self.integrator.attempt(self.point, h, self.trial)
        error = attempt.error / self.rtol
        if not np.isfinite(error):
            error = _UNSTABLE
        elif not self.trial.loss <= _LOSS_RISE * self.point.loss:
            error = max(_LOSS_ROSE, error)
        return attempt._replace(error=error)

    def _accept(self, h: float, attempt: Attempt) -> None:
        self.t += h
        self.accepted += 1
        self.drift += self.integrator.removed
        self.point, self.trial = self.trial, self.point
        self.integrator.prepare(self.point)
        moved_w, moved_a = attempt.moved_v / self.sizes[1], attempt.moved_u / self.sizes[0]
        self.record.append((self.t, self.point.loss, moved_w, moved_a))

    def _locate_loss(self, h: float, attempt: Attempt) -> tuple[float, Attempt]:
        """Shorten the step so that it ends where the loss is loss_tol: secant steps in log loss, each a real step."""
        low, low_value = 0.0, np.log(self.point.loss / self.loss_tol)
        high, high_value = h, _log(self.trial.loss / self.loss_tol)
        for _ in range(12):
            if abs(high_value) < _LOSS_MATCH:
                break
            middle = low + (high - low) * min(0.95, max(0.05, low_value / (low_value - high_value)))
            attempt = self._attempt(middle)
            value = _log(self.trial.loss / self.loss_tol)
            if abs(value) < _LOSS_MATCH:
                return middle, attempt
            if value > 0:
                low, low_value = middle, value
            else:
                high, high_value = middle, value
        return high, self._attempt(high)

    def _stop(self) -> Status | None:
        gradient = float(np.sqrt(self.point.gradient_squared or 0.0))
        if self.point.loss <= self.loss_tol * (1 + _LOSS_MATCH):
            return Status.LOSS_REACHED
        if gradient <= self.grad_tol and self.grad_tol > 0:
            return Status.GRADIENT_REACHED
        if self.t >= self.t_max:
            return Status.TIME_REACHED
        if gradient == 0.0 or self._is_stationary(gradient):
            return Status.STATIONARY
        if self.accepted + self.rejected >= self.max_steps:
            return Status.STEP_BUDGET
        if time.perf_counter() - self.started > self.max_seconds:
            return Status.TIME_BUDGET
        return None

    def _is_stationary(self, gradient: float) -> bool:
        """Nothing moved over the last doubling of the time, and no neuron is about to grow (a saddle is not an end)."""
        while self.halfway + 1 < len(self.record) and self.record[self.halfway + 1][0] <= self.t / 2:
            self.halfway += 1
        if self.halfway == 0:
            return False
        then, now = np.array(self.record[self.halfway][1:]), np.array(self.record[-1][1:])
        if np.any(np.abs(now - then) > _STATIONARY_CHANGE * np.abs(now)) or gradient**2 * self.t > 1e-3 * now[0]:
            return False
        return self.rhs.largest_growth_rate(self.point) * self.t < 1.0

    def _solution(self, status: Status, why: str) -> Solution:
        final = replace(self.network, u=self.point.u.copy(), v=self.point.v.T.copy())
        columns = [np.array(column) for column in zip(*self.record, strict=True)]
        size_a, size_w = self.sizes
        theta = np.hypot(columns[2] * size_w, columns[3] * size_a) / np.hypot(size_w, size_a)
        return Solution(
            network=final,
            initial=self.network,
            t=self.t,
            loss=self.point.loss,
            status=status,
            relative_distance=relative_distance(final, self.network),
            sup_relative_distance={
                "w": float(columns[2].max()),
                "a": float(columns[3].max()),
                "theta": float(theta.max()),
            },
            conserved_drift=float(np.max(np.abs(self.drift)) / np.max(final.u**2 + np.sum(final.v**2, axis=1))),
            stats=Statistics(
                method=self.integrator.name,
                why=why,
                accepted=self.accepted,
                rejected=self.rejected,
                evaluations=self.rhs.evaluations,
                kernel_evaluations=self.rhs.kernel_evaluations,
                seconds=time.perf_counter() - self.started,
            ),
            trajectory=Trajectory(*columns),
        )


def _choose(samples: int, rtol: float) -> tuple[str, str]:
    """The method for a problem, and the reason."""
    if samples > _LARGE_KERNEL:
        return "rkc", f"n = {samples} > {_LARGE_KERNEL}: the n-by-n kernel would cost more than the stages it saves"
    if rtol < _TIGHT:
        return "rkc", f"rtol = {rtol:g} < {_TIGHT:g}: the stages resolve kinks better"
    return "exponential", "one pass a step in the tangent kernel, whatever the stiffness"


def _log(value: float) -> float:
    return float(np.log(value)) if value > 0 else -np.inf


def _check_arguments(
    network: TwoLayer,
    X: np.ndarray,
    y: np.ndarray,
    loss_tol: float,
    rtol: float,
    method: str,
    t_max: float,
    grad_tol: float,
    max_steps: int,
    max_seconds: float,
) -> None:
    if X.shape[1] != network.v.shape[1]:
        raise InputError(f"X has shape {X.shape} and the network {network.v.shape[1]} inputs; they must agree")
    for name, value in (("loss_tol", loss_tol), ("rtol", rtol), ("t_max", t_max), ("max_seconds", max_seconds)):
        if not value > 0:
            raise InputError(f"{name} = {value}; give a positive number")
    if rtol >= 1:
        raise InputError(f"rtol = {rtol}; give a relative accuracy below 1, such as 1e-2")
    if not grad_tol >= 0:
        raise InputError(f"grad_tol = {grad_tol}; give 0 to switch it off, or a positive number")
    if max_steps < 1:
        raise InputError(f"max_steps = {max_steps}; give a positive integer")
    if method != "auto" and method not in METHODS:
        raise InputError(f"method = {method!r}; use 'auto' or one of {', '.join(METHODS)}")

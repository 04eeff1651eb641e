"""gradient_flow(): a sampled network and data in, a Solution out.

The error of a step is that of the *distance* of each layer from its start, not of the weights: RD spans nine orders of
magnitude over the phase diagram, and a tolerance relative to |theta| means nothing in the linear regime. A step is also
refused if the loss rises by more than the quiver of neurons that slide on a kink, which a gradient flow never does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Generic, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import real_array, truth
from numerics.datasets.builtin import check_data
from numerics.errors import GradientFlowError, InputError, check_choice, check_type
from numerics.flow.check import run_twice
from numerics.flow.collapse import warn_of_collapse
from numerics.flow.controller import PIController
from numerics.flow.decay import as_decay
from numerics.flow.deep.problem import DeepProblem
from numerics.flow.dropout import dropout_ratio
from numerics.flow.fineness import Paced
from numerics.flow.least_loss import rest_of
from numerics.flow.limits import Limits
from numerics.flow.problem import LARGE_KERNEL, Loop, N, P, Point, Problem, Step
from numerics.flow.record import Record
from numerics.flow.solution import Progress, Snapshots, Solution, Statistics, Status
from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar
from numerics.flow.two_layer.problem import TwoLayerProblem, checked_threads
from numerics.flow.two_layer.short import fitted
from numerics.kernels import control
from numerics.kernels.compilation import Stopwatch
from numerics.kernels.tangent import modes_of, time_to_loss
from numerics.networks.deep import DeepNetwork
from numerics.networks.module import Module, sample_array
from numerics.networks.two_layer import TwoLayer

__all__ = ["LOSSES", "gradient_flow", "method_for"]

#: Losses by name.
LOSSES = ("squares", "cross-entropy")

_SINGLE = 1e-4  # the rtol down to which the errors of single precision do not show in RD
_SPLIT = 1.0  # of unequal decays: their part beyond the mean in one step, over the root of rtol
_PUSHED = (
    1e-4  # part of the fastest growth there could be at which a neuron is not at rest, however short the time passed
)


def gradient_flow(
    network: TwoLayer | DeepNetwork | Module,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str = "squares",
    loss_tol: float = 1e-6,
    rtol: float = 1e-2,
    method: str = "auto",
    t_max: float = np.inf,
    grad_tol: float = 0.0,
    max_steps: int = 200_000,
    max_seconds: float = np.inf,
    loss_levels: ArrayLike = (),
    times: ArrayLike = (),
    weight_decay: ArrayLike = 0.0,
    dropout: SupportsFloat = 1.0,
    keep_weights: bool = False,
    callback: Callable[[Progress], bool | None] | None = None,
    threads: int | None = None,
    check: bool = False,
    throw: bool = True,
) -> Solution:
    """Integrate the gradient flow of a network until it has fitted the data.

    Parameters
    ----------
    network : TwoLayer, DeepNetwork or numerics.pytorch.Module
        The start.
    X : array (n, d), y : array (n,), of a network with several outputs (n, k)
        Inputs, a constant included unless the first layer has a bias, and targets. With n < d the flow of two layers is
        integrated in the n directions that the samples see, exactly (:mod:`numerics.flow.two_layer.sample_space`). A Module
        takes samples of any shape (n, ...), integers as they are.
    loss : 'squares' or 'cross-entropy'
        R = (1/2n) sum |f - y|^2, or with a Module -(1/n) sum log softmax(f) at the labels y, integers (n,). Cross-entropy has no
        minimiser: the run stops at the level ``loss_tol``.
    loss_tol : float
        Stop when R falls to this value; the time of it is located to 2 rtol of the loss, at most 2 %.
    rtol : float
        Relative accuracy asked of the relative distances RD.
    method : str
        ``'auto'`` (``stats.why`` says what it chose and why), ``'exponential'``, ``'rkc'``, or with two layers
        ``'kink-exact'`` and ``'dormand-prince'``.
    t_max, grad_tol : float
        Stop at this normalised time, or when |grad R| falls to this value (located as well).
    max_steps : int; max_seconds : float
        Budgets: a run that uses one up is marked, not lost. Seconds of wall time; compilation, at the first use of a method,
        does not count.
    loss_levels : array (k,)
        Losses above ``loss_tol`` that a step ends on, located like it: there :meth:`Solution.relative_distance_at` has the
        accuracy of the run.
    times : array (k,)
        Normalised times to report in ``snapshots``; a step ends on each.
    weight_decay : float or array (layers,)
        Lambda in dW/dt = -grad R - Lambda W, in normalised time and uniform coordinates: one number, or one for every layer,
        input to output; :func:`numerics.normalised_decay` makes it from lambda or mu. The run stops on ``loss_tol``, ``grad_tol``
        (of |grad R + Lambda W|), ``t_max``, or where forces and decay balance, which counts as an end that was asked for.
        ``loss_tol`` may lie below what the decay leaves of the loss; to go on past the fit, give one that does, such as 1e-30.
        Of two layers only kink-exact comes to rest: other methods quiver across the kinks that neurons end on; give ``t_max``.
    dropout : float
        Probability in (0, 1] with which a hidden neuron is kept, as in :func:`phasetheory.with_dropout`; 1 is no dropout.
        (PyTorch's p, with which it is dropped, is 1 minus that.) The flow is that averaged over the masks, of R plus the penalty
        (q/2n) sum_i sum_k f_k(x_i)^2, q = (1 - p)/p (:mod:`numerics.flow.dropout`). Two layers, without weight decay, any method
        but ``'exponential'``. The run stops as under weight decay: ``grad_tol`` is of the gradient of both together, ``loss_tol``
        may lie below what the penalty leaves of R, and forces that balance are an end that was asked for. It has settled by
        tau = kappa t of about 10 m T/q, T the time tau of the fit; give ``t_max``.
    keep_weights : bool
        Whether the snapshots hold the weights too.
    callback : callable(Progress) -> bool
        Called after every accepted step; true stops the run.
    threads : int, optional
        Threads over the neurons of two layers; by default one for every 100 000 neurons, up to the number of cores. The result is
        the same to rounding for any number, and to the bit for the same number. Refused for a DeepNetwork, whose matrix products
        have the threads that NumPy's library gives them, and for a Module, which has PyTorch's.
    check : bool
        Run twice, at ``rtol`` and at a quarter of it: the second is returned, and its ``error`` says how far RD is from that of
        the first, at the end and at ``times``. Beyond 3 rtol a warning says so: see Accuracy. Budgets are for each run.
    throw : bool
        Raise :class:`GradientFlowError` if the run stops short, or comes to rest at a larger loss; with False look at ``status``.

    Returns
    -------
    Solution

    Accuracy
    --------
    Two layers, four points, 500 and 1000 neurons, rtol from 1e-2 to 1e-5: the error of RD is a third of rtol or less as a rule,
    below rtol in 95 of 100 runs, and beyond where a single neuron on a knife edge, between life and death at a kink, falls to the
    other side: by 3 rtol, rarely more. The equation itself is not unique where a neuron slides into v = 0: it stays there, as
    relu'(0) = 0 has it; gradient descent tosses it either way, which moves RD by 1e-4 to 1e-3 at a thousand neurons.
    RD at ``times``, on the way, is late by a part of a step while it rises: at 20 points of the plane (400 to 2000 neurons, 20
    times between 1 and 90 % of RD) its error is 1.5, 2.2 and 0.9 rtol at the median for rtol = 1e-2, 1e-3, 1e-4, below 3 rtol in
    15, 15 and 18 of the 20. Where a cluster of condensed neurons is cut in two at a kink the end is off as well: 80 points of a
    curve, gamma = 7/4, rtol = 1e-4: 1e-3. ``check`` says how far off a run is.

    That is the accuracy of ``'kink-exact'``, the default. The other methods do not locate kinks: a neuron that crosses one inside
    a step is off by a part of the step, of which the embedded estimate of Dormand-Prince sees a thirteenth (root mean square over
    where in the step it crosses), and on the plateau of a small initialisation nothing but the growth of the weights keeps steps
    short. So below rtol = 1e-2 they grow less in a step, in proportion to rtol; for 1e-3 that is about twice the steps.
    Measured at gamma = 7/4: with a linear activation the error is below rtol without that; with leaky relu it is 6 rtol, with
    256 times the weight of kinks in the estimate 2.4 rtol, with shorter steps 1.5.
    Six random samples of ten inputs, leaky relu of slope 0.1, 200 and 1000 neurons, gamma from 1/2 to 7/4, errors in units of
    rtol, 95 of 100 runs below / largest: at 1e-2 (48 runs) kink-exact 0.2 / 0.3, dormand-prince 0.7 / 0.9, rkc 0.6 / 0.7,
    exponential 1.0 / 1.1; at 1e-3 (48 runs) 0.4 / 0.9, 1.0 / 1.3, 1.0 / 1.2, 1.7 / 2.9; at 1e-4 (12 runs) 0.5 / 0.5,
    0.9 / 0.9, 1.4 / 1.6, 2.5 / 3.5, against kink-exact at rtol 1e-6. Among others at 1e-4 were runs on a knife edge, as
    above, where every method missed by up to 17 rtol.

    Deep networks by ``'exponential'``, 30 neurons a layer, four points, 40 starts of three and of four layers, rtol = 1e-2: the
    error of RD is 0.5 and 0.7 rtol at the median, below 1.3 and 1.9 rtol in nine of ten. For rtol of 1e-4 and more, up to 32
    numbers to fit and a homogeneous activation, what a step adds to weights is found in single precision; weights and residual
    are in double. Errors are the same in either.
    """
    truth(throw, "throw")
    truth(check, "check")
    check_choice(loss, "loss", LOSSES)
    requested = real_array(times, "times")
    levels = real_array(loss_levels, "loss_levels")
    limits = Limits(loss_tol, rtol, t_max, grad_tol, max_steps, max_seconds, levels, requested, keep_weights, callback)
    check_type(network, "network", TwoLayer, DeepNetwork, Module)
    layers = TwoLayerProblem.layers if isinstance(network, TwoLayer) else network.layers
    decay = as_decay(weight_decay, layers)
    ratio = dropout_ratio(dropout, network, decay)
    make: Callable[..., Any]
    solve: Callable[[Limits], Solution]
    if isinstance(network, Module):
        from numerics.flow.modules.problem import PROBLEMS, target_array  # needs PyTorch, which is an extra

        X, y = sample_array(X), target_array(y)
        make = partial(PROBLEMS[loss], threads=threads, decay=decay)
        solve = partial(_solve, network, X, y, method_for(PROBLEMS[loss], y.size, method), make)
    else:
        X, y = _checked(network, X, y, loss)
        if decay:
            warn_of_collapse(network, X, y, decay)
        if isinstance(network, TwoLayer):
            chosen, why = method_for(TwoLayerProblem, y.size, method, planar=X.shape[1] == 2 and not (decay or ratio))
            plain = chosen == KinkExactPlanar.name and checked_threads(threads) in (None, 1) and not (decay or ratio)
            make = partial(TwoLayerProblem, threads=threads, decay=decay, ratio=ratio)
            whole = partial(_solve, network, X, y, (chosen, why), make)
            solve = partial(_shortly, partial(fitted, [network], X, y, why), whole) if plain else whole
        else:
            make = partial(DeepProblem, threads=threads, decay=decay, single=limits.rtol >= _SINGLE)
            solve = partial(_solve, network, X, y, method_for(DeepProblem, y.size, method), make)
    solution = run_twice(solve, limits) if check else solve(limits)
    if solution.at_rest and loss == "squares":
        solution = replace(solution, status=rest_of(network, X, y, solution.loss, solution.status))
    if throw and not solution.converged:
        raise GradientFlowError(solution.message, solution)
    return solution


def _checked(network: TwoLayer | DeepNetwork, X: ArrayLike, y: ArrayLike, loss: str) -> tuple[np.ndarray, np.ndarray]:
    """The data of a fully connected network."""
    X, y = check_data(X, y, network.outputs if isinstance(network, DeepNetwork) else 1)
    if loss != "squares":
        raise InputError(f"loss = {loss!r} for a {type(network).__name__}; it is for a Module with several outputs")
    if X.shape[1] != network.inputs:
        raise InputError(f"X has shape {X.shape} and the network {network.inputs} inputs; they must agree")
    return X, y


def _shortly(
    short: Callable[[Limits], list[Solution | None]], whole: Callable[[Limits], Solution], limits: Limits
) -> Solution:
    """The run in one call if that comes to its end, else step by step."""
    (solution,) = short(limits)
    return solution or whole(limits)


def _solve(
    network: N,
    X: np.ndarray,
    y: np.ndarray,
    method: tuple[str, str],
    make: Callable[[N, np.ndarray, np.ndarray, str], Problem[P, N]],
    limits: Limits,
) -> Solution:
    """The run of one kind of network, by a method with its reason."""
    chosen, why = method
    # numbers that overflow on the way are those of a step that is refused; at the start they are the user's
    with Stopwatch() as watch, np.errstate(over="ignore", invalid="ignore"):
        problem = make(network, X, y, chosen)
        try:
            if not np.isfinite(problem.point.loss):
                raise InputError("the loss at the start is beyond the float range; rescale weights, inputs or targets")
            return _Run(problem, limits, watch).integrate(why)
        finally:
            problem.close()


def method_for(kind: type[Problem[P, N]], samples: int, asked: str, *, planar: bool = False) -> tuple[str, str]:
    """The method for so many samples, and the reason; ``planar``: whether it is two layers' without a dense kernel."""
    check_choice(asked, "method", ("auto", *kind.methods))
    if asked != "auto":
        return asked, "asked for"
    if samples > LARGE_KERNEL and not planar:
        return "rkc", f"n = {samples} > {LARGE_KERNEL}: the n-by-n kernel would cost more than the stages it saves"
    return kind.preferred


class _Run(Generic[P, N]):
    """One integration: the loop around a method."""

    def __init__(self, problem: Problem[P, N], limits: Limits, watch: Stopwatch) -> None:
        self.problem, self.flow, self.method = problem, problem.flow, problem.method
        self.limits, self.watch = limits, watch
        self.point, self.trial = problem.point, problem.trial
        self.controller = PIController(order=self.method.order)
        self.growth, self.tolerance = limits.step_bounds(self.method)
        self.rate = self.method.rate if isinstance(self.method, Paced) else self.flow.growth_bound
        self.decay = self.flow.decay
        # splitting unequal decays from the flow costs the second order of this, which no estimate sees
        spread = self.decay.spread if self.decay and self.method.splits_decay else 0.0
        self.longest = _SPLIT * np.sqrt(limits.rtol) / spread if spread > 0 else np.inf
        self.match = limits.match
        self.levels = limits.levels
        self.accepted, self.rejected = 0, 0
        self.record = Record(problem.layers, problem.sizes)
        self.record.append(0.0, self.point.loss, (0.0,) * len(problem.layers))
        self.halfway = 0  # index of the record at half the present time, for the test of stationarity
        self.stop_asked = False
        self.snapshots: list[tuple[Progress, np.ndarray, N | None]] = []

    @property
    def t(self) -> float:
        """Normalised time reached."""
        return self.record.t

    def integrate(self, why: str) -> Solution:
        """Step until a stopping rule applies."""
        status = self._stop()
        radius = self.method.spectral_radius(self.point) if status is None else 0.0
        first = self.method.first if isinstance(self.method, Paced) else np.sqrt(self.tolerance)
        self.h = first / radius if radius > 0 else np.inf
        milestones = self._milestones()
        milestone = next(milestones)
        advance = partial(self._loop, self.method.loop) if self.method.loop else self._advance
        while status is None:
            if not advance(milestone):
                status = Status.STATIONARY if radius == 0 else Status.STEP_TOO_SMALL
                break
            if self.limits.callback is not None:
                self.stop_asked = bool(self.limits.callback(self.record.last))
            if self.t >= milestone:
                self._keep_snapshot()
                milestone = next(milestones)
            status = self._stop()
        return self._solution(status, why)

    def _loop(self, loop: Loop[P], milestone: float) -> bool:
        """Steps by the method's own loop until a stopping rule may apply; the same steps as those of :meth:`_advance`."""
        limits, controller, record = self.limits, self.controller, self.record
        record.make_room()
        rules = limits.rules(self.method, len(record.rows) if limits.callback is None else 1)
        rules = rules._replace(milestone=milestone, tries=limits.max_steps - self.accepted - self.rejected)
        done = loop(
            *(self.point, self.trial, rules, record.rows, record.count, self.halfway, self.h, controller.previous)
        )
        steps = done.written - record.count
        self.accepted, self.rejected = self.accepted + steps, self.rejected + done.rejected
        record.count, self.h, controller.previous = done.written, done.h, done.previous
        if steps % 2:
            self.point, self.trial = self.trial, self.point
        return not done.stuck

    def _advance(self, milestone: float) -> bool:
        """One step, as long as the accuracy allows; false if it would go nowhere."""
        while True:
            rate = self.rate(self.point)
            # on a plateau the way out is carried by a few neurons that are still too small to show in any sum: a step that does
            # not resolve their growth throws them over a kink, and they die there
            free = min(self.h, self.growth / rate if rate > 0 else np.inf, self.longest)
            h = self.h = self._aim(min(free, milestone - self.t))
            if not np.isfinite(h) or self.t + h == self.t or h < control.SHORTEST:
                return False
            error, step = self._attempt(h)
            if error <= 1.0:
                break
            self.rejected += 1
            self.h *= self.controller.rejected(error)
        for tolerance, value in self._crossed():
            h, step = self._locate(h, step, tolerance, value)
        arrives = self.t + h >= milestone
        self._accept(milestone if arrives else self.t + h, step)
        self.h = (free if arrives else h) * self.controller.accepted(error)
        return True

    def _milestones(self) -> Iterator[float]:
        """Times that a step has to end on: the requested ones, then t_max."""
        yield from (float(t) for t in self.limits.times if t < self.limits.t_max)
        while True:
            yield self.limits.t_max

    def _aim(self, h: float) -> float:
        """A step to the stop on the loss, if that is within h.

        Where the kernel foresees it; by a method that steps across kinks, halfway from there to where it is if the loss falls
        as in the last step, should that be later.
        """
        record, level = self.record, self._next_level()
        if self.point.kernel is None or record.count < 2 or self.point.penalty > 0:
            return h
        if not control.comes_near(record.rows, record.count, level, h):
            return h
        foreseen = self._foresee(level, h)[0]
        if not isinstance(self.method, Paced):
            return foreseen
        # neurons that quiver on kinks count in full in the kernel, and lower the loss by less
        before = control.as_before(record.rows, record.count, level)
        return min(h, float(np.sqrt(foreseen * max(foreseen, before))))

    def _foresee(self, loss: float, h: float) -> tuple[float, float]:
        """When the loss falls to ``loss`` if the kernel stays, or h if that is later; and the loss at h."""
        residual = self.point.residual
        unit = (
            2 * self.point.loss * residual.size / float(residual @ residual)
        )  # of the loss, in that of one output a sample
        t, last = time_to_loss(modes_of(self.point.kernel, residual), loss / unit, h)
        return float(t), float(last) * unit

    def _attempt(self, h: float) -> tuple[float, Step]:
        """Try a step: its error in units of the tolerance, and the step."""
        step = self.method.attempt(self.point, h, self.trial)
        after = self.trial.loss + (self.trial.penalty - self.point.penalty)
        return control.judged(step.error / self.tolerance, self.record.loss, after), step

    def _accept(self, t: float, step: Step) -> None:
        self.accepted += 1
        self.problem.accepted(self.point, self.trial)
        self.point, self.trial = self.trial, self.point
        self.record.append(t, self.point.loss, step.moved)

    def _keep_snapshot(self) -> None:
        if self.t in self.limits.times:
            weights = self.problem.network_at(self.point) if self.limits.keep_weights else None
            self.snapshots.append((self.record.last, self.problem.outputs(self.point), weights))

    def _crossed(self) -> Iterator[tuple[float, Callable[[P], float]]]:
        """The tolerance that the trial step went past, if any, and the quantity it bounds."""
        level = self._next_level()
        if self.trial.loss < level:
            yield level, _loss
        elif self.limits.grad_tol > 0:
            self.method.prepare(self.trial)
            if _gradient(self.trial) < self.limits.grad_tol:
                yield self.limits.grad_tol, self._prepared_gradient

    def _next_level(self) -> float:
        """The loss that a step has to end on next: the largest that has not been reached, at last ``loss_tol``."""
        reached = self.record.loss
        return next((level for level in self.levels if reached > level * (1 + self.match)), self.limits.loss_tol)

    def _prepared_gradient(self, point: P) -> float:
        self.method.prepare(point)
        return _gradient(point)

    def _locate(self, h: float, step: Step, tolerance: float, value: Callable[[P], float]) -> tuple[float, Step]:
        """Shorten the step so that it ends where ``value`` is the tolerance, each try a real step.

        Where the kernel foresees the loss, at first: its forecast, times the factor that the last try was off by. Else false
        position in the log of the value.
        """
        now = control.near(value(self.trial), tolerance)
        bracket = 0.0, control.near(value(self.point), tolerance), h, now, 0
        for tries in range(1, control.MOST_TRIES + 1):
            if abs(now) < self.match:
                break
            tried, h = h, control.middle(bracket)
            if (
                value is _loss
                and tries <= control.FORESEEN
                and self.point.kernel is not None
                and self.point.penalty == 0
            ):
                foreseen = self._foresee(tolerance, tried)[1]
                foreseen = self._foresee(tolerance * foreseen / self.trial.loss, bracket[2])[0]
                h = foreseen if bracket[0] < foreseen < bracket[2] else h
            _, step = self._attempt(h)
            now = control.near(value(self.trial), tolerance)
            bracket = control.narrowed(bracket, h, now)
        return h, step

    def _stop(self) -> Status | None:
        limits = self.limits
        if self.record.loss <= limits.loss_tol * (1 + self.match):
            return Status.LOSS_REACHED
        self.method.prepare(self.point)
        gradient = _gradient(self.point)
        if gradient <= limits.grad_tol * (1 + self.match) and limits.grad_tol > 0:
            return Status.GRADIENT_REACHED
        if self.t >= limits.t_max:
            return Status.TIME_REACHED
        if self.stop_asked:
            return Status.CALLBACK
        if self._is_stationary(gradient):
            if self.flow.release_rate(self.point) * self.t >= 1.0:
                return Status.UPSET
            return Status.BALANCED if self.point.penalty > 0 else Status.STATIONARY
        if self.accepted + self.rejected >= limits.max_steps:
            return Status.STEP_BUDGET
        if self.watch.worked > limits.max_seconds:
            return Status.TIME_BUDGET
        return None

    def _is_stationary(self, gradient: float) -> bool:
        """Nothing moved over the last doubling of the time, and no neuron is about to grow, or will (a saddle is not an end)."""
        record = self.record
        self.halfway = control.since(record.rows, record.count, self.halfway)
        if self.decay and self.decay.slowest * self.t < 1.0:
            return False
        # where decays are split from the flow a run rests that much beside the point where the gradient vanishes
        pushed = control.still_pushed(gradient**2, self.t, record.loss + self.point.penalty) and self.longest == np.inf
        if pushed or not control.nothing_moved(record.rows, record.count, self.halfway):
            return False
        rate = self.flow.largest_growth_rate(self.point)
        if self.longest < np.inf:
            rate -= self.limits.rtol * self.decay.common
        # where all that could move is dead, both sides of the second are 0
        return rate * self.t < 1.0 and rate <= _PUSHED * self.flow.growth_bound(self.point)

    def _solution(self, status: Status, why: str) -> Solution:
        final = self.problem.network_at(self.point)
        stats = Statistics(
            method=self.method.name,
            why=why,
            accepted=self.accepted,
            rejected=self.rejected,
            evaluations=self.flow.evaluations,
            kernel_evaluations=self.flow.kernel_evaluations,
            seconds=self.watch.worked,
            compilation=self.watch.compiled,
        )
        drift = self.problem.conserved_drift(final, self.t)
        return self.record.solution(self.problem.network, final, status, drift, stats, self._snapshots())

    def _snapshots(self) -> Snapshots:
        kept = [progress for progress, _, _ in self.snapshots]
        return Snapshots(
            t=np.array([p.t for p in kept]),
            loss=np.array([p.loss for p in kept]),
            relative_distance=_by_layer(kept, self.problem.layers),
            outputs=np.array([outputs for _, outputs, _ in self.snapshots]).reshape(
                len(kept), *self.problem.outputs(self.point).shape
            ),
            networks=tuple(network for _, _, network in self.snapshots if network is not None),
        )


def _by_layer(record: Sequence[Progress], layers: tuple[str, ...]) -> dict[str, np.ndarray]:
    """RD of every layer along a record."""
    return {layer: np.array([progress.relative_distance[layer] for progress in record]) for layer in layers}


def _loss(point: Point) -> float:
    return point.loss


def _gradient(point: Point) -> float:
    """|grad R|, with a penalty that of both, of a prepared point."""
    return float(np.sqrt(point.gradient_squared or 0.0))

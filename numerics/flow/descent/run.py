"""descend(): the discrete optimisers themselves, to the same Solution as the gradient flow, with steps for time."""

from collections.abc import Callable, Iterator
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import listed, positive_number, truth, whole_number
from numerics.datasets.builtin import check_data
from numerics.errors import GradientFlowError, InputError, check_type
from numerics.flow.decay import as_decay
from numerics.flow.descent.rate import derived_rate
from numerics.flow.descent.rule import UpdateRule, rule_of
from numerics.flow.descent.state import Masks, State, state_of
from numerics.flow.dropout import keep_probability
from numerics.flow.least_loss import rest_of
from numerics.flow.solution import Progress, Snapshots, Solution, Statistics, Status, Trajectory
from numerics.kernels.compilation import Stopwatch
from numerics.networks.deep import DeepNetwork
from numerics.networks.seeds import generator
from numerics.networks.two_layer import TwoLayer
from numerics.observe.tangent_kernel import tangent_kernel

__all__ = ["descend"]

_WINDOW = 100  # steps after which the rate is looked at
_ROSE = 2.0  # factor over the largest loss of the window before, beyond which a window is made again at half the rate
_UPS, _FELL = (
    0.2,
    0.99,
)  # a window stalls if the loss rises in more of its steps, and its mean falls by less than to this
_SMOOTH, _SLOW = 0.02, 0.9  # one whose loss rises in fewer steps and falls slowly can do with larger ones
_SETTLED, _WINDOWS = 1e-5, 20  # relative fall of the least loss over so many windows that is none
_LOWEST = 2.0**-40  # of the first rate: no rate helps
_COUNTS = "give counts of steps, such as (100, 1000)"
_DIVERGED = 1e6  # times the loss at the start


def descend(
    network: TwoLayer | DeepNetwork,
    X: ArrayLike,
    y: ArrayLike,
    *,
    optimizer: str | UpdateRule = "adam",
    rate: float | None = None,
    batch: int | None = None,
    weight_decay: ArrayLike = 0.0,
    dropout: SupportsFloat = 1.0,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    loss_tol: float = 1e-6,
    max_steps: int = 100_000,
    max_seconds: float = np.inf,
    times: ArrayLike = (),
    keep_weights: bool = False,
    callback: Callable[[Progress], bool | None] | None = None,
    throw: bool = True,
) -> Solution:
    """Train a network by a discrete optimiser until it has fitted the data.

    Parameters
    ----------
    network : TwoLayer or DeepNetwork
        The start.
    X : array (n, d), y : array (n,), of a network with several outputs (n, k)
        Inputs with the constant included, and targets.
    optimizer : str or UpdateRule
        ``'adam'``, ``'adamw'``, ``'sign'``, ``'gradient-descent'``, ``'momentum'``, with the settings that
        :class:`numerics.UpdateRule` has by default, or one of your own.
    rate : float, optional
        Rate of weights in uniform coordinates, constant. A step of gradient descent advances the normalised time by it: in the
        weights themselves it is ``rate * beta1 * beta2``, for sign descent and Adam ``rate * sqrt(beta1 * beta2)`` (of a
        DeepNetwork ``time_unit`` for ``beta1 * beta2``, times the learning rate of the layer).
        By default a two-hundredth of the path that the scales of the network ask for, or a quarter of the largest stable rate of
        gradient descent. It is halved where the loss no longer falls but goes up and down (and doubled again, at most to what it
        was, where the loss falls slowly and at every step), and where the loss doubles, which is undone.
    batch : int, optional
        Samples in every step's gradient, drawn without repetition until all were used; all of them by default.
    weight_decay : float or array (layers,)
        Lambda as in :func:`numerics.gradient_flow`: added to the gradient as Lambda w (L2) for every optimiser but ``'adamw'``,
        where weights shrink by 1 - rate Lambda beside Adam's step. L2 under Adam or sign descent is divided by the size of the
        gradient like the rest of it, so that these two end at different weights.
    dropout : float
        Probability in (0, 1] with which a hidden neuron of two layers is kept, as in :func:`numerics.gradient_flow`: in every
        step each sample draws its mask, and what is kept is divided by the probability. Loss and stops are those of the whole
        network. The weights follow the averaged flow as the rate falls.
    rng : int, SeedSequence or Generator
        For the batches and the masks.
    loss_tol : float
        Stop when R = (1/2n) sum e_i^2 of all samples falls to this value.
    max_steps : int; max_seconds : float
        Budgets, as for :func:`numerics.gradient_flow`.
    times : array (k,)
        Counts of steps to report in ``snapshots``; the run is the same to the bit with any.
    keep_weights : bool
        Whether the snapshots hold the weights too.
    callback : callable(Progress) -> bool
        Called after every hundred steps; true stops the run.
    throw : bool
        Raise :class:`GradientFlowError` if the run stops short; with False look at ``status``.

    Returns
    -------
    Solution
        ``t`` counts steps; ``stats.rejected`` steps that were undone; ``stats.why`` the rate. Nothing is conserved:
        ``conserved_drift`` is nan.

    Accuracy
    --------
    That of the optimiser: no step is adapted to an error. RD of sign descent as the rate goes to zero is approached in proportion
    to it.
    """
    truth(throw, "throw")
    check_type(network, "network", TwoLayer, DeepNetwork)
    X, y = check_data(X, y, network.outputs if isinstance(network, DeepNetwork) else 1)
    if X.shape[1] != network.inputs:
        raise InputError(f"X has shape {X.shape} and the network {network.inputs} inputs; they must agree")
    chosen = rule_of(optimizer)
    decay = as_decay(weight_decay, ("w", "a") if isinstance(network, TwoLayer) else network.layers)
    kept = keep_probability(dropout, network)
    given = None if rate is None else positive_number(rate, "rate", "give a positive number, or None to derive it")
    size = len(y) if batch is None else whole_number(batch, "batch", 1, f"give 1 to {len(y)} samples", most=len(y))
    positive_number(loss_tol, "loss_tol")
    whole_number(max_steps, "max_steps", 1, "give a positive integer")
    positive_number(max_seconds, "max_seconds", infinite=True)
    requested = [
        whole_number(t, "times", 1, "give counts of steps, 1 or more") for t in listed(times, "times", _COUNTS)
    ]
    truth(keep_weights, "keep_weights")
    if callback is not None and not callable(callback):
        raise InputError(f"callback = {callback!r}; give a function of one Progress, or None")
    with Stopwatch() as watch:
        random = generator(rng)
        state = state_of(network, X, y, chosen, decay, Masks(kept, random) if kept < 1.0 else None)
        keep = _Snapshots(sorted(set(requested)), keep_weights)
        run = _Run(state, network, chosen, given, _shares(len(y), size, random), watch, keep)
        status = run.until(float(loss_tol), max_steps, float(max_seconds), callback)
        solution = run.solution(status)
    if throw and not solution.converged:
        raise GradientFlowError(solution.message, solution)
    return solution


def _shares(n: int, batch: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Weights of the samples in the gradient of every step: n/b in a batch of b, else 0."""
    while True:
        order = np.arange(n) if batch == n else random.permutation(n)
        for low in range(0, n, batch):
            members = order[low : low + batch]
            share = np.zeros(n)
            share[members] = n / len(members)
            yield share


class _Snapshots:
    """The run at the steps that were asked for, as far as it got."""

    def __init__(self, times: list[int], keep_weights: bool) -> None:
        self.times, self.keep_weights = times, keep_weights
        self.rows: list[tuple[float, np.ndarray, np.ndarray]] = []
        self.networks: list[TwoLayer | DeepNetwork] = []

    def ends(self, done: int, steps: int) -> list[int]:
        """Where these steps are to be interrupted, and their end."""
        return [*(t - done for t in self.times if done < t < done + steps), steps]

    def take(self, count: int, row: np.ndarray, state: State) -> None:
        """After so many steps, if that was asked for; ``row``: loss and |W_l - W_l(0)|."""
        if count in self.times:
            self.rows.append((float(count), row, (state.residual + state.targets.ravel()).reshape(state.targets.shape)))
            if self.keep_weights:
                self.networks.append(state.network())

    def forget(self, done: int) -> None:
        """What was taken after so many steps, which are undone."""
        self.rows = [row for row in self.rows if row[0] <= done]
        del self.networks[len(self.rows) :]

    def snapshots(self, state: State) -> Snapshots:
        """All that were taken."""
        table = np.array([row for _, row, _ in self.rows]).reshape(len(self.rows), 1 + len(state.layers))
        outputs = np.array([output for *_, output in self.rows]).reshape(len(self.rows), *state.targets.shape)
        distances = {layer: table[:, 1 + i] / state.sizes[i] for i, layer in enumerate(state.layers)}
        return Snapshots(np.array([t for t, *_ in self.rows]), table[:, 0], distances, outputs, tuple(self.networks))


class _Run:
    """The loop over windows of steps, and what came of them."""

    def __init__(
        self,
        state: State,
        network: TwoLayer | DeepNetwork,
        optimizer: UpdateRule,
        rate: float | None,
        shares: Iterator[np.ndarray],
        watch: Stopwatch,
        keep: _Snapshots,
    ) -> None:
        self.state, self.start, self.optimizer, self.shares, self.watch = state, network, optimizer, shares, watch
        self.keep = keep
        self.constant = rate is not None
        self.first_rate = self.rate = self._derived() if rate is None else rate
        begin = float(state.residual @ state.residual) / (2 * len(state.targets))
        self.record = [np.array([[begin] + [0.0] * len(state.layers)])]
        self.least = [begin]  # the least loss of every window of the record
        self.done, self.undone, self.lowered = 0, 0, 0

    def _derived(self) -> float:
        kernel = tangent_kernel(self.start, self.state.X)
        largest = float(np.linalg.eigvalsh(kernel)[-1]) / len(self.state.targets)
        return derived_rate(self.state, self.optimizer, self.start.kappa, largest)

    @property
    def begin(self) -> float:
        """Loss at the start."""
        return float(self.record[0][0, 0])

    def until(
        self, loss_tol: float, max_steps: int, max_seconds: float, callback: Callable[[Progress], bool | None] | None
    ) -> Status:
        """Make windows of steps until a stopping rule applies."""
        if self.begin <= loss_tol:
            return Status.LOSS_REACHED
        while True:
            window = self._window(min(_WINDOW, max_steps - self.done), loss_tol)
            if window is not None:
                self.record.append(window)
                self.least.append(float(window[:, 0].min()))
                self.done += len(window)
                if window[-1, 0] <= loss_tol:
                    return Status.LOSS_REACHED
                if callback is not None and callback(self._progress()):
                    return Status.CALLBACK
            if self.constant and not self.record[-1][:, 0].max() < _DIVERGED * self.begin:
                return Status.DIVERGED
            if (
                self._is_still()
            ):  # a rate that was asked for may be too small, one that was lowered has done what rates can do
                return Status.STILL if self.constant or not self.record[-1][-1, 1:].any() else Status.SETTLED
            if self.rate < _LOWEST * self.first_rate or self._is_settled():
                return Status.SETTLED
            if self.done >= max_steps:
                return Status.STEP_BUDGET
            if self.watch.worked > max_seconds:
                return Status.TIME_BUDGET

    def _window(self, steps: int, loss_tol: float) -> np.ndarray | None:
        """Record of some steps; None if they were undone."""
        shares = np.array([next(self.shares) for _ in range(steps)])
        before = [] if self.constant else [array.copy() for array in self.state.arrays()]
        with np.errstate(over="ignore", invalid="ignore"):
            window = self._steps(shares, loss_tol)
        if self.constant:
            return window
        losses, last = window[:, 0], self.record[-1][:, 0]
        if not losses.max() <= _ROSE * last.max():
            for array, old in zip(self.state.arrays(), before, strict=True):
                array[...] = old
            self.keep.forget(self.done)
            self.undone += len(window)
            self._lower()
            return None
        if self.optimizer.adaptive:
            ups, fell = np.count_nonzero(np.diff(losses) > 0) / len(losses), losses.mean() / last.mean()
            if ups > _UPS and fell > _FELL:
                self._lower()
            elif ups < _SMOOTH and fell > _SLOW:
                self.rate = min(2 * self.rate, self.first_rate)
        return window

    def _steps(self, shares: np.ndarray, loss_tol: float) -> np.ndarray:
        """Record of these steps, up to the one at which the loss is reached or no number."""
        pieces: list[np.ndarray] = []
        made = 0
        for end in self.keep.ends(self.done, len(shares)):
            piece = self.state.advance(shares[made:end], self.rate, self.done + made, loss_tol)
            pieces.append(piece)
            made += len(piece)
            self.keep.take(self.done + made, piece[-1], self.state)
            if made < end or piece[-1, 0] <= loss_tol or not np.isfinite(piece[-1, 0]):
                break
        return np.concatenate(pieces)

    def _is_still(self) -> bool:
        """Whether a window of several steps changed nothing at all."""
        return len(self.record[-1]) > 1 and not np.ptp(self.record[-1], axis=0).any()

    def _is_settled(self) -> bool:
        """Whether an optimiser whose steps do not shrink with the gradient has stopped getting anywhere."""
        if self.constant or not self.optimizer.adaptive or len(self.record) <= 2 * _WINDOWS:
            return False
        return min(self.least[-_WINDOWS:]) > (1 - _SETTLED) * min(self.least[:-_WINDOWS])

    def _lower(self) -> None:
        self.rate /= 2
        self.lowered += 1

    def _progress(self) -> Progress:
        loss, *moved = self.record[-1][-1]
        distances = zip(self.state.layers, moved, self.state.sizes, strict=True)
        return Progress(self.done, float(self.done), loss, {layer: length / size for layer, length, size in distances})

    def solution(self, status: Status) -> Solution:
        """What came of it."""
        record, layers, sizes = np.concatenate(self.record), self.state.layers, self.state.sizes
        distances = {layer: record[:, 1 + i] / sizes[i] for i, layer in enumerate(layers)}
        loss = float(record[-1, 0])
        if status is Status.SETTLED:
            status = rest_of(self.start, self.state.X, self.state.targets, loss, status)
        if self.constant:
            why = f"rate {self.rate:.3g}, as asked"
        else:
            why = f"rate {self.first_rate:.3g} from the scales, halved {self.lowered} times"
        return Solution(
            network=self.state.network(),
            initial=self.start,
            t=float(self.done),
            loss=loss,
            status=status,
            relative_distance={layer: float(rd[-1]) for layer, rd in distances.items()},
            conserved_drift=float("nan"),
            stats=Statistics(
                method=self.optimizer.name,
                why=why,
                accepted=self.done,
                rejected=self.undone,
                evaluations=self.done + self.undone,
                kernel_evaluations=0 if self.constant else 1,
                seconds=self.watch.worked,
                compilation=self.watch.compiled,
            ),
            trajectory=Trajectory(
                np.arange(len(record), dtype=float), record[:, 0], distances, sizes, self.start.relative_units
            ),
            snapshots=self.keep.snapshots(self.state),
        )

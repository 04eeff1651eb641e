"""From a state to a trained network: the run, its frames, and what was predicted of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from numerics.experiments.family import Family
from numerics.experiments.mean_field import MeanField
from numerics.explore.state import State
from numerics.figures.animation import frame_times
from numerics.figures.style import line_of_inputs
from numerics.flow import Progress, Solution, descend, gradient_flow, normalised_decay
from numerics.networks.sampling import draw
from numerics.observe.features import features

__all__ = [
    "BELOW_EVERY_LOSS",
    "MOST_STEPS",
    "SAMPLES",
    "CapacityPlane",
    "Frame",
    "Located",
    "capacity_plane",
    "frames",
    "located",
    "train",
]

#: Positions on which a function is drawn.
SAMPLES = 160
_NEURONS, _FRAMES = 400, 30
_SECONDS = 20.0
_FIRST_STEPS = 25  # of a discrete optimiser: its first frame
#: What a page waits for: steps of a gradient flow, and of Adam.
MOST_STEPS = {"gradient-flow": 3_000, "adam": 20_000}
#: Under decay a run ends where it balances the forces, not at a loss.
BELOW_EVERY_LOSS = 1e-30
_DECADES, _NODES = 3, 200
_COLUMNS, _ROWS = 13, 9  # of the plane of capacities

Stop = Callable[[Progress], bool]


@dataclass(frozen=True)
class Frame:
    """The network at one moment.

    Attributes
    ----------
    t, loss : float
    function : float64 (samples,)
    orientation, amplitude : float64 (neurons,)
        Of at most 400 neurons of the first hidden layer.
    """

    t: float
    loss: float
    function: np.ndarray
    orientation: np.ndarray
    amplitude: np.ndarray


@dataclass(frozen=True)
class Located:
    """Where a network of two layers sits, and what the infinitely wide one of its capacity says.

    Attributes
    ----------
    here, twice : (P, kappa')
        At its width and at the double of it.
    predicted : dict of layer -> float
        F, the largest RD; nan where it is lost to rounding.
    """

    here: tuple[float, float]
    twice: tuple[float, float]
    predicted: dict[str, float]


@dataclass(frozen=True)
class CapacityPlane:
    """log10 F of w over log10 P and log10 kappa', float64 (rows, columns)."""

    log_capacity: np.ndarray
    log_kappa_prime: np.ndarray
    log_distance: np.ndarray


def train(state: State, stop: Stop | None = None, **options: Any) -> Solution[Any]:
    """Train the network of a state; ``stop`` is asked while it trains, and true ends the run where it is."""
    X, y = state.samples
    start: Any = draw(state.network, state.width, X.shape[1], rng=state.seed)
    options = {"max_steps": MOST_STEPS[state.optimizer]} | options
    options |= {"loss_tol": state.loss_tol, "max_seconds": _SECONDS, "throw": False, "callback": stop}
    if state.mu:
        options["weight_decay"] = normalised_decay(start, mu=state.mu)
    if state.optimizer == "adam":
        times = [_FIRST_STEPS * 2**k for k in range(30)]
        return descend(start, X, y, optimizer="adam", times=times, keep_weights=True, **options)
    if state.mu:
        options["loss_tol"] = BELOW_EVERY_LOSS
    return gradient_flow(start, X, y, **options)


def frames(state: State, run: Solution[Any], stop: Stop | None = None) -> Iterator[Frame]:
    """The network at moments of the run, start and end included.

    A gradient flow is run again, with moments between which equal parts of the way are covered; a discrete optimiser was told to
    keep the weights at ever twice as many steps.
    """
    if state.optimizer == "adam":
        seen = run.snapshots
    else:
        seen = train(state, stop, times=frame_times(run, _FRAMES), keep_weights=True).snapshots
    kept = [moment for moment in zip(seen.networks, seen.t, seen.loss, strict=True) if moment[1] < run.t]
    moments = [(run.initial, 0.0, float(run.trajectory.loss[0])), *kept, (run.network, run.t, run.loss)]
    inputs = line_of_inputs(state.samples[0], SAMPLES)[1]
    for network, t, loss in moments:
        yield _frame(network, float(t), float(loss), inputs)


def located(state: State) -> Located | None:
    """Where the network sits; None of other depths."""
    if state.depth != 2:
        return None
    X, _ = state.samples
    family = Family.of(state.network, state.width, X.shape[1])
    here, twice = family.at(state.width), family.at(2 * state.width)
    derived = state.optimizer == "gradient-flow" and not state.mu
    return Located(here, twice, _mean_field(state.data)(*here) if derived else {})


def capacity_plane(data: str, stopped: Callable[[], bool] = lambda: False) -> CapacityPlane | None:
    """F of w around P = 1, kappa' = 1, for the data of a state; within a few per cent, less than a picture shows.

    The far corners take seconds, so ``stopped`` is asked between the networks; None once it is true.
    """
    capacity, ratio = (np.linspace(-_DECADES, _DECADES, count) for count in (_COLUMNS, _ROWS))
    found = np.empty((_ROWS, _COLUMNS))
    for row, column in np.ndindex(found.shape):
        if stopped():
            return None
        found[row, column] = _distance(data, float(capacity[column]), float(ratio[row]))
    return CapacityPlane(capacity, ratio, np.log10(found))


@lru_cache(maxsize=16 * _COLUMNS * _ROWS)
def _distance(data: str, log_capacity: float, log_ratio: float) -> float:
    """F of w of one network of the plane."""
    return _mean_field(data)(10.0**log_capacity, 10.0**log_ratio, nodes=_NODES)["w"]


@lru_cache(maxsize=16)
def _mean_field(data: str) -> MeanField:
    state = State(data=data)
    return MeanField(*state.samples, loss_tol=state.loss_tol)


def _frame(network: Any, t: float, loss: float, inputs: np.ndarray) -> Frame:
    seen = features(network)
    chosen = seen.take(np.unique(np.linspace(0, seen.width - 1, _NEURONS).astype(int)))
    return Frame(t, loss, network(inputs), chosen.orientation, chosen.amplitude)

"""What a run returns: where it ended, why, what it cost, and what happened on the way."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from functools import cached_property, reduce
from math import hypot
from typing import TYPE_CHECKING, Generic

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import real_array
from numerics.errors import check_choice
from numerics.flow.problem import N

if TYPE_CHECKING:
    import xarray

__all__ = ["Progress", "Snapshots", "Solution", "Statistics", "Status", "Trajectory"]


class Status(Enum):
    """Why a run stopped; the value is the message, with what to do."""

    LOSS_REACHED = "the loss reached loss_tol"
    GRADIENT_REACHED = "the gradient norm reached grad_tol"
    TIME_REACHED = "t_max was reached"
    CALLBACK = "the callback asked to stop"
    STATIONARY = (
        "a local minimum of the flow: nothing moves, nothing is about to grow; more time changes nothing, another start, more "
        "neurons or a larger loss_tol do"
    )
    UPSET = (
        "an equilibrium of the flow that a nudge upsets: nothing moves, but neurons that lie on a kink, as relu'(0) = 0 has it, "
        "would grow a hair across; another rtol or start can end lower"
    )
    BALANCED = (
        "forces balance weight decay or dropout, nothing moves; the loss is what these leave, less of them leaves less"
    )
    UNFITTABLE = (
        "the least of all networks: equal inputs have different targets; average these, or raise loss_tol above it"
    )
    LEAST_SQUARES = (
        "the least of all linear functions: it takes another activation, or a loss_tol above it, for these targets"
    )
    SETTLED = (
        "a local minimum as far as the optimiser gets: the loss no longer falls, whatever the rate; another start or a larger "
        "loss_tol helps"
    )
    STILL = (
        "no weight moves any more: no neuron sees a sample, or the rate is below rounding; change the rate or the start"
    )
    DIVERGED = "the loss diverged at this rate; give a lower one, or leave rate out to have it derived"
    STEP_BUDGET = "max_steps was used up before the loss reached loss_tol; raise max_steps, rtol or loss_tol"
    TIME_BUDGET = "max_seconds was used up before the loss reached loss_tol; raise max_seconds, rtol or loss_tol"
    STEP_TOO_SMALL = "the step size underflowed; loosen rtol or rescale the data"


_AT_REST = {Status.STATIONARY, Status.UPSET, Status.UNFITTABLE, Status.LEAST_SQUARES, Status.SETTLED}
_ASKED_FOR = {
    Status.LOSS_REACHED,
    Status.GRADIENT_REACHED,
    Status.TIME_REACHED,
    Status.CALLBACK,
    Status.BALANCED,
}


@dataclass(frozen=True)
class Progress:
    """Where a run stands after an accepted step, for a callback. t is normalised time; RD layer by layer."""

    steps: int
    t: float
    loss: float
    relative_distance: dict[str, float]


@dataclass(frozen=True)
class Statistics:
    """Cost of a run: what was done, how often, and how long it took in seconds of wall time.

    ``seconds`` is what ``max_seconds`` limits: the run without ``compilation``, the time in which Numba compiled kernels or read
    them from its cache, at their first use in a process. An evaluation is one pass over the neurons that moves them or finds
    their velocity; a kernel evaluation one that finds the tangent kernel, or its product with a vector.
    """

    method: str
    why: str
    accepted: int
    rejected: int
    evaluations: int
    kernel_evaluations: int
    seconds: float
    compilation: float


@dataclass(frozen=True)
class Trajectory:
    """Values at every accepted step, start included; arrays of equal length. t is normalised time, RD is by layer.

    ``sizes``: Frobenius norms of the layers at the start, by which their distances were divided; ``units``: the uniform over the
    normalised weights, layer by layer.
    """

    t: np.ndarray
    loss: np.ndarray
    relative_distance: dict[str, np.ndarray]
    sizes: Sequence[float]
    units: Sequence[float]

    @cached_property
    def joint_distance(self) -> np.ndarray:
        """RD of all normalised weights together, (abar, wbar) of [L21] appendix D."""
        # norms of the normalised weights at the start, against that of the first layer
        pairs = zip(self.sizes, self.units, strict=True)
        norms = [size / self.sizes[0] / (unit / self.units[0]) for size, unit in pairs]
        whole = hypot(*norms)  # numbers by themselves: NumPy takes ten times as long for one
        return reduce(np.hypot, [r / whole * rd for r, rd in zip(norms, self.relative_distance.values(), strict=True)])


@dataclass(frozen=True)
class Snapshots(Generic[N]):
    """The run at the requested times it got to, k of them.

    Attributes
    ----------
    t, loss : float64 (k,)
    relative_distance : dict of layer -> float64 (k,)
    outputs : float64 (times, n), with k outputs (times, n, k)
        f at the samples.
    networks : tuple of TwoLayer, DeepNetwork or Module
        One for each time with ``keep_weights=True``, else empty.
    """

    t: np.ndarray
    loss: np.ndarray
    relative_distance: dict[str, np.ndarray]
    outputs: np.ndarray
    networks: tuple[N, ...]


@dataclass(frozen=True)
class Solution(Generic[N]):
    """A finished run.

    Attributes
    ----------
    network, initial : TwoLayer, DeepNetwork or Module
        At the end and at the start.
    t : float
        Normalised time; multiply by beta1 beta2 (``initial.time_unit`` of a DeepNetwork) for the time of the unnormalised flow.
    loss : float
        R = (1/2n) sum |e_i|^2, or what the run was asked to descend.
    status : Status
    relative_distance, sup_relative_distance : dict
        RD of every layer, 'w' and 'a' or 'W1', 'W2', ..., 'a', biases 'b1', ... among them, at the end and the largest over the
        accepted steps; the latter also of 'theta', all normalised weights together, (abar, wbar) of [L21] appendix D. Of a layer
        that starts at zero, as biases of Keras and Flax do, it is the distance |b(t) - b(0)| itself, and 'theta' is without it.
    conserved_drift : float
        Largest change of u_k^2 - |v_k|^2 made by the method, summed over the steps, relative to the largest u_k^2 + |v_k|^2 at
        the end: zero for the exact flow. Each step's part was removed again at its end. Of a DeepNetwork the same for every
        hidden neuron, squared norms of the weights that leave and enter it, its bias among these; nan for tanh, which
        conserves nothing. With weight decay it is measured from exp(-2 Lambda t) of what there was at the start; nan where the
        decays of layers differ. Of a Module the largest change of one of the quantities in its ``conserved``, whole layers each
        and never restored, relative to the sum of its parts at the end; nan without any.
    stats : Statistics
    trajectory : Trajectory
    snapshots : Snapshots
        At the requested ``times``; empty without.
    error : dict or None
        Of a run with ``check=True``, layer by layer: relative difference of RD from that of a run at four times the tolerance,
        the largest over the end and the requested times. It bounds the error of this run as a rule, and contains what no step
        can see: neurons that fall to the other side of a kink.
    """

    network: N
    initial: N
    t: float
    loss: float
    status: Status
    relative_distance: dict[str, float]
    conserved_drift: float
    stats: Statistics
    trajectory: Trajectory
    snapshots: Snapshots[N]
    error: dict[str, float] | None = None

    @cached_property
    def sup_relative_distance(self) -> dict[str, float]:
        """See above; found when it is asked for, as most of what the trajectory has to say."""
        return {layer: float(np.maximum.reduce(rd)) for layer, rd in self._distances().items()}

    @property
    def message(self) -> str:
        """Why the run stopped, with what to do."""
        return f"{self.ending}, {self.status.value}" if self.at_rest else self.status.value

    @property
    def ending(self) -> str:
        """How the run ended, if not as asked: 'at rest at loss 5.1e-05' or 'stopped short at loss 0.02'."""
        if self.converged:
            return ""
        return f"{'at rest' if self.at_rest else 'stopped short'} at loss {self.loss:.3g}"

    @property
    def converged(self) -> bool:
        """Whether the run stopped where it was asked to."""
        return self.status in _ASKED_FOR

    @property
    def at_rest(self) -> bool:
        """Whether the run came to rest at a positive loss: its largest RD is that of all time."""
        return self.status in _AT_REST

    def relative_distance_at(self, layer: str, losses: ArrayLike) -> np.ndarray:
        """Largest RD of a layer until the loss first fell to each of some levels; nan for those it did not fall to.

        At levels that the run was asked to end a step on (``loss_levels`` of :func:`numerics.gradient_flow`) with the accuracy of
        the run; elsewhere log RD is taken as linear in log loss between the steps, which is off by some per cent. ``layer`` may
        be ``'theta'`` where :attr:`sup_relative_distance` has it.

        Parameters
        ----------
        losses : array (k,)
        """
        record, levels = self.trajectory, real_array(losses, "losses")
        known = self._distances()
        check_choice(layer, "layer", known)
        lowest, largest = np.minimum.accumulate(record.loss), np.maximum.accumulate(known[layer])
        found = np.full(levels.shape, np.nan)
        for place, level in np.ndenumerate(levels):
            reached = np.flatnonzero(lowest <= level)
            if reached.size:
                found[place] = _between(lowest, largest, int(reached[0]), float(level))
        return found

    def _distances(self) -> dict[str, np.ndarray]:
        return {**self.trajectory.relative_distance, "theta": self.trajectory.joint_distance}

    @property
    def seed(self) -> str:
        """Where the start's random numbers came from."""
        return self.initial.seed

    def to_xarray(self) -> "xarray.Dataset":
        """The run as a labelled dataset: trajectory along ``step``, snapshots along ``snapshot``, the rest as attributes."""
        import xarray  # half a second: only for those who ask

        def columns(values: Trajectory | Snapshots) -> dict[str, np.ndarray]:
            return {"loss": values.loss} | {f"relative_distance_{k}": rd for k, rd in values.relative_distance.items()}

        variables: dict[str, tuple] = {name: ("step", values) for name, values in columns(self.trajectory).items()}
        coordinates: dict[str, tuple] = {"t": ("step", self.trajectory.t)}
        if self.snapshots.t.size:
            coordinates["snapshot_t"] = ("snapshot", self.snapshots.t)
            variables |= {f"snapshot_{name}": ("snapshot", values) for name, values in columns(self.snapshots).items()}
            axes = ("snapshot", "sample", "output")[: self.snapshots.outputs.ndim]
            variables["snapshot_output"] = (axes, self.snapshots.outputs)
        attributes = {
            **self.network.attributes(),
            "seed": self.seed,
            "status": self.status.name,
            "message": self.message,
            "final_time": self.t,
            "final_loss": self.loss,
            "conserved_drift": self.conserved_drift,
            **{f"relative_distance_{layer}": value for layer, value in self.relative_distance.items()},
            **{f"sup_relative_distance_{layer}": value for layer, value in self.sup_relative_distance.items()},
            **{f"error_{layer}": value for layer, value in (self.error or {}).items()},
            **asdict(self.stats),
        }
        return xarray.Dataset(variables, coordinates, attributes)

    def __repr__(self) -> str:
        distance = ", ".join(f"{layer} {value:.4g}" for layer, value in self.relative_distance.items())
        stats = self.stats
        error = f" to {max(self.error.values()):.1g}" if self.error is not None else ""
        return (
            f"<Solution {self.status.name}: loss {self.loss:.2e} at t = {self.t:.4g}; RD {distance}{error}; "
            f"{self.network.shape}; {stats.method}, {stats.accepted} steps, {stats.evaluations} evaluations, "
            f"{stats.seconds:.3g} s>"
        )


def _between(loss: np.ndarray, distance: np.ndarray, i: int, level: float) -> float:
    """The distance at a level of the loss between records i - 1 and i; at record 0 it is 0."""
    if i == 0:
        return 0.0
    share = np.log(loss[i - 1] / level) / np.log(loss[i - 1] / loss[i])
    return float(distance[i - 1] ** (1 - share) * distance[i] ** share if i > 1 else share * distance[i])

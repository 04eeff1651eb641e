"""What a run is made of: a point, a step, a flow, a method, and the problem that holds them; one kind a kind of network.

The loop (:mod:`numerics.flow.run`) sees points as :class:`Point` only. What else a kind of network keeps at one, its flow and its
methods know: P below is that kind's own point, N its network.
"""

from collections.abc import Callable
from typing import ClassVar, NamedTuple, Protocol, TypeVar

import numpy as np

from numerics.flow.decay import NONE, Decay
from numerics.flow.fineness import Bounded
from numerics.kernels.control import Rules
from numerics.networks.deep import DeepNetwork
from numerics.networks.module import Module
from numerics.networks.two_layer import TwoLayer

__all__ = ["LARGE_KERNEL", "Flow", "Loop", "Method", "N", "P", "Point", "Problem", "Step", "Walked"]


#: Samples beyond which the eigenvectors of a dense kernel, or passes over 2n signals, cost more than they save.
LARGE_KERNEL = 200


class Point(Protocol):
    """A state with its residual.

    Attributes
    ----------
    residual : float64 (n,)
        f - y; with k outputs sqrt(k) (f - y), sample by sample, (n k,), so that R is (1/2n) sum over samples and outputs.
    kernel : float64 (n, n) or None
        Tangent kernel, if the method uses it, once it has prepared the point.
    gradient_squared : float or None
        |grad R|^2, with a penalty that of both, once the method has prepared the point.
    penalty : float
        (1/2) sum_l Lambda_l |W_l|^2 of weight decay, (q/2n) sum_ik f_k(x_i)^2 of dropout, 0 without either; the flow descends R
        and this.
    loss : float
        R = (1/2n) sum_i e_i^2.
    """

    residual: np.ndarray
    kernel: np.ndarray | None
    gradient_squared: float | None
    penalty: float

    @property
    def loss(self) -> float:
        """R."""


class Step(NamedTuple):
    """A step that was tried.

    ``error`` is that of the distances, relative, to be compared with rtol; ``moved`` is |W - W(0)| at its end, one for each
    layer, input to output.
    """

    error: float
    moved: tuple[float, ...]


P = TypeVar("P", bound=Point)
N = TypeVar("N", bound=TwoLayer | DeepNetwork | Module)


class Flow(Protocol[P]):
    """The gradient flow of one network on one data set.

    Attributes
    ----------
    evaluations, kernel_evaluations : int
        Cost until now; see :class:`numerics.flow.solution.Statistics`.
    decay : Decay
        Of the weights; false if there is none.
    """

    decay: Decay
    evaluations: int
    kernel_evaluations: int

    def new_point(self) -> P:
        """Room for a state."""

    def growth_bound(self, point: P) -> float:
        """No weight grows faster than exp(bound * t); cheap."""

    def largest_growth_rate(self, point: P) -> float:
        """The same, as sharp as can be found: asked only where nothing seems to move."""

    def release_rate(self, point: P) -> float:
        """How fast a neuron would grow at first if a nudge took it off a kink that does not hold it: asked only at rest."""


class Walked(NamedTuple):
    """What compiled steps came to.

    Attributes
    ----------
    written : int
        How many steps the record holds now; after an odd number of steps the end is the trial.
    rejected : int
    h, previous : float
        The step to take next, and the error of the last.
    stuck : bool
        Whether that step goes nowhere.
    """

    written: int
    rejected: int
    h: float
    previous: float
    stuck: bool


#: Compiled steps, those of the loop in Python without it: loop(point, trial, rules, record, count, halfway, h, previous). They
#: go from ``point``, by ``trial`` and back, until a stopping rule may apply. ``record`` holds the steps until now, ``count`` of
#: them, ``halfway`` or later the one at half the time; those made are written to it.
Loop = Callable[[P, P, Rules, np.ndarray, int, int, float, float], Walked]


class Method(Bounded, Protocol[P]):
    """It advances a point by a step and says how large the error of that step is.

    Attributes
    ----------
    name : str
        What the user calls it.
    order, growth, fineness
        See :class:`numerics.flow.fineness.Bounded`.
    splits_decay : bool
        Whether unequal weight decays are made apart from the rest of a step.
    loop : Loop or None
        Compiled steps, where the method has them for this flow.
    """

    name: str
    splits_decay: bool

    @property
    def loop(self) -> Loop[P] | None:
        """See above."""

    def new_point(self) -> P:
        """Room for a state that this method steps from or to."""

    def prepare(self, point: P) -> None:
        """Find what steps from ``point`` need, given its weights and residual; its gradient with it."""

    def spectral_radius(self, point: P) -> float:
        """Bound on the Jacobian's spectral radius at a prepared point; 0 where nothing moves."""

    def attempt(self, point: P, h: float, out: P) -> Step:
        """Advance ``point`` by ``h`` into ``out``: weights and residual. ``point`` is left as it is."""


class Problem(Protocol[P, N]):
    """A network, its data and a method.

    Attributes
    ----------
    methods : tuple of str
        What the user can ask for.
    preferred : (str, str)
        The method for few samples, and the reason.
    network : TwoLayer, DeepNetwork or Module
        The start.
    layers : tuple of str
        Names of the weights, input to output.
    sizes : tuple of float
        Frobenius norms of the weights at the start, layer by layer.
    targets : float64 (n,), with several outputs (n, k); of a Module labels too
    flow, method
        See :class:`Flow` and :class:`Method`.
    point, trial
        Room for a state each; ``point`` is at the start, with its residual.
    """

    methods: ClassVar[tuple[str, ...]]
    preferred: ClassVar[tuple[str, str]]
    network: N
    layers: tuple[str, ...]
    sizes: tuple[float, ...]
    targets: np.ndarray
    point: P
    trial: P

    def __init__(
        self, network: N, X: np.ndarray, y: np.ndarray, method: str, threads: int | None, decay: Decay = NONE
    ) -> None: ...

    @property
    def flow(self) -> Flow[P]:
        """See above."""

    @property
    def method(self) -> Method[P]:
        """See above."""

    def accepted(self, point: P, end: P) -> None:
        """Called after every accepted step, ``point`` to ``end``: adds up what the method changed conserved quantities by."""

    def outputs(self, point: P) -> np.ndarray:
        """The output at the samples of a point, shaped like the targets where they are numbers."""

    def network_at(self, point: P) -> N:
        """The network with the weights of a point."""

    def conserved_drift(self, final: N, t: float) -> float:
        """What the method changed the conserved quantities by, relative to their parts in the final network."""

    def close(self) -> None:
        """Let threads go."""

r"""Relative distances of the infinitely wide network: RD_l = F_l(P, kappa', data).

In the time tau = t/alpha two layers depend on their width only through the capacity P = m kappa and the average over m neurons
(:mod:`numerics.networks.quadrature`), so that one run of a few thousand nodes gives RD of every network of the same P and kappa',
whatever its width: up to the draw, RD_l = F_l (1 + s_l xi/sqrt(m)) with xi of mean 0 and variance 1 (:mod:`.fluctuations`).
Proved as m goes to infinity (Mei, Montanari, Nguyen 2018; Chizat and Bach 2018); that moderate widths are near it is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from numerics.arrays import positive_number
from numerics.datasets import check_data
from numerics.errors import InputError
from numerics.experiments.rare_neurons import Mesh, growth_to_come
from numerics.experiments.stopping import loss_to_fall_from
from numerics.experiments.weight_decay import walk
from numerics.flow import Solution, gradient_flow, gradient_flows
from numerics.networks.deep import DeepNetwork
from numerics.networks.quadrature import nodes_for, refuse_missing_constant
from numerics.networks.two_layer import TwoLayer

__all__ = ["LAYERS", "ROUNDING", "MeanField", "distances"]

LAYERS = ("w", "a")
#: RD below which the digits of a displacement are those of the rounding of the weights.
ROUNDING = 1e-13
_LAZY = 1e7, 1e-3  # capacity from which F P is constant if F is below the second: the correction is O(1/P)
_HALVED = 32  # least nodes of which half are a rule
_ROUNDS = 4  # of finer nodes on a plateau: the last arcs are 10^-6 of those between neighbours
_GROWS = 1e-3  # part of the fastest growth there could be, above which rare neurons would leave a plateau


@dataclass(frozen=True)
class MeanField:
    """F for one data set, at any capacity and kappa'; what was found is kept.

    Parameters
    ----------
    X : array (n, d), y : array (n,)
        The constant input for the bias included.
    loss_tol : float
        Loss at which training stops.
    rtol : float
        Accuracy of RD along a run.
    nodes : int
        Of the quadrature, see :meth:`numerics.TwoLayer.mean_field`.
    activation : 'relu', 'linear' or float

    Examples
    --------
    >>> from numerics.datasets import four_points
    >>> limit = MeanField(*four_points(), loss_tol=1e-6)
    >>> round(limit(1, 1)["w"], 2)
    1.2
    """

    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    loss_tol: float = 1e-6
    rtol: float = 1e-3
    nodes: int = 4000
    activation: str | float = "relu"
    _known: dict[tuple[float, ...], Solution] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        X, y = check_data(self.X, self.y)
        refuse_missing_constant(X)
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", y)
        for name in ("loss_tol", "rtol"):
            object.__setattr__(self, name, positive_number(getattr(self, name), name))
        loss_to_fall_from(self.loss_tol, y)
        # refused, whatever is wrong with them, before there is a run
        TwoLayer.mean_field(capacity=1, kappa_prime=1, inputs=X, nodes=self.nodes, activation=self.activation)

    def run(self, capacity: float, kappa_prime: float, *, nodes: int | None = None) -> Solution:
        """The flow of the infinitely wide network from its start until the loss, or rest, is reached.

        Of a lazy network of capacity 10^7 for those of larger ones: F P is constant there but for O(10^-7) (to leading order
        proved), while RD would be lost to rounding.
        Where it rests on a plateau that rare neurons would leave, these are given nodes (:mod:`.rare_neurons`) and it runs again.
        """
        capacity, kappa_prime = positive_number(capacity, "capacity"), positive_number(kappa_prime, "kappa_prime")
        number = self.nodes if nodes is None else nodes
        lazy, little = _LAZY
        if capacity > lazy:
            run = self.run(lazy, kappa_prime, nodes=number)
            if max(distances(run).values()) < little:
                return run
        key = capacity, kappa_prime, number
        if key not in self._known:
            self._known[key] = self._run(*key)
        return self._known[key]

    def walk(self, capacity: float, kappa_prime: float, mu: float) -> Solution:
        """The flow under the weight decay mu = lambda alpha, past the fit at the final loss, until forces and decay balance.

        Never that of another capacity: how long the walk is depends on it.
        """
        key = capacity, kappa_prime, self.nodes, mu
        if key not in self._known:
            start = self._start(capacity, kappa_prime, self.nodes)
            self._known[key] = walk(start, self.X, self.y, mu=mu, levels=[self.loss_tol], rtol=self.rtol)
        return self._known[key]

    def _start(self, capacity: float, kappa_prime: float, nodes: int) -> TwoLayer:
        return TwoLayer.mean_field(
            capacity=capacity, kappa_prime=kappa_prime, inputs=self.X, nodes=nodes, activation=self.activation
        )

    def _run(self, capacity: float, kappa_prime: float, nodes: int) -> Solution:
        start = self._start(capacity, kappa_prime, nodes)
        run = self.train(start)
        if self._growth(run) < _GROWS:
            return run
        mesh = Mesh.of(nodes_for(self.X, nodes, np.random.default_rng(0)))
        for _ in range(_ROUNDS):
            assert isinstance(run.network, TwoLayer)
            mesh = mesh.refined(start, run.network, self.X)
            start = TwoLayer.of_nodes(mesh.nodes, capacity, kappa_prime, self.X, self.activation)
            run = self.train(start)
            if self._growth(run) < _GROWS:
                break
        return run

    def _growth(self, run: Solution) -> float:
        """Growth to come where a network of two layers is at rest, else 0."""
        start, end = run.initial, run.network
        if run.at_rest and isinstance(start, TwoLayer) and isinstance(end, TwoLayer):
            return growth_to_come(start, end, self.X, self.y)
        return 0.0

    def is_plateau(self, run: Solution) -> bool:
        """Whether a run rests where neurons that it has no nodes for would go on."""
        return self._growth(run) >= _GROWS

    def ending(self, run: Solution) -> str:
        """How a run ended if not as asked, and whether rare neurons that it has no nodes for might go on."""
        growth = self._growth(run)
        if growth < _GROWS:
            return f"{run.ending}, {run.status.value}" if run.ending else ""
        return (
            f"{run.ending}, on a plateau: a small neuron in a direction that no node has would grow, at {growth:.2g} of the "
            "fastest rate there could be, and RD with it"
        )

    def train(self, start: TwoLayer | DeepNetwork) -> Solution:
        """The flow of any network on these data, to the same loss and accuracy."""
        threads = 1 if isinstance(start, TwoLayer) else None
        return gradient_flow(
            start, self.X, self.y, loss_tol=self.loss_tol, rtol=self.rtol, throw=False, threads=threads
        )

    def train_all(self, starts: Sequence[TwoLayer]) -> list[Solution]:
        """The same of several networks of two layers, on all cores."""
        return gradient_flows(starts, self.X, self.y, loss_tol=self.loss_tol, rtol=self.rtol, throw=False)

    def __call__(self, capacity: float, kappa_prime: float, *, nodes: int | None = None) -> dict[str, float]:
        """F of each layer, the largest RD over the run; nan where it is lost to rounding, below :data:`ROUNDING` in the run."""
        found = self.with_theta(capacity, kappa_prime, nodes=nodes)
        return {layer: found[layer] for layer in LAYERS}

    def with_theta(self, capacity: float, kappa_prime: float, *, nodes: int | None = None) -> dict[str, float]:
        """The same, and of theta, all normalised weights together."""
        run = self.run(capacity, kappa_prime, nodes=nodes)
        trained = run.initial.kappa * (self.nodes if nodes is None else nodes)
        found = run.sup_relative_distance
        return {
            layer: rd * (trained / float(capacity)) if rd > ROUNDING else float("nan") for layer, rd in found.items()
        }

    def quadrature_error(self, capacity: float, kappa_prime: float) -> dict[str, float]:
        """Relative change of F when the nodes are halved: an upper estimate of the error that is left. From 32 nodes on."""
        if self.nodes < _HALVED:
            raise InputError(f"nodes = {self.nodes} are too few to halve; give {_HALVED} or more for an error")
        fine, coarse = (self(capacity, kappa_prime, nodes=nodes) for nodes in (self.nodes, self.nodes // 4 * 2))
        return {layer: abs(coarse[layer] / fine[layer] - 1) for layer in LAYERS}


def distances(solution: Solution) -> dict[str, float]:
    """Largest RD of each layer over a run."""
    return {layer: solution.sup_relative_distance[layer] for layer in LAYERS}

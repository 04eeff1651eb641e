r"""Relative distances of the infinitely wide network: RD_l = F_l(P, kappa', data).

In the time tau = t/alpha two layers depend on their width only through the capacity P = m kappa and the average over m neurons
(:mod:`numerics.networks.quadrature`), so that one run of a few thousand nodes gives RD of every network of the same P and kappa',
whatever its width: up to the draw, RD_l = F_l (1 + s_l xi/sqrt(m)) with xi of mean 0 and variance 1 (:mod:`.fluctuations`).
Proved as m goes to infinity (Mei, Montanari, Nguyen 2018; Chizat and Bach 2018); that moderate widths are near it is measured.
"""

from dataclasses import dataclass, field

import numpy as np

from numerics.arrays import positive_number
from numerics.datasets import check_data
from numerics.errors import InputError
from numerics.experiments.stopping import loss_to_fall_from
from numerics.flow import Solution, gradient_flow
from numerics.networks.deep import DeepNetwork
from numerics.networks.two_layer import TwoLayer

__all__ = ["LAYERS", "ROUNDING", "MeanField", "distances"]

LAYERS = ("w", "a")
#: RD below which the digits of a displacement are those of the rounding of the weights.
ROUNDING = 1e-13


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
    _known: dict[tuple[float, float, int], Solution] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        X, y = check_data(self.X, self.y)
        if X.shape[1] == 1 and len(X) > 1:
            raise InputError(
                f"X has shape {X.shape}, one input and no constant; append a column of ones for the bias, as np.column_stack([x, "
                "np.ones(len(x))])"
            )
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", y)
        for name in ("loss_tol", "rtol"):
            object.__setattr__(self, name, positive_number(getattr(self, name), name))
        loss_to_fall_from(self.loss_tol, y)
        # refused, whatever is wrong with them, before there is a run
        TwoLayer.mean_field(capacity=1, kappa_prime=1, inputs=X, nodes=self.nodes, activation=self.activation)

    def run(self, capacity: float, kappa_prime: float, *, nodes: int | None = None) -> Solution:
        """The flow of the infinitely wide network from its start until the loss, or rest, is reached."""
        key = capacity, kappa_prime, self.nodes if nodes is None else nodes
        if key not in self._known:
            start = TwoLayer.mean_field(
                capacity=capacity, kappa_prime=kappa_prime, inputs=self.X, nodes=key[2], activation=self.activation
            )
            self._known[key] = self.train(start)
        return self._known[key]

    def train(self, start: TwoLayer | DeepNetwork) -> Solution:
        """The flow of any network on these data, to the same loss and accuracy."""
        threads = 1 if isinstance(start, TwoLayer) else None
        return gradient_flow(
            start, self.X, self.y, loss_tol=self.loss_tol, rtol=self.rtol, throw=False, threads=threads
        )

    def __call__(self, capacity: float, kappa_prime: float) -> dict[str, float]:
        """F of each layer, the largest RD over the run."""
        return distances(self.run(capacity, kappa_prime))

    def quadrature_error(self, capacity: float, kappa_prime: float) -> dict[str, float]:
        """Relative change of F when the nodes are halved: an upper estimate of the error that is left."""
        fine, coarse = (
            self(capacity, kappa_prime),
            distances(self.run(capacity, kappa_prime, nodes=self.nodes // 4 * 2)),
        )
        return {layer: abs(coarse[layer] / fine[layer] - 1) for layer in LAYERS}


def distances(solution: Solution) -> dict[str, float]:
    """Largest RD of each layer over a run."""
    return {layer: solution.sup_relative_distance[layer] for layer in LAYERS}

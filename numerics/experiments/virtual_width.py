r"""Slopes at widths that nobody can train: the network of width M, played by one that fits into memory.

Two layers depend on their width only through (P, kappa'), so a network of width M is the infinitely wide one of its capacity
(:mod:`numerics.experiments.mean_field`): proved up to O(1/sqrt M). Where the nodes come to rest on a plateau that rarer neurons
leave, these are given nodes (:mod:`numerics.experiments.rare_neurons`).

Beyond two layers (argued: as for two, checked at widths 32 to 256): with the strengths of the layers and the output scale held
(:mod:`numerics.networks.strengths`), |W_l(t) - W_l(0)| does not depend on the width once that is large. A network of width m
plays one of width M by taking its strengths, and RD_l follows by the norm of the start. The same draw plays every width, so that
the spread over draws is that of slopes of one network each. It is not the distance from the limit, which may be large where
the target is met in plateaus: of W1 where W2 alone condenses, at (gamma_3, gamma_2) = (3, 1) on the zigzag of the four points,
the slope is -0.25 at M = 1e3..1e4, -0.33 at 1e4..1e5, -0.42 at 1e6..1e7, and -1/2, as derived, from 1e9 on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import phasetheory as pt
from numerics.arrays import listed, real_number, whole_number
from numerics.datasets import check_data, four_points
from numerics.errors import InputError
from numerics.experiments.grids import Point, exact
from numerics.experiments.mean_field import ROUNDING, MeanField
from numerics.experiments.plan import Plan
from numerics.experiments.stopping import loss_tol_for
from numerics.flow import Solution, Status
from numerics.networks.activation import is_homogeneous
from numerics.networks.deep import DeepNetwork
from numerics.networks.sampling import strengths_at, trained_activation
from numerics.networks.strengths import Strengths

__all__ = ["MeanFieldSlopes", "mean_field_slopes", "virtual_slopes"]

#: Of a verification, for two layers and beyond.
VIRTUAL_WIDTHS, VIRTUAL_WIDTHS_DEEPER = (1e6, 1e9, 1e12), (1e4, 1e5)

_WIDEST = 1e100
_NODES, _NEURONS, _SEEDS = 4000, 96, 3
_LEAST = {Status.UNFITTABLE, Status.LEAST_SQUARES}  # no network goes below


@dataclass(frozen=True)
class MeanFieldSlopes:
    """Relative distances and slopes of every layer at virtual widths.

    Attributes
    ----------
    network : Network
    layers : tuple of str
    widths : float64 (k,)
    distances : dict of layer -> float64 (k, seeds)
        RD; nan where a run was cut short or rests on a plateau that others leave, or where RD is lost to rounding. One column for
        two layers.
    real_width : int
        Nodes of the quadrature, more where they rest on a plateau, or neurons of every hidden layer.
    notes : tuple of str
        Why there are nans, and which runs came to rest at a positive loss, on a plateau or not, a sentence each.
    """

    network: pt.Network
    layers: tuple[str, ...]
    widths: np.ndarray
    distances: dict[str, np.ndarray] = field(repr=False)
    real_width: int
    notes: tuple[str, ...]

    @property
    def basis(self) -> str:
        """What it rests on."""
        return "proved as the width goes to infinity" if len(self.layers) == 2 else "argued"

    def local_slopes(self, layer: str) -> np.ndarray:
        """S (k - 1, seeds) of every draw between neighbouring widths."""
        return np.diff(np.log(self.distances[layer]), axis=0) / np.diff(np.log(self.widths))[:, None]

    @property
    def slopes(self) -> dict[str, float]:
        """S of each layer between the two largest widths, the mean over the draws that have both; nan without one."""
        return {layer: float(_over_draws(np.mean, self.local_slopes(layer)[-1], 1)) for layer in self.layers}

    @property
    def spreads(self) -> dict[str, float]:
        """Standard deviation of these slopes over the draws; nan with fewer than two of them."""
        return {layer: float(_over_draws(np.std, self.local_slopes(layer)[-1], 2, ddof=1)) for layer in self.layers}


def _over_draws(function: Callable[..., Any], values: np.ndarray, fewest: int, **options: int) -> float:
    there = values[np.isfinite(values)]
    return function(there, **options) if there.size >= fewest else float("nan")


def virtual_slopes(plan: Plan, widths: Sequence[float] | None = None) -> dict[Point, MeanFieldSlopes]:
    """Slopes at virtual widths at every point of a plan, with its data, final loss and activation.

    Parameters
    ----------
    plan : Plan
    widths : sequence of float, optional
        By default 1e6, 1e9, 1e12 for two layers, and 1e4, 1e5 beyond, which the condensed runs reach in seconds.
    """
    chosen = (VIRTUAL_WIDTHS if plan.depth == 2 else VIRTUAL_WIDTHS_DEEPER) if widths is None else widths
    return {
        point: mean_field_slopes(
            plan.diagram.network_at(point), chosen, plan.data, loss_tol=plan.loss_tol, activation=plan.activation
        )
        for point in plan.points
    }


def mean_field_slopes(
    network: pt.Network | Sequence[Any],
    widths: Sequence[float] = VIRTUAL_WIDTHS,
    data: tuple[ArrayLike, ArrayLike] | None = None,
    *,
    loss_tol: float | None = None,
    real_width: int | None = None,
    seeds: int | None = None,
    activation: str | float | None = None,
) -> MeanFieldSlopes:
    """Slopes of log RD at widths that nobody can train.

    Parameters
    ----------
    network : Network or (gamma, gamma')
    widths : sequence of float
        At least two different ones, from 2 to 10^100.
    data : (X, y), optional
        The four points by default.
    loss_tol : float, optional
        By default 7e-6 of the loss at the start.
    real_width : int, optional
        Nodes for two layers, 4000 by default; neurons of every hidden layer beyond, 96 by default.
    seeds : int
        Draws beyond two layers, 3 by default, each at every width; two layers draw none, and refuse it.
    activation : str or float, optional
        Instead of that of the network: 'relu', 'linear' or the negative slope of leaky relu.

    Examples
    --------
    >>> found = mean_field_slopes(("7/4", 0), widths=(1e5, 1e6))
    >>> {layer: round(slope, 2) for layer, slope in found.slopes.items()}
    {'w': 0.38, 'a': 0.38}
    """
    network = _network_of(network)
    X, y = four_points() if data is None else listed(data, "data", "give a pair (X, y)")
    sizes = _sizes(widths)
    if network.depth == 2 and seeds is not None:
        raise InputError(f"seeds = {seeds}: two layers are a quadrature, which draws nothing; leave it out")
    usual, drawn = (_NODES, 1) if network.depth == 2 else (_NEURONS, _SEEDS)
    drawn = drawn if seeds is None else whole_number(seeds, "seeds", 1, "give a positive integer")
    advice = "give a number of neurons, an integer >= 16"
    real = usual if real_width is None else whole_number(real_width, "real_width", 16, advice)
    X, y = check_data(X, y)
    chosen = trained_activation(network.activation) if activation is None else activation
    if not is_homogeneous(chosen):
        raise InputError(
            f"activation = {chosen!r} is not of degree 1, and only then do widths play one another; give relu"
        )
    limit = MeanField(X, y, loss_tol=loss_tol_for(y, loss_tol), nodes=real, activation=chosen)
    inputs = limit.X.shape[1]
    notes: list[str] = []
    distances = {layer: np.full((len(sizes), drawn), np.nan) for layer in network.layers}
    for row, M in enumerate(sizes):
        strengths = strengths_at(network, M, inputs)
        for seed in range(drawn):
            run, found = _played(strengths, limit, M, seed)
            if not run.converged:
                notes.append(f"width {M:g}: {limit.ending(run)}")
            if not (run.converged or run.status in _LEAST or _rests(run, limit, network.depth)):
                continue
            for layer, distance in zip(network.layers, found, strict=True):
                distances[layer][row, seed] = distance
                if np.isnan(distance):
                    notes.append(f"width {M:g}: RD of {layer} is lost to rounding")
    return MeanFieldSlopes(network, network.layers, np.array(sizes), distances, real, tuple(notes))


def _rests(run: Solution, limit: MeanField, depth: int) -> bool:
    """Whether a run is at rest where others of its kind are: known of two layers only."""
    return depth == 2 and run.at_rest and not limit.is_plateau(run)


def _played(strengths: Strengths, limit: MeanField, width: float, seed: int) -> tuple[Solution, list[float]]:
    """The run that plays a network of these strengths, and RD of each layer of that network, nan where it is lost to rounding.

    Two layers on the nodes of the limit, which have its RD; else drawn, as many neurons, whose layers start at another norm.
    """
    depth, inputs = len(strengths.values), limit.X.shape[1]
    if depth == 2:
        played = strengths.capacity, strengths.ratio
        return limit.run(*played), list(limit(*played).values())
    start = DeepNetwork.sample(
        (inputs, *[limit.nodes] * (depth - 1), 1),
        strengths.sigmas(limit.nodes, inputs),
        alpha=strengths.alpha,
        rng=seed,
        activation=limit.activation,
    )
    run = limit.train(start)
    norms = zip(
        run.relative_distance, strengths.norms(limit.nodes, inputs), strengths.norms(width, inputs), strict=True
    )
    measured = ((run.sup_relative_distance[layer], real / virtual) for layer, real, virtual in norms)
    return run, [rd * ratio if rd > ROUNDING else float("nan") for rd, ratio in measured]


def _network_of(network: Any) -> pt.Network:
    if isinstance(network, pt.Network):
        return network
    point = listed(network, "network", "give a phasetheory.Network or a pair (gamma, gamma')")
    diagram = pt.phase_diagram()
    if len(point) != 2:
        raise InputError(f"network = {network!r}; give a phasetheory.Network or a pair (gamma, gamma')")
    return diagram.network_at((exact(point[0], "gamma"), exact(point[1], "gamma_prime")))


def _sizes(widths: Sequence[float]) -> list[float]:
    advice = "give at least two different widths, such as (1e6, 1e9)"
    sizes = sorted({real_number(width, "width") for width in listed(widths, "widths", advice)})
    if len(sizes) < 2 or sizes[0] < 2 or sizes[-1] > _WIDEST:
        raise InputError(f"widths = {list(widths)}; {advice}, from 2 to {_WIDEST:g}")
    return sizes

"""Runs for looking inside: one trained network for each of a few points of the phase diagram."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

import phasetheory as pt
from numerics.arrays import listed, truth
from numerics.datasets.builtin import check_pair
from numerics.errors import InputError
from numerics.experiments.grids import Point, exact
from numerics.experiments.plan import BOOK
from numerics.experiments.stopping import loss_to_fall_from, loss_tol_for
from numerics.flow import Solution, gradient_flow
from numerics.networks import TwoLayer
from numerics.networks.sampling import check_width
from numerics.networks.seeds import cell_seed
from numerics.observe.condensation import Condensation, condensation
from numerics.observe.features import features
from phasetheory.symbols.printing import number

__all__ = ["GALLERY", "Portrait", "regime_of_w", "train_points"]

#: From small to large initialisation, for :func:`train_points`.
GALLERY: tuple[str, ...] = ("2", "1", "3/4", "1/2", "1/4", "0")


@dataclass(frozen=True)
class Portrait:
    """A trained network at a point of the diagram, with its condensation before and after.

    Attributes
    ----------
    point : (gamma, gamma_prime)
    regime : Regime
        Of w, derived.
    solution : Solution
    before, after : Condensation
    """

    point: Point
    regime: pt.Regime
    solution: Solution = field(repr=False)
    before: Condensation
    after: Condensation

    @property
    def title(self) -> str:
        """The point and its regime, for a panel."""
        gamma, prime = map(number, self.point)
        place = rf"$\gamma={gamma}$" if prime == "0" else rf"$\gamma={gamma}$, $\gamma'={prime}$"
        return ", ".join(filter(None, (place, self.regime.value, self.solution.ending)))


def train_points(
    points: Sequence[tuple[object, object]] = BOOK,
    width: int = 1000,
    *,
    data: tuple[np.ndarray, np.ndarray],
    seed: int = 0,
    loss_tol: float | None = None,
    antisymmetric: bool = True,
    max_seconds: float = 120.0,
) -> list[Portrait]:
    """Train one network of ``width`` neurons at every point and measure its condensation; one that stops short says so.

    Parameters
    ----------
    points : sequence of (gamma, gamma_prime)
    width, seed : int
    data : (X, y)
    loss_tol, max_seconds : float
        Of every run; see :func:`numerics.gradient_flow`. The final loss is by default 1e-6 for the four points, and for other
        data the same part of the loss at the start.
    antisymmetric : bool
        Start at f = 0. Without it a large initialisation starts, and stays, jagged.
    """
    check_width(width, even=True)
    X, y = check_pair(data)
    stop = loss_tol_for(y, loss_tol)
    if truth(antisymmetric, "antisymmetric"):
        loss_to_fall_from(stop, y)
    wanted = "give pairs (gamma, gamma_prime)"
    pairs = [listed(point, "point", wanted) for point in listed(points, "points", wanted)]
    if any(len(pair) != 2 for pair in pairs):
        raise InputError(f"points = {points}; {wanted}")
    chosen = [(exact(gamma, "gamma"), exact(gamma_prime, "gamma_prime")) for gamma, gamma_prime in pairs]
    if not chosen or len(set(chosen)) < len(chosen):
        raise InputError(f"points = {points}; give at least one pair (gamma, gamma_prime), each of them once")
    portraits = []
    for point in chosen:
        start = TwoLayer.sample(
            width, *point, X, rng=cell_seed(*point, width=width, seed=seed), antisymmetric=antisymmetric
        )
        run = gradient_flow(start, X, y, loss_tol=stop, max_seconds=max_seconds, throw=False)
        before, after = (condensation(features(net)) for net in (start, run.network))
        portraits.append(Portrait(point, regime_of_w(point), run, before, after))
    return portraits


def regime_of_w(point: Point) -> pt.Regime:
    """Derived regime of the input weights at a point of the two-layer diagram."""
    gamma, prime = point
    return pt.phase_diagram(2).regime_at(gamma=gamma, gamma_prime=prime)["w"]

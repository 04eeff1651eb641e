"""Runs for looking inside: one trained network for each of a few points of the phase diagram."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

import phasetheory as pt
from numerics.arrays import listed, truth
from numerics.datasets.builtin import check_pair
from numerics.errors import InputError
from numerics.experiments.first_directions import FirstDirections, compare_with_first_directions, first_directions
from numerics.experiments.grids import Point, exact
from numerics.experiments.plan import BOOK
from numerics.experiments.stopping import loss_to_fall_from, loss_tol_for
from numerics.flow import Solution, gradient_flow
from numerics.networks import DeepNetwork, TwoLayer
from numerics.networks.activation import PointwiseActivation, is_homogeneous
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
    regime : Regime or None
        Of w, derived; None for a smooth activation, which has none.
    solution : Solution
    before, after : Condensation
    first : FirstDirections
        The directions predicted for tiny weights, and the share of the amplitude near them.
    """

    point: Point
    regime: pt.Regime | None
    solution: Solution = field(repr=False)
    before: Condensation
    after: Condensation
    first: FirstDirections

    @property
    def title(self) -> str:
        """The point and its regime, for a panel."""
        gamma, prime = map(number, self.point)
        place = rf"$\gamma={gamma}$" if prime == "0" else rf"$\gamma={gamma}$, $\gamma'={prime}$"
        regime = "" if self.regime is None else self.regime.value
        return ", ".join(filter(None, (place, regime, self.solution.ending)))


def train_points(
    points: Sequence[tuple[object, object]] = BOOK,
    width: int = 1000,
    *,
    data: tuple[np.ndarray, np.ndarray],
    seed: int = 0,
    loss_tol: float | None = None,
    antisymmetric: bool = True,
    activation: str | float = "relu",
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
    activation : str or float
        'relu', 'linear', the negative slope of leaky relu; or a smooth one, 'tanh', 'z tanh z', 'z^2 tanh z', 'softplus',
        'sigmoid', 'gelu', 'silu'. These feel the size of the weights: kappa = beta1 beta2/alpha with alpha = 1, so a larger gamma
        is smaller weights.
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
    portraits, predicted = [], None
    for point in chosen:
        start = _start(point, width, X, seed, antisymmetric=antisymmetric, activation=activation)
        predicted = first_directions(start, X, y) if predicted is None else predicted
        run = gradient_flow(start, X, y, loss_tol=stop, max_seconds=max_seconds, throw=False)
        before, after = (condensation(features(net)) for net in (start, run.network))
        first = compare_with_first_directions(run, X, y, predicted, max_seconds=max_seconds)
        regime = regime_of_w(point) if is_homogeneous(activation) else None
        portraits.append(Portrait(point, regime, run, before, after, first))
    return portraits


def _start(
    point: Point, width: int, X: np.ndarray, seed: int, *, antisymmetric: bool, activation: str | float
) -> TwoLayer | DeepNetwork:
    """The network of a point: kappa = m^-gamma, kappa' = m^-gamma'; of a smooth activation with alpha = 1."""
    rng = cell_seed(*point, width=width, seed=seed)
    if is_homogeneous(activation):
        return TwoLayer.sample(width, *point, X, rng=rng, antisymmetric=antisymmetric, activation=activation)
    gamma, prime = map(float, point)
    output, entering = (float(width) ** ((-gamma - sign * prime) / 2) for sign in (1, -1))
    return DeepNetwork.sample(
        (X.shape[1], width // 2 if antisymmetric else width, 1),
        (entering, output),
        rng=rng,
        centred=False,
        antisymmetric=antisymmetric,
        activation=PointwiseActivation(str(activation)),
    )


def regime_of_w(point: Point) -> pt.Regime:
    """Derived regime of the input weights at a point of the two-layer diagram."""
    gamma, prime = point
    return pt.phase_diagram(2).regime_at(gamma=gamma, gamma_prime=prime)["w"]

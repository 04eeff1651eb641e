r"""Easy or hard: whether the first directions can fit the target with the output weights held.

Where gamma > 1 and gamma' < 1 - gamma the output weights hardly move, and tiny input weights have turned to the first directions
before they have grown. In the limit P -> 0 with P kappa' -> infinity what is left is the *reduced flow*: u_k frozen,
v_k = |u_k| r_k,

    dr/dt = sign(u) G(r/|r|),    G(v) = -(kappa/n) sum_i e_i sigma'(v.x_i) x_i,    r -> 0 at the start.

|r| cancels in r/|r| at the start, so r turns infinitely fast: neurons of one sign and one basin of D move as one from then on.
Each attracting direction (:func:`phasetheory.condensed_directions`) is one *cluster*, a neuron with the mass
sum_k u_k^2 of its basin; a few neurons, integrated by the kink-exact method, sliding along kinks included.

* It reaches the tolerance: *easy*. No other neuron is needed, RD_w P stays O(1): S_w = gamma - 1.
* It comes to rest above: *hard*. What remains is fitted by the few neurons between the basins that grow until a moves too:
  RD_w P ~ sqrt(P kappa'), S_w = (gamma - 1 - gamma')/2.

That the clusters are all there is to the limit is argued; which branch a data set is on is measured against networks
(benchmarks/reduced_flow.py, docs/theory/easy-and-hard.md).
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

import phasetheory as pt
from numerics.arrays import positive_number
from numerics.datasets import check_data
from numerics.errors import GradientFlowError, InputError
from numerics.experiments.stopping import loss_tol_for
from numerics.flow import Solution, gradient_flow
from numerics.networks import TwoLayer
from numerics.networks.activation import is_homogeneous, pointwise
from numerics.observe.features import features

__all__ = ["Cluster", "ReducedFlow", "reduced_flow"]

_FROZEN = 1e-6  # |v|/|u| of a cluster that has grown: u moves by its square
_START = 1e-6  # |r| at the start, in units of what it grows to


@dataclass(frozen=True)
class Cluster:
    """The neurons of one sign and one basin, which move as one.

    Attributes
    ----------
    sign : int
        Of their output weights.
    mass : float
        Their part of sum_k u_k^2.
    initial, final : float64 (d,)
        Direction of their input weights at first and at the end, unit vectors; zero at the end for a cluster that died.
    amplitude : float
        mass |r| at the end: their part of f is sign * amplitude * sigma(final.x).
    """

    sign: int
    mass: float
    initial: np.ndarray = field(repr=False)
    final: np.ndarray = field(repr=False)
    amplitude: float


@dataclass(frozen=True)
class ReducedFlow:
    """How the reduced flow of a data set ends.

    Attributes
    ----------
    target : 'easy' or 'hard'
    loss, loss_tol : float
        R = (1/2n) sum e^2 that it ends with, and the tolerance.
    clusters : tuple of Cluster
    directions : CondensedDirections
        Where it starts.
    solution : Solution
        The run, of a network with one neuron a cluster, targets of mean square 1.
    """

    target: Literal["easy", "hard"]
    loss: float
    loss_tol: float
    clusters: tuple[Cluster, ...]
    directions: pt.CondensedDirections = field(repr=False)
    solution: Solution = field(repr=False)

    def __str__(self) -> str:
        """What it says, in a line."""
        verdict = "reaches" if self.target == "easy" else "comes to rest above"
        return (
            f"{self.target}: the reduced flow of {len(self.clusters)} clusters {verdict} the loss {self.loss_tol:.3g}, "
            f"at {self.loss:.3g}"
        )


def reduced_flow(
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss_tol: float | None = None,
    activation: str | float = "relu",
    starts: int = 400,
    seed: int = 0,
    max_seconds: float = 60.0,
) -> ReducedFlow:
    """Decide whether a target is easy or hard for networks whose output weights hardly move.

    Parameters
    ----------
    X : array (n, d), y : array (n,)
        Inputs with the constant included, and targets.
    loss_tol : float, optional
        What counts as fitted; by default the loss at which runs on these data end.
    activation : 'relu' or float
        A number is the slope of leaky relu for z < 0.
    starts, seed : int
        Of the search for directions where d > 2: see :func:`phasetheory.condensed_directions`.
    max_seconds : float
        Of wall time.

    Returns
    -------
    ReducedFlow

    Raises
    ------
    TheoryError
        y = 0.
    InputError
        An activation without the scaling of relu.
    GradientFlowError
        If time is up before it ends.

    Accuracy
    --------
    d = 2: masses exact. d > 2: masses are shares of the starts, and a basin smaller than one start is missed; the answer can
    depend on ``seed`` where the loss is near the tolerance.

    Examples
    --------
    >>> import numerics as nm
    >>> nm.reduced_flow(*nm.datasets.four_points()).target
    'hard'
    """
    X, y = check_data(X, y)
    if not is_homogeneous(activation):
        raise InputError(
            f"activation = {activation!r} has no limit of tiny input weights alone; use 'relu' or leaky relu"
        )
    slope = pointwise(activation).negative_slope
    tolerance = loss_tol_for(y, loss_tol)
    positive_number(tolerance, "loss_tol")
    directions = pt.condensed_directions(X, y, activation=slope, starts=starts, seed=seed)
    found = directions.attracting
    if not found:
        raise InputError("no direction attracts: sum_i y_i x_i sigma' vanishes everywhere; the targets are degenerate")
    size = float(np.sqrt(np.mean(y**2)))
    mass = np.array([direction.basin for direction in found]) / 2  # half of the neurons have either sign
    sign = np.array([direction.sign for direction in found])
    vectors = np.array([direction.vector for direction in found])
    u = sign * np.sqrt(mass)
    # f = sum_c sign mass sigma(r.x)/_FROZEN with r = _FROZEN * O(1)
    start = TwoLayer(u, np.abs(u)[:, None] * (_FROZEN * _START) * vectors, 1 / _FROZEN, 1.0, slope, "clusters")
    run = gradient_flow(start, X, y / size, loss_tol=tolerance / size**2, max_seconds=max_seconds, throw=False)
    if not (run.converged or run.at_rest):
        raise GradientFlowError(run.message, run)
    grown = features(run.network)
    length = grown.length
    final = np.divide(grown.weights, length[:, None], out=np.zeros_like(vectors), where=length[:, None] > 0)
    clusters = tuple(
        Cluster(int(s), float(part), first, last, float(part * r * size))
        for s, part, first, last, r in zip(sign, mass, vectors, final, length / np.abs(u) / _FROZEN, strict=True)
    )
    loss = run.loss * size**2
    return ReducedFlow("easy" if run.converged else "hard", loss, tolerance, clusters, directions, run)

"""Predicted first directions beside measured orientations: what share of the amplitude they hold, and when.

Neurons condense on the predicted directions while the residual is still that of the start: on the *first plateau*, the time until
the loss has fallen by a tenth. Later the residual changes, and directions with it.
"""

from dataclasses import dataclass, field

import numpy as np

import phasetheory as pt
from numerics.flow import Solution, gradient_flow
from numerics.networks import DeepNetwork, TwoLayer
from numerics.observe.condensation import share_near
from numerics.observe.features import Features, features

__all__ = ["NEAR", "PLATEAU", "FirstDirections", "compare_with_first_directions", "first_directions"]

PLATEAU = 0.9  # of the loss at the start: what ends the first plateau
NEAR = 5.0  # degrees


@dataclass(frozen=True)
class FirstDirections:
    """The directions predicted for tiny weights, and what part of the amplitude lies within 5 degrees of them.

    Attributes
    ----------
    predicted : CondensedDirections
    initial, plateau, final : float
        Share of the amplitude at the start, at the end of the first plateau, at the end; nan where no direction is predicted, and
        of the plateau if the run ends on it.
    on_plateau : Features or None
        The neurons at the end of the first plateau.
    """

    predicted: pt.CondensedDirections = field(repr=False)
    initial: float
    plateau: float
    final: float
    on_plateau: Features | None = field(repr=False)


def first_directions(network: TwoLayer | DeepNetwork, X: np.ndarray, y: np.ndarray) -> pt.CondensedDirections:
    """The theory's first directions for the activation of a network of two layers.

    Where sigma(0) is not 0 and m kappa > 1, the mean of the targets is fitted while the input weights are small: then the
    directions are those of the targets without their mean.

    Raises
    ------
    TheoryError
        y = 0, or one input.
    """
    activation: str | float
    if isinstance(network, DeepNetwork):
        own = network.activation
        activation = own.negative_slope if own.homogeneous else own.name
        neurons = network.weights[0].shape[0] * network.weights[0].shape[1]
        if float(own.value(np.zeros(1))[0]) != 0 and neurons * network.kappa > 1 and np.ptp(y) > 0:
            y = y - np.mean(y)
    else:
        activation = network.negative_slope
    return pt.condensed_directions(X, y, activation=activation)


def compare_with_first_directions(
    solution: Solution,
    X: np.ndarray,
    y: np.ndarray,
    predicted: pt.CondensedDirections | None = None,
    *,
    rtol: float = 1e-2,
    max_seconds: float = np.inf,
) -> FirstDirections:
    """Hold a run of two layers against the predicted directions; its beginning is run once more, up to the end of the plateau.

    Parameters
    ----------
    solution : Solution
    X : array (n, d), y : array (n,)
        What it was trained on.
    predicted : CondensedDirections, optional
        If they are known already.
    rtol, max_seconds : float
        Of the second run.
    """
    found = first_directions(solution.initial, X, y) if predicted is None else predicted
    if not found.attracting:
        return FirstDirections(found, np.nan, np.nan, np.nan, None)
    vectors = np.array([direction.vector for direction in found.attracting])
    level = PLATEAU * solution.trajectory.loss[0]
    plateau, neurons = np.nan, None
    if solution.trajectory.loss.min() <= level:
        run = gradient_flow(solution.initial, X, y, loss_tol=level, rtol=rtol, max_seconds=max_seconds, throw=False)
        if run.converged:
            neurons = features(run.network)
            plateau = share_near(neurons, vectors, NEAR)
    initial, final = (share_near(features(net), vectors, NEAR) for net in (solution.initial, solution.network))
    return FirstDirections(found, initial, plateau, final, neurons)

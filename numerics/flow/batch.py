"""gradient_flows(): many networks of two layers on the same data, in one compiled call where they are small."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import config
from numpy.typing import ArrayLike

from numerics.arrays import listed, real_array, truth
from numerics.datasets.builtin import check_data
from numerics.errors import GradientFlowError, InputError, check_type
from numerics.flow.limits import Limits
from numerics.flow.run import gradient_flow, method_for
from numerics.flow.solution import Solution
from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar
from numerics.flow.two_layer.problem import TwoLayerProblem, checked_threads
from numerics.flow.two_layer.short import fitted
from numerics.networks.two_layer import TwoLayer

__all__ = ["gradient_flows"]


def gradient_flows(
    networks: Sequence[TwoLayer],
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss_tol: float = 1e-6,
    rtol: float = 1e-2,
    max_steps: int = 200_000,
    max_seconds: float = np.inf,
    loss_levels: ArrayLike = (),
    threads: int | None = None,
    throw: bool = True,
) -> list[Solution]:
    """Integrate the gradient flows of many networks on the same data, each until it has fitted them.

    Every run is to the bit the one that :func:`numerics.gradient_flow` makes with ``threads=1``. With two inputs, and up to
    65536 neurons, all runs are made by one compiled call: what the interpreter does for a run by itself, for a hundred neurons
    as long as its steps take, is done once for all. Other runs are made one after the other.

    Parameters
    ----------
    networks : sequence of TwoLayer
        The starts, of any widths and scales.
    X : array (n, d), y : array (n,)
        Inputs, a constant included, and targets.
    loss_tol, rtol, max_steps, max_seconds, loss_levels
        As for :func:`numerics.gradient_flow`, for every run by itself. What else may be asked of a run (a callback, reports on
        the way, weight decay, dropout) is for runs one by one.
    threads : int, optional
        How many runs are made at once in the compiled call; by default one for every core, or NUMBA_NUM_THREADS.
    throw : bool
        Raise :class:`GradientFlowError` for the first run that stops short, or comes to rest at a larger loss; with False look at
        ``status``.

    Returns
    -------
    list of Solution
        In the order of the networks. ``stats.seconds`` is the part of a run in the time of the call, by its passes and width.

    Examples
    --------
    >>> from numerics.datasets import four_points
    >>> X, y = four_points()
    >>> starts = [TwoLayer.sample(100, 1, 0, X, rng=seed) for seed in range(20)]
    >>> distances = [run.relative_distance["w"] for run in gradient_flows(starts, X, y)]
    >>> round(float(np.mean(distances)), 1)
    1.3
    """
    truth(throw, "throw")
    starts = listed(networks, "networks", "give a list of TwoLayer")
    for network in starts:
        check_type(network, "a network of networks", TwoLayer)
    X, y = check_data(X, y)
    for network in starts:
        if network.inputs != X.shape[1]:
            raise InputError(f"X has shape {X.shape} and a network {network.inputs} inputs; they must agree")
    levels = real_array(loss_levels, "loss_levels")
    limits = Limits(loss_tol, rtol, np.inf, 0.0, max_steps, max_seconds, levels, np.empty(0), False, None)
    threads = checked_threads(threads) or int(config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    chosen, why = method_for(TwoLayerProblem, y.size, "auto", planar=X.shape[1] == 2)
    short = chosen == KinkExactPlanar.name
    found = fitted(starts, X, y, why, limits, threads) if short else [None] * len(starts)
    options: dict[str, Any] = {"loss_tol": loss_tol, "rtol": rtol, "max_steps": max_steps, "max_seconds": max_seconds}
    runs = [
        solution or gradient_flow(network, X, y, loss_levels=levels, threads=1, throw=False, **options)
        for network, solution in zip(starts, found, strict=True)
    ]
    if throw:
        for solution in runs:
            if not solution.converged:
                raise GradientFlowError(solution.message, solution)
    return runs

r"""Dropout in a flow of two layers, averaged over the masks: neuron k feels e_i + q f_k(x_i) in the place of e_i.

Kept with probability p and divided by it, hidden neurons leave R + P on average, P = (q/2n) sum_i sum_k f_k(x_i)^2 with
f_k = kappa u_k sigma(v_k.x) and q = (1 - p)/p (proved, :mod:`phasetheory.dynamics.dropout`). P depends on u_k sigma(v_k.x)
alone, so u_k^2 - |v_k|^2 stays conserved; its force on a neuron vanishes on every kink.

**The residual** obeys e' = -K e - b, with the tangent kernel K and b_j = grad f(x_j).grad P, what the penalty takes from the
output. Once the data are fitted e is as small as -K^-1 b, and what it drives has to outweigh P to that part. So where the kernel
is held over a step, it and b are those in the middle of it, as they changed over the step before.

**A neuron** has forces of its own, q f_k(x_i) beside e_i. The kink-exact method holds them, too, at their values in the middle
of the step, which half of it in one go foresees: the motion stays a hyperbolic rotation from kink to kink, and on the law of
balance. They change at the rate (q kappa^2/n) sum_i (sigma(z_i)^2 + u^2 |x_i|^2) at most, and a step is as short as rtol asks.
"""

from typing import NamedTuple, SupportsFloat

import numpy as np

from numerics.arrays import real_number
from numerics.errors import InputError, check_type
from numerics.flow.decay import Decay
from numerics.networks.deep import DeepNetwork
from numerics.networks.module import Module
from numerics.networks.two_layer import TwoLayer

__all__ = ["Driven", "as_dropout", "drive", "dropout_ratio", "keep_probability", "settling_time"]

_SETTLED = 10.0  # times (m/q) T: measured on four points, m = 400
_SMALL = 0.05  # h times an eigenvalue below which differences cancel and series do not


class Driven(NamedTuple):
    """The residual of a step: its mean over it, and at its end; float64 (n,) each."""

    mean: np.ndarray
    end: np.ndarray


def drive(kernel: np.ndarray, residual: np.ndarray, pull: np.ndarray, h: float) -> Driven:
    """Solve e' = -K e - b over h with K (n, n) and b = ``pull`` (n,) held; negative eigenvalues, rounding, count as zero."""
    eigenvalues, vectors = np.linalg.eigh(kernel)
    x = h * np.maximum(eigenvalues, 0.0)
    safe = np.maximum(x, _SMALL)
    # phi_1 and phi_2 of -x, (1 - exp(-x))/x and (1 - phi_1)/x
    first = np.where(
        x > _SMALL, -np.expm1(-safe) / safe, 1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6))))
    )
    series = 0.5 - x / 6 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6 * (1 - x / 7))))
    second = np.where(x > _SMALL, (1 + np.expm1(-safe) / safe) / safe, series)
    e, b = vectors.T @ residual, vectors.T @ pull
    return Driven(vectors @ (first * e - h * second * b), vectors @ (np.exp(-x) * e - h * first * b))


def as_dropout(dropout: SupportsFloat) -> float:
    """The probability with which a hidden neuron is kept, checked."""
    kept = real_number(dropout, "dropout")
    if not 0.0 < kept <= 1.0:
        raise InputError(
            f"dropout = {kept:g}; give the probability in (0, 1] with which a hidden neuron is kept, 1 for no dropout "
            "(PyTorch's p, with which it is dropped, is 1 minus that)"
        )
    return kept


def keep_probability(dropout: SupportsFloat, network: TwoLayer | DeepNetwork | Module) -> float:
    """The same for one network; several layers are refused."""
    kept = as_dropout(dropout)
    if kept < 1.0 and not isinstance(network, TwoLayer):
        raise InputError(
            f"dropout = {kept:g} for a {type(network).__name__}: the masks of several layers multiply, and their average is no "
            "sum over neurons; it is worked out for a TwoLayer"
        )
    return kept


def dropout_ratio(dropout: SupportsFloat, network: TwoLayer | DeepNetwork | Module, decay: Decay) -> float:
    """Ratio q = (1 - p)/p of what the user asked for; 0 without dropout. Weight decay besides is refused."""
    kept = keep_probability(dropout, network)
    if kept < 1.0 and decay:
        raise InputError(f"dropout = {kept:g} and weight_decay: each is integrated alone; leave one of them out")
    return (1.0 - kept) / kept


def settling_time(network: TwoLayer, dropout: SupportsFloat) -> float:
    """Normalised time after which dropout has decided among the networks that fit: tau = kappa t = 10 (m/q) T.

    T = min(kappa', 1/kappa')/max(P, 1) is the order of the time tau of the fit, P = m kappa, and q = (1 - p)/p.

    Parameters
    ----------
    network : TwoLayer
        The start.
    dropout : float
        Probability p in (0, 1) with which a neuron is kept.

    Accuracy
    --------
    An order: three times as long changes the entropy of the directions by 0.02 at most, on four points with 400 neurons.

    Examples
    --------
    >>> from numerics import TwoLayer
    >>> net = TwoLayer.sample(400, gamma=0.5, gamma_prime=0, inputs=[[0.5, 1.0]])  # P = 20
    >>> round(settling_time(net, 0.5) * net.kappa)  # tau
    200
    """
    check_type(network, "network", TwoLayer)
    kept = as_dropout(dropout)
    if kept == 1.0:
        raise InputError("dropout = 1 keeps every neuron, and nothing settles; give a probability below 1")
    prime = network.kappa_prime
    fit = min(prime, 1 / prime) / max(network.width * network.kappa, 1.0)
    return _SETTLED * network.width * kept / (1.0 - kept) * fit / network.kappa

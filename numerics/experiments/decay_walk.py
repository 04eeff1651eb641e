r"""The walk of weight decay: from a lazy start a network fits, memorises, and learns only when decay has made it rich.

Weight decay mu of both layers, in the time tau = t/alpha, takes two layers down the diagram: (U, V) = exp(mu tau) (u, v) follow
the flow without decay of a capacity P(t) = P exp(-2 mu tau) (proved; :mod:`numerics.flow.decay`). If decay is slow beside the
fit, what the network is depends on P(t), and no longer on where it began (argued): |V - V_0|/|V_0| is near F_w(P(t), kappa'),
that of a fresh network of this capacity. It turns rich at P_1, where F_w = 1, that is after tau = log(P/P_1)/(2 mu).

Source: derived here; as *grokking*, a time log(scale)/lambda from lazy to rich: Lyu et al., 2311.18817.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import listed, positive_number, whole_number
from numerics.datasets import check_data, one_kink
from numerics.errors import InputError
from numerics.experiments.mean_field import LAYERS, MeanField
from numerics.experiments.stopping import loss_tol_for
from numerics.flow import Solution, gradient_flow, normalised_decay
from numerics.networks.sampling import check_width, draw_of_capacity
from numerics.networks.two_layer import TwoLayer
from numerics.observe.condensation import orientation_histogram
from numerics.observe.features import features

__all__ = ["DecayWalk", "Walk", "decay_walk"]

_A_DECADE = 8  # capacities P(t) that are looked at
_FIT = 40  # times before the first of them
_EARLY = 0.1  # of the time min(kappa', 1/kappa')/P of the fit
_TEST = 2000, 1  # samples and seed of the teacher's test
_LARGEST, _SLOWEST, _FASTEST = 1e8, 1e-8, 1e3  # P at the start; mu
_SAME = 1e-9  # of P(t), computed from the time and back
_GO_ON = 1e-30  # a loss that no walk falls to: the fit is where it begins


@dataclass(frozen=True)
class Walk:
    """One network on its way, at k times.

    Attributes
    ----------
    capacity : float
        P at the start.
    tau : float64 (k,)
        Time in units of alpha: t/alpha of the unnormalised flow, kappa times the normalised time.
    capacities : float64 (k,)
        P(t).
    train_loss, test_loss : float64 (k,)
        (1/2n) sum e^2.
    entropy : float64 (k,)
        Of the directions of the input weights, weighted by amplitude; 1 uniform.
    relative_distance : dict of layer -> float64 (k,)
        |V - V_0|/|V_0| of w and the same of a, without what the decay itself takes from the weights.
    ending : str
        How the run ended if not as asked: empty, or a sentence.
    """

    capacity: float
    tau: np.ndarray = field(repr=False)
    capacities: np.ndarray = field(repr=False)
    train_loss: np.ndarray = field(repr=False)
    test_loss: np.ndarray = field(repr=False)
    entropy: np.ndarray = field(repr=False)
    relative_distance: dict[str, np.ndarray] = field(repr=False)
    ending: str

    def passes(self, capacity: float) -> int | None:
        """Index of the time at which P(t) is one of the capacities of the prediction; None if it does not come by there."""
        found = np.flatnonzero(np.isclose(self.capacities, capacity, rtol=_SAME, atol=0.0))
        return int(found[0]) if found.size else None


@dataclass(frozen=True)
class DecayWalk:
    """Walks from several starts beside the one curve predicted for all of them.

    Attributes
    ----------
    walks : tuple of Walk
    capacities : float64 (g,)
        At which the prediction was computed, descending; every walk has a time at each that is below its start.
    predicted : dict of layer -> float64 (g,)
        F(P, kappa') of w and a: no free parameter.
    kappa_prime, mu : float
        mu = lambda alpha.
    network : str
        The networks that walked.
    """

    walks: tuple[Walk, ...]
    capacities: np.ndarray = field(repr=False)
    predicted: dict[str, np.ndarray] = field(repr=False)
    kappa_prime: float
    mu: float
    network: str

    def ratio(self, walk: Walk, layer: str = "w") -> np.ndarray:
        """Measured over predicted distance of a layer at ``capacities`` (g,); nan where the walk does not pass."""
        found = [walk.passes(P) for P in self.capacities]
        RD = walk.relative_distance[layer]
        return np.array([np.nan if k is None else RD[k] for k in found]) / self.predicted[layer]

    @property
    def rich_capacity(self) -> float:
        """P_1, at which F_w = 1: linear above, condensed below; nan if no walk crosses it."""
        F = self.predicted["w"]
        if not F[0] < 1 < F[-1]:
            return float("nan")
        return float(np.exp(np.interp(0.0, np.log(F), np.log(self.capacities))))

    def rich_time(self, walk: Walk) -> float:
        """The time tau predicted for P(t) = P_1, log(P/P_1)/(2 mu); nan if it starts below."""
        tau = float(np.log(walk.capacity / self.rich_capacity) / (2 * self.mu))
        return tau if tau > 0 else float("nan")


def decay_walk(
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    *,
    capacities: Sequence[float] = (30, 300, 3000),
    kappa_prime: float = 1,
    mu: float = 1e-3,
    width: int | None = 1000,
    seed: int = 0,
    last_capacity: float = 0.01,
    rtol: float = 1e-3,
) -> DecayWalk:
    """Train two-layer networks under weight decay from several capacities down to the same one.

    Parameters
    ----------
    X : array (n, d), y : array (n,)
        What is learned, the constant input for the bias included; by default 16 samples of a teacher with one kink,
        :func:`numerics.datasets.one_kink`.
    X_test : array (k, d), y_test : array (k,)
        What it is tested on; by default 2000 more samples of that teacher. All four or none.
    capacities : sequence of float
        P at the start, lazy if large.
    kappa_prime : float
    mu : float
        lambda alpha, the same for both layers. Where it is too large the walk begins before the fit; beyond
        :func:`numerics.collapse_threshold` a warning says that it ends at 0.
    width : int or None
        Even number of neurons; None for the infinitely wide network, on 4000 nodes.
    seed : int
        Of the networks: all have the same normalised weights at the start.
    last_capacity : float
        P(t) at which walks end, below all of ``capacities``.
    rtol : float
        As for :func:`numerics.gradient_flow`.

    Raises
    ------
    InputError

    Accuracy
    --------
    How far the distances are from the prediction, and why, is in the documentation under weight decay: it is that of a slow walk.

    Examples
    --------
    >>> found = decay_walk(capacities=[10, 100], width=100, last_capacity=1)
    >>> [round(float(walk.capacities[-1]), 12) for walk in found.walks]
    [1.0, 1.0]
    """
    (X, y), (X_test, y_test) = _data(X, y, X_test, y_test)
    starts = tuple(positive_number(P, "capacities") for P in listed(capacities, "capacities", "give some P"))
    kappa_prime, mu = positive_number(kappa_prime, "kappa_prime"), positive_number(mu, "mu")
    last = positive_number(last_capacity, "last_capacity")
    seed = whole_number(seed, "seed", 0, "give 0 or a positive integer")
    if not starts:
        raise InputError("capacities are none; give some P, such as 30, 300, 3000")
    if repeated := [P for P in starts if starts.count(P) > 1]:
        raise InputError(f"capacities has {repeated[0]:g} more than once; give each once")
    if min(starts) <= last:
        raise InputError(
            f"a walk from P = {min(starts):g} to {last:g} does not go down; give capacities above {last:g}, where walks end"
        )
    if max(starts) > _LARGEST or not _SLOWEST <= mu <= _FASTEST:
        raise InputError(
            f"P = {max(starts):g}, mu = {mu:g}: give capacities up to {_LARGEST:g}, and mu from {_SLOWEST:g} to {_FASTEST:g}: "
            "beyond, times are lost to rounding"
        )
    if width is not None:
        check_width(width, even=True)
    limit = MeanField(X, y, loss_tol=loss_tol_for(y, None))
    passed = _passed(max(starts), last)
    networks = [_start(P, kappa_prime, width, X, seed) for P in starts]
    walks = tuple(
        _walk(network, P, passed, mu, (X, y), (X_test, y_test), rtol)
        for network, P in zip(networks, starts, strict=True)
    )
    found = [limit(P, kappa_prime) for P in passed]
    return DecayWalk(
        walks=walks,
        capacities=passed,
        predicted={layer: np.array([F[layer] for F in found]) for layer in LAYERS},
        kappa_prime=kappa_prime,
        mu=mu,
        network="infinitely wide" if width is None else f"width {networks[0].width}, seed {seed}",
    )


def _data(
    X: ArrayLike | None, y: ArrayLike | None, X_test: ArrayLike | None, y_test: ArrayLike | None
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    if X is None and y is None and X_test is None and y_test is None:
        samples, seed = _TEST
        return one_kink(), one_kink(samples, seed=seed)
    if X is None or y is None or X_test is None or y_test is None:
        raise InputError("got a part of X, y, X_test, y_test; give all four, or none for the teacher's")
    train, test = check_data(X, y), check_data(X_test, y_test)
    if train[0].shape[1] != test[0].shape[1]:
        raise InputError(
            f"X_test has {test[0].shape[1]} inputs and X {train[0].shape[1]}; give both the same, the constant included"
        )
    return train, test


def _passed(first: float, last: float) -> np.ndarray:
    """Capacities that all walks pass, so many a decade, descending to the last."""
    exponents = np.arange(np.ceil(np.log10(first) * _A_DECADE), np.log10(last) * _A_DECADE, -1) / _A_DECADE
    grid = 10.0**exponents
    return np.append(grid[(grid < 0.99 * first) & (grid > 1.01 * last)], last)


def _start(capacity: float, kappa_prime: float, width: int | None, X: np.ndarray, seed: int) -> TwoLayer:
    if width is None:
        return TwoLayer.mean_field(capacity=capacity, kappa_prime=kappa_prime, inputs=X, rng=seed)
    return draw_of_capacity(capacity, kappa_prime, width, X.shape[1], rng=seed)


def _walk(
    start: TwoLayer,
    capacity: float,
    passed: np.ndarray,
    mu: float,
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    rtol: float,
) -> Walk:
    later = np.log(capacity / passed[passed < 0.99 * capacity]) / (2 * mu)
    fit = _EARLY * min(start.kappa_prime, 1 / start.kappa_prime) / capacity
    tau = np.concatenate([np.geomspace(min(fit, later[0] / 10), later[0], _FIT, endpoint=False), later])
    decay = normalised_decay(start, mu=mu)
    times = tau / start.kappa
    run = gradient_flow(
        start,
        *train,
        loss_tol=_GO_ON,
        rtol=rtol,
        t_max=1.001 * times[-1],
        times=times,
        weight_decay=decay,
        keep_weights=True,
        throw=False,
    )
    return _measured(run, capacity, mu, test)


def _measured(run: Solution, capacity: float, mu: float, test: tuple[np.ndarray, np.ndarray]) -> Walk:
    start, seen = run.initial, run.snapshots
    assert isinstance(start, TwoLayer)
    tau, (X, y) = seen.t * start.kappa, test
    grown = np.exp(mu * tau)
    networks = [network for network in seen.networks if isinstance(network, TwoLayer)]

    def moved(weights: Sequence[np.ndarray], first: np.ndarray) -> np.ndarray:
        return np.array(
            [np.linalg.norm(g * w - first) / np.linalg.norm(first) for g, w in zip(grown, weights, strict=True)]
        )

    return Walk(
        capacity=capacity,
        tau=tau,
        capacities=capacity * np.exp(-2 * mu * tau),
        train_loss=seen.loss,
        test_loss=np.array([np.mean((network(X) - y) ** 2) / 2 for network in networks]),
        entropy=np.array([orientation_histogram(features(network)).entropy for network in networks]),
        relative_distance={
            "w": moved([network.v for network in networks], start.v),
            "a": moved([network.u for network in networks], start.u),
        },
        ending=run.ending,
    )

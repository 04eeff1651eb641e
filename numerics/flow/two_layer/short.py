"""Runs of networks in the plane from start to end without a return to the interpreter, any number of them in one call.

A step of a thousand neurons takes ten microseconds; what a run keeps for all that may be asked on the way, and the loop in
Python that decides about ends, take as long as all of its steps. So a run that nothing is asked of but a fit is begun and made
by :func:`numerics.kernels.sectors.runs.make` alone. If it comes back for anything but the fit, it is not for here.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import accumulate

import numpy as np

from numerics.flow.limits import Limits
from numerics.flow.problem import LARGE_KERNEL
from numerics.flow.record import Record
from numerics.flow.solution import Snapshots, Solution, Statistics, Status
from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar
from numerics.flow.two_layer.sectors import Sectors
from numerics.kernels.compilation import Stopwatch
from numerics.kernels.control import LOSS, MOVED
from numerics.kernels.sectors.runs import Runs, make
from numerics.networks.norms import norm
from numerics.networks.two_layer import TwoLayer

__all__ = ["fitted"]

_LAYERS = "w", "a"
_STEPS = 256  # what there is room for: ten times as many as runs take that are not asked for more than a per cent
_WIDEST = 2**16  # neurons: as many steps of so many take a tenth of a second, in which nobody looks at the clock
_BESIDE = 500  # neurons that take as long as the rest of a pass
_PARTS = 4  # for every thread: none waits long for the last


def fitted(
    networks: Sequence[TwoLayer], X: np.ndarray, y: np.ndarray, why: str, limits: Limits, threads: int = 1
) -> list[Solution | None]:
    """Runs of :func:`numerics.gradient_flow` by the kink-exact method, each on one thread; None for one that is not for here.

    Without weight decay or dropout; samples (n, d), checked. A run is the same to the bit in any company.
    """
    found: list[Solution | None] = [None] * len(networks)
    if not 2 <= len(y) <= LARGE_KERNEL or X.shape[1] != 2 or not limits.only_fit:
        return found
    small = [k for k, network in enumerate(networks) if network.width <= _WIDEST]
    for slope in dict.fromkeys(networks[k].negative_slope for k in small):
        chosen = [k for k in small if networks[k].negative_slope == slope]
        solutions = _together([networks[k] for k in chosen], slope, X, y, why, limits, threads)
        for k, solution in zip(chosen, solutions, strict=True):
            found[k] = solution
    return found


def _together(
    networks: list[TwoLayer], slope: float, X: np.ndarray, y: np.ndarray, why: str, limits: Limits, threads: int
) -> list[Solution | None]:
    """The same of networks with one activation."""
    number = len(networks)
    runs = Runs(
        firsts=np.array([0, *accumulate(network.width for network in networks)]),
        weights=np.concatenate([part for network in networks for part in (network.u, network.v.ravel())]),
        kappas=np.array([network.kappa for network in networks]),
        records=np.empty((number, _STEPS, MOVED + len(_LAYERS))),
        counts=np.empty((number, 4), dtype=np.int64),
        drifts=np.empty(number),
    )
    rules, sectors = limits.rules(KinkExactPlanar, _STEPS), Sectors.of(X, slope)

    def part(first: int, last: int) -> None:
        make(first, last, runs, X, y, slope, sectors, rules)

    with Stopwatch() as watch:
        if threads == 1 or number == 1:
            part(0, number)
        else:
            with ThreadPoolExecutor(threads) as pool:  # the kernel lets go of the interpreter
                list(pool.map(part, *_shared_out(runs.firsts, threads)))
    counts = runs.counts.tolist()
    costs = [
        (passes + 1) * (network.width + _BESIDE) for network, (_, passes, _, _) in zip(networks, counts, strict=True)
    ]
    rate, compilation = watch.worked / sum(costs), watch.compiled / sum(costs)
    return [
        _solution(network, runs, run, len(y), why, limits, (rate * cost, compilation * cost))
        for run, (network, cost) in enumerate(zip(networks, costs, strict=True))
    ]


def _shared_out(firsts: np.ndarray, threads: int) -> tuple[list[int], list[int]]:
    """First and last runs of ranges that take about as long as one another, a few for every thread."""
    costs = firsts + _BESIDE * np.arange(len(firsts))
    edges = np.searchsorted(costs, np.linspace(0, costs[-1], _PARTS * threads + 1))
    ends = np.unique(edges).tolist()
    return ends[:-1], ends[1:]


def _solution(
    network: TwoLayer, runs: Runs, run: int, samples: int, why: str, limits: Limits, seconds: tuple[float, float]
) -> Solution | None:
    """What became of a run if that is the fit, in time; ``seconds``: of work and of compilation."""
    count, passes, rejected, stuck = runs.counts[run].tolist()
    rows = runs.records[run]
    enough = limits.loss_tol * (1.0 + limits.match)
    if stuck or seconds[0] > limits.max_seconds or not rows[count - 1, LOSS] <= enough < rows[0, LOSS]:
        return None
    m = network.width
    weights = runs.weights[3 * runs.firsts[run] : 3 * runs.firsts[run + 1]].copy()
    stats = Statistics(
        method=KinkExactPlanar.name,
        why=why,
        accepted=count - 1,
        rejected=rejected,
        evaluations=passes,
        kernel_evaluations=passes + 1,
        seconds=seconds[0],
        compilation=seconds[1],
    )
    record = Record(_LAYERS, (norm(network.v), norm(network.u)), rows[:count])
    final = network.moved_to(weights[:m], weights[m:].reshape(m, 2))
    return record.solution(network, final, Status.LOSS_REACHED, runs.drifts[run], stats, _nothing_kept(samples))


def _nothing_kept(samples: int) -> Snapshots[TwoLayer]:
    """No snapshots."""
    none, outputs = _empty(samples)
    return Snapshots(none, none, dict.fromkeys(_LAYERS, none), outputs, ())


@lru_cache
def _empty(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Arrays without entries, which all runs can share."""
    return np.empty(0), np.empty((0, samples))

"""Cost of this engine against width, samples and threads, with fitted exponents, and of one stage and step per neuron.

    python benchmarks/scaling.py --quick
    python benchmarks/scaling.py --json scaling.json

A stage of Chebyshev's method is timed while its state fits in the second-level cache, beside the floor of memory bandwidth:
the time that the same number of float64 values takes in a triad, a = b + s c, on the same core, in cache and in memory. Both are
the best of many short bursts, so that other processes do not count, as is a step of the kink-exact method; the runs of the
flow are medians.
"""

# ruff: noqa: E402
import sys

from machine import describe, one_thread

one_thread(pin="--threads" not in sys.argv)

import argparse
import inspect
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numba import njit

import numerics as nm
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.problem import TwoLayerProblem
from numerics.flow.two_layer.state import TwoLayerFlow

_WIDTHS = (10**3, 10**4, 10**5, 10**6)
_SAMPLES = (4, 10, 32, 100, 316, 1000)
_CACHED, _LARGE = 2000, 10**6  # neurons of a stage that stays in the second-level cache, and of one that does not
_BURST = 500_000  # neurons per timed burst, a few milliseconds
_STREAMS = 15  # float64 values a stage touches per neuron at d = 2: y1, y2, y0, g read and y written, three each
_TAKES_THREADS = "threads" in inspect.signature(nm.gradient_flow).parameters


@dataclass(frozen=True)
class Cost:
    """One run: what was varied, its value, and what it cost (median seconds)."""

    varied: str
    value: int
    evaluations: int
    seconds: float
    nanoseconds: float  # per evaluation, neuron and sample


def repeated(call: Callable[[], object], *, runs: int = 5, enough: float = 10.0) -> list[float]:
    """Wall times of a call, warmed up; long ones are repeated less often."""
    call()
    times: list[float] = []
    while not times or (len(times) < runs and sum(times) < enough):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


def flow_cost(varied: str, value: int, width: int, samples: int, threads: int = 1) -> Cost:
    """Time 1 % runs in the mean-field scaling to loss 1e-4; many samples of one smooth curve are equally hard."""
    X, y = nm.datasets.four_points() if samples == 4 else nm.datasets.curve(samples)
    network = nm.TwoLayer.sample(width, 1.0, 0.0, X, rng=0)
    extra = {"threads": threads} if _TAKES_THREADS else {}
    evaluations = 0

    def run() -> None:
        nonlocal evaluations
        solution = nm.gradient_flow(network, X, y, loss_tol=1e-4, throw=False, max_seconds=60.0, **extra)
        evaluations = solution.stats.evaluations

    seconds = statistics.median(repeated(run))
    return Cost(varied, value, evaluations, seconds, 1e9 * seconds / (evaluations * width * samples))


def exponent(costs: list[Cost], quantity: Callable[[Cost], float]) -> float:
    """Slope of log quantity against log value."""
    return float(np.polyfit(np.log([c.value for c in costs]), np.log([quantity(c) for c in costs]), 1)[0])


@njit(nogil=True)
def _repeat_triad(a: np.ndarray, b: np.ndarray, c: np.ndarray, times: int) -> None:
    for turn in range(times):
        factor = 1.0 + turn
        for k in range(a.size):
            a[k] = b[k] + factor * c[k]


def stage_nanoseconds(width: int) -> float:
    """One fused stage at n = 4, d = 2, per neuron, the call from Python included."""
    X, y = nm.datasets.four_points()
    flow = TwoLayerFlow(nm.TwoLayer.sample(width, 1.0, 0.0, X, rng=0), X, y, Chunks(width, 1))
    points = [flow.new_point() for _ in range(4)]
    rng = np.random.default_rng(0)
    for point in points:
        point.y[:] = rng.standard_normal(point.y.size)
        point.residual[:] = rng.standard_normal(4)
    repeats = max(1, _BURST // width)

    def run() -> None:
        for _ in range(repeats):
            flow.stage(*points[:3], (0.1, 0.5, 0.4, 1e-6, 1e-6), points[3])

    return 1e9 * min(repeated(run, runs=300, enough=3.0)) / (repeats * width)


def step_nanoseconds(width: int) -> float:
    """One step of the kink-exact method at n = 4, d = 2 in which nothing crosses, its tangent kernel included, per neuron."""
    X, y = nm.datasets.four_points()
    problem = TwoLayerProblem(nm.TwoLayer.sample(width, 1.0, 0.0, X, rng=0), X, y, "kink-exact", threads=1)
    method, point, trial = problem.method, problem.point, problem.trial
    method.prepare(point)
    repeats = max(1, _BURST // width)

    def run() -> None:
        for _ in range(repeats):
            method.attempt(point, 1e-9, trial)

    return 1e9 * min(repeated(run, runs=300, enough=3.0)) / (repeats * width)


def triad_nanoseconds(values: int) -> float:
    """One float64 value read or written in a triad over arrays of ``values`` in total."""
    a, b, c = np.ones((3, values // 3))
    repeats = max(1, 10 * _BURST // values)
    times = repeated(lambda: _repeat_triad(a, b, c, repeats), runs=300, enough=3.0)
    return 1e9 * min(times) / (repeats * values)


def _print_costs(title: str, costs: list[Cost]) -> None:
    print(f"**{title}**\n\n| {costs[0].varied} | evaluations | seconds | ns per evaluation, neuron and sample |")
    print("|--:|--:|--:|--:|")
    for cost in costs:
        print(f"| {cost.value} | {cost.evaluations} | {cost.seconds:.3g} | {cost.nanoseconds:.3g} |")
    if len(costs) > 1:
        whole = exponent(costs, lambda cost: cost.seconds)
        each = exponent(costs, lambda cost: cost.seconds / cost.evaluations)
        print(f"\nseconds ~ {costs[0].varied}^{whole:.2f}, per evaluation ~ {costs[0].varied}^{each:.2f}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="widths up to 10^4 and samples up to 100")
    parser.add_argument(
        "--threads", type=int, default=1, help="also up to this many threads; the process is not pinned"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number here")
    options = parser.parse_args()
    widths, samples = (_WIDTHS[:2], _SAMPLES[:4]) if options.quick else (_WIDTHS, _SAMPLES)
    print(f"{describe()}\n")

    print(
        "**n = 4, d = 2, ns per neuron**\n\n| neurons | Chebyshev stage | its floor | kink-exact step |\n|--:|--:|--:|--:|"
    )
    stages = []
    for width in (_CACHED, _LARGE):
        floor = _STREAMS * triad_nanoseconds(_STREAMS * width)
        stages.append((width, stage_nanoseconds(width), floor, step_nanoseconds(width)))
        print("| {} | {:.2f} | {:.2f} | {:.2f} |".format(*stages[-1]), flush=True)
    print()

    groups = [
        ("Width, four points", [flow_cost("m", m, m, 4) for m in widths]),
        ("Samples, m = 1000", [flow_cost("n", n, 1000, n) for n in samples]),
    ]
    if options.threads > 1 and not _TAKES_THREADS:
        print("this version of gradient_flow takes no threads= argument: one thread only\n")
    elif options.threads > 1:
        counts = [count for count in (1, 2, 4, 8, 16, 32, 64) if count <= min(options.threads, os.cpu_count() or 1)]
        groups.append(("Threads, m = 100000", [flow_cost("threads", count, 10**5, 4, count) for count in counts]))
    for title, costs in groups:
        _print_costs(title, costs)
    if options.json:
        result = {"machine": describe(), "stage": stages, "costs": {t: [asdict(c) for c in cs] for t, cs in groups}}
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

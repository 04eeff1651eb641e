"""What a large plan costs beside its runs, how well many small runs share a cluster, and how much memory many samples take.

    python benchmarks/scale.py --cells 2000 --small 400 --samples 500
    python benchmarks/scale.py --json scale.json

A cell that measures nothing shows what planning, store and resuming cost; processor time is given beside wall time, which holds
the flushes to the disk too. Small runs go to a local Dask cluster of four workers, started and warm: useful is the processor
time that the same cells take one after the other in this process, and the rest is what workers, scheduler and client add. On an
idle machine whose cores are all at work their ratio is that of the wall times, too. The many samples are of a curve,
two inputs each, trained to the fit where weights hardly move (gamma 1/2) and where they condense (7/4); the peak is that of a
process of its own, compilation included.
"""

# ruff: noqa: E402
from machine import describe, one_thread

one_thread(pin=False)

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import numerics as nm
from numerics.scans import Cell, failures

_WIDTHS, _SEEDS = (10, 20, 30, 40), 5
_WORKERS = 4
_SMALL_WIDTHS = (100, 200, 400, 800)
_WIDTH = 10_000  # of the runs on many samples
_GAMMAS = (0.5, 1.75)


class Nothing(nm.Plan):
    """A plan whose cells are measured in no time."""

    def measure(self, cell: Cell) -> nm.Outcome:
        """Ones, at once."""
        return nm.Outcome({name: np.ones(observable.shape) for name, observable in self.observables.items()})


def cost_of_cells(count: int) -> list[dict[str, Any]]:
    """Milliseconds a cell of planning, of a scan into a new store, and of the same call again."""
    each = len(_WIDTHS) * _SEEDS
    points = tuple((Fraction(index, count), Fraction(0)) for index in range(count // each))
    rows: list[dict[str, Any]] = []

    def timed(part: str, work: Callable[[], Any]) -> Any:
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        milliseconds = [
            1e3 * (now - then) / count for now, then in ((time.perf_counter(), wall), (time.process_time(), processor))
        ]
        rows.append({"part": part, "cells": count, "wall_ms": milliseconds[0], "processor_ms": milliseconds[1]})
        return result

    nm.scan(Nothing(points=((1, 0),), widths=_WIDTHS, seeds=1), executor=nm.Serial())  # imports
    plan = timed("plan", lambda: Nothing(points=points, widths=_WIDTHS, seeds=_SEEDS))
    timed("cells", lambda: len(plan.cells))
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "runs.zarr"
        timed("store", lambda: nm.scan(plan, store, executor=nm.Serial()))
        timed("resume", lambda: nm.scan(plan, store, executor=nm.Serial()))
    return rows


def share_of_cluster(count: int) -> dict[str, Any]:
    """Processor time of so many small runs one after the other, and of all processes of a cluster that makes them."""
    from distributed import Client

    from numerics.scans.workers import local_cluster

    seeds = count // (len(_SMALL_WIDTHS) * len(nm.Plan().points))
    plan, warm = (nm.Plan(widths=_SMALL_WIDTHS, seeds=number) for number in (seeds, 1))
    for cell in warm.cells:
        plan.measure(cell)
    began = time.process_time()
    for cell in plan.cells:
        plan.measure(cell)
    useful = time.process_time() - began
    with local_cluster(_WORKERS) as cluster, Client(cluster) as client:  # as nm.Dask(workers=4) has it

        def spent() -> float:  # the scheduler is in this process
            return time.process_time() + sum(client.run(time.process_time).values())

        nm.scan(warm, executor=nm.Dask(client=client))
        wall, processor = time.perf_counter(), spent()
        runs = nm.scan(plan, executor=nm.Dask(client=client))
        wall, processor = time.perf_counter() - wall, spent() - processor
    assert not failures(runs), "a run was not done"
    return {
        "cells": len(plan.cells),
        "useful_s": useful,
        "processor_s": processor,
        "wall_s": wall,
        "of_processor": useful / processor,
        "of_wall": useful / (wall * min(_WORKERS, os.cpu_count() or 1)),
    }


def memory_of(samples: int, gamma: float, seconds: float) -> dict[str, Any]:
    """Steps, time and peak memory in GB of a run on so many samples."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (samples, gamma, seconds))


def _run(samples: int, gamma: float, seconds: float) -> dict[str, Any]:
    x = np.linspace(-1, 1, samples)
    X, y = np.stack([x, np.ones(samples)], 1), np.sin(3 * x)
    start = nm.TwoLayer.sample(_WIDTH, gamma, 0, X, rng=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    solution = nm.gradient_flow(start, X, y, max_seconds=seconds, throw=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes on Linux
    gigabytes = {"before_gb": before / 1e6, "peak_gb": peak / 1e6}
    return {
        "samples": samples,
        "width": _WIDTH,
        "gamma": gamma,
        "status": solution.status.name,
        "method": solution.stats.method,
        "steps": solution.stats.accepted,
        "passes": solution.stats.evaluations,
        "seconds": solution.stats.seconds,
        "loss": float(solution.loss),
        **gigabytes,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--small", type=int, default=2000)
    parser.add_argument("--samples", type=int, nargs="*", default=[2000, 5000])
    parser.add_argument("--seconds", type=float, default=600.0, help="for each of the runs on many samples")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(describe())
    cells = cost_of_cells(options.cells)
    for row in cells:
        print(f"{row['part']:8} {row['wall_ms']:.3f} ms a cell, {row['processor_ms']:.3f} of the processor", flush=True)
    small = share_of_cluster(options.small) if options.small else {}
    if small:
        useful = f"{small['useful_s']:.2f} s of {small['processor_s']:.2f} s of the processor are useful"
        print(f"{small['cells']} small cells, {_WORKERS} Dask workers: {useful}, {small['of_processor']:.0%}")
        print(f"{small['wall_s']:.2f} s, {small['of_wall']:.0%} of all cores", flush=True)
    runs = []
    for samples, gamma in product(options.samples, _GAMMAS):
        run = memory_of(samples, gamma, options.seconds)
        runs.append(run)
        passes = f"{run['steps']} steps, {run['passes']} passes, {run['seconds']:.2f} s"
        print(
            f"{samples} samples, width {_WIDTH}, gamma {gamma}: {run['status']}, {passes}, {run['peak_gb']:.2f} GB",
            flush=True,
        )
    if options.json:
        options.json.write_text(
            json.dumps({"machine": describe(), "cells": cells, "small": small, "runs": runs}, indent=1)
        )


if __name__ == "__main__":
    main()

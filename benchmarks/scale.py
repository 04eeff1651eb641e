"""What a large plan costs beside its runs, and how much memory many samples take.

    python benchmarks/scale.py --cells 2000 --samples 500
    python benchmarks/scale.py --json scale.json

A cell that measures nothing shows what planning, store and resuming cost; processor time is given beside wall time, which holds
the flushes to the disk too. The samples are on a circle, two inputs each; a run is given half a minute, and the peak is that
of a process of its own: with 0 steps it is that of the preparation only.
"""

# ruff: noqa: E402
from machine import describe, one_thread

one_thread(pin=False)

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import numerics as nm
from numerics.scans import Cell

_WIDTHS, _SEEDS = (10, 20, 30, 40), 5
_WIDTH, _SECONDS = 10_000, 30.0  # of the runs on many samples


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


def memory_of(samples: int) -> dict[str, Any]:
    """Peak memory of a run on so many samples, in GB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (samples,))


def _run(samples: int) -> dict[str, Any]:
    angles = np.linspace(0, 2 * np.pi, samples, endpoint=False)
    X, y = np.stack([np.cos(angles), np.sin(angles)], 1), np.sin(3 * angles)
    start = nm.TwoLayer.sample(_WIDTH, 0.5, 0, X, rng=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    solution = nm.gradient_flow(start, X, y, max_seconds=_SECONDS, throw=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes on Linux
    gigabytes = {"before_gb": before / 1e6, "peak_gb": peak / 1e6}
    return {
        "samples": samples,
        "width": _WIDTH,
        "status": solution.status.name,
        "steps": solution.stats.accepted,
        "loss": float(solution.loss),
        **gigabytes,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--samples", type=int, nargs="*", default=[2000, 5000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(describe())
    cells = cost_of_cells(options.cells)
    for row in cells:
        print(f"{row['part']:8} {row['wall_ms']:.3f} ms a cell, {row['processor_ms']:.3f} of the processor", flush=True)
    runs = []
    for samples in options.samples:
        run = memory_of(samples)
        runs.append(run)
        print(
            f"{samples} samples, width {_WIDTH}: {run['peak_gb']:.2f} GB, {run['status']} after {run['steps']} steps",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps({"machine": describe(), "cells": cells, "runs": runs}, indent=1))


if __name__ == "__main__":
    main()

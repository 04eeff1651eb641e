"""Time of the scans behind the figures, parallel efficiency, and the cost of refinement against a full grid.

    python benchmarks/scan.py --quick
    python benchmarks/scan.py --json scan.json

Each scan runs in fresh worker processes, whose start and imports count; kernels are compiled beforehand. Wall time needs an idle
machine; the processor time of the workers, summed over the cells, is given beside it.
"""

# ruff: noqa: E402
from machine import describe, one_thread

one_thread(pin=False)

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

import numerics as nm
from numerics.experiments.grids import grid_values
from numerics.experiments.maps import compare_map
from numerics.scans import CellStatus, timing
from numerics.slopes import crossings

_SYNTHETIC = nm.Plan.grid(
    gamma=grid_values("0.6:1.4:9", "gamma"),
    gamma_prime=grid_values("-0.4:0.4:9", "gamma_prime"),
    widths=(1000, 5000, 10000, 20000, 40000),
    seeds=1,
)
_DIGITS = nm.Plan.grid(
    gamma=grid_values("0.7:1.3:7", "gamma"),
    gamma_prime=grid_values("-0.3:0.3:7", "gamma_prime"),
    widths=(1000, 2000, 4000, 8000, 16000),
    seeds=1,
    data=nm.load_data("mnist:45"),
    data_name="mnist:45",
    max_seconds=600.0,
)
_BARS = {"four points": 90.0, "45 digits": 600.0}  # seconds on 2 cores


@dataclass(frozen=True)
class Cost:
    """One scan."""

    scan: str
    processes: int
    cells: int
    not_done: int
    seconds: float
    cell_seconds: float
    verdict: str


def cost(name: str, plan: nm.Plan, processes: int) -> Cost:
    """Run a scan in a fresh store and time it."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "runs.zarr"
        began = time.perf_counter()
        result = nm.scan(plan, store, executor=nm.Processes(processes))
        seconds = time.perf_counter() - began
        spent = float(timing(store).sum())
    not_done = int((result["status"] != CellStatus.DONE).sum())
    return Cost(
        name, processes, len(plan.cells), not_done, seconds, spent, compare_map(result, resamples=200).verdict()
    )


@dataclass(frozen=True)
class Refinement:
    """Boundary of w on a full grid and by bisection: runs needed, and spacing of the points around the crossing."""

    grid_cells: int
    refined_cells: int
    grid_seconds: float
    refined_seconds: float
    spacing: float
    difference: float  # largest, over the rows, between the two crossings
    interval: float  # median width of the interval over seeds


def refinement(rounds: int = 3) -> Refinement:
    """From 5 points in gamma, halved ``rounds`` times or until noise takes over, against the grid that is as fine everywhere."""
    options = {
        "gamma_prime": grid_values("-0.4:0.4:5", "gamma_prime"),
        "widths": (1000, 4000, 16000),
        "seeds": 4,
    }
    coarse = nm.Plan.grid(gamma=grid_values("0.6:1.6:5", "gamma"), **options)
    fine = nm.Plan.grid(
        gamma=[Fraction(6, 10) + Fraction(i, 4 * 2**rounds) for i in range(4 * 2**rounds + 1)], **options
    )
    found, seconds, cells = {}, {}, {}
    for name, plan, halvings in (("grid", fine, 0), ("refined", coarse, rounds)):
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "runs.zarr"
            data = nm.refine(plan, store, rounds=halvings)
            seconds[name], cells[name] = float(timing(store).sum()), int((data["status"] == CellStatus.DONE).sum())
            found[name] = crossings(data.sel(layer="w", norm="frobenius"))
    difference = np.abs(found["grid"]["crossing"] - found["refined"]["crossing"])
    return Refinement(
        cells["grid"],
        cells["refined"],
        seconds["grid"],
        seconds["refined"],
        0.25 / 2**rounds,
        float(difference.max()),
        float((found["grid"]["high"] - found["grid"]["low"]).median()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smallest two widths only, no refinement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number here")
    options = parser.parse_args()
    print(f"{describe()}\n")
    plans = dict(zip(_BARS, (_SYNTHETIC, _DIGITS), strict=True))
    if options.quick:
        plans = {name: replace(plan, widths=plan.widths[:2]) for name, plan in plans.items()}
    for plan in plans.values():
        nm.scan(replace(plan, points=plan.points[:1], widths=(20, 40)), executor=nm.Serial())  # compile

    costs = []
    print("| scan | processes | cells | wall s | bar | cells' own s | not done |\n|:--|--:|--:|--:|--:|--:|--:|")
    for name, plan in plans.items():
        for processes in (2, 1):
            costs.append(cost(name, plan, processes))
            c = costs[-1]
            bar = f"{_BARS[name]:.0f}" if processes == 2 and not options.quick else ""
            row = (name, processes, c.cells, f"{c.seconds:.1f}", bar, f"{c.cell_seconds:.1f}", c.not_done)
            print("|", " | ".join(map(str, row)), "|", flush=True)
    print()
    for two, one in zip(costs[::2], costs[1::2], strict=True):
        print(f"{two.scan}: efficiency of 2 processes {one.seconds / two.seconds / 2:.0%}. {two.verdict}")

    refined = None if options.quick else refinement()
    if refined is not None:
        r = refined
        print(
            f"\nBoundary to a spacing of {r.spacing:.3g} in gamma: {r.refined_cells} runs, {r.refined_seconds:.0f} s by "
            f"bisection; {r.grid_cells} runs, {r.grid_seconds:.0f} s on the full grid. The two differ by at most "
            f"{r.difference:.3f}; intervals over seeds are {r.interval:.3f} wide (median)."
        )
    if options.json:
        result = {"machine": describe(), "costs": [asdict(c) for c in costs], "refinement": refined and asdict(refined)}
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

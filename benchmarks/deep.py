"""The gradient flow of a three-layer network, side by side with full-batch gradient descent in torch at its best fixed rate.

    python benchmarks/deep.py --quick
    python benchmarks/deep.py --width 1000 --json deep.json

Both start from the same weights in uniform coordinates, stop at the same loss and run on one thread in float64. The gradient of
the descent is written out, in place, several times faster than autograd. Its best rate is searched with the answer known, and the
search is not timed: the fastest rate that reaches the loss, and the fastest that keeps every RD within 1 % of the reference. That
is the descent itself at rates far below, extrapolated to none: it shares nothing with the engine. ``pip install -e '.[bench]'``
installs torch.
"""

# ruff: noqa: E402
from machine import describe, one_thread

one_thread()

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from deadline import Deadline

import numerics as nm
import phasetheory as pt

_POINTS = (
    ("both linear, NTK", "1", "0"),
    ("W1 only", "9/4", "0"),
    ("W2 only", "3", "1"),
    ("both condensed", "7/2", "0"),
)
_RATES = 2.0 ** np.arange(-7.0, 3.5, 0.5)  # times 1/lambda_max at the end
_SMALL = 2.0 ** np.array([-4.0, -5.0])  # those of the reference
_CLOSE = 0.01  # error of RD that the second best rate must keep


@dataclass(frozen=True)
class Row:
    """One method on one point: error is the largest of the layers, relative to the reference."""

    point: str
    method: str
    evaluations: int
    seconds: float
    error: float


class Descent:
    """Gradient descent on V_1, V_2, a with f = kappa a relu(V_2 relu(V_1 x)) - f_0; evaluations are forward and back passes."""

    def __init__(self, network: nm.DeepNetwork, X: np.ndarray, y: np.ndarray) -> None:
        self.start = [torch.from_numpy(w[0].copy()) for w in network.weights]
        self.kappa, self.X = network.kappa, torch.from_numpy(X)
        self.targets = torch.from_numpy(y + network.offset(X))

    def run(self, rate: float, loss_tol: float, deadline: Deadline, most: int = 10**9) -> tuple[bool, int, list[float]]:
        """Whether the loss was reached, passes, and RD of every layer."""
        w1, w2, a = (w.clone() for w in self.start)
        n, kappa = len(self.targets), self.kappa
        reached, highest, passes = False, None, 0
        with torch.inference_mode():
            while passes < most and not deadline.passed():
                z1 = self.X @ w1.T
                h1 = z1.clamp_min(0.0)
                z2 = h1 @ w2.T
                h2 = z2.clamp_min(0.0)
                e = kappa * (h2 @ a[0]) - self.targets
                passes += 1
                loss = float(e @ e) / (2 * n)
                if loss <= loss_tol:
                    reached = True
                    break
                highest = loss if highest is None else highest
                if not loss <= 10 * highest:
                    break
                c = (kappa * rate / n) * e
                b2 = (z2 > 0) * (c[:, None] * a)
                b1 = (z1 > 0) * (b2 @ w2)
                a.sub_(c @ h2)
                w2.addmm_(b2.T, h1, alpha=-1.0)
                w1.addmm_(b1.T, self.X, alpha=-1.0)
        pairs = zip((w1, w2, a), self.start, strict=True)
        return reached, passes, [float((w - start).norm() / start.norm()) for w, start in pairs]


def median(work: Callable[[], Any], options: argparse.Namespace) -> tuple[float, Any]:
    """Median time of several calls on the chosen clock, and what the last one returned."""
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    seconds = []
    for _ in range(options.runs):
        began = clock()
        result = work()
        seconds.append(clock() - began)
    return float(np.median(seconds)), result


def reference(descent: Descent, largest: float, options: argparse.Namespace) -> np.ndarray:
    """RD of every layer as the rate goes to none: of two small ones, each half the one before, linear in it."""
    coarse, fine = (
        np.array(descent.run(rate / largest, options.loss, Deadline(100 * options.limit))[2]) for rate in _SMALL
    )
    print(
        f"(reference: rates {_SMALL[0]:g} and {_SMALL[1]:g} agree to {np.max(np.abs(coarse / fine - 1)):.1e})",
        flush=True,
    )
    return 2 * fine - coarse


def compare(label: str, point: tuple[str, str], options: argparse.Namespace) -> list[Row]:
    """Every method on one point of the three-layer slice."""
    X, y = nm.datasets.four_points()
    network = pt.phase_diagram(3).network_at(point)
    start = nm.sample_network(network, options.width, X.shape[1], rng=0)
    end = nm.gradient_flow(start, X, y, loss_tol=options.loss).network
    largest = float(np.linalg.eigvalsh(sum(end.jacobian(X).kernels()) / len(y))[-1])
    descent = Descent(start, X, y)
    exact = reference(descent, largest, options)
    name = f"{label} ({point[0]}, {point[1]})"

    def error(found: list[float]) -> float:
        return float(np.max(np.abs(np.array(found) / exact - 1)))

    rows = []
    for method in options.methods:
        seconds, solution = median(
            lambda m=method: nm.gradient_flow(start, X, y, loss_tol=options.loss, method=m), options
        )
        found = error(list(solution.relative_distance.values()))
        rows.append(Row(name, f"this engine, {method}", solution.stats.evaluations, seconds, found))
    best: dict[str, tuple[int, float]] = {}
    for rate in _RATES[::-1] / largest:
        fastest = best.get("best rate", (10**9, 0.0))[0]
        close = best.get("within 1 %", (10**9, 0.0))[0]
        reached, passes, found = descent.run(rate, options.loss, Deadline(options.limit), max(fastest, close))
        if reached and passes < fastest:
            best["best rate"] = passes, rate
        if reached and error(found) <= _CLOSE and passes < close:
            best["within 1 %"] = passes, rate
            break
    for kind in ("best rate", "within 1 %"):
        if kind not in best:
            rows.append(Row(name, f"torch gradient descent, {kind}", 0, float("nan"), float("nan")))
            continue
        chosen = best[kind][1]
        seconds, (_, passes, found) = median(
            lambda r=chosen: descent.run(r, options.loss, Deadline(10 * options.limit)), options
        )
        rows.append(Row(name, f"torch gradient descent, {kind}", passes, seconds, error(found)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--loss", type=float, default=1e-5, help="where everyone stops")
    parser.add_argument("--runs", type=int, default=3, help="runs per median")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one descent of the search")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: for a machine that others use")
    parser.add_argument("--quick", action="store_true", help="width 200, one run")
    parser.add_argument("--methods", nargs="+", default=["exponential", "rkc"], choices=["exponential", "rkc"])
    parser.add_argument("--points", help="only those whose name contains this, such as 'W2'")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.quick:
        options.width, options.runs, options.limit = 200, 1, 10.0
    torch.set_num_threads(1)
    where = f"{describe()}; one thread, {options.clock} time; {datetime.now(UTC):%Y-%m-%d}"
    print(f"{where}; width {options.width}, loss {options.loss:g}\n")
    print("| point | method | evaluations | seconds | largest error of RD |\n|:--|:--|--:|--:|--:|", flush=True)
    rows: list[Row] = []
    for label, *point in (row for row in _POINTS if (options.points or "") in row[0]):
        for row in compare(label, (point[0], point[1]), options):
            rows.append(row)
            shown = (
                (f"{row.evaluations}", f"{row.seconds:.2g}", f"{row.error:.1%}")
                if row.evaluations
                else ("none", "", "")
            )
            print(f"| {row.point} | {row.method} | {' | '.join(shown)} |", flush=True)
        if options.json:
            options.json.write_text(
                json.dumps({"machine": describe(), "rows": [asdict(r) for r in rows]}, indent=1) + "\n"
            )


if __name__ == "__main__":
    main()

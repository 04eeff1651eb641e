"""The gradient flow of a three-layer network, side by side with full-batch gradient descent in torch at its best fixed rate.

    python benchmarks/deep.py --quick
    python benchmarks/deep.py --widths 512 1000 --json deep.json

Both start from the same weights in uniform coordinates, stop at the same loss and run on one thread in float64. The gradient of
the descent is written out, in place, several times faster than autograd. Its best rate is searched with the answer known, and the
search is not timed: the largest of a geometric grid that keeps every RD within 1 % of the reference. That is the descent itself
at rates far below, extrapolated to none: it shares nothing with the engine. Runs that are timed take turns. ``--points`` picks
rows, such as ``--points W2``. ``pip install -e '.[bench]'`` installs torch.
"""

# ruff: noqa: E402
from machine import describe, one_thread

one_thread()

import argparse
import json
import time
from collections.abc import Callable, Sequence
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
_RATES = 2.0 ** np.arange(3.0, -7.5, -0.5)  # times 1/lambda_max at the end
_SMALL = 2.0 ** np.array([-4.0, -5.0])  # those of the reference
_CLOSE = 0.01  # error of RD that the best rate must keep
_HEADER = """| point, width | reference to | engine: steps, passes, ms | error | torch: passes, ms | error | ratio | a step, ms | bytes, arithmetic |
|:--|--:|:--|--:|:--|--:|--:|--:|--:|"""  # noqa: E501


@dataclass(frozen=True)
class Row:
    """One point at one width: milliseconds are least and median; error the largest of the layers, relative to the reference.

    ``reference``: what two rates, half of each other, agree to.

    ``bytes_limit``, ``arithmetic_limit``: the milliseconds that moving the weights of a step takes, and its arithmetic, at the
    bandwidth of a product with a vector and at the speed of a matrix product.
    """

    point: str
    width: int
    reference: float
    steps: int
    evaluations: int
    milliseconds: tuple[float, float]
    error: float
    passes: int
    torch_milliseconds: tuple[float, float]
    torch_error: float
    bytes_limit: float
    arithmetic_limit: float

    def __str__(self) -> str:
        mine, theirs = self.milliseconds, self.torch_milliseconds
        ratio = f"{theirs[0] / mine[0]:.1f} / {theirs[1] / mine[1]:.1f}"
        cells = [
            f"{self.point}, {self.width}",
            f"{self.reference:.0e}",
            f"{self.steps}, {self.evaluations}, {mine[0]:.3g} / {mine[1]:.3g}",
            f"{self.error:.2%}",
            f"{self.passes}, {theirs[0]:.3g} / {theirs[1]:.3g}",
            f"{self.torch_error:.2%}",
            ratio,
            f"{mine[0] / self.steps:.2f}",
            f"{self.bytes_limit:.2f}, {self.arithmetic_limit:.2f}",
        ]
        return f"| {' | '.join(cells)} |"


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


def in_turn(works: Sequence[Callable[[], Any]], options: argparse.Namespace) -> list[tuple[tuple[float, float], Any]]:
    """Least and median milliseconds of each of some calls that take turns, on the chosen clock, and what it returned last."""
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    seconds: list[list[float]] = [[] for _ in works]
    results: list[Any] = [None] * len(works)
    for _ in range(options.runs):
        for k, work in enumerate(works):
            began = clock()
            results[k] = work()
            seconds[k].append(1e3 * (clock() - began))
    return [((min(taken), float(np.median(taken))), result) for taken, result in zip(seconds, results, strict=True)]


def limits(width: int, samples: int) -> tuple[float, float]:
    """Milliseconds of a step that moves its bytes and does its arithmetic as fast as this machine ever does either.

    One of its four passes reads the large matrix in double precision, the others in single, which counts half; the write reads it
    and its start, and writes it in both. A pass is 4 n m^2 operations, the write 2 (3 n) m^2, half of that in single
    precision as the write is, and its norms 6 m^2.
    """
    w, v = np.ones((width, width)), np.ones(width)
    square = np.ones((300, 300))
    bandwidth, speed = w.nbytes / _fastest(lambda: w @ v), 2 * 300**3 / _fastest(lambda: square @ square)
    return 1e3 * 6.0 * w.nbytes / bandwidth, 1e3 * (13 * samples + 6) * width**2 / speed


def _fastest(work: Callable[[], Any], runs: int = 200) -> float:
    """Seconds of the fastest of several calls."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def reference(descent: Descent, largest: float, options: argparse.Namespace) -> tuple[np.ndarray, float]:
    """RD of every layer as the rate goes to none, of two small ones linear in it, and what these agree to."""
    coarse, fine = (
        np.array(descent.run(rate / largest, options.loss, Deadline(100 * options.limit))[2]) for rate in _SMALL
    )
    return 2 * fine - coarse, float(np.max(np.abs(coarse / fine - 1)))


def compare(label: str, point: tuple[str, str], width: int, options: argparse.Namespace) -> Row | None:
    """One point at one width; None if no rate of the grid keeps within 1 %."""
    X, y = nm.datasets.four_points()
    network = pt.phase_diagram(3).network_at(point)
    start = nm.sample_network(network, width, X.shape[1], rng=0)
    end = nm.gradient_flow(start, X, y, loss_tol=options.loss).network
    largest = float(np.linalg.eigvalsh(sum(end.jacobian(X).kernels()) / len(y))[-1])
    descent = Descent(start, X, y)
    exact, agreement = reference(descent, largest, options)

    def error(found: Sequence[float]) -> float:
        return float(np.max(np.abs(np.array(found) / exact - 1)))

    for rate in _RATES / largest:
        reached, passes, found = descent.run(rate, options.loss, Deadline(options.limit))
        if reached and error(found) <= _CLOSE:
            break
    else:
        return None
    (mine, solution), (theirs, _) = in_turn(
        [
            lambda: nm.gradient_flow(start, X, y, loss_tol=options.loss),
            lambda: descent.run(rate, options.loss, Deadline(10 * options.limit)),
        ],
        options,
    )
    steps = solution.stats.accepted + solution.stats.rejected
    mistake = error(list(solution.relative_distance.values()))
    return Row(
        f"{label} ({point[0]}, {point[1]})",
        *(width, agreement, steps, solution.stats.evaluations, mine, mistake, passes, theirs, error(found)),
        *limits(width, len(y)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[512, 1000])
    parser.add_argument("--loss", type=float, default=1e-5, help="where everyone stops")
    parser.add_argument("--runs", type=int, default=5, help="runs of each that are timed")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one descent of the search")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: for a machine that others use")
    parser.add_argument("--quick", action="store_true", help="width 100, one run")
    parser.add_argument("--points", help="only those whose name contains this, such as 'W2'")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.quick:
        options.widths, options.runs, options.limit = [100], 1, 10.0
    torch.set_num_threads(1)
    print(f"{describe()}; one thread, {options.clock} time; {datetime.now(UTC):%Y-%m-%d}; loss {options.loss:g}\n")
    print(_HEADER, flush=True)
    rows: list[Row] = []
    for width in options.widths:
        for label, *point in (row for row in _POINTS if (options.points or "") in row[0]):
            row = compare(label, (point[0], point[1]), width, options)
            if row is None:
                print(f"(no rate keeps {label} at width {width} within 1 %)", flush=True)
                continue
            rows.append(row)
            print(row, flush=True)
            if options.json:
                found = {"machine": describe(), "rows": [asdict(r) for r in rows]}
                options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

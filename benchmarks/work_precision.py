"""Error of RD_w against seconds and evaluations, for every method on a ladder of its tolerance or step.

    python benchmarks/work_precision.py --widths 1000 --patience 0.2
    python benchmarks/work_precision.py --clock cpu --json work_precision.json --figure work_precision.png

Everyone starts from the same network, stops at the same loss and runs on one thread; compile time is not counted. A ladder goes
down until the error is below 1e-6 twice, or until a run takes 60 times as long as kink-exact does to 1e-6 (12 times for the
compiled methods and the exponential one; ``--patience`` scales both). For a target error a method is given its fastest
run that has it, with every finer run having it too; the step of gradient descent and of RK4 and the tolerances are thus found
with the answer known, and the search is not paid for. A stop between two steps is not counted against anyone: each RD_w is
compared with the reference's at the very loss it stopped at.

Reference: kink-exact at rtol 1e-9; its agreement with 3e-9 is printed, and nothing below three times that is resolved. With some
seeds (0 at (1.4, -0.4) and width 1000) one neuron passes so close to v = 0 that any method errs by 1e-4 until its steps tell on
which side.
"""

# ruff: noqa: E402
from machine import describe, one_thread

one_thread()

import argparse
import importlib.util
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from measure import Measurement, measure
from peers.base import Peer
from peers.compiled_methods import CompiledDescent, CompiledRungeKutta
from peers.diffrax_tsit5 import DiffraxTsit5
from peers.engine import Engine
from problem import Problem
from scipy.interpolate import CubicSpline

import numerics as nm

_POINTS = ((1.0, 0.0), (1.75, 0.0), (1.4, -0.4), (1.4, 0.2))
_TARGETS = (1e-2, 1e-4, 1e-6)
_TIGHT = (1e-9, 3e-9)
_TOLERANCES = tuple(10.0 ** (-k / 2) for k in range(2, 16))  # 1e-1 to 3e-8: coarser than the reference
_DECADES = tuple(10.0**-k for k in range(3, 11))
_RATES = tuple(2.0**-k for k in range(-1, 16))  # in units of 1/lambda_max at the end
_COURANTS = tuple(1.6 * 2.0**-k for k in range(14))
_OURS = "kink-exact"
_ADAPTIVE = ("rkc", "dormand-prince", "diffrax Tsit5")


@dataclass(frozen=True)
class Reference:
    """RD_w as a function of the loss near the stop, the relative difference of the two tightest runs, lambda_max at the end.

    ``vanished`` counts the neurons that slid into v = 0 and stay there as relu'(0) = 0 has it; steps of any fixed size toss them.
    """

    curve: CubicSpline
    agreement: float
    radius: float
    vanished: int

    def error(self, row: Measurement) -> float:
        """Relative error of a run's RD_w at the loss it stopped at."""
        return abs(row.relative_distance / float(np.exp(self.curve(-math.log(row.loss)))) - 1.0)


def reference(problem: Problem) -> Reference:
    """From two tight runs that go on past the stop."""
    curves = []
    for rtol in _TIGHT:
        settings = {"rtol": rtol, "loss_tol": 0.1 * problem.loss_tol, "method": _OURS, "threads": 1}
        solution = nm.gradient_flow(problem.network, problem.X, problem.y, **settings)
        path = solution.trajectory
        x, y = -np.log(path.loss), np.log(path.relative_distance["w"], where=path.t > 0, out=np.zeros_like(path.t))
        near = (path.loss < 3 * problem.loss_tol) & (x > np.maximum.accumulate(np.append(-np.inf, x[:-1])))
        curves.append(CubicSpline(x[near], y[near]))
    stop = -math.log(problem.loss_tol)
    agreement = abs(float(np.expm1(curves[1](stop) - curves[0](stop))))
    vanished = int(np.count_nonzero(~np.any(solution.network.v, axis=1)))
    return Reference(curves[0], agreement, problem.largest_eigenvalue(solution.network), vanished)


def ladders(target: Reference) -> dict[str, list[Callable[[], Peer]]]:
    """Every method from coarse to fine."""
    found: dict[str, list[Callable[[], Peer]]] = {
        name: [partial(Engine, rtol, name) for rtol in _TOLERANCES]
        for name in (_OURS, "exponential", "rkc", "dormand-prince")
    }
    found["compiled gradient descent"] = [
        partial(CompiledDescent, factor / target.radius, f"rate {factor:g}/lambda_max") for factor in _RATES
    ]
    found["compiled RK4"] = [partial(CompiledRungeKutta, courant) for courant in _COURANTS]
    if all(importlib.util.find_spec(module) for module in DiffraxTsit5.requires):
        found["diffrax Tsit5"] = [partial(DiffraxTsit5, rtol) for rtol in _DECADES]
    return found


def descend(
    rungs: list[Callable[[], Peer]], problem: Problem, target: Reference, limit: float, clock: str, adaptive: bool
) -> Iterator[dict]:
    """Measure a ladder. Fixed steps above the first that finishes are unstable, and get a tenth of the time to show it."""
    good, finishes = 0, adaptive
    for rung in rungs:
        patience = limit if finishes else max(0.1 * limit, min(limit, 1.0))
        row = measure(rung(), problem, runs=5, limit=patience, clock=clock, enough=0.4)
        finishes = finishes or row.finished
        error = target.error(row) if row.finished else math.nan
        numbers = {**asdict(row), "error": error}
        yield {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in numbers.items()}
        good = good + 1 if error < _TARGETS[-1] else 0
        if good == 2 or (finishes and not row.finished):
            return


def limit_for(name: str, ours: list[dict], patience: float) -> float:
    """Wall seconds that a run of a method may take."""
    seconds, _ = best(ours, _TARGETS[-1], "wall_seconds")
    return patience * (60.0 if name in _ADAPTIVE else 12.0) * seconds


def best(rows: list[dict], target: float, clock: str = "seconds") -> tuple[float, bool]:
    """Seconds of the fastest run below the target with all finer ones; or the longest time tried, and False."""
    finished = [row for row in rows if row["finished"]]
    held: list[float] = []
    for row in reversed(finished):
        if not row["error"] < target:
            break
        held.append(row[clock])
    return (min(held), True) if held else (max(row[clock] for row in rows), False)


def table(case: dict) -> str:
    """Seconds to each target, and times of ours."""
    lines = ["| method | " + " | ".join(f"{target:.0e}: seconds | × {_OURS}" for target in _TARGETS) + " |"]
    lines.append("|:--|" + "--:|--:|" * len(_TARGETS))
    ours = [best(case["methods"][_OURS], target) for target in _TARGETS]
    for name, rows in case["methods"].items():
        cells = []
        for target, (unit, have) in zip(_TARGETS, ours, strict=True):
            if target < case["agreement"]:
                cells += ["not resolved", ""]
                continue
            seconds, reached = best(rows, target)
            ratio = f"{'' if reached else '> '}{seconds / unit:.2g}" if have else ""
            cells += [f"{seconds:.2g}" if reached else "did not reach", ratio]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(cases: list[dict], file: Path, against: str) -> None:
    """Log-log diagrams, a panel a case: error against ``seconds`` or ``evaluations``; grey: below what the reference resolves."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    styles = {
        _OURS: ("#D55E00", "o", 2.6),
        "exponential": ("#E69F00", "v", 1.2),
        "rkc": ("#009E73", "s", 1.2),
        "dormand-prince": ("#0072B2", "D", 1.2),
        "compiled gradient descent": ("#000000", "x", 1.2),
        "compiled RK4": ("#CC79A7", "P", 1.2),
        "diffrax Tsit5": ("#56B4E9", "^", 1.2),
    }
    columns = len(_POINTS)
    widths = sorted({case["width"] for case in cases})
    rows = len(widths)
    figure, axes = plt.subplots(
        rows, columns, figsize=(13, 3.4 * rows + 0.7), sharey=True, sharex="row", squeeze=False, layout="constrained"
    )
    for ax in axes.flat:
        ax.set_visible(False)
    for case in cases:
        ax = axes[widths.index(case["width"]), _POINTS.index((case["gamma"], case["gamma_prime"]))]
        ax.set_visible(True)
        for name, measured in case["methods"].items():
            finished = [row for row in measured if row["finished"]]
            colour, marker, width = styles[name]
            if not finished:
                continue
            values = [row[against] for row in finished], [max(row["error"], 1e-9) for row in finished]
            ax.loglog(
                *values, marker=marker, color=colour, lw=width, ms=5, label=name, zorder=3 if name == _OURS else 2
            )
        ax.axhspan(1e-9, 3 * case["agreement"], color="0.9", zorder=0)
        title = f"γ = {case['gamma']:g}, γ′ = {case['gamma_prime']:g}, width {case['width']}"
        ax.set_title(title.replace("-", "−"), fontsize=11)
        ax.grid(which="major", lw=0.4, alpha=0.6)
        ax.set_ylim(1e-9, 1)
    for ax in axes[-1]:
        ax.set_xlabel("seconds, one thread" if against == "seconds" else "evaluations (passes over the neurons)")
    for ax in axes[:, 0]:
        ax.set_ylabel("relative error of RD$_w$")
    shown = next(ax for ax in axes.flat if ax.get_visible())
    figure.legend(*shown.get_legend_handles_labels(), loc="outside upper center", ncols=7, frameon=False)
    figure.savefig(file, dpi=110)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", nargs="+", type=int, default=[1000, 40_000], metavar="M")
    parser.add_argument("--points", nargs="+", type=int, default=range(len(_POINTS)), metavar="K", help="0 to 3")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="only these, with kink-exact")
    parser.add_argument("--seed", type=int, default=2, help="of the starts")
    parser.add_argument("--patience", type=float, default=1.0, help="of the time a run may take, then the ladder ends")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: for a machine that others use")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number here, after each case")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw error against seconds here")
    parser.add_argument("--evaluations", type=Path, metavar="FILE", help="draw error against evaluations here")
    parser.add_argument(
        "--draw", nargs="+", type=Path, metavar="JSON", help="measure nothing, tabulate and draw these results"
    )
    return parser.parse_args()


def _measured(options: argparse.Namespace) -> Iterator[dict]:
    for width in options.widths:
        for gamma, gamma_prime in (_POINTS[k] for k in options.points):
            name = f"four({gamma:g},{gamma_prime:g})@{width}"
            problem = Problem(name, width, gamma, gamma_prime, nm.datasets.four_points, seed=options.seed)
            target = reference(problem)
            case = {"case": name, "width": width, "gamma": gamma, "gamma_prime": gamma_prime, "seed": options.seed}
            rungs = ladders(target)
            chosen = [n for n in rungs if not options.methods or n in (_OURS, *options.methods)]
            methods = {_OURS: list(descend(rungs[_OURS], problem, target, 1e6, options.clock, True))}
            for method in chosen[1:]:
                limit = limit_for(method, methods[_OURS], options.patience)
                methods[method] = list(
                    descend(rungs[method], problem, target, limit, options.clock, not method.startswith("compiled"))
                )
            yield {
                **case,
                "agreement": target.agreement,
                "vanished": target.vanished,
                "machine": describe(),
                "clock": options.clock,
                "methods": methods,
            }


def main() -> None:
    options = _options()
    cases: list[dict] = []
    loaded = [case for file in options.draw for case in json.loads(file.read_text())] if options.draw else None
    if loaded is None:
        print(f"{describe()}; one thread, {options.clock} time; {datetime.now(UTC):%Y-%m-%d}\n")
    for case in loaded or _measured(options):
        cases.append(case)
        resolved = f"references agree to {case['agreement']:.0e}; {case['vanished']} neurons slid into v = 0"
        print(f"**{case['case']}**, seed {case['seed']}; {resolved}\n\n{table(case)}\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(cases, indent=1) + "\n")
    for file, against in ((options.figure, "seconds"), (options.evaluations, "evaluations")):
        if file:
            draw(cases, file, against)


if __name__ == "__main__":
    main()

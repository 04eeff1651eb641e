"""The gradient flow of a two-layer network, side by side with what a user would pick instead.

    python benchmarks/gradient_flow.py --quick
    python benchmarks/gradient_flow.py --cases 'four*@1000' 'mnist*' --json table.json

Everyone starts from the same network in uniform coordinates and stops at the same loss, in one process, on one thread; compile
time is measured apart. ``pip install -e '.[bench]'`` installs the peers; a missing one is left out with a note. Adaptive peers
run at rtol 1e-3, or at 1e-6 where that does not finish; atol = rtol/1000.
"""

# ruff: noqa: E402
from machine import describe, one_thread

one_thread()

import argparse
import importlib.util
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from measure import Measurement, measure
from peers.base import Peer
from peers.compiled_methods import CompiledDescent, CompiledRungeKutta
from peers.diffrax_tsit5 import DiffraxTsit5
from peers.engine import Engine, EngineTogether
from peers.scipy_explicit import SciPyExplicit
from peers.torch_descent import TorchDescent, TorchPolicy
from peers.torchdiffeq_dopri5 import TorchDopri5
from problem import Problem, cases
from reference import Reference, best_rates, reference

_ENGINE_TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
_ACCURATE = 3e-4  # error of RD_w that the second row of this engine must reach
_SMALL = 1000  # neurons up to which many networks are trained in one call as well
_PEER_TOLERANCES = (1e-3, 1e-6)
_ADAPTIVE = (TorchDopri5, DiffraxTsit5, partial(SciPyExplicit, "RK45"), partial(SciPyExplicit, "DOP853"))
_failed: set[tuple] = set()  # (method, gamma, gamma', data) that did not finish: not tried again at a larger width


def rows(problem: Problem, target: Reference, options: argparse.Namespace) -> Iterator[Measurement]:
    """Measure every competitor on one case."""
    run = partial(_measure, problem, options)
    yield from run(Engine(_ENGINE_TOLERANCES[0]))
    if problem.width <= _SMALL and problem.X.shape[1] == 2:
        yield from run(EngineTogether(_ENGINE_TOLERANCES[0]))
    tight = _tolerance_for(problem, target, options.limit)
    if tight is None:
        print(f"  no tolerance down to {_ENGINE_TOLERANCES[-1]:g} gave {_ACCURATE:g}", flush=True)
    elif tight != _ENGINE_TOLERANCES[0]:
        yield from run(Engine(tight))
    rates = best_rates(problem, target, seconds=options.search, limit=options.limit)
    if not rates.complete:
        print(f"  search for the best rate cut short after {options.search:g} s", flush=True)
    for rate, label in ((rates.fastest, "best rate"), (rates.accurate, "best rate within 1 %")):
        if rate is None:
            print(f"  gradient descent, {label}: none found", flush=True)
        elif label == "best rate" or rate != rates.fastest:
            yield from run(CompiledDescent(rate, label))
            yield from run(TorchDescent(rate, label))
    yield from run(TorchPolicy())
    yield from run(CompiledRungeKutta())
    for family in _ADAPTIVE:
        for rtol in _PEER_TOLERANCES:
            found = list(run(family(rtol=rtol)))
            yield from found
            if not found or found[0].finished:
                break


def _measure(problem: Problem, options: argparse.Namespace, peer: Peer) -> Iterator[Measurement]:
    """The row of a peer; none if it is not installed."""
    if options.peers and not any(
        fnmatchcase(peer.name, pattern) for pattern in ("this engine*", "* in one call*", *options.peers)
    ):
        return
    key = (peer.name, problem.gamma, problem.gamma_prime, problem.data)
    missing = [module for module in peer.requires if importlib.util.find_spec(module) is None]
    if missing:
        print(f"  {peer.name}: skipped, {', '.join(missing)} not installed (pip install -e '.[bench]')", flush=True)
    elif key in _failed:
        note = "not tried: did not finish at a smaller width"
        yield Measurement(peer.name, False, 0, math.nan, math.nan, 0, 0.0, math.nan, note)
    else:
        row = measure(peer, problem, runs=options.runs, limit=options.limit, clock=options.clock)
        if not row.finished:
            _failed.add(key)
        yield row


def _tolerance_for(problem: Problem, target: Reference, limit: float) -> float | None:
    """The loosest rtol that keeps the error of RD_w below 3e-4 with the next one too, so that it is not luck."""
    good: list[float] = []
    for rtol in _ENGINE_TOLERANCES:
        row = measure(Engine(rtol), problem, runs=1, limit=limit)
        if row.finished and target.error(row.relative_distance) <= _ACCURATE:
            good.append(rtol)
        else:
            good.clear()
        if len(good) == 2 or not row.finished:
            break
    return good[0] if good else None


def table(measured: list[Measurement], target: Reference) -> str:
    """One case as Markdown; two columns are times relative to this engine's first row and to its accurate one, if it has one."""
    engine = [row for row in measured if row.method.startswith("this engine") and row.finished]
    accurate = [row for row in engine if target.error(row.relative_distance) <= _ACCURATE]
    units = [rows[-1].seconds if rows else math.nan for rows in (engine[:1], accurate)]
    lines = [
        "| method | evaluations | seconds | error of RD_w | x engine 1e-2 | x engine 3e-4 | compile s | note |",
        "|:--|--:|--:|--:|--:|--:|--:|:--|",
    ]
    for row in measured:
        more = "" if row.finished else "> "
        ratios = ["" if math.isnan(row.seconds / unit) else f"{more}{row.seconds / unit:.2g}" for unit in units]
        if row.finished:
            numbers = [f"{row.seconds:.2g}", f"{target.error(row.relative_distance):.1e}", *ratios]
        else:
            numbers = ["did not finish", "", *ratios]
        cells = [row.method, str(row.evaluations or ""), *numbers, f"{row.compile_seconds:.1f}", row.note]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _finite(value: object) -> object:
    """The same with None for NaN, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", metavar="PATTERN", help="such as 'four*@1000' or 'mnist*'")
    parser.add_argument("--peers", nargs="+", metavar="PATTERN", help="such as 'compiled*' 'torch *'; all by default")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and stop")
    parser.add_argument("--quick", action="store_true", help="widths up to 1000, limit 5 s, three runs, a short ladder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number here, after each case")
    parser.add_argument("--runs", type=int, default=7, help="runs per median (fewer once they add up to 10 s)")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds per run, then 'did not finish'")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: for a machine that others use")
    parser.add_argument("--search", type=float, default=120.0, help="seconds for the search of the best fixed rates")
    parser.add_argument("--reference-seconds", type=float, default=60.0, help="seconds to check the reference in")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.limit, options.search, options.reference_seconds = 3, 5.0, 20.0, 10.0
    return options


def main() -> None:
    options = _options()
    chosen = [case for case in cases() if not options.cases or any(fnmatchcase(case.name, p) for p in options.cases)]
    if options.quick:
        chosen = [case for case in chosen if case.width <= 1000]
    if not chosen or options.list:
        print("\n".join(case.name for case in cases()))
        return
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
    print(f"{describe()}; one thread, {options.clock} time; {datetime.now(UTC):%Y-%m-%d}\n")
    results = []
    for problem in chosen:
        n, d = problem.X.shape
        target = reference(problem, seconds=options.reference_seconds)
        print(f"**{problem.name}**: n = {n}, d = {d}, loss {problem.loss_tol:g}; RD_w = {target.relative_distance:.6g}")
        print(
            f"(rtol 1e-6; 1e-5 is {target.agreement:.1e} off, {target.check_source} {target.check:.1e})\n", flush=True
        )
        measured = list(rows(problem, target, options))
        print(f"\n{table(measured, target)}\n", flush=True)
        results.append({"case": problem.name, "reference": asdict(target), "rows": [asdict(row) for row in measured]})
        if options.json:
            written = json.dumps(_finite({"machine": describe(), "clock": options.clock, "cases": results}), indent=1)
            options.json.write_text(written + "\n")


if __name__ == "__main__":
    main()

"""Few neurons: one run, many in one call, and gradient descent at its best rate within 1 %, compiled and in torch, in turn.

    python benchmarks/small_widths.py

Prints the rows of the table in docs/benchmarks.md, processor time on one thread, in about three minutes.
"""

# ruff: noqa: E402
from machine import describe, one_thread

one_thread()

import argparse
import importlib.util
import os
import statistics
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from deadline import Deadline
from peers.base import Outcome, Peer
from peers.compiled_methods import CompiledDescent
from peers.engine import Engine, EngineTogether
from peers.torch_descent import TorchDescent
from problem import Problem, cases
from reference import best_rates, reference

_CASES = ("four*@100", "four*@1000")
_SEARCH, _CHECK, _LIMIT = 10.0, 2.0, 5.0  # seconds for the best rate, for the check of the reference, and for a run
_SOME = 6  # of the rounds torch takes part in one of so many


@dataclass
class Timed:
    """A competitor and its times for a network, in ms."""

    peer: Peer
    every: int = 1
    times: list[float] = field(default_factory=list)
    outcome: Outcome | None = None

    def __post_init__(self) -> None:
        self.solve = None

    def run(self, problem: Problem) -> None:
        """Once, timed."""
        self.solve = self.solve or self.peer.prepare(problem, _LIMIT)
        began = time.process_time()
        self.outcome = self.solve(Deadline(_LIMIT))
        self.times.append(1e3 * (time.process_time() - began) / self.outcome.networks)

    def __str__(self) -> str:
        return f"{self.outcome.evaluations}, {self.least:.3g} / {statistics.median(self.times):.3g}"

    @property
    def least(self) -> float:
        """The shortest."""
        return min(self.times)

    def over(self, other: "Timed") -> str:
        """Its time over that of another: ratio of the least and of the medians."""
        medians = statistics.median(self.times) / statistics.median(other.times)
        return f"{self.least / other.least:.2g} / {medians:.2g}"


def row(problem: Problem, rounds: int) -> str:
    """One case as a row of the table."""
    target = reference(problem, seconds=_CHECK)
    rate = best_rates(problem, target, seconds=_SEARCH, limit=_LIMIT).accurate
    if rate is None:
        raise SystemExit(f"no rate within 1 % for {problem.name}")
    single, together, descent = Timed(Engine(1e-2)), Timed(EngineTogether(1e-2)), Timed(CompiledDescent(rate, ""))
    torch = Timed(TorchDescent(rate, ""), _SOME) if importlib.util.find_spec("torch") else None
    taking_part = [timed for timed in (single, together, descent, torch) if timed]
    for turn in range(rounds):
        for timed in taking_part:
            if turn % timed.every == 0:
                timed.run(problem)
    errors = [f"{100 * target.error(timed.outcome.relative_distance):.2g} %" for timed in (single, descent)]
    cells = [
        f"({problem.gamma:g}, {problem.gamma_prime:g}), {problem.width}",
        *(str(single), errors[0], str(together), f"{descent}, {errors[1]}", str(torch) if torch else ""),
        *(descent.over(single), descent.over(together)),
        *((torch.over(single), torch.over(together)) if torch else ("", "")),
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", metavar="PATTERN", default=_CASES, help="such as 'four*@100'")
    parser.add_argument("--rounds", type=int, default=120, help="runs of each in turn")
    options = parser.parse_args()
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
    chosen = [case for case in cases() if any(fnmatchcase(case.name, pattern) for pattern in options.cases)]
    print(f"{describe()}; load {os.getloadavg()[0]:.1f}; least / median of {options.rounds} runs in turn\n")
    times = "| (γ, γ'), width | one run: evaluations, ms | its error | of 100 in one call | compiled descent, its error | torch "
    print(times + "| × compiled | in one call | × torch | in one call |\n" + "|:--" * 10 + "|")
    for problem in sorted(chosen, key=lambda case: case.width):
        print(row(problem, options.rounds), flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()

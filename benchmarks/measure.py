"""Run a competitor: compile apart, then the median of several runs under a wall-clock limit."""

import statistics
import time
from dataclasses import dataclass

from deadline import Deadline
from peers.base import Peer
from problem import Problem

__all__ = ["Measurement", "measure"]

_ENOUGH = 10.0  # seconds of runs after which no more are made


@dataclass(frozen=True)
class Measurement:
    """A row of the table.

    Attributes
    ----------
    method : str
    finished : bool
    evaluations : int
        Right-hand sides; restarts included.
    seconds : float
        Median wall time; the limit, if the method did not finish.
    runs : int
    compile_seconds : float
    relative_distance : float
    note : str
    """

    method: str
    finished: bool
    evaluations: int
    seconds: float
    runs: int
    compile_seconds: float
    relative_distance: float
    note: str


def measure(peer: Peer, problem: Problem, *, runs: int, limit: float) -> Measurement:
    """Median time of up to ``runs`` runs; long ones are repeated less often, one that did not finish is not repeated."""
    began = time.perf_counter()
    solve = peer.prepare(problem, limit)
    compile_seconds = time.perf_counter() - began
    times: list[float] = []
    while not times or (len(times) < runs and sum(times) < _ENOUGH):
        began = time.perf_counter()
        outcome = solve(Deadline(limit))
        times.append(time.perf_counter() - began)
        if not outcome.finished:
            break
    return Measurement(
        peer.name,
        outcome.finished,
        outcome.evaluations,
        statistics.median(times),
        len(times),
        compile_seconds,
        outcome.relative_distance,
        outcome.note,
    )

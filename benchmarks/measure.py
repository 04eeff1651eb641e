"""Run a competitor: compile apart, then the median of several runs under a wall-clock limit.

On a machine that others use, wall time measures them too. ``clock="cpu"`` counts the processor time of this process, the same
thing for one thread on an idle machine.
"""

import math
import statistics
import time
from dataclasses import dataclass

from deadline import Deadline
from peers.base import Peer
from problem import Problem

__all__ = ["Measurement", "measure"]

_ENOUGH = 10.0  # seconds of runs after which no more are made
_LEAST = 0.3  # seconds of runs that a median is from at least: a machine may be disturbed for some tens of milliseconds


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
        Median time on the chosen clock; that of the stopped run, if the method did not finish.
    wall_seconds : float
        Median wall time.
    runs : int
    compile_seconds : float
    relative_distance : float
    note : str
    """

    method: str
    finished: bool
    evaluations: int
    seconds: float
    wall_seconds: float
    runs: int
    compile_seconds: float
    relative_distance: float
    note: str
    loss: float = math.nan


def measure(
    peer: Peer, problem: Problem, *, runs: int, limit: float, clock: str = "wall", enough: float = _ENOUGH
) -> Measurement:
    """Median time of ``runs`` runs; short ones are repeated more often, long ones less, one that did not finish never."""
    began = time.perf_counter()
    solve = peer.prepare(problem, limit)
    compile_seconds = time.perf_counter() - began
    walls: list[float] = []
    processors: list[float] = []
    total = 0.0
    while not walls or (len(walls) < runs and total < enough) or total < _LEAST:
        began, began_processor = time.perf_counter(), time.process_time()
        outcome = solve(Deadline(limit))
        spent = time.perf_counter() - began, time.process_time() - began_processor
        walls.append(spent[0] / outcome.networks)
        processors.append(spent[1] / outcome.networks)
        total += spent[0]
        if not outcome.finished:
            break
    return Measurement(
        peer.name,
        outcome.finished,
        outcome.evaluations,
        statistics.median(processors if clock == "cpu" else walls),
        statistics.median(walls),
        len(walls),
        compile_seconds,
        outcome.relative_distance,
        outcome.note,
        outcome.loss,
    )

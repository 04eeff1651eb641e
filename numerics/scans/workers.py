"""Where cells are measured: in this process, in processes of this machine, on a Dask cluster, or in any executor.

A worker process that dies takes its pool with it. The cells that were in it are then run alone, one at a time: the one that
dies again is the one to blame, and fails; the others are safe.
"""

import math
import os
import signal
import socket
import statistics
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import numpy as np

from numerics.arrays import plain_text, positive_number, whole_number
from numerics.errors import InputError, ScanError
from numerics.scans.experiment import Cell, Experiment, Observable
from numerics.scans.records import CellStatus, Record
from numerics.scans.signals import held_back

__all__ = ["Borrowed", "Dask", "Processes", "Serial", "Threads", "Workers", "execute"]

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
_MOST = 10_000  # processes of this machine, or workers of a local cluster: more are a slip of the pen
_WATCH = 2.0  # seconds between looks for the parent process
_MOST_CELLS = 1024  # in a piece
_PIECE = (
    0.25  # seconds that a piece may take: so much of the work is lost with a worker, beside the cell that is longer
)
_LEAST = (
    0.05  # those that it takes at least, if there is enough to do: a cluster spends some thousandths on handing it over
)
_KNOWN = 16  # cells handed over one by one, to see how long they take; and those that say so
_SHARES = 2  # a piece is one of so many for each who works: nobody waits long for the last
_LOOK = 1.0  # seconds between looks at how many work on a cluster
_MANY = 16  # who work where nobody knows how many they are
#: What a local cluster does besides work: workers are not sampled, and every process watches itself once in seconds, not in a
#: fiftieth of one, which takes a sixth of a core. Of results there are too few to be moved between workers.
_QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.scheduler.active-memory-manager.start": False,
}
_KILLED = "its worker process died, again when it ran alone: killed, out of memory, or crashed"

#: Cells that are handed over together.
Piece = Sequence[Cell]


class Workers(ABC):
    """A place to measure cells. Used as ``with workers.started(experiment):``; can be started again afterwards."""

    #: pieces of work handed over at a time; None for all of them
    window: int | None = None
    #: most cells in a piece: several where handing one over takes time
    most: int = 1
    #: how many work at once, where that is known
    count: int | None = None

    @abstractmethod
    def start(self, experiment: Experiment) -> None:
        """Get ready to measure cells of this experiment."""

    @abstractmethod
    def submit(self, cells: Piece) -> "Future[list[Record]]":
        """Hand over cells, to be measured one after the other."""

    def restart(self) -> None:
        """Replace workers that are gone; those of somebody else are not replaced."""
        raise ScanError("the executor broke; finished cells are kept; run the same command again")

    @abstractmethod
    def stop(self, running: "Iterable[Future[list[Record]]]" = ()) -> None:
        """Drop what is running and let go of everything that :meth:`start` took."""


class Serial(Workers):
    """The calling process, one piece after the other."""

    window = count = 1
    most = _MOST_CELLS

    def start(self, experiment: Experiment) -> None:
        """Nothing to prepare."""
        self._experiment = experiment

    def submit(self, cells: Piece) -> "Future[list[Record]]":
        """Measure them now."""
        future: Future[list[Record]] = Future()
        future.set_result(all_measured(self._experiment, cells))
        return future

    def stop(self, running: "Iterable[Future[list[Record]]]" = ()) -> None:
        """Nothing to release."""


class Processes(Workers):
    """Processes on this machine, with one thread each.

    Parameters
    ----------
    processes : int, optional
        By default one for each core that this process may use.
    """

    most = _MOST_CELLS

    def __init__(self, processes: int | None = None) -> None:
        if processes is not None:
            advice = f"give an integer from 1 to {_MOST}, or None for one per core"
            processes = whole_number(processes, "processes", 1, advice, most=_MOST)
        self.processes = processes or _cores()
        self.count, self.window = self.processes, 2 * self.processes  # the next piece is at hand when one ends

    def start(self, experiment: Experiment) -> None:
        """Start the processes; they end with this one, however it ends."""
        from loky import ProcessPoolExecutor  # not needed to import numerics

        # loky rather than the standard library: it starts fresh interpreters with their own environment (one thread each),
        # does not run the user's script a second time in them, and takes functions of a notebook
        self._experiment = experiment
        with held_back():
            self._pool = ProcessPoolExecutor(
                self.processes, timeout=None, initializer=_enter, initargs=(experiment, os.getpid()), env=_ONE_THREAD
            )

    def submit(self, cells: Piece) -> "Future[list[Record]]":
        """Hand cells to the pool, which starts processes when it is given work."""
        with held_back():
            return self._pool.submit(_measured_here, cells)

    def restart(self) -> None:
        """Replace a broken pool by a new one, and make sure that this one works."""
        self.stop()
        self.start(self._experiment)
        try:
            with held_back():
                first = self._pool.submit(os.getpid)
            first.result()
        except BrokenExecutor as error:
            raise ScanError(
                f"worker processes do not start on this machine ({error}); use the serial executor"
            ) from error

    def stop(self, running: "Iterable[Future[list[Record]]]" = ()) -> None:
        """Kill the processes; the pool drops its futures by itself, and must not find them cancelled."""
        self._pool.shutdown(wait=True, kill_workers=True)


class Borrowed(Workers):
    """An executor that belongs to the caller and stays open."""

    most = _MOST_CELLS

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        known = getattr(executor, "_max_workers", None)
        self.count, self.window = (known, 2 * known) if isinstance(known, int) else (None, None)

    def start(self, experiment: Experiment) -> None:
        """Nothing to prepare."""
        self._experiment = experiment

    def submit(self, cells: Piece) -> "Future[list[Record]]":
        """Hand cells to the executor."""
        return self._executor.submit(all_measured, self._experiment, cells)

    def stop(self, running: "Iterable[Future[list[Record]]]" = ()) -> None:
        """Cancel what has not begun; the executor is the caller's to close."""
        for future in running:
            future.cancel()


class Threads(Workers):
    """Threads of this process, one per core: at once at work, for cells whose time is spent outside the interpreter's lock."""

    most = _MOST_CELLS

    def start(self, experiment: Experiment) -> None:
        """Start the threads."""
        self._experiment, self.count = experiment, _cores()
        self._pool = ThreadPoolExecutor(self.count)
        self.window = 2 * self.count

    def submit(self, cells: Piece) -> "Future[list[Record]]":
        """Hand cells to a thread."""
        return self._pool.submit(all_measured, self._experiment, cells)

    def stop(self, running: "Iterable[Future[list[Record]]]" = ()) -> None:
        """Let what has begun come to its end."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Dask(Workers):
    """A Dask cluster: one that runs, or a local one for the length of the scan.

    Parameters
    ----------
    scheduler : str, optional
        Address of a running cluster, such as ``tcp://10.0.0.1:8786``.
    workers : int, optional
        Start a local cluster of so many workers, one process and one thread each. They are not profiled, and look at themselves
        once in seconds, whatever the configuration of Dask says: that took a sixth of a core.
    client : distributed.Client, optional
        A client that is already connected.
    timeout : float
        Seconds to wait for the scheduler to answer.
    """

    most = _MOST_CELLS

    def __init__(
        self,
        scheduler: str | None = None,
        *,
        workers: int | None = None,
        client: Any = None,
        timeout: float = 20.0,
    ) -> None:
        if sum(given is not None for given in (scheduler, workers, client)) != 1:
            raise InputError(
                "scheduler, the address of a cluster, workers, how many to start, and client say where to run; give one of them"
            )
        if workers is not None:
            workers = whole_number(workers, "workers", 1, f"give an integer from 1 to {_MOST}", most=_MOST)
        if client is not None and not all(callable(getattr(client, name, None)) for name in ("submit", "get_executor")):
            raise InputError(f"client is of type {type(client).__name__}; give a distributed.Client")
        self._scheduler = None if scheduler is None else plain_text(scheduler, "scheduler")
        if self._scheduler == "":
            raise InputError("scheduler is empty; give its address, such as tcp://10.0.0.1:8786")
        self._workers, self.client = workers, client
        self._timeout = positive_number(timeout, "timeout", "give seconds")
        self._owned: list[Any] = []

    def start(self, experiment: Experiment) -> None:
        """Connect, and send the experiment to the workers once."""
        try:
            from distributed import Client
        except ImportError as error:
            raise InputError("Dask is not installed; pip install 'phasetheory[dask]'") from error
        if self.client is None:
            address: Any = self._scheduler
            if self._workers is not None:
                try:
                    address = local_cluster(self._workers)
                except RuntimeError as error:
                    raise ScanError(f"a Dask cluster does not start on this machine: {error}") from error
                self._owned.append(address)
            try:
                self.client = Client(address, timeout=self._timeout)
            except (OSError, ValueError) as error:
                raise InputError(f"no Dask scheduler answers at {address}; check the address") from error
            self._owned.insert(0, self.client)
        self._look()
        # sent once, as the result of a task: unlike scattered data the scheduler can make it again when workers come and go
        self._experiment = self.client.submit(_itself, experiment, pure=False)
        self._executor = self.client.get_executor(pure=False)

    def submit(self, cells: Piece) -> "Future[list[Record]]":
        """Hand cells to the cluster, which runs them again if their worker dies, up to three times."""
        if time.monotonic() - self._looked > _LOOK:
            self._look()
        return self._executor.submit(_in_one, self._experiment, cells)

    def _look(self) -> None:
        """How many work now; as long as nobody does all cells are handed over, for whoever comes."""
        with suppress(OSError):  # it does not answer: whether it is gone its futures say
            self.count = sum(self.client.nthreads().values()) or self.count
        self.window, self._looked = self.count and 2 * self.count, time.monotonic()

    def stop(self, running: "Iterable[Future[list[Record]]]" = ()) -> None:
        """Cancel what is waiting; close what was opened here."""
        for future in running:
            future.cancel()
        self._executor.shutdown(wait=False)
        for owned in self._owned:
            owned.close()
        if self._owned:
            self.client, self._owned = None, []


def local_cluster(workers: int) -> Any:
    """A Dask cluster on this machine: processes with a thread each, that seldom look at themselves while they have nothing to do.

    Any free port for the dashboard, seen from this machine only.
    """
    import dask.config
    from distributed import LocalCluster

    with dask.config.set(_QUIET):
        return LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0")


def execute(experiment: Experiment, cells: Iterable[Cell], workers: Workers) -> Iterator[list[Record]]:
    """Measure cells, the longest first; yields records as they come, those that came together in one list.

    Raises
    ------
    ScanError
        If there is nobody left to measure.
    """
    suspects: deque[Cell] = deque()
    running: dict[Future[list[Record]], tuple[Piece, bool]] = {}  # with whether it runs alone
    ended: SimpleQueue[Future[list[Record]]] = SimpleQueue()
    workers.start(experiment)
    pieces = _Pieces(experiment, workers, cells)
    try:
        while pieces.waiting or suspects or running:
            alone = bool(suspects)
            while (suspects if alone else pieces.waiting) and len(running) < (1 if alone else pieces.window):
                piece = [suspects.popleft()] if alone else pieces.take()
                future = workers.submit(piece)
                running[future] = piece, alone
                future.add_done_callback(ended.put)
            finished, lost, broken = _collect(running, ended)
            suspects.extend(lost)
            if broken:
                suspects.extend(cell for piece, _ in running.values() for cell in piece)
                running.clear()
                workers.restart()
            pieces.learn(finished)
            yield finished
    finally:
        workers.stop(running)


class _Pieces:
    """How many cells are handed over together: so many that it takes little of the time, and few enough to share them out.

    The first take longest, and each a share of what is left, down to the least that is worth its way. ``waiting``: cells with
    their costs, the longest first.
    """

    def __init__(self, experiment: Experiment, workers: Workers, cells: Iterable[Cell]) -> None:
        self._cost, self._workers = experiment.cost, workers
        self._rates: deque[float] = deque(maxlen=_KNOWN)  # seconds for a unit of cost, of the last cells
        self.waiting = deque(sorted(((self._cost(cell), cell) for cell in cells), key=lambda entry: -entry[0]))
        self._left = sum(cost for cost, _ in self.waiting)

    @property
    def window(self) -> float:
        """Pieces handed over at a time: only a few cells until it is known how long they take."""
        known = self._workers.most == 1 or self._rates
        return min(self._workers.window or math.inf, math.inf if known else _KNOWN)

    def take(self) -> Piece:
        """The next piece."""
        most = self._workers.most if self._rates else 1
        rate = statistics.median(self._rates) if most > 1 else 0.0
        share = rate * self._left / (_SHARES * (self._workers.count or _MANY))
        longest = min(max(share, _LEAST), _PIECE)
        queue = self.waiting
        cost, cell = queue.popleft()
        piece = [cell]
        while queue and len(piece) < most and rate * (cost + queue[0][0]) < longest:
            more, cell = queue.popleft()
            piece.append(cell)
            cost += more
        self._left -= cost
        return piece

    def learn(self, finished: Sequence[Record]) -> None:
        """How long cells took."""
        costs = ((record.seconds, self._cost(record.cell)) for record in finished[-_KNOWN:])
        self._rates.extend(seconds / cost for seconds, cost in costs if cost > 0)


def all_measured(experiment: Experiment, cells: Piece) -> list[Record]:
    """Measure cells one after the other; what is done for several at once is shared out by their costs."""
    began, ready = time.perf_counter(), experiment
    if len(cells) > 1:
        with suppress(Exception):  # one of them is to blame, and says so when it is measured
            ready = experiment.together(cells)
    spent, costs = time.perf_counter() - began, [experiment.cost(cell) for cell in cells]
    rate = spent / sum(costs) if sum(costs) > 0 else 0.0
    observables = experiment.observables
    records = [measured(ready, cell, observables) for cell in cells]
    return [replace(record, seconds=record.seconds + rate * cost) for record, cost in zip(records, costs, strict=True)]


def measured(experiment: Experiment, cell: Cell, observables: Mapping[str, Observable]) -> Record:
    """Measure a cell; an exception becomes the reason of its failure."""
    began = time.perf_counter()
    status, values = CellStatus.DONE, {}
    try:
        outcome = experiment.measure(cell)
        reason = outcome.note
        for name, observable in observables.items():
            value = np.asarray(outcome.values[name], dtype=float)
            if value.shape != observable.shape:
                raise ValueError(f"{name} has shape {value.shape}, not {observable.shape}")
            values[name] = value.tolist()
        if outcome.stopped_short:
            status, reason = CellStatus.STOPPED_SHORT, outcome.stopped_short
        elif unknown := _unknown(observables, values):
            status, reason = CellStatus.STOPPED_SHORT, f"nothing but nan was measured of {', '.join(unknown)}"
            if len(unknown) == len(values):
                return _failed(cell, reason, time.perf_counter() - began)
    except Exception as error:
        return _failed(cell, f"{type(error).__name__}: {error}", time.perf_counter() - began)
    return Record(cell, status, values, reason, time.perf_counter() - began, socket.gethostname())


def _unknown(observables: Mapping[str, Observable], values: Mapping[str, Any]) -> list[str]:
    """Observables that are nan throughout, although nan is no answer."""
    return [
        name
        for name, observable in observables.items()
        if not observable.may_be_nan and np.size(values[name]) and np.all(np.isnan(values[name]))
    ]


def _collect(
    running: "dict[Future[list[Record]], tuple[Piece, bool]]", ended: "SimpleQueue[Future[list[Record]]]"
) -> tuple[list[Record], list[Cell], bool]:
    """Wait for one future at least; take out those that have ended: records, cells to run alone, whether the workers are gone.

    They report themselves: to look through all that wait would take as long as there are cells, every time.
    """
    finished: list[Record] = []
    lost: list[Cell] = []
    broken = False
    while not (finished or lost) or not ended.empty():
        future = ended.get()
        if future not in running:  # of a pool that was given up
            continue
        piece, alone = running.pop(future)
        try:
            finished += future.result()
        except BrokenExecutor:
            broken = True
            if alone:
                finished += [_failed(cell, _KILLED) for cell in piece]
            else:
                lost += piece
        except CancelledError as error:
            raise ScanError("the cluster is gone; finished cells are kept; run the same command again") from error
        except Exception as error:  # the executor's own: a worker killed too often, a result that cannot be sent
            if len(piece) == 1:
                finished.append(_failed(piece[0], f"{type(error).__name__}: {error}"))
            else:  # one of them is to blame
                lost += piece
    return finished, lost, broken


def _failed(cell: Cell, reason: str, seconds: float = 0.0) -> Record:
    return Record(cell, CellStatus.FAILED, {}, " ".join(reason.split()), seconds, socket.gethostname())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_here: list[Experiment] = []  # the experiment of this worker process


def _enter(experiment: Experiment, parent: int) -> None:
    """Prepare a worker process: keep the experiment, leave Ctrl-C to the parent, and end when the parent is gone."""
    _here[:] = [experiment]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH)
    os._exit(1)


class _One(list[Record]):
    """A list that Dask sends as one: of a plain one it sends every entry by itself, which takes as long as a small cell."""


def _in_one(experiment: Experiment, cells: Piece) -> _One:
    return _One(all_measured(experiment, cells))


def _itself(experiment: Experiment) -> Experiment:
    return experiment


def _measured_here(cells: Piece) -> list[Record]:
    return all_measured(_here[0], cells)

"""scan(): measure the cells of an experiment that are not in the store yet."""

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from numerics.arrays import truth
from numerics.errors import InputError, ScanError, check_type
from numerics.scans.blueprint import Blueprint
from numerics.scans.experiment import Cell, Experiment
from numerics.scans.records import CellStatus, Record, key_of
from numerics.scans.results import open_scan, to_dataset, write_dataset
from numerics.scans.store import Memory, Store
from numerics.scans.workers import Borrowed, Processes, Workers, execute

if TYPE_CHECKING:
    import xarray

__all__ = ["OnProgress", "ScanProgress", "Session", "scan"]

_REWRITE = 60.0  # seconds between rewritings of the dataset while cells come in


@dataclass(frozen=True)
class ScanProgress:
    """Where a scan stands.

    Attributes
    ----------
    total, done, failed : int
        Cells; those done before this session and those that stopped short count as done.
    rate : float
        Cells per second in this session since the first came in, which has waited for the kernels to compile; 0 before.
    remaining : float
        Seconds left, by the costs of the cells, at that rate; nan before.
    """

    total: int
    done: int
    failed: int
    rate: float
    remaining: float


#: Called at the start and after every cell.
OnProgress = Callable[[ScanProgress], object]


def scan(
    experiment: Experiment,
    store: str | os.PathLike[str] | None = None,
    *,
    executor: Executor | Workers | None = None,
    retry_failed: bool = False,
    extend: bool = False,
    progress: OnProgress | None = None,
) -> "xarray.Dataset":
    """Measure every cell of an experiment, and return them as a labelled dataset.

    A cell is stored as it finishes. If the scan is stopped, in whatever way, the same call measures the cells that are missing,
    and the dataset is the same to the bit as that of a scan that was not stopped (on machines that compute alike).

    Parameters
    ----------
    experiment : Experiment
        For instance a :class:`numerics.Plan`.
    store : path, optional
        Folder of the dataset, by custom with the ending ``.zarr``. Without it results are only returned.
    executor : concurrent.futures.Executor or Workers, optional
        Where cells are measured; by default :class:`Processes`, one per core. :class:`Serial`, :class:`Dask`, or any executor,
        which stays open.
    retry_failed : bool
        Run again cells that failed or stopped short.
    extend : bool
        Add cells to a store that was made with others, all else being equal.
    progress : callable(ScanProgress), optional

    Returns
    -------
    xarray.Dataset
        See :func:`open_scan`.

    Raises
    ------
    InputError
        If the store is in use, or belongs to another plan (the difference is named).
    ScanError
        If the scan cannot go on: disk full, cluster gone. What was done is kept.
    """
    with Session(experiment, store, executor=executor, extend=extend, progress=progress) as session:
        session.run(experiment.cells, retry_failed=retry_failed)
        return session.dataset()


class Session:
    """An open scan: for scans that choose their next cells by the results of the last ones. Use it with ``with``.

    Parameters are those of :func:`scan`.
    """

    def __init__(
        self,
        experiment: Experiment,
        store: str | os.PathLike[str] | None = None,
        *,
        executor: Executor | Workers | None = None,
        extend: bool = False,
        progress: OnProgress | None = None,
    ) -> None:
        check_type(experiment, "experiment", Experiment)
        if store is not None:
            check_type(store, "store", str, os.PathLike)
        if progress is not None and not callable(progress):
            raise InputError(f"progress = {progress!r}; give a function of one ScanProgress, or None")
        truth(extend, "extend")
        self._experiment = experiment
        self._workers = _workers(executor)
        self._progress = progress
        blueprint = Blueprint.of(experiment)
        self._store: Memory = Memory(blueprint) if store is None else Store(store, blueprint, extend=extend)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Bring the dataset up to date and release the store."""
        try:
            self._rewrite()
        except ScanError:
            if error is None:  # else it is the same trouble again, and the first message says more
                raise
        finally:
            self._store.close()

    @property
    def records(self) -> list[Record]:
        """Cells measured until now, in the order of the experiment."""
        known = self._store.records
        return [known[key] for cell in self._store.blueprint.cells if (key := key_of(cell)) in known]

    def run(self, cells: Iterable[Cell], *, retry_failed: bool = False) -> None:
        """Measure those of the cells that are not stored yet."""
        cells = list(cells)
        truth(retry_failed, "retry_failed")
        again = {CellStatus.FAILED, CellStatus.STOPPED_SHORT} if retry_failed else set()
        missing = [cell for cell in cells if not self._has(cell, again)]
        kept = [record for cell in cells if (record := self._store.records.get(key_of(cell)))]
        failed = 0 if retry_failed else sum(record.status == CellStatus.FAILED for record in kept)
        tally = _Tally(self._experiment, missing, len(cells), failed)
        self._report(tally)
        if not missing:
            return
        rewritten = time.monotonic()
        for records in execute(self._experiment, missing, self._workers):
            self._store.append(records)
            for record in records:
                tally.count(record)
                self._report(tally)
            tally.start_clock()
            if time.monotonic() - rewritten > _REWRITE:
                self._rewrite()
                rewritten = time.monotonic()

    def dataset(self) -> "xarray.Dataset":
        """Everything measured until now."""
        if isinstance(self._store, Store):
            return open_scan(self._store.path)
        return to_dataset(self._store.blueprint, self._store.records)

    def _rewrite(self) -> None:
        if isinstance(self._store, Store):
            write_dataset(self.dataset(), self._store.path)

    def _has(self, cell: Cell, again: set[CellStatus]) -> bool:
        record = self._store.records.get(key_of(cell))
        return record is not None and record.status not in again

    def _report(self, tally: "_Tally") -> None:
        if self._progress is not None:
            self._progress(tally.progress)


class _Tally:
    """Cells done and failed, rate and time left, by the costs of the cells."""

    def __init__(self, experiment: Experiment, missing: list[Cell], total: int, failed: int) -> None:
        self._cost = experiment.cost
        self._total, self._missing, self._failed = total, len(missing), failed
        self._cost_left = sum(map(self._cost, missing))
        self._cost_spent, self._finished = 0.0, 0
        self._began, self._finished_before = float("nan"), 0

    def start_clock(self) -> None:
        """Leave out of rate and time left what came in before: it has waited for the kernels to compile."""
        if self._finished_before == 0:
            self._began, self._finished_before, self._cost_spent = time.monotonic(), self._finished, 0.0

    def count(self, record: Record) -> None:
        cost = self._cost(record.cell)
        self._cost_left, self._cost_spent = self._cost_left - cost, self._cost_spent + cost
        self._finished += 1
        self._failed += record.status == CellStatus.FAILED

    @property
    def progress(self) -> ScanProgress:
        seconds = time.monotonic() - self._began
        done = self._total - self._missing + self._finished - self._failed
        timed = self._finished - self._finished_before
        if not (self._finished_before and timed and seconds > 0.0):
            left = float("nan") if self._finished < self._missing else 0.0
            return ScanProgress(self._total, done, self._failed, 0.0, left)
        cost_left = max(0.0, self._cost_left)  # rounding can leave less than nothing
        remaining = cost_left * seconds / self._cost_spent if self._cost_spent else float("nan")
        return ScanProgress(self._total, done, self._failed, timed / seconds, remaining)


def _workers(executor: Executor | Workers | None) -> Workers:
    if executor is None:
        return Processes()
    if isinstance(executor, Workers):
        return executor
    if isinstance(executor, Executor):
        return Borrowed(executor)
    raise InputError(f"executor = {executor!r}; give a concurrent.futures.Executor, Serial(), Processes(n) or Dask(..)")

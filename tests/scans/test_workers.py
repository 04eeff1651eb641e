"""The same numbers on every kind of worker, and workers that die."""

import os
import signal
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import pytest

import numerics as nm
from numerics.scans import CellStatus, Record, Workers, failures
from numerics.scans.workers import _QUIET, Threads, _in_one, _Pieces, all_measured, local_cluster

QUARTER, HALF, WHOLE = Fraction(1, 4), Fraction(1, 2), Fraction(1)


@pytest.fixture(scope="module")
def expected(toy):
    return nm.scan(toy(), executor=nm.Serial())


def test_processes(toy, expected):
    seen = []
    assert nm.scan(toy(), executor=nm.Processes(2), progress=seen.append).identical(expected)
    assert [now.done for now in seen] == list(range(9))
    assert seen[-1].remaining == 0
    assert seen[-1].rate > 0


def test_any_executor_is_used_and_stays_open(toy, expected):
    with ThreadPoolExecutor(2) as pool:
        assert nm.scan(toy(), executor=pool).identical(expected)
        assert pool.submit(int).result() == 0


def test_longest_first(toy, tmp_path):
    nm.scan(toy(folder=tmp_path), executor=nm.Serial())
    sizes = [Fraction(line.split()[0]) for line in (tmp_path / "runs").read_text().splitlines()]
    assert sizes == sorted(sizes, reverse=True)


def test_a_worker_that_is_killed_costs_no_cell(toy, tmp_path, expected):
    experiment = toy(trouble={(WHOLE, 0): "die once"}, folder=tmp_path)
    assert nm.scan(experiment, executor=nm.Processes(2)).identical(expected)
    assert (tmp_path / "died").exists()


@pytest.mark.slow
def test_a_cell_that_kills_its_worker_fails_and_the_others_do_not(toy):
    result = nm.scan(toy(trouble={(HALF, 1): "die"}), executor=nm.Processes(2))
    assert int((result["status"] == CellStatus.DONE).sum()) == 7
    (reason,) = failures(result).values()
    assert "its worker process died, again when it ran alone" in reason


@pytest.mark.slow
def test_dask_cluster_with_a_worker_killed_in_the_middle(toy, tmp_path, expected, bytes_of):
    distributed = pytest.importorskip("distributed")
    trouble = {(Fraction(size, 4), seed): "wait" for size in range(1, 5) for seed in range(2)}
    whole, store = tmp_path / "whole.zarr", tmp_path / "runs.zarr"
    nm.scan(toy(), whole, executor=nm.Serial())
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        distributed.Client(cluster) as client,
    ):
        victims = list(client.run(os.getpid).values())

        def kill(now):
            if now.done >= 2 and len(victims) > 1:
                os.kill(victims.pop(), signal.SIGKILL)

        nm.scan(toy(trouble=trouble), store, executor=nm.Dask(client=client), progress=kill)
        assert len(victims) == 1
        assert client.submit(int).result() == 0  # not ours to close
        assert nm.scan(toy(), executor=nm.Dask(cluster.scheduler_address)).identical(expected)
    assert bytes_of(store) == bytes_of(whole)


def test_records_are_sent_over_a_cluster_as_one(toy):
    """Of a plain list Dask sends every entry by itself."""
    serialize = pytest.importorskip("distributed.protocol").serialize
    cells = toy(sizes=range(1, 51)).cells
    records = _in_one(toy(), cells)
    assert [record.cell for record in records] == cells
    assert len(serialize(records, iterate_collection=True)[1]) == 1
    assert len(serialize(list(records), iterate_collection=True)[1]) == len(cells)


def test_dask_looks_now_and_then_how_many_work(toy, monkeypatch):
    threads, answers = {"first": 1}, []

    class Cluster:
        def submit(self, *given, pure):
            return given[-1]

        def get_executor(self, pure):
            return SimpleNamespace(submit=lambda *given: Future())

        def nthreads(self):
            answers.append(dict(threads))
            if not threads:
                raise TimeoutError
            return threads

    workers = nm.Dask(client=Cluster())
    workers.start(toy())
    assert (workers.count, workers.window) == (1, 2)
    threads["second"] = 4
    workers.submit(toy().cells[:1])
    assert len(answers) == 1  # not for every piece
    monkeypatch.setattr(sys.modules["numerics.scans.workers"], "_LOOK", -1.0)
    workers.submit(toy().cells[:1])
    assert (workers.count, workers.window) == (5, 10)
    threads.clear()
    workers.submit(toy().cells[:1])
    assert (workers.count, workers.window) == (5, 10)  # the last answer there was


def test_a_local_cluster_seldom_looks_at_itself():
    pytest.importorskip("distributed")
    with local_cluster(1) as cluster, cluster.get_client() as client:

        def asked(name):
            import dask

            return dask.config.get(name)

        for name, value in _QUIET.items():
            assert set(client.run(asked, name).values()) == {value}  # in the workers
            assert asked(name) != value  # what the caller has is left alone


def test_threads_let_what_has_begun_come_to_its_end(toy):
    workers, experiment = Threads(), toy(trouble={(QUARTER, 0): "wait"})
    workers.start(experiment)
    future = workers.submit(experiment.cells[:1])
    while not future.running():
        time.sleep(0.01)
    workers.stop()
    assert future.done()
    assert future.result()[0].values["double"] == 0.5


@pytest.mark.parametrize(("count", "cores"), [(7, 7), (None, 1)])
def test_one_process_for_each_core_where_the_system_does_not_say_which_are_ours(monkeypatch, count, cores):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert nm.Processes().processes == cores
    assert nm.Processes(3).window == 6


def test_without_dask_it_is_one_line(toy, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(nm.InputError, match="Dask is not installed"):
        nm.scan(toy(), executor=nm.Dask(workers=1))


def test_a_cluster_that_does_not_answer(toy):
    pytest.importorskip("distributed")
    with pytest.raises(nm.InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        nm.scan(toy(), executor=nm.Dask("tcp://127.0.0.1:9", timeout=1))


def test_workers_end_with_the_scan(toy):
    before = threading.active_count()
    nm.scan(toy(), executor=nm.Processes(2))
    time.sleep(0.2)
    assert threading.active_count() <= before + 1


class Mortal(Workers):
    """Workers of this process that die with a cell, so many times; a death takes all that is running with it."""

    def __init__(self, window=None, deaths=None, most=1):
        self.window, self.deaths, self.most, self.restarts = window, dict(deaths or {}), most, 0
        self.count, self.pieces = 1, []
        self._lock = threading.Lock()

    def start(self, experiment):
        self._experiment, self._running = experiment, []

    def submit(self, cells):
        future = Future()
        self._running.append(future)
        self.pieces.append(cells)
        fatal = [place for cell in cells if self.deaths.get(place := (cell["x"], cell["seed"]), 0)]
        if fatal:
            self.deaths[fatal[0]] -= 1
            with self._lock:
                for lost in self._running:
                    if not lost.done():
                        lost.set_exception(BrokenExecutor())
        elif self.window == 1:
            future.set_result(all_measured(self._experiment, cells))
        else:
            threading.Timer(0.05, self._answer, (future, cells)).start()
        return future

    def _answer(self, future, cells):
        with self._lock:
            if not future.done():
                future.set_result(all_measured(self._experiment, cells))

    def restart(self):
        self.restarts += 1
        self._running = []

    def stop(self, running=()):
        pass


@pytest.mark.parametrize("window", [1, 2, None])
def test_what_still_runs_when_nothing_waits_is_waited_for(toy, window, expected):
    assert nm.scan(toy(), executor=Mortal(window)).identical(expected)


@pytest.mark.parametrize("window", [1, 2, None])
def test_suspects_alone_are_run_though_nothing_else_is_left(toy, window):
    """The last cell of all takes its worker with it, once: it is tried again, alone, and is done."""
    workers = Mortal(window, {(QUARTER, 0): 1})
    found = nm.scan(toy(sizes=(1,), seeds=1), executor=workers)
    assert found["status"].values.tolist() == [[CellStatus.DONE]]
    assert workers.restarts == 1


@pytest.mark.parametrize("window", [1, 2, None])
def test_the_last_cell_that_dies_again_fails_with_its_reason(toy, window):
    workers = Mortal(window, {(QUARTER, 1): 2})
    found = nm.scan(toy(), executor=workers)
    assert found["status"].sel(x=0.25).values.tolist() == [CellStatus.DONE, CellStatus.FAILED]
    assert int((found["status"] == CellStatus.DONE).sum()) == 7
    assert workers.restarts == 2


def test_every_cell_is_in_the_scan_whatever_dies(toy):
    deaths = {(Fraction(size, 4), seed): (size + seed) % 3 for size in range(1, 5) for seed in range(2)}
    found = nm.scan(toy(), executor=Mortal(2, deaths))
    assert set(found["status"].values.ravel()) == {CellStatus.DONE, CellStatus.FAILED}


def test_short_cells_are_handed_over_together(toy):
    """One by one until it is known how long they take; then many at a time, each of them once."""
    workers = Mortal(1, most=50)
    experiment = toy(sizes=range(1, 101), seeds=2)
    found = nm.scan(experiment, executor=workers)
    assert found.identical(nm.scan(experiment, executor=nm.Serial()))
    sizes = [len(piece) for piece in workers.pieces]
    assert sum(sizes) == 200
    assert sizes[0] == 1
    assert 20 < max(sizes) <= 50
    assert len(sizes) < 60


def pieces_of(experiment, seconds, count):
    """Seconds of the pieces for so many workers, where a unit of cost takes ``seconds``."""
    workers = Mortal(most=10_000)
    workers.count = count
    pieces = _Pieces(experiment, workers, experiment.cells)
    pieces.learn(
        [Record(experiment.cells[0], CellStatus.DONE, {}, "", seconds * experiment.cost(experiment.cells[0]), "")]
    )
    found = []
    while pieces.waiting:
        found.append(seconds * sum(map(experiment.cost, pieces.take())))
    return found


def test_pieces_are_shares_of_what_is_left(toy):
    """Eight shares, never longer than a quarter of a second, nor shorter than a twentieth but for the last."""
    experiment = toy(sizes=[40] * 400, seeds=1)  # of cost 10
    found = pieces_of(experiment, 1e-3, count=4)  # a hundredth of a second each, 4 s in all
    assert found[:3] == pytest.approx([0.24] * 3)
    assert all(now >= later for now, later in pairwise(found))
    assert found[-2] == pytest.approx(0.04)
    assert 8 * 0.24 > 4 - sum(found[:9]) > 8 * 0.2  # from there on they shorten
    long = pieces_of(experiment, 1e-2, count=4)
    assert long[0] == pytest.approx(0.2)  # two cells: a third would take too long
    assert long[-1] == pytest.approx(0.1)
    assert len(pieces_of(experiment, 1e-6, count=4)) == 1  # nothing to share out
    assert len(pieces_of(experiment, 1e-3, count=None)) > len(found)  # there may be many


def test_long_cells_are_handed_over_one_by_one(toy):
    class Slow(type(toy())):
        def cost(self, cell):
            return 1.0

        def measure(self, cell):
            time.sleep(0.13)
            return super().measure(cell)

    workers = Mortal(1, most=50)
    nm.scan(Slow(sizes=range(1, 9), seeds=1), executor=workers)
    assert [len(piece) for piece in workers.pieces] == [1] * 8


def test_a_cell_that_dies_among_others_is_found(toy):
    """The piece it was in is run again cell by cell: it alone fails."""
    workers = Mortal(1, {(Fraction(5), 0): 9}, most=50)
    found = nm.scan(toy(sizes=range(1, 41), seeds=2), executor=workers)
    assert int((found["status"] == CellStatus.DONE).sum()) == 79
    assert workers.restarts == 2


def test_a_piece_that_the_executor_refuses_is_run_cell_by_cell(toy):
    class Refusing(Mortal):
        def submit(self, cells):
            future = super().submit(cells)
            if any(cell["x"] == 5 for cell in cells):
                future = Future()
                future.set_exception(TypeError("cannot be sent"))
            return future

    found = nm.scan(toy(sizes=range(1, 41), seeds=1), executor=Refusing(1, most=50))
    assert int((found["status"] == CellStatus.DONE).sum()) == 39
    assert list(failures(found).values()) == ["TypeError: cannot be sent"]


def test_cells_measured_together_have_the_bits_of_cells_measured_alone():
    plan = nm.Plan(points=[("1/2", 0), ("7/4", 0), (1, "1/2")], widths=(100, 1000, 6000), seeds=2, loss_levels=(1e-2,))
    alone = [record for cell in plan.cells for record in all_measured(plan, [cell])]
    together = all_measured(plan, plan.cells)
    assert [record.values for record in together] == [record.values for record in alone]
    assert all(record.status == CellStatus.DONE for record in together)
    assert all(record.seconds > 0 for record in together)


def test_what_is_done_together_costs_no_cell_where_it_fails(toy):
    class Together(toy):
        def together(self, cells):
            raise ZeroDivisionError

    trouble = {(QUARTER, 1): "fail"}
    statuses = [record.status for record in all_measured(Together(trouble=trouble), toy().cells)]
    assert statuses.count(CellStatus.DONE) == 7
    assert statuses[1] == CellStatus.FAILED


def test_the_time_of_what_is_done_together_is_shared_out_by_cost(toy):
    class Together(toy):
        def together(self, cells):
            time.sleep(0.2)
            return self

    first, *_, last = all_measured(Together(), toy().cells)
    assert 0.0 < first.seconds < 0.1  # costs 1/4 of 5
    assert last.seconds == pytest.approx(4 * first.seconds, rel=0.3)
    assert sum(record.seconds for record in all_measured(Together(), toy().cells[:1])) < 0.1  # alone nothing is

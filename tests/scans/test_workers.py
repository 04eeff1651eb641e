"""The same numbers on every kind of worker, and workers that die."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest

import numerics as nm
from numerics.scans import CellStatus, failures

HALF, WHOLE = Fraction(1, 2), Fraction(1)


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


def test_a_cell_that_kills_its_worker_fails_and_the_others_do_not(toy):
    result = nm.scan(toy(trouble={(HALF, 1): "die"}), executor=nm.Processes(2))
    assert int((result["status"] == CellStatus.DONE).sum()) == 7
    (reason,) = failures(result).values()
    assert "its worker process died, again when it ran alone" in reason


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
            if now.done == 2 and victims:
                os.kill(victims.pop(), signal.SIGKILL)

        nm.scan(toy(trouble=trouble), store, executor=nm.Dask(client=client), progress=kill)
        assert len(victims) == 1
        assert client.submit(int).result() == 0  # not ours to close
        assert nm.scan(toy(), executor=nm.Dask(cluster.scheduler_address)).identical(expected)
    assert bytes_of(store) == bytes_of(whole)


def test_a_cluster_that_does_not_answer(toy):
    pytest.importorskip("distributed")
    with pytest.raises(nm.InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        nm.scan(toy(), executor=nm.Dask("tcp://127.0.0.1:9", timeout=1))


def test_workers_end_with_the_scan(toy):
    before = threading.active_count()
    nm.scan(toy(), executor=nm.Processes(2))
    time.sleep(0.2)
    assert threading.active_count() <= before + 1

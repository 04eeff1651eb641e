"""Nothing is lost: whatever stops a scan, what was finished is kept, and the rest is done by the same call again."""

import errno
import os
import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st

import numerics as nm
from numerics.scans import CellStatus, Session, failures, timing
from numerics.scans.records import short_text


class OneByOne(nm.Serial):
    """Cells come in one by one, however short they are: these tests stop scans between them."""

    most = 1


SERIAL = OneByOne()
HALF = Fraction(1, 2)


def interrupt_after(cells):
    def progress(now):
        if now.done == cells:
            raise KeyboardInterrupt

    return progress


def test_a_scan_is_a_labelled_dataset(toy, tmp_path):
    store = tmp_path / "runs.zarr"
    result = nm.scan(toy(), store, executor=SERIAL)
    assert result["double"].sel(x=0.75, seed=1).item() == 1.5
    assert result["powers"].sel(x=0.5, seed=0, power="second", bin=1.5).item() == 0.25 / 3
    assert result["powers"].dims == ("x", "seed", "power", "bin")
    assert (result["status"] == CellStatus.DONE).all()
    assert result.attrs["factor"] == 2.0
    assert "numpy" in result.attrs["versions"]
    assert failures(result) == {}
    assert (timing(store) >= 0).all()
    with xarray.open_zarr(store) as stored:
        assert stored.load().identical(result)
    assert nm.scan(toy(), executor=SERIAL).identical(result)


def test_an_interrupted_scan_goes_on_and_ends_with_the_same_bytes(toy, tmp_path, runs, bytes_of):
    whole, broken = tmp_path / "whole.zarr", tmp_path / "broken.zarr"
    nm.scan(toy(), whole, executor=SERIAL)
    for done in (3, 5):
        with pytest.raises(KeyboardInterrupt):
            nm.scan(toy(folder=tmp_path), broken, executor=SERIAL, progress=interrupt_after(done))
        assert int((nm.open_scan(broken)["status"] == CellStatus.DONE).sum()) == done
        with xarray.open_zarr(broken) as readable:
            assert int(np.isfinite(readable["double"]).sum()) == done
        assert bytes_of(broken) != bytes_of(whole)
    nm.scan(toy(folder=tmp_path), broken, executor=SERIAL)
    assert runs() == 8
    assert bytes_of(broken) == bytes_of(whole)


@pytest.mark.parametrize(("cut", "lost"), [(1, 1), (20, 1), (300, 2)])
def test_a_line_that_was_cut_off_is_run_again(toy, tmp_path, runs, bytes_of, cut, lost):
    store = tmp_path / "runs.zarr"
    nm.scan(toy(folder=tmp_path), store, executor=SERIAL)
    before, log = bytes_of(store), store / ".scan" / "records.log"
    log.write_bytes(log.read_bytes()[:-cut])
    assert int((nm.open_scan(store)["status"] == CellStatus.PENDING).sum()) == lost
    nm.scan(toy(folder=tmp_path), store, executor=SERIAL)
    assert runs() == 8 + lost
    assert bytes_of(store) == before


def test_a_damaged_line_is_run_again(toy, tmp_path, runs, bytes_of):
    store = tmp_path / "runs.zarr"
    nm.scan(toy(folder=tmp_path), store, executor=SERIAL)
    before, log = bytes_of(store), store / ".scan" / "records.log"
    lines = log.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b"DONE", b"GONE")
    log.write_bytes(b"".join(lines))
    nm.scan(toy(folder=tmp_path), store, executor=SERIAL)
    assert runs() == 9
    assert bytes_of(store) == before


def test_a_dataset_that_was_cut_off_is_made_again_from_the_log(toy, tmp_path, runs, bytes_of):
    store = tmp_path / "runs.zarr"
    nm.scan(toy(folder=tmp_path), store, executor=SERIAL)
    before = bytes_of(store)
    (store / "double" / ".zarray").unlink()
    (store / ".zmetadata").write_text("{")
    assert nm.open_scan(store)["double"].notnull().all()
    nm.scan(toy(folder=tmp_path), store, executor=SERIAL)
    assert runs() == 8
    assert bytes_of(store) == before


def test_a_second_process_is_refused(toy, tmp_path):
    store = tmp_path / "runs.zarr"
    with Session(toy(), store, executor=SERIAL) as first:
        with pytest.raises(nm.InputError, match=rf"is in use by process {os.getpid()} on .*; wait for it to end"):
            nm.scan(toy(), store, executor=SERIAL)
        first.run(toy().cells[:2])
        assert int(nm.open_scan(store)["double"].notnull().sum()) == 2  # readers are welcome
    nm.scan(toy(), store, executor=SERIAL)


def test_another_plan_is_refused_with_the_difference(toy, tmp_path, bytes_of):
    store = tmp_path / "runs.zarr"
    nm.scan(toy(), store, executor=SERIAL)
    before = bytes_of(store)
    with pytest.raises(nm.InputError, match=r"another scan: factor: the store has 2\.0, this plan 3\.0; choose"):
        nm.scan(toy(factor=3.0), store, executor=SERIAL, extend=True)
    with pytest.raises(nm.InputError, match=r"seed: the store has 0, 1 \(2\), this plan 0, 1, 2 \(3\); choose"):
        nm.scan(toy(seeds=3), store, executor=SERIAL)
    with pytest.raises(nm.InputError, match=r"x: the store has 0\.25, 0\.5, 0\.75, 1 \(4\), this plan 0\.25, 5 \(2\)"):
        nm.scan(toy(sizes=(1, 20)), store, executor=SERIAL)
    assert bytes_of(store) == before


def test_a_store_can_be_extended(toy, tmp_path, runs, bytes_of):
    grown, whole = tmp_path / "grown.zarr", tmp_path / "whole.zarr"
    nm.scan(toy(sizes=(1, 3), folder=tmp_path), grown, executor=SERIAL)
    nm.scan(toy(sizes=(1, 2, 3), folder=tmp_path), grown, executor=SERIAL, extend=True)
    assert runs() == 6
    nm.scan(toy(sizes=(1, 2, 3)), whole, executor=SERIAL)
    assert bytes_of(grown) == bytes_of(whole)


def test_cells_that_were_added_are_pending_until_they_are_measured(toy, tmp_path):
    store = tmp_path / "runs.zarr"
    nm.scan(toy(sizes=(1,)), store, executor=SERIAL)
    with pytest.raises(KeyboardInterrupt):
        nm.scan(toy(sizes=(1, 2)), store, executor=SERIAL, extend=True, progress=interrupt_after(3))
    assert nm.open_scan(store)["status"].values.tolist() == [[2, 2], [2, 1]]
    with Session(toy(sizes=(1, 2)), store, executor=SERIAL) as session:  # they are part of the plan now
        assert len(session.records) == 3


def test_cells_that_are_not_of_the_plan_are_told_from_those_to_come(toy, tmp_path):
    with Session(toy(sizes=(1, 2)), tmp_path / "runs.zarr", executor=SERIAL) as session:
        session.run([{"x": Fraction(3, 4), "seed": 0}])
    status = nm.open_scan(tmp_path / "runs.zarr")["status"]
    assert status.values.tolist() == [[1, 1], [1, 1], [2, 0]]


def test_a_cell_that_fails_keeps_its_reason_and_is_retried_on_demand(toy, tmp_path, runs):
    store, trouble = tmp_path / "runs.zarr", {(HALF, 1): "fail", (HALF, 0): "short"}
    result = nm.scan(toy(trouble=trouble), store, executor=SERIAL)
    assert result["status"].sel(x=0.5).values.tolist() == [CellStatus.STOPPED_SHORT, CellStatus.FAILED]
    assert np.isnan(result["double"].sel(x=0.5, seed=1))
    assert result["double"].sel(x=0.5, seed=0) == 1.0
    assert failures(result) == {"x=0.5, seed=0": "ran out of luck", "x=0.5, seed=1": "ZeroDivisionError: no luck"}
    nm.scan(toy(folder=tmp_path), store, executor=SERIAL)
    assert runs() == 0
    result = nm.scan(toy(folder=tmp_path), store, executor=SERIAL, retry_failed=True)
    assert runs() == 2
    assert (result["status"] == CellStatus.DONE).all()
    assert failures(result) == {}


def test_progress_counts_the_cells_that_failed_before(toy, tmp_path):
    store, trouble = tmp_path / "runs.zarr", {(HALF, 1): "fail", (HALF, 0): "short"}
    seen = []
    nm.scan(toy(trouble=trouble), store, executor=SERIAL, progress=seen.append)
    assert (seen[-1].total, seen[-1].done, seen[-1].failed) == (8, 7, 1)
    for retry_failed, expected in ((False, [(7, 1)]), (True, [(6, 0), (7, 0), (8, 0)])):
        seen.clear()
        nm.scan(toy(), store, executor=SERIAL, progress=seen.append, retry_failed=retry_failed)
        assert [(now.done, now.failed) for now in seen] == expected


def test_the_rest_is_foreseen_by_the_costs_of_the_cells(toy, monkeypatch):
    """Costs 1/4, 1/2, 3/4, 1, the largest first, 2 s each; counted after the first, which may compile."""
    clock, seen = [100.0], []

    class Slow(toy):
        def measure(self, cell):
            clock[0] += 2.0
            return super().measure(cell)

    monkeypatch.setattr(sys.modules["numerics.scans.scan"], "time", SimpleNamespace(monotonic=lambda: clock[0]))
    nm.scan(Slow(seeds=1), executor=SERIAL, progress=seen.append)
    assert [now.done for now in seen] == [0, 1, 2, 3, 4]
    assert [now.rate for now in seen] == [0.0, 0.0, 0.5, 0.5, 0.5]
    assert np.isnan([now.remaining for now in seen[:2]]).all()
    assert [now.remaining for now in seen[2:]] == pytest.approx([2 * 0.75 / 0.75, 4 * 0.25 / 1.25, 0.0])


def test_of_many_values_a_message_shows_the_ends(toy, tmp_path):
    store = tmp_path / "runs.zarr"
    nm.scan(toy(sizes=range(1, 9), seeds=1), store, executor=SERIAL)
    shown = r"x: the store has 0\.25, 0\.5, 0\.75, \.\., 1\.5, 1\.75, 2 \(8\), this plan 0\.25, 0\.5, 0\.75, 1, 1\.25, 1\.5 \(6\)"
    with pytest.raises(nm.InputError, match=shown):
        nm.scan(toy(sizes=range(1, 7), seeds=1), store, executor=SERIAL)


def test_a_dataset_that_cannot_be_written_is_one_line(toy, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    store = tmp_path / "runs.zarr"
    monkeypatch.setattr(xarray.Dataset, "to_zarr", full)
    with pytest.raises(
        nm.ScanError, match=r"cannot write the dataset to .*: No space left on device; every finished cell"
    ):
        nm.scan(toy(), store, executor=SERIAL)
    with pytest.raises(KeyboardInterrupt):  # what stopped the scan says more than what came of it
        nm.scan(toy(sizes=range(1, 9)), store, executor=SERIAL, extend=True, progress=interrupt_after(10))
    monkeypatch.undo()
    assert int(nm.open_scan(store)["double"].notnull().sum()) == 10


def test_cells_that_fail_are_told_apart(toy, tmp_path):
    """A text of six digits says 1e+06 of both widths, and 0.333333 of both fractions."""
    sizes = (1000000, 1000002, Fraction(4, 3), Fraction(1333333, 1000000), Fraction(1333332, 1000000), -1)
    trouble = {(Fraction(size, 4), 0): "fail" for size in sizes}
    result = nm.scan(toy(sizes=sizes, seeds=1, trouble=trouble), executor=SERIAL)
    places = ("-0.25", "0.333333", "0.33333325", "1/3", "250000", "250000.5")
    assert list(failures(result)) == [f"x={place}, seed=0" for place in places]
    store = tmp_path / "runs.zarr"
    nm.scan(toy(sizes=(4000000,)), store, executor=SERIAL)
    with pytest.raises(nm.InputError, match=r"x: the store has 1000000 \(1\), this plan 1000002 \(1\)"):
        nm.scan(toy(sizes=(4000008,)), store, executor=SERIAL)


@given(st.lists(st.fractions() | st.integers(-(10**9), 10**9), min_size=2, max_size=2, unique=True))
def test_the_text_of_a_coordinate_is_exact(values):
    first, second = map(short_text, values)
    assert first != second
    assert (Fraction(first), Fraction(second)) == tuple(values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-3, "-3"),
        (1000002, "1000002"),
        (10**20 + 1, "100000000000000000001"),
        (Fraction(7, 4), "1.75"),
        (Fraction(-1, 20), "-0.05"),
        (Fraction(10, 1), "10"),
        (Fraction(1, 10**12), "0.000000000001"),
        (Fraction(1, 10**13), "1/10000000000000"),
        (Fraction(-2, 3), "-2/3"),
    ],
)
def test_the_text_of_a_coordinate_is_short(value, text):
    assert short_text(value) == text


def test_a_full_disk_stops_the_scan_and_loses_nothing(toy, tmp_path, monkeypatch, bytes_of):
    store, whole = tmp_path / "runs.zarr", tmp_path / "whole.zarr"
    nm.scan(toy(), whole, executor=SERIAL)
    real, room = os.write, [1000]

    def write(file, data):
        written = real(file, data[: room[0]])
        room[0] -= written
        if written == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return written

    monkeypatch.setattr("numerics.scans.store.os.write", write)
    with pytest.raises(nm.ScanError, match=r"No space left on device; the [1-7] cells that are there stay readable"):
        nm.scan(toy(), store, executor=SERIAL)
    monkeypatch.undo()
    assert 1 <= int(nm.open_scan(store)["double"].notnull().sum()) <= 7
    assert (store / ".scan" / "records.log").read_bytes().endswith(b"\n")
    nm.scan(toy(), store, executor=SERIAL)
    assert bytes_of(store) == bytes_of(whole)


def test_a_wrong_measurement_is_a_failure_not_a_crash(toy, tmp_path):
    class Wrong(toy):
        def measure(self, cell):
            return nm.Outcome({"double": [1.0, 2.0], "powers": 0.0})

    assert "double has shape (2,), not ()" in next(iter(failures(nm.scan(Wrong(), executor=SERIAL)).values()))


@pytest.mark.parametrize(
    ("prepare", "match"),
    [
        (lambda path: path.write_text("mine"), "exists and is not the store"),
        (lambda path: (path.mkdir(), (path / "mine").write_text("")), "exists and is not the store"),
    ],
)
def test_what_is_there_is_not_overwritten(toy, tmp_path, prepare, match):
    path = tmp_path / "runs.zarr"
    prepare(path)
    with pytest.raises(nm.InputError, match=match):
        nm.scan(toy(), path, executor=SERIAL)
    with pytest.raises(nm.InputError, match="is not the store of a scan"):
        nm.open_scan(path)


def test_mistakes_in_a_call(toy):
    with pytest.raises(nm.InputError, match="executor = 3; give"):
        nm.scan(toy(), executor=3)
    with pytest.raises(nm.InputError, match="has no cells"):
        nm.scan(toy(sizes=()), executor=SERIAL)
    with pytest.raises(nm.InputError, match="given twice"):
        nm.scan(toy(sizes=(1, 1)), executor=SERIAL)
    with pytest.raises(nm.InputError, match="processes = 0"):
        nm.Processes(0)
    with pytest.raises(nm.InputError, match="give one of"):
        nm.Dask()


def test_the_time_left_leaves_out_what_waited_for_the_kernels(toy):
    """A first cell of half a second and seven of none: after the second there are not six quarters of a second left."""
    seen = []
    first = {(Fraction(1, 4), 0): "wait"}
    nm.scan(toy(sizes=(1,), seeds=8, trouble=first), executor=SERIAL, progress=seen.append)
    assert [now.rate for now in seen[:2]] == [0.0, 0.0]
    assert np.isnan([now.remaining for now in seen[:2]]).all()
    assert all(now.remaining < 0.5 and now.rate > 5 for now in seen[2:])
    assert seen[-1].remaining == 0.0


def test_the_slow_readers_of_data_are_loaded_for_those_who_ask():
    slow = ("xarray", "zarr", "pandas", "loky", "matplotlib", "distributed")
    code = f"import sys, numerics; sys.exit(any(name in sys.modules for name in {slow}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The parts of a scan one by one: what a session rewrites and when, what a record keeps, what workers are handed."""

import math
import os
import signal
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st

import numerics as nm
from numerics.scans import CellStatus, Record, Session, failures, notes, timing
from numerics.scans.blueprint import Blueprint
from numerics.scans.records import decode_line, encode_line
from numerics.scans.signals import held_back
from numerics.scans.workers import Borrowed, Threads, _measured_here

SERIAL = nm.Serial()


@pytest.fixture
def clock(monkeypatch):
    """The time that a scan sees; it passes where a test says so."""
    now = [100.0]
    monkeypatch.setattr(sys.modules["numerics.scans.scan"], "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_the_dataset_is_rewritten_every_minute_while_cells_come_in(toy, tmp_path, clock):
    store, there = tmp_path / "runs.zarr", []

    class Slow(toy):
        def measure(self, cell):
            clock[0] += 40.0
            return super().measure(cell)

    def look(now):
        try:
            with xarray.open_zarr(store) as data:
                there.append(int(np.isfinite(data["double"]).sum()))
        except (FileNotFoundError, ValueError):
            there.append(None)

    one_by_one = type("OneByOne", (nm.Serial,), {"most": 1})()
    nm.scan(Slow(seeds=1, sizes=range(1, 6)), store, executor=one_by_one, progress=look)
    assert there == [None, None, None, 2, 2, 4]  # after 80 s and after 160 s, not after 40 s


def test_on_a_clock_that_stands_still_nothing_is_foreseen(toy, clock):
    seen = []
    nm.scan(toy(), executor=SERIAL, progress=seen.append)
    assert {now.rate for now in seen} == {0.0}
    assert np.isnan([now.remaining for now in seen[:-1]]).all()
    assert seen[-1].remaining == 0.0


def test_cells_without_a_cost_are_not_foreseen(toy, clock):
    class Free(toy):
        def cost(self, cell):
            return 0.0

        def measure(self, cell):
            clock[0] += 1.0
            return super().measure(cell)

    seen = []
    nm.scan(Free(), executor=SERIAL, progress=seen.append)
    assert seen[-1].rate == 1.0
    assert np.isnan(seen[-1].remaining)


def test_records_come_in_the_order_of_the_experiment(toy, tmp_path):
    with Session(toy(), tmp_path / "runs.zarr", executor=SERIAL) as session:
        assert session.records == []
        session.run([])
        session.run(toy().cells[5:3:-1])
        assert [record.cell for record in session.records] == toy().cells[4:6]
        session.run(toy().cells)
        assert [record.cell for record in session.records] == toy().cells


def test_a_session_runs_failed_cells_again_on_demand_only(toy):
    class Failing(toy):
        def measure(self, cell):
            tried.append(cell)
            raise ZeroDivisionError

    tried = []
    with Session(Failing(), executor=SERIAL) as session:
        for retry, count in (({}, 2), ({}, 2), ({"retry_failed": True}, 4)):
            session.run(toy().cells[:2], **retry)
            assert len(tried) == count


@pytest.mark.skipif(os.name != "posix", reason="a system without such permissions")
def test_a_log_is_readable_as_any_new_file_is(toy, tmp_path):
    nm.scan(toy(sizes=(1,)), tmp_path / "runs.zarr", executor=SERIAL)
    (tmp_path / "new").touch()
    modes = [(tmp_path / name).stat().st_mode for name in ("new", "runs.zarr/.scan/records.log")]
    assert modes[0] & 0o644 == modes[1] & 0o777


def test_what_was_left_in_a_store_that_was_cut_off_is_cleared_away(toy, tmp_path, bytes_of):
    store, whole = tmp_path / "runs.zarr", tmp_path / "whole.zarr"
    nm.scan(toy(), whole, executor=SERIAL)
    for name in ("new", "old"):
        (store / ".scan" / name / "double").mkdir(parents=True)
        (store / ".scan" / name / "double" / "0.0").write_text("half")
    nm.scan(toy(), store, executor=SERIAL)
    assert bytes_of(store) == bytes_of(whole)
    assert sorted(path.name for path in (store / ".scan").iterdir()) == ["lock", "owner", "plan.json", "records.log"]
    empty = tmp_path / "empty.zarr"
    empty.mkdir()
    nm.scan(toy(), empty, executor=SERIAL)  # nothing is there to be lost
    assert bytes_of(empty) == bytes_of(whole)


def test_an_extended_store_keeps_its_title_and_takes_the_new_command(toy, tmp_path):
    class Named(toy):
        title, command = "first", "scan 1"

    class Renamed(toy):
        title, command = "second", "scan 1,2"

    store = tmp_path / "runs.zarr"
    before = nm.scan(Named(sizes=(1,)), store, executor=SERIAL)
    after = nm.scan(Renamed(sizes=(1, 2)), store, executor=SERIAL, extend=True)
    assert (before.attrs["title"], before.attrs["command"]) == ("first", "scan 1")
    assert (after.attrs["title"], after.attrs["command"]) == ("first", "scan 1,2")
    assert after.attrs["versions"] == before.attrs["versions"]  # of both sessions, said once
    hole = type("Hole", (Named,), {"cells": Named(sizes=(1, 2)).cells[1:]})()
    with pytest.raises(
        nm.InputError, match=r"cells: the store has 4, this plan 3 others; choose another store, or add"
    ):
        nm.scan(hole, store, executor=SERIAL)


def test_other_observables_are_another_scan_and_the_difference_is_said(toy, tmp_path):
    class Other(toy):
        @property
        def observables(self):
            return {"half": nm.Observable("x/2"), "powers": nm.Observable("", {"power": ("first",)})}

    nm.scan(toy(), tmp_path / "runs.zarr", executor=SERIAL)
    found, cells = Blueprint.of(toy()).differences(Blueprint.of(Other()))
    assert cells == []
    assert found == [
        "observable double: the store has a number, this plan none",
        "observable half: the store has none, this plan a number",
        "observable powers: the store has power ['first', 'second'] by bin [0.5, 1.5, 2.5], this plan power ['first']",
    ]
    with pytest.raises(nm.InputError, match="holds another scan: observable double: the store has a number"):
        nm.scan(Other(), tmp_path / "runs.zarr", executor=SERIAL, extend=True)


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        ([{}], "has no cells"),
        ([{"x": 1, "seed": 0}, {"seed": 0, "x": 2}], "cells differ in their coordinates"),
        ([{"x": 1}, {"x": 2, "seed": 0}], "cells differ in their coordinates"),
    ],
)
def test_cells_have_the_same_coordinates(toy, cells, match):
    with pytest.raises(nm.InputError, match=match):
        Blueprint.of(type("Odd", (toy,), {"cells": cells})())


def test_a_note_is_no_failure(toy):
    class Noted(toy):
        def measure(self, cell):
            return nm.Outcome(super().measure(cell).values, note="" if cell["seed"] else "at rest")

    found = nm.scan(Noted(sizes=(2,)), executor=SERIAL)
    assert (found["status"] == CellStatus.DONE).all()
    assert notes(found) == {"x=0.5, seed=0": "at rest"}
    assert failures(found) == {}
    assert notes(nm.scan(toy(), executor=SERIAL)) == {}


def test_seconds_of_a_cell(toy, tmp_path):
    """Of the one that waited; nan where nothing was measured."""
    store, trouble = tmp_path / "runs.zarr", {(Fraction(1, 4), 1): "wait"}
    with Session(toy(sizes=(1,), trouble=trouble), store, executor=SERIAL) as session:
        session.run([toy().cells[1]])
    seconds = timing(store)
    assert 0.5 <= seconds.sel(x=0.25, seed=1) < 5.0
    assert np.isnan(seconds.sel(x=0.25, seed=0))
    assert (seconds.dims, seconds.attrs["units"]) == (("x", "seed"), "s")


numbers = st.floats(allow_nan=False)


@given(
    x=st.fractions() | st.integers(),
    values=st.lists(numbers, min_size=1, max_size=3),
    reason=st.text(st.characters(exclude_categories=["Cs"])),
    seconds=st.floats(0, 1e9),
    status=st.sampled_from([CellStatus.DONE, CellStatus.STOPPED_SHORT, CellStatus.FAILED]),
)
def test_a_record_is_one_line_and_comes_back_whole(x, values, reason, seconds, status):
    record = Record({"x": x, "seed": 3}, status, {"v": values}, reason, seconds, "here", "a mark")
    line = encode_line(record)
    assert line.count(b"\n") == 1
    back = decode_line(line)
    assert back == record
    assert type(back.cell["x"]) is (int if isinstance(x, int) else Fraction)
    for damaged in (line[:-1], line[:-2] + b"\n", line[1:]):
        assert decode_line(damaged) is None


def test_a_line_of_numbers_that_json_does_not_know():
    record = Record({"x": 1}, CellStatus.DONE, {"v": np.array([np.nan, np.inf, 0.1])}, "", math.inf, "here")
    back = decode_line(encode_line(record))
    assert back.seconds == 0.0
    np.testing.assert_array_equal(back.values["v"], [np.nan, np.inf, 0.1])
    assert decode_line(encode_line({"session": {"a": 1}})) == {"session": {"a": 1}}


def test_shape_and_labels_of_an_observable():
    found = nm.Observable("a table", {"power": ("first", "second"), "bin": (1, 2, 3)})
    assert found.shape == (2, 3)
    assert found.labels == {"power": ("first", "second"), "bin": (1.0, 2.0, 3.0)}
    assert nm.Observable("a number").shape == ()


def test_an_executor_is_handed_two_cells_a_worker():
    with ThreadPoolExecutor(3) as pool:
        assert Borrowed(pool).window == 6
    assert Borrowed(SimpleNamespace()).window is None  # who does not say how many gets all
    assert nm.Serial().window == 1
    assert nm.Dask(workers=1).window is None


def test_a_worker_process_measures_by_the_experiment_that_it_was_given(toy, monkeypatch):
    monkeypatch.setattr("numerics.scans.workers._here", [toy(factor=5.0)])
    (record,) = _measured_here(toy().cells[:1])
    assert record.values["double"] == 1.25


def test_threads_are_one_a_core(toy, monkeypatch):
    monkeypatch.setattr("numerics.scans.workers._cores", lambda: 3)
    workers = Threads()
    assert nm.scan(toy(), executor=workers).identical(nm.scan(toy(), executor=SERIAL))
    assert workers.window == 6


def test_what_waits_is_cancelled_when_a_scan_is_stopped():
    closed = []
    for workers in (Borrowed(None), nm.Dask(client=SimpleNamespace(submit=print, get_executor=print))):
        workers._executor = SimpleNamespace(shutdown=lambda wait: closed.append(wait))
        waiting = [Future(), Future()]
        workers.stop(waiting)
        assert all(future.cancelled() for future in waiting)
    assert closed == [False]  # Dask's alone, which was opened here
    assert workers.client is not None  # the caller's


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="a system without blocks of signals")
def test_signals_are_held_back_and_let_through_afterwards():
    came = []
    before = signal.signal(signal.SIGTERM, lambda *_: came.append(1))
    try:
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            assert came == []
        assert came == [1]
        with suppress(KeyError), held_back():
            raise KeyError
        assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.signal(signal.SIGTERM, before)

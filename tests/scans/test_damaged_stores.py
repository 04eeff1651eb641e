"""Nothing is mixed: a damaged plan or records of other settings are one clear line, and the records stay as they are."""

import json
import os
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import numerics as nm
from numerics.scans import CellStatus, failures, timing
from numerics.scans.blueprint import Blueprint
from numerics.scans.records import checksum, decode_line, encode_line
from numerics.scans.store import read_log

SERIAL = nm.Serial()
#: Plan and log as they were written before there were checksums and marks: of toy(sizes=(1, 2)), one cell short, one failed.
OLD = Path(__file__).parent / "store_without_checksums"


@pytest.fixture
def store(toy, tmp_path):
    """A finished store."""
    nm.scan(toy(), tmp_path / "runs.zarr", executor=SERIAL)
    return tmp_path / "runs.zarr"


@pytest.fixture
def old(tmp_path):
    """A store of an older version."""
    folder = tmp_path / "old.zarr" / ".scan"
    folder.mkdir(parents=True)
    for file in OLD.iterdir():
        shutil.copy(file, folder)
    return folder.parent


def refused(call, store, *parts):
    """Assert that a call is refused in one line with these parts, and that no byte of the store's log and plan changes."""
    files = [store / ".scan" / name for name in ("plan.json", "records.log")]
    before = [file.read_bytes() if file.exists() else None for file in files]
    with pytest.raises(nm.InputError) as caught:
        call()
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)
    assert [file.read_bytes() if file.exists() else None for file in files] == before


def changed(**entries):
    """The plan with other entries, as a store of an older version: none vouches for their types."""

    def change(text):
        content = json.loads(text) | {"format": 1} | entries
        del content["checksum"]
        return json.dumps(content).encode()

    return change


def vouched(**entries):
    """The plan with other entries and the right checksum."""

    def change(text):
        content = json.loads(text) | entries
        del content["checksum"]
        return json.dumps({"checksum": checksum(json.dumps(content).encode()), **content}).encode()

    return change


OBSERVABLE = {"description": "twice x", "labels": {}}
DAMAGE = {
    "empty": (lambda text: b"", "it is empty"),
    "blank": (lambda text: b" \n", "it is empty"),
    "zeros": (lambda text: bytes(len(text)), "not whole JSON"),
    "truncated": (lambda text: text[:-1], "not whole JSON"),
    "half": (lambda text: text[: len(text) // 2], "not whole JSON"),
    "not JSON": (lambda text: b"factor = 2", "not whole JSON"),
    "not text": (lambda text: b"\xff\xfe" + text, "not whole JSON"),
    "deep": (lambda text: b"[" * 100_000, "not whole JSON"),
    "list": (lambda text: b"[1, 2]", "not a JSON object"),
    "number": (lambda text: b"3", "not a JSON object"),
    "null": (lambda text: b"null", "not a JSON object"),
    "surrogate": (lambda text: text.replace(b'"Toy"', b'"\\ud800"'), "checksum is wrong"),
    "flipped": (lambda text: text.replace(b'"factor": 2.0', b'"factor": 3.0'), "checksum is wrong"),
    "flipped format": (lambda text: text.replace(b'"format": 2', b'"format": 1'), "checksum is wrong"),
    "flipped checksum": (lambda text: text.replace(b'"checksum": "', b'"checksum": "0'), "checksum is wrong"),
    "flipped name": (lambda text: text.replace(b'"checksum"', b'"checksun"'), "checksum is missing"),
    "no object inside": (lambda text: b"{}", "checksum is missing"),
    "cells": (changed(cells=3), "'cells'"),
    "no cells": (changed(cells=[]), "'cells'"),
    "cells of numbers": (changed(cells=[[1, 2]]), "'cells'"),
    "cells of words": (changed(cells=[["x", "y"]]), "'cells'"),
    "a cell over zero": (changed(cells=[["1/0", "0"]]), "'cells'"),
    "a short cell": (changed(cells=[["1/4"]]), "'cells'"),
    "dimensions": (changed(dimensions="xs"), "'dimensions'"),
    "a dimension twice": (changed(dimensions=["x", "x"]), "'dimensions'"),
    "no dimensions": (changed(dimensions=[], cells=[[]]), "'dimensions'"),
    "settings": (changed(settings=[2.0]), "'settings'"),
    "a setting": (changed(settings={"factor": [2.0]}), "'settings'"),
    "observables": (changed(observables=["double"]), "'observables'"),
    "an observable": (changed(observables={"double": "twice x"}), "'observables'"),
    "description": (changed(observables={"double": OBSERVABLE | {"description": 3}}), "'observables'"),
    "labels": (changed(observables={"double": OBSERVABLE | {"labels": ["a"]}}), "'observables'"),
    "a label": (changed(observables={"double": OBSERVABLE | {"labels": {"bin": [None]}}}), "'observables'"),
    "title": (changed(title=None), "'title'"),
    "command": (changed(command=3), "'command'"),
    "a wrong type with the right checksum": (vouched(cells={"x": 1}), "'cells'"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_plan_is_one_line_and_the_records_are_kept(toy, store, kind):
    damage, reason = DAMAGE[kind]
    plan = store / ".scan" / "plan.json"
    damaged = damage(plan.read_bytes())
    assert damaged != plan.read_bytes()
    plan.write_bytes(damaged)
    parts = (f"{plan} is damaged: ", reason, "records beside it are kept", "move it away and run the same scan again")
    for call in (
        lambda: nm.open_scan(store),
        lambda: timing(store),
        lambda: nm.scan(toy(), store, executor=SERIAL),
        lambda: nm.scan(toy(sizes=(1, 2, 3, 4, 5)), store, executor=SERIAL, extend=True),
    ):
        refused(call, store, *parts)


def test_every_flipped_bit_of_a_plan_is_noticed_or_changes_nothing(store):
    text = (store / ".scan" / "plan.json").read_bytes()
    whole = Blueprint.from_json(text)
    for place in range(len(text)):
        for bit in (1, 8, 32, 128):
            try:
                read = Blueprint.from_json(text[:place] + bytes([text[place] ^ bit]) + text[place + 1 :])
            except ValueError:
                continue
            assert read == whole


def test_a_plan_of_a_later_version_says_so(store):
    plan = store / ".scan" / "plan.json"
    plan.write_bytes(vouched(format=3)(plan.read_bytes()))
    refused(lambda: nm.open_scan(store), store, "format 3, this version reads 1 and 2", "use the version")


def test_a_plan_that_cannot_be_read_is_one_line(store):
    plan = store / ".scan" / "plan.json"
    plan.unlink()
    plan.mkdir()
    with pytest.raises(nm.InputError, match=r"plan\.json cannot be read: .*; nothing was changed"):
        nm.open_scan(store)


def test_what_the_line_says_helps(toy, store, tmp_path, runs, bytes_of):
    """Moved away, and the same scan run again: no cell is measured twice."""
    before, plan = bytes_of(store), store / ".scan" / "plan.json"
    whole = plan.read_bytes()
    plan.write_bytes(b"{")
    plan.rename(tmp_path / "damaged.json")
    refused(lambda: nm.open_scan(store), store, f"{plan} is missing", "are kept", "run the same scan again")
    nm.scan(toy(folder=tmp_path), store, executor=SERIAL)
    assert runs() == 0
    assert plan.read_bytes() == whole
    assert bytes_of(store) == before


def test_records_of_other_settings_are_never_mixed_with_those_of_this_plan(toy, store, tmp_path, runs):
    plan = store / ".scan" / "plan.json"
    whole = plan.read_bytes()
    plan.unlink()
    log = store / ".scan" / "records.log"
    parts = (
        f"{log} has records that were measured under other settings",
        "(8); they are kept: put back",
        "another store",
    )
    for other in (toy(factor=3.0, folder=tmp_path), toy(factor=3.0, sizes=(7,), folder=tmp_path)):
        refused(lambda other=other: nm.scan(other, store, executor=SERIAL), store, *parts)
    assert runs() == 0
    assert not plan.exists()
    nm.scan(toy(factor=3.0), tmp_path / "other.zarr", executor=SERIAL)
    shutil.copy(tmp_path / "other.zarr" / ".scan" / "plan.json", plan)  # the plan of another store, whole
    for call in (lambda: nm.open_scan(store), lambda: timing(store)):
        refused(call, store, *parts)
    refused(lambda: nm.scan(toy(factor=3.0), store, executor=SERIAL), store, *parts)
    plan.write_bytes(whole)
    assert (nm.open_scan(store)["status"] == CellStatus.DONE).all()


def test_other_observables_and_coordinates_are_other_settings(toy, store):
    class Renamed(toy):
        @property
        def cells(self):
            return [{"y": cell["x"], "seed": cell["seed"]} for cell in super().cells]

    class Binned(toy):
        @property
        def observables(self):
            return super().observables | {"powers": nm.Observable("", {"power": ("first", "second"), "bin": (1, 2, 3)})}

    (store / ".scan" / "plan.json").unlink()
    for other in (Renamed(), Binned()):
        refused(lambda other=other: nm.scan(other, store, executor=SERIAL), store, "under other settings", "(8)")


def test_settings_that_are_equal_have_one_mark(toy):
    marks = {Blueprint.of(toy(factor=factor)).mark for factor in (2, 2.0)}
    assert len(marks) == 1
    assert marks != {Blueprint.of(toy(factor=2.5)).mark}
    assert {Blueprint.of(toy(factor=value)).mark for value in (1, True)} == {Blueprint.of(toy(factor=1.0)).mark}
    settings = Blueprint.of(toy()).settings | {"accuracy": 0.5}
    ordered, turned = (dict(order(settings.items())) for order in (list, reversed))
    first, second = (replace(Blueprint.of(toy()), settings=found) for found in (ordered, turned))
    assert list(ordered) != list(turned)
    assert first.mark == second.mark
    assert Blueprint.of(toy(sizes=(5,), seeds=1)).mark in {Blueprint.of(toy()).mark}  # cells can be added


def test_a_store_of_before_there_were_checksums_is_read_and_continued(toy, old, tmp_path, runs, bytes_of):
    found = nm.open_scan(old)
    assert found["status"].values.tolist() == [[CellStatus.DONE] * 2, [CellStatus.STOPPED_SHORT, CellStatus.FAILED]]
    assert failures(found) == {"x=0.5, seed=0": "ran out of luck", "x=0.5, seed=1": "ZeroDivisionError: no luck"}
    plan, log = (old / ".scan" / name for name in ("plan.json", "records.log"))
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    again = toy(sizes=(1, 2), folder=tmp_path)
    nm.scan(again, old, executor=SERIAL)
    assert runs() == 1
    assert nm.open_scan(old).drop_attrs().equals(found.drop_attrs())
    assert json.loads(plan.read_text())["format"] == 2
    assert "checksum" in json.loads(plan.read_text())
    nm.scan(toy(sizes=(1, 2, 3), folder=tmp_path), old, executor=SERIAL, extend=True, retry_failed=True)
    assert runs() == 5
    nm.scan(toy(sizes=(1, 2, 3)), tmp_path / "new.zarr", executor=SERIAL)
    assert nm.open_scan(old).drop_attrs().equals(nm.open_scan(tmp_path / "new.zarr").drop_attrs())


def test_records_without_a_mark_need_their_plan(toy, old):
    plan = old / ".scan" / "plan.json"
    refused(lambda: nm.scan(toy(sizes=(1, 2), factor=3.0), old, executor=SERIAL), old, "factor: the store has 2.0")
    plan.unlink()
    parts = (f"{plan} is missing", "an older version made; they are kept: put the file back, or choose another store")
    refused(lambda: nm.scan(toy(sizes=(1, 2)), old, executor=SERIAL), old, *parts)
    assert not plan.exists()


def test_records_without_a_mark_that_do_not_fit_their_plan_are_refused(old):
    plan = old / ".scan" / "plan.json"
    content = json.loads(plan.read_text())
    for entries in (
        {"dimensions": ["y", "seed"]},
        {"observables": {"double": content["observables"]["double"]}},
        {"observables": content["observables"] | {"double": {"description": "", "labels": {"bin": [1.0]}}}},
    ):
        plan.write_text(json.dumps(content | entries))
        refused(lambda: nm.open_scan(old), old, "were measured under other settings")


def test_a_line_that_was_cut_off_does_not_spoil_the_next_one(toy, store):
    """Whatever was cut off is gone from the log when it is written to, so that what follows is whole."""
    log = store / ".scan" / "records.log"
    whole = log.read_bytes()
    log.write_bytes(whole[:-40])
    nm.open_scan(store)
    assert log.read_bytes() == whole[:-40]  # readers change nothing
    nm.scan(toy(), store, executor=SERIAL)
    assert None not in map(decode_line, log.read_bytes().splitlines(keepends=True))
    records, sessions, size = read_log(store, Blueprint.of(toy()))
    assert (len(records), len(sessions), size) == (8, 2, log.stat().st_size)
    log.write_bytes(log.read_bytes() + b"12345678 {")
    nm.scan(toy(), store, executor=SERIAL)  # nothing to measure: cut all the same
    assert log.stat().st_size == size


@pytest.mark.parametrize("content", [5, ["cell"], {"other": 1}, {"cell": 3}, {"cell": {"x": "1/0"}}, {"cell": {}}])
def test_a_line_that_is_whole_but_no_record_is_passed_over(toy, store, content):
    log = store / ".scan" / "records.log"
    expected = nm.open_scan(store)
    log.write_bytes(log.read_bytes() + encode_line(content))
    assert nm.open_scan(store).identical(expected)
    nm.scan(toy(), store, executor=SERIAL)


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_loaded_store_never_unpickles(toy, store, tmp_path):
    """A pickle or an object array in the folder, under any name that is looked at, is not executed."""
    crater = tmp_path / "crater"
    pickled = pickle.dumps(Bomb(crater))
    pickle.loads(pickled)
    crater.rmdir()  # the control: it would
    np.save(store / ".scan" / "records.npy", np.array([Bomb(crater)], dtype=object), allow_pickle=True)
    for name in ("records.pkl", "plan.pkl", "owner"):
        (store / ".scan" / name).write_bytes(pickled)
    array = json.loads((store / "double" / ".zarray").read_text())
    by_pickle = {"dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}]}
    (store / "double" / ".zarray").write_text(json.dumps(array | by_pickle))
    for chunk in (store / "double").glob("[0-9]*"):
        chunk.write_bytes(pickled)
    log, plan = store / ".scan" / "records.log", store / ".scan" / "plan.json"
    log.write_bytes(log.read_bytes() + pickled + b"\n")
    assert nm.open_scan(store)["double"].notnull().all()
    assert (timing(store) >= 0).all()
    nm.scan(toy(), store, executor=SERIAL)
    plan.write_bytes(pickled)
    refused(lambda: nm.open_scan(store), store, "is damaged")
    assert not crater.exists()


def test_nothing_that_reads_a_store_knows_pickles():
    for file in Path(nm.__file__).parent.joinpath("scans").glob("*.py"):
        text = file.read_text()
        words = ("import pickle", "allow_pickle", "np.load", "cloudpickle", "joblib", "eval(")
        assert not [word for word in words if word in text], file


class TestNotANumber:
    """nan is an answer only where the experiment says so."""

    @pytest.fixture
    def measuring(self, toy):
        def make(double, powers, *, may_be_nan=False, short=""):
            class Made(toy):
                @property
                def observables(self):
                    found = super().observables
                    return found | {"double": nm.Observable("twice x", may_be_nan=may_be_nan)}

                def measure(self, cell):
                    return nm.Outcome({"double": double, "powers": powers}, short)

            return nm.scan(Made(sizes=(1,), seeds=1), executor=SERIAL)

        return make

    def test_a_cell_without_any_number_failed(self, measuring):
        found = measuring(np.nan, np.full((2, 3), np.nan))
        assert found["status"].item() == CellStatus.FAILED
        assert failures(found) == {"x=0.25, seed=0": "nothing but nan was measured of double, powers"}

    def test_an_observable_without_a_number_stopped_short(self, measuring):
        found = measuring(1.0, np.full((2, 3), np.nan))
        assert found["status"].item() == CellStatus.STOPPED_SHORT
        assert failures(found) == {"x=0.25, seed=0": "nothing but nan was measured of powers"}
        assert found["double"].item() == 1.0

    def test_a_reason_that_is_there_is_kept(self, measuring):
        found = measuring(np.nan, np.ones((2, 3)), short="ran out of luck")
        assert failures(found) == {"x=0.25, seed=0": "ran out of luck"}

    def test_an_observable_without_entries_is_done(self, toy):
        class Empty(toy):
            @property
            def observables(self):
                return {"double": nm.Observable("twice x"), "powers": nm.Observable("none of them", {"power": ()})}

            def measure(self, cell):
                return nm.Outcome({"double": 1.0, "powers": []})

        assert (nm.scan(Empty(), executor=SERIAL)["status"] == CellStatus.DONE).all()

    def test_nan_in_a_part_or_where_it_is_an_answer_is_done(self, measuring):
        powers = np.ones((2, 3))
        powers[0, 0] = np.nan
        assert measuring(1.0, powers)["status"].item() == CellStatus.DONE
        assert measuring(np.nan, np.ones((2, 3)), may_be_nan=True)["status"].item() == CellStatus.DONE
        assert measuring(np.inf, np.ones((2, 3)))["status"].item() == CellStatus.DONE


def test_the_conserved_drift_may_be_nan_and_nothing_else():
    """It is nan for tanh by design; a scan with tanh is done all the same, see tests/command_line/test_scan.py."""
    assert [name for name, found in nm.Plan().observables.items() if found.may_be_nan] == ["conserved_drift"]

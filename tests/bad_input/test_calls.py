"""Every call in ``calls.txt`` is refused with one line on stderr, nothing on stdout, exit status 2, and leaves nothing behind."""

import shlex
import time
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from numerics import cli
from numerics.cli import main

_SECONDS = 10.0  # a refusal takes a hundredth, or what importing Matplotlib takes; what takes longer would hang


def _rows():
    lines = Path(__file__).with_name("calls.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition("  =>  ")[::2] for line in lines if line and not line.startswith("#")]


ROWS = _rows()
COMMANDS = {name: list(rows) for name, rows in groupby(sorted(ROWS), key=lambda row: row[0].split()[0])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files that are damaged, each in a way of its own."""
    here = tmp_path_factory.mktemp("files")
    texts = {
        "one.csv": "1\n2\n",
        "text.csv": "x,y\n1,two\n2,3\n",
        "twice.csv": "x,y\n1,2\n1,3\n",
        "empty.csv": "",
        "head.csv": "x,y\n",
        "nan.csv": "x,y\n1,nan\n2,3\n",
        "ragged.csv": "x,y\n1,2\n2,3,4\n",
        "wide.csv": f"x,y\n{'1' * 131073},2\n",
        "plane.csv": "a,b,y\n1,2,3\n2,3,4\n",
        "names.csv": "x,x,y\n1,2,3\n",
        "spoilt.csv": "1_0,2_0\n3,4\n",
        "mixed.csv": "x;y\n0,5;1\n0.7;2\n",
        "two.csv": "y,label,x\n1,2,3\n",
        "sheet.xlsx": "PK",
        "straight.csv": "x,y\n0.1,0.3\n0.2,0.6\n0.7,2.1\n",
        "zero.csv": "x,y\n1,0\n2,0\n3,0\n",
        "far.csv": "x,y\n1e200,2\n2,3\n",
        "again.csv": "x,y\n1,2\n1,2\n3,4\n",
    }
    for name, text in texts.items():
        (here / name).write_text(text)
    (here / "latin.csv").write_bytes("größe,y\n1,2\n".encode("latin-1"))
    for name in ("dir", "d.csv"):
        (here / name).mkdir()
    arrays = {
        "three": np.ones((2, 2, 2)),
        "one": np.ones(3),
        "text": np.array([["a", "b"]]),
        "inf": np.array([[1, np.inf]]),
        "good": np.ones((3, 2)),
    }
    for name, array in arrays.items():
        np.save(here / f"{name}.npy", array)
    np.save(here / "obj.npy", np.array([[1, "a"]], dtype=object), allow_pickle=True)
    np.savez(here / "other.npz", a=np.ones(1))
    np.savez(here / "cx.npz", x=np.array([1j, 2]), y=np.ones(2))
    np.savez(here / "long.npz", x=np.ones(3), y=np.ones(4))
    np.savez(here / "words.npz", x=np.array(["1"]), y=np.ones(1))
    np.savez_compressed(here / "flipped.npz", x=np.arange(999.0) * 1.1, y=np.arange(999.0))
    good, packed = (here / "good.npy").read_bytes(), bytearray((here / "flipped.npz").read_bytes())
    packed[300:340] = bytes(byte ^ 255 for byte in packed[300:340])
    (here / "flipped.npz").write_bytes(packed)
    (here / "cut.npz").write_bytes((here / "other.npz").read_bytes()[:40])
    (here / "cut.npy").write_bytes(good[:90])
    (here / "npy.csv").write_bytes(good)
    (here / "zero.npy").write_bytes(b"")
    (here / "junk.npy").write_bytes(b"\x93NUMPY\x01\x00\x10\x00{'descr': ((((    \n")
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000, 2), }".ljust(117) + b"\n"
    (here / "huge.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    return here


@pytest.mark.parametrize("command", COMMANDS)
def test_calls_that_are_refused(command, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    wrong = []
    for call, part in COMMANDS[command]:
        started = time.perf_counter()
        status = main(shlex.split(call))
        seconds = time.perf_counter() - started
        out, err = capsys.readouterr()
        one_line = err.startswith("phasetheory: ") and err.count("\n") == 1
        fault = "our mistake" in err or "TRACEBACK" in err
        if (status, out) != (2, "") or not one_line or fault or part not in err or not part or seconds > _SECONDS:
            wrong.append(f"{call}: status {status} after {seconds:.1f} s, {out[:200]!r}, {err[:400]!r}, not {part!r}")
    assert not wrong, "\n".join(wrong)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_table_is_a_table():
    assert len(ROWS) >= 440
    assert len({call for call, _ in ROWS}) == len(ROWS)
    assert set(cli.COMMANDS) <= set(COMMANDS)


@pytest.mark.parametrize(
    "call", ["classify HE", "classify he --depth 2", "classify --abc '0,1; 0,0; 0' --depth 2", "plot --help"]
)
def test_their_neighbours_are_not_refused(call, capsys):
    """A table of refusals says nothing if everything is refused."""
    assert main(shlex.split(call)) == 0
    out, err = capsys.readouterr()
    assert out
    assert err == ""

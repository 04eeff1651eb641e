"""However a command ends, a user sees a line at most: errors that nobody foresaw, signals, closed pipes, poor encodings."""

import io
import json
import os
import signal
import subprocess
import sys
from itertools import groupby

import pytest

import phasetheory_command
from numerics import cli
from numerics.commands.letters import spell
from numerics.errors import GradientFlowError, ScanError

SMALL = ["features", "--point", "1,0", "--width", "20"]


def start(*arguments, **environment):
    command = [sys.executable, "-m", "numerics.cli", *arguments]
    env = os.environ | environment
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


@pytest.mark.parametrize(
    ("error", "status", "part"),
    [
        (MemoryError("Unable to allocate 7 PiB"), 2, "MemoryError: not enough memory; ask for smaller widths"),
        (OverflowError("int too large"), 2, "OverflowError: a number is too large"),
        (RecursionError(), 2, "RecursionError: something is nested too deeply"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), 2, "UnicodeDecodeError: a text is not in the encoding"),
        (ZeroDivisionError("division by\nzero"), 1, "ZeroDivisionError: division by zero; this is our mistake"),
        (KeyError("x"), 1, "KeyError: 'x'; this is our mistake"),
        (GradientFlowError("the run stopped short", None), 1, "the run stopped short"),
        (ScanError("the disk is full; make room"), 1, "the disk is full"),
        (PermissionError(13, "Permission denied", "/root/x"), 2, "cannot write /root/x: Permission denied"),
        (OSError(28, "No space left on device"), 2, "cannot go on: No space left on device; make room"),
    ],
)
def test_whatever_is_left_becomes_a_line(monkeypatch, capsys, error, status, part):
    def fail(given):
        raise error

    monkeypatch.setattr(cli, "_run", fail)
    monkeypatch.setattr(cli, "redirect_to_nothing", lambda: None)  # of the test's own stdout
    monkeypatch.delenv("PHASETHEORY_TRACEBACK", raising=False)
    assert cli.main(["classify", "--abc", "0,1; 0"]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"phasetheory: {part}")
    known = isinstance(error, OSError | ScanError | GradientFlowError)
    assert ("in: phasetheory classify --abc '0,1; 0'; PHASETHEORY_TRACEBACK=1 shows where" in err) is not known


def test_the_traceback_can_be_had(monkeypatch, capsys):
    monkeypatch.setattr(cli, "_run", lambda given: 1 // 0)
    monkeypatch.setenv("PHASETHEORY_TRACEBACK", "1")
    assert cli.main(["classify"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("phasetheory: ZeroDivisionError")


def test_ctrl_c_is_never_swallowed(monkeypatch, capsys):
    def interrupt(given):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupt)
    assert cli.main(["classify"]) == 130
    assert capsys.readouterr() == ("", "phasetheory: interrupted\n")


def test_what_was_given_is_cut_where_it_is_a_book(capsys):
    assert cli.main(["linearize", "--layers", "one" * 100_000]) == 2
    err = capsys.readouterr().err
    assert len(err) < 700
    assert "give some of w, a, each once" in err


def test_no_command_is_a_question_for_help(capsys):
    assert cli.main([]) == 0
    out, err = capsys.readouterr()
    assert "Usage: phasetheory" in out
    assert err == ""


@pytest.mark.slow
def test_a_signal_ends_any_command_with_a_line():
    """A terminal that was closed, of which Python knows nothing by itself; the other two end a scan, in test_scan.py."""
    if not hasattr(signal, "SIGHUP"):
        pytest.skip("not on this system")
    process = start("linearize", "--widths", "4000,8000,16000", "--seeds", "8")
    process.stderr.readline()  # of progress: it is at work
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert err.decode().splitlines()[-1] == "phasetheory: interrupted"
    assert b"Traceback" not in err
    assert b"leak" not in err


STAND_IN = """
import atexit, signal, time

def wait():
    print(flush=True)
    time.sleep(60)

def main():
    signal.signal(signal.{end}, signal.default_int_handler)  # as the command line does
    {main}

{load}
"""


@pytest.mark.parametrize("end", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    ("load", "main"), [("wait()", "..."), ("...", "wait()"), ("...", "return atexit.register(wait) and 0")]
)
def test_a_signal_while_it_loads_begins_or_shuts_down_is_a_line_too(end, load, main, tmp_path):
    """The packages are stood in for by one that stays where it is."""
    if not hasattr(signal, end):
        pytest.skip("not on this system")
    (tmp_path / "numerics").mkdir()
    (tmp_path / "numerics" / "__init__.py").touch()
    (tmp_path / "numerics" / "cli.py").write_text(STAND_IN.format(load=load, main=main, end=end))
    command = [sys.executable, "-c", "import sys, phasetheory_command; sys.exit(phasetheory_command.main())"]
    paths = [str(tmp_path), os.path.dirname(phasetheory_command.__file__)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=tmp_path)
    assert process.stdout.readline() == b"\n"
    process.send_signal(getattr(signal, end))
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, b"phasetheory: interrupted\n")


def test_the_command_is_the_command_line():
    command = [sys.executable, "-m", "phasetheory_command", "classify", "nothing"]
    found = subprocess.run(command, capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)


def test_an_ignored_signal_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        monkeypatch.setattr(cli, "_run", lambda given: signal.raise_signal(signal.SIGTERM) or 0)
        assert cli.main(["classify"]) == 0
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["derive"], SMALL, ["classify", "he", "--json"]])
def test_a_closed_pipe_is_quiet(arguments):
    process = start(*arguments)
    process.stdout.close()
    with process.stderr:
        err = process.stderr.read()
    assert process.wait(60) == 141
    assert err == b""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a disk that is always full")
def test_a_full_disk_is_one_line():
    command = [sys.executable, "-m", "numerics.cli", "classify", "he"]
    with open("/dev/full", "w") as full:
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in found.stderr


def printed(monkeypatch, encoding, *arguments):
    """What a command writes to a stream of an encoding, in bytes; nothing on stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, newline="", write_through=True) for _ in range(2))
    with monkeypatch.context() as streams:
        streams.setattr(sys, "stdout", out)
        streams.setattr(sys, "stderr", err)
        assert cli.main(arguments) == 0
    assert err.buffer.getvalue() == b""
    return out.buffer.getvalue()


def check_letters(text, encoding):
    assert "?" not in text
    assert ("gamma" in text) is (encoding != "gbk")  # which has Greek letters


@pytest.mark.slow
def test_an_encoding_of_the_system_without_the_letters():
    out, err = start("classify", "he", PYTHONIOENCODING="ascii").communicate(timeout=60)
    assert err == b""
    check_letters(out.decode("ascii"), "ascii")


@pytest.mark.parametrize(
    ("arguments", "encoding"),
    [
        (["classify", "he"], "cp1252"),
        (["classify", "he"], "gbk"),
        (["derive"], "ascii"),
        (["diagram", "--help"], "ascii"),
        (["diagram"], "cp1252"),
    ],
)
def test_an_encoding_without_the_letters(arguments, encoding, monkeypatch):
    text = printed(monkeypatch, encoding, *arguments).decode(encoding)
    if "--help" in arguments:
        assert "?" not in text
    else:
        check_letters(text, encoding)


def test_tables_stay_in_line(monkeypatch):
    lines = printed(monkeypatch, "ascii", *SMALL).decode("ascii").splitlines()
    tables = [list(table) for is_row, table in groupby(lines, lambda line: line.startswith(("|", "+"))) if is_row]
    assert [len(table) for table in tables] == [5, 5]
    assert all(len({len(row) for row in table}) == 1 for table in tables)


def test_json_keeps_its_letters_in_any_encoding(monkeypatch):
    call = ["classify", "--sigmas", "1,1/m", "--alpha", "sqrt(m)", "--json"]
    plain, greek = (printed(monkeypatch, encoding, *call) for encoding in ("ascii", "utf-8"))
    assert json.loads(plain) == json.loads(greek)
    assert b"\\u03ba" in plain
    assert "κ" in greek.decode()


@pytest.mark.parametrize(
    ("text", "encoding", "spelt"),
    [
        ("Γ γ₁ Δt", "ascii", "Gamma gamma1 Deltat"),
        ("m² ≤ ½ ± 3", "ascii", "m^2 <= 1/2 +- 3"),
        ("m² ≤ 2 ± 3", "latin-1", "m² <= 2 ± 3"),
        ("é\udcff☃", "ascii", "e??"),
        ("γ\udcff", "utf-8", "γ?"),
    ],
)
def test_spelling(text, encoding, spelt):
    assert spell(text, encoding) == spelt

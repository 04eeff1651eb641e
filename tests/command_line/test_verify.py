"""``phasetheory verify``: resumable, with progress where nobody looks, without the derivation, at any width of the terminal."""

import json
import re
from dataclasses import replace

import pytest

import numerics as nm
from numerics.cli import main
from numerics.commands import verify as command
from numerics.experiments.verify import verify
from numerics.scans import Serial

DEEP = ["verify", "--depth", "3", "--point", "1,0", "--widths", "8,16", "--seeds", "2", "--no-derivation"]
PLANAR = ["verify", "--point", "1.75,0", "--widths", "100,200", "--seeds", "2", "--no-derivation"]


def run(capsys, *arguments):
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [DEEP, PLANAR])
def test_a_store_is_gone_on_with(capsys, tmp_path, default_processes, arguments):
    store = ["--store", str(tmp_path / "runs.zarr")]
    _, first, err = run(capsys, *arguments, *store)
    assert "0 of 4 cells" in err  # lines where there is no terminal
    assert "4 of 4 cells" in err
    _, again, err = run(capsys, *arguments, *store)
    assert "0 of 4 cells" not in err  # all were there
    if arguments is DEEP:
        assert "Virtual, argued and not proved: the slope from width 1e4 to 1e5" in " ".join(again.split())
        assert "-0.50 ± 0.00" in again
    said = re.compile(r", in [\d.]+ s\.")
    assert said.sub("", again) == said.sub("", first)
    assert nm.open_scan(tmp_path / "runs.zarr").sizes["width"] == 2


@pytest.mark.slow
def test_slopes_at_virtual_widths(capsys):
    _, out, _ = run(capsys, *PLANAR, "--virtual")
    assert re.search(r"1\.75 +0 +w +3/8 +\+0\.375 +\+0\.375", out)
    assert "no verdict rests on it" in out
    report = json.loads(run(capsys, *[word for word in DEEP if word != "--no-derivation"], "--json")[1])
    (point,) = report["virtual"]
    assert (point["basis"], point["real_width"], len(point["local_slopes"]["W2"][0])) == ("argued", 96, 3)
    assert point["local_slopes"]["W2"][0] == pytest.approx([-1, -1, -1], abs=0.025)


@pytest.mark.slow
def test_an_interrupted_verification_says_how_to_go_on(capsys, tmp_path, monkeypatch):
    store, verify = str(tmp_path / "runs.zarr"), nm.verify

    def stop(plan, *, store, progress):
        def count(now):
            if now.done == 2:
                raise KeyboardInterrupt

        one_by_one = nm.Serial()
        one_by_one.most = 1
        return verify(plan, store=store, executor=one_by_one, progress=count)

    monkeypatch.setattr(command, "verify", stop)
    status, out, err = run(capsys, *DEEP, "--store", store)
    assert status == 130
    assert out == ""
    assert "interrupted; 2 cells are in" in err
    assert "run the same command again to go on" in err
    monkeypatch.undo()
    status, out, err = run(capsys, *DEEP, "--store", store)
    assert "2 of 4 cells" in err
    assert "0 of 4 cells" not in err


def test_runs_without_the_time_they_need_are_named(capsys, monkeypatch):
    def hurried(plan, **_):
        return verify(replace(plan, max_seconds=1e-9), executor=Serial())

    monkeypatch.setattr(command, "verify", hurried)
    arguments = ["--point", "1,0", "--widths", "50,100", "--seeds", "2", "--no-derivation"]
    status, out, _ = run(capsys, "verify", *arguments)
    assert status == 1
    assert "left out of 4 runs: 4 stopped short" in " ".join(out.split())
    assert "gamma=1, gamma_prime=0, width=50, seed=0: max_seconds was used up" in out


def test_another_plan_is_refused(capsys, tmp_path):
    store = str(tmp_path / "runs.zarr")
    run(capsys, *PLANAR, "--store", store)
    status, _, err = run(capsys, *[word.replace("100,200", "100,300") for word in PLANAR], "--store", store)
    assert status == 2
    assert "300" in err


def test_without_the_derivation(capsys):
    assert "Balance law" not in run(capsys, *PLANAR)[1]
    assert "Balance law" in run(capsys, *PLANAR[:-1])[1]
    status, _, err = run(capsys, *PLANAR, "--json")
    assert status == 2
    assert "--json and --no-derivation" in err


def test_data_of_a_file(capsys, tmp_path):
    file = tmp_path / "points.csv"
    file.write_text("x1,y\n-1,0.2\n0.5,-1\n1,0.4\n")
    out = run(capsys, *PLANAR[:-1], "--json", "--data", str(file))[1]
    assert json.loads(out)["plan"]["targets"] == [0.2, -1, 0.4]


SCAN = ["scan", "--gamma", "0.6:1.4:9", "--gamma-prime", "0", "--widths", "20,40", "--seeds", "2", "--serial"]
CONDENSE = ["condense", "--gamma", "0.7,1.3", "--gamma-prime", "0", "--widths", "20,40", "--seeds", "2", "--serial"]


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (DEEP, ("predicted", "measured", "local", "verdict")),
        (PLANAR, ("predicted", "measured", "verdict")),
        (SCAN, ("0.6", "1.4", "γ*", "derived")),
        (CONDENSE, ("boxes", "width", "entropy", "by seeds", "directions", "fraction")),
        (["features", "--point", "1,0", "--width", "40"], ("RD w", "entropy", "directions", "fraction")),
        (["linearize", "--point", "1,0", "--widths", "20,40", "--seeds", "2"], ("|f-f_lin|", "slope", "|ΔK|/|K|")),
        (["gallery", "--gamma", "1", "--width", "40"], ("bends",)),
        (["verify", "--help"], ("--no-derivation", "--activation")),
        (["scan", "--help"], ("--gamma-prime", "--loss-levels", "--retry-failed")),
        ([], ("linearize", "network", "width")),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_nothing_is_cut_at_any_width(capsys, monkeypatch, tmp_path, arguments, words, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    out = run(capsys, *arguments)[1]
    assert "…" not in out
    assert "..." not in out.replace("[ARGS]...", "")
    assert all(word in out for word in words)


def test_no_command_prints_the_help(capsys):
    status, out, _ = run(capsys)
    assert status == 0
    assert "linearize" in out

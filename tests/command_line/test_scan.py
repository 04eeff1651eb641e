"""scan and plot as a user meets them: killed and continued, interrupted, refused, drawn."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

import numerics as nm
from numerics.cli import main
from numerics.scans import CellStatus

GRID = ["--gamma", "0.6:1.4:3", "--gamma-prime", "-0.2,0.2", "--widths", "100,400", "--seeds", "2"]
SLOW = [
    *GRID[:4],
    "--widths",
    "100000,200000",
    "--seeds",
    "2",
]  # 24 runs of about a tenth of a second, to be killed in the middle
SERIAL = ["--serial"]


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def start(*arguments):
    command = [sys.executable, "-m", "numerics.cli", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def dataset_bytes(store):
    files = (path for path in Path(store).rglob("*") if path.is_file() and ".scan" not in path.parts)
    return {str(path.relative_to(store)): path.read_bytes() for path in files}


def finished(store):
    """Cells in the log; looked at often, so no dataset is made of it."""
    log = store / ".scan" / "records.log"
    return log.read_bytes().count(b'"status":') if log.exists() else 0


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def workers_of(process):
    """Processes below this one (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process.pid:
            found.append(int(folder.name))
    return found


def group_is_alive(leader):
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    store = tmp_path_factory.mktemp("whole") / "runs.zarr"
    assert main(["scan", *GRID, *SERIAL, "--store", str(store), "--json"]) == 0
    return store


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    store = tmp_path_factory.mktemp("slow") / "runs.zarr"
    assert main(["scan", *SLOW, *SERIAL, "--store", str(store), "--json"]) == 0
    return store


@pytest.mark.slow
def test_killed_at_any_moment_it_continues_and_ends_with_the_same_bytes(slow, tmp_path, capsys):
    """kill -9 while the workers start, and again in the middle, on two processes."""
    store, counts = tmp_path / "runs.zarr", []
    for cells in (0, 6):
        process = start("scan", *SLOW, "--processes", 2, "--store", store)
        if cells:
            wait_until(lambda cells=cells: finished(store) >= cells)
        else:
            wait_until((store / ".scan" / "lock").exists)
        workers = workers_of(process) if sys.platform == "linux" else []
        process.send_signal(signal.SIGKILL)
        process.communicate()
        counts.append(finished(store))
        wait_until(lambda workers=workers: not any(Path(f"/proc/{pid}").exists() for pid in workers), 20)
    assert counts == sorted(counts)
    assert 6 <= counts[-1] < 24
    status, out, _ = run(capsys, "scan", *SLOW, *SERIAL, "--store", store)
    assert status == 0
    assert "in the predicted regime" in " ".join(out.split())
    assert dataset_bytes(store) == dataset_bytes(slow)


@pytest.mark.slow
@pytest.mark.parametrize(("end", "send"), [("SIGINT", os.killpg), ("SIGTERM", os.kill), ("SIGTERM", os.killpg)])
def test_a_signal_ends_it_cleanly_and_meanwhile_the_store_is_its_own(slow, tmp_path, capsys, end, send):
    """What a terminal sends goes to the workers as well, as Ctrl-C does; a batch system may send to the process alone."""
    store = tmp_path / "runs.zarr"
    process = start("scan", *SLOW, "--processes", 1, "--store", store)
    wait_until((store / ".scan" / "owner").exists)
    status, _, err = run(capsys, "scan", *SLOW, *SERIAL, "--store", store)
    assert status == 2
    assert f"is in use by process {process.pid} on {os.uname().nodename}" in err
    wait_until(lambda: finished(store) >= 3)
    send(process.pid, getattr(signal, end))
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    *progress, last = err.splitlines()
    assert all(" of 24 cells" in line for line in progress), err  # and nothing from its children
    assert last.startswith("phasetheory: interrupted")
    assert last.endswith("run the same command again to go on")
    wait_until(lambda: not group_is_alive(process.pid), 20)
    with xarray.open_zarr(store) as readable:
        assert 3 <= int((readable["status"] == CellStatus.DONE).sum()) < 24
    assert run(capsys, "scan", *SLOW, *SERIAL, "--store", store)[0] == 0
    assert dataset_bytes(store) == dataset_bytes(slow)


def test_progress_without_a_terminal_is_lines(tmp_path, capsys):
    status, _, err = run(capsys, "scan", *GRID, *SERIAL, "--store", tmp_path / "runs.zarr")
    assert status == 0
    assert err.splitlines()[0] == "0 of 24 cells"
    assert err.splitlines()[-1] == "24 of 24 cells"


def test_the_result_as_json(whole, capsys):
    status, out, err = run(capsys, "scan", *GRID, *SERIAL, "--store", whole, "--json")
    result = json.loads(out)
    assert (status, err) == (0, "")
    assert result["cells"] == {"pending": 0, "done": 24, "stopped_short": 0, "failed": 0}
    assert result["attributes"]["command"].startswith(
        "phasetheory scan --gamma 0.6:1.4:3 --gamma-prime -0.2,0.2 --widths"
    )
    layers = result["norms"]["frobenius"]
    assert np.shape(layers["w"]["slopes"]["slope"]) == (3, 2)
    assert layers["theta"]["boundary"]["predicted"] == [1.0, 1.0]  # exact: read off the derived segments
    assert result["attributes"]["coordinates"] == "gamma, gamma_prime"


def test_the_command_kept_with_the_data_makes_the_same_data(whole, tmp_path, capsys):
    import shlex

    words = shlex.split(nm.open_scan(whole).attrs["command"])
    assert run(capsys, *words[1:], *SERIAL, "--store", tmp_path / "again.zarr")[0] == 0
    assert dataset_bytes(tmp_path / "again.zarr") == dataset_bytes(whole)


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["heatmap", "slopes", "rd"])
def test_figures(whole, tmp_path, capsys, figure):
    file = tmp_path / f"{figure}.png"
    status, out, _ = run(capsys, "plot", whole, "--figure", figure, "--layer", "w", "--out", file)
    assert status == 0
    assert "away from the boundary" in out
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_rows_of_a_figure_are_chosen(whole, tmp_path, capsys):
    known = nm.open_scan(whole)["gamma_prime"].values
    for figure in ("slopes", "rd"):
        options = ["--figure", figure, "--layer", "w", "--out", tmp_path / "rows.png"]
        assert run(capsys, "plot", whole, *options, "--row", known[0])[0] == 0
        status, _, err = run(capsys, "plot", whole, *options, "--row", "-7")
        assert status == 2
        assert "row -7: this scan has gamma_prime = " in err


@pytest.mark.slow
def test_figure_of_the_scales(tmp_path, capsys):
    store = tmp_path / "scales.zarr"
    grid = ["--gamma", "0.6,1.4", "--gamma-prime", "0", "--beta2=-0.5,0.5", "--widths", "100,200", "--seeds", "2"]
    assert run(capsys, "scan", *grid, *SERIAL, "--store", store)[0] == 0
    assert run(capsys, "plot", store, "--figure", "slopes", "--out", tmp_path / "slopes.pdf")[0] == 0


def test_a_store_of_an_older_version_is_opened_and_refused_where_its_plane_is_needed(whole, tmp_path, capsys):
    """Before there was one path for every depth a store of two layers had no norms and did not say its scales."""
    store = tmp_path / "old.zarr" / ".scan"
    store.mkdir(parents=True)
    plan = json.loads((whole / ".scan" / "plan.json").read_text()) | {"format": 1}
    del plan["checksum"]
    for name in ("sigmas", "alpha", "learning_rates", "coordinates", "activation"):
        del plan["settings"][name]
    plan["observables"] = {"loss": plan["observables"]["loss"], "relative_distance": {"description": "", "labels": {}}}
    (store / "plan.json").write_text(json.dumps(plan))
    assert nm.open_scan(store.parent).attrs["data"] == "four-points"
    for command in (["plot", store.parent], ["scan", *GRID, *SERIAL, "--store", store.parent]):
        status, out, err = run(capsys, *command)
        assert (status, out) == (2, "")
        assert "an older version made it" in err or "sigmas: the store has nothing" in err
        assert err.count("\n") == 1


@pytest.mark.slow
def test_two_layers_of_another_activation_and_another_plane(tmp_path, capsys):
    """One path: any plane of two layers goes through the two-layer engine, tanh through that of any depth."""
    plane = ["--slice", "x,y: m^-y, m^(x - y); 1", "--x", "0.5", "--y", "0", "--widths", "20,40", "--loss-tol", "1e-2"]
    for activation, drift in (("0.1", True), ("tanh", False)):
        store = tmp_path / f"{activation}.zarr"
        assert run(capsys, "scan", *plane, *SERIAL, "--activation", activation, "--store", store)[0] == 0
        found = nm.open_scan(store)
        assert list(found["layer"].values) == ["w", "a", "theta"]
        assert list(found["norm"].values) == ["frobenius"]
        assert bool(found["conserved_drift"].notnull().all()) is drift  # tanh conserves nothing
        assert run(capsys, "plot", store, "--out", tmp_path / "map.png")[0] == 0


def test_user_data_and_refinement(tmp_path, capsys):
    (tmp_path / "mine.csv").write_text("x,y\n-1,0.5\n0,-0.5\n1,0.25\n")
    arguments = ["--data", tmp_path / "mine.csv", "--store", tmp_path / "mine.zarr", "--refine", "1"]
    status, out, _ = run(capsys, "scan", *GRID, *SERIAL, *arguments)
    data = nm.open_scan(tmp_path / "mine.zarr")
    assert data.attrs["samples"] == 3
    assert data.sizes["gamma"] > 3
    assert status == 0
    assert f"refinement: {data.sizes['gamma'] - 3} values of γ beside those asked for" in out
    there = (data["status"] != CellStatus.NOT_PLANNED).sum()
    run(capsys, "scan", *GRID, *SERIAL, *arguments)  # the same command goes on where it was
    assert (nm.open_scan(tmp_path / "mine.zarr")["status"] != CellStatus.NOT_PLANNED).sum() == there


def test_runs_that_stop_short_are_told(tmp_path, capsys):
    arguments = ["--max-seconds", "1e-9", "--store", tmp_path / "short.zarr"]
    status, out, _ = run(capsys, "scan", *GRID, *SERIAL, *arguments)
    assert status == 1
    assert "24 cells failed or stopped short, and are in no slope" in out
    assert "max_seconds was used up" in out
    assert "no point has a slope yet" in out
    status, out, _ = run(capsys, "scan", *GRID, *SERIAL, "--store", tmp_path / "short.zarr", "--retry-failed")
    assert status == 0


@pytest.mark.slow
def test_a_local_dask_cluster(whole, tmp_path, capsys):
    pytest.importorskip("distributed")
    store = tmp_path / "dask.zarr"
    assert run(capsys, "scan", *GRID, "--workers", "2", "--store", store)[0] == 0
    assert dataset_bytes(store) == dataset_bytes(whole)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["scan", "--gamma", "1:2"], "--gamma = '1:2'; give START:STOP:COUNT"),
        (["scan", "--gamma", "one"], "--gamma = 'one' is not a finite number"),
        (["scan", "--widths", "1000"], "two different widths"),
        (["scan", "--widths", "1001,2000"], "width = 1001"),
        (["scan", "--widths", "many"], "--widths many"),
        (["scan", "--widths", ""], "--widths is empty"),
        (["scan", "--beta2", ""], "--beta2 is empty"),
        (["condense", "--widths", ""], "--widths is empty"),
        (["scan", "--seeds", "0"], "seeds = 0"),
        (["scan", "--data", "nothing"], "data 'nothing' is not known"),
        (["scan", "--rtol", "2"], "rtol = 2.0"),
        (["scan", "--loss-tol", "-1"], "loss_tol = -1.0"),
        (["scan", "--serial", "--workers", "2"], "got --serial and --workers; give one"),
        (["scan", "--processes", "0"], "--processes"),
        (["scan", "--serial", "--store", "/proc/nowhere/runs.zarr"], "cannot write /proc/nowhere"),
        (["scan", "--slice", "x,y: m^-y, m^-x; 1", "--gamma", "1,2"], "--gamma: this plane has x and y"),
        (["scan", "--slice", "x,y: m^-y, m^-x; 1", "--x", "1"], "give --x and --y"),
        (["condense", "--retry-failed"], "--retry-failed: there is no store"),
        (["plot", "nowhere.zarr"], "nowhere.zarr is not the store of a scan"),
        (["plot"], "'store'"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(capsys, tmp_path, monkeypatch, arguments, part):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert part in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_mistakes_with_a_store(whole, capsys, tmp_path):
    status, _, err = run(capsys, "scan", "--gamma", "0.6,1.4", *GRID[2:], *SERIAL, "--store", whole)
    assert status == 2
    assert "holds another scan: gamma: the store has 0.6, 1, 1.4 (3), this plan 0.6, 1.4 (2)" in err
    for arguments, part in (
        (["--layer", "b"], "--layer b: this scan has w, a, theta"),
        (["--out", "map.txt"], "--out map.txt"),
        (["--figure", "pie"], "'--figure'"),
        (["--out", "/proc/nowhere.png"], "cannot write /proc/nowhere.png"),
    ):
        status, out, err = run(capsys, "plot", whole, *arguments)
        assert (status, out) == (2, "")
        assert part in err
        assert err.count("\n") == 1

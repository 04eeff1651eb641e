"""Data of a user's own: the runs that rest in local minima count, those cut short do not, and both are said."""

import json

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.experiments.account import account_of
from numerics.experiments.maps import at_loss_level, compare_map
from numerics.experiments.stopping import usual_loss_tol
from numerics.figures.scan import scan_figure
from numerics.scans import CellStatus
from numerics.scans.results import notes

POSITION = np.linspace(-1.0, 1.0, 12)
DATA = np.column_stack([POSITION, np.ones(12)]), np.sin(3 * POSITION)


@pytest.fixture(scope="module")
def scanned():
    plan = nm.Plan.grid(
        gamma=("0.75", "1", "1.25", "1.5", "1.75"),
        gamma_prime=(0,),
        widths=(500, 1000, 2000, 4000),
        seeds=2,
        data=DATA,
        loss_levels=(1e-2, 1e-3),
    )
    return nm.scan(plan, executor=nm.Serial())


def test_the_condensed_half_is_there(scanned):
    found = compare_map(scanned, "w")
    assert (found.points, found.judged, found.agreeing) == (5, 4, 4)
    assert float(np.abs(found.slopes["difference"]).max()) < 0.06
    account = account_of(scanned)
    assert account.used == account.planned == 40
    assert 20 < account.at_rest < 36
    assert min(abs(account.rest_losses[0] / known - 1) for known in (4.2437e-5, 5.0924e-5)) < 1e-3
    assert account.lines[0].startswith(
        f"{account.at_rest} of 40 runs came to rest above the loss of 1.7e-06 that ends a run, at 4.2e-05 to"
    )
    assert len(account.lines) == 1
    assert len(notes(scanned)) == account.at_rest
    assert all("at rest at loss" in note for note in notes(scanned).values())
    assert "of 4 points (100%) away from the boundary (|S| > 0.1)" in found.verdict()
    assert "with |S| up to 0.05 critical, 1 are nearer to it and not judged" in found.verdict()


def test_a_wrong_boundary_still_fails(scanned):
    """Negative control: with kappa and kappa' of other powers of the width half of the points are in the wrong regime."""
    right = pt.phase_diagram()
    x, y = right.coordinates
    wrong = pt.phase_diagram(network=pt.two_layer(pt.m ** (x + 1), pt.m**0, pt.m**y), coordinates=(x, y))
    assert compare_map(scanned, "w", diagram=wrong).agreeing < 4


def test_runs_that_did_not_move_are_named():
    """Two neurons whose sides no sample is on: RD = 0 has no logarithm, and the run is in no slope."""
    dataset = nm.scan(nm.Plan(points=[("1/2", 0)], widths=(2, 4), seeds=1), executor=nm.Serial())
    still = (dataset["relative_distance"] == 0).any(("layer", "norm"))
    account = account_of(dataset)
    assert account.still == int(still.sum()) == 1
    assert account.lines[-1].startswith("in 1 of 2 runs a layer did not move: RD = 0 has no logarithm")


def test_runs_cut_short_are_left_out_and_named():
    plan = nm.Plan.grid(
        gamma=("1.25", "1.75"), gamma_prime=(0,), widths=(100, 200), seeds=2, data=DATA, max_seconds=1e-9
    )
    dataset = nm.scan(plan, executor=nm.Serial())
    account = account_of(dataset)
    low, high = account.short_losses
    assert (low, high) == (float(dataset["loss"].min()), float(dataset["loss"].max()))
    assert (account.used, account.stopped_short, account.at_rest) == (0, 8, 0)
    assert account.lines == ["left out of 8 runs: 8 stopped short of loss 1.7e-06, at 0.24"]
    assert compare_map(dataset, "w").points == 0


def test_distances_where_the_loss_first_fell_to_a_level(scanned):
    """From one run: those of a run that stops there, to the accuracy of the interpolation."""
    early = at_loss_level(scanned, 1e-2)
    plan = nm.Plan.grid(gamma=("1", "1.75"), gamma_prime=(0,), widths=(500, 1000), seeds=2, data=DATA, loss_tol=1e-2)
    stopped = nm.scan(plan, executor=nm.Serial())
    there = {"gamma": [1.0, 1.75], "width": [500, 1000]}
    ratio = early["relative_distance"].sel(there) / stopped["relative_distance"]
    assert float(np.abs(ratio - 1).max()) < 0.02
    assert compare_map(early, "w").agreeing == compare_map(early, "w").judged == 4
    assert float((early["relative_distance"] / scanned["relative_distance"]).max()) <= 1 + 1e-12
    with pytest.raises(nm.InputError, match=r"loss level 0\.5: this scan has 0\.01, 0\.001"):
        at_loss_level(scanned, 0.5)


def test_one_level_too_low_does_not_lose_a_run():
    """A run out of budget counts at the levels that it got to, and nowhere else."""
    options = {
        "gamma": (1,),
        "gamma_prime": (0,),
        "widths": (100, 200),
        "seeds": 1,
        "data": DATA,
        "loss_levels": (1e-2,),
    }
    dataset = nm.scan(nm.Plan.grid(**options), executor=nm.Serial())
    short = dataset.copy(deep=True)
    short["status"][:] = CellStatus.STOPPED_SHORT
    assert compare_map(short, "w").points == 0
    assert compare_map(at_loss_level(short, 1e-2), "w").points == 1
    short["relative_distance_at"][{"width": 0}] = np.nan
    missing = at_loss_level(short, 1e-2)
    assert compare_map(missing, "w").points == 0
    assert account_of(missing).lines[0].startswith("left out of 2 runs: 1 stopped short of loss 0.01, at ")
    with pytest.raises(nm.InputError, match=r"no map of S_w; left out of 2 runs: 1 stopped short of loss 0\.01"):
        scan_figure(missing, "heatmap", ["w"])


def test_at_a_level_nothing_is_said_of_the_end(scanned):
    """Runs that rest below a level have passed it like any other; those that rest above it are left out, and counted."""
    account = account_of(at_loss_level(scanned, 1e-2))
    assert (account.used, account.at_rest, account.lines) == (40, 0, [])
    low = nm.Plan.grid(gamma=(1.75,), gamma_prime=(0,), widths=(100, 200), seeds=2, data=DATA, loss_levels=(5e-6,))
    account = account_of(at_loss_level(nm.scan(low, executor=nm.Serial()), 5e-6))
    assert (account.used, account.stopped_short, account.at_rest) == (0, 4, 0)
    assert account.lines[0].startswith("left out of 4 runs: 4 stopped short of loss 5e-06, at ")


def test_the_stop_follows_the_targets():
    X, y = nm.datasets.four_points()
    assert nm.Plan().loss_tol == 1e-6
    assert nm.Plan(diagram=pt.phase_diagram(3)).loss_tol == 1e-5
    assert nm.Plan(data=nm.load_data("mnist:45"), data_name="mnist:45").loss_tol == 1e-6
    small = nm.Plan(data=(X, 1e-3 * y))
    assert small.loss_tol == pytest.approx(1e-12)
    assert usual_loss_tol(1e-6, DATA[1]) == pytest.approx(7e-6 * np.mean(DATA[1] ** 2) / 2, rel=0.05)
    assert nm.Plan(data=DATA, loss_tol=1e-3).loss_tol == 1e-3
    assert usual_loss_tol(1e-6, np.zeros(3)) == 1e-6
    for size in (1e-200, 1e200):
        with pytest.raises(nm.InputError, match="their squares beyond the float range; rescale y"):
            usual_loss_tol(1e-6, np.full(3, size))
    with pytest.raises(nm.InputError, match=r"and the loss at the start, 0\.24"):
        nm.Plan(data=DATA, loss_levels=(0.3,))
    scaled = [nm.train_points([("1", 0)], 100, data=(X, factor * y))[0].solution for factor in (1.0, 1e-3)]
    assert scaled[1].loss == pytest.approx(1e-6 * scaled[0].loss, rel=0.05)


@pytest.mark.slow
def test_from_a_file_by_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savetxt("sin.csv", np.column_stack([POSITION, DATA[1]]), delimiter=",", header="x,y", comments="")
    scan = [
        "scan",
        "--data",
        "sin.csv",
        "--gamma",
        "1,1.75",
        "--gamma-prime",
        "0",
        "--widths",
        "100,200",
        "--seeds",
        "2",
    ]
    assert main([*scan, "--loss-levels", "1e-2", "--store", "s.zarr", "--serial"]) == 0
    out = capsys.readouterr().out
    assert "runs came to rest above the loss of" in out
    assert main(["plot", "s.zarr", "--json", "--loss-level", "1e-2", "--layer", "w"]) == 0
    assert (tmp_path / "s-heatmap-loss-0.01.png").is_file()  # beside the figure of the end
    found = json.loads(capsys.readouterr().out)
    assert found["runs"]["at_rest"] == 0
    assert found["notes"]
    assert found["runs"]["used"] == 8
    assert found["attributes"]["loss_level"] == 0.01
    assert main(["plot", "s.zarr", "--loss-level", "3"]) == 2
    assert "loss level 3: this scan has 0.01" in capsys.readouterr().err
    assert main(["gallery", "--data", "sin.csv", "--gamma", "1,1.75", "--width", "100"]) == 0
    assert "at rest at loss" in " ".join(capsys.readouterr().out.split())

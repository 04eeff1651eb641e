"""The map of condensation: what a cell keeps, regimes told apart by the measures, resuming, figures against their data."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

import numerics as nm
from numerics.cli import main
from numerics.experiments.condensation_map import (
    CondensationPlan,
    by_regime,
    converged,
    output_entropy,
    sharpening,
    sharpening_by_regime,
    slopes_of_w,
)
from numerics.figures.condensation import (
    plot_condensation_map,
    plot_condensation_plane,
    plot_measure_against_slope,
    plot_measure_against_width,
)
from phasetheory import Regime

PLAN = CondensationPlan.paper(gamma=("0.5", "1", "1.5"), gamma_prime=("0", "0.5"), widths=(500, 8000), seeds=2)


@pytest.fixture(scope="module")
def dataset():
    return nm.scan(PLAN, executor=nm.Serial())


def test_the_paper_s_map():
    plan = CondensationPlan.paper()
    assert len(plan.points) == 49
    assert plan.widths == (1000, 10_000, 1_000_000)
    digits = CondensationPlan.paper("mnist:45")
    assert digits.widths == (1000, 10_000, 100_000)
    assert digits.data[0].shape == (45, 785)
    assert "--data mnist:45 --gamma=0.7:1.3:7 --gamma-prime=-0.3:0.3:7" in digits.command
    with pytest.raises(nm.InputError, match="four-points"):
        CondensationPlan.paper("moons")


def test_a_cell_keeps_its_neurons_binned(dataset):
    assert converged(dataset).loss.notnull().all()
    for width in PLAN.widths:
        here = dataset.sel(width=width)
        np.testing.assert_allclose(here.occupancy.sum(("orientation", "relative_amplitude")), width)
    np.testing.assert_allclose(dataset.share.sum("bin"), 1.0)
    cell = PLAN.cells[-1]
    neurons = nm.features(PLAN.train(cell).network)
    again = nm.condensation(neurons)
    kept = dataset.isel(gamma=-1, gamma_prime=-1, width=-1, seed=-1)
    assert float(kept.entropy) == again.entropy
    assert float(kept.fraction) == again.fraction
    assert int(kept.directions) == again.number
    # the label of the fullest bin is an orientation that the largest neurons have
    peak = float(kept.share.idxmax("bin"))
    assert np.abs(neurons.orientation[neurons.amplitude > 0.5 * neurons.amplitude.max()] - peak).min() < np.pi / 90


def test_the_measures_tell_the_regimes_apart(dataset):
    """Absent in the linear regime and vanishing with the width, the same on the boundary, rising beyond it."""
    rows = {(row.regime, row.width): row for row in by_regime(dataset)}
    assert set(rows) == {(regime, width) for regime in Regime for width in PLAN.widths}
    assert rows[Regime.LINEAR, 8000].entropy[0] > 0.8
    assert rows[Regime.CONDENSED, 8000].entropy[0] < 0.4
    assert rows[Regime.CONDENSED, 8000].fraction[0] > 0.9
    mean = {regime: pair[0] for regime, pair in sharpening_by_regime(dataset).items()}
    assert mean[Regime.LINEAR] < -0.02
    assert mean[Regime.LINEAR] < mean[Regime.CRITICAL] < mean[Regime.CONDENSED]
    change = sharpening(dataset).mean("seed")
    assert float(change.sel(gamma=0.5, gamma_prime=0)) < -0.02
    assert abs(float(change.sel(gamma=1, gamma_prime=0))) < 0.02
    assert float(change.sel(gamma=1.5, gamma_prime=0)) > -0.005


def test_derived_slopes_on_the_grid():
    np.testing.assert_allclose(slopes_of_w([0.5, 1.0, 1.5], [0.0, 0.5]), [[-0.5, -1.5], [0.0, -1.0], [0.25, 0.0]])


def test_the_map_frames_the_critical_boxes(dataset):
    slopes = slopes_of_w(dataset.gamma.values, dataset.gamma_prime.values)
    figure = plot_condensation_map(dataset, slopes, figure=Figure())
    thick = [max(s.get_linewidth() for s in ax.spines.values()) > 2 for ax in figure.axes]
    # row by row from the largest gamma': critical at (1.5, 0.5) and (1, 0)
    assert thick == [False, False, True, False, True, False]
    widest = figure.axes[0].images[0].get_array()
    counts = dataset.occupancy.sel(gamma=0.5, gamma_prime=0.5, seed=0, width=8000).values.T
    np.testing.assert_array_equal(widest[..., 3] > 0, counts > 0)


def test_pictures_of_the_measures_show_the_measures(dataset):
    slopes = slopes_of_w(dataset.gamma.values, dataset.gamma_prime.values)
    plane = plot_condensation_plane(1 - dataset.entropy.sel(width=8000), "condensation", ax=Figure().subplots())
    shown = plane.collections[0].get_array().reshape(2, 3)
    np.testing.assert_allclose(shown, (1 - dataset.entropy.sel(width=8000)).mean("seed").T)
    gamma, prime = plane.lines[-1].get_data()
    np.testing.assert_allclose(gamma, 1 + np.maximum(0, prime))
    against = plot_measure_against_slope(dataset, slopes, ax=Figure().subplots())
    x, y = against.containers[1].lines[0].get_data()
    np.testing.assert_allclose(x, slopes.ravel())
    np.testing.assert_allclose(y, (1 - dataset.entropy.sel(width=8000)).mean("seed").values.ravel())
    lines = plot_measure_against_width(dataset, [(1.5, 0.0)], [0.25], measure="fraction", ax=Figure().subplots())
    expected = dataset.fraction.sel(gamma=1.5, gamma_prime=0).mean("seed")
    np.testing.assert_allclose(lines.containers[0].lines[0].get_ydata(), expected)


@pytest.mark.slow
def test_digits_are_binned_by_projection():
    plan = CondensationPlan.paper("mnist:45", gamma=("7/4",), gamma_prime=(0,), widths=(60, 100), seeds=1)
    data = nm.scan(plan, executor=nm.Serial())
    assert data.orientation.values[0] == pytest.approx(-1, abs=0.01)
    np.testing.assert_allclose(data.occupancy.sum(("orientation", "relative_amplitude")).values.ravel(), [60, 100])
    assert float(data.entropy.mean()) < float(data.initial_entropy.mean()) - 0.2


@pytest.mark.slow
def test_condense_command_continues_its_store(capsys, tmp_path):
    store = tmp_path / "map.zarr"
    few = [
        "condense",
        "--gamma",
        "0.5,1.5",
        "--gamma-prime",
        "0",
        "--widths",
        "200,400",
        "--seeds",
        "2",
        "--serial",
    ]
    assert main([*few, "--store", str(store), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    log = (store / ".scan" / "records.log").read_bytes()
    assert main([*few, "--store", str(store), "--json", "--out", str(tmp_path / "figures")]) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert (store / ".scan" / "records.log").read_bytes() == log  # nothing was run again
    assert {row["regime"] for row in first["regimes"]} == {"linear", "condensed"}
    names = {p.name for p in (tmp_path / "figures").iterdir()}
    assert names == {f"condensation_{n}.{e}" for n in ("map", "measures") for e in ("png", "pdf")}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--data", "moons"], "is not known"),
        (["--widths", "a,b"], "integers"),
        (["--gamma", "x"], "gamma = 'x'"),
        (["--widths", "1000"], "two different widths"),
    ],
)
def test_mistakes_are_one_line(capsys, arguments, named):
    assert main(["condense", *arguments]) == 2
    err = capsys.readouterr().err
    assert named in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("capacity", "without", "settled"), [(20, 0.76, 0.56), (1, 0.41, 0.50), (0.2, 0.40, 0.48)])
def test_dropout_condenses_a_linear_network_and_spreads_a_condensed_one(four_points, capacity, without, settled):
    """Entropies weighted by |f_k| at the samples, 400 neurons, q = 1, kappa' = 1: measured with another code, given to 0.03."""
    X, y = four_points
    start = nm.TwoLayer.draw(400, capacity / 400, 1, 2, rng=0)
    end = nm.settling_time(start, 0.5)
    runs = nm.gradient_flow(start, X, y), nm.gradient_flow(start, X, y, dropout=0.5, t_max=end, loss_tol=1e-30)
    found = [output_entropy(run.network, X) for run in runs]
    assert found == pytest.approx([without, settled], abs=0.03)
    assert (found[1] < found[0]) == (capacity == 20)


@pytest.mark.slow
def test_a_map_with_dropout_says_so_and_keeps_both_entropies(capsys, tmp_path):
    few = ["--gamma=0.5,1.5", "--gamma-prime=0", "--widths", "50,100", "--seeds", "2", "--serial"]
    command = ["condense", *few, "--dropout", "0.5", "--store", str(tmp_path / "store")]
    assert main([*command, "--json", "--out", str(tmp_path / "figures")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["dropout"] == 0.5
    assert "--dropout 0.5" in said["command"]
    assert said["runs"]["at_rest"] == 0  # what is left of the loss is the penalty's
    assert all(row["output_entropy"]["with_it"]["standard_error"] > 0 for row in said["regimes"])
    plan = CondensationPlan.paper(gamma=("0.5", "1.5"), gamma_prime=("0",), widths=(50, 100), seeds=2, dropout=0.5)
    dataset = nm.open_scan(tmp_path / "store")
    assert dataset.attrs["dropout"] == 0.5
    assert dataset.attrs["title"].endswith("dropout keeping 0.5")
    cell = plan.cells[-1]
    without = plan.train(cell)
    end = nm.settling_time(without.initial, 0.5)
    settled = nm.gradient_flow(without.initial, *plan.data, dropout=0.5, t_max=end, loss_tol=1e-30, threads=1)
    here = dataset.sel(**{name: float(value) for name, value in cell.items()})
    expected = [output_entropy(run.network, plan.data[0]) for run in (without, settled)]
    np.testing.assert_allclose(here.output_entropy, expected)
    np.testing.assert_allclose(here.entropy, nm.condensation(nm.features(settled.network)).entropy)
    assert main(command) == 0
    table = capsys.readouterr().out
    assert "dropout keeping 0.5" in " ".join(table.split())
    assert "without dropout → with it (standard error over the runs)" in table
    for other in (["--dropout", "0.8"], []):  # the store knows its dropout
        assert main(["condense", *few, *other, "--store", str(tmp_path / "store")]) == 2
        assert "dropout: the store has 0.5" in capsys.readouterr().err


def test_the_time_in_which_dropout_settles():
    start = nm.TwoLayer.draw(400, 1 / 400, 4, 2, rng=0)
    assert nm.settling_time(start, 0.8) * start.kappa == pytest.approx(10 * 400 * 4 / 4)
    with pytest.raises(nm.InputError, match="nothing settles"):
        nm.settling_time(start, 1)

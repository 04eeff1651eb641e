"""Trained networks against the first directions, for kinked and smooth activations; the formulas of these against SymPy's."""

import json
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from matplotlib.figure import Figure

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.experiments.first_directions import PLATEAU
from numerics.experiments.portraits import train_points
from numerics.figures.features import draw_orientations
from numerics.networks.activation import PointwiseActivation
from numerics.networks.smooth import SMOOTH
from phasetheory.condensation import leading

EVEN = np.column_stack([[-1, -1 / 3, 1 / 3, 1], np.ones(4)]), np.array([2, 0, 0, 2]) / 15


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_activations_are_those_of_the_theory(name):
    z = sp.Symbol("z", real=True)
    assert set(SMOOTH) == set(leading.SMOOTH)
    at = np.linspace(-6, 6, 25)
    exact = leading.SMOOTH[name]
    for order, mine in enumerate((SMOOTH[name].value, SMOOTH[name].slope, SMOOTH[name].curvature)):
        expected = sp.lambdify(z, sp.diff(exact, z, order), ["scipy", "numpy"])(at)
        np.testing.assert_allclose(mine(at), expected, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tanh", "z tanh z", "z^2 tanh z", "gelu"])
def test_two_methods_agree_on_smooth_activations(four_points, name):
    start = nm.DeepNetwork.sample((2, 60, 1), (0.3, 0.3), activation=PointwiseActivation(name), centred=False)
    runs = [nm.gradient_flow(start, *four_points, method=m, loss_tol=1e-3, rtol=1e-3) for m in ("exponential", "rkc")]
    distances = [list(run.relative_distance.values()) for run in runs]
    assert distances[0] == pytest.approx(distances[1], rel=0.01)
    assert np.isnan(runs[0].conserved_drift)  # nothing is conserved


@pytest.mark.parametrize(
    ("activation", "loss", "least"), [("relu", 0.02, 0.85), ("z tanh z", 0.09, 0.95), ("z^2 tanh z", 0.09, 0.95)]
)
def test_tiny_weights_condense_on_the_predicted_directions(four_points, activation, loss, least):
    """While the residual is that of the start; it changes, and with relu the share falls."""
    (net,) = train_points([(2, 0)], 400, data=four_points, activation=activation, loss_tol=loss)
    assert net.first.initial < 0.25
    assert net.first.plateau > least
    if activation == "relu":
        assert net.first.final < 0.2


@pytest.mark.parametrize("activation", ["softplus", "sigmoid"])
def test_where_sigma_of_zero_is_not_zero_the_mean_is_fitted_first(four_points, activation):
    X, y = four_points
    start = nm.DeepNetwork.sample((2, 400, 1), (1e-4, 1e-4), activation=PointwiseActivation(activation), centred=False)
    run = nm.gradient_flow(start, X, y, loss_tol=0.12)
    assert nm.compare_with_first_directions(run, X, y).plateau > 0.95
    as_given = pt.condensed_directions(X, y, activation=activation)
    assert nm.compare_with_first_directions(run, X, y, as_given).plateau < 0.05


@pytest.mark.parametrize("activation", ["z tanh z", "z^2 tanh z"])
def test_the_onset_takes_a_power_of_the_size(four_points, activation):
    """T ~ eps^-(p-1), with eps = m^(-gamma/2) and the median of five seeds."""
    times = []
    for gamma in (2, Fraction(5, 2)):
        runs = [
            train_points([(gamma, 0)], 400, data=four_points, activation=activation, loss_tol=0.13, seed=seed)
            for seed in range(5)
        ]
        times.append(np.median([net.solution.t for (net,) in runs]))
    exponent = np.log(times[1] / times[0]) / np.log(400**0.25)
    assert exponent == pytest.approx(pt.condensed_directions(*four_points, activation=activation).onset, abs=0.15)


def test_the_linear_regime_does_not_condense_on_them(four_points):
    (net,) = train_points([("1/2", 0)], 600, data=four_points)
    assert max(net.first.initial, net.first.plateau, net.first.final) < 0.15
    predicted = pt.condensed_directions(*four_points, activation="relu")
    again = nm.compare_with_first_directions(net.solution, *four_points)
    assert again.predicted == predicted
    assert again.plateau == net.first.plateau


def test_a_run_that_ends_on_the_plateau_has_no_share_at_its_end(four_points):
    start = nm.TwoLayer.sample(100, 1.75, 0, four_points[0])
    run = nm.gradient_flow(start, *four_points, t_max=1e-3, throw=False)
    assert run.loss > PLATEAU * run.trajectory.loss[0]
    assert np.isnan(nm.compare_with_first_directions(run, *four_points).plateau)


def test_features_says_and_draws_them(four_points, capsys):
    assert main(["features", "--point", "5/4,0", "--width", "60", "--activation", "tanh", "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert sorted(round(one["angle"], 2) for one in read["predicted"]["directions"]) == [-169.36, 10.64]
    assert set(read["points"][0]["near_predicted"]) == {"initial", "first_plateau", "final"}
    assert read["points"][0]["regime"] is None
    run = nm.gradient_flow(nm.TwoLayer.sample(40, 1, 0, four_points[0]), *four_points)
    ax = Figure().subplots()
    first = nm.compare_with_first_directions(run, *four_points)
    draw_orientations(run, ax, first)
    dots = next(line for line in ax.lines if line.get_label() == "plateau's end")
    np.testing.assert_array_equal(dots.get_xdata(), first.on_plateau.orientation)
    lines = {line.get_label(): line.get_xdata()[0] for line in ax.lines if "predicted" in line.get_label()}
    assert lines == pytest.approx({"predicted, $a>0$": np.deg2rad(139.297), "predicted, $a<0$": np.pi / 4}, abs=1e-4)


def test_degenerate_is_said(tmp_path, capsys):
    table = tmp_path / "even.csv"
    table.write_text("x,y\n-3,1\n-1,0\n1,0\n3,1\n")
    arguments = ["features", "--data", str(table), "--point", "1,0", "--width", "50", "--activation", "z tanh z"]
    main(arguments)
    assert "degenerate" not in capsys.readouterr().out  # x = 3: the moments are not isotropic
    data = EVEN[0][:, 0], EVEN[1]
    table.write_text("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in zip(*map(np.ndarray.tolist, data), strict=True)))
    main(arguments)
    assert "degenerate, no direction is preferred" in capsys.readouterr().out

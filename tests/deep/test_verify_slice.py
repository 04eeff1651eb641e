"""Prediction against measurement beyond two layers, and that a wrong prediction fails."""

import json
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.experiments.slice_plan import REGIONS
from numerics.experiments.verify import Verdict
from numerics.experiments.verify_slice import MEAN_DIFFERENCE
from numerics.reports.slice_verification import slice_to_dict

THREE = pt.phase_diagram(3)
SMALL = nm.SlicePlan.of(THREE, REGIONS[::2], widths=(48, 96, 192), seeds=3, loss_tol=1e-3)


@pytest.fixture(scope="module")
def small():
    return nm.verify_slice(SMALL, executor=nm.Serial())


def test_the_standard_points_are_two_in_each_of_four_regions():
    regimes = [tuple(THREE.regime_at(gamma_3=x, gamma_2=y)[layer] for layer in ("W1", "W2")) for x, y in REGIONS]
    assert len(set(regimes)) == 4
    assert all(regimes.count(pair) == 2 for pair in regimes)


def test_one_point_of_every_region_agrees(small):
    assert len(small.points) == 4
    assert all(result.measured is not None for point in small.points for result in point.layers)
    assert all(
        result.measured_regime is result.predicted_regime for p in small.points for result in p.of("frobenius")[:2]
    )
    assert small.mean_difference <= MEAN_DIFFERENCE


def test_a_wrong_prediction_fails(small):
    """The boundaries of another slice: every layer is held against the slope of the next."""
    x, y = THREE.coordinates
    wrong = pt.Network((1, pt.m ** (-x / 2), pt.m**-y), pt.m ** (x / 3))
    diagrams = {n: pt.phase_diagram(network=wrong, coordinates=(x, y), norm=n) for n in ("frobenius", "spectral")}
    verification = nm.verify_slice(replace(SMALL, points=SMALL.points[1:2]), diagrams=diagrams, executor=nm.Serial())
    assert not verification.agrees
    assert verification.mean_difference > MEAN_DIFFERENCE


def test_runs_that_stop_short_decide_nothing():
    plan = nm.SlicePlan.of(THREE, [(3, 1)], widths=(20, 40), seeds=2, max_seconds=1e-6)
    verification = nm.verify_slice(plan, executor=nm.Serial())
    assert not verification.agrees
    assert {result.verdict for result in verification.points[0].layers} == {Verdict.UNDECIDED}
    assert "stopped short" in verification.points[0].layers[0].reason


def test_the_report_is_json(small):
    report = json.loads(json.dumps(slice_to_dict(small)))
    assert report["points"][0]["layers"][0]["predicted"]["slope"] == "-5/4"
    assert report["theory"]["frobenius"]["W1"] == str(THREE.boundary("W1"))


def test_any_depth_and_slice():
    x, y = sp.symbols("x y", real=True)
    slice_ = pt.phase_diagram(network=pt.Network((1, 1, 1, pt.m**-y), pt.m**x), coordinates=(x, y))
    plan = nm.SlicePlan.of(slice_, [(1, 0), (2, 0)], widths=(16, 32), seeds=2, loss_tol=1e-2)
    data = nm.scan(plan, executor=nm.Serial())
    assert data["relative_distance"].dims == ("x", "y", "width", "seed", "layer", "norm")
    assert list(data["layer"].values) == ["W1", "W2", "W3", "a"]
    assert np.all(np.isfinite(data["relative_distance"]))
    assert np.all(data["relative_distance"].sel(norm="spectral", layer="a") > 0)


def test_a_cell_is_the_same_wherever_it_is_run():
    plan = nm.SlicePlan.of(THREE, [("5/2", 0)], widths=(20, 40), seeds=2, loss_tol=1e-2)
    cell = plan.cells[-1]
    one, other = (plan.train(cell).network for _ in range(2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one.weights, other.weights, strict=True))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"points": ()}, "points"),
        ({"points": [("inf", 0)]}, "gamma_3 = 'inf'"),
        ({"widths": (64,)}, "two different widths"),
        ({"widths": (64, 1)}, "width = 1"),
        ({"seeds": 0}, "seeds = 0"),
        ({"activation": "sine"}, "activation = 'sine'"),
    ],
)
def test_a_mistake_in_a_plan(options, match):
    with pytest.raises(nm.InputError, match=match):
        nm.SlicePlan.of(THREE, **({"points": [(1, 0)]} | options))


def test_the_command_verifies_three_layers(capsys, tmp_path):
    arguments = ["verify", "--depth", "3", "--point", "5/2,-1/2", "--widths", "32,64,128", "--seeds", "3"]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "1 of 1 points agree" in out
    assert "Spectral norm" in out
    names = {"phase_diagram", "relative_distance_frobenius", "relative_distance_spectral"}
    assert {p.name for p in tmp_path.iterdir()} == {"report.json"} | {f"{n}.{e}" for n in names for e in ("png", "pdf")}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--depth", "4"], "--point"),
        (["--depth", "1"], "depth = 1"),
        (["--depth", "3", "--activation", "sine"], "activation = 'sine'"),
        (["--activation", "tanh"], "--depth 3"),
        (["--depth", "3", "--seeds", "1"], "seeds = 1"),
        (["--slice", "x"], "--slice 'x'"),
    ],
)
def test_a_mistake_in_the_command_is_one_line(capsys, arguments, part):
    assert main(["verify", *arguments]) == 2
    captured = capsys.readouterr()
    assert part in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""

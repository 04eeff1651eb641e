"""Prediction against measurement beyond two layers, and that a wrong prediction fails."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.experiments.judgement import Verdict
from numerics.experiments.plan import REGIONS
from numerics.reports.verification import to_dict

THREE = pt.phase_diagram(3)
SMALL = nm.Plan(diagram=THREE, points=REGIONS[::2], widths=(48, 96, 192), seeds=3, loss_tol=1e-3)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Runs of SMALL, made once."""
    return tmp_path_factory.mktemp("runs") / "small.zarr"


@pytest.fixture(scope="module")
def small(store):
    return nm.verify(SMALL, store=store, executor=nm.Serial())


def test_the_standard_points_are_two_in_each_of_four_regions():
    regimes = [tuple(THREE.regime_at(gamma_3=x, gamma_2=y)[layer] for layer in ("W1", "W2")) for x, y in REGIONS]
    assert len(set(regimes)) == 4
    assert all(regimes.count(pair) == 2 for pair in regimes)


@pytest.mark.slow
def test_one_point_of_every_region_agrees(small):
    """Every layer in both norms, but for the output layer at (1/4, 0): its interval is too wide at these widths for a verdict."""
    assert len(small.points) == 4
    undecided = [(p.point[0], r.layer) for p in small.points for r in p.layers if r.verdict is Verdict.UNDECIDED]
    assert set(undecided) <= {(Fraction(1, 4), "a")}
    decided = [r for p in small.points for r in p.layers if r.verdict is not Verdict.UNDECIDED]
    assert len(decided) >= 22
    assert all(r.agrees for r in decided), [r for r in decided if not r.agrees]
    assert small.mean_difference <= small.allowance.mean_difference == 0.08


@pytest.mark.slow
@pytest.mark.parametrize("shift", [sp.Rational(1, 2), -sp.Rational(1, 2)])
def test_a_wrong_prediction_fails(small, store, shift):
    """Negative control: the same measurements against boundaries moved by half a unit of gamma_3, either way."""
    x, y = THREE.coordinates
    moved = pt.Network(THREE.network.sigmas, THREE.network.alpha.subs(x, x + shift))
    wrong = pt.phase_diagram(network=moved, coordinates=(x, y))
    verification = nm.verify(SMALL, diagram=wrong, store=store, executor=nm.Serial())
    assert not verification.agrees
    assert verification.mean_difference > 2 * verification.allowance.mean_difference
    pairs = zip(small.points, verification.points, strict=True)
    refuted = [
        r for right, p in pairs for s, r in zip(right.layers, p.layers, strict=True) if s.agrees and not r.agrees
    ]
    assert len(refuted) >= 6
    assert {r.verdict for r in refuted} == {Verdict.DISAGREES}


@pytest.mark.slow
def test_a_verification_needs_the_mean_too(small):
    """Negative control: points that agree one by one do not make a verification whose mean difference is too large."""
    strict = replace(small.allowance, mean_difference=small.mean_difference / 2)
    points = tuple(replace(p, layers=tuple(r for r in p.layers if r.agrees)) for p in small.points)
    assert replace(small, points=points).agrees
    assert not replace(small, points=points, allowance=strict).agrees


def test_runs_that_stop_short_decide_nothing():
    plan = nm.Plan(diagram=THREE, points=[(3, 1)], widths=(20, 40), seeds=2, max_seconds=1e-6)
    verification = nm.verify(plan, executor=nm.Serial())
    assert not verification.agrees
    assert {result.verdict for result in verification.points[0].layers} == {Verdict.UNDECIDED}
    assert "stopped short" in verification.points[0].layers[0].reason


@pytest.mark.slow
def test_the_report_is_json(small):
    report = json.loads(json.dumps(to_dict(small, pt.derive(depth=3))))
    assert report["points"][0]["layers"][0]["predicted"]["slope"] == "-5/4"
    assert report["theory"]["boundaries"]["frobenius"]["W1"] == str(THREE.boundary("W1"))


@pytest.mark.slow
def test_any_depth_and_slice():
    x, y = sp.symbols("x y", real=True)
    slice_ = pt.phase_diagram(network=pt.Network((1, 1, 1, pt.m**-y), pt.m**x), coordinates=(x, y))
    plan = nm.Plan(diagram=slice_, points=[(1, 0), (2, 0)], widths=(16, 32), seeds=2, loss_tol=1e-2)
    data = nm.scan(plan, executor=nm.Serial())
    assert data["relative_distance"].dims == ("x", "y", "width", "seed", "layer", "norm")
    assert list(data["layer"].values) == ["W1", "W2", "W3", "a"]
    assert np.all(np.isfinite(data["relative_distance"]))
    assert np.all(data["relative_distance"].sel(norm="spectral", layer="a") > 0)


def test_a_cell_is_the_same_wherever_it_is_run():
    plan = nm.Plan(diagram=THREE, points=[("5/2", 0)], widths=(20, 40), seeds=2, loss_tol=1e-2)
    cell = plan.cells[-1]
    one, other = (plan.train(cell).network for _ in range(2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one.weights, other.weights, strict=True))


def test_data_without_a_name_are_called_arrays():
    X, y = nm.datasets.from_arrays([-1.0, 0.0, 1.0], [0.1, 0.2, -0.3])
    options = {"diagram": THREE, "points": [(1, 0)], "widths": (8, 16)}
    assert nm.Plan(**options).settings["data"] == "four-points"
    other = nm.Plan(**options, data=(X, y))
    assert other.settings["data"] == "arrays"
    assert other.command == ""  # no command has these data


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"points": ()}, "points"),
        ({"points": [("inf", 0)]}, "gamma_3 = 'inf'"),
        ({"widths": (64,)}, "two different widths"),
        ({"widths": (64, 1)}, "width = 1"),
        ({"seeds": 0}, "seeds = 0"),
        ({"activation": "sine"}, "activation = 'sine'"),
        ({"rtol": -1}, "rtol = -1"),
        ({"max_seconds": 0}, "max_seconds = 0"),
    ],
)
def test_a_mistake_in_a_plan(options, match):
    with pytest.raises(nm.InputError, match=match):
        nm.Plan(**({"diagram": THREE, "points": [(1, 0)]} | options))


@pytest.mark.slow
def test_the_command_verifies_three_layers(capsys, tmp_path):
    arguments = ["verify", "--depth", "3", "--point", "3,1", "--widths", "32,64,128", "--seeds", "3"]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "1 of 1 points agree" in out
    assert "Spectral norm" in out
    names = {"phase_diagram", "relative_distance_frobenius", "relative_distance_spectral"}
    assert {p.name for p in tmp_path.iterdir()} == {"report.json"} | {f"{n}.{e}" for n in names for e in ("png", "pdf")}


@pytest.mark.slow
def test_the_command_verifies_any_plane(capsys):
    """Also of three layers, whose slopes the derivation writes out in both coordinates."""
    for plane, last in (("x,y: m^-y, m^-x, 1; 1", "Spectral norm"), ("x,y: m^-y, m^(x - y); 1", "S_w")):
        words = [
            "verify",
            "--slice",
            plane,
            "--point",
            "1/2,1/2",  # of small distances, which are trained soonest
            "--widths",
            "16,32",
            "--seeds",
            "2",
            "--activation",
            "0.1",
        ]
        assert main(words) in (0, 1)
        out = capsys.readouterr().out
        assert "This network" in out
        assert last in out
        assert "1 points agree" in out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--depth", "4"], "--point"),
        (["--depth", "1"], "depth = 1"),
        (["--depth", "3", "--activation", "sine"], "activation = 'sine'"),
        (["--quick", "--widths", "8,16", "--seeds", "2"], "--quick"),
        (["--depth", "3", "--slice", "x,y: m^-y, m^-x; 1"], "got --depth and --slice; give one of them"),
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

"""The scan and plot commands beyond two layers: stored, continued, compared in both norms, drawn."""

import json
import shlex

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.experiments.maps import compare_map, diagram_of, layers_of

GRID = ["--depth", "3", "--gamma3", "1,3", "--gamma2", "0,1", "--widths", "24,48", "--loss-tol", "3e-2", "--serial"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scan") / "deep.zarr"
    assert main(["scan", *GRID, "--store", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_the_store_knows_its_diagram(store):
    dataset = nm.open_scan(store)
    assert dataset["relative_distance"].dims == ("gamma_3", "gamma_2", "width", "seed", "layer", "norm")
    for norm in ("frobenius", "spectral"):
        diagram, known = diagram_of(dataset, norm), pt.phase_diagram(3, norm=norm)
        assert diagram.network.exponents == known.network.exponents
        for layer in known.layers:
            assert diagram.boundary(layer).segments == known.boundary(layer).segments


@pytest.mark.slow
def test_the_same_command_goes_on_and_another_is_refused(store, capsys):
    before = nm.open_scan(store)["relative_distance"].values
    assert main(["scan", *GRID, "--store", str(store), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["norms"]) == {"frobenius", "spectral"}
    assert set(report["norms"]["spectral"]) == {"W1", "W2", "a"}
    np.testing.assert_array_equal(nm.open_scan(store)["relative_distance"].values, before)
    assert main(["scan", *GRID, "--store", str(store), "--rtol", "1e-3"]) == 2
    assert "rtol" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_kept_with_the_data_makes_the_same_data(store, tmp_path, capsys):
    """Also for a plane that is not the standard one."""
    again = tmp_path / "again.zarr"
    words = shlex.split(nm.open_scan(store).attrs["command"])
    assert words[:4] == ["phasetheory", "scan", "--depth", "3"]
    assert main([*words[1:], "--serial", "--store", str(again)]) == 0
    assert nm.open_scan(again).identical(nm.open_scan(store))
    plane = ["--slice", "x,y: m^-y, m^(x - y), 1; sqrt(m)", "--x", "1", "--y", "0.5", "--activation", "0.1"]
    first, second = tmp_path / "first.zarr", tmp_path / "second.zarr"
    few = ["--widths", "6,12", "--loss-tol", "1e-1", "--serial"]
    assert main(["scan", *plane, *few, "--store", str(first)]) == 0
    words = shlex.split(nm.open_scan(first).attrs["command"])
    assert main([*words[1:], "--serial", "--store", str(second)]) == 0
    assert nm.open_scan(second).identical(nm.open_scan(first))
    capsys.readouterr()


def test_every_layer_is_compared_with_its_derived_slope(store):
    for norm in ("frobenius", "spectral"):
        diagram = pt.phase_diagram(3, norm=norm)
        dataset = nm.open_scan(store)
        for comparison in (compare_map(dataset, layer, norm=norm) for layer in layers_of(dataset)):
            exact = diagram.slopes_at(gamma_3=3, gamma_2=1)[comparison.layer]
            predicted = comparison.slopes["predicted"].sel(gamma_3=3.0, gamma_2=1.0)
            assert float(predicted) == pytest.approx(float(exact))
            assert comparison.points == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "options", "layers"),
    [
        ("heatmap", [], ["W1", "W2", "a"]),
        ("slopes", ["--spectral", "--layer", "a"], ["a"]),
        ("rd", ["--layer", "W2"], ["W2"]),
    ],
)
def test_figures(store, tmp_path, capsys, kind, options, layers):
    file = tmp_path / f"{kind}.png"
    assert main(["plot", str(store), "--figure", kind, *options, "--out", str(file)]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    out = capsys.readouterr().out
    assert {layer for layer in ("W1", "W2", "a") if f"S_{layer}" in out} == set(layers)


@pytest.mark.slow
def test_another_slice_of_another_depth(tmp_path, capsys):
    folder = tmp_path / "slice.zarr"
    plane = ["--slice", "x,y: 1, 1, 1, m^-y; m^x", "--x", "1,2", "--y", "0,1", "--activation", "0.1"]
    sizes = ["--widths", "6,12", "--loss-tol", "1e-1", "--serial"]
    assert main(["scan", *plane, *sizes, "--store", str(folder)]) == 0
    assert "S_W3" in capsys.readouterr().out
    assert main(["plot", str(folder), "--out", str(tmp_path / "slice.png")]) == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--depth", "4"], "--x and --y"),
        (["--gamma3", "1,2"], "--depth 3"),
        (["--depth", "3", "--gamma", "1,2"], "--gamma: this plane has gamma_3 and gamma_2"),
        (["--depth", "3", "--x", "1,2", "--gamma3", "1,2"], "got --gamma3 and --x"),
        (["--depth", "3", "--beta2", "0,1"], "beta2_exponents need two layers"),
        (["--depth", "3", "--gamma3", "one"], "--gamma3 = 'one'"),
        (["--depth", "3", "--widths", "1,2"], "width = 1"),
        (["--slice", "x"], "--slice 'x'"),
    ],
)
def test_a_mistake_is_one_line(capsys, tmp_path, arguments, part):
    assert main(["scan", *arguments, "--store", str(tmp_path / "none.zarr")]) == 2
    captured = capsys.readouterr()
    assert part in captured.err
    assert captured.err.count("\n") == 1


def test_tanh_is_scanned_with_one_line_of_warning(tmp_path, capsys):
    arguments = ["--depth", "3", "--gamma3", "1", "--gamma2", "0", "--widths", "8,16", "--loss-tol", "1e-1", "--serial"]
    store = tmp_path / "tanh.zarr"
    assert main(["scan", *arguments, "--activation", "tanh", "--store", str(store)]) == 0
    warned = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(warned) == 1
    assert "homogeneous only asymptotically" in warned[0]
    dataset = nm.open_scan(store)
    assert np.all(np.isfinite(dataset["relative_distance"]))
    assert np.all(np.isnan(dataset["conserved_drift"]))

"""What a user of the command line sees: results, exit status, and one line for every mistake."""

import json
import subprocess
import sys

import pytest

import phasetheory as pt
from numerics.cli import main
from numerics.commands.letters import spell

FAST = ["--point", "0.5,0", "--point", "1.75,0", "--widths", "500,1000,2000", "--seeds", "3"]


def run(capsys, *arguments):
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.slow
def test_verify_writes_report_and_figures(capsys, tmp_path):
    folder = tmp_path / "new" / "folder"
    status, out, _ = run(capsys, "verify", "--out", str(folder), *FAST)
    assert status == 0
    assert "Balance law  [proved]" in out
    assert "γ = 1 for γ' ≤ 0" in out
    assert out.count("agrees") == 2
    names = {"relative_distance", "learned_functions", "phase_diagram"}
    assert {p.name for p in folder.iterdir()} == {"report.json"} | {f"{n}.{e}" for n in names for e in ("png", "pdf")}
    report = json.loads((folder / "report.json").read_text())
    assert report["agrees"] is True
    assert [p["layers"][0]["predicted"]["slope"] for p in report["points"]] == ["-1/2", "3/8"]


def test_verify_prints_json_and_nothing_else(capsys):
    status, out, _ = run(capsys, "verify", "--json", *FAST)
    assert status == 0
    assert json.loads(out)["plan"]["widths"] == [500, 1000, 2000]


def test_verify_has_exit_status_1_when_a_point_does_not_agree(capsys):
    """With two seeds of a few neurons nothing is concluded, and that is no agreement."""
    status, out, _ = run(capsys, "verify", "--point", "0.75,0.25", "--widths", "30,60", "--seeds", "2")
    assert status == 1
    assert "undecided" in out
    assert "0 of 1 points agree" in out


@pytest.mark.parametrize("name", pt.initializations())
def test_classify_knows_every_name(capsys, name):
    status, out, _ = run(capsys, "classify", name)
    assert status == 0
    assert "γ' = " in out
    assert "derived (" in out
    assert "source" in out


def test_classify_says_what_is_proved(capsys):
    status, out, _ = run(capsys, "classify", "--alpha", "sqrt(m)", "--beta1", "1", "--beta2", "1/m")
    assert status == 0
    proved, derived = out.split("derived (scaling")
    assert "w is condensed" in proved
    assert "S_w ≥ 1/4" in proved
    assert "S_w = 1/2, S_a = -1" in derived
    assert "a hard target (they cannot): S_w = 3/4, S_a = -1/4" in derived  # output weights that hardly move


def test_coordinates_have_one_name_a_depth(capsys):
    """``classify`` and ``diagram`` call them the same: those of the book at three layers."""
    for depth, names in ((2, "γ, γ'"), (3, "γ₃, γ₂"), (4, "γ, γ'")):
        first, second = names.split(", ")
        _, page, _ = run(capsys, "classify", "--alpha", "1", "--sigmas", ",".join("1" * depth))
        assert f"coordinates    {first} = 0, {second} = 0" in page
        assert f"named initialisations, at ({names})" in run(capsys, "diagram", "--depth", str(depth))[1]


def test_classify_as_json(capsys):
    status, out, _ = run(capsys, "classify", "he", "--json")
    result = json.loads(out)
    assert status == 0
    assert (result["gamma"], result["gamma_prime"]) == ("1/2", "1/2")
    assert result["regime"] == {"w": "linear", "a": "linear"}
    assert {s["basis"] for s in result["statements"]} == {"proved", "derived"}


def test_classify_at_a_width(capsys):
    call = ["classify", "--alpha", "1", "--beta1", "0.05", "--beta2", "0.05", "--width", "100"]
    status, out, _ = run(capsys, *call)
    assert status == 0
    assert "width 100      P = 0.25, and 1 at width 400 [derived" in out
    found = json.loads(run(capsys, *call, "--json")[1])["at_width"]
    assert (found["capacity"], found["unit_width"], found["outgrowing"]) == ("1/4", "400", ["w", "a"])
    assert "P = 89.44/√d" in run(capsys, "classify", "he", "--depth", "3", "--width", "1000")[1]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (
            ["mup", "--depth", "3"],
            "W2             linear [derived], S = -1/2 [derived]; in spectral norm critical, S = 0",
        ),
        (["--abc", "0,1; 0,0; 0"], "w              critical [derived], S = 0"),
        (["--sigmas", "1,1/m,1", "--alpha", "m", "--learning-rates", "1,1,m"], "3-layer relu network"),
        (["--alpha", "1", "--beta1", "1", "--beta2", "1", "--beta3", "1/m"], "σ_a = β₃ = 1/m"),
        (["ntk", "--activation", "leaky_relu:0.1"], "w              linear [derived]"),
        (["ntk", "--activation", "relu^2"], "capacity       P ~ m^(1/2)"),
        (["--alpha", "m", "--beta1", "1", "--beta2", "1", "--activation", "relu^2"], "no slope is claimed"),
        (["centred_lazy"], "S = -g"),
        (["he"], "when the width doubles"),
    ],
)
def test_classify_any_network(capsys, arguments, shown):
    status, out, _ = run(capsys, "classify", *arguments)
    assert status == 0
    assert shown in out
    status, out, _ = run(capsys, "classify", "--json", *arguments)
    assert status == 0
    assert json.loads(out)["statements"]


def test_derive_one_network(capsys):
    status, out, _ = run(capsys, "derive", "--sigmas", "1,1/m,1", "--alpha", "m", "--learning-rates", "1,m,1")
    assert status == 0
    assert "learning rate m" in out
    assert "?" not in spell(out, "ascii")  # every letter of a derivation has a spelling
    assert "This network" in out
    status, out, _ = run(capsys, "derive", "ntk", "--activation", "relu^2")
    assert status == 0
    assert "no slope is claimed" in " ".join(out.split())


@pytest.mark.slow
def test_diagram_as_text_and_data(capsys, tmp_path):
    status, out, _ = run(capsys, "diagram", "--depth", "3")
    assert status == 0
    assert "W2 is critical on  γ₃ = 3 - γ₂ for γ₂ ≤ 1/2; γ₃ = 5/2 for γ₂ ≥ 1/2" in out
    assert out.count("W1 linear") == out.count("W1 condensed") == 2
    status, out, _ = run(capsys, "diagram", "--slice", "x,y: m^-y, m^-x, 1; 1")
    assert status == 0
    assert "  a linear on the whole plane\n" in out
    assert out.endswith("no named initialisation lies on this plane\n")
    status, out, _ = run(capsys, "diagram", "--slice", "x,y: m^-y, m^-x; m^(x+y)", "--json")
    assert status == 0
    assert json.loads(out)["coordinates"] == ["x", "y"]
    for name in ("map.json", "map.png", "map.svg", "map.pdf"):
        assert run(capsys, "diagram", "--spectral", "--out", str(tmp_path / name))[:2] == (0, "")
    assert json.loads((tmp_path / "map.json").read_text())["norm"] == "spectral"
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("form", "sign"), [("text", "[ok]"), ("markdown", "$$"), ("latex", r"\begin{document}")])
def test_derive_prints_and_writes(capsys, tmp_path, form, sign):
    status, out, _ = run(capsys, "derive", "--format", form)
    assert status == 0
    assert sign in out
    file = tmp_path / "derivation"
    assert run(capsys, "derive", "--format", form, "--out", str(file))[:2] == (0, "")
    assert file.read_text() == out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["classify", "nobody"], "unknown initialization 'nobody'"),
        (["classify"], "no network given"),
        (["classify", "--alpha", "1"], "no network given"),
        (["classify", "--beta1", "1", "--beta2", "1"], "--alpha is missing"),
        (["classify", "--alpha", "1", "--beta1", "1"], "--beta2 is missing"),
        (["classify", "he", "--alpha", "1"], "leave out --alpha"),
        (["classify", "he", "--beta1", "1"], "NAME and --beta1"),
        (["classify", "mean_field", "--depth", "3"], "use 'mup'"),
        (["classify", "he", "--depth", "1"], "depth = 1"),
        (["classify", "--sigmas", "1,1", "--alpha", "1", "--depth", "3"], "the scales given are those of 2 layers"),
        (["classify", "--abc", "0,1; 0,0; 0", "--alpha", "m"], "--abc fixes every scale"),
        (["classify", "he", "--activation", "tanh"], "--activation tanh"),
        (["classify", "--abc", "1,2"], "--abc 1,2"),
        (["classify", "--sigmas", "1", "--alpha", "1"], "at least two layers"),
        (["classify", "--sigmas", "1,1", "--alpha", "1", "--learning-rates", "1"], "one per layer"),
        (["classify", "--alpha", "k*m", "--beta1", "1", "--beta2", "1"], "unknown symbol 'k'"),
        (["classify", "--alpha", "__import__('os').system('echo')", "--beta1", "1", "--beta2", "1"], "cannot read"),
        (["classify", "--alpha", "1", "--beta1", "-1", "--beta2", "1"], "beta1 = -1"),
        (["classify", "--alpha", "1", "--beta1", "exp(m)", "--beta2", "1"], "not a power law"),
        (["derive", "nobody"], "unknown initialization"),
        (["derive", "--depth", "1"], "depth = 1"),
        (["derive", "--alpha", "1"], "no network given"),
        (["diagram", "--depth", "1"], "depth = 1"),
        (["diagram", "--out", "map.bmp"], "map.bmp"),
        (["diagram", "--out", "map.png", "--json"], "got --json and --out map.png"),
        (["diagram", "--out", "/proc/nowhere/map.png"], "cannot write"),
        (["diagram", "--slice", "x"], "--slice 'x'"),
        (["diagram", "--slice", "x,y: m^-z, 1; 1"], "unknown symbol 'z'"),
        (["diagram", "--slice", "x,x: m^-x, 1; 1"], "two different symbols"),
        (["diagram", "--slice", "m,y: m^-y, 1; 1"], "two different symbols"),
        (["classify", "he", "--depth", "99999999999999999999"], "'--depth'"),
        (["diagram", "--slice", "x,y: m^-x^2, m^-y; 1"], "not affine"),
        (["derive", "--format", "html"], "'html' is not one of"),
        (["derive", "--out", "/proc/nowhere/file"], "cannot write /proc/nowhere/file"),
        (["verify", "--out", "/proc/nowhere"], "cannot write /proc/nowhere"),
        (["verify", "--widths", "1,2"], "width = 1"),
        (["verify", "--widths", "3,5"], "width = 3"),
        (["verify", "--widths", "many"], "--widths many"),
        (["verify", "--widths", ""], "--widths is empty"),
        (["verify", "--seeds", "1"], "seeds = 1"),
        (["verify", "--seeds", "few"], "'--seeds'"),
        (["verify", "--point", "inf,0"], "gamma = 'inf'"),
        (["verify", "--point", "1"], "GAMMA,GAMMA_PRIME"),
        (["verify", "--nope"], "--nope"),
        (["nothing"], "nothing"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(capsys, arguments, part):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert part in err
    assert err.startswith("phasetheory: ")
    assert err.count("\n") == 1


def test_an_output_folder_that_is_a_file(capsys, tmp_path):
    file = tmp_path / "file"
    file.write_text("kept")
    status, _, err = run(capsys, "verify", "--out", str(file), *FAST)
    assert status == 2
    assert err.count("\n") == 1
    assert file.read_text() == "kept"


def test_help_and_version(capsys):
    status, out, _ = run(capsys, "--version")
    assert (status, out) == (0, "0.1.0\n")
    for command in ("verify", "classify", "derive", "diagram"):
        status, out, _ = run(capsys, command, "--help")
        assert status == 0
        assert "Usage: phasetheory" in out


@pytest.mark.parametrize("columns", ["60", "120"])  # as text, and in panels
def test_help_keeps_the_brackets_of_an_extra(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert "phasetheory[torch]" in run(capsys, "inspect", "--help")[1]
    assert "phasetheory[explore]" in run(capsys, "explore", "--help")[1]


def test_the_theory_needs_neither_numba_nor_matplotlib():
    code = "import sys, phasetheory; print(sorted({'numba', 'matplotlib', 'numpy', 'numerics'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_classify_says_what_dropout_does(capsys):
    assert main(["classify", "ntk", "--dropout", "1/2"]) == 0
    assert "the third number is q κ ~ m^(-1/2), q = 1 [proved]" in capsys.readouterr().out
    assert main(["classify", "ntk", "--dropout", "1/2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["dropout"]
    assert (said["third_number"], said["slopes_at_long_times"]) == ("-1/2", {"w": "0", "a": "0"})

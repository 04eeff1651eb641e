"""What a shell offers after Tab."""

import pytest

import numerics as nm
from numerics.cli import main


def offered(monkeypatch, capsys, words):
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    monkeypatch.setenv("_PHASETHEORY_COMPLETE", "complete_bash")
    assert main(["nothing"]) == 0
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("phasetheory cl", ["classify"]),
        ("phasetheory classify m", ["mean_field", "mup"]),
        ("phasetheory classify --depth 3 m", ["mup"]),
        ("phasetheory derive x", ["xavier"]),
        ("phasetheory derive --format l", ["latex"]),
        ("phasetheory verify --no", ["--no-derivation"]),
        ("phasetheory verify --data ", ["four-points", "curve", "curve:", "mnist:"]),
        ("phasetheory verify --data my_", []),  # the shell goes on with files
        ("phasetheory plot runs.zarr --figure ", ["heatmap", "slopes", "rd"]),
        ("phasetheory plot nothing.zarr --layer ", []),
        ("phasetheory linearize --layers ", ["w,a", "w", "a"]),
        ("phasetheory scan --activation t", ["tanh"]),
    ],
)
def test_what_is_offered(monkeypatch, capsys, words, expected):
    assert offered(monkeypatch, capsys, words) == expected


def test_layers_of_a_store(monkeypatch, capsys, tmp_path):
    store = tmp_path / "runs.zarr"
    nm.scan(nm.Plan(points=((1, 0),), widths=(20, 40), seeds=1), store, executor=nm.Serial())
    assert offered(monkeypatch, capsys, f"phasetheory plot {store} --layer ") == ["w", "a", "theta"]


def test_the_script_for_a_shell(capsys):
    assert main(["--show-completion", "bash"]) == 0
    assert "_PHASETHEORY_COMPLETE=complete_bash" in capsys.readouterr().out

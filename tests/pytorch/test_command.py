"""phasetheory inspect: the user's file is run, and its errors are its own."""

import json
import subprocess
import sys

import pytest

from numerics.cli import main

pytest.importorskip("torch")

MODEL = """
import sys
from torch import nn
from layers import hidden

def mlp(width):
    print("made at", width)
    return nn.Sequential(hidden(width), nn.ReLU(), nn.Linear(width, 1))

def broken(width):
    return nn.Linear(2, undefined)

def ends(width):
    sys.exit("enough")

def unready():
    return nn.Linear(2, 1)

NUMBER = 3

class Narrow(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a, self.b = hidden(width), nn.Linear(16, 1)

    def forward(self, x):
        return self.b(self.a(x))

class Fails(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = hidden(width)

    def forward(self, x):
        raise ValueError("mine")
"""


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "layers.py").write_text("from torch import nn\n\ndef hidden(width):\n    return nn.Linear(2, width)\n")
    (tmp_path / "wrong.py").write_text("def factory(width):\n    return (\n")
    (tmp_path / "points.csv").write_text("x1,x2,y\n0.1,0.5,1\n-1,0.3,0.2\n0.4,-1,-1\n1,0.5,0.3\n")
    monkeypatch.chdir(tmp_path)

    def run(source, *options):
        words = ["inspect", source, "--data", "points.csv", "--widths", "16,32", "--seeds", "2", *options]
        status = main(words)
        return status, *capsys.readouterr()

    return run


def test_the_table_is_printed_and_what_the_file_prints_is_not_in_it(call):
    status, out, err = call("model.py:mlp", "--json")
    assert status == 0
    found = json.loads(out)
    assert [p["name"] for p in found["parameters"]] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert found["parameters"][0]["shape"] == ["m", "2"]  # without the constant
    assert "made at 16" in err


def test_training_has_verdicts_and_a_picture(call, tmp_path):
    options = ("--train", "--optimizer", "sgd", "--rate", "1/m", "--out", "check.png")
    status, out, _ = call("model.py:mlp", *options)
    assert status in (0, 1)
    assert "2.weight: S = " in out
    assert "m^-1" in out
    assert (tmp_path / "check.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("factory", "shown"),
    [
        ("broken", ("in broken", "NameError: name 'undefined' is not defined")),
        ("Fails", ("in forward", "ValueError: mine")),
        ("ends", ("in ends", "SystemExit: enough")),
    ],
)
@pytest.mark.parametrize("options", [(), ("--optimizer", "sgd", "--rate", "1/m", "--train")])
def test_errors_of_the_file_are_its_own(call, factory, shown, options):
    status, out, err = call(f"model.py:{factory}", *options)
    assert (status, out) == (2, "")
    assert err.startswith("Traceback")
    assert all(text in err for text in shown)
    assert "numerics" not in err
    assert err.count('File "') == 1
    assert err.splitlines()[-1].startswith("phasetheory: model.py raised ")


def test_an_error_of_the_second_width_is_shown_once(call):
    status, out, err = call("model.py:Narrow")
    assert (status, out) == (2, "")
    assert err.count("Traceback") == err.count("in forward") - err.count("linear.py") == 1
    assert "mat1 and mat2 shapes cannot be multiplied (4x32 and 16x1)" in err
    assert "numerics" not in err
    assert err.splitlines()[-1] == "phasetheory: model.py raised RuntimeError; its own lines are above"


@pytest.mark.parametrize("options", [(), ("--optimizer", "sgd", "--rate", "1/m")])
@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("NUMBER", "factory = 3; give a function of the width that returns a torch.nn.Module"),
        ("unready", "factory cannot be called with a width alone: too many positional arguments; give a function"),
    ],
)
def test_what_is_no_factory_is_refused_in_one_line(call, factory, message, options):
    status, out, err = call(f"model.py:{factory}", *options)
    assert (status, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_file_that_python_cannot_read_is_shown_where(call):
    status, _, err = call("wrong.py:factory")
    assert status == 2
    assert 'File "wrong.py", line 2' in err
    assert "SyntaxError" in err
    assert "numerics" not in err


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("model.py", "give a file and the function in it that builds the model, such as model.py:factory"),
        ("nothing.py:mlp", "nothing.py is no file"),
        ("model.py:nobody", "model.py has no nobody; it has hidden, mlp, broken, ends, unready, Narrow, Fails"),
    ],
)
def test_sources_that_are_none_are_refused(call, source, message):
    status, out, err = call(source)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_rate_is_a_formula_in_the_width(call):
    status, _, err = call("model.py:mlp", "--optimizer", "sgd", "--rate", "1/d")
    assert status == 2
    assert "rate = 1/d has d; give a formula in the width m such as 1/m" in err


def test_steps_that_are_too_few_are_told_of_with_what_to_do(call):
    status, out, _ = call("model.py:mlp", "--train", "--optimizer", "sgd", "--rate", "0.001", "--steps", "1,3")
    assert status == 0  # nothing disagrees
    assert "4 stopped short of loss" in out
    assert out.splitlines()[-1].endswith("that ends it; give more steps, or a larger rate")


def test_without_pytorch_it_says_so_in_one_line():
    code = (
        "import importlib.util as u, sys; find = u.find_spec; "
        "u.find_spec = lambda name, *rest: None if name == 'torch' else find(name, *rest); "
        "from numerics.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "inspect", "model.py:mlp"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("phasetheory: numerics.pytorch needs PyTorch, which is not installed; pip install")
    assert done.stderr.count("\n") == 1

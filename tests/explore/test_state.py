"""The explorer without its page: states and links, the map, training, the Python lines."""

import importlib
import itertools
import re
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.explore.ahead import compile_ahead
from numerics.explore.code import python_lines
from numerics.explore.map import map_of, regimes_and_basis
from numerics.explore.state import State
from numerics.explore.training import capacity_plane, frames, located, train
from numerics.explore.words import mistake, said, words_in

SLICE = "x,y: m^-y, m^-x, 1; 1"
STATES = [
    State(),
    State(x="1/2", width=200, seed=3, language="zh"),
    State(decay="0.0001", data="-1,0.5; 0,1; 1,-1"),
    State(optimizer="adam", width=100, x="1.2"),
    State(plane="3", x="2", y="1", width=100),
    State(plane=SLICE, x="1", y="0.5", width=100),
]


@pytest.mark.parametrize("state", STATES)
def test_a_link_keeps_the_state(state):
    assert State.from_query("?" + state.to_query()) == state


REFUSED = [
    ({"x": "one"}, "gamma = 'one' is no number; give a decimal or a fraction, such as 7/4"),
    ({"y": "1/0"}, "gamma_prime = '1/0' is no number"),
    ({"plane": "4"}, "slice '4': give 'x,y: sigma_1, .., sigma_L; alpha'"),
    ({"width": "many"}, "width = 'many' is no integer"),
    ({"width": 1001}, "width = 1001"),
    ({"width": 200_000}, "give 100 to 100000 neurons for 2 layers under gradient flow"),
    ({"plane": "3", "width": 2000}, "give 100 to 1000 neurons for 3 layers"),
    ({"optimizer": "adam", "width": 10_000}, "give 100 to 2000 neurons for 2 layers under Adam"),
    ({"optimizer": "adam", "plane": "3", "width": 500}, "give 100 to 200 neurons for 3 layers under Adam"),
    ({"optimizer": "newton"}, "optimiser = 'newton'; use one of gradient-flow, adam"),
    ({"decay": "-1"}, "decay = -1 is negative"),
    ({"plane": "3", "width": 100, "decay": "0.1"}, "decay = 0.1 with 3 layers"),
    ({"data": "1,2"}, "data are 1 points; give two points or more"),
    ({"data": "1,2;3"}, "data = '1,2;3'; give two points or more"),
    ({"data": "1,a;2,3"}, "has what is no number"),
    ({"data": "1,nan;2,3"}, "nan"),
    ({"data": "1,2;1,3"}, "two points have the same x"),
    ({"data": "1,0;2,0"}, "all targets are zero"),
    ({"seed": "-1"}, "seed = -1; give 0 or a positive integer"),
    ({"language": "fr"}, "language = 'fr'; use one of en, zh"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED)
def test_what_is_refused(changes, said):
    with pytest.raises((nm.InputError, pt.TheoryError)) as caught:
        State(**changes)
    assert said in str(caught.value)


def test_a_link_with_another_name():
    with pytest.raises(nm.InputError, match="the link has 'depth'; it may have plane, optimizer"):
        State.from_query("?depth=2")


@pytest.mark.parametrize("state", STATES)
def test_the_map_is_that_of_the_diagram(state):
    drawn = map_of(state.diagram)
    x, y = (values[::311] for values in drawn.cells)
    names = state.diagram.names
    for a, b, kinds, slopes in zip(x, y, drawn.kinds[::311], drawn.slopes[::311], strict=True):
        point = dict(zip(names, map(float, (a, b)), strict=True))
        regimes = state.diagram.regime_at(**point)
        assert kinds == tuple(regimes[layer] for layer in state.diagram.telling_layers)
        exact = state.diagram.slopes_at(**point)
        shown = dict(part.split(" = ") for part in slopes.split(", "))
        assert {name: float(value) for name, value in shown.items()} == pytest.approx(
            {f"S_{layer}": float(slope) for layer, slope in exact.items()}, abs=0.0051
        )
    for kinds, (a, b) in drawn.centres.items():
        assert tuple(state.diagram.regime_at(**dict(zip(names, (a, b), strict=True))).values())[: len(kinds)] == kinds


@pytest.mark.parametrize("changes", [changes for changes, _ in REFUSED if "language" not in changes])
def test_what_is_refused_is_said_in_chinese_too(changes):
    with pytest.raises((nm.InputError, pt.TheoryError)) as caught:
        State(**changes)
    told = mistake(words_in("zh"), str(caught.value))
    assert mistake(words_in("en"), str(caught.value)) == str(caught.value)
    names = {"gamma", "gamma_prime", "decay", "width", "seed", "data", "optimiser", "Adam", "mu", "lambda", "alpha"}
    left = re.sub(r"'[^']*'|gradient-flow|adam", "", told)
    assert set(re.findall(r"[A-Za-z_]{2,}", left)) <= names
    assert re.search(r"[\u4e00-\u9fff]", told)


def test_what_is_proved_and_what_derived():
    flow, adam = pt.phase_diagram(2), pt.phase_diagram(2, optimizer="adam")
    assert regimes_and_basis(flow, ("7/4", 0)) == "$w$ condensed (proved), $a$ condensed (derived)"
    assert regimes_and_basis(adam, ("7/4", 0)) == "$w$ condensed (derived), $a$ condensed (derived)"
    assert said(words_in("zh"), regimes_and_basis(flow, ("1/2", 0))) == "w 线性（已证明），a 线性（推导）"


@pytest.mark.slow
@pytest.mark.parametrize("state", STATES)
def test_frames_lead_from_the_start_to_the_end(state):
    run = train(state)
    shown = list(frames(state, run))
    assert shown[0].t == 0
    assert shown[-1].t == run.t
    assert shown[-1].loss == run.loss
    assert all(a.t <= b.t for a, b in itertools.pairwise(shown))
    assert len(shown) > 4
    assert np.isfinite([frame.function for frame in shown]).all()


@pytest.mark.slow
def test_the_lines_give_what_is_seen():
    for state in STATES:
        found, lines = {}, python_lines(state)
        assert not re.search(r"(from|import) (numerics|phasetheory)\.", lines)  # public names
        exec(lines, found)
        run = train(state)
        assert found["run"].relative_distance == run.relative_distance
        assert found["network"].slopes(optimizer=state.optimizer) == state.network.slopes(optimizer=state.optimizer)


def test_the_prediction_is_that_of_locate():
    state = State(x="0.75", width=400)
    where, there = located(state), nm.locate(state.network, *state.samples, width=400, loss_tol=state.loss_tol)
    assert where.here == (there.capacity, there.kappa_prime)
    assert where.twice == there.at_twice_the_width
    assert where.predicted == {layer.layer: layer.relative_distance for layer in there.layers}
    assert located(replace(state, decay="0.01")).predicted == {}
    assert located(State(plane="3", width=100)) is None


def test_the_plane_of_capacities_falls_with_the_capacity():
    plane = capacity_plane("four-points")
    assert plane.log_distance.shape == (len(plane.log_kappa_prime), len(plane.log_capacity))
    middle = plane.log_distance[len(plane.log_kappa_prime) // 2]
    assert middle[0] > 0 > middle[-1]
    assert (np.diff(middle) < 0).all()


def test_the_plane_of_capacities_ends_when_another_network_is_asked_for():
    asked = itertools.count()
    assert capacity_plane("curve:10", lambda: next(asked) == 2) is None
    assert next(asked) == 3


@pytest.mark.parametrize(
    ("before", "changes", "width"),
    [
        (State(width=50_000), {"optimizer": "adam"}, 2000),
        (State(width=50_000), {"plane": "3"}, 1000),
        (State(), {"plane": "3", "optimizer": "adam"}, 200),
        (State(width=400, optimizer="adam"), {"optimizer": "gradient-flow"}, 400),
    ],
)
def test_a_width_too_large_for_what_is_asked_for_becomes_the_largest(before, changes, width):
    assert before.changed(**changes).width == width


def test_a_width_that_is_asked_for_is_refused_rather_than_changed():
    with pytest.raises(nm.InputError, match="give 100 to 2000 neurons"):
        State().changed(optimizer="adam", width=4000)


@pytest.mark.slow  # it compiles what the first runs of a page need
def test_what_was_made_ready_ahead_needs_no_compilation():
    compile_ahead().join()
    for state in STATES:
        assert train(state).stats.compilation == 0.0


def test_a_run_ends_when_another_is_asked_for():
    stopping = threading.Event()
    stopping.set()
    assert train(State(), lambda _: stopping.is_set()).status is nm.Status.CALLBACK


def test_without_panel_one_line_says_what_to_install(monkeypatch, capsys):
    module = importlib.import_module("numerics.commands.explore")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert main(["explore", "--no-browser"]) == 2
    assert capsys.readouterr().err == (
        "phasetheory: explore needs Panel, which is not installed; pip install 'phasetheory[explore]'\n"
    )


@pytest.mark.extra
def test_a_port_that_is_taken(capsys):
    pytest.importorskip("panel")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["explore", "--no-browser", "--port", str(port)]) == 2
    assert f"--port {port}: Address already in use; give another" in capsys.readouterr().err


def test_the_command_line_does_not_import_panel():
    code = "import sys, numerics, numerics.cli; sys.exit(int('panel' in sys.modules or 'bokeh' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

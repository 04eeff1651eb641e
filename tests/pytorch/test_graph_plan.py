"""Plans over planes of graphs: points in every region, a store that knows its architecture, and the judge."""

import pickle

import numpy as np
import pytest
import sympy as sp

pytest.importorskip("torch")

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.experiments.maps import diagram_of
from numerics.experiments.verify import verify
from numerics.scans import Serial

X, Y = sp.symbols("x y", real=True)
TWO_STEPS = pt.graph_diagram(pt.recurrent(pt.m**-X, pt.m**-Y, pt.m**-X, steps=2), (X, Y))
POINTS = [("1/4", "1/4"), ("5/4", "5/4")]


def plan(**options) -> nm.GraphPlan:
    return nm.GraphPlan(diagram=TWO_STEPS, **{"points": POINTS, "widths": (16, 32), "seeds": 2} | options)


def test_points_are_drawn_in_every_region_and_not_chosen():
    points = nm.GraphPlan(diagram=TWO_STEPS).points
    regimes = {tuple(TWO_STEPS.regime_at(x=x, y=y).values()) for x, y in points}
    assert 4 <= len(points) <= 8
    assert len(regimes) == 3  # the fourth region covers less than 2 % of the window
    assert points == nm.GraphPlan(diagram=TWO_STEPS).points


def test_a_plan_goes_to_another_process_and_trains_the_same_network_there():
    cell = plan().cells[0]
    here, there = (p.measure(cell).values["relative_distance"] for p in (plan(), pickle.loads(pickle.dumps(plan()))))
    np.testing.assert_array_equal(here, there)


def test_a_store_knows_its_architecture_goes_on_and_refuses_another(tmp_path):
    store = tmp_path / "runs.zarr"
    dataset = nm.scan(plan(), store, executor=Serial())
    assert diagram_of(dataset, "spectral").slopes_at(x="5/4", y=0) == TWO_STEPS.with_norm("spectral").slopes_at(
        x="5/4", y=0
    )
    again = nm.scan(plan(), store, executor=Serial())
    assert again.identical(dataset)
    other = pt.graph_diagram(pt.recurrent(pt.m**-X, pt.m**-Y, pt.m**-X, steps=3), (X, Y))
    with pytest.raises(nm.InputError, match=r"architecture|graph|model"):
        nm.scan(nm.GraphPlan(diagram=other, points=POINTS, widths=(16, 32), seeds=2), store, executor=Serial())


def test_a_wrong_diagram_fails():
    own = plan(widths=(16, 64), seeds=3)
    wrong = pt.graph_diagram(pt.recurrent(pt.m**X, pt.m**Y, pt.m**X, steps=2), (X, Y))
    assert verify(own, executor=Serial()).mean_difference < 0.4
    found = verify(own, diagram=wrong, executor=Serial())
    assert not found.agrees
    assert found.mean_difference > 1


def test_data_have_to_fit():
    with pytest.raises(nm.InputError, match=r"inputs = \(2,\); give the 2 axes of a sample"):
        plan(data=(np.ones((4, 2)), np.ones(4)))
    with pytest.raises(nm.InputError, match=r"y has shape \(3,\); give \(4,\)"):
        plan(data=(np.ones((4, 2, 2)), np.ones(3)))


def test_data_of_another_shape_are_refused_in_one_line(capsys):
    assert main(["verify", "--architecture", "recurrent:2", "--data", "four-points"]) == 2
    said = capsys.readouterr().err
    assert "--data four-points, of shape (4, 2): inputs = (2,); give" in said
    assert said.count("\n") == 1

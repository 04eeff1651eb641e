"""Plans over planes of graphs: points in every region, a store that knows its architecture, and the judge."""

import pickle
import shlex

import numpy as np
import pytest
import sympy as sp

pytest.importorskip("torch")

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.commands import verify as command
from numerics.experiments.maps import diagram_of
from numerics.experiments.sampled_points import sampled_points
from numerics.experiments.verify import verify
from numerics.reports.verification import headline, to_dict
from numerics.scans import Serial

X, Y = sp.symbols("x y", real=True)
TWO_STEPS = pt.graph_diagram(pt.recurrent(pt.m**-X, pt.m**-Y, pt.m**-X, steps=2), (X, Y))
POINTS = [("1/4", "1/4"), ("5/4", "5/4")]


def plan(**options) -> nm.GraphPlan:
    return nm.GraphPlan(diagram=TWO_STEPS, **{"points": POINTS, "widths": (16, 32), "seeds": 2} | options)


@pytest.mark.parametrize(("text", "regions"), [("recurrent:2", 4), ("layer_norm", 3), ("attention", 3)])
def test_points_are_drawn_in_every_region_and_not_chosen(text, regions):
    diagram, plan = pt.graph_diagram(text), nm.GraphPlan(diagram=pt.graph_diagram(text))
    regimes = [tuple(diagram.regime_at(x=x, y=y).values()) for x, y in plan.points]
    known = {tuple(region.regimes.values()) for region in diagram.regions()}
    assert set(regimes) == known
    assert {regimes.count(own) for own in known} == {8 // regions}
    assert plan.points == sampled_points(diagram, plan.window)
    assert "seed 0" in plan.drawn
    assert nm.GraphPlan(diagram=diagram, points=plan.points[1:]).drawn == ""


PLANES = {
    "recurrent:3:impulse": {},
    "residual:2": {"multiplier": "sqrt(m)"},
    "residual:1:two-matrices": {},
    "convolutional:3:average": {},
    "layer_norm": {},
    "embedding": {},
    "attention": {"multiplier": "1/m"},
    "fully_connected": {"biases": (1, "1/sqrt(m)"), "outputs": 2},
    "fully_connected:4": {"outputs": "m"},
}


def caught(line: str, monkeypatch) -> nm.GraphPlan:
    """The plan that a command makes."""
    plans = []

    def catch(plan, *_, **__):
        plans.append(plan)
        raise nm.InputError("caught")

    monkeypatch.setattr(command, "verify", catch)
    monkeypatch.setattr("numerics.commands.scan.refine", catch)
    assert main(shlex.split(line)[1:]) == 2
    return plans[0]


@pytest.mark.parametrize("text", PLANES)
def test_the_command_makes_the_same_runs(text, monkeypatch):
    diagram = pt.graph_diagram(*pt.architecture(text).plane(**PLANES[text]))
    points = [(1, 1), (1, "1/2")] if text == "attention" else [(1, 1), ("1/2", "1/3")]  # a grid: scan
    mine = nm.GraphPlan(diagram=diagram, points=points, widths=(8, 16), seeds=2)
    again = caught(mine.command, monkeypatch)
    assert sorted(map(str, again.cells)) == sorted(map(str, mine.cells))
    assert again.settings == mine.settings


def test_the_command_of_another_slice_and_of_drawn_points(monkeypatch):
    slice_ = pt.graph_diagram(pt.recurrent(pt.m**-Y, pt.m ** (-X / 2), 2 / pt.m, steps=2, alpha=pt.m**-X), (X, Y))
    mine = nm.GraphPlan(diagram=slice_, points=POINTS, widths=(8, 16), seeds=2)
    assert caught(mine.command, monkeypatch).settings["graph"] == mine.settings["graph"]
    drawn = nm.GraphPlan(diagram=TWO_STEPS, widths=(8, 16), seeds=2)
    assert "--point" not in drawn.command
    assert caught(drawn.command, monkeypatch).points == drawn.points
    rates = pt.recurrent(pt.m**-X, pt.m**-Y, pt.m**-X, steps=2, learning_rates={"W": "m"})
    assert nm.GraphPlan(diagram=pt.graph_diagram(rates, (X, Y)), points=POINTS).command == ""  # no option says them


def test_outputs_grow_with_the_width_and_their_targets_stay():
    diagram = pt.graph_diagram(*pt.architecture("fully_connected").plane(outputs="m"))
    mine = nm.GraphPlan(diagram=diagram, points=[("51/20", "-2/5")], widths=(4, 8), seeds=2)
    few, many = (mine.targets_at(width) * np.sqrt(width) for width in (4, 8))
    assert (few.shape, many.shape) == ((4, 4), (4, 8))
    np.testing.assert_allclose(many[:, :4], few, rtol=1e-14)
    np.testing.assert_allclose(few[:, 0], nm.GraphPlan(diagram=TWO_STEPS, points=POINTS).data[1], rtol=1e-14)
    wide = mine.train(mine.cells[-1])
    assert wide.converged
    assert wide.network(mine.data[0]).shape == (4, 8)
    wider = nm.GraphPlan(diagram=diagram, points=[(1, 1)], widths=(16, 32))
    np.testing.assert_array_equal(wider.targets_at(8), mine.targets_at(8))


def test_inputs_enter_at_the_lags_of_the_graph():
    scales = pt.m**-X, pt.m**-Y, pt.m**-X
    graphs = [pt.recurrent(*scales, steps=3, lags=[2]), pt.recurrent(*scales, steps=3, informed=[1])]
    impulse, told = (nm.GraphPlan(diagram=pt.graph_diagram(g, (X, Y)), points=POINTS).data[0] for g in graphs)
    assert [bool(impulse[:, t].any()) for t in range(3)] == [True, False, False]
    assert [bool(np.ptp(told[:, t], axis=0).any()) for t in range(3)] == [False, True, False]


def test_a_loss_is_the_mean_over_outputs():
    from numerics.networks.graphs import draw_graph
    from numerics.networks.seeds import cell_seed

    diagram = pt.graph_diagram(*pt.architecture("fully_connected").plane(outputs=2))
    mine = nm.GraphPlan(diagram=diagram, points=[(2, 0)], widths=(8, 16), seeds=1, rtol=1e-3)
    X, y = mine.data
    start = draw_graph(diagram.graph_at((2, 0)), 8, X.shape[1:], rng=cell_seed(*mine.points[0], width=8, seed=0))
    sums = nm.gradient_flow(start, X, y, loss_tol=2 * mine.loss_tol, rtol=1e-3)
    means = mine.train(mine.cells[0])
    assert means.loss == pytest.approx(sums.loss / 2, rel=0.05)
    for layer in mine.layers:
        assert means.sup_relative_distance[layer] == pytest.approx(sums.sup_relative_distance[layer], rel=5e-3)


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


def test_a_report_says_how_it_was_made_and_what_it_allows_for():
    found = verify(plan(points=POINTS[:1], widths=(8, 16)), executor=Serial())
    assert "regimes are right where |S| > 0.15 (all must be)" in headline(found)
    assert "(at most 0.15)" in headline(found)
    report = to_dict(found)
    assert report["command"] == "phasetheory verify --architecture recurrent:2 --widths 8,16 --seeds 2 --point 1/4,1/4"
    assert (report["allowance"]["mean_difference"], report["allowance"]["regimes_beyond"]) == (0.15, 0.15)


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

"""--optimizer of the commands that need no experiment, and the plan that carries it to those that do."""

import json

import numpy as np
import pytest
import sympy as sp

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.errors import InputError
from numerics.experiments.maps import diagram_of
from numerics.experiments.prediction import expected

ADAM = pt.phase_diagram(2, optimizer="adam")


def run(capsys, *arguments):
    status = main([*arguments])
    return status, capsys.readouterr().out


def test_classify_places_a_network_under_adam(capsys):
    status, out = run(capsys, "classify", "he", "--depth", "3", "--optimizer", "adam", "--json")
    found, net = json.loads(out), pt.initialization("he", 3)
    assert status == 0
    assert found["optimizer"] == "sign-descent"
    assert found["slopes"] == {layer: str(s) for layer, s in net.slopes(optimizer="adam").items()}
    assert found["spectral_slopes"] == {k: str(s) for k, s in net.slopes("spectral", optimizer="adam").items()}
    assert found["largest_learning_rate"] == "-3/2"
    assert {s["basis"] for s in found["statements"] if "is linear" in s["text"]} == {"derived"}


@pytest.mark.parametrize("network", [("mup", "--depth", "4"), ("--abc", "-1/2,0,0,1/2; 1/2,1/2,1/2,1/2; 1/2,1,1,1/2")])
def test_mu_p_is_that_of_the_optimiser(network, capsys):
    """The name and the published list: multipliers mean one thing to SGD and another to Adam."""
    _, out = run(capsys, "classify", *network, "--optimizer", "adam", "--json")
    assert set(json.loads(out)["spectral_slopes"].values()) == {"0"}
    _, out = run(capsys, "classify", *network, "--json")
    assert (set(json.loads(out)["spectral_slopes"].values()) == {"0"}) is (network[0] == "mup")


def test_documents_and_diagrams_say_their_optimiser(capsys):
    assert "Equal speed  [proved]" in run(capsys, "derive", "--optimizer", "adam")[1]
    said = run(capsys, "diagram", "--depth", "3", "--optimizer", "adam")[1]
    assert "sign descent (Adam at a small rate)" in said
    assert "W2 is critical on  γ₃ = 2 - γ₂ for γ₂ ≤ 0; γ₃ = 2 for γ₂ ≥ 0" in said
    assert json.loads(run(capsys, "diagram", "--optimizer", "adam", "--json")[1])["target_region"] is None
    assert "easy and hard targets where w condensed, a linear" in run(capsys, "diagram")[1]


def test_classify_gives_both_branches(capsys):
    scales = ("--alpha", "m^(5/2)", "--beta1", "m", "--beta2", "1")
    found = json.loads(run(capsys, "classify", *scales, "--json")[1])
    assert (found["slopes"], found["slopes_of_a_hard_target"]) == ({"w": "1/2", "a": "-1"}, {"w": "3/4", "a": "-1/4"})
    assert json.loads(run(capsys, "classify", "he", "--json")[1])["slopes_of_a_hard_target"] is None


def test_a_plan_carries_the_optimiser_of_its_diagram():
    plan = nm.Plan(diagram=ADAM, points=[("1/2", "1/2"), (1, 0)], widths=(100, 200))
    assert plan.optimizer == ADAM.optimizer
    assert plan.settings["optimizer"] == "sign-descent"
    assert "optimizer" not in nm.Plan().settings  # stores of before the choice go on
    grid = nm.Plan.grid(diagram=ADAM, gamma=(1, 2), gamma_prime=(0, 1))
    assert grid.command.startswith("phasetheory scan --optimizer sign-descent --gamma")


def test_what_is_expected_is_the_limit_of_its_optimiser():
    plan = nm.Plan(diagram=ADAM, points=[("1/2", "1/2")], widths=(100, 200))
    (prediction,) = expected(plan, plan.points[0], plan.diagram).values()
    assert prediction.limit == -1 == prediction.expected
    assert not prediction.distances  # the infinitely wide network is that of gradient flow


@pytest.mark.parametrize(("y", "limit"), [((1.0, -1.0, -1.0, 1.0), "3/4"), ((1.0, 1.0, 1.0, 1.0), "1/2")])
def test_what_is_expected_is_the_branch_of_the_data(y, limit):
    """A zigzag is hard, a constant easy, by the reduced flow; elsewhere there is one branch."""
    X = np.array([[-3.0, 1.0], [-1.0, 1.0], [1.0, 1.0], [3.0, 1.0]])
    plan = nm.Plan(points=[("3/2", -1), ("3/2", 0)], widths=(1000, 2000), data=(X, np.array(y)))
    there, elsewhere = (expected(plan, point, plan.diagram)["w", "frobenius"] for point in plan.points)
    assert (there.limit, there.target) == (sp.Rational(limit), "hard" if min(y) < 0 else "easy")
    assert (elsewhere.limit, elsewhere.target) == (sp.Rational(1, 4), "")


def test_a_dataset_knows_its_optimiser():
    class Stored:
        attrs = nm.Plan(diagram=ADAM, widths=(100, 200)).settings

    assert diagram_of(Stored).optimizer == ADAM.optimizer
    place = {"gamma": "1/2", "gamma_prime": "1/2"}
    assert diagram_of(Stored).slopes_at(**place) == {"w": -1, "a": sp.Rational(-1, 2)}
    Stored.attrs = nm.Plan(widths=(100, 200)).settings
    assert diagram_of(Stored).optimizer.name == "gradient-flow"


def test_plans_that_train_by_gradient_flow_only_say_so():
    for kind in (nm.Beta2Plan, nm.CondensationPlan):
        with pytest.raises(InputError, match=f"a {kind.__name__} trains by gradient flow only"):
            kind(diagram=ADAM, widths=(100, 200))
    with pytest.raises(InputError, match="leave it out"):
        nm.Plan(diagram=ADAM, rtol=1e-3)
    x, y = sp.symbols("x y")
    unequal = pt.phase_diagram(
        network=pt.Network((pt.m**-x, pt.m**-y), 1, learning_rates=(1, pt.m)), coordinates=(x, y), optimizer="adam"
    )
    with pytest.raises(InputError, match="trained by Adam at one rate"):
        nm.Plan(diagram=unequal, points=[(0, 0)])


@pytest.mark.slow
def test_a_plan_of_adam_trains_by_adam():
    """Lazy, two layers: RD_w of Adam falls like m^-1 at (1/2, 1/2), where that of the flow falls like m^-3/2."""
    plan = nm.Plan(diagram=ADAM, points=[("1/2", "1/2")], widths=(256, 4096), seeds=2, loss_tol=1e-3)
    assert plan.settings["optimizer"] == "sign-descent"
    assert "rtol" not in plan.settings
    found = nm.verify(plan)
    (result,) = found.points[0].layers
    assert result.prediction.limit == -1
    assert result.measured.slope == pytest.approx(-1, abs=0.2)
    assert result.agrees

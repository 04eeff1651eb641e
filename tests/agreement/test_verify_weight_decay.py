"""Slopes under weight decay, at the fit and at the end, against what is derived; and that a wrong theory fails."""

import json
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import numerics as nm
import phasetheory as pt
from numerics.experiments.plan import DECAYED
from numerics.experiments.prediction import limits_of
from numerics.experiments.weight_decay import DecayOfWidth
from numerics.figures.verification import write_figures
from numerics.reports.verification import to_dict, to_table

PLAN = nm.Plan(points=(("1/2", "3/4"), ("3/2", "0")), widths=(4000, 16000, 32000), seeds=4, weight_decay="m^(-1/4)/100")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "decayed.zarr"


@pytest.fixture(scope="module")
def found(store):
    return nm.verify(PLAN, store=store)


def signs(slopes):
    return tuple(int(np.sign(slope)) for slope in slopes.values())


def test_the_standard_points_lie_one_in_each_region():
    """The regions that signs of S at the fit and at the end cut out of the plane, on a grid that meets all of them."""
    fit, end = (pt.decayed_diagram("1/4", moment) for moment in ("fit", "end"))

    def region(point):
        return tuple(signs({k: float(v) for k, v in d.evaluate(*map(float, point)).items()}) for d in (fit, end))

    plane = {region((x, y)) for x in np.arange(0.03, 2.5, 0.1) for y in np.arange(-1.48, 1.5, 0.1)}
    assert {region(point) for point in DECAYED} == plane
    assert len(DECAYED) == len(plane) == 6


def test_slopes_of_both_layers_agree_at_the_fit_and_at_the_end(found):
    assert found.agrees
    first, second = found.points
    assert [(r.moment, r.layer, str(r.predicted_slope)) for r in first.layers] == [
        ("fit", "w", "-3/2"),  # -2 without decay
        ("fit", "a", "-1/2"),
        ("end", "w", "0"),
        ("end", "a", "1/8"),
    ]
    assert [str(r.predicted_slope) for r in second.layers] == ["1/4"] * 4
    assert all(abs(r.difference) < 0.07 for p in found.points for r in p.layers), found.points
    assert found.allowance == nm.verify(replace(PLAN, weight_decay=None), store=None).allowance  # nothing was widened


@pytest.mark.parametrize("point", [point for point in DECAYED if point[1] > -0.6])
def test_derived_slopes_are_those_of_the_infinitely_wide_network_at_large_widths(point):
    """No network is drawn. In the condensed half the limit is farther, and a fit does not come down to rounding on the way."""
    widths = (10**5, 10**6) if point[0] < 1 else (10**6, 10**9)
    plan = nm.Plan(points=(point,), widths=widths, weight_decay="m^(-1/4)/100")
    for moment in plan.moments:
        limits, here = limits_of(plan, plan.points[0], moment=moment), plan.here.slopes(plan.points[0], moment)
        for layer in plan.layers:
            assert here[layer] == pytest.approx(float(limits[layer]), abs=0.02), (moment, layer)


def test_a_theory_that_forgets_the_decay_at_the_fit_fails_at_a_million():
    """Negative control of the one above: without decay S_w is -2 there."""
    plan = nm.Plan(points=(("1/2", "3/4"),), widths=(100_000, 1_000_000), weight_decay="m^(-1/4)/100")
    without = limits_of(replace(plan, weight_decay=None), plan.points[0])
    assert abs(plan.here.slopes(plan.points[0])["w"] - float(without["w"])) > 0.4


def test_another_decay_than_predicted_fails(store, monkeypatch):
    """Negative control: the infinitely wide network decays four times as fast as those that are trained."""
    right = DecayOfWidth.at
    monkeypatch.setattr(DecayOfWidth, "at", lambda self, width: 4 * right(self, width))
    found = nm.verify(replace(PLAN), store=store)  # the runs are there
    reasons = {(r.moment, r.layer): r.reason for r in found.points[0].layers}
    assert "times the expected one" in reasons["fit", "w"]
    assert not found.agrees


def test_a_wrong_diagram_fails(store):
    right = pt.phase_diagram(2)
    gamma, gamma_prime = right.coordinates
    moved = pt.two_layer(pt.m ** (gamma + sp.Rational(1, 2) - gamma_prime), pt.m**-gamma_prime, 1)
    wrong = pt.phase_diagram(network=moved, coordinates=right.coordinates)
    ends = [r for p in nm.verify(PLAN, diagram=wrong, store=store).points for r in p.layers if r.moment == "end"]
    assert sum(not r.agrees for r in ends) == 3  # w stays critical at the first point, and a is shifted


def test_a_store_is_gone_on_with_and_another_decay_is_refused(found, store):
    seen = []
    again = nm.verify(PLAN, store=store, progress=lambda now: seen.append(now.done))
    assert seen == [24]
    assert again.points == found.points
    with pytest.raises(nm.InputError, match="weight_decay: the store has 1/"):
        nm.verify(replace(PLAN, weight_decay="m^(-1/4)/200"), store=store)
    with pytest.raises(nm.InputError, match="weight_decay"):
        nm.verify(replace(PLAN, weight_decay=None, loss_tol=1e-3), store=store)


def test_a_stored_scan_is_held_against_the_plane_with_decay(found):
    from numerics.experiments.maps import diagram_of

    diagram = diagram_of(found.runs)
    assert (diagram.moment, diagram.ell) == ("fit", sp.Rational(1, 4))
    assert found.runs["relative_distance_at_end"].dims == found.runs["relative_distance"].dims


def test_the_report_has_both_moments(found, tmp_path):
    report = json.loads(json.dumps(to_dict(found, pt.derive(weight_decay=True))))
    assert report["theory"]["weight_decay"]["ell"] == "1/4"
    assert report["theory"]["weight_decay"]["mu_at_these_widths"]["4000"] == pytest.approx(4000**-0.25 / 100)
    assert [(part["moment"], part["layer"]) for part in report["points"][0]["layers"]] == [
        *(("fit", "w"), ("fit", "a"), ("end", "w"), ("end", "a"))
    ]
    assert "forces" in report["points"][0]["runs"][0]["status"] or report["points"][0]["runs"][0]["converged"]
    page = to_table(found)._repr_html_()
    assert "Weight decay, λ α = 1/(100m^(1/4))" in page
    assert "No row at the fit" not in page
    names = {path.name for path in write_figures(found, tmp_path)}
    assert {"relative_distance_at_the_fit.png", "phase_diagram_at_the_end.png"} <= names


def test_where_the_decay_may_keep_the_network_from_its_fit_there_is_only_the_end():
    found = nm.verify(nm.Plan(points=(("3/2", "0"),), widths=(1000, 4000), seeds=3, weight_decay=0.1))
    assert [r.moment for r in found.points[0].layers] == ["end", "end"]
    assert found.agrees
    assert "No row at the fit" in to_table(found)._repr_html_()


def test_runs_that_the_decay_keeps_above_the_loss_of_a_fit_leave_it_undecided():
    found = nm.verify(nm.Plan(points=(("1/2", "0"),), widths=(200, 400), seeds=2, weight_decay=0.1))
    fit = [r for r in found.points[0].layers if r.moment == "fit"]
    assert {r.reason for r in fit} == {"4 of 4 runs did not come down to this loss"}
    assert not found.agrees


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"weight_decay": 0.3}, "weight_decay = 3/10 is 0.3 at width 1000; give mu = lambda alpha between 0 and 0.224"),
        ({"weight_decay": "m^(1/4)/1000"}, "grows with the width, ell = -1/4"),
        ({"weight_decay": 0}, "weight_decay = 0 is not positive"),
        ({"weight_decay": "1/d"}, "a formula in the width m alone"),
        ({"weight_decay": "1/m", "activation": "tanh"}, "two layers of degree 1 under gradient flow"),
        ({"weight_decay": "1/m", "diagram": pt.phase_diagram(3), "points": ((1, 0),)}, "two layers of degree 1"),
        ({"weight_decay": "1/m", "diagram": pt.phase_diagram(2, optimizer="adam")}, "under gradient flow"),
    ],
)
def test_a_decay_that_cannot_be_verified_is_refused(options, match):
    with pytest.raises((nm.InputError, pt.TheoryError), match=match) as caught:
        nm.Plan(**options)
    assert "\n" not in str(caught.value)


def test_other_experiments_refuse_it():
    from numerics.experiments.condensation_map import CondensationPlan

    with pytest.raises(nm.InputError, match="a CondensationPlan trains without; leave it out"):
        CondensationPlan(weight_decay="1/m")

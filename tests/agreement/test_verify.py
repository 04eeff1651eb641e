"""Prediction against measurement, and that a wrong prediction fails."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import numerics as nm
import phasetheory as pt
from numerics.experiments.judgement import Verdict
from numerics.experiments.plan import BOOK, PLANE
from numerics.reports.verification import to_dict, to_table

SMALL = nm.Plan(
    points=((Fraction(1, 2), Fraction(0)), (Fraction(7, 4), Fraction(0))), widths=(500, 1000, 2000), seeds=3
)


def w(point):
    """What is judged at depth 2: the input weights, in Frobenius norm."""
    (result,) = point.layers
    assert (result.layer, result.norm) == ("w", "frobenius")
    return result


@pytest.fixture(scope="module")
def book():
    return nm.verify(nm.Plan(points=BOOK, widths=(1000, 2000, 4000, 8000), seeds=3))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Runs of SMALL, made once."""
    return tmp_path_factory.mktemp("runs") / "small.zarr"


@pytest.fixture(scope="module")
def small(store):
    return nm.verify(SMALL, store=store)


def test_the_book_s_three_points_agree_within_the_bar(book):
    assert book.agrees
    for point in book.points:
        assert abs(w(point).difference) <= 0.05, point


def test_the_infinitely_wide_network_predicts_the_distance_itself_in_every_regime(book):
    """No free parameter: within 3 per cent at a width of 8000, and the slope at these widths within the interval."""
    for result in map(w, book.points):
        assert set(result.ratios) == {1000, 2000, 4000, 8000}
        assert all(abs(ratio - 1) < 0.1 for ratio in result.ratios.values()), result.ratios
        assert abs(result.ratios[8000] - 1) < 0.03
        assert abs(result.measured.slope - result.prediction.expected) < 0.03


def test_the_branch_that_a_limit_is_on_is_said(small):
    first, second = small.points
    hard = replace(w(first), prediction=replace(w(first).prediction, target="hard"))
    found = replace(small, points=(replace(first, layers=(hard,)), second))
    page = to_table(found)._repr_html_()
    assert "-1/2, hard" in page
    assert "3/8, " not in page
    assert "Hard: what the reduced flow calls these data" in page
    said = [point["layers"][0]["predicted"]["target"] for point in to_dict(found, pt.derive())["points"]]
    assert said == ["hard", None]
    assert "reduced flow" not in to_table(small)._repr_html_()


@pytest.mark.parametrize(("gamma", "gamma_prime", "here"), [("3/4", "1/4", -0.577), ("9/10", "-1/5", 0.0)])
def test_a_slope_far_from_its_limit_is_that_at_these_widths(gamma, gamma_prime, here):
    """Near a boundary, or where one layer outweighs the other only slightly: no allowance for the limit would do."""
    result = w(nm.verify(nm.Plan(points=((gamma, gamma_prime),), widths=(1000, 4000, 16000), seeds=4)).points[0])
    assert result.agrees
    assert result.prediction.expected == pytest.approx(here, abs=0.01)
    assert abs(result.measured.slope - result.prediction.expected) < 0.03
    assert abs(result.prediction.expected - float(result.predicted_slope)) > 0.05


def test_a_start_of_another_kind_fails(monkeypatch):
    """Negative control: networks twice as large as those predicted move by another distance, and their slope says so."""
    from numerics.experiments import at_widths

    right = at_widths.strengths_at
    monkeypatch.setattr(at_widths, "strengths_at", lambda net, width, inputs: right(net, float(width) ** 1.5, inputs))
    assert not nm.verify(nm.Plan(points=(("5/4", "0"),), widths=(1000, 4000, 16000), seeds=3)).agrees


def test_the_standard_points_lie_in_different_regions():
    """Every formula of S_w is tried, and every regime of w on either side of gamma' = 0."""
    diagram = pt.phase_diagram(2)
    cells = {
        next(i for i, (polygon, _) in enumerate(diagram._slope("w").cells) if _inside(polygon, point))
        for point in PLANE
    }
    assert cells == set(range(len(diagram._slope("w").cells)))
    assert {(p[1] > 0, diagram.regime_at(gamma=p[0], gamma_prime=p[1])["w"]) for p in PLANE} == {
        (side, regime) for side in (True, False) for regime in (pt.Regime.LINEAR, pt.Regime.CONDENSED)
    }


def _inside(polygon, point):
    edges = zip(polygon, [*polygon[1:], polygon[0]], strict=True)
    return all((q[0] - p[0]) * (point[1] - p[1]) > (q[1] - p[1]) * (point[0] - p[0]) for p, q in edges)


@pytest.mark.parametrize("shift", [sp.Rational(1, 2), -sp.Rational(1, 2)])
def test_a_wrong_boundary_fails(small, store, shift):
    """Negative control: the same measurements against a diagram whose boundary is moved by half a unit of gamma."""
    right = pt.phase_diagram(2)
    gamma, gamma_prime = right.coordinates
    moved = pt.two_layer(pt.m ** (gamma + shift - gamma_prime), pt.m**-gamma_prime, 1)
    wrong = pt.phase_diagram(network=moved, coordinates=right.coordinates)
    assert str(wrong.boundary("w")) != str(right.boundary("w"))
    assert small.agrees
    assert not nm.verify(SMALL, diagram=wrong, store=store).agrees


def test_a_wrong_slope_in_the_right_regime_fails(small, store):
    """Negative control: gamma stretched about the boundary keeps every regime and doubles the slopes."""
    gamma, gamma_prime = pt.phase_diagram(2).coordinates
    stretched = pt.two_layer(pt.m ** (2 * gamma - 1 - gamma_prime), pt.m**-gamma_prime, 1)
    wrong = pt.phase_diagram(network=stretched, coordinates=(gamma, gamma_prime))
    result = nm.verify(SMALL, diagram=wrong, store=store)
    assert all(w(point).measured_regime is w(point).predicted_regime for point in result.points)
    assert [point.agrees for point in result.points] == [False, False]
    assert all("slope off by" in w(point).reason for point in result.points)


def test_runs_that_stop_short_are_marked_and_never_used():
    result = nm.verify(replace(SMALL, max_seconds=1e-9))
    assert not result.agrees
    for point in map(w, result.points):
        assert point.verdict is Verdict.UNDECIDED
        assert point.measured is None
        assert np.isnan(point.difference)
        assert point.reason == "9 of 9 runs stopped short"


def test_noise_is_no_agreement():
    """Few neurons and few seeds fit any slope: the point is undecided, not agreed."""
    result = nm.verify(nm.Plan(points=(("1/2", "3/4"),), widths=(60, 120), seeds=2))
    assert w(result.points[0]).verdict is Verdict.UNDECIDED
    assert "use more seeds" in w(result.points[0]).reason


def test_a_cell_gives_the_same_numbers_wherever_it_is_run(small):
    with ProcessPoolExecutor(max_workers=1) as executor:
        elsewhere = nm.verify(replace(SMALL, points=SMALL.points[:1]), executor=executor)
    np.testing.assert_array_equal(w(elsewhere.points[0]).distances, w(small.points[0]).distances)


def test_one_seed_is_no_verification():
    with pytest.raises(nm.InputError, match="seeds = 1; give an integer >= 2: one seed has no interval"):
        nm.verify(replace(SMALL, seeds=1))


def test_progress_counts_every_run():
    seen = []
    nm.verify(replace(SMALL, widths=(20, 40)), progress=lambda now: seen.append((now.done + now.failed, now.total)))
    assert seen == [(i, 12) for i in range(13)]


def test_the_report_repeats_the_verification(small):
    report = json.loads(json.dumps(to_dict(small, pt.derive())))
    assert report["agrees"] is small.agrees
    assert report["theory"]["kappa"] == "beta1*beta2/alpha"
    assert all(report["theory"]["checks"].values())
    slopes = [point["layers"][0]["measured"]["slope"] for point in report["points"]]
    assert slopes == [w(point).measured.slope for point in small.points]
    assert {run["seed"] for run in report["points"][0]["runs"]} == {0, 1, 2}
    kept = small.runs["relative_distance"].sel(gamma=0.5, gamma_prime=0, width=500, seed=1, layer="w", norm="frobenius")
    (run,) = (r for r in report["points"][0]["runs"] if (r["width"], r["seed"]) == (500, 1))
    assert run["relative_distance"]["w"]["frobenius"] == float(kept)
    assert report["allowance"]["finite_width"] == small.allowance.finite_width == 0.05


@pytest.mark.parametrize(
    ("targets", "limit"),
    [
        ((0.5, 0.5, 0.5, 0.5), "1/2, easy"),
        ((0.0, 0.0, 0.3, 1.0), "1/2, easy"),
        ((0.7, -0.5, 0.2, -0.6), "3/4, hard"),
    ],
)
def test_with_frozen_output_weights_the_slope_is_on_the_branch_of_the_target(targets, limit):
    """Below gamma' = 1 - gamma: gamma - 1 where aligned neurons fit the target, (gamma - 1 - gamma')/2 where they cannot."""
    data = nm.datasets.from_arrays([-1.0, -0.35, 0.3, 1.0], targets)
    plan = nm.Plan(points=(("3/2", "-1"),), widths=(1000, 4000, 16000), seeds=2, data=data)
    point = w(nm.verify(plan).points[0])
    assert point.limit == limit
    assert abs(point.difference) < 0.05
    assert point.measured_regime is pt.Regime.CONDENSED


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"points": ()}, "at least one pair"),
        ({"points": ((1, 0), (1.0, 0))}, "each of them once"),
        ({"points": ((np.inf, 0),)}, "gamma = inf"),
        ({"points": ((1, "x"),)}, "gamma_prime = 'x'"),
        ({"points": ((1001, 0),)}, "out of range"),
        ({"widths": (1000,)}, "two different widths"),
        ({"widths": (1000, 1000)}, "two different widths"),
        ({"widths": (0, 2)}, "width = 0"),
        ({"widths": (2, 3)}, "width = 3"),
        ({"widths": (2.0, 4)}, "width = 2.0"),
        ({"seeds": 0}, "seeds = 0"),
        ({"seeds": True}, "seeds = True"),
        ({"rtol": -1}, "rtol = -1"),
        ({"loss_tol": 0}, "loss_tol = 0"),
        ({"diagram": 3}, "diagram = 3"),
        ({"data": ([[1.0]], [np.nan])}, "y contains 1 NaN"),
        ({"data": (np.empty((0, 2)), [])}, "no data"),
    ],
)
def test_a_plan_says_what_is_wrong_with_it(arguments, match):
    with pytest.raises(nm.InputError, match=match) as caught:
        nm.Plan(**arguments)
    assert "\n" not in str(caught.value)


def test_points_are_exact():
    assert nm.Plan(points=((0.1 + 0.2, "7/4"), (0.3, 0))).points[1] == (Fraction(3, 10), Fraction(0))
    assert nm.Plan(points=((1000, -1000),)).points == ((Fraction(1000), Fraction(-1000)),)

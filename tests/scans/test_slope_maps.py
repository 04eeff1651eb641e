"""Slopes and crossings of scans whose answer is known, and what becomes of runs that must not be used."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import xarray

import numerics as nm
import phasetheory as pt
from numerics.experiments.maps import compare_map, predicted_boundary
from numerics.scans import CellStatus, Session
from numerics.slopes import crossings, slope_map

WIDTHS, SEEDS = (1000, 4000, 16000), 4
GAMMA, PRIME = np.array([0.6, 0.8, 1.0, 1.2, 1.4, 1.6]), np.array([-0.4, 0.0, 0.3])


def synthetic(noise=0.05, seeds=SEEDS, diagram=None, gamma=GAMMA):
    """RD = m^S exp(noise) with the S of a diagram; 4 seeds."""
    diagram = diagram or pt.phase_diagram(2)
    rng = np.random.default_rng(3)
    s = diagram.evaluate(gamma[:, None], PRIME[None, :])
    s = np.stack([s["w"], s["a"], np.maximum(s["w"], s["a"])], axis=-1)
    logs = s[:, :, None, None, :] * np.log(WIDTHS)[:, None, None]
    logs = logs + noise * rng.standard_normal((len(gamma), len(PRIME), len(WIDTHS), seeds, 3))
    dims = ("gamma", "gamma_prime", "width", "seed")
    return xarray.Dataset(
        {
            "relative_distance": ((*dims, "layer"), np.exp(logs)),
            "status": (dims, np.full(logs.shape[:-1], CellStatus.DONE, dtype=np.int8)),
        },
        {
            "gamma": gamma,
            "gamma_prime": PRIME,
            "width": list(WIDTHS),
            "seed": range(seeds),
            "layer": ["w", "a", "theta"],
        },
        nm.Plan.grid(gamma=gamma, gamma_prime=PRIME).settings,
    )


def compared(data, layer="w", **options):
    """Against the diagram, as a scan has it: in a norm."""
    distances = data["relative_distance"].expand_dims(norm=["frobenius"], axis=-1)
    return compare_map(data.assign(relative_distance=distances), layer, **options)


def test_a_map_of_exact_power_laws():
    found = slope_map(synthetic(noise=0.0))
    expected = pt.phase_diagram(2).evaluate(GAMMA[:, None], PRIME[None, :])
    for layer in ("w", "a"):
        np.testing.assert_allclose(found["slope"].sel(layer=layer), expected[layer], atol=1e-12)
    np.testing.assert_allclose(found["local_slope"].mean("middle_width"), found["slope"], atol=1e-12)
    np.testing.assert_allclose(found["middle_width"], [2000, 8000])
    np.testing.assert_allclose(found["drift"], 0, atol=1e-12)


def test_a_map_is_made_of_the_same_fits():
    data = synthetic()
    one = nm.slopes.fit(WIDTHS, data["relative_distance"].isel(gamma=2, gamma_prime=1, layer=0).values)
    found = slope_map(data).isel(gamma=2, gamma_prime=1, layer=0)
    assert (found["slope"], found["low"], found["high"]) == (one.slope, one.low, one.high)


def test_runs_that_stopped_short_or_failed_are_in_no_slope():
    data = synthetic()
    spoiled = data.copy(deep=True)
    spoiled["relative_distance"][1, 1, 0, 0] *= 100
    spoiled["status"][1, 1, 0, 0] = CellStatus.STOPPED_SHORT
    assert abs(slope_map(spoiled)["slope"][1, 1, 0] - slope_map(data)["slope"][1, 1, 0]) < 0.05
    spoiled["status"][1, 1, 0] = CellStatus.FAILED  # no seed left at this width
    spoiled["status"][0, 0, 0, 0] = CellStatus.PENDING
    spoiled["status"][2, 2] = CellStatus.NOT_PLANNED
    there = slope_map(spoiled)["slope"].sel(layer="w").notnull()
    assert int(there.sum()) == len(GAMMA) * len(PRIME) - 3
    assert not there[1, 1]
    assert not there[0, 0]
    assert not there[2, 2]


def test_one_seed_has_no_interval():
    data = synthetic(seeds=1)
    assert slope_map(data)[["low", "high"]].to_array().isnull().all()
    found = crossings(data)
    assert found["crossing"].sel(layer="w", gamma_prime=0.0).notnull()
    assert found[["low", "high"]].to_array().isnull().all()


def test_crossings_of_exact_slopes_lie_on_the_boundary():
    found = crossings(synthetic(noise=0.0))
    # in the last row S has its corner at the crossing, 1.3: the straight line from -0.2 at 1.2 to +0.05 at 1.4 misses it
    np.testing.assert_allclose(found["crossing"].sel(layer="w"), [1.0, 1.0, 1.36], atol=1e-6)
    np.testing.assert_allclose(found["crossing"].sel(layer="theta"), 1.0, atol=1e-6)
    assert found["below"].sel(layer="w").values.tolist() == [1.0, 1.0, 1.2]


def row(slopes, x=(0.0, 1.0, 2.0, 4.0), seeds=2, spread=0.0):
    """A scan of one row along gamma whose slopes are these; the seeds lie ``spread`` in log RD above and below."""
    logs = np.array(slopes)[:, None, None] * np.log(WIDTHS)[:, None] + spread * np.linspace(-1, 1, seeds)
    dims = ("gamma", "width", "seed")
    return xarray.Dataset(
        {"relative_distance": (dims, np.exp(logs)), "status": (dims, np.full(logs.shape, CellStatus.DONE))},
        {"gamma": list(x), "width": list(WIDTHS), "seed": range(seeds)},
    )


@pytest.mark.parametrize(
    ("slopes", "crossing", "below", "above"),
    [
        ((-1, 3, 4, 5), 0.25, 0, 1),
        ((-3, -2, -1, 3), 2.5, 2, 4),
        ((0, 1, 2, 3), 0, 0, 1),  # at the first point
        ((-3, -2, -1, 0), 4, 2, 4),  # at the last
        ((-1, 0, 1, 2), 1, 1, 2),
        ((-1, np.nan, 3, 4), 0.5, 0, 2),  # the point between was not measured
        ((2, 1, -1, -2), 1.5, 1, 2),
    ],
)
def test_the_neighbours_of_a_crossing(slopes, crossing, below, above):
    found = crossings(row(slopes))
    for name, value in {
        "crossing": crossing,
        "low": crossing,
        "high": crossing,
        "below": below,
        "above": above,
    }.items():
        assert float(found[name]) == pytest.approx(value, abs=1e-12), name


def test_a_row_without_a_crossing_has_none():
    found = crossings(row((1, 2, 3, 4)))
    assert found.to_array().isnull().all()


def test_rows_without_a_crossing_come_before_one_that_has_one():
    found = crossings(synthetic(noise=0.0).sel(gamma=[1.2, 1.4, 1.6], layer="w"))
    np.testing.assert_allclose(found["crossing"], [np.nan, np.nan, 1.36], atol=1e-6)
    assert found["crossing"].dims == ("gamma_prime",)
    assert set(found.coords) == {"gamma_prime", "layer"}  # of the rows; no width, no seed
    assert set(slope_map(synthetic(noise=0.0)).coords) == {"gamma", "gamma_prime", "layer", "middle_width"}


def test_the_interval_of_a_crossing_is_open_where_resamples_cross_beyond_the_points():
    """The last slope is 0.01, and its standard deviation ten times that: many resamples have no crossing before the end."""
    found = crossings(row((-0.3, -0.2, -0.1, 0.01), spread=0.3))
    assert float(found["crossing"]) == pytest.approx(2 + 2 * 0.1 / 0.11)
    assert float(found["high"]) == np.inf
    assert float(found["low"]) < 3
    assert (
        crossings(row((-0.3, -0.2, -0.1, 0.01), spread=0.3).assign_coords(gamma=[4.0, 3.0, 2.0, 1.0]).sortby("gamma"))[
            "low"
        ]
        == -np.inf
    )


def test_a_crossing_may_be_followed_along_any_coordinate_at_any_level():
    data = synthetic(noise=0.2)
    turned = data.rename(gamma="b", gamma_prime="gamma").rename(b="gamma_prime")
    here, there = crossings(data, "gamma"), crossings(turned, "gamma_prime")
    for name in here.data_vars:
        np.testing.assert_array_equal(here[name].values, there[name].values)
    assert there.attrs == {"along": "gamma_prime", "observable": "relative_distance", "level": 0.95}
    half = crossings(data, level=0.5)
    assert (here["low"] < half["low"]).all()
    assert (half["high"] < here["high"]).all()


def test_the_interval_of_a_crossing_covers_the_truth():
    """On straight lines through 1, in nineteen of twenty data sets or so."""
    rng, x, covered = np.random.default_rng(5), np.linspace(0.5, 1.5, 6), 0
    template = synthetic(gamma=x).isel(gamma_prime=slice(0, 1), layer=slice(0, 1))
    for _ in range(100):
        logs = (x - 1)[:, None, None] * np.log(WIDTHS)[:, None] + 0.2 * rng.standard_normal((6, len(WIDTHS), SEEDS))
        data = template.assign(
            relative_distance=(template["relative_distance"].dims, np.exp(logs)[:, None, :, :, None])
        )
        found = crossings(data, resamples=400).squeeze()
        covered += bool(found["low"] <= 1 <= found["high"])
    assert 88 <= covered <= 99


def test_an_interval_that_reaches_beyond_the_points_is_open():
    data = synthetic(noise=0.6, gamma=GAMMA[:3])
    row = crossings(data).sel(layer="w", gamma_prime=0.0)
    assert row["crossing"].isnull() or np.isinf(row["high"])
    assert crossings(synthetic(noise=0.0, gamma=GAMMA[:2]))["crossing"].isnull().all()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda data: crossings(data, "beta"), "along = 'beta'; give one of the coordinates gamma, gamma_prime"),
        (lambda data: slope_map(data.isel(width=slice(0, 1))), "has one width, 1000"),
        (lambda data: slope_map(data.drop_dims("seed")), "no dimension seed"),
        (lambda data: compared(data, "b"), "layer = 'b'; this scan has w, a, theta"),
        (lambda data: compared(data, norm="spectral"), "norm = 'spectral'; this scan has frobenius"),
        (lambda data: compare_map(data), "no norms: an older version made it"),
        (lambda data: compared(data.drop_attrs()), "does not say its plane"),
    ],
)
def test_mistakes(call, match):
    with pytest.raises(nm.InputError, match=match):
        call(synthetic())


def test_a_comparison_finds_agreement_and_the_worst_point():
    data = synthetic(noise=0.01)
    data["relative_distance"][0, 1, :, :, 0] = (np.array(WIDTHS) ** -0.9)[:, None]
    found = compared(data, resamples=100)
    assert found.agreeing == found.judged > 10
    assert found.points == 18
    assert found.largest[1:3] == (0.6, 0.0)
    assert found.largest[0] == pytest.approx(-0.5, abs=0.01)
    assert "largest disagreement -0.50 at (γ, γ') = (0.6, 0)" in found.verdict()
    np.testing.assert_allclose(found.boundary["predicted"], [1, 1, 1.3], atol=1e-8)


def test_a_comparison_with_a_wrong_boundary_disagrees():
    """Negative control: the diagram shifted by 0.3 in gamma."""
    gamma, prime = pt.phase_diagram(2).coordinates
    shifted = pt.two_layer(pt.m ** (gamma - prime - sp.Rational(3, 10)), pt.m**-prime, 1)
    wrong = pt.phase_diagram(network=shifted, coordinates=(gamma, prime))
    found = compared(synthetic(noise=0.01), diagram=wrong, resamples=100)
    assert found.agreeing < 0.9 * found.judged
    assert np.all(np.abs(found.boundary["predicted"] - found.boundary["crossing"]).dropna("gamma_prime") > 0.2)


def test_the_boundary_of_all_weights_together():
    line = predicted_boundary(pt.phase_diagram(2), "theta", np.array([-0.5, 0.0, 0.5]), (0.0, 2.0))
    np.testing.assert_allclose(line, 1, atol=1e-9)
    assert np.isnan(predicted_boundary(pt.phase_diagram(2), "w", np.array([0.9]), (0.0, 1.5)))


PLAN = nm.Plan.grid(gamma=("0.6", "1", "1.4"), gamma_prime=(0, "0.2"), widths=(200, 800), seeds=2)


def test_refinement_halves_the_interval_around_the_crossing(tmp_path):
    coarse = nm.scan(PLAN, tmp_path / "runs.zarr", executor=nm.Serial())
    fine = nm.refine(PLAN, tmp_path / "runs.zarr", rounds=2, executor=nm.Serial())
    assert {0.6, 1.0, 1.4} < set(fine["gamma"].values)
    assert fine.sel(gamma=coarse["gamma"]).equals(coarse)
    for prime, row in fine["status"].groupby("gamma_prime"):
        used = row["gamma"].values[(row.squeeze("gamma_prime") == CellStatus.DONE).all(("width", "seed"))]
        before, after = (
            crossings(data.sel(layer="w", norm="frobenius", gamma_prime=[prime])).squeeze("gamma_prime")
            for data in (coarse, fine)
        )
        noise = float(after["high"] - after["low"])
        assert len(used) == 5 or float(after["above"] - after["below"]) <= noise
        assert before["below"] <= after["below"]
        assert after["above"] <= before["above"]
    again = nm.refine(PLAN, tmp_path / "runs.zarr", rounds=2, executor=nm.Serial())
    assert again.identical(fine)


def test_a_refined_scan_goes_on_where_it_was(tmp_path):
    """With one seed there is no noise at which a row is left alone: every round halves, and none is done twice."""
    plan = nm.Plan.grid(gamma=("0.6", "1.4"), gamma_prime=(0,), widths=(200, 800), seeds=1)
    fine = nm.refine(plan, tmp_path / "runs.zarr", rounds=2, executor=nm.Serial())
    assert fine.sizes["gamma"] == 4
    assert nm.refine(plan, tmp_path / "runs.zarr", rounds=2, executor=nm.Serial()).identical(fine)
    more = nm.refine(plan, tmp_path / "runs.zarr", rounds=3, executor=nm.Serial())
    assert more.sizes["gamma"] == 5
    assert more.identical(nm.refine(plan, tmp_path / "new.zarr", rounds=3, executor=nm.Serial()))


def test_a_refined_scan_that_was_interrupted_ends_the_same(tmp_path):
    def interrupt(now):
        if (now.total, now.done) == (4, 2) or (now.total, now.done) == (8, 3):
            raise KeyboardInterrupt

    one_by_one = nm.Serial()
    one_by_one.most = 1
    whole = nm.refine(PLAN, tmp_path / "whole.zarr", rounds=2, executor=nm.Serial())
    with pytest.raises(KeyboardInterrupt):
        nm.refine(PLAN, tmp_path / "broken.zarr", rounds=2, executor=one_by_one, progress=interrupt)
    assert nm.refine(PLAN, tmp_path / "broken.zarr", rounds=2, executor=nm.Serial()).identical(whole)


def test_a_cell_of_a_scan_is_the_run_of_that_cell():
    with Session(PLAN, executor=nm.Serial()) as session:
        cell = {"gamma": Fraction(1), "gamma_prime": Fraction(1, 5), "width": 200, "seed": 1}
        session.run([cell])
        found = session.dataset().sel(gamma=1.0, gamma_prime=0.2, width=200, seed=1)
    solution = PLAN.train(cell)
    assert found["relative_distance"].sel(layer="w") == solution.sup_relative_distance["w"]
    assert found["loss"] == solution.loss
    run, start = solution.trajectory.relative_distance, solution.initial
    sizes = [np.linalg.norm(start.output_weights()), np.linalg.norm(start.input_weights())]
    joint = np.max(np.hypot(run["a"] * sizes[0], run["w"] * sizes[1])) / np.hypot(*sizes)
    assert found["relative_distance"].sel(layer="theta").item() == pytest.approx(joint, rel=1e-12)


def test_scales_with_the_same_kappas_learn_alike():
    """The flow of the weights themselves, at three sizes of beta2: what the normalisation says is one and the same."""
    plan = nm.Beta2Plan(points=((1, "0.2"),), widths=(200, 800), seeds=3, beta2_exponents=("-1/2", 0, "1/2"))
    cells = plan.cells
    assert tuple(cells[0]) == ("gamma", "gamma_prime", "beta2_exponent", "width", "seed")
    start = plan.start(cells[-1])
    assert np.std(start.v) == pytest.approx(800**0.5, rel=0.1)
    assert np.std(start.u) == pytest.approx(800 ** (0.5 - 0.2), rel=0.1)
    result = nm.scan(plan, executor=nm.Serial())
    assert (result["status"] == CellStatus.DONE).all()
    means = np.log(result["relative_distance"]).mean("seed").squeeze()
    assert float(means.std("beta2_exponent").max()) < 0.15
    times = result["time"].sel(width=800).mean("seed").values.ravel()
    assert times[2] / times[0] == pytest.approx(800**2, rel=0.3)  # the unit of time is beta1 beta2


def test_the_command_of_a_plan_is_the_one_that_makes_it():
    assert PLAN.command == (
        "phasetheory scan --gamma 0.6:1.4:3 --gamma-prime 0,0.2 --widths 200,800 --seeds 2 --data four-points "
        "--loss-tol 1e-06 --rtol 0.01"
    )
    assert nm.Plan(data=([[0.5, 1.0]], [1.0]), points=((1, 0),)).command == ""
    assert nm.Plan().command == ""

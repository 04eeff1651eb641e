"""One network at its own width: users' cases, intervals over draws, regimes, and what is refused."""

import json

import numpy as np
import pytest
import sympy as sp

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.experiments.fluctuations import ensemble_spread, tangent_spread
from numerics.experiments.mean_field import MeanField

X, Y = nm.datasets.four_points()


@pytest.mark.parametrize(
    ("deviation", "width", "capacity", "measured"),
    [
        (0.05, 100, 0.25, 3.1),
        (0.05, 400, 1.0, 1.15),
        (0.05, 2500, 6.25, 0.30),
        (0.05, 10_000, 25.0, 0.084),
        (0.02, 100, 0.04, 8.3),
        (0.02, 400, 0.16, 3.7),
        (0.02, 2500, 1.0, 1.18),
        (0.02, 10_000, 4.0, 0.44),
    ],
)
def test_the_same_deviation_in_both_layers(deviation, width, capacity, measured):
    """Standard deviations of 0.05 and 0.02, alpha = 1: what one network of that width was seen to do."""
    found = nm.locate({"alpha": 1, "beta1": deviation, "beta2": deviation}, X, Y, width=width)
    assert found.capacity == pytest.approx(capacity)
    assert found.unit_width == pytest.approx(1 / deviation**2)
    low, high = found["w"].interval
    assert low < measured < high
    assert found["w"].relative_distance < 1 or "condensed" in found["w"].position
    assert found["w"].relative_distance > 1 or "linear" in found["w"].position


def test_the_interval_holds_the_networks():
    """95 per cent of 60 networks, give or take."""
    found = nm.locate("xavier", X, Y, width=400)
    trained = found.train(60)
    for layer in found.layers:
        low, high = layer.interval
        inside = np.mean((trained[layer.layer] > low) & (trained[layer.layer] < high))
        assert inside > 0.8


@pytest.mark.parametrize(
    ("capacity", "kappa_prime", "regimes"),
    [
        (1e5, 1.0, (pt.Regime.LINEAR, pt.Regime.LINEAR)),
        (1e5, 1e-3, (pt.Regime.LINEAR, pt.Regime.LINEAR)),
        (1e-4, 1.0, (pt.Regime.CONDENSED, pt.Regime.CONDENSED)),
        (1e-2, 1e-4, (pt.Regime.LINEAR, pt.Regime.CONDENSED)),
        (2.0, 1.0, (None, None)),
    ],
)
def test_regimes_deep_inside_and_between(capacity, kappa_prime, regimes):
    start = nm.TwoLayer.draw(1000, capacity / 1000, kappa_prime, 2)
    found = nm.locate(start, X, Y)
    assert tuple(layer.regime for layer in found.layers) == regimes


def test_elasticities_are_those_of_the_derived_pieces():
    deep = nm.locate(nm.TwoLayer.draw(1000, 1e-7, 1e-1, 2), X, Y)
    assert deep["w"].elasticities == pytest.approx((-0.5, 0.5), abs=0.06)
    assert deep["a"].elasticities == pytest.approx((-0.5, -0.5), abs=0.06)
    lazy = nm.locate(nm.TwoLayer.draw(1000, 1e3, 1e-4, 2), X, Y)
    assert lazy["w"].elasticities == pytest.approx((-1, 2), abs=0.06)


def test_the_tangent_prediction_and_its_computed_error():
    lazy = nm.locate(nm.TwoLayer.draw(1000, 0.1, 1.0, 2), X, Y, loss_tol=1e-6)["w"]
    assert lazy.tangent == pytest.approx(1.984 / 100, rel=5e-3)
    assert lazy.tangent_error == pytest.approx(0.016, abs=0.006)  # b_w/P = 1.6/100
    critical = nm.locate("mean_field", X, Y, width=1000)["w"]
    assert critical.tangent_error > 0.3


def test_the_tangent_kernels_are_off_by_the_first_order_that_is_derived():
    """One sample, |x| = 1, kappa' = 1: F P/c = 1 + b/P with b_w = -y/(6 pi) and b_a = y/(2 pi)."""
    x, target, P = np.array([[0.6, 0.8]]), 0.7, 100.0
    limit = MeanField(x, np.array([target]), loss_tol=1e-12, rtol=1e-5, nodes=16_000)
    tangent = pt.finite_width(pt.two_layer(1 / sp.Integer(100), 1, 1), x, [target]).relative_distance(1)
    b = {layer: P * (rd / tangent[layer] - 1) for layer, rd in limit(P, 1.0).items()}
    assert b["w"] == pytest.approx(-target / (6 * np.pi), abs=0.004)
    assert b["a"] == pytest.approx(target / (2 * np.pi), abs=0.004)


@pytest.mark.parametrize("kappa_prime", [0.1, 0.3, 1.0, 2.0, 8.0])
def test_the_estimated_error_of_the_tangent_kernels_lies_above_the_computed_one(kappa_prime):
    """And is of its order, O(1/P): it was O(RD^2), which is below it from P = 100 on."""
    limit, root = MeanField(X, Y, rtol=1e-4), sp.sqrt(sp.Rational(str(kappa_prime)))
    for P in (100, 256):
        prediction = pt.finite_width(pt.two_layer(sp.Rational(1, P), root, 1 / root), X, Y, loss=1e-6)
        tangent = prediction.relative_distance(1)
        computed = max(abs(rd / tangent[layer] - 1) for layer, rd in limit(P, kappa_prime).items())
        assert 5 * computed < prediction.linearization_error(1) < 100 * computed


@pytest.mark.parametrize(("kappa_prime", "expected"), [(1.0, (1.67, 3.67)), (8.0, (1.76, 4.49)), (0.2, (2.90, 2.02))])
def test_spread_by_the_delta_method(kappa_prime, expected):
    found = tangent_spread(MeanField(X, Y), kappa_prime)
    assert [found[layer].value for layer in ("w", "a")] == pytest.approx(expected, rel=0.03)


def test_both_ways_to_the_spread_agree_where_both_hold():
    limit = MeanField(X, Y)
    small, delta = ensemble_spread(limit, 100.0, 1.0), tangent_spread(limit, 1.0)
    for layer in ("w", "a"):
        assert small[layer].value == pytest.approx(delta[layer].value, rel=0.4)  # 24 networks: 15 per cent


def test_a_capacity_whose_rd_a_run_would_lose_to_rounding():
    """From P = 10^7 on F P is constant: 1e-30 as well, against the tangent kernels, which hold there."""
    found = nm.locate(nm.TwoLayer.draw(100, 1e28, 1.0, 2), X, Y, loss_tol=1e-6)
    assert found.capacity == pytest.approx(1e30)
    for layer in found.layers:
        assert layer.relative_distance == pytest.approx(layer.tangent, rel=3e-3)
        assert layer.slope == pytest.approx(-1)
        assert layer.regime is pt.Regime.LINEAR


def test_critical_capacity_and_what_twice_the_width_does():
    found = nm.locate("mean_field", X, Y, width=1000, loss_tol=1e-6)
    assert found["w"].critical_capacity == pytest.approx(1.31, abs=0.01)
    assert found["w"].log10_to_critical == pytest.approx(-np.log10(1.31), abs=0.01)
    assert found["w"].slope == pytest.approx(0, abs=1e-6)
    assert np.isnan(found.unit_width)
    ntk = nm.locate("ntk", X, Y, width=10_000)
    assert ntk["w"].slope == pytest.approx(-0.5, abs=0.01)


@pytest.mark.slow
def test_what_stands_in_the_way_is_said():
    many = np.column_stack([np.linspace(-1, 1, 40), np.ones(40)])
    crowded = nm.locate("mean_field", many, np.sign(many[:, 0]) * np.abs(many[:, 0]), width=4)
    assert any("12 weights cannot interpolate 40 samples" in note for note in crowded.notes)
    plain = nm.TwoLayer.draw(100, 0.5, 1.0, 2, antisymmetric=False, rng=1)
    assert any("of the targets at the start" in note for note in nm.locate(plain, X, Y).notes)
    assert any("a plain one has f(0)" in note for note in nm.locate("ntk", X, Y, width=1000).notes)
    with pytest.raises(
        nm.InputError, match=r"P = 1e\+05, kappa' = 1e-08: RD of w is lost to rounding, below 1e-13: that layer"
    ):
        nm.locate(nm.TwoLayer.draw(100, 1e3, 1e-8, 2), X, Y)
    parallel = nm.locate("ntk", [[1.0, 1.0], [2.0, 2.0]], [1.0, 2.0], width=100)
    assert "the tangent kernels cannot be inverted for these data" in repr(parallel)
    assert "nan" not in repr(parallel)
    assert all(len(line) < 80 for line in repr(crowded).splitlines())


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        ("he", {}, "width is missing; give the number of neurons"),
        ("he", {"width": 1}, "width = 1; give an integer >= 2"),
        ("he", {"width": 100.0}, "width = 100.0; give an integer >= 2"),
        (pt.initialization("he", 3), {"width": 10}, "the network has 3 layers and this is about two"),
        ({"alpha": 1}, {"width": 10}, "scales have the names ['alpha']; give alpha, beta1 and beta2"),
        (7, {"width": 10}, "network is of type int; give a phasetheory.Network, a name"),
        (nm.TwoLayer.draw(10, 1.0, 1.0, 2), {"width": 10}, "a sampled network has its width, 10: leave it out"),
        (nm.TwoLayer.draw(10, 1.0, 1.0, 3), {}, "X has 2 inputs and the network 3; they must agree"),
        ("he", {"width": 10, "loss_tol": 0}, "loss_tol = 0 is not positive"),
    ],
)
def test_refused(network, options, message):
    with pytest.raises(nm.InputError) as caught:
        nm.locate(network, X, Y, **options)
    assert message in str(caught.value)


@pytest.mark.slow
def test_command(capsys, tmp_path):
    call = ["locate", "--alpha", "1", "--beta1", "0.05", "--beta2", "0.05", "--width", "400"]
    assert main([*call, "--train", "--json", "--out", str(tmp_path / "here.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["capacity"] == pytest.approx(1.0)
    assert found["layers"]["w"]["regime"] is None
    assert len(found["trained"]["w"]) == 4
    assert (tmp_path / "here.png").stat().st_size > 20_000
    assert main(call) == 0
    assert "capacity P = m β₁β₂/α = 1 (1 at width 400), κ' = β₁/β₂ = 1" in capsys.readouterr().out
    assert main([*call, "--seed", "3"]) == 2
    assert "--seed 3 is that of the networks trained; add --train" in capsys.readouterr().err

"""Dropout: its average over all masks, what stays conserved, the slopes, and what is refused."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt

rationals = st.fractions(min_value=-2, max_value=2, max_denominator=8).map(sp.Rational)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_average_over_all_masks_is_proved(width):
    flow = pt.gradient_flow(2, samples=1, width=width)
    found = pt.dropout_flow(flow)
    assert found.residual() == 0
    assert all(matrix.is_zero_matrix for matrix in found.flow_residual())
    assert set(found.balance_residuals(pt.balance_laws(flow))) == {0}
    assert found.scale_residual(pt.normalize(flow)) == 0


def test_a_wrong_penalty_is_no_proof():
    found = pt.dropout_flow(pt.gradient_flow(2, samples=1))
    assert replace(found, flow=replace(found.flow, targets=(0,))).residual() == 0  # for any targets
    assert sp.cancel(sp.expand(found.mean_loss() - found.flow.loss)) != 0
    assert sp.cancel(sp.expand(found.mean_loss() - found.loss.subs(found.ratio, 1 - found.keep))) != 0


def test_the_average_of_numbers():
    """Three neurons, two samples: 8 masks each, by plain sums."""
    draws = np.random.default_rng(5)
    parts, y, keep = draws.normal(size=(2, 3)), draws.normal(size=2), 0.3
    mean = 0.0
    for row, target in zip(parts, y, strict=True):
        for mask in itertools.product((0, 1), repeat=3):
            chance = np.prod([keep if kept else 1 - keep for kept in mask])
            mean += chance * (np.dot(mask, row) / keep - target) ** 2 / 4
    loss = np.mean((parts.sum(axis=1) - y) ** 2) / 2
    assert mean == pytest.approx(loss + (1 - keep) / keep * np.sum(parts**2) / 4, rel=1e-13)


def at(gamma, prime, keep):
    return pt.with_dropout(pt.two_layer(pt.m ** (gamma - prime), pt.m**-prime, 1), keep)


@given(rationals, rationals, rationals)
def test_slopes_of_a_point(gamma, prime, xi):
    found = at(gamma, prime, 1 / (1 + pt.m**xi))
    assert found.xi == xi
    assert found.third_number == xi - gamma
    assert found.settling_time == min(sp.S.Zero, gamma - 1 - abs(prime)) + 1 - xi
    own = found.network.slopes()
    added = max(xi - gamma, 0)
    claimed = added == 0 or (gamma <= 1 and xi < 1)
    assert found.slopes_at_fit == ({k: s + added for k, s in own.items()} if claimed else None)
    late = {"w": -2 * max(prime, 0), "a": -2 * max(-prime, 0)} if gamma < 1 else own
    assert found.slopes_at_long_times == late


def test_a_fixed_probability_says_nothing_at_the_fit():
    half = sp.Rational(1, 2)
    found = at(half, half, "1/2")
    assert found.slopes_at_fit == found.network.slopes()
    assert found.slopes_at_long_times == {"w": -1, "a": 0}  # measured at P = 100, kappa' = 1/5: .035 and .83
    assert at(half, half, 1).slopes_at_long_times == found.network.slopes()
    assert [said.basis.value for said in found.statements] == ["proved", "proved", "derived", "derived"]


def test_the_document_says_it_and_its_checks_hold():
    derivation = pt.derive(dropout=True)
    assert all(check.holds for check in derivation.checks)
    assert len(derivation.checks) == len(pt.derive().checks) + 5
    text = pt.write(derivation)
    assert "q κ = q P/m" in text
    assert "Dropout at long times  [derived]" in text
    assert "with dropout" in text.splitlines()[0] + pt.write(derivation, "markdown").splitlines()[0]


@pytest.mark.parametrize("keep", [0, -1, 2, "3/2", "m", "-1/m", "d"])
def test_a_probability_is_one(keep):
    with pytest.raises(pt.TheoryError, match="keep = "):
        pt.with_dropout(pt.initialization("ntk"), keep)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pt.with_dropout(pt.initialization("he", 3), "1/2"), "dropout with 3 layers"),
        (lambda: pt.dropout_flow(pt.gradient_flow(3)), "dropout with 3 layers"),
        (lambda: pt.derive(depth=3, dropout=True), "dropout with 3 layers"),
        (lambda: pt.derive(dropout=0.5), "a number goes into phasetheory.with_dropout"),
        (lambda: pt.derive(dropout=True, weight_decay=True), "each is worked out alone"),
        (lambda: pt.with_dropout(pt.initialization("ntk"), "1/2", optimizer="adam"), "dropout under sign descent"),
        (lambda: pt.with_dropout(pt.Network((1, 0)), "1/2"), "a starts at zero"),
    ],
)
def test_refused(call, message):
    with pytest.raises(pt.TheoryError, match=message):
        call()


def test_a_network_is_described_with_its_dropout():
    text = pt.describe("ntk", dropout="1/2")
    assert "neurons are kept with probability 1/2, q = (1 - p)/p = 1" in text
    assert "after a time longer by m/q: S_w = 0, S_a = 0 [derived]" in text
    assert pt.describe(pt.initialization("ntk"), dropout="1/2").count("[proved]") >= 2
    with pytest.raises(pt.TheoryError, match="each is worked out alone"):
        pt.describe("ntk", dropout="1/2", weight_decay="1/m")

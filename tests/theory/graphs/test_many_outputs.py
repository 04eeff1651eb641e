"""As many outputs as neurons: the layers at the output fit what hidden layers cannot."""

import random
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.scaling.argument import displacement

WIDTH, SAMPLES = 40, 3


def number(source):
    return Fraction(source.randint(-40, 40), 20)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_a_chain_moves_its_readout_as_far_as_the_features_leave_it_to(depth):
    source, larger = random.Random(depth), 0
    for _ in range(60):
        sigmas, alpha = [number(source) for _ in range(depth)], number(source)
        graph = pt.fully_connected(
            [pt.m ** sp.Rational(s) for s in sigmas], alpha=pt.m ** sp.Rational(alpha), outputs="m"
        )
        alpha += Fraction(1, 2)  # the norm of the targets
        one = displacement(sigmas, alpha)
        sizes = [max(s, moved) for s, moved in zip(one.strength, one.moved, strict=True)]
        *hidden, readout = one.moved
        left = alpha - sum(sizes[:-1])
        *found, last = graph.displacements().values()
        assert last == max(readout, left)
        assert all(new >= old for new, old in zip(found, hidden, strict=True))
        assert found == hidden or depth > 2
        larger += left > readout
    assert larger > 10


def test_layers_that_see_square_blocks_move_further():
    """Three layers, W1 alone strong, from its linear regime; of parts m^(-1/2), hence of norm m^(-1/4)."""
    graph = pt.fully_connected((1, "m^(17/20)", "m^(17/20)"), alpha="m^(19/10)", outputs="m")
    alpha, s1, s2, s3 = sp.Rational(12, 5), sp.Rational(1, 2), sp.Rational(27, 20), sp.Rational(27, 20)
    quarter = sp.Rational(1, 4)
    assert graph.displacements() == {
        "W1": (alpha - quarter) - (s2 + s3 - 2 * quarter),  # a block with a singular value of m^(-1/2)
        "W2": (alpha - quarter) - (s1 + s3),  # what W1 does not reach at all
        "a": alpha - (s1 + s2),  # what no hidden layer reaches
    }


def test_a_hidden_state_that_every_layer_reaches_has_no_square_blocks():
    options = {"steps": 3, "outputs": "m"}
    assert len(pt.recurrent(1, 1, 1, **options).shares) == 1
    assert len(pt.recurrent(1, 1, 1, lags=[1, 2], **options).shares) == 3  # U goes through W
    assert not pt.residual(1, 1, 1, blocks=2, outputs="m").shares


def test_where_the_readout_fits_no_less_than_others_the_number_of_outputs_changes_nothing():
    scales = ("m^(-1/2)", "m^(-1/2)", "1/m")
    assert pt.fully_connected(scales, outputs="m").slopes() == pt.fully_connected(scales, outputs="m/4").slopes()


@pytest.mark.parametrize(
    ("outputs", "few"), [(3, True), ("sqrt(m)", True), ("m/2", True), ("2*m/3", False), ("2*m", False)]
)
def test_so_many_outputs_as_open_neurons_are_many(outputs, few):
    graph = pt.fully_connected(("m^-1", "sqrt(m)", "sqrt(m)"), outputs=outputs, biases=(1, 1, 1))
    assert [set(share.factors) for share in graph.shares][:1] == ([] if few else [{"a", "b3"}])


def test_a_bias_at_the_output_serves_constants_beyond_the_span():
    options = {"outputs": "m", "biases": ("m^-4", "m^-2")}
    constant = pt.fully_connected(("m^-2", "m^(3/2)"), targets=["constant"], **options).displacements()
    both = pt.fully_connected(("m^-2", "m^(3/2)"), **options).displacements()
    y = sp.Rational(1, 2)  # the norm of the targets; alpha = 1
    assert constant["b2"] == both["b2"] == y  # by itself
    assert constant["a"] == -1  # as long as that takes
    assert both["a"] == y + sp.Rational(3, 2)  # of what varies with the input, through features of m^(-3/2)


def test_more_outputs_than_neurons_by_a_power_are_refused():
    for build in (pt.fully_connected, lambda sigmas, **options: pt.recurrent(*sigmas, steps=2, **options)):
        with pytest.raises(pt.TheoryError, match=r"outputs = m\*\*2.*give at most of the order of m"):
            build((1, 1, 1), outputs="m^2")


@pytest.mark.parametrize(("outputs", "whole"), [(WIDTH // 5, True), (WIDTH, False)])
def test_hidden_layers_reach_the_columns_of_open_neurons(outputs, whole):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((SAMPLES, SAMPLES))
    W1, W2, A = (rng.standard_normal(shape) for shape in [(WIDTH, SAMPLES), (WIDTH, WIDTH), (outputs, WIDTH)])
    h1 = np.maximum(X @ W1.T, 0)
    open1, open2 = h1 > 0, h1 @ W2.T > 0
    ends = [A * gate for gate in open2]  # df/dz2
    by_W2 = np.concatenate(
        [np.einsum("ok,j->okj", end, h).reshape(outputs, -1) for end, h in zip(ends, h1, strict=True)]
    )
    by_W1 = np.concatenate(
        [
            np.einsum("ok,j->okj", end @ W2 * gate, x).reshape(outputs, -1)
            for end, gate, x in zip(ends, open1, X, strict=True)
        ]
    )
    spans = sum(np.linalg.matrix_rank(A[:, gate]) for gate in open2)
    assert np.linalg.matrix_rank(np.hstack([by_W1, by_W2])) == spans
    assert (spans == outputs * SAMPLES) == whole
    assert whole or spans == open2.sum()

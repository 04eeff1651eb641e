"""Sign descent (Adam at a small rate) on graphs: the algorithm of gradient flow with another degree of the update."""

import random
from fractions import Fraction

import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.networks.graph import Graph
from phasetheory.scaling.argument import displacement
from phasetheory.scaling.graph_exponents import GraphExponents
from phasetheory.scaling.optimizers import GRADIENT_FLOW, OPTIMIZERS, SIGN_DESCENT
from phasetheory.scaling.paths import LayerExponents, ListedPaths, PathExponents, Term
from phasetheory.scaling.tropical import tropical_flow

HALF = sp.Rational(1, 2)


def rational(rng):
    return sp.Rational(rng.randint(-12, 12), rng.randint(1, 6))


@pytest.mark.parametrize("optimizer", [GRADIENT_FLOW, SIGN_DESCENT])
def test_one_path_is_the_chain(optimizer):
    """The algorithm of graphs, run on one path, against the formula of chains, at 250 random ones."""
    rng = random.Random(0)
    for _ in range(250):
        depth = rng.randint(2, 6)
        sigmas = [Fraction(rng.randint(-12, 12), rng.randint(1, 6)) for _ in range(depth)]
        alpha = Fraction(rng.randint(-12, 12), rng.randint(1, 6))
        wanted = displacement(sigmas, alpha, optimizer)
        names = [f"W{index}" for index in range(depth)]
        rows = zip(names, wanted.strength, wanted.frobenius, wanted.unit, strict=True)
        layers = {name: LayerExponents(s - unit, f - unit, s - unit) for name, s, f, unit in rows}
        path = PathExponents(frozenset(names), Term(sum(wanted.unit), dict.fromkeys(names, 1)))
        flow = tropical_flow(GraphExponents(layers, ListedPaths((path,)), alpha, optimizer))
        assert [flow.moved[name] + unit for name, unit in zip(names, wanted.unit, strict=True)] == list(wanted.moved)
        assert set(flow.growth.values()) == {wanted.growth}
        for norm in ("frobenius", "spectral"):
            assert tuple(flow.slopes(norm).values()) == wanted.slopes(norm)


def chain(rng):
    depth = rng.randint(2, 5)
    sigmas = [pt.m ** rational(rng) for _ in range(depth)]
    if rng.random() < 0.4:
        sigmas[-1] = 0
    return pt.Network(tuple(sigmas), pt.m ** rational(rng), tuple(pt.m ** rational(rng) for _ in range(depth)))


@pytest.mark.parametrize("optimizer", ["gradient-flow", "adam"])
def test_a_graph_of_one_path_is_the_network(optimizer):
    """With learning rates and a readout at zero: slopes, moves, rates and times."""
    rng = random.Random(0)
    for _ in range(8):
        network = chain(rng)
        graph = Graph.of(network)
        for norm in ("frobenius", "spectral"):
            assert graph.slopes(norm, optimizer=optimizer) == network.slopes(norm, optimizer=optimizer)
        assert graph.displacements(optimizer=optimizer) == network.displacements(optimizer=optimizer)
        assert graph.learning_rate_scaling(optimizer=optimizer) == network.learning_rate_scaling(optimizer=optimizer)
        assert graph.regime(optimizer=optimizer) == network.regime(optimizer=optimizer)


def residual(rng):
    scales = [pt.m ** rational(rng) for _ in range(5)]
    return pt.residual(*scales[:3], sigma_V=scales[3], multiplier=scales[4], blocks=rng.randint(1, 3))


GRAPHS = {
    "recurrent": lambda rng: pt.recurrent(*(pt.m ** rational(rng) for _ in range(3)), steps=rng.randint(2, 5)),
    "residual": residual,
    "tied": lambda rng: pt.recurrent(*(pt.m ** rational(rng) for _ in range(3)), steps=4, lags=[3], alpha=pt.m ** rational(rng)),
}  # fmt: skip


@pytest.mark.parametrize("case", GRAPHS)
def test_it_ends_at_the_first_time_at_which_some_layer_moves_the_output_by_alpha(case):
    """All layers move by the time theta in their units, so x = max(s, theta), and the paths say when it ends: one equation."""
    rng = random.Random(1)
    for _ in range(12):
        graph = GRAPHS[case](rng)
        exponents, flow = graph.exponents_under(SIGN_DESCENT), graph.flow_under(SIGN_DESCENT)

        def change(theta, exponents=exponents):
            size = {name: max(start, theta) for name, start in exponents.start.items()}
            values = exponents.paths.reach(size, exponents.paths.targets).values
            return max(values[name] + min(0, theta - start) for name, start in exponents.start.items())

        theta = sp.Rational(flow.time)
        assert change(theta) == exponents.alpha
        assert change(theta - sp.Rational(1, 1000)) < exponents.alpha
        assert set(flow.moved.values()) == {flow.time}


def test_a_layer_used_twice_moves_the_output_twice_as_fast_and_no_faster():
    """By hand, at theta, with the units sqrt(m) of U and a and m of W: 2 (theta + 1/2) + 2 (theta + 1) = 0."""
    graph = pt.recurrent("m^(-3/2)", "m^(-3/2)", "m^(-3/2)", steps=3, lags=[2])
    assert graph.flow_under(SIGN_DESCENT).time == -3 * HALF / 2
    assert graph.displacements(optimizer="adam") == {"U": -HALF / 2, "W": HALF / 2, "a": -HALF / 2}
    # of the norms m^-1, m^(-1/2), m^-1
    assert graph.slopes(optimizer="adam") == {"U": 3 * HALF / 2, "W": 3 * HALF / 2, "a": 3 * HALF / 2}


def test_convolutions_and_defaults_are_those_of_the_chain():
    scales = (1, "1/sqrt(m)", "1/sqrt(m)")
    wanted = pt.Network(scales).slopes(optimizer="adam")
    assert wanted == {"W1": -3 * HALF, "W2": -1, "a": -1}
    assert pt.convolutional(scales).slopes(optimizer="adam") == wanted
    # a memory of order one, which the fit does not need
    assert list(pt.recurrent(*scales, steps=3).slopes(optimizer="adam").values()) == list(wanted.values())


def test_rates_are_in_the_unit_of_their_layer():
    """With a rate of m^-1 on W its unit is that of one row: all three layers move alike."""
    slow = pt.recurrent(1, "1/sqrt(m)", "1/sqrt(m)", steps=3, learning_rates={"W": "1/m"})
    moved = slow.displacements(optimizer="adam")
    assert moved["U"] == moved["a"] == moved["W"] + HALF
    faster = pt.recurrent(1, "1/sqrt(m)", "1/sqrt(m)", steps=3, learning_rates=dict.fromkeys("UWa", "m"))
    plain = pt.recurrent(1, "1/sqrt(m)", "1/sqrt(m)", steps=3)
    assert faster.slopes(optimizer="adam") == plain.slopes(optimizer="adam")
    rates = [graph.learning_rate_scaling(optimizer="adam") for graph in (faster, plain)]
    assert rates[1].largest_step - rates[0].largest_step == 1
    assert rates[0].steps == rates[1].steps == 0


def test_rows_of_an_embedding_that_no_sample_has_do_not_move():
    scales = (1, "1/sqrt(m)", "1/sqrt(m)")
    few, many = (pt.fully_connected(scales, embedding=rows) for rows in (8, "m"))
    assert few.displacements(optimizer="adam") == many.displacements(optimizer="adam")
    assert few.slopes(optimizer="adam")["W1"] - many.slopes(optimizer="adam")["W1"] == HALF


def test_a_branch_at_zero_moves_and_two_zeros_do_not():
    fixup = pt.residual(1, "1/sqrt(m)", "1/sqrt(m)", blocks=1, sigma_V=0)
    assert fixup.slopes(optimizer="adam")["V1"] == sp.oo
    # V1 moves as W1 does: both are square, and all weights have the same speed
    moved = fixup.displacements(optimizer="adam")
    assert moved["V1"] == moved["W1"]
    tiny = pt.residual(1, "1/sqrt(m)", "1/sqrt(m)", blocks=1, sigma_V="m^(-9)")
    assert moved["V1"] == tiny.displacements(optimizer="adam")["V1"]
    square, ends = pt.Layer(0, "m", "m"), {"U": pt.Layer(1, 1, "m"), "a": pt.Layer("1/sqrt(m)", "m", 1)}
    dead = Graph({**ends, "V": square, "W": square}, pt.Series("U", pt.Parallel(pt.Series(), pt.Series("V", "W")), "a"))
    for optimizer in OPTIMIZERS:
        with pytest.raises(pt.TheoryError, match="every path through one of them has two zeros, so they never move"):
            dead.slopes(optimizer=optimizer)


def test_below_a_normalisation_weights_grow_under_signs():
    """|W| is conserved by the flow and not by signs: W1 moves as far as the readout makes it, however small it is."""
    graph = pt.fully_connected(("m^(-5)", "1/m", "m^(-3/2)"), layer_norm=True)
    assert graph.slopes("spectral")["W1"] <= 0
    assert graph.slopes("spectral", optimizer="adam")["W1"] > 0
    moved = graph.displacements(optimizer="adam")
    assert moved["W1"] == moved["W2"] - HALF == moved["a"]


def test_an_unknown_optimiser_is_refused():
    with pytest.raises(pt.TheoryError, match="optimizer = 'newton'; use one of gradient-flow, sign-descent, adam"):
        pt.recurrent(1, 1, 1, steps=2).slopes(optimizer="newton")

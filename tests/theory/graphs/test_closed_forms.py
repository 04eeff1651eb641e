"""The event algorithm against closed forms, each at 400 random points with exact numbers."""

import random
from fractions import Fraction

import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.scaling.argument import displacement, strengths
from phasetheory.scaling.graph_exponents import GraphExponents
from phasetheory.scaling.paths import LayerExponents, ListedPaths, PathExponents, Term
from phasetheory.scaling.tropical import tropical_flow

CASES = 400


def graph(start, paths, alpha):
    """Layers of given strengths, paths as pairs (multiplier, uses)."""
    layers = {name: LayerExponents(s, s, s) for name, s in start.items()}
    found = tuple(PathExponents(frozenset(uses), Term(c, uses)) for c, uses in paths)
    return GraphExponents(layers, ListedPaths(found), alpha)


@pytest.fixture(name="draw")
def fixture_draw():
    source = random.Random(20)
    return lambda: Fraction(source.randint(-12, 12), source.choice([1, 2, 3, 4]))


def test_one_path_is_the_argument_of_a_chain(draw):
    for case in range(CASES):
        sigmas, alpha = [draw() for _ in range(2 + case % 4)], draw()
        start = dict(enumerate(strengths(sigmas)[0]))
        flow = tropical_flow(graph(start, [(Fraction(0), dict.fromkeys(start, 1))], alpha))
        expected = displacement(sigmas, alpha)
        assert tuple(flow.moved.values()) == expected.moved
        assert set(flow.growth.values()) == {expected.growth}


def chain_growth(start, uses, excess):
    """Delta/2 of one path that uses layer l k_l times, p = excess: a minimum over all sets of layers."""
    sets = [[k for bit, k in enumerate(start) if number >> bit & 1] for number in range(1, 2 ** len(start))]
    means = [(sum(uses[k] * start[k] for k in chosen) - excess) / sum(uses[k] for k in chosen) for chosen in sets]
    return max(min(start.values()), min(means)) - max(excess, Fraction(0)) / 2


def moved(growth, start):
    return min(growth, 2 * growth - start)


def test_one_path_with_layers_used_many_times(draw):
    for case in range(CASES):
        start = {k: draw() for k in range(2 + case % 3)}
        uses = {k: random.Random(case * 7 + k).randint(1, 4) for k in start}
        multiplier, alpha = draw(), draw()
        excess = multiplier + sum(uses[k] * start[k] for k in start) - alpha
        growth = chain_growth(start, uses, excess)
        found = tropical_flow(graph(start, [(multiplier, uses)], alpha)).moved
        assert found == {k: moved(growth, s) for k, s in start.items()}


def recurrent_displacements(s, w, steps):
    """delta of (U and a, W), alpha = 1."""
    excess = 2 * s + (steps - 1) * w
    if w >= 0:
        growth = (2 * min(s, w) - excess if excess >= 0 else -(steps - 1) * w) / 2
        return moved(growth, s), moved(growth, w)
    return (-3 * s, -2 * s) if s >= 0 else (Fraction(0), Fraction(0))


def test_recurrent(draw):
    for case in range(CASES):
        s, w, steps = draw(), draw(), 2 + case % 4
        paths = [(Fraction(0), {"U": 1, "a": 1} | ({"W": lag} if lag else {})) for lag in range(steps)]
        found = tropical_flow(graph({"U": s, "W": w, "a": s}, paths, Fraction(0))).moved
        outer, memory = recurrent_displacements(s, w, steps)
        assert found == {"U": outer, "W": memory, "a": outer}


def residual_displacements(s, w, c, blocks):
    """delta of (U and a, a branch), one matrix, alpha = 1."""
    branch = c + w
    start = {"U": s, "a": s} | {k: w for k in range(blocks)}
    chain = chain_growth(start, dict.fromkeys(start, 1), blocks * c + 2 * s + blocks * w)
    if branch >= 0:
        return moved(chain, s), moved(chain, w)
    if s >= 0:
        theta = -2 * max(2 * s + c, s)
        return theta + s, theta + 2 * s + c
    if c <= 0:
        return Fraction(0), c
    return moved(max(chain, -c), s), moved(chain, w)


def test_residual(draw):
    for case in range(CASES):
        s, w, c, blocks = draw(), draw(), draw(), 1 + case % 3
        layers = {"U": s} | {k: w for k in range(blocks)} | {"a": s}
        sets = [[k for k in range(blocks) if number >> k & 1] for number in range(2**blocks)]
        paths = [(c * len(chosen), dict.fromkeys(["U", *chosen, "a"], 1)) for chosen in sets]
        found = tropical_flow(graph(layers, paths, Fraction(0))).moved
        outer, inner = residual_displacements(s, w, c, blocks)
        assert found == dict.fromkeys(layers, inner) | {"U": outer, "a": outer}, (s, w, c, blocks)


def test_a_network_is_the_graph_of_one_path():
    source = random.Random(5)

    def scale():
        return pt.m ** sp.Rational(source.randint(-8, 8), 4)

    for case in range(60):
        depth = 2 + case % 3
        network = pt.Network([scale() for _ in range(depth)], scale(), [scale() for _ in range(depth)])
        own = pt.Graph.of(network)
        for ask in (
            lambda x: (x.slopes(), x.slopes("spectral"), x.displacements()),
            lambda x: (x.capacity, x.learning_rate_scaling()),
        ):
            assert ask(own) == ask(network)


def test_a_network_with_a_layer_at_zero_is_one_too():
    network = pt.Network(("1/m", "1/sqrt(m)", 0), alpha="m")
    own = pt.Graph.of(network)
    assert own.slopes() == network.slopes()
    assert own.displacements() == network.displacements()
    assert own.learning_rate_scaling() == network.learning_rate_scaling()


def test_a_layer_at_zero_is_the_limit_of_a_small_one():
    for zero in ("1", "1/m^2"):
        limit = pt.residual("1/m", "m^(-1/4)", zero, sigma_V=0, blocks=2)
        small = limit.replace(sigmas={"V1": "m^-50", "V2": "m^-50"})
        assert limit.displacements() == small.displacements()
        assert limit.learning_rate_scaling() == small.learning_rate_scaling()

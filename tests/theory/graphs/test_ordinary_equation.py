"""The event algorithm against the equation it stands for, at a width where exponents can be read off: log m = 80.

d(u_l^2)/dt = sum_p k_pl v_p with v_p = m^c_p prod_l u_l^k_pl, all constants kept, until the output has changed by m^alpha.
"""

import math
import random
import statistics
from fractions import Fraction

import sympy as sp

import phasetheory as pt
from phasetheory.scaling.graph_exponents import GraphExponents
from phasetheory.scaling.paths import LayerExponents, ListedPaths, PathExponents, Term
from phasetheory.scaling.tropical import tropical_flow

LOG_M = 80
GRAPHS, BIASED = 50, 16
STEP = 0.1  # largest growth of log u_l in a step: an error of the constants, which the exponents do not see


def log_sum(values):
    largest = max(values)
    return largest + math.log(sum(math.exp(value - largest) for value in values))


def integrated(graph, log_m=LOG_M):
    """Exponents of how far every layer has moved."""
    start = {name: float(layer.strength) * log_m for name, layer in graph.layers.items()}
    size = dict(start)
    added = dict.fromkeys(start, -math.inf)  # log of u^2 - u(0)^2
    goal = float(graph.alpha) * log_m
    outputs = dict.fromkeys(graph.paths.targets, -math.inf)

    def value(term):
        return float(term.multiplier) * log_m + sum(k * size[layer] for layer, k in term.uses.items())

    while any(output < goal for output in outputs.values()):
        rates = {target: {} for target, output in outputs.items() if output < goal}
        for path in graph.paths.paths:
            if path.target in rates:
                # a bound is what comes from the input in all
                own = min([value(path.term), *(log_sum([value(bound) for bound in cap]) for cap in path.caps)])
                for layer in path.layers:
                    rates[path.target].setdefault(layer, []).append(math.log(path.term.uses[layer]) + own)
        rates = {t: {layer: log_sum(own) for layer, own in found.items()} for t, found in rates.items()}
        growth = {
            k: log_sum([found[k] for found in rates.values() if k in found]) for k in set().union(*rates.values())
        }
        gains = {t: log_sum([own + growth[k] - 2 * size[k] for k, own in found.items()]) for t, found in rates.items()}
        # an output may not change by more than a tenth of its goal either
        limits = [*(2 * size[k] - rate for k, rate in growth.items()), *(goal - gain for gain in gains.values())]
        time = min(limits) + math.log(STEP)
        outputs |= {t: log_sum([outputs[t], gain + time - math.log(2)]) for t, gain in gains.items()}
        added |= {k: log_sum([added[k], rate + time]) for k, rate in growth.items()}
        size = {layer: log_sum([2 * start[layer], added[layer]]) / 2 for layer in start}
    return {k: (added[k] - log_sum([size[k], start[k]])) / log_m for k in start}


def draw(source):
    def number():
        return Fraction(source.randint(-1000, 1000), 500)

    layers = range(source.randint(3, 5))
    while True:
        paths = [
            {layer: source.choice([1, 1, 2]) for layer in source.sample(layers, source.randint(2, len(layers)))}
            for _ in range(source.randint(2, 4))
        ]
        if set().union(*paths) == set(layers):
            break
    start = {layer: number() for layer in layers}
    return GraphExponents(
        {layer: LayerExponents(s, s, s) for layer, s in start.items()},
        ListedPaths(tuple(PathExponents(frozenset(uses), Term(number() / 2, uses)) for uses in paths)),
        number(),
    )


def test_displacements_are_those_of_the_equation():
    source = random.Random(80)
    deviations = []
    for _ in range(GRAPHS):
        graph = draw(source)
        expected, found = tropical_flow(graph).moved, integrated(graph)
        deviations += [abs(found[layer] - float(expected[layer])) for layer in expected]
    assert statistics.median(deviations) < 0.005
    assert sorted(deviations)[int(0.95 * len(deviations))] < 0.02
    assert max(deviations) < 0.1


def biased(source, listed, case):
    """A recurrent or residual graph with biases in every layer, in numbers."""

    def scale(largest):
        return pt.m ** sp.Rational(source.randint(-largest, largest), 500)

    sigmas, alpha = [scale(900) for _ in range(3)], scale(500)
    if case % 2:
        graph = pt.recurrent(*sigmas, steps=2 + case % 3, biases=[scale(900) for _ in range(2)], alpha=alpha)
    else:
        two = {"sigma_V": scale(900)} if case % 4 else {}
        biases = [scale(900) for _ in range(3 + len(two))]
        graph = listed(
            pt.residual(*sigmas, blocks=1 + case % 3 // 2, **two, multiplier=scale(200), biases=biases, alpha=alpha)
        )
    return graph.exponents.map(lambda value: Fraction(int(value.p), int(value.q)))


def test_biases_move_as_in_the_equation(listed):
    source = random.Random(20)
    deviations = []
    for case in range(BIASED):
        graph = biased(source, listed, case)
        expected, found = tropical_flow(graph).moved, integrated(graph)
        deviations += [abs(found[layer] - float(expected[layer])) for layer in expected]
    assert statistics.median(deviations) < 0.01
    assert max(deviations) < 0.05


def test_slopes_jump_where_a_pair_grows_exponentially_while_others_fit():
    # U and a fit at theta = -2 s; V and W, two matrices in a branch, grow from theta = -(2 s + c) on, in a time log m longer
    s, w = Fraction(1, 4), Fraction(-3, 2)
    start = {"U": s, "W": w, "V": w, "a": s}

    def graph(c):
        paths = [(Fraction(0), {"U": 1, "a": 1}), (c, dict.fromkeys(start, 1))]
        return GraphExponents(
            {layer: LayerExponents(x, x, x) for layer, x in start.items()},
            ListedPaths(tuple(PathExponents(frozenset(uses), Term(own, uses)) for own, uses in paths)),
            Fraction(0),
        )

    moved = [tropical_flow(graph(Fraction(sign, 20))).moved["W"] for sign in (-1, 1)]
    assert moved == [Fraction(-31, 20), Fraction(-11, 40)]
    # the jump is sharp at widths out of reach only: at log m = 80 it is spread over c
    found = [integrated(graph(Fraction(sign, 20)), 1280)["W"] for sign in (-1, 1)]
    assert max(abs(one - float(other)) for one, other in zip(found, moved, strict=True)) < 0.01
    assert abs(integrated(graph(Fraction(1, 20)))["W"] - float(moved[1])) > 0.5

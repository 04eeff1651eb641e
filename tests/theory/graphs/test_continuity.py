"""Slopes are continuous across boundaries: along random lines no step is steeper than a fixed number.

Two exceptions are named where they are tested: a pair that grows exponentially while others fit, and normalised layers.
"""

import random
from fractions import Fraction
from itertools import pairwise

import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.scaling.tropical import tropical_flow

STEEPEST = 8  # d delta/d exponent; the largest met on 40 lines is 7.1
LINES, POINTS, HALVINGS = 4, 16, 6
B = sp.symbols("b0:6", real=True)
SCALES = [pt.m**b for b in B]

GRAPHS = {
    "recurrent": pt.recurrent(*SCALES[:3], steps=3, alpha=SCALES[5]),
    "impulse": pt.recurrent(*SCALES[:3], steps=3, lags=[2], alpha=SCALES[5]),
    "lag": pt.recurrent(*SCALES[:3], steps=3, informed=[1], alpha=SCALES[5]),
    "residual": pt.residual(*SCALES[:3], blocks=2, multiplier=SCALES[3], alpha=SCALES[5]),
    "two matrices": pt.residual(*SCALES[:3], blocks=1, sigma_V=SCALES[4], multiplier=SCALES[3], alpha=SCALES[5]),
    "many outputs": pt.fully_connected(SCALES[:3], outputs="m", alpha=SCALES[5]),
    "biases": pt.fully_connected(SCALES[:2], biases=SCALES[2:4], alpha=SCALES[5]),
}


def moved(graph, exponents):
    values = dict(zip(B, exponents, strict=True))
    number = lambda value: Fraction(str(sp.sympify(value).subs(values)))  # noqa: E731
    return list(tropical_flow(graph.exponents.map(number)).moved.values())


@pytest.mark.parametrize("name", GRAPHS)
def test_displacements_are_continuous(name):
    source = random.Random(7)

    def point():
        return [sp.Rational(source.randint(-40, 40), 20) for _ in B]

    for _ in range(LINES):
        first, last = point(), point()
        length = max(abs(a - b) for a, b in zip(first, last, strict=True))

        def at(share, first=first, last=last):
            return moved(GRAPHS[name], [a + (b - a) * share for a, b in zip(first, last, strict=True)])

        def steepness(one, two, length=length):
            return max(abs(a - b) for a, b in zip(one[1], two[1], strict=True)) / (length * (two[0] - one[0]))

        points = [(sp.Rational(i, POINTS), at(sp.Rational(i, POINTS))) for i in range(POINTS + 1)]
        one, two = max(pairwise(points), key=lambda pair: steepness(*pair))
        for _ in range(HALVINGS):  # a jump would get steeper without end
            share = (one[0] + two[0]) / 2
            middle = (share, at(share))
            one, two = max([(one, middle), (middle, two)], key=lambda pair: steepness(*pair))
        assert steepness(one, two) < STEEPEST


def test_normalised_layers_jump_where_only_the_readout_can_reach_the_target():
    # 1/2 + s_a = alpha at alpha = m: above, turning W1 is enough; below, a has to grow, and by then W2 has turned as well
    def moved(alpha):
        return pt.fully_connected((1 / pt.m, 1, 1), layer_norm=True, alpha=pt.m**alpha).displacements()

    near = sp.Rational(1, 100)
    above, below = moved(1 - near), moved(1 + near)
    assert above == {"W1": -near - sp.Rational(1, 2), "W2": -near - sp.Rational(3, 2), "a": -near - sp.Rational(3, 2)}
    assert below == {"W1": -sp.Rational(1, 2), "W2": sp.Rational(1, 2), "a": near + sp.Rational(1, 2)}

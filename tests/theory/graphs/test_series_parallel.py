"""The passes through a graph of series and parallels against the list of its paths."""

import random
from fractions import Fraction
from itertools import product

import sympy as sp

import phasetheory as pt
from phasetheory.scaling.tropical import tropical_flow

CASES = 60


def paths_of(part):
    """All paths of a part, as pairs (multiplier, uses)."""
    if isinstance(part, str):
        return [(sp.S.One, {part: 1})]
    if isinstance(part, pt.Parallel):
        return [path for own in part.parts for path in paths_of(own)]
    found = []
    for chosen in product(*map(paths_of, part.parts)):
        uses = {}
        for _, own in chosen:
            uses = {layer: uses.get(layer, 0) + own.get(layer, 0) for layer in {**uses, **own}}
        found.append((part.multiplier * sp.Mul(*(c for c, _ in chosen)), uses))
    return found


def draw_part(source, depth):
    """A part of layers A to E, a layer often more than once."""
    if depth == 0 or source.random() < 0.2:
        return source.choice("ABCDE")
    parts = [draw_part(source, depth - 1) for _ in range(source.randint(1, 3))]
    if source.random() < 0.5:
        return pt.Parallel(*parts)
    return pt.Series(*parts, multiplier=pt.m ** sp.Rational(source.randint(-4, 4), 4))


def test_passes_agree_with_listed_paths():
    source = random.Random(3)
    for _ in range(CASES):
        series = pt.Series("A", draw_part(source, 3), draw_part(source, 3))

        def scale(largest):
            return pt.m ** sp.Rational(source.randint(-largest, largest), 4)

        layers = {
            name: pt.Layer(scale(6), "m", "m", scale(2), degree=1 if name != "E" or source.random() < 0.5 else 0)
            for name in series.layers
        }
        alpha = scale(8)
        listed = tuple(pt.Path(uses, multiplier) for multiplier, uses in paths_of(series))
        if all(layer.degree == 0 for layer in layers.values()):
            continue
        by_pass, by_list = pt.Graph(layers, series, alpha), pt.Graph(layers, listed, alpha)
        assert by_pass.displacements() == by_list.displacements()
        assert by_pass.slopes("spectral") == by_list.slopes("spectral")
        assert by_pass.capacity == by_list.capacity
        assert by_pass.learning_rate_scaling() == by_list.learning_rate_scaling()
        assert len(by_pass.conserved()) == len(by_list.conserved())


def test_spanning_paths_are_paths():
    source = random.Random(4)
    for _ in range(CASES):
        series = pt.Series("A", draw_part(source, 3), draw_part(source, 3))
        listed = [uses for _, uses in paths_of(series)]
        assert all(uses in listed for uses in series.spanning())


def test_many_blocks():
    # 2^60 paths: 62 layers grow together until (2 + 60) x = alpha
    graph = pt.residual("1/m", "m^(-1/2)", "1/m", blocks=60, alpha="sqrt(m)")
    assert set(graph.displacements().values()) == {sp.Rational(1, 124)}
    # a branch that is too weak for the skip is learned through alone, all branches alike
    weak = pt.residual("m^(-1/4)", "m^(-3/2)", "m^(-1/4)", blocks=60)
    assert weak.slopes("spectral")["W60"] == sp.Rational(1, 2)
    assert str(graph.conserved()[0]) == "|U|² - |a|²"


def test_values_are_only_added_multiplied_by_rationals_and_compared():
    class Value:
        """A number that allows nothing else."""

        def __init__(self, number):
            self.number = number

        def __add__(self, other):
            return Value(self.number + other.number)

        def __sub__(self, other):
            return Value(self.number - other.number)

        def __mul__(self, factor):
            assert isinstance(factor, int | Fraction)
            return Value(self.number * factor)

        def __truediv__(self, divisor):
            assert isinstance(divisor, int | Fraction)
            return Value(self.number / divisor)

        def __lt__(self, other):
            return self.number < other.number

        def __le__(self, other):
            return self.number <= other.number

        def __gt__(self, other):
            return self.number > other.number

        def __ge__(self, other):
            return self.number >= other.number

        def __eq__(self, other):
            return self.number == other.number

        __hash__ = None

    for graph in (
        pt.residual("1/m", "m^(-3/4)", "1/m", blocks=2, alpha="sqrt(m)"),
        pt.recurrent("1/m", "1/m", "1/m", steps=2, informed=[1], alpha="1/sqrt(m)"),
        pt.fully_connected(("1/m", "1/m", "m^(-3/4)"), biases=("1/m", "1/m")),
        pt.fully_connected(("1/sqrt(m)", "1/m", "m^(-3/2)"), layer_norm=True),
    ):
        values = graph.exponents.map(lambda exponent: Value(Fraction(int(exponent.p), int(exponent.q))))
        found = tropical_flow(values).slopes()
        assert {layer: sp.Rational(slope.number) for layer, slope in found.items()} == graph.slopes()

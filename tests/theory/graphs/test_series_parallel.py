"""The passes through a graph of series and parallels against the list of its paths."""

import random
from fractions import Fraction

import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.networks.written import graph_from_data, graph_to_data
from phasetheory.scaling.tropical import tropical_flow

CASES = 60


def draw_part(source, depth, biases=""):
    """A part of layers A to E, a layer often more than once, and of biases."""
    if depth == 0 or source.random() < 0.2:
        name = source.choice("ABCDE" + biases)
        return name if name in "ABCDE" else pt.Bias(name, source.random() < 0.7)
    parts = [draw_part(source, depth - 1, biases) for _ in range(source.randint(1, 3))]
    if source.random() < 0.5:
        return pt.Parallel(*parts)
    return pt.Series(*parts, multiplier=pt.m ** sp.Rational(source.randint(-4, 4), 4))


def draw_graph(source, biases=""):
    """A graph that may be all normalised: then None."""
    series = pt.Series("A", draw_part(source, 3, biases), draw_part(source, 3, biases))

    def scale(largest):
        return pt.m ** sp.Rational(source.randint(-largest, largest), 4)

    layers = {
        name: pt.Layer(scale(6), "m", "m", scale(2), degree=1 if name != "E" or source.random() < 0.5 else 0)
        for name in series.layers
    }
    return pt.Graph(layers, series, scale(8)) if any(layer.degree for layer in layers.values()) else None


@pytest.mark.parametrize(("biases", "seed"), [("", 3), ("xyz", 5)])
def test_passes_agree_with_listed_paths(listed, biases, seed):
    source = random.Random(seed)
    for _ in range(CASES):
        by_pass = draw_graph(source, biases)
        if by_pass is None:
            continue
        by_list = listed(by_pass)
        assert by_pass.displacements() == by_list.displacements()
        assert by_pass.slopes("spectral") == by_list.slopes("spectral")
        assert by_pass.capacity == by_list.capacity
        assert by_pass.learning_rate_scaling() == by_list.learning_rate_scaling()
        assert len(by_pass.conserved()) == len(by_list.conserved())


def test_a_graph_with_biases_as_data_and_back():
    graph = pt.residual("1/m", "m^(-3/4)", "1/m", blocks=2, biases=("1/m", "1/m", 0))
    again = graph_from_data(graph_to_data(graph))
    assert (again.paths, again.layers, again.targets) == (graph.paths, graph.layers, graph.targets)


def test_spanning_paths_are_paths(listed):
    source = random.Random(4)
    for _ in range(CASES):
        graph = draw_graph(source, "xyz")
        if graph is not None:
            every = [path.uses for path in listed(graph).paths]
            assert all(uses in every for uses in graph.paths.spanning())


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

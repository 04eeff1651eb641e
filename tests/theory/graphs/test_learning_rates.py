"""Learning rates and factors inside a graph: W with the factor c is c W with the learning rate c^2, exactly."""

import random

import pytest
import sympy as sp

import phasetheory as pt

CASES = 40


def draw(source):
    return pt.m ** sp.Rational(source.randint(-8, 8), 4)


def same(one, two, learned=(), factor=1):
    """Two graphs that are one network; the weights ``learned`` of the second are ``factor`` times those of the first."""
    shift = pt.exponent(factor)
    assert one.slopes() == two.slopes()
    assert one.slopes("spectral") == two.slopes("spectral")
    assert one.capacity == two.capacity
    assert one.learning_rate_scaling() == two.learning_rate_scaling()
    moved = {layer: delta + shift * int(layer in learned) for layer, delta in one.displacements().items()}
    assert moved == two.displacements()


def test_a_factor_of_a_branch_is_a_learning_rate():
    source = random.Random(1)
    for case in range(CASES):
        U, W, a, c, alpha = (draw(source) for _ in range(5))
        branches = [f"W{block}" for block in range(1, 2 + case % 3)]
        one = pt.residual(U, W, a, blocks=len(branches), multiplier=c, alpha=alpha)
        two = pt.residual(U, W * c, a, blocks=len(branches), alpha=alpha, learning_rates=dict.fromkeys(branches, c**2))
        same(one, two, branches, c)


def test_a_factor_of_a_tied_matrix_counts_its_uses():
    source = random.Random(2)
    for case in range(CASES):
        U, W, a, c, alpha = (draw(source) for _ in range(5))
        two = pt.recurrent(U, W * c, a, steps=2 + case % 3, alpha=alpha, learning_rates={"W": c**2})
        paths = [pt.Path(path.uses, c ** path.uses.get("W", 0)) for path in two.paths]
        one = pt.Graph({**two.layers, "W": pt.Layer(W, pt.m, pt.m)}, paths, alpha)
        same(one, two, ["W"], c)


def test_alpha_is_a_factor_of_the_output_and_of_its_bias():
    source = random.Random(3)
    for _ in range(CASES):
        sigmas, c = [draw(source) for _ in range(2)], draw(source)
        one = pt.fully_connected(sigmas, biases=sigmas, alpha=1 / c)
        rates = {"a": c**2, "b2": c**2}
        two = pt.fully_connected([sigmas[0], sigmas[1] * c], biases=[sigmas[0], sigmas[1] * c], learning_rates=rates)
        same(one, two, ["a", "b2"], c)


def test_a_scale_before_a_normalisation_is_a_learning_rate():
    # f(c W) = f(W): W at the rate eta is c W at the rate c^2 eta
    source = random.Random(4)
    for _ in range(CASES):
        sigmas, c, alpha = [draw(source) for _ in range(3)], draw(source), draw(source)
        one = pt.fully_connected(sigmas, layer_norm=True, alpha=alpha)
        rates = {"W1": c**2}
        two = pt.fully_connected([sigmas[0] * c, *sigmas[1:]], layer_norm=True, alpha=alpha, learning_rates=rates)
        same(one, two, ["W1"], c)


@pytest.mark.parametrize(
    ("graph", "start", "end"),
    [
        (pt.recurrent("1/m", "1/sqrt(m)", "1/m", steps=3, alpha="sqrt(m)"), "-2", "-1/4"),
        (pt.recurrent("m^(-3/2)", 1, "m^(-3/2)", steps=3), 0, 1),
        (pt.residual("m^(-5/4)", "m^(-1/2)", "m^(-5/4)", blocks=2, multiplier="sqrt(m)"), "1/2", 1),
        (pt.residual("m^(-1/4)", "m^(-3/2)", "m^(-1/4)", blocks=2), 1, 1),
        (pt.fully_connected(("m^-2", "m^-2", "m^(-1/2)"), layer_norm=True), 4, 4),
    ],
)
def test_curvatures(graph, start, end):
    scaling = graph.learning_rate_scaling()
    assert (scaling.initial_curvature, scaling.final_curvature) == (sp.Rational(start), sp.Rational(end))
    assert scaling.largest_step == -max(scaling.initial_curvature, scaling.final_curvature)

"""Slopes of every architecture at single points, as derived by hand or met by measurement; S spectral after Frobenius."""

import pytest
import sympy as sp

import phasetheory as pt


def scale(exponent):
    return pt.m ** sp.Rational(exponent)


def scales(*exponents):
    return [scale(-sp.Rational(b)) if b is not None else 0 for b in exponents]


def check(graph, slopes, spectral=None, displacements=None):
    for found, expected in (
        (graph.slopes(), slopes),
        (graph.slopes("spectral"), spectral or {}),
        (graph.displacements(), displacements or {}),
    ):
        assert {layer: found[layer] for layer in expected} == {k: sp.Rational(v) for k, v in expected.items()}


@pytest.mark.parametrize(
    ("exponents", "slopes", "of_W2"),
    [
        (("1", "3/4", "3/4"), ("1/2", "-1/4", "1/4"), "1/4"),
        (("0", "3/4", "1/4"), ("-2", "-1", "-3/2"), "-1/2"),
        (("1/4", "1/4", "5/4"), ("-3/2", "-2", "1/4"), "-3/2"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"kernel": 9, "stride": 2, "pooling": "average"}])
def test_convolution(exponents, slopes, of_W2, more):
    check(
        pt.convolutional(scales(*exponents), **more), dict(zip(("W1", "W2", "a"), slopes, strict=True)), {"W2": of_W2}
    )


@pytest.mark.parametrize(
    ("exponents", "alpha", "more", "slopes", "of_W"),
    [
        (("3/2", 0, "3/2"), 0, {"steps": 3}, ("1/2", "-5/2", "1/2"), "-2"),
        (("3/2", 0, "3/2"), 0, {"steps": 2}, ("3/4", "-2", "3/4"), "-3/2"),
        ((1, "1/2", 1), "1/2", {"steps": 3}, ("5/8", "-3/8", "5/8"), "1/8"),
        (("1/4", "5/4", "1/4"), 0, {"steps": 3}, ("-1", "-1/4", "-1"), "1/4"),
        (("5/4", "1/4", "5/4"), 0, {"steps": 4, "lags": [3]}, ("3/8", "-7/4", "3/8"), "-5/4"),
        ((1, 1, 1), "-1/2", {"steps": 2, "informed": [1]}, ("1/3", "-1/6", "1/3"), "1/3"),
        ((1, 1, 1), "-1/2", {"steps": 2}, ("1/4", "-1/2", "1/4"), "0"),
        ((1, 1, 1), "1/2", {"steps": 4}, ("3/5", "1/10", "3/5"), "3/5"),
        (("5/4", 1, "5/4"), "1/2", {"steps": 4}, ("17/20", "1/10", "17/20"), "3/5"),
    ],
)
def test_recurrent(exponents, alpha, more, slopes, of_W):
    graph = pt.recurrent(*scales(*exponents), alpha=scale(alpha), **more)
    check(graph, dict(zip("UWa", slopes, strict=True)), {"W": of_W})


@pytest.mark.parametrize(
    ("exponents", "multiplier", "alpha", "slopes", "of_W"),
    [
        ((1, "3/4", 1), 0, "1/2", ("5/8", "-1/8", "5/8"), "3/8"),
        (("5/4", "1/2", "5/4"), "1/2", 0, ("1/4", "-3/2", "1/4"), "-1"),
        (("1/4", "3/2", "1/4"), 0, 0, ("-1", "0", "-1"), "1/2"),
    ],
)
def test_residual(exponents, multiplier, alpha, slopes, of_W):
    graph = pt.residual(*scales(*exponents), blocks=2, multiplier=scale(multiplier), alpha=scale(alpha))
    check(graph, dict(zip(("U", "W1", "a"), slopes, strict=True)) | {"W2": slopes[1]}, {"W1": of_W, "W2": of_W})


def test_residual_with_two_matrices():
    graph = pt.residual(*scales(1, "1/2", 1), sigma_V=scale("-3/4"), blocks=2, alpha=scale("1/2"))
    slopes = {"U": "7/12", "a": "7/12", "W1": "-5/12", "W2": "-5/12", "V1": "-1/6", "V2": "-1/6"}
    check(graph, slopes, {"W1": "1/12", "V1": "1/3"})
    graph = pt.residual(*scales(0, "1/2", "1/2"), sigma_V=scale("-3/2"), blocks=1)
    check(graph, {"U": "-3/2", "W1": "-3/2", "V1": 0, "a": "-1/2"}, {"W1": -1, "V1": "1/2"})


def test_residual_whose_branches_start_at_zero():
    graph = pt.residual(*scales(1, "1/4", 1), sigma_V=0, blocks=1)
    check(graph, {"U": "5/12", "W1": "-7/6", "a": "5/12"}, {"W1": "-2/3"}, {"V1": "-1/12"})
    assert graph.slopes()["V1"] == sp.oo


@pytest.mark.parametrize(
    ("exponents", "biases", "targets", "slopes", "moved"),
    [
        ((1, 1, "3/4"), (None, None), None, ("1/2", 0, "1/4"), (0, 0)),
        ((1, 1, "3/4"), (None, None), ["constant"], (0, "-1/2", "1/4"), ("-1/2", 0)),
        ((1, "3/4", "1/2"), ("1/2", "1/4"), None, ("1/2", "-1/4", 0), (0, "-1/4")),
        ((1, "3/4", "1/2"), ("1/2", "1/4"), ["constant"], ("-1/4", "-3/4", "-1/4"), ("-3/4", "-1/2")),
    ],
)
def test_biases(exponents, biases, targets, slopes, moved):
    graph = pt.fully_connected(scales(*exponents), biases=scales(*biases), targets=targets)
    check(graph, dict(zip(("W1", "W2", "a"), slopes, strict=True)), None, dict(zip(("b1", "b2"), moved, strict=True)))


def test_biases_of_memories_and_branches():
    # trained at these points: see docs/theory/architectures.md
    memory = pt.recurrent(*scales(1, 1, "5/4"), steps=2, biases=[0], alpha=scale("-1/2"))
    check(memory, {"U": "1/4", "W": "-1/2", "a": "1/2"}, None, {"b": "-1/4"})
    impulse = pt.recurrent(*scales(1, 1, "3/4"), steps=2, lags=[1], biases=[0])
    check(impulse, {"U": "1/2", "W": 0, "a": "1/4"}, None, {"b": 0})
    branch = pt.residual(*scales(1, "3/4", 1), blocks=1, biases=scales(1, "1/2"), alpha=scale("1/2"))
    check(branch, {"U": "2/3", "bU": "2/3", "W1": "-1/12", "bW1": 0, "a": "2/3"})


@pytest.mark.parametrize(("targets", "slope"), [(None, -1), (["constant"], -2)])
def test_the_bias_of_the_output_serves_constants_only(targets, slope):
    # it has the larger gradient, and learns them alone; the weights have the rest to learn
    graph = pt.fully_connected(scales(1, 1), biases=(None, scale(-2)), targets=targets, alpha=scale(-2))
    check(graph, {"w": slope, "a": slope, "b2": 0})


def test_a_bias_of_the_input_enters_after_the_last_input_too():
    # an impulse at the first step passes W on every path, the bias does not have to
    graph = pt.recurrent(*scales(0, 1, 1), steps=2, lags=[1], biases=[0])
    plain = pt.recurrent(*scales(0, 1, 1), steps=2, lags=[1])
    assert graph.conserved() != plain.conserved()
    assert graph.paths[-2].uses == {"b": 1, "a": 1}


def test_biases_of_pytorch_change_no_slope_of_a_weight():
    plain = pt.fully_connected(["sqrt(2/fan_in)"] * 3)
    biased = pt.fully_connected(["sqrt(2/fan_in)"] * 3, biases=["1/sqrt(3*fan_in)"] * 3)
    check(biased, plain.slopes(), plain.slopes("spectral"))


def test_as_many_outputs_as_neurons():
    graph = pt.fully_connected(scales("1/2", "1/2", 1), outputs="m")
    check(graph, {"W1": "1/6", "W2": "-1/3", "a": "1/6"}, {"W2": "1/6", "a": "2/3"})
    three = pt.fully_connected(scales("1/2", "1/2", 1), outputs=3)
    check(three, pt.fully_connected(scales("1/2", "1/2", 1)).slopes())


@pytest.mark.parametrize(
    ("exponents", "slopes", "of_W2"),
    [
        (("1/2", 1, "3/2"), (-1, "-1/2", "1/2"), 0),
        ((0, "1/2", "3/2"), (-2, "-3/2", "1/2"), -1),
        ((2, 2, "1/2"), ("-1/2", -1, "-7/2"), "-1/2"),
    ],
)
def test_layer_norm(exponents, slopes, of_W2):
    graph = pt.fully_connected(scales(*exponents), layer_norm=True)
    check(graph, dict(zip(("W1", "W2", "a"), slopes, strict=True)), {"W2": of_W2})


@pytest.mark.parametrize(("vocabulary", "slope"), [(8, "1/2"), ("m", 0)])
def test_embedding(vocabulary, slope):
    graph = pt.fully_connected(scales(1, "3/4", "3/4"), embedding=vocabulary)
    check(graph, {"W1": slope, "W2": "-1/4", "a": "1/4"}, {"W1": "1/2"})


def test_critical_points_of_the_spectral_norm():
    # muP: all strengths 1 and alpha = 1, at any number of steps; branches with a factor 1/strength
    memory = pt.recurrent(*scales("1/2", "1/2", "1/2"), steps=5)
    branch = pt.residual(*scales("1/4", "1/4", "1/4"), blocks=3, multiplier=scale("-1/4"), alpha=scale("1/2"))
    for graph in (memory, branch):
        assert set(graph.slopes("spectral").values()) == {0}


def test_statements_say_what_they_rest_on():
    lines = list(map(str, pt.statements(pt.residual(*scales(1, "1/4", 1), sigma_V=0, blocks=1))))
    assert sum("is conserved [proved" in line for line in lines) == 2
    assert any(line.startswith("V1 starts at zero, and |V1(t)| ~ m^(-1/12)") for line in lines)
    assert not any("S_V1" in line or line.startswith("V1 is") for line in lines)

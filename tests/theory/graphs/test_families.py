"""Architectures by name: the same graphs as by the constructors, and a plane for each."""

import pytest
import sympy as sp

import phasetheory as pt

X, Y = sp.symbols("x y", real=True)
m = pt.m
MADE = {
    "recurrent:3": pt.recurrent("1/m", "m^(-3/4)", "1/sqrt(m)", steps=3),
    "recurrent:3:impulse": pt.recurrent("1/m", "m^(-3/4)", "1/sqrt(m)", steps=3, lags=[2]),
    "residual:2": pt.residual("1/m", "m^(-3/4)", "1/sqrt(m)", blocks=2),
    "fully_connected": pt.fully_connected(("1/m", "m^(-3/4)", "1/sqrt(m)")),
    "convolutional:3:average": pt.convolutional(("1/m", "m^(-3/4)", "1/sqrt(m)"), pooling="average"),
    "layer_norm:3": pt.fully_connected(("1/m", "m^(-3/4)", "1/sqrt(m)"), layer_norm=True),
    "embedding": pt.fully_connected(("1/m", "m^(-3/4)", "1/sqrt(m)"), embedding=m),
}


@pytest.mark.parametrize("text", MADE)
def test_a_name_is_its_constructor(text):
    graph = pt.architecture(text).graph(("1/m", "m^(-3/4)", "1/sqrt(m)"), name="")
    assert graph == MADE[text]


def test_four_scales():
    scales = ("1/m", "m^(-1/2)", "m^(-3/4)", "1/sqrt(m)")
    two = pt.architecture("residual:2:two-matrices")
    assert two.scales == ("U", "W", "V", "a")
    made = pt.residual(scales[0], scales[1], scales[3], blocks=2, sigma_V=scales[2], multiplier="1/m")
    assert two.graph(scales, multiplier="1/m", name="") == made
    assert pt.architecture("attention").graph(scales, outputs="m", name="") == pt.attention(*scales, outputs="m")


@pytest.mark.parametrize(
    "text", [*MADE, "residual:1:two-matrices", "recurrent:5", "residual:6", "attention", "layer_norm:2"]
)
def test_every_standard_plane_has_the_slopes_of_its_points(text):
    plane = pt.graph_diagram(text)
    assert len(plane.regions()) >= 2
    for point in [("1/3", "2/7"), ("5/4", "1/8"), ("9/5", "-3/4"), ("2/9", "13/8")]:
        at = dict(zip(plane.names, point, strict=True))
        assert plane.slopes_at(**at) == plane.graph_at(point).slopes()


def test_the_chain_has_the_plane_of_its_depth():
    for depth in (2, 3, 4):
        plane, own = pt.graph_diagram(f"convolutional:{depth}"), pt.phase_diagram(depth)
        assert plane.coordinates == own.coordinates
        assert [plane.boundary(layer) for layer in plane.layers] == [own.boundary(layer) for layer in own.layers]


def test_the_memory_counts_its_steps():
    slopes = [
        pt.graph_diagram(f"recurrent:{steps}").boundary("U").segments[0].equation.rhs.diff(Y) for steps in (2, 3, 4, 7)
    ]
    assert slopes == [sp.Rational(-(steps - 1), 2) for steps in (2, 3, 4, 7)]


REFUSED = {
    "lstm:3": "a gate multiplies two signals, so the output is not of degree 1 along a path",
    "GLU": "a gate multiplies two signals",
    "transformer": "write one of fully_connected",
    "recurrent": "the number of steps is missing; write recurrent:STEPS",
    "recurrent:": "steps of recurrent = ''; give an integer",
    "recurrent:-2": "steps of recurrent = '-2'; give an integer",
    "recurrent:1": "steps of recurrent = 1; give an integer from 2",
    "recurrent:²": "steps of recurrent = '²'; give an integer",
    "residual:2:three": "use one of two-matrices",
    "attention:2": "write attention",
    "layer_norm:2:3": "write layer_norm",
    "fully_connected:1001": "layers of fully_connected = 1001; give an integer from 2 to 1000",
    3: "write one of",
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_refused(text, words):
    with pytest.raises(pt.TheoryError, match=words.replace("[", r"\[")):
        pt.architecture(text)


def test_scales_and_options_are_counted():
    family = pt.architecture("recurrent:2")
    with pytest.raises(pt.TheoryError, match="recurrent:2 has 3 scales, in the order U, W, a"):
        family.graph((1, 1))
    with pytest.raises(
        pt.TheoryError, match="multiplier: recurrent:2 has none; it takes alpha, biases, learning_rates, outputs"
    ):
        family.graph((1, 1, 1), multiplier=1)
    assert family.graph((1, 1, 1), biases=(1, 0)).layers["ba"].sigma == 0
    with pytest.raises(pt.TheoryError, match="has its own; leave them out"):
        pt.graph_diagram("recurrent:2", (X, Y))


def test_description_says_what_each_line_rests_on():
    graph = pt.architecture("recurrent:3").graph(("m^(-3/2)", 1, "m^(-3/2)"))
    lines = pt.describe(graph).splitlines()
    assert lines[0] == "recurrent network, 3 steps"
    assert "  W              linear, S = -5/2; in spectral norm linear, S = -2 [derived]" in lines
    proved = lines.index("proved (Euler's identity path by path; SymPy, null space of the use matrix)")
    assert lines[proved + 1] == "  |U|² - |a|² is conserved"
    assert "V1" in pt.describe(pt.residual("1/m", "m^(-1/4)", "1/m", blocks=1, sigma_V=0))
    with pytest.raises(pt.TheoryError, match="width: not worked out for graphs"):
        pt.describe(graph, width=100)

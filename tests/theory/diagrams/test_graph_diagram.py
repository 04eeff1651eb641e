"""Planes of recurrent and residual networks: closed forms, regions, continuity, and the algorithm at single points."""

import json
import random
import time
from fractions import Fraction
from itertools import combinations

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.diagrams.polygons import PLANE, area, intersection
from phasetheory.scaling.regimes import Regime

X, Y = sp.symbols("x y", real=True)
m = pt.m
POINTS = 400
HALF = Fraction(1, 2)
NORMS = {"U": {"frobenius": HALF, "spectral": HALF}, "W": {"frobenius": Fraction(1), "spectral": HALF}}


def recurrent(steps, norm="frobenius"):
    return pt.graph_diagram(pt.recurrent(m**-X, m**-Y, m**-X, steps=steps), (X, Y), norm=norm)


def residual(blocks, multiplier=0, norm="frobenius"):
    graph = pt.residual(m**-X, m**-Y, m**-X, blocks=blocks, multiplier=m ** sp.Rational(multiplier))
    return pt.graph_diagram(graph, (X, Y), norm=norm)


PLANES = [recurrent(2), recurrent(3), recurrent(4, "spectral"), residual(1), residual(2, "1/2"), residual(3, -1)]
PLANES += [
    pt.graph_diagram(pt.residual(m**-X, m**-Y, "1/m", blocks=1, sigma_V=m ** (X - Y)), (X, Y)),
    pt.graph_diagram(pt.recurrent(m**-X, 1, m**-Y, steps=3, lags=[2], alpha=m ** (X / 2)), (X, Y)),
    pt.graph_diagram(pt.fully_connected((m**-Y, m**-X, m**-X), biases=(m**-X, m**-Y, 1)), (X, Y)),
]
every_plane = pytest.mark.parametrize("diagram", PLANES)


def points(count, seed=11):
    """Random points, and as many on a lattice of halves, where layers and paths tie."""
    source = random.Random(seed)
    for number in range(count):
        fine = number % 2
        yield tuple(Fraction(source.randint(-24, 24), source.choice([5, 7, 8]) if fine else 2) for _ in "xy")


def moved(growth, start):
    """delta from Delta/2."""
    return min(growth, 2 * growth - start)


def recurrent_by_hand(s, w, steps):
    """delta of U (and a) and W."""
    excess = 2 * s + (steps - 1) * w
    if w >= 0:
        growth = (2 * min(s, w) - excess if excess >= 0 else -(steps - 1) * w) / 2
        return {"U": moved(growth, s), "W": moved(growth, w)}
    return {"U": -3 * s, "W": -2 * s} if s >= 0 else {"U": Fraction(0), "W": Fraction(0)}


def chain(start, excess):
    """Delta/2 of one path through all layers: a minimum over all sets of them."""
    sets = [chosen for size in range(1, len(start) + 1) for chosen in combinations(start, size)]
    return max(min(start), min((sum(chosen) - excess) / len(chosen) for chosen in sets)) - max(excess, Fraction(0)) / 2


def residual_by_hand(s, w, c, blocks):
    """delta of U (and a) and W1 (and all others)."""
    growth = chain([s, s] + [w] * blocks, blocks * c + 2 * s + blocks * w)
    if c + w >= 0:
        return {"U": moved(growth, s), "W": moved(growth, w)}
    if s >= 0:
        theta = -2 * max(2 * s + c, s)
        return {"U": theta + s, "W": theta + 2 * s + c}
    if c <= 0:
        return {"U": Fraction(0), "W": c}
    return {"U": moved(max(growth, -c), s), "W": moved(growth, w)}


def check(diagram, by_hand, layer_names):
    for x, y in points(POINTS):
        expected = by_hand(HALF - x, HALF - y)
        found = diagram.slopes_at(x=x, y=y)
        for layer in found:
            kind = layer_names(layer)
            sigma = -y if kind == "W" else -x
            assert found[layer] == sp.Rational(expected[kind] - sigma - NORMS[kind][diagram.norm]), (layer, x, y)


@pytest.mark.parametrize("norm", ["frobenius", "spectral"])
@pytest.mark.parametrize("steps", [2, 3, 4, 5])
def test_recurrent(steps, norm):
    check(
        recurrent(steps, norm),
        lambda s, w: recurrent_by_hand(s, w, steps),
        lambda layer: "W" if layer == "W" else "U",
    )


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["frobenius", "spectral"])
@pytest.mark.parametrize(("blocks", "c"), [(1, 0), (1, "1/2"), (2, 0), (2, "-1/3"), (3, "1/2"), (3, -1)])
def test_residual(blocks, c, norm):
    exponent = Fraction(c)
    check(
        residual(blocks, c, norm),
        lambda s, w: residual_by_hand(s, w, exponent, blocks),
        lambda layer: "W" if layer.startswith("W") else "U",
    )


@pytest.mark.parametrize("steps", [2, 3, 4, 5])
def test_boundaries_of_a_recurrent_network_count_the_uses(steps):
    outer, memory = recurrent(steps).boundary("U"), recurrent(steps).boundary("W")
    for y in map(Fraction, (-3, 0, "1/4", "1/2", 1, 4)):
        assert outer.at(y) == (HALF + (steps - 1) * max(HALF - y, 0) / 2,)
    assert str(memory) == "y = 1 for x >= 1/2; x = 1 - y/2 for y >= 1"
    assert str(recurrent(steps, "spectral").boundary("W")) == "x = 3/4 - y/2 for y >= 1/2; y = 1/2 for x >= 1/2"
    assert outer.segments == recurrent(steps).boundary("a").segments


def test_five_regions_of_a_recurrent_network():
    """Four by their regimes, and the linear one has two laws: with |W| >> 1 slopes count its uses, with |W| << 1 they do not."""
    diagram = recurrent(3, "spectral")
    known = {"LLL": (0, 0), "LCL": (0, 2), "CLC": (2, 0), "CCC": (2, 2)}
    found = {
        "".join("C" if kind is Regime.CONDENSED else "L" for kind in region.regimes.values()): region
        for region in diagram.regions()
    }
    assert found.keys() == known.keys()
    for name, (x, y) in known.items():
        assert [k is Regime.CONDENSED for k in diagram.regime_at(x=x, y=y).values()] == [c == "C" for c in name]
    linear = found["LLL"].polygons
    laws = [law for polygon, law in diagram._slopes["W"].cells if any(intersection(polygon, part) for part in linear)]
    assert {(law.x, law.y) for law in laws} == {(0, 4), (2, 2), (2, 1)}  # |W| >> 1, U or W the smaller; |W| << 1


@pytest.mark.slow
@every_plane
def test_the_plane_is_the_graph_at_every_point(diagram):
    for point in points(24, seed=3):
        found = diagram.slopes_at(**dict(zip("xy", point, strict=True)))
        assert found == diagram.graph_at(point).slopes(diagram.norm)
    assert diagram.graph_at(point).name == ""


@pytest.mark.slow
@every_plane
def test_pieces_tile_the_plane_and_agree_on_their_edges(diagram):
    for slope in diagram._slopes.values():
        assert sum(area(polygon) for polygon, _ in slope.cells) == area(PLANE)
        assert not any(intersection(one, other) for (one, _), (other, _) in combinations(slope.cells, 2))
        assert all(slope(corner) == law(corner) for polygon, law in slope.cells for corner in polygon)
    regions = diagram.regions()
    assert sum(area(polygon) for region in regions for polygon in region.polygons) == area(PLANE)


def test_a_chain_is_the_diagram_it_was():
    plain = pt.phase_diagram(3)
    same = pt.graph_diagram(pt.Graph.of(plain.network), plain.coordinates)
    for layer in plain.layers:
        assert set(same._slopes[layer].cells) == set(plain._slopes[layer].cells)
        assert same.boundary(layer) == plain.boundary(layer)
    assert same.regions() == plain.regions()


def test_six_blocks_take_seconds():
    start = time.perf_counter()
    diagram = residual(6)
    x, y = np.linspace(-1, 3, 200), np.linspace(-1, 3, 200)
    grid = diagram.evaluate(x[None, :], y[:, None])
    assert time.perf_counter() - start < 20  # one and a half
    assert set(grid) == {"U", "W1", "W2", "W3", "W4", "W5", "W6", "a"}
    assert {values.shape for values in grid.values()} == {(200, 200)}
    exact = diagram.graph_at((float(x[30]), float(y[170]))).slopes()
    assert {layer: values[170, 30] for layer, values in grid.items()} == pytest.approx(
        {layer: float(slope) for layer, slope in exact.items()}
    )


def test_as_data():
    diagram = recurrent(3)
    data = json.loads(diagram.to_json())
    assert data["architecture"]["kind"] == "recurrent"
    assert data["architecture"]["parameters"]["steps"] == "3"
    assert data["graph"]["sigmas"] == {"U": "m**(-x)", "W": "m**(-y)", "a": "m**(-x)"}
    assert data["boundaries"]["U"]["text"] == str(diagram.boundary("U"))
    assert (data["named_points"], data["target_region"]) == ([], None)
    assert diagram.with_norm("spectral") == recurrent(3, "spectral")


def test_a_picture_has_the_names_of_regions_inside_them():
    diagram = recurrent(3)
    ax = diagram.plot()
    names = {text.get_text(): tuple(map(Fraction, text.get_position())) for text in ax.texts}
    assert names.keys() == {"all linear", "all condensed", "$W$\ncondensed", "$U$, $a$\ncondensed"}
    for name, (x, y) in names.items():
        condensed = [layer for layer, kind in diagram.regime_at(x=x, y=y).items() if kind is Regime.CONDENSED]
        assert condensed == {"all linear": [], "all condensed": ["U", "W", "a"], "$W$\ncondensed": ["W"]}.get(
            name, ["U", "a"]
        )
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["$U$, $a$ critical", "$W$ critical"]
    plt.close(ax.figure)
    other = diagram.plot(inside=False)
    assert len(other.get_legend().get_texts()) == 6
    assert not other.texts
    plt.close(other.figure)


@pytest.mark.parametrize(("outputs", "title"), [(1, "mine"), (3, "mine, 3 outputs"), ("m", "mine, m outputs")])
def test_the_title_says_how_many_outputs_there_are(outputs, title):
    graph = pt.recurrent(m**-X, m**-Y, m**-X, steps=3, outputs=outputs, name="mine")
    assert pt.graph_diagram(graph, (X, Y)).title == title


def test_what_is_no_plane_is_refused():
    z = sp.Symbol("z", real=True)
    graph = pt.recurrent(m**-X, m**-z, m**-Y, steps=2)
    with pytest.raises(pt.TheoryError, match=r"exponent 1/2 - z leaves z free"):
        pt.graph_diagram(graph, (X, Y)).boundary("U")
    with pytest.raises(pt.TheoryError, match="not affine in x and y"):
        pt.graph_diagram(pt.recurrent(m ** (X * Y), 1, 1, steps=2), (X, Y)).slope("U")
    with pytest.raises(pt.TheoryError, match="not positive at every x and y"):
        pt.graph_diagram(pt.recurrent(X * m, 1, 1, steps=2), (X, Y))
    with pytest.raises(pt.TheoryError, match="V1 starts at zero"):
        pt.graph_diagram(pt.residual(m**-X, m**-Y, 1, blocks=1, sigma_V=0), (X, Y))


@pytest.mark.parametrize("blocks", [1, 3])
def test_a_slope_may_jump_where_others_fit_while_a_branch_grows_exponentially(blocks):
    """Two matrices in a branch grow exponentially from theta = -(2 s + c) on, and U and a fit at -2 s: the line c = 0."""
    graph = pt.residual(m**-X, m**-Y, m**-X, blocks=blocks, sigma_V=m**-Y, multiplier=m ** (-X / 2))
    diagram = pt.graph_diagram(graph, (X, Y))
    assert str(diagram.boundary("W1")) == "x = 6/5 - 4*y/5 for y >= 3/2; x = 0 for y >= 3/2"
    vanishes, jumps = diagram.boundary("W1").segments
    assert (vanishes.jump, jumps.jump) == (False, True)
    assert (jumps.linear_side, jumps.condensed_side) == (sp.Gt(X, 0), sp.Lt(X, 0))
    tiny = Fraction(1, 10**6)
    left, right = (diagram.graph_at((x, Fraction(9, 2))) for x in (-tiny, tiny))
    assert left.slopes()["W1"] == 3 - sp.Rational(5, 4) * sp.Rational(tiny)
    assert right.slopes()["W1"] == -sp.Rational(1, 2) - sp.Rational(tiny) / 2
    assert (left.flow.logarithm, right.flow.logarithm) == (True, False)
    for x in (Fraction(-1), Fraction(1)):
        assert diagram.slopes_at(x=x, y=3) == diagram.graph_at((x, 3)).slopes()
    assert not any(segment.jump for segment in diagram.boundary("U").segments)

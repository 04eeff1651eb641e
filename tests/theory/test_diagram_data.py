"""Slices of any depth: continuity, exactness against a second route, data as JSON, grids and pictures."""

import json
from fractions import Fraction

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.diagrams.polygons import FAR, half_planes
from phasetheory.scaling.argument import Exponents, layer_slopes

X, Y = sp.symbols("x y", real=True)
halves = st.integers(-4, 4).map(lambda k: sp.Rational(k, 2))
coordinates = st.fractions(-4, 4, max_denominator=6).map(lambda f: sp.Rational(f.numerator, f.denominator))
exponents = st.tuples(halves, halves, halves)


def affine(coefficients, x=X, y=Y):
    constant, fx, fy = coefficients
    return constant + fx * x + fy * y


@st.composite
def slices(draw, max_depth=4):
    depth = draw(st.integers(2, max_depth))
    return draw(st.lists(exponents, min_size=depth, max_size=depth)), draw(exponents)


def diagram_of(sigmas, alpha, norm="frobenius"):
    net = pt.Network(tuple(pt.m ** affine(s) for s in sigmas), alpha=pt.m ** affine(alpha))
    return pt.phase_diagram(network=net, coordinates=(X, Y), norm=norm)


@settings(max_examples=15)
@given(slices(), coordinates, coordinates)
def test_slices_of_any_depth_agree_with_rational_arithmetic(chosen, x, y):
    sigmas, alpha = chosen
    diagram = diagram_of(sigmas, alpha)
    direct = layer_slopes(
        Exponents(tuple(affine(s, x, y) for s in sigmas), affine(alpha, x, y), (sp.S.Zero,) * len(sigmas))
    )
    assert tuple(diagram.slopes_at(x=x, y=y).values()) == direct
    numeric = diagram.evaluate(float(x), float(y))
    assert list(numeric.values()) == pytest.approx([float(s) for s in direct], abs=1e-12)


@settings(max_examples=15)
@given(slices(), st.sampled_from(["frobenius", "spectral"]))
def test_slopes_are_continuous_and_cells_cover_the_plane_once(chosen, norm):
    """Neighbouring cells agree at every vertex they share, and the areas add up to the whole square."""
    from phasetheory.diagrams.polygons import area

    diagram = diagram_of(*chosen, norm)
    for slope in diagram._slopes.values():
        assert sum(area(polygon) for polygon, _ in slope.cells) == (2 * FAR) ** 2
        for polygon, _ in slope.cells:
            for vertex in polygon:
                touching = [f for other, f in slope.cells if all(h(vertex) >= 0 for h in half_planes(other))]
                assert len({f(vertex) for f in touching}) == 1


@settings(max_examples=15)
@given(slices())
def test_boundaries_are_zero_sets_with_the_right_sides(chosen):
    diagram = diagram_of(*chosen)
    for layer in diagram.layers:
        for segment in diagram.boundary(layer).segments:
            assert diagram._slopes[layer](segment.start) == diagram._slopes[layer](segment.end) == 0
            assert {type(segment.linear_side), type(segment.condensed_side)} == {
                sp.StrictGreaterThan,
                sp.StrictLessThan,
            }


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_a_wrong_boundary_is_not_a_zero_set(depth):
    """Negative control: shifted by a tenth, the slope no longer vanishes."""
    diagram = pt.phase_diagram(depth)
    for segment in diagram.boundary(diagram.layers[0]).segments:
        shifted = tuple((x + Fraction(1, 10), y) for x, y in (segment.start, segment.end) if abs(x) < FAR)
        assert all(diagram._slopes[diagram.layers[0]](p) != 0 for p in shifted)


def test_json_carries_boundaries_regions_and_points_exactly():
    diagram = pt.phase_diagram(3)
    data = json.loads(diagram.to_json(layers=("W1", "W2")))
    assert data == diagram.to_dict(layers=("W1", "W2"))
    assert data["coordinates"] == ["gamma_3", "gamma_2"]
    assert {region["label"] for region in data["regions"]} == {
        f"W1 {a}, W2 {b}" for a in ("linear", "condensed") for b in ("linear", "condensed")
    }
    first, second = data["boundaries"]["W2"]["segments"]
    assert first["equation"] == "gamma_3 = 3 - gamma_2"
    assert first["start"]["at_infinity"]
    assert first["end"] == second["start"] == {"exact": ["5/2", "1/2"], "float": [2.5, 0.5], "at_infinity": False}
    places = {point["name"]: point["float"] for point in data["named_points"]}
    assert places["ntk"] == [1, 0]
    assert places["he"] == places["lecun"] == [1, 0.5]
    assert places["xavier"] == places["mup"] == [1.5, 0]
    assert places["centred_lazy"] is None
    assert "mean_field" not in places


def test_every_vertex_in_the_data_is_exact_and_its_float():
    for region in pt.phase_diagram(4).to_dict()["regions"]:
        for vertex in (v for polygon in region["polygons"] for v in polygon):
            assert [float(Fraction(c)) for c in vertex["exact"]] == vertex["float"]


def test_regions_label_points_as_slopes_do():
    diagram = pt.phase_diagram(3)
    for region in diagram.regions():
        for polygon in region.polygons:
            inside = tuple(sum(c) / len(polygon) for c in zip(*polygon, strict=True))
            point = dict(
                zip(("gamma_3", "gamma_2"), (sp.Rational(c.numerator, c.denominator) for c in inside), strict=True)
            )
            assert diagram.regime_at(**point) == region.regimes


def test_a_grid_is_broadcast_and_exact_at_its_nodes():
    diagram = pt.phase_diagram(8)
    x, y = np.linspace(0, 8, 17), np.linspace(-2, 2, 9)
    grid = diagram.evaluate(x[None, :], y[:, None])
    assert set(grid) == set(diagram.layers)
    for i, j in ((0, 0), (4, 8), (8, 16), (6, 11)):
        exact = diagram.slopes_at(gamma=float(x[j]), gamma_prime=float(y[i]))
        assert {layer: values[i, j] for layer, values in grid.items()} == pytest.approx(
            {layer: float(s) for layer, s in exact.items()}
        )


def test_piecewise_slopes_stay_small():
    for depth in (2, 3, 5, 8):
        diagram = pt.phase_diagram(depth)
        for layer in diagram.layers:
            slope = diagram.slope(layer)
            assert len(slope.args) <= 5
            assert len(str(slope)) < 600


@pytest.fixture
def closing():
    yield
    plt.close("all")


@pytest.mark.parametrize(("depth", "count"), [(2, 3), (3, 4 + 2), (4, 4 + 2)])
def test_pictures_have_the_legend_and_stay_inside_the_window(depth, count, closing):
    diagram = pt.phase_diagram(depth)
    ax = diagram.plot()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) == count
    assert any("critical" in label for label in labels)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for patch in ax.patches:
        xs, ys = patch.get_xy().T
        assert left <= xs.min() <= xs.max() <= right
        assert bottom <= ys.min() <= ys.max() <= top
    names = " ".join(text.get_text() for text in ax.texts).replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
    for title in ("NTK", "LeCun", "He", "Xavier", "muP", "PyTorch Linear"):
        assert title in names
    assert ("Mean field" in names) == (depth == 2)


def test_patches_tile_the_window(closing):
    ax = pt.phase_diagram(3).plot()
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    areas = []
    for patch in ax.patches:
        x, y = patch.get_xy()[:-1].T
        areas.append(0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))))
    assert sum(areas) == pytest.approx((right - left) * (top - bottom))


def test_a_diagram_without_regions_has_its_boundaries_and_names_only(closing):
    filled, bare = (pt.phase_diagram(3).plot(regions=regions) for regions in (True, False))
    assert not bare.patches
    assert len(bare.lines) == len(filled.lines)
    assert [text.get_text() for text in bare.texts] == [text.get_text() for text in filled.texts]
    assert [text.get_text() for text in bare.get_legend().get_texts()] == ["W1 critical", "W2 critical"]
    assert (bare.get_xlim(), bare.get_ylim()) == (filled.get_xlim(), filled.get_ylim())


def test_any_slice_of_any_depth_can_be_drawn(closing, tmp_path):
    net = pt.Network((1, 1, pt.m**-X, 1), alpha=pt.m**Y, learning_rates=(1, 1, pt.m**X, 1))
    _, ax = plt.subplots()
    assert pt.phase_diagram(network=net, coordinates=(X, Y)).plot(ax=ax, window=(-2, 2, 0, 4)) is ax
    assert ax.get_xlim() == (-2, 2)
    assert ax.get_xlabel() == "$x$"
    ax.figure.savefig(tmp_path / "slice.svg")
    assert (tmp_path / "slice.svg").stat().st_size > 1000


def test_two_layers_of_one_boundary_share_one_line(closing):
    ax = pt.phase_diagram(4).plot()
    assert "W2, W3 critical" in [text.get_text() for text in ax.get_legend().get_texts()]

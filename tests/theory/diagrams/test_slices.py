"""Slices of any depth: continuity, exactness against a second route, grids."""

from fractions import Fraction

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
coordinates = st.fractions(-4, 4, max_denominator=6).map(sp.Rational)
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


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_regions_label_points_as_slopes_do():
    diagram = pt.phase_diagram(3)
    for region in diagram.regions():
        for polygon in region.polygons:
            inside = tuple(sum(c) / len(polygon) for c in zip(*polygon, strict=True))
            point = dict(zip(("gamma_3", "gamma_2"), map(sp.Rational, inside), strict=True))
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

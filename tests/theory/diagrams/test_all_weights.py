"""The slope of all normalised weights together, 'theta' in a diagram."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt

coordinates = st.fractions(-4, 4, max_denominator=8)


def theta_at(diagram, x, y):
    return diagram.slope("theta").subs(dict(zip(diagram.coordinates, map(sp.Rational, (x, y)), strict=True)))


@given(coordinates, coordinates)
def test_two_layers_have_as_many_weights_up_to_a_constant(x, y):
    diagram = pt.phase_diagram(2)
    assert theta_at(diagram, x, y) == max(diagram.slopes_at(gamma=x, gamma_prime=y).values())


@pytest.mark.slow
@pytest.mark.parametrize("depth", [3, 4])
@given(x=coordinates, y=coordinates)
def test_deeper_the_layers_between_two_wide_ones_hold_nearly_all_weights(depth, x, y):
    """m^2 weights against m: a layer at the edge counts with its slope less 1/2."""
    diagram = pt.phase_diagram(depth)
    first, *between, last = diagram.slopes_at(**dict(zip(diagram.names, (x, y), strict=True))).values()
    half = sp.Rational(1, 2)
    assert theta_at(diagram, x, y) == max(first - half, *between, last - half)


def test_the_relative_distance_of_weights_put_together():
    """The definition with numbers: squares of the distances and of the starts added over the layers, at two huge widths."""
    diagram = pt.phase_diagram(3)
    for point in ((Fraction(5, 2), Fraction(-1, 2)), (Fraction(3), Fraction(1)), (Fraction(1, 2), Fraction(2))):
        slopes = [float(s) for s in diagram.slopes_at(gamma_3=point[0], gamma_2=point[1]).values()]
        log_distance = []
        for width in (1e40, 1e50):
            start = np.array([width, width**2, width])  # |W_l/sigma_l|^2, d = 1
            moved = start * width ** (2 * np.array(slopes))
            log_distance.append(0.5 * np.log(moved.sum() / start.sum()))
        assert np.diff(log_distance)[0] / np.log(1e10) == pytest.approx(float(theta_at(diagram, *point)), abs=1e-9)


def test_its_boundary_is_where_it_vanishes():
    assert str(pt.phase_diagram(2).boundary("theta")) == "gamma = 1"
    diagram = pt.phase_diagram(3)
    for segment in diagram.boundary("theta").segments:
        for point in (segment.start, segment.end):
            assert diagram._slope("theta")(point) == 0


def test_it_is_evaluated_when_asked_for_and_is_no_layer():
    diagram = pt.phase_diagram(3)
    x, y = np.linspace(0, 4, 9), np.linspace(-1, 2, 7)
    grid = diagram.evaluate(x[None, :], y[:, None], layers=("theta", "W2"))
    assert list(grid) == ["theta", "W2"]
    assert grid["theta"][3, 5] == pytest.approx(float(theta_at(diagram, Fraction(5, 2), Fraction(1, 2))))
    assert list(diagram.evaluate(1.0, 0.0)) == list(diagram.layers) == list(diagram.slopes_at(gamma_3=1, gamma_2=0))


@pytest.mark.parametrize("ask", ["slope", "boundary"])
def test_the_spectral_norm_has_none(ask):
    with pytest.raises(
        pt.TheoryError, match="'theta' in spectral norm: all weights together have a Frobenius norm only"
    ):
        getattr(pt.phase_diagram(3, norm="spectral"), ask)("theta")

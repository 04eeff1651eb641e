"""The capacity of a network of any degree, and what is not claimed beyond degree 1."""

import math

import pytest
import sympy as sp

import phasetheory as pt

P = sp.Symbol("p", positive=True)


@pytest.mark.parametrize("p", [1, 2, 3, sp.Rational(1, 2), P])
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_capacity_boundary_has_its_closed_form(depth, p):
    boundary = pt.capacity_boundary(depth, pt.relu_power(p))
    assert sp.simplify(boundary - (1 + sum(sp.sympify(p) ** j for j in range(depth - 1))) / 2) == 0
    if depth == 2:
        assert boundary == 1


@pytest.mark.parametrize("p", [1, 2, 3])
def test_capacity_is_the_output_of_an_aligned_network(p):
    """Layers of rank one, aligned and spread over the neurons, with the spectral norms of a random start; float arithmetic."""
    sigmas, alpha = (sp.Rational(-1, 2), sp.Rational(-1, 4), sp.Rational(1, 3)), sp.Rational(2, 3)
    net = pt.Network(tuple(pt.m**s for s in sigmas), alpha=pt.m**alpha, activation=pt.relu_power(p))

    def output(width):
        spectral = [float(width) ** float(s + sp.Rational(1, 2)) for s in sigmas]
        hidden = (spectral[0] / width**0.5) ** p * width**0.5  # norm of m equal entries
        hidden = (spectral[1] * hidden / width**0.5) ** p * width**0.5
        return spectral[2] * hidden / width ** float(alpha)

    slope = math.log(output(10**8) / output(10**4)) / math.log(10**4)
    assert float(net.capacity) == pytest.approx(slope)


def test_capacity_and_kappa_agree_on_the_boundary():
    net = pt.three_layer(pt.m**2, 1, 1, 1, activation=pt.relu_power(2))
    assert net.gamma == pt.capacity_boundary(3, net.activation) == 2
    assert net.capacity == 0


def test_slopes_are_refused_for_other_degrees_with_the_reason():
    net = pt.two_layer(1, 1, 1, activation=pt.relu_power(2))
    with pytest.raises(pt.NotHomogeneousError, match="winner-take-all"):
        net.slopes()

"""Homogeneity and Euler's identity, and the refusal of what is not homogeneous."""

import math

import pytest
import sympy as sp

import phasetheory as pt

P = sp.Symbol("p", positive=True)
Z = sp.Symbol("z", real=True)
ACTIVATIONS = [
    pt.relu,
    pt.linear,
    pt.leaky_relu(),
    pt.leaky_relu(sp.Rational(1, 10)),
    pt.relu_power(3),
    pt.relu_power(P),
]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: f"{a.name}-{a.degree}")
def test_both_identities_are_proved(activation):
    assert activation.homogeneity_residual() == (0, 0)
    assert activation.euler_residual() == (0, 0)


def test_a_wrong_degree_is_caught():
    """Negative control: the residual is a test that can fail."""
    wrong = pt.Activation("wrong", degree=sp.S(2))
    object.__setattr__(wrong, "slope", lambda z: sp.Piecewise((3 * z, z > 0), (0, True)))
    assert wrong.euler_residual() != (0, 0)


@pytest.mark.parametrize(
    ("expression", "numbers"),
    [
        (sp.Max(Z, 0), (1, 0, 1)),
        (sp.Abs(Z), (1, 1, 1)),
        (Z, (1, -1, 1)),
        (sp.Max(Z, 0) ** 2, (1, 0, 2)),
        (2 * sp.Max(Z, 0) + Z / 10, (sp.Rational(21, 10), -sp.Rational(1, 10), 1)),
    ],
)
def test_homogeneous_expressions_are_recognised(expression, numbers):
    found = pt.Activation.from_expression(expression, Z)
    assert (found.right, found.left, found.degree) == numbers


@pytest.mark.parametrize("expression", [sp.tanh(Z), sp.exp(Z), Z + 1, Z + Z**2, sp.S(1), sp.S(0), 1 / Z])
def test_other_expressions_are_refused(expression):
    with pytest.raises(pt.NotHomogeneousError, match="not positively homogeneous"):
        pt.Activation.from_expression(expression, Z)


def test_slopes_are_refused_for_other_degrees_with_the_reason():
    net = pt.two_layer(1, 1, 1, activation=pt.relu_power(2))
    with pytest.raises(pt.NotHomogeneousError, match="winner-take-all"):
        net.slopes()


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


def test_degree_p_keeps_everything_but_the_slopes():
    derivation = pt.derive(pt.two_layer(1, "1/m", 1, activation=pt.relu_power(3)))
    assert derivation.capacity_boundary == 1
    assert derivation.boundaries == {}
    assert all(check.holds for check in derivation.checks)
    assert str(derivation.normalized.kappa) == "beta1*beta2**3/alpha"
    text = pt.write(derivation)
    assert "γ = 1" in text
    assert "winner takes all" in text

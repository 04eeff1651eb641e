"""Homogeneity and Euler's identity, and the refusal of what is not homogeneous."""

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

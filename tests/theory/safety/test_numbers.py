"""Numbers of NumPy and of Python are equal citizens; what is no number is refused where it enters."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.symbols.expressions import as_expression

HALVES = [0.5, Fraction(1, 2), np.float64(0.5), np.float32(0.5), np.float16(0.5), "1/2", "0.5", sp.Rational(1, 2)]


@pytest.mark.parametrize("half", HALVES)
def test_one_half_is_one_half_wherever_it_enters(half):
    net = pt.two_layer(half, half, half)
    assert net == pt.two_layer(sp.Rational(1, 2), "1/2", 0.5)
    assert pt.phase_diagram().slopes_at(gamma=half, gamma_prime=half) == {
        "w": sp.Rational(-3, 2),
        "a": sp.Rational(-1, 2),
    }
    assert pt.phase_diagram().network_at((half, half)).sigmas == (1, 1 / sp.sqrt(pt.m))
    assert pt.from_abc(a=(half, 0), b=(0, half)).sigmas == (1 / sp.sqrt(pt.m), 1 / sp.sqrt(pt.m))
    assert pt.leaky_relu(half).left == sp.Rational(-1, 2)
    assert pt.relu_power(half).degree == sp.Rational(1, 2)
    assert pt.critical_point(2).network(gauge=half).sigmas == (sp.sqrt(pt.m), sp.sqrt(pt.m))
    assert pt.classify(half) is pt.Regime.CONDENSED


@pytest.mark.parametrize("integer", [np.int64, np.int32, np.uint8, int])
def test_a_depth_may_be_an_integer_of_numpy(integer):
    assert pt.phase_diagram(integer(3)) == pt.phase_diagram(3)
    assert pt.initialization("he", integer(3)) == pt.initialization("he", 3)
    assert pt.critical_point(integer(3)) == pt.critical_point(3)
    assert pt.capacity_boundary(integer(3)) == sp.Rational(3, 2)
    assert pt.derive(depth=integer(2)).depth == 2


def test_an_array_is_a_sequence_of_scales():
    exponents = np.linspace(0, 1, 3)
    assert pt.from_abc(a=exponents, b=exponents, c=0) == pt.from_abc(a=(0, 0.5, 1), b=(0, 0.5, 1))
    assert pt.Network(np.array([1, 2]), learning_rates=np.ones(2)) == pt.Network((1, 2), learning_rates=(1, 1))


def test_a_float_is_the_decimal_it_prints_as_of_either_kind():
    for tenth in (0.1, np.float64(0.1), np.float32(0.1)):
        assert as_expression(tenth, name="x") == sp.Rational(1, 10)


@pytest.mark.parametrize("depth", [True, 1, 2.0, "2", None, np.float64(2), np.bool_(True), 10**400, 1001])
def test_a_depth_is_an_integer_from_two(depth):
    with pytest.raises(pt.TheoryError, match="depth = "):
        pt.phase_diagram(depth)


@pytest.mark.parametrize(
    "value",
    [True, np.bool_(True), 1j, np.complex128(1), None, [1], np.array([1.0]), np.nan, b"1", np.timedelta64(3, "s")],
)
def test_what_is_no_real_number_is_no_scale(value):
    with pytest.raises(pt.ExpressionError, match="alpha"):
        pt.Network((1, 1), value)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: pt.Network((1, 1), activation="gelu"), "activation = 'gelu' is not an activation"),
        (lambda: pt.Network((1, 1), activation=True), "activation = True is not an activation"),
        (lambda: pt.initialization("he", activation="relu"), "activation = 'relu' is not an activation"),
        (lambda: pt.gradient_flow(activation="relu"), "activation = 'relu' is not an activation"),
        (lambda: pt.gradient_flow(width=0), "width = 0; give a small positive integer"),
        (lambda: pt.Network((1, 1), name=3), "name = 3 is not text"),
        (lambda: pt.Network({1: 1, 2: 2}), "sigmas = "),
        (lambda: pt.Network(np.array(1.0)), "sigmas = "),
        (lambda: pt.Network((1, 1), learning_rates=1), "learning_rates = 1"),
        (lambda: pt.Activation("a b"), "name = 'a b' of an activation"),
        (lambda: pt.Activation("sigma", left=sp.nan), "left = nan"),
        (lambda: pt.leaky_relu(float("nan")), "not finite"),
        (lambda: pt.Activation.from_expression(None), "not an expression"),
        (lambda: pt.phase_diagram(norm="x"), "norm = 'x'"),
        (lambda: pt.phase_diagram(network="he", coordinates=sp.symbols("x y")), "'he' is not a network"),
        (lambda: pt.phase_diagram(network=pt.initialization("he"), coordinates=("x", "y")), "give two symbols"),
        (
            lambda: pt.phase_diagram(network=pt.initialization("he"), coordinates=sp.Symbol("x")),
            "two different symbols",
        ),
        (lambda: pt.classify("he"), "is not a slope: give the number S"),
        (lambda: pt.phase_diagram().regime_at(gamma="1e400", gamma_prime=0), "of ordinary size"),
        (lambda: pt.describe("hee"), "unknown initialization 'hee'"),
        (lambda: pt.describe(3), "network = 3; give a Network"),
        (lambda: pt.describe(pt.initialization("he"), depth=3), "has its own depth"),
        (lambda: pt.classify(0, critical="x"), "critical = 'x'"),
        (lambda: pt.initialization(3), "name = 3 is not text"),
        (lambda: pt.derive("he"), "'he' is not a network"),
        (lambda: pt.derive(activation="relu"), "'relu' is not an activation"),
        (lambda: pt.critical_point(2).network("m"), "gauge = 'm' is not a real number"),
        (lambda: pt.from_abc(a=("m", 0), b=(0, 0)), "a contains 'm'"),
    ],
)
def test_enumerations_and_types_are_checked_where_they_enter(call, part):
    with pytest.raises(pt.TheoryError) as caught:
        call()
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


NTK = pt.initialization("ntk")


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        (np.ma.array([[1.0, 1.0], [9.0, 1.0]], mask=[[0, 0], [1, 0]]), [0.5, 1.0]),
        ([[1.0 + 1j, 1.0]], [0.5]),
        ([[1.0, 1.0]], np.array([1], dtype="timedelta64[s]")),
        (np.array([["2020-01-01", "2020-01-02"]], dtype="datetime64"), [0.5]),
        ([["1", "1"]], [0.5]),
        ([[1.0, 1.0], [1.0]], [0.5, 1.0]),
        (None, [0.5]),
    ],
)
def test_data_that_would_lose_something_as_floats_are_refused(inputs, targets):
    with pytest.raises(pt.TheoryError, match=r"inputs|targets") as caught:
        pt.finite_width(NTK, inputs, targets)
    assert "\n" not in str(caught.value)


def test_data_may_be_integers_fractions_and_float32():
    given = pt.finite_width(NTK, np.array([[1, 1], [-1, 1]]), [Fraction(1, 2), Fraction(-1, 2)])
    expected = pt.finite_width(NTK, [[1.0, 1.0], [-1.0, 1.0]], np.array([0.5, -0.5], dtype=np.float32))
    assert given.relative_distance(np.int64(1000)) == expected.relative_distance(1000.0)


@pytest.mark.parametrize(
    ("alpha", "width"),
    [(1e-320, 100), ("1e-300", 100), ("1e200", 100), ("m^(1/2)*1e140", 10**30), ("1", 10**400), ("1", 0), ("1", "9")],
)
def test_scales_that_leave_double_precision_are_one_line(alpha, width):
    net = pt.two_layer(alpha, 1, "m^(-1/4)")
    prediction = pt.finite_width(net, [[1.0, 1.0], [-1.0, 1.0]], [0.5, -0.5])
    with pytest.raises(pt.TheoryError, match=r"overflows|width = ") as caught:
        prediction.relative_distance(width)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("alpha", "beta"), [("1e-140", "1e140"), ("1e140", "1e-140")])
def test_a_kernel_that_leaves_double_precision_is_one_line(alpha, beta):
    """Every scale is in range, and kappa^2 is 1e840 or its inverse: infinite, or 0."""
    prediction = pt.finite_width(pt.two_layer(f"{alpha}*sqrt(m)", beta, beta), [[1.0, 1.0], [-1.0, 1.0]], [0.5, -0.5])
    with pytest.raises(pt.TheoryError, match="overflows at width = 100"):
        prediction.relative_distance(100)

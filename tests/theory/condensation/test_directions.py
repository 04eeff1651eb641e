"""First directions: the values of the notes, against D itself on a fine grid, and against neurons that follow it."""

import numpy as np
import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.condensation.leading import SMOOTH, leading_part

FOUR = np.column_stack([[-1.0, -0.35, 0.3, 1.0], np.ones(4)]), np.array([0.7, -0.5, 0.2, -0.6])
THREE = np.column_stack([[-1.0, 0.0, 1.0], np.ones(3)]), np.array([1.0, 0.0, -1.0])
EVEN = np.column_stack([[-1, -1 / 3, 1 / 3, 1], np.ones(4)]), np.array([2, 0, 0, 2]) / 15
KINKED = {"relu": (1, 0, 1), 0.3: (1, -0.3, 1), pt.relu_power(2): (1, 0, 2)}


def value_of(X, y, V, right, left, degree):
    z = V @ X.T
    return np.where(z > 0, right, left) * np.abs(z) ** degree @ y


def angles(found):
    return sorted(round(direction.angle, 2) for direction in found)


@pytest.mark.parametrize(
    ("data", "activation", "expected", "saddles"),
    [
        (FOUR, "tanh", [-169.36, 10.64], []),
        (FOUR, "z tanh z", [-131.56, -41.56, 48.44, 138.44], []),
        (FOUR, "z^2 tanh z", [-176.28, -134.23, -38.58, 3.72, 45.77, 141.42], [-176.28, 3.72]),
        (FOUR, "relu", [45.0, 139.3], []),
        (THREE, "tanh", [-180.0, 0.0], []),
        (THREE, "z tanh z", [-135, -45, 45, 135], []),
        (THREE, "z^2 tanh z", [-180, -135, -45, 0, 45, 135], [-180, 0]),
        (EVEN, "tanh", [-90, 90], []),
        (EVEN, "relu", [90], []),
    ],
)
def test_known_angles(data, activation, expected, saddles):
    found = pt.condensed_directions(*data, activation=activation)
    assert found.complete
    assert angles(found) == pytest.approx(expected, abs=0.01)
    assert angles(d for d in found if not d.attracts) == pytest.approx(saddles, abs=0.01)


def test_relu_on_the_four_points():
    """One maximum inside a sector, for u > 0, and one minimum on the kink of x = -1, for u < 0."""
    down, up = pt.condensed_directions(*FOUR)
    assert (up.sign, down.sign) == (1, -1)
    assert (up.value, down.value) == pytest.approx((0.613, -0.894), abs=1e-3)
    assert np.array(down.vector) @ FOUR[0][0] == pytest.approx(0, abs=1e-14)


def test_degenerate_is_said_and_nothing_listed():
    for data, activation in ((EVEN, "z tanh z"), ((THREE[0], np.array([1.0, -2.0, 1.0])), "tanh")):
        found = pt.condensed_directions(*data, activation=activation)
        assert found.degenerate
        assert len(found) == 0
        assert "degenerate" in str(found)
    square = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]), np.array([1.0, 1.0, -1.0])
    found = pt.condensed_directions(*square, activation="z tanh z")  # a circle of maxima, two minima
    assert found.degenerate
    assert [(abs(d.vector[2]), d.sign) for d in found] == [(1, -1), (1, -1)]


def test_multiplicity_and_onset_are_derived():
    z = sp.Symbol("z")
    expected = {"tanh": 1, "z tanh z": 2, "z^2 tanh z": 3, "softplus": 1, "sigmoid": 1, "gelu": 1, "silu": 1}
    assert set(SMOOTH) == set(expected)
    for name, p in expected.items():
        found = pt.condensed_directions(*FOUR, activation=name)
        assert (found.multiplicity, found.onset) == (p, p - 1)
        assert found.constant == pytest.approx({"softplus": np.log(2), "sigmoid": 0.5}.get(name, 0.0))
    given = leading_part(z - sp.sin(z))
    assert (given.right, given.left, given.degree) == (sp.Rational(1, 6), -sp.Rational(1, 6), 3)
    assert leading_part(sp.Max(z, 0)).left == 0
    with pytest.raises(pt.TheoryError, match="no first term"):
        leading_part(sp.sqrt(z**2 + z**3))


@pytest.mark.parametrize("activation", ["tanh", "z tanh z", "z^2 tanh z", *KINKED], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_the_circle_against_a_grid(activation, seed):
    """All maxima and minima of D on a fine grid, their values and their basins."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((5, 2)), rng.standard_normal(5)
    p = leading_part(activation)
    form = KINKED.get(activation, (float(p.right), float(p.left), int(p.degree)))
    theta = np.linspace(-np.pi, np.pi, 20_001)[:-1]
    values = value_of(X, y, np.column_stack([np.cos(theta), np.sin(theta)]), *form)
    found = pt.condensed_directions(X, y, activation=activation)
    for sign in (1, -1):
        up = sign * values
        peak = (up > np.roll(up, 1)) & (up > np.roll(up, -1)) & (up > 1e-9)
        mine = sorted((d.angle, d.value, d.basin) for d in found if d.attracts and d.sign == sign)
        assert [a for a, _, _ in mine] == pytest.approx(np.rad2deg(theta[peak]), abs=0.02)
        assert [v for _, v, _ in mine] == pytest.approx(values[peak], abs=1e-3)  # D has a slope at a kink
        uphill = np.sign(np.roll(up, -1) - up) * (np.abs(np.roll(up, -1) - up) > 1e-12)
        for k, (_, _, basin) in zip(np.flatnonzero(peak), mine, strict=True):
            left = np.argmax(np.roll(uphill[::-1], k) <= 0)
            right = np.argmax(np.roll(uphill, -k) >= 0)
            assert basin == pytest.approx((left + right) / len(theta), abs=1e-3)


@pytest.mark.parametrize("activation", ["relu", "z tanh z", "z^2 tanh z"])
def test_the_sphere_against_neurons_that_follow_the_flow(activation):
    """Directions that climb D by small steps end at those listed, in the proportions of their basins."""
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((7, 3)), rng.standard_normal(7)
    p = leading_part(activation)
    right, left, degree = float(p.right), float(p.left), int(p.degree)
    found = pt.condensed_directions(X, y, activation=activation)
    for sign in (1, -1):
        V = rng.standard_normal((200, 3))
        speed = 1 / (np.abs(y) @ np.linalg.norm(X, axis=1) ** degree)
        for step in speed * np.geomspace(0.2, 1e-3, 1200):
            V /= np.linalg.norm(V, axis=1, keepdims=True)
            z = V @ X.T
            slope = np.where(z > 0, right, -left) * degree * np.abs(z) ** (degree - 1)
            V = V + step * sign * (slope * y) @ X
        V /= np.linalg.norm(V, axis=1, keepdims=True)
        listed = [d for d in found if d.attracts and d.sign == sign]
        near = np.array([V @ np.array(d.vector) for d in listed]) > np.cos(np.deg2rad(2))
        shares = near.mean(axis=1)
        assert shares == pytest.approx([d.basin for d in listed], abs=0.1)
        assert shares.sum() == pytest.approx(sum(d.basin for d in listed), abs=0.03)


def test_sign_descent_starts_toward_a_corner():
    """Every weight moves at one speed: v goes to sign(sum y x), where gradient flow goes to sum y x."""
    X, y = FOUR
    found = pt.condensed_directions(X, y, activation="tanh", optimizer="adam")
    assert angles(found) == [-135.0, 45.0]
    assert found[0].value == pytest.approx(abs(y @ X).sum() / np.sqrt(2))
    rng = np.random.default_rng(0)
    u, v = 1e-6 * rng.standard_normal(100), 1e-6 * rng.standard_normal((100, 2))
    for _ in range(3000):
        push = (y * (1 - np.tanh(v @ X.T) ** 2)) @ X
        u, v = u + 1e-8 * np.sign(np.tanh(v @ X.T) @ y), v + 1e-8 * np.sign(u[:, None] * push)
    angle = np.rad2deg(np.arctan2(v[:, 1], v[:, 0]))
    assert np.mean(np.minimum(np.abs(angle - 45), np.abs(angle + 135)) < 5) > 0.9


@pytest.mark.parametrize(
    ("arguments", "options", "line"),
    [
        ((FOUR[0], np.zeros(4)), {}, "y = 0"),
        ((FOUR[0], np.ones(3)), {}, "give .n, d. and .n,."),
        ((np.ones((4, 1)), FOUR[1]), {}, "one column"),
        ((FOUR[0] * np.nan, FOUR[1]), {}, "NaN"),
        (FOUR, {"activation": "swish"}, "use one of 'relu'"),
        (FOUR, {"activation": pt.leaky_relu()}, "numbers for its slopes"),
        (FOUR, {"optimizer": "sgd"}, "optimizer = 'sgd'"),
        (FOUR, {"optimizer": "adam"}, "multiplicity 1"),
        (FOUR, {"starts": 0}, "starts = 0"),
    ],
)
def test_refused(arguments, options, line):
    with pytest.raises(pt.TheoryError, match=line):
        pt.condensed_directions(*arguments, **options)

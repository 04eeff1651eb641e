"""A layer that starts at zero: the limit of tiny scales, the growth equation itself, and the flow integrated from zero."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt

HALF = sp.Rational(1, 2)
halves = st.fractions(min_value=-2, max_value=2, max_denominator=4).map(sp.Rational)


@given(st.lists(halves, min_size=2, max_size=6), halves, st.integers(0, 5), st.lists(halves, min_size=6, max_size=6))
def test_a_zero_layer_is_the_limit_of_tiny_scales(powers, alpha, place, rates):
    """Beyond some b nothing but the slope of the layer itself depends on b, at any depth, learning rates included."""
    place %= len(powers)
    etas = [pt.m**rate for rate in rates[: len(powers)]]

    def network(scale):
        sigmas = [scale if layer == place else pt.m**power for layer, power in enumerate(powers)]
        return pt.Network(sigmas, pt.m**alpha, etas, pt.linear)  # every place may be zero

    zero, tiny, tinier = network(0), network(pt.m**-100), network(pt.m**-200)
    own = zero.layers[place]
    assert zero.zero_layer == own
    assert zero.displacements() == tiny.displacements() == tinier.displacements()
    for norm in ("frobenius", "spectral"):
        slopes, limits = zero.slopes(norm), tiny.slopes(norm)
        assert slopes.pop(own) == sp.oo
        assert tinier.slopes(norm)[own] - limits.pop(own) == 100
        assert slopes == limits
    exact, close = zero.learning_rate_scaling(), tiny.learning_rate_scaling()
    assert exact == close == tinier.learning_rate_scaling()
    assert zero.capacity == -sp.oo


@given(st.lists(halves, min_size=2, max_size=6), halves, st.integers(0, 5))
def test_the_growth_equation_is_solved_with_the_layer_left_out_of_the_maximum(strengths, alpha, place):
    """x + sum over the other layers of max(s_l, x) = alpha, on Python's fractions, by looking at every set of layers."""
    place %= len(strengths)
    others = [Fraction(int(s.p), int(s.q)) for layer, s in enumerate(strengths) if layer != place]
    target = Fraction(int(alpha.p), int(alpha.q))
    candidates = [
        (target - sum(still)) / (1 + len(others) - size)
        for size in range(len(others) + 1)
        for still in combinations(others, size)
    ]
    (root,) = {x for x in candidates if x + sum(max(s, x) for s in others) == target}
    sigmas = [0 if layer == place else pt.m ** (s - HALF) for layer, s in enumerate(strengths)]
    moved = list(pt.Network(sigmas, pt.m**alpha, activation=pt.linear).displacements().values())
    assert moved.pop(place) == sp.Rational(root.numerator, root.denominator)
    assert moved == [sp.Rational(str(min(root, 2 * root - s))) for s in others]


@pytest.mark.parametrize(
    ("sigmas", "alpha", "slopes", "moved"),
    [
        ((1, 0), 1, {"w": -2}, {"w": -3 * HALF, "a": -HALF}),
        (("m^(-1/2)", 0), 1, {"w": 0}, {"w": 0, "a": 0}),
        (("1/m", 0), 1, {"w": HALF}, {"w": 0, "a": 0}),
        ((1, "1/sqrt(fan_in)", 0), 1, {"W1": -2, "W2": -3 * HALF}, {"W1": -3 * HALF, "W2": -1, "a": -HALF}),
    ],
)
def test_exponents_of_networks_whose_output_starts_at_zero(sigmas, alpha, slopes, moved):
    net = pt.Network(sigmas, alpha)
    own = net.slopes()
    assert own.pop("a") == sp.oo
    assert own == slopes
    assert net.displacements() == moved
    assert set(net.basis().values()) == {pt.Basis.DERIVED}


def _moves(sigmas, width, slope, seed, steps=20_000):
    """|W_l(t) - W_l(0)| at 1e-3 of the loss at the start: descent at half the stable rate, from the equations."""
    x, y = np.array([[-1.0, 1.0], [-0.3, 1.0], [0.4, 1.0], [1.0, 1.0]]).T, np.array([-0.2, 0.15, 0.5, 0.8])
    rng = np.random.default_rng(seed)
    sizes = [2, *[width] * (len(sigmas) - 1), 1]
    start = [s * rng.standard_normal((b, a)) for s, a, b in zip(sigmas, sizes[:-1], sizes[1:], strict=True)]
    weights, first = [w.copy() for w in start], None
    for _ in range(steps):
        inputs, below = [x], []
        for w in weights[:-1]:
            z = w @ inputs[-1]
            below.append(np.where(z > 0, 1.0, slope))  # at 0 as libraries take it
            inputs.append(below[-1] * z)
        error, back, kernel = (weights[-1] @ inputs[-1])[0] - y, [np.ones((1, 4))], np.zeros((4, 4))
        for w, derivative in zip(weights[:0:-1], below[::-1], strict=True):
            back.insert(0, derivative * (w.T @ back[0]))
        for own, entering in zip(back, inputs, strict=True):
            kernel += (own.T @ own) * (entering.T @ entering)
        loss = float(error @ error)
        first = loss if first is None else first
        top = float(np.linalg.eigvalsh(kernel)[-1])
        if loss < 1e-3 * first or top == 0.0:
            break
        slopes = [(own * error) @ h.T for own, h in zip(back, inputs, strict=True)]
        sizes_now = [np.sqrt(sum(np.vdot(w, w) for w in arrays)) for arrays in (weights, slopes)]
        step = min(
            0.5 / top, 0.05 * sizes_now[0] / sizes_now[1]
        )  # small beside the weights, too: they grow from small ones
        weights = [w - step * g for w, g in zip(weights, slopes, strict=True)]
    return [float(np.linalg.norm(w - w0)) for w, w0 in zip(weights, start, strict=True)], loss / first


@pytest.mark.parametrize(
    ("sigmas", "activation", "widths", "tolerance"),
    [
        ((1, 0), pt.relu, (1024, 2048, 4096), 0.05),
        (("m^(-1/2)", 0), pt.relu, (1024, 2048, 4096), 0.05),
        (("1/m", 0), pt.relu, (1024, 2048, 4096), 0.05),
        ((0, 1), pt.linear, (1024, 2048, 4096), 0.05),
    ],
)
def test_the_flow_from_zero_moves_the_layers_by_the_derived_powers(sigmas, activation, widths, tolerance):
    net = pt.Network(sigmas, 1, activation=activation)
    logs = []
    for width in widths:
        scales = [float(s.subs(pt.m, width)) for s in net.sigmas]
        runs = [_moves(scales, width, -float(activation.left), seed) for seed in range(4)]
        assert max(loss for _, loss in runs) < 1e-3
        logs.append(np.log([moved for moved, _ in runs]).mean(axis=0))
    fitted = np.polyfit(np.log(widths), np.array(logs), 1)[0]
    assert list(fitted) == pytest.approx([float(v) for v in net.displacements().values()], abs=tolerance)


def test_what_is_refused_does_not_train():
    moved, loss = _moves((0.0, 0.0), 16, 0.5, seed=0)
    assert (moved, loss) == ([0.0, 0.0], 1.0)
    with pytest.raises(pt.TheoryError, match="every gradient vanishes"):
        pt.Network((0, 0), activation=pt.linear)
    moved, loss = _moves((0.0, 1.0), 16, 0.0, seed=0)
    assert (moved, loss) == ([0.0, 0.0], 1.0)
    with pytest.raises(pt.TheoryError, match="stands on the kink of relu"):
        pt.Network((0, 1))
    with pytest.raises(pt.TheoryError, match="stands on the kink of leaky_relu"):
        pt.Network((0, 1), activation=pt.leaky_relu("1/2"))

"""Arc-cosine kernels against quadrature and sampling; the linear regime against networks that are sampled and solved."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

import phasetheory as pt
from phasetheory.finite_width.arc_cosine import angle, arc_cosine_kernels

HALF = sp.Rational(1, 2)
X = np.array([[-1.0, 1.0], [-0.35, 1.0], [0.3, 1.0], [1.0, 1.0]])
Y = np.array([0.7, -0.5, 0.2, -0.6])
LEAKY = pt.leaky_relu(sp.Rational(1, 5))


def point(gamma, gamma_prime, activation=pt.relu):
    return pt.two_layer(pt.m ** (gamma - gamma_prime), pt.m**-gamma_prime, 1, activation=activation)


def quadrature(function, theta):
    """E[g(u) g(v)] over the correlated Gaussian density in Cartesian coordinates, quadrant by quadrant."""
    c, s = np.cos(theta), np.sin(theta)

    def density(v, u):
        return function(u) * function(v) * np.exp(-(u * u + v * v - 2 * c * u * v) / (2 * s * s)) / (2 * np.pi * s)

    ends = [(-12.0, 0.0), (0.0, 12.0)]
    pieces = (integrate.dblquad(density, *u, *v, epsabs=1e-9, epsrel=1e-9)[0] for u in ends for v in ends)
    return sum(pieces)


@pytest.mark.parametrize("theta", [0.5, 1.5, 2.6])
@pytest.mark.parametrize("left", [0.0, 0.2])
def test_kernels_are_the_gaussian_integrals(left, theta):
    kernels = arc_cosine_kernels(pt.leaky_relu(sp.nsimplify(left)))
    value = quadrature(lambda z: z if z > 0 else left * z, theta)
    slope = quadrature(lambda z: 1.0 if z > 0 else left, theta)
    assert float(kernels.value.subs(angle, theta)) == pytest.approx(value, abs=1e-7)
    assert float(kernels.slope.subs(angle, theta)) == pytest.approx(slope, abs=1e-7)


def test_kernels_are_those_of_cho_and_saul_and_of_special_cases():
    relu, general = arc_cosine_kernels(pt.relu), arc_cosine_kernels(pt.leaky_relu())
    s = next(iter(general.slope.free_symbols - {angle}))
    assert sp.simplify(relu.value - (sp.sin(angle) + (sp.pi - angle) * sp.cos(angle)) / (2 * sp.pi)) == 0
    assert sp.simplify(general.value.subs(s, 0) - relu.value) == 0
    assert sp.simplify(general.value.subs(s, 1) - sp.cos(angle)) == 0
    assert sp.simplify(general.slope.subs(s, 1)) == 1
    with pytest.raises(pt.NotHomogeneousError, match="degree 2"):
        arc_cosine_kernels(pt.relu_power(2))


def sampled(net_scales, width, activation_left, seed):
    """RD of the linearised flow of one sampled network, from explicit Jacobians; no kernel formula used."""
    alpha, beta1, beta2, eta_w, eta_a = net_scales
    rng = np.random.default_rng(seed)
    a, w = beta1 * rng.standard_normal(width), beta2 * rng.standard_normal((width, X.shape[1]))
    z = w @ X.T
    ja = np.where(z > 0, z, activation_left * z).T / alpha
    jw = ((np.where(z > 0, 1, activation_left) * a[:, None]).T[:, :, None] * X[:, None, :] / alpha).reshape(len(X), -1)
    c = np.linalg.solve(eta_a * ja @ ja.T + eta_w * jw @ jw.T, Y)
    moved = {"w": eta_w * jw.T @ c, "a": eta_a * ja.T @ c}
    return {k: np.linalg.norm(v) / np.linalg.norm({"w": w, "a": a}[k]) for k, v in moved.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "scales", "left"),
    [
        (pt.two_layer("sqrt(m)", 1, 1), lambda m: (m**0.5, 1, 1, 1, 1), 0.0),
        (pt.two_layer("sqrt(m)", 1, 1, activation=LEAKY), lambda m: (m**0.5, 1, 1, 1, 1), 0.2),
        (pt.initialization("he"), lambda m: (1, (2 / m) ** 0.5, 1, 1, 1), 0.0),
        (
            pt.Network(sigmas=(2, 1), alpha="3*m^(1/4)", learning_rates=("1/m", 5)),
            lambda m: (3 * m**0.25, 1, 2, 1 / m, 5),
            0.0,
        ),
    ],
    ids=["ntk", "leaky", "he", "learning_rates"],
)
def test_constants_agree_with_sampled_networks(net, scales, left):
    """Average of 4 seeds at width 100 000: the sampling error is about 0.3 per cent, a wrong constant far more."""
    width = 100_000
    predicted = pt.finite_width(net, X, Y).relative_distance(width)
    runs = [sampled(scales(width), width, left, seed) for seed in range(4)]
    for layer, value in predicted.items():
        assert np.mean([run[layer] for run in runs]) == pytest.approx(value, rel=0.02)


def test_prediction_agrees_with_the_full_nonlinear_flow():
    """Plain gradient descent with small steps on an antisymmetric network, to a finite loss; nothing linearised."""
    width, loss, data, targets = 4_000, 1e-3, X[::3], np.array([0.7, -0.6])
    rng = np.random.default_rng(3)
    a, w = rng.standard_normal(width // 2), rng.standard_normal((width // 2, 2))
    a, w = np.concatenate([a, -a]), np.concatenate([w, w])
    a0, w0, scale = a.copy(), w.copy(), width**-0.5
    for _ in range(20_000):
        z = w @ data.T
        e = scale * a @ np.maximum(z, 0) - targets
        if e @ e / 4 <= loss:
            break
        pull = scale * e / 2
        a, w = a - 0.02 * np.maximum(z, 0) @ pull, w - 0.02 * ((z > 0) * a[:, None] * pull) @ data
    measured = {"w": np.linalg.norm(w - w0) / np.linalg.norm(w0), "a": np.linalg.norm(a - a0) / np.linalg.norm(a0)}
    prediction = pt.finite_width(pt.two_layer("sqrt(m)", 1, 1), data, targets, loss=loss)
    assert prediction.linearization_error(width) < 0.02
    assert prediction.relative_distance(width) == pytest.approx(measured, rel=0.04)


@given(st.fractions(min_value=-1, max_value="7/8", max_denominator=8), st.fractions(-1, 1, max_denominator=8))
def test_slope_tends_to_the_exponent(gamma, gamma_prime):
    """The finite-width slope reaches S_l at large width, from kernels that know nothing of max-plus algebra."""
    net = point(*map(sp.Rational, (gamma, gamma_prime)))
    slope = pt.finite_width(net, X, Y).slope(1e30, 1e36)
    for layer, exact in net.slopes().items():
        assert slope[layer] == pytest.approx(float(exact), abs=1e-5)


def test_close_inputs_delay_the_slope():
    """A pair at angle 1e-4: at gamma' > 0 the kernel of w, though subdominant, carries the small eigenvalue."""
    close = np.vstack([X, X[1] + [1e-4, 0]])
    net = point(HALF, HALF)
    prediction = pt.finite_width(net, close, np.append(Y, 0.0))
    assert abs(prediction.slope(1e3, 1e6)["a"] - float(net.slopes()["a"])) > 0.1
    assert prediction.slope(1e30, 1e33)["a"] == pytest.approx(float(net.slopes()["a"]), abs=0.01)


def test_finite_loss_lies_between_no_move_and_the_limit():
    distances = [
        pt.finite_width(point(HALF, 0), X, Y, loss=loss).relative_distance(1e4)["w"] for loss in (1, 0.05, 1e-9, 0)
    ]
    assert distances[0] == 0
    assert distances == sorted(distances)
    assert distances[2] == pytest.approx(distances[3], rel=1e-3)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_distance_at_a_finite_loss(n):
    """Inputs at equal angles and equal targets are one mode: e = y e^{-rt}, RD grows as 1 - |e|/|y|, and |e|^2 = 2n loss."""
    inputs, targets = np.eye(3)[:n], np.full(n, 0.8)
    net = point(HALF, HALF)
    limit = pt.finite_width(net, inputs, targets).relative_distance(1e3)
    for loss in (0.3, 0.02, 1e-6):
        found = pt.finite_width(net, inputs, targets, loss=loss).relative_distance(1e3)
        share = 1 - np.sqrt(2 * loss) / 0.8
        assert found == pytest.approx({layer: share * value for layer, value in limit.items()}, rel=1e-9)


@pytest.mark.parametrize("s", [0, HALF])
def test_the_error_of_the_linearisation_is_the_estimate_that_is_stated(s):
    """Orthonormal inputs of equal targets: one mode, z = y/g, of which each part of the estimate is a multiple."""
    m, b = 1e4, 3
    net = pt.two_layer("sqrt(m)", b, 1, activation=pt.leaky_relu(s) if s else pt.relu)
    prediction = pt.finite_width(net, np.eye(2), [0.3, 0.3])
    rd, slope = prediction.relative_distance(m), float(s)
    w, a_diagonal = b**2 * (1 + slope**2) / 2, (1 + slope**2) / 2
    a = a_diagonal + (1 - slope) ** 2 / (2 * np.pi)  # Cho and Saul at a right angle; its eigenvalue for (1, 1)
    z = 0.3 / (w + a)
    kinks = b**2 * (1 - slope) ** 2 * (1 + slope) / np.pi * (b / np.sqrt(m)) * z
    squares = w * (rd["w"] ** 2 + rd["a"] ** 2), a_diagonal * rd["w"] ** 2
    of_w, of_a = kinks + squares[0], 2 * squares[1]  # eigenvalues for (1, 1): all entries of the second are equal
    of_w += squares[0]
    expected = {"w": (of_w + of_a) / (w + a) / 2 + of_w / w / 3, "a": (of_w + of_a) / (w + a) / 2}
    assert prediction.linearization_error(m) == pytest.approx(max(expected.values()), rel=1e-12)


def test_the_error_of_the_linearisation_where_only_a_is_covered():
    """(Delta a)^2 = 2 |w| Delta |w| for a radial move, over the |w|^2 = d beta_2^2 of one neuron; G_a dominates."""
    m, b = 1e12, 2
    net = pt.Network(sigmas=(b, pt.m**-HALF), alpha="m^(3/4)", learning_rates=(3, 1))  # gamma = 5/4, gamma' = 1/2
    prediction = pt.finite_width(net, np.eye(2), [0.3, -0.1])
    assert prediction.layers == ("a",)
    change = prediction.relative_distance(m)["a"] ** 2 / m  # of one output weight, squared
    condition = (1 / 2 + 1 / (2 * np.pi)) / (1 / 2 - 1 / (2 * np.pi))
    expected = np.sqrt(condition) * 3 * change / (2 * 2 * b**2)
    assert prediction.linearization_error(m) == pytest.approx(expected, rel=1e-6)


def test_common_factor_of_all_learning_rates_changes_nothing():
    fast = pt.Network(sigmas=(1, 1), alpha="sqrt(m)", learning_rates=(7, 7))
    plain = pt.two_layer("sqrt(m)", 1, 1)
    first, second = (pt.finite_width(net, X, Y, loss=1e-4).relative_distance(1e3) for net in (fast, plain))
    assert first == pytest.approx(second, rel=1e-12)


def test_the_layers_covered_are_those_the_argument_holds_for():
    assert pt.finite_width(point(HALF, 0), X, Y).layers == ("w", "a")
    assert pt.finite_width(point(sp.Rational(5, 4), HALF), X, Y).layers == ("a",)
    assert pt.finite_width(point(1, HALF), X, Y).layers == ("a",)
    trust = [pt.finite_width(point(g, 0), X, Y).linearization_error(1e4) for g in (0, HALF, sp.Rational(9, 10))]
    assert trust == sorted(trust)
    assert trust[0] < 1e-2 < 1 < trust[2]


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: pt.finite_width(point(1, 0), X, Y), "not linear"),
        (lambda: pt.finite_width(point(sp.Rational(3, 2), HALF), X, Y), "not linear"),
        (lambda: pt.finite_width(pt.three_layer(1, 1, 1, 1), X, Y), "covers two layers"),
        (lambda: pt.finite_width(point(HALF, 0, pt.relu_power(2)), X, Y), "winner-take-all"),
        (lambda: pt.finite_width(point(HALF, 0, pt.leaky_relu()), X, Y), "free symbols s"),
        (lambda: pt.finite_width(point(HALF, 0), X, Y[:2]), r"shapes \(4, 2\) and \(2,\)"),
        (lambda: pt.finite_width(point(HALF, 0), X * np.nan, Y), "NaN"),
        (lambda: pt.finite_width(point(HALF, 0), X, Y, loss=-1), "loss = -1"),
        (
            lambda: pt.finite_width(point(HALF, 0), np.vstack([X, 2 * X[1]]), np.append(Y, 0)),
            "inputs 1 and 4 are parallel",
        ),
        (lambda: pt.finite_width(point(HALF, 0), np.vstack([X, [0, 0]]), np.append(Y, 0)), "input 4 is zero"),
        (lambda: pt.finite_width(point(HALF, 0), X, Y).slope(100, 100), "two different"),
        (lambda: pt.finite_width(point(HALF, 0), X, 0 * Y).slope(100, 200), "no slope"),
        (lambda: pt.finite_width(point(HALF, 0), X, Y).relative_distance(0), "width = 0"),
        (lambda: pt.finite_width(point(HALF, 0, pt.linear), X, Y).relative_distance(10), "singular"),
        (lambda: pt.finite_width(point(HALF, 0, pt.linear), X, Y, loss=1e-6).relative_distance(10), "never reached"),
    ],
)
def test_what_is_not_covered_is_refused_in_one_line(call, part):
    with pytest.raises(pt.TheoryError, match=part) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_importing_the_theory_does_not_import_numpy():
    import subprocess
    import sys

    code = "import sys, phasetheory; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

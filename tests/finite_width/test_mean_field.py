"""The infinitely wide network: against a closed form, against independent quadrature, against sampled networks."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import numerics as nm
from numerics.errors import InputError
from numerics.experiments.mean_field import MeanField
from numerics.experiments.rare_neurons import Mesh
from numerics.networks.quadrature import Nodes, nodes_for, sphere_nodes

X, Y = nm.datasets.four_points()

#: F_w of the four points with 8000 nodes, loss 1e-6: rows kappa' = 0.01, 1, 100, columns P = 0.1, 1, 10, 100.
TABLE = {
    0.01: (0.1713, 0.01309, 2.89e-4, 2.36e-5),
    1.0: (4.943, 1.203, 0.2050, 0.02009),
    100.0: (46.29, 7.068, 0.3606, 0.02262),
}


def one_sample(capacity, target, inputs):
    """RD_w and RD_a of one sample |x| = 1 at kappa' = 1, by averages over the circle of (a, w.x) under the exact flow.

    With s the integral of -e, a neuron with v = w.x > 0 turns hyperbolically, (u, v) -> (u ch s + v sh s, v ch s + u sh s), until
    v = 0, where it dies; one with v <= 0 never moves. s follows from f = y.
    """

    def moved(angle, s):
        u, v = np.sin(angle), np.cos(angle)  # sqrt 2 later
        if v <= 0:
            return u, v, u, v
        with np.errstate(divide="ignore"):
            death = np.arctanh(-v / u) if u < 0 and -v / u > -1e300 and abs(v / u) < 1 else np.inf
        t = min(s, death)
        return u, v, u * np.cosh(t) + v * np.sinh(t), v * np.cosh(t) + u * np.sinh(t)

    def average(function, s):
        kink = np.pi - np.arctan(1 / np.tanh(s)) if s > 0 else 0.75 * np.pi
        points = sorted({-np.pi / 2, np.pi / 2, -kink, kink, -np.arctan(1 / np.tanh(s)) if s > 0 else 0.0})
        total = sum(
            quad(lambda x: function(*moved(x, s)), a, b, epsabs=1e-13, epsrel=1e-12, limit=200)[0]
            for a, b in zip([-np.pi, *points], [*points, np.pi], strict=True)
            if b > a
        )
        return 2 * total / (2 * np.pi)  # E r^2 = 2

    s = brentq(lambda s: capacity * average(lambda u, v, p, q: p * max(q, 0.0), s) - target, 1e-9, 20, xtol=1e-13)
    w = average(lambda u, v, p, q: (q - v) ** 2, s) / inputs
    a = average(lambda u, v, p, q: (p - u) ** 2, s)
    return np.sqrt(w), np.sqrt(a)


@pytest.mark.parametrize(
    ("capacity", "target", "inputs"), [(1.0, 1.0, 2), (0.05, 1.0, 2), (4.0, 0.7, 2), (1.0, 1.0, 5)]
)
def test_one_sample_against_the_exact_flow(capacity, target, inputs):
    x = np.zeros((1, inputs))
    x[0, :2] = 0.6, 0.8
    limit = MeanField(x, np.array([target]), loss_tol=1e-12, rtol=1e-4)
    expected = one_sample(capacity, target, inputs)
    assert tuple(limit(capacity, 1.0).values()) == pytest.approx(expected, rel=5e-5)


def test_one_sample_against_the_published_digits():
    limit = MeanField(np.array([[0.6, 0.8]]), np.array([1.0]), loss_tol=1e-12, rtol=1e-4)
    assert tuple(limit(1.0, 1.0).values()) == pytest.approx((0.4001458, 0.6248699), rel=5e-6)


@pytest.mark.parametrize("kappa_prime", TABLE)
def test_four_points_against_the_table(kappa_prime):
    limit = MeanField(X, Y, loss_tol=1e-6, nodes=8000)
    found = [limit(P, kappa_prime)["w"] for P in (0.1, 1.0, 10.0, 100.0)]
    assert found == pytest.approx(TABLE[kappa_prime], rel=5e-3)


@pytest.mark.parametrize(("gamma", "gamma_prime"), [(0.5, 0.0), (0.9, -0.2), (1.0, 0.0), (1.1, 0.1), (1.5, -0.25)])
def test_sampled_networks_move_as_far(gamma, gamma_prime):
    width, seeds = 10_000, 6
    limit = MeanField(X, Y, loss_tol=1e-6)
    expected = limit(width ** (1 - gamma), width**-gamma_prime)
    starts = (nm.TwoLayer.sample(width, gamma, gamma_prime, X, rng=seed) for seed in range(seeds))
    logs = [[np.log(rd) for rd in _distances(limit.train(start))] for start in starts]
    mean, error = np.mean(logs, axis=0), np.std(logs, axis=0, ddof=1) / np.sqrt(seeds)
    off = np.abs(mean - np.log(list(expected.values())))
    assert np.all(off < 0.005 + 4 * error)
    assert np.all(off < 0.03)


def _distances(solution):
    return [solution.sup_relative_distance[layer] for layer in ("w", "a")]


def test_only_the_capacity_counts():
    """kappa = P/N whatever N, and the time is that of the network of N neurons over alpha."""
    runs = [MeanField(X, Y, loss_tol=1e-6).run(2.0, 0.5, nodes=nodes) for nodes in (2000, 8000)]
    assert runs[0].initial.kappa == pytest.approx(1e-3)
    times = [run.t * run.initial.kappa for run in runs]
    assert times[0] == pytest.approx(times[1], rel=2e-2)


@pytest.mark.parametrize("dimension", [2, 3, 6])
def test_nodes_have_the_moments_of_a_normal_neuron(dimension):
    rule = sphere_nodes(dimension, 4000, np.random.default_rng(0))
    points = rule.points
    assert rule.count == 4000
    assert np.einsum("ki,ki->k", points, points) == pytest.approx(dimension)
    assert points.T @ points / 4000 == pytest.approx(np.eye(dimension), abs=0.02)
    assert np.all(points[:2000, 0] > 0)
    np.testing.assert_array_equal(points[2000:], points[:2000] * np.where(np.arange(dimension) == 0, -1, 1))


def test_a_node_of_weight_c_counts_c_times():
    """Homogeneity: a node in two parts, of weights 0.3 and 0.7, is the same network; f, kernel and distances are of degree 2."""
    rule = nodes_for(X, 200, np.random.default_rng(0))
    parts = Nodes(np.repeat(rule.directions, 2, axis=0), np.tile([0.3, 0.7], 100), rule.rule)
    whole, divided = (
        nm.gradient_flow(nm.TwoLayer.of_nodes(nodes, 0.1, 0.5, X), X, Y, rtol=1e-4) for nodes in (rule, parts)
    )
    assert divided.network.width == 2 * whole.network.width
    assert _distances(divided) == pytest.approx(_distances(whole), rel=1e-6)


@pytest.mark.slow
def test_rare_neurons_carry_it_off_a_plateau():
    """F m^(-3/8) at gamma = 7/4 is constant from where a lattice still has the rare neurons to where it has not."""
    limit = MeanField(X, Y)
    here, far = (limit.run(M**-0.75, 1.0) for M in (1e8, 1e12))
    assert here.seed == "mean field, Fibonacci lattice on the sphere"
    assert far.seed.endswith("more where neighbours part")
    assert (here.converged, far.converged) == (True, True)
    constants = [run.sup_relative_distance["w"] / M**0.375 for run, M in ((here, 1e8), (far, 1e12))]
    assert constants[1] == pytest.approx(constants[0], rel=1e-3)
    lattice = limit.train(nm.TwoLayer.mean_field(capacity=1e-9, kappa_prime=1, inputs=X))
    assert lattice.at_rest
    assert lattice.sup_relative_distance["w"] < 0.5 * far.sup_relative_distance["w"]
    assert "on a plateau: a small neuron in a direction that no node has would grow, at 0." in limit.ending(lattice)
    mesh = Mesh.of(nodes_for(X, 4000, np.random.default_rng(0))).refined(lattice.initial, lattice.network, X)
    assert mesh.nodes.count == 4000
    assert mesh.nodes.weights.min() > 0
    assert len(mesh.nodes.weights) > 3000


def test_rare_neurons_of_small_output_weight():
    """Where u hardly moves: an arc across u = 0 has them, a lattice has not; the slope is (gamma - 1 - gamma')/2 = 3/4."""
    limit = MeanField(X, Y)
    constants = [limit(M**-0.5, M)["w"] / M**0.75 for M in (1e12, 1e14)]
    assert constants[1] == pytest.approx(constants[0], rel=1e-4)
    assert limit.run(1e-6, 1e12).converged
    assert limit.train(nm.TwoLayer.mean_field(capacity=1e-6, kappa_prime=1e12, inputs=X)).at_rest


def test_what_is_fitted_as_well_as_can_be_is_not_on_a_plateau():
    limit = MeanField(np.array([[0.5, 1.0], [0.5, 1.0], [-1.0, 1.0]]), np.array([0.5, -0.1, 0.3]))
    run = limit.run(1e-3, 1.0)
    assert limit.ending(run).startswith("at rest at loss 0.03, the least of all networks")
    assert "more" not in run.seed


def test_inputs_that_no_sample_sees():
    """A weight has d parts of variance 1/kappa', of which those beside the samples never move."""
    inputs = np.zeros((2, 7))
    inputs[:, :2] = [[1.0, 0.5], [-0.3, 1.0]]
    net = nm.TwoLayer.mean_field(capacity=3, kappa_prime=0.25, inputs=inputs, nodes=1000)
    assert net.seed == "mean field, Fibonacci lattice on the sphere"
    assert np.einsum("kj,kj->", net.v, net.v) / 1000 == pytest.approx(7 / 0.25, rel=1e-3)
    assert np.mean(net.u**2) == pytest.approx(0.25, rel=1e-3)
    flat = nm.TwoLayer.mean_field(capacity=3, kappa_prime=0.25, inputs=inputs[:, :2], nodes=1000)
    y = np.array([0.5, -0.4])
    runs = [nm.gradient_flow(n, x, y, rtol=1e-4) for n, x in ((net, inputs), (flat, inputs[:, :2]))]
    ratio = runs[0].sup_relative_distance["w"] / runs[1].sup_relative_distance["w"]
    assert ratio == pytest.approx(np.sqrt(2 / 7), rel=1e-3)
    assert runs[0].sup_relative_distance["a"] == pytest.approx(runs[1].sup_relative_distance["a"], rel=1e-3)


@pytest.mark.parametrize("activation", ["linear", 0.3])
def test_other_activations_of_degree_one(activation):
    width = 20_000
    limit = MeanField(X, Y[:1].repeat(4) if activation == "linear" else Y, loss_tol=1e-6, activation=activation)
    start = nm.TwoLayer.draw(width, 1 / width, 1.0, 2, rng=1, activation=activation)
    assert _distances(limit.train(start)) == pytest.approx(list(limit(1.0, 1.0).values()), rel=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"capacity": 0}, "capacity = 0 is not positive"),
        ({"capacity": -1.0}, "capacity = -1.0 is not positive"),
        ({"capacity": np.nan}, "capacity = nan is not positive"),
        ({"capacity": "many"}, "capacity = 'many' is not positive"),
        ({"kappa_prime": 0}, "kappa_prime = 0 is not positive"),
        ({"kappa_prime": np.inf}, "kappa_prime = inf is not positive"),
        ({"nodes": 17}, "nodes = 17 is odd; give an even integer: nodes are paired"),
        ({"nodes": 14}, "nodes = 14; give an even integer >= 16"),
        ({"nodes": 4000.0}, "nodes = 4000.0; give an even integer >= 16"),
        ({"inputs": np.zeros((2, 2))}, "not all of them zero"),
        ({"inputs": [[1.0, np.nan]]}, "1 NaN or infinite values"),
        ({"inputs": [1.0, 2.0]}, "give one row per sample"),
        ({"inputs": [[1.0], [2.0]]}, "one input and no constant; append a column of ones"),
        ({"activation": "tanh"}, "has no kink to be exact at"),
    ],
)
def test_refused(options, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        nm.TwoLayer.mean_field(**{"capacity": 1.0, "kappa_prime": 1.0, "inputs": X, **options})


@pytest.mark.parametrize("bad", [0, -1.0, np.nan, np.inf, None, 1j, True])
def test_scales_that_are_not_positive_are_refused_before_any_run(bad):
    limit = MeanField(X, Y)
    with pytest.raises(InputError, match=r"capacity = .* is not positive and finite"):
        limit(bad, 1.0)
    with pytest.raises(InputError, match=r"kappa_prime = .* is not positive and finite"):
        limit(1.0, bad)


def test_data_without_a_constant_are_refused():
    with pytest.raises(InputError, match="one input and no constant; append a column of ones"):
        MeanField(np.array([[1.0], [2.0]]), np.array([1.0, 2.0]))
    with pytest.raises(InputError, match="all targets are zero"):
        MeanField(X, np.zeros(4))

"""Biases in every layer and several outputs: against a twin in the weights as a user writes them, and against what they equal."""

from dataclasses import replace

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt
from numerics.flow.deep.balance import Balance, Sizes
from numerics.flow.deep.problem import DeepProblem
from numerics.networks.jacobian import Moved

X = np.array([[-0.9, 0.3], [-0.2, -0.8], [0.4, 0.5], [0.8, -0.1]])
Y = np.array([[0.3, -0.4, 0.1], [-0.2, 0.1, 0.5], [0.5, 0.2, -0.3], [0.1, 0.4, 0.2]])
SHAPES = [
    ((2, 7, 1), (0.5, 0.3)),
    ((2, 7, 5, 1), (0.5, 0.3, 0.2)),
    ((2, 7, 5, 3), (1, 0, 0)),
    ((2, 6, 5, 4, 2), (None, 0.3, None, 0.5)),
]
QUIET = pytest.mark.filterwarnings("ignore:tanh is homogeneous only asymptotically")


def sampled(widths, biases, **options):
    layers = len(widths) - 1
    options = {"rng": 3, "centred": False, "alpha": 1.7, "learning_rates": np.linspace(1, 2, layers)} | options
    return nm.DeepNetwork.sample(widths, np.linspace(1.0, 0.6, layers), biases=biases, **options)


def twin(network, weights, inputs):
    """f (n, k) from W_l and b_l as they stand in the unnormalised network, complex numbers included."""
    act = np.tanh if not network.activation.homogeneous else lambda z: np.where(np.real(z) > 0, z, 0.3 * z)
    alpha = (
        np.prod([network.scales[k] / g for k, g in zip(network.through, network.gains, strict=True)]) / network.kappa
    )
    total = 0
    for copy in range(len(weights[0])):
        parts, h = iter(weights), inputs
        for layer, constant in enumerate(network.constants):
            z = h @ next(parts)[copy].T + (0 if constant is None else next(parts)[copy].T)
            h = z if layer == network.depth - 1 else act(z)
        total = total + h
    return total / alpha


@QUIET
@pytest.mark.parametrize(("widths", "biases"), SHAPES)
@pytest.mark.parametrize("activation", [0.3, "tanh"])
@pytest.mark.parametrize("antisymmetric", [False, True])
def test_output_and_derivatives_are_those_of_the_twin(widths, biases, activation, antisymmetric):
    """Complex steps: exact to rounding, nothing shared with the engine."""
    network = sampled(widths, biases, activation=activation, antisymmetric=antisymmetric)
    assert network.widths == widths
    assert len(network.weights) == len(network.layers) == len(widths) - 1 + sum(b is not None for b in biases)
    exact = twin(network, network.original_weights(), X)
    np.testing.assert_allclose(network(X).reshape(exact.shape), exact, rtol=1e-12, atol=1e-13)
    rng = np.random.default_rng(0)
    direction, h = [rng.standard_normal(w.shape) for w in network.weights], 1e-30
    jacobian = network.jacobian(X)
    for layer in range(len(direction)):
        moved = [
            scale * (w + 1j * h * v * (k == layer))
            for k, (w, v, scale) in enumerate(zip(network.weights, direction, network.scales, strict=True))
        ]
        derivative = np.imag(twin(network, moved, X)).ravel() / h
        np.testing.assert_allclose(jacobian.products(direction)[layer], derivative, rtol=1e-11, atol=1e-12)
    c = rng.standard_normal(exact.size)
    pulled = jacobian.transposed_product(c)
    assert [p.shape for p in pulled] == [w.shape for w in network.weights]
    for layer, kernel in enumerate(jacobian.kernels()):
        alone = [p * (k == layer) for k, p in enumerate(pulled)]
        np.testing.assert_allclose(kernel @ c, jacobian.product(alone), rtol=1e-10, atol=1e-11)
    along = sum(np.sum(p * v) for p, v in zip(pulled, direction, strict=True))
    assert along == pytest.approx(c @ jacobian.product(direction))


@QUIET
@pytest.mark.parametrize(("widths", "biases"), SHAPES)
@pytest.mark.parametrize("activation", [0.3, "tanh"])
def test_matrices_moved_by_a_gradient_and_curvature(widths, biases, activation):
    network = sampled(widths, biases, activation=activation)
    chain, matrices, rng = network.chain, network.matrices, np.random.default_rng(1)
    jacobian = network.jacobian(X)
    c = 0.1 * rng.standard_normal(len(X) * network.outputs)
    moved = Moved.by((jacobian, [c] * network.depth))
    written = chain.join([w - p for w, p in zip(network.weights, jacobian.transposed_product(c), strict=True)])
    (signals, known), exact = chain.differentiate(matrices, X, moved), chain.jacobian(written, X)
    np.testing.assert_allclose(signals.output, chain.forward(written, X).output, rtol=1e-10, atol=1e-12)
    for found, expected in zip(known.kernels(), exact.kernels(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    v, h = [rng.standard_normal(w.shape) for w in matrices], 1e-6
    sides = [
        chain.jacobian([w + s * part for w, part in zip(matrices, v, strict=True)], X).transposed_product(c)
        for s in (h, -h)
    ]
    curved = chain.split(chain.curvature_product(matrices, chain.forward(matrices, X), c, v))
    for found, ahead, behind in zip(curved, *sides, strict=True):
        np.testing.assert_allclose(found, (ahead - behind) / (2 * h), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("widths", "biases"), SHAPES)
def test_growth_is_bounded_by_the_bound(widths, biases):
    """Against the Hessian of R by differences, the kernel taken out."""
    network = sampled(widths, biases, activation=0.3)
    problem = DeepProblem(
        network, X, network(X) + Y[:, : network.outputs].reshape(network(X).shape), "exponential", None
    )
    problem.method.prepare(problem.point)
    flow, point = problem.flow, problem.point
    k, n = network.outputs, len(X)
    assert point.loss == pytest.approx(np.sum(Y[:, :k] ** 2) / (2 * n))

    def gradient(y):
        other = flow.new_point()
        other.y[:] = y
        flow.update_residual(other)
        pulled = flow.differentiate(other).transposed_product(other.residual / (n * k))
        return np.concatenate([w.ravel() for w in flow.chain.join(pulled)])

    h = 1e-6
    hessian = np.array(
        [(gradient(point.y + h * e) - gradient(point.y - h * e)) / (2 * h) for e in np.eye(point.y.size)]
    )
    rows = [
        np.concatenate([w.ravel() for w in flow.chain.join(network.jacobian(X).transposed_product(e))])
        for e in np.eye(n * k)
    ]
    np.testing.assert_allclose(point.kernel, np.array(rows) @ np.array(rows).T / n, rtol=1e-10, atol=1e-13)
    largest = np.linalg.eigvalsh(np.array(rows).T @ np.array(rows) / n - (hessian + hessian.T) / 2)[-1]
    assert flow.largest_growth_rate(point) == pytest.approx(largest, rel=0.1)
    assert 0 < largest <= flow.growth_bound(point)


def classical(network, y, time, steps, decay=0.0):
    """Fourth-order Runge-Kutta in the weights of the user: dW_l/dt = -eta_l dR/dW_l - Lambda W_l, gradients by the engine's J."""
    rates = np.broadcast_to(decay, len(network.weights))
    start, offset, n = list(network.weights), network.offset(X), len(X)

    def velocity(weights):
        now = replace(network, weights=tuple(weights), centre=None)
        pulled = now.jacobian(X).transposed_product((now(X) - offset - y).ravel() / n)
        return [-part - rate * w for part, rate, w in zip(pulled, rates, weights, strict=True)]

    h = time / steps
    for _ in range(steps):
        k1 = velocity(start)
        k2 = velocity([w + h / 2 * k for w, k in zip(start, k1, strict=True)])
        k3 = velocity([w + h / 2 * k for w, k in zip(start, k2, strict=True)])
        k4 = velocity([w + h * k for w, k in zip(start, k3, strict=True)])
        start = [w + h / 6 * (a + 2 * b + 2 * c + d) for w, a, b, c, d in zip(start, k1, k2, k3, k4, strict=True)]
    return start


@pytest.mark.slow
@pytest.mark.parametrize("method", ["exponential", "rkc"])
@pytest.mark.parametrize(
    ("outputs", "biases"), [(1, (0.7, 0.4, 0.3)), (3, (0.7, 0.4, 0.3)), (1, (0, 0, 0)), (3, (None,) * 3)]
)
def test_the_flow_is_that_of_a_fine_runge_kutta(method, outputs, biases):
    y = Y[:, 0] if outputs == 1 else Y
    network = nm.DeepNetwork.sample((2, 20, 20, outputs), (1, 0.3, 0.3), rng=4, biases=biases)
    run = nm.gradient_flow(network, X, y, method=method, rtol=1e-3, t_max=8.0, loss_tol=1e-30, times=[4.0])
    for layer, now, start, scale in zip(
        network.layers, classical(network, y, run.t, 400), network.weights, network.scales, strict=True
    ):
        exact = float(np.linalg.norm(now - start))
        size = float(np.linalg.norm(start)) or 1 / scale  # the distance in the user's weights where the start is 0
        assert run.relative_distance[layer] == pytest.approx(exact / size, rel=5e-3)
    assert run.snapshots.outputs.shape == (1, *y.shape)
    assert run.loss == pytest.approx(np.sum((run.network(X) - y) ** 2) / 8)
    assert run.conserved_drift < 2e-3
    data = run.to_xarray()
    assert {f"relative_distance_{layer}" for layer in network.layers} <= set(data)


@pytest.mark.slow
@pytest.mark.parametrize("rates", [0.05, (0.05, 0.0, 0.02, 0.0, 0.1, 0.3)])
def test_weight_decay_by_layer_counts_biases(rates):
    network = nm.DeepNetwork.sample((2, 15, 15, 1), (1, 0.3, 0.3), rng=4, biases=(0.7, 0.4, 0.3))
    run = nm.gradient_flow(network, X, Y[:, 0], method="rkc", rtol=1e-3, t_max=6.0, loss_tol=1e-30, weight_decay=rates)
    for layer, now, start in zip(
        network.layers, classical(network, Y[:, 0], run.t, 1000, rates), network.weights, strict=True
    ):
        exact = np.linalg.norm(now - start) / np.linalg.norm(start)
        assert run.relative_distance[layer] == pytest.approx(exact, rel=5e-3)
    assert np.isnan(run.conserved_drift) == (rates != 0.05)
    with pytest.raises(nm.InputError, match="without biases"):
        nm.gradient_flow(network, X, Y[:, 0], weight_decay=rates)


def test_the_bias_of_the_first_layer_is_a_constant_input():
    rng = np.random.default_rng(2)
    weights = [rng.standard_normal((12, 2)), 0.3 * rng.standard_normal((10, 12)), 0.3 * rng.standard_normal((1, 10))]
    b = rng.standard_normal(12)
    with_bias = nm.DeepNetwork.from_weights(weights, biases=[b, None, None], centred=True)
    constant = nm.DeepNetwork.from_weights([np.column_stack([weights[0], b]), *weights[1:]], centred=True)
    runs = [
        nm.gradient_flow(net, inputs, Y[:, 0], loss_tol=1e-4, rtol=5e-5)
        for net, inputs in ((with_bias, X), (constant, np.column_stack([X, np.ones(4)])))
    ]
    # sums of other lengths round otherwise, by parts of the loss at the start
    first_loss = runs[0].trajectory.loss[0]
    np.testing.assert_allclose(runs[0].trajectory.loss, runs[1].trajectory.loss, rtol=1e-9, atol=1e-11 * first_loss)
    first = np.concatenate([runs[0].network.weights[0], runs[0].network.weights[1]], axis=2)
    np.testing.assert_allclose(first, runs[1].network.weights[0], rtol=1e-9, atol=1e-12)
    assert runs[0].relative_distance["a"] == pytest.approx(runs[1].relative_distance["a"], rel=1e-9)
    assert nm.features(runs[0].network).dimension == 3
    np.testing.assert_allclose(
        nm.features(runs[0].network).amplitude, nm.features(runs[1].network).amplitude, rtol=1e-9
    )


def test_two_layers_with_a_bias_are_the_two_layer_engine(four_points):
    inputs, y = four_points
    two = nm.TwoLayer.sample(60, 0.75, 0.0, inputs, rng=1)
    scale = 1 / two.kappa
    deep = nm.DeepNetwork.from_weights(
        [two.v[:, :1], two.u[None]], alpha=scale, biases=[two.v[:, 1], None], centred=True
    )
    assert deep.layers == ("w", "b1", "a")
    one, other = (
        nm.gradient_flow(net, x, y, loss_tol=1e-4, rtol=1e-3) for net, x in ((two, inputs), (deep, inputs[:, :1]))
    )
    assert other.relative_distance["a"] == pytest.approx(one.relative_distance["a"], rel=1e-2)


@pytest.mark.parametrize("biases", [(1.0, 0.5, 0.5), (0, 0, 0)])
def test_what_is_conserved_counts_the_bias_with_its_layer(biases):
    """|W_{l+1}|^2 - |W_l|^2 - |b_l|^2, from the weights of the user; the output bias is in none."""
    network = nm.DeepNetwork.sample((2, 15, 15, 2), (1, 0.5, 0.5), rng=2, biases=biases)
    run = nm.gradient_flow(network, X, Y[:, :2], loss_tol=1e-5, rtol=1e-3)
    squares = [
        dict(zip(net.layers, (np.sum(w**2) for w in net.original_weights()), strict=True))
        for net in (network, run.network)
    ]
    grown = {layer: squares[1][layer] - squares[0][layer] for layer in network.layers}
    assert grown["W1"] + grown["b1"] == pytest.approx(grown["W2"], rel=1e-3)
    assert grown["W2"] + grown["b2"] == pytest.approx(grown["a"], rel=1e-3)
    assert abs(grown["b1"]) > 0.02 * abs(grown["W2"])  # without it the law would not hold
    found = nm.layer_observables(run.network, network)
    assert found["W1"].balance_drift < 1e-3
    assert found["W2"].balance_drift < 1e-3
    assert all(np.isnan(found[layer].balance_drift) for layer in ("b1", "b2", "a", "b3"))
    for layer, now, then in zip(
        network.layers, run.network.original_weights(), network.original_weights(), strict=True
    ):
        change, size = now[0] - then[0], np.linalg.norm(then)
        assert found[layer].relative_distance == pytest.approx(np.linalg.norm(change) / (size or 1.0))
        spectral = np.linalg.norm(change, 2) / (np.linalg.norm(then[0], 2) if size else 1.0)
        assert found[layer].spectral_relative_distance == pytest.approx(spectral, rel=1e-3)
        assert run.relative_distance[layer] == pytest.approx(found[layer].relative_distance, rel=1e-9)


@pytest.mark.parametrize("antisymmetric", [False, True])
@pytest.mark.parametrize(("widths", "biases"), SHAPES)
def test_back_on_the_balances_with_the_same_output_and_signals(widths, biases, antisymmetric):
    network = sampled(widths, biases, antisymmetric=antisymmetric)
    chain, rng = network.chain, np.random.default_rng(0)
    matrices = tuple(w * (1 + 0.1 * rng.standard_normal(w.shape)) for w in network.matrices)
    balance, (signals, jacobian) = Balance(network.matrices, chain.biased), chain.differentiate(matrices, X)
    output, sizes = signals.output.copy(), Sizes.of(matrices, network.matrices, chain.biased)
    sizes = balance.restore(matrices, signals, jacobian, sizes)
    again, differentiated = chain.differentiate(matrices, X)
    for found, expected in zip(jacobian.backward, differentiated.backward, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(again.output, output, rtol=1e-11, atol=1e-13)
    for found, expected in zip(signals.hidden, again.hidden, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
    exact = [np.linalg.norm(w - s) for w, s in zip(chain.split(matrices), network.weights, strict=True)]
    np.testing.assert_allclose(sizes.moved(chain.biased), exact, rtol=1e-11)
    for _ in range(100):
        sizes = balance.restore(matrices, signals, jacobian, sizes)
    then = Sizes.of(network.matrices, network.matrices, chain.biased).balances()
    for off, whole in zip(balance.off(sizes), then, strict=True):
        np.testing.assert_allclose(whole + off, whole, rtol=1e-2, atol=2e-3)


@pytest.mark.parametrize("optimizer", ["gradient-descent", "adam"])
def test_descent_moves_biases_and_several_outputs(optimizer):
    network = nm.DeepNetwork.sample((2, 15, 15, 3), (1, 0.5, 0.5), rng=2, biases=(0.5, 0, 0.2))
    run = nm.descend(network, X, Y, optimizer=optimizer, rate=1e-3, max_steps=1, throw=False)
    pulled = network.jacobian(X).transposed_product((network(X) - Y).ravel() / 4)
    speeds = np.array(network.scales) / np.sqrt(network.time_unit)
    for w, start, part, speed in zip(run.network.weights, network.weights, pulled, speeds, strict=True):
        step = part if optimizer == "gradient-descent" else speed * np.sign(part)
        np.testing.assert_allclose(w - start, -1e-3 * step, rtol=1e-6, atol=1e-15)
    longer = nm.descend(network, X, Y, optimizer=optimizer, loss_tol=1e-3)
    assert longer.loss == pytest.approx(np.sum((longer.network(X) - Y) ** 2) / 8)


def test_the_tangent_model_has_as_many_outputs_as_the_network():
    network = nm.DeepNetwork.sample((2, 30, 30, 3), (1, 0.3, 0.3), rng=2, biases=(0.5, 0, 0.2))
    flow, times = nm.linearize(network).flow(X, Y), np.array([0.5, 3.0])
    rows = network.jacobian(X)
    kernel, now = sum(rows.kernels()), np.zeros(12)
    for _ in range(3000):
        now = now - 1e-3 * kernel @ (now - Y.ravel()) / 4
    np.testing.assert_allclose(flow(3.0), now.reshape(4, 3), atol=1e-3)
    assert flow(times).shape == (2, 4, 3)
    np.testing.assert_allclose(flow(times, X[1:3]), flow(times)[:, 1:3], atol=1e-12)
    np.testing.assert_allclose(flow.loss(times), np.sum((flow(times) - Y) ** 2, axis=(1, 2)) / 8)
    moved = flow.weights(3.0)
    for layer, w, start, size in zip(network.layers, moved.weights, network.weights, network.sizes, strict=True):
        assert flow.relative_distance(3.0)[layer] == pytest.approx(np.linalg.norm(w - start) / size)
    assert nm.tangent_kernel(network, X, layers=("b2",)).shape == (12, 12)


def test_draws():
    plain, biased = (
        nm.DeepNetwork.sample((3, 400, 300, 1), (1, 2, 3), rng=5, **options)
        for options in ({}, {"biases": (0.5, None, 0), "bias_law": "uniform"})
    )
    assert biased.layers == ("W1", "b1", "W2", "a", "b3")
    for layer, w in zip(plain.layers, plain.weights, strict=True):
        np.testing.assert_array_equal(w, biased.weights[biased.layers.index(layer)])
    b1, b3 = biased.original_weights()[1], biased.original_weights()[4]
    assert np.max(np.abs(b1)) == pytest.approx(0.5 * np.sqrt(3), rel=0.02)
    assert np.std(b1) == pytest.approx(0.5, rel=0.1)
    assert not b3.any()
    assert biased.relative_units[4] == np.inf
    assert (plain.inputs, plain.outputs, biased.inputs, biased.outputs) == (3, 1, 3, 1)
    assert biased.shape == "3-400-300-1 with biases"


@pytest.mark.parametrize("outputs", [1, 3])
def test_defaults_of_frameworks_are_drawn_with_their_biases(outputs):
    for name, largest in (("pytorch_linear", (1.0, 0.05, 0.05)), ("keras_dense", (0, 0, 0)), ("flax_dense", (0, 0, 0))):
        scheme = pt.describe_initialization(name)
        network = nm.sample_network(scheme.network(3), 400, 1, biases=scheme.biases(3), outputs=outputs, rng=1)
        assert network.layers == ("W1", "b1", "W2", "b2", "a", "b3")
        assert network.widths == (1, 400, 400, outputs)
        for b, bound in zip(network.original_weights()[1::2], largest, strict=True):
            assert np.max(np.abs(b)) <= bound
            assert b.size == outputs or np.max(np.abs(b)) >= 0.98 * bound


WEIGHTS = [np.ones((3, 2)), np.ones((1, 3))]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: nm.DeepNetwork.sample((2, 3, 1), (1, 1), biases=(1,)), "biases"),
        (lambda: nm.DeepNetwork.sample((2, 3, 1), (1, 1), biases=(1, -1)), "biases"),
        (lambda: nm.DeepNetwork.sample((2, 3, 1), (1, 1), biases=1.0), "biases"),
        (lambda: nm.DeepNetwork.sample((2, 3, 1), (1, 1), biases=("a", 1)), "biases"),
        (lambda: nm.DeepNetwork.sample((2, 3, 1), (1, 1), biases=(1, 1), bias_law="cauchy"), "bias_law"),
        (lambda: nm.DeepNetwork.sample((2, 3, 1), (1, 1), biases=(0, 0), bias_law="uniform"), "draws no bias"),
        (lambda: nm.DeepNetwork.sample((2, 3, 1), (1, 1), bias_law="uniform"), "draws no bias"),
        (lambda: nm.DeepNetwork.from_weights(WEIGHTS, biases=[np.ones(3)]), "biases have shapes"),
        (lambda: nm.DeepNetwork.from_weights(WEIGHTS, biases=[np.ones(2), None]), "biases have shapes"),
        (lambda: nm.DeepNetwork.from_weights(WEIGHTS, biases=[np.full(3, np.nan), None]), "NaN or infinite"),
        (
            lambda: nm.DeepNetwork.sample((2, 3, 1), (1, 1), biases=(1, 1))(np.ones((4, 3))),
            "without the constant of b1",
        ),
        (lambda: nm.gradient_flow(nm.DeepNetwork.sample((2, 3, 1), (1, 1)), X, Y), "for several"),
        (lambda: nm.gradient_flow(nm.DeepNetwork.sample((2, 3, 3), (1, 1)), X, Y[:, :2]), "3 outputs"),
        (lambda: nm.gradient_flow(nm.TwoLayer.sample(4, 1, 0, X), X, Y), "DeepNetwork.sample"),
        (lambda: nm.gradient_flow(sampled(*SHAPES[1]), X, Y[:, 0], weight_decay=(1, 1, 1)), "W1, b1, W2, b2, a, b3"),
        (lambda: nm.sample_network(pt.initialization("he", 3), 8, 2, biases=(1, 1, 1)), "biases"),
        (
            lambda: nm.sample_network(
                pt.initialization("he", 3), 8, 2, biases=pt.describe_initialization("flax_dense").biases(2)
            ),
            "those of 2 layers",
        ),
        (lambda: nm.sample_network(pt.initialization("he", 3), 8, 2, outputs=0), "outputs"),
        (lambda: nm.scaling_check(lambda width, rng: sampled((2, width, 1), (1, 1)), (8, 16)), "no biases here"),
    ],
)
def test_a_mistake_is_one_line(call, match):
    with pytest.raises(nm.InputError, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)

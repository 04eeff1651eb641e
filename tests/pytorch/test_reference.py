"""Reference modules: the networks that graphs stand for, their identities and conserved quantities."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

import numerics as nm
import phasetheory as pt

pytest.importorskip("torch")
reference = nm.pytorch.reference

Y = np.array([0.7, -0.5, 0.2, -0.6])


def scales(*exponents):
    return [pt.m ** -sp.Rational(b) for b in exponents]


def samples(*shape):
    """Random ones with a constant in their last coordinate, or first channel."""
    X = np.random.default_rng(0).standard_normal((4, *shape))
    X[..., -1] = 1.0
    return X


MLP = scales("1/2", 1, 1)
CASES = {
    "chain": (pt.fully_connected(MLP), samples(2), {}),
    "biases": (pt.fully_connected(MLP, biases=scales("1/2", "1/2", 0)), samples(2), {}),
    "layer norm": (pt.fully_connected(MLP, layer_norm=True), samples(3), {}),
    "batch norm": (pt.fully_connected(MLP, layer_norm=True), samples(3), {"normalisation": "batch"}),
    "embedding": (pt.fully_connected(MLP, embedding=8), np.array([0, 3, 1, 6]), {}),
    "outputs": (pt.fully_connected(MLP, outputs=3, alpha="sqrt(m)"), samples(2), {}),
    "flatten": (pt.convolutional(MLP), samples(2, 6), {}),
    "average": (pt.convolutional(MLP, kernel=9, stride=2, pooling="average"), samples(2, 5, 4), {}),
    "convolution with biases": (pt.convolutional(MLP, biases=scales(0, 0, 0)), samples(2, 6), {}),
    "recurrent": (pt.recurrent(*scales("1/2", "1/2", 1), steps=4), samples(4, 2), {}),
    "words": (pt.recurrent(*scales("1/2", "1/2", 1), steps=3, embedding=5), np.arange(12).reshape(4, 3) % 5, {}),
    "one matrix": (pt.residual(*scales("1/2", 1, 1), blocks=2), samples(2), {}),
    "two matrices": (pt.residual(*scales("1/2", "1/2", 1), sigma_V="1/sqrt(m)", blocks=2, multiplier="1/2"), samples(2), {}),
    "memory with biases": (pt.recurrent(*scales("1/2", "1/2", 1), steps=3, biases=scales("1/2", 0)), samples(3, 2), {}),
    "branches with biases": (pt.residual(*scales("1/2", 1, 1), blocks=2, biases=scales("1/2", 1, 0)), samples(2), {}),
    "two matrices with biases": (
        pt.residual(*scales(0, "1/2", 1), sigma_V="1/sqrt(m)", blocks=1, biases=scales("1/2", 1, 1, 0)), samples(2), {}),
    "attention with biases": (
        pt.attention(*scales("1/2", "1/2", "1/2", 1), multiplier="1/sqrt(m)", biases=scales(1, 1, 0)), samples(3, 2), {}),
    "output bias of layer norm": (pt.fully_connected(MLP, layer_norm=True, biases=(None, None, 1)), samples(3), {}),
    "attention": (pt.attention(*scales("1/2", "1/2", "1/2", 1), multiplier="1/sqrt(m)"), samples(3, 2), {}),
}  # fmt: skip


def drawn(case, width=16, **more):
    graph, X, options = CASES[case]
    return graph, X, reference(graph, width, X.shape[1:], **options, **more)


@pytest.mark.parametrize("case", CASES)
def test_products_with_the_gradient_lie_in_the_span_of_the_uses(case):
    """<W_l, df/dW_l> = sum over paths k f_path: whatever f_path is, a quantity that is conserved has sum_l q_l of these zero."""
    graph, X, network = drawn(case, centred=False)
    jacobian = network.jacobian(X)
    zeros = [np.zeros_like(w) for w in network.weights]
    along = {}
    for index, layer in enumerate(network.layers):
        along[layer] = jacobian.product([*zeros[:index], network.weights[index], *zeros[index + 1 :]])
    f = network(X).ravel()
    size = np.max(np.abs(f)) + 1e-300
    np.testing.assert_allclose(along["a"] + sum(v for k, v in along.items() if k == last_bias(graph)), f, rtol=1e-9)
    assert network.conserved
    for quantity in network.conserved:
        total = sum(q * along[layer] for layer, q in quantity.items())
        np.testing.assert_allclose(total / size, 0.0, atol=1e-12)


def last_bias(graph):
    return f"b{graph.architecture.parameters.get('depth', 'a')}"


def test_a_recurrent_memory_is_used_as_often_as_the_lag():
    """<W, df/dW> = sum_t (T - t) f_t, f_t the part of input t; with its relus held."""
    _, X, network = drawn("recurrent", centred=False)
    U, W, a = network.weights
    alive = []
    h = np.zeros((4, 16))
    for t in range(4):
        z = h @ W.T + X[:, t] @ U.T
        alive.append(z > 0)
        h = np.maximum(z, 0)
    expected = np.zeros(4)
    for t in range(4):
        part = np.where(alive[t], X[:, t] @ U.T, 0)
        for later in range(t + 1, 4):
            part = np.where(alive[later], part @ W.T, 0)
        expected += (3 - t) * (part @ a[0])
    found = network.jacobian(X).product([0 * U, W, 0 * a])
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_the_flow_fits_and_watches_what_is_conserved(case):
    graph, X, network = drawn(case)
    targets = np.outer(Y, [1.0, 0.5, -1.0]) if case == "outputs" else Y
    loss_tol = 0.5 * float(np.sum(targets**2)) / 8
    run = nm.gradient_flow(network, X, targets, loss_tol=loss_tol)
    assert set(run.relative_distance) == set(graph.layers)
    assert 0 < run.conserved_drift < 2e-2
    for layer, part in nm.layer_observables(run.network, run.initial).items():
        assert part.relative_distance == pytest.approx(run.relative_distance[layer])
        assert 0 < part.spectral_relative_distance < np.inf


def test_what_is_conserved_bounds_the_error_of_a_step():
    """Without it U is off by a tenth: the memory amplifies, and neurons cross kinks by the dozen."""
    graph, X = pt.recurrent(*scales("3/2", 0, "3/2"), steps=3), samples(3, 2)
    network = reference(graph, 32, (3, 2), rng=1)
    unwatched = dataclasses.replace(network, conserved=())
    usual, blind = (nm.gradient_flow(net, X, Y, loss_tol=0.1) for net in (network, unwatched))
    drifts = [balance(run) for run in (usual, blind)]
    assert drifts[0] == pytest.approx(usual.conserved_drift, rel=1e-9)
    assert np.isnan(blind.conserved_drift)
    assert drifts[0] < 0.2 * drifts[1]


def balance(run):
    """Change of |U|^2 - |a|^2, relative to |U|^2 + |a|^2 at the end."""
    now, then = (
        [np.sum(w**2) for w, name in zip(net.weights, net.layers, strict=True) if name != "W"]
        for net in (run.network, run.initial)
    )
    return abs((now[0] - now[1]) - (then[0] - then[1])) / (now[0] + now[1])


@pytest.mark.parametrize("case", ["recurrent", "one matrix", "flatten"])
def test_what_is_conserved_drifts_less_in_finer_runs(case):
    _, X, network = drawn(case)
    coarse, fine = (nm.gradient_flow(network, X, Y, loss_tol=7e-2, rtol=rtol) for rtol in (1e-2, 1e-3))
    assert fine.conserved_drift < 0.5 * coarse.conserved_drift
    for layer in network.layers:
        assert coarse.relative_distance[layer] == pytest.approx(fine.relative_distance[layer], rel=5e-2)


def test_scales_are_those_of_the_graph_at_the_width():
    graph, _, network = drawn("two matrices", width=400)
    for layer, w in zip(network.layers, network.weights, strict=True):
        sigma = float(graph.layers[layer].sigma.subs(pt.m, 400))
        assert np.std(w) == pytest.approx(sigma, rel=5 / np.sqrt(2 * w.size))


def test_a_chain_is_the_deep_engine_s():
    net = pt.Network(tuple(MLP), alpha="m^(1/4)")
    chain = reference(pt.Graph.of(net), 64, 2, rng=3, centred=False)
    deep = nm.sample_network(net, 64, 2, rng=3, centred=False)
    X = samples(2)
    np.testing.assert_allclose(chain(X + 1), deep(X + 1), rtol=1e-9, atol=1e-12)
    for mine, theirs in zip(chain.original_weights(), deep.original_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs[0], rtol=1e-12)


def test_learning_rates_of_the_graph_are_those_of_the_flow():
    plain, fast = (
        reference(pt.recurrent(*scales("1/2", "1/2", 1), steps=3, learning_rates=rates), 16, (3, 2))
        for rates in (None, {"W": 9})
    )
    X = samples(3, 2)
    kernels = [dict(zip(net.layers, net.jacobian(X).kernels(), strict=True)) for net in (plain, fast)]
    np.testing.assert_allclose(kernels[1]["W"], 9 * kernels[0]["W"])
    np.testing.assert_allclose(kernels[1]["U"], kernels[0]["U"])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: reference(pt.Network((1, 1)), 8, 2), "graph is of type Network; give a Graph"),
        (lambda: reference(CASES["chain"][0], 1, 2), "width = 1; give integers >= 2"),
        (lambda: reference(CASES["chain"][0], 8, (2, 3)), "inputs = (2, 3); give the shape of a sample, (d,)"),
        (lambda: reference(CASES["chain"][0], 8, ()), "give the 1 axes of a sample of d coordinates"),
        (lambda: reference(CASES["chain"][0], 8, 0), "inputs = 0; give positive integers"),
        (lambda: reference(CASES["recurrent"][0], 8, (3, 2)), "the graph has 4 steps, which come first"),
        (lambda: reference(CASES["flatten"][0], 8, (2, 8, 8)), "kernel = 3 in 2 dimensions; give an odd number"),
        (lambda: reference(CASES["chain"][0], 8, 2, normalisation="batch"), "normalisation = 'batch' for a graph without"),
        (lambda: reference(CASES["layer norm"][0], 8, 2, normalisation="group"), "normalisation = 'group'; use one of layer"),
        (
            lambda: reference(pt.Graph({"w": pt.Layer(1, 1, "m"), "a": pt.Layer(1, "m", 1)}, [pt.Path({"w": 1, "a": 1})]), 8, 2),
            "of the kind 'general', which says no architecture",
        ),
        (lambda: reference(CASES["chain"][0], 8, 2, rng=None), "rng = None"),
    ],
)  # fmt: skip
def test_refused_in_one_line(call, says):
    with pytest.raises(nm.InputError) as error:
        call()
    assert says in str(error.value)

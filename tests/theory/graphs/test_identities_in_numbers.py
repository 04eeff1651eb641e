"""The identities at random weights, relus and all, with no derivative but a complex step and a difference of two values."""

import numpy as np
import pytest

import phasetheory as pt

WIDTH, INPUTS = 8, 3
STEPS = {"complex": 1e-30, "difference": 1e-6}


def relu(z):
    return np.where(z.real > 0, z, 0)


def recurrent(weights, x):
    hidden = np.zeros(WIDTH)
    for entry in x:
        hidden = relu(weights["W"] @ hidden + weights["U"] @ entry)
    return weights["a"] @ hidden


def residual(weights, x):
    hidden = relu(weights["U"] @ x)
    for block in (1, 2):
        branch = relu(weights[f"W{block}"] @ hidden)
        hidden = hidden + 0.7 * (weights[f"V{block}"] @ branch if "V1" in weights else branch)
    return weights["a"] @ hidden


def biased(weights, x):
    hidden = relu(weights["W1"] @ x + weights["b1"])
    return weights["a"] @ relu(weights["W2"] @ hidden + weights["b2"])


def impulse(weights, x):
    return recurrent(weights, np.concatenate([x[:1], np.zeros((3, INPUTS))]))


NETWORKS = {
    "recurrent": (recurrent, pt.recurrent(1, 1, 1, steps=4), (4, INPUTS)),
    "impulse": (impulse, pt.recurrent(1, 1, 1, steps=4, lags=[3]), (1, INPUTS)),
    "residual": (residual, pt.residual(1, 1, 1, blocks=2), (INPUTS,)),
    "two matrices": (residual, pt.residual(1, 1, 1, blocks=2, sigma_V=1), (INPUTS,)),
    "biases": (biased, pt.fully_connected((1, 1, 1), biases=(1, 1)), (INPUTS,)),
}


def product(f, w, way):
    """<w, df/dw>: the derivative of f(s w) at s = 1."""
    h = STEPS[way]
    if way == "complex":
        return f((1 + 1j * h) * w).imag / h
    return (f((1 + h) * w) - f((1 - h) * w)) / (2 * h)


def draw(name, seed):
    forward, graph, shape = NETWORKS[name]
    rng = np.random.default_rng(seed)
    sides = (
        {"U": (WIDTH, INPUTS), "W1": (WIDTH, INPUTS), "a": (WIDTH,)}
        if name == "biases"
        else {"U": (WIDTH, INPUTS), "a": (WIDTH,)}
    )
    weights = {
        layer: rng.standard_normal(sides.get(layer, (WIDTH,) if layer.startswith("b") else (WIDTH, WIDTH)))
        for layer in graph.layers
    }
    return forward, graph, weights, rng.standard_normal(shape)


def products(forward, weights, x, way):
    return {
        layer: product(lambda w, layer=layer: forward(weights | {layer: w}, x), own, way)
        for layer, own in weights.items()
    }


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("way", STEPS)
@pytest.mark.parametrize("name", NETWORKS)
def test_conserved_quantities_are(name, way, seed):
    forward, graph, weights, x = draw(name, seed)
    found = products(forward, weights, x, way)
    size = max(map(abs, found.values()))
    assert size > 0.1  # some neurons are open
    for law in graph.conserved():
        assert abs(sum(float(q) * found[layer] for layer, q in law.coefficients.items())) < 1e-7 * size


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("way", STEPS)
def test_a_tied_weight_counts_its_uses(way, seed):
    forward, _, weights, x = draw("recurrent", seed)
    parts = [  # f is of degree 1 in its inputs, and what enters at step t passes W as often as there are steps behind it
        product(lambda entry, t=t: forward(weights, [*x[:t], entry, *x[t + 1 :]]), x[t], way) for t in range(len(x))
    ]
    found = products(forward, weights, x, way)
    whole = forward(weights, x)
    np.testing.assert_allclose([sum(parts), found["U"], found["a"]], [whole] * 3, rtol=1e-7)
    uses = range(len(x) - 1, -1, -1)
    np.testing.assert_allclose(found["W"], sum(k * part for k, part in zip(uses, parts, strict=True)), rtol=1e-6)

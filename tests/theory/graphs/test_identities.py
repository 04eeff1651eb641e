"""What the graphs stand on, proved on small networks in symbols: their paths, Euler's identity, conserved quantities."""

from dataclasses import replace
from itertools import count

import pytest
import sympy as sp

import phasetheory as pt

WIDTH = 2


def matrix(name, rows, columns):
    return sp.Matrix(rows, columns, lambda i, j: sp.Symbol(f"{name}_{i}{j}"))


class Gates:
    """relu on a fixed pattern: every neuron times a symbol of its own, its derivative."""

    def __init__(self):
        self.numbers = count()

    def __call__(self, z):
        return z.applyfunc(lambda entry: entry * sp.Symbol(f"g_{next(self.numbers)}"))


def recurrent(steps, biased=False):
    weights = {"U": matrix("U", WIDTH, 1), "W": matrix("W", WIDTH, WIDTH), "a": matrix("a", 1, WIDTH)}
    if biased:
        weights |= {"b": matrix("b", WIDTH, 1), "ba": matrix("ba", 1, 1)}
    relu, hidden = Gates(), sp.zeros(WIDTH, 1)
    for step in range(steps):
        hidden = relu(shifted(weights, "", weights["W"] * hidden + weights["U"] * sp.Symbol(f"x_{step}")))
    graph = pt.recurrent(1, 1, 1, steps=steps, biases=(1, 1) if biased else None)
    return weights, shifted(weights, "a", weights["a"] * hidden), graph


def shifted(weights, layer, z):
    return z + weights[f"b{layer}"] if f"b{layer}" in weights else z


def residual(blocks, matrices, biased=False):
    names = [f"{letter}{block}" for block in range(1, blocks + 1) for letter in "WV"[:matrices]]
    weights = {
        "U": matrix("U", WIDTH, 1),
        **{name: matrix(name, WIDTH, WIDTH) for name in names},
        "a": matrix("a", 1, WIDTH),
    }
    graph = pt.residual(
        *(1, 1, 1),
        blocks=blocks,
        sigma_V=1 if matrices == 2 else None,
        biases=(1,) * (matrices + 2) if biased else None,
    )
    weights |= {f"b{name}": matrix(f"b{name}", own.rows, 1) for name, own in weights.items() if biased}
    weights = {name: weights[name] for name in graph.layers}
    relu, c = Gates(), sp.Symbol("c")
    hidden = relu(shifted(weights, "U", weights["U"]))
    for block in range(1, blocks + 1):
        branch = relu(shifted(weights, f"W{block}", weights[f"W{block}"] * hidden))
        if matrices == 2:
            branch = shifted(weights, f"V{block}", weights[f"V{block}"] * branch)
        hidden = hidden + c * branch
    return weights, shifted(weights, "a", weights["a"] * hidden), graph


def biased(depth):
    graph = pt.fully_connected([1] * depth, biases=[1] * depth)
    weights, relu, hidden = {}, Gates(), sp.Matrix([sp.Symbol("x")])
    for number, name in enumerate([layer for layer in graph.layers if not layer.startswith("b")], start=1):
        rows = 1 if number == depth else WIDTH
        weights |= {name: matrix(name, rows, hidden.rows), f"b{number}": matrix(f"b{number}", rows, 1)}
        z = weights[name] * hidden + weights[f"b{number}"]
        hidden = z if number == depth else relu(z)
    return weights, hidden, graph


NETWORKS = {
    "recurrent": recurrent(3),
    "residual": residual(2, 1),
    "two matrices": residual(2, 2),
    "biased": biased(3),
    "recurrent, biased": recurrent(3, biased=True),
    "residual, biased": residual(2, 1, biased=True),
    "two matrices, biased": residual(1, 2, biased=True),
}


def product(weights, f):
    """<W, df/dW>, the pattern held."""
    return sp.expand(sum(entry * sp.diff(f, entry) for entry in weights))


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_paths_and_euler_path_by_path(listed, name):
    weights, (f,), graph = NETWORKS[name]
    scales = {layer: sp.Symbol(f"r_{layer}") for layer in weights}
    scaled = f.subs(
        {entry: entry * scales[layer] for layer, own in weights.items() for entry in own}, simultaneous=True
    )
    parts = sp.Poly(sp.expand(scaled), *scales.values()).as_dict()  # by how often they use the layers
    assert set(weights) == set(graph.layers)
    told = graph.paths.spanning() if isinstance(graph.paths, pt.Series) else [path.uses for path in graph.paths]
    assert {tuple(uses.get(layer, 0) for layer in weights) for uses in told} <= set(parts)
    assert len(parts) == len(listed(graph).paths if isinstance(graph.paths, pt.Series) else graph.paths)
    for place, (layer, own) in enumerate(weights.items()):
        assert product(own, f) == sp.expand(sum(uses[place] * part for uses, part in parts.items())), layer


@pytest.mark.parametrize("name", NETWORKS)
def test_conserved_quantities(name):
    weights, (f,), graph = NETWORKS[name]
    laws = graph.conserved()
    assert all(law.proved for law in laws)
    products = {layer: product(own, f) for layer, own in weights.items()}
    for law in laws:
        assert sp.expand(sum(q * products[layer] for layer, q in law.coefficients.items())) == 0
    # and there are no others: the rates of the layers span the rest
    rates = [sp.Poly(value, *f.free_symbols).as_dict() for value in products.values()]
    monomials = sorted(set().union(*rates))
    table = sp.Matrix([[rate.get(monomial, 0) for monomial in monomials] for rate in rates])
    assert len(laws) == len(weights) - table.rank()


@pytest.mark.slow
def test_normalised_layers_are_conserved_one_by_one():
    W, a = matrix("W", 3, 2), matrix("a", 1, 3)
    z = W * sp.Matrix(sp.symbols("x1:3"))
    centred = z - sp.ones(3, 1) * sum(z) / 3
    (f,) = a * Gates()(centred / sp.sqrt(centred.dot(centred) / 3))
    assert sp.simplify(sum(entry * sp.diff(f, entry) for entry in W)) == 0
    assert [dict(law.coefficients) for law in pt.fully_connected((1, 1), layer_norm=True).conserved()] == [{"w": 1}]


@pytest.mark.slow
def test_attention():
    Q, K, V, a = (matrix(name, 1 if name == "a" else 2, 2) for name in "QKVa")
    words = [sp.Matrix(sp.symbols(f"x{j}_1:3")) for j in (1, 2)]
    logits = [((Q * words[-1]).T * (K * word))[0] for word in words]
    weights = [sp.exp(logit) for logit in logits]
    (f,) = a * Gates()(V * (weights[0] * words[0] + weights[1] * words[1]) / sum(weights))
    difference = sum(entry * sp.diff(f, entry) for entry in Q) - sum(entry * sp.diff(f, entry) for entry in K)
    assert sp.simplify(difference) == 0
    assert (
        sp.simplify(sum(entry * sp.diff(f, entry) for entry in V) - sum(entry * sp.diff(f, entry) for entry in a)) == 0
    )
    assert {str(law) for law in pt.attention(1, 1, 1, 1).conserved()} == {"|V|² - |a|²", "|Q|² - |K|²"}


@pytest.mark.parametrize(
    ("graph", "laws"),
    [
        (pt.Graph.of(pt.Network((1,) * 4)), ["|W1|² - |W2|²", "|W2|² - |W3|²", "|W3|² - |a|²"]),
        (pt.recurrent(1, 1, 1, steps=4, lags=[3]), ["3|U|² - |W|²", "|U|² - |a|²"]),
        (pt.residual(1, 1, 1, blocks=2, sigma_V=1), ["|U|² - |a|²", "|W1|² - |V1|²", "|W2|² - |V2|²"]),
        (pt.fully_connected((1,) * 3, biases=(1,) * 3), ["|W1|² + |b1|² - |W2|²", "|W2|² + |b2|² - |a|²"]),
        (pt.recurrent(1, 1, 1, steps=3, biases=(1, 1)), ["|U|² + |b|² - |a|²"]),
        (
            pt.residual(1, 1, 1, blocks=1, sigma_V=1, biases=(1, 1, 1, 1)),
            ["|U|² + |bU|² + |bW1|² + |bV1|² - |a|²", "|W1|² + |bW1|² - |V1|²"],
        ),
        (pt.residual(1, 1, 1, blocks=1, biases=(1, 1)), ["|U|² + |bU|² + |bW1|² - |a|²"]),
        (pt.attention(1, 1, 1, 1, biases=(1, 1, 1)), ["|Q|² + |bQ|² - |K|²", "|V|² + |bV|² - |a|²"]),
    ],
)
def test_named_laws(graph, laws):
    assert sorted(map(str, graph.conserved())) == sorted(laws)


@pytest.mark.parametrize("sigma_V", [None, "m^(-1/2)"])
def test_a_multiplier_of_branches_is_of_their_biases_too_and_can_be_absorbed(sigma_V):
    """In c (V relu(W h + b) + b') or c relu(W h + b) the last matrix and its bias may be c times as large, at c^2 the rates."""
    last = "W" if sigma_V is None else "V"
    biases = ["1/m", "m^(1/4)", *([] if sigma_V is None else ["m^(-1/4)"]), "1/m"]
    made = pt.residual("1/m", "m^(1/4)", "1/m", sigma_V=sigma_V, blocks=3, multiplier="1/sqrt(m)", biases=biases)
    absorbed = [f"{prefix}{last}{block}" for prefix in ("", "b") for block in (1, 2, 3)]
    plain = pt.residual("1/m", "m^(1/4)", "1/m", sigma_V=sigma_V, blocks=3, biases=biases)
    scaled = {name: plain.layers[name].sigma / sp.sqrt(pt.m) for name in absorbed}
    rates = {name: 1 / pt.m for name in absorbed}
    layers = {k: replace(layer, learning_rate=rates.get(k, 1)) for k, layer in plain.replace(scaled).layers.items()}
    assert made.slopes() == replace(plain, layers=layers).slopes()

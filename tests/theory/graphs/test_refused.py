"""Graphs that are refused, with the reason."""

import pytest
import sympy as sp

import phasetheory as pt

W, A = pt.Layer(1, 1, "m"), pt.Layer(1, "m", 1)
LAYERS = {"w": W, "a": A}
PATH = pt.Path({"w": 1, "a": 1})

REFUSED = {
    "layer on no path": (lambda: pt.Graph({**LAYERS, "b": W}, [PATH]), "layer 'b' is on no path, so it never moves"),
    "layer on a path of another target": (
        lambda: pt.Graph({**LAYERS, "b": W}, [PATH, pt.Path({"b": 1}, targets=["x"])]),
        "layer 'b' is on no path",
    ),
    "unknown layer": (lambda: pt.Graph(LAYERS, [pt.Path({"w": 1, "c": 1})]), "a path uses 'c', which is no layer"),
    "unknown layer in a cap": (
        lambda: pt.Graph(LAYERS, [pt.Path(PATH.uses, caps=[pt.Cap([pt.Path({"c": 1})])])]),
        "a path uses 'c', which is no layer",
    ),
    "no path": (lambda: pt.Graph(LAYERS, []), "give at least one Path"),
    "no layer": (lambda: pt.Graph({"w": 3}, [PATH]), "give a Layer for every name"),
    "used zero times": (lambda: pt.Path({"w": 0}), "uses of w = 0; give an integer of at least 1"),
    "used half": (lambda: pt.Path({"w": 0.5}), "uses of w = 0.5; give an integer"),
    "path of nothing": (lambda: pt.Path({}), "give how often the path uses each layer"),
    "multiplier": (lambda: pt.Path({"w": 1}, 0), "multiplier = 0 is not positive"),
    "degree 2": (lambda: pt.Layer(1, 1, "m", degree=2), "degree = 2; give 1, or 0 directly before a normalisation"),
    "gates": (lambda: pt.Layer(1, 1, "m", degree=2), "gates, which multiply two signals"),
    "outer": (lambda: pt.Layer(1, 1, "m", outer="m"), "outer = 'm'; use 'fan_in' or 'fan_out'"),
    "zero before a normalisation": (lambda: pt.Layer(0, 1, "m", degree=0), "0 has no direction"),
    "negative scale": (lambda: pt.Layer(-1, 1, "m"), "sigma = -1 is not positive"),
    "degree of relu squared": (
        lambda: pt.Graph.of(pt.Network((1, 1), activation=pt.relu_power(2))),
        "graphs are made for degree 1 only and relu_power has degree 2",
    ),
    "two targets of a series": (
        lambda: pt.Graph(LAYERS, pt.Series("w", "a"), targets=["x", "y"]),
        "a Series without a Bias has one kind; list its paths",
    ),
    "target of no path": (
        lambda: pt.Graph(LAYERS, [pt.Path(PATH.uses, targets=["x"])], targets=["x", "y"]),
        "no path contributes to the target 'y'",
    ),
    "empty parallel": (lambda: pt.Parallel(), "give at least one, Series() for a skip"),
    "part": (lambda: pt.Series(3), "part = 3; give names of layers"),
    "empty cap": (lambda: pt.Cap([]), "give at least one Path"),
    "no step": (lambda: pt.recurrent(1, 1, 1, steps=0), "steps = 0; give an integer from 1 to 1000"),
    "one step": (lambda: pt.recurrent(1, 1, 1, steps=1), "W is on no path; give a lag above 0"),
    "steps": (lambda: pt.recurrent(1, 1, 1, steps=2.5), "steps = 2.5; give an integer"),
    "lags": (lambda: pt.recurrent(1, 1, 1, steps=3, lags=[3]), "lags = [3]; give some of the lags 0, 1, 2"),
    "informed": (
        lambda: pt.recurrent(1, 1, 1, steps=3, lags=[2], informed=[0]),
        "informed = [0]; give some of the lags 2",
    ),
    "no block": (lambda: pt.residual(1, 1, 1, blocks=0), "blocks = 0; give an integer from 1"),
    "scales per block": (lambda: pt.residual(1, [1, 1], 1, blocks=3), "one per block, 3 in all"),
    "branch at zero": (lambda: pt.residual(1, 0, 1, blocks=1), "sigma_W = 0: its neurons stand on the kink"),
    "hidden layer at zero": (lambda: pt.fully_connected((1, 0, 1)), "sigma_2 = 0: its neurons stand on the kink"),
    "two zeros": (
        lambda: pt.recurrent(1, 0, 0, steps=2, lags=[1]).slopes(),
        "sigma_W = sigma_a = 0: every path through one of them has two zeros, so they never move",
    ),
    "zeros that only the output's bias gets past": (
        lambda: pt.Graph(
            {**LAYERS, "v": pt.Layer(0, "m", "m"), "a": pt.Layer(0, "m", 1), "c": pt.Layer(1, 1, 1)},
            pt.Series("w", "v", "a", pt.Bias("c", relu=False)),
        ).slopes(),
        "sigma_a = sigma_v = 0: every path through one of them has two zeros, so they never move",
    ),
    "bias of what is normalised": (
        lambda: pt.Graph({**LAYERS, "b": pt.Layer(1, 1, "m", degree=0)}, pt.Series("w", pt.Bias("b"), "a")),
        "the bias 'b' has degree 0",
    ),
    "kinds of targets with a bias": (
        lambda: pt.Graph({**LAYERS, "b": W}, pt.Series("w", pt.Bias("b"), "a"), targets=["x"]),
        "with a Bias give 'input', 'constant' or both",
    ),
    "a bias that its target does not see": (
        lambda: pt.fully_connected((1, 1), biases=(1, 1), targets=["input"]),
        "layer 'b2' is on no path",
    ),
    "name of a bias": (lambda: pt.Bias(3), "layer = 3; give the name of a layer"),
    "relu of a bias": (lambda: pt.Bias("b", relu=1), "relu = 1; give True or False"),
    "biases of a memory": (
        lambda: pt.recurrent(1, 1, 1, steps=2, biases=(1, 1, 1)),
        "biases = (1, 1, 1); give the scale of the hidden units', and another one if the output has a bias",
    ),
    "biases of blocks": (
        lambda: pt.residual(1, 1, 1, blocks=2, biases=(1,)),
        "biases = [1]; give the scales of bU, bW, and another one",
    ),
    "biases of some blocks": (
        lambda: pt.residual(1, 1, 1, blocks=2, biases=(1, [1, 1, 1])),
        "biases = [1, 1, 1]; give one scale for all blocks, or one per block",
    ),
    "biases of attention": (lambda: pt.attention(1, 1, 1, 1, biases=(1,)), "give the scales of bV and bQ"),
    "one layer": (lambda: pt.convolutional([1]), "sigmas = [1]; give one scale per layer"),
    "pooling": (lambda: pt.convolutional([1, 1], pooling="max"), "pooling = 'max'; use one of flatten, average"),
    "biases": (lambda: pt.fully_connected((1, 1), biases=(1, 1, 1)), "give one scale per hidden layer"),
    "targets without biases": (
        lambda: pt.fully_connected((1, 1), targets=["constant"]),
        "without biases there is one kind",
    ),
    "targets": (lambda: pt.fully_connected((1, 1), biases=[1], targets=["x"]), "give 'input', 'constant' or both"),
    "biases of normalised layers": (
        lambda: pt.fully_connected((1, 1), biases=[1], layer_norm=True),
        "give None for hidden layers, so that the output alone has a bias",
    ),
    "layer_norm": (lambda: pt.fully_connected((1, 1), layer_norm=1), "layer_norm = 1; give True or False"),
    "learning rates": (
        lambda: pt.fully_connected((1, 1), learning_rates={"b": 1}),
        "a mapping from layers to rates, of w, a",
    ),
    "sigmas": (lambda: pt.recurrent(1, 1, 1, steps=2).replace(sigmas={"V": 1}), "sigmas has 'V', which is no layer"),
    "free symbols": (
        lambda: pt.recurrent(pt.m ** sp.Symbol("x"), 1, 1, steps=2).slopes(),
        "exponent x + 1/2 has free symbols",
    ),
    "norm": (lambda: pt.recurrent(1, 1, 1, steps=2).slopes("nuclear"), "norm = 'nuclear'"),
    "nothing grows": (
        lambda: pt.Graph({"w": pt.Layer(1, 1, "m", degree=0)}, [pt.Path({"w": 1})], "m").slopes(),
        "the target is never reached",
    ),
    "optimizer": (
        lambda: pt.statements(pt.recurrent(1, 1, 1, steps=2), optimizer="adam"),
        "graphs are worked out under gradient flow only",
    ),
    "a network": (lambda: pt.Graph.of(3), "network = 3 is not a network"),
    "no paths to conserve": (
        lambda: pt.conserved_quantities(["w"], []),
        "uses = []; give names, and at least one path",
    ),
    "paths to conserve": (lambda: pt.conserved_quantities(["w"], 3), "uses = 3; give names, and at least one path"),
    "replace": (
        lambda: pt.recurrent(1, 1, 1, steps=2).replace(sigmas=3),
        "sigmas = 3; give a mapping from layers to scales",
    ),
    "parameters": (lambda: pt.Architecture("chain", 3), "parameters = 3; give a mapping"),
    "zeros of attention": (
        lambda: pt.attention(1, 0, 0, 1).slopes(),
        "sigma_Q = sigma_K = 0: every path through one of them has two zeros",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    call, reason = REFUSED[case]
    with pytest.raises(pt.TheoryError) as caught:
        call()
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)

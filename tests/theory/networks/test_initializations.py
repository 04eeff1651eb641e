"""The catalogue: variances against sampling, any depth, and what it prints."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.documents.summary import describe
from phasetheory.networks.catalogue import CATALOGUE

HALF = sp.Rational(1, 2)
DEEP = [name for name in CATALOGUE if name not in ("mean_field", "e_et_al")]


def deviations(name, depth, width, dimension):
    return [float(s.subs({pt.m: width, pt.d: dimension})) for s in pt.initialization(name, depth).sigmas]


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("pytorch_linear", lambda fan_in, fan_out: fan_in**-0.5),
        ("keras_dense", lambda fan_in, fan_out: (6 / (fan_in + fan_out)) ** 0.5),
    ],
)
def test_uniform_laws_have_the_right_variance(name, limit):
    """Draw what the frameworks draw; their limits are those of their documentation."""
    rng, widths = np.random.default_rng(0), [7, 300, 300, 1]
    for (fan_in, fan_out), deviation in zip(pairwise(widths), deviations(name, 3, 300, 7), strict=True):
        bound = limit(fan_in, fan_out)
        assert rng.uniform(-bound, bound, 200_000).std() == pytest.approx(deviation, rel=0.01)


def test_framework_defaults_are_the_schemes_they_are_named_after():
    for depth in (2, 4):
        assert pt.initialization("keras_dense", depth).sigmas == pt.initialization("xavier", depth).sigmas
        assert pt.initialization("flax_dense", depth).sigmas == pt.initialization("lecun", depth).sigmas
        ratios = zip(
            pt.initialization("pytorch_linear", depth).sigmas, pt.initialization("he", depth).sigmas, strict=True
        )
        assert {sp.simplify(p / h) for p, h in ratios} == {1 / sp.sqrt(6)}


@pytest.mark.parametrize("depth", [2, 3])
def test_biases_are_those_that_frameworks_have_by_default(depth):
    """PyTorch: uniform on (-1, 1)/sqrt(fan_in) in every layer; Keras, Flax: zeros; the other sources have none."""
    fans = [pt.d, *[pt.m] * (depth - 1)]
    for name in CATALOGUE:
        biases = pt.describe_initialization(name).biases(depth)
        if name == "pytorch_linear":
            assert biases == pt.Biases(biases.sigmas, "uniform")
            assert [sp.simplify(s * sp.sqrt(3 * fan)) for s, fan in zip(biases.sigmas, fans, strict=True)] == [
                1
            ] * depth
        elif name in ("keras_dense", "flax_dense"):
            assert biases.sigmas == (0,) * depth
        else:
            assert biases is None
    with pytest.raises(pt.TheoryError, match="depth"):
        pt.describe_initialization("pytorch_linear").biases(1)


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("name", ["pytorch_linear", "keras_dense", "flax_dense"])
def test_hidden_signals_are_not_small_so_that_later_biases_change_nothing(name, depth):
    """|h_l| ~ prod_{j<=l} sigma_j sqrt(m): the exponent the statement about biases rests on."""
    powers = pt.initialization(name, depth).exponents.sigmas
    sizes = [sum(powers[:layer]) + HALF * layer for layer in range(1, depth)]
    assert min(sizes) >= 0


@pytest.mark.parametrize("name", DEEP)
def test_every_scheme_of_any_depth_scales_as_at_depth_two_says(name):
    for depth in (2, 3, 6):
        net = pt.initialization(name, depth)
        assert net.depth == depth
        assert name in pt.initializations(depth)


@pytest.mark.parametrize(("name", "hint"), [("mean_field", "use 'mup'"), ("e_et_al", "two layers")])
def test_two_layer_schemes_say_what_to_use_deeper(name, hint):
    assert name not in pt.initializations(3)
    with pytest.raises(pt.TheoryError, match=hint):
        pt.initialization(name, depth=3)


@pytest.mark.parametrize("depth", [1, 0, 2.0, "2"])
def test_depth_is_an_integer_from_two(depth):
    with pytest.raises(pt.TheoryError, match="at least two layers"):
        pt.initialization("he", depth=depth)


def test_exponents_of_deep_schemes():
    slopes = {name: tuple(pt.initialization(name, 3).slopes("spectral").values()) for name in ("mup", "ntk", "he")}
    assert slopes["mup"] == (0, 0, 0)
    assert slopes["ntk"] == (-HALF, -HALF, -HALF)
    assert max(slopes["he"]) < 0


def test_the_lazy_line_starts_at_the_critical_point_and_goes_lazy():
    net = pt.initialization("centred_lazy", 4)
    (g,) = net.gamma.free_symbols
    for value in (HALF, 2):
        at = pt.Network([s.subs(g, value) for s in net.sigmas], alpha=net.alpha.subs(g, value))
        assert set(at.slopes("spectral").values()) == {-value}
    assert net.exponents.alpha.subs(g, 0) == pt.critical_point(4).network().exponents.alpha


@pytest.mark.parametrize("name", CATALOGUE)
def test_descriptions_carry_scales_exponents_regime_and_source(name):
    entry = pt.describe_initialization(name)
    text = describe(name)
    for part in (entry.title, entry.scheme.source, entry.scheme.law, entry.scheme.bias, "σ_w =", "α =", "η =", "S ="):
        assert part in text
    assert ("[proved]" in text) == (name in ("lecun", "he", "ntk", "pytorch_linear", "flax_dense"))
    if entry.exists_at(3):
        assert "spectral norm" in describe(name, depth=3) or entry.network(3).gamma.free_symbols


def test_a_line_of_any_depth_is_stated_with_its_slopes():
    for depth in (2, 4):
        text = " ".join(str(s) for s in pt.statements(pt.initialization("centred_lazy", depth)))
        assert "= -g" in text
        assert "derived" in text
    x, y, z = sp.symbols("x y z", real=True)
    plane = pt.slopes_on_slice(pt.Network((1, 1, pt.m**x), alpha=pt.m**y))
    at = {x: sp.Rational(-1, 3), y: sp.Rational(5, 2)}
    exact = pt.Network((1, 1, pt.m ** at[x]), alpha=pt.m ** at[y]).slopes()
    assert {layer: slope.subs(at) for layer, slope in plane.items()} == exact
    with pytest.raises(pt.TheoryError, match="a line has one free symbol, a plane two"):
        pt.slopes_on_slice(pt.Network((1, pt.m**z, pt.m**x), alpha=pt.m**y))

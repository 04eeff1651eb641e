"""The named initialisations: what each writes for its standard deviations and output scale, at any depth it is made for.

Two-layer entries of [L21] table 1 (arXiv 2007.07497) come out exactly, with its m + 1 and m + d. fan_in and fan_out are the
widths on either side of a layer: d, m, ..., m, 1; d counts the constant input that carries the bias of the first layer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp

from phasetheory.networks.critical import critical_point
from phasetheory.networks.network import Network, layer_fans, two_layer
from phasetheory.scaling.optimizers import Optimizer
from phasetheory.symbols.expressions import m

__all__ = ["CATALOGUE", "Biases", "Scheme"]


@dataclass(frozen=True)
class Biases:
    """Biases in every layer as a framework draws them; :func:`numerics.sample_network` takes them.

    Attributes
    ----------
    sigmas : tuple of Expr
        Standard deviations, input to output, in m and d; 0 for one that starts at zero. With a bias in the first layer d counts
        the inputs without a constant.
    law : str
        'uniform' or 'normal'; of biases that start at zero it says nothing, and is 'normal'.
    """

    sigmas: tuple[sp.Expr, ...]
    law: str


@dataclass(frozen=True)
class Scheme:
    """How a named initialisation scales a network of a given depth, in the words and formulas of its source.

    Attributes
    ----------
    title, source : str
    law : str
        What is drawn.
    bias : str
        What its biases change.
    build : callable
        Depth and optimiser to Network: muP is another network to another optimiser.
    two_layers_only : str
        Why it is no scheme for deeper networks and what to use there; empty if it is one.
    biases : callable, optional
        Depth to the biases that its framework has by default in every layer; None where the source has none.
    """

    title: str
    source: str
    law: str
    bias: str
    build: Callable[[int, Optimizer], Network]
    two_layers_only: str = ""
    biases: Callable[[int], Biases] | None = None


_NO_BIAS = "none beyond the constant input."
_LATER_BIAS = (
    "A bias further on is one more input of size 1 beside the |h| >= O(1) of its layer, and an output bias takes up a "
    "constant in y: neither changes an exponent (derived)."
)
_ZERO_BIAS = "starts at 0. In the first layer: one column of d, which changes no exponent. " + _LATER_BIAS

_any = sp.Symbol("g", real=True)
_lazy = sp.Symbol("g", positive=True)


def _by_variance(variance: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> Callable[[int, Optimizer], Network]:
    """A scheme that gives each layer the variance of its fans."""
    return lambda depth, _: Network(sigmas=tuple(sp.sqrt(variance(*fans)) for fans in layer_fans(depth)))


def _uniform_variance(limit: sp.Expr) -> sp.Expr:
    """Variance of the uniform law on (-limit, limit)."""
    x = sp.Symbol("x", real=True)
    return sp.integrate(x**2, (x, -limit, limit)) / (2 * limit)


def _zero_biases(depth: int) -> Biases:
    return Biases((sp.Integer(0),) * depth, "normal")


def _biases_of_weights(depth: int) -> Biases:
    """Uniform on (-1, 1)/sqrt(fan_in), as the weights of the layer."""
    variances = (_uniform_variance(1 / sp.sqrt(fan_in)) for fan_in, _ in layer_fans(depth))
    return Biases(tuple(map(sp.sqrt, variances)), "uniform")


def _tangent_kernel(depth: int, _: Optimizer) -> Network:
    # 1/sqrt(m) after every hidden layer: degree 1 collects the factors in front of the output
    return Network(sigmas=(1,) * depth, alpha=m ** sp.Rational(depth - 1, 2))


def _centred_lazy(depth: int, optimizer: Optimizer) -> Network:
    base = critical_point(depth, optimizer=optimizer).network()
    return Network(base.sigmas, alpha=m ** (base.exponents.alpha - _lazy))


CATALOGUE: Mapping[str, Scheme] = {
    "lecun": Scheme(
        "LeCun",
        "LeCun, Bottou, Orr, Mueller 1998, Efficient BackProp",
        "variance 1/fan_in",
        _NO_BIAS,
        _by_variance(lambda fan_in, fan_out: 1 / fan_in),
    ),
    "he": Scheme(
        "He",
        "He, Zhang, Ren, Sun 2015, arXiv 1502.01852",
        "variance 2/fan_in",
        _NO_BIAS,
        _by_variance(lambda fan_in, fan_out: 2 / fan_in),
    ),
    "xavier": Scheme(
        "Xavier",
        "Glorot, Bengio 2010, AISTATS",
        "variance 2/(fan_in + fan_out)",
        _NO_BIAS,
        _by_variance(lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    ),
    "ntk": Scheme(
        "NTK",
        "Jacot, Gabriel, Hongler 2018, arXiv 1806.07572",
        "standard normal weights, 1/sqrt(m) after every hidden layer",
        _NO_BIAS,
        _tangent_kernel,
    ),
    "mean_field": Scheme(
        "Mean field",
        "Mei, Montanari, Nguyen 2018, arXiv 1804.06561",
        "standard normal weights, output over m",
        _NO_BIAS,
        lambda depth, _: two_layer(m, beta1=1, beta2=1),
        two_layers_only="it averages over the neurons of one hidden layer; use 'mup', which is the same point at depth 2",
    ),
    "mup": Scheme(
        "muP",
        "Yang, Hu 2021, arXiv 2011.14522; here solved for by critical_point(depth), all learning rates 1",
        "standard normal weights, output over m^(L/2); for Adam hidden weights sqrt(m) times as large, output over m^(L-1); the "
        "published multipliers and rates are an equivalent form",
        _NO_BIAS,
        lambda depth, optimizer: critical_point(depth, optimizer=optimizer).network(),
    ),
    "centred_lazy": Scheme(
        "Centred lazy",
        "Chizat, Oyallon, Bach 2019, arXiv 1812.07956: model m^g (h(theta) - h(theta_0)), h at the critical point",
        "standard normal weights, output over m^(L/2 - g), the output at the start subtracted; for Adam the weights of its muP",
        _NO_BIAS,
        _centred_lazy,
    ),
    "e_et_al": Scheme(
        "E et al.",
        "E, Ma, Wu 2020, arXiv 1904.04326",
        "output weights of any size beta1 = m^-g: the line gamma = gamma' = g",
        _NO_BIAS,
        lambda depth, _: two_layer(1, beta1=m**-_any, beta2=1),
        two_layers_only="its source treats two layers; give a Network with the scales you mean",
    ),
    "pytorch_linear": Scheme(
        "PyTorch Linear",
        "PyTorch nn.Linear.reset_parameters: kaiming_uniform_ with a = sqrt(5)",
        "uniform on (-1, 1)/sqrt(fan_in), variance 1/(3 fan_in)",
        "drawn by the law of the weights of its layer, so the constant input is an input like the others (PyTorch's own fan_in "
        "does not count it: a constant factor). " + _LATER_BIAS,
        _by_variance(lambda fan_in, fan_out: _uniform_variance(1 / sp.sqrt(fan_in))),
        biases=_biases_of_weights,
    ),
    "keras_dense": Scheme(
        "Keras Dense",
        "Keras Dense: kernel_initializer glorot_uniform",
        "uniform on (-1, 1) sqrt(6/(fan_in + fan_out)), variance 2/(fan_in + fan_out)",
        _ZERO_BIAS,
        _by_variance(lambda fan_in, fan_out: _uniform_variance(sp.sqrt(6 / (fan_in + fan_out)))),
        biases=_zero_biases,
    ),
    "flax_dense": Scheme(
        "Flax Dense",
        "Flax linen Dense: kernel_init lecun_normal",
        "normal truncated at two standard deviations and rescaled, variance 1/fan_in",
        _ZERO_BIAS,
        _by_variance(lambda fan_in, fan_out: 1 / fan_in),
        biases=_zero_biases,
    ),
}

"""From a network of the theory, whose scales are functions of the width, to a sampled one of a given width."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.arrays import whole_number
from numerics.errors import InputError, check_type
from numerics.networks.activation import PointwiseActivation, is_homogeneous
from numerics.networks.deep import DeepNetwork
from numerics.networks.strengths import Strengths
from numerics.networks.two_layer import WIDEST, TwoLayer, checked_inputs

__all__ = [
    "check_width",
    "count_at",
    "draw",
    "draw_of_capacity",
    "number_at",
    "output_scale_at",
    "sample_network",
    "scales_at",
    "strengths_at",
    "trained_activation",
]

_AT_MOST = f" and <= {WIDEST:_}"


def scales_at(network: pt.Network, width: int, inputs: int) -> tuple[tuple[float, ...], float, tuple[float, ...]]:
    """Standard deviations, output scale and learning rates of a network in numbers.

    Parameters
    ----------
    network : phasetheory.Network
    width : int
        Value of m.
    inputs : int
        Value of d.
    """
    check_type(network, "network", pt.Network)
    _refuse_zero_layer(network)
    check_width(width, even=False)
    return _scales_in_numbers(network, sp.Integer(width), checked_inputs(inputs))


def strengths_at(network: pt.Network, width: float, inputs: int) -> Strengths:
    """Strengths of the layers of a network at a width, which may be one that nobody can train."""
    _refuse_zero_layer(network)
    sigmas, alpha, rates = _scales_in_numbers(network, sp.Float(width), inputs)
    roots = [math.sqrt(rate) for rate in rates]
    absorbed = [sigma / root for sigma, root in zip(sigmas, roots, strict=True)]
    return Strengths.of(absorbed, alpha / math.prod(roots), width=width, inputs=inputs)


def _scales_in_numbers(
    network: pt.Network, width: sp.Expr, inputs: int
) -> tuple[tuple[float, ...], float, tuple[float, ...]]:
    values = {pt.m: width, pt.d: sp.Integer(inputs)}
    scales = (*network.sigmas, network.alpha, *network.learning_rates)
    extra = set().union(*(scale.free_symbols for scale in scales)) - set(values)
    if extra:
        raise InputError(f"the network has free symbols {', '.join(sorted(map(str, extra)))}; give them numbers")
    depth = network.depth
    names = [*(f"sigma_{layer}" for layer in network.layers), "alpha", *(f"eta_{layer}" for layer in network.layers)]
    numbers = [number_at(scale, name, values) for name, scale in zip(names, scales, strict=True)]
    return tuple(numbers[:depth]), numbers[depth], tuple(numbers[depth + 1 :])


def number_at(scale: sp.Expr, name: str, values: Mapping[sp.Symbol, sp.Expr], *, zero: bool = False) -> float:
    """A scale in numbers; it is positive at large width, but need not be here. ``zero``: whether it may be that."""
    number = sp.N(scale.subs(values))
    found = float(number) if number.is_real and number.is_finite else float("nan")
    if not (0 < found < math.inf or (zero and found == 0)):
        width = float(values[pt.m])
        raise InputError(
            f"{name} = {scale} is {sp.N(number, 3)} at width {width:g}, not a positive number; give another width or scale"
        )
    return found


def count_at(scale: Any, name: str, values: Mapping[sp.Symbol, sp.Expr]) -> int:
    """A number of outputs or words, which may grow with the width, rounded."""
    wanted = "give a number that is at least 1 at this width"
    return whole_number(round(number_at(pt.parse_scale(str(scale)), name, values)), name, 1, wanted)


def output_scale_at(graph: pt.Graph, values: Mapping[sp.Symbol, sp.Expr]) -> float:
    """What the output of a graph is divided by: its alpha counts the size of all targets, each of order one."""
    outputs = count_at(graph.architecture.parameters.get("outputs", 1), "outputs", values)
    return number_at(graph.alpha, "alpha", values) / math.sqrt(outputs)


def sample_network(
    network: pt.Network,
    width: int,
    inputs: int,
    *,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    centred: bool = True,
    antisymmetric: bool = False,
    activation: str | float | PointwiseActivation | None = None,
    biases: pt.Biases | None = None,
    outputs: int = 1,
) -> DeepNetwork:
    """Draw a network of the theory at one width, all hidden layers alike.

    Parameters
    ----------
    network : phasetheory.Network
        Without free symbols besides the width and the input dimension.
    width : int
        Neurons of every hidden layer.
    inputs : int
        Inputs d, the constant included, or with ``biases`` without it.
    rng, centred, antisymmetric
        See :meth:`numerics.DeepNetwork.sample`.
    activation : optional
        Instead of that of ``network``, for instance ``'tanh'``.
    biases : phasetheory.Biases, optional
        Those of a framework are ``pt.describe_initialization("pytorch_linear").biases(depth)``. By default there are none: a
        constant input is the bias of the first layer.
    outputs : int
        Number of outputs k.

    Examples
    --------
    >>> sample_network(pt.initialization("he", depth=3), width=64, inputs=2).widths
    (2, 64, 64, 1)
    >>> defaults = pt.describe_initialization("keras_dense")
    >>> sample_network(defaults.network(3), 64, 1, biases=defaults.biases(3)).layers
    ('W1', 'b1', 'W2', 'b2', 'a', 'b3')
    """
    sigmas, alpha, rates = scales_at(network, width, inputs)
    outputs = whole_number(outputs, "outputs", 1, "give an integer >= 1", most=WIDEST)
    width, inputs = int(width), int(inputs)
    if biases is not None:
        check_type(biases, "biases", pt.Biases)
        if len(biases.sigmas) != network.depth:
            raise InputError(
                f"biases are those of {len(biases.sigmas)} layers, the network has {network.depth}; they must agree"
            )
    spreads = None if biases is None else [float(s.subs({pt.m: width, pt.d: inputs})) for s in biases.sigmas]
    return DeepNetwork.sample(
        (inputs, *[width] * (network.depth - 1), outputs),
        sigmas,
        alpha=alpha,
        learning_rates=rates,
        rng=rng,
        centred=centred,
        antisymmetric=antisymmetric,
        activation=trained_activation(network.activation) if activation is None else activation,
        biases=spreads,
        bias_law="normal" if biases is None else biases.law,
    )


def draw(
    network: pt.Network,
    width: int,
    inputs: int,
    *,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    activation: str | float | PointwiseActivation | None = None,
) -> TwoLayer | DeepNetwork:
    """Draw a network of the theory as the experiments start it, with f = 0: of two layers antisymmetric, else centred.

    Two layers with a kink at most are a :class:`TwoLayer`, the engine that is exact through kinks; parameters as for
    :func:`sample_network`, an even width for two layers.

    Examples
    --------
    >>> draw(pt.initialization("ntk"), 64, 2).shape, draw(pt.initialization("ntk", depth=3), 64, 2).shape
    ('m = 64', '2-64-64-1')
    """
    check_width(width, even=network.depth == 2)
    _refuse_zero_layer(network)
    chosen = trained_activation(network.activation) if activation is None else activation
    if network.depth > 2 or not is_homogeneous(chosen):
        return sample_network(network, width, inputs, rng=rng, activation=chosen)
    kappa, kappa_prime = (_power_of_width(scale, width, inputs) for scale in (network.kappa, network.kappa_prime))
    return TwoLayer.draw(width, kappa, kappa_prime, inputs, rng=rng, activation=chosen)


def draw_of_capacity(
    capacity: float,
    kappa_prime: float,
    width: int,
    inputs: int,
    *,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    antisymmetric: bool = True,
    activation: str | float | PointwiseActivation = "relu",
) -> TwoLayer:
    """Draw two layers of a capacity P = m kappa; the rest as for :meth:`numerics.TwoLayer.draw`."""
    return TwoLayer.draw(
        width, capacity / width, kappa_prime, inputs, rng=rng, antisymmetric=antisymmetric, activation=activation
    )


def _refuse_zero_layer(network: pt.Network) -> None:
    if network.zero_layer is not None:
        raise InputError(
            f"{network.zero_layer} starts at zero and has no relative distance to measure; give it a small scale such as 1/m^2, "
            "or train weights of your own with DeepNetwork.from_weights"
        )


def check_width(width: int, *, even: bool) -> None:
    """Refuse a width that is no integer >= 2, or odd where neurons are paired."""
    wanted = (
        f"give even integers >= 2{_AT_MOST}: an antisymmetric start pairs neurons"
        if even
        else f"give integers >= 2{_AT_MOST}"
    )
    if whole_number(width, "width", 2, wanted, most=WIDEST) % 2 and even:
        raise InputError(f"width = {width}; {wanted}")


def _power_of_width(scale: sp.Expr, width: int, inputs: int) -> float:
    """A scale in numbers; m^g as :meth:`TwoLayer.sample` takes it, so that both draw the same network to the bit."""
    base, exponent = scale.as_base_exp()
    if base == pt.m and exponent.is_number:
        return float(np.power(float(width), float(exponent)))
    return float(sp.N(scale.subs({pt.m: sp.Integer(width), pt.d: sp.Integer(inputs)})))


def trained_activation(activation: pt.Activation) -> str | float:
    """The name, or the negative slope, by which sampled networks know an activation of the theory."""
    if activation.degree != 1 or activation.right != 1 or not activation.left.is_number:
        raise InputError(f"activation {activation.name} cannot be trained; use relu, linear or leaky_relu of a number")
    slope = -float(activation.left)
    names: Sequence[tuple[float, str]] = ((0.0, "relu"), (1.0, "linear"))
    return dict(names).get(slope, slope)

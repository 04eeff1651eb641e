"""A network in the words of the command line: a name, scales, or an abc parametrisation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

import phasetheory as pt
from numerics.commands.completion import offer, offer_initializations
from numerics.commands.options import exclusive
from numerics.commands.slices import split_list
from numerics.errors import InputError

__all__ = ["Asked", "no_network", "read_network"]


_DEVIATION = (
    "A standard deviation, not a variance, in m, d and the fan_in and fan_out of its layer: He is 'sqrt(2/fan_in)'. "
    "One layer may be 0."
)


@dataclass(frozen=True)
class Asked:
    """The network that a call is about.

    Attributes
    ----------
    network : Network or None
        None if only a depth and an activation were given.
    name : str or None
        Of a named initialisation.
    depth : int
    activation : Activation
    build : callable or None
        The network for an optimiser, by its name: the rates of an abc list, and muP, are those of one.
    """

    network: pt.Network | None
    name: str | None
    depth: int
    activation: pt.Activation
    build: Callable[[str], pt.Network] | None = None

    def trained_by(self, optimizer: str) -> pt.Network | None:
        """The network, for this optimiser."""
        return self.network if self.build is None else self.build(optimizer)


def read_network(
    name: Annotated[
        str | None,
        typer.Argument(
            help=f"A named initialisation: {', '.join(pt.initializations())}.", autocompletion=offer_initializations
        ),
    ] = None,
    depth: Annotated[int | None, typer.Option(max=100, help="Number of weight layers; 2 by default.")] = None,
    alpha: Annotated[
        str | None,
        typer.Option(help="Output scale, a formula in the width m and the input dimension d such as 'sqrt(m)'."),
    ] = None,
    beta1: Annotated[
        str | None,
        typer.Option(help=f"Two layers: scale of the OUTPUT weights; three: of the input weights. {_DEVIATION}"),
    ] = None,
    beta2: Annotated[
        str | None,
        typer.Option(help="Two layers: scale of the input weights; three: of the middle weights. As --beta1."),
    ] = None,
    beta3: Annotated[str | None, typer.Option(help="Three layers: scale of the output weights. As --beta1.")] = None,
    sigmas: Annotated[
        str | None, typer.Option(help=f"Any depth: scales from input to output, separated by commas. {_DEVIATION}")
    ] = None,
    learning_rates: Annotated[
        str | None,
        typer.Option(
            help="Layer-wise learning rates, input to output, separated by commas; in fan_in and fan_out too."
        ),
    ] = None,
    abc: Annotated[
        str | None, typer.Option("--abc", help="abc parametrisation 'a1,..,aL; b1,..,bL; c1,..,cL' (or one c).")
    ] = None,
    activation: Annotated[
        str,
        typer.Option(
            help="relu, linear, leaky_relu:SLOPE or relu^P.",
            autocompletion=offer("relu", "linear", "leaky_relu", "leaky_relu:", "relu^"),
        ),
    ] = "relu",
) -> Asked:
    """A network by its name, its scales or its abc parametrisation; or only a depth and an activation."""
    sigma, betas = _activation(activation), (beta1, beta2, beta3)
    build: Callable[[str], pt.Network] | None = None
    beta = next((beta for beta in betas if beta is not None), None)
    ways = {"NAME": name, "--beta1 ..": beta, "--sigmas": sigmas, "--abc": abc}
    if all(value is None for value in (*ways.values(), alpha, learning_rates)):
        return Asked(None, None, 2 if depth is None else depth, sigma)
    exclusive(ways, "each of them says what the network is")
    if all(value is None for value in ways.values()):
        raise no_network("no network given")
    if name is not None:
        if alpha is not None or learning_rates is not None:
            raise InputError(f"{name} fixes its scales; leave out --alpha and --learning-rates, or leave out the name")
        build = partial(_named, name, 2 if depth is None else depth, sigma)
        network = build("gradient-flow")
    elif abc is not None:
        if alpha is not None or learning_rates is not None:
            raise InputError("--abc fixes every scale; leave out --alpha and --learning-rates")
        build = partial(_from_abc, abc, sigma)
        network = build("gradient-flow")
    else:
        network = _from_scales(alpha, betas, sigmas, learning_rates, sigma)
    if depth not in (None, network.depth):
        raise InputError(f"--depth {depth}: the scales given are those of {network.depth} layers; leave out --depth")
    return Asked(network, name, network.depth, sigma, build)


def no_network(got: str) -> InputError:
    """The error where a network is needed."""
    names = ", ".join(pt.initializations())
    return InputError(f"{got}; give one of: a name ({names}), --beta1 .., --sigmas, --abc")


def _named(name: str, depth: int, activation: pt.Activation, optimizer: str) -> pt.Network:
    return pt.initialization(name, depth, activation, optimizer=optimizer)


def _from_abc(abc: str, activation: pt.Activation, optimizer: str) -> pt.Network:
    parts = [split_list(part) for part in abc.split(";")]
    if len(parts) != 3:
        raise InputError(f"--abc {abc}: give 'a1,..,aL; b1,..,bL; c1,..,cL', such as '0,1; 0,0; 0'")
    a, b, c = parts
    return pt.from_abc(a=a, b=b, c=c if len(c) > 1 else c[0], optimizer=optimizer, activation=activation)


def _from_scales(
    alpha: str | None,
    betas: tuple[str | None, str | None, str | None],
    sigmas: str | None,
    rates: str | None,
    activation: pt.Activation,
) -> pt.Network:
    if alpha is None:
        raise InputError("--alpha is missing; give the output scale, such as 1 or 'sqrt(m)'")
    own: dict[str, Any] = {} if rates is None else {"learning_rates": split_list(rates)}
    if sigmas is not None:
        return pt.Network(tuple(split_list(sigmas)), alpha, activation=activation, **own)
    first, second, third = betas
    if first is None or second is None:
        missing = "--beta1" if first is None else "--beta2"
        raise InputError(f"{missing} is missing; two layers need --alpha, --beta1 and --beta2, three also --beta3")
    scales = (second, first) if third is None else (first, second, third)
    return pt.Network(scales, alpha, activation=activation, **own)


def _activation(text: str) -> pt.Activation:
    """``relu``, ``linear``, ``leaky_relu:SLOPE`` or ``relu^P``."""
    plain_names = {"relu": pt.relu, "linear": pt.linear, "leaky_relu": pt.leaky_relu()}
    if text in plain_names:
        return plain_names[text]
    for prefix, build in (("leaky_relu:", pt.leaky_relu), ("relu^", pt.relu_power)):
        if text.startswith(prefix):
            number = pt.parse_scale(text.removeprefix(prefix))
            if number.is_Rational:
                return build(number)
    raise InputError(f"--activation {text}: use relu, linear, leaky_relu:0.1 or relu^2")

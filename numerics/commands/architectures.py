"""Architectures in the words of the command line: recurrent, residual, convolutional networks, ..., and planes of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

import phasetheory as pt
from numerics.commands.completion import offer
from numerics.commands.networks import Asked, read_network
from numerics.commands.options import takes, unread
from numerics.commands.slices import PlaneGrid, read_axes, read_grid, read_plane, split_list
from numerics.errors import InputError
from numerics.experiments.planes import scales_from_text

if TYPE_CHECKING:
    from numerics.datasets import Dataset
    from numerics.experiments.graph_plan import GraphPlan

__all__ = [
    "Built",
    "architecture_plane",
    "graph_plan",
    "read_architecture",
    "read_grid_or_graphs",
    "read_network_or_graph",
    "read_plane_or_graphs",
    "read_subject",
    "refuse_with_graphs",
]

#: Why options of fully connected networks have no meaning for an architecture; what they are without being given.
_ONLY_CHAINS = {
    "name": "named initialisations are of fully connected networks; give --sigmas",
    "depth": "the number after the colon says how large it is",
    "beta1": "give --sigmas",
    "beta2": "give --sigmas",
    "beta3": "give --sigmas",
    "abc": "give --sigmas",
    "learning_rates": "layer-wise rates of graphs are for Python, pt.recurrent(.., learning_rates={'W': 'm'})",
    "activation": "its paths are those of relu, of degree 1, and others are not covered",
    "optimizer": "here graphs are those of gradient flow; in Python, graph.slopes(optimizer='adam')",
    "width": "the capacity of a graph is known as an exponent only",
    "weight_decay": "worked out for fully connected networks only",
    "virtual": "widths beyond those that are trained are known for fully connected networks only",
    "dropout": "worked out for two fully connected layers only",
}
_LEFT_OUT = {"activation": "relu", "optimizer": "gradient-flow"}


@dataclass(frozen=True)
class Built:
    """An architecture, and what it has besides the scales of its weights.

    Attributes
    ----------
    family : Family
    options : dict
        Of ``multiplier``, ``biases``, ``outputs`` those that were given.
    """

    family: pt.Family
    options: dict[str, Any]


def read_architecture(
    architecture: Annotated[
        str | None,
        typer.Option(
            # with spaces, so that a narrow terminal wraps it
            help=f"Instead of fully connected layers: {', '.join(pt.architectures()).replace('[', ' [')}.",
            autocompletion=offer(*(re.split(r"[\[:]", text)[0] for text in pt.architectures())),
        ),
    ] = None,
    multiplier: Annotated[
        str | None,
        typer.Option(help="With --architecture residual or attention: factor of every branch, or of the logits."),
    ] = None,
    biases: Annotated[
        str | None,
        typer.Option(
            help="With --architecture: scales of the biases, input to output, separated by commas; 0 starts at zero; none for a "
            "layer without; without the last, the output has none."
        ),
    ] = None,
    outputs: Annotated[
        str | None, typer.Option(help="With --architecture: number of outputs, 3 or 'm'; 1 by default.")
    ] = None,
) -> Built | None:
    """An architecture by its name; None for fully connected layers."""
    given = {"multiplier": multiplier, "biases": biases, "outputs": outputs}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if architecture is None:
        if options:
            raise InputError(f"--{min(options)} goes with --architecture; give that too, or leave it out")
        return None
    family = pt.architecture(architecture)
    if biases is not None:
        options["biases"] = [None if scale == "none" else scale for scale in split_list(biases)]
    if unknown := options.keys() - family.options:
        name = min(unknown)
        raise InputError(f"--{name}: {architecture} has none; leave it out")
    return Built(family, options)


@takes(built=read_architecture, given=unread(read_network))
def read_network_or_graph(built: Built | None, given: dict[str, Any]) -> Asked | pt.Graph:
    """A fully connected network, or a graph: an architecture with its scales."""
    return _network_or_graph(built, given)


@takes(built=read_architecture, given=unread(read_network))
def read_subject(built: Built | None, given: dict[str, Any]) -> Asked | pt.Graph | pt.GraphDiagram:
    """The same, or the standard plane of an architecture, where no scales are given."""
    if built is None or given["sigmas"] is not None or given["alpha"] is not None:
        return _network_or_graph(built, given)
    refuse_with_graphs(given)
    return architecture_plane(built, None)


def _network_or_graph(built: Built | None, given: dict[str, Any]) -> Asked | pt.Graph:
    if built is None:
        return read_network(**given)
    sigmas, alpha = given.pop("sigmas"), given.pop("alpha")
    refuse_with_graphs(given)
    order = ", ".join(built.family.scales)
    if sigmas is None:
        raise InputError(f"--sigmas is missing; give the scales of {built.family.text} in the order '{order}'")
    if alpha is None:
        raise InputError("--alpha is missing; give the output scale, such as 1 or 'sqrt(m)'")
    parts = split_list(sigmas)
    if len(parts) != len(built.family.scales):
        raise InputError(
            f"--sigmas {sigmas!r}: {built.family.text} has {len(built.family.scales)} scales, in the order '{order}'"
        )
    return built.family.graph(parts, alpha=alpha, **built.options)


@takes(built=read_architecture, given=unread(read_plane))
def read_plane_or_graphs(built: Built | None, given: dict[str, Any]) -> pt.PhaseDiagram | pt.GraphDiagram:
    """A plane of fully connected networks, or of an architecture."""
    if built is None:
        return read_plane(**given)
    slice_ = given.pop("slice_")
    refuse_with_graphs(given)
    return architecture_plane(built, slice_)


@takes(built=read_architecture, given=unread(read_grid))
def read_grid_or_graphs(built: Built | None, given: dict[str, Any]) -> PlaneGrid:
    """A plane of fully connected networks, or of an architecture, and the values of its coordinates."""
    if built is None:
        return read_grid(**given)
    diagram = architecture_plane(built, given.pop("slice_"))
    by_name = {f"--{name.replace('_', '-')}": given.pop(name) for name in ("gamma", "gamma_prime", "gamma3", "gamma2")}
    places = given.pop("x"), given.pop("y")
    refuse_with_graphs(given)
    return read_axes(diagram, by_name, places)


def architecture_plane(built: Built, slice_: str | None) -> pt.GraphDiagram:
    """The standard plane of an architecture, or any other: ``'x,y: scales in their order; alpha'``."""
    if slice_ is None:
        return pt.graph_diagram(*built.family.plane(**built.options))
    coordinates, sigmas, alpha = scales_from_text(slice_, "--slice")
    scales = built.family.scales
    if len(sigmas) != len(scales):
        raise InputError(
            f"--slice {slice_!r}: {built.family.text} has {len(scales)} scales, in the order '{', '.join(scales)}'"
        )
    return pt.graph_diagram(built.family.graph(sigmas, alpha=alpha, **built.options), coordinates)


def graph_plan(diagram: pt.GraphDiagram, data: "Dataset | None", *, quick: bool = False, **options: Any) -> "GraphPlan":
    """A plan over a plane of an architecture, on its own data unless others were given, which have to be of its shape.

    ``options`` that were not given are None.
    """
    from numerics.experiments.graph_plan import GraphPlan  # which trains: not for the commands of the theory

    given = {name: value for name, value in options.items() if value is not None}
    if data is None:
        return GraphPlan.quick(diagram, **given) if quick else GraphPlan(diagram=diagram, **given)
    given |= {"data": (data.X, data.y), "data_name": data.name}
    try:
        return GraphPlan.quick(diagram, **given) if quick else GraphPlan(diagram=diagram, **given)
    except InputError as error:
        raise InputError(
            f"--data {data.name}, of shape {data.X.shape}: {error}; leave --data out for random samples"
        ) from error


def refuse_with_graphs(given: Mapping[str, Any]) -> None:
    """Refuse options of fully connected networks that were given beside an architecture."""
    for name, value in given.items():
        if value is not None and value is not False and value != _LEFT_OUT.get(name):
            option = "NAME" if name == "name" else f"--{name.replace('_', '-')}"
            shown = option if value is True else f"{option} {value}"
            raise InputError(f"{shown}, --architecture: {_ONLY_CHAINS[name]}; leave one of them out")

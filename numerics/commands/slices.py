"""Planes of initialisations in the words of the command line, and grids of points on them."""

from dataclasses import dataclass
from typing import Annotated

import sympy as sp
import typer

import phasetheory as pt
from numerics.commands.optimizers import OptimizerName
from numerics.commands.options import exclusive
from numerics.errors import InputError
from numerics.experiments.grids import OPTIONS, Point, grid_points, grid_values

__all__ = ["PlaneGrid", "read_activation", "read_grid", "read_plane", "read_slice", "split_list"]

Depth = Annotated[
    int | None,
    typer.Option(max=100, help="Number of weight layers, 2 by default; beyond two every layer, in two norms."),
]
Slice = Annotated[
    str | None,
    typer.Option("--slice", help="Any other plane, 'x,y: sigma_1, .., sigma_L; alpha', e.g. 'x,y: m^-y, m^-x, 1; 1'."),
]

#: Windows of the standard scans, by the names of the coordinates: the plane of the paper, and the three-layer page of the book.
_WINDOWS = {"gamma": "0.6:1.4:9", "gamma_prime": "-0.4:0.4:9", "gamma_3": "0:4:17", "gamma_2": "-1.5:2:15"}


def read_plane(
    depth: Depth = None, slice_: Slice = None, optimizer: OptimizerName = "gradient-flow"
) -> pt.PhaseDiagram:
    """The diagram of a depth, or of any other plane."""
    exclusive({"--depth": depth, "--slice": slice_}, "the scales of a slice say its depth")
    if slice_ is None:
        return pt.phase_diagram(2 if depth is None else depth, optimizer=optimizer)
    coordinates, sigmas, alpha = read_slice(slice_)
    return pt.phase_diagram(network=pt.Network(sigmas, alpha), coordinates=coordinates, optimizer=optimizer)


def read_slice(text: str) -> tuple[tuple[sp.Symbol, sp.Symbol], tuple[sp.Expr, ...], sp.Expr]:
    """Coordinates, sigmas and alpha of ``'x,y: sigma_1, .., sigma_L; alpha'``."""
    head, colon, body = text.partition(":")
    names = [part.strip() for part in head.split(",")]
    parts = body.split(";")
    if not colon or len(names) != 2 or not all(n.isidentifier() for n in names) or len(parts) != 2:
        raise InputError(f"--slice {text!r}: give 'x,y: sigma_1, .., sigma_L; alpha', such as 'x,y: m^-y, m^-x, 1; 1'")
    x, y = (sp.Symbol(name, real=True) for name in names)
    sigmas = tuple(pt.parse_scale(part, symbols=(x, y)) for part in split_list(parts[0]))
    return (x, y), sigmas, pt.parse_scale(parts[1], symbols=(x, y))


@dataclass(frozen=True)
class PlaneGrid:
    """A diagram and every pair of the values of its two coordinates."""

    diagram: pt.PhaseDiagram
    points: tuple[Point, ...]


def read_grid(
    gamma: Annotated[
        str | None, typer.Option(help="START:STOP:COUNT, or numbers with commas; by default 0.6:1.4:9.")
    ] = None,
    gamma_prime: Annotated[str | None, typer.Option(help="The same; by default -0.4:0.4:9.")] = None,
    gamma3: Annotated[
        str | None, typer.Option("--gamma3", help="Three layers, first coordinate; by default 0:4:17.")
    ] = None,
    gamma2: Annotated[
        str | None, typer.Option("--gamma2", help="Three layers, second coordinate; by default -1.5:2:15.")
    ] = None,
    x: Annotated[str | None, typer.Option("--x", help="First coordinate of any plane.")] = None,
    y: Annotated[str | None, typer.Option("--y", help="Second coordinate of any plane.")] = None,
    depth: Depth = None,
    slice_: Slice = None,
    optimizer: OptimizerName = "gradient-flow",
) -> PlaneGrid:
    """Values of the coordinates of a plane, each given by its name or by its place."""
    diagram = read_plane(depth, slice_, optimizer)
    by_name = {"--gamma": gamma, "--gamma-prime": gamma_prime, "--gamma3": gamma3, "--gamma2": gamma2}
    named = [OPTIONS.get(name) if diagram.is_standard else None for name in diagram.names]
    for known, given in by_name.items():
        if given is not None and known not in named:
            raise InputError(_not_a_coordinate(known, diagram))
    windows = _WINDOWS if diagram.is_standard and diagram.network.depth < 4 else {}
    axes = []
    for name, option, place, text in zip(diagram.names, named, ("--x", "--y"), (x, y), strict=True):
        own = by_name[option] if option else None
        exclusive({str(option): own, place: text}, f"both are the coordinate {name}")
        said = option if option and own is not None else place
        chosen = own if own is not None else text if text is not None else windows.get(name)
        if chosen is None:
            raise InputError(f"give --x and --y, values of {diagram.names[0]} and {diagram.names[1]} such as 0:4:9")
        axes.append(grid_values(chosen, said))
    return PlaneGrid(diagram, grid_points(*axes))


def split_list(text: str) -> list[str]:
    """Parts of a text between commas."""
    return [part.strip() for part in text.split(",")]


def read_activation(text: str | None) -> str | float | None:
    """A name, or the negative slope of leaky relu."""
    try:
        return text if text is None else float(text)
    except ValueError:
        return text


def _not_a_coordinate(option: str, diagram: pt.PhaseDiagram) -> str:
    names = " and ".join(diagram.names)
    if option in ("--gamma3", "--gamma2") and diagram.network.depth == 2:
        return f"{option}: a coordinate of three layers, and this plane has {names}; give --depth 3 too"
    return f"{option}: this plane has {names}; give --x and --y"

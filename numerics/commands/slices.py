"""Planes of initialisations in the words of the command line, and grids of points on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

import phasetheory as pt
from numerics.commands.optimizers import OptimizerName
from numerics.commands.options import exclusive
from numerics.errors import InputError
from numerics.experiments.grids import OPTIONS, Point, grid_points, grid_values
from numerics.experiments.planes import plane_from_text

__all__ = ["PlaneGrid", "read_activation", "read_axes", "read_grid", "read_plane", "split_list"]

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
#: Of an architecture, by the places of its coordinates.
_WINDOW_OF_GRAPHS = {"x": "0:1.5:7", "y": "0:1.5:7"}


def read_plane(
    depth: Depth = None, slice_: Slice = None, optimizer: OptimizerName = "gradient-flow"
) -> pt.PhaseDiagram:
    """The diagram of a depth, or of any other plane."""
    exclusive({"--depth": depth, "--slice": slice_}, "the scales of a slice say its depth")
    if slice_ is None:
        return pt.phase_diagram(2 if depth is None else depth, optimizer=optimizer)
    return plane_from_text(slice_, "--slice", optimizer)


@dataclass(frozen=True)
class PlaneGrid:
    """A diagram and every pair of the values of its two coordinates."""

    diagram: pt.PhaseDiagram | pt.GraphDiagram
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
    x: Annotated[
        str | None, typer.Option("--x", help="First coordinate of any plane; of an architecture by default 0:1.5:7.")
    ] = None,
    y: Annotated[str | None, typer.Option("--y", help="Second coordinate of any plane; the same.")] = None,
    depth: Depth = None,
    slice_: Slice = None,
    optimizer: OptimizerName = "gradient-flow",
) -> PlaneGrid:
    """Values of the coordinates of a plane, each given by its name or by its place."""
    diagram = read_plane(depth, slice_, optimizer)
    by_name = {"--gamma": gamma, "--gamma-prime": gamma_prime, "--gamma3": gamma3, "--gamma2": gamma2}
    return read_axes(diagram, by_name, (x, y))


def read_axes(
    diagram: pt.PhaseDiagram | pt.GraphDiagram, by_name: Mapping[str, str | None], places: tuple[str | None, str | None]
) -> PlaneGrid:
    """Values of the two coordinates, each given by its name, of a standard plane, or by its place."""
    named = [OPTIONS.get(name) if diagram.is_standard else None for name in diagram.names]
    for option_given, given in by_name.items():
        if given is not None and option_given not in named:
            raise InputError(_not_a_coordinate(option_given, diagram))
    windows, axes = _windows(diagram), []
    for name, option, place, text in zip(diagram.names, named, ("--x", "--y"), places, strict=True):
        own = by_name[option] if option else None
        exclusive({str(option): own, place: text}, f"both are the coordinate {name}")
        said = option if option and own is not None else place
        chosen = own if own is not None else text if text is not None else windows.get(name)
        if chosen is None:
            raise InputError(f"give --x and --y, values of {diagram.names[0]} and {diagram.names[1]} such as 0:4:9")
        axes.append(grid_values(chosen, said))
    return PlaneGrid(diagram, grid_points(*axes))


def _windows(diagram: pt.PhaseDiagram | pt.GraphDiagram) -> Mapping[str, str]:
    """Grids by the names of the coordinates, where nothing else is asked for."""
    if isinstance(diagram, pt.GraphDiagram):
        return _WINDOWS | _WINDOW_OF_GRAPHS
    return _WINDOWS if diagram.is_standard and diagram.network.depth < 4 else {}


def split_list(text: str) -> list[str]:
    """Parts of a text between commas."""
    return [part.strip() for part in text.split(",")]


def read_activation(text: str | None) -> str | float | None:
    """A name, or the negative slope of leaky relu."""
    try:
        return text if text is None else float(text)
    except ValueError:
        return text


def _not_a_coordinate(option: str, diagram: pt.PhaseDiagram | pt.GraphDiagram) -> str:
    names = " and ".join(diagram.names)
    if option in ("--gamma3", "--gamma2") and isinstance(diagram, pt.PhaseDiagram) and diagram.network.depth == 2:
        return f"{option}: a coordinate of three layers, and this plane has {names}; give --depth 3 too"
    return f"{option}: this plane has {names}; give --x and --y"

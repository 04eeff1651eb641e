"""Phase diagrams of computation graphs: recurrent, residual, convolutional networks, with tied weights and skips. Derived.

A plane is a graph whose scales are powers of the width, affine in two symbols. Its slopes come from the flow in exponents, from
event to event (:mod:`phasetheory.scaling.tropical`), run by region.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.diagrams.plane import Plane, check_positive_on_plane, two_symbols
from phasetheory.errors import TheoryError, shown
from phasetheory.networks.architectures.families import architecture
from phasetheory.networks.graph import Graph
from phasetheory.networks.scales import scales_of, with_scales
from phasetheory.scaling.argument import check_norm
from phasetheory.scaling.tropical import tropical_flow

__all__ = ["GraphDiagram", "graph_diagram"]


@dataclass(frozen=True)
class GraphDiagram(Plane):
    """The phase diagram of a plane of graphs.

    Attributes
    ----------
    graph : Graph
        The plane: exponents affine in the two coordinates.
    coordinates : pair of symbols
        Horizontal and vertical axis.
    norm : str
        ``'frobenius'`` or ``'spectral'``.
    """

    graph: Graph
    coordinates: tuple[sp.Symbol, sp.Symbol]
    norm: str = "frobenius"

    def __post_init__(self) -> None:
        check_norm(self.norm)
        if not isinstance(self.graph, Graph):
            raise TheoryError(f"graph = {shown(self.graph)} is not a graph; give one such as phasetheory.recurrent(..)")
        if zero := [name for name, layer in self.graph.layers.items() if layer.sigma == 0]:
            raise TheoryError(
                f"{zero[0]} starts at zero, and a plane of initialisations is one of powers of the width; use Graph.slopes(), or "
                "a small scale such as 1/m^2"
            )
        object.__setattr__(self, "coordinates", two_symbols(self.coordinates))
        check_positive_on_plane(scales_of(self.graph), self.coordinates)

    @property
    def layers(self) -> tuple[str, ...]:
        """Layer names, input to output."""
        return tuple(self.graph.layers)

    @property
    def telling_layers(self) -> tuple[str, ...]:
        """All layers."""
        return self.layers

    @property
    def title(self) -> str:
        """The name of the graph, and how many outputs it has if not one."""
        outputs = self.graph.architecture.parameters.get("outputs", 1)
        return self.graph.name if outputs == 1 else f"{self.graph.name}, {outputs} outputs"

    @property
    def scales(self) -> Mapping[str, sp.Expr]:
        r"""The scales of the plane by their names as TeX, ``\sigma_{U}``, ``\alpha``, ``\eta_{U}``."""
        layers = self.graph.layers
        sigmas = {rf"\sigma_{{{name}}}": layer.sigma for name, layer in layers.items()}
        rates = {rf"\eta_{{{name}}}": layer.learning_rate for name, layer in layers.items()}
        return {**sigmas, r"\alpha": self.graph.alpha, **rates}

    @property
    def description(self) -> dict[str, Any]:
        """Architecture and scales."""
        made = self.graph.architecture
        return {
            "architecture": {
                "kind": made.kind,
                "parameters": {name: str(value) for name, value in made.parameters.items()},
            },
            "graph": {
                "sigmas": {name: str(layer.sigma) for name, layer in self.graph.layers.items()},
                "learning_rates": {name: str(layer.learning_rate) for name, layer in self.graph.layers.items()},
                "alpha": str(self.graph.alpha),
            },
        }

    def graph_at(self, point: tuple[Any, Any]) -> Graph:
        """The graph of a point, which has no name.

        Parameters
        ----------
        point : (x, y)
            Rational numbers; a float is the decimal it prints as, as in :meth:`slopes_at`.

        Examples
        --------
        >>> import phasetheory as pt
        >>> x, y = sp.symbols("x y", real=True)
        >>> plane = pt.graph_diagram(pt.recurrent(pt.m**-x, pt.m**-y, pt.m**-x, steps=3), (x, y))
        >>> plane.graph_at(("3/2", 0)).slopes()
        {'U': 1/2, 'W': -5/2, 'a': 1/2}
        """
        values = self._values_at(point)
        return with_scales(self.graph, lambda scale: scale.subs(values))

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the diagram, the names of its regions inside them; see :meth:`PhaseDiagram.plot`."""
        return super().plot(ax, **{"inside": True, **options})

    @cached_property
    def _exponents(self) -> tuple[sp.Expr, ...]:
        found: list[sp.Expr] = []
        self.graph.exponents.map(found.append)
        return tuple(dict.fromkeys(found))  # like scales once

    def _slopes_at(self, *exponents: Any) -> Iterable[Any]:
        here = dict(zip(self._exponents, exponents, strict=True))
        return tropical_flow(self.graph.exponents.map(here.__getitem__)).slopes(self.norm).values()


def graph_diagram(
    graph: Graph | str, coordinates: tuple[sp.Symbol, sp.Symbol] | None = None, *, norm: str = "frobenius"
) -> GraphDiagram:
    """Derive the phase diagram of a plane of graphs.

    Parameters
    ----------
    graph : Graph or str
        Scales are powers of m that are linear in two symbols, which are the ``coordinates``; or an architecture as
        :func:`phasetheory.architecture` takes it, for its standard plane.
    coordinates : pair of symbols
        Horizontal and vertical axis, of a graph.
    norm : str
        ``'frobenius'`` or ``'spectral'``.

    Raises
    ------
    TheoryError
        A layer that starts at zero, an exponent that is not affine in the coordinates, or a further free symbol.

    Examples
    --------
    A recurrent network of three steps; the slope 2/2 of the boundary counts the uses of W:

    >>> import phasetheory as pt
    >>> x, y = sp.symbols("x y", real=True)
    >>> graph = pt.recurrent(pt.m**-x, pt.m**-y, pt.m**-x, steps=3)
    >>> print(graph_diagram(graph, (x, y)).boundary("U"))
    x = 1 - y for y <= 1/2; x = 1/2 for y >= 1/2
    >>> graph_diagram("recurrent:3").boundary("U") == graph_diagram(graph, (x, y)).boundary("U")
    True
    """
    if isinstance(graph, str):
        if coordinates is not None:
            raise TheoryError(f"coordinates, and {shown(graph)}, whose standard plane has its own; leave them out")
        graph, coordinates = architecture(graph).plane()
    return GraphDiagram(graph, coordinates, norm)  # type: ignore[arg-type]  # no coordinates are refused there

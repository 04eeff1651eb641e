"""The derived diagram as numbers to draw: regions, boundaries, named schemes, and what is said where the pointer rests."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy as sp
from scipy.ndimage import binary_erosion

import phasetheory as pt
from phasetheory.diagrams.plotting import Window, default_window, part_inside, polygon_inside, region_colours

__all__ = ["DiagramMap", "Named", "map_of", "regimes_and_basis"]

_CELLS = 56  # of the pointer, along each axis
_ROOM = (5, 15)  # cells, in height and width, that the name of a region takes
_LABEL = (
    -0.12,
    0.3,
    -0.25,
    0.08,
)  # left, right, below and above a named point, in parts of the window: where its label is


@dataclass(frozen=True)
class Named:
    """Named schemes at one point."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class DiagramMap:
    """A diagram, ready to be drawn.

    Attributes
    ----------
    diagram : PhaseDiagram
    """

    diagram: pt.PhaseDiagram

    @cached_property
    def window(self) -> Window:
        """Left, right, bottom, top."""
        return default_window(self.diagram, self.diagram.telling_layers)

    @cached_property
    def areas(self) -> dict[tuple[pt.Regime, ...], list[list[tuple[float, float]]]]:
        """The polygons of every region that are seen, cut to the window, by its regimes."""
        cut = {
            tuple(region.regimes.values()): [polygon_inside(polygon, self.window) for polygon in region.polygons]
            for region in self.diagram.regions(self.diagram.telling_layers)
        }
        return {
            kinds: seen for kinds, polygons in cut.items() if (seen := [polygon for polygon in polygons if polygon])
        }

    @cached_property
    def colours(self) -> Mapping[tuple[pt.Regime, ...], tuple[float, float, float]]:
        """Of every region that is seen, by its regimes."""
        return region_colours(self.diagram, self.diagram.telling_layers, self.window)

    @cached_property
    def boundaries(self) -> list[tuple[list[float], ...]]:
        """Segments, each as its x and its y."""
        segments = [s for layer in self.diagram.telling_layers for s in self.diagram.boundary(layer).segments]
        parts = [part_inside(*ends, self.window) for ends in dict.fromkeys((s.start, s.end) for s in segments)]
        return [tuple(map(list, zip(*part, strict=True))) for part in parts if part]

    @cached_property
    def centres(self) -> dict[tuple[pt.Regime, ...], tuple[float, float]]:
        """A point well inside of each region that is seen, clear of labels: of its cells that nearest to their mean."""
        found = {}
        x, y = self.cells
        for kinds in self.areas:
            inside = np.array([cell == kinds for cell in self.kinds])
            roomy = binary_erosion(inside.reshape(_CELLS, _CELLS), np.ones(_ROOM)).ravel()
            chosen = next((part for part in (roomy & ~self._labelled, roomy) if part.any()), inside)
            if chosen.any():
                off = (x - x[inside].mean()) ** 2 + (y - y[inside].mean()) ** 2
                nearest = np.argmin(np.where(chosen, off, np.inf))
                found[kinds] = (float(x[nearest]), float(y[nearest]))
        return found

    @cached_property
    def _labelled(self) -> np.ndarray:
        """Whether a cell lies where the label of a named point may be."""
        left, right, bottom, top = self.window
        taken = np.zeros(self.cells[0].shape, dtype=bool)
        for named in self.named:
            x, y = (self.cells[0] - named.x) / (right - left), (self.cells[1] - named.y) / (top - bottom)
            taken |= (_LABEL[0] < x) & (x < _LABEL[1]) & (_LABEL[2] < y) & (y < _LABEL[3])
        return taken

    @cached_property
    def named(self) -> list[Named]:
        """Named schemes, those at one point together."""
        places: dict[tuple[float, float], list[str]] = {}
        left, right, bottom, top = self.window
        for name, place in self.diagram.named_points.items():
            if not any(c.free_symbols for c in place):
                x, y = float(place[0]), float(place[1])
                if left <= x <= right and bottom <= y <= top:
                    places.setdefault((x, y), []).append(pt.describe_initialization(name).title)
        return [Named(*place, ", ".join(titles)) for place, titles in places.items()]

    @cached_property
    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Centres of the cells of the pointer, flat."""
        left, right, bottom, top = self.window
        x, y = ((np.arange(_CELLS) + 0.5) / _CELLS * (b - a) + a for a, b in ((left, right), (bottom, top)))
        grid = np.meshgrid(x, y)
        return grid[0].ravel(), grid[1].ravel()

    @property
    def cell_size(self) -> tuple[float, float]:
        """Width and height of a cell."""
        left, right, bottom, top = self.window
        return (right - left) / _CELLS, (top - bottom) / _CELLS

    @cached_property
    def kinds(self) -> list[tuple[pt.Regime, ...]]:
        """Regimes of the layers that tell, in every cell."""
        return self._regimes(self.diagram.telling_layers)

    def _regimes(self, layers: tuple[str, ...]) -> list[tuple[pt.Regime, ...]]:
        slopes = self.diagram.evaluate(*self.cells, layers=layers)
        signs = np.sign(np.round(np.array(list(slopes.values())), 9)).astype(int)
        regime = {sign: pt.classify(sign) for sign in (-1, 0, 1)}
        return [tuple(regime[sign] for sign in column) for column in signs.T.tolist()]

    @cached_property
    def slopes(self) -> list[str]:
        """Slopes of all layers in every cell: ``S_w = +0.25, S_a = +0.25``."""
        return _rows(self.diagram.evaluate(*self.cells), "S_{} = {:+.2f}")

    @cached_property
    def exponents(self) -> list[str]:
        """Scales in every cell: ``W1 ~ m^-0.5, .., alpha ~ m^0``."""
        scales = dict(zip(self.diagram.layers, self.diagram.network.exponents.sigmas, strict=True))
        scales["α"] = self.diagram.network.exponents.alpha
        found = {name: sp.lambdify(self.diagram.coordinates, e)(*self.cells) for name, e in scales.items()}
        return _rows({name: value + 0.0 * self.cells[0] for name, value in found.items()}, "{} ~ m^{:.2f}")

    @cached_property
    def basis(self) -> list[str]:
        """Regimes of all layers in every cell, and which of them are proved and which derived."""
        all_regimes = self._regimes(self.diagram.layers)
        where = dict(zip(all_regimes, zip(*self.cells, strict=True), strict=True))
        said = {kinds: regimes_and_basis(self.diagram, (float(x), float(y))) for kinds, (x, y) in where.items()}
        return [said[kinds] for kinds in all_regimes]


@lru_cache(maxsize=32)
def map_of(diagram: pt.PhaseDiagram) -> DiagramMap:
    """The map of a diagram; what was computed is kept."""
    return DiagramMap(diagram)


def regimes_and_basis(diagram: pt.PhaseDiagram, point: tuple[Any, Any]) -> str:
    """Regime of every layer at a point, and what says so: ``$w$ condensed (proved), $a$ condensed (derived)``."""
    network = diagram.network_at(point)
    known = pt.statements(network, optimizer=diagram.optimizer)
    regimes = diagram.regime_at(**dict(zip(diagram.names, point, strict=True)))
    said = {layer: f"{layer} is {regime.value}" for layer, regime in regimes.items()}
    basis = {layer: [s.basis.value for s in known if s.text == text] for layer, text in said.items()}
    return ", ".join(f"${layer}$ {regime.value} ({(*basis[layer], 'derived')[0]})" for layer, regime in regimes.items())


def _rows(values: Mapping[str, np.ndarray], form: str) -> list[str]:
    names = list(values)
    return [
        ", ".join(form.format(n, v + 0.0) for n, v in zip(names, row, strict=True))
        for row in zip(*values.values(), strict=True)
    ]

"""Boundaries: the zero set of a layer's slope, as straight segments with their equations and sides, exact."""

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

import sympy as sp

from phasetheory.diagrams.piecewise import PiecewiseLinear, affine_to_sympy
from phasetheory.diagrams.polygons import FAR, Affine, Point, at_infinity, clip
from phasetheory.symbols.printing import plain
from phasetheory.symbols.rationals import as_fraction

__all__ = ["Boundary", "Segment", "boundary_of"]


@dataclass(frozen=True)
class Segment:
    """A straight piece of a boundary.

    Attributes
    ----------
    start, end : pairs of Fraction
        End points; an end on the far square (:data:`phasetheory.diagrams.polygons.FAR`) lies at infinity.
    equation : sympy.Eq
        Solved for the first coordinate where possible.
    linear_side, condensed_side : sympy inequality
        On which side of it, nearby, the layer is linear and condensed.
    """

    start: Point
    end: Point
    equation: sp.Basic
    linear_side: sp.Basic
    condensed_side: sp.Basic

    def at(self, y: Fraction) -> tuple[Fraction, ...]:
        """Values of the first coordinate at height y: one, none, or the finite ends of a horizontal segment."""
        (px, py), (qx, qy) = self.start, self.end  # in order of the second coordinate
        if py == qy:
            return tuple(end[0] for end in (self.start, self.end) if y == py and not at_infinity(end))
        if (y < py and not at_infinity(self.start)) or (y > qy and not at_infinity(self.end)):
            return ()
        return (px + (y - py) * (qx - px) / (qy - py),)


@dataclass(frozen=True)
class Boundary:
    """Where one layer is critical: the zero set of its slope."""

    layer: str
    coordinates: tuple[sp.Symbol, sp.Symbol]
    segments: tuple[Segment, ...]

    def at(self, y: Any) -> tuple[Fraction, ...]:
        """Values of the first coordinate at which the layer is critical, where the second is ``y``, exactly.

        Ascending, a corner where two segments meet once. A horizontal segment at this height gives its two ends, the ones at
        infinity left out: a whole horizontal line gives nothing.

        Parameters
        ----------
        y : int, Fraction, sympy.Rational or float
            A float is taken as its exact binary value: 0.1 is a little more than 1/10.

        Raises
        ------
        TheoryError
            If y is not a finite rational number.

        Examples
        --------
        >>> from phasetheory.diagrams.diagram import phase_diagram
        >>> phase_diagram(3).boundary("W2").at(Fraction(1, 3))
        (Fraction(8, 3),)
        """
        binary = isinstance(y, float) and isfinite(y)
        height = Fraction(y) if binary else as_fraction(y, name=self.coordinates[1].name)
        return tuple(sorted({x for segment in self.segments for x in segment.at(height)}))

    def __str__(self) -> str:
        return "; ".join(f"{equation} for {where}" if where else equation for equation, where in self._pieces)

    @property
    def prose(self) -> str:
        """The same with Greek letters and the formulas between dollar signs; empty where the layer is nowhere critical.

        Examples
        --------
        >>> from phasetheory.diagrams.diagram import phase_diagram
        >>> phase_diagram(2).boundary("w").prose
        "$γ = 1$ for $γ' ≤ 0$; $γ = γ' + 1$ for $γ' ≥ 0$"
        """
        return "; ".join(
            f"${plain(equation)}$ for ${plain(where)}$" if where else f"${plain(equation)}$"
            for equation, where in self._pieces
        )

    @property
    def _pieces(self) -> list[tuple[str, str]]:
        """Equation and range of every segment."""
        return [(f"{s.equation.lhs} = {s.equation.rhs}", self._range(s)) for s in self.segments]

    def _range(self, segment: Segment) -> str:
        """``lower <= coordinate <= upper``, the coordinate being the one not solved for; empty if it is not bounded."""
        axis = 1 if segment.equation.lhs == self.coordinates[0] else 0
        low, high = sorted((segment.start, segment.end), key=lambda end: end[axis])
        name, low_text, high_text = self.coordinates[axis], low[axis], high[axis]
        if at_infinity(low) and at_infinity(high):
            return ""
        if at_infinity(low):
            return f"{name} <= {high_text}"
        return f"{name} >= {low_text}" if at_infinity(high) else f"{low_text} <= {name} <= {high_text}"


def boundary_of(slope: PiecewiseLinear, layer: str, coordinates: tuple[sp.Symbol, sp.Symbol]) -> Boundary:
    """The zero set of a slope as a boundary."""
    return Boundary(layer, coordinates, tuple(_segment(ends, slope, coordinates) for ends in _zero_set(slope)))


def _zero_set(slope: PiecewiseLinear) -> list[tuple[Point, Point]]:
    """Segments on which the function vanishes, collinear neighbours joined, in order of the second coordinate."""
    found: set[tuple[Point, Point]] = set()
    for polygon, f in slope.cells:
        if f.is_constant:
            continue
        zeros = {p for part in (f, f * -1) for p in clip(polygon, part) if f(p) == 0}
        if len(zeros) == 2:
            first, second = sorted(zeros, key=lambda p: (p[1], p[0]))
            found.add((first, second))
    segments = sorted(found, key=lambda s: (s[0][1], s[0][0]))
    joined: list[tuple[Point, Point]] = []
    for start, end in segments:
        if joined and joined[-1][1] == start and _collinear(*joined[-1], end):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _collinear(o: Point, a: Point, b: Point) -> bool:
    return (a[0] - o[0]) * (b[1] - o[1]) == (a[1] - o[1]) * (b[0] - o[0])


def _segment(ends: tuple[Point, Point], slope: PiecewiseLinear, coordinates: tuple[sp.Symbol, sp.Symbol]) -> Segment:
    (px, py), (qx, qy) = ends
    x, y = coordinates
    line = Affine((qy - py) * px - (qx - px) * py, py - qy, qx - px)
    solved_for, coefficient = (x, line.x) if line.x != 0 else (y, line.y)
    value = sp.expand(solved_for - affine_to_sympy(line * (1 / coefficient), x, y))
    middle = _inner_point(*ends)
    nudge = Fraction(1, 10**6)
    above = (middle[0] + nudge, middle[1]) if solved_for is x else (middle[0], middle[1] + nudge)
    larger_is_condensed = slope(above) > 0
    greater, less = sp.Gt(solved_for, value), sp.Lt(solved_for, value)
    linear, condensed = (less, greater) if larger_is_condensed else (greater, less)
    return Segment(ends[0], ends[1], sp.Eq(solved_for, value, evaluate=False), linear, condensed)


def _inner_point(start: Point, end: Point) -> Point:
    """A point inside a segment, near its finite end if only one end is at infinity."""
    t = Fraction(1, 2)
    if at_infinity(start) != at_infinity(end):
        t = 1 - 1 / FAR if at_infinity(start) else 1 / FAR
    return start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])

"""Boundaries: where a layer's slope vanishes or jumps over zero, as straight segments with equations and sides, exact.

Slopes of chains are continuous. In a graph two layers may grow exponentially while others fit the target in the same time up to a
factor log m; on which side of that line a point lies then decides how far the two get, and their slopes jump.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

import sympy as sp

from phasetheory.diagrams.piecewise import PiecewiseLinear, affine_to_sympy
from phasetheory.diagrams.polygons import FAR, Affine, Point, at_infinity, clip, edges
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
    jump : bool
        Whether the slope jumps over zero there; else it vanishes.
    """

    start: Point
    end: Point
    equation: sp.Basic
    linear_side: sp.Basic
    condensed_side: sp.Basic
    jump: bool = False

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
    """Where one layer changes from linear to condensed: where its slope vanishes, or jumps over zero."""

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
    """Where a slope changes its sign."""
    zeros, jumps = _zero_set(slope), _jumps(slope)
    found = [*((ends, False) for ends in zeros), *((ends, True) for ends in jumps)]
    ordered = sorted(found, key=lambda pair: _height(pair[0]))
    return Boundary(layer, coordinates, tuple(_segment(ends, slope, coordinates, jump) for ends, jump in ordered))


def _zero_set(slope: PiecewiseLinear) -> list[tuple[Point, Point]]:
    """Segments on which the function vanishes, collinear neighbours joined, in order of the second coordinate."""
    found: set[tuple[Point, Point]] = set()
    for polygon, f in slope.cells:
        if f.is_constant:
            continue
        zeros = {p for part in (f, f * -1) for p in clip(polygon, part) if f(p) == 0}
        if len(zeros) == 2:
            found.add(_upwards(*zeros))
    return _joined(found)


def _jumps(slope: PiecewiseLinear) -> list[tuple[Point, Point]]:
    """Segments on which the function is negative on one side and positive on the other."""
    sides: dict[Affine, tuple[list, list]] = {}  # of every line: the edges on it that run upwards, and downwards
    for polygon, f in slope.cells:
        for edge in edges(polygon):
            ends = _upwards(*edge)
            line = _line(*ends)
            sides.setdefault(line * (1 / (line.x or line.y)), ([], []))[ends == edge].append((ends, f))
    found: set[tuple[Point, Point]] = set()
    for one, other in sides.values():
        for ends, f, g in _shared(one, other):
            for first, second in ((f * -1, g), (f, g * -1)):
                part = _part(ends, first)
                part = _part(part, second) if part else None
                if part:
                    found.add(part)
    return _joined(found)


def _shared(one: list, other: list) -> Iterator[tuple[tuple[Point, Point], Affine, Affine]]:
    """The segments that edges on the two sides of a line share, and the functions there; those of a side do not overlap."""
    one, other = (sorted(side, key=lambda item: _height(item[0]), reverse=True) for side in (one, other))
    while one and other:
        (ends, f), (others, g) = one[-1], other[-1]
        start, end = max(ends[0], others[0], key=_upward), min(ends[1], others[1], key=_upward)
        if f != g and _upward(start) < _upward(end):
            yield (start, end), f, g
        (one if end == ends[1] else other).pop()


def _part(ends: tuple[Point, Point], inside: Affine) -> tuple[Point, Point] | None:
    """The part of a segment where a function is not negative, if it is positive anywhere on it."""
    (p, at_p), (q, at_q) = ((end, inside(end)) for end in ends)
    if max(at_p, at_q) <= 0:
        return None
    if min(at_p, at_q) >= 0:
        return ends
    t = at_p / (at_p - at_q)
    zero = (p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1]))
    return (p, zero) if at_p > 0 else (zero, q)


def _upward(point: Point) -> tuple[Fraction, Fraction]:
    return point[1], point[0]


def _upwards(first: Point, second: Point) -> tuple[Point, Point]:
    start, end = sorted((first, second), key=_upward)
    return start, end


def _height(ends: tuple[Point, Point]) -> tuple[Fraction, Fraction]:
    return _upward(ends[0])


def _joined(found: Iterable[tuple[Point, Point]]) -> list[tuple[Point, Point]]:
    joined: list[tuple[Point, Point]] = []
    for start, end in sorted(found, key=_height):
        if joined and joined[-1][1] == start and _collinear(*joined[-1], end):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _collinear(o: Point, a: Point, b: Point) -> bool:
    return (a[0] - o[0]) * (b[1] - o[1]) == (a[1] - o[1]) * (b[0] - o[0])


def _line(start: Point, end: Point) -> Affine:
    """The function that vanishes on a line."""
    (px, py), (qx, qy) = start, end
    return Affine((qy - py) * px - (qx - px) * py, py - qy, qx - px)


def _segment(
    ends: tuple[Point, Point], slope: PiecewiseLinear, coordinates: tuple[sp.Symbol, sp.Symbol], jump: bool
) -> Segment:
    x, y = coordinates
    line = _line(*ends)
    solved_for, coefficient = (x, line.x) if line.x != 0 else (y, line.y)
    value = sp.expand(solved_for - affine_to_sympy(line * (1 / coefficient), x, y))
    middle = _inner_point(*ends)
    nudge = Fraction(1, 10**6)
    above = (middle[0] + nudge, middle[1]) if solved_for is x else (middle[0], middle[1] + nudge)
    larger_is_condensed = slope(above) > 0
    greater, less = sp.Gt(solved_for, value), sp.Lt(solved_for, value)
    linear, condensed = (less, greater) if larger_is_condensed else (greater, less)
    return Segment(*ends, sp.Eq(solved_for, value, evaluate=False), linear, condensed, jump)


def _inner_point(start: Point, end: Point) -> Point:
    """A point inside a segment, near its finite end if only one end is at infinity."""
    t = Fraction(1, 2)
    if at_infinity(start) != at_infinity(end):
        t = 1 - 1 / FAR if at_infinity(start) else 1 / FAR
    return start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])

"""Piecewise-linear functions of two coordinates, exact: the max-plus values of a phase diagram.

A function is a list of convex cells that cover the plane, each with its affine function. Sums and minima refine the cells;
cells with the same affine function are merged again, so results stay small. The scaling argument runs on these objects
unchanged (:func:`phasetheory.scaling.argument.displacement`), which is how a diagram is derived rather than stored.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import sympy as sp

from phasetheory.diagrams.polygons import (
    FAR,
    PLANE,
    Affine,
    Point,
    Polygon,
    clip,
    convex_union,
    half_planes,
    intersection,
)
from phasetheory.errors import TheoryError

__all__ = ["MAX_PLUS", "PiecewiseLinear", "affine_to_sympy"]

_MOST_GROUPS = 10  # layers of different strengths: each doubles the number of sets

Cell = tuple[Polygon, Affine]


@dataclass(frozen=True)
class PiecewiseLinear:
    """A continuous piecewise-linear function on the plane."""

    cells: tuple[Cell, ...]

    @classmethod
    def affine(cls, function: Affine) -> "PiecewiseLinear":
        """The function that is ``function`` everywhere."""
        return cls(((PLANE, function),))

    def __call__(self, point: Point) -> Fraction:
        """Exact value at a point."""
        for polygon, function in self.cells:
            if _contains(polygon, point):
                return function(point)
        x, y = (float(value) for value in point)
        raise TheoryError(f"the point ({x:g}, {y:g}) lies outside the plane; give coordinates between -{FAR} and {FAR}")

    def __add__(self, other: "PiecewiseLinear | Fraction | int") -> "PiecewiseLinear":
        if isinstance(other, (int, Fraction)):
            return self._map(lambda f: f + Affine(Fraction(other), Fraction(0), Fraction(0)))
        return self._overlay(other, lambda f, g: [(None, f + g)])

    def __sub__(self, other: "PiecewiseLinear | Fraction | int") -> "PiecewiseLinear":
        if isinstance(other, (int, Fraction)):
            return self + -other
        return self._overlay(other, lambda f, g: [(None, f - g)])

    def __neg__(self) -> "PiecewiseLinear":
        return self * -1

    def __mul__(self, factor: int) -> "PiecewiseLinear":
        return self._map(lambda f: f * factor)

    def __truediv__(self, divisor: int) -> "PiecewiseLinear":
        return self._map(lambda f: f * Fraction(1, divisor))

    def _map(self, change: Callable[[Affine], Affine]) -> "PiecewiseLinear":
        return PiecewiseLinear(tuple((polygon, change(function)) for polygon, function in self.cells))

    def minimum(self, other: "PiecewiseLinear") -> "PiecewiseLinear":
        """Pointwise minimum."""
        return self._overlay(other, lambda f, g: [(f, None)] if f == g else [(g - f, f), (f - g, g)])

    def to_sympy(self, x: sp.Symbol, y: sp.Symbol) -> sp.Expr:
        """The function as a SymPy Piecewise in two symbols (a plain expression where one cell is all)."""
        if len(self.cells) == 1:
            return affine_to_sympy(self.cells[0][1], x, y)
        # the largest condition last, as the default branch, keeps the expression short
        branches = [(affine_to_sympy(f, x, y), _condition(polygon, x, y)) for polygon, f in self.cells]
        *rest, (default, _) = sorted(branches, key=lambda b: len(sp.And.make_args(b[1])))
        return sp.Piecewise(*rest, (default, True), evaluate=False)

    def _overlay(self, other: "PiecewiseLinear", combine: Callable[[Affine, Affine], list]) -> "PiecewiseLinear":
        cells: list[Cell] = []
        for polygon, f in self.cells:
            for other_polygon, g in other.cells:
                common = intersection(polygon, other_polygon)
                if not common:
                    continue
                for first, second in combine(f, g):
                    if first is None or second is None:  # no further split of the common cell
                        cells.append((common, second or first))
                    elif part := clip(common, first):
                        cells.append((part, second))
        return _merged(cells)


class _MaxPlus:
    """Minimum and maximum of piecewise-linear functions, for :mod:`phasetheory.scaling.argument`."""

    @staticmethod
    def minimum(values: Sequence[PiecewiseLinear]) -> PiecewiseLinear:
        distinct = list(dict.fromkeys(values))
        if all(len(v.cells) == 1 for v in distinct):
            return _lower_envelope([v.cells[0][1] for v in distinct])
        result = distinct[0]
        for value in distinct[1:]:
            result = result.minimum(value)
        return result

    @staticmethod
    def maximum(values: Sequence[PiecewiseLinear]) -> PiecewiseLinear:
        return -_MaxPlus.minimum([-v for v in values])

    @staticmethod
    def largest_rests(values: Sequence[PiecewiseLinear]) -> list[tuple[int, PiecewiseLinear]]:
        # The order changes over the plane, so every set may have the smallest mean somewhere. But of n equal values v a set has
        # none, one (if it has no others) or all: with a of them the mean is (C + a v)/(c + a), monotone in a.
        everything = sum(values[1:], start=values[0])
        groups = Counter(values)
        if len(groups) > _MOST_GROUPS:
            raise TheoryError(
                f"{len(groups)} layers start at different strengths on this slice; give at most {_MOST_GROUPS}, the others alike"
            )
        sets = [
            (sum(counts), [(value, count) for value, count in zip(groups, counts, strict=True) if count])
            for counts in product(*((0, 1, n) if n > 1 else (0, 1) for n in groups.values()))
        ]
        totals = [
            (size, sum((v * n for v, n in chosen[1:]), start=chosen[0][0] * chosen[0][1]))
            for size, chosen in sets
            if size and (size == 1 or all(n in (0, groups[v]) for v, n in chosen))
        ]
        distinct = sorted(dict.fromkeys(totals), key=lambda pair: pair[0])
        return [(size, everything - total) for size, total in distinct]


MAX_PLUS = _MaxPlus()


def affine_to_sympy(function: Affine, x: sp.Symbol, y: sp.Symbol) -> sp.Expr:
    """``function`` as a SymPy expression."""
    c, fx, fy = map(sp.Rational, (function.constant, function.x, function.y))
    return c + fx * x + fy * y


def _lower_envelope(functions: Sequence[Affine]) -> PiecewiseLinear:
    """Minimum of affine functions: each wins on one convex cell."""
    cells: list[Cell] = []
    for candidate in functions:
        polygon = PLANE
        for rival in functions:
            if rival is not candidate and polygon:
                polygon = clip(polygon, rival - candidate)
        if polygon:
            cells.append((polygon, candidate))
    return _merged(cells)


def _merged(cells: list[Cell]) -> PiecewiseLinear:
    by_function: dict[Affine, list[Polygon]] = {}
    for polygon, function in cells:
        by_function.setdefault(function, []).append(polygon)
    return PiecewiseLinear(
        tuple((polygon, f) for f, polygons in by_function.items() for polygon in convex_union(polygons))
    )


def _contains(polygon: Polygon, point: Point) -> bool:
    return all(h(point) >= 0 for h in half_planes(polygon))


def _condition(polygon: Polygon, x: sp.Symbol, y: sp.Symbol) -> sp.Basic:
    return sp.And(*(_inequality(h, x, y) for h in half_planes(polygon)), evaluate=False)


def _inequality(half_plane: Affine, x: sp.Symbol, y: sp.Symbol) -> sp.Basic:
    """half_plane >= 0, solved for y where possible, else for x, so that it reads naturally."""
    c, fx, fy = map(sp.Rational, (half_plane.constant, half_plane.x, half_plane.y))
    if fy != 0:
        bound = -(c + fx * x) / fy
        return sp.Ge(y, sp.expand(bound)) if fy > 0 else sp.Le(y, sp.expand(bound))
    return sp.Ge(x, -c / fx) if fx > 0 else sp.Le(x, -c / fx)

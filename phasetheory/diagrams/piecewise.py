"""Piecewise-linear functions of two coordinates, exact: the values of a phase diagram.

A function is a list of convex cells that cover the plane, each with its affine function; cells with the same affine function
are merged where that is convex. They come from running the scaling argument by region
(:mod:`phasetheory.diagrams.by_region`), which is how a diagram is derived rather than stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from phasetheory.diagrams.polygons import FAR, Affine, Point, Polygon, convex_union, half_planes
from phasetheory.errors import TheoryError

__all__ = ["PiecewiseLinear", "affine_to_sympy"]

Cell = tuple[Polygon, Affine]


@dataclass(frozen=True)
class PiecewiseLinear:
    """A continuous piecewise-linear function on the plane."""

    cells: tuple[Cell, ...]

    @classmethod
    def merged(cls, cells: Iterable[Cell]) -> "PiecewiseLinear":
        """The function of these cells, in as few as joining them in pairs leaves, from left to right and from below."""
        by_function: dict[Affine, list[Polygon]] = {}
        for polygon, function in cells:
            by_function.setdefault(function, []).append(polygon)
        joined = ((polygon, f) for f, polygons in by_function.items() for polygon in convex_union(polygons))
        return cls(tuple(sorted(joined, key=lambda cell: cell[0])))

    def __call__(self, point: Point) -> Fraction:
        """Exact value at a point."""
        for polygon, function in self.cells:
            if _contains(polygon, point):
                return function(point)
        x, y = (float(value) for value in point)
        raise TheoryError(f"the point ({x:g}, {y:g}) lies outside the plane; give coordinates between -{FAR} and {FAR}")

    def to_sympy(self, x: sp.Symbol, y: sp.Symbol) -> sp.Expr:
        """The function as a SymPy Piecewise in two symbols (a plain expression where one cell is all)."""
        if len(self.cells) == 1:
            return affine_to_sympy(self.cells[0][1], x, y)
        # the largest condition last, and of those a constant, as the default branch: that keeps the expression short
        branches = [(affine_to_sympy(f, x, y), _condition(polygon, x, y)) for polygon, f in self.cells]
        *rest, (default, _) = sorted(branches, key=lambda b: (len(sp.And.make_args(b[1])), b[0].is_number))
        return sp.Piecewise(*rest, (default, True), evaluate=False)


def affine_to_sympy(function: Affine, x: sp.Symbol, y: sp.Symbol) -> sp.Expr:
    """``function`` as a SymPy expression."""
    c, fx, fy = map(sp.Rational, (function.constant, function.x, function.y))
    return c + fx * x + fy * y


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

"""Run by region: what an algorithm on numbers gives on a whole plane, exactly.

Take an algorithm that does nothing to its inputs but add, subtract, multiply by rational numbers and compare, and inputs that
are affine functions of two coordinates. On a convex polygon on which every comparison comes out the same at every point, the
algorithm takes one course, and what it returns is affine there. So it is run on the affine functions themselves, on the whole
plane to begin with. A comparison of two of them asks on which side of a line the polygon lies. Where the line cuts the polygon,
the run goes on with one part, and the other waits for a run of its own.

*Why this is exact, and ends.* Both parts of a cut are convex, have an area, and make up what was cut; so the polygons at the
ends of all runs tile the plane whatever was compared. Inside such a polygon, no difference whose sign was asked for vanishes.
``==`` holds on a polygon if and only if it is one function, and cuts nothing: otherwise it holds on a line. Off these lines the
algorithm on numbers takes the same course at every inner point and returns the values of the affine functions. On them and on the
edges the result is a limit; it is that on numbers where the result is continuous. The courses of an algorithm that ends are
finitely many, each has one polygon at most, and each is run once.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from phasetheory.diagrams.piecewise import PiecewiseLinear
from phasetheory.diagrams.polygons import PLANE, Affine, Polygon, clip

__all__ = ["by_region"]


def by_region(
    algorithm: Callable[..., Iterable[Any]], functions: Sequence[Affine], window: Polygon = PLANE
) -> tuple[PiecewiseLinear, ...]:
    """The results of an algorithm, as piecewise-linear functions on a convex window.

    Parameters
    ----------
    algorithm : callable
        Takes as many numbers as there are functions and returns numbers, by +, -, rational multiples and comparisons.
    functions : sequence of Affine
        What the numbers are, as functions of the coordinates.
    window : polygon
        Convex; the whole plane by default.

    Examples
    --------
    >>> x, y = (Affine(Fraction(0), Fraction(k), Fraction(1 - k)) for k in (1, 0))
    >>> low, high = by_region(lambda a, b: (min(a, b), max(a, b)), (x, y))
    >>> point = (Fraction(1), Fraction(2))
    >>> low(point), high(point), len(low.cells)
    (Fraction(1, 1), Fraction(2, 1), 2)
    """
    waiting, cells = [window], []
    while waiting:
        course = _Course(waiting.pop())
        zero = _Value(course, 1, 0, 0, 0)
        results = algorithm(*(_Value.of(function, course) for function in functions))
        cells.append((course.polygon, [(zero + value).function for value in results]))
        waiting += course.aside
    polygons = [polygon for polygon, _ in cells]
    columns = [tuple(column) for column in zip(*(found for _, found in cells), strict=True)]
    merged = {
        column: PiecewiseLinear.merged(zip(polygons, column, strict=True)) for column in dict.fromkeys(columns)
    }  # like results once
    return tuple(merged[column] for column in columns)


class _Course:
    """One run: the polygon on which everything compared so far came out as it did, and the parts cut off."""

    def __init__(self, polygon: Polygon) -> None:
        self.aside: list[Polygon] = []
        self._keep(polygon)

    def sign(self, value: "_Value") -> int:
        """Sign of a value inside the polygon, after a cut where it has two."""
        _, constant, x, y = value.terms
        if x == y == 0:
            return (constant > 0) - (constant < 0)
        signs = [constant * scale + x * corner_x + y * corner_y for scale, corner_x, corner_y in self._corners]
        if max(signs) <= 0:
            return -1
        if min(signs) < 0:
            self.aside.append(clip(self.polygon, value.function * -1))
            self._keep(clip(self.polygon, value.function))
        return 1

    def _keep(self, polygon: Polygon) -> None:
        self.polygon = polygon
        scales = [math.lcm(x.denominator, y.denominator) for x, y in polygon]
        self._corners = [(scale, int(x * scale), int(y * scale)) for scale, (x, y) in zip(scales, polygon, strict=True)]


class _Value:
    """An affine function in a run, which behaves as a number does.

    It is kept as (n, c, x, y), coprime integers, n > 0, for (c + x X + y Y)/n: several times as fast as three fractions.
    """

    __slots__ = ("course", "terms")

    def __init__(self, course: _Course, *terms: int) -> None:
        common = math.gcd(*terms)
        self.course = course
        self.terms = tuple(term // common for term in terms)

    @classmethod
    def of(cls, function: Affine, course: _Course) -> "_Value":
        """A function in a run."""
        coefficients = (function.constant, function.x, function.y)
        scale = math.lcm(*(value.denominator for value in coefficients))
        return cls(course, scale, *(int(value * scale) for value in coefficients))

    @property
    def function(self) -> Affine:
        """The function that it is."""
        scale, *coefficients = self.terms
        return Affine(*(Fraction(value, scale) for value in coefficients))

    def __add__(self, other: Any) -> "_Value":
        n, c, x, y = self.terms
        k, d, u, v = _terms(other)
        return _Value(self.course, n * k, c * k + d * n, x * k + u * n, y * k + v * n)

    __radd__ = __add__

    def __sub__(self, other: Any) -> "_Value":
        n, c, x, y = self.terms
        k, d, u, v = _terms(other)
        return _Value(self.course, n * k, c * k - d * n, x * k - u * n, y * k - v * n)

    def __rsub__(self, other: Any) -> "_Value":
        return self * -1 + other

    def __neg__(self) -> "_Value":
        return self * -1

    def __mul__(self, factor: Fraction | int) -> "_Value":
        n, c, x, y = self.terms
        over, under = factor.numerator, factor.denominator
        return _Value(self.course, n * under, c * over, x * over, y * over)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Fraction | int) -> "_Value":
        return self * (1 / Fraction(divisor))

    def __lt__(self, other: Any) -> bool:
        return self._sign(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._sign(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._sign(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._sign(other) >= 0

    def __eq__(self, other: object) -> bool:
        return self.terms == _terms(other)

    def __hash__(self) -> int:
        return hash(self.terms)

    def _sign(self, other: Any) -> int:
        return self.course.sign(self - other)


def _terms(value: Any) -> tuple[int, ...]:
    return value.terms if isinstance(value, _Value) else (value.denominator, value.numerator, 0, 0)

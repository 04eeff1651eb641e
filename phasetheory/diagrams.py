"""Phase diagrams: slopes, boundaries and regions over a two-dimensional slice of initialisations, derived exactly.

A slice is a network whose exponents are affine in two free symbols, the coordinates; its slopes come from running the
scaling argument on piecewise-linear functions of them. The boundary of a layer is the zero set of its slope.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError
from phasetheory.expressions import m
from phasetheory.networks import Network, three_layer, two_layer
from phasetheory.piecewise import MAX_PLUS, PiecewiseLinear, affine_to_sympy
from phasetheory.polygons import FAR, PLANE, Affine, Point, Polygon, at_infinity, clip, convex_union, intersection
from phasetheory.regimes import Regime, classify
from phasetheory.scaling import Displacement, displacement

__all__ = ["Boundary", "PhaseDiagram", "Region", "Segment", "phase_diagram"]


@dataclass(frozen=True)
class Segment:
    """A straight piece of a boundary.

    Attributes
    ----------
    start, end : pairs of Fraction
        End points; an end on the far square (:data:`phasetheory.polygons.FAR`) lies at infinity.
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


@dataclass(frozen=True)
class Boundary:
    """Where one layer is critical: the zero set of its slope."""

    layer: str
    coordinates: tuple[sp.Symbol, sp.Symbol]
    segments: tuple[Segment, ...]

    def __str__(self) -> str:
        return "; ".join(f"{s.equation.lhs} = {s.equation.rhs}{self._range(s)}" for s in self.segments)

    def _range(self, segment: Segment) -> str:
        """`` for lower <= coordinate <= upper``, the coordinate being the one not solved for."""
        axis = 1 if segment.equation.lhs == self.coordinates[0] else 0
        low, high = sorted((segment.start, segment.end), key=lambda end: end[axis])
        name, low_text, high_text = self.coordinates[axis], _exact(low[axis]), _exact(high[axis])
        if at_infinity(low) and at_infinity(high):
            return ""
        if at_infinity(low):
            return f" for {name} <= {high_text}"
        return f" for {name} >= {low_text}" if at_infinity(high) else f" for {low_text} <= {name} <= {high_text}"


@dataclass(frozen=True)
class Region:
    """A part of the plane where every layer keeps its regime: a union of convex polygons."""

    regimes: dict[str, Regime]
    polygons: tuple[Polygon, ...]

    @property
    def label(self) -> str:
        """For instance ``'w condensed, a linear'``."""
        return ", ".join(f"{layer} {regime.value}" for layer, regime in self.regimes.items())


@dataclass(frozen=True)
class PhaseDiagram:
    """The phase diagram of a slice.

    Attributes
    ----------
    network : Network
        The slice: exponents affine in the two coordinates.
    coordinates : pair of symbols
        Horizontal and vertical axis.
    norm : str
        ``'frobenius'`` (the paper's relative distance) or ``'spectral'``.
    """

    network: Network
    coordinates: tuple[sp.Symbol, sp.Symbol]
    norm: str = "frobenius"

    @property
    def layers(self) -> tuple[str, ...]:
        """Layer names, input to output."""
        return self.network.layers

    @cached_property
    def displacement(self) -> Displacement:
        """Everything in the scaling argument as piecewise-linear functions of the coordinates."""
        sigmas, alpha = (self._affine(e) for e in self._absorbed[:-1]), self._affine(self._absorbed[-1])
        return displacement(tuple(map(PiecewiseLinear.affine, sigmas)), PiecewiseLinear.affine(alpha), MAX_PLUS)

    @cached_property
    def _slopes(self) -> dict[str, PiecewiseLinear]:
        return dict(zip(self.layers, self.displacement.slopes(self.norm), strict=True))

    def slope(self, layer: str) -> sp.Expr:
        """S of a layer as a SymPy Piecewise in the coordinates."""
        return self._slope(layer).to_sympy(*self.coordinates)

    def boundary(self, layer: str) -> Boundary:
        """The boundary of a layer as explicit segments."""
        slope = self._slope(layer)
        segments = [_segment(ends, slope, self.coordinates) for ends in _zero_set(slope)]
        return Boundary(layer, self.coordinates, tuple(segments))

    def regions(self, layers: Sequence[str] | None = None) -> tuple[Region, ...]:
        """The regions of the given layers (all by default): one for each combination of regimes that has an area.

        Examples
        --------
        >>> [region.label for region in phase_diagram(3).regions(("W1", "W2"))][0]
        'W1 linear, W2 linear'
        """
        chosen = tuple(layers or self.layers)
        labelled: list[tuple[Polygon, tuple[Regime, ...]]] = [(PLANE, ())]
        for layer in chosen:
            signs = [cell for polygon, f in self._slope(layer).cells for cell in _signs(polygon, f)]
            labelled = [
                (common, (*labels, regime))
                for polygon, labels in labelled
                for other, regime in signs
                if (common := intersection(polygon, other))
            ]
        grouped: dict[tuple[Regime, ...], list[Polygon]] = {}
        for polygon, labels in labelled:
            grouped.setdefault(labels, []).append(polygon)
        return tuple(
            Region(dict(zip(chosen, labels, strict=True)), tuple(convex_union(polygons)))
            for labels, polygons in grouped.items()
        )

    def regime_at(self, **coordinates: Any) -> dict[str, Regime]:
        """Regime of every layer at a point given by coordinate names, e.g. ``regime_at(gamma=1, gamma_prime=0)``."""
        return {layer: classify(slope) for layer, slope in self.slopes_at(**coordinates).items()}

    def slopes_at(self, **coordinates: Any) -> dict[str, sp.Expr]:
        """Exact slopes of every layer at a point given by coordinate names."""
        names = [c.name for c in self.coordinates]
        if sorted(coordinates) != sorted(names):
            raise TheoryError(f"got coordinates {sorted(coordinates)}; give {' and '.join(names)}")
        point = tuple(_fraction(coordinates[name], name) for name in names)
        values = {layer: self._slopes[layer]((point[0], point[1])) for layer in self.layers}
        return {layer: sp.Rational(v.numerator, v.denominator) for layer, v in values.items()}

    def locate(self, network: Network) -> tuple[sp.Expr, sp.Expr] | None:
        """Coordinates of a network on this slice, or None if it does not lie on it.

        Two networks are the same point when their exponents differ by one common factor in all layers (taken out again
        by alpha): that changes no relative distance.
        """
        if network.depth != self.network.depth:
            return None
        sigmas, alpha = network.exponents.absorbed()
        common = sp.Dummy("common")
        powers = [1] * network.depth + [network.depth]
        equations = [
            mine - theirs - common * power
            for mine, theirs, power in zip(self._absorbed, (*sigmas, alpha), powers, strict=True)
        ]
        solution = sp.solve(equations, [*self.coordinates, common], dict=True)
        if not solution:
            return None
        x, y = (solution[0].get(c, sp.S.Zero) for c in self.coordinates)
        return x, y

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the diagram; see :func:`phasetheory.plotting.plot_phase_diagram`."""
        from phasetheory.plotting import plot_phase_diagram  # Matplotlib only when a picture is asked for

        return plot_phase_diagram(self, ax=ax, **options)

    @cached_property
    def _absorbed(self) -> tuple[sp.Expr, ...]:
        sigmas, alpha = self.network.exponents.absorbed()
        return (*sigmas, alpha)

    def _slope(self, layer: str) -> PiecewiseLinear:
        if layer not in self._slopes:
            raise TheoryError(f"layer = {layer!r}; this network has layers {', '.join(self.layers)}")
        return self._slopes[layer]

    def _affine(self, expression: sp.Expr) -> Affine:
        x, y = self.coordinates
        if not expression.free_symbols <= {x, y}:
            extra = ", ".join(sorted(str(s) for s in expression.free_symbols - {x, y}))
            raise TheoryError(f"exponent {expression} leaves {extra} free; give it a value or make it a coordinate")
        if not expression.is_polynomial(x, y) or sp.Poly(expression, x, y).total_degree() > 1:
            raise TheoryError(f"exponent {expression} is not affine in {x} and {y}; use powers of m linear in them")
        slopes = [sp.diff(expression, c) for c in (x, y)]
        return Affine(*(_fraction(v, "exponent") for v in (expression.subs({x: 0, y: 0}), *slopes)))


def phase_diagram(
    depth: int = 2,
    *,
    network: Network | None = None,
    coordinates: tuple[sp.Symbol, sp.Symbol] | None = None,
    norm: str = "frobenius",
) -> PhaseDiagram:
    """Derive a phase diagram.

    Parameters
    ----------
    depth : int
        2: the paper's plane (gamma, gamma'). 3: the book's slice (gamma_3, gamma_2) with sigma_2 = sigma_3. Deeper: the same
        slice, all layers after the first alike.
    network : Network, optional
        Any other slice: a network with powers of m that are linear in two symbols, which are the ``coordinates``.
    norm : str
        ``'frobenius'`` or ``'spectral'``.

    Examples
    --------
    >>> print(phase_diagram(depth=2).boundary("w"))
    gamma = 1 for gamma_prime <= 0; gamma = gamma_prime + 1 for gamma_prime >= 0
    """
    if network is None:
        network, coordinates = _standard_slice(depth)
    elif coordinates is None:
        symbols = set().union(*(e.free_symbols for e in (*network.exponents.absorbed()[0], network.exponents.alpha)))
        raise TheoryError(f"give coordinates=(x, y): the axes, from the free symbols {sorted(map(str, symbols))}")
    return PhaseDiagram(network, coordinates, norm)


def _standard_slice(depth: int) -> tuple[Network, tuple[sp.Symbol, sp.Symbol]]:
    if not isinstance(depth, int) or depth < 2:
        raise TheoryError(f"depth = {depth!r}; a network has at least two layers of weights, give an integer >= 2")
    names = {2: "gamma gamma_prime", 3: "gamma_3 gamma_2"}.get(depth, "gamma gamma_prime")
    energetic, dynamical = sp.symbols(names, real=True)
    later = m**-dynamical  # sigma_1 = 1, so that kappa' = sigma_L/sigma_1 = m^-gamma'
    alpha = m ** (energetic - (depth - 1) * dynamical)  # so that kappa = m^-gamma
    if depth == 2:
        network = two_layer(alpha, later, 1)
    elif depth == 3:
        network = three_layer(alpha, 1, later, later)
    else:
        network = Network(sigmas=(sp.S.One, *[later] * (depth - 1)), alpha=alpha)
    return network, (energetic, dynamical)


def _fraction(value: Any, name: str) -> Fraction:
    exact = sp.Rational(repr(value)) if isinstance(value, float) and abs(value) < float(FAR) else sp.sympify(value)
    if not isinstance(exact, sp.Rational):
        raise TheoryError(f"{name} = {value} is not a rational number; give one such as 1.75 or '7/4'")
    return Fraction(int(exact.p), int(exact.q))


def _exact(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def _signs(polygon: Polygon, function: Affine) -> Iterable[tuple[Polygon, Regime]]:
    if function == Affine(Fraction(0), Fraction(0), Fraction(0)):
        yield polygon, Regime.CRITICAL
        return
    for part, regime in ((function * -1, Regime.LINEAR), (function, Regime.CONDENSED)):
        if half := clip(polygon, part):
            yield half, regime


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

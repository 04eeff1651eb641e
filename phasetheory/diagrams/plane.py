"""What every phase diagram can be asked: slopes, boundaries and regions over a plane of exponents, derived exactly.

A plane is given by exponents that are affine in two free symbols, the coordinates, and by the algorithm that turns numbers into
slopes; it is run by region. The boundary of a layer is the zero set of its slope.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property
from typing import Any, Self

import sympy as sp

from phasetheory.diagrams.boundaries import Boundary, boundary_of
from phasetheory.diagrams.by_region import by_region
from phasetheory.diagrams.piecewise import PiecewiseLinear
from phasetheory.diagrams.polygons import Affine, Point
from phasetheory.diagrams.regions import Region, regions_of
from phasetheory.errors import TheoryError, check_choice, shown
from phasetheory.scaling.regimes import Regime, classify
from phasetheory.symbols.expressions import d, fan_in, fan_out, listed_or_none, m
from phasetheory.symbols.leading import leading_term
from phasetheory.symbols.rationals import as_fraction

__all__ = ["Plane", "check_positive_on_plane", "two_symbols"]


class Plane(ABC):
    """A phase diagram; its subclasses say of what. They are frozen dataclasses."""

    coordinates: tuple[sp.Symbol, sp.Symbol]
    norm: str

    @property
    def is_standard(self) -> bool:
        """Whether it is one of the planes whose pictures have a window of their own."""
        return False

    @property
    def title(self) -> str:
        """What is written above a picture of it."""
        return ""

    @property
    def target_region(self) -> Region | None:
        """Where slopes depend on the target; None if nowhere."""
        return None

    @property
    @abstractmethod
    def layers(self) -> tuple[str, ...]:
        """Layer names, input to output."""

    @property
    @abstractmethod
    def telling_layers(self) -> tuple[str, ...]:
        """The layers whose regimes make the regions of a picture."""

    @property
    @abstractmethod
    def scales(self) -> Mapping[str, sp.Expr]:
        r"""The scales of the plane by their names as TeX, ``\sigma_1``, ``\alpha``, ``\eta_1``."""

    @property
    @abstractmethod
    def description(self) -> dict[str, Any]:
        """What the diagram is of, as plain data."""

    @property
    @abstractmethod
    def _exponents(self) -> Sequence[sp.Expr]:
        """What the slopes are computed from, learning rates absorbed."""

    @abstractmethod
    def _slopes_at(self, *exponents: Any) -> Iterable[Any]:
        """Slopes of all layers at one point, from the values of the exponents there."""

    @property
    def named_points(self) -> Mapping[str, tuple[sp.Expr, sp.Expr]]:
        """Coordinates of the named initialisations that lie on the plane; lines contain their free symbol."""
        return {}

    def _over_plane(self, algorithm: Callable[..., Iterable[Any]]) -> tuple[PiecewiseLinear, ...]:
        """Numbers that an algorithm computes from the exponents at a point, as functions on the plane."""
        return by_region(algorithm, [self._affine(exponent) for exponent in self._exponents])

    @cached_property
    def _slopes(self) -> dict[str, PiecewiseLinear]:
        return dict(zip(self.layers, self._over_plane(self._slopes_at), strict=True))

    def __getstate__(self) -> dict[str, Any]:
        # what is computed once and kept is left out: generated functions cannot be pickled
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two coordinates."""
        return self.coordinates[0].name, self.coordinates[1].name

    def with_norm(self, norm: str) -> Self:
        """The same slice with distances in another norm."""
        return replace(self, norm=norm)  # type: ignore[type-var]

    def slope(self, layer: str) -> sp.Expr:
        """S of a layer, or of ``'theta'``, as a SymPy Piecewise in the coordinates."""
        return self._slope(layer).to_sympy(*self.coordinates)

    def gradients(self, layer: str, regime: Regime) -> tuple[tuple[sp.Rational, sp.Rational], ...]:
        """The distinct (dS/dx, dS/dy) of the pieces that S of a layer has in a regime.

        Examples
        --------
        >>> from phasetheory.diagrams.diagram import phase_diagram
        >>> phase_diagram(2).gradients("w", Regime.CONDENSED)
        ((1, 0), (1/2, -1/2))
        """
        cells = self._slope(layer).cells
        found = {f for polygon, f in cells if any(classify(sp.Rational(f(corner))) is regime for corner in polygon)}
        return tuple(sorted(((sp.Rational(f.x), sp.Rational(f.y)) for f in found), reverse=True))

    def evaluate(self, x: Any, y: Any, *, layers: Sequence[str] | None = None) -> dict[str, Any]:
        """Slopes on floating-point numbers or NumPy arrays, which are broadcast against each other.

        Parameters
        ----------
        x, y : float or float64 array
            First and second coordinate, for instance ``x[None, :]`` and ``y[:, None]`` for a grid.
        layers : sequence of str, optional
            Layers, ``'theta'`` among them if wanted; by default every layer, without it.
        """
        x, y = x + 0.0 * y, y + 0.0 * x
        return {layer: self._function(layer)(x, y) + 0.0 * x for layer in layers or self.layers}

    def _function(self, layer: str) -> Callable[[Any, Any], Any]:
        slope = self._slope(layer)
        if layer not in self._functions:
            self._functions[layer] = sp.lambdify(self.coordinates, slope.to_sympy(*self.coordinates), "numpy")
        return self._functions[layer]

    @cached_property
    def _functions(self) -> dict[str, Callable[[Any, Any], Any]]:
        return {}

    def boundary(self, layer: str) -> Boundary:
        """The boundary of a layer, or of ``'theta'``, as explicit segments."""
        slope = self._slope(layer)
        if slope not in self._boundaries:  # like layers once
            self._boundaries[slope] = boundary_of(slope, layer, self.coordinates)
        return replace(self._boundaries[slope], layer=layer)

    @cached_property
    def _boundaries(self) -> dict[PiecewiseLinear, Boundary]:
        return {}

    def regions(self, layers: Sequence[str] | None = None) -> tuple[Region, ...]:
        """The regions of the given layers (all by default): one for each combination of regimes that has an area.

        Examples
        --------
        >>> from phasetheory.diagrams.diagram import phase_diagram
        >>> [region.label for region in phase_diagram(3).regions(("W1", "W2"))][0]
        'W1 linear, W2 linear'
        """
        return regions_of({layer: self._slope(layer) for layer in layers or self.layers})

    def regime_at(self, **coordinates: Any) -> dict[str, Regime]:
        """Regime of every layer at a point given by coordinate names, e.g. ``regime_at(gamma=1, gamma_prime=0)``."""
        return {layer: classify(slope) for layer, slope in self.slopes_at(**coordinates).items()}

    def slopes_at(self, **coordinates: Any) -> dict[str, sp.Expr]:
        """Exact slopes of every layer at a point given by coordinate names."""
        if sorted(coordinates) != sorted(self.names):
            raise TheoryError(f"got coordinates {sorted(coordinates)}; give {' and '.join(self.names)}")
        point = self._point(*(coordinates[name] for name in self.names))
        return {layer: sp.Rational(slope(point)) for layer, slope in self._slopes.items()}

    def _values_at(self, point: Any) -> dict[sp.Symbol, sp.Rational]:
        """The coordinates of a point given as a pair, by their symbols."""
        pair = listed_or_none(point)
        if pair is None or len(pair) != 2:
            raise TheoryError(f"point = {shown(point)}; give a pair ({', '.join(self.names)})")
        return dict(zip(self.coordinates, map(sp.Rational, self._point(*pair)), strict=True))

    def _point(self, x: Any, y: Any) -> Point:
        first, second = self.names
        return as_fraction(x, name=first), as_fraction(y, name=second)

    def to_dict(self, layers: Sequence[str] | None = None) -> dict[str, Any]:
        """Slopes, boundaries, regions and named points as plain data; see :func:`phasetheory.diagrams.data.to_dict`."""
        from phasetheory.diagrams.data import to_dict  # it reads diagrams: imported when asked for

        return to_dict(self, layers)

    def to_json(self, layers: Sequence[str] | None = None) -> str:
        """:meth:`to_dict` as JSON text."""
        from phasetheory.diagrams.data import to_json  # it reads diagrams: imported when asked for

        return to_json(self, layers)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the diagram; see :func:`phasetheory.diagrams.plotting.plot_phase_diagram`."""
        from phasetheory.diagrams.plotting import plot_phase_diagram  # Matplotlib only when a picture is asked for

        return plot_phase_diagram(self, ax=ax, **options)

    def _slope(self, layer: str) -> PiecewiseLinear:
        check_choice(layer, "layer", self.layers)
        return self._slopes[layer]

    def _affine(self, expression: sp.Expr) -> Affine:
        x, y = self.coordinates
        if not expression.free_symbols <= {x, y}:
            extra = ", ".join(sorted(str(s) for s in expression.free_symbols - {x, y}))
            raise TheoryError(f"exponent {expression} leaves {extra} free; give it a value or make it a coordinate")
        if not expression.is_polynomial(x, y) or sp.Poly(expression, x, y).total_degree() > 1:
            raise TheoryError(f"exponent {expression} is not affine in {x} and {y}; use powers of m linear in them")
        slopes = [sp.diff(expression, c) for c in (x, y)]
        return Affine(*(as_fraction(v, name="exponent") for v in (expression.subs({x: 0, y: 0}), *slopes)))


def two_symbols(coordinates: Any) -> tuple[sp.Symbol, sp.Symbol]:
    """Coordinates of a plane, checked."""
    given = listed_or_none(coordinates) or [coordinates]
    if not all(isinstance(c, sp.Symbol) for c in given):
        raise TheoryError(f"coordinates = {shown(coordinates)}; give two symbols, sympy.symbols('x y', real=True)")
    reserved = {symbol.name for symbol in (m, d, fan_in, fan_out)}
    if len(given) != 2 or len({c.name for c in given} - reserved) != 2:
        names = ", ".join(c.name for c in given)
        raise TheoryError(f"coordinates = ({names}); give two different symbols other than m and d, fan_in and fan_out")
    return given[0], given[1]


def check_positive_on_plane(scales: Iterable[sp.Expr], coordinates: tuple[sp.Symbol, sp.Symbol]) -> None:
    """Refuse scales with coordinates elsewhere than in exponents."""
    for scale in scales:
        leading = leading_term(scale)
        if leading and leading.coefficient.has(*coordinates) and not leading.coefficient.is_positive:
            raise TheoryError(
                f"{shown(scale)} is not positive at every {' and '.join(c.name for c in coordinates)}; they stand in exponents, "
                "as in m^-x"
            )

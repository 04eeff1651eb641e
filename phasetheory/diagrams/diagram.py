"""Phase diagrams: slopes, boundaries and regions over a two-dimensional slice of initialisations, derived exactly.

A slice is a network whose exponents are affine in two free symbols, the coordinates; its slopes come from running the
scaling argument by region. The boundary of a layer is the zero set of its slope.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.diagrams.boundaries import Boundary, boundary_of
from phasetheory.diagrams.by_region import by_region
from phasetheory.diagrams.piecewise import PiecewiseLinear
from phasetheory.diagrams.polygons import Affine, Point
from phasetheory.diagrams.regions import Region, regions_of
from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.errors import TheoryError, check_choice, shown
from phasetheory.networks.network import Network, check_network, coordinate_symbols, refuse_zero_layer
from phasetheory.scaling.argument import Displacement, check_norm, displacement, slope_of_all_weights
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.regimes import Regime, classify
from phasetheory.scaling.targets import OPEN, matters
from phasetheory.symbols.expressions import d, fan_in, fan_out, listed_or_none, m
from phasetheory.symbols.leading import leading_term
from phasetheory.symbols.rationals import as_fraction

__all__ = ["ALL_WEIGHTS", "PhaseDiagram", "phase_diagram"]

#: Stands for a layer where all normalised weights together are meant.
ALL_WEIGHTS = "theta"


@dataclass(frozen=True)
class PhaseDiagram:
    """The phase diagram of a slice.

    Wherever it asks for a layer, ``'theta'`` stands for all normalised weights W_l/sigma_l together (Frobenius norm only).

    Attributes
    ----------
    network : Network
        The slice: exponents affine in the two coordinates.
    coordinates : pair of symbols
        Horizontal and vertical axis.
    norm : str
        ``'frobenius'`` (the paper's relative distance) or ``'spectral'``.
    optimizer : Optimizer
        What trains the networks; given by its name too.
    """

    network: Network
    coordinates: tuple[sp.Symbol, sp.Symbol]
    norm: str = "frobenius"
    optimizer: Optimizer = GRADIENT_FLOW

    def __post_init__(self) -> None:
        check_norm(self.norm)
        object.__setattr__(self, "optimizer", as_optimizer(self.optimizer))
        check_network(self.network)
        refuse_zero_layer(self.network, "a plane of initialisations is one of powers of the width")
        object.__setattr__(self, "coordinates", _two_symbols(self.coordinates))
        for scale in (*self.network.sigmas, self.network.alpha, *self.network.learning_rates):
            leading = leading_term(scale)
            if leading and leading.coefficient.has(*self.coordinates) and not leading.coefficient.is_positive:
                raise TheoryError(
                    f"{shown(scale)} is not positive at every {' and '.join(self.names)}; they stand in exponents, as in m^-x"
                )

    def __getstate__(self) -> dict[str, Any]:
        # what is computed once and kept is left out: generated functions cannot be pickled
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two coordinates."""
        return self.coordinates[0].name, self.coordinates[1].name

    @property
    def is_standard(self) -> bool:
        """Whether this is the slice of ``phase_diagram(depth)``, in either norm and with any optimiser."""
        return (self.network, self.coordinates) == _standard_slice(self.network.depth)

    def with_norm(self, norm: str) -> "PhaseDiagram":
        """The same slice with distances in another norm."""
        return replace(self, norm=norm)

    def network_at(self, point: tuple[Any, Any]) -> Network:
        """The network of a point, which has no name.

        Parameters
        ----------
        point : (x, y)
            Rational numbers; a float is the decimal it prints as, as in :meth:`slopes_at`.

        Examples
        --------
        >>> phase_diagram(2).network_at((1, "1/2")).sigmas
        (1, 1/sqrt(m))
        """
        pair = listed_or_none(point)
        if pair is None or len(pair) != 2:
            raise TheoryError(f"point = {shown(point)}; give a pair ({', '.join(self.names)})")
        net, values = self.network, dict(zip(self.coordinates, map(sp.Rational, self._point(*pair)), strict=True))
        return Network(
            tuple(sigma.subs(values) for sigma in net.sigmas),
            net.alpha.subs(values),
            tuple(rate.subs(values) for rate in net.learning_rates),
            net.activation,
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """Layer names, input to output."""
        return self.network.layers

    def _slopes_of(self, moved: Displacement) -> tuple[Any, ...]:
        """Slopes at one point of the plane from what the scaling argument says there."""
        return moved.slopes(self.norm)

    def _over_plane(self, result: Callable[[Displacement], Iterable[Any]]) -> tuple[PiecewiseLinear, ...]:
        """Numbers that follow from the scaling argument at a point, as functions on the plane."""

        def at_point(*exponents: Any) -> Iterable[Any]:
            return result(displacement(exponents[:-1], exponents[-1], self.optimizer))

        return by_region(at_point, [self._affine(exponent) for exponent in self._absorbed])

    @cached_property
    def _slopes(self) -> dict[str, PiecewiseLinear]:
        return dict(zip(self.layers, self._over_plane(self._slopes_of), strict=True))

    @cached_property
    def _slope_of_all_weights(self) -> PiecewiseLinear:
        if self.norm != "frobenius":
            raise TheoryError(f"{ALL_WEIGHTS!r} in {self.norm} norm: all weights together have a Frobenius norm only")
        return self._over_plane(lambda moved: [slope_of_all_weights(self._slopes_of(moved))])[0]

    def slope(self, layer: str) -> sp.Expr:
        """S of a layer, or of ``'theta'``, as a SymPy Piecewise in the coordinates."""
        return self._slope(layer).to_sympy(*self.coordinates)

    def gradients(self, layer: str, regime: Regime) -> tuple[tuple[sp.Rational, sp.Rational], ...]:
        """The distinct (dS/dx, dS/dy) of the pieces that S of a layer has in a regime.

        Examples
        --------
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
        check_choice(layer, "layer", (*self.layers, ALL_WEIGHTS))
        if layer not in self._functions:
            self._functions[layer] = sp.lambdify(self.coordinates, self.slope(layer), "numpy")
        return self._functions[layer]

    @cached_property
    def _functions(self) -> dict[str, Callable[[Any, Any], Any]]:
        return {}

    def boundary(self, layer: str) -> Boundary:
        """The boundary of a layer, or of ``'theta'``, as explicit segments."""
        return boundary_of(self._slope(layer), layer, self.coordinates)

    def regions(self, layers: Sequence[str] | None = None) -> tuple[Region, ...]:
        """The regions of the given layers (all by default): one for each combination of regimes that has an area.

        Examples
        --------
        >>> [region.label for region in phase_diagram(3).regions(("W1", "W2"))][0]
        'W1 linear, W2 linear'
        """
        return regions_of({layer: self._slope(layer) for layer in layers or self.layers})

    @cached_property
    def target_region(self) -> Region | None:
        """Where the slopes depend on the target, easy or hard, and are those of an easy one here; None if nowhere.

        See :mod:`phasetheory.scaling.targets`; for the other branch ``network_at(point).slopes(target="hard")``.
        """
        if not matters(self.network.depth, self.network.activation, self.optimizer):
            return None
        return next((region for region in self.regions() if tuple(region.regimes.values()) == OPEN), None)

    def regime_at(self, **coordinates: Any) -> dict[str, Regime]:
        """Regime of every layer at a point given by coordinate names, e.g. ``regime_at(gamma=1, gamma_prime=0)``."""
        return {layer: classify(slope) for layer, slope in self.slopes_at(**coordinates).items()}

    def slopes_at(self, **coordinates: Any) -> dict[str, sp.Expr]:
        """Exact slopes of every layer at a point given by coordinate names."""
        if sorted(coordinates) != sorted(self.names):
            raise TheoryError(f"got coordinates {sorted(coordinates)}; give {' and '.join(self.names)}")
        point = self._point(*(coordinates[name] for name in self.names))
        return {layer: sp.Rational(slope(point)) for layer, slope in self._slopes.items()}

    def _point(self, x: Any, y: Any) -> Point:
        first, second = self.names
        return as_fraction(x, name=first), as_fraction(y, name=second)

    def locate(self, network: Network) -> tuple[sp.Expr, sp.Expr] | None:
        """Coordinates of a network on this slice, or None if it does not lie on it.

        Two networks are the same point when their exponents differ by one common factor in all layers (taken out again
        by alpha): that changes no relative distance. A layer that starts at zero is beyond every slice.
        """
        if network.depth != self.network.depth or network.zero_layer is not None:
            return None
        sigmas, alpha = network.exponents.absorbed(self.optimizer)
        common = sp.Dummy("common")
        powers = [1] * network.depth + [network.depth]
        equations = [
            mine - theirs - common * power
            for mine, theirs, power in zip(self._absorbed, (*sigmas, alpha), powers, strict=True)
        ]
        solution = sp.solve(list(dict.fromkeys(equations)), [*self.coordinates, common], dict=True)
        if not solution:
            return None
        x, y = (solution[0].get(c, sp.S.Zero) for c in self.coordinates)
        return x, y

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

    def _repr_html_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # what a notebook shows, imported when it does

        return for_notebook(self, "html")

    def _repr_latex_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # what a notebook shows, imported when it does

        return for_notebook(self, "latex")

    @cached_property
    def _absorbed(self) -> tuple[sp.Expr, ...]:
        sigmas, alpha = self.network.exponents.absorbed(self.optimizer)
        return (*sigmas, alpha)

    def _slope(self, layer: str) -> PiecewiseLinear:
        check_choice(layer, "layer", (*self.layers, ALL_WEIGHTS))
        if layer == ALL_WEIGHTS:
            return self._slope_of_all_weights
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


def phase_diagram(
    depth: int = 2,
    *,
    network: Network | None = None,
    coordinates: tuple[sp.Symbol, sp.Symbol] | None = None,
    norm: str = "frobenius",
    optimizer: str | Optimizer = GRADIENT_FLOW,
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
    optimizer : str or Optimizer
        ``'gradient-flow'``, or ``'sign-descent'``, also called ``'adam'``, which is what Adam does at a small rate.

    Examples
    --------
    >>> print(phase_diagram(depth=2).boundary("w"))
    gamma = 1 for gamma_prime <= 0; gamma = gamma_prime + 1 for gamma_prime >= 0

    The boundary of two layers is the same for Adam, the slopes are not:

    >>> flow, adam = phase_diagram(2), phase_diagram(2, optimizer="adam")
    >>> adam.boundary("w") == flow.boundary("w"), adam.slope("w") == flow.slope("w")
    (True, False)
    """
    if network is None:
        network, coordinates = _standard_slice(depth)
    elif coordinates is None:
        check_network(network)
        symbols = sorted(map(str, network.exponents.free_symbols))
        raise TheoryError(f"give coordinates=(x, y): the axes, from the free symbols {symbols}")
    assert coordinates is not None
    return PhaseDiagram(network, coordinates, norm, as_optimizer(optimizer))


def _two_symbols(coordinates: Any) -> tuple[sp.Symbol, sp.Symbol]:
    given = listed_or_none(coordinates) or [coordinates]
    if not all(isinstance(c, sp.Symbol) for c in given):
        raise TheoryError(f"coordinates = {shown(coordinates)}; give two symbols, sympy.symbols('x y', real=True)")
    reserved = {symbol.name for symbol in (m, d, fan_in, fan_out)}
    if len(given) != 2 or len({c.name for c in given} - reserved) != 2:
        names = ", ".join(c.name for c in given)
        raise TheoryError(f"coordinates = ({names}); give two different symbols other than m and d, fan_in and fan_out")
    return given[0], given[1]


def _standard_slice(depth: int) -> tuple[Network, tuple[sp.Symbol, sp.Symbol]]:
    depth = check_depth(depth)
    energetic, dynamical = coordinate_symbols(depth)
    later = m**-dynamical  # sigma_1 = 1, so that kappa' = sigma_L/sigma_1 = m^-gamma'
    alpha = m ** (energetic - (depth - 1) * dynamical)  # so that kappa = m^-gamma
    return Network(sigmas=(sp.S.One, *[later] * (depth - 1)), alpha=alpha), (energetic, dynamical)

"""Phase diagrams: slopes, boundaries and regions over a two-dimensional slice of initialisations, derived exactly.

A slice is a network whose exponents are affine in two free symbols, the coordinates; its slopes come from running the
scaling argument by region. The boundary of a layer is the zero set of its slope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.diagrams.piecewise import PiecewiseLinear
from phasetheory.diagrams.plane import Plane, check_positive_on_plane, two_symbols
from phasetheory.diagrams.regions import Region
from phasetheory.errors import TheoryError, check_choice
from phasetheory.networks.initializations import describe_initialization, initializations
from phasetheory.networks.network import Network, check_network, refuse_zero_layer
from phasetheory.networks.standard import standard_scales
from phasetheory.scaling.argument import Displacement, check_norm, displacement, slope_of_all_weights
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.targets import OPEN, matters

__all__ = ["ALL_WEIGHTS", "PhaseDiagram", "phase_diagram"]

#: Stands for a layer where all normalised weights together are meant.
ALL_WEIGHTS = "theta"


@dataclass(frozen=True)
class PhaseDiagram(Plane):
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
        object.__setattr__(self, "coordinates", two_symbols(self.coordinates))
        scales = (*self.network.sigmas, self.network.alpha, *self.network.learning_rates)
        check_positive_on_plane(scales, self.coordinates)

    @property
    def is_standard(self) -> bool:
        """Whether this is the slice of ``phase_diagram(depth)``, in either norm and with any optimiser."""
        return (self.network, self.coordinates) == _standard_slice(self.network.depth)

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
        net, values = self.network, self._values_at(point)
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

    @property
    def telling_layers(self) -> tuple[str, ...]:
        """The input layer of two (the paper's diagram), else all hidden weight layers."""
        return ("w",) if self.network.depth == 2 else self.layers[:-1]

    @property
    def title(self) -> str:
        """The optimiser, where it is not gradient flow."""
        return "" if self.optimizer == GRADIENT_FLOW else self.optimizer.title

    @property
    def scales(self) -> Mapping[str, sp.Expr]:
        r"""The scales of the plane by their names as TeX, ``\sigma_1``, ``\alpha``, ``\eta_1``."""
        net = self.network
        sigmas = {rf"\sigma_{{{i}}}": scale for i, scale in enumerate(net.sigmas, 1)}
        rates = {rf"\eta_{{{i}}}": rate for i, rate in enumerate(net.learning_rates, 1)}
        return {**sigmas, r"\alpha": net.alpha, **rates}

    @property
    def description(self) -> dict[str, Any]:
        """Depth, optimiser and scales."""
        return {
            "depth": self.network.depth,
            "optimizer": self.optimizer.name,
            "network": {
                "sigmas": [str(s) for s in self.network.sigmas],
                "alpha": str(self.network.alpha),
                "learning_rates": [str(eta) for eta in self.network.learning_rates],
            },
        }

    def _moved_at(self, *exponents: Any) -> Displacement:
        return displacement(exponents[:-1], exponents[-1], self.optimizer)

    def _slopes_at(self, *exponents: Any) -> tuple[Any, ...]:
        return self._moved_at(*exponents).slopes(self.norm)

    @cached_property
    def _slope_of_all_weights(self) -> PiecewiseLinear:
        if self.norm != "frobenius":
            raise TheoryError(f"{ALL_WEIGHTS!r} in {self.norm} norm: all weights together have a Frobenius norm only")
        return self._over_plane(lambda *exponents: [slope_of_all_weights(self._slopes_at(*exponents))])[0]

    @cached_property
    def target_region(self) -> Region | None:
        """Where the slopes depend on the target, easy or hard, and are those of an easy one here; None if nowhere.

        See :mod:`phasetheory.scaling.targets`; for the other branch ``network_at(point).slopes(target="hard")``.
        """
        if not matters(self.network.depth, self.network.activation, self.optimizer):
            return None
        return next((region for region in self.regions() if tuple(region.regimes.values()) == OPEN), None)

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
            for mine, theirs, power in zip(self._exponents, (*sigmas, alpha), powers, strict=True)
        ]
        solution = sp.solve(list(dict.fromkeys(equations)), [*self.coordinates, common], dict=True)
        if not solution:
            return None
        x, y = (solution[0].get(c, sp.S.Zero) for c in self.coordinates)
        return x, y

    @cached_property
    def named_points(self) -> Mapping[str, tuple[sp.Expr, sp.Expr]]:
        """Coordinates of the named initialisations that lie on the slice; lines contain their free symbol."""
        depth = self.network.depth
        places = {
            name: self.locate(describe_initialization(name).network(depth, optimizer=self.optimizer))
            for name in initializations(depth)
        }
        return {name: place for name, place in places.items() if place is not None}

    def _repr_html_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # what a notebook shows, imported when it does

        return for_notebook(self, "html")

    def _repr_latex_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # what a notebook shows, imported when it does

        return for_notebook(self, "latex")

    @cached_property
    def _exponents(self) -> tuple[sp.Expr, ...]:
        sigmas, alpha = self.network.exponents.absorbed(self.optimizer)
        return (*sigmas, alpha)

    def _slope(self, layer: str) -> PiecewiseLinear:
        check_choice(layer, "layer", (*self.layers, ALL_WEIGHTS))
        return self._slope_of_all_weights if layer == ALL_WEIGHTS else self._slopes[layer]


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


def _standard_slice(depth: int) -> tuple[Network, tuple[sp.Symbol, sp.Symbol]]:
    sigmas, alpha, coordinates = standard_scales(depth)
    return Network(sigmas, alpha), coordinates

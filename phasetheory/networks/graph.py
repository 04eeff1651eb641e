r"""Networks as graphs: layers, some of them used more than once, on paths from the input to the output.

    f(x) = (1/alpha) sum over paths of multiplier prod_l W_l^(k_l)          on a fixed pattern of open and closed relus

Convolutions, recurrent and residual networks, biases, many outputs and normalisation are values of it, made by
:mod:`phasetheory.networks.architectures`; a :class:`~phasetheory.Network` is the graph of one path. What is asked of a
network can be asked of a graph. All of it is derived (:mod:`phasetheory.scaling.tropical`), nothing on slopes is proved;
the conserved quantities are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any

import sympy as sp

from phasetheory.dynamics.conserved import ConservedQuantity, conserved_quantities
from phasetheory.errors import NotPowerLawError, TheoryError, shown
from phasetheory.networks.network import Network, check_network, layer_fans
from phasetheory.scaling.learning_rates import LearningRateScaling, learning_rates_of_flow
from phasetheory.scaling.lexicographic import finite_or_infinite, with_infinity
from phasetheory.scaling.paths import GraphExponents, LayerExponents, PathExponents, Term
from phasetheory.scaling.regimes import Regime, classify
from phasetheory.scaling.tropical import TropicalFlow, tropical_flow
from phasetheory.symbols.exponents import check_positive, exponent
from phasetheory.symbols.expressions import as_expression, as_scale, listed_or_none
from phasetheory.symbols.rationals import as_fraction, is_whole

__all__ = ["Architecture", "Graph", "Layer", "Path"]

_ONE: Any = sp.S.One
_FANS = ("fan_in", "fan_out")


@dataclass(frozen=True)
class Layer:
    """A weight tensor, on as many edges of the graph as there are uses of it.

    Parameters
    ----------
    sigma : scale
        Standard deviation of the initial weights, a formula in ``phasetheory.m``; 0 for a layer that starts at zero.
    fan_in, fan_out : scales
        Numbers of inputs and outputs, of which the exponents in m count.
    learning_rate : scale
    outer : str, optional
        ``'fan_in'`` or ``'fan_out'``: on this side there is only a fixed number of directions, samples or outputs, however large
        the fan is (an embedding, m outputs).
    degree : int
        Degree of the output in this layer: 1, or 0 if a normalisation follows directly.
    """

    sigma: sp.Expr
    fan_in: sp.Expr
    fan_out: sp.Expr
    learning_rate: sp.Expr = _ONE
    outer: str | None = None
    degree: int = 1

    def __post_init__(self) -> None:
        for name in ("fan_in", "fan_out", "learning_rate"):
            object.__setattr__(self, name, _positive(getattr(self, name), name))
        expression = as_expression(self.sigma, name="sigma", fans=self.fans)
        sigma = sp.S.Zero if expression.is_zero else _positive(expression, "sigma")
        object.__setattr__(self, "sigma", sigma)
        if self.outer is not None and self.outer not in _FANS:
            raise TheoryError(f"outer = {shown(self.outer)}; use 'fan_in' or 'fan_out', or leave it out")
        if not is_whole(self.degree) or self.degree not in (0, 1):
            raise TheoryError(
                f"degree = {shown(self.degree)}; give 1, or 0 for a layer directly before a normalisation: under other degrees "
                "growth is winner-take-all and no slope is claimed"
            )

    @property
    def fans(self) -> tuple[sp.Expr, sp.Expr]:
        """(fan_in, fan_out)."""
        return self.fan_in, self.fan_out

    @cached_property
    def exponents(self) -> LayerExponents:
        """Exponents of its strength and its norms, learning rate absorbed; -oo of a layer that starts at zero."""
        fans = {name: exponent(fan) for name, fan in zip(_FANS, self.fans, strict=True)}
        inner = [value for name, value in fans.items() if name != self.outer]
        sigma = exponent(self.sigma) - self.rate / 2 if self.sigma != 0 else -sp.oo
        return LayerExponents(
            strength=sigma + max(*inner, sp.S.Zero) / 2,
            frobenius=sigma + sum(fans.values()) / 2,
            spectral=sigma + max(fans.values()) / 2,
            degree=self.degree,
        )

    @cached_property
    def rate(self) -> sp.Expr:
        """Exponent of its learning rate."""
        return exponent(self.learning_rate)


@dataclass(frozen=True)
class Cap:
    """A bound on what a path gives: no more than the largest of these paths.

    Parameters
    ----------
    paths : sequence of Path
    targets : sequence of str, optional
        Kinds of targets for which it holds; for all, if left out.
    """

    paths: tuple["Path", ...]
    targets: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Path:
    """One way through the graph, from the input or a constant to the output.

    Parameters
    ----------
    uses : mapping of str to int
        How often it goes through each layer.
    multiplier : scale
        The product of the fixed factors on its way.
    targets : sequence of str, optional
        Kinds of targets to which it can contribute; to all, if left out.
    caps : sequence of Cap
    """

    uses: Mapping[str, int]
    multiplier: sp.Expr = _ONE
    targets: tuple[str, ...] | None = None
    caps: tuple[Cap, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.uses, Mapping) or not self.uses:
            raise TheoryError(
                f"uses = {shown(self.uses)}; give how often the path uses each layer, such as {{'U': 1, 'a': 1}}"
            )
        for layer, uses in self.uses.items():
            if not is_whole(uses) or uses < 1:
                raise TheoryError(
                    f"uses of {layer} = {shown(uses)}; give an integer of at least 1, and leave out unused layers"
                )
        object.__setattr__(self, "uses", MappingProxyType(dict(self.uses)))
        object.__setattr__(self, "multiplier", _positive(self.multiplier, "multiplier"))


@dataclass(frozen=True)
class Architecture:
    """What a graph was made as, for whoever builds a module of the same architecture.

    Attributes
    ----------
    kind : str
        ``'general'``, ``'chain'``, ``'convolutional'``, ``'recurrent'`` or ``'residual'``.
    parameters : mapping
        What the constructor was given besides scales: ``steps``, ``lags``, ``blocks``, ``multiplier``, ``outputs``, ...
    """

    kind: str = "general"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))


@dataclass(frozen=True)
class Graph:
    """A network as a graph of layers and paths, a point of the theory.

    Parameters
    ----------
    layers : mapping of str to Layer
    paths : sequence of Path
    alpha : scale
        The output is divided by it.
    targets : sequence of str
        Kinds of targets to be learned, each with a residual of its own; one kind by default.
    name : str
    architecture : Architecture

    Examples
    --------
    >>> import phasetheory as pt
    >>> layers = {"w": pt.Layer(1, 1, "m"), "a": pt.Layer("1/sqrt(m)", "m", 1)}
    >>> Graph(layers, [Path({"w": 1, "a": 1})]).slopes()
    {'w': -3/2, 'a': -1/2}
    """

    layers: Mapping[str, Layer]
    paths: tuple[Path, ...]
    alpha: sp.Expr = _ONE
    targets: tuple[str, ...] = ("all",)
    name: str = ""
    architecture: Architecture = Architecture()

    def __post_init__(self) -> None:
        if not isinstance(self.layers, Mapping) or not all(isinstance(layer, Layer) for layer in self.layers.values()):
            raise TheoryError(f"layers = {shown(self.layers)}; give a Layer for every name")
        paths = listed_or_none(self.paths)
        if not paths or not all(isinstance(path, Path) for path in paths):
            raise TheoryError(f"paths = {shown(self.paths)}; give at least one Path")
        object.__setattr__(self, "layers", MappingProxyType(dict(self.layers)))
        object.__setattr__(self, "paths", tuple(paths))
        object.__setattr__(self, "alpha", _positive(self.alpha, "alpha"))
        used = set().union(*(path.uses for path in paths))
        if unknown := used - self.layers.keys():
            raise TheoryError(
                f"a path uses {min(unknown)!r}, which is no layer; the layers are {', '.join(self.layers)}"
            )
        if idle := [layer for layer in self.layers if layer not in used]:
            raise TheoryError(f"layer {idle[0]!r} is on no path, so it never moves; leave it out")

    @classmethod
    def of(cls, network: Network) -> "Graph":
        """A fully connected network as a graph: one path through all layers.

        Examples
        --------
        >>> net = Network((1, 1, 1), alpha="m")
        >>> Graph.of(net).slopes() == net.slopes()
        True
        """
        check_network(network)
        network._require_degree_one("graphs are made")
        rows = zip(network.layers, network.sigmas, layer_fans(network.depth), network.learning_rates, strict=True)
        layers = {name: Layer(sigma, *fans, rate) for name, sigma, fans, rate in rows}
        path = Path(dict.fromkeys(layers, 1))
        return cls(layers, (path,), network.alpha, name=network.name, architecture=Architecture("chain"))

    def replace(self, sigmas: Mapping[str, Any] | None = None, alpha: Any = None) -> "Graph":
        """The same graph with other scales of some layers, or another alpha."""
        given = dict(sigmas or {})
        if unknown := given.keys() - self.layers.keys():
            raise TheoryError(
                f"sigmas has {min(unknown)!r}, which is no layer; the layers are {', '.join(self.layers)}"
            )
        layers = {k: replace(layer, sigma=given[k]) if k in given else layer for k, layer in self.layers.items()}
        return replace(self, layers=layers, alpha=self.alpha if alpha is None else alpha)

    @cached_property
    def exponents(self) -> GraphExponents:
        """Exponents in the width of all scales, learning rates absorbed; free symbols are kept."""
        paths = [self._path_exponents(path, target) for target in self.targets for path in self.paths]
        return GraphExponents(
            {name: layer.exponents for name, layer in self.layers.items()},
            tuple(path for path in paths if path is not None),
            exponent(self.alpha),
        )

    def _path_exponents(self, path: Path, target: str) -> PathExponents | None:
        if path.targets is not None and target not in path.targets:
            return None
        caps = [cap for cap in path.caps if cap.targets is None or target in cap.targets]
        return PathExponents(
            layers=frozenset(path.uses),
            term=self._term(path),
            caps=tuple(tuple(self._term(bound) for bound in cap.paths) for cap in caps),
            target=target,
        )

    def _term(self, path: Path) -> Term:
        uses = {layer: uses for layer, uses in path.uses.items() if self.layers[layer].degree}
        absorbed = sum((self.layers[layer].rate * uses[layer] / 2 for layer in uses), start=sp.S.Zero)
        return Term(exponent(path.multiplier) + absorbed, uses)

    @cached_property
    def flow(self) -> TropicalFlow:
        """The growth of every layer in exponents, :func:`phasetheory.scaling.tropical.tropical_flow`."""
        starts_at_zero = any(layer.sigma == 0 for layer in self.layers.values())
        return tropical_flow(self.exponents.map(with_infinity(_number) if starts_at_zero else _number))

    def slopes(self, norm: str = "frobenius") -> dict[str, sp.Expr]:
        """Slope S_l = lim log RD_l / log m of every layer, exact; derived.

        Parameters
        ----------
        norm : str
            ``'frobenius'`` or ``'spectral'``.
        """
        return {layer: finite_or_infinite(slope) for layer, slope in self.flow.slopes(norm).items()}

    def displacements(self) -> dict[str, sp.Expr]:
        """Exponent of how far every layer moves, in the weights as they are given; derived."""
        return {name: finite_or_infinite(moved) + self.layers[name].rate / 2 for name, moved in self.flow.moved.items()}

    def regime(self, norm: str = "frobenius") -> dict[str, Regime]:
        """Regime of every layer: the sign of its slope."""
        return {layer: classify(slope) for layer, slope in self.slopes(norm).items()}

    def learning_rate_scaling(self) -> LearningRateScaling:
        """How the largest stable step and the time to fit scale with the width (derived), for the square loss."""
        return learning_rates_of_flow(self.flow)

    def conserved(self) -> tuple[ConservedQuantity, ...]:
        """What gradient flow conserves, each proved; with learning rates |W_l|^2 stands for |W_l|^2/eta_l.

        Examples
        --------
        >>> import phasetheory as pt
        >>> [str(law) for law in pt.recurrent(1, 1, 1, steps=3).conserved()]
        ['|U|² - |a|²']
        """
        degrees = [{layer: k * self.layers[layer].degree for layer, k in path.uses.items()} for path in self.paths]
        return conserved_quantities(tuple(self.layers), degrees)

    @property
    def capacity(self) -> sp.Expr:
        """Exponent of the largest output reachable near the start, over its strongest path: large where positive."""
        sizes = {name: layer.strength for name, layer in self.exponents.layers.items()}
        return sp.Max(*(path(sizes) for path in self.exponents.paths)) - self.exponents.alpha


def _number(value: sp.Expr) -> Fraction:
    if value.free_symbols:
        raise TheoryError(f"exponent {value} has free symbols; give them values")
    return as_fraction(value, name="exponent")


def _positive(value: Any, name: str) -> sp.Expr:
    """A scale that is positive at large width."""
    scale = as_scale(value, name=name)
    try:
        check_positive(scale)
    except NotPowerLawError as error:
        raise NotPowerLawError(f"{name}: {error}") from error
    return scale

r"""Networks as graphs: layers, some of them used more than once, on paths from the input to the output.

    f(x) = (1/alpha) sum over paths of multiplier prod_l W_l^(k_l)          on a fixed pattern of open and closed relus

Convolutions, recurrent and residual networks, biases, many outputs and normalisation are values of it, made by
:mod:`phasetheory.networks.architectures`; a :class:`~phasetheory.Network` is the graph of one path. What is asked of a
network can be asked of a graph. All of it is derived (:mod:`phasetheory.scaling.tropical`), nothing on slopes is proved;
the conserved quantities are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.dynamics.conserved import ConservedQuantity, conserved_quantities
from phasetheory.errors import TheoryError, shown
from phasetheory.networks.layers import Bias, Layer, Parallel, Path, Series, Share
from phasetheory.networks.network import Network, check_network, layer_fans, refuse_other_degrees
from phasetheory.scaling.graph_exponents import GraphExponents
from phasetheory.scaling.learning_rates import LearningRateScaling, learning_rates_of_flow
from phasetheory.scaling.lexicographic import finite_or_infinite, with_infinity
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.paths import CONSTANT, INPUT, ListedPaths, PathExponents, Paths, Term
from phasetheory.scaling.regimes import Basis, Regime, classify
from phasetheory.scaling.series_parallel import BiasPart, Leaf, ParallelPart, Part, SeriesParallel, SeriesPart
from phasetheory.scaling.tropical import TropicalFlow, tropical_flow
from phasetheory.symbols.exponents import exponent, positive_scale
from phasetheory.symbols.expressions import listed_or_none
from phasetheory.symbols.mappings import read_only
from phasetheory.symbols.rationals import as_fraction

__all__ = ["Architecture", "Graph"]

_ONE: Any = sp.S.One


@dataclass(frozen=True)
class Architecture:
    """What a graph was made as, for whoever builds a module of the same architecture.

    Attributes
    ----------
    kind : str
        ``'general'``, ``'chain'``, ``'convolutional'``, ``'recurrent'``, ``'residual'`` or ``'attention'``.
    parameters : mapping
        What the constructor was given besides scales: ``steps``, ``lags``, ``blocks``, ``multiplier``, ``outputs``, ...
    """

    kind: str = "general"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.parameters, Mapping):
            raise TheoryError(f"parameters = {shown(self.parameters)}; give a mapping from names to values")
        object.__setattr__(self, "parameters", read_only(self.parameters))


@dataclass(frozen=True)
class Graph:
    """A network as a graph of layers and paths, a point of the theory.

    Parameters
    ----------
    layers : mapping of str to Layer
    paths : sequence of Path, or Series
        One by one, or as layers in series and in parallel where they are many.
    alpha : scale
        The output is divided by it.
    targets : sequence of str
        Kinds of targets to be learned, each with a residual of its own; one kind by default, and with a :class:`Bias` two,
        ``'input'`` and ``'constant'``.
    name : str
    architecture : Architecture
    shares : sequence of Share
        Of every kind of target, what not all layers reach alike.

    Examples
    --------
    >>> import phasetheory as pt
    >>> layers = {"w": pt.Layer(1, 1, "m"), "a": pt.Layer("1/sqrt(m)", "m", 1)}
    >>> Graph(layers, [Path({"w": 1, "a": 1})]).slopes()
    {'w': -3/2, 'a': -1/2}
    """

    layers: Mapping[str, Layer]
    paths: "tuple[Path, ...] | Series"
    alpha: sp.Expr = _ONE
    targets: tuple[str, ...] = ("all",)
    name: str = ""
    architecture: Architecture = Architecture()
    shares: tuple[Share, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.layers, Mapping) or not all(isinstance(layer, Layer) for layer in self.layers.values()):
            raise TheoryError(f"layers = {shown(self.layers)}; give a Layer for every name")
        paths = self.paths if isinstance(self.paths, Series) else tuple(listed_or_none(self.paths) or ())
        if not isinstance(paths, Series) and not (paths and all(isinstance(path, Path) for path in paths)):
            raise TheoryError(f"paths = {shown(self.paths)}; give at least one Path, or one Series of layers")
        object.__setattr__(self, "layers", read_only(self.layers))
        object.__setattr__(self, "paths", paths)
        object.__setattr__(self, "alpha", positive_scale(self.alpha, "alpha"))
        self._check_targets(paths)
        self._check_used(paths)
        self._check_shares()

    def _check_used(self, paths: Any) -> None:
        used = set(paths.layers) if isinstance(paths, Series) else set().union(*(path.layers for path in paths))
        if unknown := used - self.layers.keys():
            raise TheoryError(
                f"a path uses {min(unknown)!r}, which is no layer; the layers are {', '.join(self.layers)}"
            )
        # what is left is on a path that counts
        if not isinstance(paths, Series):
            used = set().union(*(path.uses for path in paths if any(map(path.serves, self.targets))))
        elif CONSTANT not in self.targets:
            used -= set(paths.without_kinks)
        biases = paths.biases if isinstance(paths, Series) else ()
        if normalised := [bias.layer for bias in biases if not self.layers[bias.layer].degree]:
            raise TheoryError(
                f"the bias {normalised[0]!r} has degree 0; a bias before a normalisation is not worked out"
            )
        if idle := [layer for layer in self.layers if layer not in used]:
            raise TheoryError(f"layer {idle[0]!r} is on no path, so it never moves; leave it out")

    def _check_shares(self) -> None:
        given = listed_or_none(self.shares)
        if given is None or not all(isinstance(share, Share) for share in given):
            raise TheoryError(f"shares = {shown(self.shares)}; give a sequence of Share")
        object.__setattr__(self, "shares", tuple(given))
        for share in given:
            if unknown := share.factors.keys() - self.layers.keys():
                raise TheoryError(
                    f"a share has a factor for {min(unknown)!r}, which is no layer; the layers are {', '.join(self.layers)}"
                )

    def _check_targets(self, paths: Any) -> None:
        given = listed_or_none(self.targets)
        if not given or not all(isinstance(target, str) for target in given) or len(set(given)) < len(given):
            raise TheoryError(f"targets = {shown(self.targets)}; give names of kinds of targets, each once")
        object.__setattr__(self, "targets", tuple(given))
        if isinstance(paths, Series):
            if paths.biases and given == ["all"]:
                object.__setattr__(self, "targets", (INPUT, CONSTANT))
            elif paths.biases and not set(given) <= {INPUT, CONSTANT}:
                raise TheoryError(f"targets = {shown(self.targets)}; with a Bias give {INPUT!r}, {CONSTANT!r} or both")
            if not paths.biases and len(given) > 1:
                raise TheoryError(
                    f"targets = {shown(self.targets)}: a Series without a Bias has one kind; list its paths where there are "
                    "several"
                )
        elif alone := [target for target in given if not any(path.serves(target) for path in paths)]:
            raise TheoryError(f"no path contributes to the target {alone[0]!r}; leave it out, or give a path")

    def __getstate__(self) -> dict[str, Any]:
        # what is computed once and kept is left out
        return {own.name: getattr(self, own.name) for own in fields(self)}

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
        refuse_other_degrees(network, "graphs are made")
        rows = zip(network.layers, network.sigmas, layer_fans(network.depth), network.learning_rates, strict=True)
        layers = {name: Layer(sigma, *fans, rate) for name, sigma, fans, rate in rows}
        path = Path(dict.fromkeys(layers, 1))
        return cls(layers, (path,), network.alpha, name=network.name, architecture=Architecture("chain"))

    def replace(self, sigmas: Mapping[str, Any] | None = None, alpha: Any = None) -> "Graph":
        """The same graph with other scales of some layers, or another alpha."""
        if sigmas is not None and not isinstance(sigmas, Mapping):
            raise TheoryError(f"sigmas = {shown(sigmas)}; give a mapping from layers to scales")
        given = dict(sigmas or {})
        if unknown := given.keys() - self.layers.keys():
            raise TheoryError(
                f"sigmas has {min(unknown)!r}, which is no layer; the layers are {', '.join(self.layers)}"
            )
        layers = {k: replace(layer, sigma=given[k]) if k in given else layer for k, layer in self.layers.items()}
        return replace(self, layers=layers, alpha=self.alpha if alpha is None else alpha)

    @cached_property
    def exponents(self) -> GraphExponents:
        """Exponents in the width of all scales, learning rates absorbed as under gradient flow; free symbols are kept."""
        return self.exponents_under(GRADIENT_FLOW)

    def exponents_under(self, optimizer: Optimizer) -> GraphExponents:
        """The same in the units of an optimiser."""
        layers = {name: layer.exponents(optimizer) for name, layer in self.layers.items()}
        units = {name: layer.unit(optimizer) for name, layer in self.layers.items()}
        shares = tuple(share.exponents for share in self.shares)
        return GraphExponents(layers, self._paths_in(units), exponent(self.alpha), optimizer, shares)

    def _paths_in(self, units: Mapping[str, Any]) -> Paths:
        if isinstance(self.paths, Series):
            return SeriesParallel(self._part(self.paths, units), frozenset(self.targets))
        paths = [self._path_exponents(path, target, units) for target in self.targets for path in self.paths]
        return ListedPaths(tuple(path for path in paths if path is not None))

    def _part(self, part: "Series | Parallel | Bias | str", units: Mapping[str, Any]) -> Part:
        """A part of the graph in exponents, in some units."""
        if isinstance(part, str):
            return self._leaf(part, units)
        if isinstance(part, Bias):
            return BiasPart(self._leaf(part.layer, units), part.relu)
        parts = tuple(self._part(own, units) for own in part.parts)
        return SeriesPart(parts, exponent(part.multiplier)) if isinstance(part, Series) else ParallelPart(parts)

    def _leaf(self, name: str, units: Mapping[str, Any]) -> Leaf:
        degree = self.layers[name].degree
        return Leaf(name, units[name] * degree, degree)

    def _path_exponents(self, path: Path, target: str, units: Mapping[str, Any]) -> PathExponents | None:
        if not path.serves(target):
            return None
        caps = [cap for cap in path.caps if cap.targets is None or target in cap.targets]
        return PathExponents(
            layers=frozenset(path.uses),
            term=self._term(path, units),
            caps=tuple(tuple(self._term(bound, units) for bound in cap.paths) for cap in caps),
            target=target,
        )

    def _term(self, path: Path, units: Mapping[str, Any]) -> Term:
        uses = {layer: uses for layer, uses in path.uses.items() if self.layers[layer].degree}
        absorbed = sum((units[layer] * uses[layer] for layer in uses), start=sp.S.Zero)
        return Term(exponent(path.multiplier) + absorbed, uses)

    @property
    def flow(self) -> TropicalFlow:
        """The growth of every layer in exponents under gradient flow."""
        return self.flow_under(GRADIENT_FLOW)

    def flow_under(self, optimizer: Optimizer) -> TropicalFlow:
        """The same under an optimiser, :func:`phasetheory.scaling.tropical.tropical_flow`."""
        if optimizer.name not in self._flows:
            self._flows[optimizer.name] = self._run(optimizer)
        return self._flows[optimizer.name]

    @cached_property
    def _flows(self) -> dict[str, TropicalFlow]:
        """By the name of the optimiser."""
        return {}

    def _run(self, optimizer: Optimizer) -> TropicalFlow:
        zeros = [name for name, layer in self.layers.items() if layer.sigma == 0]
        exponents = self.exponents_under(optimizer).map(with_infinity(_number) if zeros else _number)
        if still := _never_moving(exponents, zeros):
            raise TheoryError(
                f"{' = '.join(f'sigma_{name}' for name in still)} = 0: every path through "
                + (
                    "it has two zeros, so it never moves"
                    if len(still) == 1
                    else "one of them has two zeros, so they never move"
                )
                + "; let fewer layers start at zero"
            )
        return tropical_flow(exponents)

    def slopes(self, norm: str = "frobenius", *, optimizer: str | Optimizer = GRADIENT_FLOW) -> dict[str, sp.Expr]:
        """Slope S_l = lim log RD_l / log m of every layer, exact; derived.

        Parameters
        ----------
        norm : str
            ``'frobenius'`` or ``'spectral'``.
        optimizer : str or Optimizer
            ``'gradient-flow'``, or ``'sign-descent'``, also called ``'adam'``; the learning rates are those of this optimiser.

        Examples
        --------
        >>> import phasetheory as pt
        >>> pt.recurrent(1, "1/sqrt(m)", "1/sqrt(m)", steps=3).slopes(optimizer="adam")
        {'U': -3/2, 'W': -1, 'a': -1}
        """
        flow = self.flow_under(as_optimizer(optimizer))
        return {layer: finite_or_infinite(slope) for layer, slope in flow.slopes(norm).items()}

    def displacements(self, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> dict[str, sp.Expr]:
        """Exponent of how far every layer moves, in the weights as they are given; derived."""
        chosen = as_optimizer(optimizer)
        moves = self.flow_under(chosen).moved
        return {name: finite_or_infinite(moved) + self.layers[name].unit(chosen) for name, moved in moves.items()}

    def basis(self) -> dict[str, Basis]:
        """What the regime of every layer rests on: the scaling argument; nothing on slopes of graphs is proved."""
        return dict.fromkeys(self.layers, Basis.DERIVED)

    def regime(self, norm: str = "frobenius", *, optimizer: str | Optimizer = GRADIENT_FLOW) -> dict[str, Regime]:
        """Regime of every layer: the sign of its slope."""
        return {layer: classify(slope) for layer, slope in self.slopes(norm, optimizer=optimizer).items()}

    def learning_rate_scaling(self, *, optimizer: str | Optimizer = GRADIENT_FLOW) -> LearningRateScaling:
        """How the largest stable step and the time to fit scale with the width (derived), for the square loss."""
        return learning_rates_of_flow(self.flow_under(as_optimizer(optimizer)))

    def conserved(self) -> tuple[ConservedQuantity, ...]:
        """What gradient flow conserves, each proved; with learning rates |W_l|^2 stands for |W_l|^2/eta_l.

        Examples
        --------
        >>> import phasetheory as pt
        >>> [str(law) for law in pt.recurrent(1, 1, 1, steps=3).conserved()]
        ['|U|² - |a|²']
        """
        paths = self.paths.spanning() if isinstance(self.paths, Series) else [path.uses for path in self.paths]
        degrees = [{layer: k * self.layers[layer].degree for layer, k in uses.items()} for uses in paths]
        return conserved_quantities(tuple(self.layers), degrees)

    @property
    def capacity(self) -> sp.Expr:
        """Exponent of the largest output reachable near the start, over its strongest path: large where positive."""
        return sp.Max(*self.exponents.paths.capacity(self.exponents.start)) - self.exponents.alpha

    def _repr_html_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # what a notebook shows, imported when it does

        return for_notebook(self, "html")

    def _repr_latex_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # what a notebook shows, imported when it does

        return for_notebook(self, "latex")


def _never_moving(exponents: GraphExponents, zeros: Sequence[str]) -> list[str]:
    """Of the layers at zero those that stay there: a gradient needs a path on which nothing else is zero."""
    size, still = exponents.start, list(zeros)
    while still:
        reach = exponents.paths.reach(size, exponents.paths.targets).values
        moving = [layer for layer in still if reach[layer].infinite == -1]
        if not moving:
            break
        size |= {layer: size[layer] * 0 for layer in moving}
        still = [layer for layer in still if layer not in moving]
    return still


def _number(value: sp.Expr) -> Fraction:
    if value.free_symbols:
        raise TheoryError(f"exponent {value} has free symbols; give them values")
    return as_fraction(value, name="exponent")

"""What to measure over a phase diagram, of two layers or any other: points, widths, seeds and tolerances."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cached_property, lru_cache
from shlex import quote
from typing import Any, ClassVar, Self

import sympy as sp

import phasetheory as pt
from numerics.arrays import listed
from numerics.errors import InputError, check_type
from numerics.experiments.allowance import Allowance, allowance_at
from numerics.experiments.at_widths import AtWidths, covers
from numerics.experiments.grids import OPTIONS, Point, grid_points
from numerics.experiments.plane_plan import PlanePlan
from numerics.experiments.reduced_flow import reduced_flow
from numerics.experiments.stopping import LOSS
from numerics.experiments.training import USUAL
from numerics.experiments.weight_decay import DecayOfWidth, distances_at, walk
from numerics.flow import Solution, gradient_flows
from numerics.networks import DeepNetwork, TwoLayer
from numerics.networks.activation import PointwiseActivation, is_homogeneous, pointwise
from numerics.networks.sampling import draw, trained_activation
from numerics.networks.seeds import cell_seed
from numerics.scans import Cell, Observable, Record, Setting
from numerics.scans.records import Key, key_of
from phasetheory.diagrams.plane import Plane
from phasetheory.scaling.optimizers import GRADIENT_FLOW, SIGN_DESCENT
from phasetheory.scaling.weight_decay import MOMENTS

__all__ = ["BOOK", "DECAYED", "PLANE", "REGIONS", "Plan", "Standard", "decay_of", "standard"]

_ACTIVATIONS = ("relu", "linear", "tanh")  # tanh is of degree 1 for small arguments


def _points(*pairs: tuple[str, str]) -> tuple[Point, ...]:
    return tuple((Fraction(x), Fraction(y)) for x, y in pairs)


#: The book's three initialisation sizes, 1/sqrt(m), 1/m and 1/m^1.75, in (gamma, gamma').
BOOK = _points(("1/2", "0"), ("1", "0"), ("7/4", "0"))
#: Points off that line: one in each region where S_w has a formula of its own, and a condensed one on either side. They lie
#: deep in their regions, where moderate widths are near the limit.
PLANE = _points(("1/2", "3/4"), ("1/2", "-3/4"), ("5/4", "1"), ("3/2", "1/4"), ("3/2", "-1/4"))
#: With weight decay: one in each region that the lines at the fit and at the end cut out of the plane. At the fit both layers are
#: linear, and at the end none of them, a or w is condensed; or a, w or both are condensed at the fit.
DECAYED = _points(("1/2", "0"), ("1/2", "3/4"), ("1/2", "-3/4"), ("5/4", "3/4"), ("5/4", "-1/2"), ("3/2", "0"))
#: Two points (gamma_3, gamma_2) in each of the four regions of the three-layer diagram, deep inside: both linear, W1 only, W2
#: only, both condensed.
REGIONS = _points(
    *(("1/4", "0"), ("1/2", "1"), ("9/4", "0"), ("5/2", "-1/2")),
    *(("3", "1"), ("7/2", "5/4"), ("7/2", "1/4"), ("15/4", "-1/4")),
)


@dataclass(frozen=True)
class Standard:
    """What is measured at a depth unless something else is asked for.

    Attributes
    ----------
    widths, seeds, loss_tol, max_seconds
        As for :class:`Plan`.
    quick : (widths, seeds)
        Smaller widths; more seeds make up for the shorter range.
    scan : (widths, seeds)
        For a map of many points.
    """

    widths: tuple[int, ...]
    seeds: int
    loss_tol: float
    max_seconds: float
    quick: tuple[tuple[int, ...], int]
    scan: tuple[tuple[int, ...], int]


_TWO_LAYERS = Standard(
    widths=(1000, 2000, 4000, 8000, 16000, 32000),
    seeds=4,
    loss_tol=LOSS,
    max_seconds=60.0,
    quick=((1000, 2000, 4000, 8000), 6),
    scan=((1000, 5000, 10000, 20000, 40000), 2),
)
_DEEPER = Standard(  # a layer is m^2 numbers
    widths=(64, 128, 256, 512, 1024, 2048),
    seeds=3,
    loss_tol=1e-5,
    max_seconds=300.0,
    quick=((64, 128, 256, 512), 4),
    scan=((64, 128, 256, 512), 2),
)
_TWO_LAYERS_ADAM = Standard(  # thousands of steps, each of them over all weights
    widths=(4096, 8192, 16384),
    seeds=3,
    loss_tol=1e-5,
    max_seconds=120.0,
    quick=((2048, 4096, 8192), 3),
    scan=((512, 2048, 8192), 2),
)
_DEEPER_ADAM = Standard(
    widths=(64, 128, 256, 512),
    seeds=3,
    loss_tol=1e-4,
    max_seconds=300.0,
    quick=((32, 64, 128, 256), 3),
    scan=((32, 64, 128, 256), 2),
)
_STANDARDS = {
    GRADIENT_FLOW: (_TWO_LAYERS, _DEEPER),
    SIGN_DESCENT: (_TWO_LAYERS_ADAM, _DEEPER_ADAM),
}
#: Loss of a fit under weight decay, which leaves a part of the loss: residuals of 8 per cent on the four points.
_DECAYED_LOSS = 1e-3
_STANDARD_POINTS = {2: BOOK + PLANE, 3: REGIONS}


def standard(diagram: pt.PhaseDiagram) -> Standard:
    """What is measured of a diagram unless something else is asked for: by its depth and optimiser."""
    two_layers, deeper = _STANDARDS[diagram.optimizer]
    return two_layers if diagram.network.depth == 2 else deeper


@dataclass(frozen=True, kw_only=True)
class Plan(PlanePlan):
    """Points of a phase diagram, widths and seeds: every combination is one run.

    Parameters
    ----------
    diagram : PhaseDiagram
        Any plane of initialisations; by default that of two relu layers, (gamma, gamma'). Its optimiser trains the
        networks. Its norm does not matter: distances are measured in every norm that tells layers apart at this depth
        (:attr:`norms`).
    points : sequence of pairs
        Coordinates as fractions, integers, decimal text or floats (0.1 is taken as 1/10); by default the standard points of the
        book's diagrams of two and three layers.
    widths, seeds, rtol, loss_tol, loss_levels, max_seconds, data, data_name
        See :class:`numerics.experiments.training.TrainingPlan`; widths of two layers are even. By default those of
        :func:`standard` for the depth.
    activation : str or float, optional
        Instead of that of the diagram's network: 'relu', 'linear', 'tanh' or the negative slope of leaky relu.
    weight_decay : formula in the width, optional
        mu = lambda alpha, the same at every point, below the threshold of collapse (:func:`numerics.collapse_threshold`); two
        layers of degree 1 under gradient flow. ``loss_tol`` is then the loss of the fit, 1e-3 by default, and runs go on to their
        end.

    Raises
    ------
    InputError
        Naming the argument that is wrong.

    Examples
    --------
    >>> Plan(points=[("1/2", 0), (1, 0)]).widths
    (1000, 2000, 4000, 8000, 16000, 32000)
    """

    any_training: ClassVar[bool] = True
    _trained: ClassVar[Mapping[Key, Solution]] = {}

    diagram: pt.PhaseDiagram = field(default_factory=pt.phase_diagram)
    points: tuple[Point, ...] = USUAL
    widths: tuple[int, ...] = USUAL
    seeds: int = USUAL
    max_seconds: float = USUAL
    activation: str | float | None = None
    weight_decay: DecayOfWidth | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.diagram, pt.PhaseDiagram):
            raise InputError(
                f"diagram = {self.diagram!r}; give a phasetheory.PhaseDiagram, such as pt.phase_diagram(3)"
            )
        self._check_optimizer()
        usual = standard(self.diagram)
        for name in ("widths", "seeds", "max_seconds"):
            if getattr(self, name) is USUAL:
                object.__setattr__(self, name, getattr(usual, name))
        object.__setattr__(
            self, "points", self.read_points(self._usual_points() if self.points is USUAL else self.points)
        )
        super().__post_init__()
        if self.weight_decay is not None:
            self._read_weight_decay()
        if self.activation is not None:
            if isinstance(self.activation, str) and self.activation not in _ACTIVATIONS:
                raise InputError(
                    f"activation = {self.activation!r}; use {', '.join(map(repr, _ACTIVATIONS))} or the negative slope of "
                    "leaky relu: the slopes are derived for degree 1"
                )
            pointwise(self.activation)  # refused, or warned about, here: once, and not by every worker
        if self.weight_decay is not None:
            network = self.start(self.cells[0])
            assert isinstance(network, TwoLayer)
            self.weight_decay.check(self.widths, network, *self.data)

    def _check_optimizer(self) -> None:
        if self.optimizer == GRADIENT_FLOW:
            return
        if not self.any_training:
            raise InputError(
                f"diagram is one of {self.optimizer.title}; a {type(self).__name__} trains by gradient flow only"
            )
        if self.depth == 2 and len(set(self.diagram.network.learning_rates)) > 1:
            raise InputError(
                f"learning_rates = {self.diagram.network.learning_rates}; two layers are trained by Adam at one rate: divide "
                "each sigma by its rate and alpha by all of them, which is the same network"
            )

    def _read_weight_decay(self) -> None:
        if not self.any_training:
            raise InputError(
                f"weight_decay = {self.weight_decay}; a {type(self).__name__} trains without; leave it out"
            )
        if not covers(self.diagram, self.activation):
            raise InputError(
                f"weight_decay = {self.weight_decay}: what it does to a plane is worked out for two layers of degree 1 under "
                "gradient flow; leave it out, or give such a diagram"
            )
        if not isinstance(self.weight_decay, DecayOfWidth):
            object.__setattr__(self, "weight_decay", DecayOfWidth.of(self.weight_decay))

    @cached_property
    def target(self) -> str:
        """Whether the data are 'easy' or 'hard' for two layers whose output weights hardly move: the reduced flow's answer."""
        own = trained_activation(self.diagram.network.activation) if self.activation is None else self.activation
        return reduced_flow(*self.data, loss_tol=self.loss_tol, activation=own).target

    @cached_property
    def here(self) -> AtWidths | None:
        """The infinitely wide network at the widths of the plan; None where it is not known."""
        if not covers(self.diagram, self.activation):
            return None
        return AtWidths(self.diagram, self.widths, *self.data, self.loss_tol, self.activation, self.weight_decay)

    def _usual_points(self) -> tuple[Point, ...]:
        if not self.diagram.is_standard or self.depth not in _STANDARD_POINTS:
            raise InputError(
                "points are missing: standard ones are known for the diagrams of two and three layers only; give pairs "
                f"({', '.join(self.names)}), on the command line --point X,Y as often as you like"
            )
        return _STANDARD_POINTS[self.depth] if self.weight_decay is None else DECAYED

    @classmethod
    def of(cls, plan: "Plan", **own: Any) -> Self:
        """The points, networks and tolerances of another plan, and the options ``own`` of this kind."""
        check_type(plan, "plan", Plan)
        return cls(**{f.name: getattr(plan, f.name) for f in fields(Plan)} | own)

    @classmethod
    def quick(cls, diagram: pt.PhaseDiagram | None = None, **options: Any) -> Self:
        """The same at smaller widths; more seeds make up for the shorter range."""
        diagram = pt.phase_diagram() if diagram is None else diagram
        check_type(diagram, "diagram", pt.PhaseDiagram)
        widths, seeds = standard(diagram).quick
        chosen: dict[str, Any] = {"widths": widths, "seeds": seeds} | options
        return cls(diagram=diagram, **chosen)

    @classmethod
    def grid(cls, *, diagram: pt.PhaseDiagram | None = None, **options: Any) -> Self:
        """Every pair of the values of the two coordinates, given by their names; other options as for :class:`Plan`.

        Examples
        --------
        >>> len(Plan.grid(gamma=(0.8, 1, 1.2), gamma_prime=(0, 0.2)).points)
        6
        >>> len(Plan.grid(diagram=pt.phase_diagram(3), gamma_3=(1, 2, 3), gamma_2=(0, 1)).points)
        6
        """
        diagram = pt.phase_diagram() if diagram is None else diagram
        check_type(diagram, "diagram", pt.PhaseDiagram)
        missing = [name for name in diagram.names if name not in options]
        if missing:
            raise InputError(f"{missing[0]} is missing; give the values of {' and '.join(diagram.names)}")
        x, y = (listed(options.pop(name), name, "give a list of values, such as (0.5, 1)") for name in diagram.names)
        unknown = set(options) - {f.name for f in fields(cls)}
        if unknown:
            raise InputError(
                f"{min(unknown)} is neither a coordinate of the diagram nor an option; see help(numerics.{cls.__name__})"
            )
        return cls(diagram=diagram, points=grid_points(x, y), **options)

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return self.diagram.network.depth

    @property
    def optimizer(self) -> pt.Optimizer:
        """That of the diagram."""
        return self.diagram.optimizer

    @property
    def usual_loss(self) -> float:
        """That of the depth, or of a fit under weight decay."""
        return standard(self.diagram).loss_tol if self.weight_decay is None else _DECAYED_LOSS

    @property
    def even_widths(self) -> bool:
        """Two layers start antisymmetric."""
        return self.depth == 2

    @property
    def judged(self) -> tuple[str, ...]:
        """Layers that a verification holds against the theory: with two of them w, whose regimes are those of the theorem.

        Under weight decay, which no theorem is about, both.
        """
        return self.layers[:1] if self.depth == 2 and self.weight_decay is None else self.layers

    @property
    def moments(self) -> tuple[str, ...]:
        """When distances are held against the theory: when a network has fitted, under weight decay at the end too."""
        return MOMENTS[:1] if self.weight_decay is None else MOMENTS

    @property
    def allowance(self) -> Allowance:
        """The tight one for two layers under gradient flow."""
        return allowance_at(self.depth, self.optimizer)

    @property
    def threaded(self) -> bool:
        """Whether kernels are those of two layers."""
        return self.depth == 2

    def limits(
        self, point: Point, norm: str = "frobenius", diagram: Plane | None = None, moment: str = "fit"
    ) -> dict[str, sp.Expr]:
        """Slopes of every layer in the limit, on the branch that the data are on; empty if none are claimed."""
        diagram = self.diagram if diagram is None else diagram
        check_type(diagram, "diagram", pt.PhaseDiagram)
        assert isinstance(diagram, pt.PhaseDiagram)
        target = self.branch(point, diagram) or "easy"
        network = diagram.network_at(point)
        if self.weight_decay is None:
            return network.slopes(norm, optimizer=diagram.optimizer, target=target)
        decayed = pt.with_weight_decay(network, self.weight_decay.rate(network))
        return decayed.slopes_at(moment, target=target) or {}

    def branch(self, point: Point, diagram: Plane) -> str:
        """'easy' or 'hard' where these differ under the optimiser of the diagram; else empty."""
        assert isinstance(diagram, pt.PhaseDiagram)
        own = self.activation is None or is_homogeneous(self.activation)
        return self.target if own and diagram.network_at(point).depends_on_target(diagram.optimizer) else ""

    def diagram_at(self, moment: str) -> pt.PhaseDiagram:
        """That of the plan, with its weight decay."""
        if self.weight_decay is None:
            return self.diagram
        return pt.decayed_diagram(self.weight_decay.ell, moment, diagram=self.diagram)

    @property
    def settings(self) -> dict[str, Setting]:
        """What else decides the numbers: enough to know the diagram again."""
        net = self.diagram.network
        return {
            "model": f"{net.depth}-layer network, f = 0 at the start",
            "sigmas": ", ".join(map(str, net.sigmas)),
            "alpha": str(net.alpha),
            "learning_rates": ", ".join(map(str, net.learning_rates)),
            "coordinates": ", ".join(self.names),
            "activation": str(net.activation.name if self.activation is None else self.activation),
            **({} if self.weight_decay is None else {"weight_decay": str(self.weight_decay.mu)}),
            **super().settings,
        }

    @property
    def title(self) -> str:
        """What a dataset of this plan holds."""
        return f"Relative distances of trained {self.depth}-layer networks over a plane of initialisations"

    @property
    def command(self) -> str:
        """The command that makes this scan; empty if there is none: points that are no grid, data without a name, decay."""
        net = self.diagram.network
        plain = set(net.learning_rates) == {1} and net.activation == pt.relu
        known = self.data_name != "arrays" and plain and self.weight_decay is None
        first, second = self.names
        places = ("--x", "--y")
        axes = self.axes_words(
            (OPTIONS.get(first, places[0]), OPTIONS.get(second, places[1])) if self.diagram.is_standard else places
        )
        if not axes or not known:
            return ""
        words = ["phasetheory scan", *self._plane_words(), *axes]
        words += self._own_words()
        words += [f"--loss-levels {','.join(f'{level:g}' for level in self.loss_levels)}"] if self.loss_levels else []
        words += [f"--activation {quote(str(self.activation))}"] if self.activation is not None else []
        words += [f"--widths {','.join(map(str, self.widths))}", f"--seeds {self.seeds}"]
        words += [f"--data {quote(self.data_name)}", f"--loss-tol {self.loss_tol:g}"]
        words += [f"--rtol {self.rtol:g}"] if self.optimizer == GRADIENT_FLOW else []
        return " ".join(words)

    def _plane_words(self) -> list[str]:
        own = [f"--optimizer {self.optimizer}"] if self.optimizer != GRADIENT_FLOW else []
        if self.diagram.is_standard:
            return own if self.depth == 2 else [*own, f"--depth {self.depth}"]
        net = self.diagram.network
        text = f"{','.join(self.names)}: {', '.join(map(str, net.sigmas))}; {net.alpha}".replace("**", "^")
        return [*own, f"--slice {quote(text)}"]

    def _own_words(self) -> list[str]:
        """Words of the command that a subclass adds."""
        return []

    def _key(self, cell: Cell) -> tuple[Fraction, ...]:
        """What, besides width and seed, gives a cell random numbers of its own."""
        return self.point_of(cell)

    def cost(self, cell: Cell) -> float:
        """Passes over the weights, which grow with the first coordinate, times weights."""
        return (1.0 + 10.0 * max(0.0, float(cell[self.names[0]]) - 0.6)) * super().cost(cell)

    def start(self, cell: Cell) -> TwoLayer | DeepNetwork:
        """The network of one cell at its start."""
        width = int(cell["width"])
        return draw(
            _network_at(self.diagram, self.point_of(cell)),
            width,
            self.data[0].shape[1],
            rng=cell_seed(*self._key(cell), width=width, seed=int(cell["seed"])),
            activation=PointwiseActivation("tanh") if self.activation == "tanh" else self.activation,
        )

    @property
    def observables(self) -> dict[str, Observable]:
        """Those of any training; with weight decay relative distances are those at the fit, and there are those at the end."""
        found = super().observables
        if self.weight_decay is None:
            return found
        labels = {"layer": self.labels, "norm": self.norms}
        at_the_fit = "largest relative distance until the loss first fell to loss_tol; nan if it did not"
        return found | {
            "relative_distance": Observable(at_the_fit, labels, may_be_nan=True),
            "relative_distance_at_end": Observable("relative distance where forces and weight decay balance", labels),
        }

    def distance(self, record: Record, layer: str, norm: str, moment: str = "fit") -> float:
        """RD of a layer in a run, at one of the moments of the plan; nan if the run failed."""
        observable = "relative_distance" if moment == "fit" else "relative_distance_at_end"
        return self.read_distance(record, layer, norm, observable)

    def values(self, solution: Solution) -> dict[str, object]:
        """The observables of a run."""
        found = super().values(solution)
        if self.weight_decay is None:
            return found
        fit, end = distances_at(solution, self.labels, self.loss_tol).values()
        return found | {
            "relative_distance": [[fit[label]] for label in self.labels],
            "relative_distance_at_end": [[end[label]] for label in self.labels],
        }

    def together(self, cells: Sequence[Cell]) -> "Plan":
        """Itself, with the networks of these cells trained: those of two layers at once."""
        if self.depth > 2 or self.weight_decay is not None or self.optimizer != GRADIENT_FLOW:
            return self
        starts = [start for cell in cells if isinstance(start := self.start(cell), TwoLayer)]
        if len(starts) < len(cells):
            return self
        runs = gradient_flows(
            starts,
            *self.data,
            loss_tol=self.loss_tol,
            loss_levels=self.loss_levels,
            rtol=self.rtol,
            max_seconds=self.max_seconds,
            threads=1,
            throw=False,
        )
        ready = copy(self)
        object.__setattr__(ready, "_trained", dict(zip(map(key_of, cells), runs, strict=True)))
        return ready

    def train(self, cell: Cell) -> Solution:
        """Train the network of one cell; the same cell gives the same numbers wherever it is run."""
        if (trained := self._trained.get(key_of(cell))) is not None:
            return trained
        if self.weight_decay is None:
            return super().train(cell)
        start = self.start(cell)
        assert isinstance(start, TwoLayer)
        mu, levels = self.weight_decay.at(int(cell["width"])), (*self.loss_levels, self.loss_tol)
        return walk(start, *self.data, mu=mu, levels=levels, rtol=self.rtol, max_seconds=self.max_seconds)


@lru_cache(maxsize=4096)
def _network_at(diagram: pt.PhaseDiagram, point: Point) -> pt.Network:
    """Its scales, simplified once for all widths and seeds."""
    return diagram.network_at(point)


def decay_of(plan: PlanePlan) -> DecayOfWidth | None:
    """The weight decay of a plan; None without."""
    return plan.weight_decay if isinstance(plan, Plan) else None

"""What to measure on networks of any depth: points of a slice of initialisations, widths, seeds and tolerances."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.datasets.builtin import check_data, four_points
from numerics.errors import InputError
from numerics.experiments.layer_measurement import measured_layers, observables_of_layers
from numerics.experiments.plan import Point, data_settings, exact
from numerics.flow.run import gradient_flow
from numerics.flow.solution import Solution
from numerics.networks.activation import PointwiseActivation, pointwise
from numerics.networks.sampling import sample_network
from numerics.networks.seeds import cell_seed
from numerics.scans.experiment import Cell, Experiment, Observable, Outcome, Setting

__all__ = ["REGIONS", "SlicePlan"]

#: Two points (gamma_3, gamma_2) in each of the four regions of the three-layer diagram, deep inside.
REGIONS: tuple[Point, ...] = tuple(
    (Fraction(g3), Fraction(g2))
    for g3, g2 in (
        ("1/4", "0"),  # both linear
        ("1/2", "1"),
        ("9/4", "0"),  # W1 only
        ("5/2", "-1/2"),
        ("3", "1"),  # W2 only
        ("7/2", "5/4"),
        ("7/2", "1/4"),  # both condensed
        ("15/4", "-1/4"),
    )
)


@dataclass(frozen=True)
class SlicePlan(Experiment):
    """Points, widths and seeds of networks on a slice: every combination is one run.

    Parameters
    ----------
    network : phasetheory.Network
        The slice: exponents affine in the two coordinates; see :func:`phasetheory.phase_diagram`.
    coordinates : pair of symbols
    points : sequence of pairs
        Fractions, integers, decimal text or floats (0.1 is taken as 1/10).
    widths : sequence of int
        Neurons of every hidden layer; at least two, a geometric grid is best.
    seeds : int
        Repetitions at each width.
    rtol, loss_tol, max_seconds : float
        Accuracy of RD, final loss and budget of every run; see :func:`numerics.gradient_flow`.
    data : (X, y); data_name : str
        Inputs (n, d), the constant included, and targets (n,); what they are called in the results.
    activation : str or float, optional
        Instead of that of ``network``, for instance ``'tanh'``.
    """

    network: pt.Network
    coordinates: tuple[sp.Symbol, sp.Symbol]
    points: tuple[Point, ...]
    widths: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048)
    seeds: int = 3
    rtol: float = 1e-2
    loss_tol: float = 1e-5
    max_seconds: float = 300.0
    data: tuple[np.ndarray, np.ndarray] = field(default_factory=four_points, repr=False, compare=False)
    data_name: str = "four-points"
    activation: str | float | None = None

    def __post_init__(self) -> None:
        names = [c.name for c in self.coordinates]
        points = tuple((exact(x, names[0]), exact(y, names[1])) for x, y in self.points)
        if not points or len(set(points)) < len(points):
            raise InputError(f"points = {self.points}; give at least one pair ({', '.join(names)}), each of them once")
        for width in self.widths:
            if isinstance(width, bool) or not isinstance(width, int) or width < 2:
                raise InputError(f"width = {width!r}; give integers >= 2")
        if len(set(self.widths)) < 2:
            raise InputError(f"widths = {list(self.widths)}; a slope needs at least two different widths")
        if isinstance(self.seeds, bool) or not isinstance(self.seeds, int) or self.seeds < 1:
            raise InputError(f"seeds = {self.seeds!r}; give a positive integer")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "widths", tuple(sorted(set(self.widths))))
        object.__setattr__(self, "data", check_data(*self.data))
        if self.activation is not None:
            pointwise(self.activation)  # refused, or warned about, here: once, and not by every worker

    @classmethod
    def of(cls, diagram: pt.PhaseDiagram, points: Iterable[tuple[Any, Any]], **options: Any) -> "SlicePlan":
        """Points of a diagram; other parameters as for :class:`SlicePlan`."""
        return cls(diagram.network, diagram.coordinates, tuple(points), **options)

    @classmethod
    def regions(cls, **options: Any) -> "SlicePlan":
        """The eight points of :data:`REGIONS` on the book's three-layer slice."""
        return cls.of(pt.phase_diagram(3), REGIONS, **options)

    @classmethod
    def quick(cls) -> "SlicePlan":
        """The same points at smaller widths, with one more seed."""
        return cls.regions(widths=(64, 128, 256, 512), seeds=4)

    @classmethod
    def grid(cls, diagram: pt.PhaseDiagram, x: Iterable[Any], y: Iterable[Any], **options: Any) -> "SlicePlan":
        """Every pair of the two coordinates.

        Examples
        --------
        >>> len(SlicePlan.grid(pt.phase_diagram(3), (1, 2, 3), (0, 1)).points)
        6
        """
        return cls.of(diagram, itertools.product(x, y), **options)

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return self.network.depth

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the weights, input to output."""
        return self.network.layers

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two coordinates."""
        return self.coordinates[0].name, self.coordinates[1].name

    def diagram(self, norm: str = "frobenius") -> pt.PhaseDiagram:
        """The derived diagram of the slice."""
        return pt.phase_diagram(network=self.network, coordinates=self.coordinates, norm=norm)

    @property
    def cells(self) -> list[Cell]:
        """Every (x, y, width, seed)."""
        x, y = self.names
        return [
            {x: point[0], y: point[1], "width": width, "seed": seed}
            for point in self.points
            for width in self.widths
            for seed in range(self.seeds)
        ]

    @property
    def observables(self) -> dict[str, Observable]:
        """Relative distances of every layer in both norms, and what tells whether to trust them."""
        return observables_of_layers(self.layers)

    @property
    def settings(self) -> dict[str, Setting]:
        """What else decides the numbers."""
        net = self.network
        return {
            "model": f"{net.depth}-layer network, centred start",
            "sigmas": ", ".join(map(str, net.sigmas)),
            "alpha": str(net.alpha),
            "learning_rates": ", ".join(map(str, net.learning_rates)),
            "coordinates": ", ".join(self.names),
            "activation": str(net.activation.name if self.activation is None else self.activation),
            "rtol": self.rtol,
            "loss_tol": self.loss_tol,
            **data_settings(*self.data, self.data_name),
        }

    @property
    def title(self) -> str:
        """What a dataset of this plan holds."""
        return f"Relative distances of trained {self.depth}-layer networks over a slice of initialisations"

    def cost(self, cell: Cell) -> float:
        """In proportion to the weights; runs get longer with the first coordinate."""
        return float(cell["width"]) ** 2 * (1.0 + 4.0 * max(0.0, float(cell[self.names[0]])))

    def network_at(self, point: Point) -> pt.Network:
        """The network of a point."""
        values = dict(zip(self.coordinates, (sp.Rational(v.numerator, v.denominator) for v in point), strict=True))
        net = self.network
        return pt.Network(
            tuple(s.subs(values) for s in net.sigmas),
            net.alpha.subs(values),
            tuple(r.subs(values) for r in net.learning_rates),
            net.activation,
        )

    def measure(self, cell: Cell) -> Outcome:
        """Train the network of one cell and read off what happened."""
        return measured_layers(self.train(cell))

    def train(self, cell: Cell) -> Solution:
        """Train the network of one cell; the same cell gives the same numbers wherever it is run."""
        X, y = self.data
        point, width, seed = tuple(Fraction(cell[name]) for name in self.names), int(cell["width"]), int(cell["seed"])
        start = sample_network(
            self.network_at((point[0], point[1])),
            width,
            X.shape[1],
            rng=cell_seed(*point, width=width, seed=seed),
            activation=PointwiseActivation("tanh") if self.activation == "tanh" else self.activation,
        )
        return gradient_flow(
            start, X, y, loss_tol=self.loss_tol, rtol=self.rtol, max_seconds=self.max_seconds, throw=False
        )

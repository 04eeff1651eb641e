"""What to measure over a plane of graphs: recurrent, residual, convolutional networks, ..., at points drawn at random."""

import json
import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from shlex import quote
from typing import Any

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.arrays import real_array
from numerics.errors import InputError, check_type
from numerics.experiments.allowance import Allowance
from numerics.experiments.graph_data import random_data
from numerics.experiments.graph_words import plane_words
from numerics.experiments.grids import Point
from numerics.experiments.plane_plan import PlanePlan
from numerics.experiments.sampled_points import RULE, Window, sampled_points
from numerics.experiments.stopping import loss_at_start
from numerics.experiments.training import USUAL
from numerics.networks import DeepNetwork
from numerics.networks.graphs import draw_graph
from numerics.networks.module import Module, sample_array
from numerics.networks.sampling import count_at
from numerics.networks.seeds import cell_seed
from numerics.scans import Cell, Setting
from phasetheory.diagrams.plane import Plane
from phasetheory.networks.written import graph_to_data

__all__ = ["GraphPlan"]

_WIDTHS, _SEEDS = (32, 64, 128, 256), 3
_QUICK_WIDTHS, _QUICK_SEEDS = (32, 64, 128), 2
_LOSS = 1e-4  # of the loss at the start
_RANDOM = "random"  # name of the data where none are given
# widths are small, slopes are held against their limits, and points lie where they fall, near boundaries too
_ALLOWANCE = Allowance(finite_width=0.2, widest_interval=0.5, mean_difference=0.15, regimes_beyond=0.15)
# where the points of a plane are drawn, by the names of its coordinates
_WINDOWS: dict[str, Window] = {
    "gamma": ((Fraction(0), Fraction(2)), (Fraction(-1), Fraction(1))),
    "gamma_3": ((Fraction(0), Fraction(4)), (Fraction(-3, 2), Fraction(2))),
}
_WINDOW: Window = ((Fraction(0), Fraction(3, 2)), (Fraction(0), Fraction(3, 2)))


@dataclass(frozen=True, kw_only=True)
class GraphPlan(PlanePlan):
    """Points of a plane of graphs, widths and seeds: every combination is one run.

    Chains run on :class:`numerics.DeepNetwork`, all other architectures on modules of PyTorch, an extra.

    Parameters
    ----------
    diagram : GraphDiagram
        Of a graph made by a constructor of the theory, such as :func:`phasetheory.recurrent`.
    points : sequence of pairs, optional
        By default drawn at random (a fixed seed) in all regions of a window of the plane, eight or a few less
        (:func:`numerics.experiments.sampled_points.sampled_points`): none is chosen by how it turns out.
    data : (X, y), optional
        X (n, ...) and y (n,), or (n, k) for k outputs; shapes of a sample as for :func:`numerics.pytorch.reference`. By default
        four random ones with a constant in every input. Where outputs grow with the width, k is that of the largest width, and
        narrower networks have the first of them: every output has the same targets at all widths. Losses are means over the
        outputs.
    widths, seeds, rtol, loss_tol, loss_levels, max_seconds, data_name
        See :class:`numerics.experiments.training.TrainingPlan`; by default 32 to 256, 3 seeds, RD to 5 %, and 1e-4 of the loss at
        the start.

    Raises
    ------
    InputError
        Naming the argument that is wrong.

    Examples
    --------
    >>> import sympy as sp
    >>> x, y = sp.symbols("x y", real=True)
    >>> graph = pt.fully_connected((pt.m**-x, pt.m**-y, pt.m**-x), biases=(1, 1))
    >>> GraphPlan(diagram=pt.graph_diagram(graph, (x, y)), points=[(1, 0), ("1/2", 1)]).layers
    ('W1', 'b1', 'W2', 'b2', 'a')
    """

    diagram: pt.GraphDiagram = USUAL
    widths: tuple[int, ...] = _WIDTHS
    seeds: int = _SEEDS
    rtol: float = 5e-2
    data: tuple[np.ndarray, np.ndarray] = USUAL

    def __post_init__(self) -> None:
        check_type(self.diagram, "diagram", pt.GraphDiagram)
        architecture = self.diagram.graph.architecture
        if architecture.kind == "general":
            raise InputError(
                "the graph of the diagram says no architecture, so nothing can be trained; use a constructor such as pt.recurrent"
            )
        if self.data is USUAL:
            object.__setattr__(self, "data_name", self.data_name or _RANDOM)
        given = sampled_points(self.diagram, self.window) if self.points is USUAL else self.points
        object.__setattr__(self, "points", self.read_points(given))
        super().__post_init__()
        network = self.start({**self.cells[0], "width": self.widths[0]})  # refused here, once, and not by every worker
        if isinstance(network, Module):
            network(self.data[0])

    def checked_data(self) -> tuple[np.ndarray, np.ndarray]:
        """X (n, ...), token ids as integers, and y, of all outputs at the largest width."""
        outputs = self.outputs_at(max(self.widths))
        given = random_data(self.diagram.graph, outputs) if self.data is USUAL else self.data
        X, y = sample_array(given[0]), real_array(given[1], "y", copy=True, finite=True)
        shape = (len(X),) if outputs == 1 else (len(X), outputs)
        if y.shape != shape:
            raise InputError(f"y has shape {y.shape}; give {shape}: a target for each sample, and for each output")
        return X, y

    def outputs_at(self, width: int) -> int:
        """Number of outputs k at a width."""
        outputs = self.diagram.graph.architecture.parameters.get("outputs", 1)
        return count_at(outputs, "outputs", {pt.m: sp.Integer(width)})

    def targets_at(self, width: int) -> np.ndarray:
        """Of the outputs that there are, over sqrt(k): a graph counts the size of all targets together."""
        y, outputs = self.data[1], self.outputs_at(width)
        return y if y.ndim == 1 else (y[:, :outputs] if outputs > 1 else y[:, 0]) / np.sqrt(outputs)

    def usual_loss_tol(self) -> float:
        """A part of the loss at the start."""
        return float(f"{_LOSS * loss_at_start(self.targets_at(self.widths[-1])):.2e}")

    @classmethod
    def quick(cls, diagram: pt.GraphDiagram, **options: Any) -> "GraphPlan":
        """The same at smaller widths."""
        chosen: dict[str, Any] = {"widths": _QUICK_WIDTHS, "seeds": _QUICK_SEEDS} | options
        return cls(diagram=diagram, **chosen)

    @property
    def window(self) -> Window:
        """Where points are drawn."""
        return _WINDOWS.get(self.names[0], _WINDOW)

    @property
    def allowance(self) -> Allowance:
        """Slopes are held against their limits."""
        return _ALLOWANCE

    def limits(
        self, point: Point, norm: str = "frobenius", diagram: Plane | None = None, moment: str = "fit"
    ) -> dict[str, sp.Expr]:
        """Slopes of every layer in the limit."""
        diagram = self.diagram if diagram is None else diagram
        check_type(diagram, "diagram", pt.GraphDiagram)
        assert isinstance(diagram, pt.GraphDiagram)
        return diagram.graph_at(point).slopes(norm)

    @property
    def settings(self) -> dict[str, Setting]:
        """What else decides the numbers: enough to know the diagram again."""
        graph = self.diagram.graph
        told = {name: str(value) for name, value in graph.architecture.parameters.items()}
        return {
            "model": f"{graph.name or graph.architecture.kind}, f = 0 at the start",
            "architecture": ", ".join([graph.architecture.kind, *(f"{name} {value}" for name, value in told.items())]),
            "graph": json.dumps(graph_to_data(graph)),
            "coordinates": ", ".join(self.names),
            "activation": "relu",
            **super().settings,
        }

    @property
    def shape_settings(self) -> dict[str, Setting]:
        """The shape of a sample, which need not be a list of coordinates."""
        return {"input_shape": ", ".join(map(str, self.data[0].shape[1:]))}

    @cached_property
    def drawn(self) -> str:
        """How the points were drawn at random; empty if they were given."""
        if self.points != sampled_points(self.diagram, self.window):
            return ""
        ends = (f"{low} <= {name} <= {high}" for name, (low, high) in zip(self.names, self.window, strict=True))
        return f"{RULE}; window {', '.join(ends)}; seed 0"

    @property
    def command(self) -> str:
        """The command that makes these runs; empty if there is none: data without a name, or a graph no option makes."""
        words = plane_words(self.diagram)
        if not words or self.data_name == "arrays":
            return ""
        words += [f"--widths {','.join(map(str, self.widths))}", f"--seeds {self.seeds}"]
        words += [] if self.data_name == _RANDOM else [f"--data {quote(self.data_name)}"]
        axes = self.axes_words(("--x", "--y")) if len(self.points) > 1 else []
        if axes:
            words += [*axes, f"--loss-tol {self.loss_tol:g}", f"--rtol {self.rtol:g}"]
            words += (
                [f"--loss-levels {','.join(f'{level:g}' for level in self.loss_levels)}"] if self.loss_levels else []
            )
            return " ".join(["phasetheory scan", *words])
        if self.loss_tol != self.usual_loss_tol() or self.rtol != type(self).rtol or self.loss_levels:
            return ""  # which verify has no options for
        words += [] if self.drawn else [f"--point {x},{y}" for x, y in self.points]
        return " ".join(["phasetheory verify", *words])

    @property
    def title(self) -> str:
        """What a dataset of this plan holds."""
        return f"Relative distances over a plane of initialisations: {self.diagram.title or self.diagram.graph.architecture.kind}"

    def start(self, cell: Cell) -> DeepNetwork | Module:
        """The network of one cell at its start."""
        point, width = self.point_of(cell), int(cell["width"])
        graph = self.diagram.graph_at(point)
        return draw_graph(
            replace(graph, alpha=graph.alpha * math.sqrt(self.outputs_at(width))),  # over sqrt(k), as its targets are
            width,
            self.data[0].shape[1:],
            rng=cell_seed(*point, width=width, seed=int(cell["seed"])),
        )

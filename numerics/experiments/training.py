"""What every experiment on trained networks shares: widths, seeds, tolerances, data, and what a run leaves behind."""

import hashlib
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

import phasetheory as pt
from numerics.arrays import listed, plain_text, positive_number, real_number, whole_number
from numerics.datasets import four_points
from numerics.datasets.builtin import check_pair
from numerics.errors import InputError
from numerics.experiments.stopping import loss_to_fall_from, usual_loss_tol
from numerics.flow import Solution, descend, gradient_flow
from numerics.networks import DeepNetwork, TwoLayer
from numerics.networks.module import Module
from numerics.networks.sampling import check_width
from numerics.observe.distances import layer_observables
from numerics.scans import Cell, Experiment, Observable, Outcome, Setting
from phasetheory.scaling.optimizers import GRADIENT_FLOW

__all__ = ["NORMS", "USUAL", "TrainingPlan", "digest_of", "outcome_of"]

#: Norms in which distances can be measured.
NORMS = ("frobenius", "spectral")
#: The default of what depends on the rest.
USUAL: Any = None
_MOST_SEEDS = 10_000
_LEVELS = "give losses on the way, such as (1e-2, 1e-4)"


@dataclass(frozen=True, kw_only=True)
class TrainingPlan(Experiment):
    """Networks of several widths, each trained from several seeds on the same data.

    Parameters
    ----------
    widths : sequence of int
        Neurons of every hidden layer; at least two, a geometric grid is best.
    seeds : int
        Repetitions at each width.
    rtol, loss_tol, max_seconds : float
        Accuracy of RD, final loss and budget of every run; see :func:`numerics.gradient_flow`. The final loss is by default
        that of the class for data that come with the package, and for others the same part of the loss at the start as for
        the four points (:func:`numerics.experiments.stopping.usual_loss_tol`).
    loss_levels : sequence of float
        Losses at which RD is measured on the way, besides at the end; below the loss at the start, sum y^2/2n.
    data : (X, y)
        Inputs (n, d), the constant included, and targets (n,).
    data_name : str
        What the data are called in the results, as for :func:`numerics.load_data`.

    Raises
    ------
    InputError
        Naming the argument that is wrong.
    """

    fewest_seeds: ClassVar[int] = 1

    widths: tuple[int, ...] = (64, 128, 256, 512)
    seeds: int = 3
    rtol: float = 1e-2
    loss_tol: float = USUAL
    loss_levels: tuple[float, ...] = ()
    max_seconds: float = 300.0
    data: tuple[np.ndarray, np.ndarray] = field(default_factory=four_points, repr=False, compare=False)
    data_name: str = ""

    def __post_init__(self) -> None:
        widths = listed(self.widths, "widths", "give at least two integers, such as (1000, 2000, 4000)")
        for width in widths:
            check_width(width, even=self.even_widths)
        if len(set(widths)) < 2:
            raise InputError(f"widths = {list(widths)}; a slope needs at least two different widths")
        self.check_seeds(self.fewest_seeds)
        object.__setattr__(self, "widths", tuple(sorted({int(width) for width in widths})))
        object.__setattr__(self, "data", self.checked_data())
        if not plain_text(self.data_name, "data_name"):
            shipped = all(np.array_equal(mine, theirs) for mine, theirs in zip(self.data, four_points(), strict=True))
            object.__setattr__(self, "data_name", "four-points" if shipped else "arrays")
        if self.loss_tol is USUAL:
            object.__setattr__(self, "loss_tol", self.usual_loss_tol())
        for name in ("rtol", "loss_tol", "max_seconds"):
            number = positive_number(getattr(self, name), name, infinite=name == "max_seconds")
            object.__setattr__(self, name, number)
        if self.rtol >= 1:
            raise InputError(f"rtol = {self.rtol}; give a relative accuracy below 1, such as 1e-2")
        if self.optimizer != GRADIENT_FLOW and self.rtol != type(self).rtol:
            raise InputError(f"rtol = {self.rtol:g}: the steps of Adam have no accuracy to ask for; leave it out")
        begin = loss_to_fall_from(self.loss_tol, self.targets_at(self.widths[-1]))
        levels = [real_number(level, "loss_levels") for level in listed(self.loss_levels, "loss_levels", _LEVELS)]
        if not all(self.loss_tol < level < begin for level in levels) or len(set(levels)) < len(levels):
            raise InputError(
                f"loss_levels = {levels}; {_LEVELS}, all between loss_tol = {self.loss_tol:g} and the loss at the start, "
                f"{begin:.3g}, and each of them once"
            )
        object.__setattr__(self, "loss_levels", tuple(sorted(levels, reverse=True)))

    def checked_data(self) -> tuple[np.ndarray, np.ndarray]:
        """The data as they are kept, or an :class:`InputError`."""
        return check_pair(self.data)

    def check_seeds(self, fewest: int) -> None:
        """Refuse a plan with fewer repetitions; two are what an interval needs."""
        wanted = "a positive integer" if fewest == 1 else f"an integer >= {fewest}: one seed has no interval"
        if isinstance(self.seeds, int) and self.seeds > _MOST_SEEDS:
            wanted = f"at most {_MOST_SEEDS}"
        object.__setattr__(self, "seeds", whole_number(self.seeds, "seeds", fewest, f"give {wanted}", most=_MOST_SEEDS))

    @property
    @abstractmethod
    def layers(self) -> tuple[str, ...]:
        """Names of the weights, input to output."""

    @property
    def optimizer(self) -> pt.Optimizer:
        """What trains the networks."""
        return GRADIENT_FLOW

    @property
    def usual_loss(self) -> float:
        """Loss at which runs on data that come with the package end by default."""
        return 1e-5

    def usual_loss_tol(self) -> float:
        """Loss at which runs end by default."""
        return usual_loss_tol(self.usual_loss, self.data[1], self.data_name)

    def targets_at(self, width: int) -> np.ndarray:
        """What networks of a width are trained on: the same at all widths, unless their outputs grow."""
        return self.data[1]

    @property
    def even_widths(self) -> bool:
        """Whether the start pairs neurons."""
        return False

    @abstractmethod
    def start(self, cell: Cell) -> TwoLayer | DeepNetwork | Module:
        """The network of one cell at its start."""

    @property
    def norms(self) -> tuple[str, ...]:
        """Norms that distances are measured in: with two layers no layer lies between two wide ones, and one norm says it all."""
        return NORMS if len(self.layers) > 2 else NORMS[:1]

    @property
    def labels(self) -> tuple[str, ...]:
        """What has a distance: the layers, and with two of them theta, all normalised weights together."""
        return self.layers if len(self.layers) > 2 else (*self.layers, "theta")

    @property
    def observables(self) -> dict[str, Observable]:
        """Relative distances, and what tells whether to trust them."""
        found = {
            "relative_distance": Observable(
                "relative distance from the start: largest over the run, spectral at the end",
                {"layer": self.labels, "norm": self.norms},
            )
        }
        if "spectral" in self.norms:
            found["stable_rank"] = Observable("stable rank of the weight change at the end", {"layer": self.labels})
        if self.loss_levels:
            found["relative_distance_at"] = Observable(
                "largest relative distance until the loss first fell to a level; nan if it did not",
                {"layer": self.labels, "loss_level": self.loss_levels},
                may_be_nan=True,
            )
        return found | {
            "loss": Observable("loss R at the end"),
            "time": Observable("normalised time at the end"),
            "evaluations": Observable("passes over the neurons, or over the weights beyond two layers"),
            "conserved_drift": Observable(
                "relative drift of the conserved quantities made by the method", may_be_nan=True
            ),
        }

    @property
    def settings(self) -> dict[str, Setting]:
        """What else decides the numbers."""
        X, y = self.data
        return {
            # the optimiser is left out of gradient flow, whose stores are older than the choice
            **({"rtol": self.rtol} if self.optimizer == GRADIENT_FLOW else {"optimizer": self.optimizer.name}),
            "loss_tol": self.loss_tol,
            **({"loss_levels": ", ".join(f"{level:g}" for level in self.loss_levels)} if self.loss_levels else {}),
            "data": self.data_name,
            "samples": len(y),
            **self.shape_settings,
            "data_sha256": digest_of(X, y),
        }

    @property
    def shape_settings(self) -> dict[str, Setting]:
        """The shape of a sample."""
        return {"input_dimension": self.data[0].shape[1]}

    def cost(self, cell: Cell) -> float:
        """In proportion to the weights of a hidden layer; a pass costs as much as 3000 of them by itself."""
        width = float(cell["width"])
        return 3000.0 + (width if len(self.layers) == 2 else width**2)

    def measure(self, cell: Cell) -> Outcome:
        """Train the network of one cell and read off what happened."""
        solution = self.train(cell)
        return outcome_of(solution, self.values(solution))

    def values(self, solution: Solution) -> dict[str, object]:
        """The observables of a run."""
        distances = {"frobenius": solution.sup_relative_distance}
        found: dict[str, object] = {}
        if "spectral" in self.norms:
            assert not isinstance(solution.network, TwoLayer)
            assert not isinstance(solution.initial, TwoLayer)
            parts = layer_observables(solution.network, solution.initial)
            distances["spectral"] = {layer: part.spectral_relative_distance for layer, part in parts.items()}
            found["stable_rank"] = [parts[label].stable_rank for label in self.labels]
        if self.loss_levels:
            found["relative_distance_at"] = [
                solution.relative_distance_at(label, self.loss_levels) for label in self.labels
            ]
        return {
            "relative_distance": [[distances[norm][label] for norm in self.norms] for label in self.labels],
            **found,
            "loss": solution.loss,
            "time": solution.t,
            "evaluations": solution.stats.evaluations,
            "conserved_drift": solution.conserved_drift,
        }

    def train(self, cell: Cell) -> Solution:
        """Train the network of one cell; the same cell gives the same numbers wherever it is run."""
        start, X, y = self.start(cell), self.data[0], self.targets_at(int(cell["width"]))
        common: dict[str, Any] = {"loss_tol": self.loss_tol, "max_seconds": self.max_seconds, "throw": False}
        if self.optimizer != GRADIENT_FLOW and not isinstance(
            start, Module
        ):  # Adam itself, at the rate that the scales ask for
            return descend(start, X, y, optimizer="adam", **common)
        threads = 1 if isinstance(start, TwoLayer) else None  # the bits of a sum depend on the number of threads
        return gradient_flow(start, X, y, loss_levels=self.loss_levels, rtol=self.rtol, threads=threads, **common)


def digest_of(X: np.ndarray, y: np.ndarray) -> str:
    """What tells data from others."""
    return hashlib.sha256(np.ascontiguousarray(X).tobytes() + np.ascontiguousarray(y).tobytes()).hexdigest()


def outcome_of(solution: Solution, values: Mapping[str, object]) -> Outcome:
    """What came of a run: one at rest has its largest RD of all time, as one that fitted the data has; one cut short has not."""
    if solution.at_rest:
        return Outcome(values, note=solution.message)
    return Outcome(values, stopped_short="" if solution.converged else solution.message)

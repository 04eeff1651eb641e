"""Train a family of modules at several widths, by its own optimiser, and hold every parameter against its prediction."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from torch import nn

from numerics.arrays import listed, positive_number, whole_number
from numerics.errors import InputError, shown
from numerics.experiments.account import account_of
from numerics.experiments.allowance import Allowance
from numerics.experiments.conclusion import conclusion_of, summary_of
from numerics.experiments.judgement import LayerResult, Verdict, judge, of_norm
from numerics.experiments.prediction import Prediction
from numerics.networks.module import sample_array
from numerics.pytorch.advice import rounded
from numerics.pytorch.draws import Factory, check_widths, draw
from numerics.pytorch.inspection import Inspection, fits_of, inspect, quieten
from numerics.pytorch.laws import MakeOptimizer
from numerics.pytorch.monitor import NORMS
from numerics.pytorch.notes import error_told, steps_told
from numerics.pytorch.prediction import FAR, predict_by_tangent
from numerics.pytorch.targets import Targets
from numerics.pytorch.training import train
from numerics.scans import CellStatus
from numerics.slopes import SlopeFit, fit

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.figure import Figure, SubFigure

__all__ = ["ModuleScalingCheck", "scaling_check"]

#: At the end of a run, whatever step that is.
END = float("inf")
_FEWEST = 2  # seeds: an interval needs them
_HASTY = "steps overshoot, use a smaller rate"
# what finite width may do to any slope it may do to one of 0
_ALLOWANCE = Allowance(critical=0.15, finite_width=0.15, distance=FAR, widest_interval=0.5)


@dataclass(frozen=True)
class ModuleScalingCheck:
    """What a family of modules does as its width grows, predicted and measured.

    Attributes
    ----------
    inspection : Inspection
        What was predicted.
    allowance : Allowance
        What the verdicts allow for.
    runs : xarray.Dataset
        ``relative_distance`` over step, width, seed, parameter, norm, at step infinity that at the end of the run;
        ``by_kernels``, the same of the tangent models; ``error``, theirs, over step, width, seed; ``loss``, ``end`` (the last
        step, or the time of the flow), ``status``.
    """

    inspection: Inspection
    allowance: Allowance
    runs: "xarray.Dataset" = field(repr=False, compare=False)

    @property
    def layers(self) -> tuple[LayerResult, ...]:
        """Every parameter with a predicted slope, in both norms, at the end: predicted slope, measured slope, verdict."""
        return self.at(END)

    @property
    def measured(self) -> Mapping[str, Mapping[str, SlopeFit]]:
        """Measured slopes at the end by parameter and norm, of all that moved."""
        return self._slopes(self.runs.relative_distance.where(self.runs.status == CellStatus.DONE))

    @property
    def by_kernels(self) -> Mapping[str, Mapping[str, SlopeFit]]:
        """The same of the tangent models."""
        return self._slopes(self.runs.by_kernels)

    def _slopes(self, distances: "xarray.DataArray") -> dict[str, dict[str, SlopeFit]]:
        done = distances.sel(step=END)
        order = ("width", "seed", "norm")
        return {
            p.name: fits_of(self.inspection.widths, done.sel(parameter=p.name).transpose(*order).values)
            for p in self.inspection.parameters
        }

    def at(self, step: float) -> tuple[LayerResult, ...]:
        """The same as :attr:`layers` at one of the steps, at which the tangent kernels know the slope; limits are for the end."""
        known = self.runs.step.values
        if step not in known:
            raise InputError(
                f"step = {shown(step)} was not kept; use one of {', '.join(f'{value:g}' for value in known)}"
            )
        found, by_kernels = self.runs.relative_distance.sel(step=step), self.runs.by_kernels.sel(step=step)
        status = self.runs.status.transpose("width", "seed").values
        near = bool(np.all(self._error(step) <= FAR))
        hasty = bool(steps_told(self.inspection.optimizer, self.inspection.widths, self.inspection.step))
        results = []
        for norm, parameter in product(NORMS, self.inspection.parameters):
            slope = parameter.predicted.get(norm)
            if slope is None or not slope.is_finite:
                continue
            distances = found.sel(parameter=parameter.name, norm=norm).transpose("width", "seed").values
            there = (
                status if step == END else np.where(np.isfinite(distances), CellStatus.DONE, CellStatus.STOPPED_SHORT)
            )
            moved = np.where(distances > 0, distances, np.nan)
            widths, prediction, each = self.inspection.widths, Prediction(slope, float(slope)), None
            model = by_kernels.sel(parameter=parameter.name, norm=norm).transpose("width", "seed").values
            if near and np.all(model > 0):  # what has no gradient at the start has no distance there
                each = model
                means = dict(zip(widths, map(float, np.exp(np.mean(np.log(each), axis=1))), strict=True))
                prediction = Prediction(slope, fit(widths, each).slope, means)
            result = judge(parameter.name, norm, prediction, widths, moved, there, self.allowance, each=each)
            held = self._in_the_limit(result)
            results.append(replace(held, verdict=Verdict.UNDECIDED, reason=_HASTY) if hasty else held)
        return tuple(results)

    def _in_the_limit(self, result: LayerResult) -> LayerResult:
        """A slope that is not that of a limit which begins beyond these widths says nothing against it."""
        begins = self.inspection.limit_begins
        if begins is None or result.prediction.distances or result.verdict is not Verdict.DISAGREES:
            return result
        reason = f"{result.reason}, but the limit begins beyond width {rounded(begins)}; use wider networks"
        return replace(result, verdict=Verdict.UNDECIDED, reason=reason)

    @property
    def error(self) -> np.ndarray:
        """Of the tangent models at the end, mean over the seeds (widths,)."""
        return self._error(END)

    def _error(self, step: float) -> np.ndarray:
        found: np.ndarray = self.runs.error.sel(step=step).mean("seed").values
        return found

    def of(self, norm: str) -> tuple[LayerResult, ...]:
        """The parameters with a prediction in one norm."""
        return of_norm(self.layers, norm)

    @property
    def agrees(self) -> bool:
        """Whether there is a prediction, and every parameter that has one does what it says."""
        return bool(self.layers) and all(result.agrees for result in self.layers)

    @property
    def summary(self) -> str:
        """One line on the whole, from the measured regimes of the weights in spectral norm: biases are few numbers."""
        if not np.any(self.runs.status == CellStatus.DONE):
            more = (
                "more steps, or a larger rate"
                if self.inspection.optimizer != "gradient flow"
                else "more time (max_seconds)"
            )
            return f"undecided: no run came down to the loss of {self.runs.loss_tol:.2g} that ends it; give {more}"
        weights = {p.name for p in self.inspection.parameters if len(p.law.shape) > 1}
        if judged := [result for result in self.layers if result.norm == "spectral" and result.layer in weights]:
            return summary_of(judged, self.allowance)
        return "no slope is predicted, so there is no verdict: " + "; ".join(
            f"{name}: S = {fits['spectral']}" for name, fits in self.measured.items() if "spectral" in fits
        )

    @property
    def verdict(self) -> str:
        """One line a parameter, in spectral norm, what the verdicts allow for, what became of the runs, a line on the whole."""
        layers = conclusion_of(self.of("spectral"), self.allowance) if self.layers else []
        return "\n".join([*layers, *self.notes, self.summary])

    @property
    def notes(self) -> list[str]:
        """What became of the runs, as far as it is to be told."""
        found = self.inspection
        return [
            *account_of(self.runs.sel(step=END)).lines,
            *error_told(found.widths, self.error),
            *steps_told(found.optimizer, found.widths, found.step),
        ]

    def to_frame(self) -> "pandas.DataFrame":
        """Relative distances as a table with the columns width, seed, module, norm, step, value; step ``inf`` is the end.

        ``module`` is the parameter by its name within the module. Steps after the end of a run have no row.
        """
        table = self.runs.relative_distance.rename("value").to_dataframe().reset_index()
        table = table.rename(columns={"parameter": "module"})
        return table[["width", "seed", "module", "norm", "step", "value"]].dropna().reset_index(drop=True)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers and text, for JSON."""
        from numerics.pytorch.tables import check_dict

        return check_dict(self)

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), indent=2)

    def plot(self, *, norm: str = "spectral", figure: "Figure | SubFigure | None" = None) -> "Figure | SubFigure":
        """RD of the weights against the width, a panel for each step; biases are few numbers, and in the tables.

        Drawn by :func:`numerics.figures.coordinate_check.plot_coordinate_check`.
        """
        from numerics.figures.coordinate_check import (
            plot_coordinate_check,  # Matplotlib only when a picture is asked for
        )

        kept = [step for step in self.runs.step.values if self._reached_by_all(step)]
        word = "step" if self.inspection.optimizer != "gradient flow" else "time"
        weights = {p.name for p in self.inspection.parameters if len(p.law.shape) > 1}
        panels = {
            f"{word} {step:g}" if step < END else "at the end": [
                result for result in of_norm(self.at(step), norm) if result.layer in weights
            ]
            for step in kept
        }
        return plot_coordinate_check(panels, norm=norm, figure=figure)

    def _reached_by_all(self, step: float) -> bool:
        """Whether no run had ended before; without predictions there is nothing to draw."""
        found = self.runs.relative_distance.sel(step=step)
        return step == END or bool(np.isfinite(found.max(("parameter", "norm"))).all())

    def __str__(self) -> str:
        return self.verdict

    def _repr_html_(self) -> str:
        from numerics.pytorch.tables import check_html

        return check_html(self)


def scaling_check(
    factory: Factory,
    X: ArrayLike,
    y: ArrayLike,
    *,
    widths: Sequence[int] = (64, 128, 256, 512),
    optimizer: MakeOptimizer | None = None,
    seeds: int = 4,
    steps: Sequence[int] = (1, 10, 100, 1000),
    loss: str = "squares",
    loss_tol: float | None = None,
    max_seconds: float = 300.0,
    progress: Callable[[int, int], object] | None = None,
) -> ModuleScalingCheck:
    """Train a family of modules at every width and hold the slope of every parameter's RD against the predicted one.

    Parameters
    ----------
    factory : callable(width) -> torch.nn.Module
    X : array (n, ...)
        A few samples: all are in every step.
    y : array (n,) or (n, k)
        Targets of order one; labels (n,) for cross-entropy.
    widths : sequence of int
        At least two.
    optimizer : callable(module) -> torch.optim.Optimizer, optional
        SGD, Adam or AdamW with any groups; without one the gradient flow, with equal rates.
    seeds : int
        Modules at each width, at least 2.
    steps : sequence of int
        When distances are kept besides at the end; the last is the largest number of steps. In the gradient flow these are times,
        and no limit.
    loss : 'squares' or 'cross-entropy'
        R = (1/2n) sum |f - y|^2, or as ``torch.nn.functional.cross_entropy``.
    loss_tol : float, optional
        Loss at which a run ends; a hundredth of that of output 0 by default, for cross-entropy (log k)/4.
    max_seconds : float
        Of every run.
    progress : callable(runs done, runs in all), optional

    Notes
    -----
    Predicted is the slope at the end, for a small rate: in the limit, and at these widths by the tangent kernels where their
    error is small at all of them. A verdict holds the measured slope against the latter if there is one, module by module, so
    that the noise of the draws is in neither. A run that has not come down to ``loss_tol`` within the steps is in no slope; a
    rate at which steps overshoot is told of. Where two widths take another number of steps, RD at equal steps has another slope
    than at the end.

    Examples
    --------
    >>> from torch import nn
    >>> family = lambda width: nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 1))
    >>> X = np.array([[-1.0, 0.2], [-0.3, 1.0], [0.4, -1.0], [1.0, 0.5]])
    >>> check = scaling_check(family, X, [0.5, -1.0, 1.0, -0.5], widths=(64, 256), seeds=2)
    >>> [str(result.predicted_slope) for result in check.of("spectral")][0], check.runs.sizes["seed"]
    ('-3/2', 2)
    """
    kept = _check_steps(steps)
    longest = positive_number(max_seconds, "max_seconds")
    number = whole_number(seeds, "seeds", _FEWEST, f"give an integer >= {_FEWEST}: an interval needs them")
    inspection = inspect(factory, X, y, widths=widths, optimizer=optimizer, seeds=number, loss=loss)
    checked, samples = check_widths(widths), sample_array(X)
    trained, expected, errors, level, cells = [], [], [], 0.0, list(product(checked, range(number)))
    for index, (width, seed) in enumerate(cells):
        module = draw(factory, width, seed)
        quieten(module)
        targets = Targets.of(y, loss, inspection.output)
        level = targets.level(loss_tol)
        moved, error = _by_kernels(inspection, module, samples, targets, checked.index(width), kept, level)
        expected.append(moved)
        errors.append(error)
        trained.append(train(module, samples, targets, optimizer, kept, level, longest))
        if progress is not None:
            progress(index + 1, len(cells))
    shape = (len(checked), number)
    distances = np.array([run.relative_distance for run in trained])
    import xarray

    runs = xarray.Dataset(
        {
            "relative_distance": (
                ("width", "seed", "step", "parameter", "norm"),
                distances.reshape(*shape, *distances.shape[1:]),
            ),
            "by_kernels": (
                ("width", "seed", "step", "parameter", "norm"),
                np.array(expected).reshape(*shape, *distances.shape[1:]),
            ),
            "error": (("width", "seed", "step"), np.reshape(errors, (*shape, -1))),
            "loss": (("width", "seed"), np.reshape([run.loss for run in trained], shape)),
            "end": (("width", "seed"), np.reshape([run.end for run in trained], shape)),
            "status": (("width", "seed"), np.reshape([int(run.status) for run in trained], shape)),
        },
        {
            "width": list(checked),
            "seed": range(number),
            "step": [*map(float, kept), END],
            "parameter": [p.name for p in inspection.parameters],
            "norm": list(NORMS),
        },
        {"loss_tol": level, "optimizer": inspection.optimizer},
    )
    return ModuleScalingCheck(inspection, _ALLOWANCE, runs)


def _by_kernels(
    inspection: Inspection,
    module: nn.Module,
    samples: np.ndarray,
    targets: Targets,
    width: int,
    steps: Sequence[int],
    level: float,
) -> tuple[np.ndarray, np.ndarray]:
    """RD (steps + 1, parameters, norms) of the tangent model at the steps and where a run ends, and its error (steps + 1,).

    Of labels, and under momentum, it is known at the first step and at the end.
    """
    laws = {p.name: p.rate.rate for p in inspection.parameters if p.rate is not None}
    rates = {name: law.values[width] for name, law in laws.items() if law is not None}
    squares, momentum = targets.loss == "squares", any(p.rate and p.rate.momentum for p in inspection.parameters)
    found = predict_by_tangent(
        copy.deepcopy(module),
        samples,
        targets.tangent,
        rates or None,
        inspection.trained_by,
        steps,
        level if squares else 0.0,
    )
    shape = (len(steps) + 1, len(NORMS))
    rows = [found.on_the_way.get(p.name, np.full(shape, np.nan)) for p in inspection.parameters]
    moved = np.stack(rows, axis=1)
    if momentum or not squares:
        moved[1:-1] = np.nan
    return moved, found.errors


def _check_steps(steps: Any) -> tuple[int, ...]:
    advice = "give integers >= 1 such as (1, 10, 100)"
    given = [whole_number(step, "steps", 1, advice) for step in listed(steps, "steps", advice)]
    if not given or len(set(given)) < len(given):
        raise InputError(f"steps = {shown(steps)}; {advice}, each once")
    return tuple(sorted(given))

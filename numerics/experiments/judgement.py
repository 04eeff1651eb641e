"""The judge: one layer's measured slope against the predicted one, and what is put down to finite width.

A layer agrees if every run reached its goal and the expected slope lies in the interval over seeds widened by
:attr:`Allowance.finite_width` on either side. That is the slope at these widths where it is known, and a point is not undecided
for being near a boundary; where RD itself is, it has to be the expected one within :attr:`Allowance.distance` at the largest
width. Elsewhere it is the slope in the limit, and the measured regime has to be the predicted one. A run that stopped short, or
an interval wider than :attr:`Allowance.widest_interval`, leaves the layer undecided: noise is no agreement.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics import slopes
from numerics.errors import InputError, check_choice
from numerics.experiments.allowance import Allowance
from numerics.experiments.prediction import Prediction
from numerics.scans import CellStatus

__all__ = ["LayerResult", "Verdict", "judge", "of_norm"]


class Verdict(Enum):
    """What a measurement says about a prediction."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNDECIDED = "undecided"  #: runs stopped short, or the interval is too wide


@dataclass(frozen=True)
class LayerResult:
    """Prediction and measurement of one layer in one norm.

    Attributes
    ----------
    layer, norm : str
    moment : str
        'fit', or under weight decay also 'end'.
    prediction : Prediction
    widths : tuple of int
    distances : float64 (widths, seeds)
        Measured RD; nan for runs that must not be used.
    measured : SlopeFit or None
        None if no slope could be fitted.
    measured_regime : Regime or None
        None if the measurement decides nothing.
    verdict : Verdict
    reason : str
        Why it does not agree; empty if it does.
    beyond : SlopeFit or None
        Slope of RD over what was expected of the same networks, run by run: what of the measured slope was not; None where
        nothing was expected of each.
    """

    layer: str
    norm: str
    prediction: Prediction
    widths: tuple[int, ...]
    distances: np.ndarray = field(repr=False, compare=False)
    measured: slopes.SlopeFit | None
    measured_regime: pt.Regime | None
    verdict: Verdict
    reason: str
    moment: str = "fit"
    beyond: slopes.SlopeFit | None = None

    @property
    def agrees(self) -> bool:
        """Whether the measurement agrees with the prediction."""
        return self.verdict is Verdict.AGREES

    @property
    def predicted_slope(self) -> sp.Rational:
        """The limit."""
        return self.prediction.limit

    @property
    def limit(self) -> str:
        """The limit in words, with the branch that it is on where there are two: ``3/4, hard``."""
        return ", ".join(filter(None, (str(self.predicted_slope), self.prediction.target)))

    @property
    def predicted_regime(self) -> pt.Regime:
        """Regime of the limit."""
        return self.prediction.regime

    @property
    def difference(self) -> float:
        """Measured minus predicted slope; nan without a measurement."""
        return self.measured.slope - float(self.predicted_slope) if self.measured else float("nan")

    @property
    def ratios(self) -> dict[int, float]:
        """Measured RD (geometric mean over the seeds) over the predicted RD, at each width where there are both."""
        found = {}
        for width, row in zip(self.widths, self.distances, strict=True):
            used = row[np.isfinite(row)]
            if width in self.prediction.distances and used.size:
                found[width] = float(np.exp(np.mean(np.log(used)))) / self.prediction.distances[width]
        return found


def of_norm(results: Sequence[LayerResult], norm: str) -> tuple[LayerResult, ...]:
    """The results in one norm, input to output."""
    check_choice(norm, "norm", dict.fromkeys(result.norm for result in results))
    return tuple(result for result in results if result.norm == norm)


def judge(
    layer: str,
    norm: str,
    prediction: Prediction,
    widths: Sequence[int],
    distances: np.ndarray,
    status: np.ndarray,
    allowance: Allowance,
    moment: str = "fit",
    each: np.ndarray | None = None,
) -> LayerResult:
    """Fit the slope of a layer and give the verdict.

    Parameters
    ----------
    distances : float64 (widths, seeds)
        RD of every run.
    status : int (widths, seeds)
        :class:`numerics.scans.CellStatus`; only runs that are done are used.
    each : float64 (widths, seeds), optional
        RD expected of every run, whose slope is the expected one: the noise of the draws is in both, and in no verdict.
    """
    usable = np.where(status == CellStatus.DONE, distances, np.nan)
    measured, beyond, reason = None, None, _shortfall(status, usable)
    try:
        measured = slopes.fit(widths, usable)
        beyond = None if each is None else slopes.fit(widths, usable / each)
    except InputError as error:
        reason = reason or str(error)
    regime, verdict = None, Verdict.UNDECIDED
    if measured is not None and not reason:
        regime = allowance.regime(measured.slope)
        verdict, reason = _compare(measured, beyond, regime, prediction, allowance)
    if verdict is Verdict.AGREES and prediction.distances:
        verdict, reason = _compare_distance(widths, usable, prediction, allowance)
    return LayerResult(
        layer, norm, prediction, tuple(widths), usable, measured, regime, verdict, reason, moment, beyond
    )


def _compare_distance(
    widths: Sequence[int], distances: np.ndarray, prediction: Prediction, allowance: Allowance
) -> tuple[Verdict, str]:
    """The verdict on RD itself at the largest width, and the reason if it is not agreement."""
    widest = int(np.argmax(widths))
    logs = np.log(distances[widest][np.isfinite(distances[widest])] / prediction.distances[widths[widest]])
    error = float(np.std(logs, ddof=1)) / np.sqrt(logs.size) if logs.size > 1 else 0.0
    if abs(logs.mean()) <= allowance.distance + 2 * error:
        return Verdict.AGREES, ""
    return Verdict.DISAGREES, f"RD is {np.exp(logs.mean()):.3g} times the expected one"


def _shortfall(status: np.ndarray, usable: np.ndarray) -> str:
    """How many runs have no usable result; empty if none."""
    counts = {
        what: int(np.sum(status == which))
        for what, which in (
            ("stopped short", CellStatus.STOPPED_SHORT),
            ("failed", CellStatus.FAILED),
            ("are still to come", CellStatus.PENDING),
        )
    }
    counts["did not come down to this loss"] = int(np.sum((status == CellStatus.DONE) & np.isnan(usable)))
    return ", ".join(f"{count} of {status.size} runs {what}" for what, count in counts.items() if count)


def _compare(
    measured: slopes.SlopeFit,
    beyond: slopes.SlopeFit | None,
    regime: pt.Regime,
    prediction: Prediction,
    allowance: Allowance,
) -> tuple[Verdict, str]:
    """The verdict, and the reason if it is not agreement."""
    low, high = measured.low - prediction.expected, measured.high - prediction.expected
    if beyond is not None:
        low, high = beyond.low, beyond.high
    size = high - low
    if size > allowance.widest_interval:
        return Verdict.UNDECIDED, f"interval {size:.2f} wide, use more seeds"
    if not prediction.distances and regime is not prediction.regime:
        return Verdict.DISAGREES, f"predicted {prediction.regime.value}"
    if low > allowance.finite_width or high < -allowance.finite_width:
        return Verdict.DISAGREES, f"slope off by {measured.slope - prediction.expected:+.3f}"
    return Verdict.AGREES, ""

"""What is said of a family of networks whose layers have been judged: a line for each layer, and one on the whole."""

from collections.abc import Sequence

import phasetheory as pt
from numerics.experiments.allowance import Allowance
from numerics.experiments.judgement import LayerResult, Verdict

__all__ = ["conclusion_of", "summary_of"]


def summary_of(results: Sequence[LayerResult], allowance: Allowance) -> str:
    """One line on the whole, from the measured regimes in one norm."""
    concluded = {result.layer: _concluded(result, allowance) for result in results}
    if undecided := [layer for layer, regime in concluded.items() if regime is None]:
        return f"undecided, no conclusion on these layers: {', '.join(undecided)}; use more seeds, or wider networks"
    moves = set(concluded.values())
    if moves == {pt.Regime.CRITICAL}:
        return "every layer learns at any width (all spectral slopes 0, as in muP)"
    if moves == {pt.Regime.LINEAR}:
        return "lazy: wider networks move less, in every layer; features are not learned in the limit"
    return "layers drift apart with the width: what is learned at one width is not learned at another"


def conclusion_of(results: Sequence[LayerResult], allowance: Allowance) -> list[str]:
    """A line on each layer, and what the verdicts allow for."""
    critical, beside = allowance.critical, allowance.finite_width
    allowed = f"allowed: |S| up to {critical:g} as critical, {beside:g} beside the interval for finite width"
    return [*map(_sentence, results), allowed]


def _sentence(result: LayerResult) -> str:
    """What a layer does, as a line."""
    fit = result.measured
    if fit is None:
        return f"{result.layer}: no slope ({result.reason})"
    does = {
        pt.Regime.LINEAR: "moves less and less as the width grows",
        pt.Regime.CRITICAL: "moves by the same share at any width",
        pt.Regime.CONDENSED: "moves more and more as the width grows",
    }[result.measured_regime or pt.Regime.CRITICAL]
    verdict = f"{result.verdict.value}{': ' + result.reason if result.reason else ''}"
    here = f", {result.prediction.expected:.2f} at these widths" if result.prediction.distances else ""
    return f"{result.layer}: S = {fit}, predicted {result.predicted_slope}{here}: {does}; {verdict}"


def _concluded(result: LayerResult, allowance: Allowance) -> pt.Regime | None:
    """The regime of a layer that is decided, or whose whole interval lies in one, however wide it is; else None."""
    if result.measured is None or result.verdict is not Verdict.UNDECIDED:
        return result.measured_regime
    low, high = (allowance.regime(end) for end in (result.measured.low, result.measured.high))
    return low if low is high and result.measured_regime is not None else None

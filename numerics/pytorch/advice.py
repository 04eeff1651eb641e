"""One sentence on an inspected family that its owner can act on; what it says would help has been worked out by the theory."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.pytorch.prediction import FAR
from phasetheory.symbols.printing import power

if TYPE_CHECKING:
    from numerics.pytorch.inspection import Inspection

__all__ = ["rounded", "sentence_of"]

_FACTOR = 64  # between the widths that are compared in words
_Slopes = Mapping[str, sp.Expr]


def sentence_of(found: "Inspection") -> str:
    """What the layers do as the width grows, in spectral norm, and what to change."""
    if not any(p.law.depends for p in found.parameters):
        return "nothing changes with the width: let factory use the width that it is given"
    slopes = _slopes(found)
    finite = {name: slope for name, slope in slopes.items() if slope.is_finite}
    if not finite:
        return _measured(found)
    under = f"under {found.optimizer}"
    zeros = [name for name in slopes if name not in finite]
    learned = (
        f" ({' and '.join(zeros)}, at zero first, {'are' if len(zeros) > 1 else 'is'} all learned)" if zeros else ""
    )
    if all(slope == 0 for slope in finite.values()):
        return f"in spectral norm every layer moves by the same share at any width {under}{learned}, as in muP: nothing to change"
    named = {regime: [name for name, slope in finite.items() if pt.classify(slope) is regime] for regime in pt.Regime}
    kinds = [regime for regime in pt.Regime if named[regime]]
    if len(kinds) == 1:
        said = f"all layers are {kinds[0].value} {under}"
    else:
        said = (
            "; ".join(f"{regime.value}: {', '.join(named[regime])}" for regime in kinds)
            + f" ({under}, in spectral norm)"
        )
    return f"{said}{learned}; {_features(found, finite)}{_limit(found)}; {_remedy(found, finite)}"


def _slopes(found: "Inspection") -> dict[str, sp.Expr]:
    """Predicted slopes of the weights in spectral norm, along the signal."""
    weights = {p.name: p.predicted["spectral"] for p in found.parameters if p.predicted and len(p.law.shape) > 1}
    order = list(found.graph.layers) if found.graph is not None else []
    return {name: weights[name] for name in order if name in weights}


def _features(found: "Inspection", slopes: _Slopes) -> str:
    """How much the layers below the readout move, the strongest of them."""
    *below, last = slopes.values()
    slope = max(below or [last])
    narrow, wide = found.widths[0], _FACTOR * found.widths[0]
    if slope == 0:
        return f"features move as much at width {wide} as at {narrow}"
    times = float(_FACTOR ** abs(slope))
    return f"features of width {wide} move {times:.3g} times {'less' if slope < 0 else 'more'} than at {narrow}"


def _limit(found: "Inspection") -> str:
    """From which width on that holds, if these are below."""
    width = found.limit_begins
    if width is None:
        return ""
    if width == found.inputs:
        return f", but only beyond width {found.inputs}, the number of inputs"
    return f", but only beyond width {rounded(width)}, where P = 1 with these data: below it every layer has to grow"


def _remedy(found: "Inspection", slopes: _Slopes) -> str:
    """What keeps every layer moving, tried on the theory: another scale of the output, other rates of a few layers, or both."""
    excess = found.graph.capacity if found.graph is not None else sp.S.Zero
    best: tuple[list[str], str] = ([name for name, slope in slopes.items() if slope == 0], "")
    for divided in dict.fromkeys((sp.S.Zero, excess if excess.is_Rational else sp.S.Zero)):
        before = _tried(found, divided, {}) if divided else slopes
        for rates in ({}, _rates({name: slope for name, slope in before.items() if name in slopes})):
            after = {name: slope for name, slope in _tried(found, divided, rates).items() if name in slopes}
            moving = [name for name, slope in after.items() if slope == 0]
            if len(moving) > len(best[0]):
                best = moving, _said(found, divided, rates)
    moving, change = best
    if not change:
        return (
            "for the same move at any width give every layer the scale and the rate of muP (phasetheory.critical_point)"
        )
    kept = "every layer moves" if len(moving) == len(slopes) else f"{' and '.join(moving)} move"
    return f"{change}: then {kept} by the same share at any width"


def _rates(slopes: _Slopes) -> dict[str, sp.Expr]:
    """Exponents of the factors on rates that make all slopes equal, of as few layers as can be.

    RD in the linear regime is proportional to the rate, and a common factor changes nothing.
    """
    values = [slope for slope in slopes.values() if slope.is_finite]
    common = max(values, key=lambda slope: (values.count(slope), slope), default=sp.S.Zero)
    return {name: common - slope for name, slope in slopes.items() if slope.is_finite and slope != common}


def _tried(found: "Inspection", divided: sp.Expr, rates: Mapping[str, sp.Expr]) -> _Slopes:
    """Spectral slopes of the layers with the output over a power of the width, and rates times others."""
    graph = found.graph
    if graph is None:
        return {}
    layers = {
        name: replace(layer, learning_rate=layer.learning_rate * pt.m ** rates.get(name, 0))
        for name, layer in graph.layers.items()
    }
    changed = replace(graph, layers=layers, alpha=graph.alpha * pt.m**divided)
    try:
        return changed.slopes("spectral", optimizer=found.trained_by)
    except pt.TheoryError:  # a tie that the argument does not settle
        return {}


def _said(found: "Inspection", divided: sp.Expr, rates: Mapping[str, sp.Expr]) -> str:
    said = [f"{'divide' if divided > 0 else 'multiply'} the output by {power(abs(divided))}"] * bool(divided)
    layers = {} if found.graph is None else found.graph.layers
    exponents = {name: layers[name].rate + factor for name, factor in rates.items()}
    laws = " and ".join(
        f"{f'go as {power(exponent)}' if exponent else 'be constant'} for {name}"
        for name, exponent in exponents.items()
    )
    return " and ".join([*said, *([f"let the rate {laws}"] if laws else [])])


def rounded(width: float) -> str:
    """A width to three digits, as a whole number where it is one that a network could have."""
    short = f"{width:.3g}"
    return f"{float(short):.0f}" if 1 <= width < 1e9 else short


def _measured(found: "Inspection") -> str:
    """Where there is no prediction: slopes of the weights by the tangent kernels, if these hold at the largest width."""
    weights = [p for p in found.parameters if len(p.law.shape) > 1 and "spectral" in p.measured]
    if not weights:
        return "there is no prediction and no measurement: train at several widths and compare"
    width, error = found.widths[-1], float(np.mean(found.error[-1]))
    if error > FAR:
        return (
            f"no slope is predicted, and at width {width} the module is far from its tangent model (error {error:.2g}): it "
            "learns features there; train at several widths (nm.pytorch.scaling_check) to see whether that lasts"
        )
    fastest = max(weights, key=lambda parameter: parameter.measured["spectral"].slope)
    fit = fastest.measured["spectral"]
    said = "so all layers move less and less" if fit.high < 0 else "more seeds or widths would tell how it goes on"
    return (
        f"no slope is predicted; by the tangent kernels, whose error is {error:.2g} at width {width}, {fastest.name} keeps up "
        f"best as the width grows, spectral slope {fit}: {said}"
    )

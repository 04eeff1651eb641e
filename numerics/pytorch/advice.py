"""One sentence on an inspected family that its owner can act on; what it says would help has been worked out by the theory."""

from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

import phasetheory as pt
from phasetheory.symbols.printing import power

if TYPE_CHECKING:
    from numerics.pytorch.inspection import Inspection

__all__ = ["FAR", "rounded", "sentence_of"]

FAR = 0.3  #: error of the tangent model beyond which a module is far from it
_FACTOR = 64  # between the widths that are compared in words


def sentence_of(found: "Inspection") -> str:
    """What the layers do as the width grows, and what to change."""
    weights = [p for p in found.parameters if p.predicted and len(p.law.shape) > 1]  # not biases
    slopes = {p.name: p.predicted["spectral"] for p in weights}
    if not slopes:
        return _measured(found)
    under = f"under {found.optimizer}"
    if all(slope == 0 for slope in slopes.values()):
        return f"every layer moves by the same share at any width {under}, as in muP: nothing to change"
    regimes = {p.regime for p in weights if p.regime is not None}
    if regimes == {pt.Regime.LINEAR}:
        said = f"all layers are linear {under}"
    else:
        named = {regime: [p.name for p in weights if p.regime is regime] for regime in pt.Regime}
        said = (
            "; ".join(f"{regime.value}: {', '.join(names)}" for regime, names in named.items() if names) + f" ({under})"
        )
    return f"{said}; {_features(found, slopes)}{_turning(found)}; {_remedy(found, slopes)}"


def _features(found: "Inspection", slopes: dict[str, sp.Expr]) -> str:
    """How much the layers below the readout move, the strongest of them."""
    *below, last = slopes.values()
    slope = max(below or [last])
    narrow, wide = found.widths[0], _FACTOR * found.widths[0]
    if slope == 0:
        return f"features move as much at width {wide} as at {narrow}"
    if not slope.is_finite:
        return "a layer that starts at zero moves by all that it has"
    times = float(_FACTOR ** abs(slope))
    return f"features of width {wide} move {times:.3g} times {'less' if slope < 0 else 'more'} than at {narrow}"


def _turning(found: "Inspection") -> str:
    width = found.turning_width
    if width is None or found.capacity is None or found.capacity.exponent < 0 or width <= found.widths[-1]:
        return ""
    return f", but that is the limit: P = 1 at width {rounded(width)}, and below it every layer has to grow"


def _remedy(found: "Inspection", slopes: dict[str, sp.Expr]) -> str:
    """What keeps them moving, tried on the graph."""
    if found.graph is not None and found.optimizer in ("gradient flow", "SGD"):
        excess = found.graph.capacity
        if excess.is_Rational and excess != 0:
            moved = found.graph.replace(alpha=found.graph.alpha * pt.m**excess).slopes("spectral")
            better = {name: moved[name] for name in slopes}
            alive = [name for name, slope in better.items() if slope == 0]
            if len(alive) > sum(slope == 0 for slope in slopes.values()):
                kept = "all layers move" if len(alive) == len(better) else f"{' and '.join(alive)} will move"
                return f"divide the output by {power(excess)} and {kept} by the same share at any width"
    return "for the same move at any width give every layer the scale and the rate of muP (phasetheory.critical_point)"


def rounded(width: float) -> str:
    """A width to three digits, as a whole number where it is one that a network could have."""
    short = f"{width:.3g}"
    return f"{float(short):.0f}" if 1 <= width < 1e9 else short


def _measured(found: "Inspection") -> str:
    """Where there is no prediction: the slope by the tangent kernels, if these hold."""
    fits = {p.name: p.measured["spectral"] for p in found.parameters if "spectral" in p.measured}
    if not fits:
        return "there is no prediction and no measurement: train at several widths and compare"
    error = float(np.max(found.error))
    name, fit = max(fits.items(), key=lambda pair: pair[1].slope)
    if error > FAR:
        return (
            f"no slope is predicted, and at these widths the module is far from its tangent model (error {error:.2g}): it learns "
            "features; train at several widths to see whether that lasts"
        )
    return (
        f"no slope is predicted; by the tangent kernels {name} moves most as the width grows, spectral slope {fit}; "
        f"the error of that model is at most {error:.2g}"
    )

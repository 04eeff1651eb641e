"""A verification at any depth as data (for ``report.json``) and as tables for a terminal."""

from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from numerics.experiments.layer_measurement import NORMS
from numerics.experiments.verify_slice import (
    CRITICAL,
    FINITE_WIDTH,
    MEAN_DIFFERENCE,
    WIDEST_INTERVAL,
    LayerResult,
    SlicePoint,
    SliceVerification,
)
from numerics.reports.tables import plain_table
from numerics.reports.verification import COLOURS, measured_slope, versions
from phasetheory.symbols.printing import plain

__all__ = ["slice_to_dict", "slice_to_table"]


def slice_to_dict(verification: SliceVerification) -> dict[str, Any]:
    """Everything needed to read or repeat a verification, in types that JSON knows; exact numbers as text."""
    plan = verification.plan
    return {
        "agrees": verification.agrees,
        "mean_difference": verification.mean_difference,
        "seconds": round(verification.seconds, 3),
        "versions": versions(),
        "theory": {
            norm: {layer: str(diagram.boundary(layer)) for layer in plan.layers}
            for norm, diagram in ((norm, plan.diagram(norm)) for norm in NORMS)
        },
        "plan": {"widths": list(plan.widths), "seeds": plan.seeds, "max_seconds": plan.max_seconds, **plan.settings},
        "verdict": {
            "largest_mean_difference": MEAN_DIFFERENCE,
            "finite_width_allowance": FINITE_WIDTH,
            "critical_below": CRITICAL,
            "widest_interval": WIDEST_INTERVAL,
        },
        "points": [_point(point, verification) for point in verification.points],
    }


def _point(point: SlicePoint, verification: SliceVerification) -> dict[str, Any]:
    place = dict(zip(verification.plan.names, point.point, strict=True))
    own = verification.runs.sel({name: float(value) for name, value in place.items()})
    drift = float(own["conserved_drift"].max())
    return {
        **{name: str(value) for name, value in place.items()},
        "agrees": point.agrees,
        "layers": [_layer(result) for result in point.layers],
        "largest_conserved_drift": drift if np.isfinite(drift) else None,  # tanh conserves nothing
        "mean_evaluations": {str(int(w)): float(own["evaluations"].sel(width=w).mean()) for w in own["width"].values},
        "mean_stable_rank": {
            layer: [round(float(v), 3) for v in own["stable_rank"].sel(layer=layer).mean("seed").values]
            for layer in verification.plan.layers
        },
    }


def _layer(result: LayerResult) -> dict[str, Any]:
    return {
        "layer": result.layer,
        "norm": result.norm,
        "predicted": {"slope": str(result.predicted_slope), "regime": result.predicted_regime.value},
        "measured": measured_slope(result.measured, result.measured_regime),
        "verdict": result.verdict.value,
        "reason": result.reason,
    }


def slice_to_table(verification: SliceVerification, norm: str) -> Table:
    """Prediction against measurement in one norm, one row a layer; fits 80 columns."""
    plan = verification.plan
    table = plain_table(
        f"Slopes of RD in {norm.capitalize()} norm, widths {plan.widths[0]} to {plan.widths[-1]}, {plan.seeds} seeds",
        "In brackets: 95 % interval over seeds. Local: between the last two widths.",
        (*(plain(c) for c in plan.coordinates), "layer", "predicted", "measured", "local"),
    )
    troubled = any(result.reason for point in verification.points for result in point.of(norm))
    table.add_column("verdict", no_wrap=not troubled)
    for point in verification.points:
        for row, result in enumerate(point.of(norm)):
            place = [f"{float(value):g}" if row == 0 else "" for value in point.point]
            fit = result.measured
            regime = f"{result.measured_regime.value}, " if result.measured_regime else ""
            verdict = f"[{COLOURS[result.verdict]}]{result.verdict.value}[/]"
            table.add_row(
                *place,
                result.layer,
                str(result.predicted_slope),
                escape(f"{fit.slope:+.2f} [{fit.low:+.2f}, {fit.high:+.2f}]") if fit else "",
                f"{fit.local_slopes[-1]:+.2f}" if fit else "",
                f"{regime}{verdict}" + (f": {result.reason}" if result.reason else ""),
                end_section=row == len(plan.layers) - 1,
            )
    return table

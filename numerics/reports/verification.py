"""A verification as data (for ``report.json``) and as a table for a terminal."""

import platform
from importlib.metadata import version
from typing import Any

import numba
import numpy as np
import sympy as sp
from rich.markup import escape
from rich.table import Table

import phasetheory as pt
from numerics.experiments.verify import FINITE_WIDTH, TRUSTED, WIDEST_INTERVAL, PointResult, Run, Verdict, Verification
from numerics.reports.tables import plain_table
from numerics.slopes import SlopeFit

__all__ = ["COLOURS", "measured_slope", "to_dict", "to_table", "versions"]

COLOURS = {Verdict.AGREES: "green", Verdict.DISAGREES: "bold red", Verdict.UNDECIDED: "yellow"}


def versions() -> dict[str, str]:
    """Of everything that decides the numbers."""
    return {
        "phasetheory": version("phasetheory"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "sympy": sp.__version__,
    }


def to_dict(verification: Verification, derivation: pt.Derivation) -> dict[str, Any]:
    """Everything needed to read or repeat a verification, in types that JSON knows; exact numbers as text."""
    plan = verification.plan
    X, y = plan.data
    return {
        "agrees": verification.agrees,
        "seconds": round(verification.seconds, 3),
        "versions": versions(),
        "theory": {
            "time_unit": str(derivation.normalized.time_unit),
            "kappa": str(derivation.normalized.kappa),
            "kappa_prime": str(derivation.normalized.kappa_prime),
            "boundaries": {layer: str(boundary) for layer, boundary in derivation.boundaries.items()},
            "slope_w": str(derivation.diagram.slope("w")),
            "checks": {check.statement: check.holds for check in derivation.checks},
        },
        "plan": {
            "widths": list(plan.widths),
            "seeds": plan.seeds,
            "rtol": plan.rtol,
            "loss_tol": plan.loss_tol,
            "max_seconds": plan.max_seconds,
            "inputs": X.tolist(),
            "targets": y.tolist(),
        },
        "verdict": {
            "finite_width_allowance": FINITE_WIDTH,
            "widest_interval": WIDEST_INTERVAL,
            "kernels_trusted_below": TRUSTED,
        },
        "points": [_point(point) for point in verification.points],
    }


def _point(point: PointResult) -> dict[str, Any]:
    return {
        "gamma": str(point.gamma),
        "gamma_prime": str(point.gamma_prime),
        "predicted": {
            "slope": str(point.predicted_slope),
            "regime": point.predicted_regime.value,
            "slope_at_these_widths": point.expected_slope,
            "relative_distance_w_by_kernels": {str(width): rd for width, rd in point.kernel_distances.items()},
        },
        "measured": measured_slope(point.measured, point.measured_regime),
        "verdict": point.verdict.value,
        "reason": point.reason,
        "runs": [_run(run) for run in point.runs],
    }


def measured_slope(fit: SlopeFit | None, regime: pt.Regime | None) -> dict[str, Any] | None:
    """A fitted slope with its interval and regime; None if nothing could be fitted."""
    if fit is None or regime is None:
        return None
    return {
        "slope": fit.slope,
        "interval": [fit.low, fit.high],
        "level": fit.level,
        "local_slopes": list(fit.local_slopes),
        "drift": fit.drift,
        "regime": regime.value,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "width": run.width,
        "seed": run.seed,
        "relative_distance_w": run.relative_distance,
        "loss": run.loss,
        "normalised_time": run.time,
        "status": run.status,
        "evaluations": run.evaluations,
        "seconds": round(run.seconds, 4),
        "conserved_drift": run.conserved_drift,
    }


def to_table(verification: Verification) -> Table:
    """Prediction against measurement, one row a point; fits 80 columns."""
    plan = verification.plan
    widest = plan.widths[-1]
    table = plain_table(
        f"S_w, the slope of RD(w), at widths {plan.widths[0]} to {widest}, {plan.seeds} seeds",
        f"In brackets: 95 % interval over seeds. RD ratio: measured at width {widest},\n"
        "over the prediction of the tangent kernels, which has no free parameter; given\n"
        f"where its own estimate of its error is below {TRUSTED:.0%}.",
        ("γ", "γ'", "predicted", "measured", "RD ratio"),
    )
    table.add_column("verdict", no_wrap=not any(point.reason for point in verification.points))
    for point in verification.points:
        ratio = point.kernel_ratios.get(widest)
        regime = f"{point.measured_regime.value}, " if point.measured_regime else ""
        verdict = f"[{COLOURS[point.verdict]}]{point.verdict.value}[/]"
        table.add_row(
            f"{float(point.gamma):g}",
            f"{float(point.gamma_prime):g}",
            str(point.predicted_slope),
            escape(str(point.measured or "")),
            f"{ratio:.3f}" if ratio else "",
            f"{regime}{verdict}" + (f": {point.reason}" if point.reason else ""),
        )
    return table

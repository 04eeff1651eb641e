"""A verification as data (for ``report.json``) and as a table for a terminal."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from html import escape as escape_html
from importlib.metadata import version
from typing import Any

import numba
import numpy as np
import sympy as sp
from rich.markup import escape

import phasetheory as pt
from numerics.experiments.account import account_of
from numerics.experiments.grids import Point
from numerics.experiments.judgement import LayerResult, Verdict
from numerics.experiments.plan import decay_of
from numerics.experiments.plane_plan import PlanePlan
from numerics.experiments.verify import PointResult, Verification
from numerics.experiments.virtual_width import MeanFieldSlopes
from numerics.reports.plain_data import without_nan
from numerics.reports.tables import ResultTable
from numerics.reports.virtual_width import virtual_caption, virtual_cell
from numerics.scans import CellStatus, Record
from phasetheory.symbols.printing import plain

__all__ = ["headline", "to_dict", "to_html", "to_table", "verdict_of"]

_COLOURS = {Verdict.AGREES: "green", Verdict.DISAGREES: "bold red", Verdict.UNDECIDED: "yellow"}


def to_dict(verification: Verification, derivation: pt.Derivation | None = None) -> dict[str, Any]:
    """Everything needed to read or repeat a verification, in types that JSON knows; exact numbers as text.

    Of fully connected networks with their derivation.
    """
    plan = verification.plan
    diagrams = {norm: plan.diagram.with_norm(norm) for norm in plan.norms}
    X, y = plan.data
    found = {
        "agrees": verification.agrees,
        "mean_difference": verification.mean_difference,
        **(
            {}
            if verification.regimes is None
            else {"regimes": dict(zip(("right", "of"), verification.regimes, strict=True))}
        ),
        "account": account_of(verification.runs).to_dict(),
        "seconds": round(verification.seconds, 3),
        "versions": {
            "phasetheory": version("phasetheory"),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            "sympy": sp.__version__,
        },
        "theory": {
            "boundaries": {n: {layer: str(d.boundary(layer)) for layer in plan.layers} for n, d in diagrams.items()},
            "slopes": {n: {layer: str(d.slope(layer)) for layer in plan.judged} for n, d in diagrams.items()},
            **({} if derivation is None else _derived(derivation)),
            **_decayed(plan),
        },
        **({"command": plan.command} if plan.command else {}),
        "plan": {
            **({"points": plan.drawn} if plan.drawn else {}),
            "widths": list(plan.widths),
            "seeds": plan.seeds,
            "max_seconds": plan.max_seconds,
            **plan.settings,
            "inputs": X.tolist(),
            "targets": y.tolist(),
        },
        "allowance": asdict(verification.allowance),
        "points": [_point(point, plan) for point in verification.points],
    }
    return without_nan(found)


def _derived(derivation: pt.Derivation) -> dict[str, Any]:
    """What was derived, beside slopes."""
    normalized = derivation.normalized
    return {
        "time_unit": str(normalized.time_unit),
        "kappa": str(normalized.kappa),
        "kappa_prime": str(normalized.kappa_prime),
        "checks": {check.statement: check.holds for check in derivation.checks},
    }


def _decayed(plan: PlanePlan) -> dict[str, Any]:
    """What the theory says with weight decay; nothing without."""
    decay = decay_of(plan)
    if decay is None:
        return {}
    diagrams = {moment: plan.diagram_at(moment) for moment in plan.moments}
    return {
        "weight_decay": {
            "mu": str(decay.mu),
            "ell": str(decay.ell),
            "mu_at_these_widths": {str(width): decay.at(width) for width in plan.widths},
            "slopes": {m: {layer: str(d.slope(layer)) for layer in plan.judged} for m, d in diagrams.items()},
        }
    }


def _point(point: PointResult, plan: PlanePlan) -> dict[str, Any]:
    return {
        **{name: str(value) for name, value in zip(plan.names, point.point, strict=True)},
        "agrees": point.agrees,
        "layers": [_layer(result) for result in point.layers],
        "runs": [_run(record, plan) for record in point.records],
    }


def _layer(result: LayerResult) -> dict[str, Any]:
    fit, regime = result.measured, result.measured_regime
    return {
        "layer": result.layer,
        "norm": result.norm,
        "moment": result.moment,
        "predicted": {
            "slope": str(result.predicted_slope),
            "regime": result.predicted_regime.value,
            "target": result.prediction.target or None,
            "slope_at_these_widths": result.prediction.expected,
            "relative_distance_at_these_widths": {str(w): rd for w, rd in result.prediction.distances.items()},
        },
        "measured": None
        if fit is None
        else {
            "slope": fit.slope,
            "interval": [fit.low, fit.high],
            "level": fit.level,
            "local_slopes": list(fit.local_slopes),
            "drift": fit.drift,
            "regime": regime.value if regime else None,
        },
        "verdict": result.verdict.value,
        "reason": result.reason,
    }


def _run(record: Record, plan: PlanePlan) -> dict[str, Any]:
    """A run with its observables by label."""
    values: dict[str, Any] = {}
    for name, observable in plan.observables.items():
        given = np.array(record.values.get(name, np.full(observable.shape, np.nan)), dtype=float)
        values[name] = _labelled(given, list(observable.labels.values()))
    return {
        "width": int(record.cell["width"]),
        "seed": int(record.cell["seed"]),
        **values,
        "status": record.reason or "the loss reached loss_tol",
        "converged": record.status is CellStatus.DONE and not record.reason,
        "used": record.status is CellStatus.DONE,
        "seconds": round(record.seconds, 4),
    }


def _labelled(values: np.ndarray, labels: list[Any]) -> Any:
    if not labels:
        return float(values)
    return {str(label): _labelled(part, labels[1:]) for label, part in zip(labels[0], values, strict=True)}


def to_table(
    verification: Verification, norm: str = "frobenius", virtual: Mapping[Point, MeanFieldSlopes] | None = None
) -> ResultTable:
    """Prediction against measurement in one norm, one row a layer; beyond two layers with slopes at virtual widths."""
    plan, allowance = verification.plan, verification.allowance
    results = [result for point in verification.points for result in point.of(norm)]
    several, known = len(plan.judged) > 1, any(result.prediction.distances for result in results)
    subject = f"{norm.capitalize()} norm" if several else f"S_{plan.judged[0]}, the slope of RD({plan.judged[0]})"
    if (decay := decay_of(plan)) is not None:
        subject = f"Weight decay, λ α = {plain(decay.mu)}: S at the fit, loss {plan.loss_tol:g}, and at the end"
    allowed = f"A verdict allows for {allowance.finite_width:g} beyond the interval"
    caption = "In brackets: 95 % interval over seeds. "  # one paragraph: it is wrapped to the width of the table
    if known:
        caption += (
            f"Here: the slope at these widths, of the infinitely wide network of the same capacity. Ratio: RD measured at width "
            f"{plan.widths[-1]} over that of the infinitely wide network; no free parameter. {allowed}, around the slope here, "
            f"and for {allowance.distance:.0%} and two standard errors in the ratio; |S| up to "
            f"{allowance.critical:g} is called critical."
        )
    else:
        caption += (
            f"{allowed}, and for |S| up to {allowance.critical:g} as critical. Local: between the last two widths."
        )
        caption += f" {virtual_caption(virtual)}" if virtual else ""
    if targets := sorted({result.prediction.target for result in results} - {""}):
        caption += f" {targets[0].capitalize()}: what the reduced flow calls these data; the limit depends on it there."
    caption += f" Points: {plan.drawn}." if plan.drawn else ""
    if any(len(point.of(norm)) < len(plan.moments) * len(plan.judged) for point in verification.points):
        caption += " No row at the fit: numbers of order one decide whether there is one."
    timed = len(plan.moments) > 1
    named = [*(["at the"] if timed else []), *(["layer"] if several else [])]
    coordinates = [*map(plain, plan.diagram.coordinates), *named]
    predicted = ["limit", "here", "measured", "ratio"] if known else ["predicted", "measured", "local"]
    predicted += ["virtual"] if virtual else []
    table = ResultTable(
        f"{subject}, widths {plan.widths[0]} to {plan.widths[-1]}, {plan.seeds} seeds",
        caption,
        [*coordinates, *predicted, "verdict"],
        keys=len(coordinates),
        left=("verdict",),
        sentences=("verdict",) if any(result.reason for result in results) else (),
    )
    for point in verification.points:
        rows = point.of(norm)
        for row, result in enumerate(rows):
            place = [f"{float(value):g}" if row == 0 else "" for value in point.point]
            place += [result.moment] if timed else []
            fit, ratio = result.measured, result.ratios.get(plan.widths[-1])
            here = f"{result.prediction.expected:+.2f}" if result.prediction.distances else ""
            measured = escape(str(fit or ""))
            local = f"{fit.local_slopes[-1]:+.2f}" if fit else ""
            cells = [here, measured, f"{ratio:.3f}" if ratio else ""] if known else [measured, local]
            cells += [virtual_cell(virtual[point.point], result.layer)] if virtual else []
            table.add_row(
                *(*place, *([result.layer] if several else []), result.limit),
                *cells,
                verdict_of(result),
                end_section=several and row == len(rows) - 1,
            )
    return table


def to_html(verification: Verification) -> str:
    """A table for each norm and the headline, for a notebook."""
    tables = [to_table(verification, norm)._repr_html_() for norm in verification.plan.norms]
    return "\n".join([*tables, *(f"<p>{escape_html(line)}</p>" for line in headline(verification).splitlines())])


def headline(verification: Verification) -> str:
    """The verdict of the whole, in a line, and what became of runs that did not reach their loss."""
    agreeing, largest = sum(point.agrees for point in verification.points), verification.allowance.mean_difference
    bound = f" (at most {largest:g})" if largest is not None else ""
    points, regimes = f"{agreeing} of {len(verification.points)} points agree", verification.regimes
    if regimes is not None:
        verdict = "Agrees" if verification.agrees else "Disagrees"
        beyond = verification.allowance.regimes_beyond
        points = (
            f"{verdict}: {regimes[0]} of {regimes[1]} regimes are right where |S| > {beyond:g} (all must be); {points}"
        )
    said = (
        f"{points}; mean |S - predicted| = {verification.mean_difference:.3f}{bound}, in {verification.seconds:.1f} s."
    )
    return "\n".join([said, *account_of(verification.runs).lines])


def verdict_of(result: LayerResult) -> str:
    """Measured regime and verdict in its colour, in the markup of Rich, and the reason if there is one."""
    regime = f"{result.measured_regime.value}, " if result.measured_regime else ""
    colour = _COLOURS[result.verdict]
    return f"{regime}[{colour}]{result.verdict.value}[/]" + (f": {result.reason}" if result.reason else "")

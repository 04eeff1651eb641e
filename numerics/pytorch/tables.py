"""An inspected family as text, as HTML and as plain data."""

import io
import math
from collections.abc import Mapping, Sequence
from html import escape as escape_html
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.markup import escape

from numerics.experiments.account import account_of
from numerics.experiments.judgement import LayerResult
from numerics.pytorch.advice import FAR, rounded
from numerics.pytorch.monitor import NORMS
from numerics.reports.tables import ResultTable
from numerics.reports.verification import verdict_of
from numerics.slopes import SlopeFit

if TYPE_CHECKING:
    import xarray

    from numerics.pytorch.check import ModuleScalingCheck
    from numerics.pytorch.inspection import Inspection, ParameterInspection

__all__ = ["check_dict", "check_html", "check_table", "lines_of", "to_dict", "to_html", "to_table", "to_text"]

_WIDTH = 180  # of the text


def to_text(found: "Inspection") -> str:
    """The table and the lines below it."""
    console = Console(file=io.StringIO(), width=_WIDTH, record=False)
    console.print(to_table(found))
    assert isinstance(console.file, io.StringIO)
    rows = [row.rstrip() for row in console.file.getvalue().rstrip().splitlines()]
    return "\n".join([*rows, "", *lines_of(found)])


def to_html(found: "Inspection") -> str:
    """The same for a notebook."""
    return "\n".join([to_table(found)._repr_html_(), *(f"<p>{escape_html(line)}</p>" for line in lines_of(found))])


def lines_of(found: "Inspection") -> list[str]:
    """Capacity, learning rate, the sentence, and what was told."""
    lines = []
    if found.capacity is not None:
        turning = ""
        if found.turning_width is not None and found.turning_width_here is not None:
            here = f"at {rounded(found.turning_width_here)}" if found.turning_width_here >= 1 else "below any width"
            turning = (
                f", 1 at width {rounded(found.turning_width)}; for samples and targets of the size of these {here}"
            )
        lines.append(f"capacity P = {found.capacity} (output within reach of the initial weights){turning}")
    if found.rates is not None:
        lines.append(found.rates.meaning)
    return [*lines, found.sentence, *(f"note: {note}" for note in found.notes)]


def to_table(found: "Inspection") -> ResultTable:
    """One row a parameter."""
    settings = [name for name in ("rate", "decay") if any(_setting(p, name) for p in found.parameters)]
    errors = ", ".join(f"{error:.2g}" for error in found.error.mean(axis=1))
    spanned = f"widths {found.widths[0]} to {found.widths[-1]}, {found.seeds} seeds, {found.optimizer}"
    table = ResultTable(
        f"{len(found.parameters)} parameters, {spanned}",
        "strength: spectral norm at the start, smallest and largest width. RD: how far a parameter moves until the targets are "
        f"met, over its size, Frobenius norm, by the tangent kernels; what the moved module misses of its targets: {errors}. S: "
        "exponent of RD in the width, predicted, and by the tangent kernels, with the longer half of its interval over seeds. "
        "Regime: linear, wider networks move less (S < 0); critical, as much (0); condensed, more (S > 0).",
        (
            "parameter",
            "shape",
            "scale",
            *settings,
            "strength",
            *(f"RD m={width}" for width in found.widths),
            "S",
            "by kernels",
            "S spectral",
            "by kernels",
            "regime",
        ),
        keys=1,
        left=("parameter", "regime"),
    )
    for parameter in found.parameters:
        table.add_row(*_cells(parameter, settings))
    return table


def _cells(parameter: "ParameterInspection", settings: Sequence[str]) -> list[str]:
    law = parameter.law
    shape = " x ".join(str(side) for side in law.shape) or "1"
    strength = f"{parameter.strength[0]:.3g}, {parameter.strength[-1]:.3g}"
    slopes = [
        text
        for norm in NORMS
        for text in (str(parameter.predicted.get(norm, "")), _measured(parameter.measured.get(norm)))
    ]
    chosen = [_setting(parameter, name) for name in settings]
    cells = [law.name, shape, str(law.scale), *chosen, strength, *_means(parameter), *slopes, _regime(parameter)]
    return [escape(cell) for cell in cells]


def _setting(parameter: "ParameterInspection", name: str) -> str:
    """Learning rate or weight decay; empty where there is none."""
    value = getattr(parameter.rate, name, None)
    return "" if value is None else str(value)


def _regime(parameter: "ParameterInspection") -> str:
    """In both norms, if they differ."""
    regimes = [regime.value for norm in NORMS if (regime := parameter.regime_in(norm)) is not None]
    if not regimes:
        return "starts at zero" if parameter.predicted else "measured only"
    return ", spectral ".join(dict.fromkeys(regimes))


def _measured(fit: SlopeFit | None) -> str:
    return "" if fit is None else f"{fit.slope:+.2f} ± {max(fit.high - fit.slope, fit.slope - fit.low):.2f}"


def _means(parameter: "ParameterInspection") -> list[str]:
    """Geometric means over the seeds, in Frobenius norm."""
    rows = parameter.relative_distance[..., 0]
    return [f"{np.exp(np.mean(np.log(row))):.2g}" if np.all(row > 0) else "" for row in rows]


def to_dict(found: "Inspection") -> dict[str, Any]:
    """Plain numbers and text."""
    return {
        "widths": list(found.widths),
        "seeds": found.seeds,
        "optimizer": found.optimizer,
        "parameters": [_parameter(p) for p in found.parameters],
        "capacity": None
        if found.capacity is None
        else {
            "exponent": str(found.capacity.exponent),
            "constant": found.capacity.constant,
            "width": found.turning_width,
            "width_here": found.turning_width_here,
        },
        "largest_step": None if found.rates is None else str(found.rates.largest_step),
        "tangent_model_error": found.error.tolist(),
        "step": found.step.tolist(),
        "sentence": found.sentence,
        "notes": list(found.notes),
    }


def check_html(check: "ModuleScalingCheck") -> str:
    """A scaling check for a notebook: a table for each norm, what became of the runs, the line on the whole."""
    tables = [check_table(check, norm)._repr_html_() for norm in ("spectral", "frobenius")]
    lines = [*check.notes, check.summary]
    return "\n".join([*tables, *(f"<p>{escape_html(line)}</p>" for line in lines)])


def check_table(check: "ModuleScalingCheck", norm: str = "spectral") -> ResultTable:
    """Prediction against measurement at the end in one norm, one row a parameter."""
    found = check.inspection
    errors = ", ".join(f"{error:.2g}" for error in check.error)
    table = ResultTable(
        f"{norm.capitalize()} norm, widths {found.widths[0]} to {found.widths[-1]}, {found.seeds} seeds, {found.optimizer}",
        "S: exponent of RD in the width at the end of the runs, predicted in the limit. By kernels: at these widths, from the "
        f"tangent kernels at the start, whose error there is {errors}. In "
        "brackets: 95 % interval over seeds. Beyond kernels: slope of RD over that by the kernels of the same module, without "
        f"the noise of the draws. The verdict is on it where that error is at most {FAR:g} throughout, else on the limit; it "
        f"allows for |S| up to {check.allowance.critical:g} as critical, and {check.allowance.finite_width:g} beside the "
        "interval.",
        ("parameter", "predicted", "by kernels", "measured", "beyond kernels", "verdict"),
        keys=1,
        left=("parameter", "verdict"),
        sentences=("verdict",),
    )
    judged = {result.layer: result for result in check.layers if result.norm == norm}
    kernels, measured = check.by_kernels, check.measured
    for parameter in found.parameters:
        fits = (kernels[parameter.name].get(norm, ""), measured[parameter.name].get(norm, ""))
        result = judged.get(parameter.name)
        verdict = "measured only" if result is None else verdict_of(result)
        beyond = "" if result is None or result.beyond is None else str(result.beyond)
        cells = [str(parameter.predicted.get(norm, "")), *map(str, fits), beyond]
        table.add_row(escape(parameter.name), *map(escape, cells), verdict)
    return table


def check_dict(check: "ModuleScalingCheck") -> dict[str, Any]:
    """Plain numbers and text."""
    end = check.runs.sel(step=np.inf)
    return {
        "inspection": to_dict(check.inspection),
        "steps": [float(step) for step in check.runs.step.values[:-1]],
        "runs": account_of(end).to_dict(),
        "parameters": [
            {
                "name": name,
                "relative_distance": _without_nan(_distances(end, name)),
                "measured": _fits(fits),
            }
            for name, fits in check.measured.items()
        ],
        "verdicts": [_verdict(result) for result in check.layers],
        "notes": check.notes,
        "summary": check.summary,
    }


def _distances(end: "xarray.Dataset", name: str) -> np.ndarray:
    """RD (widths, seeds, norms) of a parameter."""
    return end.relative_distance.sel(parameter=name).transpose("width", "seed", "norm").values


def _verdict(result: LayerResult) -> dict[str, Any]:
    return {
        "parameter": result.layer,
        "norm": result.norm,
        "predicted": str(result.predicted_slope),
        "at_these_widths": result.prediction.expected if result.prediction.distances else None,
        "beyond": None if result.beyond is None else _fits({"": result.beyond})[""],
        "verdict": result.verdict.value,
        "reason": result.reason,
    }


def _fits(fits: "Mapping[str, SlopeFit]") -> dict[str, dict[str, float]]:
    return {norm: {"slope": fit.slope, "low": fit.low, "high": fit.high} for norm, fit in fits.items()}


def _parameter(parameter: "ParameterInspection") -> dict[str, Any]:
    law, rate = parameter.law, parameter.rate
    return {
        "name": law.name,
        "shape": [str(side) for side in law.shape],
        "scale": {
            "formula": law.scale.formula,
            "exponent": None if law.scale.exponent is None else str(law.scale.exponent),
            "distribution": law.scale.distribution,
            "exact": law.scale.exact,
            "interval": None if law.scale.fit is None else [law.scale.fit.low, law.scale.fit.high],
        },
        "rate": None if rate is None or rate.rate is None else str(rate.rate),
        "decay": None if rate is None or rate.decay is None else str(rate.decay),
        "strength": [None if math.isnan(s) else s for s in parameter.strength],
        "relative_distance": _without_nan(parameter.relative_distance),
        "measured": _fits(parameter.measured),
        "predicted": {norm: str(slope) for norm, slope in parameter.predicted.items()},
        "regime": None if parameter.regime is None else parameter.regime.value,
    }


def _without_nan(values: np.ndarray) -> Any:
    """Nested lists, None for nan: JSON has no other word for it."""
    return [_without_nan(row) for row in values] if values.ndim else (None if np.isnan(values) else float(values))

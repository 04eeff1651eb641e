"""A scaling check as tables for a notebook."""

from html import escape as escape_html

from rich.markup import escape

from numerics.experiments.account import account_of
from numerics.experiments.scaling_check import ScalingCheck
from numerics.reports.tables import ResultTable
from numerics.reports.verification import verdict_of

__all__ = ["to_html", "to_table"]


def to_html(check: ScalingCheck) -> str:
    """A table for each norm, the spectral one first, what became of the runs, and the verdict."""
    tables = [to_table(check, norm)._repr_html_() for norm in ("spectral", "frobenius")]
    lines = [*account_of(check.runs).lines, check.summary]
    return "\n".join([*tables, *(f"<p>{escape_html(line)}</p>" for line in lines)])


def to_table(check: ScalingCheck, norm: str = "spectral") -> ResultTable:
    """Prediction against measurement in one norm, one row a layer."""
    results, widths, allowance = check.of(norm), check.runs["width"].values, check.allowance
    table = ResultTable(
        f"{norm.capitalize()} norm, widths {widths[0]} to {widths[-1]}, {check.runs.sizes['seed']} seeds",
        f"Predicted: {check.basis.value}. In brackets: 95 % interval over seeds. A verdict allows for |S| up to "
        f"{allowance.critical:g} as critical, and {allowance.finite_width:g} beyond the interval for finite width.",
        ("layer", "predicted", "measured", "verdict"),
        keys=1,
        left=("layer", "verdict"),
        sentences=("verdict",),
    )
    for result in results:
        table.add_row(result.layer, result.limit, escape(str(result.measured or "")), verdict_of(result))
    return table

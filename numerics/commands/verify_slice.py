"""``phasetheory verify --depth 3``: the same job at any depth, every layer in both norms."""

from pathlib import Path
from typing import Any

from rich.console import Console

import phasetheory as pt
from numerics.commands.output import as_json
from numerics.errors import InputError
from numerics.experiments.layer_measurement import NORMS
from numerics.experiments.slice_plan import REGIONS, SlicePlan
from numerics.experiments.verify_slice import MEAN_DIFFERENCE, SliceVerification, verify_slice
from numerics.reports.slice_verification import slice_to_dict, slice_to_table
from numerics.scans.scan import Report

__all__ = ["print_slice", "run_slice", "slice_plan"]


def slice_plan(
    diagram: pt.PhaseDiagram, *, quick: bool, points: list[tuple[str, ...]] | None = None, **options: Any
) -> SlicePlan:
    """The plan of the options; without points those of the three-layer diagram."""
    standard = SlicePlan.quick() if quick else SlicePlan.regions()
    if points is None and diagram.network != standard.network:
        raise InputError(
            "standard points are known for the three-layer diagram only; give --point X,Y, as often as you like"
        )
    defaults = {"widths": standard.widths, "seeds": standard.seeds}
    return SlicePlan.of(diagram, points or REGIONS, **(defaults | options))  # type: ignore[arg-type]


def run_slice(plan: SlicePlan, out: Path | None, progress: Report) -> tuple[SliceVerification, dict[str, Any]]:
    """Verify, and write the report and the figures to ``out``."""
    verification = verify_slice(plan, progress=progress)
    report = slice_to_dict(verification)
    if out is not None:
        from numerics.figures.slice_figures import write_slice_figures  # Matplotlib only when a picture is asked for

        write_slice_figures(verification, out)
        (out / "report.json").write_text(as_json(report) + "\n")
    return verification, report


def print_slice(console: Console, verification: SliceVerification) -> None:
    """Tables, and the verdict of the whole."""
    for norm in NORMS:
        console.print(slice_to_table(verification, norm))
    agreeing = sum(point.agrees for point in verification.points)
    console.print(
        f"{agreeing} of {len(verification.points)} points agree; mean |S - predicted| = "
        f"{verification.mean_difference:.3f} (at most {MEAN_DIFFERENCE:g}), in {verification.seconds:.1f} s."
    )

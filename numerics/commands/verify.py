"""``phasetheory verify``: the main job."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import phasetheory as pt
from numerics.commands.output import Json, as_json, parse_integers, parse_points, prepare
from numerics.commands.training_bar import training_bar
from numerics.plan import Plan
from numerics.report import to_dict, to_table
from numerics.verify import check_repeated, verify

__all__ = ["verify_command"]


def verify_command(
    out: Annotated[Path | None, typer.Option(help="Folder for report.json and the figures.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller widths: quicker, with wider intervals.")] = False,
    point: Annotated[
        list[str] | None, typer.Option(help="GAMMA,GAMMA_PRIME to measure instead of the standard points; repeatable.")
    ] = None,
    widths: Annotated[str | None, typer.Option(help="Widths, e.g. 1000,2000,4000.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Repetitions at each width.")] = None,
    json: Json = False,
) -> int:
    """Derive the two-layer phase diagram, train networks over it, and hold prediction against measurement.

    Exit status 0 only if every point agrees.
    """
    plan = _plan(quick, point, widths, seeds)
    check_repeated(plan)
    if out is not None:
        prepare(out)
    console = Console(highlight=False, quiet=json)
    derivation = pt.derive()
    console.print(derivation.text(), markup=False, soft_wrap=True)
    with training_bar(len(plan.cells), quiet=json) as progress:
        verification = verify(plan, diagram=derivation.diagram, progress=progress)
    report = to_dict(verification, derivation)
    console.print(to_table(verification))
    agreeing = sum(p.agrees for p in verification.points)
    console.print(f"{agreeing} of {len(verification.points)} points agree, in {verification.seconds:.1f} s.")
    if out is not None:
        from numerics.figures import write_figures  # Matplotlib only when a picture is asked for

        write_figures(verification, out)
        (out / "report.json").write_text(as_json(report) + "\n")
        console.print(f"Report and figures are in {out}", soft_wrap=True)
    if json:
        print(as_json(report))
    return 0 if verification.agrees else 1


def _plan(quick: bool, points: list[str] | None, widths: str | None, seeds: int | None) -> Plan:
    chosen: dict[str, Any] = {}
    if points:
        chosen["points"] = parse_points(points)
    if widths is not None:
        chosen["widths"] = parse_integers("--widths", widths)
    if seeds is not None:
        chosen["seeds"] = seeds
    return replace(Plan.quick() if quick else Plan(), **chosen)

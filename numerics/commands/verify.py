"""``phasetheory verify``: the main job."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import phasetheory as pt
from numerics.commands.output import Json, as_json, parse_integers, parse_points, plain_warnings, prepare
from numerics.commands.slices import Slice, read_activation, read_slice
from numerics.commands.training_bar import training_bar
from numerics.commands.verify_slice import print_slice, run_slice, slice_plan
from numerics.errors import InputError
from numerics.experiments.plan import Plan
from numerics.experiments.slice_plan import SlicePlan
from numerics.experiments.verify import check_repeated, verify
from numerics.reports.verification import to_dict, to_table

__all__ = ["verify_command"]


def verify_command(
    out: Annotated[Path | None, typer.Option(help="Folder for report.json and the figures.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller widths: quicker, with wider intervals.")] = False,
    point: Annotated[
        list[str] | None, typer.Option(help="GAMMA,GAMMA_PRIME to measure instead of the standard points; repeatable.")
    ] = None,
    widths: Annotated[str | None, typer.Option(help="Widths, e.g. 1000,2000,4000.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Repetitions at each width.")] = None,
    depth: Annotated[
        int, typer.Option(max=100, help="Number of weight layers; beyond two every layer is measured.")
    ] = 2,
    slice_: Slice = None,
    activation: Annotated[
        str | None, typer.Option(help="Three layers and deeper: relu, linear, tanh or the slope of leaky relu.")
    ] = None,
    json: Json = False,
) -> int:
    """Derive the phase diagram, train networks over it, and hold prediction against measurement.

    Exit status 0 only if every point agrees.
    """
    chosen = _chosen(point, widths, seeds)
    if depth != 2 or slice_ is not None:
        diagram = pt.phase_diagram(depth) if slice_ is None else read_slice(slice_, "frobenius")
        if activation is not None:
            chosen["activation"] = read_activation(activation)
        with plain_warnings():
            plan_of_slice = slice_plan(diagram, quick=quick, **chosen)
        return _verify_slice(plan_of_slice, out, json)
    if activation is not None:
        raise InputError(f"--activation {activation}: two layers are verified with relu; give --depth 3 or --slice too")
    plan = replace(Plan.quick() if quick else Plan(), **chosen)
    check_repeated(plan)
    if out is not None:
        prepare(out)
    console = Console(highlight=False, quiet=json)
    derivation = pt.derive()
    console.print(pt.write(derivation), markup=False, soft_wrap=True)
    with training_bar(len(plan.cells), quiet=json) as progress:
        verification = verify(plan, diagram=derivation.diagram, progress=progress)
    report = to_dict(verification, derivation)
    console.print(to_table(verification))
    agreeing = sum(p.agrees for p in verification.points)
    console.print(f"{agreeing} of {len(verification.points)} points agree, in {verification.seconds:.1f} s.")
    if out is not None:
        from numerics.figures.verification import write_figures  # Matplotlib only when a picture is asked for

        write_figures(verification, out)
        (out / "report.json").write_text(as_json(report) + "\n")
        console.print(f"Report and figures are in {out}", soft_wrap=True)
    if json:
        print(as_json(report))
    return 0 if verification.agrees else 1


def _verify_slice(plan: SlicePlan, out: Path | None, json: bool) -> int:
    """Any depth: every layer in both norms."""
    check_repeated(plan)
    if out is not None:
        prepare(out)
    console = Console(highlight=False, quiet=json)
    standard = pt.phase_diagram(plan.depth).network == plan.network
    derivation = pt.derive(depth=plan.depth) if standard else pt.derive(plan.network)
    console.print(pt.write(derivation), markup=False, soft_wrap=True)
    with training_bar(len(plan.cells), quiet=json) as progress:
        verification, report = run_slice(plan, out, lambda now: progress(now.done + now.failed, now.total))
    print_slice(console, verification)
    if out is not None:
        console.print(f"Report and figures are in {out}", soft_wrap=True)
    if json:
        print(as_json(report))
    return 0 if verification.agrees else 1


def _chosen(points: list[str] | None, widths: str | None, seeds: int | None) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if points:
        chosen["points"] = parse_points(points)
    if widths is not None:
        chosen["widths"] = parse_integers("--widths", widths)
    if seeds is not None:
        chosen["seeds"] = seeds
    return chosen

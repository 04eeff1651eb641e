"""``phasetheory verify``: the main job."""

from pathlib import Path
from typing import Annotated, Any

import typer

import phasetheory as pt
from numerics.commands.architectures import graph_plan, read_plane_or_graphs, refuse_with_graphs
from numerics.commands.completion import offer
from numerics.commands.data import or_usual, read_any_data, say_taken
from numerics.commands.letters import Speaker, as_json, print_json
from numerics.commands.look import Look, read_look
from numerics.commands.options import exclusive, takes
from numerics.commands.output import Json, parse_integers, parse_points, plain_warnings, prepare
from numerics.commands.running import print_failures, resumable, scan_progress
from numerics.commands.slices import read_activation
from numerics.datasets import Dataset
from numerics.errors import InputError
from numerics.experiments.grids import Point
from numerics.experiments.plan import Plan
from numerics.experiments.plane_plan import PlanePlan
from numerics.experiments.verify import verify
from numerics.experiments.virtual_width import MeanFieldSlopes, virtual_slopes
from numerics.networks.activation import is_homogeneous
from numerics.reports.verification import headline, to_dict, to_table
from numerics.reports.virtual_width import virtual_dict, virtual_table
from numerics.scans import failures
from phasetheory.scaling.optimizers import GRADIENT_FLOW

__all__ = ["verify_command"]


@takes(plane=read_plane_or_graphs, data=read_any_data, look=read_look)
def verify_command(
    plane: pt.PhaseDiagram | pt.GraphDiagram,
    data: Dataset | None,
    look: Look,
    out: Annotated[Path | None, typer.Option(help="Folder for report.json and the figures.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller widths: quicker, with wider intervals.")] = False,
    point: Annotated[
        list[str] | None,
        typer.Option(help="GAMMA,GAMMA_PRIME (or X,Y) to measure instead of the standard points; repeatable."),
    ] = None,
    widths: Annotated[str | None, typer.Option(help="Widths, e.g. 1000,2000,4000.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Repetitions at each width.")] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            help="relu, linear, tanh or the slope of leaky relu; relu by default.",
            autocompletion=offer("relu", "linear", "tanh"),
        ),
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Folder of the runs (Zarr); the same command again goes on with it.")
    ] = None,
    weight_decay: Annotated[
        str | None,
        typer.Option(
            help="Two layers: mu = lambda alpha at every point, a formula in m that does not grow; a number is mu itself. "
            "Slopes of both layers, when the data are fitted and at the end."
        ),
    ] = None,
    virtual: Annotated[
        bool,
        typer.Option(
            "--virtual",
            help="Two layers: also the slopes at widths 1e6, 1e9 and 1e12. Beyond two layers the column is always there.",
        ),
    ] = False,
    no_derivation: Annotated[
        bool, typer.Option("--no-derivation", help="Do not print the derivation before the table.")
    ] = False,
    json: Json = False,
) -> int:
    """Derive the phase diagram, train networks over it, and hold prediction against measurement.

    Exit status 0 only if every point agrees; with --architecture, whose points are drawn at random, if all regimes are right
    where |S| > 0.15 and the mean of |S - predicted| is at most 0.15. With --store every run is stored as it finishes: stopped in
    whatever way, the same command goes on where it was.
    """
    chosen: dict[str, Any] = {
        "points": parse_points(point) if point else None,
        "widths": parse_integers("--widths", widths) if widths is not None else None,
        "seeds": seeds,
    }
    exclusive({"--json": json, "--no-derivation": no_derivation}, "JSON is printed without the derivation")
    look.check(out is not None, written=not (json or no_derivation))
    if quick and widths is not None and seeds is not None:
        raise InputError("--quick chooses widths and seeds, and both are given; leave it out")
    plan: PlanePlan
    derivation: pt.Derivation | None
    shown: pt.Derivation | pt.GraphDerivation
    if isinstance(plane, pt.GraphDiagram):
        refuse_with_graphs({"activation": activation, "weight_decay": weight_decay, "virtual": virtual or None})
        plan, derivation, shown = graph_plan(plane, data, quick=quick, **chosen), None, pt.derive(plane)
        plan.check_seeds(2)
    else:
        data = or_usual(data)
        chosen |= {
            "activation": read_activation(activation),
            "weight_decay": None if weight_decay is None else pt.parse_scale(weight_decay),
            "data": (data.X, data.y),
            "data_name": data.name,
        }
        given = {name: value for name, value in chosen.items() if value is not None}
        with plain_warnings():
            plan = Plan.quick(plane, **given) if quick else Plan(diagram=plane, **given)
        plan.check_seeds(2)
        if virtual:
            _check_virtual(plan)
        about: dict[str, Any] = {"depth": plan.depth} if plane.is_standard else {"network": plane.network}
        derivation = shown = pt.derive(**about, optimizer=plane.optimizer, weight_decay=weight_decay is not None)
    if out is not None:
        prepare(out)
    if data is not None:
        say_taken(data, plan.loss_tol)
    console = Speaker(quiet=json)
    if not no_derivation:
        console.print(pt.write(shown, "text", look.language), markup=False, soft_wrap=True)
    with resumable(store), scan_progress(quiet=json) as progress:
        verification = verify(plan, store=store, progress=progress)
    deeper = isinstance(plan, Plan) and _always_virtual(plan)
    report = to_dict(verification, derivation)
    slopes: dict[Point, MeanFieldSlopes] = {}
    if isinstance(plan, Plan) and (virtual or deeper):
        slopes = virtual_slopes(plan)
        report |= {"virtual": virtual_dict(plan, slopes)}
    for norm in plan.norms:
        console.print(to_table(verification, norm, slopes if deeper and norm == "frobenius" else None))
    if virtual and isinstance(plan, Plan):
        console.print(virtual_table(plan, slopes))
    console.print(headline(verification))
    print_failures(failures(verification.runs), console)
    if out is not None:
        from numerics.figures.verification import write_figures  # Matplotlib only when a picture is asked for

        with look.figures():
            write_figures(verification, out)
        (out / "report.json").write_text(as_json(report) + "\n", encoding="utf-8")
        console.print(f"Report and figures are in {out}", soft_wrap=True)
    if json:
        print_json(report)
    return 0 if verification.agrees else 1


def _always_virtual(plan: Plan) -> bool:
    """Whether the table has slopes at virtual widths without being asked for them."""
    return plan.optimizer == GRADIENT_FLOW and plan.depth > 2 and is_homogeneous(plan.activation or 0.0)


def _check_virtual(plan: Plan) -> None:
    """Refuse slopes at virtual widths where there are none, or where they are always there."""
    if plan.optimizer != GRADIENT_FLOW:
        raise InputError(
            "--virtual: widths play one another under gradient flow; leave it out, or leave out --optimizer"
        )
    if plan.weight_decay is not None:
        raise InputError(
            "--virtual: at such widths a fit comes down to rounding before weight decay shows; leave one of them out"
        )
    if plan.depth > 2:
        raise InputError("--virtual: beyond two layers the table always has slopes at virtual widths; leave it out")
    if not is_homogeneous(plan.activation or 0.0):
        raise InputError(f"--virtual: {plan.activation} is not of degree 1, and only then do widths play one another")

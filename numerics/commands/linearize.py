"""``phasetheory linearize``: networks beside their tangent models."""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import typer

from numerics.commands.completion import offer
from numerics.commands.letters import Speaker, print_json
from numerics.commands.look import Look, read_look
from numerics.commands.options import takes
from numerics.commands.output import Json, Out, Points, parse_integers, parse_points, prepare, say_figures
from numerics.commands.running import print_failures, scan_progress
from numerics.errors import InputError
from numerics.experiments.plan import Plan
from numerics.experiments.tangent_check import LinearApproximation, linear_approximation
from numerics.observe.tangent_kernel import chosen_layers
from numerics.reports.plain_data import without_nan
from numerics.reports.tables import ResultTable
from numerics.slopes import SlopeFit
from phasetheory.symbols.printing import number

__all__ = ["LINEARIZED", "linearize", "tangent_table"]

#: gamma of the figure of the linear approximation.
LINEARIZED = ("1/2", "3/4", "1", "7/4")


@takes(look=read_look)
def linearize(
    look: Look,
    layers: Annotated[
        str,
        typer.Option(
            help="Parameter groups of the tangent model: w,a or w or a.", autocompletion=offer("w,a", "w", "a")
        ),
    ] = "w,a",
    widths: Annotated[str, typer.Option(help="Widths, e.g. 1000,2000,4000.")] = "1000,2000,4000,8000,16000",
    seeds: Annotated[int, typer.Option(help="Repetitions at each width.")] = 4,
    point: Points = None,
    out: Out = None,
    json: Json = False,
) -> int:
    """Hold networks against their tangent models: sup |f - f_lin| and change of the tangent kernel, with slopes in the width."""
    groups = chosen_layers(("w", "a"), [part.strip() for part in layers.split(",")])
    points = parse_points(point) if point else [(gamma, "0") for gamma in LINEARIZED]
    plan = Plan(points=tuple(points), widths=parse_integers("--widths", widths), seeds=seeds)  # type: ignore[arg-type]
    look.check(out is not None)
    if out is not None:
        prepare(out)
    console = Speaker(quiet=json)
    with scan_progress(quiet=json) as progress:
        found = linear_approximation(plan, layers=groups, progress=progress)
    console.print(tangent_table(found))
    print_failures(found.failures, console)
    if json:
        print_json(without_nan(_tangent_dict(found, plan)))
    if out is not None:
        from numerics.figures.tangent import write_linear_approximation  # Matplotlib only when a picture is asked for

        with look.figures():
            say_figures(console, out, write_linear_approximation(found, plan, out))
    return 1 if found.failures else 0


def tangent_table(found: LinearApproximation) -> ResultTable:
    """Largest differences and their slopes, one row a point."""
    table = ResultTable(
        f"Distance from the tangent model of {', '.join(found.layers)}, widths {found.widths[0]} to {found.widths[-1]}",
        "largest over the run, at the largest width; slope in the width,\nwith its 95 % interval over seeds",
        ("γ", "γ'", "|f-f_lin|", "slope", "|ΔK|/|K|", "slope"),
        keys=2,
        stacked=("γ", "γ'", "|f-f_lin|", "its slope", "|ΔK|/|K|", "its slope"),
    )
    for index, point in enumerate(found.points):
        table.add_row(
            *(number(value) for value in point),
            _mean(found.sup_difference[index, -1]),
            _with_interval(_slope(found.difference_slope, index)),
            _mean(found.kernel_change[index, -1]),
            _with_interval(_slope(found.kernel_slope, index)),
        )
    return table


def _slope(slope_of: Callable[[int], SlopeFit], index: int) -> SlopeFit | None:
    """The slope at a point, by its index; None if a width has no run there."""
    try:
        return slope_of(index)
    except InputError:
        return None


def _mean(values: np.ndarray) -> str:
    found = values[np.isfinite(values)]
    return f"{found.mean():.3g}" if found.size else "none"


def _with_interval(fit: SlopeFit | None) -> str:
    if fit is None:
        return "none"
    return str(fit) if fit.seeds > 1 else f"{fit.slope:+.3f}"


def _tangent_dict(found: LinearApproximation, plan: Plan) -> dict[str, Any]:
    def quantity(values: np.ndarray, fit: SlopeFit | None) -> dict[str, Any]:
        measured = {"slope": fit.slope, "interval": [fit.low, fit.high]} if fit else {"slope": None, "interval": None}
        return {"values": values.tolist(), **measured}

    return {
        "layers": list(found.layers),
        "widths": list(found.widths),
        "seeds": plan.seeds,
        "failed": len(found.failures),
        "points": [
            {
                "gamma": str(gamma),
                "gamma_prime": str(prime),
                "sup_difference": quantity(found.sup_difference[i], _slope(found.difference_slope, i)),
                "kernel_change": quantity(found.kernel_change[i], _slope(found.kernel_slope, i)),
            }
            for i, (gamma, prime) in enumerate(found.points)
        ],
    }

"""``phasetheory condense``: the map of condensation over the phase diagram."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from numerics.commands.data import read_data_option, say_taken
from numerics.commands.letters import Speaker, print_json
from numerics.commands.look import Look, read_look
from numerics.commands.options import takes
from numerics.commands.output import Json, Out, parse_integers, prepare, say_figures
from numerics.commands.running import Extend, RetryFailed, chosen_workers, print_failures, scan_progress
from numerics.datasets import Dataset
from numerics.errors import InputError
from numerics.experiments.account import account_of
from numerics.experiments.condensation_map import (
    CondensationPlan,
    RegimeRow,
    by_regime,
    sharpening_by_regime,
)
from numerics.experiments.grids import grid_values
from numerics.experiments.stopping import RULE
from numerics.reports.first_directions import first_directions_dict, first_directions_lines
from numerics.reports.tables import ResultTable
from numerics.scans import Workers, failures, scan

if TYPE_CHECKING:
    import xarray

__all__ = ["condensation_table", "condense", "near_predicted", "output_entropy_line"]

Grid = Annotated[str, typer.Option(help="START:STOP:COUNT, or numbers with commas.")]


@takes(workers=chosen_workers, data=read_data_option, look=read_look)
def condense(
    workers: Workers,
    data: Dataset,
    look: Look,
    gamma: Grid = "0.7:1.3:7",
    gamma_prime: Grid = "-0.3:0.3:7",
    widths: Annotated[
        str | None,
        typer.Option(help="Even numbers with commas; by default 1e3,1e4,1e6, with more than two inputs 1e3,1e4,1e5."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Repetitions; by default 3, with more than two inputs 1.")] = None,
    loss_tol: Annotated[
        float | None, typer.Option(help=f"Loss at which a run ends; by default 1e-6, of digits 1e-4, {RULE}.")
    ] = None,
    dropout: Annotated[
        float,
        typer.Option(
            help="Probability in (0, 1] with which a hidden neuron is kept: every network is trained without dropout and "
            "with it, averaged over the masks, by default of 400,4000 neurons; 1 is no dropout."
        ),
    ] = 1.0,
    store: Annotated[
        Path | None, typer.Option(help="Folder of the results (Zarr); the same command again goes on with it.")
    ] = None,
    out: Out = None,
    retry_failed: RetryFailed = False,
    extend: Extend = False,
    json: Json = False,
) -> int:
    """Train networks over the plane and show, box by box, on which orientations their features gather as the width grows.

    With --store every cell is stored as it finishes: stopped in whatever way, the same command goes on where it was.
    """
    if store is None and (retry_failed or extend):
        raise InputError(
            f"--{'retry-failed' if retry_failed else 'extend'}: there is no store to go on with; give --store"
        )
    chosen: dict[str, Any] = {
        "seeds": seeds,
        "loss_tol": loss_tol,
        "widths": parse_integers("--widths", widths) if widths is not None else None,
        "dropout": dropout,
    }
    plan = CondensationPlan.paper(
        data.name,
        gamma=grid_values(gamma, "--gamma"),
        gamma_prime=grid_values(gamma_prime, "--gamma-prime"),
        **{name: value for name, value in chosen.items() if value is not None},
    )
    look.check(out is not None)
    if out is not None:
        prepare(out)
    say_taken(data, plan.loss_tol)
    console = Speaker(quiet=json)
    with scan_progress(quiet=json) as progress:
        dataset = scan(plan, store, executor=workers, retry_failed=retry_failed, extend=extend, progress=progress)
    rows = by_regime(dataset)
    failed = failures(dataset)
    console.print(condensation_table(rows, dataset))
    for line in first_directions_lines(plan.predicted):
        console.print(line, soft_wrap=True)
    if near := near_predicted(rows):
        console.print(near, soft_wrap=True)
    for row in rows:
        if row.output_entropy is not None:
            console.print(output_entropy_line(row), soft_wrap=True)
    change = sharpening_by_regime(dataset)
    parts = [f"{regime.value} {mean:+.3f} ± {spread:.3f}" for regime, (mean, spread) in change.items()]
    console.print("change of 1 - entropy per factor 10 of the width:", ", ".join(parts), soft_wrap=True)
    for line in account_of(dataset).lines:
        console.print(line, soft_wrap=True)
    print_failures(failed, console)
    if json:
        regimes = [_as_dict(row) for row in rows]
        sharpens = {regime.value: {"mean": mean, "deviation": spread} for regime, (mean, spread) in change.items()}
        print_json(
            {
                "command": plan.command,
                "dropout": plan.dropout,
                "failed": len(failed),
                "runs": account_of(dataset).to_dict(),
                "predicted": first_directions_dict(plan.predicted),
                "regimes": regimes,
                "sharpening": sharpens,
            }
        )
    if out is not None:
        from numerics.figures.condensation import write_condensation  # Matplotlib only when a picture is asked for

        with look.figures():
            say_figures(console, out, write_condensation(dataset, plan, out))
    return 1 if failed else 0


def condensation_table(rows: list[RegimeRow], dataset: "xarray.Dataset") -> ResultTable:
    """Measures by regime and width, one row each."""
    table = ResultTable(
        f"Condensation of the input weights by regime, {dataset.attrs['data']}, seeds: {dataset.seed.size}"
        + (f", dropout keeping {dataset.attrs['dropout']:g}" if "dropout" in dataset.attrs else ""),
        "means over the boxes of a regime, ± their standard deviation; entropy of the\n"
        "orientations weighted by amplitude (1 uniform), ± that over the seeds of a box;\n"
        "fraction of the amplitude within the condensed directions",
        ("regime of w", "boxes", "width", "entropy", "by seeds", "directions", "fraction"),
        keys=3,
        left=("regime of w",),
    )
    for row in rows:
        table.add_row(
            row.regime.value,
            str(row.points),
            f"{row.width}",
            f"{row.entropy[0]:.3f} ± {row.entropy[1]:.3f}",
            f"± {row.seeds_spread:.3f}" if dataset.seed.size > 1 else "",
            f"{row.directions[0]:.1f} ± {row.directions[1]:.1f}",
            f"{row.fraction[0]:.2f} ± {row.fraction[1]:.2f}",
        )
    return table


def output_entropy_line(row: RegimeRow) -> str:
    """What dropout did to the entropy in one regime at one width."""
    assert row.output_entropy is not None
    means = (f"{mean:.3f}" + ("" if math.isnan(error) else f" ± {error:.3f}") for mean, error in row.output_entropy)
    return (
        f"{row.regime.value}, {row.width} neurons: entropy weighted by the outputs at the samples, without dropout → with it "
        f"(standard error over the runs): {' → '.join(means)}"
    )


def near_predicted(rows: list[RegimeRow]) -> str:
    """Mean share near the predicted directions, by regime at its largest width; empty where none is predicted."""
    widest = {row.regime: row for row in sorted(rows, key=lambda row: row.width)}
    shares = [
        f"{regime.value} {row.near_predicted[0]:.2f} → {row.near_predicted[1]:.2f}"
        for regime, row in widest.items()
        if not math.isnan(row.near_predicted[0])
    ]
    when = "amplitude within 5 degrees of them, largest width, when the loss has fallen by a tenth → at the end"
    return f"{when}: {', '.join(shares)}" if shares else ""


def _as_dict(row: RegimeRow) -> dict[str, Any]:
    return {
        "regime": row.regime.value,
        "width": row.width,
        "boxes": row.points,
        "entropy": row.entropy[0],
        "entropy_deviation": row.entropy[1],
        "entropy_deviation_over_seeds": row.seeds_spread,
        "directions": row.directions[0],
        "fraction": row.fraction[0],
        "near_predicted": dict(zip(("first_plateau", "end"), row.near_predicted, strict=True)),
        "output_entropy": None
        if row.output_entropy is None
        else {
            when: {"mean": mean, "standard_error": None if math.isnan(error) else error}
            for when, (mean, error) in zip(("without_dropout", "with_it"), row.output_entropy, strict=True)
        },
    }

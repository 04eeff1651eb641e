"""``phasetheory condense``: the map of condensation over the phase diagram."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from numerics.commands.output import Json, as_json, parse_integers, prepare
from numerics.commands.training_bar import training_bar
from numerics.condensation_map import CondensationPlan, RegimeRow, by_regime
from numerics.errors import InputError
from numerics.scans.results import failures
from numerics.scans.scan import ScanProgress, scan
from numerics.scans.workers import Processes

if TYPE_CHECKING:
    import xarray

__all__ = ["condense"]

_SHOWN = 5  # failed cells that are named


def condense(
    data: Annotated[str, typer.Option(help="four-points, or mnist (45 digits).")] = "four-points",
    widths: Annotated[str | None, typer.Option(help="Widths; by default 1e3,1e4,1e6, for digits 1e3,1e4,1e5.")] = None,
    gamma: Annotated[str | None, typer.Option(help="Values of gamma; by default 0.7 to 1.3 in steps of 0.1.")] = None,
    gamma_prime: Annotated[
        str | None, typer.Option(help="Values of gamma'; by default -0.3 to 0.3 in steps of 0.1.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Repetitions; by default 3, for digits 1.")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder to keep the cells in: the same call continues it.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; by default one for every core.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run failed cells of the store again.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the figures.")] = None,
    json: Json = False,
) -> int:
    """Train networks over the plane and show, box by box, on which orientations their features gather as the width grows.

    With --store the scan can be stopped at any time and is continued by the same call. Exit status 1 if a cell failed.
    """
    plan = _plan(data, widths, gamma, gamma_prime, seeds)
    if out is not None:
        prepare(out)
    console = Console(highlight=False, quiet=json)
    with training_bar(len(plan.cells), quiet=json) as bar:

        def report(progress: ScanProgress) -> None:
            bar(progress.done + progress.failed, progress.total)

        processes = Processes(workers) if workers is not None else None
        dataset = scan(plan, store, executor=processes, retry_failed=retry_failed, progress=report)
    rows = by_regime(dataset)
    failed = failures(dataset)
    console.print(_table(rows, dataset))
    for cell, reason in list(failed.items())[:_SHOWN]:
        console.print(f"left out: {cell}: {reason}", soft_wrap=True)
    if json:
        print(as_json({"command": plan.command, "failed": len(failed), "regimes": [_as_dict(row) for row in rows]}))
    if out is not None:
        from numerics.figures_condensation import write_condensation  # Matplotlib only when a picture is asked for

        paths = write_condensation(dataset, plan, out)
        console.print(f"Figures are in {out}: {', '.join(path.name for path in paths)}", soft_wrap=True)
    return 1 if failed else 0


def _plan(
    data: str, widths: str | None, gamma: str | None, gamma_prime: str | None, seeds: int | None
) -> CondensationPlan:
    chosen: dict[str, Any] = {}
    if widths is not None:
        chosen["widths"] = parse_integers("--widths", widths)
    if seeds is not None:
        chosen["seeds"] = seeds
    if data not in ("four-points", "mnist"):
        raise InputError(f"--data {data}: give four-points or mnist")
    values = (text.split(",") if text is not None else None for text in (gamma, gamma_prime))
    return CondensationPlan.paper(data, *values, **chosen)


def _table(rows: list[RegimeRow], dataset: "xarray.Dataset") -> Table:
    table = Table(
        title=f"Condensation of the input weights by regime, {dataset.attrs['data']}, {dataset.seed.size} seeds",
        caption="means over the boxes of a regime, ± their standard deviation; entropy of the\n"
        "orientations weighted by amplitude (1 uniform), ± that over the seeds of a box;\n"
        "fraction of the amplitude within the condensed directions",
        box=SIMPLE,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title_style="bold",
    )
    for heading in ("regime of w", "boxes", "width", "entropy", "by seeds", "directions", "fraction"):
        table.add_column(heading, justify="left" if heading.startswith("regime") else "right", no_wrap=True)
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
    }

"""``phasetheory scan``: an empirical phase diagram."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from numerics.commands.output import DataName, Grid, Json, as_json, parse_integers, plain_warnings
from numerics.commands.running import (
    Extend,
    ProcessCount,
    RetryFailed,
    Scheduler,
    SerialFlag,
    StoreFolder,
    WorkerCount,
    chosen_workers,
    scan_progress,
    stoppable,
)
from numerics.commands.scan_slice import report_slice, slice_grid
from numerics.commands.slices import Slice, read_activation
from numerics.datasets.files import load_data
from numerics.errors import InputError
from numerics.experiments.maps import MapComparison, compare_map, layers_of
from numerics.experiments.plan import Plan, grid_values
from numerics.experiments.refinement import refine
from numerics.experiments.slice_plan import SlicePlan
from numerics.reports.scan import scan_dict, scan_table
from numerics.scans import Status, failures, open_scan

if TYPE_CHECKING:
    import xarray

__all__ = ["scan_command"]

_WIDEST_TABLE = 11  # columns that fit 80 characters
_SHOWN_FAILURES = 3
_WIDTHS = (1000, 5000, 10000, 20000, 40000)
_FAILED, _INTERRUPTED = 1, 130


def scan_command(
    gamma: Grid = "0.6:1.4:9",
    gamma_prime: Grid = "-0.4:0.4:9",
    widths: Annotated[
        str | None,
        typer.Option(help="Even numbers with commas; by default 1000 to 40000, beyond two layers 64 to 512."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Repetitions of every network.")] = 2,
    data: DataName = "four-points",
    store: StoreFolder = Path("runs.zarr"),
    refine_rounds: Annotated[
        int, typer.Option("--refine", min=0, help="Halve the interval around each row's boundary so many times.")
    ] = 0,
    beta2: Annotated[
        str | None,
        typer.Option(help="Train the weights themselves, at beta2 = m^b for each of these b, same kappa and kappa'."),
    ] = None,
    depth: Annotated[int, typer.Option(max=100, help="Weight layers; beyond two every layer, in two norms.")] = 2,
    slice_: Slice = None,
    x: Annotated[
        str | None, typer.Option("--x", "--gamma3", help="Beyond two layers: the first coordinate, as --gamma.")
    ] = None,
    y: Annotated[
        str | None, typer.Option("--y", "--gamma2", help="Beyond two layers: the second coordinate, as --gamma.")
    ] = None,
    activation: Annotated[
        str | None, typer.Option(help="Beyond two layers: relu, linear, tanh, or the slope of leaky relu.")
    ] = None,
    rtol: Annotated[float, typer.Option(help="Accuracy of the relative distances.")] = 1e-2,
    loss_tol: Annotated[float, typer.Option(help="Loss at which a run ends.")] = 1e-6,
    max_seconds: Annotated[float, typer.Option(help="Longest time for one run.")] = 600.0,
    processes: ProcessCount = None,
    serial: SerialFlag = False,
    workers: WorkerCount = None,
    scheduler: Scheduler = None,
    retry_failed: RetryFailed = False,
    extend: Extend = False,
    json: Json = False,
) -> int:
    """Train networks over a grid of the phase diagram, and compare the slopes of their relative distances with theory.

    Every cell is stored as it finishes. Stopped in whatever way, the same command goes on where it was. Draw the result with
    'phasetheory plot'.
    """
    shared: dict[str, Any] = {
        "data": load_data(data),
        "data_name": data,
        "rtol": rtol,
        "loss_tol": loss_tol,
        "max_seconds": max_seconds,
    }
    chosen = parse_integers("--widths", widths) if widths else None
    plan: Plan | SlicePlan
    refined: dict[str, Any] = {}
    if depth != 2 or slice_ is not None:
        if activation is not None:
            shared["activation"] = read_activation(activation)
        with plain_warnings():
            plan = slice_grid(depth, slice_, x, y, chosen, seeds=seeds, **shared)
        refined = {"along": plan.names[0], "select": {"layer": plan.layers[0], "norm": "frobenius"}}
    else:
        if given := [
            name for name, value in (("--x", x), ("--y", y), ("--activation", activation)) if value is not None
        ]:
            raise InputError(
                f"{given[0]}: beyond two layers; give --depth 3 or a --slice, or --gamma and --gamma-prime"
            )
        plan = Plan.grid(
            grid_values(gamma, "--gamma"),
            grid_values(gamma_prime, "--gamma-prime"),
            widths=chosen or _WIDTHS,
            seeds=seeds,
            beta2_exponents=grid_values(beta2, "--beta2") if beta2 else (),
            **shared,
        )
    console = Console(highlight=False, quiet=json)
    where = chosen_workers(processes, serial, workers, scheduler)
    try:
        with stoppable(), scan_progress(quiet=json) as progress:
            dataset = refine(
                plan,
                store,
                rounds=refine_rounds,
                executor=where,
                retry_failed=retry_failed,
                extend=extend,
                progress=progress,
                **refined,
            )
    except KeyboardInterrupt:
        done = int((open_scan(store)["status"] > Status.PENDING).sum())
        Console(stderr=True, highlight=False).print(
            f"phasetheory: interrupted; {done} cells are in {store}; run the same command again to go on",
            soft_wrap=True,
        )
        raise typer.Exit(_INTERRUPTED) from None
    if isinstance(plan, SlicePlan):
        report = report_slice(dataset, store, console)
    else:
        comparisons = [compare_map(dataset, layer) for layer in layers_of(dataset)]
        _print_map(dataset, comparisons, console)
        report = scan_dict(dataset, comparisons, str(store))
    _print_end(dataset, store, console)
    if json:
        print(as_json(report))
    return _FAILED if failures(dataset) else 0


def _print_map(dataset: "xarray.Dataset", comparisons: list[MapComparison], console: Console) -> None:
    first = comparisons[0]
    if "beta2_exponent" not in dataset.dims and dataset.sizes["gamma"] <= _WIDEST_TABLE:
        console.print(scan_table(first))
    for comparison in comparisons:
        console.print(comparison.verdict(), soft_wrap=True)


def _print_end(dataset: "xarray.Dataset", store: Path, console: Console) -> None:
    reasons = failures(dataset)
    if reasons:
        console.print(f"{len(reasons)} cells failed or stopped short, and are in no slope:", style="bold red")
        for cell, reason in list(reasons.items())[:_SHOWN_FAILURES]:
            console.print(f"  {cell}: {reason}", markup=False, soft_wrap=True)
    console.print(f"Results are in {store}; draw them with: phasetheory plot {store}", soft_wrap=True)

"""``phasetheory scan``: an empirical phase diagram."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

import phasetheory as pt
from numerics.commands.architectures import graph_plan, read_grid_or_graphs, refuse_with_graphs
from numerics.commands.completion import offer
from numerics.commands.data import or_usual, read_any_data, say_taken
from numerics.commands.letters import Speaker, print_json
from numerics.commands.options import takes
from numerics.commands.output import Json, parse_integers, parse_numbers, plain_warnings
from numerics.commands.running import (
    Extend,
    RetryFailed,
    StoreFolder,
    chosen_workers,
    print_failures,
    resumable,
    scan_progress,
)
from numerics.commands.slices import PlaneGrid, read_activation
from numerics.datasets import Dataset
from numerics.experiments.account import account_of
from numerics.experiments.grids import grid_values
from numerics.experiments.maps import MapComparison, compare_map, layers_of, norms_of
from numerics.experiments.plan import Plan, standard
from numerics.experiments.plane_plan import PlanePlan
from numerics.experiments.refinement import refine
from numerics.experiments.stopping import RULE
from numerics.experiments.training import USUAL
from numerics.experiments.weight_scales import Beta2Plan
from numerics.reports.scan import WIDEST_TABLE, not_held, scan_dict, scan_table
from numerics.scans import Workers, failures
from phasetheory.symbols.printing import plain

if TYPE_CHECKING:
    import xarray

__all__ = ["scan_command"]

_FAILED = 1


@dataclass(frozen=True)
class Runs:
    """What the networks of a scan are trained on, and how accurately; no widths: those of the depth."""

    widths: tuple[int, ...] | None
    seeds: int
    activation: str | float | None
    rtol: float | None
    loss_tol: float | None
    loss_levels: tuple[float, ...]
    max_seconds: float


def read_runs(
    widths: Annotated[
        str | None,
        typer.Option(
            help="Widths with commas, even for two layers; by default 1000 to 40000, beyond two layers 64 to 512, of an "
            "architecture 32 to 256."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Repetitions of every network.")] = 2,
    activation: Annotated[
        str | None,
        typer.Option(
            help="relu, linear, tanh, or the slope of leaky relu; relu by default.",
            autocompletion=offer("relu", "linear", "tanh"),
        ),
    ] = None,
    rtol: Annotated[
        float | None,
        typer.Option(help="Accuracy of the relative distances; by default 1e-2, of an architecture 5e-2."),
    ] = None,
    loss_tol: Annotated[
        float | None,
        typer.Option(help=f"Loss at which a run ends; by default 1e-6, beyond two layers 1e-5, {RULE}."),
    ] = None,
    loss_levels: Annotated[
        str | None, typer.Option(help="Losses with commas at which RD is measured on the way, for plot --loss-level.")
    ] = None,
    max_seconds: Annotated[float, typer.Option(help="Longest time for one run.")] = 600.0,
) -> Runs:
    """Options of the runs."""
    chosen = None if widths is None else parse_integers("--widths", widths)
    levels = () if loss_levels is None else parse_numbers("--loss-levels", loss_levels)
    return Runs(chosen, seeds, read_activation(activation), rtol, loss_tol, levels, max_seconds)


@takes(plane=read_grid_or_graphs, runs=read_runs, data=read_any_data, workers=chosen_workers)
def scan_command(
    plane: PlaneGrid,
    runs: Runs,
    data: Dataset | None,
    workers: Workers,
    store: StoreFolder = Path("runs.zarr"),
    refine_rounds: Annotated[
        int, typer.Option("--refine", min=0, help="Halve the interval around each row's boundary so many times.")
    ] = 0,
    beta2: Annotated[
        str | None,
        typer.Option(help="Two layers: train the weights themselves, at beta2 = m^b for each of these b."),
    ] = None,
    retry_failed: RetryFailed = False,
    extend: Extend = False,
    json: Json = False,
) -> int:
    """Train networks over a grid of a phase diagram, and compare the slopes of their relative distances with theory.

    Every cell is stored as it finishes. Stopped in whatever way, the same command goes on where it was. Draw the result with
    'phasetheory plot'.
    """
    plan = _plan(plane, runs, data, beta2)
    if data is not None:
        say_taken(data, plan.loss_tol)
    console = Speaker(quiet=json)
    with resumable(store), scan_progress(quiet=json) as progress:
        dataset = refine(
            plan,
            store,
            rounds=refine_rounds,
            executor=workers,
            retry_failed=retry_failed,
            extend=extend,
            progress=progress,
        )
    comparisons = [compare_map(dataset, layer, norm=norm) for norm in norms_of(dataset) for layer in layers_of(dataset)]
    _print(dataset, comparisons, console)
    print_failures(failures(dataset), console)
    if refine_rounds:
        console.print(_refined(dataset, plan), soft_wrap=True)
    console.print(f"Results are in {store}; draw them with: phasetheory plot {store}", soft_wrap=True)
    if json:
        print_json(scan_dict(dataset, comparisons, str(store)))
    return _FAILED if failures(dataset) else 0


def _plan(plane: PlaneGrid, runs: Runs, data: Dataset | None, beta2: str | None) -> PlanePlan:
    if isinstance(plane.diagram, pt.GraphDiagram):
        refuse_with_graphs({"activation": runs.activation, "beta2": beta2})
        return graph_plan(
            plane.diagram,
            data,
            points=plane.points,
            widths=runs.widths,
            seeds=runs.seeds,
            rtol=runs.rtol,
            loss_tol=runs.loss_tol,
            loss_levels=runs.loss_levels,
            max_seconds=runs.max_seconds,
        )
    data = or_usual(data)
    own: dict[str, Any] = {} if beta2 is None else {"beta2_exponents": grid_values(beta2, "--beta2")}
    kind = Beta2Plan if own else Plan
    with plain_warnings():
        return kind(
            diagram=plane.diagram,
            points=plane.points,
            widths=runs.widths or standard(plane.diagram).scan[0],
            seeds=runs.seeds,
            data=(data.X, data.y),
            data_name=data.name,
            activation=runs.activation,
            rtol=Plan.rtol if runs.rtol is None else runs.rtol,
            loss_tol=USUAL if runs.loss_tol is None else runs.loss_tol,
            loss_levels=runs.loss_levels,
            max_seconds=runs.max_seconds,
            **own,
        )


def _refined(dataset: "xarray.Dataset", plan: PlanePlan) -> str:
    """What came of the refinement; nothing is an outcome too."""
    added = dataset.sizes[plan.names[0]] - len({point[0] for point in plan.points})
    if added:
        return f"refinement: {added} values of {plain(plan.diagram.coordinates[0])} beside those asked for"
    return (
        "refinement: nothing to halve; no row has a crossing, or its points lie closer together than the interval of that: "
        "more seeds narrow it"
    )


def _print(dataset: "xarray.Dataset", comparisons: list[MapComparison], console: Console) -> None:
    first = comparisons[0]
    if "beta2_exponent" not in dataset.dims and first.slopes.sizes[first.diagram.names[0]] <= WIDEST_TABLE:
        console.print(scan_table(first))
    several = len(norms_of(dataset)) > 1
    for comparison in comparisons:
        norm = f"{comparison.diagram.norm.capitalize()} norm, " if several else ""
        console.print(norm + comparison.verdict(), soft_wrap=True)
    for line in (*not_held(comparisons), *account_of(dataset).lines):
        console.print(line, soft_wrap=True)

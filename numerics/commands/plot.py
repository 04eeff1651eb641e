"""``phasetheory plot``: pictures of a scan."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from numerics.commands.completion import offer_layers
from numerics.commands.letters import Speaker, print_json
from numerics.commands.look import Look, read_look
from numerics.commands.options import takes
from numerics.commands.output import Json, NamesOption, check_picture
from numerics.errors import InputError
from numerics.experiments.account import account_of
from numerics.experiments.grids import grid_values
from numerics.experiments.maps import at_loss_level, compare_map, layers_of, norms_of
from numerics.reports.scan import not_held, scan_dict
from numerics.scans import open_scan

__all__ = ["plot_command"]


class Kind(StrEnum):
    """Kinds of figures."""

    heatmap = "heatmap"
    slopes = "slopes"
    rd = "rd"


class Panel(StrEnum):
    """One map of a heat map."""

    measured = "measured"
    derived = "derived"
    difference = "difference"


@takes(look=read_look)
def plot_command(
    store: Annotated[Path, typer.Argument(help="Folder that 'phasetheory scan' made; it may still be at work.")],
    look: Look,
    figure: Annotated[
        Kind,
        typer.Option(help="heatmap: S measured, derived, difference. slopes: S along rows. rd: RD against the width."),
    ] = Kind.heatmap,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            help="w, a, theta (all weights); beyond two layers W1, W2, ..; repeatable. All by default.",
            autocompletion=offer_layers,
        ),
    ] = None,
    spectral: Annotated[
        bool, typer.Option("--spectral", help="Beyond two layers: distances in spectral instead of Frobenius norm.")
    ] = False,
    row: Annotated[
        list[str] | None,
        typer.Option(
            help="slopes, rd: a value of the second coordinate to draw; repeatable. A few of them by default."
        ),
    ] = None,
    loss_level: Annotated[
        float | None,
        typer.Option(
            help="RD where the loss first fell to this level, one of the scan's --loss-levels; else at the end."
        ),
    ] = None,
    panel: Annotated[Panel | None, typer.Option(help="heatmap: only this of the three maps.")] = None,
    names: NamesOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File .png, .pdf or .svg; by default STORE-FIGURE.png, or STORE-FIGURE-loss-LEVEL.png."),
    ] = None,
    json: Json = False,
) -> None:
    """Draw a scan beside the theory, and say how well they agree."""
    if row and figure is Kind.heatmap:
        raise InputError("--row: a heatmap shows every row; leave it out, or give --figure slopes or rd")
    for option, given in (("--panel", panel), ("--names", names)):
        if given is not None and figure is not Kind.heatmap:
            raise InputError(f"{option} {given.value}: it is that of a heatmap; leave it out, or leave out --figure")
    rows = [float(value) for text in row for value in grid_values(text, "--row")] if row else None
    dataset = open_scan(store) if loss_level is None else at_loss_level(open_scan(store), loss_level)
    known, norm = layers_of(dataset), "spectral" if spectral else "frobenius"
    for name in layer or ():
        if name not in known:
            raise InputError(f"--layer {name}: this scan has {', '.join(known)}")
    if norm not in norms_of(dataset):
        raise InputError("--spectral: this scan has distances in Frobenius norm only; leave it out")
    layers = layer or known
    level = "" if loss_level is None else f"-loss-{loss_level:g}"
    file = out or Path(f"{store.name.removesuffix('.zarr')}-{figure.value}{level}.png")
    check_picture(file)
    look.check(True)
    from numerics.figures.scan import scan_figure  # Matplotlib only when a picture is asked for
    from numerics.figures.style import save_as

    with look.figures():
        save_as(scan_figure(dataset, figure.value, layers, norm, rows=rows, panel=panel, names=names), file)
    # at other scales of the weights the slopes are the same: what is said is said of the first
    one = dataset.isel(beta2_exponent=0, drop=True) if "beta2_exponent" in dataset.dims else dataset
    comparisons = [compare_map(one, name, norm=norm) for name in layers]
    console = Speaker(quiet=json)
    for comparison in comparisons:
        console.print(comparison.verdict(), soft_wrap=True)
    for line in (*not_held(comparisons), *account_of(dataset).lines):
        console.print(line, soft_wrap=True)
    console.print(f"Figure: {file}", soft_wrap=True)
    if json:
        print_json(scan_dict(dataset, comparisons, str(store)) | {"figure": str(file)})

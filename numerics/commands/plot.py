"""``phasetheory plot``: pictures of a scan."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from numerics.commands.output import Json, as_json
from numerics.errors import InputError
from numerics.experiments.maps import MapComparison, compare_map, layers_of
from numerics.experiments.slice_scan import compare_slice, diagram_of, is_slice
from numerics.reports.scan import scan_dict
from numerics.scans import Status, open_scan
from phasetheory.symbols.printing import plain

if TYPE_CHECKING:
    import xarray

__all__ = ["plot_command"]

_ENDINGS = (".png", ".pdf", ".svg")


class Kind(StrEnum):
    """Kinds of figures."""

    heatmap = "heatmap"
    slopes = "slopes"
    rd = "rd"


def plot_command(
    store: Annotated[Path, typer.Argument(help="Folder that 'phasetheory scan' made; it may still be at work.")],
    figure: Annotated[
        Kind,
        typer.Option(help="heatmap: S measured, derived, difference. slopes: S along rows. rd: RD against the width."),
    ] = Kind.heatmap,
    layer: Annotated[
        list[str] | None,
        typer.Option(help="w, a, theta (all weights); beyond two layers W1, W2, ..; repeatable. All by default."),
    ] = None,
    spectral: Annotated[
        bool, typer.Option("--spectral", help="Beyond two layers: distances in spectral instead of Frobenius norm.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="File .png, .pdf or .svg; by default STORE-FIGURE.png.")] = None,
    json: Json = False,
) -> None:
    """Draw a scan beside the theory, and say how well they agree."""
    dataset = open_scan(store)
    known = layers_of(dataset)
    for name in layer or ():
        if name not in known:
            raise InputError(f"--layer {name}: this scan has {', '.join(known)}")
    layers = layer or known
    file = out or Path(f"{store.name.removesuffix('.zarr')}-{figure.value}.png")
    if file.suffix.lower() not in _ENDINGS:
        raise InputError(f"--out {file}: a figure is written as {', '.join(_ENDINGS)}")
    comparisons, names = _draw(dataset, figure.value, layers, file, "spectral" if spectral else "frobenius")
    console = Console(highlight=False, quiet=json)
    pending = int((dataset["status"] == Status.PENDING).sum())
    if pending:
        console.print(f"{pending} cells are still to come")
    for comparison in comparisons:
        console.print(comparison.verdict(names), soft_wrap=True)
    console.print(f"Figure: {file}", soft_wrap=True)
    if json:
        print(as_json(scan_dict(dataset, comparisons, str(store)) | {"figure": str(file)}))


def _draw(
    dataset: "xarray.Dataset", kind: str, layers: list[str], file: Path, norm: str
) -> tuple[list[MapComparison], tuple[str, str]]:
    """Write the figure; the comparisons with theory that go with it, and the names of the coordinates."""
    if is_slice(dataset):
        from numerics.figures.slice_scan_figures import slice_figure  # Matplotlib only when a picture is asked for

        slice_figure(dataset, kind, layers, norm).savefig(file, dpi=160)
        x, y = (plain(c) for c in diagram_of(dataset).coordinates)
        return [c for c in compare_slice(dataset, norm) if c.layer in layers], (x, y)
    if norm != "frobenius":
        raise InputError("--spectral: a two-layer scan has distances in Frobenius norm only; leave it out")
    from numerics.figures.scan_figures import scan_figure

    scan_figure(dataset, kind, layers).savefig(file, dpi=160)
    maps = dataset.isel(beta2_exponent=0, drop=True) if "beta2_exponent" in dataset.dims else dataset
    return [compare_map(maps, name) for name in layers], ("γ", "γ'")

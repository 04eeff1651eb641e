"""``phasetheory scan --depth 3``: a slice of initialisations at any depth, every layer in both norms."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sympy as sp
from rich.console import Console

import phasetheory as pt
from numerics.commands.slices import read_slice
from numerics.errors import InputError
from numerics.experiments.layer_measurement import NORMS
from numerics.experiments.plan import grid_values
from numerics.experiments.slice_plan import SlicePlan
from numerics.experiments.slice_scan import compare_slice
from numerics.reports.scan import scan_dict
from phasetheory.symbols.printing import plain

if TYPE_CHECKING:
    import xarray

__all__ = ["report_slice", "slice_grid"]

_BOOK = {"gamma_3": "0:4:17", "gamma_2": "-1.5:2:15"}  # the window of the three-layer page
_WIDTHS = (64, 128, 256, 512)


def slice_grid(
    depth: int, slice_: str | None, x: str | None, y: str | None, widths: tuple[int, ...] | None, **options: Any
) -> SlicePlan:
    """The plan of a scan: the standard slice of a depth, or any other."""
    diagram = pt.phase_diagram(depth) if slice_ is None else read_slice(slice_, "frobenius")
    names = [c.name for c in diagram.coordinates]
    texts = [given or _BOOK.get(name) for given, name in zip((x, y), names, strict=True)]
    if None in texts:
        raise InputError(f"give --x and --y, values of {names[0]} and {names[1]} such as 0:4:9")
    values = [grid_values(text or "", option) for text, option in zip(texts, ("--x", "--y"), strict=True)]
    return SlicePlan.grid(diagram, *values, widths=widths or _WIDTHS, **options)


def report_slice(dataset: "xarray.Dataset", store: Path, console: Console) -> dict[str, Any]:
    """Compare every layer in both norms with theory, print how well they agree, and return it as data."""
    names = [plain(sp.Symbol(name)) for name in dataset.attrs["coordinates"].split(", ")]
    found = {}
    for norm in NORMS:
        comparisons = compare_slice(dataset, norm)
        console.print(f"{norm.capitalize()} norm")
        for comparison in comparisons:
            console.print(f"  {comparison.verdict((names[0], names[1]))}", soft_wrap=True)
        found[norm] = scan_dict(dataset, comparisons, str(store))
    return found

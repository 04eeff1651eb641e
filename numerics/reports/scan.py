"""A scan beside the theory: as a table for a terminal, and as data for JSON."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE
from rich.table import Table

from numerics.experiments.maps import MapComparison
from numerics.experiments.verify import regime_of
from numerics.scans import Status, failures

if TYPE_CHECKING:
    import xarray

__all__ = ["scan_dict", "scan_table"]

_COLOURS = {"linear": "cyan", "critical": "bold", "condensed": "yellow"}


def scan_table(comparison: MapComparison) -> Table:
    """Measured slopes over the plane of a two-layer scan, and the boundary of every row; 9 columns fit 80 characters."""
    slopes, boundary = comparison.slopes, comparison.boundary
    widths = slopes.attrs["widths"]
    table = Table(
        title=f"S_{comparison.layer}, the slope of RD({comparison.layer}), at widths {widths[0]} to {widths[-1]}",
        caption="Columns: γ. γ* is where S changes sign, with its 95 % interval over seeds;\n"
        "derived: the same for infinite width.",
        box=SIMPLE,
        show_edge=False,
        pad_edge=False,
        padding=0,
        title_style="bold",
    )
    table.add_column("γ'", justify="right", no_wrap=True)
    for value in slopes["gamma"].values:
        table.add_column(f"{value:.3g}", justify="right", no_wrap=True, min_width=5)
    table.add_column("γ*", justify="left", no_wrap=True)
    table.add_column("derived", justify="right", no_wrap=True)
    for prime in slopes["gamma_prime"].values[::-1]:
        row, star = slopes.sel(gamma_prime=prime), boundary.sel(gamma_prime=prime)
        cells = [_coloured(float(value)) for value in row["slope"].values]
        table.add_row(f"{prime:.3g}", *cells, _star(star), _number(float(star["predicted"])))
    return table


def _coloured(slope: float) -> str:
    return f"[{_COLOURS[regime_of(slope).value]}]{slope:+.2f}[/]" if np.isfinite(slope) else ""


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else ""


def _star(row: "xarray.Dataset") -> str:
    crossing, low, high = (float(row[name]) for name in ("crossing", "low", "high"))
    if not np.isfinite(crossing):
        return ""
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"{crossing:.2f}"
    return f"{crossing:.2f} ±{max(high - crossing, crossing - low):.2f}"


def scan_dict(dataset: "xarray.Dataset", comparisons: list[MapComparison], store: str) -> dict[str, Any]:
    """Everything measured and derived, nested lists in the order of ``dimensions``; null where there is no number."""
    status = dataset["status"].values
    return {
        "store": store,
        "attributes": {name: value for name, value in dataset.attrs.items()},
        "cells": {s.name.lower(): int((status == s).sum()) for s in Status if s is not Status.NOT_PLANNED},
        "failures": failures(dataset),
        "layers": {
            c.layer: {
                "verdict": c.verdict(),
                "points": c.points,
                "away_from_boundary": c.judged,
                "in_predicted_regime": c.agreeing,
                "slopes": _plain(c.slopes.drop_vars("local_slope")),
                "boundary": _plain(c.boundary),
            }
            for c in comparisons
        },
    }


def _plain(dataset: "xarray.Dataset") -> Any:
    """Coordinates and values as nested lists; JSON has no nan or infinity: null."""

    def clean(value: Any) -> Any:
        if isinstance(value, list):
            return [clean(part) for part in value]
        return None if isinstance(value, float) and not np.isfinite(value) else value

    arrays = {str(name): clean(array.values.tolist()) for name, array in {**dataset.coords, **dataset}.items()}
    return json.loads(json.dumps({"dimensions": list(map(str, dataset.sizes)), **arrays}))

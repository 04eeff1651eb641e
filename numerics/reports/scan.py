"""A scan beside the theory: as a table for a terminal, and as data for JSON."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.experiments.account import account_of
from numerics.experiments.allowance import allowance_at
from numerics.experiments.maps import AWAY, MapComparison
from numerics.reports.plain_data import without_nan
from numerics.reports.tables import ResultTable
from numerics.scans import CellStatus, failures, notes
from phasetheory.symbols.printing import plain

if TYPE_CHECKING:
    import xarray

__all__ = ["WIDEST_TABLE", "not_held", "scan_dict", "scan_table"]

_COLOURS = {"linear": "cyan", "critical": "bold", "condensed": "yellow"}
#: Columns that fit 80 characters.
WIDEST_TABLE = 11


def scan_table(comparison: MapComparison) -> ResultTable:
    """Measured slopes of a layer over the plane, and the boundary of every row."""
    slopes, boundary, layer = comparison.slopes, comparison.boundary, comparison.layer
    (x, y), (horizontal, vertical) = map(plain, comparison.diagram.coordinates), comparison.diagram.names
    widths = slopes.attrs["widths"]
    table = ResultTable(
        f"S_{layer}, the slope of RD({layer}), at widths {widths[0]} to {widths[-1]}",
        f"Columns: {x}. {x}* is where S changes sign, with its 95 % interval over seeds;\nderived: the same for infinite width.",
        (y, *(f"{value:.3g}" for value in slopes[horizontal].values), f"{x}*", "derived"),
        keys=1,
        left=(f"{x}*",),
        dense=True,
        stacked=(y, *(f"{x} {value:.3g}" for value in slopes[horizontal].values), f"{x}*", "derived"),
    )
    for height in slopes[vertical].values[::-1]:
        row, star = slopes.sel({vertical: height}), boundary.sel({vertical: height})
        cells = [_coloured(float(value)) for value in row["slope"].values]
        table.add_row(f"{height:.3g}", *cells, _star(star), _number(float(star["predicted"])))
    return table


def _coloured(slope: float) -> str:
    if not np.isfinite(slope):
        return ""
    return f"[{_COLOURS[allowance_at(2).regime(slope).value]}]{slope:+.2f}[/]"


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else ""


def _star(row: "xarray.Dataset") -> str:
    crossing, low, high = (float(row[name]) for name in ("crossing", "low", "high"))
    if not np.isfinite(crossing):
        return ""
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"{crossing:.2f}"
    return f"{crossing:.2f} ±{max(high - crossing, crossing - low):.2f}"


def not_held(comparisons: Sequence[MapComparison]) -> list[str]:
    """Why a scan is not held against the infinitely wide network at its widths, where it is not."""
    reasons = dict.fromkeys(comparison.why_not_here for comparison in comparisons if comparison.here is None)
    return [f"Not held against the infinitely wide network at these widths: {reason}." for reason in reasons]


def scan_dict(dataset: "xarray.Dataset", comparisons: Sequence[MapComparison], store: str) -> dict[str, Any]:
    """Everything measured and derived, nested lists in the order of ``dimensions``; null where there is no number."""
    status = dataset["status"].values
    norms: dict[str, dict[str, Any]] = {}
    for comparison in comparisons:
        norms.setdefault(comparison.diagram.norm, {})[comparison.layer] = {
            "verdict": comparison.verdict(),
            "points": comparison.points,
            "away_from_boundary": comparison.judged,
            "away_from_boundary_means": f"|S| > {AWAY:g}",
            "in_predicted_regime": comparison.agreeing,
            "slopes": _plain(comparison.slopes.drop_vars("local_slope")),
            "boundary": _plain(comparison.boundary),
            "at_these_widths": _at_these_widths(comparison),
        }
    return {
        "store": store,
        "attributes": {name: value for name, value in dataset.attrs.items()},
        "cells": {s.name.lower(): int((status == s).sum()) for s in CellStatus if s is not CellStatus.NOT_PLANNED},
        "runs": account_of(dataset).to_dict(),
        "failures": failures(dataset),
        "notes": notes(dataset),
        "norms": norms,
    }


def _at_these_widths(comparison: MapComparison) -> dict[str, Any] | str:
    """Slopes and boundary of the infinitely wide network, first coordinate by second; why they are not known otherwise."""
    here = comparison.here
    if here is None:
        return comparison.why_not_here
    return {
        "expected": without_nan(here.expected.values.tolist()),
        "verdict": here.verdicts.values.tolist(),
        "boundary": without_nan(here.zero.values.tolist()),
    }


def _plain(dataset: "xarray.Dataset") -> Any:
    """Coordinates and values as nested lists."""
    arrays = {str(name): without_nan(array.values.tolist()) for name, array in {**dataset.coords, **dataset}.items()}
    return json.loads(json.dumps({"dimensions": list(map(str, dataset.sizes)), **arrays}))

"""The runs of a scan that a slope may use, row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from numerics.errors import InputError, check_choice, check_type
from numerics.scans.records import CellStatus

if TYPE_CHECKING:
    import xarray

__all__ = ["Runs", "usable_runs"]


@dataclass(frozen=True)
class Runs:
    """log RD of the runs at every point of a scan.

    Attributes
    ----------
    log_distance : float64 (.., k, seeds)
        nan where there is no run to use; the dimensions of ``points`` come first.
    complete : bool (..)
        Whether every width that was planned has a usable run, and none is still to come.
    widths : int (k,)
    points : xarray.DataArray (..)
        Of zeros: its dimensions and coordinates are those of the points.
    """

    log_distance: np.ndarray
    complete: np.ndarray
    widths: np.ndarray
    points: "xarray.DataArray"

    def rows(self) -> Iterator[tuple[tuple[int, ...], list[np.ndarray]]]:
        """Position of every complete point, and the runs at each width."""
        for place in map(tuple, np.argwhere(self.complete)):
            yield place, [row[~np.isnan(row)] for row in self.log_distance[place]]


def usable_runs(dataset: "xarray.Dataset", observable: str) -> Runs:
    """Runs that reached their goal; a width at which all stopped short or failed makes its point incomplete."""
    import xarray

    check_type(dataset, "dataset", xarray.Dataset)
    for name in ("width", "seed"):
        if name not in dataset.dims:
            raise InputError(f"the dataset has no dimension {name}; a slope needs runs at several widths")
    if dataset.sizes["width"] < 2:
        raise InputError(f"the dataset has one width, {int(dataset['width'][0])}; a slope needs at least two")
    check_choice(observable, "observable", (name for name in map(str, dataset.data_vars) if name != "status"))
    used = dataset[observable].where(dataset["status"] == CellStatus.DONE).transpose(..., "width", "seed")
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(used.values)
    logs[~np.isfinite(logs)] = np.nan  # RD = 0: a run that did not move has no logarithm
    pending = (dataset["status"] == CellStatus.PENDING).any(("width", "seed"))
    points = used.isel(width=0, seed=0, drop=True) * 0.0
    complete = (
        ~np.isnan(logs).all(axis=-1).any(axis=-1) & ~pending.broadcast_like(points).transpose(*points.dims).values
    )
    return Runs(logs, complete, dataset["width"].values, points)

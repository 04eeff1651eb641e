"""Records as a labelled dataset, and the dataset as a Zarr folder. The same records give the same bytes, whatever their order."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.errors import ScanError
from numerics.scans.blueprint import Blueprint
from numerics.scans.experiment import Coordinate
from numerics.scans.records import CellStatus, Key, Record, short_text
from numerics.scans.store import LOG_FOLDER, read_blueprint, read_log, versions

if TYPE_CHECKING:  # half a second: only for those who ask
    import xarray

__all__ = ["failures", "notes", "open_scan", "timing", "to_dataset", "write_dataset"]

_VALUES = (CellStatus.DONE, CellStatus.STOPPED_SHORT)


def open_scan(path: str | os.PathLike[str]) -> "xarray.Dataset":
    """The dataset of a store as it stands, also while it is being written, or after the writer was killed.

    Returns
    -------
    xarray.Dataset
        One dimension per coordinate, then those of the observable. nan where a cell has no values; ``status`` says why (see
        :class:`CellStatus`), ``failures`` gives the reasons.

    Raises
    ------
    InputError
        If there is no scan at this place, or its plan is damaged or not the one that its records were measured under.
    """
    blueprint = read_blueprint(path)
    records, sessions, _ = read_log(path, blueprint)
    return to_dataset(blueprint, records, [session["versions"] for session in sessions])


def failures(dataset: "xarray.Dataset") -> dict[str, str]:
    """Cells that failed or stopped short, and the reason of each."""
    return json.loads(dataset["status"].attrs["reasons"])


def notes(dataset: "xarray.Dataset") -> dict[str, str]:
    """Cells that are done and that something is to be known of, and what."""
    return json.loads(dataset["status"].attrs.get("notes", "{}"))


def timing(path: str | os.PathLike[str]) -> "xarray.DataArray":
    """Wall time in seconds of every finished cell of a store; not part of the dataset, which is the same whatever the machine."""
    import xarray

    blueprint = read_blueprint(path)
    places = _Places(blueprint, read_log(path, blueprint)[0])
    seconds = np.full(places.shape, np.nan)
    for place, record in places.records:
        seconds[place] = record.seconds
    attributes = {"long_name": "wall time", "units": "s"}
    return xarray.DataArray(seconds, places.coordinates, tuple(places.values), "seconds", attributes)


def to_dataset(
    blueprint: Blueprint, records: Mapping[Key, Record], sessions: list[dict[str, str]] | None = None
) -> "xarray.Dataset":
    """Labelled dataset of the records; cells without one are pending."""
    import xarray

    places = _Places(blueprint, records)
    status = np.full(places.shape, CellStatus.NOT_PLANNED, dtype=np.int8)
    for cell in blueprint.cells:
        status[places.place(cell)] = CellStatus.PENDING
    arrays = {name: np.full((*places.shape, *o.shape), np.nan) for name, o in blueprint.observables.items()}
    reasons: dict[str, str] = {}
    noted: dict[str, str] = {}
    for place, record in places.records:
        status[place] = record.status
        if record.status in _VALUES:
            for name, array in arrays.items():
                array[place] = record.values[name]
        kept = noted if record.status == CellStatus.DONE else reasons
        if record.reason or kept is reasons:
            kept[", ".join(f"{name}={short_text(value)}" for name, value in record.cell.items())] = record.reason
    dimensions = tuple(places.values)
    variables: dict[str, Any] = {
        name: ((*dimensions, *o.labels), arrays[name], {"long_name": o.description})
        for name, o in blueprint.observables.items()
    }
    meanings = {
        "long_name": "what became of the cell",
        "flag_values": [int(s) for s in CellStatus],
        "flag_meanings": " ".join(s.name.lower() for s in CellStatus),
        "reasons": json.dumps(reasons, ensure_ascii=False),
        **({"notes": json.dumps(noted, ensure_ascii=False)} if noted else {}),
    }
    labels = {dim: list(values) for o in blueprint.observables.values() for dim, values in o.labels.items()}
    return xarray.Dataset(
        variables | {"status": (dimensions, status, meanings)},
        places.coordinates | labels,
        {
            "title": blueprint.title,
            "command": blueprint.command,
            "versions": _versions(sessions or [versions()]),
            **blueprint.settings,
        },
    )


def write_dataset(dataset: "xarray.Dataset", path: Path) -> None:
    """Put the dataset into the store, in place of the one that is there.

    It is written beside it and moved in part by part: if that is cut off, the next writer does it again from the log.
    """
    new, old = (path / LOG_FOLDER / name for name in ("new", "old"))
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        # one chunk per array; format 2, which every reader knows and whose specification covers text labels
        dataset.to_zarr(new, zarr_format=2, consolidated=True)
        old.mkdir()
        for part in sorted(new.iterdir()):
            if (path / part.name).is_dir():
                (path / part.name).rename(old / part.name)
            part.replace(path / part.name)
    except OSError as error:
        raise ScanError(
            f"cannot write the dataset to {path}: {error.strerror}; every finished cell is kept in its log; "
            "make room and run the same command again"
        ) from error
    finally:
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)


class _Places:
    """Where in the arrays each cell goes: coordinates in increasing order."""

    def __init__(self, blueprint: Blueprint, records: Mapping[Key, Record]) -> None:
        cells = [*blueprint.cells, *(record.cell for record in records.values())]
        self.values: dict[str, list[Coordinate]] = {
            name: sorted({cell[name] for cell in cells}) for name in blueprint.dimensions
        }
        self._positions = {name: {value: i for i, value in enumerate(values)} for name, values in self.values.items()}
        self.shape = tuple(map(len, self.values.values()))
        #: with their places and in the order of the arrays, so that nothing depends on which cell finished first
        self.records = sorted(
            ((self.place(record.cell), record) for record in records.values()), key=lambda entry: entry[0]
        )
        self.coordinates = {name: _labels(values) for name, values in self.values.items()}

    def place(self, cell: Mapping[str, Coordinate]) -> tuple[int, ...]:
        return tuple(self._positions[name][value] for name, value in cell.items())


def _labels(values: list[Coordinate]) -> np.ndarray:
    whole = all(isinstance(value, int) for value in values)
    return np.array(values, dtype=np.int64) if whole else np.array([float(value) for value in values])


def _versions(sessions: list[dict[str, str]]) -> str:
    texts = [", ".join(f"{name} {number}" for name, number in session.items()) for session in sessions]
    return "; ".join(dict.fromkeys(texts))

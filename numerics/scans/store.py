"""The store: a folder that is a Zarr dataset, with the log it is made from beside it.

    runs.zarr/           the dataset, for any reader of Zarr; rewritten from the log
    runs.zarr/.scan/     plan.json: what is measured; records.log: one line per finished cell; lock

A line is appended as a cell finishes, and a line that was cut off is dropped when the store is opened again: a cell is there
whole, or not at all. However the process ends, what was appended stays; the log is flushed to the disk once a second, so that a
power failure takes the last second of a scan, which is run again. Only the process that holds the lock writes; readers need no
lock.

plan.json has a checksum, and every record the mark of the plan that it was measured under: a damaged plan, or records of other
settings, are refused, and nothing is touched. Stores of before there were checksums and marks are read and continued: records
without a mark are those of the plan.json beside them, which must be there and gets its checksum when the store is opened for
writing. What is read is JSON, never a pickle.
"""

import os
import platform
import socket
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from numerics.errors import InputError, ScanError, check_type
from numerics.scans.blueprint import Blueprint
from numerics.scans.records import CellStatus, Key, Record, decode_line, encode_line, key_of

__all__ = ["LOG_FOLDER", "Memory", "Store", "read_blueprint", "read_log", "versions"]

#: Folder inside the dataset with everything that is not Zarr.
LOG_FOLDER = ".scan"
_FLUSH = 1.0  # seconds between flushes to the disk, each of which takes as long as many small cells
_PLAN, _LOG, _LOCK, _OWNER = "plan.json", "records.log", "lock", "owner"


class Memory:
    """Records that are kept for the length of the session only."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self.records: dict[Key, Record] = {}

    def append(self, records: Iterable[Record]) -> None:
        """Keep finished cells; a later record of a cell replaces an earlier one."""
        self.records.update((key_of(record.cell), record) for record in records)

    def close(self) -> None:
        """Nothing to release."""


class Store(Memory):
    """A store opened for writing, locked until it is closed.

    Parameters
    ----------
    path : path
        Made if it is not there.
    blueprint : Blueprint
        What the scan measures; must be that of the store.
    extend : bool
        Accept other cells of the same experiment, and add them.

    Raises
    ------
    InputError
        If the path is something else, belongs to another plan, is damaged, or is in use.
    """

    def __init__(self, path: str | os.PathLike[str], blueprint: Blueprint, *, extend: bool = False) -> None:
        super().__init__(blueprint)
        self.path = Path(path)
        if self.path.exists() and not (self.path / LOG_FOLDER).is_dir() and not _is_empty(self.path):
            raise InputError(f"{self.path} exists and is not the store of a scan; choose another place")
        self.folder = self.path / LOG_FOLDER
        self.folder.mkdir(parents=True, exist_ok=True)
        self._announced = False  # a session is noted with its first result
        self._lock = FileLock(self.folder / _LOCK)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise InputError(
                f"{self.path} is in use by {_owner(self.folder)}; wait for it to end, or choose another store"
            ) from error
        try:
            (self.folder / _OWNER).write_text(f"process {os.getpid()} on {socket.gethostname()}")
            stored = self._agree(extend)
            self.records, _, size = read_log(self.path, self.blueprint)
            self._keep_plan(stored)
            self._open_log(size)
        except BaseException:
            self._lock.release()
            raise

    def append(self, records: Iterable[Record]) -> None:
        """Write finished cells to the disk, all or none of them."""
        records = [replace(record, measured_under=self.blueprint.mark) for record in records]
        lines = b"".join(map(encode_line, records))
        self._write(lines if self._announced else encode_line({"session": _session()}) + lines)
        self._announced = True
        super().append(records)

    def close(self) -> None:
        """Flush to the disk and release the lock."""
        try:
            self._flush()
        finally:
            os.close(self._log)
            self._lock.release()

    def _agree(self, extend: bool) -> Blueprint | None:
        """The plan that is kept here, after it was compared with the one that is given; None if there is none."""
        if not (self.folder / _PLAN).exists():
            return None
        stored = read_blueprint(self.path)
        kinds, cells = stored.differences(self.blueprint)
        if kinds or (cells and not extend):
            remedy = "choose another store" if kinds else "choose another store, or add the cells with extend"
            raise InputError(f"{self.path} holds another scan: {'; '.join(kinds + cells)}; {remedy}")
        if not cells:
            return stored
        self.blueprint = stored.extended(self.blueprint)
        return self.blueprint

    def _keep_plan(self, stored: Blueprint | None) -> None:
        file = self.folder / _PLAN
        if stored is None and not all(record.measured_under for record in self.records.values()):
            raise InputError(
                f"{file} is missing, and without it nobody knows the settings of the records beside it, which an older version "
                "made; they are kept: put the file back, or choose another store"
            )
        text = (stored or self.blueprint).to_json().encode()
        if not file.exists() or file.read_bytes() != text:
            _write_whole(file, text)

    def _open_log(self, size: int) -> None:
        self._log = os.open(self.folder / _LOG, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(self._log, size)  # a line that was cut off would spoil the next one
        self._flushed = time.monotonic()

    def _write(self, lines: bytes) -> None:
        before = os.fstat(self._log).st_size
        try:
            written = 0
            while written < len(lines):
                written += os.write(self._log, lines[written:])
        except OSError as error:
            os.ftruncate(self._log, before)
            raise self._full(error) from error
        if time.monotonic() - self._flushed > _FLUSH:
            self._flush()

    def _flush(self) -> None:
        try:
            os.fsync(self._log)
        except OSError as error:
            raise self._full(error) from error
        self._flushed = time.monotonic()

    def _full(self, error: OSError) -> ScanError:
        return ScanError(
            f"cannot write to {self.path}: {error.strerror}; the {len(self.records)} cells that are there stay "
            "readable; make room and run the same command again"
        )


def read_blueprint(path: str | os.PathLike[str]) -> Blueprint:
    """What a store holds, without opening it for writing."""
    check_type(path, "path", str, os.PathLike)
    folder = Path(path) / LOG_FOLDER
    file = folder / _PLAN
    kept = "the records beside it are kept"
    if not file.exists() and (folder / _LOG).exists():
        raise InputError(f"{file} is missing; {kept}: put it back, or run the same scan again")
    if not file.exists():
        raise InputError(f"{path} is not the store of a scan; give the folder that was named with --store")
    try:
        return Blueprint.from_json(_contents(file))
    except InputError:
        raise
    except ValueError as error:
        raise InputError(
            f"{file} is damaged: {error}; {kept}: put a copy of it back, or move it away and run the same scan again"
        ) from error


def read_log(path: str | os.PathLike[str], blueprint: Blueprint) -> tuple[dict[Key, Record], list[dict[str, Any]], int]:
    """Records by cell, sessions, and the size in bytes of the log up to its last whole line.

    A damaged line is passed over: its cell is run again. Records of another blueprint are refused.
    """
    file = Path(path) / LOG_FOLDER / _LOG
    content = _contents(file) if file.exists() else b""
    size = content.rfind(b"\n") + 1
    records: dict[Key, Record] = {}
    sessions = []
    strangers = 0
    for entry in map(decode_line, content[:size].splitlines(keepends=True)):
        if isinstance(entry, Record):
            records[key_of(entry.cell)] = entry
            strangers += not _belongs(entry, blueprint)
        elif entry is not None:
            sessions.append(entry["session"])
    if strangers:
        raise InputError(
            f"{file} has records that were measured under other settings than those of this plan ({strangers}); they are kept: "
            f"put back the {_PLAN} that they belong to, or choose another store"
        )
    return records, sessions, size


def _belongs(record: Record, blueprint: Blueprint) -> bool:
    if record.measured_under:
        return record.measured_under == blueprint.mark
    shapes = {name: np.shape(value) for name, value in record.values.items()}
    fits = record.status == CellStatus.FAILED or shapes == {name: o.shape for name, o in blueprint.observables.items()}
    return fits and tuple(record.cell) == blueprint.dimensions


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    packages = {name: version(name) for name in ("phasetheory", "numpy", "scipy", "numba")}
    return {"python": platform.python_version(), **packages}


def _session() -> dict[str, Any]:
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": socket.gethostname(),
        "process": os.getpid(),
        "versions": versions(),
    }


def _owner(folder: Path) -> str:
    file = folder / _OWNER
    return (file.read_text() if file.exists() else "") or "another process"


def _contents(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}; nothing was changed") from error


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _write_whole(file: Path, text: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    trial = file.with_suffix(".new")
    with trial.open("wb") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    trial.replace(file)

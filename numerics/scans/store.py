"""The store: a folder that is a Zarr dataset, with the log it is made from beside it.

    runs.zarr/           the dataset, for any reader of Zarr; rewritten from the log
    runs.zarr/.scan/     plan.json: what is measured; records.log: one line per finished cell; lock

A line is appended and flushed to the disk as a cell finishes, and a line that was cut off is dropped when the store is opened
again: a cell is there whole, or not at all. Only the process that holds the lock writes; readers need no lock.
"""

import os
import platform
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from numerics.errors import InputError, ScanError
from numerics.scans.blueprint import Blueprint
from numerics.scans.records import Key, Record, decode_line, encode_line, key_of

__all__ = ["LOG_FOLDER", "Memory", "Store", "read_blueprint", "read_log", "versions"]

#: Folder inside the dataset with everything that is not Zarr.
LOG_FOLDER = ".scan"
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
        If the path is something else, belongs to another plan, or is in use.
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
            self._agree(extend)
            self._open_log()
        except BaseException:
            self._lock.release()
            raise

    def append(self, records: Iterable[Record]) -> None:
        """Write finished cells to the disk, all or none of them."""
        records = list(records)
        lines = b"".join(map(encode_line, records))
        self._write(lines if self._announced else encode_line({"session": _session()}) + lines)
        self._announced = True
        super().append(records)

    def close(self) -> None:
        """Release the lock."""
        os.close(self._log)
        self._lock.release()

    def _agree(self, extend: bool) -> None:
        file = self.folder / _PLAN
        if not file.exists():
            _write_whole(file, self.blueprint.to_json())
            return
        stored = Blueprint.from_json(file.read_text())
        kinds, cells = stored.differences(self.blueprint)
        if kinds or (cells and not extend):
            remedy = "choose another store" if kinds else "choose another store, or add the cells with extend"
            raise InputError(f"{self.path} holds another scan: {'; '.join(kinds + cells)}; {remedy}")
        if cells:
            self.blueprint = stored.extended(self.blueprint)
            _write_whole(file, self.blueprint.to_json())

    def _open_log(self) -> None:
        file = self.folder / _LOG
        self.records, _, size = read_log(self.path)
        self._log = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(self._log, size)

    def _write(self, lines: bytes) -> None:
        before = os.fstat(self._log).st_size
        try:
            written = 0
            while written < len(lines):
                written += os.write(self._log, lines[written:])
            os.fsync(self._log)
        except OSError as error:
            os.ftruncate(self._log, before)
            raise ScanError(
                f"cannot write to {self.path}: {error.strerror}; the {len(self.records)} cells that are there stay "
                "readable; make room and run the same command again"
            ) from error


def read_blueprint(path: str | os.PathLike[str]) -> Blueprint:
    """What a store holds, without opening it for writing."""
    file = Path(path) / LOG_FOLDER / _PLAN
    if not file.is_file():
        raise InputError(f"{path} is not the store of a scan; give the folder that was named with --store")
    return Blueprint.from_json(file.read_text())


def read_log(path: str | os.PathLike[str]) -> tuple[dict[Key, Record], list[dict[str, Any]], int]:
    """Records by cell, sessions, and the size in bytes of the log up to its last whole line.

    A damaged line is passed over: its cell is run again.
    """
    file = Path(path) / LOG_FOLDER / _LOG
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    records: dict[Key, Record] = {}
    sessions = []
    for content in map(decode_line, lines):
        if isinstance(content, Record):
            records[key_of(content.cell)] = content
        elif content is not None:
            sessions.append(content["session"])
    return records, sessions, sum(map(len, lines))


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


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _write_whole(file: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    trial = file.with_suffix(".new")
    with trial.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    trial.replace(file)

"""What is kept of one cell, as one line of text with a checksum: a line is either there or it is not."""

import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np

from numerics.scans.experiment import Cell, Coordinate

__all__ = [
    "CellStatus",
    "Key",
    "Record",
    "checksum",
    "decode_cell",
    "decode_line",
    "encode_line",
    "key_of",
    "short_text",
]

#: A cell's coordinates as exact text, in order.
Key = tuple[str, ...]

_PLACES = 12  # decimals of a coordinate in a message, where they say it exactly


class CellStatus(IntEnum):
    """What became of a cell."""

    NOT_PLANNED = 0  #: a place in the array that is not a cell of this scan
    PENDING = 1  #: not yet run
    DONE = 2
    STOPPED_SHORT = 3  #: values are there, but the run ended before its goal; the reason is kept
    FAILED = 4  #: no values; the reason is kept


@dataclass(frozen=True)
class Record:
    """One measured cell; wall time in seconds and the name of the machine are not part of the dataset.

    ``reason`` says why a cell is not done, or what is to be known of one that is.
    ``measured_under`` is the mark of the blueprint it was stored under: empty before it is stored, and in stores that are older
    than marks.
    """

    cell: Cell
    status: CellStatus
    values: Mapping[str, Any]
    reason: str
    seconds: float
    machine: str
    measured_under: str = ""


def key_of(cell: Cell) -> Key:
    """Exact text of the coordinates: ``1000`` for an integer, ``7/4`` or ``1/1`` for a fraction."""
    return tuple(
        str(value) if isinstance(value, int) else f"{value.numerator}/{value.denominator}" for value in cell.values()
    )


def short_text(value: Coordinate) -> str:
    """Exact text to read, so that different coordinates differ: ``1000002``, ``0.5``, and ``1/3``, which is no decimal."""
    value = Fraction(value)
    for places in range(_PLACES + 1):
        scaled = abs(value) * 10**places
        if scaled.denominator == 1:
            digits = f"{scaled.numerator:0{places + 1}d}"
            whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
            return "-" * (value < 0) + whole + (f".{part}" if part else "")
    return str(value)


def decode_cell(dimensions: Iterable[str], key: Iterable[str]) -> Cell:
    """Coordinates from their exact text."""
    return {name: Fraction(text) if "/" in text else int(text) for name, text in zip(dimensions, key, strict=True)}


def encode_line(content: Mapping[str, Any] | Record) -> bytes:
    """A line of the log: checksum, JSON, end of line. Floats keep every bit."""
    if isinstance(content, Record):
        content = {
            "cell": dict(zip(content.cell, key_of(content.cell), strict=True)),
            "settings": content.measured_under,
            "status": content.status.name,
            "values": {name: np.asarray(value, dtype=float).tolist() for name, value in content.values.items()},
            "reason": content.reason,
            "seconds": content.seconds if math.isfinite(content.seconds) else 0.0,
            "machine": content.machine,
        }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%s %s\n" % (checksum(text).encode(), text)


def checksum(text: bytes) -> str:
    """CRC-32 in hexadecimal: against damage, not against intent."""
    return f"{zlib.crc32(text):08x}"


def decode_line(line: bytes) -> Record | dict[str, Any] | None:
    """The content of a line; None if it is damaged."""
    found, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or found != checksum(text).encode():
        return None
    try:
        content: dict[str, Any] = json.loads(text)
        if "cell" not in content:
            return content if "session" in content else None
        return Record(
            decode_cell(content["cell"], content["cell"].values()),
            CellStatus[content["status"]],
            content["values"],
            content["reason"],
            content["seconds"],
            content["machine"],
            measured_under=content.get("settings", ""),  # none in a store of before there were marks
        )
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError):  # whole, but not what is written here
        return None

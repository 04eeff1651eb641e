"""The part of an experiment that its store must agree with, as JSON, and the differences between two of them in words."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numerics.errors import InputError
from numerics.scans.experiment import Cell, Coordinate, Experiment, Observable, Setting
from numerics.scans.records import checksum, decode_cell, key_of, short_text

__all__ = ["Blueprint"]

_FORMAT = 2  # of the folder; another number is refused, but for the one before, which had no checksum and no marks
_BEFORE = 1
_MARK = 12  # hexadecimal digits: a chance of 4e-15 that two plans share theirs
_SHOWN = 6  # values of a coordinate in a message


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_label(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _is_list(value: Any, is_right: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(is_right, value))


def _is_table(value: Any, is_right: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(is_right, value.values()))


def _is_observable(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _is_text(value.get("description"))
        and _is_table(value.get("labels"), lambda labels: _is_list(labels, _is_label))
    )


#: What has to be there, and what it has to be.
_PARTS: dict[str, Callable[[Any], bool]] = {
    "title": _is_text,
    "command": _is_text,
    "settings": lambda value: _is_table(value, _is_label),
    "observables": lambda value: _is_table(value, _is_observable),
    "dimensions": lambda value: _is_list(value, _is_text) and len(set(value)) == len(value) > 0,
    "cells": lambda value: _is_list(value, lambda key: _is_list(key, _is_text)) and len(value) > 0,
}


@dataclass(frozen=True)
class Blueprint:
    """Cells, observables and settings of a scan, with its title and command."""

    cells: tuple[Cell, ...]
    observables: Mapping[str, Observable]
    settings: Mapping[str, Setting]
    title: str
    command: str

    @classmethod
    def of(cls, experiment: Experiment) -> "Blueprint":
        """Take it from an experiment, whose cells are checked."""
        cells = tuple(experiment.cells)
        if not cells or not cells[0]:
            raise InputError(f"{experiment!r} has no cells; give at least one value of every coordinate")
        if any(tuple(cell) != tuple(cells[0]) for cell in cells):
            raise InputError("cells differ in their coordinates; give all of them the same names in the same order")
        if len({key_of(cell) for cell in cells}) < len(cells):
            raise InputError("a cell is given twice; give each of them once")
        return cls(cells, experiment.observables, experiment.settings, experiment.title, experiment.command)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the coordinates, in order."""
        return tuple(self.cells[0])

    @cached_property
    def mark(self) -> str:
        """Short hash of all that decides the numbers of a cell, which its record is stored with: equal where nothing differs."""
        observables = {name: {k: list(v) for k, v in o.labels.items()} for name, o in self.observables.items()}
        settings = {name: _plain(value) for name, value in self.settings.items()}
        text = json.dumps([self.dimensions, settings, observables], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_MARK]

    def differences(self, other: "Blueprint") -> tuple[list[str], list[str]]:
        """In what ``other`` differs from this one: (settings and shape, cells), one line each."""
        kinds = [
            f"{name}: the store has {mine}, this plan {theirs}"
            for name, mine, theirs in self._compared(other)
            if mine != theirs
        ]
        if self.dimensions != other.dimensions:
            return kinds, []
        cells = []
        for name in self.dimensions:
            mine, theirs = ({cell[name] for cell in blueprint.cells} for blueprint in (self, other))
            if mine != theirs:
                cells.append(f"{name}: the store has {_listed(mine)}, this plan {_listed(theirs)}")
        if not cells and {key_of(c) for c in self.cells} != {key_of(c) for c in other.cells}:
            cells.append(f"cells: the store has {len(self.cells)}, this plan {len(other.cells)} others")
        return kinds, cells

    def extended(self, other: "Blueprint") -> "Blueprint":
        """Itself with the cells of ``other`` added."""
        known = {key_of(cell) for cell in self.cells}
        added = tuple(cell for cell in other.cells if key_of(cell) not in known)
        return Blueprint(self.cells + added, self.observables, self.settings, self.title, other.command)

    def to_json(self) -> str:
        """As text for the store."""
        content = {
            "format": _FORMAT,
            "title": self.title,
            "command": self.command,
            "settings": dict(self.settings),
            "observables": {
                name: {"description": o.description, "labels": {k: list(v) for k, v in o.labels.items()}}
                for name, o in self.observables.items()
            },
            "dimensions": self.dimensions,
            "cells": [key_of(cell) for cell in self.cells],
        }
        return _text({"checksum": checksum(_text(content).encode()), **content})

    @classmethod
    def from_json(cls, text: bytes) -> "Blueprint":
        """From the text in a store.

        Raises
        ------
        InputError
            If another version made it.
        ValueError
            If it is damaged; says how.
        """
        try:
            content = json.loads(text.decode())
        except (ValueError, RecursionError) as error:
            raise ValueError("it is not whole JSON" if text.strip() else "it is empty") from error
        if not isinstance(content, dict):
            raise ValueError("it is not a JSON object")
        expected = content.pop("checksum", None)
        if expected is not None and expected != checksum(_text(content).encode()):
            raise ValueError("its checksum is wrong")
        if expected is None and content.get("format") != _BEFORE:
            raise ValueError("its checksum is missing")
        if content.get("format") not in (_BEFORE, _FORMAT):
            raise InputError(
                f"the store has format {content.get('format')!r}, this version reads {_BEFORE} and {_FORMAT}; "
                "use the version of phasetheory that made it"
            )
        for name, is_right in _PARTS.items():
            if not is_right(content.get(name)):
                raise ValueError(f"its entry {name!r} is missing or of a wrong type")
        try:
            cells = tuple(decode_cell(content["dimensions"], key) for key in content["cells"])
        except (ValueError, ZeroDivisionError) as error:
            raise ValueError("its entry 'cells' has a cell that is not a number for every dimension") from error
        return cls(
            cells,
            {name: Observable(o["description"], o["labels"]) for name, o in content["observables"].items()},
            content["settings"],
            content["title"],
            content["command"],
        )

    def _compared(self, other: "Blueprint") -> Iterator[tuple[str, Any, Any]]:
        yield "coordinates", ", ".join(self.dimensions), ", ".join(other.dimensions)
        for name in sorted({*self.settings, *other.settings}):
            yield name, self.settings.get(name, "nothing"), other.settings.get(name, "nothing")
        for name in sorted({*self.observables, *other.observables}):
            mine, theirs = (b.observables[name].labels if name in b.observables else None for b in (self, other))
            yield f"observable {name}", _described(mine), _described(theirs)


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content)  # ASCII: it can be written and read whatever the encoding, and whatever a file is called


def _plain(value: Setting) -> Setting:
    """One value for 1, 1.0 and True, which are equal where settings are compared."""
    fraction = isinstance(value, float) and not value.is_integer()
    return value if isinstance(value, str) or fraction else int(value)


def _described(labels: Mapping[str, Any] | None) -> str:
    if labels is None:
        return "none"
    return " by ".join(f"{name} {list(values)}" for name, values in labels.items()) or "a number"


def _listed(values: set[Coordinate]) -> str:
    texts = [short_text(value) for value in sorted(values)]
    shown = texts if len(texts) <= _SHOWN else [*texts[: _SHOWN // 2], "..", *texts[-_SHOWN // 2 :]]
    return f"{', '.join(shown)} ({len(texts)})"

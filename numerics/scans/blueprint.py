"""The part of an experiment that its store must agree with, as JSON, and the differences between two of them in words."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numerics.errors import InputError
from numerics.scans.experiment import Cell, Experiment, Observable, Setting
from numerics.scans.records import decode_cell, key_of

__all__ = ["Blueprint"]

_FORMAT = 1  # of the folder; another number is refused
_SHOWN = 6  # values of a coordinate in a message


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
        return json.dumps(
            {
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
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "Blueprint":
        """From the text in a store."""
        content = json.loads(text)
        if content.get("format") != _FORMAT:
            raise InputError(
                f"the store has format {content.get('format')!r}, this version reads {_FORMAT}; "
                "use the version of phasetheory that made it"
            )
        return cls(
            tuple(decode_cell(content["dimensions"], key) for key in content["cells"]),
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


def _described(labels: Mapping[str, Any] | None) -> str:
    if labels is None:
        return "none"
    return " by ".join(f"{name} {list(values)}" for name, values in labels.items()) or "a number"


def _listed(values: set[Any]) -> str:
    ordered = sorted(values)
    shown = ordered if len(ordered) <= _SHOWN else [*ordered[: _SHOWN // 2], "..", *ordered[-_SHOWN // 2 :]]
    return f"{', '.join(map(_decimal, shown))} ({len(ordered)})"


def _decimal(value: Any) -> str:
    return value if isinstance(value, str) else f"{float(value):g}"

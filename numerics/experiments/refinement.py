"""refine(): a scan that halves the interval around the measured boundary, row by row.

Plain bisection is enough here. In every row S is one function of one coordinate that rises through zero once, so the place to
look next is known: between the last point below and the first above. A general sampler, such as the package ``adaptive``,
would spend its points on the corners of S as well, which are not asked for. A row is left alone when its points lie closer
together than the interval of its crossing: from there on only more seeds or widths help.
"""

import os
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Executor
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from numerics.arrays import whole_number
from numerics.errors import InputError, check_choice, check_type
from numerics.scans import Cell, CellStatus, Experiment, OnProgress, Session, Workers
from numerics.slopes import crossings

if TYPE_CHECKING:
    import xarray

__all__ = ["refine"]

_NOT_POINTS = ("width", "seed")  # coordinates that every slope runs over


def refine(
    experiment: Experiment,
    store: str | os.PathLike[str] | None = None,
    *,
    rounds: int,
    along: str | None = None,
    select: Mapping[str, str] | None = None,
    executor: Executor | Workers | None = None,
    retry_failed: bool = False,
    extend: bool = False,
    progress: OnProgress | None = None,
) -> "xarray.Dataset":
    """Scan an experiment, then bisect every row at its boundary.

    Parameters
    ----------
    experiment, store, executor, retry_failed, extend, progress
        As for :func:`numerics.scan`. A scan that is in the store is refined as it stands; more rounds may be asked for later.
    rounds : int
        How often the interval around the crossing is halved.
    along : str
        Coordinate in which to bisect; the first by default.
    select : mapping
        Labels of what the boundary is looked for; the first layer and norm of the relative distances by default.

    Returns
    -------
    xarray.Dataset
        With the additional cells; places that belong to no cell have status NOT_PLANNED.
    """
    whole_number(rounds, "rounds", 0, "give the number of halvings, 0 or more")
    check_type(experiment, "experiment", Experiment)
    names = [name for name in experiment.cells[0] if name not in _NOT_POINTS]
    along = names[0] if along is None else along
    check_choice(along, "along", names)
    chosen = _labels(experiment, select)
    with Session(experiment, store, executor=executor, extend=extend, progress=progress) as session:
        session.run(experiment.cells, retry_failed=retry_failed)
        known = list(experiment.cells)
        for _ in range(rounds):
            added = _next_cells(_of(session.dataset(), known), known, along, chosen)
            if not added:
                break
            session.run(added, retry_failed=retry_failed)
            known += added
        return session.dataset()


def _labels(experiment: Experiment, select: Mapping[str, str] | None) -> dict[str, str]:
    """What the boundary is looked for, by the labels of the relative distances."""
    labels = experiment.observables["relative_distance"].labels
    if select is None:
        return {name: str(values[0]) for name, values in labels.items()}
    check_type(select, "select", Mapping)
    if set(select) != set(labels):
        raise InputError(f"select = {dict(select)}; give a label for each of {', '.join(labels)}")
    for name, values in labels.items():
        check_choice(select[name], f"select[{name!r}]", map(str, values))
    return dict(select)


def _of(dataset: "xarray.Dataset", cells: list[Cell]) -> "xarray.Dataset":
    """The dataset as it would be with these cells alone: a store may hold those of later rounds already."""
    status = dataset["status"]
    values = {name: [float(cell[name]) for cell in cells] for name in map(str, status.dims)}
    places = tuple(dataset.get_index(name).get_indexer(found) for name, found in values.items())
    there = np.zeros(status.shape, dtype=bool)
    there[places] = True
    return dataset.assign(status=status.where(there, np.int8(CellStatus.NOT_PLANNED)))


def _next_cells(
    dataset: "xarray.Dataset", known: list[Cell], along: str, select: Mapping[str, str | float]
) -> list[Cell]:
    """Cells half-way between the points on either side of the crossing, in rows where that is worth it."""
    found = crossings(dataset.sel(select), along)
    exact = {float(cell[along]): Fraction(cell[along]) for cell in known}
    rows: dict[tuple[tuple[str, float], ...], list[Cell]] = defaultdict(list)
    for cell in known:
        rows[tuple((name, float(value)) for name, value in cell.items() if name not in (along, *_NOT_POINTS))].append(
            cell
        )
    added: list[Cell] = []
    for labels, cells in rows.items():
        row = found.sel(dict(labels))
        below, above = float(row["below"]), float(row["above"])
        noise = float(row["high"] - row["low"])
        if not np.isfinite(below) or (np.isfinite(noise) and above - below <= noise):
            continue
        middle = (exact[below] + exact[above]) / 2
        first = cells[0][along]
        added += [{**cell, along: middle} for cell in cells if cell[along] == first]
    return added

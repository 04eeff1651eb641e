"""Scans: many independent runs, each stored as it finishes, on one machine or many.

An :class:`Experiment` says what the cells are and measures one of them; :func:`scan` runs those that are not in the store yet, on
the :class:`Workers` it is given, and returns a labelled dataset. Nothing here knows what a network is.
"""

from numerics.scans.experiment import Cell, Experiment, Observable, Outcome, Setting
from numerics.scans.records import CellStatus, Record
from numerics.scans.results import failures, notes, open_scan, timing
from numerics.scans.scan import OnProgress, ScanProgress, Session, scan
from numerics.scans.workers import Dask, Processes, Serial, Threads, Workers

__all__ = [
    "Cell",
    "CellStatus",
    "Dask",
    "Experiment",
    "Observable",
    "OnProgress",
    "Outcome",
    "Processes",
    "Record",
    "ScanProgress",
    "Serial",
    "Session",
    "Setting",
    "Threads",
    "Workers",
    "failures",
    "notes",
    "open_scan",
    "scan",
    "timing",
]

"""Scans: many independent runs, each stored as it finishes, on one machine or many.

An :class:`Experiment` says what the cells are and measures one of them; :func:`scan` runs those that are not in the store yet, on
the :class:`Workers` it is given, and returns a labelled dataset. Nothing here knows what a network is.
"""

from numerics.scans.experiment import Cell, Experiment, Observable, Outcome
from numerics.scans.records import Status
from numerics.scans.results import failures, open_scan, timing
from numerics.scans.scan import ScanProgress, Session, scan
from numerics.scans.workers import Dask, Processes, Serial, Workers

__all__ = [
    "Cell",
    "Dask",
    "Experiment",
    "Observable",
    "Outcome",
    "Processes",
    "ScanProgress",
    "Serial",
    "Session",
    "Status",
    "Workers",
    "failures",
    "open_scan",
    "scan",
    "timing",
]

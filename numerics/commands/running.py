"""What commands that scan have in common: options on where to run, and progress."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

from numerics.commands.letters import Speaker
from numerics.commands.options import exclusive
from numerics.scans import CellStatus, Dask, OnProgress, Processes, ScanProgress, Serial, Workers, open_scan

__all__ = [
    "Extend",
    "RetryFailed",
    "Show",
    "StoreFolder",
    "chosen_workers",
    "print_failures",
    "progress_bar",
    "progress_text",
    "resumable",
    "scan_progress",
]

StoreFolder = Annotated[
    Path, typer.Option(help="Folder of the results (Zarr); the same command again goes on with it.")
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Run again what failed or stopped short.")]
Extend = Annotated[bool, typer.Option("--extend", help="Add these cells to a store that was made with others.")]

_INTERRUPTED = 130
_ROOM_FOR_A_BAR = 100  # columns, with the text beside it
_SHOWN_FAILURES = 3
_LINE_EVERY = 10.0  # seconds between lines of progress where there is no terminal


def chosen_workers(
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, help="Processes on this machine; by default one for each core.")
    ] = None,
    serial: Annotated[bool, typer.Option("--serial", help="No other process: one cell after the other.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Start a local Dask cluster of so many workers.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Use a Dask cluster that runs: its address, such as tcp://HOST:PORT.")
    ] = None,
) -> Workers:
    """Where to run, from the options; processes on this machine if none is given."""
    given = {"--processes": processes, "--serial": serial, "--workers": workers, "--scheduler": scheduler}
    exclusive(given, "they say where to run")
    if serial:
        return Serial()
    if workers is not None or scheduler is not None:
        return Dask(scheduler, workers=workers)
    return Processes(processes)


def print_failures(reasons: Mapping[str, str], console: Console) -> None:
    """Name cells that failed or stopped short, the first few with their reasons."""
    if reasons:
        console.print(f"{len(reasons)} cells failed or stopped short, and are in no slope:", style="bold red")
        for cell, reason in list(reasons.items())[:_SHOWN_FAILURES]:
            console.print(f"  {cell}: {reason}", markup=False, soft_wrap=True)


#: Called with how much is done, of how much, and a text.
Show = Callable[[float, float, str], object]


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Show]:
    """A bar on a terminal, a line now and then elsewhere; on stderr."""
    console = Speaker(stderr=True, quiet=quiet)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns: list[ProgressColumn] = [
        BarColumn(),
        TextColumn("{task.description}", table_column=Column(overflow="fold")),
        TimeElapsedColumn(),
    ]
    if console.width < _ROOM_FOR_A_BAR:
        columns = columns[1:2]
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda done, total, text: bar.update(task, total=total, completed=done, description=text)


@contextmanager
def scan_progress(*, quiet: bool = False) -> Iterator[OnProgress]:
    """The progress of one scan."""
    with progress_bar(quiet=quiet) as show:
        yield lambda now: show(now.done + now.failed, now.total, progress_text(now))


@contextmanager
def resumable(store: Path | None) -> Iterator[None]:
    """Say, when a scan is interrupted, what is stored and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        if store is None:
            raise
        done = int((open_scan(store)["status"] > CellStatus.PENDING).sum())
        Speaker(stderr=True).print(
            f"phasetheory: interrupted; {done} cells are in {store}; run the same command again to go on",
            soft_wrap=True,
        )
        raise typer.Exit(_INTERRUPTED) from None


class _Lines:
    """Progress for a log file."""

    def __init__(self, console: Console) -> None:
        self._console, self._next = console, 0.0

    def __call__(self, done: float, total: float, text: str) -> None:
        if time.monotonic() >= self._next or done == total:
            self._next = time.monotonic() + _LINE_EVERY
            self._console.print(text, markup=False, soft_wrap=True)


def progress_text(now: ScanProgress) -> str:
    """Cells, rate and time left, for people."""
    failed = f", {now.failed} failed" if now.failed else ""
    text = f"{now.done} of {now.total} cells{failed}"
    if now.rate == 0.0 or now.done + now.failed == now.total:
        return text
    return f"{text}, {now.rate:.3g}/s, {_duration(now.remaining)} left"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

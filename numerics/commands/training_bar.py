"""A bar on the terminal while networks are trained."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["training_bar"]


@contextmanager
def training_bar(total: int, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr that goes away at the end; yields progress(done, total)."""
    columns = (
        TextColumn("training networks"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, quiet=quiet), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, _: bar.update(task, completed=done)

"""Tables of results for a terminal, all in one style."""

from collections.abc import Collection, Iterable

from rich.box import SIMPLE
from rich.table import Table

__all__ = ["plain_table"]


def plain_table(title: str, caption: str, headings: Iterable[str], *, left: Collection[str] = ()) -> Table:
    """An empty table: bold title, caption below, columns to the right but for those named in ``left``."""
    table = Table(title=title, caption=caption, box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0), title_style="bold")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in left else "right", no_wrap=True)
    return table

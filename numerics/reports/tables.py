"""Tables of results for a terminal, all in one style."""

from collections.abc import Collection, Iterable

from rich.box import SIMPLE
from rich.table import Table

__all__ = ["plain_table"]


def plain_table(
    title: str, caption: str, headings: Iterable[str], *, left: Collection[str] = (), dense: bool = False
) -> Table:
    """An empty table: bold title, caption below, columns to the right but for those named in ``left``."""
    padding = (0, 0, 0, 0) if dense else (0, 1, 0, 0)
    table = Table(title=title, caption=caption, box=SIMPLE, pad_edge=False, padding=padding, title_style="bold")
    for heading in headings:
        width = 5 if dense else None  # of a slope with its sign
        table.add_column(heading, justify="left" if heading in left else "right", no_wrap=True, min_width=width)
    return table

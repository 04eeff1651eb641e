"""Tables of results, all in one style: on a terminal of any width, and as HTML in a notebook."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from html import escape
from itertools import zip_longest
from typing import NamedTuple

from rich.box import SIMPLE
from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["ResultTable"]

_NARROWEST_SENTENCE = 18  # characters of a column of sentences, which may be wrapped


class _Row(NamedTuple):
    cells: tuple[str, ...]
    ends_section: bool


class ResultTable:
    """Rows under headings; where the columns do not fit, every row stands as lines of ``heading  cell``. Nothing is cut.

    Parameters
    ----------
    title, caption : str
        Above it in bold, and below it.
    headings : iterable of str
    keys : int
        Leading columns that say which row it is. Empty ones mean the same as above.
    left : collection of str
        Headings of the columns that are aligned to the left; the others are to the right.
    sentences : collection of str
        Headings of columns whose cells may be wrapped.
    dense : bool
        Many short numbers: no space between columns, and several in a line where they do not fit.
    stacked : sequence of str, optional
        What to call the columns where they do not fit, if the headings alone would not say it.
    """

    def __init__(
        self,
        title: str,
        caption: str,
        headings: Iterable[str],
        *,
        keys: int,
        left: Collection[str] = (),
        sentences: Collection[str] = (),
        dense: bool = False,
        stacked: Sequence[str] | None = None,
    ) -> None:
        self.title, self.caption, self.headings = title, caption, tuple(headings)
        self.rows: list[_Row] = []
        self._keys, self._left, self._sentences, self._dense = keys, left, sentences, dense
        self._names = self.headings if stacked is None else tuple(stacked)

    def add_row(self, *cells: str, end_section: bool = False) -> None:
        """A cell for every heading, in the markup of Rich."""
        if len(cells) != len(self.headings):
            raise ValueError(f"{len(cells)} cells for {len(self.headings)} headings; give one for each")
        self.rows.append(_Row(cells, end_section))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        grid = self._grid(console)
        if Measurement.get(console, options.update(width=_ENDLESS), grid).minimum <= options.max_width:
            yield grid
            return
        yield Text.from_markup(f"[bold]{self.title}[/]")
        keys: tuple[str, ...] = ()
        for row in self.rows:
            keys = tuple(new or old for new, old in zip_longest(row.cells[: self._keys], keys))
            yield ""
            yield from self._block(keys, row.cells[self._keys :], console, options.max_width)
        yield ""
        yield Text(self.caption.replace("\n", " "), style="italic dim")

    def _grid(self, console: Console) -> Table:
        padding = (0, 0, 0, 0) if self._dense else (0, 1, 0, 0)
        table = Table(
            title=self.title,
            caption=self.caption,
            box=SIMPLE,
            pad_edge=False,
            padding=padding,
            title_style="bold",
        )
        for column, heading in enumerate(self.headings):
            longest = max(_length(text, console) for text in (heading, *(row.cells[column] for row in self.rows)))
            wrapped = heading in self._sentences
            table.add_column(
                heading,
                justify="left" if heading in self._left else "right",
                no_wrap=not wrapped,
                min_width=min(longest, _NARROWEST_SENTENCE) if wrapped else max(longest, 5 if self._dense else 0),
            )
        for row in self.rows:
            table.add_row(*row.cells, end_section=row.ends_section)
        return table

    def _block(
        self, keys: tuple[str, ...], cells: tuple[str, ...], console: Console, width: int
    ) -> Iterator[RenderableType]:
        """What says which row it is, and below it the rest, a line each or several in a line."""
        said = [f"{name} {key}" for name, key in zip(self._names, keys, strict=False)]
        yield Text("  ").join(map(console.render_str, said))
        named = [(name, cell) for name, cell in zip(self._names[self._keys :], cells, strict=True) if cell]
        if self._dense:
            yield from _flow([console.render_str(f"{name}: {cell}") for name, cell in named], width)
            return
        lines = Table.grid(padding=(0, 2, 0, 0))
        lines.add_column(no_wrap=True)
        lines.add_column(overflow="fold")
        for name, cell in named:
            lines.add_row(name, cell)
        yield Padding(lines, (0, 0, 0, 2))

    def _repr_html_(self) -> str:
        def cell(tag: str, heading: str, text: str) -> str:
            side = "left" if heading in self._left else "right"
            return f'<{tag} style="text-align: {side}">{escape(Text.from_markup(text).plain)}</{tag}>'

        head = "".join(cell("th", heading, heading) for heading in self.headings)
        body = "\n".join(
            f"<tr>{''.join(cell('td', h, c) for h, c in zip(self.headings, row.cells, strict=True))}</tr>"
            for row in self.rows
        )
        caption = f"<p><em>{escape(self.caption)}</em></p>"
        return (
            f"<table>\n<caption><strong>{escape(self.title)}</strong></caption>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody>\n</table>\n{caption}"
        )


_ENDLESS = 10_000  # columns: to measure without being held to the width of the terminal


def _length(markup: str, console: Console) -> int:
    """Columns that a cell takes, as its console spells it."""
    return console.render_str(markup).cell_len


def _flow(pieces: list[Text], width: int) -> Iterator[Text]:
    """Pieces in lines, none of them broken."""
    line: list[Text] = []
    for piece in pieces:
        if line and 2 + sum(part.cell_len + 2 for part in line) + piece.cell_len > width:
            yield Text("  ") + Text("  ").join(line)
            line = []
        line.append(piece)
    if line:
        yield Text("  ") + Text("  ").join(line)

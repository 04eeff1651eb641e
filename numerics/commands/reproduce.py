"""``phasetheory reproduce``: the chapter, page by page, by one command."""

from pathlib import Path
from typing import Annotated

import typer

from numerics.commands.completion import offer
from numerics.commands.letters import Speaker
from numerics.commands.look import Look
from numerics.commands.output import parse_integers, prepare
from numerics.commands.running import progress_bar
from numerics.errors import InputError
from phasetheory.symbols.language import LANGUAGES, check_language

__all__ = ["reproduce"]

_DISAGREES, _INTERRUPTED = 1, 130


def reproduce(
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for index.html, the pictures and the scans; the same command again goes on with it."),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Fewer points, smaller widths, fewer seeds: three minutes instead of half an hour."
        ),
    ] = False,
    only: Annotated[str | None, typer.Option(help="Pages to make, such as 7 or 3,7; all by default.")] = None,
    language: Annotated[
        str | None,
        typer.Option(
            help="Language of the figures and of what is proved: en, or zh, Chinese. The text around them is English.",
            autocompletion=offer(*LANGUAGES),
        ),
    ] = None,
) -> int:
    """Make every page of the chapter: what the theory predicts beside what trained networks do, in one index.html.

    Stopped in whatever way, the same command keeps the pages that are done and goes on. Exit status 1 if a page disagrees.
    """
    if out is None:
        raise InputError("--out is missing; give the folder for index.html and the pictures")
    look = Look(None, None if language is None else check_language(language))
    look.check(True)
    from numerics.commands.chapter.making import in_use, known_record, make, open_chapter  # with Matplotlib
    from numerics.commands.chapter.page import Edition
    from numerics.commands.chapter.pages import PAGES

    numbers = _numbers(only, len(PAGES))
    chosen = [page for page in PAGES if page.number in numbers]
    prepare(out)
    console, edition = Speaker(), Edition(quick, look.language)
    with in_use(out):
        open_chapter(out, edition)
        try:
            with progress_bar() as show, look.figures():
                make(out, chosen, PAGES, edition, show=show)
        except KeyboardInterrupt:
            done = sum(known_record(out, page) is not None for page in PAGES)
            Speaker(stderr=True).print(
                f"phasetheory: interrupted; {done} of {len(PAGES)} pages are in {out}; run the same command again to "
                "go on",
                soft_wrap=True,
            )
            raise typer.Exit(_INTERRUPTED) from None
        records = [record for page in chosen if (record := known_record(out, page))]
    for record in records:
        console.print(
            f"{record.number:>3}  {record.title}: {record.verdict}. {record.because}", markup=False, soft_wrap=True
        )
    console.print(f"The chapter is in {out / 'index.html'}", soft_wrap=True)
    return _DISAGREES if any(record.disagrees for record in records) else 0


def _numbers(only: str | None, last: int) -> list[int]:
    """Numbers of pages, each once."""
    if only is None:
        return list(range(1, last + 1))
    numbers = list(parse_integers("--only", only, "7 or 3,7"))
    if len(set(numbers)) < len(numbers) or not all(1 <= number <= last for number in numbers):
        raise InputError(f"--only {only}: the pages are 1 to {last}; give numbers of them, each once, such as 7 or 3,7")
    return numbers

"""How pictures look and in which language they are, as options: declared, refused and applied in one place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from numerics.commands.completion import offer
from numerics.errors import InputError
from phasetheory.symbols.language import ENGLISH, LANGUAGES, check_language

__all__ = ["Language", "Look", "Style", "read_look"]


class Style(StrEnum):
    """What figures are for."""

    paper = "paper"
    talk = "talk"


Language = Annotated[
    str | None,
    typer.Option(help="Language of the document and of figures: en, or zh, Chinese.", autocompletion=offer(*LANGUAGES)),
]


@dataclass(frozen=True)
class Look:
    """What a command that draws was asked for; None where nothing was."""

    style: Style | None
    asked: str | None

    @property
    def language(self) -> str:
        """The language asked for, or English."""
        return self.asked or ENGLISH

    def check(self, drawn: bool, *, written: bool = False) -> None:
        """Refuse what has no effect, and a language whose letters no font here has, before anything is trained.

        Parameters
        ----------
        drawn : bool
            Whether a picture is made.
        written : bool
            Whether a document is, which has a language without a picture.
        """
        given = {"--style": self.style and self.style.value, "--language": None if written else self.asked}
        for option, value in given.items():
            if value is not None and not drawn:
                raise InputError(f"{option} {value}: it is that of a picture; give --out, or leave it out")
        if drawn and self.language != ENGLISH:
            from numerics.figures.language import check_letters  # Matplotlib only when a picture is asked for

            check_letters(self.language)

    @contextmanager
    def figures(self) -> Iterator[None]:
        """Figures that are drawn and saved within are as was asked."""
        from numerics.figures.canvas import figures_for  # Matplotlib only when a picture is asked for
        from numerics.figures.language import figures_in

        with figures_in(self.language), figures_for(self.style):
            yield


def read_look(
    style: Annotated[
        Style | None,
        typer.Option(help="paper: one column wide, two with panels side by side. talk: a slide, 16:9."),
    ] = None,
    language: Language = None,
) -> Look:
    """The options of a command that draws."""
    return Look(style, None if language is None else check_language(language))

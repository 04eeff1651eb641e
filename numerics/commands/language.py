"""The language of a document and of figures, as an option."""

from typing import Annotated

import typer

from numerics.commands.completion import offer
from phasetheory.symbols.language import LANGUAGES

__all__ = ["Language"]

Language = Annotated[
    str | None,
    typer.Option(help="Language of the document and of figures: en, or zh, Chinese.", autocompletion=offer(*LANGUAGES)),
]

"""What is written on the page, in two languages: English, and a table from it to Chinese."""

from numerics.explore.chinese import CHINESE
from phasetheory.symbols.language import ENGLISH, Catalogue

__all__ = ["said", "words_in"]


def words_in(language: str) -> Catalogue:
    """The catalogue of a language; English is the table's left side."""
    return Catalogue(None if language == ENGLISH else CHINESE)


def said(words: Catalogue, text: str) -> str:
    """A text in the language of a catalogue, its formulas without the dollar signs around them."""
    return words.translate(text).replace("$", "")

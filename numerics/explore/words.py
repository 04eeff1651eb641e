"""What is written on the page, in two languages: English, and a table from it to Chinese."""

import re

from numerics.explore.chinese import CHINESE
from phasetheory.symbols import prose
from phasetheory.symbols.language import ENGLISH, Catalogue

__all__ = ["mistake", "said", "words_in"]

_PAIR = r"-?[\d.]+,-?[\d.]+"
#: What a message repeats of what was given, and its examples: ``gamma = 'one'``, ``7/4``, ``-1,0.5; 1,0.2``.
_GIVEN = re.compile(rf"(?:\w+ = )?'[^']*'|\w+ = -?[\d.]+|{_PAIR}(?:; {_PAIR})*|x,y(?:; x,y)*|\d+/\d+|\d+(?:_\d+)+")


def words_in(language: str) -> Catalogue:
    """The catalogue of a language; English is the table's left side."""
    return Catalogue(None if language == ENGLISH else CHINESE)


def said(words: Catalogue, text: str) -> str:
    """A text in the language of a catalogue, its formulas without the dollar signs around them."""
    return words.translate(text).replace("$", "")


def mistake(words: Catalogue, message: str) -> str:
    """What is wrong with an input, in the language of a catalogue; what it repeats of the input stays.

    Examples
    --------
    >>> mistake(words_in("zh"), "gamma = 'one' is no number; give a decimal or a fraction, such as 7/4")
    "gamma = 'one' 不是数字；请输入小数或分数，例如 7/4"
    """
    return prose.text(words.translate(_GIVEN.sub(lambda found: prose.literal(found[0]), message)))

"""Prose and labels in another language: a table from English, and the one way in which it is read.

What a message says of the case at hand (formulas between dollar signs, numbers, citations, names of the user's) is taken out
before it is looked up and put back after, so that no formula is touched and one entry serves every case: the entry of
``"$w$ is linear for 2 layers"`` is ``"{} is linear for {} layers"``. Where a message as a whole has no entry it is looked up in
its parts, from one punctuation mark to the next.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from phasetheory.errors import check_choice
from phasetheory.symbols.formulas import with_words
from phasetheory.symbols.prose import LITERAL

__all__ = ["ENGLISH", "LANGUAGES", "Catalogue", "check_language"]

ENGLISH = "en"
#: Languages, by their ISO 639 codes.
LANGUAGES = (ENGLISH, "zh")

_FORMULA = r"(?<!\\)\$(?:\\\$|[^$])*\$"
_NUMBER = r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?%?(?!\w)"
_CASES = re.compile(rf"{_FORMULA}(?:, {_FORMULA})*|{LITERAL}|\[@[a-z]+\d+\]|@[a-z]+\d+|{_NUMBER}")
# from the loosest to the tightest, and what each becomes
_JOINTS = {
    "\n": "\n",
    "] ": "] ",
    ". ": "。",
    "; ": "；",
    ": ": "：",
    " [": " [",
    ", ": "，",
    " (": "（",
}
_ENDS = {".": "。", ":": "：", ",": "，", ";": "；", "]": "]"}
_TEXT_OF_TEX = re.compile(r"\\text\{([^{}]*)\}")


def check_language(language: str) -> str:
    """A language that there is a catalogue of, or English."""
    check_choice(language, "language", LANGUAGES)
    return language


@dataclass(frozen=True)
class Catalogue:
    """Messages in another language.

    Attributes
    ----------
    messages : mapping of str -> str, or None
        By the English message, with ``{}`` for what a case fills in; numbered ``{0}``, ``{1}`` where the order is another. None
        is English itself.
    """

    messages: Mapping[str, str] | None

    def translate(self, prose: str) -> str:
        """A message, or one that is put together from several; what has no entry stays as it is.

        Examples
        --------
        >>> Catalogue({"{} linear": "{} 线性", "{} condensed": "{} 凝聚"}).translate("$w$ linear, $W_(l+1)$ condensed.")
        '$w$ 线性，$W_(l+1)$ 凝聚。'
        """
        if self.messages is None:
            return prose
        cases = _CASES.findall(prose)
        if (found := self.messages.get(_CASES.sub("{}", prose))) is not None:
            return found.format(*cases)
        return self._by_parts(prose)

    def in_formula(self, formula: str) -> str:
        """The words in a formula of a terminal."""
        return with_words(formula, self._word)

    def in_tex(self, tex: str) -> str:
        """The words in a formula in TeX."""
        return _TEXT_OF_TEX.sub(lambda found: rf"\text{{{self._word(found[1])}}}", tex)

    def _word(self, words: str) -> str:
        return words.replace(words.strip(), self.translate(words.strip())) if words.strip() else words

    def _by_parts(self, prose: str) -> str:
        """Without the mark at its end, then from mark to mark, outside of what a case fills in; marks stay where all does."""
        left = iter(_CASES.findall(prose))
        bare = _CASES.sub("\0", prose)
        if len(bare) > 1 and bare[-1] in _ENDS:
            return self._marked(prose[:-1], prose[-1], _ENDS[bare[-1]])
        for joint, becomes in _JOINTS.items():
            if joint in bare:
                parts = [re.sub("\0", lambda _: next(left), part) for part in bare.split(joint)]
                found = [self.translate(part) for part in parts]
                return prose if found == parts else becomes.join(found)
        return self._marked(prose[:-1], ")", "）") if bare.endswith(")") and "(" not in bare else prose

    def _marked(self, prose: str, mark: str, becomes: str) -> str:
        found = self.translate(prose)
        return prose + mark if found == prose else found + becomes

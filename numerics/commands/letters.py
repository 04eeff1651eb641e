"""Output where not every letter can be written: each letter that an encoding lacks is spelt out, γ as gamma, ≤ as <=.

A console here spells before it lays out, so that columns stay in line; whatever is printed past it is spelt by the stream.
"""

import codecs
import json
import os
import sys
import unicodedata
from typing import Any

from rich.console import Console
from rich.text import Text

__all__ = ["Speaker", "as_json", "print_json", "redirect_to_nothing", "spell", "spell_streams"]

_HANDLER = "phasetheory.spell"
_SPELT = {
    **{"≤": "<=", "≥": ">=", "±": "+-", "→": "->", "−": "-", "·": "*", "√": "sqrt ", "∞": "infinity", "∂": "d"},
    **{"≈": "~=", "∈": " in "},
    **{"∇": "grad", "∘": "o", "ᵀ": "^T", "×": "x", "⁄": "/", "…": "...", "–": "-", "—": "-", "’": "'", "‘": "'"},
    **{"│": "|", "─": "-", "━": "-", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "•": "*", "\u0304": "_bar"},
}
_MARKS = {"<super>": "^", "<sub>": ""}


def spell(text: str, encoding: str) -> str:
    """``text`` with every letter that ``encoding`` lacks spelt out.

    Examples
    --------
    >>> spell("γ' ≤ 1/2: S_w = m²", "ascii")
    "gamma' <= 1/2: S_w = m^2"
    >>> spell("γ' ± 1", "cp1252")
    "gamma' ± 1"
    """
    return text.encode(encoding, errors=_HANDLER).decode(encoding)


def _spelt(letter: str) -> str:
    """One letter in ASCII: by the table, by its Greek name, or by what it is made of."""
    if letter in _SPELT:
        return _SPELT[letter]
    name = unicodedata.name(letter, "")
    if name.startswith("GREEK ") and " LETTER " in name:
        word = name.partition(" LETTER ")[2].split()[0].lower()
        return word.capitalize() if "CAPITAL" in name else word
    made = unicodedata.decomposition(letter).split()
    if not made:
        return "" if unicodedata.combining(letter) else "?"
    mark = _MARKS.get(made[0], "") if made[0].startswith("<") else ""
    parts = made[1:] if made[0].startswith("<") else made
    return mark + "".join(part if part.isascii() else _spelt(part) for part in (chr(int(code, 16)) for code in parts))


def _spell_error(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelt, error.object[error.start : error.end])), error.end


codecs.register_error(_HANDLER, _spell_error)


class Speaker(Console):
    """A console of Rich that spells out what its stream cannot write, before it measures and lays out."""

    def __init__(self, *, quiet: bool = False, stderr: bool = False) -> None:
        super().__init__(highlight=False, quiet=quiet, stderr=stderr)

    def render_str(self, text: str, **options: Any) -> Text:
        """As Rich does, of the spelt text."""
        return super().render_str(spell(text, self.encoding), **options)

    def on_broken_pipe(self) -> None:
        """Leave it to the command line, which ends quietly."""
        raise BrokenPipeError


def spell_streams() -> None:
    """From now on no letter is too much for stdout; a stream that is closed takes everything and keeps nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def redirect_to_nothing() -> None:
    """Let what is still to be written to stdout go nowhere: its reader has gone, and Python would complain at its end."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)


def as_json(result: dict[str, Any]) -> str:
    """Indented JSON that keeps Greek letters."""
    return json.dumps(result, indent=1, ensure_ascii=False)


def print_json(result: dict[str, Any]) -> None:
    """JSON on stdout, Greek letters escaped where it has none, so that what is read is what was meant."""
    text = as_json(result)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(result, indent=1)
    print(text)

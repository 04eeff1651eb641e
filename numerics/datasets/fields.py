"""What stands in the fields of a table: numbers, two labels, or something else that is named with what to do about it.

Python's own ``float`` takes 1_0 for 10, digits of any script, and nan; here a number is digits, a sign, a decimal mark and an
exponent.
"""

import re
from collections.abc import Sequence

import numpy as np

__all__ = ["as_labels", "as_numbers", "has_decimal_comma", "is_number", "is_spoilt", "misfit", "shown"]

_LETTERS = frozenset("0123456789+-.eE \t")  # of numbers; what is made of these and is a float is a number
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_MISSING = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "missing", "?", "-", "."))
_BLANK = " \t"
_LONGEST = 40
_DATE = "is not a number; of a date give a number, such as the days since the first"
_MONTH = "(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?)"
_TRUTH = "is not a number; of truth values give 1 and 0"
_TOO_LARGE = "is not a finite number; remove the row, or put it right"
#: What a field that is no number looks like, and what to do about it; the first that fits.
_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), advice)
    for pattern, advice in (
        (r"[+-]?inf(inity)?", _TOO_LARGE),
        (r"[+-]?[\d.]+(_[\d.]+)+.*", "is not a number; write it without _"),
        (r"[+-]?0[xob][\da-f]+", "is not a number; write it in decimal digits"),
        (r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}.*", _DATE),
        (rf"{_MONTH}[\s.,-]+\d.*|\d+[\s.-]*{_MONTH}([\s.,-]+\d+)?", _DATE),
        (r"\d{1,2}:\d{2}.*", "is not a number; of a time give a number, such as the seconds since the first"),
        (r"true|false", _TRUTH),
        (
            r"[+-]?\d*,\d+",
            "is not a number; with decimal commas separate the columns by ;",
        ),
        (r"[+-]?\d{1,3}([,.' ]\d{3})+([.,]\d*)?", "is not a number; write it without marks between thousands"),
        (r"[+-]?[\d.]+\s*%", "is not a number; give a fraction, such as 0.05"),
    )
)


def is_number(text: str, decimal: str = ".") -> bool:
    """Whether it is a number with this decimal mark, or the word for one that is not finite."""
    text = text.strip(_BLANK)
    word = text.lower().lstrip("+-") in ("nan", "inf", "infinity")
    return word or _NUMBER.fullmatch(_with_point(text, decimal)) is not None


def has_decimal_comma(text: str) -> bool:
    """Whether it is a number with one."""
    return "," in text and _DECIMAL_COMMA.fullmatch(text) is not None


def as_numbers(column: Sequence[str], decimal: str = ".") -> np.ndarray | None:
    """The column as float64, or None if one of its fields is something else; too large a number is infinite."""
    if decimal != ".":
        column = [_with_point(text, decimal) for text in column]
    if not _LETTERS.issuperset("".join(column)):
        return None
    try:
        return np.array(column, dtype=object).astype(float)
    except ValueError:
        return None


def as_labels(column: Sequence[str]) -> tuple[np.ndarray, tuple[str, str]] | None:
    """Two words as -1.0 and 1.0, in the order of the alphabet, with the words; None if it is anything else.

    One word in two spellings, such as yes and Yes, is not two; and dates are no words.
    """
    words = [text.strip(_BLANK) for text in column]
    found = sorted(set(words))
    if len(found) != 2 or found[0].casefold() == found[1].casefold() or not all(map(_is_word, found)):
        return None
    return np.where(np.array(words, dtype=object) == found[0], -1.0, 1.0), (found[0], found[1])


def _is_word(text: str) -> bool:
    return text[:1].isalpha() and text.lower() not in _MISSING and _advice(text) in (None, _TRUTH)


def misfit(text: str, decimal: str, instead: str) -> str:
    """What is wrong with a field that is no finite number, and what to do; ``instead``: of words that nothing is known of."""
    text = text.strip(_BLANK)
    if text.lower() in _MISSING:
        return f"the value is missing{f' ({text!r})' if text else ''}; remove the row, or fill it in"
    if is_number(text, decimal) and _advice(text) is None:
        return f"{shown(text)} {_TOO_LARGE}"
    if decimal != "." and is_number(text):
        return f"{shown(text)} has a decimal point where other numbers have a comma; write all of them alike"
    return f"{shown(text)} {_advice(text) or f'is not a number; {instead}'}"


def is_spoilt(text: str) -> bool:
    """Whether it looks like a value that was written in another way, such as 1_0 or a date, and not like a name."""
    return _advice(text) is not None


def shown(text: str) -> str:
    """A field as a message has it."""
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} and {len(text) - _LONGEST} more characters")


def _advice(text: str) -> str | None:
    return next((advice for looks, advice in _LOOKS if looks.fullmatch(text)), None)


def _with_point(text: str, decimal: str) -> str:
    """The number with a point; what has one already where a comma is the mark is no number."""
    return text if decimal == "." else text.replace(".", "_").replace(decimal, ".")

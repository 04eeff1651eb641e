r"""Prose with formulas in it, and the forms it is printed in: here is the only place that knows how.

A formula stands between dollar signs, in the letters of a terminal (:mod:`phasetheory.symbols.formulas`):
``"$w$ is linear for $γ < 1$"``. What comes from a user goes through :func:`literal` first.
"""

from collections.abc import Callable
from html import escape

from phasetheory.symbols.formulas import formula_html, formula_tex

__all__ = ["LITERAL", "html", "literal", "markdown", "tex", "text"]

_DOLLAR = "\ue000"  # stands for a dollar sign that begins no formula
_OPEN, _CLOSE = "\ue001", "\ue002"  # around words that are the same in every language
_UNMARKED = str.maketrans("", "", _OPEN + _CLOSE)
#: Pattern of :func:`literal` words.
LITERAL = f"{_OPEN}[^{_CLOSE}]*{_CLOSE}"


def literal(words: str) -> str:
    """Words that are no formula, whatever stands in them, and that are not translated."""
    return f"{_OPEN}{words.replace('$', _DOLLAR)}{_CLOSE}"


def text(prose: str) -> str:
    """As one reads it in a terminal.

    Examples
    --------
    >>> text("$w$ is linear for $γ < 1$")
    'w is linear for γ < 1'
    """
    return prose.replace("$", "").replace(_DOLLAR, "$").translate(_UNMARKED)


def tex(prose: str) -> str:
    r"""LaTeX: formulas in mathematical mode, the rest escaped.

    Examples
    --------
    >>> print(tex("100% of $W_(l+1)$, for $S_W1 < -1/2$"))
    100\% of $W_{l+1}$, for $S_{W_1} < -1/2$
    """
    return _each(prose, _escaped, lambda formula: f"${formula_tex(formula)}$")


def markdown(prose: str) -> str:
    """Markdown with TeX between dollar signs."""
    return _each(prose, lambda words: words.replace(_DOLLAR, r"\$"), lambda formula: f"${formula_tex(formula)}$")


def html(prose: str) -> str:
    """HTML that needs no script to be read."""
    return _each(prose, lambda words: escape(words.replace(_DOLLAR, "$"), quote=False), formula_html)


def _each(prose: str, words: Callable[[str], str], formula: Callable[[str], str]) -> str:
    parts = prose.translate(_UNMARKED).split("$")
    return "".join(formula(part) if i % 2 else words(part) for i, part in enumerate(parts))


_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    _DOLLAR: r"\$",
    **{c: rf"\{c}" for c in "&%#_{}"},
}


def _escaped(words: str) -> str:
    """Greek letters and what else a formula has are set as one where they stand in a name."""
    return "".join(_ESCAPES.get(c) or (c if c.isascii() else _foreign(c)) for c in words)


def _foreign(letter: str) -> str:
    found = formula_tex(letter)
    return f"${found}$" if found.startswith("\\") else letter

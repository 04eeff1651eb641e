"""A document of sections, prose and equations, rendered as text, Markdown or LaTeX."""

import re
from dataclasses import dataclass

import sympy as sp

from phasetheory.errors import check_choice
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols.printing import latex, plain

__all__ = ["FORMATS", "Equation", "Section", "equals", "render"]

FORMATS = ("text", "markdown", "latex")


@dataclass(frozen=True)
class Equation:
    """A displayed equation in both alphabets."""

    text: str
    tex: str


@dataclass(frozen=True)
class Section:
    """A heading with its prose (str) and equations, in order, and what it rests on."""

    title: str
    basis: Basis
    body: tuple[str | Equation, ...]


def equals(text: str, tex: str, value: sp.Expr) -> Equation:
    """The equation name = value."""
    return Equation(f"{text} = {plain(value)}", f"{tex} = {latex(value)}")


def render(sections: list[Section], form: str, title: str = "The phase diagram, derived") -> str:
    """The document as ``'text'``, ``'markdown'`` or ``'latex'``."""
    check_choice(form, "form", FORMATS)
    if form == "text":
        return "\n\n".join(_text_section(s) for s in sections) + "\n"
    if form == "markdown":
        return f"# {title}\n\n" + "\n\n".join(_markdown_section(s) for s in sections) + "\n"
    return (
        _LATEX_HEAD.replace("TITLE", tex_prose(title)) + "\n".join(map(_latex_section, sections)) + "\\end{document}\n"
    )


def tex_prose(text: str) -> str:
    """Prose as LaTeX: every word with a mathematical character or an index becomes a formula, the rest is escaped."""
    return re.sub(r"\S+", lambda word: _tex_word(word.group()), text)


def _text_section(section: Section) -> str:
    lines = [f"{section.title}  [{section.basis.value}]"]
    lines += [f"    {item.text}" if isinstance(item, Equation) else f"  {item}" for item in section.body]
    return "\n".join(lines)


def _markdown_section(section: Section) -> str:
    parts = [f"## {section.title}\n\n*{section.basis.value}*"]
    parts += [f"$$ {item.tex} $$" if isinstance(item, Equation) else item for item in section.body]
    return "\n\n".join(parts)


def _latex_section(section: Section) -> str:
    lines = [rf"\section*{{{tex_prose(section.title)} \normalfont\textit{{({section.basis.value})}}}}"]
    lines += [rf"\[ {item.tex} \]" if isinstance(item, Equation) else tex_prose(item) + "\n" for item in section.body]
    return "\n".join(lines) + "\n"


_COMMANDS = ("alpha", "beta", "gamma", "delta", "sigma", "eta", "kappa", "Delta", "Sigma", "sqrt", "partial")
_MATH_CHARACTERS = {
    **{c: rf"\{name} " for c, name in zip("αβγδσηκΔΣ√∂", _COMMANDS, strict=True)},
    **{c: f"_{i}" for i, c in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    "²": "^2",
    "≥": r"\ge ",
    "≤": r"\le ",
    "→": r"\to ",
    "∞": r"\infty ",
    "·": r"\cdot ",
    "<": "<",
    ">": ">",
    "=": "=",
    "|": "|",
}
_MATHEMATICAL = re.compile(rf"[{re.escape(''.join(_MATH_CHARACTERS))}_^\u0304]")
_PLAIN_ESCAPES = {
    "~": r"$\sim$",
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
}


def _tex_word(word: str) -> str:
    if not _MATHEMATICAL.search(word):
        return "".join(_PLAIN_ESCAPES.get(c, c) for c in word)
    head, core, tail = re.fullmatch(r"([\[(]?)(.*?)([.,:;]*)", word).groups()  # type: ignore[union-attr]
    if head and core.count(")") <= core.count("("):  # the bracket belongs to the formula
        head, core = "", head + core
    core = re.sub(r"_([A-Za-z][A-Za-z0-9]+)", r"_{\1}", core)  # S_W1 -> S_{W1}
    core = re.sub(r"[a-z]{3,}", lambda name: rf"\mathrm{{{name.group()}}}", core)  # words such as fan stand upright
    core = re.sub("(.)\u0304", r"\\bar \1", core)
    core = re.sub(r"([_^])\(([^()]*)\)", r"\1{\2}", core)  # W_(l+1) -> W_{l+1}
    core = re.sub(r"\^(-?[\d/.]{2,}|-\w)", r"^{\1}", core)
    return f"{head}${''.join(_MATH_CHARACTERS.get(c, c) for c in core)}${tail}"


_LATEX_HEAD = r"""\documentclass[11pt]{article}
\usepackage[T1]{fontenc}
\usepackage{amsmath,amssymb}
\usepackage[margin=2.2cm]{geometry}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\setlength{\parskip}{3pt}
\begin{document}
\begin{center}\Large TITLE\end{center}
"""

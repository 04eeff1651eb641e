"""A document of sections, prose, equations and citations, and the forms it takes.

Prose has its formulas between dollar signs (:mod:`phasetheory.symbols.prose`) and cites as ``[@luo2021]``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sympy as sp

from phasetheory.documents.chinese import CHINESE
from phasetheory.documents.references import REFERENCES, cited, with_cite, with_labels
from phasetheory.errors import check_choice
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols import prose
from phasetheory.symbols.formulas import formula_html, formula_tex
from phasetheory.symbols.language import ENGLISH, Catalogue, check_language
from phasetheory.symbols.printing import latex, plain

__all__ = ["FORMATS", "Equation", "Section", "equals", "render", "render_part"]


@dataclass(frozen=True)
class Equation:
    """A displayed equation.

    Attributes
    ----------
    formula : str
        As in a terminal, in one line or several.
    tex : str
        In TeX; read off the formula by default.
    """

    formula: str
    tex: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tex", self.tex or formula_tex(self.formula, display=True))


@dataclass(frozen=True)
class Section:
    """A heading with its prose (str) and equations, in order, and what it rests on."""

    title: str
    basis: Basis
    body: tuple[str | Equation, ...]


def equals(name: str, value: sp.Expr) -> Equation:
    """The equation name = value."""
    return Equation(f"{name} = {plain(value)}", f"{formula_tex(name, display=True)} = {latex(value)}")


def render(
    sections: Sequence[Section], form: str, title: str = "The phase diagram, derived", language: str = ENGLISH
) -> str:
    """The document as ``'text'``, ``'markdown'`` or ``'latex'``, in a language."""
    check_choice(form, "form", FORMATS)
    words = _CATALOGUES[check_language(language)]
    body, title = render_part(sections, form, language), words.translate(title)
    if form == "text":
        return f"{body}\n"
    if form == "markdown":
        return f"# {prose.markdown(title)}\n\n{body}\n"
    page = _LATEX_PAGE.replace("CLASS", _LATEX_CLASSES[language])
    return page.replace("TITLE", prose.tex(title)).replace("BODY", body)


def render_part(sections: Sequence[Section], form: str, language: str = ENGLISH) -> str:
    """Sections and the references that they cite, without what makes a page of them; also as ``'html'``."""
    chosen, words = _FORMS[form], _CATALOGUES[language]
    keys = cited("\n".join(item for s in sections for item in (s.title, *s.body) if isinstance(item, str)))
    parts = [_section(section, chosen, words) for section in sections]
    return "\n\n".join([*parts, chosen.references(words.translate("References"), keys)] if keys else parts)


_CATALOGUES = {ENGLISH: Catalogue(None), "zh": Catalogue(CHINESE)}


@dataclass(frozen=True)
class _Form:
    """How a form writes what a document consists of.

    Attributes
    ----------
    heading : of a title and what it rests on
    paragraph : of prose
    equations : of those that follow each other
    references : of their title and the keys that are cited
    between, around : str
        Between two paragraphs, and before and after equations.
    """

    heading: Callable[[str, str], str]
    paragraph: Callable[[str], str]
    equations: Callable[[Sequence[Equation]], str]
    references: Callable[[str, Sequence[str]], str]
    between: str = "\n"
    around: str = "\n"


def _section(section: Section, form: _Form, words: Catalogue) -> str:
    parts = [form.heading(words.translate(section.title), words.translate(section.basis.value))]
    for is_equation, group in groupby(section.body, lambda item: isinstance(item, Equation)):
        items: list[Any] = list(group)
        if is_equation:
            parts.append(form.equations([_translated(equation, words) for equation in items]))
        else:
            parts.append(form.between.join(form.paragraph(words.translate(item)) for item in items))
    return form.around.join(parts)


def _translated(equation: Equation, words: Catalogue) -> Equation:
    return Equation(words.in_formula(equation.formula), words.in_tex(equation.tex))


def _text_equations(equations: Sequence[Equation]) -> str:
    return "\n".join(f"    {line}" for equation in equations for line in equation.formula.splitlines())


def _html_equations(equations: Sequence[Equation]) -> str:
    lines = (formula_html(line) for equation in equations for line in equation.formula.splitlines())
    return f'<p style="margin-left: 2em">{"<br>".join(lines)}</p>'


def _latex_equations(equations: Sequence[Equation]) -> str:
    if len(equations) == 1:
        return f"\\[\n{equations[0].tex}\n\\]"
    rows = " \\\\\n".join(equation.tex for equation in equations)
    return f"\\begin{{gather*}}\n{rows}\n\\end{{gather*}}"


def _bibliography(_: str, keys: Sequence[str]) -> str:
    """Its title is LaTeX's own, in the language of the class."""
    entries = (rf"\bibitem{{{key}}} {prose.tex(REFERENCES[key].entry)}." for key in keys)
    return "\n".join([r"\begin{thebibliography}{9}", *entries, r"\end{thebibliography}"])


def _reference_list(heading: str, line: str) -> Callable[[str, Sequence[str]], str]:
    """References under a heading, each in a line made of its label and entry."""
    return lambda title, keys: heading.format(title) + "\n".join(line.format(REFERENCES[key]) for key in keys)


_FORMS = {
    "text": _Form(
        heading=lambda title, basis: f"{prose.text(title)}  [{basis}]",
        paragraph=lambda words: f"  {with_labels(prose.text(words))}",
        equations=_text_equations,
        references=_reference_list("{}\n", "  [{0.label}] {0.entry}."),
    ),
    "markdown": _Form(
        heading=lambda title, basis: f"## {prose.markdown(title)}\n\n*{basis}*",
        paragraph=lambda words: with_labels(prose.markdown(words)),
        equations=lambda equations: "\n\n".join(f"$$ {equation.tex} $$" for equation in equations),
        references=_reference_list("## {}\n\n", "- [{0.label}] {0.entry}."),
        between="\n\n",
        around="\n\n",
    ),
    "latex": _Form(
        heading=lambda title, basis: rf"\section*{{{prose.tex(title)} \normalfont\textit{{({basis})}}}}",
        paragraph=lambda words: with_cite(prose.tex(words)),
        equations=_latex_equations,
        references=_bibliography,
        between="\n\n",
    ),
    "html": _Form(
        heading=lambda title, basis: f"<h4>{prose.html(title)} <em>({basis})</em></h4>",
        paragraph=lambda words: f"<p>{with_labels(prose.html(words))}</p>",
        equations=_html_equations,
        references=_reference_list("<h4>{}</h4>\n", "<p>[{0.label}] {0.entry}.</p>"),
    ),
}
FORMATS = ("text", "markdown", "latex")

_LATEX_CLASSES = {ENGLISH: "article", "zh": "ctexart"}
_LATEX_PAGE = r"""\documentclass{CLASS}
\usepackage{amsmath}
\allowdisplaybreaks
\title{TITLE}
\author{}
\date{}
\begin{document}
\maketitle
BODY
\end{document}
"""

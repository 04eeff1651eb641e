"""A document of sections, prose, equations and citations, and the forms it takes.

Prose has its formulas between dollar signs (:mod:`phasetheory.symbols.prose`) and cites as ``[@luo2021]``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sympy as sp

from phasetheory.documents.references import REFERENCES, cited, with_cite, with_labels
from phasetheory.errors import check_choice
from phasetheory.scaling.regimes import Basis
from phasetheory.symbols import prose
from phasetheory.symbols.formulas import formula_html, formula_tex
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


def render(sections: Sequence[Section], form: str, title: str = "The phase diagram, derived") -> str:
    """The document as ``'text'``, ``'markdown'`` or ``'latex'``."""
    check_choice(form, "form", FORMATS)
    body = render_part(sections, form)
    if form == "text":
        return f"{body}\n"
    if form == "markdown":
        return f"# {prose.markdown(title)}\n\n{body}\n"
    return _LATEX_PAGE.replace("TITLE", prose.tex(title)).replace("BODY", body)


def render_part(sections: Sequence[Section], form: str) -> str:
    """Sections and the references that they cite, without what makes a page of them; also as ``'html'``."""
    chosen = _FORMS[form]
    keys = cited("\n".join(item for s in sections for item in (s.title, *s.body) if isinstance(item, str)))
    parts = [_section(section, chosen) for section in sections]
    return "\n\n".join([*parts, chosen.references(keys)] if keys else parts)


@dataclass(frozen=True)
class _Form:
    """How a form writes what a document consists of.

    Attributes
    ----------
    heading : of a title and what it rests on
    paragraph : of prose
    equations : of those that follow each other
    references : of the keys that are cited
    between, around : str
        Between two paragraphs, and before and after equations.
    """

    heading: Callable[[str, str], str]
    paragraph: Callable[[str], str]
    equations: Callable[[Sequence[Equation]], str]
    references: Callable[[Sequence[str]], str]
    between: str = "\n"
    around: str = "\n"


def _section(section: Section, form: _Form) -> str:
    parts = [form.heading(section.title, section.basis.value)]
    for is_equation, group in groupby(section.body, lambda item: isinstance(item, Equation)):
        items: list[Any] = list(group)
        parts.append(form.equations(items) if is_equation else form.between.join(map(form.paragraph, items)))
    return form.around.join(parts)


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


def _bibliography(keys: Sequence[str]) -> str:
    entries = (rf"\bibitem{{{key}}} {prose.tex(REFERENCES[key].entry)}." for key in keys)
    return "\n".join([r"\begin{thebibliography}{9}", *entries, r"\end{thebibliography}"])


def _reference_list(heading: str, line: str) -> Callable[[Sequence[str]], str]:
    """References under a heading, each in a line made of its label and entry."""
    return lambda keys: heading + "\n".join(line.format(REFERENCES[key]) for key in keys)


_FORMS = {
    "text": _Form(
        heading=lambda title, basis: f"{prose.text(title)}  [{basis}]",
        paragraph=lambda words: f"  {with_labels(prose.text(words))}",
        equations=_text_equations,
        references=_reference_list("References\n", "  [{0.label}] {0.entry}."),
    ),
    "markdown": _Form(
        heading=lambda title, basis: f"## {prose.markdown(title)}\n\n*{basis}*",
        paragraph=lambda words: with_labels(prose.markdown(words)),
        equations=lambda equations: "\n\n".join(f"$$ {equation.tex} $$" for equation in equations),
        references=_reference_list("## References\n\n", "- [{0.label}] {0.entry}."),
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
        references=_reference_list("<h4>References</h4>\n", "<p>[{0.label}] {0.entry}.</p>"),
    ),
}
FORMATS = ("text", "markdown", "latex")

_LATEX_PAGE = r"""\documentclass{article}
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

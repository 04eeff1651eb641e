"""The reproduced chapter as one HTML page that opens offline: plain CSS, formulas as SVG, pictures beside it.

What a page shows is kept as pieces of HTML, which are made here and nowhere else, so that all text is escaped.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from numerics.experiments.judgement import Verdict
from numerics.reports.tables import ResultTable
from phasetheory.documents.derivation import Check
from phasetheory.documents.document import Section, render_part
from phasetheory.documents.dynamics import check_lines
from phasetheory.scaling.regimes import Basis

__all__ = ["PageRecord", "Waiting", "chapter_html", "formula", "paragraph", "picture", "proved", "table"]


@dataclass(frozen=True)
class PageRecord:
    """A page that was made.

    Attributes
    ----------
    number : int
    title, source : str
        Of the page; where the slides have it.
    alone : str
        The command that makes the page alone.
    commands : tuple of str
        Other commands of the program that show the same.
    predicted, measured : tuple of str
        Pieces of HTML.
    verdict : str
        Value of a :class:`Verdict`, or 'answer' where nothing is compared.
    because : str
        The verdict in a sentence.
    differs : tuple of str
        What is not as in the source, and why.
    seconds : float
        Wall time it took.
    """

    number: int
    title: str
    source: str
    alone: str
    commands: tuple[str, ...]
    predicted: tuple[str, ...]
    measured: tuple[str, ...]
    verdict: str
    because: str
    differs: tuple[str, ...]
    seconds: float

    @property
    def disagrees(self) -> bool:
        """Whether a measurement contradicts what was predicted."""
        return self.verdict == Verdict.DISAGREES.value

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "PageRecord":
        """The inverse of :meth:`to_dict`."""
        plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        return cls(**plain)


@dataclass(frozen=True)
class Waiting:
    """A page that is still to be made."""

    number: int
    title: str
    source: str
    alone: str


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def formula(tex: str, file: str) -> str:
    """A displayed formula: its picture, which says its TeX to those who cannot see it."""
    return f'<p><img class="formula" src="{escape(file)}" alt="{escape(tex)}"></p>'


def proved(checks: Sequence[Check], language: str) -> str:
    """Identities that SymPy has proved, or not, as the document of the derivation has them in a language."""
    section = Section("Checks", Basis.PROVED, check_lines(checks))
    return f'<div lang="{escape(language)}">{render_part([section], "html", language)}</div>'


def picture(file: str, vector: str, caption: str) -> str:
    """A picture with its caption, and a link to the same as a vector graphic."""
    source, said = escape(file), escape(caption)
    shown = f'<a href="{source}"><img src="{source}" alt="{said}"></a>'
    return f'<figure>{shown}<figcaption>{said} <a href="{escape(vector)}">PDF</a></figcaption></figure>'


def table(found: ResultTable) -> str:
    """A table with its caption."""
    return f'<div class="table">{found._repr_html_()}</div>'


def chapter_html(pages: Sequence[PageRecord | Waiting], *, heading: str, about: Sequence[str]) -> str:
    """The whole chapter: contents with verdicts, then page by page prediction beside measurement."""
    contents = "\n".join(_row(page) for page in pages)
    sections = "\n".join(_section(page) if isinstance(page, PageRecord) else _waiting(page) for page in pages)
    lead = "\n".join(paragraph(text) for text in about)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(heading)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(heading)}</h1>
{lead}
<table class="contents">
<thead><tr><th>page</th><th>verdict</th><th>because</th></tr></thead>
<tbody>
{contents}
</tbody>
</table>
{sections}
</body>
</html>
"""


def _row(page: PageRecord | Waiting) -> str:
    verdict, because = (page.verdict, page.because) if isinstance(page, PageRecord) else ("not made yet", "")
    name = f'<a href="#page-{page.number}">{page.number}. {escape(page.title)}</a>'
    return f"<tr><td>{name}</td><td>{_badge(verdict)}</td><td>{escape(because)}</td></tr>"


def _section(page: PageRecord) -> str:
    more = "".join(f"\n<pre>{escape(command)}</pre>" for command in page.commands)
    also = f"<details><summary>The same by other commands, at full size</summary>{more}</details>" if more else ""
    differs = "".join(f"<li>{escape(text)}</li>" for text in page.differs)
    return f"""{_head(page)}
<div class="beside">
<div><h3>Predicted</h3>
{"".join(page.predicted)}</div>
<div><h3>Measured</h3>
{"".join(page.measured)}</div>
</div>
<p class="verdict">{_badge(page.verdict)} {escape(page.because)}</p>
<h3>What differs from the source, and why</h3>
<ul>{differs}</ul>
<pre>{escape(page.alone)}</pre>
{also}
<p class="small">Made in {page.seconds:.0f} s.</p>
</section>"""


def _waiting(page: Waiting) -> str:
    return f"{_head(page)}\n<p>Not made yet:</p>\n<pre>{escape(page.alone)}</pre>\n</section>"


def _head(page: PageRecord | Waiting) -> str:
    return (
        f'<section id="page-{page.number}">\n<h2>{page.number}. {escape(page.title)}</h2>\n'
        f'<p class="small">Slides: <span lang="zh">{escape(page.source)}</span></p>'
    )


def _badge(verdict: str) -> str:
    return f'<span class="badge {verdict.split()[0]}">{escape(verdict)}</span>'


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1240px; margin: 2em auto; padding: 0 1.2em; color: #222; }
h1, h2, h3 { line-height: 1.2; }
section { border-top: 1px solid #bbb; margin-top: 2.5em; }
.beside { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 2em; }
@media (max-width: 900px) { .beside { display: block; } }
figure { margin: 1em 0; }
figure img, .formula { max-width: 100%; height: auto; }
figcaption, .small, caption, .table p { font-size: 0.85em; color: #555; }
table { border-collapse: collapse; font-size: 0.85em; }
.table { overflow-x: auto; margin: 1em 0; }
caption { text-align: left; padding-bottom: 0.3em; }
th, td { padding: 0.2em 0.6em; border-bottom: 1px solid #ddd; vertical-align: top; }
.table th, .table td { white-space: nowrap; }
.contents { font-size: 1em; }
.contents th { text-align: left; }
pre { background: #f4f4f4; padding: 0.6em; white-space: pre-wrap; overflow-wrap: anywhere; }
.badge { border: 1px solid currentColor; border-radius: 0.3em; padding: 0 0.4em; font-size: 0.85em; white-space: nowrap; }
.agrees { color: #006400; font-weight: bold; }
.disagrees { color: #b00030; font-weight: bold; }
.undecided { color: #8a5a00; font-weight: bold; }
.verdict { font-size: 1.05em; }
"""

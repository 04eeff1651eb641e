"""Page 4: the normalised equations, derived and held against the slides'."""

import re

import numpy as np

import phasetheory as pt
from numerics.commands.chapter.page import Content, Desk, Page, seeds_from_zero
from numerics.datasets import four_points
from numerics.experiments.judgement import Verdict
from numerics.experiments.plan import BOOK
from numerics.flow import gradient_flow
from numerics.networks import TwoLayer
from numerics.reports.chapter import paragraph, table
from numerics.reports.tables import ResultTable
from phasetheory.documents.document import Equation
from phasetheory.documents.dynamics import dynamics_sections

__all__ = ["PAGE"]

_WIDTH, _ALLOWED = 1000, 1e-2
_BARE_FRACTION = re.compile(r"\\frac(\d)(\d|[a-z]|\\[a-z]+)")  # TeX that mathtext wants in braces


def _make(desk: Desk) -> Content:
    X, y = four_points()
    derivation = pt.derive()
    shown = [
        desk.formula(f"normalised-{number}", _BARE_FRACTION.sub(r"\\frac{\1}{\2}", equation.tex))
        for number, equation in enumerate(_normalised(derivation))
    ]
    seeds = desk.choose(2, 6)
    rows = ResultTable(
        f"The balance law along runs, {_WIDTH} neurons, {seeds_from_zero(seeds)}",
        "Largest change of a_k² - |w_k|² that the method makes, over the largest a_k² + |w_k|²: the exact flow makes "
        "none.",
        ("γ", "predicted", "mean", "largest"),
        keys=1,
    )
    largest = 0.0
    for gamma, prime in BOOK:
        runs = [gradient_flow(TwoLayer.sample(_WIDTH, gamma, prime, X, rng=seed), X, y) for seed in range(seeds)]
        drifts = [run.conserved_drift for run in runs]
        rows.add_row(f"{float(gamma):g}", "0", f"{np.mean(drifts):.1e}", f"{max(drifts):.1e}")
        largest = max(largest, *drifts)
    holds = all(check.holds for check in derivation.checks) and largest < _ALLOWED
    return Content(
        predicted=(paragraph("As the program derives them, in the slides' letters:"), *shown),
        measured=(
            desk.proved(derivation.checks),
            table(rows),
        ),
        verdict=Verdict.AGREES if holds else Verdict.DISAGREES,
        because=f"all {len(derivation.checks)} identities are proved by SymPy; along trained networks the balance law "
        f"drifts by {largest:.0e} at most (allowed: {_ALLOWED:g})",
        differs=(
            "The slides write 1/(nκ') in front and the residual in full; the program collects the residual as e_i. "
            "The two are the same equations.",
            "The slides state the equations; here every step is carried out and checked, and the balance law is "
            "added: the slopes of page 8 rest on it.",
        ),
    )


def _normalised(derivation: pt.Derivation) -> list[Equation]:
    """The equations of the derivation's section on the normalised dynamics that are particular to two layers."""
    (section,) = (part for part in dynamics_sections(derivation) if part.title.startswith("Normalised"))
    equations = [piece for piece in section.body if isinstance(piece, Equation)]
    (first,) = (i for i, equation in enumerate(equations) if equation.formula.startswith("c = "))
    return equations[first:-1]  # the last one are the axes: page 5


PAGE = Page(
    4,
    "The normalised equations",
    "从动力学方程到缩放参数",
    _make,
    ("phasetheory derive --format latex --out derivation.tex",),
    2.0,
)

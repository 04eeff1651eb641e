"""Page 3: homogeneity, and why only two of the scales matter."""

import numpy as np

import phasetheory as pt
from numerics.commands.chapter.page import Content, Desk, Page, seeds_from_zero
from numerics.datasets import four_points
from numerics.experiments.judgement import Verdict
from numerics.experiments.plan import BOOK
from numerics.experiments.weight_scales import in_own_weights
from numerics.flow import gradient_flow
from numerics.networks import TwoLayer
from numerics.reports.chapter import paragraph, table
from numerics.reports.tables import ResultTable
from phasetheory.symbols.printing import latex

__all__ = ["PAGE"]

_WIDTH, _RTOL = 1000, 1e-3
_SCALES = (0.1, 1.0, 10.0)  # beta2


def _make(desk: Desk) -> Content:
    X, y = four_points()
    derivation = pt.derive()
    seeds = desk.choose(2, 4)
    rows = ResultTable(
        f"The same network in other weights, {_WIDTH} neurons, κ' = 1, {seeds_from_zero(seeds)}",
        "RD, and the time at the end over that of the normalised weights and β₁ β₂, at β₂ = "
        f"{', '.join(f'{b:g}' for b in _SCALES)}: largest difference from the normalised run over scales and seeds. "
        f"Runs to {_RTOL:g}.",
        ("γ", "RD of w", "difference", "time ratio - 1"),
        keys=1,
    )
    worst = 0.0
    for gamma, prime in BOOK:
        starts = [TwoLayer.sample(_WIDTH, gamma, prime, X, rng=seed) for seed in range(seeds)]
        runs = [gradient_flow(start, X, y, rtol=_RTOL) for start in starts]
        moved, late = [], []
        for start, run in zip(starts, runs, strict=True):
            for beta2 in _SCALES:
                other = gradient_flow(in_own_weights(start, beta2), X, y, rtol=_RTOL)
                moved.append(abs(other.relative_distance["w"] / run.relative_distance["w"] - 1))
                late.append(abs(other.t / (run.t * start.kappa_prime * beta2**2) - 1))
        distance = float(np.exp(np.mean([np.log(run.relative_distance["w"]) for run in runs])))
        rows.add_row(f"{float(gamma):g}", f"{distance:.3g}", f"{max(moved):.1e}", f"{max(late):.1e}")
        worst = max(worst, *moved)
    checks = [check for check in derivation.checks if "homogeneity" in check.statement or "flow" in check.statement]
    holds = all(check.holds for check in checks) and worst < 10 * _RTOL
    return Content(
        predicted=(
            desk.formula("network", r"f_\theta(x) = \frac{1}{\alpha}\sum_{k=1}^{m} a_k\,\sigma(w_k^{\top} x)"),
            desk.formula("homogeneity", r"\sigma(c\,z) = c\,\sigma(z),\qquad c > 0"),
            paragraph(
                "So the scales of the weights can be pulled out of the network, and time has a unit in which they "
                "vanish:"
            ),
            desk.formula("weights", r"\bar a_k = \beta_1^{-1} a_k,\qquad \bar w_k = \beta_2^{-1} w_k"),
            desk.formula("time", rf"\bar t = t\,/\,({latex(derivation.normalized.time_unit)})"),
            paragraph(
                "The unit of time is solved for, not typed in. Networks with the same κ = β₁β₂/α and κ' = β₁/β₂ are "
                "one network: trained in other weights they move by the same RD, and take β₁β₂ times as long."
            ),
        ),
        measured=(
            desk.proved(checks),
            table(rows),
        ),
        verdict=Verdict.AGREES if holds else Verdict.DISAGREES,
        because=f"every identity is proved by SymPy; trained networks of scales 100 apart differ in RD by {worst:.0e} "
        f"at most (allowed: {10 * _RTOL:g})",
        differs=(
            "The slides leave out 1/α in the network and keep it in κ; here it is written.",
            "The slides print a bar on both sides of the rescaling of w; the right-hand side is w itself.",
        ),
    )


PAGE = Page(
    3,
    "Homogeneity and rescaling",
    "基本参数与分析",
    _make,
    (
        "phasetheory derive",
        "phasetheory scan --gamma 0.5,1,1.75 --gamma-prime 0 --beta2=-0.5,0,0.5 --store scales.zarr",
    ),
    3.0,
)

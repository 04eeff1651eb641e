"""Page 11: the three-layer diagram in the slides' words, and its measured twin."""

from collections import Counter

import numpy as np
import sympy as sp
from matplotlib.figure import Figure

import phasetheory as pt
from numerics.commands.chapter.intervals import said_of_intervals
from numerics.commands.chapter.page import Content, Desk, Page, seeds_from_zero, verdict_on
from numerics.experiments.account import account_of
from numerics.experiments.grids import grid_values
from numerics.experiments.maps import AWAY, MapComparison, compare_map
from numerics.experiments.plan import Plan
from numerics.figures.slope_maps import plot_regions
from numerics.figures.titles import heading
from numerics.reports.chapter import paragraph, table
from numerics.reports.tables import ResultTable
from numerics.scans import failures, scan
from numerics.slopes import slope_map
from phasetheory.diagrams.plotting import plot_phase_diagram
from phasetheory.symbols.printing import plain

__all__ = ["PAGE"]

_SHORT = {pt.Regime.CONDENSED: "CR", pt.Regime.LINEAR: "LR", pt.Regime.CRITICAL: "critical"}
_HIDDEN = ("W2", "W1")  # in the order of the slides


def _make(desk: Desk) -> Content:
    diagram = pt.phase_diagram(3)
    plan = Plan.grid(
        diagram=diagram,
        gamma_3=desk.choose(grid_values("0:4:5", "gamma3"), grid_values("0:4:17", "gamma3")),
        gamma_2=desk.choose(grid_values("-1.5:2:4", "gamma2"), grid_values("-1.5:2:8", "gamma2")),
        widths=desk.choose((64, 128, 256), (64, 128, 256, 512)),
        seeds=2,
    )
    dataset = scan(plan, desk.store("plane"), progress=desk.progress)
    derived = Figure(figsize=(7.0, 6.6), layout="constrained")
    plot_phase_diagram(diagram, ax=derived.subplots(), label=_in_the_words_of_the_slides)
    twin = Figure(figsize=(12.0, 6.4), layout="constrained")
    plot_regions(slope_map(dataset, resamples=10), diagram, figure=twin, label=_in_the_words_of_the_slides)
    heading(twin, f"three layers, four points, widths {plan.widths[0]} to {plan.widths[-1]}, {plan.seeds} seeds")
    comparisons = {layer: compare_map(dataset, layer) for layer in _HIDDEN}
    account = account_of(dataset)
    agreeing, judged = (sum(getattr(c, name) for c in comparisons.values()) for name in ("agreeing", "judged"))
    return Content(
        predicted=(
            desk.formula(
                "network", r"f = \frac{1}{\alpha}\,a^{\top}\sigma(W^{[2]}\sigma(W^{[1]}x)),\quad \beta_2=\beta_3"
            ),
            desk.formula(
                "gamma-3",
                r"\gamma_3 = -\lim_{m\to\infty}\frac{\log(\beta_1\beta_2\beta_3/\alpha)}{\log m},\quad \gamma_2 = "
                r"-\lim_{m\to\infty}\frac{\log(\beta_3/\beta_1)}{\log m}",
            ),
            desk.draw(derived, "derived", "The four regions, derived. CR: condensed regime, LR: linear regime."),
            *(
                paragraph(f"W[{layer[1:]}] is critical on {plain(sp.Symbol(str(diagram.boundary(layer))))}.")
                for layer in _HIDDEN
            ),
            paragraph("All of this is derived by the scaling argument, not proved."),
        ),
        measured=(
            desk.draw(
                twin,
                "twin",
                "Left: derived. Right: every point in the colour of its measured slopes' signs; red: where these, "
                "interpolated, are zero.",
            ),
            table(_regions(comparisons, plan)),
            *(paragraph(comparison.verdict() + ".") for comparison in comparisons.values()),
            *(paragraph(said_of_intervals(c.slopes, layer)) for layer, c in comparisons.items()),
            *map(paragraph, account.lines),
        ),
        verdict=verdict_on(judged - agreeing, undecided=bool(failures(dataset))),
        because=f"{agreeing} of {judged} slopes of W[1] and W[2] away from their boundaries (|S| > 0.1) are in the "
        f"derived regime; {account.used} networks, {seeds_from_zero(plan.seeds)}",
        differs=(
            "The source (Zhou et al. 2022) has this diagram from experiments only; here it is derived, and the "
            "experiment is the check.",
            "Starts are centred, f(0) subtracted: pairing output neurons would take away the first gradient of W[1].",
            "Widths are small, a layer is m² numbers. Where W[2] alone condenses the slope of W[1] depends on the "
            "target and is further from its limit.",
        ),
    )


def _in_the_words_of_the_slides(region: pt.Region) -> str:
    return ", ".join(f"{_SHORT[region.regimes[layer]]} for $W^{{[{layer[1:]}]}}$" for layer in _HIDDEN)


def _regions(comparisons: dict[str, MapComparison], plan: Plan) -> ResultTable:
    """How many points of each derived region, away from all boundaries, were measured in it."""
    rows = ResultTable(
        f"Points by region, widths {plan.widths[0]} to {plan.widths[-1]}, {plan.seeds} seeds",
        f"Points at which both derived slopes are larger than {AWAY:g} either way, and how many of them have both "
        "measured signs.",
        ("W[2]", "W[1]", "points", "measured there"),
        keys=2,
        left=("W[2]", "W[1]"),
    )
    slopes = [comparisons[layer].slopes for layer in _HIDDEN]
    derived = [s["predicted"].transpose(*plan.names).values.ravel() for s in slopes]
    measured = [s["slope"].transpose(*plan.names).values.ravel() for s in slopes]
    points: Counter[tuple[str, ...]] = Counter()
    there: Counter[tuple[str, ...]] = Counter()
    for expected, found in zip(zip(*derived, strict=True), zip(*measured, strict=True), strict=True):
        if min(map(abs, expected)) > AWAY and np.isfinite(found).all():
            kind = tuple(_SHORT[pt.classify(float(slope))] for slope in expected)
            points[kind] += 1
            there[kind] += kind == tuple(_SHORT[pt.classify(float(slope))] for slope in found)
    for kind in sorted(points):
        rows.add_row(*kind, str(points[kind]), str(there[kind]))
    return rows


PAGE = Page(
    11,
    "Three layers: four regions, derived and measured",
    "三层网络的理论相图",
    _make,
    (
        "phasetheory diagram --depth 3 --out three.png",
        "phasetheory scan --depth 3 --gamma3 0:4:17 --gamma2=-1.5:2:8 --store three.zarr",
        "phasetheory plot three.zarr --out three-measured.png",
    ),
    200.0,
)

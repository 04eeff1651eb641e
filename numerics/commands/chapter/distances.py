"""Page 7: RD against the width at three sizes of the start, with the published slopes beside ours."""

from matplotlib.figure import Figure

from numerics.commands.chapter.page import Content, Desk, Page, seeds_from_zero, verdict_on
from numerics.experiments.judgement import Verdict
from numerics.experiments.plan import BOOK, Plan
from numerics.experiments.verify import verify
from numerics.figures.power_laws import plot_power_laws
from numerics.figures.style import place
from numerics.figures.titles import title
from numerics.reports.chapter import paragraph, table
from numerics.reports.tables import ResultTable
from numerics.reports.verification import headline, to_table

__all__ = ["PAGE"]

#: Slopes of the three panels, as printed; they have no intervals.
PUBLISHED = (-0.506, 0.007, 0.372)
_SIZES = (r"$1/\sqrt{m}$", r"$1/m$", r"$1/m^{1.75}$")


def _make(desk: Desk) -> Content:
    plan = Plan(
        points=BOOK,
        widths=desk.choose((1000, 2000, 4000, 8000), (1000, 5000, 10_000, 20_000, 40_000)),
        seeds=desk.choose(4, 8),
    )
    result = verify(plan, store=desk.store("book"), progress=desk.progress)
    layers = [point.layers[0] for point in result.points]
    figure = Figure(figsize=(15.0, 6.0), layout="constrained")
    rows = ResultTable(
        f"Slope of log RD(θ_w) in log m, widths {plan.widths[0]} to {plan.widths[-1]}, {seeds_from_zero(plan.seeds)}",
        "Limit: derived. Here: that of the infinitely wide network of the same capacity at these widths. Measured: "
        "with its 95 % interval over seeds.",
        ("size", "limit", "here", "measured", "published", "measured - published"),
        keys=1,
        left=("size",),
    )
    for ax, size, layer, published, point in zip(
        figure.subplots(1, 3), _SIZES, layers, PUBLISHED, plan.points, strict=True
    ):
        plot_power_laws([layer], labels=[place(plan.names[:1], point[:1])], digits=3, ax=ax)
        title(ax, f"size of the start {size}")
        measured = layer.measured
        rows.add_row(
            f"1/m^{float(point[0]):g}",
            str(layer.predicted_slope),
            f"{layer.prediction.expected:+.3f}",
            str(measured or "no slope"),
            f"{published:+.3f}",
            f"{measured.slope - published:+.3f}" if measured else "",
        )
    agreeing = sum(layer.agrees for layer in layers)
    wrong = sum(layer.verdict is Verdict.DISAGREES for layer in layers)
    undecided = any(layer.verdict is Verdict.UNDECIDED for layer in layers)
    farthest = max(
        (
            abs(layer.measured.slope - published)
            for layer, published in zip(layers, PUBLISHED, strict=True)
            if layer.measured
        ),
        default=float("nan"),
    )
    return Content(
        predicted=(
            paragraph(
                "At κ' = 1 and κ = m^-γ the theory gives RD ~ m^S_w with S_w = γ - 1 for γ ≤ 1 and (γ - 1)/2 beyond:"
            ),
            desk.formula(
                "slopes",
                r"S_w = -\frac{1}{2},\quad 0,\quad \frac{3}{8}\qquad \mathrm{at}\ \gamma = \frac{1}{2},\ 1,\ "
                r"\frac{7}{4}",
            ),
        ),
        measured=(
            table(rows),
            desk.draw(
                figure,
                "relative_distance",
                "Markers: geometric mean over seeds, bars from smallest to largest. Solid: fit; dashed: the derived "
                "slope; dotted: RD of the infinitely wide network, no free parameter.",
            ),
            table(to_table(result)),
            *map(paragraph, headline(result).splitlines()),
        ),
        verdict=verdict_on(wrong, undecided=undecided),
        because=f"{agreeing} of {len(layers)} points agree in slope and in RD itself; the published slopes are "
        f"{farthest:.3f} from ours at most",
        differs=(
            "Published: -0.506, 0.007, 0.372, without intervals, by gradient descent; ours by gradient flow, with "
            "intervals.",
            "In the text of the slides the size of the middle panel is unreadable; it is taken as 1/m, the critical "
            "one, as in the paper.",
            "The four points are the project's own, so RD itself may differ from the slides'; at these points slopes "
            "do not depend on them in the limit.",
        ),
    )


PAGE = Page(
    7,
    "RD against the width",
    "RD(θ_w*) 与 m 的关系; RD(θ_w*) 实验",
    _make,
    (
        "phasetheory verify --point 0.5,0 --point 1,0 --point 1.75,0 --widths 1000,5000,10000,20000,40000 --seeds 8 "
        "--out results",
    ),
    10.0,
)

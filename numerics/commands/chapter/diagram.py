"""Page 8: the two-layer diagram, the six named schemes, and table 1 of Luo et al."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import sympy as sp
from matplotlib.figure import Figure

import phasetheory as pt
from numerics.commands.chapter.page import Content, Desk, Page, seeds_from_zero, verdict_on
from numerics.datasets import four_points
from numerics.experiments.allowance import allowance_at
from numerics.experiments.location import locate
from numerics.figures.schemes import SCHEMES, plot_schemes
from numerics.reports.chapter import paragraph, table
from numerics.reports.tables import ResultTable
from phasetheory.symbols.printing import plain

__all__ = ["PAGE", "TABLE_1", "PrintedRow", "compare_table_1"]


class PrintedRow(NamedTuple):
    """A row of table 1 of [L21] as printed; beta of E et al. is written m^-g."""

    alpha: str
    beta1: str
    beta2: str
    kappa: str
    kappa_prime: str
    gamma: str
    gamma_prime: str


#: By the names of the catalogue.
TABLE_1 = {
    "lecun": PrintedRow("1", "sqrt(1/m)", "sqrt(1/d)", "sqrt(1/(m*d))", "sqrt(d/m)", "1/2", "1/2"),
    "he": PrintedRow("1", "sqrt(2/m)", "sqrt(2/d)", "sqrt(4/(m*d))", "sqrt(d/m)", "1/2", "1/2"),
    "xavier": PrintedRow("1", "sqrt(2/(m+1))", "sqrt(2/(m+d))", "sqrt(4/((m+1)*(m+d)))", "sqrt((m+d)/(m+1))", "1", "0"),
    "ntk": PrintedRow("sqrt(m)", "1", "1", "sqrt(1/m)", "1", "1/2", "0"),
    "mean_field": PrintedRow("m", "1", "1", "1/m", "1", "1", "0"),
    "e_et_al": PrintedRow("1", "m^(-g)", "1", "m^(-g)", "m^(-g)", "g", "g"),
}
_EXPONENT = 1  # g at which the scheme of E et al. is trained


def _make(desk: Desk) -> Content:
    figure = Figure(figsize=(7.2, 7.2), layout="constrained")
    plot_schemes(pt.phase_diagram(), ax=figure.subplots())
    table_1, same = compare_table_1(TABLE_1)
    widths = desk.choose((500, 4000), (1000, 32_000))
    networks = desk.choose(3, 8)
    trained, good = _trained(widths, networks)
    return Content(
        predicted=(
            paragraph("With the exponents of κ and κ' as axes the theory gives the boundary of w exactly:"),
            desk.formula(
                "axes",
                r"\gamma = -\lim_{m\to\infty}\frac{\log(\beta_1\beta_2/\alpha)}{\log m},\quad \gamma' = "
                r"-\lim_{m\to\infty}\frac{\log(\beta_1/\beta_2)}{\log m}",
            ),
            desk.formula("boundary", r"\gamma = 1 + \max(0, \gamma')"),
            desk.draw(
                figure,
                "schemes",
                "Derived regimes and the six schemes. Xavier (square) and mean field (star) are one point, LeCun "
                "(triangle) and He (cross) another; E et al. is a line.",
            ),
            paragraph(
                "The regimes off the boundary are a theorem (Luo, Xu, Ma, Zhang 2021); the slopes are derived by a "
                "scaling argument."
            ),
        ),
        measured=(table(table_1), table(trained)),
        verdict=verdict_on(len(TABLE_1) - same + len(SCHEMES) - good),
        because=f"{same} of {len(TABLE_1)} rows of table 1 come out exactly; {good} of {len(SCHEMES)} schemes, "
        "trained with their own constants, move as predicted at both widths",
        differs=(
            "On the slides pairs of schemes share a symbol; here each of the six has its own.",
            "κ of a scheme is compared exactly, constants included: table 1 as printed against the program's own "
            "catalogue.",
            f"E et al. leave β open. It is trained at β₁ = 1/m, a point of its line γ = γ' = {_EXPONENT}.",
        ),
    )


def compare_table_1(printed: Mapping[str, PrintedRow]) -> tuple[ResultTable, int]:
    """Printed beside derived; how many rows are the same."""
    rows = ResultTable(
        "Table 1 of Luo et al. 2021, as printed and as derived",
        "α, β₁ (output weights), β₂ (input weights), κ and κ' as printed, the same in the catalogue of the program or "
        "not (compared exactly by SymPy); then the exponents derived from them, and as printed.",
        ("scheme", "α", "β₁", "β₂", "κ", "κ'", "scales", "γ, γ' derived", "printed"),
        keys=1,
        left=("scheme",),
    )
    same = 0
    for name, row in printed.items():
        net = pt.initialization(name)
        symbols = tuple(net.gamma.free_symbols)
        given = [pt.parse_scale(text, symbols=symbols) for text in row]
        ours = [net.alpha, net.sigmas[1], net.sigmas[0], net.kappa, net.kappa_prime]
        scales = all(sp.simplify(mine**2 / theirs**2) == 1 for mine, theirs in zip(ours, given, strict=False))
        exponents = (net.gamma, net.gamma_prime) == tuple(given[5:])
        rows.add_row(
            pt.describe_initialization(name).title,
            *(plain(value) for value in given[:5]),
            "the same" if scales else "DIFFERENT",
            f"{plain(net.gamma)}, {plain(net.gamma_prime)}",
            f"{row.gamma}, {row.gamma_prime}",
        )
        same += scales and exponents
    return rows, same


def _trained(widths: tuple[int, int], networks: int) -> tuple[ResultTable, int]:
    """Every scheme trained with its own constants; how many moved as predicted at both widths."""
    X, y = four_points()
    rows = ResultTable(
        f"RD of w of the schemes themselves, {seeds_from_zero(networks)}, f = 0 at the start",
        "Predicted: of the infinitely wide network of the same capacity. Measured: geometric mean ± two standard "
        "errors. S: slope between the two widths, measured, and derived in the limit.",
        (
            "scheme",
            *(f"{what}, m = {width}" for width in widths for what in ("predicted", "measured")),
            "S measured",
            "S limit",
        ),
        keys=1,
        left=("scheme",),
    )
    good = 0
    for name in SCHEMES:
        net = pt.initialization(name)
        for free in net.gamma.free_symbols:
            scales = (net.alpha, net.sigmas[1], net.sigmas[0])
            net = pt.two_layer(*(scale.subs(free, _EXPONENT) for scale in scales))
        cells, means, fits = [], [], []
        for width in widths:
            found = locate(net, X, y, width=width)
            logs = np.log(found.train(networks)["w"])
            mean, error = float(logs.mean()), float(2 * logs.std(ddof=1) / np.sqrt(networks))
            predicted = found["w"].relative_distance
            cells += [f"{predicted:.3g}", f"{np.exp(mean):.3g} ± {100 * error:.1f} %"]
            means.append(mean)
            fits.append(abs(mean - np.log(predicted)) <= allowance_at(2).distance + error)
        slope = np.diff(means)[0] / np.log(widths[1] / widths[0])
        rows.add_row(pt.describe_initialization(name).title, *cells, f"{slope:+.2f}", str(net.slopes()["w"]))
        good += all(fits)
    return rows, good


PAGE = Page(
    8,
    "The phase diagram of two layers, and six schemes on it",
    "相图; 相图对应的三种区域",
    _make,
    (
        "phasetheory diagram --out diagram.png",
        "phasetheory locate he --width 1000 --train",
        "phasetheory classify xavier",
    ),
    10.0,
)

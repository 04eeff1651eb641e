"""Pages 9 and 10: the diagram as experiments give it, of synthetic data and of digits."""

import sympy as sp

from numerics.commands.chapter.intervals import said_of_intervals
from numerics.commands.chapter.page import Content, Desk, Page, seeds_from_zero, verdict_on
from numerics.datasets import load_data
from numerics.experiments.account import account_of
from numerics.experiments.grids import grid_values
from numerics.experiments.maps import compare_map
from numerics.experiments.plan import Plan
from numerics.figures.scan import scan_figure
from numerics.reports.chapter import paragraph, table
from numerics.reports.scan import scan_table
from numerics.scans import Threads, failures, scan

__all__ = ["DIGITS", "SYNTHETIC"]


def _synthetic(desk: Desk) -> Content:
    plan = Plan.grid(
        gamma=desk.choose(_values("0.6:1.4:5"), _values("0.6:1.4:9")),
        gamma_prime=desk.choose(_values("-0.4:0.4:5"), _values("-0.4:0.4:9")),
        widths=desk.choose((1000, 4000, 16_000), (1000, 5000, 10_000, 20_000, 40_000)),
        seeds=desk.choose(2, 4),
    )
    return _map(
        desk,
        plan,
        (
            "The paper's synthetic data are not printed; these are the four points of the project, one input and a "
            "constant.",
            "For γ' < 0 the measured boundary lies left of the derived one at these widths: at γ = 0.9, γ' = -0.2 the "
            "slope is +0.02, -0.04, -0.08 around widths 3e3, 3e4, 2e5, and -0.1 in the limit (measured once, in the "
            "documentation).",
        ),
    )


def _digits(desk: Desk) -> Content:
    plan = Plan.grid(
        gamma=desk.choose(_values("0.7:1.3:3"), _values("0.7:1.3:7")),
        gamma_prime=desk.choose(_values("-0.3:0.3:3"), _values("-0.3:0.3:7")),
        widths=desk.choose((500, 1000, 2000), (1000, 2000, 4000, 8000)),
        seeds=1,
        data=load_data(_DIGITS),
        data_name=_DIGITS,
        loss_tol=_DIGITS_LOSS,
    )
    return _map(
        desk,
        plan,
        (
            "The first 45 digits of MNIST as they are shipped with the project, 784 inputs and a constant, the label "
            "as target.",
            f"Runs end at a loss of {_DIGITS_LOSS:g}, an error of a hundredth in labels up to 9; one seed, so stars "
            "have no interval.",
        ),
    )


_DIGITS, _DIGITS_LOSS = "mnist:45", 1e-4


def _values(text: str) -> tuple[sp.Rational, ...]:
    return grid_values(text, "grid")


def _map(desk: Desk, plan: Plan, differs: tuple[str, ...]) -> Content:
    dataset = scan(plan, desk.store("plane"), executor=Threads(), progress=desk.progress)
    comparison = compare_map(dataset, "w")
    account = account_of(dataset)
    missing = bool(failures(dataset)) or comparison.points < len(plan.points)
    return Content(
        predicted=(
            paragraph("S_w over the plane, and the boundary on which it is zero:"),
            desk.formula("boundary", r"\gamma = 1 + \max(0, \gamma')"),
            paragraph("In the picture: the middle panel, and the line in all of them."),
        ),
        measured=(
            desk.draw(
                scan_figure(dataset, "heatmap", ["w"]),
                "plane",
                "S_w measured, derived in the limit, and their difference. Stars: where the measured slope changes "
                "sign, with the 95 % interval over seeds; line: the derived boundary.",
            ),
            table(scan_table(comparison)),
            paragraph(comparison.verdict() + "."),
            paragraph(said_of_intervals(comparison.slopes, "w")),
            *map(paragraph, account.lines),
        ),
        verdict=verdict_on(comparison.judged - comparison.agreeing, undecided=missing),
        because=f"{comparison.agreeing} of {comparison.judged} points away from the boundary (|S| > 0.1) are in the "
        f"derived regime; {account.used} networks, {seeds_from_zero(plan.seeds)}",
        differs=differs,
    )


SYNTHETIC = Page(
    9,
    "The diagram from experiments: synthetic data",
    "实验相图",
    _synthetic,
    (
        "phasetheory scan --gamma 0.6:1.4:9 --gamma-prime=-0.4:0.4:9 --widths 1000,5000,10000,20000,40000 --seeds 4 "
        "--store synthetic.zarr",
        "phasetheory plot synthetic.zarr --layer w",
    ),
    40.0,
)
DIGITS = Page(
    10,
    "The diagram from experiments: MNIST",
    "实验相图; MNIST",
    _digits,
    (
        "phasetheory scan --gamma 0.7:1.3:7 --gamma-prime=-0.3:0.3:7 --widths 1000,2000,4000,8000 --seeds 1 --data "
        "mnist:45 --loss-tol 1e-4 --store digits.zarr",
        "phasetheory plot digits.zarr --layer w",
    ),
    100.0,
)

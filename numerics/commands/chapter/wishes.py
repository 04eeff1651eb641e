"""Page 14: the closing page's three wishes, and what the project answers today."""

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.commands.chapter.page import Content, Desk, Page, seeds_from_zero, verdict_on
from numerics.datasets import four_points
from numerics.experiments.allowance import allowance_at
from numerics.experiments.location import locate
from numerics.experiments.plan import BOOK
from numerics.reports.chapter import paragraph, table
from numerics.reports.tables import ResultTable
from phasetheory.symbols.printing import plain

__all__ = ["PAGE"]

_WIDTHS = (50, 200, 1000)


def _make(desk: Desk) -> Content:
    networks = desk.choose(6, 20)
    widths, inside, total, good = _finite_width(networks)
    depths = ResultTable(
        "Critical lines of deeper networks, derived",
        "On the standard plane of each depth, where all layers after the first start alike. Any depth can be asked "
        "for.",
        ("layers", "layer", "critical on"),
        keys=2,
        left=("layer", "critical on"),
    )
    for depth in (2, 3, 4):
        diagram = pt.phase_diagram(depth)
        for layer in diagram.layers[:-1]:
            depths.add_row(str(depth), layer, plain(sp.Symbol(str(diagram.boundary(layer)))))
    points = len(_WIDTHS) * len(BOOK)
    return Content(
        predicted=(
            paragraph(
                "1. Finite width ('deviations at finite width in practice; better analysis of it'). Answered for two "
                "layers: they depend on the width only through the capacity P = m β₁β₂/α, so one run of the "
                "infinitely wide network of the same P predicts RD of a network of any width, in every regime, with "
                "the interval over draws: 'phasetheory locate'. Beyond two layers slopes are computed at widths that "
                "nobody can train (numerics.mean_field_slopes), RD itself is not."
            ),
            paragraph(
                "2. Regularisation. Answered for weight decay: it is a walk through the diagram ('phasetheory classify ntk "
                "--weight-decay 1/m', 'phasetheory diagram --weight-decay 1/2'), and gradient_flow integrates it "
                "(weight_decay=); 'phasetheory decay' draws the walk. Answered for dropout of two layers: derived ('phasetheory "
                "classify ntk --dropout 1/2'), integrated on average over the masks and trained with them (dropout=), and "
                "'phasetheory condense --dropout 0.5' shows that it condenses a linear network. The pages here are of flows "
                "without either; label noise is open."
            ),
            paragraph(
                "3. Other networks ('fully connected, CNN, RNN'). Answered for fully connected ones: diagrams of any "
                "depth are derived, those of three layers measured (page 11), any scales, learning rates by layer, "
                "relu, leaky relu and linear. Answered for CNN, RNN, residual networks and attention as graphs: their planes are "
                "derived, and held against trained networks ('phasetheory verify --architecture recurrent:2'); the pages here "
                "train none of them. The pages are those of gradient flow; diagrams of Adam at a small rate are derived as well "
                "('phasetheory diagram --optimizer adam')."
            ),
            paragraph(
                "Besides, the slides wish for a concrete analysis of condensation. It is measured over the plane on "
                "pages 12 and 13, and the directions on which neurons condense at first are derived "
                "(phasetheory.condensed_directions) and measured there."
            ),
        ),
        measured=(
            table(widths),
            paragraph(f"{inside} of {total} networks lie in the interval that 95 % are predicted to lie in."),
            table(depths),
        ),
        verdict=verdict_on(points - good),
        because=f"finite width: {good} of {points} mean RD as predicted; regularisation: weight decay and dropout "
        "derived and integrated; other networks: fully "
        "connected of any depth, CNN and RNN derived",
        differs=(
            "The slides end with wishes and no experiment; what is measured here is this project's answer to the "
            "first.",
            "Below a few neurons for each sample the prediction is for networks that can fit the data at all; the "
            "smallest width here is 50.",
        ),
    )


def _finite_width(networks: int) -> tuple[ResultTable, int, int, int]:
    """Predicted and trained; networks inside their intervals, of how many; points whose mean agrees."""
    X, y = four_points()
    rows = ResultTable(
        f"RD of w at small widths, κ' = 1, {seeds_from_zero(networks)}",
        "Predicted at this very width, with the interval of 95 % of networks; no free parameter. Measured: geometric "
        "mean ± two standard errors. Limit: the regime of the infinite width.",
        ("γ", "m", "limit", "predicted", "95 %", "measured", "inside"),
        keys=2,
        left=("limit",),
    )
    inside = total = good = 0
    for point in BOOK:
        network = pt.phase_diagram().network_at(point)
        for width in _WIDTHS:
            found = locate(network, X, y, width=width)
            layer, trained = found["w"], found.train(networks)["w"]
            low, high = layer.interval
            logs = np.log(trained)
            mean, error = float(logs.mean()), float(2 * logs.std(ddof=1) / np.sqrt(networks))
            within = int(np.sum((low <= trained) & (trained <= high)))
            rows.add_row(
                f"{float(point[0]):g}",
                str(width),
                network.regime()["w"].value,
                f"{layer.relative_distance:.3g}",
                f"{low:.3g} to {high:.3g}",
                f"{np.exp(mean):.3g} ± {100 * error:.0f} %",
                f"{within} of {networks}",
            )
            inside, total = inside + within, total + networks
            good += abs(mean - float(np.log(layer.relative_distance))) <= allowance_at(2).distance + error
    return rows, inside, total, good


PAGE = Page(
    14,
    "Three wishes, and what is answered today",
    "总结与展望",
    _make,
    ("phasetheory locate --alpha 1 --beta1 0.05 --beta2 0.05 --width 400 --train", "phasetheory diagram --depth 4"),
    10.0,
)

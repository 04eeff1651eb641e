"""Pages 12 and 13: how features are distributed over the plane, of synthetic data and of digits."""

import numpy as np

from numerics.commands.chapter.page import Content, Desk, Page, seeds_from_zero, verdict_on
from numerics.commands.condense import condensation_table, near_predicted
from numerics.experiments.account import account_of
from numerics.experiments.condensation_map import (
    CondensationPlan,
    by_regime,
    sharpening,
    sharpening_by_regime,
    slopes_of_w,
)
from numerics.experiments.grids import grid_values
from numerics.experiments.maps import AWAY
from numerics.figures.condensation import write_condensation
from numerics.reports.chapter import paragraph, table
from numerics.reports.first_directions import first_directions_lines
from numerics.scans import Threads, failures, scan

__all__ = ["DIGITS", "SYNTHETIC"]


def _synthetic(desk: Desk) -> Content:
    plan = CondensationPlan.paper(
        **_boxes(desk),
        widths=desk.choose((1000, 10_000), (1000, 10_000, 1_000_000)),
        seeds=2,
    )
    return _condensation(
        desk, plan, ("The paper's synthetic data are not printed; these are the four points of the project.",)
    )


def _digits(desk: Desk) -> Content:
    plan = CondensationPlan.paper(
        "mnist:45", **_boxes(desk), widths=desk.choose((500, 2000), (1000, 3000, 10_000)), seeds=2
    )
    return _condensation(
        desk,
        plan,
        (
            "The first 45 digits, two seeds. With 785 inputs an orientation is no angle: what is drawn is the "
            "projection on the leading direction.",
            "Up to 10 000 neurons, to keep the whole chapter in half an hour; 'phasetheory condense --data mnist:45' "
            "goes to 10^5.",
        ),
    )


def _boxes(desk: Desk) -> dict:
    gamma, prime = desk.choose(("0.7:1.3:3", "-0.3:0.3:3"), ("0.7:1.3:7", "-0.3:0.3:7"))
    return {"gamma": grid_values(gamma, "gamma"), "gamma_prime": grid_values(prime, "gamma_prime")}


def _condensation(desk: Desk, plan: CondensationPlan, differs: tuple[str, ...]) -> Content:
    dataset = scan(plan, desk.store("map"), executor=Threads(), progress=desk.progress)
    write_condensation(dataset, plan, desk.folder)
    slopes = slopes_of_w(dataset.gamma.values, dataset.gamma_prime.values)
    change = sharpening(dataset).transpose("gamma", "gamma_prime", "seed")
    mean = change.mean("seed").values
    error = float(np.sqrt(change.var("seed", ddof=1).mean() / plan.seeds))  # of a box; the noise of all is taken as one
    away = (np.abs(slopes) > AWAY) & np.isfinite(mean)
    along = np.sign(slopes[away]) * mean[away]
    right, wrong = int(np.sum(along > 0)), int(np.sum(along < -2 * error))
    judged, account = int(away.sum()), account_of(dataset)
    rows = by_regime(dataset)
    near = near_predicted(rows)
    said = [
        f"{regime.value} {mean:+.3f} ± {spread:.3f}" for regime, (mean, spread) in sharpening_by_regime(dataset).items()
    ]
    return Content(
        predicted=(
            paragraph(
                "In the condensed regime (S_w > 0) the neurons gather in a few directions, more sharply the wider the "
                "network; in the linear regime their orientations come to be those of the start; on the boundary "
                "nothing changes with the width. Measured by 1 - entropy of the orientations, weighted by amplitude: "
                "it rises with the width where S_w > 0 and falls where S_w < 0."
            ),
            paragraph(
                "The directions on which neurons condense at first, as long as nothing is fitted, are derived from the data:"
            ),
            *map(paragraph, first_directions_lines(plan.predicted)),
            desk.show(
                "condensation_measures", "Condensation over the plane, against the derived S_w, and against the width."
            ),
        ),
        measured=(
            desk.show(
                "condensation_map",
                "Every neuron's amplitude over the largest, by orientation; thick frames: critical, derived.",
            ),
            table(condensation_table(rows, dataset)),
            paragraph(
                f"Change of 1 - entropy per factor 10 of the width, mean ± deviation over boxes: {', '.join(said)}."
            ),
            *([paragraph(f"First directions: {near}.")] if near else []),
            *map(paragraph, account.lines),
        ),
        verdict=verdict_on(wrong, undecided=bool(failures(dataset))),
        because=f"condensation changes with the width in the predicted direction in {right} of {judged} boxes away "
        f"from the boundary (|S_w| > {AWAY:g}), and against it by more than two standard errors (of {error:.4f}) in {wrong}; "
        f"{account.used} networks, {seeds_from_zero(plan.seeds)}",
        differs=(
            *differs,
            "The slides show pictures only; here the condensation is also a number, so that it can contradict the "
            "theory.",
        ),
    )


SYNTHETIC = Page(
    12,
    "Features over the diagram: synthetic data",
    "相图上不同位置的特征分布: 合成数据",
    _synthetic,
    ("phasetheory condense --store map.zarr --out map",),
    200.0,
)
DIGITS = Page(
    13,
    "Features over the diagram: MNIST",
    "相图上不同位置的特征分布: MNIST",
    _digits,
    ("phasetheory condense --data mnist:45 --widths 1000,3000,10000 --store digit-map.zarr --out digit-map",),
    400.0,
)

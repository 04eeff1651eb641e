"""What is told along the way of an inspection, each in one line: what is in none of the numbers, and where they are estimates."""

from collections.abc import Mapping, Sequence

import numpy as np

from numerics.pytorch.graph import Family
from numerics.pytorch.laws import ParameterLaw, RateLaw
from numerics.pytorch.prediction import FAR

__all__ = ["error_told", "family_told", "loss_told", "start_told", "steps_told"]

_LARGE = 3.0  # times the targets, of an output at the start
_GROWING = 0.25  # exponent in the width, from which it is said to grow


def family_told(
    family: Family,
    laws: Mapping[str, ParameterLaw],
    rates: Mapping[str, RateLaw],
    unused: Sequence[str],
    still: Sequence[str],
) -> list[str]:
    """What was not read, not used, not trained, and what has no prediction."""
    notes = [f"not read: {what}; no slopes are predicted, distances are measured alone" for what in family.unread]
    if not any(law.depends for law in laws.values()):
        notes.append("factory ignores its width: no shape and no scale of a parameter changes with it")
    if unused:
        notes.append(f"never used: the output is not computed from {', '.join(unused)}")
    if still:
        notes.append(
            "no gradient at the start, behind a layer that starts at zero or before a normalisation or softmax that takes it "
            f"out, so no distance by the tangent kernels: {', '.join(still)}"
        )
    held = [name for name, law in rates.items() if law.rate is None]
    if held:
        notes.append(f"not trained by the optimiser: {', '.join(held)}")
    if any(law.decay is not None for law in rates.values()):
        notes.append("weight decay is in none of the numbers: they hold for times short beside 1/(rate decay)")
    if any(law.momentum is not None for law in rates.values()):
        notes.append(
            "momentum is in none of the numbers: at a small rate it brings every parameter to the same place, sooner"
        )
    if family.beside and family.graph is not None:
        notes.append(f"on no path of the graph, so without a predicted slope: {', '.join(family.beside)}")
    return notes


def start_told(widths: tuple[int, ...], start: np.ndarray) -> list[str]:
    """Whether outputs at the start outgrow the targets: the theory has them of their order."""
    starts = start.mean(axis=1)
    if starts[-1] < _LARGE or starts[-1] < starts[0] * (widths[-1] / widths[0]) ** _GROWING:
        return []
    return [
        f"the output at the start is {starts[-1]:.2g} times the targets at width {widths[-1]} and grows with it; predicted "
        "slopes are those of one that does not: subtract it from the output, or start smaller"
    ]


def loss_told(loss: str, output: tuple[int, ...]) -> list[str]:
    """What a loss without a minimum does to the slopes."""
    if loss != "cross-entropy":
        return []
    return [
        f"cross-entropy is log {output[-1]} = {np.log(output[-1]):.2g} at output 0 and has no minimum: slopes are those at a "
        "level below that, where logits are of order one, and distances those to logits that differ by 1"
    ]


def error_told(widths: tuple[int, ...], error: np.ndarray) -> list[str]:
    """At which widths the tangent model is far."""
    far = [str(width) for width, row in zip(widths, error, strict=True) if np.mean(row) > FAR]
    return [
        f"far from the tangent model at width {', '.join(far)}: distances and their slopes are estimates there"
    ] * bool(far)


def steps_told(kind: str, widths: tuple[int, ...], step: np.ndarray) -> list[str]:
    """At which widths steps of the optimiser overshoot, and by which factor the rates are too large."""
    largest = step.max(axis=1)
    wide = [str(width) for width, share in zip(widths, largest, strict=True) if share > 1]
    if kind == "gradient flow" or not wide:
        return []
    missing = "the tenth of what is missing that is left at the end" if kind.startswith("Adam") else "what is missing"
    return [
        f"a step of {kind} makes up for {largest.max():.2g} times {missing}: it overshoots at width "
        f"{', '.join(wide)}, and distances are not those of a small rate; divide the rate by {1.1 * largest.max():.2g} or more"
    ]

"""The predicted first directions as lines and as plain data."""

from typing import Any

import phasetheory as pt

__all__ = ["first_directions_dict", "first_directions_lines"]

_MOST = 6  # directions in words


def first_directions_lines(predicted: pt.CondensedDirections) -> list[str]:
    """What the theory says, in two or three lines."""
    if predicted.degenerate and not predicted.attracting:
        return ["from tiny weights: degenerate, no direction is preferred at first"]
    lines = []
    for sign, side in ((1, "a > 0"), (-1, "a < 0")):
        toward = [direction for direction in predicted.attracting if direction.sign == sign]
        where = [_where(direction) for direction in toward[:_MOST]]
        more = f" and {len(toward) - _MOST} more" if len(toward) > _MOST else ""
        lines.append(f"from tiny weights, {side}: {', '.join(where) + more if where else 'no direction attracts'}")
    if predicted.degenerate:
        lines.append("degenerate in part: directions that D does not tell apart are not listed")
    if predicted.constant:
        lines.append(
            f"sigma(0) = {predicted.constant:.3g}: the mean of the targets is fitted first; these are the directions of the rest"
        )
    return lines


def _where(direction: pt.Direction) -> str:
    share = f"{100 * direction.basin:.0f} % of orientations"
    if direction.angle is None:
        return f"D = {direction.value:.3g} ({share})"
    return f"{direction.angle:.1f}° ({share})"


def first_directions_dict(predicted: pt.CondensedDirections) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "multiplicity": predicted.multiplicity,
        "onset_exponent": predicted.onset,
        "degenerate": predicted.degenerate,
        "complete": predicted.complete,
        "directions": [
            {
                "vector": list(one.vector),
                "angle": one.angle,
                "value": one.value,
                "sign": one.sign,
                "attracts": one.attracts,
                "basin": one.basin,
            }
            for one in predicted
        ],
    }

r"""Critical directions on the circle, all of them: d = 2.

Let x_i = r_i (cos phi_i, sin phi_i). Between the kinks, at right angles to the samples, every sigma is one power, so with
w = e^(2 i theta) and slopes s_i of the sector

    D(theta) = sum_i y_i s_i (r_i cos(theta - phi_i))^p = w^(-p/2) sum_k a_k w^(p-k),
    a_k = 2^-p binomial(p, k) sum_i y_i s_i r_i^p e^(-i (p-2k) phi_i),

and D' has at most p roots w on the unit circle, each of two opposite directions: 2p on the whole circle, if there is no kink.
D is monotone between neighbouring candidates, roots and kinks, so the sign of D' on both sides says what a candidate is.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Extremum", "on_circle"]

_ROUNDING = 1e-12  # of D', relative to the sum of its terms: less is zero
_TOGETHER = 1e-9  # radians: candidates closer than this are one
_UNIT = 1e-4  # how far from the unit circle rounding takes a root
_MULTIPLE = 3e-5  # radians over which rounding spreads a multiple root


@dataclass(frozen=True)
class Extremum:
    """A critical direction on the circle.

    Attributes
    ----------
    angle : float
        Radians, in [-pi, pi).
    value : float
        D there.
    kind : int
        +1 a maximum, -1 a minimum, 0 neither.
    basin : float
        Share of the circle from which D rises to this maximum, or falls to this minimum.
    """

    angle: float
    value: float
    kind: int
    basin: float


@dataclass(frozen=True)
class _Arc:
    """A sector: D = Re sum_k terms_k e^(i powers_k theta), from ``low`` to ``high``."""

    low: float
    high: float
    powers: "np.ndarray"
    terms: "np.ndarray"
    flat: bool

    def value(self, theta: float) -> float:
        import numpy as np

        return float(np.real(self.terms @ np.exp(1j * self.powers * theta)))

    def slope(self, theta: float) -> float:
        import numpy as np

        return float(np.real((1j * self.powers * self.terms) @ np.exp(1j * self.powers * theta)))

    def roots(self) -> list[float]:
        """Angles strictly inside where D' = 0."""
        import numpy as np

        if self.flat:
            return []
        w = np.roots(self.powers * self.terms)
        halves = np.angle(w[np.abs(np.abs(w) - 1) < _UNIT]) / 2
        found = (np.concatenate([halves, halves + np.pi]) - self.low) % (2 * np.pi) + self.low
        roots: list[list[float]] = []
        for theta in sorted(float(theta) for theta in found if theta < self.high):
            if roots and theta - roots[-1][-1] < _MULTIPLE:
                roots[-1].append(theta)
            else:
                roots.append([theta])
        return [sum(group) / len(group) for group in roots]


def on_circle(X: "np.ndarray", y: "np.ndarray", right: float, left: float, degree: int) -> list[Extremum] | None:
    """Extrema of D by angle; None where D is constant.

    Parameters
    ----------
    X : float64 (n, 2); y : float64 (n,)
    right, left : float
        sigma(1) and sigma(-1) of a homogeneous activation.
    degree : int
    """
    import numpy as np

    size, angle = np.hypot(X[:, 0], X[:, 1]), np.arctan2(X[:, 1], X[:, 0])
    kinked = right != (-1) ** degree * left
    seen = (size > 0) & (y != 0)
    kinks = _distinct(np.concatenate([angle[seen] + np.pi / 2, angle[seen] - np.pi / 2])) if kinked else []
    ends = [*kinks, kinks[0] + 2 * np.pi] if kinks else [-np.pi, np.pi]
    strength = float(np.abs(y) @ size**degree) * max(abs(right), abs(left)) * degree
    powers = degree - 2 * np.arange(degree + 1)
    arcs = []
    for low, high in pairwise(ends):
        slopes = np.where(np.cos((low + high) / 2 - angle) > 0, right, (-1) ** degree * left)
        moments = np.exp(-1j * np.outer(powers, angle)) @ (y * slopes * size**degree)
        terms = np.array([comb(degree, k) for k in range(degree + 1)]) / 2**degree * moments
        flat = bool(np.all(np.abs(powers * terms) <= _ROUNDING * strength))
        arcs.append(_Arc(low, high, powers, terms, flat))
    if all(arc.flat for arc in arcs):
        return None
    return _classify(arcs, bool(kinks), _ROUNDING * strength)


def _classify(arcs: list[_Arc], kinked: bool, zero: float) -> list[Extremum]:
    """What every candidate is, and how much of the circle is drawn to it."""
    import numpy as np

    # on every arc the kink it starts with, then its roots
    candidates: list[tuple[float, _Arc, bool]] = []
    for arc in arcs:
        roots = [t for t in arc.roots() if not kinked or arc.low + _TOGETHER < t < arc.high - _TOGETHER]
        candidates += [(arc.low, arc, True)] * kinked + [(theta, arc, False) for theta in roots]
    after = [theta for theta, _, _ in candidates[1:]] + [candidates[0][0] + 2 * np.pi]
    signs = []  # of D' between a candidate and the next
    for (theta, arc, _), following in zip(candidates, after, strict=True):
        slope = arc.slope((theta + following) / 2)
        signs.append(0 if abs(slope) <= zero * min(1.0, following - theta) else int(np.sign(slope)))
    found = []
    for index, (theta, arc, kink) in enumerate(candidates):
        before, behind = signs[index - 1], signs[index]
        kind = before if before == -behind else 0
        if kink and kind == 0:
            continue
        basin = _reach(index, candidates, signs, after) if kind else 0.0
        found.append(Extremum(float((theta + np.pi) % (2 * np.pi) - np.pi), arc.value(theta), kind, basin))
    return sorted(found, key=lambda extremum: extremum.angle)


def _reach(index: int, candidates: list[tuple[float, _Arc, bool]], signs: list[int], after: list[float]) -> float:
    """Share of the circle on both sides over which D' keeps its sign."""
    import numpy as np

    count, total = len(candidates), 0.0
    for step, first in ((1, index), (-1, index - 1)):
        place, sign = first % count, signs[first % count]
        for _ in range(count):
            if signs[place] != sign:
                break
            total += after[place] - candidates[place][0]
            place = (place + step) % count
    return total / (2 * np.pi)


def _distinct(angles: "np.ndarray") -> list[float]:
    """Angles in [-pi, pi), sorted, each once."""
    import numpy as np

    ordered = np.sort((angles + np.pi) % (2 * np.pi) - np.pi)
    kept: list[float] = []
    for theta in map(float, ordered):
        if (not kept or theta - kept[-1] > _TOGETHER) and (not kept or kept[0] + 2 * np.pi - theta > _TOGETHER):
            kept.append(theta)
    return kept

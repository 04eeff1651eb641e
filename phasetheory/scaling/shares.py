r"""Shares of a target that layers reach less than the rest, or not at all: a residual each. Derived.

A *share* of every kind of target has the amplitude r, the exponent of its norm, and layer l reaches it with the factor f_l; a
layer without one not at all. Its residual is smaller by r, and what counts of M_l is M_l + f_l + r. It is fitted where its
own change reaches alpha + r,

    max_l [ (M_l + f_l + r) + min(0, Delta_l - q s_l) ] = alpha + 2 r.

M_l is the largest over all of a target and the shares that are left. Delta_l is that of the share alone: what moves a layer
for the rest of the target is no change of the share. Growth for the sake of a share is not passed on either: a layer that
does not reach a share is seen there with the size that it had when all but shares was learned.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from phasetheory.scaling.paths import Direction, Reach, Uses

__all__ = ["LargestReach", "ShareExponents", "ShareReach"]


@dataclass(frozen=True)
class ShareExponents:
    """One share, in exponents.

    Attributes
    ----------
    amplitude
        r.
    shifts : mapping
        f_l + r of the layers that reach it.
    """

    amplitude: Any
    shifts: Mapping[str, Any]

    def map(self, change: Callable[[Any], Any]) -> "ShareExponents":
        """The same with other values."""
        return ShareExponents(change(self.amplitude), {layer: change(shift) for layer, shift in self.shifts.items()})


@dataclass(frozen=True)
class ShareReach:
    """A :class:`phasetheory.scaling.paths.Reach` of some layers only, shifted, while others are held."""

    reach: Reach
    shifts: Mapping[str, Any]
    held: frozenset[str]

    @cached_property
    def values(self) -> dict[str, Any]:
        """M_l + f_l + r of the layers that contribute."""
        return {layer: value + self.shifts[layer] for layer, value in self.reach.values.items() if layer in self.shifts}

    def along(self, direction: Direction) -> dict[str, Fraction]:
        """The derivative of M_l in a direction."""
        slopes = self.reach.along(self._seen(direction))
        return {layer: slopes[layer] for layer in self.values}

    def overtakings(self, direction: Direction) -> Iterator[Any]:
        """Steps before the first of which M_l changes as :meth:`along` says."""
        return self.reach.overtakings(self._seen(direction))

    def candidates(self, chosen: Sequence[str]) -> dict[str, Sequence[Uses]]:
        """How often the paths that M_l may follow use the chosen layers, for each of them that is on one."""
        found = self.reach.candidates(chosen)
        seen = [layer not in self.held for layer in chosen]
        return {
            layer: list(
                dict.fromkeys(tuple(k * own for k, own in zip(uses, seen, strict=True)) for uses in found[layer])
            )
            for layer in chosen
            if layer in self.values
        }

    def _seen(self, direction: Direction) -> Direction:
        return {layer: v * (layer not in self.held) for layer, v in direction.items()}


@dataclass(frozen=True)
class LargestReach:
    """The largest of several, layer by layer."""

    parts: Sequence[Reach]

    @cached_property
    def values(self) -> dict[str, Any]:
        """M_l of every layer that reaches anything."""
        found: dict[str, Any] = {}
        for part in self.parts:
            for layer, value in part.values.items():
                if layer not in found or value > found[layer]:
                    found[layer] = value
        return found

    @cached_property
    def _deciding(self) -> dict[str, list[int]]:
        """The parts that are the largest, of every layer."""
        return {
            layer: [i for i, part in enumerate(self.parts) if layer in part.values and part.values[layer] == value]
            for layer, value in self.values.items()
        }

    def along(self, direction: Direction) -> dict[str, Fraction]:
        """The derivative of M_l in a direction."""
        slopes = [part.along(direction) for part in self.parts]
        return {layer: max(slopes[i][layer] for i in deciding) for layer, deciding in self._deciding.items()}

    def overtakings(self, direction: Direction) -> Iterator[Any]:
        """Steps before the first of which M_l changes as :meth:`along` says."""
        slopes = self.along(direction)
        for part in self.parts:
            yield from part.overtakings(direction)
            rising = part.along(direction)
            for layer, value in part.values.items():
                if rising[layer] > slopes[layer] and value != self.values[layer]:
                    yield (self.values[layer] - value) / (rising[layer] - slopes[layer])

    def candidates(self, chosen: Sequence[str]) -> dict[str, Sequence[Uses]]:
        """How often the paths that M_l may follow use the chosen layers, for each of them that is on one."""
        found = [part.candidates(chosen) for part in self.parts]
        return {
            layer: list(dict.fromkeys(uses for i in self._deciding[layer] for uses in found[i][layer]))
            for layer in chosen
            if layer in self._deciding
        }

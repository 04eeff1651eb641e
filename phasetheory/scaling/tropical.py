r"""How far every layer of a computation graph moves: the flow in exponents, from event to event, exact. Derived.

x_l is the size of layer l along the signal, in the unit of the optimiser, v_p = c_p + sum_l u_pl x_l the value of a path that
uses it u_pl times, M_l = max over the paths with layer l of v_p, theta the exponent of the time left to the scale at hand. The
update has the degree k in the gradient, q = 1 + k (:mod:`phasetheory.scaling.optimizers`). A layer has the derivative M_l/x_l
along the signal, so d(x_l^q)/dt = q M_l^k |e|^k, and

    Delta_l = sup over the history of (theta + k M_l),        x_l = max(s_l, Delta_l/q),

the growth of x_l^q; the layer has moved by delta_l = min(Delta_l/q, Delta_l - k s_l). It ends where the output has changed by
alpha, max_l [M_l + min(0, Delta_l - q s_l)] = alpha. In a chain M_l is the same in every layer, and so is Delta_l
(:mod:`phasetheory.scaling.argument`); here every layer has its own. Under gradient flow, k = 1, Delta_l is the growth of
|W_l|^2, by Euler's identity path by path (proved). Under sign descent, k = 0, M_l drops out of it: every layer moves by theta,
the time, in its unit, and the paths say only when it ends.

With the rate rho_l = k M_l - q x_l:

1. While nothing moves, theta rises to -max rho (at the start, and where a kind of target has just been learned).
2. The layers A = {l: theta + rho_l = 0} move, in a direction v >= 0, sum v = 1, v = 0 outside A: with a number w,
   d rho_l <= w in A, and = w where v_l > 0. Then d theta = -w: for w < 0 growth slows (one layer grows linearly in time), w = 0
   is exponential (two layers, with a factor log m), w > 0 blows up in finite time (three and more). Of several directions the one
   with most layers is taken, and of those the shortest: equal layers move together. For k = 0 all of A moves, and slows.
3. Go to the first event: a path overtakes, a layer joins A, a target is reached. Repeat until all are.

Targets of several kinds, to which not every path contributes alike, have a residual each: M_l is the largest over those that are
not reached, and each is reached by its own paths. So are shares of a target that layers do not reach alike
(:mod:`phasetheory.scaling.shares`).

A layer of degree 0, directly before a normalisation, is in no path value. Under gradient flow |W| is conserved (proved) and it
turns, by delta_l = min(s_l, Delta_l - s_l). The gradient is orthogonal to W, its signs are not: under sign descent it grows, by
theta like all others.

Only +, -, multiples by rational numbers and comparisons of values occur: the same lines run on numbers and on affine functions in
a region.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, product
from typing import Any

from phasetheory.errors import TheoryError
from phasetheory.scaling.argument import check_norm
from phasetheory.scaling.graph_exponents import Goal, GraphExponents
from phasetheory.scaling.growth import shortest_growth
from phasetheory.scaling.paths import Direction, Reach, Uses

__all__ = ["Event", "TropicalFlow", "tropical_flow"]

_MOST_EVENTS = 10_000
_FEWEST = 4  # layers whose sets are all looked at
_FEW = 8  # if the likely ones do not suit, of so many each by itself
_ROUNDS = 60


@dataclass(frozen=True)
class Event:
    """The beginning of a phase.

    Attributes
    ----------
    time
        theta.
    growing : tuple of str
        The layers that grow from here on, in the same proportions until the next event; none while features do not change.
    """

    time: Any
    growing: tuple[str, ...]


@dataclass(frozen=True)
class TropicalFlow:
    """What has become of a graph when it has learned, one entry per layer where it is a mapping.

    Attributes
    ----------
    exponents : GraphExponents
        Where it started.
    size : mapping
        x_l, along the signal.
    growth : mapping
        Delta_l, of x_l^q.
    time
        Largest theta: exponent of the time to fit, in the unit t/alpha^k.
    logarithm : bool
        Whether that time has a factor log m besides: a phase of exponential growth.
    events : tuple of Event
        What moved when, from the first growth on.
    """

    exponents: GraphExponents
    size: Mapping[str, Any]
    growth: Mapping[str, Any]
    time: Any
    logarithm: bool
    events: tuple[Event, ...]

    @property
    def moved(self) -> dict[str, Any]:
        """delta_l, how far each layer is from its start, in its unit."""
        optimizer = self.exponents.optimizer
        found = {}
        for name, layer in self.exponents.layers.items():
            moved = optimizer.moved(self.growth[name] / optimizer.order, layer.strength)
            kept = optimizer.degree and not layer.degree  # |W| is
            found[name] = min(layer.strength, self.growth[name] - layer.strength) if kept else moved
        return found

    @property
    def gradients(self) -> tuple[Any, Any]:
        """The largest gradient of f in a layer, max_l M_l - x_l, at the start and at the end."""
        paths, moved = self.exponents.paths, self.moved
        grown = {layer: max(size, moved[layer]) for layer, size in self.size.items()}  # of degree 0 too
        first, last = (
            max(value - size[layer] for layer, value in paths.reach(size, paths.targets).values.items())
            for size in (self.exponents.start, grown)
        )
        return first, last

    def slopes(self, norm: str = "frobenius") -> dict[str, Any]:
        """S_l, the exponent of the relative distance, in the Frobenius or the spectral norm."""
        check_norm(norm)
        return {name: moved - getattr(self.exponents.layers[name], norm) for name, moved in self.moved.items()}


@dataclass(frozen=True)
class _State:
    """Between two events."""

    exponents: GraphExponents
    size: Mapping[str, Any]
    growth: Mapping[str, Any]  # the largest theta + k M_l so far
    time: Any  # theta
    goals: frozenset[Goal]  # which are not reached
    shared: Mapping[int, Mapping[str, Any]]  # the same as growth, of what a share alone asked for
    settled: Mapping[str, Any] | None  # sizes when nothing but shares was left

    @cached_property
    def reach(self) -> Reach:
        """M_l over all goals that are not reached."""
        return self.reach_of(self.goals)

    def reach_of(self, goals: Collection[Goal]) -> Reach:
        """M_l over some goals."""
        return self.exponents.reach(self.size, goals, self.settled)

    def pull(self, goal: Goal) -> Reach:
        """M_l of what moves layers toward a goal: all that is left, or all that is left of its share."""
        _, number = goal
        return self.reach if number is None else self.reach_of_share[number]

    def toward(self, goal: Goal) -> Mapping[str, Any]:
        """How far layers have grown toward it."""
        _, number = goal
        return self.growth if number is None else self.shared[number]

    @cached_property
    def reach_of_share(self) -> dict[int, Reach]:
        """M_l over what is left of every share of which something is."""
        left = {number: [goal for goal in self.goals if goal[1] == number] for number in self.shared}
        return {number: self.reach_of(own) for number, own in left.items() if own}

    def gap(self, layer: str) -> Any:
        """Theta + rho_l: 0 in the moving layers, negative in the others."""
        return self.time + self.reach.values[layer] * self.degree - self.size[layer] * self.order

    @property
    def degree(self) -> int:
        """K."""
        return self.exponents.optimizer.degree

    @property
    def order(self) -> int:
        """Q."""
        return self.exponents.optimizer.order

    @cached_property
    def growing(self) -> list[str]:
        """Layers that can grow."""
        return [layer for layer in self.reach.values if self.exponents.layers[layer].degree]


def tropical_flow(exponents: GraphExponents) -> TropicalFlow:
    """Run the flow of the module from the start until all targets are reached."""
    state = _start(exponents)
    latest, logarithm = state.time, False
    events: list[Event] = []
    for _ in range(_MOST_EVENTS):
        if not state.goals:
            return TropicalFlow(exponents, state.size, state.growth, latest, logarithm, tuple(events))
        moving = [layer for layer in state.growing if state.gap(layer) == state.time * 0]
        direction, speed = _direction(state, moving) if moving else (_at_rest(exponents), Fraction(-1))
        events.append(Event(state.time, tuple(layer for layer, v in direction.items() if v)))
        grown = state.size
        state = _next_event(state, direction, speed)
        if state.time > latest:
            latest, logarithm = state.time, False
        logarithm = logarithm or (speed == 0 and state.time == latest and state.size != grown)
    raise TheoryError(f"the flow of this graph has more than {_MOST_EVENTS} events; give fewer paths")


def _at_rest(exponents: GraphExponents) -> Direction:
    return dict.fromkeys(exponents.layers, Fraction(0))


def _start(exponents: GraphExponents) -> _State:
    """Before anything has moved, at a time that is early enough."""
    size, goals = exponents.start, exponents.goals
    reach, degree, order = (
        exponents.reach(size, goals).values,
        exponents.optimizer.degree,
        exponents.optimizer.order,
    )
    least = min(map(exponents.change, goals))
    time = min(
        bound
        for layer, value in reach.items()
        for bound in (size[layer] * order - value * degree, least - (value - size[layer]) * order)
    )

    def grown(left: Collection[Goal]) -> dict[str, Any]:
        return {layer: time + value * degree for layer, value in exponents.reach(size, left).values.items()}

    shares = range(len(exponents.shares))
    shared = {number: grown([goal for goal in goals if goal[1] == number]) for number in shares}
    return _State(exponents, size, grown(goals), time, goals, shared, None)


def _next_event(state: _State, direction: Direction, speed: Fraction) -> _State:
    """Go on in a direction, d theta = -speed, to the first event."""
    slopes = state.reach.along(direction)
    several = len(state.goals) > 1
    reach_of = {goal: state.reach_of({goal}) if several else state.reach for goal in state.goals}
    reaches = [state.reach, *(reach_of.values() if several else ())]
    steps = [step for reach in reaches for step in reach.overtakings(direction)]
    for layer in state.growing:
        closing = state.degree * slopes[layer] - state.order * direction[layer] - speed
        if closing > 0 and state.gap(layer) < state.time * 0:
            steps.append(state.gap(layer) / -closing)
    ends = {goal: list(_ends(state, goal, reach, direction, speed)) for goal, reach in reach_of.items()}
    steps += [end for own in ends.values() for end in own]
    if not steps:
        raise TheoryError(
            "the target is never reached: no layer on the strongest paths can grow; let one have degree 1"
        )
    step = min(steps)
    time = state.time - step * speed
    size = {layer: x + step * direction[layer] if direction[layer] else x for layer, x in state.size.items()}

    def grown(old: Mapping[str, Any], reach: Reach) -> dict[str, Any]:
        slopes = reach.along(direction)
        moved = {layer: time + (value + step * slopes[layer]) * state.degree for layer, value in reach.values.items()}
        return {layer: max(value, moved[layer]) if layer in moved else value for layer, value in old.items()}

    shared = {
        number: grown(old, state.reach_of_share[number]) if number in state.reach_of_share else old
        for number, old in state.shared.items()
    }
    left = frozenset(goal for goal, own in ends.items() if not any(end == step for end in own))
    settled = size if all(number is not None for _, number in left) and state.settled is None else state.settled
    return _State(state.exponents, size, grown(state.growth, state.reach), time, left, shared, settled)


def _ends(state: _State, goal: Goal, reach: Reach, direction: Direction, speed: Fraction) -> Iterator[Any]:
    """Steps to where the change of one layer alone reaches a goal: M_l + min(0, Delta_l - q s_l) = alpha."""
    pull, grown = state.pull(goal), state.toward(goal)
    slopes = pull.along(direction)
    for layer, slope in reach.along(direction).items():
        missing = state.exponents.change(goal) - reach.values[layer]
        start = state.exponents.layers[layer].strength * state.order
        old = _step(missing - grown[layer] + start, slope)  # Delta_l as it is
        now = state.time + pull.values[layer] * state.degree
        new = _step(missing - now + start, slope + state.degree * slopes[layer] - speed)  # Delta_l as it grows
        moved = [step for step in (old, new) if step is not None]
        reached = _step(missing, slope)
        if reached is not None and moved:
            yield max(reached, min(moved))


def _step(missing: Any, slope: Fraction) -> Any:
    """The step after which something with this slope has made up for what is missing, None if never."""
    if missing <= missing * 0:
        return missing * 0
    return missing / slope if slope > 0 else None


def _direction(state: _State, moving: Sequence[str]) -> tuple[Direction, Fraction]:
    """The direction v and the speed w of step 2."""
    attempts = [(_sets, False), (_sets, True)]
    for sets, exhaustive in attempts if len(moving) <= _FEWEST else [(_ranked, False), *attempts]:
        for chosen in sets(state, moving):
            for direction, speed in _growths(state, chosen, exhaustive):
                slopes = state.reach.along(direction)
                rates = [(state.degree * slopes[k] - state.order * direction[k], direction[k]) for k in moving]
                if all(rate == speed or (rate < speed and not v) for rate, v in rates):
                    return direction, speed
    raise TheoryError(
        "no direction of growth was found for this graph: its paths tie in a way the argument does not settle"
    )


def _ranked(state: _State, moving: Sequence[str]) -> Iterator[Sequence[str]]:
    """All layers, then without the last, and so on, in the order in which they come out of growing in competition.

    d log v_l/dt = d rho_l(v), sum v = 1, from equal shares: where that rests, step 2 holds. It finds the set among 2^layers.
    """
    yield moving
    shares = dict.fromkeys(moving, 1 / len(moving))
    for _ in range(_ROUNDS):
        slopes = state.reach.along({**_at_rest(state.exponents), **shares})  # type: ignore[dict-item]
        grown = {layer: v * math.exp(float(slopes[layer]) - 2 * v) for layer, v in shares.items()}
        shares = {layer: v / sum(grown.values()) for layer, v in grown.items()}
    for least in sorted({round(v, 9) for v in shares.values()})[1:]:
        yield [layer for layer, v in shares.items() if round(v, 9) >= least]


def _sets(state: _State, moving: Sequence[str]) -> Iterator[Sequence[str]]:
    """Sets of layers that may move together, the largest first."""
    groups = _groups(state, moving)
    for count in range(len(groups), 0, -1):
        for together in combinations(groups, count):
            yield [layer for group in together for layer in group]


def _groups(state: _State, moving: Sequence[str]) -> list[Sequence[str]]:
    """Layers that move together or not at all: each alone, or if there are many, those that nothing tells apart."""
    if len(moving) <= _FEW:
        return [[layer] for layer in moving]
    found: dict[Any, list[str]] = {}
    candidates = state.reach.candidates(moving)
    for place, layer in enumerate(moving):
        uses = frozenset((own[place], sum(own)) for own in candidates[layer])
        found.setdefault((state.size[layer], uses), []).append(layer)
    return list(found.values())


def _growths(state: _State, chosen: Sequence[str], exhaustive: bool) -> Iterator[tuple[Direction, Fraction]]:
    """Ways in which the chosen layers may grow together, each layer with one of the paths that tie for it."""
    candidates = state.reach.candidates(chosen)
    rows = [candidates[layer] for layer in chosen]
    for uses in product(*rows) if exhaustive else _settling(state, chosen, rows):
        growth = shortest_growth(uses, state.degree)
        if growth is not None and min(growth[0]) > 0:
            yield {**_at_rest(state.exponents), **dict(zip(chosen, growth[0], strict=True))}, growth[1]


def _settling(state: _State, chosen: Sequence[str], rows: Sequence[Sequence[Uses]]) -> Iterator[tuple[Uses, ...]]:
    """Paths for the layers, by turns: which path decides depends on the direction, and that on the paths."""
    uses, seen = tuple(max(row, key=sum) for row in rows), set[tuple[Uses, ...]]()
    while uses not in seen:
        yield uses
        seen.add(uses)
        growth = shortest_growth(uses, state.degree)
        if growth is None:
            return
        slopes = state.reach.along({**_at_rest(state.exponents), **dict(zip(chosen, growth[0], strict=True))})
        uses = tuple(_deciding(row, old, growth[0], slopes[k]) for k, row, old in zip(chosen, rows, uses, strict=True))


def _deciding(row: Sequence[Uses], old: Uses, growth: Sequence[Fraction], slope: Fraction) -> Uses:
    """Of the paths that tie one that has the slope of the largest, the old one if it does."""
    return next((own for own in (old, *row) if sum(k * v for k, v in zip(own, growth, strict=True)) == slope), old)

"""The theory's graph of a family of modules: what was read at every width, with exponents from its laws.

Normalisations in a row set the size of the signal, and what is before the last of them is frozen: it turns, and does not grow
(:mod:`phasetheory.scaling.tropical`). Beside a skip a layer before a normalisation may grow. Until it does, a normalisation is a
fixed factor, sqrt(features) over the size of the signal at the start: slopes are derived for graphs in which no layer outgrows
its start, and for others there are none.

Shares of attention are at most 1, so that the path of the values is the strongest of all through it and the slopes of all but
queries and keys are those of a plain mean; these two are on paths only in the network of :func:`phasetheory.attention`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import takewhile

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.pytorch.laws import ParameterLaw, PowerOfWidth, RateLaw, power_of_width
from numerics.pytorch.trace import Attended, Factor, Fork, Normalised, Part, Reading, Shift, Signal, layers_of

__all__ = ["Family", "family_of"]


@dataclass(frozen=True)
class Family:
    """A family of modules in the theory's terms.

    Attributes
    ----------
    graph : phasetheory.Graph or None
        None where something could not be read.
    signal : tuple of parts or None
    factors : tuple of PowerOfWidth
        The fixed factors of the forward pass.
    capacity : sympy.Expr or None
        Exponent of P, along the strongest path from the input.
    lazy : bool
        Whether the graph stands for the modules only while no layer outgrows its start.
    entries : tuple of str
        The layers that see the input.
    beside : tuple of str
        Biases, gains, queries and keys that are on no path of the graph.
    unread : tuple of str
        What could not be read.
    """

    graph: pt.Graph | None
    signal: Signal | None
    factors: tuple[PowerOfWidth, ...]
    capacity: sp.Expr | None
    lazy: bool
    entries: tuple[str, ...]
    beside: tuple[str, ...]
    unread: tuple[str, ...]

    def capacities(self, strengths: Mapping[str, np.ndarray]) -> list[float]:
        """P at every width: of the strongest path, from the strengths of the layers there; for a graph without normalisation."""
        count = len(next(iter(strengths.values())))
        return [self._strongest(self.signal or (), strengths, index) for index in range(count)]

    def _strongest(self, signal: Signal, strengths: Mapping[str, np.ndarray], index: int) -> float:
        product = 1.0
        for part in signal:
            match part:
                case str():
                    product *= strengths[part][index]
                case Factor(number):
                    product *= self.factors[number].values[index]
                case Fork(branches):
                    product *= max(self._strongest(branch, strengths, index) for branch in branches)
        return product

    @property
    def chain(self) -> tuple[str, ...]:
        """The layers in the order of the signal."""
        return tuple(layers_of(self.signal or ()))

    @property
    def normalised(self) -> bool:
        """Whether a normalisation is in the graph."""
        return any(map(_normalised, self.signal or ()))


def family_of(
    readings: Sequence[Reading],
    widths: Sequence[int],
    laws: Mapping[str, ParameterLaw],
    rates: Mapping[str, RateLaw],
) -> Family:
    """Put together what was read at every width.

    Parameters
    ----------
    readings : sequence of Reading
        One for each width.
    laws, rates : mapping
        By the name of the parameter; no rates: all learning rates are 1.
    """
    unread = list(dict.fromkeys(what for reading in readings for what in reading.unread))
    signal = readings[0].signal
    if not unread:
        unread += _differences(readings)
    if not unread and signal is not None:
        moving = [name for name in laws if not rates or rates[name].rate is not None]
        unread += [f"{name}, which is not trained" for name in dict.fromkeys(layers_of(signal)) if name not in moving]
    added = [name for name in laws if name in readings[0].biases or name in readings[0].gains]
    if unread or signal is None:
        return Family(None, None, (), None, False, (), tuple(added), tuple(unread))
    factors = tuple(power_of_width(widths, v) for v in zip(*(r.factors for r in readings), strict=True))
    features = [
        power_of_width(widths, v, whole=True).exponent for v in zip(*(r.features for r in readings), strict=True)
    ]
    terms = _Terms(signal, [factor.exponent for factor in factors], features, laws, rates)
    attention = terms.attention()
    plain = attention or terms.graph(())
    if plain is None:
        unread = ["a normalisation beside a skip, and a layer that starts at zero"]
        return Family(None, None, (), None, False, (), tuple(added), tuple(unread))
    graph = attention or terms.graph([name for name in moving if name in readings[0].biases]) or plain
    beside = tuple(name for name in added if name not in graph.layers)
    return Family(graph, signal, factors, plain.capacity, terms.lazy, tuple(terms.first), beside, ())


def _differences(readings: Sequence[Reading]) -> list[str]:
    """What is not the same at all widths, and would have to be."""
    if len({(reading.signal, len(reading.factors)) for reading in readings}) > 1:
        return ["the forward pass, which is another at another width"]
    if len({tuple(reading.averages) for reading in readings}) > 1:
        return ["a mean, sum or pooling over a number of entries that changes with the width"]
    return []


@dataclass(frozen=True)
class _Terms:
    """A signal and the exponents of all that is in it, as the theory takes them."""

    signal: Signal
    factors: Sequence[Fraction]
    features: Sequence[Fraction]
    laws: Mapping[str, ParameterLaw]
    rates: Mapping[str, RateLaw]

    @cached_property
    def first(self) -> list[str]:
        """The layers that see the input."""
        return list(dict.fromkeys(_ends(self.signal, 0)))

    @cached_property
    def final(self) -> set[str]:
        """The layers that give the output, and the biases that are added to it."""
        shifts = takewhile(lambda part: isinstance(part, Shift | Factor), reversed(self.signal))
        return {*_ends(self.signal, -1), *(part.bias for part in shifts if isinstance(part, Shift))}

    @cached_property
    def frozen(self) -> int:
        """How many parts come before the signal is normalised for the last time."""
        return max((index + 1 for index, part in enumerate(self.signal) if isinstance(part, Normalised)), default=0)

    @cached_property
    def lazy(self) -> bool:
        """Whether there is a normalisation that is not in a row with all before it."""
        forks = (part for part in self.signal[self.frozen :] if isinstance(part, Fork))
        return any(map(_normalised, forks)) or any(isinstance(part, Fork) for part in self.signal[: self.frozen])

    def graph(self, biases: Collection[str]) -> pt.Graph | None:
        """The graph of layers, factors, forks, normalisations and some biases; None where a normalisation may see only zeros.

        Biases before a normalisation, which the theory does not have, are left out.
        """
        if self.lazy:
            if any(self.laws[name].scale.exponent is None for name in layers_of(self.signal)):
                return None
            series, frozen = pt.Series(*self._parts(self.signal, Fraction(0), biases)[0]), set[str]()
        else:
            before, after = self.signal[: self.frozen], self.signal[self.frozen :]
            last = max((part.index for part in before if isinstance(part, Normalised)), default=None)
            size = Fraction(0) if last is None else self.features[last] / 2
            frozen = set(layers_of(before))  # at the power 0, whatever they are multiplied by
            series = pt.Series(*layers_of(before), *self._parts(after, size, biases)[0], multiplier=_power(size))
        return pt.Graph({name: self._layer(name, 0 if name in frozen else 1) for name in series.layers}, series)

    def _parts(
        self, signal: Signal, size: Fraction, biases: Collection[str]
    ) -> "tuple[list[str | pt.Bias | pt.Series | pt.Parallel], Fraction]":
        """The parts of a signal as the theory has them, and the exponent of its size behind them."""
        found: list[str | pt.Bias | pt.Series | pt.Parallel] = []
        last = max((index for index, part in enumerate(signal) if _normalised(part)), default=-1)
        for index, part in enumerate(signal):
            own = biases if index > last else ()
            match part:
                case Shift(bias, relu) if bias in own:
                    found.append(pt.Bias(bias, relu))
                case str():
                    found.append(part)
                    size += self._strength(part)
                case Factor(number):
                    found.append(pt.Series(multiplier=_power(self.factors[number])))
                    size += self.factors[number]
                case Normalised(number):
                    found.append(pt.Series(multiplier=_power(self.features[number] / 2 - size)))
                    size = self.features[number] / 2
                case Fork(branches):
                    inner = [self._parts(branch, size, own) for branch in branches]
                    found.append(pt.Parallel(*(pt.Series(*parts) for parts, _ in inner)))
                    size = max(exponent for _, exponent in inner)
        return found, size

    def _strength(self, name: str) -> Fraction:
        """The exponent by which a layer changes the size of the signal; only asked for where none starts at zero."""
        law, outer = self.laws[name], self._outer(name)
        sides = [fan.exponent for side, fan in (("fan_in", law.fan_in), ("fan_out", law.fan_out)) if side != outer]
        return (law.scale.exponent or Fraction(0)) + max(sides) / 2

    def _factor(self, signal: Signal) -> Fraction:
        return sum((self.factors[part.index] for part in signal if isinstance(part, Factor)), Fraction(0))

    def attention(self) -> pt.Graph | None:
        """The graph of :func:`phasetheory.attention`, if the signal is that of one head on the input and a readout."""
        attended = [part for part in self.signal if isinstance(part, Attended)]
        if len(attended) != 1:
            return None
        signals = (self.signal, attended[0].query, attended[0].key)
        names = [name for signal in signals for name in layers_of(signal)]
        plain = all(isinstance(part, str | Shift | Factor | Attended) for signal in signals for part in signal)
        sides = [(self.laws[name].fan_in.exponent, self.laws[name].fan_out.exponent) for name in names]
        if not plain or len(set(names)) < len(names) or sides != [(0, 1), (1, 0), (0, 1), (0, 1)]:
            return None
        if self.signal.index(attended[0]) > self.signal.index(names[1]):  # the readout, which is to come behind it
            return None
        layers = dict(zip("VaQK", map(self._layer, names), strict=True))
        if layers["V"].sigma == 0:
            return None
        made = pt.attention(
            **{f"sigma_{of}": layer.sigma for of, layer in layers.items()},
            multiplier=_power(self._factor(signals[1]) + self._factor(signals[2])),
            alpha=_power(-self._factor(self.signal)),
            learning_rates={of: layer.learning_rate for of, layer in layers.items()},
        )
        return _renamed(made, dict(zip("VaQK", names, strict=True)))

    def _outer(self, name: str) -> str | None:
        """The side of a layer on which there are only samples, or outputs; none of a layer that is used on both ends."""
        law, first, final = self.laws[name], name in self.first, name in self.final
        if first == final:
            return None
        return (
            "fan_in" if first and law.fan_in.exponent > 0 else "fan_out" if final and law.fan_out.exponent > 0 else None
        )

    def _layer(self, name: str, degree: int = 1) -> pt.Layer:
        law, rate = self.laws[name], self.rates.get(name)
        sigma = sp.S.Zero if law.scale.exponent is None else _power(law.scale.exponent)
        eta = _power(rate.rate.exponent) if rate is not None and rate.rate is not None else sp.S.One
        return pt.Layer(
            sigma, _power(law.fan_in.exponent), _power(law.fan_out.exponent), eta, self._outer(name), degree
        )


def _renamed(graph: pt.Graph, names: Mapping[str, str]) -> pt.Graph:
    def path(old: pt.Path) -> pt.Path:
        caps = tuple(replace(cap, paths=tuple(map(path, cap.paths))) for cap in old.caps)
        return replace(old, uses={names[layer]: uses for layer, uses in old.uses.items()}, caps=caps)

    assert not isinstance(graph.paths, pt.Series)
    layers = {names[layer]: value for layer, value in graph.layers.items()}
    return replace(graph, layers=layers, paths=tuple(map(path, graph.paths)))


def _ends(signal: Signal, end: int) -> Iterator[str]:
    """The layers that come first (end 0) or last (end -1) on a path."""
    order = signal if end == 0 else signal[::-1]
    for part in order:
        if isinstance(part, str):
            yield part
            return
        if isinstance(part, Fork):
            for branch in part.branches:
                yield from _ends(branch, end)
            if all(any(True for _ in layers_of(branch)) for branch in part.branches):
                return


def _normalised(part: Part) -> bool:
    """Whether a part is a normalisation, or has one in it."""
    return any(isinstance(own, Normalised) for own in _inside((part,)))


def _inside(signal: Signal) -> Iterator[Part]:
    """All parts of a signal, and within its forks."""
    for part in signal:
        yield part
        if isinstance(part, Fork):
            for branch in part.branches:
                yield from _inside(branch)


def _power(exponent: Fraction) -> sp.Expr:
    return pt.m ** sp.Rational(exponent)

"""The theory's graph of a family of modules: what was read at every width, with exponents from its laws."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.pytorch.laws import ParameterLaw, PowerOfWidth, RateLaw, power_of_width
from numerics.pytorch.trace import Factor, Fork, Normalised, Part, Reading, Signal, layers_of

__all__ = ["Family", "family_of"]


@dataclass(frozen=True)
class Family:
    """A family of modules in the theory's terms.

    Attributes
    ----------
    graph : phasetheory.Graph or None
        None where something could not be read.
    network : phasetheory.Network or None
        The same, where the graph is that of a fully connected network (channels for neurons): what other optimisers need.
    signal : tuple of parts or None
    factors : tuple of PowerOfWidth
        The fixed factors of the forward pass.
    capacity : sympy.Expr or None
        Exponent of P, along the strongest path from the input.
    shifts : tuple of signals
        The paths of biases, each from its bias on: of a chain, to which the theory has them.
    beside : tuple of str
        Biases and gains that are on no path of the graph.
    unread : tuple of str
        What could not be read.
    """

    graph: pt.Graph | None
    network: pt.Network | None
    signal: Signal | None
    factors: tuple[PowerOfWidth, ...]
    capacity: sp.Expr | None
    shifts: tuple[Signal, ...]
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
        return any(isinstance(part, Normalised) for part in self.signal or ())


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
    first = readings[0]
    if not unread:
        unread += _differences(readings)
    if not unread and first.signal is not None:
        moving = [name for name in laws if not rates or rates[name].rate is not None]
        unread += [
            f"{name}, which is not trained" for name in dict.fromkeys(layers_of(first.signal)) if name not in moving
        ]
    factors = tuple(power_of_width(widths, values) for values in zip(*(r.factors for r in readings), strict=False))
    added = {name for name in laws if name in first.biases or name in first.gains}
    if unread or first.signal is None:
        return Family(None, None, None, (), None, (), tuple(name for name in laws if name in added), tuple(unread))
    moving = [name for name in laws if not rates or rates[name].rate is not None]
    shifts = tuple(_shifts(first, moving))
    beside = tuple(name for name in laws if name in added - {shift[0] for shift in shifts})
    norms = [
        tuple(part.features for part in reading.signal or () if isinstance(part, Normalised)) for reading in readings
    ]
    features = [power_of_width(widths, values, whole=True).exponent for values in zip(*norms, strict=True)]
    plain = _graph(first.signal, factors, features, laws, rates)
    graph = _shifted_graph(first.signal, shifts, factors, laws, rates) if shifts else plain
    network = _network(first.signal, factors, laws, rates)
    return Family(graph, network, first.signal, factors, plain.capacity, shifts, beside, ())


def _differences(readings: Sequence[Reading]) -> list[str]:
    """What is not the same at all widths, and would have to be."""
    shapes = {_without_sizes(reading.signal or ()) for reading in readings}
    if len(shapes) > 1 or len({len(reading.factors) for reading in readings}) > 1:
        return ["the forward pass, which is another at another width"]
    if len({tuple(reading.averages) for reading in readings}) > 1:
        return ["a mean, sum or pooling over a number of entries that changes with the width"]
    return []


def _without_sizes(signal: Signal) -> Signal:
    return tuple(Normalised(0) if isinstance(part, Normalised) else part for part in signal)


def _graph(
    signal: Signal,
    factors: Sequence[PowerOfWidth],
    features: Sequence[Fraction],
    laws: Mapping[str, ParameterLaw],
    rates: Mapping[str, RateLaw],
) -> pt.Graph:
    last = max((index for index, part in enumerate(signal) if isinstance(part, Normalised)), default=-1)
    frozen = set(layers_of(signal[: last + 1]))
    parts = [_part(part, factors if index > last else ()) for index, part in enumerate(signal)]
    kept = [part for part in parts if part is not None]
    start = _power(features[-1] / 2) if last >= 0 else sp.S.One
    series = pt.Series(*kept, multiplier=start)
    first, final = set(_ends(signal, 0)), set(_ends(signal, -1))
    layers = {
        name: _layer(laws[name], rates.get(name), name in frozen, name in first, name in final)
        for name in series.layers
    }
    return pt.Graph(layers, series)


def _shifts(reading: Reading, moving: Sequence[str]) -> Iterator[Signal]:
    """Paths of the biases of a chain: the theory has none beside forks, shared layers and normalisations."""
    signal = reading.signal or ()
    layers = list(layers_of(signal))
    if all(isinstance(part, str | Factor) for part in signal) and len(set(layers)) == len(layers):
        for bias, layer in reading.biases.items():
            if bias in moving:
                yield (bias, *signal[signal.index(layer) + 1 :])


def _shifted_graph(
    signal: Signal,
    shifts: Sequence[Signal],
    factors: Sequence[PowerOfWidth],
    laws: Mapping[str, ParameterLaw],
    rates: Mapping[str, RateLaw],
) -> pt.Graph:
    """A chain with its biases: they express constants; what varies with the input, where a relu follows, as far as that comes."""

    def path(of: Signal) -> pt.Path:
        exponent = sum((factors[part.index].exponent for part in of if isinstance(part, Factor)), Fraction(0))
        return pt.Path(dict.fromkeys(layers_of(of), 1), _power(exponent))

    whole = path(signal)
    caps = (pt.Cap((whole,), ("input",)),)
    names = list(layers_of(signal))
    ends = {names[-1], *(shift[0] for shift in shifts if not list(layers_of(shift[1:])))}
    layers = {
        name: _layer(laws[name], rates.get(name), False, name == names[0], name in ends)
        for name in [*names, *(str(shift[0]) for shift in shifts)]
    }
    bounded = (
        replace(path(shift), caps=caps) if list(layers_of(shift[1:])) else replace(path(shift), targets=("constant",))
        for shift in shifts
    )
    return pt.Graph(layers, (whole, *bounded), targets=("input", "constant"))


def _part(part: Part, factors: Sequence[PowerOfWidth]) -> "str | pt.Series | pt.Parallel | None":
    """A part as the theory has it; without factors below a normalisation, which undoes them."""
    match part:
        case Factor(index):
            return pt.Series(multiplier=_power(factors[index].exponent)) if factors else None
        case Fork(branches):
            chains = [[_part(own, factors) for own in branch] for branch in branches]
            return pt.Parallel(*(pt.Series(*(own for own in chain if own is not None)) for chain in chains))
        case Normalised():
            return None
    return part


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


def _layer(law: ParameterLaw, rate: RateLaw | None, frozen: bool, first: bool, final: bool) -> pt.Layer:
    sigma = sp.S.Zero if law.scale.exponent is None else _power(law.scale.exponent)
    eta = _power(rate.rate.exponent) if rate is not None and rate.rate is not None else sp.S.One
    outer = "fan_in" if first and law.fan_in.exponent > 0 else "fan_out" if final and law.fan_out.exponent > 0 else None
    fans = (_power(law.fan_in.exponent), _power(law.fan_out.exponent))
    return pt.Layer(sigma, *fans, eta, outer, 0 if frozen else 1)


def _network(
    signal: Signal, factors: Sequence[PowerOfWidth], laws: Mapping[str, ParameterLaw], rates: Mapping[str, RateLaw]
) -> pt.Network | None:
    """The fully connected network that a chain is, if its widths all grow as m and none of its layers is used twice."""
    names = list(layers_of(signal))
    chain = all(isinstance(part, str | Factor) for part in signal) and len(set(names)) == len(names) >= 2
    fans = [(laws[name].fan_in.exponent, laws[name].fan_out.exponent) for name in names]
    if not chain or fans != [(0, 1), *[(1, 1)] * (len(names) - 2), (1, 0)]:
        return None
    exponents = [laws[name].scale.exponent for name in names]
    sigmas = tuple(sp.S.Zero if e is None else _power(e) for e in exponents)
    etas = tuple(_power(rates[name].rate.exponent) if rates else sp.S.One for name in names)  # type: ignore[union-attr]
    alpha = _power(-sum((factors[part.index].exponent for part in signal if isinstance(part, Factor)), Fraction(0)))
    try:
        return pt.Network(sigmas, alpha, etas)
    except pt.TheoryError:
        return None  # two layers at zero, or a hidden one: the graph says what is known of it


def _power(exponent: Fraction) -> sp.Expr:
    return pt.m ** sp.Rational(exponent)

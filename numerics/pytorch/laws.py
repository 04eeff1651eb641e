r"""How shapes, initial scales and learning rates of a module depend on its width.

A law is *recognised* where the numbers at all widths are those of a known one within what sampling allows: a side of a shape
c m^p; a standard deviation sqrt(c/g) with g one of 1, fan_in, fan_out, fan_in + fan_out, their squares; a rate c m^p. Then its
exponent is exact. Else a power of the width is *fitted*, with an interval over the seeds, and rounded to a fraction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from numerics.arrays import whole_number
from numerics.errors import InputError, shown
from numerics.pytorch.draws import Factory, check_widths, draw, draws_at
from numerics.slopes import SlopeFit
from numerics.slopes import fit as fit_slope
from numerics.slopes.fractions import simplest_fraction

__all__ = [
    "MakeOptimizer",
    "ParameterLaw",
    "PowerOfWidth",
    "RateLaw",
    "ScaleLaw",
    "laws_of",
    "parameter_laws",
    "rate_laws",
]

MakeOptimizer = Callable[[nn.Module], torch.optim.Optimizer]
_Draws = list[list[np.ndarray]]  # by width and seed

_POWERS = tuple(
    Fraction(p) for p in ("0", "1", "1/2", "-1", "-1/2", "2", "3/2", "1/3", "2/3", "1/4", "3/4", "-2", "-3/2")
)
_SIGMAS = 4.0  # standard errors within which a law is the one of the numbers
_CONTRADICTED = 6.0  # the same of a law that is taken from elsewhere, for a few numbers, whose errors have tails
_EXACT = 1e-6  # relative, of what is not random
_COST = 6.0  # of a constant that is fitted, in squared standard errors
_FEWEST = 64  # numbers from which a distribution is told
_TAIL = (
    6.0  # over how many uniform numbers there are: error of the logarithm of a variance that the largest of them gives
)
_PRECISIONS = (torch.bfloat16, torch.float16, torch.float32, torch.float64)
#: Variances times the fan that initialisations in use have, as they are written.
_KNOWN = {
    "fan_in": (1.0, 2.0, 1 / 3, 1 / 6),
    "fan_out": (1.0, 2.0, 1 / 3),
    "fan_in + fan_out": (2.0,),
    "max(fan_in, fan_out)": (1.0, 2.0),
    "fan_in^2": (1.0,),  # the readout of muP
}


@dataclass(frozen=True)
class PowerOfWidth:
    """Positive numbers at the widths, as a power c m^p.

    Attributes
    ----------
    exponent : Fraction
    constant : float
        c at the largest width.
    values : tuple of float
        One for each width.
    exact : bool
        Whether the numbers are these powers to rounding; else p is fitted.
    """

    exponent: Fraction
    constant: float
    values: tuple[float, ...]
    exact: bool

    def __str__(self) -> str:
        if self.exponent == 0:
            return f"{self.constant:.4g}"
        power = (
            "m"
            if self.exponent == 1
            else f"m^{self.exponent}"
            if self.exponent.denominator == 1
            else f"m^({self.exponent})"
        )
        return ("" if self.exact else "about ") + (
            power if abs(self.constant - 1) < 1e-9 else f"{self.constant:.4g} {power}"
        )


@dataclass(frozen=True)
class ScaleLaw:
    """The standard deviation of a parameter's initial values, about zero.

    Attributes
    ----------
    exponent : Fraction or None
        In the width; None for a parameter that starts at zero.
    formula : str
        ``sqrt(1/(3 fan_in))``, ``0.02``, or the fitted power.
    distribution : str
        ``'uniform'``, ``'normal'``, ``'orthogonal'``, ``'constant'``, ``'zero'`` or ``'other'`` (also: too few numbers to tell).
    exact : bool
        Whether the law was recognised; else it is fitted.
    fit : SlopeFit or None
        Slope of its logarithm with its interval over the seeds; None for a parameter that starts at zero.
    values : float64 (widths, seeds)
    """

    exponent: Fraction | None
    formula: str
    distribution: str
    exact: bool
    fit: SlopeFit | None
    values: np.ndarray = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.formula


@dataclass(frozen=True)
class ParameterLaw:
    """How a parameter depends on the width.

    Attributes
    ----------
    name : str
    shape : tuple of PowerOfWidth
        Its sides.
    fan_in, fan_out : PowerOfWidth
        Of a vector 1 and its length; the positions of a kernel count as inputs and as outputs, as in ``torch.nn.init``.
    scale : ScaleLaw
    """

    name: str
    shape: tuple[PowerOfWidth, ...]
    fan_in: PowerOfWidth
    fan_out: PowerOfWidth
    scale: ScaleLaw

    @property
    def depends(self) -> bool:
        """Whether its shape or its scale changes with the width."""
        return any(side.exponent != 0 for side in self.shape) or bool(self.scale.exponent)


@dataclass(frozen=True)
class RateLaw:
    """What an optimiser does to a parameter.

    Attributes
    ----------
    name : str
        Of the parameter.
    optimizer : str
        ``'SGD'``, ``'Adam'`` or ``'AdamW'``.
    rate : PowerOfWidth or None
        Learning rate; None for a parameter that the optimiser does not have, or at rate 0.
    decay : PowerOfWidth or None
        Weight decay; None without.
    momentum : PowerOfWidth or None
        Of SGD; None without.
    """

    name: str
    optimizer: str
    rate: PowerOfWidth | None
    decay: PowerOfWidth | None
    momentum: PowerOfWidth | None = None


def parameter_laws(
    factory: Factory, *, widths: Sequence[int] = (64, 128, 256, 512), seeds: int = 4
) -> tuple[ParameterLaw, ...]:
    """Laws of the shapes and of the initial scales of all trained parameters.

    Parameters
    ----------
    factory : callable(width) -> torch.nn.Module
    widths : sequence of int
    seeds : int
        Modules drawn at each width.

    Examples
    --------
    >>> laws = parameter_laws(lambda width: nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, 1)))
    >>> for law in laws:
    ...     print(law.name, law.scale.exponent, law.scale)
    0.weight 0 sqrt(1/(3 fan_in))
    0.bias 0 sqrt(1/(3 fan_in))
    2.weight -1/2 sqrt(1/(3 fan_in))
    2.bias -1/2 sqrt(1/(3 fan_in))
    """
    checked = check_widths(widths)
    return laws_of(draws_at(factory, checked, whole_number(seeds, "seeds", 1, "give an integer >= 1")), checked)


def laws_of(modules: Sequence[Sequence[nn.Module]], widths: tuple[int, ...]) -> tuple[ParameterLaw, ...]:
    """The same of modules by width and seed."""
    tables = [[dict(module.named_parameters()) for module in row] for row in modules]
    names = [name for name, parameter in tables[0][0].items() if parameter.requires_grad]
    fans = [_fans(row[0]) for row in modules]
    matrices = _matrices(modules[0][0])
    values = {name: [[table[name].detach().double().numpy() for table in row] for row in tables] for name in names}
    laws = []
    for name, draws in values.items():
        sides = [
            power_of_width(widths, side, whole=True) for side in zip(*(row[0].shape for row in draws), strict=True)
        ]
        of_init = [fan[name] for fan in fans]
        own = [(1, row[0].size) if row[0].ndim < 2 else pair for row, pair in zip(draws, of_init, strict=True)]
        fan_in, fan_out = (power_of_width(widths, side, whole=True) for side in zip(*own, strict=True))
        scale = _scale_law(widths, draws, of_init, values.get(matrices.get(name, "")))
        laws.append(ParameterLaw(name, tuple(sides), fan_in, fan_out, scale))
    return tuple(laws)


def rate_laws(
    factory: Factory, optimizer: MakeOptimizer, *, widths: Sequence[int] = (64, 128, 256, 512)
) -> tuple[RateLaw, ...]:
    """Learning rates, weight decay and momentum of every trained parameter, read off the groups of an optimiser.

    Parameters
    ----------
    factory : callable(width) -> torch.nn.Module
    optimizer : callable(module) -> torch.optim.Optimizer
        SGD, Adam or AdamW, with any groups.
    widths : sequence of int

    Examples
    --------
    >>> family = lambda width: nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, 1))
    >>> laws = rate_laws(family, lambda module: torch.optim.Adam(module.parameters(), 1 / module[0].out_features))
    >>> {law.name: str(law.rate) for law in laws}["2.weight"]
    'm^-1'
    """
    checked = check_widths(widths)
    if not callable(optimizer) or isinstance(optimizer, torch.optim.Optimizer):
        raise InputError(
            f"optimizer is of type {type(optimizer).__name__}; give a function of the module that makes one"
        )
    found = [_groups(module, optimizer(module)) for module in (draw(factory, width, 0) for width in checked)]
    kinds = {kind for kind, _ in found}
    if len(kinds) > 1:
        raise InputError(f"optimizer makes {' and '.join(sorted(kinds))}; let it be of one kind at all widths")
    names = found[0][1]
    if any(table.keys() != names.keys() for _, table in found):
        raise InputError("the parameters of factory are not the same at all widths; only their sizes may change")
    power = partial(power_of_width, checked)
    rows = {name: list(zip(*(table[name] for _, table in found), strict=True)) for name in names}
    return tuple(
        RateLaw(name, found[0][0], *(power(values) if min(values) > 0 else None for values in row))
        for name, row in rows.items()
    )


def power_of_width(widths: Sequence[int], values: Sequence[float], *, whole: bool = False) -> PowerOfWidth:
    """Positive numbers at the widths as a power: exact if one of the usual powers has them, to a rounding if they are whole."""
    m, v = np.array(widths, dtype=float), np.array(values, dtype=float)
    slack = np.where(whole, 1.0, _EXACT * v)
    for power in _POWERS:
        shape = m ** float(power)
        if np.all(v == v[0]) if power == 0 else np.max((v - slack) / shape) <= np.min((v + slack) / shape):
            return PowerOfWidth(power, _rounded(v[-1] / shape[-1]), tuple(map(float, v)), True)
    exponent = simplest_fraction(float(np.polyfit(np.log(m), np.log(v), 1)[0]))
    return PowerOfWidth(exponent, float(v[-1] / m[-1] ** float(exponent)), tuple(map(float, v)), False)


def _rounded(constant: float) -> float:
    return round(constant) if abs(constant - round(constant)) < _EXACT and round(constant) else float(constant)


def _groups(module: nn.Module, optimizer: Any) -> tuple[str, dict[str, tuple[float, ...]]]:
    """Kind of an optimiser, and (rate, decay, momentum) of every trained parameter by name; 0 of those that it does not have."""
    kinds = {torch.optim.SGD: "SGD", torch.optim.Adam: "Adam", torch.optim.AdamW: "AdamW"}
    if type(optimizer) not in kinds:
        what = type(optimizer).__name__ if isinstance(optimizer, torch.optim.Optimizer) else shown(optimizer)
        raise InputError(f"optimizer makes {what}; let it make SGD, Adam or AdamW")
    if any(group.get("maximize") for group in optimizer.param_groups):
        raise InputError("optimizer has maximize=True and climbs; let it be False")
    settings = {
        id(p): (group["lr"], group["weight_decay"], group.get("momentum", 0.0))
        for group in optimizer.param_groups
        for p in group["params"]
    }
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not settings.keys() & {id(p) for p in trained.values()}:
        raise InputError(
            "optimizer trains none of the parameters of the module that it was given; use its parameters()"
        )
    return kinds[type(optimizer)], {
        name: tuple(map(float, settings.get(id(p), (0.0, 0.0, 0.0)))) for name, p in trained.items()
    }


def _fans(module: nn.Module) -> dict[str, tuple[int, int]]:
    """(fan_in, fan_out) of every parameter as initialisations count them; of a bias those of its module's first matrix."""
    found: dict[str, tuple[int, int]] = {}
    for prefix, part in module.named_modules():
        own = dict(part.named_parameters(recurse=False))
        first = next((p for p in own.values() if p.ndim >= 2), None)
        for name, parameter in own.items():
            tensor = parameter if parameter.ndim >= 2 or first is None else first
            positions = tensor[0, 0].numel() if tensor.ndim >= 2 else 1
            fans = (tensor.shape[1] * positions, len(tensor) * positions) if tensor.ndim >= 2 else (1, tensor.numel())
            found[f"{prefix}.{name}" if prefix else name] = fans[::-1] if isinstance(part, nn.Embedding) else fans
    return found


def _matrices(module: nn.Module) -> dict[str, str]:
    """The first matrix of its module, by the name of every vector."""
    found = {}
    for prefix, part in module.named_modules():
        own = {f"{prefix}.{name}" if prefix else name: p.ndim for name, p in part.named_parameters(recurse=False)}
        first = next((name for name, dimensions in own.items() if dimensions >= 2), None)
        found.update({name: first for name, dimensions in own.items() if dimensions < 2 and first is not None})
    return found


def _scale_law(
    widths: tuple[int, ...], draws: _Draws, fans: Sequence[tuple[int, int]], matrix: _Draws | None = None
) -> ScaleLaw:
    """The law of a parameter; of few numbers that of the matrix beside them, if they do not contradict it."""
    deviations = np.array([[np.sqrt(np.mean(w**2)) for w in row] for row in draws])
    if not deviations.any():
        return ScaleLaw(None, "0", "zero", True, None, deviations)
    if not deviations.all():
        raise InputError("a parameter is zero at some widths or seeds and not at others; let it be the same for all")
    fit = fit_slope(widths, deviations)
    distribution = _distribution(draws[-1])
    variances, errors = _precise(draws, distribution)
    if matrix is not None and sum(w.size for w in draws[-1]) < _FEWEST:
        like = _scale_law(widths, matrix, fans)
        if like.exponent is not None:
            apart = np.log(variances / _precise(matrix, like.distribution)[0]) / errors
            if np.all(np.abs(apart) <= _CONTRADICTED):
                return replace(like, distribution=distribution, fit=fit, values=deviations)
    recognised = _recognised(widths, variances, errors, fans)
    if recognised is not None:
        return ScaleLaw(recognised[1], recognised[0], distribution, True, fit, deviations)
    x, logs = np.log(widths), np.log(variances) / 2
    exponent = simplest_fraction(float(np.polyfit(x, logs, 1, w=1 / errors)[0]))
    constant = float(np.exp(np.average(logs - float(exponent) * x, weights=errors**-2)))
    return ScaleLaw(exponent, str(PowerOfWidth(exponent, constant, (), False)), distribution, False, fit, deviations)


def _distribution(draws: list[np.ndarray]) -> str:
    values = np.concatenate([w.ravel() for w in draws])
    if np.ptp(values) == 0:
        return "constant"
    if draws[0].ndim == 2 and _is_orthogonal(draws[0]):
        return "orthogonal"
    if values.size < _FEWEST:
        return "other"
    kurtosis = float(np.mean(values**4) / np.mean(values**2) ** 2)
    noise = _SIGMAS * np.sqrt(24 / values.size)
    # the fourth moment of uniform numbers scatters a fifth as much
    return "uniform" if abs(kurtosis - 1.8) < noise / 5 else "normal" if abs(kurtosis - 3) < noise else "other"


def _is_orthogonal(w: np.ndarray) -> bool:
    """Whether rows or columns, whichever are fewer, are orthogonal and of one length (a single one says nothing)."""
    gram = w @ w.T if len(w) <= w.shape[1] else w.T @ w
    return len(gram) > 1 and bool(np.allclose(gram, np.eye(len(gram)) * gram[0, 0], atol=1e-5 * abs(gram[0, 0])))


def _precise(draws: _Draws, distribution: str) -> tuple[np.ndarray, np.ndarray]:
    """Variances (widths,) as exact as the distribution allows, and the standard errors of their logarithms."""
    values = [np.concatenate([w.ravel() for w in row]) for row in draws]
    number = np.array([v.size for v in values])
    if distribution == "uniform":  # its bound is known to one part in as many numbers as there are, and to a rounding
        bounds = np.array([np.abs(v).max() * (v.size + 1) / v.size for v in values])
        return bounds**2 / 3, _TAIL / number + np.array([_rounding(v) for v in values])
    exact = distribution in ("constant", "orthogonal")
    return np.array([np.mean(v**2) for v in values]), np.full(len(values), _EXACT) if exact else np.sqrt(2 / number)


def _rounding(values: np.ndarray) -> float:
    """Of the shortest precision that holds the numbers, relative."""
    given = torch.from_numpy(values)
    return next(torch.finfo(kind).eps for kind in _PRECISIONS if torch.equal(given.to(kind).to(given.dtype), given))


def _recognised(
    widths: tuple[int, ...], measured: np.ndarray, error: np.ndarray, fans: Sequence[tuple[int, int]]
) -> tuple[str, Fraction] | None:
    """Formula and exponent of the likeliest law, constants that are not known at a cost; None if a fitted power is likelier."""
    fan_in, fan_out = np.array(fans, dtype=float).T
    quantities = {
        "1": np.ones(len(widths)),
        "fan_in": fan_in,
        "fan_out": fan_out,
        "fan_in + fan_out": fan_in + fan_out,
        "max(fan_in, fan_out)": np.maximum(fan_in, fan_out),
        "fan_in^2": fan_in**2,
        "fan_out^2": fan_out**2,
    }
    found: list[tuple[float, str, Fraction]] = []
    for name, g in quantities.items():
        if name != "1" and np.all(g == 1):
            continue  # of a vector that stands alone
        logs, exponent = np.log(measured * g), -_exponent_of_fan(widths, name, fan_in, fan_out) / 2
        mean, spread = float(np.average(logs, weights=error**-2)), float(np.sum(error**-2.0) ** -0.5)
        constants = {c: np.log(c) for c in _KNOWN.get(name, ())}
        free = _shortest(float(np.exp(mean)), _SIGMAS * spread)
        for variance, centre, cost in [(free, mean, _COST), *((c, log, 0.0) for c, log in constants.items())]:
            deviations = (logs - centre) / error
            if np.max(np.abs(deviations)) <= _SIGMAS:
                found.append((float(np.sum(deviations**2)) + cost, _formula(variance, name), exponent))
    x, logs = np.log(widths), np.log(measured)
    fitted = np.polyval(np.polyfit(x, logs, 1, w=1 / error), x)
    found.append((float(np.sum(((logs - fitted) / error) ** 2)) + 2 * _COST, "", Fraction(0)))
    _, formula, exponent = min(found, key=lambda law: round(law[0], 3))  # of equals the first
    return (formula, exponent) if formula else None


def _exponent_of_fan(widths: tuple[int, ...], name: str, fan_in: np.ndarray, fan_out: np.ndarray) -> Fraction:
    into, out = (power_of_width(widths, fan.tolist(), whole=True).exponent for fan in (fan_in, fan_out))
    factor = 2 if name.endswith("^2") else 1
    if name == "1":
        return Fraction(0)
    return (
        max(into, out)
        if name in ("fan_in + fan_out", "max(fan_in, fan_out)")
        else factor * (into if "in" in name else out)
    )


def _shortest(variance: float, slack: float) -> float:
    """The variance whose root has the fewest digits, of those that the numbers allow."""
    root = float(np.sqrt(variance))
    for digits in (1, 2, 3):
        if abs(2 * np.log((rounded := float(f"{root:.{digits}g}")) / root)) <= max(slack, _EXACT):
            return rounded**2
    return variance


def _formula(variance: float, fan: str) -> str:
    """A standard deviation sqrt(variance/fan) as it is written."""
    if fan == "1":
        return f"{np.sqrt(variance):.3g}"
    if fan.endswith("^2"):
        return f"{np.sqrt(variance):.3g}/{fan.removesuffix('^2')}"
    below = f"({fan})" if "+" in fan else fan
    inverse = round(1 / variance)
    if variance < 1 and abs(variance * inverse - 1) < _EXACT:
        return f"sqrt(1/({inverse} {fan}))"
    return f"sqrt({variance:.3g}/{below})"

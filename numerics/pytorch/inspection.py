"""Inspect a family of modules: laws, graph, predicted slopes and regimes of every parameter, in one table and one sentence."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
import torch
from numpy.typing import ArrayLike
from torch import nn

import phasetheory as pt
from numerics.arrays import whole_number
from numerics.errors import InputError
from numerics.networks.module import Module, sample_array
from numerics.pytorch.draws import Factory, check_widths, draws_at
from numerics.pytorch.graph import Family, family_of
from numerics.pytorch.laws import MakeOptimizer, ParameterLaw, PowerOfWidth, RateLaw, laws_of, rate_laws
from numerics.pytorch.monitor import NORMS
from numerics.pytorch.notes import error_told, family_told, loss_told, start_told, steps_told
from numerics.pytorch.prediction import FAR, predict_by_tangent
from numerics.pytorch.targets import Targets
from numerics.pytorch.trace import read_module
from numerics.slopes import SlopeFit
from numerics.slopes import fit as fit_slope
from phasetheory.scaling.optimizers import GRADIENT_FLOW, SIGN_DESCENT

__all__ = ["Inspection", "ParameterInspection", "fits_of", "inspect", "quieten"]

_DROPOUT = nn.modules.dropout._DropoutNd
_QUIETENED = "dropout was active, and is turned off here: its noise is in none of the numbers"


@dataclass(frozen=True)
class ParameterInspection:
    """One parameter of an inspected family.

    Attributes
    ----------
    law : ParameterLaw
        Of its shape and its initial scale.
    rate : RateLaw or None
        Of its learning rate; None without an optimiser.
    strength : tuple of float
        Spectral norm at the start at every width, mean over the seeds.
    relative_distance : float64 (widths, seeds, 2)
        RD as the tangent kernels have it, in Frobenius and in spectral norm, at the optimiser's rates: under gradient flow until
        the targets are met, under Adam by signs of the gradient until a tenth is left. nan for what starts at zero.
    measured : mapping of str to SlopeFit
        Slope of that, by norm; none where there are no numbers.
    predicted : mapping of str to sympy.Expr
        Slope S of the theory under the optimiser, by norm; empty for what is on no path of the graph.
    """

    law: ParameterLaw
    rate: RateLaw | None
    strength: tuple[float, ...]
    relative_distance: np.ndarray = field(repr=False, compare=False)
    measured: Mapping[str, SlopeFit]
    predicted: Mapping[str, sp.Expr]

    @property
    def name(self) -> str:
        """Of the parameter."""
        return self.law.name

    @property
    def regime(self) -> pt.Regime | None:
        """Sign of the predicted slope in Frobenius norm; None without a prediction, and for what starts at zero."""
        return self.regime_in("frobenius")

    def regime_in(self, norm: str) -> pt.Regime | None:
        """The same in another norm."""
        slope = self.predicted.get(norm)
        return pt.classify(slope) if slope is not None and slope.is_finite else None


@dataclass(frozen=True)
class Inspection:
    """What a family of modules does as its width grows.

    Attributes
    ----------
    parameters : tuple of ParameterInspection
        In the order of the module.
    widths : tuple of int
    seeds : int
    optimizer : str
        ``'gradient flow'``, ``'SGD'``, ``'Adam'`` or ``'AdamW'``.
    graph : phasetheory.Graph or None
        What the modules were read as; None where something could not be read.
    capacity : PowerOfWidth or None
        P, the output within reach of the initial weights, along the strongest path from the input, for inputs of size one;
        None without a graph, or with normalisation.
    contrast : float
        Size of a sample over that of a target: times P it is what is within reach over what is to be learned.
    inputs : int
        Inputs of the first layers, where these do not change with the width, else 0: slopes of the limit need wider modules.
    rates : phasetheory.LearningRateScaling or None
        How the largest stable learning rate scales: a common factor on all rates.
    error : float64 (widths, seeds)
        Of the tangent model: how far the module, moved as the tangent kernels say, is from where they have it, over what it had
        to learn.
    step : float64 (widths, seeds)
        What a step of the optimiser makes up for at the start, over what is missing: rate times the largest eigenvalue of the
        tangent kernel over n; with momentum over 1 - momentum; with cross-entropy half of it, as its curvature is at most 1/2;
        under Adam, whose steps do not shrink, over the tenth that is left at the end. Beyond 1 steps overshoot, and distances are
        not those of small ones. Of gradient flow it is that of a rate of 1.
    output : tuple of int
        Its shape at the samples.
    notes : tuple of str
        What was told along the way: what could not be read, parameters that are never used, dropout, and so on.
    """

    parameters: tuple[ParameterInspection, ...]
    widths: tuple[int, ...]
    seeds: int
    optimizer: str
    graph: pt.Graph | None
    capacity: PowerOfWidth | None
    contrast: float
    inputs: int
    rates: pt.LearningRateScaling | None
    error: np.ndarray = field(repr=False, compare=False)
    step: np.ndarray = field(repr=False, compare=False)
    output: tuple[int, ...]
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> ParameterInspection:
        """A parameter by its name."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise InputError(f"no parameter {name!r}; use one of {', '.join(p.name for p in self.parameters)}")

    @property
    def turning_width(self) -> float | None:
        """The width at which P = 1; None if P does not change with the width, or is not known."""
        return self._width_at(1.0)

    @property
    def turning_width_here(self) -> float | None:
        """The same for these samples and targets: where P times :attr:`contrast` is 1."""
        return self._width_at(1 / self.contrast)

    @property
    def limit_begins(self) -> float | None:
        """The width beyond which slopes are those predicted, where all of these are below it; None where they are not."""
        turning = self.turning_width_here if self.capacity is not None and self.capacity.exponent > 0 else None
        begins = max(turning or 0.0, self.inputs)
        return begins if begins > self.widths[-1] else None

    def _width_at(self, value: float) -> float | None:
        if self.capacity is None or self.capacity.exponent == 0:
            return None
        return float((value / self.capacity.constant) ** (1 / float(self.capacity.exponent)))

    @property
    def near(self) -> bool:
        """Whether the modules are near their tangent models at all widths, so that their distances are predictions there."""
        return bool(np.all(self.error.mean(axis=1) <= FAR))

    @property
    def trained_by(self) -> pt.Optimizer:
        """What the optimiser is at a small rate."""
        return _at_a_small_rate(self.optimizer)

    @cached_property
    def sentence(self) -> str:
        """What to do about it, in one sentence."""
        from numerics.pytorch.advice import sentence_of

        return sentence_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers and text, for JSON."""
        from numerics.pytorch.tables import to_dict

        return to_dict(self)

    def to_json(self) -> str:
        """The same as text."""
        import json

        return json.dumps(self.to_dict(), indent=2)

    def __str__(self) -> str:
        from numerics.pytorch.tables import to_text

        return to_text(self)

    def _repr_html_(self) -> str:
        from numerics.pytorch.tables import to_html

        return to_html(self)


def inspect(
    factory: Factory,
    X: ArrayLike,
    y: ArrayLike,
    *,
    widths: Sequence[int] = (64, 128, 256, 512),
    optimizer: MakeOptimizer | None = None,
    seeds: int = 4,
    loss: str = "squares",
) -> Inspection:
    """Regime of every parameter of a family of modules, with a prediction of how far it moves.

    Parameters
    ----------
    factory : callable(width) -> torch.nn.Module
        Takes samples, gives (n,) or (n, k). Any precision: work is done on copies in float64.
    X : array (n, ...)
        A few samples: derivatives of every output with respect to every weight are kept.
    y : array (n,) or (n, k)
        Targets of order one; labels (n,) for cross-entropy.
    widths : sequence of int
        At least two.
    optimizer : callable(module) -> torch.optim.Optimizer, optional
        SGD, Adam or AdamW with any groups; gradient flow with equal rates without one.
    seeds : int
        Modules drawn at each width.
    loss : 'squares' or 'cross-entropy'
        With cross-entropy slopes are those at a level of the loss where logits are of order one, and the distances those to
        logits that differ by 1.

    Notes
    -----
    Slopes are those of the theory for long training at a small rate: derived, with no term for momentum, weight decay, batches.
    The distances are those of the tangent model: exact for wide modules in the linear regime, and their error is computed.
    Biases are on paths of their own (:class:`phasetheory.Bias`), and both constants and what varies with the input are to be
    learned. Of biases before a normalisation, gains, queries and keys there are distances only.

    Examples
    --------
    >>> family = lambda width: nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 1))
    >>> X = np.array([[-1.0, 0.2], [-0.3, 1.0], [0.4, -1.0], [1.0, 0.5]])
    >>> found = inspect(family, X, [0.5, -1.0, 1.0, -0.5], widths=(32, 64, 128), seeds=2)
    >>> found["0.weight"].predicted, found["0.weight"].regime.value
    ({'frobenius': -3/2, 'spectral': -3/2}, 'linear')
    """
    checked = check_widths(widths)
    seeds = whole_number(seeds, "seeds", 1, "give an integer >= 1")
    samples = sample_array(X)
    modules = draws_at(factory, checked, seeds)
    notes = [_QUIETENED] * any([quieten(module) for row in modules for module in row])
    output = _output([row[0] for row in modules], samples, notes)
    targets = Targets.of(y, loss, output).tangent
    laws = {law.name: law for law in laws_of(modules, checked)}
    rates = {} if optimizer is None else {law.name: law for law in rate_laws(factory, optimizer, widths=checked)}
    kind = next((law.optimizer for law in rates.values()), "gradient flow")
    trained_by = _at_a_small_rate(kind)
    unused = _unused(modules[0][0], samples)
    readings = [read_module(copy.deepcopy(row[0]), torch.from_numpy(samples)) for row in modules]
    family = family_of(readings, checked, laws, rates)
    numbers = [
        [predict_by_tangent(m, samples, targets, _numbers(rates, index), trained_by) for m in row]
        for index, row in enumerate(modules)
    ]
    predicted, scaling = _slopes(family, trained_by, notes)
    moved = {name for name in laws if not rates or rates[name].rate is not None}
    parameters = []
    for name, law in laws.items():
        missing = (float("nan"), float("nan"))
        distances = np.array([[p.relative_distance.get(name, missing) for p in row] for row in numbers])
        strength = tuple(float(np.mean([p.strength.get(name, np.nan) for p in row])) for row in numbers)
        slopes_of = {norm: values[name] for norm, values in predicted.items() if name in values}
        fits = fits_of(checked, distances)
        parameters.append(ParameterInspection(law, rates.get(name), strength, distances, fits, slopes_of))
    drawn = [prediction for row in numbers for prediction in row]
    still = [name for name in laws if name in moved and all(name in prediction.still for prediction in drawn)]
    error, step, start = (
        np.array([[getattr(p, what) for p in row] for row in numbers]) for what in ("error", "step", "start")
    )
    if loss == "cross-entropy" and trained_by.degree:
        step /= 2
    step /= 1 - max((max(law.momentum.values) for law in rates.values() if law.momentum is not None), default=0.0)
    notes += [
        *family_told(family, laws, rates, unused, [name for name in still if name not in unused]),
        *(start_told(checked, start) if predicted else []),
        *loss_told(loss, output),
        *error_told(checked, error),
        *steps_told(kind, checked, step),
    ]
    capacity, fans = _capacity(family, laws, checked), [laws[name].fan_in for name in family.entries]
    inputs = max((int(fan.constant) for fan in fans if fan.exponent == 0), default=0)
    contrast = _size_of_sample(samples, inputs) / (np.sqrt(np.mean(targets**2)) or 1.0)
    return Inspection(
        tuple(parameters),
        checked,
        seeds,
        kind,
        family.graph,
        capacity,
        float(contrast),
        inputs,
        scaling,
        error,
        step,
        output,
        tuple(notes),
    )


def _at_a_small_rate(kind: str) -> pt.Optimizer:
    return SIGN_DESCENT if kind.startswith("Adam") else GRADIENT_FLOW


def quieten(module: nn.Module) -> bool:
    """Turn the dropout of a module off; whether there was any."""
    active = [part for part in module.modules() if part.training and _dropped(part)]
    for part in active:
        part.training = False
    return bool(active)


def _dropped(part: nn.Module) -> float:
    """The share that a module drops itself; attention and recurrent modules call it ``dropout``, and so do users."""
    share = getattr(part, "p" if isinstance(part, _DROPOUT) else "dropout", 0.0)
    return share if isinstance(share, float) else 0.0


def _output(modules: Sequence[nn.Module], samples: np.ndarray, notes: list[str]) -> tuple[int, ...]:
    """The shape of the output, one for all widths; it is noted if the output is another the second time."""
    networks = [Module.of(module, centred=False) for module in modules]
    outputs = [network(samples) for network in networks]
    if len(shapes := dict.fromkeys(output.shape for output in outputs)) > 1:
        raise InputError(
            f"the output of factory has shape {' and '.join(map(str, shapes))} at different widths; let it have one at all"
        )
    if not np.array_equal(outputs[0], networks[0](samples), equal_nan=True):
        notes.append("the module is not deterministic: its output is another the second time, and so are these numbers")
    return outputs[0].shape


def _unused(module: nn.Module, samples: np.ndarray) -> list[str]:
    """Parameters that the output is not computed from."""
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    output = module(torch.from_numpy(samples))
    if not output.requires_grad:
        return list(trained)
    gradients = torch.autograd.grad(output.sum(), list(trained.values()), allow_unused=True)
    return [name for name, gradient in zip(trained, gradients, strict=True) if gradient is None]


def _size_of_sample(samples: np.ndarray, inputs: int) -> float:
    """Of as many numbers as the first layers see at a time; token ids are rows of weights of size one."""
    return 1.0 if samples.dtype.kind == "i" or not inputs else float(np.sqrt(np.mean(samples**2) * inputs))


def _numbers(rates: Mapping[str, RateLaw], index: int) -> dict[str, float] | None:
    """Learning rates at one of the widths."""
    return {name: law.rate.values[index] for name, law in rates.items() if law.rate is not None} if rates else None


def _slopes(
    family: Family, trained_by: pt.Optimizer, notes: list[str]
) -> tuple[dict[str, dict[str, sp.Expr]], pt.LearningRateScaling | None]:
    """Predicted slopes by norm and parameter, and the rate; notes get what there is no theory of."""
    if family.graph is None:
        return {}, None
    try:
        slopes = {norm: family.graph.slopes(norm, optimizer=trained_by) for norm in NORMS}
        scaling = family.graph.learning_rate_scaling(optimizer=trained_by)
    except pt.TheoryError as error:  # such as two layers at zero, where nothing moves
        notes.append(f"no predicted slopes: {error}")
        return {}, None
    if family.lazy and any(slope > 0 for slope in slopes["spectral"].values()):
        notes.append("no predicted slopes: a layer outgrows its start, beside a skip and before a normalisation")
        return {}, None
    return slopes, scaling


def fits_of(widths: tuple[int, ...], distances: np.ndarray) -> dict[str, SlopeFit]:
    """Slopes of distances (widths, seeds, norms), where there are numbers at every width."""
    usable = {norm: np.where(distances[..., i] > 0, distances[..., i], np.nan) for i, norm in enumerate(NORMS)}
    return {n: fit_slope(widths, d) for n, d in usable.items() if np.isfinite(d).any(axis=1).all()}


def _capacity(family: Family, laws: Mapping[str, ParameterLaw], widths: tuple[int, ...]) -> PowerOfWidth | None:
    """P as a power of the width: of strengths sigma sqrt(fan), the larger fan of those that grow."""
    if family.graph is None or family.normalised:
        return None
    strengths = {name: _strengths(laws[name], layer) for name, layer in family.graph.layers.items()}
    values = family.capacities(strengths)
    if min(values) <= 0:
        return None
    exponent = family.capacity
    if exponent is None or not exponent.is_Rational:
        return None
    power = Fraction(int(exponent.p), int(exponent.q))
    constant = float(np.exp(np.mean(np.log(values) - float(power) * np.log(widths))))
    return PowerOfWidth(power, constant, tuple(values), all(laws[name].scale.exact for name in strengths))


def _strengths(law: ParameterLaw, layer: pt.Layer) -> np.ndarray:
    sides = [(law.fan_in, layer.outer == "fan_in"), (law.fan_out, layer.outer == "fan_out")]
    growing = [np.array(fan.values) for fan, outer in sides if fan.exponent > 0 and not outer]
    return law.scale.values.mean(axis=1) * np.sqrt(np.max(growing, axis=0) if growing else 1.0)

r"""Check how a family of networks scales with the width: what each layer does, what the theory says it does, and a verdict.

Train the same family at several widths and look at the relative distance of every layer. In spectral norm a slope of 0 in every
layer means that all of them learn at any width (the muP of Yang and Hu): what a "coordinate check" looks for by eye. Here the
slope is measured with its interval, and predicted: exactly for a network of the theory, whose scales are functions of the width;
for a function that draws networks, from the exponents of the scales it draws, fitted and rounded to fractions.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.datasets import four_points
from numerics.errors import InputError
from numerics.experiments.account import account_of
from numerics.experiments.allowance import Allowance, allowance_at
from numerics.experiments.conclusion import conclusion_of, summary_of
from numerics.experiments.judgement import LayerResult, judge, of_norm
from numerics.experiments.prediction import Prediction
from numerics.experiments.reduced_flow import reduced_flow
from numerics.experiments.training import NORMS, USUAL, TrainingPlan
from numerics.networks import DeepNetwork
from numerics.networks.sampling import sample_network, trained_activation
from numerics.scans import Cell, OnProgress, Serial, Setting, Workers, scan
from numerics.slopes.fractions import simplest_fraction

if TYPE_CHECKING:
    import xarray

__all__ = ["FamilyPlan", "ScalingCheck", "scaling_check"]

#: Draws a network of a width.
Family = Callable[[int, np.random.Generator], DeepNetwork]

_DRAWS = 16  # networks of each width that exponents are fitted to
_NOT_A_POWER = 0.3  # largest distance of log scales from a straight line


@dataclass(frozen=True, kw_only=True)
class FamilyPlan(TrainingPlan):
    """Widths and seeds of a family of networks."""

    fewest_seeds: ClassVar[int] = 2

    family: pt.Network | Family

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the weights, input to output."""
        return self.draw(self.widths[0], 0).layers

    @property
    def norms(self) -> tuple[str, ...]:
        """Both: what learns at any width is said by the spectral one."""
        return NORMS

    @property
    def labels(self) -> tuple[str, ...]:
        """The layers."""
        return self.layers

    @property
    def cells(self) -> list[Cell]:
        """Every (width, seed)."""
        return [{"width": width, "seed": seed} for width in self.widths for seed in range(self.seeds)]

    @property
    def settings(self) -> dict[str, Setting]:
        """What else decides the numbers."""
        return {"family": str(self.family), **super().settings}

    def start(self, cell: Cell) -> DeepNetwork:
        """The network of one cell at its start."""
        return self.draw(int(cell["width"]), int(cell["seed"]))

    def draw(self, width: int, seed: int) -> DeepNetwork:
        """A network of the family."""
        rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(width,)))
        if isinstance(self.family, pt.Network):
            return sample_network(self.family, width, self.data[0].shape[1], rng=rng)
        network = self.family(width, rng)
        if not isinstance(network, DeepNetwork):
            raise InputError(f"network_family returned a {type(network).__name__}; it has to return a DeepNetwork")
        if any(network.chain.biased) or network.outputs > 1:
            raise InputError(
                f"network_family returned a network {network.shape}; slopes are predicted for one output and no biases here"
            )
        return network


@dataclass(frozen=True)
class ScalingCheck:
    """How a family scales, measured and predicted.

    Attributes
    ----------
    network : phasetheory.Network
        What was predicted with.
    basis : Basis
        DERIVED for a network of the theory; FITTED if its exponents were fitted to the networks that the family drew.
    allowance : Allowance
        What the verdicts allow for.
    layers : tuple of LayerResult
        Every layer in both norms: predicted slope, measured slope with its interval, verdict.
    runs : xarray.Dataset
        Every run: ``relative_distance`` over width, seed, layer, norm; loss, evaluations, drift.
    """

    network: pt.Network
    basis: pt.Basis
    allowance: Allowance
    layers: tuple[LayerResult, ...]
    runs: "xarray.Dataset" = field(repr=False, compare=False)

    def of(self, norm: str) -> tuple[LayerResult, ...]:
        """The layers in one norm, input to output."""
        return of_norm(self.layers, norm)

    @property
    def agrees(self) -> bool:
        """Whether every layer does what the theory says."""
        return all(result.agrees for result in self.layers)

    @property
    def table(self) -> "xarray.Dataset":
        """Predicted slope, measured slope and its interval, over layer and norm."""
        import xarray

        names = [result.layer for result in self.of(NORMS[0])]
        missing = float("nan")
        columns = {
            "predicted": [float(r.predicted_slope) for r in self.layers],
            "slope": [r.measured.slope if r.measured else missing for r in self.layers],
            "low": [r.measured.low if r.measured else missing for r in self.layers],
            "high": [r.measured.high if r.measured else missing for r in self.layers],
        }
        shape = (len(NORMS), len(names))
        return xarray.Dataset(
            {name: (("norm", "layer"), np.reshape(values, shape)) for name, values in columns.items()},
            {"norm": list(NORMS), "layer": names},
        )

    @property
    def summary(self) -> str:
        """One line on the whole, from the measured regimes in spectral norm."""
        return summary_of(self.of("spectral"), self.allowance)

    @property
    def verdict(self) -> str:
        """One line a layer, in spectral norm, what the verdicts allow for, and a line on the whole."""
        layers = conclusion_of(self.of("spectral"), self.allowance)
        return "\n".join([*layers, *account_of(self.runs).lines, self.summary])

    def __str__(self) -> str:
        return self.verdict

    def _repr_html_(self) -> str:
        from numerics.reports.scaling_check import to_html  # what a notebook shows; imported when it does

        return to_html(self)


def scaling_check(
    network_family: "pt.Network | str | Family",
    widths: Sequence[int] = (64, 128, 256, 512, 1024),
    seeds: int = 3,
    *,
    depth: int | None = None,
    data: tuple[np.ndarray, np.ndarray] | None = None,
    rtol: float = 1e-2,
    loss_tol: float = USUAL,
    max_seconds: float = 300.0,
    executor: Executor | Workers | None = None,
    progress: OnProgress | None = None,
) -> ScalingCheck:
    """Train a family of networks at several widths; slopes of the relative distance of every layer, and a verdict.

    Parameters
    ----------
    network_family : phasetheory.Network, name, or callable(width, rng) -> DeepNetwork
        A network whose scales are functions of the width; the name of an initialisation; or your own function.
    widths : sequence of int
        At least two; a geometric grid is best.
    seeds : int
        Repetitions at each width, at least 2.
    depth : int
        Of a named initialisation, 3 by default; another family has its own.
    data : (X, y), optional
        Four points by default.
    rtol, loss_tol, max_seconds
        Of every run; see :func:`numerics.gradient_flow`.
    executor, progress
        See :func:`numerics.scan`; by default one run after the other.

    Examples
    --------
    >>> check = scaling_check(lambda width, rng: DeepNetwork.sample((2, width, 1), (1, 1), alpha=width**0.5, rng=rng), (32, 128))
    >>> [str(result.predicted_slope) for result in check.of("spectral")], check.basis.value
    (['-1/2', '-1/2'], 'fitted')
    """
    if isinstance(network_family, str):
        family: pt.Network | Family = pt.initialization(network_family, 3 if depth is None else depth)
    elif depth is None:
        family = network_family
    else:
        raise InputError(f"depth = {depth!r}: network_family has its own depth; leave it out")
    if not isinstance(family, pt.Network) and not callable(family):
        raise InputError(
            f"network_family = {family!r}; give a phasetheory.Network, a name, or a function of width and rng"
        )
    plan = FamilyPlan(
        family=family,
        widths=widths,  # type: ignore[arg-type]  # checked, and a tuple then
        seeds=seeds,
        rtol=rtol,
        loss_tol=loss_tol,
        max_seconds=max_seconds,
        data=four_points() if data is None else data,
    )
    network, basis = (family, pt.Basis.DERIVED) if isinstance(family, pt.Network) else (_fitted(plan), pt.Basis.FITTED)
    runs = scan(plan, executor=Serial() if executor is None else executor, progress=progress).transpose(
        "width", "seed", ...
    )
    allowance, status = allowance_at(3), runs["status"].values  # that of small widths, whatever the depth
    results = []
    target = _target(network, plan) if network.depends_on_target() else ""
    for norm in NORMS:
        limits = network.slopes(norm=norm, target=target or "easy")
        for layer in plan.layers:
            distances = runs["relative_distance"].sel(layer=layer, norm=norm).values
            prediction = Prediction(limits[layer], float(limits[layer]), target=target)
            results.append(judge(layer, norm, prediction, plan.widths, distances, status, allowance))
    return ScalingCheck(network, basis, allowance, tuple(results), runs)


def _target(network: pt.Network, plan: FamilyPlan) -> str:
    """Which branch the data are on, of two layers whose output weights hardly move."""
    return reduced_flow(*plan.data, loss_tol=plan.loss_tol, activation=trained_activation(network.activation)).target


def _fitted(plan: FamilyPlan) -> pt.Network:
    """Exponents of the scales that a family draws."""
    networks = [[plan.draw(width, seed) for seed in range(_DRAWS)] for width in plan.widths]
    if len({network.depth for row in networks for network in row}) > 1:
        raise InputError("network_family changes its depth; keep it")
    logs = np.array([np.mean([_log_scales(network) for network in row], axis=0) for row in networks])
    x = np.log(plan.widths)
    fitted = np.polyfit(x, logs, 1)
    if np.max(np.abs(np.outer(x, fitted[0]) + fitted[1] - logs)) > _NOT_A_POWER:
        raise InputError(
            f"the scales of network_family are no powers of the width (exponents {fitted[0].round(2)} at best); "
            "give a phasetheory.Network, whose scales may be any formula, or other widths"
        )
    powers = [pt.m ** sp.Rational(simplest_fraction(float(exponent))) for exponent in fitted[0]]
    depth = networks[0][0].depth
    return pt.Network(tuple(powers[:depth]), powers[depth], tuple(powers[depth + 1 :]), name="your networks")


def _log_scales(network: DeepNetwork) -> list[float]:
    """Logarithms of the standard deviations, the output scale and the learning rates of the unnormalised flow."""
    scales, gains = np.array(network.scales), np.array(network.gains)
    deviations = [float(np.log(np.mean(w**2))) / 2 for w in network.original_weights()]
    output = float(np.sum(np.log(scales / gains)) - np.log(network.kappa))
    return [*deviations, output, *map(float, np.log(scales**2 / network.time_unit))]

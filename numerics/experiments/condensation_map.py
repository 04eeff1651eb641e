"""Condensation over the phase diagram: the 7 x 7 map of the paper as a scan, and what it says about the regimes.

Every cell trains one network and keeps its features binned, so that a million neurons are a few kilobytes, with the measures of
:mod:`numerics.observe.condensation`. With dropout it trains the same start a second time, by the flow averaged over the masks,
until that has settled, and keeps what came of that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from shlex import quote
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

import phasetheory as pt
from numerics.datasets import load_data
from numerics.errors import InputError
from numerics.experiments.first_directions import compare_with_first_directions
from numerics.experiments.grids import exact, grid_text
from numerics.experiments.plan import Plan
from numerics.experiments.stopping import DIGITS_LOSS
from numerics.experiments.training import outcome_of
from numerics.flow import Solution, as_dropout, gradient_flow, settling_time
from numerics.networks import DeepNetwork, TwoLayer
from numerics.networks.sampling import trained_activation
from numerics.observe.condensation import condensation, leading_direction, orientation_histogram
from numerics.observe.features import Features, features
from numerics.scans import Cell, CellStatus, Observable, Outcome, Setting

if TYPE_CHECKING:
    import xarray

__all__ = [
    "GAMMAS",
    "GAMMA_PRIMES",
    "CondensationPlan",
    "RegimeRow",
    "by_regime",
    "converged",
    "output_entropy",
    "sharpening",
    "sharpening_by_regime",
    "slopes_of_w",
]

#: The coordinates of the paper's map.
GAMMAS: tuple[Fraction, ...] = tuple(Fraction(tenths, 10) for tenths in range(7, 14))
GAMMA_PRIMES: tuple[Fraction, ...] = tuple(Fraction(tenths, 10) for tenths in range(-3, 4))
_NO_LOSS = 1e-300  # that no run with dropout reaches
_ACROSS, _UP, _HISTOGRAM = 120, 40, 180  # bins of the scatter, orientation by amplitude, and of the histogram


@dataclass(frozen=True, kw_only=True)
class CondensationPlan(Plan):
    """A scan of condensation; parameters of :class:`numerics.Plan`.

    The dataset holds, for every (gamma, gamma_prime, width, seed), ``entropy``, ``initial_entropy``, ``directions``, ``fraction``
    (see :class:`numerics.Condensation`), ``relative_distance`` of w and a, ``loss``; ``share``, the amplitude-weighted histogram
    of the orientations; and ``occupancy``, the number of neurons by orientation and by amplitude over the largest amplitude.
    ``near_predicted`` is the part of the amplitude within 5 degrees of the first directions of
    :func:`phasetheory.condensed_directions`, when the loss has fallen by a tenth and at the end.
    With dropout all this is of the network trained with it, and ``output_entropy`` tells what dropout did: the entropy of the
    orientations with each neuron weighted by what it adds to the outputs at the samples, |f_k|_X = (sum_i f_k(x_i)^2)^(1/2), the
    weight that dropout itself goes by, without dropout and with it.

    Parameters
    ----------
    dropout : float
        Probability in (0, 1] with which a hidden neuron is kept, as in :func:`numerics.gradient_flow`; 1, no dropout, by default.
        Runs with it end at :func:`numerics.settling_time`.

    For d > 2 the orientation is that of :func:`numerics.orientation_histogram` in ``share``, and the projection on the leading
    direction in ``occupancy``.
    """

    any_training: ClassVar[bool] = False

    max_seconds: float = 900.0
    dropout: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "dropout", as_dropout(self.dropout))
        super().__post_init__()
        if self.loss_levels:
            raise InputError(
                f"loss_levels = {self.loss_levels}: condensation is measured at the end of a run; give loss_tol instead"
            )

    @classmethod
    def paper(cls, data_name: str = "four-points", **options: Any) -> "CondensationPlan":
        """The map of the paper, 7 x 7: up to 10^6 neurons for data on a line, up to 10^5 for digits, with one seed.

        Parameters
        ----------
        data_name : str
            'four-points', 'mnist:45', ...; see :func:`numerics.datasets.files.load_data`.
        **options
            Parameters of the plan to change; ``gamma`` and ``gamma_prime`` for other boxes.
        """
        X, y = load_data(data_name)
        chosen: dict[str, Any] = {"gamma": GAMMAS, "gamma_prime": GAMMA_PRIMES, "data": (X, y), "data_name": data_name}
        if X.shape[1] == 2:
            # dropout settles in thousands of steps, each of them over all neurons
            wide = 1_000_000 if as_dropout(options.get("dropout", 1.0)) == 1.0 else 4000
            chosen |= {"widths": (400, 4000) if wide == 4000 else (1000, 10_000, wide), "seeds": 3}
        else:
            chosen |= {"widths": (1000, 10_000, 100_000), "seeds": 1}
        if data_name.startswith("mnist:"):
            chosen |= {"loss_tol": DIGITS_LOSS}
        return cls.grid(**(chosen | options))

    @cached_property
    def predicted(self) -> pt.CondensedDirections:
        """The directions on which tiny weights condense at first."""
        own = self.diagram.network.activation
        return pt.condensed_directions(
            *self.data, activation=trained_activation(own) if self.activation is None else self.activation
        )

    @property
    def observables(self) -> dict[str, Observable]:
        """Measures and binned features."""
        planar = self.data[0].shape[1] == 2
        low, high = (-np.pi, np.pi) if planar else (-1.0, 1.0)
        across = {"orientation": _centres(low, high, _ACROSS), "relative_amplitude": _centres(0.0, 1.0, _UP)}
        bins = {"bin": _centres(-np.pi, np.pi, _HISTOGRAM) if planar else _centres(0.0, 1.0, _HISTOGRAM)}
        dropout = {
            "output_entropy": Observable(
                "entropy of the orientations, weighted by |f_k| at the samples, over that of uniform ones",
                {"trained": ("without dropout", "with it")},
            )
        }
        return {
            **(dropout if self.dropout < 1.0 else {}),
            "entropy": Observable("entropy of the orientations, weighted by amplitude, over that of uniform ones"),
            "initial_entropy": Observable("the same at the start"),
            "directions": Observable("number of condensed directions"),
            "fraction": Observable("part of the amplitude within the condensed directions"),
            "relative_distance": Observable("largest relative distance over the run", {"layer": ("w", "a")}),
            "loss": Observable("loss R at the end"),
            "near_predicted": Observable(
                "part of the amplitude within 5 degrees of the first directions, as derived for tiny weights",
                {"when": ("first plateau", "end")},
                may_be_nan=True,
            ),
            "share": Observable("part of the amplitude by orientation", bins),
            "occupancy": Observable("neurons by orientation and by amplitude over the largest", across),
        }

    @property
    def settings(self) -> dict[str, Setting]:
        """What else decides the numbers."""
        dropout = {"dropout": self.dropout} if self.dropout < 1.0 else {}  # older stores do not know it
        return {**super().settings, "measures": "condensation, version 2", **dropout}

    @property
    def title(self) -> str:
        """What a dataset of this plan holds."""
        return f"Condensation of trained two-layer networks over the phase diagram{self.caption}"

    @property
    def caption(self) -> str:
        """What to add to a title: the dropout, if there is any."""
        return "" if self.dropout == 1.0 else f", dropout keeping {self.dropout:g}"

    @property
    def command(self) -> str:
        """The command that makes the map, in full."""
        gammas, primes = (sorted({point[i] for point in self.points}) for i in range(2))
        grid = f"--gamma={grid_text(gammas)} --gamma-prime={grid_text(primes)}"
        widths = ",".join(map(str, self.widths))
        return (
            f"phasetheory condense --data {quote(self.data_name)} {grid} --widths {widths} --seeds {self.seeds} "
            f"--loss-tol {self.loss_tol:g}{'' if self.dropout == 1.0 else f' --dropout {self.dropout:g}'}"
        )

    def measure(self, cell: Cell) -> Outcome:
        """Train the network of one cell, with dropout a second time, and read off what happened."""
        if self.dropout == 1.0:
            return super().measure(cell)
        without = self.train(cell)
        assert isinstance(without.initial, TwoLayer)
        settled = gradient_flow(
            without.initial,
            *self.data,
            dropout=self.dropout,
            t_max=settling_time(without.initial, self.dropout),
            loss_tol=_NO_LOSS,
            rtol=self.rtol,
            max_seconds=self.max_seconds,
            threads=1,
            throw=False,
        )
        entropies = [output_entropy(run.network, self.data[0]) for run in (without, settled)]
        fitted = without.converged or without.at_rest
        return outcome_of(settled if fitted else without, self.values(settled) | {"output_entropy": entropies})

    def values(self, solution: Solution) -> dict[str, object]:
        """Measures and binned features of a run."""
        neurons = features(solution.network)
        found = condensation(neurons)
        limits: dict[str, Any] = {"rtol": self.rtol, "max_seconds": self.max_seconds}
        first = compare_with_first_directions(solution, *self.data, self.predicted, **limits)
        return {
            "entropy": found.entropy,
            "initial_entropy": orientation_histogram(features(solution.initial)).entropy,
            "directions": found.number,
            "fraction": found.fraction,
            "relative_distance": [solution.sup_relative_distance[layer] for layer in ("w", "a")],
            "loss": solution.loss,
            "near_predicted": [first.plateau, first.final],
            "share": orientation_histogram(neurons, _HISTOGRAM).share,
            "occupancy": _occupancy(neurons),
        }


@dataclass(frozen=True)
class RegimeRow:
    """Measures in one regime at one width, over the points and seeds.

    Attributes
    ----------
    regime : Regime
        Derived, of w.
    width : int
    points : int
    entropy, fraction, directions : (mean, standard deviation)
        The deviation is over the points; ``seeds_spread`` is the mean deviation of the entropy over the seeds of a point.
    near_predicted : (float, float)
        Mean share of the amplitude near the predicted first directions, at the end of the first plateau and at the end; nan where
        none is predicted.
    output_entropy : pair of (mean, standard error), or None
        Entropy weighted by |f_k| at the samples, without dropout and with it; over all runs. None without dropout.
    """

    regime: pt.Regime
    width: int
    points: int
    entropy: tuple[float, float]
    fraction: tuple[float, float]
    directions: tuple[float, float]
    seeds_spread: float
    near_predicted: tuple[float, float]
    output_entropy: tuple[tuple[float, float], tuple[float, float]] | None = None


def slopes_of_w(gammas: Iterable[float], gamma_primes: Iterable[float]) -> np.ndarray:
    """Derived S_w on a grid, shape (gammas, gamma_primes); coordinates are read as the decimals they print as."""
    diagram = pt.phase_diagram(2)
    primes = [exact(float(p), "gamma_prime") for p in gamma_primes]
    rows = [[diagram.slopes_at(gamma=exact(float(g), "gamma"), gamma_prime=p)["w"] for p in primes] for g in gammas]
    return np.array([[float(value) for value in row] for row in rows])


def converged(dataset: "xarray.Dataset") -> "xarray.Dataset":
    """The dataset with nan where a run stopped short: such values are never used in a mean."""
    return dataset.where(dataset.status == int(CellStatus.DONE))


def by_regime(dataset: "xarray.Dataset") -> list[RegimeRow]:
    """Mean measures by regime and width: whether it sharpens, and where."""
    used, rows = converged(dataset), []
    for regime, chosen in _regimes(dataset):
        for width in dataset.width.values:
            at = {
                name: used[name].sel(width=width).transpose("gamma", "gamma_prime", "seed").values[chosen]
                for name in ("entropy", "fraction", "directions")
            }
            usable = np.isfinite(at["entropy"]).any(axis=1)  # points with a run that reached its goal
            if not usable.any():
                continue
            means = {name: np.nanmean(values[usable], axis=1) for name, values in at.items()}
            stats = {name: (float(values.mean()), float(values.std())) for name, values in means.items()}
            repeated = at["entropy"][np.isfinite(at["entropy"]).sum(axis=1) > 1]
            spread = float(np.nanstd(repeated, axis=1, ddof=1).mean()) if repeated.size else 0.0
            near = used.near_predicted.sel(width=width).transpose("gamma", "gamma_prime", "seed", "when").values[chosen]
            shares = near[np.isfinite(near).all(axis=-1)]
            plateau, end = map(float, shares.mean(axis=0)) if len(shares) else (np.nan, np.nan)
            count = int(np.count_nonzero(usable))
            rows.append(
                RegimeRow(
                    regime,
                    int(width),
                    count,
                    **stats,
                    seeds_spread=spread,
                    near_predicted=(plateau, end),
                    output_entropy=_output_entropies(used.sel(width=width), chosen),
                )
            )
    return rows


def sharpening(dataset: "xarray.Dataset") -> "xarray.DataArray":
    """Change of 1 - entropy per factor 10 of the width, by least squares; dimensions (gamma, gamma_prime, seed)."""
    decades = np.log10(dataset.width.values.astype(float))
    weights = (decades - decades.mean()) / np.sum((decades - decades.mean()) ** 2)
    condensed = 1.0 - converged(dataset).entropy
    return sum(float(w) * condensed.isel(width=i) for i, w in enumerate(weights))


def sharpening_by_regime(dataset: "xarray.Dataset") -> dict[pt.Regime, tuple[float, float]]:
    """Mean of :func:`sharpening` over the boxes of each regime, and its standard deviation over them."""
    values = sharpening(dataset).transpose("gamma", "gamma_prime", "seed").mean("seed").values
    found = {}
    for regime, chosen in _regimes(dataset):
        here = values[chosen & np.isfinite(values)]
        if here.size:
            found[regime] = (float(here.mean()), float(here.std()))
    return found


def _regimes(dataset: "xarray.Dataset") -> list[tuple[pt.Regime, np.ndarray]]:
    """Each regime with its boxes, a mask (gamma, gamma_prime)."""
    slopes = slopes_of_w(dataset.gamma.values, dataset.gamma_prime.values)
    found = np.vectorize(lambda slope: pt.classify(float(slope)).value)(slopes)
    return [(regime, found == regime.value) for regime in pt.Regime]


def _output_entropies(
    here: "xarray.Dataset", chosen: np.ndarray
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Mean and standard error over the runs of the chosen boxes, without dropout and with it."""
    if "output_entropy" not in here:
        return None
    runs = here.output_entropy.transpose("gamma", "gamma_prime", "seed", "trained").values[chosen].reshape(-1, 2)
    runs = runs[np.isfinite(runs).all(axis=1)]
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else np.full(2, np.nan)
    (before, after), (error_before, error_after) = runs.mean(axis=0).tolist(), error.tolist()
    return (before, error_before), (after, error_after)


def output_entropy(network: TwoLayer | DeepNetwork, X: np.ndarray) -> float:
    """Entropy of the orientations, each neuron weighted by |f_k| at the samples."""
    assert isinstance(network, TwoLayer)
    z = X @ network.v.T
    active = np.where(z > 0, z, network.negative_slope * z)
    outputs = np.abs(network.u) * np.sqrt(np.einsum("ik,ik->k", active, active))
    neurons = features(network)
    return orientation_histogram(Features(outputs, neurons.weights, neurons.length), _HISTOGRAM).entropy


def _centres(low: float, high: float, count: int) -> tuple[float, ...]:
    edges = np.linspace(low, high, count + 1)
    return tuple(((edges[:-1] + edges[1:]) / 2).tolist())


def _occupancy(neurons: Features) -> np.ndarray:
    """Number of neurons by orientation (or projection) and relative amplitude."""
    if neurons.dimension == 2:
        across, span = neurons.orientation, (-np.pi, np.pi)
    else:
        across, span = neurons.projection(leading_direction(neurons)), (-1.0, 1.0)
    up = neurons.amplitude / neurons.amplitude.max()
    return np.histogram2d(across, up, bins=(_ACROSS, _UP), range=(span, (0.0, 1.0)))[0]

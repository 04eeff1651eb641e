"""How far a network is from its tangent model, along the run and against the width.

In the linear regime the difference vanishes as m grows, and so does the change of the tangent kernel; on the boundary and beyond
neither does. Both are due to neurons that change sides of a sample. On the line gamma' = 0 their part of all neurons goes with
RD, so the slopes are near S_w; where the kernel is mostly that of the other layer they are steeper. In the condensed regime the
kernel grows with the square of the weights, with slope 2 S_w.
"""

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

import phasetheory as pt
from numerics import slopes
from numerics.arrays import real_array
from numerics.datasets import check_data
from numerics.errors import InputError, check_type
from numerics.experiments.grids import Point
from numerics.experiments.plan import Plan
from numerics.experiments.training import outcome_of
from numerics.flow import Solution, gradient_flow
from numerics.networks import DeepNetwork, TwoLayer
from numerics.observe.tangent_kernel import chosen_layers, tangent_kernel
from numerics.observe.tangent_model import LinearizedFlow, linearize
from numerics.scans import Cell, CellStatus, Observable, OnProgress, Outcome, Setting, Threads, Workers, failures, scan

__all__ = [
    "LinearApproximation",
    "TangentComparison",
    "TangentPlan",
    "compare_with_tangent",
    "limiting_rate",
    "linear_approximation",
]

_TIMES_A_DECADE = 10  # at which network and tangent model are compared
_DECADES = (-2.0, 10.0)  # of the time of the fastest mode
_RTOL = 1e-3  # the difference to 5 %; 1e-2 leaves 20 % of it to the integrator


@dataclass(frozen=True, eq=False)
class TangentComparison:
    """A run beside the tangent model of its start.

    Attributes
    ----------
    solution : Solution
    linear : LinearizedFlow
    t : float64 (k,)
        Normalised times, from a hundredth of the fastest mode's time to the end of the run.
    inputs : float64 (p, d)
        Where they are compared.
    outputs, linear_outputs : float64 (k, p)
        f and f_lin.
    kernel_change : float64 (k,)
        |K(t) - K(0)|/|K(0)| in the Frobenius norm, K the tangent kernel of all layers at the samples.
    """

    solution: Solution = field(repr=False)
    linear: LinearizedFlow = field(repr=False)
    t: np.ndarray = field(repr=False)
    inputs: np.ndarray = field(repr=False)
    outputs: np.ndarray = field(repr=False)
    linear_outputs: np.ndarray = field(repr=False)
    kernel_change: np.ndarray = field(repr=False)

    @property
    def sup_difference(self) -> float:
        """Sup over t and inputs of |f - f_lin|."""
        return float(np.max(np.abs(self.outputs - self.linear_outputs)))

    @property
    def sup_kernel_change(self) -> float:
        """Largest change of the kernel over the run."""
        return float(np.max(self.kernel_change))


@dataclass(frozen=True, eq=False)
class LinearApproximation:
    """Differences from the tangent model against the width.

    Attributes
    ----------
    points : tuple of pairs
        Coordinates.
    widths : tuple of int
    sup_difference, kernel_change : float64 (points, widths, seeds)
        sup_t |f - f_lin| at the samples, and the largest change of the tangent kernel; nan where a run stopped short.
    layers : tuple of str
        Parameter groups of the tangent model.
    failures : dict of cell -> reason
        Runs that stopped short or failed.
    """

    points: tuple[Point, ...]
    widths: tuple[int, ...]
    sup_difference: np.ndarray = field(repr=False)
    kernel_change: np.ndarray = field(repr=False)
    layers: tuple[str, ...]
    failures: dict[str, str] = field(default_factory=dict)

    def difference_slope(self, point: int) -> slopes.SlopeFit:
        """Slope of log sup |f - f_lin| against log m at a point, by its index; an InputError if a width has no run."""
        return slopes.fit(self.widths, self.sup_difference[point])

    def kernel_slope(self, point: int) -> slopes.SlopeFit:
        """Slope of the log of the kernel's change against log m."""
        return slopes.fit(self.widths, self.kernel_change[point])


def compare_with_tangent(
    network: TwoLayer | DeepNetwork,
    X: ArrayLike,
    y: ArrayLike,
    *,
    inputs: ArrayLike | None = None,
    layers: Sequence[str] | None = None,
    loss_tol: float = 1e-6,
    rtol: float = _RTOL,
    max_seconds: float = np.inf,
    throw: bool = True,
) -> TangentComparison:
    """Train a network and follow its tangent model at the same times.

    Parameters
    ----------
    network : TwoLayer or DeepNetwork
    X : array (n, d), y : array (n,), of a network with several outputs (n, k)
    inputs : array (p, d), optional
        Where f and f_lin are compared; the samples by default.
    layers : sequence of str, optional
        Parameter groups of the tangent model; the network always trains all.
    loss_tol, rtol, max_seconds, throw
        Of the run; see :func:`numerics.gradient_flow`.
    """
    linear = linearize(network, layers=layers).flow(X, y)
    X, y = linear.X, linear.y
    points = X if inputs is None else real_array(inputs, "inputs")
    before = tangent_kernel(network, X)
    fastest = np.linalg.eigvalsh(before)[-1] / len(y)
    if not fastest > 0:
        raise InputError(
            "the tangent kernel vanishes at the start: f does not depend on the weights; give another network"
        )
    count = round(_TIMES_A_DECADE * (_DECADES[1] - _DECADES[0])) + 1
    times = np.logspace(*_DECADES, count) / fastest
    solution = gradient_flow(
        network,
        X,
        y,
        loss_tol=loss_tol,
        rtol=rtol,
        method="exponential",
        times=times,
        keep_weights=True,
        max_seconds=max_seconds,
        throw=throw,
    )
    shots = solution.snapshots
    networks = [*shots.networks, solution.network]
    t = np.append(shots.t, solution.t)
    size = np.linalg.norm(before)
    return TangentComparison(
        solution=solution,
        linear=linear,
        t=t,
        inputs=points,
        outputs=np.array([net(points) for net in networks]),
        linear_outputs=linear(t, points),
        kernel_change=np.array([np.linalg.norm(tangent_kernel(net, X) - before) / size for net in networks]),
    )


@dataclass(frozen=True, kw_only=True)
class TangentPlan(Plan):
    """A scan of the distance from the tangent model: a :class:`numerics.Plan`, and the groups of the tangent model."""

    any_training: ClassVar[bool] = False

    rtol: float = _RTOL
    tangent_layers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "tangent_layers", chosen_layers(self.layers, self.tangent_layers or None))

    @property
    def observables(self) -> dict[str, Observable]:
        """Largest distances over the run."""
        return {
            "sup_difference": Observable("sup over t and samples of |f - f_lin|"),
            "kernel_change": Observable("largest |K(t) - K(0)|/|K(0)| over the run"),
        }

    @property
    def settings(self) -> dict[str, Setting]:
        """What else decides the numbers."""
        return {**super().settings, "tangent_layers": ", ".join(self.tangent_layers)}

    @property
    def title(self) -> str:
        """What a dataset of this plan holds."""
        return f"Distances of trained {self.depth}-layer networks from their tangent models"

    @property
    def command(self) -> str:
        """None keeps a store."""
        return ""

    def measure(self, cell: Cell) -> Outcome:
        """Train the network of one cell beside its tangent model."""
        run = compare_with_tangent(
            self.start(cell),
            *self.data,
            layers=self.tangent_layers,
            loss_tol=self.loss_tol,
            rtol=self.rtol,
            max_seconds=self.max_seconds,
            throw=False,
        )
        values = {"sup_difference": run.sup_difference, "kernel_change": run.sup_kernel_change}
        return outcome_of(run.solution, values)


def linear_approximation(
    plan: Plan,
    *,
    layers: Sequence[str] | None = None,
    store: str | os.PathLike[str] | None = None,
    executor: Executor | Workers | None = None,
    progress: OnProgress | None = None,
) -> LinearApproximation:
    """Measure sup_t |f - f_lin| and the change of the tangent kernel over points, widths and seeds.

    Parameters
    ----------
    plan : Plan
        An rtol above 1e-3 is taken as 1e-3: a coarser one leaves a fifth of the difference to the integrator.
    layers : sequence of str, optional
        Parameter groups of the tangent model.
    store, executor, progress
        See :func:`numerics.scan`; threads by default.
    """
    import xarray  # half a second: only for those who ask

    check_type(plan, "plan", Plan)
    if plan.loss_levels:
        raise InputError(
            f"loss_levels = {plan.loss_levels}: the distance from the tangent model is a sup; leave them out"
        )
    groups = chosen_layers(plan.layers, layers)
    tangent = TangentPlan.of(plan, rtol=min(plan.rtol, _RTOL), tangent_layers=groups)
    runs = scan(tangent, store, executor=Threads() if executor is None else executor, progress=progress)
    used = runs.where(runs["status"] == CellStatus.DONE)
    x, y = ([float(point[i]) for point in tangent.points] for i in (0, 1))
    along = {name: xarray.DataArray(values, dims="point") for name, values in zip(tangent.names, (x, y), strict=True)}
    by_point = used.sel(along).transpose("point", "width", "seed")
    return LinearApproximation(
        tangent.points,
        tangent.widths,
        by_point["sup_difference"].values,
        by_point["kernel_change"].values,
        tangent.tangent_layers,
        failures(runs),
    )


def limiting_rate(network: TwoLayer, X: ArrayLike, y: ArrayLike) -> float:
    """Rate 2 m kappa^2 lambda/n at which the loss of an infinitely wide network decays at least, in the linear regime.

    lambda is the smallest eigenvalue of K_a/kappa' + kappa' K_w, the arc-cosine kernels of the data ([L21], linear regime).
    """
    check_type(network, "network", TwoLayer)
    X, y = check_data(X, y)
    if network.negative_slope != 0:
        raise InputError(f"negative_slope = {network.negative_slope}; the arc-cosine kernels here are those of relu, 0")
    kernels = pt.finite_width(pt.initialization("ntk"), X, y)
    kernel = kernels.kernel_a / network.kappa_prime + network.kappa_prime * kernels.kernel_w
    smallest = max(0.0, float(np.linalg.eigvalsh(kernel)[0]))
    return 2 * network.width * network.kappa**2 * smallest / len(y)

r"""What the infinitely wide network does at the widths of an experiment, anywhere on a plane of two layers.

At width m it has the capacity and kappa' of the networks that are trained (:mod:`numerics.experiments.mean_field`). A power law
is fitted to its RD as to the measured ones, so that what is measured can be held against it where both are far from the limit,
near a boundary above all: slopes, RD itself, and the place where the slope is zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

import phasetheory as pt
from numerics.datasets import load_data
from numerics.errors import InputError
from numerics.experiments.grids import Point, exact
from numerics.experiments.mean_field import ROUNDING, MeanField
from numerics.experiments.training import digest_of
from numerics.experiments.weight_decay import MOMENTS, DecayOfWidth, distances_at
from numerics.flow import Solution
from numerics.networks.activation import is_homogeneous
from numerics.networks.sampling import strengths_at, trained_activation
from numerics.slopes.crossings import zero_of
from numerics.slopes.power_law import weights_of
from phasetheory.diagrams.plane import Plane
from phasetheory.scaling.optimizers import GRADIENT_FLOW

if TYPE_CHECKING:
    import xarray

__all__ = ["AtWidths", "at_widths_of", "covers"]

_CLOSE = 1e-4  # of the first coordinate at which a slope is zero
_MOST_INPUTS = 2  # with which a run takes some milliseconds, so that a map has one at every point


@dataclass(frozen=True)
class AtWidths:
    """RD of the infinitely wide network over a plane, at the widths of an experiment; what was found is kept.

    Parameters
    ----------
    diagram : PhaseDiagram
        A plane of two layers.
    widths : tuple of int
    X : array (n, d), y : array (n,)
    loss_tol : float
    activation : str or float, optional
        Instead of that of the diagram's network.
    weight_decay : DecayOfWidth, optional
        Then there are distances at the fit, at ``loss_tol``, and at the end; without, a run ends at its fit.

    Examples
    --------
    >>> from numerics.datasets import four_points
    >>> here = AtWidths(pt.phase_diagram(), (1000, 40000), *four_points())
    >>> round(here.slopes((exact(0.9, "x"), exact(-0.2, "y")))["w"], 2), round(here.boundary("w", -0.2, (0.8, 1)), 2)
    (-0.01, 0.91)
    """

    diagram: pt.PhaseDiagram
    widths: tuple[int, ...]
    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    loss_tol: float = 1e-6
    activation: str | float | None = None
    weight_decay: DecayOfWidth | None = None
    _known: dict[Point, dict[str, dict[str, dict[int, float]]]] = field(default_factory=dict, init=False, repr=False)

    def distances(self, point: Point, moment: str = "fit") -> Mapping[str, Mapping[int, float]]:
        """RD by layer, theta included, and width; a layer is left out if its RD is lost to rounding, all if a run has no end."""
        if point not in self._known:
            self._known[point] = self._run(point)
        return self._known[point].get(moment, {})

    def slopes(self, point: Point, moment: str = "fit") -> dict[str, float]:
        """Of the power laws fitted to the distances, as to measured ones."""
        return {
            layer: float(weights_of(np.log(list(found))) @ np.log(list(found.values())))
            for layer, found in self.distances(point, moment).items()
        }

    def boundary(self, layer: str, height: float, columns: "np.ndarray | tuple[float, ...]") -> float:
        """First coordinate where the slope of a layer is zero, at a value of the second; nan if it is not.

        Looked for between the given first coordinates; of several zeros the one that a measurement would take
        (:func:`numerics.slopes.crossings`).
        """

        def slope(x: float) -> float:
            return self.slopes((exact(float(x), "coordinate"), exact(float(height), "coordinate"))).get(layer, np.nan)

        found = np.array([slope(x) for x in columns])
        x, s = np.array(columns, dtype=float)[np.isfinite(found)], found[np.isfinite(found)]
        where = zero_of(x, s)
        if where is None:
            return float("nan")
        right = min(max(int(np.searchsorted(x, where)), 1), len(x) - 1)
        ends = float(x[right - 1]), float(x[right])
        return float(brentq(slope, *ends, xtol=_CLOSE)) if s[right - 1] * s[right] < 0 else where

    def _run(self, point: Point) -> dict[str, dict[str, dict[int, float]]]:
        network = self.diagram.network_at(point)
        chosen = trained_activation(network.activation) if self.activation is None else self.activation
        limit = MeanField(self.X, self.y, loss_tol=self.loss_tol, activation=chosen)
        strengths = [strengths_at(network, width, limit.X.shape[1]) for width in self.widths]
        numbers = [(s.capacity, s.ratio) for s in strengths]
        if self.weight_decay is not None:
            mus = map(self.weight_decay.at, self.widths)
            runs = [limit.walk(*pair, mu) for pair, mu in zip(numbers, mus, strict=True)]
            known = [_known_of(run, self.loss_tol) for run in runs]
        else:
            runs = [limit.run(*pair) for pair in numbers]
            known = [{"fit": limit.with_theta(*pair)} for pair in numbers]
        if not all(run.converged or run.at_rest for run in runs):
            return {}
        return {moment: self._by_layer([distances[moment] for distances in known]) for moment in known[0]}

    def _by_layer(self, known: list[dict[str, float]]) -> dict[str, dict[int, float]]:
        """RD by layer and width, without layers that have not all of them."""
        found = {layer: {width: rd[layer] for width, rd in zip(self.widths, known, strict=True)} for layer in known[0]}
        return {layer: distances for layer, distances in found.items() if np.all(np.isfinite(list(distances.values())))}


def _known_of(run: Solution, loss: float) -> dict[str, dict[str, float]]:
    """RD at both moments of a run under weight decay; nan where it is lost to rounding."""
    found = distances_at(run, [*run.relative_distance, "theta"], loss)
    return {
        moment: {layer: rd if rd > ROUNDING else float("nan") for layer, rd in found[moment].items()}
        for moment in MOMENTS
    }


def covers(diagram: pt.PhaseDiagram, activation: str | float | None) -> bool:
    """Whether the infinitely wide network is known: of two layers of degree 1 under gradient flow."""
    known = diagram.network.depth == 2 and diagram.optimizer == GRADIENT_FLOW
    return known and (activation is None or is_homogeneous(activation))


def at_widths_of(dataset: "xarray.Dataset", diagram: Plane) -> AtWidths:
    """For a scan; its data are loaded again by their name.

    Raises
    ------
    InputError
        Saying why the infinitely wide network is not known, or not asked: another depth, activation or optimiser, data that are
        not there any more or not the same, or so many inputs that a run takes a second and not milliseconds.
    """
    attributes = dataset.attrs
    if not isinstance(diagram, pt.PhaseDiagram):
        raise InputError("it is known for fully connected networks only")
    activation = _trained(str(attributes["activation"]))
    if not covers(diagram, activation):
        raise InputError("it is known for two layers of degree 1 under gradient flow")
    if attributes["input_dimension"] > _MOST_INPUTS:
        raise InputError(f"with {attributes['input_dimension']} inputs it takes a second at each point and width")
    widths = tuple(int(width) for width in dataset["width"].values)
    loss = float(attributes.get("loss_level", attributes["loss_tol"]))
    decay = DecayOfWidth.of(attributes["weight_decay"]) if "weight_decay" in attributes else None
    return _of_named(diagram, widths, attributes["data"], attributes["data_sha256"], loss, activation, decay)


@lru_cache(maxsize=4)
def _of_named(
    diagram: pt.PhaseDiagram,
    widths: tuple[int, ...],
    name: str,
    digest: str,
    loss: float,
    activation: str | float,
    decay: DecayOfWidth | None,
) -> AtWidths:
    """One for all layers and figures of a scan."""
    try:
        X, y = load_data(name)
    except (InputError, OSError) as error:
        raise InputError(f"the data {name} are not there to be read again") from error
    if digest_of(X, y) != digest:
        raise InputError(f"the data {name} are not those of the scan any more")
    return AtWidths(diagram, widths, X, y, loss, activation, decay)


def _trained(text: str) -> str | float:
    """A name, or the slope of leaky relu, from the settings of a scan."""
    try:
        return float(text)
    except ValueError:
        pass
    if text == pt.leaky_relu().name:
        raise InputError("the scan does not say the slope of its leaky relu; scan with --activation SLOPE")
    return text

r"""Where one network of one width lies: how far each layer will move, and why, without a limit and without a sweep.

Everything is read off F_l(P, kappa', data), the relative distance of the infinitely wide network of the same capacity
(:mod:`numerics.experiments.mean_field`). Its elasticities, d log F/d log P and d log F/d log kappa', say what the layer
responds to: deep in a regime they are those of one piece of the derived slope, S = p (1 - gamma) - q gamma' for
F ~ P^p kappa'^q, or, where two pieces of one regime meet, a mean of theirs. Between the regimes they are not, and whether F is
below 1 says on which side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike
from scipy.optimize import brentq, nnls

import phasetheory as pt
from numerics.arrays import whole_number
from numerics.datasets import check_data
from numerics.errors import InputError
from numerics.experiments.family import Family
from numerics.experiments.fluctuations import Spread, ensemble_spread, tangent_spread
from numerics.experiments.mean_field import LAYERS, ROUNDING, MeanField, distances
from numerics.experiments.stopping import loss_tol_for
from numerics.networks.activation import pointwise
from numerics.networks.sampling import draw_of_capacity
from numerics.networks.two_layer import TwoLayer

__all__ = ["LayerLocation", "Location", "locate"]

_STEP = 2**0.25  # factor up and down between the runs of an elasticity
_NEAR = 0.1  # of an elasticity from those of a piece, or of the tangent prediction from F: as good as there
_SMALL_START = (
    0.15  # f(0), as a part of the targets or as P/sqrt(m), up to which a start that is not f = 0 moves RD by 1 %
)
_FEW_PER_SAMPLE = (
    30  # neurons for each sample, below which the tangent kernels have not their rank yet (measured: 45 digits)
)
_FARTHEST = 1e12  # factor of P within which the critical capacity is looked for
_COVERAGE = 1.96  # standard deviations
_COLUMNS = 79  # of a report


@dataclass(frozen=True)
class LayerLocation:
    """What one layer of a network will do.

    Attributes
    ----------
    layer : str
    relative_distance : float
        F: largest RD over training, from the infinitely wide network of the same capacity.
    interval : (float, float)
        In which 95 % of networks lie, over draws of their weights.
    spread : Spread
        s of sd(log RD) = s/sqrt(m), and how it was found.
    quadrature_error : float
        Relative change of F when the nodes are halved.
    tangent : float
        RD by the tangent kernels; nan where these cannot be inverted.
    tangent_error : float
        |F/tangent - 1|, computed: how far the linear approximation of the network is off.
    elasticities : (float, float)
        d log F/d log P and d log F/d log kappa'.
    regime : Regime or None
        Linear or condensed; None between them.
    critical_capacity : float
        P at which F = 1, at this kappa'; nan if there is none within a factor of 10^12.
    log10_to_critical : float
        log10 of P over the critical capacity: positive on the linear side.
    slope : float
        S between this width and the double of it, at this scaling.
    """

    layer: str
    relative_distance: float
    interval: tuple[float, float]
    spread: Spread
    quadrature_error: float
    tangent: float
    tangent_error: float
    elasticities: tuple[float, float]
    regime: pt.Regime | None
    critical_capacity: float
    log10_to_critical: float
    slope: float

    @property
    def position(self) -> str:
        """The regime, or between which the layer lies and on which side."""
        if self.regime is not None:
            return self.regime.value
        side = "linear" if self.relative_distance < 1 else "condensed"
        return f"between linear and condensed, on the {side} side"


@dataclass(frozen=True)
class Location:
    """Where one two-layer network lies; ``repr`` is its report.

    Attributes
    ----------
    width, samples, inputs : int
    capacity, kappa_prime : float
        P = m beta1 beta2/alpha and beta1/beta2.
    at_twice_the_width : (float, float)
        (P, kappa') at this scaling.
    unit_width : float
        Width at which P = 1 at this scaling; nan if there is none.
    layers : tuple of LayerLocation
        w and a.
    loss_tol : float
        Loss at which training is taken to stop.
    nodes : str
        The quadrature.
    notes : tuple of str
        What stands in the way of the prediction.
    limit : MeanField
        F, to go on asking.
    """

    width: int
    samples: int
    inputs: int
    capacity: float
    kappa_prime: float
    at_twice_the_width: tuple[float, float]
    unit_width: float
    layers: tuple[LayerLocation, ...]
    loss_tol: float
    nodes: str
    notes: tuple[str, ...]
    limit: MeanField = field(repr=False, compare=False)

    def train(self, networks: int = 4, *, seed: int = 0) -> dict[str, np.ndarray]:
        """Largest RD of each layer of drawn networks of this width (even) and these scales, f = 0 at the start.

        Parameters
        ----------
        networks : int
        seed : int
            The networks have this and the next seeds.

        Returns
        -------
        dict of layer -> float64 (networks,)
        """
        count = whole_number(networks, "networks", 1, "give how many networks to train, a positive integer")
        first = whole_number(seed, "seed", 0, "give 0 or a positive integer")
        starts = [
            draw_of_capacity(
                self.capacity,
                self.kappa_prime,
                self.width,
                self.inputs,
                rng=first + i,
                activation=self.limit.activation,
            )
            for i in range(count)
        ]
        runs = [distances(run) for run in self.limit.train_all(starts)]
        return {layer: np.array([run[layer] for run in runs]) for layer in LAYERS}

    def __getitem__(self, layer: str) -> LayerLocation:
        for found in self.layers:
            if found.layer == layer:
                return found
        raise InputError(f"layer = {layer!r}; use one of {', '.join(found.layer for found in self.layers)}")

    def __repr__(self) -> str:
        known = f" (1 at width {self.unit_width:.3g})" if np.isfinite(self.unit_width) else ""
        lines = [
            f"two layers, width {self.width}, {self.samples} samples of {self.inputs} inputs",
            f"capacity P = m β₁β₂/α = {self.capacity:.4g}{known}, κ' = β₁/β₂ = {self.kappa_prime:.4g}",
        ]
        for layer in self.layers:
            low, high = layer.interval
            lines.append(f"{layer.layer}  {layer.position}")
            lines.append(f"   RD {layer.relative_distance:.3g}, in 95 % of networks {low:.3g} to {high:.3g}")
            lines.append(f"   {_tangent(layer)}")
            lines.append(f"   {_to_critical(layer)}; twice as wide, S = {_signed(layer.slope)}")
        return "\n".join(lines + [fill(f"note: {note}", _COLUMNS, subsequent_indent="      ") for note in self.notes])


def locate(
    network: "pt.Network | TwoLayer | str | Mapping[str, Any]",
    X: ArrayLike,
    y: ArrayLike,
    *,
    width: int | None = None,
    loss_tol: float | None = None,
) -> Location:
    """Predict how far each layer of one two-layer network moves in training, at its own width.

    Parameters
    ----------
    network : phasetheory.Network, str, mapping or TwoLayer
        A network of the theory, the name of an initialisation, or scales ``{"alpha": .., "beta1": .., "beta2": ..}``, numbers or
        formulas, each with a ``width``; or a sampled network, which has one.
    X : array (n, d), y : array (n,)
        The constant input for the bias included.
    width : int
        Number of neurons m.
    loss_tol : float, optional
        Loss at which training stops; by default 7e-6 of that at the start.

    Raises
    ------
    InputError, TheoryError
        Other depths, a width below 2 or missing, data without a constant, scales that are not positive.

    Accuracy
    --------
    Measured on four points at nine points of the plane, antisymmetric starts: mean RD over F is within 2 per cent of 1 at a width
    of 1000 and 0.4 per cent at 10^5.

    Examples
    --------
    >>> from numerics.datasets import four_points
    >>> found = locate({"alpha": 1, "beta1": 0.05, "beta2": 0.05}, *four_points(), width=400)
    >>> found.capacity, found["w"].position
    (1.0, 'between linear and condensed, on the condensed side')
    """
    X, y = check_data(X, y)
    family = Family.of(network, width, X.shape[1])
    limit = MeanField(X, y, loss_tol=loss_tol_for(y, loss_tol), activation=family.activation)
    (P, kappa_prime), twice = family.at(family.width), family.at(2 * family.width)
    here, wider = limit(P, kappa_prime), limit(*twice)
    elasticities = _elasticities(limit, P, kappa_prime)
    if lost := [layer for layer in LAYERS if not np.isfinite([here[layer], wider[layer], *elasticities[layer]]).all()]:
        raise InputError(
            f"P = {P:.3g}, kappa' = {kappa_prime:.3g}: RD of {' and '.join(lost)} is lost to rounding, below {ROUNDING:g}: that "
            "layer stays where it is; where P is large, phasetheory.finite_width gives its RD by the tangent kernels"
        )
    errors = limit.quadrature_error(P, kappa_prime)
    tangent = _tangent_distances(limit, P, kappa_prime)
    off = {layer: abs(here[layer] / tangent[layer] - 1) for layer in LAYERS}
    spreads = _spreads(limit, P, kappa_prime, off)
    diagram = pt.phase_diagram()
    layers = []
    for layer in LAYERS:
        F, s = here[layer], spreads[layer]
        factor = float(np.exp(_COVERAGE * s.value / np.sqrt(family.width)))
        critical = _critical_capacity(limit, layer, P, kappa_prime)
        layers.append(
            LayerLocation(
                layer=layer,
                relative_distance=F,
                interval=(F / factor, F * factor),
                spread=s,
                quadrature_error=errors[layer],
                tangent=tangent[layer],
                tangent_error=off[layer],
                elasticities=elasticities[layer],
                regime=_regime(diagram, layer, F, elasticities[layer]),
                critical_capacity=critical,
                log10_to_critical=float(np.log10(P / critical)),
                slope=float(np.log2(wider[layer] / F)),
            )
        )
    return Location(
        width=family.width,
        samples=len(y),
        inputs=X.shape[1],
        capacity=P,
        kappa_prime=kappa_prime,
        at_twice_the_width=twice,
        unit_width=family.unit_width(),
        layers=tuple(layers),
        loss_tol=limit.loss_tol,
        nodes=limit.run(P, kappa_prime).seed,
        notes=tuple(_notes(family, limit, layers)),
        limit=limit,
    )


def _elasticities(limit: MeanField, P: float, kappa_prime: float) -> dict[str, tuple[float, float]]:
    """Find d log F over d log P and d log kappa', by central differences."""

    def change(up: dict[str, float], down: dict[str, float], layer: str) -> float:
        return float(np.log(up[layer] / down[layer]) / (2 * np.log(_STEP)))

    more, less = limit(P * _STEP, kappa_prime), limit(P / _STEP, kappa_prime)
    above, below = limit(P, kappa_prime * _STEP), limit(P, kappa_prime / _STEP)
    return {layer: (change(more, less, layer), change(above, below, layer)) for layer in LAYERS}


def _tangent_distances(limit: MeanField, P: float, kappa_prime: float) -> dict[str, float]:
    """c_l/P, from the arc-cosine kernels of a network of one neuron with these scales; nan where they cannot be inverted."""
    beta = sp.Float(kappa_prime) ** sp.Rational(1, 2)
    negative = sp.Rational(repr(pointwise(limit.activation).negative_slope))
    net = pt.two_layer(1 / sp.Float(P), beta, 1 / beta, activation=pt.leaky_relu(negative))
    try:
        return pt.finite_width(net, limit.X, limit.y, loss=limit.loss_tol).relative_distance(1)
    except pt.TheoryError:
        return dict.fromkeys(LAYERS, float("nan"))


def _spreads(limit: MeanField, P: float, kappa_prime: float, off: Mapping[str, float]) -> dict[str, Spread]:
    """Find s of each layer: by the tangent kernels where these hold, else by an ensemble."""
    lazy = {layer for layer in LAYERS if off[layer] < _NEAR}
    found = {layer: s for layer, s in tangent_spread(limit, kappa_prime).items() if layer in lazy} if lazy else {}
    return found if len(found) == len(LAYERS) else ensemble_spread(limit, P, kappa_prime) | found


def _critical_capacity(limit: MeanField, layer: str, P: float, kappa_prime: float) -> float:
    """P at which F = 1: F falls with P, so an end on the other side is found by steps that double."""

    def log_distance(log_P: float) -> float:
        return float(np.log(np.nan_to_num(limit(float(np.exp(log_P)), kappa_prime)[layer], nan=ROUNDING)))

    here, value = float(np.log(P)), log_distance(float(np.log(P)))
    step = np.sign(value) if value else 1.0
    there = here + step
    while log_distance(there) * value > 0:
        step *= 2
        there = here + step
        if abs(step) > np.log(_FARTHEST):
            return float("nan")
    return float(np.exp(brentq(log_distance, *sorted((here, there)), xtol=1e-3)))


def _regime(diagram: pt.PhaseDiagram, layer: str, F: float, elasticities: Sequence[float]) -> pt.Regime | None:
    """The regime on whose side F lies if the elasticities are near a mean of those of its pieces; None between regimes."""
    side = pt.classify(float(np.log(F)))
    pieces = -np.array(diagram.gradients(layer, side), dtype=float).T  # columns (p, q)
    heavy = 1e3  # on the sum of the weights of the mean
    rows, right = np.vstack([pieces, np.full(pieces.shape[1], heavy)]), np.append(elasticities, heavy)
    weights = nnls(rows, right)[0]
    return side if np.abs(pieces @ weights - elasticities).max() <= _NEAR else None


def _notes(family: Family, limit: MeanField, layers: Sequence[LayerLocation]) -> list[str]:
    """What stands in the way of the prediction, a sentence each."""
    m, n, d = family.width, len(limit.y), limit.X.shape[1]
    P, kappa_prime = family.at(m)
    run = limit.run(P, kappa_prime)
    found = []
    if m * (d + 1) < n:
        found.append(f"{m * (d + 1)} weights cannot interpolate {n} samples: the prediction is for networks that can")
    if not run.converged:
        found.append(f"the infinitely wide network: {limit.ending(run)}")
    start = 0.0 if family.sampled is None else float(np.linalg.norm(family.sampled(limit.X)) / np.linalg.norm(limit.y))
    if start > _SMALL_START:
        found.append(f"f is {start:.2g} of the targets at the start; the prediction is for f = 0 there")
    if family.sampled is None and P / np.sqrt(m) > _SMALL_START:
        found.append(
            f"this is for a start with f = 0; a plain one has f(0) ~ P/√m = {P / np.sqrt(m):.2g}, which moves the weights too"
        )
    if m < _FEW_PER_SAMPLE * n and any(layer.regime is pt.Regime.LINEAR for layer in layers):
        found.append(
            f"{m / n:.2g} neurons for a sample: the tangent kernel of a draw lacks rank below {_FEW_PER_SAMPLE}, and RD is larger"
        )
    return found


def _signed(slope: float) -> str:
    return f"{slope:+.2f}" if round(slope, 2) else "0.00"


def _tangent(layer: LayerLocation) -> str:
    if not np.isfinite(layer.tangent):
        return "the tangent kernels cannot be inverted for these data"
    return f"tangent kernels say {layer.tangent:.3g}, off by {_percent(layer.tangent_error)}"


def _percent(error: float) -> str:
    return f"{100 * error:.2g} %" if error < 1 else f"a factor {1 + error:.2g}"


def _to_critical(layer: LayerLocation) -> str:
    if not np.isfinite(layer.critical_capacity):
        return "RD = 1 at no capacity"
    side = "above" if layer.log10_to_critical > 0 else "below"
    return f"RD = 1 at P = {layer.critical_capacity:.3g}; P is {10 ** abs(layer.log10_to_critical):.2g} times {side}"

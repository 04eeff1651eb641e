r"""Weight decay over a plane of two layers: mu as a function of the width, and what is read off a run at the fit and at the end.

With mu = lambda alpha the dynamics is that of (P, kappa', mu), so a power law is about a point of the plane and a function mu(m),
the same at every point: lambda = mu/alpha differs from point to point. A run goes on past the fit, where its loss first falls to
that of a fit, to where forces and decay balance. At the fit RD is the largest until then, at the end it is that of the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

import phasetheory as pt
from numerics.errors import InputError
from numerics.flow import Solution, collapse_threshold, gradient_flow, normalised_decay
from numerics.networks.two_layer import TwoLayer
from phasetheory.scaling.weight_decay import MOMENTS
from phasetheory.symbols.expressions import as_scale
from phasetheory.symbols.printing import plain

__all__ = ["MOMENTS", "DecayOfWidth", "distances_at", "walk"]

_PAST = 1e-30  # a loss that is never reached: the run goes on to its balance


@dataclass(frozen=True)
class DecayOfWidth:
    """mu = lambda alpha, the same in both layers, as a function of the width."""

    mu: sp.Expr

    @classmethod
    def of(cls, given: Any) -> "DecayOfWidth":
        """From a formula in m; a number is the same mu at every width."""
        mu = as_scale(given, name="weight_decay")
        if mu.free_symbols - {pt.m}:
            raise InputError(f"weight_decay = {plain(mu)}; give mu = lambda alpha as a formula in the width m alone")
        found = cls(mu)
        if not found.ell >= 0:
            raise InputError(
                f"weight_decay = {plain(mu)} grows with the width, ell = {found.ell}: at large width all weights decay to 0; "
                "give mu = lambda alpha as a formula that does not grow, such as '0.1' or 'm^(-1/4)/100'"
            )
        return found

    @cached_property
    def ell(self) -> sp.Expr:
        """-lim log mu/log m."""
        return -pt.exponent(self.mu)

    def at(self, width: float) -> float:
        """Mu at a width."""
        return float(self.mu.subs(pt.m, sp.Float(width)))

    def check(self, widths: Sequence[int], network: TwoLayer, X: np.ndarray, y: np.ndarray) -> None:
        """Refuse what leaves nothing to measure at a width, f = 0 at the end; ``network`` is one of those that are trained."""
        threshold = collapse_threshold(network, X, y) / network.kappa
        for width in widths:
            if not 0 < self.at(width) < threshold:
                raise InputError(
                    f"weight_decay = {plain(self.mu)} is {self.at(width):.3g} at width {width}; give mu = lambda alpha between 0 "
                    f"and {threshold:.3g}, from which on all weights decay to 0 on these data"
                )

    def rate(self, network: pt.Network) -> sp.Expr:
        """Lambda of a network of two layers, as :func:`phasetheory.with_weight_decay` takes it."""
        return self.mu * sp.sqrt(sp.Mul(*network.learning_rates)) / network.alpha


def walk(
    start: TwoLayer, X: np.ndarray, y: np.ndarray, *, mu: float, levels: Sequence[float], **options: Any
) -> Solution:
    """The run of a network from its start to its end; a step ends on each of the losses ``levels`` that it reaches."""
    decay = normalised_decay(start, mu=mu)
    return gradient_flow(
        start, X, y, loss_tol=_PAST, loss_levels=levels, weight_decay=decay, throw=False, threads=1, **options
    )


def distances_at(solution: Solution, labels: Sequence[str], loss: float) -> Mapping[str, dict[str, float]]:
    """RD of every label at each of the :data:`MOMENTS`; nan at the fit if the run did not come down to its ``loss``."""
    last = {**solution.relative_distance, "theta": float(solution.trajectory.joint_distance[-1])}
    fit = {label: float(solution.relative_distance_at(label, [loss])[0]) for label in labels}
    return dict(zip(MOMENTS, (fit, {label: last[label] for label in labels}), strict=True))

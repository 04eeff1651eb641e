"""A two-layer network together with its width: what its capacity and kappa' are, and would be at other widths."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

import phasetheory as pt
from numerics.arrays import whole_number
from numerics.errors import InputError
from numerics.networks.sampling import strengths_at, trained_activation
from numerics.networks.two_layer import WIDEST, TwoLayer

__all__ = ["Family"]

_WIDEST_UNIT = 1e30
_SAME = 1e-9  # change of log P over all widths that is none
_ADVICE = (
    "give a phasetheory.Network, a name such as 'he', scales {'alpha': 1, 'beta1': 0.05, 'beta2': 0.05}, or a TwoLayer"
)


@dataclass(frozen=True)
class Family:
    """One network, and those of other widths at the same scaling.

    Attributes
    ----------
    width : int
        Of the network.
    at : callable
        (P, kappa') at a width.
    activation : str or float
        As sampled networks know it.
    sampled : TwoLayer or None
        The network, if it has been drawn.
    """

    width: int
    at: Callable[[float], tuple[float, float]]
    activation: str | float
    sampled: TwoLayer | None = None

    @classmethod
    def of(cls, network: Any, width: int | None, inputs: int) -> "Family":
        """Of a network of the theory, a name or scales, each with a width; or of a sampled network.

        A sampled network of other widths has the same scales: its capacity grows with the width.
        """
        if isinstance(network, TwoLayer):
            return cls._of_sampled(network, width, inputs)
        if isinstance(network, str):
            network = pt.initialization(network)
        elif isinstance(network, Mapping):
            if set(network) != {"alpha", "beta1", "beta2"}:
                raise InputError(f"scales have the names {sorted(map(str, network))}; give alpha, beta1 and beta2")
            network = pt.two_layer(**network)
        elif not isinstance(network, pt.Network):
            raise InputError(f"network is of type {type(network).__name__}; {_ADVICE}")
        if network.depth != 2:
            raise InputError(
                f"the network has {network.depth} layers and this is about two; nm.scaling_check takes any depth"
            )
        if width is None:
            raise InputError("width is missing; give the number of neurons, such as 1000")
        whole_number(width, "width", 2, f"give an integer >= 2 and <= {WIDEST:_}", most=WIDEST)

        def at(m: float) -> tuple[float, float]:
            strengths = strengths_at(network, m, inputs)
            return strengths.capacity, strengths.ratio

        at(width)  # refuses free symbols and scales out of range
        return cls(int(width), at, trained_activation(network.activation))

    @classmethod
    def _of_sampled(cls, network: TwoLayer, width: int | None, inputs: int) -> "Family":
        if width is not None:
            raise InputError(f"width = {width}; a sampled network has its width, {network.width}: leave it out")
        if network.inputs != inputs:
            raise InputError(f"X has {inputs} inputs and the network {network.inputs}; they must agree")
        kappa, kappa_prime = network.kappa, network.kappa_prime
        return cls(network.width, lambda m: (m * kappa, kappa_prime), network.negative_slope, network)

    def unit_width(self) -> float:
        """Width at which P = 1; nan if there is none from 1 to 10^30."""

        def log_capacity(log_width: float) -> float:
            try:
                return float(np.log(self.at(float(np.exp(log_width)))[0]))
            except InputError:  # no scale there: log m at width 1
                return float("nan")

        ends = 0.0, float(np.log(_WIDEST_UNIT))
        low, high = map(log_capacity, ends)
        crosses = low * high <= 0 and abs(high - low) > _SAME
        return float(np.exp(brentq(log_capacity, *ends, rtol=1e-6))) if crosses else float("nan")

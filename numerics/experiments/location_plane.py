"""RD of one layer over capacities and kappa' around a network: the plane in which a location is drawn."""

from dataclasses import dataclass

import numpy as np

from numerics.errors import check_type
from numerics.experiments.location import Location
from numerics.experiments.mean_field import ROUNDING

__all__ = ["LocationPlane", "plane_around"]

_MARGIN = 1.5  # decades beyond the network, the network of twice its width and the critical capacity
_MANY, _FEW = 25, 7  # values of a coordinate; few where a run takes a tenth of a second or more
_NODES = 1000  # F within 0.5 %, less than a picture shows


@dataclass(frozen=True)
class LocationPlane:
    """F of a layer on a grid.

    Attributes
    ----------
    layer : str
    capacities : float64 (k,); kappa_primes : float64 (l,)
        Equally spaced in the logarithm.
    distances : float64 (l, k)
        What is lost to rounding, below 1e-13, is given as that.
    """

    layer: str
    capacities: np.ndarray
    kappa_primes: np.ndarray
    distances: np.ndarray


def plane_around(location: Location, layer: str = "w") -> LocationPlane:
    """F of a layer around a network; 625 runs for data on a line, 49 else."""
    check_type(location, "location", Location)
    count = _MANY if location.inputs == 2 else _FEW
    places = [location.at_twice_the_width, (location.capacity, location.kappa_prime)]
    critical = location[layer].critical_capacity
    places += [(critical, location.kappa_prime)] if np.isfinite(critical) else []
    low, high = np.log10(places).min(axis=0) - _MARGIN, np.log10(places).max(axis=0) + _MARGIN
    capacities, kappa_primes = (np.logspace(a, b, count) for a, b in zip(low, high, strict=True))
    found = [[location.limit(float(P), float(k), nodes=_NODES)[layer] for P in capacities] for k in kappa_primes]
    return LocationPlane(layer, capacities, kappa_primes, np.nan_to_num(found, nan=ROUNDING))

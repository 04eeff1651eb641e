"""One method a file, one interface: :class:`Integrator`."""

from numerics.integrators.base import Integrator, Point
from numerics.integrators.chunks import Chunks
from numerics.integrators.controllers import PIController
from numerics.integrators.dormand_prince import DormandPrince
from numerics.integrators.exponential import Exponential
from numerics.integrators.kink_exact import KinkExact
from numerics.integrators.rkc import RungeKuttaChebyshev

__all__ = [
    "METHODS",
    "Chunks",
    "DormandPrince",
    "Exponential",
    "Integrator",
    "KinkExact",
    "PIController",
    "Point",
    "RungeKuttaChebyshev",
]

#: Methods by the name the user gives.
METHODS: dict[str, type[Integrator]] = {
    cls.name: cls for cls in (KinkExact, Exponential, RungeKuttaChebyshev, DormandPrince)
}

"""One method a file, one interface: :class:`Integrator`."""

from collections.abc import Callable

from numerics.integrators.base import Integrator, Point, RightHandSide
from numerics.integrators.chunks import Chunks
from numerics.integrators.controllers import PIController
from numerics.integrators.dormand_prince import DormandPrince
from numerics.integrators.exponential import Exponential
from numerics.integrators.kink_exact import KinkExact
from numerics.integrators.kink_exact_planar import KinkExactPlanar
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

#: Makers of methods by the name the user gives.
METHODS: dict[str, Callable[[RightHandSide, Point, Chunks], Integrator]] = {
    KinkExact.name: lambda rhs, *rest: (KinkExactPlanar if rhs.X.shape[1] == 2 else KinkExact)(rhs, *rest),
    Exponential.name: Exponential,
    RungeKuttaChebyshev.name: RungeKuttaChebyshev,
    DormandPrince.name: DormandPrince,
}

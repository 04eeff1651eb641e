"""One method a file, one interface: :class:`Integrator`."""

from collections.abc import Callable

from numerics.flow.controller import PIController
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.dormand_prince import DormandPrince
from numerics.flow.two_layer.exponential import Exponential
from numerics.flow.two_layer.kink_exact import KinkExact
from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar
from numerics.flow.two_layer.rkc import RungeKuttaChebyshev
from numerics.flow.two_layer.state import Integrator, Point, RightHandSide

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

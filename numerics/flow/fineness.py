"""How a method bounds its steps, and by how much they are shorter where rtol is small."""

from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

__all__ = ["Bounded", "Fineness", "Paced"]

P_contra = TypeVar("P_contra", contravariant=True)


class Fineness(NamedTuple):
    """What steps are shortened by where rtol is below 1e-2, for what estimates of their errors do not see; by measurement.

    Attributes
    ----------
    growth, error : float
        Powers of rtol that the growth allowed in one step falls with, and its error, beyond rtol itself.
    down_to : float
        The rtol below which neither falls any more.
    """

    growth: float
    error: float = 0.0
    down_to: float = 0.0


class Bounded(Protocol):
    """A method, as far as the length of its steps goes.

    Attributes
    ----------
    order : int
        The power of h that the error estimate scales with.
    growth : float
        Growth of a weight allowed in one step, as an exponent, for rtol = 1e-2 and above.
    fineness : Fineness
        How that growth, and the error allowed, fall below.
    """

    order: int
    growth: float
    fineness: Fineness


@runtime_checkable
class Paced(Protocol[P_contra]):
    """A method with a first step of its own, which holds against ``growth`` another rate than the bound on the growth of weights.

    Attributes
    ----------
    first : float
        The first step times the spectral radius.
    """

    first: float

    def rate(self, point: P_contra) -> float:
        """That rate, at a prepared point."""

"""By how much steps are shorter where rtol is small."""

from typing import NamedTuple

__all__ = ["Fineness"]


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

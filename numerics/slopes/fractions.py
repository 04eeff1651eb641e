"""The fraction that a fitted exponent stands for."""

from fractions import Fraction

__all__ = ["simplest_fraction"]

_DENOMINATOR = 12  # at most
_ROUNDING = 0.05  # more than half a twelfth, and more than the sampling noise of sixteen draws of 32 neurons


def simplest_fraction(exponent: float) -> Fraction:
    """The fraction of smallest denominator within :data:`_ROUNDING` of a fitted exponent.

    Examples
    --------
    >>> simplest_fraction(-0.52), simplest_fraction(0.34)
    (Fraction(-1, 2), Fraction(1, 3))
    """
    for denominator in range(1, _DENOMINATOR + 1):
        numerator = round(exponent * denominator)
        if abs(numerator / denominator - exponent) <= _ROUNDING:
            return Fraction(numerator, denominator)
    raise AssertionError("twelfths lie closer than twice the rounding")

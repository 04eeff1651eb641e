"""Errors of the theory package: one line each, saying what was given and what would be accepted."""

__all__ = ["ExpressionError", "NotHomogeneousError", "NotPowerLawError", "TheoryError"]


class TheoryError(ValueError):
    """Base class: the request lies outside what the theory covers or is not well formed."""


class ExpressionError(TheoryError):
    """A formula given as text (``'sqrt(m)'``) could not be read."""


class NotPowerLawError(TheoryError):
    """A scale does not behave as a power of the width, so it has no exponent."""


class NotHomogeneousError(TheoryError):
    """An activation is not positively homogeneous, or not of the degree a result needs."""

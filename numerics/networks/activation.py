"""Activations of deep networks, on arrays."""

import warnings
from dataclasses import dataclass

import numpy as np

from numerics.arrays import real_number
from numerics.errors import InputError
from numerics.networks.smooth import SMOOTH

__all__ = ["PointwiseActivation", "is_homogeneous", "pointwise"]

_SLOPES = {"relu": 0.0, "linear": 1.0}


@dataclass(frozen=True)
class PointwiseActivation:
    """An activation: z for z > 0 and ``negative_slope`` z otherwise, or a smooth one.

    Attributes
    ----------
    name : str
        One of :data:`numerics.networks.smooth.SMOOTH` is that; any other is homogeneous.
    negative_slope : float
        0 for relu, 1 for linear; not used by smooth ones.
    homogeneous : bool
        Whether sigma(c z) = c sigma(z) for c > 0: not so for smooth ones.
    """

    name: str
    negative_slope: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "negative_slope", real_number(self.negative_slope, "negative_slope"))

    @property
    def homogeneous(self) -> bool:
        """Whether sigma(c z) = c sigma(z) for c > 0."""
        return self.name not in SMOOTH

    def value(self, z: np.ndarray) -> np.ndarray:
        """sigma(z)."""
        if not self.homogeneous:
            return SMOOTH[self.name].value(z)
        return (
            np.maximum(z, self.negative_slope * z)
            if self.negative_slope <= 1
            else np.minimum(z, self.negative_slope * z)
        )

    def slope(self, z: np.ndarray) -> np.ndarray:
        """sigma'(z); at a kink that of the left."""
        if not self.homogeneous:
            return SMOOTH[self.name].slope(z)
        return np.where(z > 0, 1.0, self.negative_slope)

    def curvature(self, z: np.ndarray) -> np.ndarray | float:
        """sigma''(z), without the kink."""
        return SMOOTH[self.name].curvature(z) if not self.homogeneous else 0.0


def is_homogeneous(activation: "str | float | PointwiseActivation") -> bool:
    """Whether sigma(c z) = c sigma(z) for c > 0: of what :func:`pointwise` takes all but the smooth ones."""
    if isinstance(activation, PointwiseActivation):
        return activation.homogeneous
    return not (isinstance(activation, str) and activation in SMOOTH)


def pointwise(activation: "str | float | PointwiseActivation") -> PointwiseActivation:
    """The activation of a name, or leaky relu of a number: its slope for z < 0.

    Warns
    -----
    UserWarning
        For smooth ones, which are homogeneous only asymptotically, if at all.
    """
    if isinstance(activation, PointwiseActivation):
        return activation
    if isinstance(activation, str) and activation in SMOOTH:
        message = (
            f"{activation} is homogeneous only asymptotically, for small pre-activations: the scales do not reduce to exponents, "
            "nothing is conserved, and the predicted slopes hold only while the units do not saturate"
            if activation == "tanh"
            else f"{activation} is not homogeneous: the scales do not reduce to exponents, nothing is conserved, and no slopes "
            "are predicted"
        )
        warnings.warn(message, UserWarning, stacklevel=3)
        return PointwiseActivation(activation)
    if isinstance(activation, str) and activation in _SLOPES:
        return PointwiseActivation(activation, _SLOPES[activation])
    if isinstance(activation, int | float | np.integer | np.floating) and not isinstance(activation, bool):
        activation = real_number(activation, "activation")
        return PointwiseActivation(f"leaky relu, slope {activation:g}", activation)
    raise InputError(
        f"activation = {activation!r}; use 'relu', 'linear', {', '.join(map(repr, SMOOTH))} or the negative slope of leaky relu"
    )

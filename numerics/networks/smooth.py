"""Smooth activations on arrays, by name: value, slope and curvature. The test oracle is SymPy, from phasetheory's expressions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

__all__ = ["SMOOTH", "Smooth"]

Pointwise = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Smooth:
    """sigma, sigma' and sigma'' as functions of arrays."""

    value: Pointwise
    slope: Pointwise
    curvature: Pointwise


def _bell(z: np.ndarray) -> np.ndarray:
    """The normal density."""
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def _sech2(z: np.ndarray) -> np.ndarray:
    return 1.0 - np.tanh(z) ** 2


def _logistic_slope(z: np.ndarray) -> np.ndarray:
    return expit(z) * expit(-z)


def _logistic_curvature(z: np.ndarray) -> np.ndarray:
    return -_logistic_slope(z) * np.tanh(z / 2)


SMOOTH: Mapping[str, Smooth] = {
    "tanh": Smooth(np.tanh, _sech2, lambda z: -2 * np.tanh(z) * _sech2(z)),
    "z tanh z": Smooth(
        lambda z: z * np.tanh(z),
        lambda z: np.tanh(z) + z * _sech2(z),
        lambda z: 2 * _sech2(z) * (1 - z * np.tanh(z)),
    ),
    "z^2 tanh z": Smooth(
        lambda z: z**2 * np.tanh(z),
        lambda z: 2 * z * np.tanh(z) + z**2 * _sech2(z),
        lambda z: 2 * np.tanh(z) + 4 * z * _sech2(z) - 2 * z**2 * np.tanh(z) * _sech2(z),
    ),
    "softplus": Smooth(lambda z: np.logaddexp(0.0, z), expit, _logistic_slope),
    "sigmoid": Smooth(expit, _logistic_slope, _logistic_curvature),
    "gelu": Smooth(lambda z: z * ndtr(z), lambda z: ndtr(z) + z * _bell(z), lambda z: (2 - z**2) * _bell(z)),
    "silu": Smooth(
        lambda z: z * expit(z),
        lambda z: expit(z) + z * _logistic_slope(z),
        lambda z: 2 * _logistic_slope(z) + z * _logistic_curvature(z),
    ),
}

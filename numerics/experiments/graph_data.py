"""What the networks of an architecture are trained on unless other data are given: few random samples of the right shape."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import phasetheory as pt
from numerics.datasets.shaped import random_samples, random_tokens

__all__ = ["random_data"]

_SAMPLES, _COORDINATES, _POSITIONS = 4, 4, 6
_TARGETS = 1  # seed of the targets; that of the inputs is 0


def random_data(graph: pt.Graph) -> tuple[np.ndarray, np.ndarray]:
    """Four samples, normal, with a coordinate or channel that is 1, or token ids; normal targets. The same in every call.

    Examples
    --------
    >>> X, y = random_data(pt.recurrent(1, 1, 1, steps=3))
    >>> X.shape, y.shape
    ((4, 3, 4), (4,))
    """
    told = graph.architecture.parameters
    outputs = int(told.get("outputs", 1))
    rng = np.random.default_rng(_TARGETS)
    y = rng.standard_normal((_SAMPLES, outputs) if outputs > 1 else _SAMPLES)
    return _INPUTS[graph.architecture.kind](told), y


def _vectors(told: Mapping[str, Any]) -> np.ndarray:
    return random_tokens(()) if told.get("embedding") is not None else random_samples((_COORDINATES,))


def _sequences(told: Mapping[str, Any]) -> np.ndarray:
    steps = int(told.get("steps", 3))
    return random_tokens((steps,)) if told.get("embedding") is not None else random_samples((steps, _COORDINATES))


_INPUTS: Mapping[str, Callable[[Mapping[str, Any]], np.ndarray]] = {
    "chain": _vectors,
    "convolutional": lambda _: random_samples((2, _POSITIONS), channels=0),
    "recurrent": _sequences,
    "residual": _vectors,
    "attention": _sequences,
}

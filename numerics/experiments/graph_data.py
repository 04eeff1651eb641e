"""What the networks of an architecture are trained on unless other data are given: few random samples of the right shape."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import phasetheory as pt
from numerics.datasets.shaped import random_samples, random_tokens

__all__ = ["random_data"]

_SAMPLES, _COORDINATES, _POSITIONS, _STEPS = 4, 4, 6, 3
_TARGETS = 1  # seed of the first output's targets; that of the inputs is 0


def random_data(graph: pt.Graph, outputs: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Four samples, normal, with a coordinate or channel that is 1, or token ids; normal targets. The same in every call.

    Every output has a seed of its own, so that the first targets of many outputs are those of few.

    Examples
    --------
    >>> X, y = random_data(pt.recurrent(1, 1, 1, steps=3), outputs=8)
    >>> X.shape, y.shape
    ((4, 3, 4), (4, 8))
    >>> bool((random_data(pt.recurrent(1, 1, 1, steps=3))[1] == y[:, 0]).all())
    True
    """
    y = np.stack([np.random.default_rng(_TARGETS + j).standard_normal(_SAMPLES) for j in range(outputs)], axis=1)
    return _INPUTS[graph.architecture.kind](graph.architecture.parameters), y if outputs > 1 else y[:, 0]


def _vectors(told: Mapping[str, Any]) -> np.ndarray:
    return random_tokens(()) if told.get("embedding") is not None else random_samples((_COORDINATES,))


def _sequences(told: Mapping[str, Any]) -> np.ndarray:
    steps = int(told.get("steps", _STEPS))
    if told.get("embedding") is not None:
        return random_tokens((steps,))
    X = random_samples((steps, _COORDINATES))
    for lag in range(steps):
        if lag not in told.get("lags", range(steps)):
            X[:, -1 - lag] = 0  # nothing enters there
        elif lag not in told.get("informed", range(steps)):
            X[:, -1 - lag] = X[0, -1 - lag]  # it tells nothing
    return X


_INPUTS: Mapping[str, Callable[[Mapping[str, Any]], np.ndarray]] = {
    "chain": _vectors,
    "convolutional": lambda _: random_samples((2, _POSITIONS), channels=0),
    "recurrent": _sequences,
    "residual": _vectors,
    "attention": _sequences,
}

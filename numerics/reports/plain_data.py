"""Results as data that JSON knows."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["without_nan"]


def without_nan(value: Any) -> Any:
    """Mappings, lists and what is in them, with null for nan and infinity: a failed run has no loss, tanh conserves nothing.

    Examples
    --------
    >>> without_nan({"loss": float("nan"), "interval": (0.5, float("inf"))})
    {'loss': None, 'interval': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {name: without_nan(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

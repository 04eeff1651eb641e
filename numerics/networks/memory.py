"""Whether the weights of a network fit into this machine, before they are drawn."""

import os

from numerics.errors import InputError

__all__ = ["check_memory", "physical_memory"]

_BYTES = 8  # of a weight
_HELD = 5  # times that a run holds the weights at least: the start, two states, the network given and the one returned


def physical_memory() -> int | None:
    """Bytes of memory of this machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows, not known, not allowed
        return None


def check_memory(weights: int, shape: str) -> None:
    """Refuse a network of so many weights if a run could not hold it."""
    needed, there = _BYTES * _HELD * weights, physical_memory()
    if there is not None and needed > there:
        raise InputError(
            f"a network of {shape} has {weights:.3g} weights, and a run needs {_in_words(needed)} of memory; this machine has "
            f"{_in_words(there)}: give a smaller width"
        )


def _in_words(size: int) -> str:
    return f"{size / 1e9:.3g} GB"

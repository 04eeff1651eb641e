"""Neurons shared out among threads: contiguous ranges, partial sums added up in order."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from numerics.kernels.stages import BLOCK

__all__ = ["Chunks"]

_PAYS = 100_000  # neurons a thread should have: below, waking it costs more than it does


class Chunks:
    """Ranges of neurons and the threads that work on them.

    The kernels release the interpreter lock. Every range leaves its own partial sums, which are added in the order of the
    ranges: for one number of threads results are the same to the bit, between numbers of threads to rounding.

    Parameters
    ----------
    width : int
    threads : int or None
        None: as many as the processor has cores, where the width pays for them.
    """

    def __init__(self, width: int, threads: int | None) -> None:
        wanted = threads if threads is not None else min(os.cpu_count() or 1, width // _PAYS)
        blocks = -(-width // BLOCK)
        parts = max(1, min(wanted, blocks))
        edges = [min(width, BLOCK * (blocks * part // parts)) for part in range(parts + 1)]
        self.ranges = list(pairwise(edges))
        self._calls = [(part, *ends) for part, ends in enumerate(self.ranges)]
        self._pool = ThreadPoolExecutor(parts) if parts > 1 else None

    @property
    def threads(self) -> int:
        """How many threads work."""
        return len(self.ranges)

    def partial(self, *shape: int) -> np.ndarray:
        """Room for partial sums: one array of ``shape`` per range."""
        return np.zeros((self.threads, *shape))

    def run(self, work: Callable[[int, int, int], object]) -> None:
        """Call work(part, first, last) for every range."""
        if self._pool is None:
            work(*self._calls[0])
        else:
            list(
                self._pool.map(lambda call: work(*call), self._calls)
            )  # the list waits, and raises what a thread raised

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()

"""A wall-clock limit that a run looks at from time to time."""

import time

__all__ = ["Deadline", "TimeUp"]


class TimeUp(Exception):  # noqa: N818, an outcome of a run rather than a mistake
    """Raised inside a peer's right-hand side to leave its solver."""


class Deadline:
    """``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.perf_counter() + seconds

    def passed(self) -> bool:
        """Whether the time is up."""
        return time.perf_counter() > self._end

    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self._end - time.perf_counter())

    def check(self) -> None:
        """Raise :class:`TimeUp` when the time is up."""
        if self.passed():
            raise TimeUp

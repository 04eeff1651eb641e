"""Errors of the numerical package: one line each, saying what was given and what would be accepted."""

__all__ = ["GradientFlowError", "InputError", "ScanError"]


class InputError(ValueError):
    """An argument is malformed: wrong shape, not finite, out of range."""


class GradientFlowError(RuntimeError):
    """A run stopped short of its target (raised only with ``throw=True``); the solution is attached.

    Attributes
    ----------
    solution : Solution
        What was computed until then.
    """

    def __init__(self, message: str, solution: object) -> None:
        super().__init__(message)
        self.solution = solution


class ScanError(RuntimeError):
    """A scan cannot go on: the disk is full, the workers are gone. Every finished cell is kept."""

"""Errors of the numerical package: one line each, saying what was given and what would be accepted."""

__all__ = ["GradientFlowError", "InputError", "ScanError", "check_type"]


class InputError(ValueError):
    """An argument is malformed: wrong shape, not finite, out of range."""


def check_type(value: object, name: str, *kinds: type) -> None:
    """Refuse what is of another kind."""
    if not isinstance(value, kinds):
        wanted = " or ".join(f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}" for kind in kinds)
        raise InputError(f"{name} is of type {type(value).__name__}; give {wanted}")


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

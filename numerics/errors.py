"""Errors of the numerical package: one line each, saying what was given and what would be accepted."""

from collections.abc import Iterable

__all__ = ["GradientFlowError", "InputError", "ScanError", "check_choice", "check_type"]

_LONGEST = 390  # characters of a message; the value it repeats may be a whole array


class InputError(ValueError):
    """An argument is malformed: wrong shape, not finite, out of range. One line, whatever the value it repeats looks like."""

    def __init__(self, message: str) -> None:
        line = " ".join(message.split())
        short = line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 + 5 :]}"
        super().__init__(short)


def check_type(value: object, name: str, *kinds: type) -> None:
    """Refuse what is of another kind."""
    if not isinstance(value, kinds):
        wanted = " or ".join(f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}" for kind in kinds)
        raise InputError(f"{name} is of type {type(value).__name__}; give {wanted}")


def check_choice(value: object, name: str, choices: Iterable[str], wanted: str = "use one of") -> None:
    """Refuse what is none of these words."""
    known = tuple(choices)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name} = {value!r}; {wanted} {', '.join(known)}")


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

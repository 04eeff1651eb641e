"""Errors of the numerical package: one line each, saying what was given and what would be accepted."""

from collections.abc import Iterable
from numbers import Number

__all__ = ["GradientFlowError", "InputError", "MissingPackageError", "ScanError", "check_choice", "check_type"]
__all__ += ["missing_torch", "shown"]

_SHOWN = 80  # characters of a value that a message repeats
_BITS = 200  # of the largest integer that it repeats


class InputError(ValueError):
    """An argument is malformed: wrong shape, not finite, out of range. One line, whatever the value it repeats looks like."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class MissingPackageError(InputError, ImportError):
    """A package that only some of the functions need is not installed; the line says how to install it."""


def missing_torch(what: str) -> MissingPackageError:
    """The error where PyTorch, an extra, is needed and not there."""
    return MissingPackageError(
        f"{what} needs PyTorch, which is not installed; pip install 'phasetheory[torch]', or for the CPU alone "
        "pip install torch --index-url https://download.pytorch.org/whl/cpu"
    )


def shown(value: object) -> str:
    """A value as a message repeats it: plain numbers of NumPy, one line, not too long."""
    if isinstance(value, int) and value.bit_length() > _BITS:
        return f"an integer of {value.bit_length()} bits"
    text = " ".join((str(value) if isinstance(value, Number) else repr(value)).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def check_type(value: object, name: str, *kinds: type) -> None:
    """Refuse what is of another kind."""
    if not isinstance(value, kinds):
        wanted = " or ".join(f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}" for kind in kinds)
        raise InputError(f"{name} is of type {type(value).__name__}; give {wanted}")


def check_choice(value: object, name: str, choices: Iterable[str], wanted: str = "use one of") -> None:
    """Refuse what is none of these words."""
    known = tuple(choices)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name} = {shown(value)}; {wanted} {', '.join(known)}")


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

    def __reduce__(self) -> tuple[type, tuple[str, object]]:
        # what workers raise comes back by pickle, which gives an error its message alone
        return type(self), (str(self), self.solution)


class ScanError(RuntimeError):
    """A scan cannot go on: the disk is full, the workers are gone. Every finished cell is kept."""
